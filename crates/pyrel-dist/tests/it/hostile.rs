//! Files that an attacker would write. Each must end in a clear finding, soon, without a panic.

use std::io::{Cursor, Write as _};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use fs_err as fs;
use pyrel_dist::{CheckOptions, FileReport, check_files};
use zip::write::SimpleFileOptions;

use crate::fixture::{Fixture, gzip};

const WHEEL: &str = "demo-1.0-py3-none-any.whl";
const SDIST: &str = "demo-1.0.tar.gz";
/// Unoptimised builds on a busy machine are slow; a hang is not.
const PATIENCE: Duration = Duration::from_secs(30);

fn check(filename: &str, bytes: &[u8]) -> FileReport {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(filename);
    fs::write(&path, bytes).unwrap();
    let start = Instant::now();
    let report = check_files(&[path], &CheckOptions::default()).files.remove(0);
    assert!(start.elapsed() < PATIENCE, "{filename} took {:?}", start.elapsed());
    report
}

fn rules(report: &FileReport) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

fn assert_finding(report: &FileReport, rule: &str, part: &str) {
    let found = report.findings.iter().any(|finding| {
        let hint = finding.hint.as_deref().unwrap_or_default();
        finding.rule == rule && (finding.message.contains(part) || hint.contains(part))
    });
    assert!(found, "no `{rule}` with `{part}` in {:#?}", report.findings);
}

#[test]
fn every_prefix_of_an_archive_has_a_finding() {
    for fixture in [Fixture::wheel(), Fixture::sdist()] {
        let bytes = fixture.bytes();
        for length in 0..bytes.len() {
            let report = check(&fixture.filename, &bytes[..length]);
            assert!(!report.ok(true), "{} of {} bytes of {}", length, bytes.len(), fixture.filename);
        }
    }
}

#[test]
fn every_flipped_byte_is_survived() {
    for fixture in [Fixture::wheel(), Fixture::sdist()] {
        let bytes = fixture.bytes();
        for at in (0..bytes.len()).step_by(3) {
            for mask in [0xff, 0x01] {
                let mut changed = bytes.clone();
                changed[at] ^= mask;
                check(&fixture.filename, &changed);
            }
        }
    }
}

#[test]
fn garbage_and_nothing() {
    let garbage: Vec<u8> = (0..50_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    assert_finding(&check(WHEEL, &garbage), "not-an-archive", "File is not a zipfile");
    assert_finding(&check(SDIST, &garbage), "not-an-archive", "File is not a tarfile");
    assert_finding(&check(WHEEL, b""), "not-an-archive", "File is not a zipfile");
    assert_finding(&check(SDIST, b""), "not-an-archive", "the file is empty");
    assert_finding(&check(SDIST, &gzip(b"")), "not-an-archive", "File is not a tarfile");
    assert_finding(&check(SDIST, &gzip(&garbage)), "not-an-archive", "no tar header");
    assert_finding(&check(SDIST, &gzip(&[0; 1024])), "sdist-layout", "Incorrect number of top-level");
}

#[test]
fn other_compressions_are_named() {
    let tar = tar_of(&[("demo-1.0/PKG-INFO", b"Name: demo\n")]);
    assert_finding(&check(SDIST, &tar), "not-an-archive", "a tar that is not compressed");
    assert_finding(&check(SDIST, b"BZh91AY&SY"), "not-an-archive", "bzip2");
}

#[test]
fn a_directory_is_a_finding_not_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(SDIST);
    fs::create_dir(&path).unwrap();
    let report = check_files(&[path], &CheckOptions::default());
    assert_eq!(rules(&report.files[0]), ["unreadable-file"]);
}

#[test]
fn a_zip_bomb_is_not_unpacked() {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let zeros = vec![0; 1024 * 1024];
    for index in 0..3 {
        let options = SimpleFileOptions::default().compression_level(Some(9));
        writer.start_file(format!("demo/{index}.bin"), options).unwrap();
        for _ in 0..30 {
            writer.write_all(&zeros).unwrap();
        }
    }
    let bytes = writer.finish().unwrap().into_inner();
    let report = check(WHEEL, &bytes);
    assert_finding(&report, "archive-limits", "more than 50 times its size");
    assert_finding(&report, "compression-ratio", "exceeds compression ratio of 50");
    assert!(report.dist.is_none());
}

