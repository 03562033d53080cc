//! JUnit's XML: read for counts and failures, written where the tests wrote none.
//!
//! The reader takes what test tools write: elements, attributes, character data. It knows no document types, and what
//! is not well formed ends the reading with what was understood so far.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

/// How many tests there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CaseCounts {
    /// All.
    pub tests: usize,
    /// Those that failed.
    pub failures: usize,
    /// Those that broke.
    pub errors: usize,
    /// Those that were left out.
    pub skipped: usize,
}

/// A test that failed or broke.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// Its name, with that of its module or class.
    pub name: String,
    /// The first line of what it says.
    pub message: String,
    /// The file, as the report names it.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<usize>,
}

/// Reads a report.
pub(super) fn read(text: &str) -> (CaseCounts, Vec<Case>) {
    let mut reader = Reader { rest: text };
    let (mut counts, mut cases) = (CaseCounts::default(), Vec::new());
    let mut open: Option<OpenCase> = None;
    while let Some(event) = reader.next() {
        match event {
            Event::Start { name: "testcase", attributes, empty } => {
                counts.tests += 1;
                let case = OpenCase::new(&attributes);
                open = if empty { None } else { Some(case) };
            }
            Event::Start { name, attributes, .. } => {
                if let Some(case) = &mut open {
                    case.enter(name, &attributes);
                }
            }
            Event::Text(text) => {
                if let Some(case) = &mut open {
                    case.text(&text);
                }
            }
            Event::End("testcase") => {
                if let Some(case) = open.take() {
                    case.close(&mut counts, &mut cases);
                }
            }
            Event::End(_) => {}
        }
    }
    (counts, cases)
}

/// A test whose element is open.
struct OpenCase {
    case: Case,
    failed: bool,
    broken: bool,
    skipped: bool,
    inside: bool,
}

impl OpenCase {
    fn new(attributes: &[(String, String)]) -> Self {
        let get = |key: &str| attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        let name = match (get("classname").filter(|name| !name.is_empty()), get("name")) {
            (Some(class), Some(name)) => format!("{class}.{name}"),
            (_, name) => name.unwrap_or_default(),
        };
        // Older reports count lines from 0.
        let line = get("line").and_then(|line| line.parse::<usize>().ok()).map(|line| line + 1);
        let case = Case { name, message: String::new(), file: get("file"), line };
        Self { case, failed: false, broken: false, skipped: false, inside: false }
    }

    fn enter(&mut self, name: &str, attributes: &[(String, String)]) {
        self.inside = matches!(name, "failure" | "error");
        match name {
            "failure" => self.failed = true,
            "error" => self.broken = true,
            "skipped" => self.skipped = true,
            _ => {}
        }
        let message = attributes.iter().find(|(name, _)| name == "message").map(|(_, value)| value.as_str());
        if self.inside && self.case.message.is_empty() {
            message.unwrap_or_default().lines().next().unwrap_or_default().clone_into(&mut self.case.message);
        }
    }

    /// Takes the place from the last line of a traceback, `tests/test_a.py:5: AssertionError`.
    fn text(&mut self, text: &str) {
        if !self.inside {
            return;
        }
        self.inside = false;
        for line in text.lines() {
            let Some((file, rest)) = line.trim().split_once(".py:") else { continue };
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            if let Ok(number) = number.parse()
                && !file.contains(char::is_whitespace)
            {
                self.case.file = Some(format!("{file}.py"));
                self.case.line = Some(number);
            }
        }
    }

    fn close(self, counts: &mut CaseCounts, cases: &mut Vec<Case>) {
        if self.failed {
            counts.failures += 1;
        } else if self.broken {
            counts.errors += 1;
        } else if self.skipped {
            counts.skipped += 1;
        }
        if self.failed || self.broken {
            cases.push(self.case);
        }
    }
}

