//! The whole release against two indexes of its own on this machine: nothing leaves it, and nothing is skipped.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use pyrel_index::{Credentials, IndexSpec, RunningServer, ServerOptions, serve};
use pyrel_model::Secret;

use crate::events::{Event, Reporter};
use crate::gate::Confirm;
use crate::journal::RunKind;
use crate::plan::Plan;
use crate::release::{ReleaseError, ReleaseReport, ReleaseRequest, ReleaseTarget, run_in};
use crate::run_dir::RunDir;

/// Any token does: the indexes live on the loopback address and as long as the rehearsal.
const TOKEN: &str = "rehearsal";

/// Rehearses a release. The request's own indexes are replaced by two embedded ones, whose files stay in the
/// run's directory: `index/staging` and `index/production`.
///
/// With somebody to ask, the gate asks as it does before production. Without, the gate is answered with the
/// digest that was shown, and an event says so.
pub async fn rehearse(
    mut request: ReleaseRequest<'_>,
    confirm: Option<&mut dyn Confirm>,
    reporter: Arc<dyn Reporter>,
) -> ReleaseReport {
    request.run.kind = RunKind::Rehearsal;
    request.run.resume = false;
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
    let dir = RunDir::create(request.root, &request.run.id)?;
    let index = dir.path().join("index");
    let staging = start(index.join("staging")).await?;
    let production = start(index.join("production")).await?;
    Ok((dir, [staging, production]))
}

async fn start(dir: PathBuf) -> Result<RunningServer, ReleaseError> {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    Ok(serve(ServerOptions { dir, bind, overlay: None, token: None }).await?)
}

fn target(name: &str, server: &RunningServer, production: bool) -> ReleaseTarget {
    ReleaseTarget {
        spec: IndexSpec {
            name: name.to_owned(),
            upload_url: server.upload_url(),
            simple_url: server.local_simple_url(),
            production,
        },
        credentials: Credentials::token(&Secret::new(TOKEN)),
        install_url: Some(server.simple_url().to_string()),
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
