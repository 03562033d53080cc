//! Replay: from the lines of a journal to the state of its run, as a pure function.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_model::PackageName;

use super::format::{
    FORMAT, Header, KeptAttestation, KeptFile, Line, Phase, Record, RunKind, Sent, Step, Target,
};

/// What became of one file in one phase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileState {
    /// It was about to be sent: nobody knows whether it arrived, so the index is asked.
    Intended,
    /// This run sent it.
    Uploaded,
    /// The index had the same bytes.
    AlreadyThere,
    /// It could not be sent.
    Failed {
        /// Why.
        reason: String,
    },
}

impl FileState {
    /// Tells whether the file is on the index.
    #[must_use]
    pub fn is_there(&self) -> bool {
        matches!(self, Self::Uploaded | Self::AlreadyThere)
    }
}

/// What became of one phase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhaseState {
    /// The digest of its plan.
    pub digest: Option<String>,
    /// Its files by name.
    pub files: BTreeMap<String, FileState>,
    /// The packages that an installer sees.
    pub visible: BTreeSet<PackageName>,
    /// The packages that were installed and tried, and whether that went well.
    pub verified: BTreeMap<PackageName, bool>,
}

/// What a run was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requested {
    /// The kind of run.
    pub kind: RunKind,
    /// The steps.
    pub steps: Vec<Step>,
    /// The packages with their versions, sorted by name.
    pub targets: Vec<Target>,
    /// The upload URL of the staging index.
    pub stage_url: Option<String>,
    /// The upload URL of the index that was asked for.
    pub publish_url: Option<String>,
    /// The time that goes into archives, in Unix seconds.
    pub source_date: u64,
}

/// The state of a run, as its journal tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunState {
    /// What the run was asked to do.
    pub requested: Option<Requested>,
    /// The files kept with the run, by name.
    pub kept: BTreeMap<String, KeptFile>,
    /// The attestations kept with the run, by their own names.
    pub attestations: BTreeMap<String, KeptAttestation>,
    /// The steps that are complete.
    pub done: BTreeSet<Step>,
    /// The phases.
    pub phases: BTreeMap<Phase, PhaseState>,
    /// The digest of the plan that was confirmed.
    pub confirmed: Option<String>,
    /// The exit code, when the run ended by itself.
    pub finished: Option<u8>,
}

impl RunState {
    /// Returns the state of one file in one phase.
    #[must_use]
    pub fn file(&self, phase: Phase, filename: &str) -> Option<&FileState> {
        self.phases.get(&phase)?.files.get(filename)
    }

    /// Returns the attestations of one file, sorted by their names.
    pub fn attestations_of<'s>(&'s self, filename: &'s str) -> impl Iterator<Item = &'s KeptAttestation> {
        self.attestations.values().filter(move |attestation| attestation.file == filename)
    }

    /// Tells whether this run may have sent a file in a phase, now or before it was resumed.
    #[must_use]
    pub fn has_sent(&self, phase: Phase) -> bool {
        self.phases
            .get(&phase)
            .is_some_and(|state| state.files.values().any(|file| *file == FileState::Uploaded))
    }

    /// Tells whether the run can be taken up again: it began, and did not end well.
    #[must_use]
    pub fn is_resumable(&self) -> bool {
        self.requested.is_some() && self.finished != Some(0)
    }

