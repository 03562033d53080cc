//! The form of an upload: the fields that go with a file. Rules judge it and the client sends it, so that what was
//! judged is what is sent; nothing else makes one. Only the digests that no rule reads are added for the sending.

use pyrel_model::{ArtifactKind, CoreMetadata, DistFilename};

use crate::digest::UploadDigests;
use crate::reading::Reading;

/// The field round which the digests that only an upload needs stand.
const SHA256: &str = "sha256_digest";

/// Returns the text fields in the order in which they are sent, but for MD5 and BLAKE2b, which [`complete`] adds.
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
        (SHA256, reading.digests.sha256.to_hex()),
    ];
    fields.extend(metadata.to_form());
    fields
}

/// Adds the digests that only an upload needs, round the one that every form has.
pub(crate) fn complete(
    fields: Vec<(&'static str, String)>,
    digests: &UploadDigests,
) -> Vec<(&'static str, String)> {
    let mut complete = Vec::with_capacity(fields.len() + 2);
    for field in fields {
        if field.0 == SHA256 {
            complete.push(("md5_digest", digests.md5_hex()));
            complete.push(field);
            complete.push(("blake2_256_digest", digests.blake2b.to_hex()));
        } else {
            complete.push(field);
        }
    }
    complete
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
