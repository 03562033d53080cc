//! The form of an upload as PyPI judges it: sanitised, then R6 to R12, M1 to M6 and their kin, in the server's
//! order and words. What needs tables (classifiers, URLs, licences) is judged with the archive, whose metadata
//! an honest client sends.

use pyrel_model::metadata::{FIELDS, Field};
use pyrel_model::requirement::SpecifierSet;
use pyrel_model::{PackageName, Requirement, Version, name};

use super::intake::Received;
use super::refusal::Refusal;
use super::repr::repr;

const METADATA_VERSIONS: [&str; 8] = ["1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"];

/// A form that passed.
#[derive(Debug)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    pub(super) name: PackageName,
    pub(super) version: Version,
    pub(super) filetype: String,
}

impl Form {
    /// Judges a form; the first rule that fails is the answer.
    pub(super) fn judge(received: &Received) -> Result<Self, Refusal> {
        if let Some(field) = received.stray_files.iter().min() {
            return Err(Refusal::bad(format!("{field}: Should not be a tuple.")));
        }
        let fields = sanitize(&received.fields);
        let form = Fields(&fields);
        if form.get("protocol_version").unwrap_or("1") != "1" {
            return Err(Refusal::bad("Unknown protocol version."));
        }
        let name = judge_upload(&form)?;
        judge_doubles(&form)?;
        let version = judge_metadata(&form)?;
        judge_policy(&form, &version)?;
        let filetype = form.get("filetype").unwrap_or_default().to_owned();
        Ok(Self { name, version, filetype, fields })
    }

    /// Returns the first value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        Fields(&self.fields).get(name)
    }

    /// Returns the core metadata fields in the order sent.
    pub(super) fn metadata(&self) -> Vec<(String, String)> {
        let known = |name: &str| FIELDS.iter().any(|field| field.form == name);
        self.fields.iter().filter(|(name, _)| known(name)).cloned().collect()
    }
}

/// Drops what PyPI takes for absent: fields that say `UNKNOWN`, and single empty values. NUL becomes text.
fn sanitize(fields: &[(String, String)]) -> Vec<(String, String)> {
    let form = Fields(fields);
    fields
        .iter()
        .filter(|(name, _)| form.all(name).next_back().is_none_or(|last| last.trim() != "UNKNOWN"))
        .filter(|(name, value)| !value.is_empty() || form.all(name).count() > 1)
        .map(|(name, value)| (name.clone(), value.replace('\0', "\\x00")))
        .collect()
}

struct Fields<'f>(&'f [(String, String)]);

impl<'f> Fields<'f> {
    fn get(&self, name: &str) -> Option<&'f str> {
        self.all(name).next().filter(|value| !value.is_empty())
    }

    fn all<'n>(&self, name: &'n str) -> impl DoubleEndedIterator<Item = &'f str> + use<'f, 'n> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Adds where the rules of core metadata are explained.
fn explained(message: &str) -> Refusal {
    let stop = if message.ends_with('.') { "" } else { "." };
    Refusal::bad(format!(
        "{message}{stop} See https://packaging.python.org/specifications/core-metadata for more information."
    ))
}

/// R7 to R12: the fields of the upload itself.
fn judge_upload(form: &Fields<'_>) -> Result<PackageName, Refusal> {
    let name = judge_name(form.get("name").unwrap_or_default())?;
    judge_digest(form, "blake2_256_digest", "BLAKE2")?;
    let wheel = match form.get("filetype") {
        Some("bdist_wheel") => true,
        Some("sdist") => false,
        Some(_) => return Err(Refusal::bad("Invalid value for filetype. Error: Use a known file type.")),
        None => return Err(Refusal::bad("Invalid value for filetype. Error: This field is required.")),
    };
    judge_digest(form, "sha256_digest", "SHA256")?;
    let python = form.get("pyversion");
    if wheel && python.is_none() {
        let why = "Python version is required for binary distribution uploads.";
        return Err(Refusal::bad(format!("Invalid value for pyversion. Error: {why}")));
    }
    if !wheel && python.is_some_and(|python| python != "source") {
        let why = "Use 'source' as Python version for an sdist.";
        return Err(Refusal::bad(format!("Invalid value for pyversion. Error: {why}")));
    }
    let digests = ["md5_digest", "sha256_digest", "blake2_256_digest"];
    if digests.iter().all(|digest| form.get(digest).is_none()) {
        return Err(Refusal::bad("Error: Include at least one message digest."));
    }
    Ok(name)
}

