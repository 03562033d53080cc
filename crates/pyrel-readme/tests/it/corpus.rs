//! Verdicts on the corpus agree with those that twine and the renderers gave; see its README.

use std::fs;
use std::path::PathBuf;

use pyrel_readme::{Judgement, Message, Renderer, Severity, Verdict, judge};
use serde_json::Value;

const OLDER: &str = "readme_renderer 45.0 / docutils 0.23";
/// Files of which `all` holds a message that the server's settings keep docutils from making.
const QUIETER: [&str; 1] = ["dir-code-block-unknown-language.rst"];

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn shown(message: Option<&Message>) -> String {
    let Some(message) = message else { return "No content rendered from RST source.".to_owned() };
    let line = message.line.map(|line| line.to_string()).unwrap_or_default();
    format!("line {line}: {}: {}", message.severity, message.full_text())
}

fn first_message(judgement: &Judgement) -> Option<String> {
    match &judgement.verdict {
        Verdict::Fail { message, renderer: Renderer::Current } => Some(shown(message.as_ref())),
        _ => None,
    }
}

fn differences(name: &str, wanted: &Value) -> Vec<String> {
    let bytes = fs::read(directory().join(name)).expect("the file is in the corpus");
    let judgement = judge(Some("text/x-rst"), std::str::from_utf8(&bytes).expect("the corpus is UTF-8"));
    let mut found = Vec::new();
    if matches!(judgement.verdict, Verdict::Unknown { .. }) {
        found.push(format!("{name}: {:?}", judgement.verdict));
    }
    let message = wanted["messages"][0].as_str().filter(|_| wanted["ok"] == false).map(str::trim);
    let first = first_message(&judgement);
    if first.as_deref().map(str::trim) != message {
        found.push(format!("{name}: wanted {message:?}, got {first:?}"));
    }
    let older_fails = matches!(judgement.verdict, Verdict::Fail { renderer: Renderer::Older, .. });
    if wanted["ok"] == true && older_fails != (wanted["drift"][OLDER] == false) {
        found.push(format!("{name}: the older renderer, got {:?}", judgement.verdict));
    }
    if let Some(all) = wanted["all"].as_array().filter(|_| !QUIETER.contains(&name)) {
        let wanted: Vec<Value> = all.clone();
        let got: Vec<Value> = judgement
            .messages
            .iter()
            .filter(|message| message.severity >= Severity::Warning)
            .map(|message| serde_json::json!([message.line, message.severity.to_string(), message.text]))
            .collect();
        if got != wanted {
            found.push(format!("{name}: all wanted {wanted:?}, got {got:?}"));
        }
    }
    found
}

#[test]
fn every_verdict_and_every_message_agrees() {
    let text = fs::read_to_string(directory().join("verdicts.json")).unwrap();
    let verdicts: Value = serde_json::from_str(&text).unwrap();
    let verdicts = verdicts.as_object().unwrap();
    let found: Vec<String> = verdicts.iter().flat_map(|(name, wanted)| differences(name, wanted)).collect();
    assert_eq!(found, Vec::<String>::new());
    assert_eq!(verdicts.len(), 405);
}
