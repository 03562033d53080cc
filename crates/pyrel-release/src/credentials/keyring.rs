//! The `keyring` command, which keeps what twine and others stored: asked for one password, never told one.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use pyrel_model::Secret;
use pyrel_project::{Process, ProcessError};

use super::program::find_program;

/// A locked keyring asks on the desktop; a person needs a while for that.
const PATIENCE: Duration = Duration::from_secs(60);

/// A store of passwords by service and user.
pub trait Keyring {
    /// Returns the password of a user of a service; `None` when there is none.
    ///
    /// # Errors
    ///
    /// Says in one line why the store cannot be asked.
    fn password(&self, service: &str, username: &str) -> Result<Option<Secret>, String>;
}

/// The `keyring` command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyringCommand {
    program: PathBuf,
}

impl KeyringCommand {
    /// Finds the command in the directories of a `PATH`; `None` when it is not there.
    #[must_use]
    pub fn find(path: &OsStr) -> Option<Self> {
        let names: &[&str] = if cfg!(windows) { &["keyring.exe", "keyring.cmd"] } else { &["keyring"] };
        find_program(path, names).map(|program| Self { program })
    }
}

impl Keyring for KeyringCommand {
    fn password(&self, service: &str, username: &str) -> Result<Option<Secret>, String> {
        let process = Process::new(&self.program).arg("get").arg(service).arg(username);
        match process.run_with_timeout(PATIENCE) {
            // The command says "nothing stored" with an exit code, and on standard output nothing.
            Ok(output) if output.success() => {
                let text = output.stdout_text();
                let password = text.trim_end_matches(['\r', '\n']);
                Ok(Some(password).filter(|text| !text.is_empty()).map(Secret::new))
            }
            Ok(_) => Ok(None),
            Err(ProcessError::TimedOut { .. }) => {
                Err(format!("the keyring did not answer within {} s", PATIENCE.as_secs()))
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use fs_err as fs;

    use super::*;

    fn command(dir: &Path, script: &str) -> KeyringCommand {
        let program = dir.join("keyring");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        KeyringCommand::find(dir.as_os_str()).unwrap()
    }

    #[test]
    fn asks_for_one_password() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(KeyringCommand::find(dir.path().as_os_str()), None);
        let keyring = command(dir.path(), r#"[ "$1" = get ] && echo "$2 for $3""#);
        let password = keyring.password("https://index.example/", "someone").unwrap().unwrap();
        assert_eq!(password.expose(), "https://index.example/ for someone");
        assert!(command(dir.path(), "exit 1").password("s", "u").unwrap().is_none());
        assert!(command(dir.path(), "exit 0").password("s", "u").unwrap().is_none());
    }
}
