//! The command line of this program.

use crate::failure::Failure;

/// What `--help` prints.
pub(crate) const USAGE: &str = "\
usage: cargo xtask <command>

  test [--fast] [--stage NAME]...   run every test and gate of the repository, or the named stages and what they need
  test --list                       list the stages
  bench [NAME]...                   run the benchmarks, or the named ones
  rules                             write docs/rules.md from the catalogue of check rules";

/// Which stages to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Names of stages; none means all.
    pub(crate) names: Vec<String>,
    /// Whether slow stages are left out.
    pub(crate) fast: bool,
}

/// One command of this program.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print the usage.
    Help,
    /// List the stages.
    List,
    /// Run stages.
    Test(Selection),
    /// Run benchmarks, all when none is named.
    Bench(Vec<String>),
    /// Write the page of rules.
    Rules,
}

impl Request {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    ///
    /// Fails on an unknown command or option and on a missing value.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, Failure> {
        let mut arguments = arguments.into_iter();
        match arguments.next().as_deref() {
            None | Some("-h" | "--help" | "help") => Ok(Self::Help),
            Some("test") => Self::parse_test(arguments),
            Some("bench") => Ok(Self::Bench(arguments.collect())),
            Some("rules") => match arguments.next() {
                None => Ok(Self::Rules),
                Some(other) => Err(unknown("argument", &other)),
            },
            Some(other) => Err(unknown("command", other)),
        }
    }

    fn parse_test(mut arguments: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut selection = Selection::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "-h" | "--help" => return Ok(Self::Help),
                "--list" => return Ok(Self::List),
                "--fast" => selection.fast = true,
                "--stage" => {
                    let name = arguments.next().ok_or_else(|| Failure::new("`--stage` needs a name"))?;
                    selection.names.push(name);
                }
                other => match other.strip_prefix("--stage=") {
                    Some(name) => selection.names.push(name.to_owned()),
                    None => return Err(unknown("option", other)),
                },
            }
        }
        Ok(Self::Test(selection))
    }
}

fn unknown(what: &str, value: &str) -> Failure {
    Failure::new(format!("unknown {what}: {value}")).with_hint("`cargo xtask --help` lists the commands")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Request, Failure> {
        Request::parse(line.split_whitespace().map(ToOwned::to_owned))
    }

    #[test]
    fn every_command_is_read() {
        assert_eq!(parse("").unwrap(), Request::Help);
        assert_eq!(parse("test --list").unwrap(), Request::List);
        assert_eq!(parse("rules").unwrap(), Request::Rules);
        assert_eq!(parse("bench build").unwrap(), Request::Bench(vec!["build".into()]));
        assert_eq!(
            parse("test --fast --stage fmt --stage=edges").unwrap(),
            Request::Test(Selection { names: vec!["fmt".into(), "edges".into()], fast: true })
        );
    }

    #[test]
    fn what_is_unknown_or_incomplete_is_refused() {
        assert_eq!(parse("tset").unwrap_err().to_string(), "unknown command: tset");
        assert_eq!(parse("test --quick").unwrap_err().to_string(), "unknown option: --quick");
        assert_eq!(parse("test --stage").unwrap_err().to_string(), "`--stage` needs a name");
        assert_eq!(parse("rules now").unwrap_err().to_string(), "unknown argument: now");
    }
}
