//! What a run of the program left: exit code and both streams, with volatile parts made equal.

use std::path::Path;

/// The result of one run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output, redacted.
    pub stdout: String,
    /// Standard error, redacted.
    pub stderr: String,
}

impl Run {
    /// Makes a run from raw output; `root` becomes `[ROOT]`.
    pub(crate) fn new(code: i32, stdout: &[u8], stderr: &[u8], root: &Path) -> Self {
        let redact = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .replace("\r\n", "\n")
                .replace(&root.display().to_string(), "[ROOT]")
                .replace('\\', "/")
        };
        Self { code, stdout: redact(stdout), stderr: redact(stderr) }
    }

    /// Asserts the exit code, showing both streams when it differs.
    ///
    /// # Panics
    /// When the code is another.
    #[must_use]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error holds a text.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in\n{}", self.stderr);
        self
    }

    /// Asserts that standard output holds a text.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in\n{}", self.stdout);
        self
    }

    /// Parses standard output as the one JSON document of the run.
    ///
    /// # Panics
    /// When it is not JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in\n{}", self.stdout))
    }
}
