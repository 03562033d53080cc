//! Rewrites imports of modules that move. Only where the statement's meaning is certain; the rest is told.

use super::finding::Finding;
use super::layout::Layout;
use super::patch::Patches;
use super::resolve::{Place, Resolver, is_standard};
use super::source::{Import, Imported, Name, Source};
use super::tree::split;

/// Rewrites one source's imports.
pub(super) struct Rewriter<'t> {
    pub(super) layout: &'t Layout,
    pub(super) resolver: Resolver<'t>,
}

impl Rewriter<'_> {
    /// Adds the replacements for a source, and what a person has to look at.
    pub(super) fn rewrite(&self, source: &Source<'_>, patches: &mut Patches, findings: &mut Vec<Finding>) {
        for import in source.imports() {
            let outcome = match &import.what {
                Imported::Modules(names) => self.modules(source, &import, names, patches),
                Imported::From { .. } => self.from(source, &import, patches),
            };
            if let Err(message) = outcome {
                let finding = Finding::warning("import", message).at(source.path, import.line);
                findings.push(finding.hint("change this import by hand"));
            }
        }
    }

    /// `import a.b`: what the statement binds must stay bound.
    fn modules(
        &self,
        source: &Source<'_>,
        import: &Import,
        names: &[Name],
        patches: &mut Patches,
    ) -> Result<(), String> {
        let mut statements = Vec::new();
        let mut changed = false;
        for name in names {
            let written = match &name.alias {
                Some(alias) => format!("import {} as {alias}", name.dotted),
                None => format!("import {}", name.dotted),
            };
            match self.renamed(source, &name.dotted)? {
                None => statements.push(written),
                Some(new) => {
                    changed = true;
                    self.import_of(source, name, &new, &mut statements)?;
                }
            }
        }
        if changed {
            let between = match &import.indent {
                Some(indent) => format!("{}{indent}", source.eol()),
                None => "; ".to_owned(),
            };
            patches.add(import.span.clone(), statements.join(&between));
        }
        Ok(())
    }

    /// Adds the statements that bind what `import NAME` bound, from the module's new name.
    fn import_of(
        &self,
        source: &Source<'_>,
        name: &Name,
        new: &str,
        statements: &mut Vec<String>,
    ) -> Result<(), String> {
        let from = |dotted: &str, alias: Option<&str>| match (dotted.rsplit_once('.'), alias) {
            (Some((parent, last)), None) => format!("from {parent} import {last}"),
            (Some((parent, last)), Some(alias)) if last == alias => format!("from {parent} import {last}"),
            (Some((parent, last)), Some(alias)) => format!("from {parent} import {last} as {alias}"),
            (None, None) => format!("import {dotted}"),
            (None, Some(alias)) => format!("import {dotted} as {alias}"),
        };
        let (first, rest) = name.dotted.split_once('.').unwrap_or((&name.dotted, ""));
        if let Some(alias) = &name.alias {
            statements.push(from(new, Some(alias)));
        } else if rest.is_empty() {
            statements.push(from(new, Some(first)));
        } else {
            // `import a.b` binds `a` and loads `a.b`.
            let top = self.renamed(source, first)?.unwrap_or_else(|| first.to_owned());
            let root = new.split('.').next().unwrap_or(new);
            if root != first && source.mentions(root) {
                return Err(format!(
                    "`import {}` binds `{first}`, and `{root}` is a name here already",
                    name.dotted
                ));
            }
            statements.push(format!("import {new}"));
            if top != first {
                statements.push(from(&top, Some(first)));
            }
        }
        Ok(())
    }

    /// Returns the new name of an absolute module; `None` when it keeps its name or is not of this project.
    fn renamed(&self, source: &Source<'_>, dotted: &str) -> Result<Option<String>, String> {
        let Some(place) = self.resolver.absolute(dotted) else {
            return self.absent(source, dotted);
        };
        let after = self.layout.after(place.path());
        if after == place.path() && !self.layout.ships(place.path()) {
            return Ok(None);
        }
        match self.layout.dotted(&after) {
            Some(new) if new == dotted => Ok(None),
            Some(new) => Ok(Some(new)),
            None => Ok(None),
        }
    }

    /// Judges a name that leads nowhere.
    fn absent(&self, source: &Source<'_>, dotted: &str) -> Result<Option<String>, String> {
        if self.resolver.is_own(dotted) {
            return Err(format!("`{dotted}` is not in this project"));
        }
        let beside = self.resolver.find(split(source.path).0, dotted);
        let is_standard = dotted.split('.').next().is_some_and(is_standard);
        if beside.is_some() && !is_standard && self.layout.ships(source.path) {
            return Err(format!("`{dotted}` is found only when the program is started in this folder"));
        }
        Ok(None)
    }

    fn from(&self, source: &Source<'_>, import: &Import, patches: &mut Patches) -> Result<(), String> {
        let Imported::From { level, module, span, names } = &import.what else { return Ok(()) };
        let written = &source.text[span.clone()];
        let new = if *level == 0 {
            self.absolute_from(source, module, names)?
        } else {
            self.relative_from(source, *level, module, names)?
        };
        if let Some(new) = new.filter(|new| new != written) {
            patches.add(span.clone(), new);
        }
        Ok(())
    }

    fn absolute_from(
        &self,
        source: &Source<'_>,
        module: &str,
        names: &[Name],
    ) -> Result<Option<String>, String> {
        let new = self.renamed(source, module)?;
        if let Some(place @ Place::Folder(_)) = self.resolver.absolute(module) {
            self.submodules_follow(&place, names)?;
        }
        Ok(new)
    }

    fn relative_from(
        &self,
        source: &Source<'_>,
        level: usize,
        module: &str,
        names: &[Name],
    ) -> Result<Option<String>, String> {
        let dots = ".".repeat(level);
        let Some(place) = self.resolver.relative(source.path, level, module) else {
            return Err(format!("`{dots}{module}` is not in this project"));
        };
        if let Place::Folder(_) = place {
            self.submodules_follow(&place, names)?;
        }
        let own = self.layout.after(source.path);
        // What `from . import x` means at the root is where `x` goes.
        let after = match &place {
            Place::Folder(folder) if folder.is_empty() => self.home_of(names),
            place => Some(self.layout.after(place.path())),
        };
        let Some(after) = after else { return Ok(None) };
        if own == source.path && after == place.path() {
            return Ok(None);
        }
        Ok(Some(relative(split(&own).0, &after)))
    }

    /// Returns the folder that modules of the root go to.
    fn home_of(&self, names: &[Name]) -> Option<String> {
        let place = names.iter().find_map(|name| self.resolver.find("", &name.dotted))?;
        Some(split(&self.layout.after(place.path())).0.to_owned())
    }

    /// Tells an error when a module that is taken from a package does not go where the package goes.
    fn submodules_follow(&self, package: &Place, names: &[Name]) -> Result<(), String> {
        let home = self.layout.after(package.path());
        for name in names {
            let Some(place) = self.resolver.find(package.path(), &name.dotted) else { continue };
            let after = self.layout.after(place.path());
            if !package.path().is_empty() && split(&after).0 != home {
                return Err(format!("`{}` goes to `{after}`, and its package does not", name.dotted));
            }
        }
        Ok(())
    }
}

