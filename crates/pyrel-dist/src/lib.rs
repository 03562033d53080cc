//! A finished distribution: open, list, verify, check.
//!
//! Every file is taken for hostile: nothing in it is trusted, reading is bounded ([`Limits`]), and whatever is
//! wrong becomes a finding, not a crash. This crate shares no code with the builder, so that it can catch its
//! mistakes.

mod digest;
mod dist;
mod entry_points;
mod fault;
mod filename;
mod limits;
mod member;
mod reader;
mod reading;
mod record;
mod secret;
mod top_level;
mod upload_form;
mod wheel_file;

pub mod check;

pub use check::{
    ChangelogFacts, CheckOptions, CheckReport, FileReport, Finding, IndexFacts, IndexFile, PackageFacts,
    ProjectFacts, RULES, Readings, Rule, Source, TreeFacts, check_files, look_of, rules_page,
};
pub use dist::{Dist, OpenError};
pub use entry_points::{EntryPoint, EntryPoints};
pub use limits::Limits;
pub use member::{MemberInfo, MemberKind};
pub use pyrel_model::stdlib::is_stdlib_name;
pub use pyrel_readme::{Html, Verdict, judge as judge_description, render as render_description};
pub use secret::{FoundSecret, find_secrets};
