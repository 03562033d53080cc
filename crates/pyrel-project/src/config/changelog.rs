//! `changelog`: a path, `false`, or the table `[changelog]` that says what goes into changelogs.

use pyrel_model::Diagnostic;
use pyrel_model::pyproject::TableReader;

use super::document::is_inner_path;
use super::versioning::not_one_of;

const KEYS: &[&str] = &[
    "path",
    "aggregate",
    "fragments",
    "sources",
    "categories",
    "other",
    "hidden",
    "breaking",
    "forge",
    "url",
];

/// What goes into changelogs, and where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangelogConfig {
    /// `path`: the file, relative to each package, or to the root in lockstep. Default: `CHANGELOG.md`.
    pub path: String,
    /// `aggregate`: the document at the root about the releases of all packages.
    pub aggregate: Aggregate,
    /// `fragments`: the folder of change fragments, relative to each package, or to the root in lockstep; `None`
    /// when `false`. Default: `changes`.
    pub fragments: Option<String>,
    /// `sources`: what entries are made of, all of them together. `None` means what people wrote (under
    /// Unreleased and in fragments), and the commits only where they wrote nothing.
    pub sources: Option<Vec<ChangelogSource>>,
    /// `[changelog.categories]`: headings and the types of changes under them, in the order of the entry.
    pub categories: Vec<Category>,
    /// `other`: the heading for types without a category and for messages without a type. Default: `Changed`.
    pub other: String,
    /// `hidden`: types that are not told.
    pub hidden: Vec<String>,
    /// `breaking`: the heading above all others. Default: `Breaking changes`.
    pub breaking: String,
    /// `forge`: the kind of the forge, where the host of the remote does not tell it.
    pub forge: Option<Forge>,
    /// `url`: the page of the repository, where the remote does not tell it.
    pub url: Option<String>,
}

/// The document at the root about all packages.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Aggregate {
    /// `CHANGELOG.md`, where there are several packages with versions of their own.
    #[default]
    Automatic,
    /// None.
    Off,
    /// This file, relative to the root.
    File(String),
}

/// What entries are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangelogSource {
    /// What stands under Unreleased.
    Unreleased,
    /// Change fragments.
    Fragments,
    /// Commits.
    Commits,
}

/// A heading and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// The heading.
    pub heading: String,
    /// Types of commits and of fragments, in lower case.
    pub types: Vec<String>,
}

/// A kind of forge, which decides the shape of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forge {
    /// GitHub and GitHub Enterprise.
    GitHub,
    /// GitLab.
    GitLab,
    /// Bitbucket.
    Bitbucket,
    /// Gitea and Forgejo.
    Gitea,
}

