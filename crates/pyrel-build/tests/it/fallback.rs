//! The PEP 517 fallback with a backend that lives in the project: no network, a real Python.

use std::path::Path;

use fs_err as fs;
use pyrel_build::{
    BuildError, BuildEvent, BuildObserver, InstallRequest, Interpreter, PythonSettings, Silent, Venv,
};
use pyrel_model::{Artifact, Builder};

use crate::archive::{text, wheel};
use crate::project::{DEMO, HATCHLING, Project, build_dir, chain};

const SYSTEM: &str =
    "[build-system]\nrequires = []\nbuild-backend = \"own.backend:API.hooks\"\nbackend-path = [\"tools\"]\n";

/// A backend that writes down what it saw.
const BACKEND: &str = r#"
import io, json, os, sys, tarfile, zipfile

class Hooks:
    def get_requires_for_build_sdist(self, config_settings=None):
        return EXTRA

    def build_sdist(self, directory, config_settings=None):
        name = "demo-1.0.tar.gz"
        with tarfile.open(os.path.join(directory, name), "w:gz") as archive:
            archive.add("pyproject.toml", "demo-1.0/pyproject.toml")
            archive.add("tools", "demo-1.0/tools")
            data = b"Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"
            info = tarfile.TarInfo("demo-1.0/PKG-INFO")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        return name

    def build_wheel(self, directory, config_settings=None, metadata_directory=None):
        WHEEL
        name = "demo-1.0-py3-none-any.whl"
        seen = {
            "from_sdist": os.path.exists("PKG-INFO"),
            "epoch": os.environ.get("SOURCE_DATE_EPOCH"),
            "secrets": sorted(key for key in os.environ if "TOKEN" in key or "PASSWORD" in key),
            "isolated": sys.prefix != sys.base_prefix,
            "bin": os.path.dirname(os.path.abspath(sys.executable)) == os.environ["PATH"].split(os.pathsep)[0],
            "helper": "helper" in sys.modules or __import__("importlib.util").util.find_spec("helper") is not None,
        }
        with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
            archive.writestr("seen.json", json.dumps(seen))
        return name

class API:
    hooks = Hooks()
"#;

fn project(extra: &str, in_wheel: &str) -> Project {
    let backend = BACKEND.replace("EXTRA", extra).replace("WHEEL", in_wheel);
    Project::new(
        &format!("{SYSTEM}{DEMO}"),
        &[("tools/own/backend.py", &backend), ("tools/own/__init__.py", "")],
    )
}

#[derive(Default)]
struct Steps(std::sync::Mutex<Vec<String>>);

impl BuildObserver for Steps {
    fn event(&self, event: BuildEvent<'_>) {
        let word = match event {
            BuildEvent::FallingBack { unsupported, .. } => format!("falling back: {}", unsupported.option),
            BuildEvent::Step { step, .. } => step.to_owned(),
            _ => return,
        };
        self.0.lock().unwrap().push(word);
    }
}

/// Builds the project in the current folder; started with secrets in its environment.
#[test]
#[ignore = "a child of another test"]
fn child() {
    let here = std::env::current_dir().unwrap();
    build_dir(&here, &PythonSettings::default(), &Silent).unwrap();
}

#[test]
fn the_wheel_comes_from_the_sdist_without_secrets() {
    // A wheel to be asked for, made by the native build.
    let helper = Project::new(
        &format!("{HATCHLING}[project]\nname = \"helper\"\nversion = \"1\"\n"),
        &[("helper.py", "")],
    );
    let helper_wheel = helper.build().unwrap().pop().unwrap().path;
    let extra = format!("[{:?}]", format!("helper @ file://{}", helper_wheel.display()));
    let project = project(&extra, "");
    pyrel_project::process::Process::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "fallback::child"])
        .env("PYREL_TOKEN", "not-a-real-token")
        .env("TWINE_PASSWORD", "not-a-real-password")
        .current_dir(project.path("."))
        .run_checked()
        .unwrap();
    assert_eq!(project.built().unwrap(), ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]);
    let seen = text(&wheel(&project.path("out/demo-1.0-py3-none-any.whl")), "seen.json");
    let seen: serde_json::Value = serde_json::from_str(&seen).unwrap();
    assert_eq!(
        seen,
        serde_json::json!({
            "from_sdist": true, "epoch": "1580601600", "secrets": [], "isolated": true, "bin": true, "helper": true,
        })
    );
}

