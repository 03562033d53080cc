//! Histories and changelogs of real projects: git directories that `PYREL_HISTORIES` lists. Without it, nothing to do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use fs_err as fs;
use pyrel_model::changelog::{Document, Markup};
use pyrel_project::Git;
use pyrel_project::changelog::{Change, Release, Remote, Request, compose, settle};
use pyrel_project::config::ChangelogConfig;
use pyrel_project::git::{Commit, History};

use crate::tree::git_in;

/// Names of changelogs, as projects have them.
const NAMES: &[&str] =
    &["CHANGELOG.md", "CHANGES.md", "HISTORY.md", "NEWS.md", "CHANGELOG.rst", "CHANGES.rst", "NEWS.rst"];

#[expect(clippy::disallowed_methods, reason = "a developer's switch of this test alone")]
fn repositories() -> Vec<PathBuf> {
    std::env::var_os("PYREL_HISTORIES").map(|list| std::env::split_paths(&list).collect()).unwrap_or_default()
}

fn hashes(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}

fn found<'c>(commits: impl IntoIterator<Item = &'c Commit>) -> BTreeSet<&'c str> {
    commits.into_iter().map(|commit| commit.hash.as_str()).collect()
}

#[test]
fn no_commit_is_lost_and_no_line_is_changed() {
    for source in repositories() {
        let folder = tempfile::tempdir().unwrap();
        let clone = fs::canonicalize(folder.path()).unwrap().join("clone");
        let from = source.to_string_lossy();
        git_in(folder.path(), &["clone", "-q", "--shared", "--no-checkout", &from, &clone.to_string_lossy()]);
        let commits = commits(&clone);
        let documents = documents(&clone);
        println!("{}: {commits}; {documents}", source.display());
    }
}

fn commits(clone: &Path) -> String {
    let git = Git::discover(clone).unwrap();
    let start = Instant::now();
    let history = History::read(&git, "HEAD", &[]).unwrap();
    let read = start.elapsed();
    assert_eq!(found(history.commits()), hashes(&git_in(clone, &["rev-list", "HEAD"])));
    let tags = git_in(clone, &["tag", "--merged=HEAD", "--sort=-creatordate"]);
    let tags: Vec<&str> = tags.lines().take(12).collect();
    for tag in &tags {
        let commit = git.commit(tag).unwrap();
        let expected = git_in(clone, &["rev-list", &format!("{commit}..HEAD")]);
        assert_eq!(found(history.since(&[&commit])), hashes(&expected), "{tag}");
        let bounded = History::read(&git, "HEAD", &[Some(commit.clone())]).unwrap();
        assert_eq!(found(bounded.since(&[&commit])), hashes(&expected), "{tag}");
    }
    let start = Instant::now();
    let all: Vec<Change<'_>> = history.commits().map(Change::of).collect();
    let (count, merges) = (all.len(), all.iter().filter(|change| change.message.merge).count());
    let conventional = all.iter().filter(|change| change.message.kind.is_some()).count();
    let settled = settle(all);
    let reverted = count - settled.len();
    let settings = ChangelogConfig::default();
    let remote = Remote::find(Some("https://github.example.org/a/b"), &settings);
    let version = "9999".parse().unwrap();
    let path = clone.join("NEW.md");
    let release = Release { version: &version, date: "2024-01-02", tag: "v9999", previous_tag: None };
    let written = compose(&request(&path, &settings, release, &settled, remote.as_ref())).unwrap().unwrap();
    assert_eq!(written.told + written.hidden + reverted, count);
    let told = start.elapsed();
    // Whatever was said must not change what the document is made of.
    let text = written.edits[0].after.clone().unwrap();
    let sections: Vec<_> = Document::parse(&text, Markup::Markdown).sections().to_vec();
    assert_eq!(sections.len(), 2, "{:?}", sections.iter().map(|one| &one.heading).collect::<Vec<_>>());
    format!(
        "{count} commits read in {} ms ({} tags compared), composed in {} ms: {conventional} conventional, {merges} merges, {reverted} reverted, {} told, {} hidden",
        read.as_millis(),
        tags.len(),
        told.as_millis(),
        written.told,
        written.hidden
    )
}

fn request<'a>(
    path: &'a Path,
    settings: &'a ChangelogConfig,
    release: Release<'a>,
    changes: &'a [Change<'a>],
    remote: Option<&'a Remote>,
) -> Request<'a> {
    Request {
        package: None,
        path,
        settings,
        release: Some(release),
        changes,
        fragments: &[],
        updated: &[],
        remote,
        own_scopes: &[],
    }
}

/// Every changelog at `HEAD`: its bytes come back, and a new entry keeps every line.
fn documents(clone: &Path) -> String {
    let paths = git_in(clone, &["ls-tree", "-r", "--name-only", "HEAD"]);
    let is_changelog = |path: &&str| NAMES.iter().any(|name| path.rsplit('/').next() == Some(*name));
    let settings = ChangelogConfig::default();
    let mut shown = Vec::new();
    for path in paths.lines().filter(is_changelog) {
        let git = Git::discover(clone).unwrap();
        let bytes = git.file_at("HEAD", &clone.join(path)).unwrap().unwrap();
        let document = Document::parse(&bytes, Markup::of(path));
        assert_eq!(document.to_bytes(), bytes, "{path}");
        shown.push(format!("{path} {} sections", document.sections().len()));
        for section in document.sections() {
            assert!(section.versions.iter().all(|version| document.section(version).is_some()), "{path}");
        }
        if Markup::of(path) == Markup::Text {
            continue;
        }
        let file = clone.join("LOG.md");
        fs::write(&file, &bytes).unwrap();
        let version = "9999".parse().unwrap();
        let release =
            Release { version: &version, date: "2024-01-02", tag: "v9999", previous_tag: Some("v1") };
        let written = compose(&request(&file, &settings, release, &[], None)).unwrap().unwrap();
        let after = written.edits[0].after.clone().unwrap();
        let again = Document::parse(&after, Markup::Markdown);
        assert!(again.sections().len() == document.sections().len() + 1, "{path}");
        let mut rest = after.split_inclusive(|byte| *byte == b'\n');
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = String::from_utf8_lossy(line).into_owned();
            let moved = text.to_lowercase().starts_with("[unreleased]:");
            assert!(
                rest.any(|other| other == line || moved && other.starts_with(&line[..12])),
                "{path}: {text}"
            );
        }
    }
    shown.join(", ")
}
