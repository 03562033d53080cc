//! The README: what it says a project is, and the section that tells how to run the package.

use super::metadata::Metadata;

/// The lines that enclose the section, by the kind of file.
const MARKDOWN: (&str, &str) = ("<!-- pyrel-adopt: install -->", "<!-- /pyrel-adopt: install -->");
const RST: (&str, &str) = (".. pyrel-adopt: install", ".. /pyrel-adopt: install");

/// The longest description that PyPI takes, in characters.
const LONGEST: usize = 512;

/// What the section says.
#[derive(Debug, Default)]
pub(super) struct Install<'a> {
    pub(super) name: &'a str,
    /// Whether there is a console script of the project's name.
    pub(super) runs: bool,
    /// Whether the program speaks the Model Context Protocol.
    pub(super) is_mcp: bool,
    /// Environment variables that the program reads.
    pub(super) variables: &'a [String],
}

/// Returns the first sentence of the first paragraph that is no heading, badge, or markup.
pub(super) fn summary(text: &str) -> Option<String> {
    let mut paragraph: Vec<&str> = Vec::new();
    let mut in_fence = false;
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let plain = line.trim();
        if plain.starts_with("```") {
            in_fence = !in_fence;
        }
        let is_underline = |line: &str| line.len() > 2 && line.chars().all(|c| "=-~^*#".contains(c));
        let is_title = lines.get(index + 1).is_some_and(|next| is_underline(next.trim()));
        let is_markup = in_fence
            || plain.is_empty()
            || plain.starts_with(['#', '<', '>', '|', '!', '`'])
            || plain.starts_with("[!")
            || plain.starts_with("..")
            || plain.starts_with(":")
            || is_underline(plain)
            || (is_title && paragraph.is_empty());
        match (is_markup, paragraph.is_empty()) {
            (true, true) => {}
            (true, false) => break,
            (false, _) => paragraph.push(plain),
        }
    }
    let joined = without_markup(&paragraph.join(" "));
    let sentence = match joined.find(". ") {
        Some(end) => &joined[..=end],
        None => joined.as_str(),
    };
    let sentence = sentence.trim().trim_end_matches([':', ',']);
    let is_short = sentence.chars().count() <= LONGEST;
    (is_short && sentence.chars().any(char::is_alphabetic)).then(|| sentence.to_owned())
}

/// Takes emphasis, code marks, and link targets away.
fn without_markup(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['*', '`', '[']) {
        out.push_str(&rest[..at]);
        let link = rest[at..].strip_prefix('[').and_then(|inner| {
            let (label, after) = inner.split_once("](")?;
            Some((label, after.split_once(')')?.1))
        });
        match link {
            Some((label, after)) if !label.contains(['[', ']']) => {
                out.push_str(label);
                rest = after;
            }
            _ if rest[at..].starts_with('[') => {
                out.push('[');
                rest = &rest[at + 1..];
            }
            _ => rest = &rest[at + 1..],
        }
    }
    out.push_str(rest);
    out
}

/// Tells whether a kind of README has comments, which enclose the section.
pub(super) fn takes_section(path: &str) -> bool {
    [".rst", ".md", ".markdown"].iter().any(|ending| path.ends_with(ending))
}

/// Returns the README with the section; `None` when it has it, or when its kind has no comments to enclose it.
pub(super) fn with_install(path: &str, text: &str, install: &Install<'_>) -> Option<String> {
    let is_rst = path.ends_with(".rst");
    if !takes_section(path) {
        return None;
    }
    let (open, close) = if is_rst { RST } else { MARKDOWN };
    if text.contains(open) {
        return None;
    }
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let at = if is_rst { text.len() } else { second_heading(text) };
    let has_own =
        text.lines().any(|line| line.trim_matches(['#', ' ', '=']).eq_ignore_ascii_case("installation"));
    let title = if has_own { "Run with pipx or uv" } else { "Installation" };
    let body = if is_rst { rst(title, install) } else { markdown(title, install) };
    let section = format!("{open}\n\n{body}\n{close}\n").replace('\n', eol);
    let (head, tail) = text.split_at(at);
    let before = if head.is_empty() || head.ends_with(&eol.repeat(2)) {
        String::new()
    } else if head.ends_with('\n') {
        eol.to_owned()
    } else {
        eol.repeat(2)
    };
    let after = if tail.is_empty() { String::new() } else { eol.to_owned() };
    Some(format!("{head}{before}{section}{after}{tail}"))
}

