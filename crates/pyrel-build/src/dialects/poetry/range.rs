//! Sets of versions as poetry-core has them: ranges, and unions of them, with its rules of when ranges are joined.

use std::cmp::Ordering;

use super::release::Point;

/// An interval of versions; one with equal, included ends is a single version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) min: Option<Point>,
    pub(super) max: Option<Point>,
    pub(super) with_min: bool,
    pub(super) with_max: bool,
}

/// A set of versions: nothing, a range, or several in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Set(pub(super) Vec<Range>);

impl Range {
    pub(super) fn any() -> Self {
        Self { min: None, max: None, with_min: false, with_max: false }
    }

    pub(super) fn exact(version: &Point) -> Self {
        let end = Some(version.clone());
        Self { min: end.clone(), max: end, with_min: true, with_max: true }
    }

    pub(super) fn above(version: Point, with_min: bool) -> Self {
        Self { min: Some(version), max: None, with_min, with_max: false }
    }

    pub(super) fn below(version: Point, with_max: bool) -> Self {
        Self { min: None, max: Some(version), with_min: false, with_max }
    }

    pub(super) fn is_any(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }

    /// Returns the version if there is only one.
    pub(super) fn version(&self) -> Option<&Point> {
        self.min.as_ref().filter(|_| self.with_min && self.with_max && self.min == self.max)
    }

    fn is_empty(&self) -> bool {
        match (&self.min, &self.max) {
            (Some(min), Some(max)) if min == max => !(self.with_min && self.with_max),
            (Some(min), Some(max)) => min > max,
            _ => false,
        }
    }

    /// Tells whether a version is in the range; post-releases of an excluded lower end are not.
    fn allows(&self, version: &Point) -> bool {
        if let Some(own) = self.version() {
            return own == version;
        }
        if let Some(min) = &self.min {
            let other = match !self.with_min && !min.is_post() && version.is_post() {
                true => version.without_post(),
                false => version.clone(),
            };
            if other < *min || (!self.with_min && other == *min) {
                return false;
            }
        }
        self.max.as_ref().is_none_or(|max| version < max || (self.with_max && version == max))
    }

    fn allows_lower(&self, other: &Self) -> bool {
        match (&self.min, &other.min) {
            (None, other) => other.is_some(),
            (Some(_), None) => false,
            (Some(one), Some(two)) => one < two || (one == two && self.with_min && !other.with_min),
        }
    }

    fn allows_higher(&self, other: &Self) -> bool {
        match (&self.max, &other.max) {
            (None, other) => other.is_some(),
            (Some(_), None) => false,
            (Some(one), Some(two)) => one > two || (one == two && self.with_max && !other.with_max),
        }
    }

    fn is_strictly_lower(&self, other: &Self) -> bool {
        match (&self.max, &other.min) {
            (Some(max), Some(min)) => max < min || (max == min && !(self.with_max && other.with_min)),
            _ => false,
        }
    }

    fn is_adjacent_to(&self, other: &Self) -> bool {
        self.max == other.min && self.with_max != other.with_min
    }

    pub(super) fn allows_all(&self, other: &Self) -> bool {
        match (self.version(), other.version()) {
            (_, Some(version)) => self.allows(version),
            (Some(_), None) => self == other,
            (None, None) => !other.allows_lower(self) && !other.allows_higher(self),
        }
    }

    pub(super) fn allows_any(&self, other: &Self) -> bool {
        match (self.version(), other.version()) {
            _ if other.is_empty() => false,
            (Some(_), _) => self.intersect(other).is_some(),
            (None, Some(version)) => self.allows(version),
            (None, None) => !other.is_strictly_lower(self) && !self.is_strictly_lower(other),
        }
    }

    fn intersect(&self, other: &Self) -> Option<Self> {
        match (self.version(), other.version()) {
            (Some(own), Some(version)) => return (own == version).then(|| other.clone()),
            (Some(_), None) => return other.intersect(self),
            (None, Some(version)) => return self.allows(version).then(|| other.clone()),
            (None, None) => {}
        }
        let low = if self.allows_lower(other) { other } else { self };
        let high = if self.allows_higher(other) { other } else { self };
        if self.is_strictly_lower(other) || other.is_strictly_lower(self) {
            return None;
        }
        let both = Self {
            min: low.min.clone(),
            with_min: low.with_min,
            max: high.max.clone(),
            with_max: high.with_max,
        };
        (!both.is_empty()).then_some(both)
    }

