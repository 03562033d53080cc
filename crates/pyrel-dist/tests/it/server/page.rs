//! The page that tells for every answer of the server which rule says it: made of the cases that prove it.

use std::fmt::Write as _;
use std::path::Path;

use fs_err as fs;

use super::{Case, EXCEPTIONS, IDS, cases};

const HEAD: &str = "# PyPI's answers, and the rules that give them before

<!-- generated: PYREL_BLESS=1 cargo test -p pyrel-dist --test it server -->

Every reason for which PyPI refuses an upload that can be told from the file, its metadata, or the form, with the rule of
[`pyrel check`](rules.md) that finds it first. A test breaks each of them and holds the rule to PyPI's very words, of which
the beginning stands here. The numbers are those of the tests: R request and form, M metadata, P project, D description, U
file, Z archive, T sdist in a tar, S name of an sdist, W wheel, K attestations, X what PyPI itself fails on.

| | PyPI's answer | rule |
|---|---|---|
";

const BEHIND: &str = "
## Without a rule or a case of their own

| | why |
|---|---|
";

/// Characters of an answer that are shown.
const SHOWN: usize = 140;

fn page() -> String {
    let (mut page, cases) = (HEAD.to_owned(), cases());
    for id in IDS.split_whitespace() {
        let mut rules: Vec<&str> = Vec::new();
        for case in cases.iter().filter(|case| case.id == id) {
            if !rules.contains(&case.rule) {
                rules.push(case.rule);
                row(&mut page, case);
            }
        }
    }
    page.push_str(BEHIND);
    for (id, reason) in EXCEPTIONS {
        let _ = writeln!(page, "| {id} | {reason} |");
    }
    page
}

fn row(page: &mut String, case: &Case) {
    let words = case.message.split(" See https://").next().unwrap_or_default();
    let mut words: String = words.escape_debug().to_string().replace("\\'", "'").replace("\\\"", "\"");
    if let Some((end, _)) = words.char_indices().nth(SHOWN) {
        words.truncate(end);
        words.push('…');
    }
    let words = words.replace('|', "&#124;").replace('<', "&lt;").replace('*', "&#42;").replace('`', "&#96;");
    let _ = writeln!(page, "| {} | {words} | [`{}`](rules.md#{}) |", case.id, case.rule, case.rule);
}

#[test]
fn the_page_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/server-answers.md");
    #[expect(clippy::disallowed_methods, reason = "this is how a person tells the test to write the page")]
    let is_to_write = std::env::var_os("PYREL_BLESS").is_some();
    if is_to_write {
        fs::write(&path, page()).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        stored == page(),
        "docs/server-answers.md is stale: PYREL_BLESS=1 cargo test -p pyrel-dist --test it server"
    );
}
