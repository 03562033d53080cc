//! Why a project cannot be adopted.

use pyrel_model::Diagnostic;

use crate::edit::EditError;
use crate::git::GitError;

/// Why there is no plan, or why it was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// A file or folder cannot be read or written.
    #[error("a file of the project cannot be read or written")]
    Unreadable(#[source] std::io::Error),
    /// A file that describes the project is broken, or a wish cannot be fulfilled.
    #[error(transparent)]
    Broken(#[from] Box<Diagnostic>),
    /// The directory is the root of a workspace without a package of its own.
    #[error("this is the root of a workspace, which is no package itself")]
    Workspace,
    /// There is no Python source.
    #[error("there is no Python source to make a package of")]
    NoSource,
    /// Several files could be what starts the program.
    #[error("several files may be what starts the program: {}", quoted(candidates))]
    SeveralEntries {
        /// Their paths.
        candidates: Vec<String>,
    },
    /// A wish that is none.
    #[error("{what}: `{value}`")]
    Wish {
        /// What is wrong.
        what: &'static str,
        /// What was wished for.
        value: String,
        /// What to do.
        hint: String,
    },
    /// The project is built in a way that a pure package cannot replace.
    #[error("the build of this project does more than copying Python files: {what}")]
    Extensions {
        /// What it does, and where.
        what: String,
    },
    /// A move would overwrite something.
    #[error("`{to}` is in the way of `{from}`")]
    Occupied {
        /// What would move.
        from: String,
        /// Where to.
        to: String,
    },
    /// Git failed.
    #[error("a file cannot be moved")]
    Git(#[from] GitError),
    /// The changes cannot be written.
    #[error(transparent)]
    Edit(#[from] EditError),
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

impl AdoptError {
    /// Returns what to do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Broken(diagnostic) => return diagnostic.hint.clone(),
            Self::Workspace => "name one of its packages: `pyrel adopt DIR`".to_owned(),
            Self::NoSource => "name the directory that has it: `pyrel adopt DIR`".to_owned(),
            Self::SeveralEntries { candidates } => {
                let first = candidates.first().map_or("FILE", String::as_str);
                format!("say which one: `--entry {first}`")
            }
            Self::Wish { hint, .. } => hint.clone(),
            Self::Extensions { .. } => {
                "keep its build system, and add `[build-system]` and `[project]` by hand".to_owned()
            }
            Self::Occupied { to, .. } => format!("move `{to}` away, or choose another name with `--name`"),
            Self::Git(error) => return error.hint(),
            Self::Edit(error) => return error.hint(),
            Self::Unreadable(_) => return None,
        })
    }
}
