//! What the name of a file promises before a byte of it is read. Judges nothing.

use pyrel_model::ArtifactKind;

/// Returns the kind that the extension promises: `.whl` or `.tar.gz`, exactly.
pub(crate) fn kind_of(filename: &str) -> Option<ArtifactKind> {
    if filename.ends_with(".whl") {
        Some(ArtifactKind::Wheel)
    } else if filename.ends_with(".tar.gz") {
        Some(ArtifactKind::Sdist)
    } else {
        None
    }
}

/// Returns the `{name}-{version}` of a wheel's file name as spelt: the first two of its hyphen parts.
pub(crate) fn wheel_stem(filename: &str) -> Option<String> {
    let mut parts = filename.splitn(3, '-');
    let (name, version) = (parts.next()?, parts.next()?);
    parts.next().map(|_| format!("{name}-{version}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stem_needs_two_hyphens() {
        assert_eq!(wheel_stem("A.b-01-py3-none-any.whl").as_deref(), Some("A.b-01"));
        assert_eq!(wheel_stem("a-1.whl"), None);
        assert_eq!(kind_of("a-1.tar.GZ"), None);
    }
}
