//! What a project says about its version from git.

use pyrel_model::Location;
use pyrel_model::pyproject::TableReader;

use super::local::LocalScheme;
use super::scheme::VersionScheme;
use super::tag::{IN_A_TAG, TagRule, version_group};
use super::version_file::VersionFile;
use crate::detector::{known_options, option};
use crate::entry_set::Unsupported;
use crate::error::{Plan, Stop};
use crate::pattern::PythonExpression;
use crate::tree::normalize;

/// Whose keys a table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelling {
    /// Those of `[tool.setuptools_scm]`, relative to the file.
    Table,
    /// Those of `raw-options` of hatch-vcs: arguments of a function, relative to the project's folder.
    Arguments,
}

/// The settings that are reproduced, with the library's defaults filled in.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    origin: (String, Location),
    pub(super) spelling: Spelling,
    /// Where the checkout is, from the project's folder.
    pub(super) root: String,
    pub(super) version_scheme: VersionScheme,
    pub(super) local_schemes: Vec<LocalScheme>,
    pub(super) tag: TagRule,
    /// The arguments of git in the place of the usual ones.
    pub(super) describe: Option<Vec<String>>,
    /// Whether something happens in a shallow clone.
    pub(super) minds_shallow: bool,
    /// Whether something happens in a checkout with other repositories in it.
    pub(super) minds_submodules: bool,
    pub(super) fallback_version: Option<String>,
    pub(super) parent_prefix: Option<String>,
    pub(super) searches_parents: bool,
    /// The name that variables are looked up by.
    pub(super) dist_name: Option<String>,
    /// The files to write into the package.
    pub(crate) version_files: Vec<VersionFile>,
    /// Whether they are written beside the sources, too.
    pub(crate) writes_to_source: bool,
}

const KNOWN: [&str; 16] = [
    "root",
    "version_scheme",
    "local_scheme",
    "tag_regex",
    "parentdir_prefix_version",
    "fallback_version",
    "fallback_root",
    "git_describe_command",
    "dist_name",
    "search_parent_directories",
    "normalize",
    "scm",
    "version_file",
    "version_file_template",
    "write_to",
    "write_to_template",
];
/// Known in tables alone.
const KNOWN_IN_TABLES: [&str; 2] = ["tag", "write_to_source"];

impl Settings {
    /// Returns the settings of a project that makes none; `name` is where they would be.
    pub(crate) fn defaults(name: &str, location: Location, spelling: Spelling) -> Self {
        Self {
            origin: (name.to_owned(), location),
            spelling,
            root: ".".to_owned(),
            version_scheme: VersionScheme::GuessNextDev,
            local_schemes: vec![LocalScheme::NodeAndDate],
            tag: TagRule { prefix: String::new(), strict: false, expression: None },
            describe: None,
            minds_shallow: false,
            minds_submodules: false,
            fallback_version: None,
            parent_prefix: None,
            searches_parents: false,
            dist_name: None,
            version_files: Vec::new(),
            writes_to_source: true,
        }
    }

    /// Reads a table.
    ///
    /// # Errors
    /// Steps back at the first key or value that is not reproduced.
    pub(crate) fn read(table: &TableReader<'_>, spelling: Spelling) -> Plan<Self> {
        let own: &[&str] = if spelling == Spelling::Table { &KNOWN_IN_TABLES } else { &[] };
        known_options(table, &[&KNOWN, own].concat())?;
        let location = table.table().iter().next().and_then(|(key, _)| {
            let span = table.table().get_key_value(key).and_then(|(key, _)| key.span())?;
            Some(Location::of_span(table.path(), table.text(), &span))
        });
        let location = location.unwrap_or_else(|| Location::of_file(table.path()));
        let mut settings = Self::defaults(table.name(), location, spelling);
        settings.read_places(table)?;
        settings.read_schemes(table)?;
        settings.read_tags(table)?;
        settings.read_git(table)?;
        settings.read_files(table)?;
        Ok(settings)
    }

    /// Steps back where the settings are; also for what the library itself would refuse, which says why.
    pub(crate) fn step_back(&self, reason: impl Into<String>) -> Stop {
        let (option, location) = self.origin.clone();
        Unsupported { option, location: Some(location), reason: reason.into() }.into()
    }