#[test]
fn a_bomb_that_lies_about_its_size_is_stopped() {
    let bytes = Fixture::wheel().file("demo/zeros.bin", vec![0; 4 * 1024 * 1024]).bytes();
    let mut bytes = bytes;
    let size = (4_u32 * 1024 * 1024).to_le_bytes();
    let places: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, part)| *part == size).map(|(at, _)| at).collect();
    for at in places {
        bytes[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    assert_finding(&check(WHEEL, &bytes), "archive-damaged", "more than the 10 bytes declared");
}

#[test]
fn a_tar_bomb_is_stopped() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let mut header = tar::Header::new_ustar();
    header.set_path("demo-1.0/zeros.bin").unwrap();
    header.set_mode(0o644);
    header.set_size(1 << 40);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1024 * 1024];
    for _ in 0..80 {
        encoder.write_all(&zeros).unwrap();
    }
    let report = check(SDIST, &encoder.finish().unwrap());
    assert_finding(&report, "archive-limits", "200 times its size");
}

#[test]
fn a_hundred_thousand_members_are_too_many() {
    let mut tar = Vec::new();
    for index in 0..100_000 {
        let mut header = tar::Header::new_ustar();
        header.set_path(format!("demo-1.0/{index}")).unwrap();
        header.set_mode(0o644);
        header.set_size(0);
        header.set_cksum();
        tar.extend_from_slice(header.as_bytes());
    }
    tar.resize(tar.len() + 1024, 0);
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&tar).unwrap();
    let report = check(SDIST, &encoder.finish().unwrap());
    assert_finding(&report, "archive-limits", "more than 80000 members");

    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for index in 0..100_000 {
        writer.start_file(format!("demo/{index}"), options).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    assert_finding(&check(WHEEL, &bytes), "archive-limits", "more than 80000 members");
}

#[test]
fn names_that_lead_outside() {
    for name in ["/etc/passwd", "../../x", "demo\\..\\x", "C:/x"] {
        assert_finding(&check(WHEEL, &Fixture::wheel().file(name, "x").bytes()), "member-unsafe-name", name);
        assert_finding(&check(SDIST, &Fixture::sdist().file(name, "x").bytes()), "member-unsafe-name", name);
    }
}

#[test]
fn a_symlink_in_a_wheel() {
    let bytes = Fixture::wheel().link("demo/passwd", "/etc/passwd").bytes();
    assert_finding(&check(WHEEL, &bytes), "member-link", "`demo/passwd` to `/etc/passwd`");
}

#[test]
fn zip64_end_records_are_walked() {
    let bytes = Fixture::wheel().bytes();
    let good = with_zip64_end(&bytes, |_| {});
    assert_eq!(rules(&check(WHEEL, &good)), [] as [&str; 0]);
    // A larger record has room for data that nobody reads.
    let extended = with_zip64_end(&bytes, |record| record[4] = 45);
    let report = check(WHEEL, &extended);
    assert_finding(&report, "zip-structure", "ZIP64 extensible data not allowed");
    // One number of the record that is not true.
    let wrong = with_zip64_end(&bytes, |record| record[24] += 1);
    assert_finding(&check(WHEEL, &wrong), "zip-structure", "Malformed zip file");
}

/// Puts a zip64 end record and its locator before the end record.
fn with_zip64_end(bytes: &[u8], change: fn(&mut [u8])) -> Vec<u8> {
    let end = bytes.len() - 22;
    let (archive, old) = bytes.split_at(end);
    let short = |at: usize| u64::from(u16::from_le_bytes([old[at], old[at + 1]]));
    let long = |at: usize| u64::from(u32::from_le_bytes([old[at], old[at + 1], old[at + 2], old[at + 3]]));
    let mut record = b"PK\x06\x06".to_vec();
    record.extend(44_u64.to_le_bytes());
    record.extend([45, 3, 45, 0]);
    record.extend([0; 8]);
    for value in [short(8), short(10), long(12), long(16)] {
        record.extend(value.to_le_bytes());
    }
    change(&mut record);
    let mut out = archive.to_vec();
    out.extend(&record);
    out.extend(b"PK\x06\x07");
    out.extend(0_u32.to_le_bytes());
    out.extend((end as u64).to_le_bytes());
    out.extend(1_u32.to_le_bytes());
    out.extend(old);
    out
}

#[test]
fn invalid_utf8_everywhere() {
    let metadata = Fixture::wheel().metadata(b"Metadata-Version: 2.4\nName: d\xff\n").bytes();
    assert_finding(&check(WHEEL, &metadata), "metadata-syntax", "not UTF-8 at byte");
    let wheel = Fixture::wheel().file("demo-1.0.dist-info/WHEEL", b"Wheel-Version: \xff\n").bytes();
    assert_finding(&check(WHEEL, &wheel), "wheel-file", "not UTF-8");
    let points = Fixture::wheel().file("demo-1.0.dist-info/entry_points.txt", b"\xff").bytes();
    assert_finding(&check(WHEEL, &points), "entry-points", "not UTF-8");
}

