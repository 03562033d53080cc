//! `setup.py`: what it may hold while setuptools does nothing but what the other files say.

use crate::detector;
use crate::error::Plan;
use crate::tree::Tree;

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
    let code = source.lines().map(|line| line.split('#').next().unwrap_or_default().trim_end());
    let Some(statements) = code.map(statements).collect::<Option<Vec<_>>>() else { return false };
    for code in statements.concat() {
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

/// Cuts a line into its statements; `None` when there is nothing before a `;`.
fn statements(line: &str) -> Option<Vec<&str>> {
    let (first, rest) = line.split_once(';').unwrap_or((line, ""));
    let mut out = vec![first.trim_end()];
    out.extend(rest.strip_suffix(';').unwrap_or(rest).split(';').map(str::trim).filter(|_| !rest.is_empty()));
    (!line.contains(';') || out.iter().all(|text| !text.trim().is_empty())).then_some(out)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_setup_scripts() {
        for source in [
            "from setuptools import setup\n\nsetup()\n",
            "#!/usr/bin/env python\n\"\"\"Shim.\n\nfrom x import y\n\"\"\"\nimport setuptools\n\nsetuptools.setup()  # here",
            "from setuptools import setup\nif __name__ == \"__main__\":\n    setup()\n",
            "import setuptools ; setuptools.setup();\n",
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
            "import setuptools; import os; setuptools.setup()\n",
            "import setuptools;; setuptools.setup()\n",
            ";\nimport setuptools\nsetuptools.setup()\n",
            "from setuptools import setup; setup(); setup()\n",
            "\"\"\"a\\\"\"\" + exit() + \"\"\"\"\"\"\nfrom setuptools import setup\nsetup()\n",
        ] {
            assert!(!is_bare(source), "{source}");
        }
    }
}
