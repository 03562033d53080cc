//! A source tree as pyrel sees it: discovery, configuration, packages, their graph, git, and child processes.
//!
//! Most of it reads. Only [`edit`] writes into the tree, all of a plan or none of it; only [`adopt`] moves files; and
//! only `git/write.rs` changes a repository. The scan of a workspace starts no process: a thousand packages cost one parallel walk. Git
//! is asked only where a question needs history.

pub mod adopt;
pub mod bound;
pub mod bump;
mod cancel;
pub mod changelog;
mod command_line;
pub mod config;
mod credential_variable;
pub mod edit;
pub mod git;
pub mod graph;
mod own_folder;
pub mod package;
pub mod process;
mod process_output;
mod process_watch;
mod root;
pub mod selection;
mod source_file;
pub mod version;
pub mod workspace;

pub use cancel::Cancel;
pub use config::{
    Config, GateCommand, IndexConfig, InternalDependencyPolicy, PackageConfig, ReleaseConfig, TagTemplate,
    Versioning,
};
pub use edit::{Edit, EditError, EditSet, Transaction};
pub use git::{Git, GitError};
pub use graph::{Cycle, Edge, Graph};
pub use own_folder::{OWN_FOLDER, own_folder};
pub use package::{Backend, BuiltFile, DependencyKind, InternalDependency, Package};
pub use process::{Process, ProcessError, ProcessOutput, is_credential_variable};
pub use root::{Root, RootReason};
pub use selection::{SelectError, Selection, SelectionRequest};
pub use version::VersionSource;
pub use workspace::{BrokenMember, Member, Workspace, WorkspaceError};