impl ChangelogSource {
    const ALL: [(&'static str, Self); 3] =
        [("unreleased", Self::Unreleased), ("fragments", Self::Fragments), ("commits", Self::Commits)];
}

impl Forge {
    const ALL: [(&'static str, Self); 5] = [
        ("github", Self::GitHub),
        ("gitlab", Self::GitLab),
        ("bitbucket", Self::Bitbucket),
        ("gitea", Self::Gitea),
        ("forgejo", Self::Gitea),
    ];

    /// Tells the kind by the name of a host that contains it.
    #[must_use]
    pub fn of_host(host: &str) -> Option<Self> {
        let host = host.to_ascii_lowercase();
        Self::ALL.into_iter().find(|(word, _)| host.contains(word)).map(|(_, forge)| forge)
    }
}

/// Keep a Changelog's headings, then those of the documentation and of what users do not see.
const CATEGORIES: &[(&str, &[&str])] = &[
    ("Added", &["feat", "feature", "add", "added"]),
    ("Changed", &["change", "changed", "perf", "revert", "misc"]),
    ("Deprecated", &["deprecate", "deprecated", "deprecation"]),
    ("Removed", &["remove", "removed", "removal"]),
    ("Fixed", &["fix", "fixed", "bugfix", "hotfix"]),
    ("Security", &["security"]),
    ("Documentation", &["docs", "doc", "documentation"]),
    ("Internal", &["internal", "refactor", "build", "ci", "chore", "test", "tests", "style"]),
];

impl Default for ChangelogConfig {
    fn default() -> Self {
        let category = |(heading, types): &(&str, &[&str])| Category {
            heading: (*heading).to_owned(),
            types: types.iter().map(|word| (*word).to_owned()).collect(),
        };
        Self {
            path: "CHANGELOG.md".to_owned(),
            aggregate: Aggregate::Automatic,
            fragments: Some("changes".to_owned()),
            sources: None,
            categories: CATEGORIES.iter().map(category).collect(),
            other: "Changed".to_owned(),
            hidden: vec!["release".to_owned(), "bump".to_owned()],
            breaking: "Breaking changes".to_owned(),
            forge: None,
            url: None,
        }
    }
}

impl ChangelogConfig {
    /// Returns the heading for a type of change.
    #[must_use]
    pub fn category(&self, kind: &str) -> Option<&str> {
        let holds = |category: &&Category| category.types.iter().any(|word| word == kind);
        self.categories.iter().find(holds).map(|category| category.heading.as_str())
    }

    /// Reads the key `changelog`; `None` when it is `false`.
    pub(super) fn read(table: &TableReader<'_>) -> Result<Option<Self>, Box<Diagnostic>> {
        let Some(item) = table.get("changelog") else { return Ok(Some(Self::default())) };
        match (item.as_str(), item.as_bool(), item.as_table_like()) {
            (Some(path), ..) if is_inner_path(path) => {
                Ok(Some(Self { path: path.to_owned(), ..Self::default() }))
            }
            (_, Some(true), _) => Ok(Some(Self::default())),
            (_, Some(false), _) => Ok(None),
            (_, _, Some(inner)) => {
                let name = table.dotted("changelog");
                read_table(&TableReader::new(table.path(), table.text(), &name, inner)).map(Some)
            }
            _ => {
                Err(table
                    .fault("changelog", "must be a path below the package's directory, `false`, or a table"))
            }
        }
    }
}

fn read_table(table: &TableReader<'_>) -> Result<ChangelogConfig, Box<Diagnostic>> {
    table.known_keys(KEYS)?;
    let default = ChangelogConfig::default();
    let owned = |key: &str, default: String| -> Result<String, Box<Diagnostic>> {
        match table.string(key)? {
            Some(text) if text.trim().is_empty() => Err(table.fault(key, "must not be empty")),
            text => Ok(text.map_or(default, str::to_owned)),
        }
    };
    let lowered = |words: Vec<&str>| words.into_iter().map(str::to_lowercase).collect::<Vec<String>>();
    Ok(ChangelogConfig {
        path: match path_or_false(table, "path")? {
            None => default.path,
            Some(Some(path)) => path,
            Some(None) => {
                let fault = table.fault("path", "must be a path below the package's directory");
                return Err(Box::new(fault.with_hint("`changelog = false` turns changelogs off")));
            }
        },
        aggregate: match path_or_false(table, "aggregate")? {
            None => Aggregate::Automatic,
            Some(None) => Aggregate::Off,
            Some(Some(path)) => Aggregate::File(path),
        },
        fragments: path_or_false(table, "fragments")?.unwrap_or(default.fragments),
        sources: read_sources(table)?,
        categories: super::document::within(table, "categories", read_categories)?
            .unwrap_or(default.categories),
        other: owned("other", default.other)?,
        hidden: table.strings("hidden")?.map_or(default.hidden, lowered),
        breaking: owned("breaking", default.breaking)?,
        forge: read_word(table, "forge", &Forge::ALL)?,
        url: read_url(table)?,
    })
}

/// Reads a path; `Some(None)` when the key is `false`.
fn path_or_false(table: &TableReader<'_>, key: &str) -> Result<Option<Option<String>>, Box<Diagnostic>> {
    let Some(item) = table.get(key) else { return Ok(None) };
    match (item.as_str(), item.as_bool()) {
        (Some(path), _) if is_inner_path(path) => Ok(Some(Some(path.to_owned()))),
        (_, Some(false)) => Ok(Some(None)),
        _ => Err(table.fault(key, "must be a path below the directory, or `false`")),
    }
}

fn read_word<T: Copy>(
    table: &TableReader<'_>,
    key: &str,
    all: &[(&'static str, T)],
) -> Result<Option<T>, Box<Diagnostic>> {
    let Some(word) = table.string(key)? else { return Ok(None) };
    let known: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
    let found = all.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
    found.map(Some).ok_or_else(|| not_one_of(table, key, word, &known))
}

fn read_sources(table: &TableReader<'_>) -> Result<Option<Vec<ChangelogSource>>, Box<Diagnostic>> {
    let Some(words) = table.strings("sources")? else { return Ok(None) };
    let known = ChangelogSource::ALL.map(|(word, _)| word);
    let source = |word: &str| {
        let found = ChangelogSource::ALL.into_iter().find(|(known, _)| *known == word);
        found.map(|(_, source)| source).ok_or_else(|| not_one_of(table, "sources", word, &known))
    };
    words.into_iter().map(source).collect::<Result<Vec<_>, _>>().map(Some)
}

fn read_categories(table: &TableReader<'_>) -> Result<Vec<Category>, Box<Diagnostic>> {
    let mut categories: Vec<Category> = Vec::new();
    for (heading, _) in table.table().iter() {
        let mut types = Vec::new();
        for (word, span) in table.spanned_strings(heading)?.unwrap_or_default() {
            let word = word.to_lowercase();
            let other = categories.iter().find(|category| category.types.contains(&word));
            if let Some(other) = other {
                let text =
                    format!("type `{word}` is under two headings: `{}` and `{heading}`", other.heading);
                return Err(table.fault_at(span, &text));
            }
            types.push(word);
        }
        categories.push(Category { heading: heading.to_owned(), types });
    }
    Ok(categories)
}

fn read_url(table: &TableReader<'_>) -> Result<Option<String>, Box<Diagnostic>> {
    let Some(text) = table.string("url")? else { return Ok(None) };
    let is_page = url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && url.username().is_empty()
    });
    if is_page {
        Ok(Some(text.trim_end_matches('/').to_owned()))
    } else {
        Err(table.fault("url", "must be the address of the repository's page (`https://HOST/OWNER/NAME`)"))
    }
}