fn judge_name(name: &str) -> Result<PackageName, Refusal> {
    let why = if name.is_empty() {
        "This field is required."
    } else {
        "Start and end with a letter or numeral containing only ASCII numeric and '.', '_' and '-'."
    };
    name.parse().map_err(|_| {
        let letters: Vec<char> = name.chars().collect();
        let shown = if letters.len() > 60 {
            let (start, end) = (&letters[..30], &letters[letters.len() - 30..]);
            format!("{}...{}", start.iter().collect::<String>(), end.iter().collect::<String>())
        } else {
            name.to_owned()
        };
        explained(&format!("{} is an invalid value for Name. Error: {why}", repr(&shown)))
    })
}

fn judge_digest(form: &Fields<'_>, field: &str, kind: &str) -> Result<(), Refusal> {
    let hex = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    match form.get(field) {
        Some(text) if !hex(text) => Err(Refusal::bad(format!(
            "Invalid value for {field}. Error: Use a valid, hex-encoded, {kind} message digest."
        ))),
        _ => Ok(()),
    }
}

/// M1: fields that were sent twice.
fn judge_doubles(form: &Fields<'_>) -> Result<(), Refusal> {
    let mut fields: Vec<&Field> = FIELDS.iter().collect();
    fields.sort_by_key(|field| field.form);
    for field in fields {
        let doubled = if field.form == "project_urls" {
            let mut labels: Vec<&str> =
                form.all(field.form).map(|url| url.split(',').next().unwrap_or_default().trim()).collect();
            labels.sort_unstable();
            labels.windows(2).any(|pair| pair[0] == pair[1])
        } else {
            !field.multiple && form.all(field.form).count() > 1
        };
        if doubled {
            return Err(explained(&format!("'{}' has invalid data", field.form)));
        }
    }
    Ok(())
}

/// M2 to M14, as far as they need no table: versions first, then field by field in the alphabet's order.
fn judge_metadata(form: &Fields<'_>) -> Result<Version, Refusal> {
    let metadata_version = form.get("metadata_version");
    let Some(rank) = metadata_version.and_then(rank) else {
        let shown = metadata_version.map_or_else(|| "None".to_owned(), repr);
        return Err(explained(&format!("{shown} is not a valid metadata version")));
    };
    let text = form.get("version").ok_or_else(|| explained("'version' is a required field"))?;
    let version = text.parse().map_err(|_| explained(&format!("{} is invalid for 'version'", repr(text))))?;
    let mut fields: Vec<&Field> = FIELDS.iter().collect();
    fields.sort_by_key(|field| field.header.to_ascii_lowercase());
    for field in fields {
        let name = field.header.to_ascii_lowercase();
        let Some(first) = form.all(field.form).next() else { continue };
        if METADATA_VERSIONS.iter().position(|known| *known == field.since) > Some(rank) {
            let given = metadata_version.unwrap_or_default();
            let message = format!("{name} introduced in metadata version {}, not {given}", field.since);
            return Err(explained(&message));
        }
        if field.form == "summary" && first.contains('\n') {
            return Err(explained("'summary' must be a single line"));
        }
        for value in form.all(field.form) {
            judge_value(field.form, &name, value)?;
        }
    }
    Ok(version)
}

fn rank(version: &str) -> Option<usize> {
    METADATA_VERSIONS.iter().position(|known| *known == version)
}

/// M10 to M14: one value of a field.
fn judge_value(form: &str, header: &str, value: &str) -> Result<(), Refusal> {
    let valid = match form {
        "dynamic" => return judge_dynamic(&value.to_ascii_lowercase()),
        "provides_extra" => name::is_valid(value),
        "requires_python" => value.trim().is_empty() || value.parse::<SpecifierSet>().is_ok(),
        "requires_dist" => value.parse::<Requirement>().is_ok(),
        _ => true,
    };
    if valid { Ok(()) } else { Err(explained(&format!("{} is invalid for '{header}'", repr(value)))) }
}

fn judge_dynamic(name: &str) -> Result<(), Refusal> {
    if matches!(name, "name" | "version" | "metadata-version") {
        return Err(explained(&format!("{} is not allowed as a dynamic field", repr(name))));
    }
    if Field::by_header(name).is_none() {
        return Err(explained(&format!("{} is not a valid dynamic field", repr(name))));
    }
    Ok(())
}

