//! `MANIFEST.in`: logical lines, commands, and what they do to a list of files.

use super::options::pure_path;
use crate::detector;
use crate::error::Plan;
use crate::pattern::{GlobOptions, ManifestPattern, python_glob};
use crate::tree::{Tree, join, walk_followed};

const TEMPLATE: &str = "MANIFEST.in";

/// A list of files that commands add to and take from.
pub(super) struct FileList<'a> {
    tree: &'a Tree,
    /// Files that setuptools has written into the tree by now.
    generated: Vec<String>,
    files: Vec<String>,
}

impl<'a> FileList<'a> {
    pub(super) fn new(tree: &'a Tree, generated: Vec<String>) -> Self {
        Self { tree, generated, files: Vec::new() }
    }

    /// Adds a file if it exists.
    pub(super) fn add(&mut self, path: &str) {
        if self.tree.is_file(path) {
            self.files.push(path.to_owned());
        }
    }

    /// Adds paths that are known to exist, generated ones too.
    pub(super) fn add_known(&mut self, paths: impl IntoIterator<Item = String>) {
        self.files.extend(paths);
    }

    /// Removes the files that a test takes.
    pub(super) fn remove(&mut self, test: impl Fn(&str) -> bool) {
        self.files.retain(|path| !test(path));
    }

    /// Returns the files sorted by folder and name, without doubles.
    pub(super) fn into_sorted(mut self) -> Vec<String> {
        self.files.sort_by(|a, b| crate::tree::parent_and_name(a).cmp(&crate::tree::parent_and_name(b)));
        self.files.dedup();
        self.files
    }

    /// Carries out the commands of `MANIFEST.in`, if there is one.
    pub(super) fn apply_template(&mut self) -> Plan<()> {
        if !self.tree.is_file(TEMPLATE) {
            return Ok(());
        }
        for line in logical_lines(&self.tree.read_text(TEMPLATE)?) {
            if !line.is_ascii() {
                let reason = "holds a name that is not ASCII, which setuptools normalises";
                return Err(detector::file(&self.tree.display_path(TEMPLATE), TEMPLATE, reason));
            }
            self.command(&line)?;
        }
        Ok(())
    }

    /// Carries out one command; setuptools only warns about a malformed one.
    fn command(&mut self, line: &str) -> Plan<()> {
        let words: Vec<String> = line.split_whitespace().map(pure_path).collect();
        let Some((action, arguments)) = words.split_first() else { return Ok(()) };
        match (action.as_str(), arguments) {
            ("include", patterns) => {
                for pattern in patterns {
                    self.include(pattern, false)?;
                }
            }
            ("exclude", patterns) => patterns.iter().for_each(|pattern| self.exclude(pattern)),
            // setuptools would list these files as `./…`, which later commands do not find.
            ("recursive-include", [dir, _, ..]) if dir.is_empty() => return Err(self.outside(".")),
            // Nothing in the list begins with `./`.
            ("recursive-exclude" | "prune", [dir, ..]) if dir.is_empty() => {}
            ("recursive-include", [dir, patterns @ ..]) => {
                for pattern in patterns {
                    self.include(&join(&join(dir, "**"), pattern), true)?;
                }
            }
            ("recursive-exclude", [dir, patterns @ ..]) => {
                patterns.iter().for_each(|pattern| self.exclude(&join(&join(dir, "**"), pattern)));
            }
            ("global-include", patterns) if !patterns.is_empty() => self.global_include(patterns)?,
            ("global-exclude", patterns) => {
                patterns.iter().for_each(|pattern| self.exclude(&join("**", pattern)));
            }
            ("graft", [dir]) => self.graft(dir)?,
            ("prune", [dir]) => self.exclude(&join(dir, "**")),
            _ => {}
        }
        Ok(())
    }

    fn include(&mut self, pattern: &str, recursive: bool) -> Plan<()> {
        if leads_out(pattern) {
            return Err(self.outside(pattern));
        }
        let found = python_glob(self.tree, "", pattern, GlobOptions { recursive, hidden: true })?;
        self.files.extend(found.into_iter().filter(|path| self.tree.is_file(path)));
        let compiled = ManifestPattern::new(pattern);
        self.add_generated(|path| compiled.matches(path));
        Ok(())
    }

    fn add_generated(&mut self, test: impl Fn(&str) -> bool) {
        self.files.extend(self.generated.iter().filter(|path| test(path)).cloned());
    }

    fn exclude(&mut self, pattern: &str) {
        let pattern = ManifestPattern::new(pattern);
        self.remove(|path| pattern.matches(path));
    }

