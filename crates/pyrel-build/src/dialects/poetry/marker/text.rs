//! What a marker demands of a variable with texts for values: equality, inequality, and combinations that
//! poetry-core builds from them.

/// A demand; lists have at least two parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Demand {
    Any,
    Never,
    Is(String),
    Not(String),
    /// Inequalities that must all hold.
    NotAll(Vec<String>),
    /// Demands of which one must hold.
    Either(Vec<Demand>),
}

impl Demand {
    fn negates(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Is(one), Self::Not(two)) | (Self::Not(one), Self::Is(two)) => one == two,
            _ => false,
        }
    }

    fn is_single(&self) -> bool {
        matches!(self, Self::Is(_) | Self::Not(_))
    }

    /// Tells whether all that a single demand admits is admitted by this single one.
    fn admits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Not(one), Self::Is(two)) => one != two,
            _ => self == other,
        }
    }

    fn not_all(values: Vec<String>) -> Self {
        match values.len() {
            1 => Self::Not(values.into_iter().next().expect("there is one")),
            _ => Self::NotAll(values),
        }
    }

    /// Returns what both demand.
    pub(super) fn intersect(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, _) => other.clone(),
            (_, Self::Any) => self.clone(),
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Either(parts), _) => either_and(self, parts, other),
            (_, Self::Either(parts)) => either_and(other, parts, self),
            (Self::NotAll(ours), Self::NotAll(theirs)) => {
                let new = theirs.iter().filter(|value| !ours.contains(value));
                Self::NotAll(ours.iter().chain(new).cloned().collect())
            }
            (Self::NotAll(values), single) | (single, Self::NotAll(values)) => not_all_and(values, single),
            _ if other.admits(self) => self.clone(),
            _ if self.admits(other) => other.clone(),
            (Self::Not(one), Self::Not(two)) => Self::NotAll(vec![one.clone(), two.clone()]),
            _ => Self::Never,
        }
    }

    /// Returns what one of the two demands.
    pub(super) fn union(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Never, _) => other.clone(),
            (_, Self::Never) => self.clone(),
            (Self::Either(parts), _) => either_or(self, parts, other),
            (Self::NotAll(_), Self::Either(parts)) => either_or(other, parts, self),
            (_, Self::Either(_)) => either_or(self, std::slice::from_ref(self), other),
            (Self::NotAll(ours), Self::NotAll(theirs)) => {
                let common: Vec<String> =
                    ours.iter().filter(|value| theirs.contains(value)).cloned().collect();
                if common.is_empty() { Self::Any } else { Self::not_all(common) }
            }
            (Self::NotAll(values), single) | (single, Self::NotAll(values)) => not_all_or(values, single),
            _ if self.admits(other) => self.clone(),
            _ if other.admits(self) => other.clone(),
            (Self::Not(_), Self::Not(_)) => Self::Any,
            _ if self.negates(other) => Self::Any,
            _ => Self::Either(vec![self.clone(), other.clone()]),
        }
    }
}

fn not_all_and(values: &[String], single: &Demand) -> Demand {
    match single {
        Demand::Not(value) if values.contains(value) => Demand::NotAll(values.to_vec()),
        Demand::Is(value) if values.contains(value) => Demand::Never,
        Demand::Not(value) => Demand::NotAll(values.iter().chain(std::iter::once(value)).cloned().collect()),
        _ => single.clone(),
    }
}

fn not_all_or(values: &[String], single: &Demand) -> Demand {
    match single {
        Demand::Not(value) if values.contains(value) => single.clone(),
        Demand::Is(value) if values.contains(value) => {
            Demand::not_all(values.iter().filter(|other| *other != value).cloned().collect())
        }
        Demand::Not(_) => Demand::Any,
        _ => Demand::NotAll(values.to_vec()),
    }
}

fn contains_all(one: &[Demand], other: &[Demand]) -> bool {
    other.iter().all(|part| one.contains(part))
}

/// Tells whether two demands are the same, whatever the order of their inequalities.
fn is_same(one: &Demand, other: &Demand) -> bool {
    match (one, other) {
        (Demand::NotAll(one), Demand::NotAll(two)) => {
            one.iter().all(|value| two.contains(value)) && two.iter().all(|value| one.contains(value))
        }
        _ => one == other,
    }
}

fn either_and(whole: &Demand, parts: &[Demand], other: &Demand) -> Demand {
    let theirs = match other {
        Demand::Either(theirs) => theirs.clone(),
        Demand::NotAll(_) => Vec::new(),
        single => vec![single.clone()],
    };
    if !theirs.is_empty() {
        if contains_all(&theirs, parts) {
            return whole.clone();
        }
        if contains_all(parts, &theirs) {
            return if theirs.len() == 1 { theirs[0].clone() } else { other.clone() };
        }
    }
    let mut out: Vec<Demand> = Vec::new();
    for part in parts {
        let mut add = |demand: Demand| {
            if demand != Demand::Never && !out.iter().any(|earlier| is_same(earlier, &demand)) {
                out.push(demand);
            }
        };
        match other {
            Demand::NotAll(values) => {
                let each = values.iter().map(|value| Demand::Not(value.clone()));
                add(each.fold(part.clone(), |all, one| all.intersect(&one)));
            }
            _ => theirs.iter().for_each(|their| add(part.intersect(their))),
        }
    }
    gathered(out, Demand::Never)
}

fn either_or(whole: &Demand, parts: &[Demand], other: &Demand) -> Demand {
    if whole == other {
        return whole.clone();
    }
    let theirs = match other {
        Demand::Either(theirs) => theirs.clone(),
        Demand::NotAll(values) => return either_or_not_all(whole, parts, values),
        single => vec![single.clone()],
    };
    let (mut ours_new, mut theirs_new, mut merged) = (Vec::new(), Vec::new(), Vec::new());
    let push = |list: &mut Vec<Demand>, demand: &Demand| {
        if !list.contains(demand) {
            list.push(demand.clone());
        }
    };
    for their in &theirs {
        for our in parts {
            let union = our.union(their);
            if union == Demand::Any {
                return Demand::Any;
            }
            if !union.is_single() {
                push(&mut ours_new, our);
                push(&mut theirs_new, their);
            } else if union == *our {
                push(&mut ours_new, our);
            } else if union == *their {
                push(&mut theirs_new, their);
            } else {
                push(&mut merged, &union);
            }
        }
    }
    for demand in theirs_new.iter().chain(&merged) {
        push(&mut ours_new, demand);
    }
    gathered(ours_new, Demand::Never)
}

fn either_or_not_all(whole: &Demand, parts: &[Demand], values: &[String]) -> Demand {
    let nots: Vec<Demand> = values.iter().map(|value| Demand::Not(value.clone())).collect();
    if parts.iter().any(|part| nots.contains(part)) {
        return whole.clone();
    }
    let is_covered =
        |not: &Demand| parts.iter().any(|part| part.is_single() && part.union(not) == Demand::Any);
    let rest: Vec<Demand> = nots.iter().filter(|not| !is_covered(not)).cloned().collect();
    if rest.len() == nots.len() {
        return Demand::Either(parts.iter().cloned().chain([Demand::NotAll(values.to_vec())]).collect());
    }
    if rest.is_empty() {
        return Demand::Any;
    }
    either_or(whole, parts, &Demand::Either(rest))
}

fn gathered(mut parts: Vec<Demand>, nothing: Demand) -> Demand {
    match parts.len() {
        0 => nothing,
        1 => parts.remove(0),
        _ => Demand::Either(parts),
    }
}
