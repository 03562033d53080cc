# The release workflow, one recipe for each step; `just --list` explains them.
# Another binary than this checkout's: PYREL=/path/to/pyrel just pypi-build

set windows-shell := ["powershell.exe", "-NoLogo", "-NoProfile", "-Command"]

pyrel := env("PYREL", "cargo run --quiet --release --locked --")

# Every package name stands between single quotes; a quote inside of it is written as each shell wants it.
quote := if os_family() == "windows" { "''" } else { "'\\''" }

alias pb := pypi-build
alias pt := pypi-test
alias pc := pypi-check
alias pu := pypi-upload
alias ppt := pypi-publish-test
alias pp := pypi-publish

[private]
default:
    @just --list

# Build the sdist and the wheel
[group("pypi")]
pypi-build package="all":
    {{ pyrel }} build '{{ replace(package, "'", quote) }}'

# Run the package's own tests against the built wheel
[group("pypi")]
pypi-test package="all":
    {{ pyrel }} test '{{ replace(package, "'", quote) }}'

# Check the built files as strictly as PyPI does
[group("pypi")]
pypi-check package="all":
    {{ pyrel }} check '{{ replace(package, "'", quote) }}'

# Check, then upload to TestPyPI
[group("pypi")]
pypi-upload-test package="all":
    {{ pyrel }} upload-test '{{ replace(package, "'", quote) }}'

# Check, ask twice, then upload to PyPI
[group("pypi")]
pypi-upload package="all":
    {{ pyrel }} upload '{{ replace(package, "'", quote) }}'

# Build, test, check and upload to TestPyPI
[group("pypi")]
pypi-publish-test package="all":
    {{ pyrel }} publish-test '{{ replace(package, "'", quote) }}'

# Build, test, check, stage on TestPyPI, ask twice and upload to PyPI
[group("pypi")]
pypi-publish package="all":
    {{ pyrel }} publish '{{ replace(package, "'", quote) }}'

# Remove what builds have left, and nothing else
[group("pypi")]
pypi-clean package="all":
    {{ pyrel }} clean '{{ replace(package, "'", quote) }}'

# Show names, versions, backends and built files
[group("pypi")]
pypi-info package="all":
    {{ pyrel }} info '{{ replace(package, "'", quote) }}'

# Raise versions everywhere they are written: patch, minor, major, auto, …
[group("pypi")]
bump_version level="auto" package="all" *flags:
    {{ pyrel }} bump '{{ replace(level, "'", quote) }}' '{{ replace(package, "'", quote) }}' {{ flags }}

# Write changelog entries from commits and change fragments
[group("pypi")]
generate_changelog package="all":
    {{ pyrel }} changelog '{{ replace(package, "'", quote) }}'

# Tell line by line whether a release may start
[group("pypi")]
prepare_release package="all":
    {{ pyrel }} prepare '{{ replace(package, "'", quote) }}'

# Rehearse a whole release against package indexes on this machine
[group("pypi")]
rehearse package="all":
    {{ pyrel }} rehearse '{{ replace(package, "'", quote) }}'

# Run every test and gate of the repository
[group("repository")]
test:
    cargo xtask test

# Run the benchmarks
[group("repository")]
bench:
    cargo xtask bench
