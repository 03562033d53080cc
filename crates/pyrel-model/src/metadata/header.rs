//! The RFC 822 layer: header lines with continuations, a blank line, a body.

/// Why bytes are no core metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidMetadata {
    /// The bytes are not UTF-8.
    #[error("metadata is not UTF-8 at byte {0}")]
    Encoding(usize),
    /// A header line without a colon, or one that continues nothing.
    #[error("line {line} of the metadata is no `Field: value` header: `{text}`")]
    Header {
        /// Line, from 1.
        line: usize,
        /// The start of the line.
        text: String,
    },
}

/// Header fields in order, and the body.
pub(super) struct Split {
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

/// Splits metadata bytes. Continuation lines stay in the value behind a line feed, indentation kept.
pub(super) fn split(bytes: &[u8]) -> Result<Split, InvalidMetadata> {
    let text = std::str::from_utf8(bytes).map_err(|error| InvalidMetadata::Encoding(error.valid_up_to()))?;
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut rest = text;
    let mut line_number = 0;
    while !rest.is_empty() {
        line_number += 1;
        let (line, after) = match rest.split_once('\n') {
            Some((line, after)) => (line.strip_suffix('\r').unwrap_or(line), after),
            None => (rest, ""),
        };
        rest = after;
        if line.is_empty() {
            return Ok(Split { headers, body: rest.to_owned() });
        }
        let fault = || InvalidMetadata::Header { line: line_number, text: line.chars().take(80).collect() };
        if line.starts_with([' ', '\t']) {
            let (_, value) = headers.last_mut().ok_or_else(fault)?;
            value.push('\n');
            value.push_str(line);
        } else {
            let (name, value) = line.split_once(':').ok_or_else(fault)?;
            if name.is_empty() || name.contains([' ', '\t']) {
                return Err(fault());
            }
            headers.push((name.to_owned(), value.trim_start_matches([' ', '\t']).to_owned()));
        }
    }
    Ok(Split { headers, body: String::new() })
}
