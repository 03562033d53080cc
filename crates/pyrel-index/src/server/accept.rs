//! The `Accept` header: which of the offered media types a reader prefers. Parameters other than `q` are ignored.

/// Returns the index of the preferred offer. Ties go to the earlier offer; `None` when none is acceptable.
/// Without a header everything is.
pub(super) fn preferred(accept: Option<&str>, offers: &[&str]) -> Option<usize> {
    let Some(accept) = accept.filter(|accept| !accept.trim().is_empty()) else {
        return (!offers.is_empty()).then_some(0);
    };
    let ranges: Vec<(String, f32)> = accept.split(',').filter_map(range).collect();
    let mut best: Option<(usize, f32)> = None;
    for (index, offer) in offers.iter().enumerate() {
        let quality = quality_of(offer, &ranges);
        if quality > 0.0 && best.is_none_or(|(_, highest)| quality > highest) {
            best = Some((index, quality));
        }
    }
    best.map(|(index, _)| index)
}

fn range(text: &str) -> Option<(String, f32)> {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().filter(|media| media.contains('/'))?.to_ascii_lowercase();
    let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
    Some((media, quality))
}

/// Returns the quality of the most specific range that covers a media type.
fn quality_of(offer: &str, ranges: &[(String, f32)]) -> f32 {
    let kind = offer.split('/').next().unwrap_or_default();
    let specificity = |media: &str| match media {
        media if media == offer => 3,
        media if media.strip_suffix("/*") == Some(kind) => 2,
        "*/*" => 1,
        _ => 0,
    };
    ranges
        .iter()
        .map(|(media, quality)| (specificity(media), *quality))
        .filter(|(specificity, _)| *specificity > 0)
        .max_by_key(|(specificity, _)| *specificity)
        .map_or(0.0, |(_, quality)| quality)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send() {
        let offers = ["text/html", "application/json", "text/plain"];
        let best = |accept| preferred(accept, &offers).map(|index| offers[index]);
        assert_eq!(best(Some("*/*")), Some("text/html"));
        assert_eq!(best(Some("application/json")), Some("application/json"));
        assert_eq!(
            best(Some("application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7")),
            Some("application/json")
        );
        assert_eq!(best(Some("text/*;q=0.5, text/html;q=0")), Some("text/plain"));
        assert_eq!(best(Some("image/png")), None);
        assert_eq!(best(None), Some("text/html"));
    }
}
