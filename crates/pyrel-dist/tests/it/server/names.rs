//! Cases about the file name, the project, and what a wheel and an sdist must have (R, P, U, S, W).

use super::{Case, case, cm};
use crate::fixture::Fixture;

fn wheel_named(name: &str) -> Fixture {
    Fixture::wheel().named(name)
}

fn sdist_named(name: &str) -> Fixture {
    Fixture::sdist().named(name)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = project();
    cases.extend(file_names());
    cases.extend(sdists());
    cases.extend(wheels());
    cases
}

fn project() -> Vec<Case> {
    let why = "Start and end with a letter or numeral containing only ASCII numeric and '.', '_' and '-'.";
    let long = format!("-{}-", "n".repeat(70));
    let help = "See https://pypi.org/help/#project-name for more information.";
    vec![
        case(
            "R7",
            "project-name",
            Fixture::wheel().header("Name: -demo"),
            cm(&format!("'-demo' is an invalid value for Name. Error: {why}")),
        ),
        case(
            "R7",
            "project-name",
            Fixture::sdist().header(&format!("Name: {long}")),
            cm(&format!("'{}...{}' is an invalid value for Name. Error: {why}", &long[..30], &long[42..])),
        ),
        case(
            "R9",
            "upload-form",
            wheel_named("demo-1.0--none-any.whl"),
            "Invalid value for pyversion. Error: Python version is required for binary distribution uploads.",
        ),
        case(
            "P7",
            "stdlib-name",
            sdist_named("test-1.0.tar.gz").header("Name: test"),
            format!(
                "The name 'test' isn't allowed (conflict with Python Standard Library module name). {help}"
            ),
        ),
        case(
            "P9",
            "prohibited-name",
            sdist_named("requirements_txt-1.0.tar.gz").header("Name: requirements.txt"),
            format!("The name 'requirements.txt' isn't allowed. {help}"),
        ),
    ]
}

fn file_names() -> Vec<Case> {
    let extension = |extension: &str, filetype: &str| {
        format!(
            "Invalid file extension: Extension {extension} is invalid for filetype {filetype}. See \
             https://www.python.org/dev/peps/pep-0527 for more information."
        )
    };
    vec![
        case(
            "U1",
            "filename-characters",
            sdist_named("demo-1.0\u{1}.tar.gz"),
            "Cannot upload a file with non-printable characters (ordinals 0-31) or the DEL character (ordinal 127) \
             in the name.",
        ),
        case(
            "U3",
            "filename-extension",
            sdist_named("demo-1.0.tar.bz2"),
            "Invalid file extension: Use .tar.gz, .whl or .zip extension. See \
             https://www.python.org/dev/peps/pep-0527 and https://peps.python.org/pep-0715/ for more information",
        ),
        case("U4", "filename-extension", sdist_named("demo-1.0.TAR.gz"), extension(".TAR.gz", "sdist")),
        case(
            "U4",
            "filename-extension",
            wheel_named("demo-1.0-py3-none-any.WHL"),
            extension(".WHL", "bdist_wheel"),
        ),
    ]
}

fn sdists() -> Vec<Case> {
    let invalid =
        |name: &str, expected: &str| format!("Filename '{name}' is invalid, should be '{expected}'.");
    vec![
        case(
            "S1",
            "sdist-filename",
            sdist_named("demo-latest.tar.gz"),
            "Invalid source distribution filename: demo-latest.tar.gz",
        ),
        case(
            "S2",
            "sdist-filename",
            sdist_named("other-1.0.tar.gz"),
            "Start filename for 'demo' with 'demo'.",
        ),
        case(
            "S3",
            "sdist-filename",
            sdist_named("Demo-1.0.tar.gz"),
            invalid("Demo-1.0.tar.gz", "demo-1.0.tar.gz"),
        ),
        case(
            "S3",
            "sdist-filename",
            sdist_named("demo-1.0.0.tar.gz"),
            invalid("demo-1.0.0.tar.gz", "demo-1.0.tar.gz"),
        ),
        case(
            "Z6",
            "filename-extension",
            sdist_named("demo-1.0.zip"),
            invalid("demo-1.0.zip", "demo-1.0.tar.gz"),
        ),
        case(
            "S4",
            "license-file-missing",
            Fixture::sdist().also("License-File: LICENSE"),
            "License-File LICENSE does not exist in distribution file demo-1.0.tar.gz at demo-1.0/LICENSE",
        ),
    ]
}

