//! Intervals of versions and of texts, and unions of them, over an order without neighbours.

use std::cmp::Ordering;
use std::ops::Bound;

/// A value of a variable: the numbers of a release without zeros at the end, or a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Value {
    Release(Vec<u64>),
    Text(String),
}

/// An interval that is not empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Interval {
    pub(super) low: Bound<Value>,
    pub(super) high: Bound<Value>,
}

/// Intervals in order, with something between any two of them.
pub(super) type Union = Vec<Interval>;

fn value(bound: &Bound<Value>) -> Option<&Value> {
    match bound {
        Bound::Included(value) | Bound::Excluded(value) => Some(value),
        Bound::Unbounded => None,
    }
}

fn is_included(bound: &Bound<Value>) -> bool {
    matches!(bound, Bound::Included(_))
}

/// Compares two bounds from which intervals start.
fn compare_low(one: &Bound<Value>, other: &Bound<Value>) -> Ordering {
    match (value(one), value(other)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => a.cmp(b).then_with(|| is_included(other).cmp(&is_included(one))),
    }
}

/// Compares two bounds at which intervals end.
fn compare_high(one: &Bound<Value>, other: &Bound<Value>) -> Ordering {
    match (value(one), value(other)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => a.cmp(b).then_with(|| is_included(one).cmp(&is_included(other))),
    }
}

impl Interval {
    pub(super) fn point(value: Value) -> Self {
        Self { low: Bound::Included(value.clone()), high: Bound::Included(value) }
    }

    pub(super) fn everything() -> Self {
        Self { low: Bound::Unbounded, high: Bound::Unbounded }
    }

    pub(super) fn from(low: Bound<Value>) -> Self {
        Self { low, high: Bound::Unbounded }
    }

    pub(super) fn to(high: Bound<Value>) -> Self {
        Self { low: Bound::Unbounded, high }
    }

    fn is_empty(&self) -> bool {
        match (value(&self.low), value(&self.high)) {
            (Some(low), Some(high)) => match low.cmp(high) {
                Ordering::Less => false,
                Ordering::Equal => !(is_included(&self.low) && is_included(&self.high)),
                Ordering::Greater => true,
            },
            _ => false,
        }
    }

    /// Returns what two intervals have in common.
    pub(super) fn intersection(&self, other: &Self) -> Option<Self> {
        let low = if compare_low(&self.low, &other.low).is_ge() { &self.low } else { &other.low };
        let high = if compare_high(&self.high, &other.high).is_le() { &self.high } else { &other.high };
        let both = Self { low: low.clone(), high: high.clone() };
        (!both.is_empty()).then_some(both)
    }

    /// Tells whether another interval starts right where this one ends.
    pub(super) fn meets(&self, next: &Self) -> bool {
        let same = value(&self.high).is_some() && value(&self.high) == value(&next.low);
        same && is_included(&self.high) != is_included(&next.low)
    }
}

/// Returns what is between the intervals, before, and behind them.
pub(super) fn complement(union: &[Interval]) -> Union {
    let flip = |bound: &Bound<Value>| match bound {
        Bound::Included(value) => Bound::Excluded(value.clone()),
        Bound::Excluded(value) => Bound::Included(value.clone()),
        Bound::Unbounded => Bound::Unbounded,
    };
    let Some(last) = union.last() else { return vec![Interval::everything()] };
    let mut out = Vec::new();
    let mut low = Bound::Unbounded;
    for (at, interval) in union.iter().enumerate() {
        if at > 0 || value(&interval.low).is_some() {
            out.push(Interval { low, high: flip(&interval.low) });
        }
        low = flip(&interval.high);
    }
    if value(&last.high).is_some() {
        out.push(Interval { low, high: Bound::Unbounded });
    }
    out
}

/// Brings intervals into order, and joins those that meet or overlap.
pub(super) fn union(mut intervals: Vec<Interval>) -> Union {
    intervals.sort_by(|one, other| compare_low(&one.low, &other.low));
    let mut out: Union = Vec::new();
    for interval in intervals {
        match out.last_mut() {
            Some(last) if last.meets(&interval) || last.intersection(&interval).is_some() => {
                if compare_high(&last.high, &interval.high).is_lt() {
                    last.high = interval.high;
                }
            }
            _ => out.push(interval),
        }
    }
    out
}

/// Orders intervals that have nothing in common.
pub(super) fn compare_disjoint(one: &Interval, other: &Interval) -> Ordering {
    compare_low(&one.low, &other.low)
}
