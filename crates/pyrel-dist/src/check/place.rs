//! Finds the line that a finding is about, in the texts of an archive that are kept.

use std::ops::Range;
use std::path::{Path, PathBuf};

use pyrel_model::Location;

use super::finding::Problem;
use crate::reading::Reading;

/// Returns the line of a problem: the one it names, or that of the metadata field it names.
pub(super) fn of(problem: &Problem, reading: &Reading) -> Option<Location> {
    let location = problem.location.as_deref()?;
    if let Some(line) = problem.line {
        return Some(at_line(reading, location, line));
    }
    field(problem, reading, location)
}

fn at_line(reading: &Reading, member: &str, line: usize) -> Location {
    let name = match reading.dist_info() {
        Some(directory) if !member.contains('/') => format!("{directory}/{member}"),
        _ => member.to_owned(),
    };
    let text = reading.archive.texts.get(&name).map(|bytes| String::from_utf8_lossy(bytes));
    let source = text.and_then(|text| text.lines().nth(line - 1).map(str::to_owned));
    let column = usize::from(source.is_some());
    let width = source.as_ref().map_or(1, |source| source.trim_end().chars().count().max(1));
    Location { path: PathBuf::from(name), line, column, source_line: source, width }
}

/// Of the headers of a field, takes the one with the longest value that the message quotes, else the first.
fn field(problem: &Problem, reading: &Reading, field: &str) -> Option<Location> {
    let (name, _) = reading.metadata.as_ref()?;
    let text = String::from_utf8_lossy(reading.archive.texts.get(name)?);
    let mut best: Option<(usize, Range<usize>)> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        if content.is_empty() {
            break;
        }
        if let Some((header, value)) = content.split_once(':')
            && header.eq_ignore_ascii_case(field)
        {
            let value = value.trim();
            let quoted = if problem.message.contains(value) { value.len() } else { 0 };
            let lead = if value.is_empty() { 0 } else { content.len() - value.len() };
            if best.as_ref().is_none_or(|(length, _)| quoted > *length) {
                best = Some((quoted, start + lead..start + content.len()));
            }
        }
        start += line.len();
    }
    best.map(|(_, span)| Location::of_span(Path::new(name), &text, &span))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn a_metadata_finding_has_its_line_and_caret() {
        let fixture = Fixture::wheel().header("Requires-Python: 3").also("Classifier: Nonsense");
        let report = fixture.report();
        let place = |rule: &str| {
            let found = report.findings.iter().find(|finding| finding.rule == rule).unwrap();
            let place = found.place.clone().unwrap();
            (place.to_text(), place.to_snippet())
        };
        let (text, snippet) = place("requires-python");
        assert_eq!(text, "demo-1.0.dist-info/METADATA:7:18");
        assert_eq!(snippet, "  |\n7 | Requires-Python: 3\n  |                  ^");
        let (text, snippet) = place("classifier-unknown");
        assert_eq!(text, "demo-1.0.dist-info/METADATA:8:13");
        assert!(snippet.ends_with("            ^^^^^^^^"), "{snippet}");
    }
}