    /// Joins two ranges that touch or overlap; `None` for others.
    fn union(&self, other: &Self) -> Option<Self> {
        match (self.version(), other.version()) {
            (Some(_), Some(version)) => return self.allows(version).then(|| other.clone()),
            (Some(_), None) => return other.union(self),
            (None, Some(version)) if self.allows(version) => return Some(self.clone()),
            (None, Some(version)) if Some(version) == self.min.as_ref() => {
                return Some(Self { with_min: true, ..self.clone() });
            }
            (None, Some(version)) if Some(version) == self.max.as_ref() => {
                return Some(Self { with_max: true, ..self.clone() });
            }
            (None, Some(_)) => return None,
            (None, None) => {}
        }
        let touch = (self.max == other.min && (self.with_max || other.with_min))
            || (self.min == other.max && (self.with_min || other.with_max));
        if !touch && !self.allows_any(other) {
            return None;
        }
        let low = if self.allows_lower(other) { self } else { other };
        let high = if self.allows_higher(other) { self } else { other };
        Some(Self {
            min: low.min.clone(),
            with_min: low.with_min,
            max: high.max.clone(),
            with_max: high.with_max,
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let low = match (&self.min, &other.min) {
            (None, None) => return self.compare_high(other),
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(two)) => one.cmp(two),
        };
        low.then_with(|| other.with_min.cmp(&self.with_min)).then_with(|| self.compare_high(other))
    }

    fn compare_high(&self, other: &Self) -> Ordering {
        match (&self.max, &other.max) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(two)) => one.cmp(two).then_with(|| self.with_max.cmp(&other.with_max)),
        }
    }

    /// Tells whether the range is all the releases below one, and prints it so.
    fn wildcard(&self) -> Option<String> {
        let (Some(min), Some(max)) = (&self.min, &self.max) else { return None };
        let is_half_open = self.with_min && !self.with_max;
        (is_half_open && is_wildcard(min, max, false)).then(|| format!("=={}", wildcard_text(min, max)))
    }

    pub(super) fn print(&self) -> String {
        if let Some(version) = self.version() {
            return version.to_string();
        }
        if let Some(text) = self.wildcard() {
            return text;
        }
        let low = self.min.as_ref().map(|min| format!("{}{min}", if self.with_min { ">=" } else { ">" }));
        let bounds: Vec<String> = low.into_iter().chain(self.print_max()).collect();
        if bounds.is_empty() { "*".to_owned() } else { bounds.join(",") }
    }

    /// Prints the upper end; the first development release of a version that is excluded stands for that version.
    fn print_max(&self) -> Option<String> {
        let max = self.max.as_ref()?;
        let is_canonical = !self.with_max && max.is_first_dev() && !max.is_pre();
        let shown = if is_canonical { max.without_dev() } else { max.clone() };
        Some(format!("{}{shown}", if self.with_max { "<=" } else { "<" }))
    }
}

fn is_wildcard(min: &Point, max: &Point, inverted: bool) -> bool {
    let is_odd = min.is_pre()
        || max.is_pre()
        || min.is_post() != max.is_post()
        || min.first_dev() != *min
        || (max.is_dev() && !max.is_first_dev());
    if is_odd {
        return false;
    }
    let (first, second) = if inverted { (max, min) } else { (min, max) };
    let mut ends = second.release.clone();
    while ends.last() == Some(&0) {
        ends.pop();
    }
    let Some(last) = ends.pop() else { return false };
    let mut starts = first.release.clone();
    starts.resize(starts.len().max(ends.len() + 1), 0);
    if starts[ends.len() + 1..].iter().any(|number| *number != 0) {
        return false;
    }
    let (same, next) = (starts[..ends.len()] == ends[..], starts[ends.len()]);
    if first.is_post() {
        same && next == last && first.precedes_post(second)
    } else {
        same && next + 1 == last
    }
}

fn wildcard_text(first: &Point, second: &Point) -> String {
    if first.is_post() {
        return format!("{}.*", first.without_dev());
    }
    let mut release = second.release.clone();
    while release.last() == Some(&0) {
        release.pop();
    }
    *release.last_mut().expect("a wildcard ends above zero") -= 1;
    format!("{}.*", Point::new(release))
}

impl Set {
    pub(super) fn one(range: Range) -> Self {
        Self(vec![range])
    }

