//! The page that documents every rule, made from the rules themselves.

use std::fmt::Write as _;

use super::RULES;

/// Returns the text of `docs/rules.md`.
#[must_use]
pub fn rules_page() -> String {
    let mut page = String::from(
        "# Rules of `pyrel check`\n\n\
         <!-- generated: cargo run -p pyrel-dist --example rules > docs/rules.md -->\n\n\
         A rule has a level (`error` fails a file, `warning` fails it under `--strict`, `info` never does) and a\n\
         source: `pypi` is what the server itself rejects, in its words; `twine` is what `twine check` complains\n\
         about; `pyrel` is pyrel's own judgement. A level is changed in `pyrel.toml`:\n\n\
         ```toml\n[check]\nsummary-length = \"warning\"\nduplicate-member = \"off\"\n\n\
         [package.demo.check]  # for one package, before `[check]`\n\
         license-text = \"error\"\n```\n\n\
         `pyrel check --explain RULE` prints what stands here of a rule. Rules that compare files (`sdist-wheel-…`, …)\n\
         look at what is checked together, `top-level-clash` also at the other built wheels of a workspace; `untracked-member`,\n\
         `changelog-entry`, `internal-bound`, and `internal-unbounded` look at packages of a workspace only. What PyPI\n\
         answers, and which rule says it before, is listed in [its answers](server-answers.md).\n\n\
         | rule | level | source | a file that passes |\n|---|---|---|---|\n",
    );
    for rule in RULES {
        let (level, source) = (rule.level.as_str(), rule.source.as_str());
        let _ = writeln!(page, "| [`{0}`](#{0}) | {level} | {source} | {1} |", rule.name, rule.summary);
    }
    for rule in RULES {
        let _ = write!(page, "\n## {}\n\n{}", rule.name, rule.docs);
    }
    page
}
