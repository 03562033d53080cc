//! The file of an upload as PyPI judges it: name, size, digests, what is there already, and last the archive,
//! which the rules of `check` judge. Whatever `check` calls an error of PyPI is refused here and nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pyrel_dist::{
    CheckOptions, Finding, Source, Verdict, check_files, is_stdlib_name, judge_description, look_of,
};
use pyrel_model::name::normalize;
use pyrel_model::{Level, Version};

use super::form::Form;
use super::intake::{Content, FILE_LIMIT};
use super::order::rank;
use super::record::Record;
use super::refusal::Refusal;
use super::repr::repr;
use super::store::{Project, Store};

const EXTENSIONS: [&str; 3] = [".tar.gz", ".whl", ".zip"];
/// The longest file name in bytes: the longest that file systems take, `.metadata` added.
const LONGEST_NAME: usize = 246;
/// How long a release takes new files.
const RELEASE_OPEN: SignedDuration = SignedDuration::from_hours(14 * 24);

/// D1 and D2: whether the description of the form renders. Slow when it is long; what is not known passes.
pub(super) fn judge_description_of(form: &Form) -> Result<(), Refusal> {
    let Some(text) = form.get("description") else { return Ok(()) };
    let kind = form.get("description_content_type");
    if !matches!(judge_description(kind, text).verdict, Verdict::Fail { .. }) {
        return Ok(());
    }
    let what = match kind {
        Some(kind) => format!("for '{kind}'"),
        None => "in the default format of reStructuredText".to_owned(),
    };
    Err(Refusal::bad(format!(
        "The description failed to render {what}. \
         See https://pypi.org/help/#description-content-type for more information."
    )))
}

/// U1 to U8: what the file is called, how large it is, and whether it is what the form says.
pub(super) fn judge_file(form: &Form, content: &Content) -> Result<(), Refusal> {
    judge_filename(form, &content.filename)?;
    if content.media.is_empty() || content.media.starts_with("image/") {
        return Err(Refusal::bad("Invalid distribution file."));
    }
    if content.size > FILE_LIMIT {
        return Err(Refusal::bad(format!(
            "File too large. Limit for project {} is {} MB. See https://docs.pypi.org/project-management/\
             storage-limits#requesting-a-file-size-limit-increase for more information.",
            repr(form.name.as_written()),
            FILE_LIMIT / 1024 / 1024
        )));
    }
    let (sha256, blake2b) = (content.sha256.to_hex(), content.blake2b.to_hex());
    let computed =
        [("md5_digest", &content.md5), ("sha256_digest", &sha256), ("blake2_256_digest", &blake2b)];
    for (field, digest) in computed {
        if form.get(field).is_some_and(|given| !given.eq_ignore_ascii_case(digest)) {
            let message = "The digest supplied does not match a digest calculated from the uploaded file.";
            return Err(Refusal::bad(message));
        }
    }
    Ok(())
}

fn judge_filename(form: &Form, filename: &str) -> Result<(), Refusal> {
    if filename.chars().any(|c| c.is_ascii_control()) {
        return Err(Refusal::bad(
            "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character \
             (ordinal 127) in the name.",
        ));
    }
    if filename.contains(['/', '\\']) {
        return Err(Refusal::bad("Cannot upload a file with '/' or '\\' in the name."));
    }
    let lower = filename.to_ascii_lowercase();
    let Some(extension) = EXTENSIONS.iter().find(|extension| lower.ends_with(**extension)) else {
        return Err(Refusal::bad(
            "Invalid file extension: Use .tar.gz, .whl or .zip extension. See \
             https://www.python.org/dev/peps/pep-0527 and https://peps.python.org/pep-0715/ for more information",
        ));
    };
    let fits = filename.ends_with(extension) && (*extension == ".whl") == (form.filetype == "bdist_wheel");
    if !fits {
        let given = &filename[filename.len() - extension.len()..];
        return Err(Refusal::bad(format!(
            "Invalid file extension: Extension {given} is invalid for filetype {}. See \
             https://www.python.org/dev/peps/pep-0527 for more information.",
            form.filetype
        )));
    }
    Ok(())
}

/// What the index has of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Nothing: it may be added.
    New,
    /// The same bytes: the upload is a success without effect.
    Identical,
}

/// U9 to U13 and the look-alike rule: whether what is there leaves room for the file.
pub(super) fn judge_presence(
    store: &Store,
    form: &Form,
    content: &Content,
    now: Timestamp,
) -> Result<Presence, Refusal> {
    let Some(project) = store.project_or_remains(form.name.normalized()) else {
        judge_new_project(store, form)?;
        judge_reuse(store, content)?;
        return Ok(Presence::New);
    };
    if let Some(present) = project.files.get(&content.filename) {
        return if present.sha256 == content.sha256 && present.blake2b == content.blake2b {
            Ok(Presence::Identical)
        } else {
            Err(exists(content))
        };
    }
    judge_reuse(store, content)?;
    if project.deleted.contains(&content.filename) {
        return Err(Refusal::bad(
            "This filename was previously used by a file that has since been deleted. Use a different version. \
             See https://pypi.org/help/#file-name-reuse for more information.",
        ));
    }
    judge_release(&project, form, now)?;
    Ok(Presence::New)
}

