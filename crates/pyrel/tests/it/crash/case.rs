//! What one run is to go through, drawn from its number.

use super::chance::Chance;
use super::life::Death;
use super::relay::Behaviour;

/// Which upload it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To an index that is not production.
    Stage,
    /// To a production index, past the gate.
    Publish,
}

/// How much there is of an undisturbed run, for the choice of moments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) lines: usize,
    pub(super) journal_bytes: u64,
    pub(super) request_bytes: u64,
}

/// One run.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) seed: u64,
    pub(super) mode: Mode,
    pub(super) behaviour: Behaviour,
    /// How its processes die, one after another; the last one lives on.
    pub(super) deaths: Vec<Death>,
    /// Whether what lies in `dist` becomes something else after the first death.
    pub(super) spoils: bool,
    /// Whether bytes that were under way arrive after a death.
    pub(super) flows: bool,
    /// Before which life somebody tries without the confirmations, or with another digest.
    pub(super) unconfirmed: Option<(usize, Option<&'static str>)>,
    /// Which file is refused, by its place in the plan.
    pub(super) refused: usize,
}

impl Case {
    /// Draws a case. The first two fifths die after one line of the journal after another, the next fifth at its bytes,
    /// and the rest at bytes of the requests.
    pub(super) fn draw(seed: u64, (number, total): (usize, usize), extents: [Extent; 2]) -> Self {
        let mut chance = Chance::new(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
        let mode = [Mode::Stage, Mode::Publish][number % 2];
        let behaviour = [Behaviour::Lost, Behaviour::Refused, Behaviour::HalfRead][number / 2 % 3];
        let mut extent = extents[number % 2];
        if behaviour == Behaviour::Refused {
            // What waits for a refused file is not sent, and the run is shorter.
            extent =
                Extent { lines: extent.lines * 2 / 3, request_bytes: extent.request_bytes / 2, ..extent };
        }
        let first = if number * 5 < total * 2 {
            Death::Line(number / 6 % extent.lines + 1)
        } else if number * 5 < total * 3 {
            Death::JournalByte(1 + chance.below(extent.journal_bytes * 3 / 4))
        } else {
            Death::RequestByte(1 + chance.below(extent.request_bytes))
        };
        let mut deaths = vec![first];
        for _ in 0..[0, 0, 0, 1, 1, 2][usize::try_from(chance.below(6)).expect("less than six")] {
            deaths.push(match chance.below(3) {
                0 => Death::Line(1 + usize::try_from(chance.below(8)).expect("less than eight")),
                1 => Death::JournalByte(1 + chance.below(1000)),
                _ => Death::RequestByte(1 + chance.below(extent.request_bytes)),
            });
        }
        let lives = deaths.len() as u64 + 1;
        let unconfirmed = (mode == Mode::Publish && chance.once_in(4)).then(|| {
            let life = usize::try_from(chance.below(lives)).expect("a few");
            (life, [None, Some("0123456789ab")][usize::from(chance.once_in(2))])
        });
        Self {
            seed: chance.next(),
            mode,
            behaviour,
            deaths,
            spoils: chance.once_in(3),
            flows: chance.once_in(2),
            unconfirmed,
            refused: usize::try_from(chance.below(6)).expect("less than six"),
        }
    }
}