/// Returns the relative name by which a module in a folder imports a file or folder.
fn relative(from: &str, to: &str) -> String {
    let module = to.strip_suffix(".py").unwrap_or(to);
    let module = module.strip_suffix("/__init__").unwrap_or(module);
    let from: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
    let to: Vec<&str> = module.split('/').filter(|part| !part.is_empty()).collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let dots = ".".repeat(from.len() - shared + 1);
    format!("{dots}{}", to[shared..].join("."))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::adopt::{AdoptRequest, Tree, plan};

    #[test]
    fn relative_names_count_their_dots() {
        for (from, to, name) in [
            ("src/p", "src/p/tools/a.py", ".tools.a"),
            ("src/p/tools", "src/p/utils", "..utils"),
            ("src/p/tools", "src/p/tools", "."),
            ("src/p/a/b", "src/p/c.py", "...c"),
        ] {
            assert_eq!(relative(from, to), name);
        }
    }

    /// Adopts a script with modules beside it, and returns what becomes of the script's text and the import findings.
    fn rewritten(text: &str) -> (String, Vec<String>) {
        let files = [
            ("app.py", text),
            ("one.py", "import two.b, app\n"),
            ("two/__init__.py", "from . import b\nfrom .. import x\n"),
            ("two/b.py", "C = 1\n"),
        ];
        let tree = Tree::of(Path::new("/x/demo"), &files);
        let plan = plan(&tree, &AdoptRequest::default()).unwrap();
        let change = plan.changes.iter().find(|change| change.path == "app.py");
        let new = change.and_then(|change| change.after.clone()).unwrap_or_else(|| text.to_owned());
        let of_script =
            plan.findings.iter().filter(|one| one.kind == "import" && one.path.as_deref() == Some("app.py"));
        (new, of_script.map(|one| one.message.clone()).collect())
    }

    #[test]
    fn statements_bind_what_they_bound() {
        for (old, new) in [
            ("import one", "from demo import one"),
            ("import one as o, os", "from demo import one as o\nimport os"),
            ("import two.b", "import demo.two.b\nfrom demo import two"),
            ("import two.b as b", "from demo.two import b"),
            ("import os; import one", "import os; from demo import one"),
            (
                "from two.b import (\n    C as c,  # kept\n)",
                "from demo.two.b import (\n    C as c,  # kept\n)",
            ),
            ("from  two  import b", "from  demo.two  import b"),
            ("from . import one", "from . import one"),
            ("from .two.b import C", "from .two.b import C"),
            ("if True: import one", "if True: from demo import one"),
            ("def f():\n\timport two.b", "def f():\n\timport demo.two.b\n\tfrom demo import two"),
            ("import os.path\nfrom json import loads", "import os.path\nfrom json import loads"),
            ("text = 'import one'  # import one", "text = 'import one'  # import one"),
        ] {
            let tail = "\n\n\nimport one\nimport two\n";
            let kept = "\n\n\nfrom demo import one\nfrom demo import two\n";
            let (found, findings) = rewritten(&format!("{old}{tail}"));
            assert_eq!((found, findings.len()), (format!("{new}{kept}"), 0), "{old}");
        }
    }

    #[test]
    fn what_is_not_certain_is_told() {
        for (text, message) in [
            ("import one\nimport two.gone\n", "`two.gone` is not in this project"),
            ("import one\nfrom ..one import x\n", "`..one` is not in this project"),
            (
                "import one\ndemo = 1\nimport two.b\n",
                "`import two.b` binds `two`, and `demo` is a name here already",
            ),
        ] {
            let (_, findings) = rewritten(text);
            assert_eq!(findings, [message], "{text}");
        }
    }
}