/// M22 to M35, as far as they need no table.
fn judge_policy(form: &Fields<'_>, version: &Version) -> Result<(), Refusal> {
    if version.is_local() {
        return Err(Refusal::bad(format!(
            "The use of local versions in '{version}' is not allowed. See https://packaging.python.org/en/latest/\
             specifications/version-specifiers/#local-version-identifiers for more information."
        )));
    }
    if form.get("license").is_some() && form.get("license_expression").is_some() {
        return Err(explained(
            "License is deprecated when License-Expression is present. Only License-Expression should be present.",
        ));
    }
    let direct = form
        .all("requires_dist")
        .find(|value| value.parse::<Requirement>().is_ok_and(|requirement| requirement.url.is_some()));
    if let Some(value) = direct {
        return Err(explained(&format!("Can't have direct dependency: {value}")));
    }
    if form.get("summary").is_some_and(|summary| summary.chars().count() > 512) {
        return Err(explained("'summary' field must be 512 characters or less"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: [(&str, &str); 6] = [
        ("metadata_version", "2.4"),
        ("name", "De.mo"),
        ("version", "1.0"),
        ("filetype", "bdist_wheel"),
        ("pyversion", "py3"),
        ("md5_digest", "x"),
    ];

    /// Judges the good form with fields replaced (first value) and added.
    fn judge(changes: &[(&str, &str)]) -> Result<Form, String> {
        let mut fields: Vec<(String, String)> = GOOD
            .iter()
            .filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name))
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        fields.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let received = Received { fields, ..Received::default() };
        Form::judge(&received).map_err(|refusal| refusal.message)
    }

    const MORE: &str = " See https://packaging.python.org/specifications/core-metadata for more information.";

    #[test]
    fn a_good_form_passes_and_unknown_is_absent() {
        let form = judge(&[("summary", " UNKNOWN"), ("author", ""), ("foo", "bar")]).unwrap();
        assert_eq!((form.name.normalized(), form.version.to_string().as_str()), ("de-mo", "1.0"));
        assert_eq!(form.get("summary"), None);
        assert_eq!(form.metadata().len(), 3);
    }

    #[test]
    fn the_rules_of_the_form_in_order() {
        let said = |changes: &[(&str, &str)]| judge(changes).unwrap_err();
        assert_eq!(said(&[("protocol_version", "2"), ("name", "")]), "Unknown protocol version.");
        assert_eq!(
            said(&[("name", ""), ("filetype", "x")]),
            format!("'' is an invalid value for Name. Error: This field is required.{MORE}")
        );
        assert!(
            said(&[("name", "-a")]).starts_with("'-a' is an invalid value for Name. Error: Start and end")
        );
        assert!(said(&[("name", &"ä".repeat(70))]).starts_with(&format!("'{0}...{0}' is", "ä".repeat(30))));
        assert_eq!(said(&[("filetype", "egg")]), "Invalid value for filetype. Error: Use a known file type.");
        assert_eq!(
            said(&[("sha256_digest", "12"), ("pyversion", "")]),
            "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest."
        );
        assert!(said(&[("pyversion", "")]).contains("Python version is required"));
        assert!(said(&[("filetype", "sdist")]).contains("Use 'source'"));
        assert_eq!(said(&[("md5_digest", "")]), "Error: Include at least one message digest.");
    }

    #[test]
    fn the_rules_of_metadata_in_order() {
        let said = |changes: &[(&str, &str)]| judge(changes).unwrap_err();
        let more = |message: &str| format!("{message}.{MORE}");
        assert_eq!(
            said(&[("summary", "a"), ("summary", "b"), ("version", "x")]),
            more("'summary' has invalid data")
        );
        assert_eq!(
            said(&[("project_urls", "A, x"), ("project_urls", " A , y")]),
            more("'project_urls' has invalid data")
        );
        assert_eq!(said(&[("metadata_version", "2.0")]), more("'2.0' is not a valid metadata version"));
        assert_eq!(said(&[("metadata_version", "")]), more("None is not a valid metadata version"));
        assert_eq!(said(&[("version", "")]), more("'version' is a required field"));
        assert_eq!(said(&[("version", "one")]), more("'one' is invalid for 'version'"));
        assert_eq!(
            said(&[("metadata_version", "2.1"), ("license_file", "LICENSE")]),
            more("license-file introduced in metadata version 2.4, not 2.1")
        );
        assert_eq!(said(&[("summary", "a\nb")]), more("'summary' must be a single line"));
        assert_eq!(said(&[("requires_python", "^3.8")]), more("'^3.8' is invalid for 'requires-python'"));
        assert_eq!(said(&[("requires_dist", "a b")]), more("'a b' is invalid for 'requires-dist'"));
        assert_eq!(said(&[("dynamic", "Name")]), more("'name' is not allowed as a dynamic field"));
        assert!(
            said(&[("version", "1+x")]).starts_with("The use of local versions in '1+x' is not allowed.")
        );
        assert_eq!(
            said(&[("requires_dist", "a @ https://example.org/a.whl")]),
            more("Can't have direct dependency: a @ https://example.org/a.whl")
        );
    }
}
