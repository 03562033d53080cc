//! What the rules about the records of a zip share: one walk, of which each rule reports its own kinds.

use super::finding::Problem;
use super::wording;
use crate::fault::Fault;

/// Details that a rule of their own reports; `zip-structure` has all others.
pub(super) const OWN_RULES: [&str; 11] = [
    "ZIP contains a data descriptor",
    "Duplicate filename in local headers",
    "Duplicate filename in central directory",
    "Invalid character in filename",
    "Filename not unicode",
    "Filename not valid UTF-8",
    "Comment in central directory",
    "Filename not in central directory",
    "Missing filename in local headers",
    "Unknown record signature",
    "Trailing data",
];

/// Makes the problem of a fault of the walk, in the server's words.
pub(super) fn problem(fault: &Fault) -> Problem {
    let problem = Problem::new(wording::zip_refused(&fault.detail));
    match &fault.member {
        Some(member) => problem.at(member),
        None => problem,
    }
}
