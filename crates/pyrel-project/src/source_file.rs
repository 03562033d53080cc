//! Reading the text files that describe a project: bounded, and with an error that names the file.

use std::io::Read;
use std::path::Path;

use fs_err as fs;
use pyrel_model::{Diagnostic, Location};

/// The largest file that is read as a description of a project, in bytes.
pub(crate) const MAX_BYTES: u64 = 10 * 1024 * 1024;

/// Returns the text of a file; `None` when there is no file of that name.
///
/// # Errors
/// When it cannot be read, is larger than 10 MiB, or is not UTF-8.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Box<Diagnostic>> {
    use std::io::ErrorKind::{IsADirectory, NotADirectory, NotFound};
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(None),
        Err(error) => return Err(unreadable(path, &error)),
    };
    let length = file.metadata().map_err(|error| unreadable(path, &error))?.len();
    // The length is a hint only: the file may grow while it is read.
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(MAX_BYTES)).unwrap_or(0) + 1);
    if length <= MAX_BYTES {
        match file.take(MAX_BYTES + 1).read_to_end(&mut bytes) {
            Ok(_) => {}
            Err(error) if error.kind() == IsADirectory => return Ok(None),
            Err(error) => return Err(unreadable(path, &error)),
        }
    }
    if length > MAX_BYTES || u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_BYTES) {
        let fault =
            Diagnostic::new("file is larger than 10 MiB, the limit for a file that describes a project")
                .at(Location::of_file(path))
                .with_hint("move generated data out of it");
        return Err(Box::new(fault));
    }
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(path, &error))?;
    Ok(Some(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }))
}

/// Returns the first 10 MiB of a file as text, as far as they can be read, for a look at what it is about.
pub(crate) fn read_lossy(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(file) = fs::File::open(path)
        && let Err(error) = file.take(MAX_BYTES).read_to_end(&mut bytes)
    {
        tracing::debug!(%error, "a file can be read in part only");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(format!("cannot be read: {error}")).at(Location::of_file(path)))
}

fn not_utf8(path: &Path, error: &std::string::FromUtf8Error) -> Box<Diagnostic> {
    let valid = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(&error.as_bytes()[..valid]);
    let location = Location::of_span(path, &text, &(valid..valid));
    Box::new(
        Diagnostic::new("file is not valid UTF-8")
            .at(location)
            .with_hint("save the file with the encoding UTF-8"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_readable_text_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pyproject.toml");
        assert_eq!(read(&path).unwrap(), None);
        assert_eq!(read(folder.path()).unwrap(), None);

        fs::write(&path, "\u{feff}a = 1").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("a = 1"));

        fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
        let fault = read(&path).unwrap_err();
        assert_eq!(fault.message, "file is not valid UTF-8");
        assert_eq!(fault.location.as_ref().map(|place| (place.line, place.column)), Some((2, 6)));

        let file = fs::File::create(&path).unwrap();
        file.set_len(MAX_BYTES).unwrap();
        assert!(read(&path).unwrap().is_some());
        file.set_len(MAX_BYTES + 1).unwrap();
        assert!(read(&path).unwrap_err().message.starts_with("file is larger than 10 MiB"));
    }
}
