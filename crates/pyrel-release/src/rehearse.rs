//! The whole release against two indexes of its own on this machine: nothing leaves it, and nothing is skipped.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fs_err as fs;
use pyrel_index::{Credentials, IndexSpec, ReadKey, RunningServer, ServerOptions, serve};
use pyrel_model::Secret;

use crate::attest::Attestations;
use crate::events::{Event, Reporter};
use crate::gate::Confirm;
use crate::journal::RunKind;
use crate::plan::Plan;
use crate::release::{ReleaseError, ReleaseReport, ReleaseRequest, ReleaseTarget, run_in};
use crate::run_dir::{RunDir, RunDirError};

/// Any token does: the indexes live on the loopback address and as long as the rehearsal.
const TOKEN: &str = "rehearsal";

/// Rehearses a release. The request's own indexes are replaced by two embedded ones, whose files stay in the
/// run's directory: `index/staging` and `index/production`. Their ports are kept there too: a rehearsal that is
/// taken up again finds its indexes where the journal and the plan's digest know them.
///
/// With somebody to ask, the gate asks as it does before production. Without, the gate is answered with the
/// digest that was shown, and an event says so.
pub async fn rehearse(
    mut request: ReleaseRequest<'_>,
    confirm: Option<&mut dyn Confirm>,
    reporter: Arc<dyn Reporter>,
) -> ReleaseReport {
    request.run.kind = RunKind::Rehearsal;
    let prepared = match prepare(&request).await {
        Ok(prepared) => prepared,
        Err(error) => {
            return ReleaseReport {
                run: request.run.id.clone(),
                failure: Some(error),
                ..ReleaseReport::default()
            };
        }
    };
    let (dir, [staging, production]) = prepared;
    request.stage = Some(target("rehearsal-staging", &staging, false));
    request.publish = Some(target("rehearsal", &production, true));
    request.proof = None;
    let mut own = OwnAnswer { reporter: Arc::clone(&reporter) };
    let confirm = confirm.unwrap_or(&mut own);
    let report = run_in(Some(dir), &request, confirm, reporter).await;
    staging.shutdown().await;
    production.shutdown().await;
    report
}

async fn prepare(request: &ReleaseRequest<'_>) -> Result<(RunDir, [RunningServer; 2]), ReleaseError> {
    let resume = request.run.resume;
    let dir = if resume {
        RunDir::open(request.root, &request.run.id)?
    } else {
        RunDir::create(request.root, &request.run.id)?
    };
    let index = dir.path().join("index");
    let ports_path = index.join("ports.json");
    let ports: [u16; 2] = if resume { read_ports(&ports_path)? } else { [0, 0] };
    let staging = start(index.join("staging"), ports[0]).await?;
    let production = start(index.join("production"), ports[1]).await?;
    if !resume {
        let ports = [staging.addr().port(), production.addr().port()];
        fs::write(&ports_path, format!("{ports:?}\n")).map_err(RunDirError::from)?;
    }
    Ok((dir, [staging, production]))
}

/// Reads the ports that the interrupted rehearsal used. They are written before its journal begins.
fn read_ports(path: &Path) -> Result<[u16; 2], ReleaseError> {
    let text = fs::read_to_string(path).map_err(RunDirError::from)?;
    let ports =
        serde_json::from_str(&text).map_err(|error| RunDirError::from(std::io::Error::from(error)))?;
    Ok(ports)
}

async fn start(dir: PathBuf, port: u16) -> Result<RunningServer, ReleaseError> {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Ok(serve(ServerOptions::new(dir, bind)).await?)
}

fn target(name: &str, server: &RunningServer, production: bool) -> ReleaseTarget {
    let token = Credentials::token(&Secret::new(TOKEN));
    ReleaseTarget {
        spec: IndexSpec {
            name: name.to_owned(),
            upload_url: server.upload_url(),
            simple_url: server.local_simple_url(),
            production,
        },
        account: token.clone().into(),
        keys: Arc::new(ReadKey { credentials: token, origin: "the rehearsal itself".to_owned() }),
        install_url: Some(server.simple_url()),
        attestations: Attestations::Found,
    }
}

/// Answers the gate of a rehearsal without a person, and says so.
struct OwnAnswer {
    reporter: Arc<dyn Reporter>,
}

impl Confirm for OwnAnswer {
    fn show_and_ask(&mut self, _plan: &Plan) -> bool {
        true
    }

    fn ask_digest(&mut self, plan: &Plan) -> Option<String> {
        let digest = plan.digest().short();
        self.reporter.event(&Event::GateAnswered {
            digest: digest.clone(),
            reason: "there is no terminal, and a rehearsal reaches no index but its own".to_owned(),
        });
        Some(digest)
    }
}
