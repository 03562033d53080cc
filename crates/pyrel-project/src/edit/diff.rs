//! One edit as a unified diff in git's dialect, byte for byte.

use std::path::Path;

use super::Edit;
use super::line_diff::{Change, changes};

/// Lines that are shown around a change.
const CONTEXT: usize = 3;

/// Returns the diff of one file, its path relative to `base`.
pub(super) fn unified(edit: &Edit, base: &Path) -> Vec<u8> {
    let path = edit.path.strip_prefix(base).unwrap_or(&edit.path);
    let path = path.to_string_lossy().replace('\\', if cfg!(windows) { "/" } else { "\\" });
    let (old_name, new_name) = (format!("a/{path}"), format!("b/{path}"));
    let mut out = format!("diff --git {} {}\n", quoted(&old_name), quoted(&new_name));
    match (&edit.before, &edit.after) {
        (None, Some(_)) => out.push_str("new file mode 100644\n"),
        (Some(_), None) => out.push_str(&format!("deleted file mode {}\n", mode(&edit.path))),
        _ => {}
    }
    let (old, new) = (edit.before.as_deref().unwrap_or_default(), edit.after.as_deref().unwrap_or_default());
    if old.contains(&0) || new.contains(&0) {
        out.push_str(&format!("Binary files {} and {} differ\n", quoted(&old_name), quoted(&new_name)));
        return out.into_bytes();
    }
    let (old_lines, new_lines) = (lines(old), lines(new));
    let hunks = hunks(&changes(&old_lines, &new_lines), old_lines.len());
    if hunks.is_empty() {
        return out.into_bytes();
    }
    let shown = |name: &str, exists: bool| match exists {
        false => "/dev/null".to_owned(),
        // A tab ends a name with spaces, as GNU patch wants it.
        true if name.contains(' ') => format!("{}\t", quoted(name)),
        true => quoted(name),
    };
    out.push_str(&format!("--- {}\n", shown(&old_name, edit.before.is_some())));
    out.push_str(&format!("+++ {}\n", shown(&new_name, edit.after.is_some())));
    let mut out = out.into_bytes();
    for hunk in hunks {
        write_hunk(&mut out, &hunk, &old_lines, &new_lines);
    }
    out
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Groups changes whose contexts touch.
fn hunks(changes: &[Change], old_lines: usize) -> Vec<Vec<Change>> {
    let mut hunks: Vec<Vec<Change>> = Vec::new();
    for change in changes {
        debug_assert!(change.old.1 <= old_lines, "a change lies in the text");
        match hunks.last_mut() {
            Some(hunk) if hunk.last().is_some_and(|last| change.old.0 - last.old.1 <= 2 * CONTEXT) => {
                hunk.push(*change);
            }
            _ => hunks.push(vec![*change]),
        }
    }
    hunks
}

fn write_hunk(out: &mut Vec<u8>, hunk: &[Change], old: &[&[u8]], new: &[&[u8]]) {
    let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { return };
    let lead = first.old.0.min(CONTEXT);
    let tail = (old.len() - last.old.1).min(CONTEXT);
    let (old_start, old_end) = (first.old.0 - lead, last.old.1 + tail);
    let (new_start, new_end) = (first.new.0 - lead, last.new.1 + tail);
    let head = format!("@@ -{} +{} @@\n", range(old_start, old_end), range(new_start, new_end));
    out.extend(head.into_bytes());
    let mut at = old_start;
    for change in hunk {
        old[at..change.old.0].iter().for_each(|line| write_line(out, b' ', line));
        old[change.old.0..change.old.1].iter().for_each(|line| write_line(out, b'-', line));
        new[change.new.0..change.new.1].iter().for_each(|line| write_line(out, b'+', line));
        at = change.old.1;
    }
    old[at..old_end].iter().for_each(|line| write_line(out, b' ', line));
}

/// An empty range names the line before it.
fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

fn write_line(out: &mut Vec<u8>, sign: u8, line: &[u8]) {
    out.push(sign);
    out.extend(line);
    if !line.ends_with(b"\n") {
        out.extend(b"\n\\ No newline at end of file\n");
    }
}

/// Quotes a name as git does when it holds a quote, a backslash, or a control character.
fn quoted(name: &str) -> String {
    if !name.contains(|c: char| c == '"' || c == '\\' || c.is_ascii_control()) {
        return name.to_owned();
    }
    let mut out = String::from("\"");
    for c in name.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => out.push_str(&format!("\\{:03o}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(unix)]
fn mode(path: &Path) -> &'static str {
    use std::os::unix::fs::PermissionsExt;
    match fs_err::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o100 != 0 => "100755",
        _ => "100644",
    }
}

/// Windows has no executable bit.
#[cfg(windows)]
fn mode(_path: &Path) -> &'static str {
    "100644"
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn shown(before: Option<&str>, after: Option<&str>) -> String {
        let bytes = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        let edit = Edit { path: PathBuf::from("/r/a b"), before: bytes(before), after: bytes(after) };
        String::from_utf8(unified(&edit, Path::new("/r"))).unwrap()
    }

    #[test]
    fn a_change_is_shown_with_its_context() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16";
        let new = old.replace("2\n3", "2\nx\n3").replace("16", "17\n");
        assert_eq!(
            shown(Some(old), Some(&new)),
            "diff --git a/a b b/a b\n--- a/a b\t\n+++ b/a b\t\n@@ -1,5 +1,6 @@\n 1\n 2\n+x\n 3\n 4\n 5\n\
             @@ -13,4 +14,4 @@\n 13\n 14\n 15\n-16\n\\ No newline at end of file\n+17\n"
        );
    }

    #[test]
    fn files_come_and_go() {
        assert_eq!(
            shown(None, Some("x\n")),
            "diff --git a/a b b/a b\nnew file mode 100644\n--- /dev/null\n+++ b/a b\t\n@@ -0,0 +1 @@\n+x\n"
        );
        assert_eq!(
            shown(Some("x\n"), None),
            "diff --git a/a b b/a b\ndeleted file mode 100644\n--- a/a b\t\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
        );
        assert_eq!(shown(None, Some("")), "diff --git a/a b b/a b\nnew file mode 100644\n");
    }

    #[test]
    fn odd_names_are_quoted() {
        assert_eq!(quoted("a/ü b"), "a/ü b");
        assert_eq!(quoted("a/\"x\\\t\u{1}"), "\"a/\\\"x\\\\\\t\\001\"");
    }
}