    /// Takes one record in.
    ///
    /// # Errors
    ///
    /// Says why the record cannot follow the ones before it; the state is unchanged then.
    pub(super) fn apply(&mut self, record: &Record) -> Result<(), String> {
        if self.finished.is_some() && *record != Record::Resumed {
            return Err("a record follows the end of the run".to_owned());
        }
        match record {
            Record::Requested { kind, steps, targets, stage_url, publish_url, source_date } => {
                self.require_first()?;
                self.requested = Some(Requested {
                    kind: *kind,
                    steps: steps.clone(),
                    targets: targets.clone(),
                    stage_url: stage_url.clone(),
                    publish_url: publish_url.clone(),
                    source_date: *source_date,
                });
            }
            Record::Resumed => self.finished = None,
            Record::Kept(file) => {
                self.kept.insert(file.filename.clone(), file.clone());
            }
            Record::Attested(attestation) => {
                if !self.kept.contains_key(&attestation.file) {
                    let name = &attestation.file;
                    return Err(format!(
                        "an attestation is about a file that the run does not keep: `{name}`"
                    ));
                }
                self.attestations.insert(attestation.attestation.clone(), attestation.clone());
            }
            Record::StepDone { step } => {
                self.done.insert(*step);
            }
            Record::Confirmed { digest } => self.confirmed = Some(digest.clone()),
            Record::Finished { code } => self.finished = Some(*code),
            Record::Planned { phase, digest } => {
                self.phases.entry(*phase).or_default().digest = Some(digest.clone());
            }
            Record::Visible { phase, package } => {
                self.phases.entry(*phase).or_default().visible.insert(package.clone());
            }
            Record::Verified { phase, package, ok } => {
                self.phases.entry(*phase).or_default().verified.insert(package.clone(), *ok);
            }
            Record::Intent { .. } | Record::Sent { .. } | Record::Failed { .. } => self.apply_file(record)?,
        }
        Ok(())
    }

    fn require_first(&self) -> Result<(), String> {
        if *self == Self::default() { Ok(()) } else { Err("the request is not the first record".to_owned()) }
    }

    fn apply_file(&mut self, record: &Record) -> Result<(), String> {
        let (phase, filename, next) = match record {
            Record::Intent { phase, filename, sha256 } => {
                if self.kept.get(filename).is_none_or(|kept| kept.sha256 != *sha256) {
                    return Err(format!("an intent names bytes that the run does not keep: `{filename}`"));
                }
                (phase, filename, FileState::Intended)
            }
            Record::Sent { phase, filename, how: Sent::Uploaded } => (phase, filename, FileState::Uploaded),
            Record::Sent { phase, filename, how: Sent::AlreadyThere } => {
                (phase, filename, FileState::AlreadyThere)
            }
            Record::Failed { phase, filename, reason } => {
                (phase, filename, FileState::Failed { reason: reason.clone() })
            }
            _ => return Ok(()),
        };
        let before = self.file(*phase, filename);
        if next == FileState::Uploaded && before != Some(&FileState::Intended) {
            return Err(format!("a file was sent without an intent: `{filename}`"));
        }
        // What this run once sent stays sent by this run, whatever a later look at the index says.
        if before != Some(&FileState::Uploaded) || next == FileState::Intended {
            self.phases.entry(*phase).or_default().files.insert(filename.clone(), next);
        }
        Ok(())
    }
}

/// Why a journal cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// There is not even a complete header: the run did nothing.
    #[error("the journal has no header")]
    NoHeader,
    /// The first line is something else.
    #[error("line 1 is no header of a pyrel journal")]
    NotAJournal,
    /// A newer pyrel wrote it.
    #[error("the journal has format {found}, and this pyrel knows formats up to {FORMAT}")]
    Newer {
        /// The format found.
        found: u32,
    },
    /// A complete line is damaged.
    #[error("line {line} of the journal is damaged: {reason}")]
    Damaged {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl ReplayError {
    /// Returns the remedy.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { .. } => Some("resume with the pyrel that began the run, or a newer one".to_owned()),
            Self::NotAJournal | Self::Damaged { .. } => {
                Some("start a new run: what the index already has with the same bytes is skipped".to_owned())
            }
            Self::NoHeader => Some("start a new run: this one did nothing".to_owned()),
        }
    }
}

/// A replayed journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The header.
    pub header: Header,
    /// The state after the last complete line.
    pub state: RunState,
    /// How many records were read.
    pub records: u64,
    /// How many bytes the complete lines take; what follows is a torn line.
    pub complete: usize,
}

