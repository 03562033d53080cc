//! The report as SARIF 2.1.0 (OASIS), which code scanning services read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use pyrel_dist::{CheckReport, FileReport, Finding, RULES, Rule};
use pyrel_model::{Level, Location};
use serde_json::{Value, json};

use super::source::Sources;
use crate::context::Context;

/// Returns the document: one run, the rules that found something, a result for each finding.
pub(super) fn document(context: &Context, report: &CheckReport, sources: &Sources) -> Value {
    let used = |rule: &&&Rule| {
        report.files.iter().flat_map(|file| &file.findings).any(|found| found.rule == rule.name)
    };
    let rules: Vec<&Rule> = RULES.iter().filter(used).copied().collect();
    let places: BTreeMap<&str, usize> = rules.iter().enumerate().map(|(at, rule)| (rule.name, at)).collect();
    let results = report.files.iter().flat_map(|file| {
        let result = |finding| result(context, file, finding, sources, &places);
        file.findings.iter().map(result).collect::<Vec<_>>()
    });
    let artifacts: Vec<Value> = report.files.iter().map(|file| artifact(context, file)).collect();
    json!({
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "pyrel",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": true}],
            "artifacts": artifacts,
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn descriptor(rule: &Rule) -> Value {
    json!({
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "help": {"text": rule.docs, "markdown": rule.docs},
        "defaultConfiguration": {"level": level(rule.level)},
        "properties": {"tags": [rule.source.as_str()]},
    })
}

fn artifact(context: &Context, file: &FileReport) -> Value {
    let mut artifact = json!({"location": {"uri": uri(&context.shown(&file.path))}});
    if let Some(sha256) = file.sha256 {
        artifact["hashes"] = json!({"sha-256": sha256.to_hex()});
    }
    artifact
}

fn result(
    context: &Context,
    file: &FileReport,
    finding: &Finding,
    sources: &Sources,
    places: &BTreeMap<&str, usize>,
) -> Value {
    let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    let physical = match sources.in_pyproject(file, finding) {
        Some(place) => json!({
            "artifactLocation": {"uri": uri(&context.shown(&place.path))},
            "region": region(&place),
        }),
        None => json!({"artifactLocation": {"uri": uri(&context.shown(&file.path))}}),
    };
    let mut location = json!({"physicalLocation": physical});
    let inside = finding.place.as_ref().map(Location::to_text).or_else(|| finding.location.clone());
    if let Some(inside) = inside {
        location["logicalLocations"] = json!([{"fullyQualifiedName": format!("{}/{inside}", file.filename)}]);
    }
    json!({
        "ruleId": finding.rule,
        "ruleIndex": places.get(finding.rule),
        "level": level(finding.level),
        "message": {"text": format!("{}: {}{hint}", file.filename, finding.message)},
        "locations": [location],
    })
}

fn region(place: &Location) -> Value {
    let mut region = json!({"startLine": place.line.max(1)});
    if place.column > 0 {
        region["startColumn"] = json!(place.column);
        region["endColumn"] = json!(place.column + place.width);
    }
    if let Some(line) = &place.source_line {
        region["snippet"] = json!({"text": line});
    }
    region
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}

/// Returns a path as a URI reference: relative where the path is, else `file:`.
fn uri(path: &str) -> String {
    if let Ok(url) = url::Url::from_file_path(Path::new(path)) {
        return url.into();
    }
    let mut out = String::new();
    for byte in path.replace('\\', "/").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("dist/a b+c.whl"), "dist/a%20b+c.whl");
        assert_eq!(uri("x:y%.whl"), "x%3Ay%25.whl");
        #[cfg(unix)]
        assert_eq!(uri("/tmp/ü.whl"), "file:///tmp/%C3%BC.whl");
    }
}
