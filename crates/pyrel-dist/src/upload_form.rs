//! The form of an upload: the fields that go with a file. Rules judge it and the client sends it, so that what was
//! judged is what is sent; nothing else makes one. Only the digest that no rule reads is added for the sending.

use pyrel_model::{ArtifactKind, Blake2b256, CoreMetadata, DistFilename};

use crate::reading::Reading;

/// The field that the digest that only an upload needs comes after.
const SHA256: &str = "sha256_digest";

/// Returns the text fields in the order in which they are sent, but for BLAKE2b, which [`complete`] adds.
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

/// Adds the digest that only an upload needs, after the one that every form has.
pub(crate) fn complete(
    mut fields: Vec<(&'static str, String)>,
    blake2b: &Blake2b256,
) -> Vec<(&'static str, String)> {
    let after = fields.iter().position(|(name, _)| *name == SHA256).map_or(fields.len(), |at| at + 1);
    fields.insert(after, ("blake2_256_digest", blake2b.to_hex()));
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
