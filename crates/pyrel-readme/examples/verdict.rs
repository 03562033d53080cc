//! Prints the verdict on each of the files named, as lines of JSON; only the comparison with the renderer uses it.

use std::io::{BufRead as _, Write as _};

use pyrel_readme::{Html, Judgement, Message, Verdict, judge, render};
use serde_json::{Value, json};

fn message(message: &Message) -> Value {
    json!([message.line, message.severity.to_string(), message.text, message.details])
}

fn shown(path: &str, text: &str, judgement: &Judgement) -> Value {
    let verdict = match &judgement.verdict {
        Verdict::Pass => json!({"verdict": "pass"}),
        Verdict::Fail { message: first, renderer } => json!({
            "verdict": "fail", "message": first.as_ref().map(message), "renderer": renderer.to_string(),
        }),
        Verdict::Unknown { line, construct } => {
            json!({"verdict": "unknown", "line": line, "construct": construct})
        }
    };
    let all: Vec<Value> = judgement.messages.iter().map(message).collect();
    let html = render(None, text);
    json!({"path": path, "verdict": verdict, "all": all, "html": html.as_ref().map(Html::as_str)})
}

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for path in std::io::stdin().lock().lines() {
        let path = path?;
        let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
        let answer = shown(&path, &text, &judge(None, &text));
        writeln!(out, "{answer}")?;
    }
    Ok(())
}
