//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::target::Target;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// The targets, in order.
    pub(crate) targets: Vec<Target>,
    /// How long each is fed.
    pub(crate) time: Duration,
    /// Decides every mutation.
    pub(crate) seed: u64,
    /// A file to feed instead of mutated ones.
    pub(crate) replay: Option<PathBuf>,
    /// Where inputs that crash a target are put.
    pub(crate) out: PathBuf,
}

const USAGE: &str = "usage: pyrel-fuzz TARGET|all [--seconds N] [--seed S] [--replay FILE] [--out DIR]";

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let names = || Target::ALL.map(Target::name).join(", ");
        let target = words.next().ok_or_else(|| format!("{USAGE}\ntargets: {}", names()))?;
        let targets = if target == "all" {
            Target::ALL.to_vec()
        } else {
            let found = Target::ALL.into_iter().find(|known| known.name() == target);
            vec![found.ok_or_else(|| format!("no such target: `{target}`; there are {}", names()))?]
        };
        let mut arguments = Self {
            targets,
            time: Duration::from_secs(60),
            seed: 1,
            replay: None,
            out: PathBuf::from("target/fuzz"),
        };
        while let Some(flag) = words.next() {
            let value = words.next().ok_or_else(|| format!("`{flag}` needs a value\n{USAGE}"))?;
            let number = || value.parse::<u64>().map_err(|error| format!("`{flag} {value}`: {error}"));
            match flag.as_str() {
                "--seconds" => arguments.time = Duration::from_secs(number()?),
                "--seed" => arguments.seed = number()?,
                "--replay" => arguments.replay = Some(PathBuf::from(value)),
                "--out" => arguments.out = PathBuf::from(value),
                _ => return Err(format!("no such flag: `{flag}`\n{USAGE}")),
            }
        }
        Ok(arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Arguments, String> {
        Arguments::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn words_become_arguments() {
        let arguments = parse("zip --seconds 7 --seed 3").unwrap();
        assert_eq!((arguments.targets.as_slice(), arguments.time.as_secs()), (&[Target::Zip][..], 7));
        assert_eq!(arguments.seed, 3);
        assert_eq!(parse("all").unwrap().targets.len(), Target::ALL.len());
        for (text, part) in [
            ("", "usage"),
            ("nothing", "no such target"),
            ("zip --seed", "needs a value"),
            ("zip --seed x", "invalid digit"),
            ("zip --own 1", "no such flag"),
        ] {
            assert!(parse(text).unwrap_err().contains(part), "{text}");
        }
    }
}
