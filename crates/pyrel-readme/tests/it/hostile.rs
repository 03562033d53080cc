//! Hostile texts: no panic, no overflow of the stack, and a time about linear in the length.

use std::time::{Duration, Instant};

use pyrel_readme::{Verdict, judge};

/// The limit for a mebibyte; debug builds are many times slower than what is shipped, so they get less.
const LIMIT: Duration = Duration::from_secs(1);
/// Bytes of a long text.
const LONG: usize = if cfg!(debug_assertions) { 1 << 14 } else { 1 << 20 };

/// Blocks within one another.
const DEEP: usize = if cfg!(debug_assertions) { 300 } else { 3_000 };

fn timed(name: &str, text: &str) -> Verdict {
    let start = Instant::now();
    let verdict = judge(Some("text/x-rst"), text).verdict;
    let taken = start.elapsed();
    assert!(taken < LIMIT, "{name}: {taken:?}");
    verdict
}

fn repeated(piece: &str, bytes: usize) -> String {
    piece.repeat(bytes / piece.len())
}

#[test]
fn punctuation_of_any_kind() {
    for c in (b'!'..=b'/').chain(b':'..=b'@').chain(b'['..=b'`').chain(b'{'..=b'~') {
        let c = char::from(c);
        for piece in
            [format!("{c}"), format!("{c} "), format!("{c}a "), format!("{c}a{c}\n"), format!("a{c}\n\n")]
        {
            let mut text = repeated(&piece, LONG);
            if !piece.contains('\n') {
                // Lines below the limit on their length, in one paragraph.
                text = text
                    .as_bytes()
                    .chunks(9_000)
                    .map(|chunk| String::from_utf8_lossy(chunk) + "\n")
                    .collect();
            }
            timed(&piece, &text);
        }
    }
}

#[test]
fn constructs_over_and_over() {
    for piece in [
        "- a\n\n",
        "- a\n\nb\n\n",
        "1. a\n\nb\n\n",
        "a\n  b\n\n",
        ":a: b\n\n",
        "-a  b\n\n",
        "| a\n",
        "\"a\"\n\n",
        "----\n\na\n\n",
        ".. _a:\n\n",
        ".. a\n\n",
        "a_ ",
        "`a`_ ",
        "|a| ",
        "[1]_ ",
        "http://a.b ",
        "a@b ",
        "a:a ",
        "`a <b>`_ ",
        "`a <b>`__ ",
        "__ a\n\n",
        ".. |a| replace:: b\n\n",
        ".. [#] a\n\n",
        "a::\n\n b\n\n",
        "=== ===\na   b\n=== ===\n\n",
        "+-+\n|a|\n+-+\n\n",
        ".. note:: a\n\n",
        ".. image:: a\n\n",
        "a\n==\n\nb\n--\n\n",
        "''a'' ",
        "\\a ",
        ":a:`b` ",
    ] {
        timed(piece, &repeated(piece, LONG / 2));
    }
}

#[test]
fn blocks_within_blocks() {
    for piece in ["- ", "* ", "1. ", ":a: ", "| ", ">>> ", ".. note:: ", "   "] {
        let deep: String =
            (0..DEEP).map(|depth| format!("{}{piece}a\n\n", " ".repeat(depth.min(150) * 2))).collect();
        timed(piece, &deep);
        timed(piece, &format!("{}a\n", piece.repeat(DEEP)));
    }
    let steps: String = (0..1_400).map(|depth| format!("|{}a\n", " ".repeat(depth + 1))).collect();
    assert_eq!(timed("steps", &steps), Verdict::Pass);
}

#[test]
fn names_that_lead_to_one_another() {
    let chain: String = (0..5_000).map(|at| format!(".. _a{at}: a{}_\n", at + 1)).collect();
    assert!(matches!(timed("aliases", &chain), Verdict::Unknown { .. }));
    let row: String = (0..5_000).map(|at| format!(".. _a{at}:\n")).collect();
    assert!(matches!(timed("targets", &format!("{row}\ntext\n")), Verdict::Unknown { .. }));
    let doubled: String =
        (0..64).map(|at| format!(".. |a{at}| replace:: |a{}| |a{}|\n", at + 1, at + 1)).collect();
    let text = format!("|a0|\n\n{doubled}.. |a64| replace:: x\n");
    assert!(!matches!(timed("substitutions", &text), Verdict::Pass));
}

#[test]
fn bytes_that_are_no_text() {
    for text in
        ["\0", "\0`", "`\0`", "*\0*", "\u{feff}a\n==", ".. _\0: a\n", "\\", "a\\", "`\\", "\u{85}\u{2028}"]
    {
        timed(text, text);
        timed(text, &text.repeat(1_000));
    }
}
