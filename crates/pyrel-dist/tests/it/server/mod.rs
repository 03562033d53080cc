//! The server's own rules, by the numbers of the upload contract: each that a file can break has cases that break it
//! and the exact words of the answer, or an exception with its reason. The list of numbers stands apart from the cases,
//! so that neither can lose one unnoticed.

mod archives;
mod metadata;
mod names;
mod page;

use std::collections::BTreeSet;

use fs_err as fs;
use pyrel_dist::{CheckOptions, FileReport, RULES, Source, check_files};
use pyrel_model::Level;

use crate::fixture::Fixture;

/// One file that breaks one rule of the server.
pub(super) struct Case {
    id: &'static str,
    rule: &'static str,
    fixture: Fixture,
    message: String,
}

pub(super) fn case(
    id: &'static str,
    rule: &'static str,
    fixture: Fixture,
    message: impl Into<String>,
) -> Case {
    Case { id, rule, fixture, message: message.into() }
}

/// Ends a message about metadata as the server does.
pub(super) fn cm(text: &str) -> String {
    let stop = if text.ends_with('.') { "" } else { "." };
    format!(
        "{text}{stop} See https://packaging.python.org/specifications/core-metadata for more information."
    )
}

/// A message about a file that is no distribution.
pub(super) fn df(text: &str) -> String {
    format!("Invalid distribution file. {text}")
}

/// A message about a zip that the strict walk refuses.
pub(super) fn zip(text: &str) -> String {
    df(&format!("ZIP archive not accepted: {text}. See https://docs.pypi.org/archives for more information"))
}

/// A message about an input on which the server fails.
pub(super) fn crash(text: &str) -> String {
    format!("PyPI fails with an internal error (500) on {text}")
}

/// All numbers of the contract that can be told from a file, its metadata, or the form.
const IDS: &str = "R1 R4 R5 R6 R7 R8 R9 R10 R11 R12 \
    M1 M2 M3 M4 M5 M6 M7 M8 M9 M10 M11 M12 M13 M14 M15 M16 M17 M18 M19 M20 M21 M22 M23 M24 M25 M26 M27 M28 M29 M30 M31 \
    M32 M33 M34 M35 P1 P7 P9 D1 D2 U1 U2 U3 U4 U5 U6 U8 \
    Z1 Z2 Z3 Z4 Z5 Z6 Z7 Z8 Z9 Z10 Z11 Z12 Z13 Z14 Z15 Z16 Z17 Z18 Z19 Z20 Z21 Z22 Z23 Z24 T1 T2 T3 T4 T5 T6 \
    S1 S2 S3 S4 W1 W2 W3 W4 W5 W6 W7 W8 W9 W10 W11 W12 W13 K1 K2 K3 K4 K5 K6 K7 K8 K9 X1 X2 X3 X4 X5 X6 X7";

/// Numbers without a case, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "R1",
        "the client gives a file name to the part `content` alone; tests of pyrel-index send it to a server",
    ),
    (
        "R4",
        "about the user name of the request; credentials are judged where they are found, not with a file",
    ),
    ("R5", "about the token of the request; credentials are judged where they are found, not with a file"),
    ("R6", "the form says 1, always; `upload-form` tests it on forms made by hand"),
    ("R8", "the form says what the file name says; `upload-form` tests it on forms made by hand"),
    ("R10", "the form of an sdist says `source`, always; `upload-form` tests it on forms made by hand"),
    ("R11", "a form that is sent has two digests, always; `upload-form` tests it on forms made by hand"),
    ("R12", "the digests are made from 32 bytes each; `upload-form` tests it on forms made by hand"),
    ("P1", "the client sends the file, always"),
    (
        "D1",
        "Markdown has a case here; reStructuredText is judged by `description-rst`, with tests of its own",
    ),
    ("D2", "reStructuredText is judged by `description-rst`, with tests of its own"),
    ("U2", "no file can have a slash in its name; a backslash has its case in `filename-characters`"),
    ("U5", "the client sends `application/octet-stream`, always"),
    ("U6", "needs a file of 100 MiB; `file-size` has the case"),
    ("U8", "the digests are of the bytes that are sent; a file that changed breaks the upload off"),
    ("Z4", "needs a file that unpacks to 64 MiB; `compression-ratio` has the case"),
    ("K1", "about the kind of token; credentials are judged where they are found, not with a file"),
    ("K2", "about the publisher behind a token"),
    ("K3", "attestations are given beside a file; `attestation-format` has the cases"),
    ("K4", "a set is empty when no file is given, and then the field is not sent"),
    ("K5", "attestations are given beside a file; `attestation-count` has the case"),
    ("K6", "attestations are given beside a file; `attestation-subject` has the cases"),
    ("K7", "needs the certificate's chain and the log; what can be told offline `attestation-format` tells"),
    ("K8", "attestations are given beside a file; `attestation-type` has the case"),
    ("K9", "attestations are given beside a file; `attestation-type` has the case"),
    ("X5", "no file of such a name can be made everywhere; `filename-length` has the case"),
    ("X6", "the client sends the file name, always"),
    ("X7", "not a rule but a warning about M32 and K3, whose answers may come broken"),
];

fn cases() -> Vec<Case> {
    let mut cases = names::cases();
    cases.extend(metadata::cases());
    cases.extend(archives::cases());
    cases
}

fn report(fixture: &Fixture) -> FileReport {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(&fixture.filename);
    fs::write(&path, fixture.bytes()).unwrap();
    check_files(&[path], &CheckOptions::default()).files.remove(0)
}

#[test]
fn every_rule_of_the_server_has_a_case_or_a_reason() {
    let ids: BTreeSet<&str> = IDS.split_whitespace().collect();
    let with_case: BTreeSet<&str> = cases().iter().map(|case| case.id).collect();
    let excepted: BTreeSet<&str> = EXCEPTIONS.iter().map(|(id, _)| *id).collect();
    let covered: BTreeSet<&str> = with_case.union(&excepted).copied().collect();
    assert_eq!(ids.difference(&covered).collect::<Vec<_>>(), Vec::<&&str>::new(), "neither case nor reason");
    assert_eq!(covered.difference(&ids).collect::<Vec<_>>(), Vec::<&&str>::new(), "not in the contract");
    assert_eq!(ids.len(), IDS.split_whitespace().count(), "each once");
}

#[test]
fn every_rule_that_an_exception_names_exists() {
    for (id, reason) in EXCEPTIONS {
        for name in
            reason.split('`').skip(1).step_by(2).filter(|name| name.contains('-') && !name.contains('/'))
        {
            assert!(RULES.iter().any(|rule| rule.name == name), "{id}: no rule `{name}`");
        }
    }
}

#[test]
fn every_case_gets_the_words_of_the_server() {
    let mut wrong = Vec::new();
    for case in cases() {
        let report = report(&case.fixture);
        let found = report
            .findings
            .iter()
            .find(|finding| finding.rule == case.rule && finding.message == case.message);
        let expected = if case.id == "P7" { Level::Warning } else { Level::Error };
        match found {
            Some(finding) if finding.source == Source::Pypi && finding.level == expected => {
                assert!(finding.hint.is_some(), "{}: `{}` has no remedy", case.id, case.rule);
            }
            _ => {
                let said: Vec<_> =
                    report.findings.iter().map(|finding| (finding.rule, finding.message.as_str())).collect();
                wrong.push(format!("{}: wanted `{}`: {}\n   got {said:?}", case.id, case.rule, case.message));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
