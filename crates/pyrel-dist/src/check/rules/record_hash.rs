//! A digest in RECORD is wrong or missing.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;
use crate::member::MemberInfo;
use crate::record::Row;

pub(super) static RULE: Rule = Rule {
    name: "record-hash",
    level: Level::Error,
    source: Source::Pyrel,
    summary: "every digest in `RECORD` is that of the file",
    docs: "\
### What it does
Computes the digest of each member and compares it with `RECORD`. The algorithm must be SHA-256 or stronger, the digest URL-safe base64 without padding.

### Why is this bad
Installers refuse the wheel: it was changed after it was built.

### Example
A file edited inside the zip.

### Source
pyrel (binary distribution format)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (Some(record), Some(directory)) = (&subject.reading.record, subject.reading.dist_info()) else {
        return;
    };
    let own = format!("{directory}/RECORD");
    let members: HashMap<&str, &MemberInfo> =
        subject.reading.archive.members.iter().map(|member| (member.name.as_str(), member)).collect();
    let signatures = [format!("{own}.jws"), format!("{own}.p7s")];
    for row in record.rows.iter().filter(|row| row.path != own && !signatures.contains(&row.path)) {
        let Some(member) = members.get(row.path.as_str()).filter(|member| member.sha256.is_some()) else {
            continue;
        };
        if let Some(message) = fault(row, member) {
            let hint = "build the wheel again, or repack it with `wheel pack`";
            findings.add(Problem::new(message).hint(hint).at(&row.path));
        }
    }
}

fn fault(row: &Row, member: &MemberInfo) -> Option<String> {
    let path = &row.path;
    let Some((algorithm, digest)) = row.hash_parts().filter(|(algorithm, _)| !algorithm.is_empty()) else {
        return Some(format!("`RECORD` has no digest for `{path}`"));
    };
    let actual = match (algorithm.as_str(), &member.other_digest, &member.sha256) {
        ("sha256", _, Some(sha256)) => URL_SAFE_NO_PAD.encode(sha256.as_bytes()),
        (wanted, Some((name, bytes)), _) if wanted == *name => URL_SAFE_NO_PAD.encode(bytes),
        // A second row for the same member may ask for what was not computed; `record-format` reports the row.
        ("sha384" | "sha512", _, _) => return None,
        _ => return Some(format!("`RECORD` has a digest that is not allowed for `{path}`: `{algorithm}`")),
    };
    (digest != actual)
        .then(|| format!("the digest in `RECORD` is not that of `{path}`, which is {algorithm}={actual}"))
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use sha2::Digest as _;

    #[test]
    fn fires() {
        let changed = Fixture::wheel().record_edit("demo/__init__.py,sha256=", "demo/__init__.py,sha256=A");
        let found = changed.messages("record-hash");
        assert!(
            found[0]
                .starts_with("the digest in `RECORD` is not that of `demo/__init__.py`, which is sha256="),
            "{found:?}"
        );
        let weak = Fixture::wheel().record_edit("demo/__init__.py,sha256=", "demo/__init__.py,md5=");
        assert_eq!(
            weak.messages("record-hash"),
            ["`RECORD` has a digest that is not allowed for `demo/__init__.py`: `md5`"]
        );
        let none = Fixture::wheel().record_edit("demo/__init__.py,sha256", "demo/__init__.py,");
        assert!(none.messages("record-hash")[0].starts_with("`RECORD` has no digest for"), "no algorithm");
    }

    #[test]
    fn stays_silent() {
        assert!(Fixture::wheel().findings("record-hash").is_empty());
        let digest = URL_SAFE_NO_PAD.encode(sha2::Sha512::digest(b"VALUE = 1\n"));
        let record = format!("demo/__init__.py,sha512={digest},10\ndemo-1.0.dist-info/RECORD,,\n");
        assert!(Fixture::wheel().record(&record).findings("record-hash").is_empty());
        let wrong = record.replace("sha512=", "sha512=A");
        assert_eq!(Fixture::wheel().record(&wrong).findings("record-hash").len(), 1);
    }
}