#[test]
fn the_reason_is_said_and_kept() {
    let project = project("[]", "");
    let steps = Steps::default();
    let artifacts: Vec<Artifact> = project.build_watched(&steps).unwrap();
    let steps = steps.0.into_inner().unwrap();
    assert_eq!(steps[0], "falling back: build-system.backend-path");
    assert!(
        steps.contains(&"build_sdist".to_owned()) && steps.contains(&"build_wheel".to_owned()),
        "{steps:?}"
    );
    for artifact in &artifacts {
        let Builder::Pep517 { backend, reason } = &artifact.builder else { panic!("{artifact:?}") };
        assert_eq!(backend, "own.backend:API.hooks");
        assert!(reason.contains("pyproject.toml:4:"), "{reason}");
        assert!(reason.contains("names a backend inside the project"), "{reason}");
        assert_eq!(artifact.size, fs::metadata(&artifact.path).unwrap().len());
    }
}

#[test]
fn a_failing_backend_shows_its_last_lines_and_leaves_nothing() {
    let noisy = "[print('line', n) for n in range(100)]; raise SystemExit('the backend gave up')";
    let project = project("[]", noisy);
    let error = project.build().unwrap_err();
    assert!(matches!(&error, BuildError::Pep517(_)), "{error}");
    let text = chain(&error);
    assert!(text.contains("the backend `own.backend:API.hooks` failed in `build_wheel`"), "{text}");
    assert!(text.contains("the backend gave up") && text.contains("line 99"), "{text}");
    assert!(!text.contains("line 10\n"), "only the end is shown: {text}");
    assert!(error.hint().is_some());
    assert_eq!(project.built(), None, "the sdist of a half failed build was kept");
}

#[test]
fn a_file_of_another_project_is_refused() {
    let project = project(
        "[]",
        "open(os.path.join(directory, 'other-1-py3-none-any.whl'), 'w'); return 'other-1-py3-none-any.whl'",
    );
    let error = project.build().unwrap_err();
    assert!(error.to_string().contains("is not a file of `demo`"), "{error}");
    assert_eq!(project.built(), None);
}

#[test]
fn an_environment_takes_wheels_from_a_folder() {
    let helper = Project::new(
        &format!(
            "{HATCHLING}[project]\nname = \"helper\"\nversion = \"1\"\n[project.scripts]\nhelp-me = \"helper:main\"\n"
        ),
        &[("helper.py", "def main():\n    print('here')\n")],
    );
    helper.build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let interpreter = Interpreter::probe(Path::new("python3")).unwrap();
    let venv = Venv::create(&dir.path().join("env"), &interpreter, None).unwrap();
    let mut request = InstallRequest {
        requirements: vec!["helper".to_owned()],
        find_links: vec![helper.path("out").display().to_string()],
        only_binary: true,
        offline: true,
        ..InstallRequest::default()
    };
    venv.install(&request).unwrap();
    let output = pyrel_project::process::Process::new(venv.script("help-me")).run_checked().unwrap();
    assert_eq!(output.stdout_text().trim(), "here");
    assert_eq!(Interpreter::probe(&venv.python()).unwrap().version, interpreter.version);
    request.requirements = vec!["no-such-project-anywhere".to_owned()];
    let error = venv.install(&request).unwrap_err();
    assert_eq!(error.to_string(), "failed to install `no-such-project-anywhere`");
    assert!(error.hint().unwrap().contains("--offline"));
}