/// Replays a journal. A last line without its line feed was torn by a crash and is left out: its effect had
/// not begun, or the index will be asked about it.
///
/// # Errors
///
/// Fails on a missing header, a newer format, and a damaged complete line.
pub fn replay(text: &[u8]) -> Result<Replay, ReplayError> {
    let complete = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let mut lines = text[..complete].split_inclusive(|byte| *byte == b'\n');
    let header = read_header(lines.next().ok_or(ReplayError::NoHeader)?)?;
    let mut replay = Replay { header, state: RunState::default(), records: 0, complete };
    for (index, bytes) in lines.enumerate() {
        let damaged = |reason: String| ReplayError::Damaged { line: index + 2, reason };
        let line: Line = serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        replay.records += 1;
        if line.seq != replay.records {
            return Err(damaged(format!("record {} stands where {} belongs", line.seq, replay.records)));
        }
        replay.state.apply(&line.record).map_err(damaged)?;
    }
    Ok(replay)
}

fn read_header(bytes: &[u8]) -> Result<Header, ReplayError> {
    // The version is looked at before the rest, which a newer format may shape in its own way.
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| ReplayError::NotAJournal)?;
    if value.get("journal").and_then(serde_json::Value::as_str) != Some("pyrel") {
        return Err(ReplayError::NotAJournal);
    }
    match value.get("format").and_then(serde_json::Value::as_u64) {
        Some(found) if found > u64::from(FORMAT) => {
            Err(ReplayError::Newer { found: u32::try_from(found).unwrap_or(u32::MAX) })
        }
        Some(1) => serde_json::from_value(value).map_err(|_| ReplayError::NotAJournal),
        _ => Err(ReplayError::NotAJournal),
    }
}

#[cfg(test)]
mod tests {
    use pyrel_model::{ArtifactKind, Sha256};

    use super::*;

    fn records() -> Vec<Record> {
        let kept = KeptFile {
            package: "a".parse().unwrap(),
            version: "1.0".parse().unwrap(),
            filename: "a-1.0.tar.gz".to_owned(),
            kind: ArtifactKind::Sdist,
            size: 3,
            sha256: Sha256::new([7; 32]),
        };
        let (filename, sha256) = (kept.filename.clone(), kept.sha256);
        let mut all = vec![
            Record::Requested {
                kind: RunKind::Release,
                steps: vec![Step::Build, Step::Stage, Step::Publish],
                targets: vec![Target { package: kept.package.clone(), version: Some(kept.version.clone()) }],
                stage_url: Some("https://stage.example/".to_owned()),
                publish_url: None,
                source_date: 315_532_800,
            },
            Record::Kept(kept.clone()),
            Record::StepDone { step: Step::Build },
        ];
        for phase in [Phase::Stage, Phase::Publish] {
            all.extend([
                Record::Planned { phase, digest: "d".repeat(64) },
                Record::Intent { phase, filename: filename.clone(), sha256 },
                Record::Failed { phase, filename: filename.clone(), reason: "line\nbreak \"é\"".to_owned() },
                Record::Intent { phase, filename: filename.clone(), sha256 },
                Record::Sent { phase, filename: filename.clone(), how: Sent::Uploaded },
                Record::Sent { phase, filename: filename.clone(), how: Sent::AlreadyThere },
                Record::Visible { phase, package: kept.package.clone() },
                Record::Verified { phase, package: kept.package.clone(), ok: true },
            ]);
        }
        all.extend([
            Record::Confirmed { digest: "d".repeat(64) },
            Record::Finished { code: 5 },
            Record::Resumed,
            Record::StepDone { step: Step::Publish },
            Record::Finished { code: 0 },
        ]);
        all
    }

    fn text(records: &[Record]) -> Vec<u8> {
        let header = Header {
            journal: "pyrel".to_owned(),
            format: FORMAT,
            run: "r1".to_owned(),
            tool: "pyrel 0".to_owned(),
            started: 1,
        };
        let mut out = serde_json::to_string(&header).unwrap() + "\n";
        for (at, record) in records.iter().enumerate() {
            let line = Line { seq: at as u64 + 1, at: 2, record: record.clone() };
            out += &(serde_json::to_string(&line).unwrap() + "\n");
        }
        out.into_bytes()
    }

