//! A workspace in a temporary folder, and everything a run needs with sensible test values.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fs_err as fs;
use pyrel_build::PythonSettings;
use pyrel_dist::CheckOptions;
use pyrel_index::{
    Account, ClientOptions, Credentials, IndexSpec, KeyFinder, ReadKey, RetryPolicy, RunningServer,
    ServerOptions, serve,
};
use pyrel_model::Secret;
use pyrel_project::{Package, Workspace};
use pyrel_release::attest::Attestations;
use pyrel_release::events::{Event, Reporter};
use pyrel_release::gate::GatePolicy;
use pyrel_release::journal::RunKind;
use pyrel_release::release::{BuildOptions, ReleaseRequest, ReleaseTarget, RunRequest};

/// A workspace of hatchling packages.
pub(crate) struct World {
    root: PathBuf,
    _dir: Option<tempfile::TempDir>,
}

impl World {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("pyrel.toml"), "members = [\"packages/*\"]\n").unwrap();
        Self { root: dir.path().to_path_buf(), _dir: Some(dir) }
    }

    /// Takes a workspace that another process made.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { root, _dir: None }
    }

    /// Adds a package of version 1.0 that needs others.
    pub(crate) fn package(self, name: &str, needs: &[&str]) -> Self {
        self.package_with(name, needs, "")
    }

    /// Adds a package with further lines at the end of its `pyproject.toml`.
    pub(crate) fn package_with(self, name: &str, needs: &[&str], more: &str) -> Self {
        let needs: Vec<String> = needs.iter().map(|need| format!("\"{need}>=1.0\"")).collect();
        let text = format!(
            "[build-system]\nrequires = [\"hatchling\"]\nbuild-backend = \"hatchling.build\"\n\n[project]\n\
             name = \"{name}\"\nversion = \"1.0\"\ndescription = \"The package {name}.\"\nreadme = \"README.md\"\n\
             requires-python = \">=3.8\"\ndependencies = [{}]\n{more}\n",
            needs.join(", ")
        );
        let folder = self.root.join("packages").join(name);
        fs::create_dir_all(folder.join("src").join(name)).unwrap();
        fs::write(folder.join("pyproject.toml"), text).unwrap();
        fs::write(folder.join("README.md"), format!("# {name}\n\nA package for tests.\n")).unwrap();
        fs::write(folder.join("src").join(name).join("__init__.py"), "def main():\n    print('1.0')\n")
            .unwrap();
        self
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn workspace(&self) -> Workspace {
        Workspace::discover(self.root()).unwrap()
    }

    pub(crate) fn dist(&self, package: &str) -> PathBuf {
        self.root().join("packages").join(package).join("dist")
    }
}

/// A request that builds every package and does nothing else.
pub(crate) fn request<'a>(world: &'a World, workspace: &'a Workspace, id: &str) -> ReleaseRequest<'a> {
    let packages: Vec<&Package> = workspace.packages().collect();
    ReleaseRequest {
        root: world.root(),
        directories: packages.iter().map(|package| package.directory.as_path()).collect(),
        packages,
        build: Some(BuildOptions {
            source_date: 315_532_800,
            force_pep517: false,
            python: PythonSettings { offline: true, ..PythonSettings::default() },
            variables: BTreeMap::new(),
            bounded: BTreeMap::new(),
        }),
        test: None,
        check: CheckOptions::default(),
        stage: None,
        proof: None,
        publish: None,
        verify: None,
        policy: GatePolicy {
            allow_unstaged: false,
            command: "pyrel release".to_owned(),
            takes_answers: true,
            stage_command: "pyrel upload-test".to_owned(),
        },
        client: client_options(),
        concurrency: 4,
        patience: Duration::from_secs(5),
        run: RunRequest {
            kind: RunKind::Release,
            id: id.to_owned(),
            resume: false,
            tool: "pyrel test".to_owned(),
            clock: Arc::new(|| 1_700_000_000),
            resume_command: "pyrel release --resume".to_owned(),
            fault: None,
        },
    }
}

pub(crate) fn client_options() -> ClientOptions {
    let retries = RetryPolicy {
        attempts: 2,
        base: Duration::from_millis(1),
        max: Duration::from_millis(2),
        ..RetryPolicy::default()
    };
    ClientOptions { retries, ..ClientOptions::default() }
}

/// An embedded index on a free port.
pub(crate) async fn index(dir: &Path) -> RunningServer {
    index_at(dir, "127.0.0.1:0".parse().unwrap()).await
}

/// An embedded index on an address.
pub(crate) async fn index_at(dir: &Path, bind: SocketAddr) -> RunningServer {
    let account = Account::new(Secret::new("not-a-real-token"), Vec::new());
    let options = ServerOptions { accounts: vec![account], ..ServerOptions::new(dir.to_path_buf(), bind) };
    serve(options).await.unwrap()
}

pub(crate) fn target(name: &str, server: &RunningServer, production: bool) -> ReleaseTarget {
    ReleaseTarget {
        spec: IndexSpec {
            name: name.to_owned(),
            upload_url: server.upload_url(),
            simple_url: server.local_simple_url(),
            production,
        },
        account: Credentials::token(&Secret::new("not-a-real-token")).into(),
        keys: keys(),
        install_url: Some(server.simple_url()),
        attestations: Attestations::Found,
    }
}

/// The credentials of an upload, for reading.
pub(crate) fn keys() -> Arc<dyn KeyFinder> {
    let credentials = Credentials::token(&Secret::new("not-a-real-token"));
    Arc::new(ReadKey { credentials, origin: "a test".to_owned() })
}

/// Remembers every event.
#[derive(Default)]
pub(crate) struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }
}

impl Reporter for Recorder {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}