    /// Joins ranges: in order, and as one where they touch.
    pub(super) fn of(mut ranges: Vec<Range>) -> Self {
        ranges.retain(|range| !range.is_empty());
        if ranges.iter().any(Range::is_any) {
            return Self::one(Range::any());
        }
        ranges.sort_by(Range::compare);
        let mut merged: Vec<Range> = Vec::new();
        for range in ranges {
            match merged.last_mut() {
                Some(last) if last.allows_any(&range) || last.is_adjacent_to(&range) => {
                    match last.union(&range) {
                        Some(union) => *last = union,
                        None => merged.push(range),
                    }
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }

    /// Returns everything but a half-open range.
    pub(super) fn outside(range: &Range) -> Self {
        let low = range.min.clone().map(|min| Range::below(min, false));
        let high = range.max.clone().map(|max| Range::above(max, true));
        Self(low.into_iter().chain(high).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_any(&self) -> bool {
        matches!(&self.0[..], [only] if only.is_any())
    }

    pub(super) fn is_union(&self) -> bool {
        self.0.len() > 1
    }

    /// Tells whether one comparison says it all.
    pub(super) fn is_simple(&self) -> bool {
        match &self.0[..] {
            [only] => only.version().is_some() || only.min.is_none() || only.max.is_none(),
            _ => self.excluded().is_some(),
        }
    }

    /// Returns the version that alone is missing.
    pub(super) fn excluded(&self) -> Option<&Point> {
        let [low, high] = &self.0[..] else { return None };
        let is_hole = low.min.is_none() && high.max.is_none() && low.max == high.min;
        low.max.as_ref().filter(|_| is_hole && !low.with_max && !high.with_min)
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).cloned().collect())
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        if let ([one], [two]) = (&self.0[..], &other.0[..]) {
            return Self(one.intersect(two).into_iter().collect());
        }
        let (ours, theirs) = if self.is_union() { (self, other) } else { (other, self) };
        let (mut left, mut right) = (ours.0.iter().peekable(), theirs.0.iter().peekable());
        let mut out = Vec::new();
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            out.extend(one.intersect(two));
            if two.allows_higher(one) {
                left.next()
            } else {
                right.next()
            };
        }
        Self::of(out)
    }

    pub(super) fn allows_all(&self, other: &Self) -> bool {
        let mut ours = self.0.iter();
        let mut current = ours.next();
        other.0.iter().all(|range| {
            while let Some(own) = current {
                if own.allows_all(range) {
                    return true;
                }
                current = ours.next();
            }
            false
        })
    }

    pub(super) fn allows_any(&self, other: &Self) -> bool {
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
            if one.allows_any(two) {
                return true;
            }
            if two.allows_higher(one) {
                left.next()
            } else {
                right.next()
            };
        }
        false
    }

    /// Prints everything but the releases below one.
    pub(super) fn excluded_wildcard(&self) -> Option<String> {
        let [low, high] = &self.0[..] else { return None };
        let (Some(end), Some(start)) = (&low.max, &high.min) else { return None };
        let is_hole = low.min.is_none() && high.max.is_none() && !low.with_max && high.with_min;
        (is_hole && is_wildcard(start, end, true)).then(|| format!("!={}", wildcard_text(end, start)))
    }

    /// Prints the set; ranges with nothing but one version between them are one with an exclusion.
    pub(super) fn print(&self) -> String {
        if let Some(text) = self.excluded_wildcard() {
            return text;
        }
        let mut groups: Vec<Vec<&Range>> = Vec::new();
        for range in &self.0 {
            match groups.last_mut() {
                Some(group) if group.last().is_some_and(|last| is_puncture(last, range)) => group.push(range),
                _ => groups.push(vec![range]),
            }
        }
        groups.iter().map(|group| print_group(group)).collect::<Vec<_>>().join(" || ")
    }
}

fn is_puncture(one: &Range, other: &Range) -> bool {
    one.max.is_some() && one.max == other.min && !one.with_max && !other.with_min
}

fn print_group(group: &[&Range]) -> String {
    let [first, .., last] = group else { return group.iter().map(|range| range.print()).collect() };
    let low = first.min.as_ref().map(|min| format!("{}{min}", if first.with_min { ">=" } else { ">" }));
    let holes = group[..group.len() - 1].iter().filter_map(|range| range.max.as_ref());
    let holes = holes.map(|hole| format!("!={hole}"));
    low.into_iter().chain(holes).chain(last.print_max()).collect::<Vec<_>>().join(",")
}