enum Event<'a> {
    Start { name: &'a str, attributes: Vec<(String, String)>, empty: bool },
    End(&'a str),
    Text(String),
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Event<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            if !self.rest.starts_with('<') {
                let text = self.take_until("<").unwrap_or_else(|| std::mem::take(&mut self.rest));
                if text.trim().is_empty() {
                    continue;
                }
                return Some(Event::Text(decoded(text)));
            }
            if self.skip("<![CDATA[") {
                let text = self.take_through("]]>")?;
                return Some(Event::Text(text.to_owned()));
            }
            let noise = [("<!--", "-->"), ("<?", "?>"), ("<!", ">")];
            if let Some((_, end)) = noise.into_iter().find(|(start, _)| self.rest.starts_with(start)) {
                self.take_through(end)?;
                continue;
            }
            if self.skip("</") {
                return Some(Event::End(self.take_through(">")?.trim()));
            }
            return self.element();
        }
    }

    fn element(&mut self) -> Option<Event<'a>> {
        self.skip("<");
        let end = self.rest.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        let mut attributes = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.skip("/>") {
                return Some(Event::Start { name, attributes, empty: true });
            }
            if self.skip(">") {
                return Some(Event::Start { name, attributes, empty: false });
            }
            let key = self.take_through("=")?.trim();
            self.rest = self.rest.trim_start();
            let quote = if self.skip("\"") { "\"" } else { self.skip("'").then_some("'")? };
            attributes.push((key.to_owned(), decoded(self.take_through(quote)?)));
        }
    }

    fn skip(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take_until(&mut self, end: &str) -> Option<&'a str> {
        let (text, rest) = self.rest.split_at(self.rest.find(end)?);
        self.rest = rest;
        Some(text)
    }

    fn take_through(&mut self, end: &str) -> Option<&'a str> {
        let text = self.take_until(end)?;
        self.skip(end);
        Some(text)
    }
}

fn decoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let name = rest.split(';').next().unwrap_or_default();
        match entity(name) {
            Some(c) => {
                out.push(c);
                rest = &rest[name.len() + 1..];
            }
            None => out.push('&'),
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Returns a report of one case that stands for a whole command; without `failure` it passed.
pub(super) fn write(package: &str, command: &str, time: Duration, failure: Option<(&str, &str)>) -> String {
    let (seconds, failures) = (time.as_secs_f64(), usize::from(failure.is_some()));
    let mut out = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n".to_owned();
    let _ = write!(
        out,
        "<testsuites><testsuite name=\"{package}\" tests=\"1\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" \
         time=\"{seconds:.3}\"><testcase classname=\"{package}\" name=\"{}\" time=\"{seconds:.3}\"",
        escaped(command)
    );
    match failure {
        None => out.push_str("/>"),
        Some((message, text)) => {
            let _ = write!(
                out,
                "><failure message=\"{}\">{}</failure></testcase>",
                escaped(message),
                escaped(text)
            );
        }
    }
    out.push_str("</testsuite></testsuites>\n");
    out
}

/// Escapes what XML reserves, and drops the control characters that it cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            '\u{0}'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.1">
<testcase classname="tests.test_a" name="test_ok" time="0.001" /><testcase classname="tests.test_a" name="test_bad" time="0.001"><failure message="assert 1 &lt; 0&#10;more">def test_bad():
&gt;       assert 1 &lt; 0
E       assert 1 &lt; 0

tests/test_a.py:5: AssertionError</failure><system-out>noise.py:9: no</system-out></testcase>
<testcase classname="tests.test_a" name="test_skip"><skipped type="pytest.skip" message="why">tests/test_a.py:7: why</skipped></testcase>
<testcase classname="" name="tests.test_b"><error message="collection failure"><![CDATA[ImportError <here>]]></error></testcase>
</testsuite></testsuites>"#;

    #[test]
    fn counts_and_failures_are_read() {
        let (counts, cases) = read(REPORT);
        assert_eq!(counts, CaseCounts { tests: 4, failures: 1, errors: 1, skipped: 1 });
        let failed = Case {
            name: "tests.test_a.test_bad".to_owned(),
            message: "assert 1 < 0".to_owned(),
            file: Some("tests/test_a.py".to_owned()),
            line: Some(5),
        };
        assert_eq!(cases[0], failed);
        assert_eq!((cases[1].name.as_str(), cases[1].line), ("tests.test_b", None));
        assert_eq!(cases.len(), 2);
    }

    #[test]
    fn a_broken_report_ends_where_it_breaks() {
        assert_eq!(read(&REPORT[..REPORT.len() / 2]).0.tests, 2);
        for text in ["", "<", "<testcase", "<testcase a=", "&", "<a b='", "<![CDATA["] {
            assert_eq!(read(text).0, CaseCounts::default(), "{text}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let text = write(
            "demo",
            "python -c \"1 < 2\"",
            Duration::from_millis(1500),
            Some(("exit code 1", "a & b\u{1b}[0m")),
        );
        let (counts, cases) = read(&text);
        assert_eq!((counts.tests, counts.failures), (1, 1));
        assert_eq!(cases[0].name, "demo.python -c \"1 < 2\"");
        assert!(!text.contains('\u{1b}') && text.contains("time=\"1.500\""));
        assert_eq!(read(&write("demo", "x", Duration::ZERO, None)).0.tests, 1);
    }
}