#[test]
fn deep_nesting_is_a_limit() {
    let deep = format!("demo/{}x", "d/".repeat(1000));
    assert_finding(
        &check(WHEEL, &Fixture::wheel().file(&deep, "x").bytes()),
        "archive-limits",
        "directories deep",
    );
    let long = format!("demo/{}", "n".repeat(5000));
    assert_finding(
        &check(WHEEL, &Fixture::wheel().file(&long, "x").bytes()),
        "archive-limits",
        "longer than 4096",
    );
}

#[test]
fn a_huge_pax_header_is_not_kept() {
    let mut header = tar::Header::new_ustar();
    header.set_path("pax").unwrap();
    header.set_entry_type(tar::EntryType::XHeader);
    header.set_mode(0o644);
    header.set_size(20 * 1024 * 1024);
    header.set_cksum();
    let mut tar = header.as_bytes().to_vec();
    tar.resize(tar.len() + 20 * 1024 * 1024, b' ');
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&tar).unwrap();
    let report = check(SDIST, &encoder.finish().unwrap());
    assert_finding(&report, "archive-limits", "an extended header is larger than 1048576 bytes");
}

#[test]
fn a_huge_metadata_file_is_not_kept() {
    let mut metadata = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n\n".to_vec();
    metadata.resize(11 * 1024 * 1024, b'x');
    for fixture in [Fixture::wheel(), Fixture::sdist()] {
        let fixture = fixture.metadata(&metadata);
        let bytes = fixture.bytes();
        let report = check(&fixture.filename, &bytes);
        assert_finding(&report, "archive-limits", "a describing text is larger than 10485760 bytes");
    }
}

#[test]
fn metadata_that_is_hard_to_parse() {
    let many = "Requires-Dist: a\n".repeat(100_000);
    let nested = format!("Requires-Dist: a; {}\n", "(".repeat(200_000));
    let wide = format!("Requires-Python: {}\n", ">=1,".repeat(100_000));
    let expression = format!("License-Expression: {}\n", "(".repeat(200_000));
    let classifiers: String = (0..50_000).map(|n| format!("Classifier: Nonsense :: {n}\n")).collect();
    let classifier = format!("Classifier: {}\n", "x".repeat(1_000_000));
    let headers: String = (0..50_000).map(|n| format!("X-Own-{n}: a\n")).collect();
    let emails = format!("Author-email: {}\n", "a@".repeat(300_000));
    for text in [many, nested, wide, expression, classifiers, classifier, headers, emails] {
        let metadata = format!("Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n{text}\nbody\n");
        let report = check(WHEEL, &Fixture::wheel().metadata(metadata.as_bytes()).bytes());
        let longest = report.findings.iter().map(|finding| finding.message.len()).max();
        assert!(longest.is_none_or(|longest| longest < 20_000), "{longest:?}");
    }
}

#[test]
fn entry_points_and_records_that_are_hard_to_parse() {
    let points = "demo-1.0.dist-info/entry_points.txt";
    let sections: String = (0..200_000).map(|n| format!("[g{n}]\n")).collect();
    let names: String = (0..200_000).map(|n| format!("n{n} = a:b\n")).collect();
    for text in [sections, format!("[console_scripts]\n{names}")] {
        check(WHEEL, &Fixture::wheel().file(points, text).bytes());
    }
    let rows: String = (0..200_000).map(|n| format!("x{n},sha256=a,1\n")).collect();
    for record in [rows, format!("\"{}", "a\n".repeat(1_000_000)), ",".repeat(2_000_000)] {
        check(WHEEL, &Fixture::wheel().record(&record).bytes());
    }
}

#[test]
fn a_flood_of_problems_is_cut_off() {
    let bad = "Requires-Dist: -\n".repeat(10_000);
    let metadata = format!("Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n{bad}\nbody\n");
    let report = check(WHEEL, &Fixture::wheel().metadata(metadata.as_bytes()).bytes());
    let found: Vec<&str> = report
        .findings
        .iter()
        .filter(|finding| finding.rule == "requires-dist")
        .map(|finding| finding.message.as_str())
        .collect();
    assert_eq!(found.len(), 100);
    assert!(found[99].ends_with("(and 9900 more of this kind)"), "{}", found[99]);
}

fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}
