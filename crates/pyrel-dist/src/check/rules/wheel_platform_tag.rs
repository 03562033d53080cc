//! A wheel has a platform tag that PyPI does not host.

use pyrel_model::DistFilename;
use pyrel_model::Level;

use crate::check::finding::{Findings, Problem, Source};
use crate::check::rule::Rule;
use crate::check::subject::Subject;

pub(super) static RULE: Rule = Rule {
    name: "wheel-platform-tag",
    level: Level::Error,
    source: Source::Pypi,
    summary: "every platform tag of a wheel is one that PyPI hosts",
    docs: "\
### What it does
Compares the platform tags of the file name with the list of PyPI.

### Why is this bad
A tag such as `linux_x86_64` says nothing about the system libraries that are needed, so PyPI does not take it.

### Example
`demo-1.0-cp312-cp312-linux_x86_64.whl`

### Source
PyPI (`warehouse/forklift/legacy.py`)
",
    check,
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let Ok(DistFilename::Wheel(wheel)) = &subject.reading.parsed else { return };
    for tag in &wheel.tags.platform {
        let tag = tag.to_lowercase();
        if !is_allowed(&tag) {
            let name = subject.filename();
            let message = format!("Binary wheel '{name}' has an unsupported platform tag '{tag}'.");
            findings.add(Problem::new(message).hint(remedy(&tag)).at(tag));
        }
    }
}

const FIXED: [&str; 18] = [
    "any",
    "win32",
    "win_arm64",
    "win_amd64",
    "win_ia64",
    "manylinux1_x86_64",
    "manylinux1_i686",
    "manylinux2010_x86_64",
    "manylinux2010_i686",
    "manylinux2014_x86_64",
    "manylinux2014_i686",
    "manylinux2014_aarch64",
    "manylinux2014_armv7l",
    "manylinux2014_ppc64",
    "manylinux2014_ppc64le",
    "manylinux2014_s390x",
    "linux_armv6l",
    "linux_armv7l",
];
const MAC_MAJORS: [&str; 6] = ["11", "12", "13", "14", "15", "26"];
const MAC_MACHINES: [&str; 11] =
    ["ppc", "ppc64", "i386", "x86_64", "arm64", "intel", "fat", "fat3", "fat64", "universal", "universal2"];
const LINUX_MACHINES: [&str; 7] = ["x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"];
const ANDROID_MACHINES: [&str; 4] = ["armeabi_v7a", "arm64_v8a", "x86", "x86_64"];

/// Tells whether PyPI hosts wheels of a platform.
fn is_allowed(tag: &str) -> bool {
    if FIXED.contains(&tag) {
        return true;
    }
    let Some((family, rest)) = tag.split_once('_') else { return false };
    match family {
        "macosx" => two_numbers(rest).is_some_and(|(major, minor, machine)| {
            let is_version = major == "10" || (MAC_MAJORS.contains(&major) && minor == "0");
            is_version && MAC_MACHINES.contains(&machine)
        }),
        "manylinux" => two_numbers(rest)
            .is_some_and(|(_, _, machine)| machine == "ppc64" || LINUX_MACHINES.contains(&machine)),
        "musllinux" => two_numbers(rest).is_some_and(|(_, _, machine)| LINUX_MACHINES.contains(&machine)),
        "ios" => two_numbers(rest).is_some_and(|(_, _, machine)| {
            let split = machine.rsplit_once('_');
            split.is_some_and(|(machine, sdk)| {
                matches!(machine, "arm64" | "x86_64") && matches!(sdk, "iphoneos" | "iphonesimulator")
            })
        }),
        "android" => rest
            .split_once('_')
            .is_some_and(|(level, machine)| is_number(level) && ANDROID_MACHINES.contains(&machine)),
        "pyemscripten" => two_numbers(rest).is_some_and(|(_, _, machine)| machine.starts_with("wasm32")),
        _ => false,
    }
}

/// Splits `X_Y_rest`.
fn two_numbers(text: &str) -> Option<(&str, &str, &str)> {
    let (major, rest) = text.split_once('_')?;
    let (minor, rest) = rest.split_once('_')?;
    (is_number(major) && is_number(minor)).then_some((major, minor, rest))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn remedy(tag: &str) -> &'static str {
    if tag.starts_with("linux_") {
        "repair the wheel with `auditwheel repair`, or build it with `cibuildwheel`"
    } else if tag.starts_with("macosx_") {
        "set `MACOSX_DEPLOYMENT_TARGET` to `10.N` or `N.0` of a released macOS and build again"
    } else {
        "build for a platform that PyPI hosts, or publish this wheel elsewhere"
    }
}

#[cfg(test)]
mod tests {
    use crate::check::fixture::Fixture;

    #[test]
    fn fires() {
        let found =
            Fixture::wheel().named("demo-1.0-cp312-cp312-linux_x86_64.whl").findings("wheel-platform-tag");
        assert_eq!(
            found[0].message,
            "Binary wheel 'demo-1.0-cp312-cp312-linux_x86_64.whl' has an unsupported platform tag 'linux_x86_64'."
        );
        assert!(found[0].hint.as_deref().unwrap().contains("auditwheel"));
        for tag in [
            "linux_aarch64",
            "macosx_11_1_arm64",
            "macosx_16_0_arm64",
            "manylinux2014_riscv64",
            "musllinux_1_2_ppc64",
            "manylinux_2_39_loongarch64",
            "pyodide_2024_0_wasm32",
            "win_arm32",
            "freebsd_14_0_amd64",
            "ios_13_0_arm64_watchos",
            "android_21_mips",
        ] {
            assert!(!super::is_allowed(tag), "{tag}");
        }
    }

    #[test]
    fn stays_silent() {
        let good = "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
        assert!(Fixture::wheel().named(good).findings("wheel-platform-tag").is_empty());
        for tag in [
            "any",
            "win_amd64",
            "manylinux1_i686",
            "manylinux_2_28_riscv64",
            "musllinux_1_2_aarch64",
            "macosx_10_9_universal2",
            "macosx_14_0_arm64",
            "ios_13_0_arm64_iphonesimulator",
            "android_21_arm64_v8a",
            "pyemscripten_2025_0_wasm32",
            "linux_armv7l",
        ] {
            assert!(super::is_allowed(tag), "{tag}");
        }
    }
}