/// Returns a README for a project that has none.
pub(super) fn fresh(name: &str, metadata: &Metadata, install: &Install<'_>) -> String {
    let description = metadata.description.as_deref().map(|text| format!("{text}\n\n")).unwrap_or_default();
    let (open, close) = MARKDOWN;
    format!("# {name}\n\n{description}{open}\n\n{}\n{close}\n", markdown("Installation", install))
}

/// Returns where the second heading starts, or the end of the text.
fn second_heading(text: &str) -> usize {
    let mut at = 0;
    let mut in_fence = false;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
        }
        if !in_fence && line.starts_with("## ") {
            return at;
        }
        at += line.len();
    }
    at
}

fn markdown(title: &str, install: &Install<'_>) -> String {
    let name = install.name;
    let mut out = format!("## {title}\n\n");
    if install.runs {
        out.push_str(&format!("Run it without installing it first:\n\n```sh\npipx run {name}\n# or\nuvx {name}\n```\n\nOr install it: "));
        out.push_str(&format!("`pipx install {name}`, `uv tool install {name}`, or `pip install {name}`.\n"));
    } else {
        out.push_str(&format!("```sh\npip install {name}\n```\n"));
    }
    if install.is_mcp && install.runs {
        out.push_str(&format!(
            "\nIn the configuration of an MCP client:\n\n```json\n{}\n```\n",
            client(install)
        ));
    }
    if !install.variables.is_empty() {
        out.push_str("\nEnvironment variables that it reads:\n\n");
        out.extend(install.variables.iter().map(|name| format!("- `{name}`\n")));
    }
    out
}

fn rst(title: &str, install: &Install<'_>) -> String {
    let name = install.name;
    let mut out = format!("{title}\n{}\n\n", "-".repeat(title.len()));
    if install.runs {
        out.push_str(&format!("Run it without installing it first::\n\n    pipx run {name}\n    uvx {name}\n\nOr install it::\n\n    pipx install {name}\n"));
    } else {
        out.push_str(&format!("::\n\n    pip install {name}\n"));
    }
    if !install.variables.is_empty() {
        out.push_str("\nEnvironment variables that it reads:\n\n");
        out.extend(install.variables.iter().map(|name| format!("- ``{name}``\n")));
    }
    out
}

/// Returns the entry of a client's configuration.
fn client(install: &Install<'_>) -> String {
    let name = install.name;
    let variables: Vec<String> =
        install.variables.iter().map(|name| format!("        \"{name}\": \"...\"")).collect();
    let env = if variables.is_empty() {
        String::new()
    } else {
        format!(",\n      \"env\": {{\n{}\n      }}", variables.join(",\n"))
    };
    format!(
        "{{\n  \"mcpServers\": {{\n    \"{name}\": {{\n      \"command\": \"pipx\",\n      \"args\": [\"run\", \"{name}\"]{env}\n    }}\n  }}\n}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_describes() {
        for (text, expected) in [
            (
                "# Tool\n\n[![b](x)](y)\n\nA **tool** for [things](https://example.org). More.\n",
                Some("A tool for things."),
            ),
            ("Tool\n====\n\n.. image:: x\n\nDoes it,\nwell\n\nNext\n", Some("Does it, well")),
            ("# Only\n\n```\ncode\n```\n", None),
            ("", None),
        ] {
            assert_eq!(summary(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_section_goes_between_what_is_there() {
        let variables = ["KUBECONFIG_DIR".to_owned()];
        let install = Install { name: "demo", runs: true, is_mcp: true, variables: &variables };
        let text = "# Demo\r\n\r\nText\r\n\r\n```\r\n## no\r\n```\r\n## Usage\r\n\r\nx";
        let new = with_install("README.md", text, &install).unwrap();
        let start = new.find("<!-- pyrel").unwrap();
        let end = new.find("<!-- /pyrel-adopt: install -->\r\n\r\n").unwrap()
            + "<!-- /pyrel-adopt: install -->\r\n\r\n".len();
        assert_eq!(
            format!("{}{}", &new[..start], &new[end..]),
            text.replace("```\r\n## Usage", "```\r\n\r\n## Usage")
        );
        assert!(!new.replace("\r\n", "").contains('\n'));
        let json = new.split("```json").nth(1).unwrap().split("```").next().unwrap();
        assert!(json.contains("\"env\": {") && json.matches('{').count() == json.matches('}').count());
        assert_eq!(with_install("README.md", &new, &install), None, "once is enough");
        assert_eq!(with_install("README.txt", text, &install), None);
        let rst = with_install("README.rst", "Demo\n====\n", &install).unwrap();
        assert!(rst.starts_with("Demo\n====\n\n.. pyrel-adopt: install\n\n"), "{rst}");
    }
}