fn judge_reuse(store: &Store, content: &Content) -> Result<(), Refusal> {
    if store.file_with(&content.blake2b).is_some() { Err(exists(content)) } else { Ok(()) }
}

fn exists(content: &Content) -> Refusal {
    Refusal::bad(format!(
        "File already exists ({}, with blake2_256 hash {}). \
         See https://pypi.org/help/#file-name-reuse for more information.",
        repr(&content.filename),
        repr(&content.blake2b.to_hex())
    ))
}

fn judge_release(project: &Project, form: &Form, now: Timestamp) -> Result<(), Refusal> {
    let release: Vec<&Arc<Record>> = project.release(&form.version);
    let created = release.iter().map(|record| record.uploaded).min();
    if created.is_some_and(|created| now.duration_since(created) > RELEASE_OPEN) {
        return Err(Refusal::bad("Uploading new files to releases older than 14 days is not allowed."));
    }
    if form.filetype == "sdist" && release.iter().any(|record| record.filetype == "sdist") {
        return Err(Refusal::bad("Only one sdist may be uploaded per release."));
    }
    Ok(())
}

/// P7 and P10 for a project that is not there yet.
pub(super) fn judge_project(store: &Store, form: &Form) -> Result<(), Refusal> {
    match store.project_or_remains(form.name.normalized()) {
        Some(_) => Ok(()),
        None => judge_new_project(store, form),
    }
}

/// P7 and P10: a name of the standard library, or one that people would take for another project's.
fn judge_new_project(store: &Store, form: &Form) -> Result<(), Refusal> {
    let name = form.name.normalized();
    let refused = |text: &str| {
        Err(Refusal::bad(format!(
            "The name {} {text}. See https://pypi.org/help/#project-name for more information.",
            repr(form.name.as_written())
        )))
    };
    if is_stdlib_name(name) {
        return refused("isn't allowed (conflict with Python Standard Library module name)");
    }
    let look = look_of(name);
    if store.projects().keys().any(|other| other != name && look_of(other) == look) {
        return refused("is too similar to an existing project");
    }
    Ok(())
}

/// S1 to S3, W6, W8, and W13: whether the file is called after the project and version of the form.
pub(super) fn judge_naming(form: &Form, filename: &str) -> Result<(), Refusal> {
    if filename.len() > LONGEST_NAME {
        return Err(Refusal::bad(format!("Filename is too long: {}", repr(filename))));
    }
    let stem = form.name.file_stem();
    let start =
        || Refusal::bad(format!("Start filename for {} with {}.", repr(form.name.as_written()), repr(&stem)));
    if let Some(base) = filename.strip_suffix(".whl") {
        let mut parts = base.split('-');
        let (name, version) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        if normalize(name) != form.name.normalized() {
            return Err(start());
        }
        return match version.parse::<Version>() {
            Ok(found) if found != form.version => {
                Err(Refusal::bad(format!("Version in filename should be '{}' not '{found}'.", form.version)))
            }
            _ => Ok(()),
        };
    }
    let base = filename.trim_end_matches(".zip").trim_end_matches(".tar.gz");
    let (name, version) = base.rsplit_once('-').unwrap_or((base, ""));
    if version.parse::<Version>().is_err() {
        return Err(Refusal::bad(format!("Invalid source distribution filename: {filename}")));
    }
    if normalize(name) != form.name.normalized() {
        return Err(start());
    }
    let expected = format!("{stem}-{}.tar.gz", form.version);
    if filename == expected {
        Ok(())
    } else {
        Err(Refusal::bad(format!("Filename {} is invalid, should be {}.", repr(filename), repr(&expected))))
    }
}

/// Lets the rules of `check` judge the archive and the attestations beside it. Slow: reads all of the file.
pub(super) fn judge_archive(path: &Path, attestations: &[PathBuf]) -> Result<(), Refusal> {
    let mut paths = vec![path.to_path_buf()];
    paths.extend_from_slice(attestations);
    let report = check_files(&paths, &CheckOptions::default());
    let findings = report.files.iter().flat_map(|file| &file.findings);
    match findings.filter(|finding| refuses(finding)).min_by_key(|finding| rank(finding.rule)) {
        Some(finding) => Err(Refusal::bad(finding.message.clone())),
        None => Ok(()),
    }
}

fn refuses(finding: &Finding) -> bool {
    finding.source == Source::Pypi && finding.level == Level::Error
}
