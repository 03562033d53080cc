//! `setup.py` and `setup.cfg`: what they may hold while setuptools does nothing but what `pyproject.toml` says.

use crate::detector;
use crate::error::Plan;
use crate::tree::Tree;

/// The section that every sdist of setuptools has in its `setup.cfg`.
const GENERATED: &str = "[egg_info]\ntag_build = \ntag_date = 0\n\n";

/// Steps back unless `setup.py` is absent or only calls `setup()`.
pub(super) fn check_setup_py(tree: &Tree) -> Plan<()> {
    if !tree.is_file("setup.py") || is_bare(&tree.read_text("setup.py")?) {
        return Ok(());
    }
    let reason = "does more than call `setup()`, so that only Python knows the outcome";
    Err(detector::file(&tree.display_path("setup.py"), "setup.py", reason))
}

/// Tells whether a `setup.py` holds nothing but an import of setuptools and one call without arguments.
fn is_bare(source: &str) -> bool {
    let source = without_docstring(source.trim_start());
    let mut imported = "";
    let mut guarded = false;
    let mut called = false;
    for line in source.lines() {
        let code = line.split('#').next().unwrap_or_default().trim_end();
        let is_call = |call: &str| match imported {
            "name" => call == "setup()",
            "module" => call == "setuptools.setup()",
            _ => false,
        };
        match code {
            "" => {}
            "from setuptools import setup" if !called && !guarded => imported = "name",
            "import setuptools" if !called && !guarded => imported = "module",
            "if __name__ == \"__main__\":" | "if __name__ == '__main__':" if !called => guarded = true,
            call if !called && !guarded && is_call(call) => called = true,
            call if !called && guarded && call.starts_with([' ', '\t']) && is_call(call.trim_start()) => {
                called = true;
            }
            _ => return false,
        }
    }
    called
}

/// Cuts off a docstring in three quotes at the start, comments before it included.
fn without_docstring(source: &str) -> &str {
    let mut rest = source;
    while rest.starts_with('#') {
        rest = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
    }
    for quotes in ["\"\"\"", "'''"] {
        if let Some(inner) = rest.strip_prefix(quotes) {
            return match inner.split_once(quotes) {
                Some((text, after)) if !text.contains('\\') => after,
                _ => source,
            };
        }
    }
    source
}

/// Returns the `setup.cfg` of the sdist: setuptools rewrites the project's own and adds its section.
pub(super) fn setup_cfg(tree: &Tree) -> Plan<String> {
    if !tree.is_file("setup.cfg") {
        return Ok(GENERATED.to_owned());
    }
    let text = tree.read_text("setup.cfg")?;
    rewrite(&text).map_err(|reason| detector::file(&tree.display_path("setup.cfg"), "setup.cfg", reason))
}

/// Sections of other tools, which setuptools carries along without reading them.
const FOREIGN: [&str; 14] = [
    "flake8",
    "mypy",
    "isort",
    "pycodestyle",
    "pydocstyle",
    "pylint",
    "pep8",
    "tool:pytest",
    "coverage:run",
    "coverage:report",
    "coverage:paths",
    "coverage:html",
    "codespell",
    "darglint",
];

/// Prints sections as Python's `configparser` does: `key = value`, comments lost, a blank line after each.
fn rewrite(text: &str) -> Result<String, String> {
    let mut out = String::new();
    let mut section: Option<&str> = None;
    let mut names = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.trim_end().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let known = FOREIGN.contains(&name) || name.starts_with("mypy-") || name == "egg_info";
            if !known || names.contains(&name) {
                return Err(format!("has a section that is not reproduced natively: `[{name}]`"));
            }
            if section.is_some() {
                out.push('\n');
            }
            out.push_str(&format!("[{name}]\n"));
            names.push(name);
            section = Some(name);
            continue;
        }
        let plain = line.split_once('=').filter(|(key, value)| {
            !line.starts_with(char::is_whitespace) && !key.contains(':') && !value.contains('%')
        });
        let (Some(section), Some((key, value))) = (section, plain) else {
            return Err(format!("has a line that is not reproduced natively: `{}`", line.trim()));
        };
        let (key, value) = (key.trim(), value.trim());
        if section == "egg_info" && !matches!((key, value), ("tag_build", "") | ("tag_date", "0")) {
            return Err(format!("changes the version in `[egg_info]`: `{key}`"));
        }
        out.push_str(&format!(
            "{key} = {value}
"
        ));
    }
    if names.contains(&"egg_info") {
        return if names == ["egg_info"] {
            Ok(GENERATED.to_owned())
        } else {
            Err("has `[egg_info]` among other sections".to_owned())
        };
    }
    if section.is_some() {
        out.push('\n');
    }
    Ok(out + GENERATED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_setup_scripts() {
        for source in [
            "from setuptools import setup\n\nsetup()\n",
            "#!/usr/bin/env python\n\"\"\"Shim.\n\nfrom x import y\n\"\"\"\nimport setuptools\n\nsetuptools.setup()  # here",
            "from setuptools import setup\nif __name__ == \"__main__\":\n    setup()\n",
        ] {
            assert!(is_bare(source), "{source}");
        }
        for source in [
            "",
            "from setuptools import setup\n",
            "from setuptools import setup\nsetup(name='x')\n",
            "import os\nfrom setuptools import setup\nsetup()\n",
            "from setuptools import setup\nsetup()\nprint(1)\n",
            "from setuptools import setup\nsetup()\nsetup()\n",
            "setup()\nfrom setuptools import setup\n",
            "from distutils.core import setup\nsetup()\n",
            "\"\"\"a\\\"\"\" + exit() + \"\"\"\"\"\"\nfrom setuptools import setup\nsetup()\n",
        ] {
            assert!(!is_bare(source), "{source}");
        }
    }

    #[test]
    fn foreign_sections_are_carried_along() {
        let text = "# c\n[flake8]\nmax-line-length=100\n\n[mypy-x.*]\nignore = True\n";
        let expected = "[flake8]\nmax-line-length = 100\n\n[mypy-x.*]\nignore = True\n\n[egg_info]\ntag_build = \ntag_date = 0\n\n";
        assert_eq!(rewrite(text).as_deref(), Ok(expected));
        assert_eq!(rewrite(GENERATED).as_deref(), Ok(GENERATED));
        for bad in [
            "[metadata]\nname = x",
            "[options]\n",
            "[flake8]\nexclude =\n    a",
            "[egg_info]\ntag_build = dev",
            "[bdist_wheel]\nuniversal = 1",
            "[x",
        ] {
            assert!(rewrite(bad).is_err(), "{bad}");
        }
    }
}