    fn global_include(&mut self, patterns: &[String]) -> Plan<()> {
        let all = files_below(self.tree, "")?;
        for pattern in patterns {
            let pattern = ManifestPattern::new(&join("**", pattern));
            self.files.extend(all.iter().filter(|path| pattern.matches(path)).cloned());
            self.add_generated(|path| pattern.matches(path));
        }
        Ok(())
    }

    fn graft(&mut self, pattern: &str) -> Plan<()> {
        if leads_out(pattern) {
            return Err(self.outside(pattern));
        }
        let pattern = if pattern.is_empty() { "." } else { pattern };
        if pattern == "." {
            self.files.extend(files_below(self.tree, "")?);
            self.add_generated(|_| true);
            return Ok(());
        }
        let compiled = ManifestPattern::new(&join(pattern, "**"));
        self.add_generated(|path| compiled.matches(path));
        for dir in python_glob(self.tree, "", pattern, GlobOptions { recursive: false, hidden: true })? {
            self.files.extend(files_below(self.tree, &dir)?);
        }
        Ok(())
    }

    fn outside(&self, pattern: &str) -> crate::error::Stop {
        let reason = format!("takes files in a way that is not reproduced natively: `{pattern}`");
        detector::file(&self.tree.display_path(TEMPLATE), TEMPLATE, reason)
    }
}

fn leads_out(pattern: &str) -> bool {
    pattern.starts_with('/') || pattern.split('/').any(|part| part == "..")
}

/// Returns every file below a folder, links followed.
fn files_below(tree: &Tree, dir: &str) -> Plan<Vec<String>> {
    let mut out = Vec::new();
    walk_followed(tree, dir, &mut |_, _| true, &mut |dir, listing| {
        let files = listing.files.iter().map(|name| join(dir, name));
        out.extend(files.filter(|path| tree.is_file(path)));
        Ok(())
    })?;
    Ok(out)
}

/// Returns lines with comments taken off and continuations joined.
fn logical_lines(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut pending = String::new();
    for line in text.lines() {
        let line = match line.find('#') {
            Some(at) if at == 0 || !line[..at].ends_with('\\') => {
                let line = &line[..at];
                if line.trim().is_empty() {
                    continue;
                }
                line.to_owned()
            }
            Some(_) => line.replace("\\#", "#"),
            None => line.to_owned(),
        };
        let joined =
            format!("{pending}{}", if pending.is_empty() { line.as_str() } else { line.trim_start() });
        let joined = joined.trim();
        if joined.is_empty() {
            continue;
        }
        match joined.strip_suffix('\\') {
            Some(start) => pending = start.to_owned(),
            None => {
                out.push(joined.to_owned());
                pending.clear();
            }
        }
    }
    if !pending.is_empty() {
        out.push(pending);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry_set::Entry;

    #[test]
    fn lines_are_joined_and_comments_dropped() {
        let text = "# all\n\ninclude a \\\n  # inside\n  b # end\nexclude c\\#d\n  graft e\nprune \\";
        assert_eq!(logical_lines(text), ["include a b", "exclude c#d", "graft e", "prune "]);
    }

    fn run(template: &str) -> Vec<String> {
        let paths = ["a.txt", "docs/a.txt", "docs/.hidden.txt", "docs/b/c.rst", "x/docs/d.rst", ".dot.txt"];
        let mut entries: Vec<Entry> =
            paths.iter().map(|path| Entry::generated(format!("t/{path}"), *b"")).collect();
        entries.push(Entry::generated("t/MANIFEST.in", template.as_bytes()));
        let tree = Tree::unpacked(&entries);
        let mut list = FileList::new(&tree, vec!["x.egg-info/PKG-INFO".to_owned()]);
        assert!(list.apply_template().is_ok());
        list.into_sorted()
    }

    #[test]
    fn commands_work_on_the_list_so_far() {
        assert_eq!(run("include *.txt"), [".dot.txt", "a.txt"]);
        assert_eq!(run("recursive-include docs *.txt"), ["docs/.hidden.txt", "docs/a.txt"]);
        assert_eq!(run("graft docs\nexclude docs/a.txt\nprune docs/b"), ["docs/.hidden.txt"]);
        assert_eq!(run("exclude a.txt\ninclude a.txt"), ["a.txt"]);
        assert_eq!(run("global-include *.rst"), ["docs/b/c.rst", "x/docs/d.rst"]);
        assert_eq!(
            run("global-include *\nglobal-exclude *.txt *.in *-INFO"),
            ["docs/b/c.rst", "x/docs/d.rst"]
        );
        assert_eq!(run("nonsense a\ngraft\nrecursive-include docs"), Vec::<String>::new());
        assert_eq!(run("graft */docs"), ["x/docs/d.rst"]);
        assert_eq!(run("graft docs/b\nprune ."), ["docs/b/c.rst"]);
        assert_eq!(run("graft x.*"), ["x.egg-info/PKG-INFO"]);
    }
}
