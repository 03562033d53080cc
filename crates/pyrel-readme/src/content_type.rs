//! Content types of descriptions: which renderer a value leads to.

/// What renders a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentType {
    /// docutils; also without any content type.
    Rst,
    /// GitHub's Markdown, whatever the variant.
    Markdown,
    /// Nothing: the text is shown as it is.
    Plain,
    /// A type that PyPI refuses.
    Other,
}

impl ContentType {
    /// Reads a value of `Description-Content-Type`.
    pub(crate) fn of(value: Option<&str>) -> Self {
        let Some(value) = value else { return Self::Rst };
        let essence = value.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "text/x-rst" => Self::Rst,
            "text/markdown" => Self::Markdown,
            "text/plain" => Self::Plain,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_and_case_do_not_matter() {
        assert_eq!(ContentType::of(Some("Text/Markdown; variant=GFM")), ContentType::Markdown);
        assert_eq!(ContentType::of(None), ContentType::Rst);
        assert_eq!(ContentType::of(Some("text/html")), ContentType::Other);
    }
}
