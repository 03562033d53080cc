//! Parts of a file: what a `Range` header asks for (RFC 9110, section 14). One part only; a list of them is answered
//! with the whole file, as the standard allows.

use std::ops::Range;

use axum::http::header::{IF_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue};

/// What of a file is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// The bytes in this range, at least one.
    Part(Range<u64>),
    /// Bytes that are not there.
    Nothing,
}

/// Reads what a request wants of a file with this tag and size in bytes.
pub(super) fn wanted(request: &HeaderMap, tag: &HeaderValue, size: u64) -> Wanted {
    if request.get(IF_RANGE).is_some_and(|condition| condition != tag) {
        return Wanted::Whole;
    }
    let text = request.get(RANGE).and_then(|value| value.to_str().ok());
    match text.and_then(|text| text.strip_prefix("bytes=")).and_then(parse) {
        None => Wanted::Whole,
        Some((Some(first), _)) if first >= size => Wanted::Nothing,
        Some((Some(first), last)) => {
            Wanted::Part(first..last.map_or(size, |last| last.saturating_add(1).min(size)))
        }
        Some((None, Some(length))) if length > 0 && size > 0 => {
            Wanted::Part(size.saturating_sub(length)..size)
        }
        Some((None, _)) => Wanted::Nothing,
    }
}

/// Returns first and last byte of a range; without a first one, the second number is how many there are at the end.
fn parse(range: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (first, last) = range.split_once('-')?;
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok().map(Some),
        _ => None,
    };
    match (number(first)?, number(last)?) {
        (None, None) => None,
        (Some(first), Some(last)) if last < first => None,
        both => Some(both),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(range: &'static str, condition: Option<&'static str>) -> Wanted {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_static(range));
        headers.extend(condition.map(|tag| (IF_RANGE, HeaderValue::from_static(tag))));
        wanted(&headers, &HeaderValue::from_static("\"ab\""), 100)
    }

    #[test]
    fn one_part_in_all_forms() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=10-19", 10..20),
            ("bytes=90-", 90..100),
            ("bytes=90-500", 90..100),
            ("bytes=-7", 93..100),
            ("bytes=-500", 0..100),
        ] {
            assert_eq!(of(range, None), Wanted::Part(part.clone()), "{range}");
            assert_eq!(of(range, Some("\"ab\"")), Wanted::Part(part), "{range}");
            assert_eq!(of(range, Some("\"cd\"")), Wanted::Whole, "the file is another one");
        }
    }

    #[test]
    fn what_is_not_there_and_what_is_no_range() {
        for nothing in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(of(nothing, None), Wanted::Nothing, "{nothing}");
        }
        for whole in
            ["bytes=1-2,5-6", "bytes=-", "bytes=9-1", "bytes=a-b", "bytes=+1-2", "lines=1-2", "bytes"]
        {
            assert_eq!(of(whole, None), Wanted::Whole, "{whole}");
        }
        assert_eq!(wanted(&HeaderMap::new(), &HeaderValue::from_static("\"ab\""), 100), Wanted::Whole);
    }
}