    #[test]
    fn parse_and_print_are_inverse_for_every_record() {
        for record in records() {
            let line = Line { seq: 1, at: 2, record };
            let json = serde_json::to_string(&line).unwrap();
            assert!(!json.contains('\n'));
            assert_eq!(serde_json::from_str::<Line>(&json).unwrap(), line);
        }
    }

    #[test]
    fn every_prefix_replays_to_its_complete_lines() {
        let all = records();
        let whole = text(&all);
        let mut states = vec![RunState::default()];
        for record in &all {
            let mut state = states.last().unwrap().clone();
            state.apply(record).unwrap();
            states.push(state);
        }
        for end in 0..=whole.len() {
            let prefix = &whole[..end];
            let lines = prefix.iter().filter(|byte| **byte == b'\n').count();
            match replay(prefix) {
                Err(error) => assert_eq!((lines, error), (0, ReplayError::NoHeader)),
                Ok(replay) => {
                    assert_eq!(replay.state, states[lines - 1], "prefix of {end} bytes");
                    assert_eq!(replay.records as usize, lines - 1);
                    assert!(replay.complete <= end && whole[replay.complete - 1] == b'\n');
                }
            }
        }
    }

    #[test]
    fn what_was_sent_stays_sent_and_what_was_intended_is_open() {
        let all = records();
        let at = |count: usize| replay(&text(&all[..count])).unwrap().state;
        assert_eq!(at(5).file(Phase::Stage, "a-1.0.tar.gz"), Some(&FileState::Intended));
        assert!(matches!(at(6).file(Phase::Stage, "a-1.0.tar.gz"), Some(FileState::Failed { .. })));
        assert!(at(9).has_sent(Phase::Stage) && !at(9).has_sent(Phase::Publish));
        assert!(at(2).is_resumable() && !at(all.len()).is_resumable());
        assert_eq!(at(all.len() - 3).finished, Some(5));
        assert_eq!(at(all.len() - 2).finished, None);
    }

    #[test]
    fn newer_formats_and_other_files_are_refused() {
        let newer = b"{\"journal\":\"pyrel\",\"format\":2,\"shape\":\"unknown\"}\nwhatever\n";
        assert_eq!(replay(newer), Err(ReplayError::Newer { found: 2 }));
        for other in [&b"hello\n"[..], b"{}\n", b"{\"journal\":\"pyrel\",\"format\":0}\n"] {
            assert_eq!(replay(other), Err(ReplayError::NotAJournal));
        }
    }

    #[test]
    fn damage_before_the_end_is_named_by_line() {
        let all = records();
        let good = String::from_utf8(text(&all)).unwrap();
        let lines: Vec<&str> = good.lines().collect();
        for drop in 1..lines.len() - 1 {
            let kept: Vec<&str> =
                lines.iter().enumerate().filter(|(at, _)| *at != drop).map(|(_, line)| *line).collect();
            let text = kept.join("\n") + "\n";
            let error = replay(text.as_bytes()).unwrap_err();
            assert!(matches!(error, ReplayError::Damaged { line, .. } if line == drop + 1), "{error}");
        }
        let torn = good.replacen("\"seq\":2", "\"seq\":", 1);
        assert!(matches!(replay(torn.as_bytes()), Err(ReplayError::Damaged { line: 3, .. })));
    }

    #[test]
    fn impossible_orders_are_damage() {
        let all = records();
        let sent =
            Record::Sent { phase: Phase::Stage, filename: "a-1.0.tar.gz".to_owned(), how: Sent::Uploaded };
        let stray = Record::Intent {
            phase: Phase::Stage,
            filename: "b-1.0.tar.gz".to_owned(),
            sha256: Sha256::new([1; 32]),
        };
        for (prefix, bad) in
            [(3, sent), (3, stray), (1, all[0].clone()), (all.len(), Record::StepDone { step: Step::Check })]
        {
            let mut records = all[..prefix].to_vec();
            records.push(bad);
            assert!(matches!(replay(&text(&records)), Err(ReplayError::Damaged { .. })));
        }
    }
}