fn wheels() -> Vec<Case> {
    let mut cases = wheel_names();
    let name = "demo-1.0-py3-none-any.whl";
    let points = "demo-1.0.dist-info/entry_points.txt";
    let needed = |file: &str| {
        format!("Wheel '{name}' does not contain the required {file} file: demo-1.0.dist-info/{file}")
    };
    let bad_points = format!("Wheel '{name}' has invalid entry points defined in the entry_points.txt file");
    cases.extend([
        case(
            "W9",
            "license-file-missing",
            Fixture::wheel().also("License-File: LICENSE").file("demo-1.0.dist-info/LICENSE", "x"),
            format!(
                "License-File LICENSE does not exist in distribution file {name} at \
                 demo-1.0.dist-info/licenses/LICENSE"
            ),
        ),
        case("W10", "record-missing", Fixture::wheel().record(""), needed("RECORD")),
        case("W12", "wheel-metadata-missing", Fixture::wheel().metadata(b""), needed("METADATA")),
    ]);
    for text in
        ["[g]\na: b\n", "\u{feff}[g]\na = b\n", "[console_scripts]\nmy tool = a:b\n", "[g]\na=1\na=2\n"]
    {
        cases.push(case("W11", "entry-points", Fixture::wheel().file(points, text), bad_points.clone()));
    }
    cases
}

fn wheel_names() -> Vec<Case> {
    let long = format!("demo-1.0-1{}-py3-none-any", "x".repeat(222));
    let mut cases = vec![
        case(
            "Z7",
            "wheel-filename",
            wheel_named("demo-1.0.whl"),
            "Invalid distribution file. Unable to parse name and version from wheel filename",
        ),
        case(
            "W6",
            "wheel-name-mismatch",
            wheel_named("other-1.0-py3-none-any.whl"),
            "Start filename for 'demo' with 'demo'.",
        ),
        case(
            "W7",
            "wheel-name-mismatch",
            wheel_named("Demo-1.0-py3-none-any.whl"),
            "Filename 'Demo-1.0-py3-none-any.whl' should contain the normalized project name 'demo', not 'Demo'.",
        ),
        case(
            "W8",
            "wheel-version-mismatch",
            wheel_named("demo-1.1-py3-none-any.whl"),
            "Version in filename should be '1.0' not '1.1'.",
        ),
        case(
            "W13",
            "filename-length",
            wheel_named(&format!("{long}.whl")),
            format!("Filename is too long: '{long}.whl'"),
        ),
    ];
    for (id, stem, message) in [
        ("W1", "demo-1.0-py3-none", "Invalid wheel filename (wrong number of parts): 'demo-1.0-py3-none'"),
        ("W2", "de__mo-1.0-py3-none-any", "Invalid project name: 'de__mo-1.0-py3-none-any'"),
        ("W3", "demo-1_0-py3-none-any", "Invalid wheel filename (invalid version): 'demo-1_0-py3-none-any'"),
        ("W4", "demo-1.0-x1-py3-none-any", "Invalid build number: x1 in 'demo-1.0-x1-py3-none-any'"),
    ] {
        cases.push(case(id, "wheel-filename", wheel_named(&format!("{stem}.whl")), message));
    }
    for tag in
        ["linux_x86_64", "macosx_11_1_arm64", "manylinux2014_riscv64", "win_arm32", "pyodide_2024_0_wasm32"]
    {
        let name = format!("demo-1.0-py3-none-{tag}.whl");
        let message = format!("Binary wheel '{name}' has an unsupported platform tag '{tag}'.");
        cases.push(case("W5", "wheel-platform-tag", wheel_named(&name), message));
    }
    cases
}
