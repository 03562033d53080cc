//! How versions of a workspace hang together.

use std::collections::BTreeMap;

use pyrel_model::pyproject::TableReader;
use pyrel_model::suggestion::nearest;
use pyrel_model::{Diagnostic, PackageName};
use toml_edit::Item;

/// Which packages share a version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Versioning {
    /// Every package has its own.
    #[default]
    Independent,
    /// All packages have one.
    Lockstep,
    /// The packages of a group have one; packages in no group have their own. Group name to project names.
    Groups(BTreeMap<String, Vec<PackageName>>),
}

/// What a release does to the version constraints on packages of the same workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InternalDependencyPolicy {
    /// At least the new version, below the next incompatible one.
    #[default]
    Compatible,
    /// At least the new version (`>=`).
    Minimum,
    /// The new version (`==`).
    Exact,
    /// They stay as written.
    Keep,
}

impl InternalDependencyPolicy {
    /// Returns the word used in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::Minimum => "minimum",
            Self::Exact => "exact",
            Self::Keep => "keep",
        }
    }

    /// Reads the policy; `None` when the key is not there.
    pub(super) fn read(table: &TableReader<'_>) -> Result<Option<Self>, Box<Diagnostic>> {
        const ALL: [InternalDependencyPolicy; 4] = [
            InternalDependencyPolicy::Compatible,
            InternalDependencyPolicy::Minimum,
            InternalDependencyPolicy::Exact,
            InternalDependencyPolicy::Keep,
        ];
        let key = "internal-dependencies";
        let Some(word) = table.string(key)? else { return Ok(None) };
        ALL.into_iter()
            .find(|policy| policy.as_str() == word)
            .map(Some)
            .ok_or_else(|| not_one_of(table, key, word, &ALL.map(Self::as_str)))
    }
}

impl Versioning {
    pub(super) fn read(table: &TableReader<'_>) -> Result<Self, Box<Diagnostic>> {
        match table.get("versioning") {
            None => Ok(Self::Independent),
            Some(item) => match (item.as_str(), item.as_table_like()) {
                (Some("independent"), _) => Ok(Self::Independent),
                (Some("lockstep"), _) => Ok(Self::Lockstep),
                (Some(word), _) => Err(not_one_of(table, "versioning", word, &["independent", "lockstep"])),
                (None, Some(groups)) => {
                    let name = table.dotted("versioning");
                    read_groups(&TableReader::new(table.path(), table.text(), &name, groups))
                }
                (None, None) => Err(table.fault(
                    "versioning",
                    "must be `\"independent\"`, `\"lockstep\"`, or a table of group names and their packages",
                )),
            },
        }
    }
}

fn read_groups(table: &TableReader<'_>) -> Result<Versioning, Box<Diagnostic>> {
    let mut groups = BTreeMap::new();
    let mut taken: BTreeMap<PackageName, String> = BTreeMap::new();
    for (group, _) in table.table().iter() {
        let mut names = Vec::new();
        for (text, span) in table.spanned_strings(group)?.unwrap_or_default() {
            let name: PackageName = text.parse().map_err(|error| {
                table.fault_at(span.clone(), &format!("in `{}`: {error}", table.dotted(group)))
            })?;
            if let Some(other) = taken.insert(name.clone(), group.to_owned()) {
                let message = format!("`{name}` is in two version groups, `{other}` and `{group}`");
                return Err(table.fault_at(span, &message));
            }
            names.push(name);
        }
        groups.insert(group.to_owned(), names);
    }
    Ok(Versioning::Groups(groups))
}

/// Makes the error for a word that is none of the known ones.
pub(super) fn not_one_of(table: &TableReader<'_>, key: &str, word: &str, known: &[&str]) -> Box<Diagnostic> {
    let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    let span = table.get(key).and_then(Item::span);
    let mut fault =
        *table.fault_at(span, &format!("`{}` must be one of {list}, not `{word}`", table.dotted(key)));
    fault.hint = nearest(word, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
    Box::new(fault)
}
