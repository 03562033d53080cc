//! The form of an upload: the fields that go with a file. Rules judge it and the client sends it, so that what was
//! judged is what is sent; nothing else makes one.

use pyrel_model::{ArtifactKind, CoreMetadata, DistFilename};

use crate::digest::hex;
use crate::reading::Reading;

/// Returns the text fields in the order in which they are sent. The file itself is the one part besides them.
pub(crate) fn fields(
    reading: &Reading,
    kind: ArtifactKind,
    metadata: &CoreMetadata,
) -> Vec<(&'static str, String)> {
    let filetype = match kind {
        ArtifactKind::Wheel => "bdist_wheel",
        ArtifactKind::Sdist => "sdist",
    };
    let mut fields = vec![
        (":action", "file_upload".to_owned()),
        ("protocol_version", "1".to_owned()),
        ("filetype", filetype.to_owned()),
        ("pyversion", python_tag(reading, kind)),
        ("md5_digest", hex(&reading.digests.md5)),
        ("sha256_digest", reading.digests.sha256.to_hex()),
        ("blake2_256_digest", reading.digests.blake2b.to_hex()),
    ];
    fields.extend(metadata.to_form());
    fields
}

/// Returns the python tag of a wheel's file name, or `source` for an sdist.
pub(crate) fn python_tag(reading: &Reading, kind: ArtifactKind) -> String {
    match (&reading.parsed, kind) {
        (Ok(DistFilename::Wheel(wheel)), _) => wheel.tags.python.join("."),
        (_, ArtifactKind::Sdist) => "source".to_owned(),
        (_, ArtifactKind::Wheel) => {
            // The file name broke a rule elsewhere; its third part from the end is the tag all the same.
            let stem = reading.filename.trim_end_matches(".whl");
            stem.rsplit('-').nth(2).unwrap_or("any").to_owned()
        }
    }
}
