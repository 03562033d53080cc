//! Where runs take place: a workspace of three small packages that were built once, and an index for each run.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use pyrel_index::{RunningServer, ServerOptions, serve};
use pyrel_testkit::Workspace;
use tokio::runtime::Handle;

use super::relay::Relay;
use crate::workspace;

/// File names with their bytes.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// The packages with what each needs, in the order of their names.
pub(super) const PACKAGES: [(&str, &[&str]); 3] = [("alpha", &[]), ("beta", &["alpha"]), ("side", &[])];

/// A workspace with its relay, used for one run after another.
pub(super) struct Scene {
    workspace: Workspace,
    root: PathBuf,
    /// The files of the plan.
    pub(super) plan: Files,
    /// What `pyrel plan` prints for the production index behind the relay.
    pub(super) digest: String,
    pub(super) relay: Relay,
}

impl Scene {
    /// Builds the packages. `staging` is the address of an index that has them, or is going to.
    pub(super) fn new(staging: &str) -> Self {
        let mut workspace =
            workspace().env("PYREL_TOKEN", "not-a-real-token").env("PYREL_RETRY_BASE_MS", "1");
        for (name, needs) in PACKAGES {
            workspace = workspace.package(name, "1.0.0", needs);
        }
        let relay = Relay::start();
        let _ = workspace.run(["build"]).expect(0);
        let root = workspace.root();
        let plan = files(&root.join("packages"));
        assert_eq!(plan.len(), 6);
        let scene = Self { workspace, root, plan, digest: String::new(), relay };
        scene.configure(Some(staging));
        scene
    }

    /// Asks for the digest of a publication, with an index behind the relay.
    pub(super) fn ask_digest(&mut self) {
        let json = self.workspace.run(["plan", "--format", "json"]).expect(0).json();
        json["digest"].as_str().unwrap().clone_into(&mut self.digest);
    }

    /// Configures the relay as the production index with another one for staging, or as the staging index.
    pub(super) fn configure(&self, staging: Option<&str>) {
        let index = |name: &str, url: &str| {
            format!("[index.{name}]\nupload-url = \"{url}/legacy/\"\nsimple-url = \"{url}/local/simple/\"\n")
        };
        let text = match staging {
            Some(staging) => {
                format!("{}{}production = true\n", index("testpypi", staging), index("pypi", &self.relay.url))
            }
            None => index("testpypi", &self.relay.url),
        };
        self.workspace.write("pyrel.toml", text);
    }

    /// Makes everything as it was before the first run.
    pub(super) fn restore(&self) {
        let runs = self.root.join(".pyrel");
        if runs.exists() {
            fs::remove_dir_all(runs).unwrap();
        }
        self.write_dist(|bytes| bytes.to_vec());
    }

    /// Puts other bytes under the names of the built files.
    pub(super) fn spoil(&self) {
        self.write_dist(|_| b"other bytes".to_vec());
    }

    fn write_dist(&self, content: impl Fn(&[u8]) -> Vec<u8>) {
        for (name, bytes) in &self.plan {
            let package = name.split('-').next().unwrap();
            fs::write(self.root.join("packages").join(package).join("dist").join(name), content(bytes))
                .unwrap();
        }
    }

    /// Returns the root of the workspace.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the program, ready to run.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        self.workspace.command(arguments)
    }

    /// Returns another program that is to start this one, with the same environment.
    #[expect(clippy::disallowed_methods, reason = "the test limits what the program may write")]
    pub(super) fn elsewise(&self, program: &str, words: &[&OsStr]) -> Command {
        let plain = self.workspace.command::<&str>([]);
        let mut command = Command::new(program);
        command.args(words).current_dir(&self.root).env_clear().stdin(std::process::Stdio::null());
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }
}

/// An embedded index with a folder of its own.
pub(super) struct Index {
    folder: tempfile::TempDir,
    pub(super) server: RunningServer,
}

impl Index {
    /// Serves an empty folder.
    pub(super) fn start(runtime: &Handle) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = ServerOptions::new(folder.path().join("store"), "127.0.0.1:0".parse().unwrap());
        let server = runtime.block_on(serve(options)).unwrap();
        Self { folder, server }
    }

    /// Returns its address as a URL.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    /// Returns the files that it holds.
    pub(super) fn files(&self) -> Files {
        files(self.folder.path())
    }
}

/// Returns the distributions below a folder.
fn files(folder: &Path) -> Files {
    let (mut found, mut open) = (Files::new(), vec![folder.to_path_buf()]);
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                open.push(path);
            } else if name.ends_with(".whl") || name.ends_with(".tar.gz") {
                found.insert(name, fs::read(path).unwrap());
            }
        }
    }
    found
}
