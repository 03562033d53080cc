//! Another index behind this one: where readers are sent for projects that the store does not have. They are
//! redirected, so that nothing of that index passes through here and its links stay its own.

use url::Url;

/// The simple API of the other index.
#[derive(Debug, Clone)]
pub(super) struct Overlay {
    base: Url,
}

impl Overlay {
    /// Takes the URL of a simple API. `None` when it is not HTTP or carries credentials, which every reader
    /// would get to see.
    pub(super) fn new(mut base: Url) -> Option<Self> {
        let usable = matches!(base.scheme(), "http" | "https")
            && base.has_host()
            && base.username().is_empty()
            && base.password().is_none();
        base.set_query(None);
        base.set_fragment(None);
        usable.then_some(Self { base })
    }

    /// Returns the page of a project, by its normal form.
    pub(super) fn page_of(&self, normal: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(normal).push("");
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_lie_below_the_base_with_or_without_slash() {
        for base in ["https://index.example/simple", "https://index.example/simple/?x#y"] {
            let overlay = Overlay::new(base.parse().unwrap()).unwrap();
            assert_eq!(overlay.page_of("a-b").as_str(), "https://index.example/simple/a-b/");
        }
        assert!(Overlay::new("https://u:p@index.example/".parse().unwrap()).is_none());
        assert!(Overlay::new("file:///x".parse().unwrap()).is_none());
    }
}