    /// Sets an expression for tags in the place of the one in the table.
    ///
    /// # Errors
    /// Steps back for one that is not certain to mean the same here.
    pub(crate) fn set_tag_expression(&mut self, (table, key): (&TableReader<'_>, &str)) -> Plan<()> {
        let Some(text) = table.string(key)?.filter(|text| !text.is_empty()) else { return Ok(()) };
        let expression = PythonExpression::new(text, IN_A_TAG);
        let expression = expression.filter(|expression| version_group(expression).is_some());
        let refused = || option(table, key, "is an expression that only Python's `re` is sure of");
        self.tag.expression = Some(expression.ok_or_else(refused)?);
        Ok(())
    }

    /// Sets the version of a project without checkout in the place of the one in the table.
    pub(crate) fn set_fallback_version(&mut self, version: &str) {
        self.fallback_version = Some(version.to_owned());
    }

    /// Returns where the checkout is, from the project's folder.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// Returns the name that variables are looked up by.
    pub(crate) fn dist_name(&self) -> Option<&str> {
        self.dist_name.as_deref()
    }

    /// Sets the name that variables are looked up by.
    pub(crate) fn set_dist_name(&mut self, name: &str) {
        self.dist_name = Some(name.to_owned());
    }

    fn read_places(&mut self, table: &TableReader<'_>) -> Plan<()> {
        if let Some(root) = table.string("root")? {
            if root.is_empty() || root.starts_with(['/', '~']) || root.contains(['\\', ':']) {
                return Err(option(table, "root", format!("is no plain path: `{root}`")));
            }
            self.root = normalize(root);
        }
        self.searches_parents = table.boolean("search_parent_directories")?.unwrap_or(false);
        if let Some(version) = table.string("fallback_version")? {
            self.set_fallback_version(version);
        }
        self.parent_prefix = table.string("parentdir_prefix_version")?.map(str::to_owned);
        self.dist_name = table.string("dist_name")?.map(str::to_owned);
        // Plug-ins alone look at it.
        table.string("fallback_root")?;
        if table.boolean("normalize")? == Some(false) {
            return Err(option(table, "normalize", "keeps spellings that archives cannot have"));
        }
        Ok(())
    }

    fn read_schemes(&mut self, table: &TableReader<'_>) -> Plan<()> {
        if let Some(name) = table.string("version_scheme")? {
            self.version_scheme = VersionScheme::of_name(name).ok_or_else(|| {
                option(table, "version_scheme", format!("is not reproduced natively: `{name}`"))
            })?;
        }
        let names = match table.get("local_scheme") {
            None => return Ok(()),
            Some(item) if item.is_str() => table.string("local_scheme")?.into_iter().collect(),
            Some(_) => table.strings("local_scheme")?.unwrap_or_default(),
        };
        self.local_schemes = names
            .iter()
            .map(|name| {
                LocalScheme::of_name(name).ok_or_else(|| {
                    option(table, "local_scheme", format!("is not reproduced natively: `{name}`"))
                })
            })
            .collect::<Plan<_>>()?;
        if self.local_schemes.is_empty() {
            return Err(option(table, "local_scheme", "names no scheme"));
        }
        Ok(())
    }

    fn read_tags(&mut self, table: &TableReader<'_>) -> Plan<()> {
        self.set_tag_expression((table, "tag_regex"))?;
        let Some(tag) = table.subtable("tag")? else { return Ok(()) };
        let name = table.dotted("tag");
        let tag = TableReader::new(table.path(), table.text(), &name, tag);
        known_options(&tag, &["prefix", "strict", "regex"])?;
        if tag.get("regex").is_some() && table.get("tag_regex").is_some() {
            return Err(option(&tag, "regex", "stands beside `tag_regex`"));
        }
        self.set_tag_expression((&tag, "regex"))?;
        self.tag.strict = tag.boolean("strict")?.unwrap_or(false);
        self.tag.prefix = tag.string("prefix")?.unwrap_or_default().to_owned();
        Ok(())
    }

    fn read_git(&mut self, table: &TableReader<'_>) -> Plan<()> {
        self.read_describe((table, "git_describe_command"))?;
        let Some(scm) = table.subtable("scm")? else { return Ok(()) };
        let name = table.dotted("scm");
        let scm = TableReader::new(table.path(), table.text(), &name, scm);
        known_options(&scm, &["git"])?;
        let Some(git) = scm.subtable("git")? else { return Ok(()) };
        let name = scm.dotted("git");
        let git = TableReader::new(table.path(), table.text(), &name, git);
        known_options(&git, &["pre_parse", "describe_command"])?;
        if git.get("describe_command").is_some() && table.get("git_describe_command").is_some() {
            return Err(option(&git, "describe_command", "stands beside `git_describe_command`"));
        }
        self.read_describe((&git, "describe_command"))?;
        match git.string("pre_parse")? {
            None | Some("warn_on_shallow") => {}
            Some("fail_on_shallow" | "fetch_on_shallow") => self.minds_shallow = true,
            Some("fail_on_missing_submodules") => self.minds_submodules = true,
            Some(other) => return Err(option(&git, "pre_parse", format!("is unknown: `{other}`"))),
        }
        Ok(())
    }

    /// Reads a command in the place of the usual one; only `git describe` with plain options will do.
    fn read_describe(&mut self, (table, key): (&TableReader<'_>, &str)) -> Plan<()> {
        let words: Option<Vec<String>> = match table.get(key) {
            None => return Ok(()),
            Some(item) if item.is_str() => shell_words(table.string(key)?.unwrap_or_default()),
            Some(_) => table.strings(key)?.map(|words| words.into_iter().map(str::to_owned).collect()),
        };
        let arguments = words.as_deref().and_then(describe_arguments);
        let refused = || option(table, key, "is not a plain `git describe`");
        self.describe = Some(arguments.ok_or_else(refused)?);
        Ok(())
    }

    fn read_files(&mut self, table: &TableReader<'_>) -> Plan<()> {
        self.writes_to_source = table.boolean("write_to_source")?.unwrap_or(true);
        for (key, template) in [("write_to", "write_to_template"), ("version_file", "version_file_template")]
        {
            let template = table.string(template)?.map(str::to_owned);
            let Some(path) = table.string(key)? else { continue };
            // hatch-vcs takes the older key out.
            let is_dropped = key == "write_to" && self.spelling == Spelling::Arguments;
            if is_dropped || (path.is_empty() && key == "version_file") {
                continue;
            }
            // One is relative to the checkout, the other to the project.
            let is_shifted = key == "write_to" && self.root != ".";
            if path != normalize(path)
                || path.starts_with(['/', '.', '~'])
                || path.contains('\\')
                || is_shifted
            {
                return Err(option(table, key, format!("is no plain path inside the project: `{path}`")));
            }
            self.version_files.push(VersionFile { path: path.to_owned(), template });
        }
        Ok(())
    }
}

/// Splits a command into words; quotes are known, back slashes are not.
fn shell_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in text.chars() {
        match (quote, c) {
            (_, '\\') => return None,
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t' | '\n' | '\r') => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

/// Returns the arguments behind `git` where they choose tags and nothing else.
fn describe_arguments(words: &[String]) -> Option<Vec<String>> {
    let options = words.strip_prefix(&["git".to_owned(), "describe".to_owned()])?;
    let mut rest = options.iter();
    while let Some(word) = rest.next() {
        match word.as_str() {
            "--dirty" | "--tags" | "--long" | "--first-parent" => {}
            "--match" | "--exclude" => {
                rest.next()?;
            }
            word if ["--match=", "--exclude=", "--abbrev="].iter().any(|start| word.starts_with(start)) => {}
            _ => return None,
        }
    }
    Some(words[1..].to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_split_into_words() {
        let words = |text: &str| shell_words(text).map(|words| words.join("|"));
        assert_eq!(
            words("git describe --match 'a *'\"b\" ''").as_deref(),
            Some("git|describe|--match|a *b|")
        );
        assert_eq!(words("a\\ b"), None);
        assert_eq!(words("'a"), None);
    }

    #[test]
    fn only_plain_descriptions_will_do() {
        let accepts = |text: &str| shell_words(text).and_then(|words| describe_arguments(&words)).is_some();
        assert!(accepts("git describe --dirty --tags --long --match 'pkg-*' --exclude=x --abbrev=8"));
        for command in
            ["git describe --always", "git log", "describe", "git -C x describe", "git describe --match"]
        {
            assert!(!accepts(command), "{command}");
        }
    }
}
