//! Markers of several variables, and the normal forms among which poetry-core chooses the simplest.

use super::single::{Join, Single};

/// A marker.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Any,
    Never,
    Single(Single),
    And(Vec<Tree>),
    Or(Vec<Tree>),
}

/// More steps than a person's marker takes; what takes more is for poetry-core.
const MOST_STEPS: usize = 20_000;

/// Simplifies markers; `None` throughout means: not certain, or too much.
#[derive(Debug, Default)]
pub(super) struct Simplifier {
    steps: usize,
    /// What is being intersected and united right now. Where poetry-core comes back to the same, it chooses by what it
    /// remembers, which is not reproduced.
    intersecting: Vec<Vec<Tree>>,
    uniting: Vec<Vec<Tree>>,
}

fn parts(tree: &Tree, join: Join) -> Option<&[Tree]> {
    match (tree, join) {
        (Tree::And(parts), Join::And) | (Tree::Or(parts), Join::Or) => Some(parts),
        _ => None,
    }
}

fn flat(trees: Vec<Tree>, join: Join) -> Vec<Tree> {
    let mut out: Vec<Tree> = Vec::new();
    for tree in trees {
        let inner = match parts(&tree, join) {
            Some(parts) => flat(parts.to_vec(), join),
            None => vec![tree],
        };
        for tree in inner {
            if !out.contains(&tree) {
                out.push(tree);
            }
        }
    }
    out
}

impl Tree {
    pub(super) fn and(trees: Vec<Self>) -> Self {
        Self::And(flat(trees, Join::And))
    }

    pub(super) fn or(trees: Vec<Self>) -> Self {
        Self::Or(flat(trees, Join::Or))
    }

    fn joined(trees: Vec<Self>, join: Join) -> Self {
        if join == Join::And { Self::and(trees) } else { Self::or(trees) }
    }

    /// Counts comparisons, and markers of one variable.
    fn complexity(&self) -> (usize, usize) {
        match self {
            Self::Any | Self::Never => (1, 1),
            Self::Single(single) => (single.count(), 1),
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().map(Self::complexity).fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
            }
        }
    }

    pub(super) fn print(&self) -> String {
        match self {
            Self::Any => String::new(),
            Self::Never => "<empty>".to_owned(),
            Self::Single(single) => single.print(),
            Self::Or(parts) => parts.iter().map(Self::print).collect::<Vec<_>>().join(" or "),
            Self::And(parts) => {
                let print = |part: &Self| match part {
                    Self::Single(single) if !single.is_union() => part.print(),
                    Self::And(_) => part.print(),
                    _ => format!("({})", part.print()),
                };
                parts.iter().map(print).collect::<Vec<_>>().join(" and ")
            }
        }
    }
}

/// Returns the combinations of one tree of each list, those of the same trees once.
fn product(lists: &[Vec<Tree>]) -> Option<Vec<Vec<Tree>>> {
    let size = lists.iter().try_fold(1_usize, |size, list| size.checked_mul(list.len()))?;
    (size <= 256).then_some(())?;
    let mut all: Vec<Vec<Tree>> = vec![Vec::new()];
    for list in lists {
        all = all
            .iter()
            .flat_map(|start| list.iter().map(|tree| [start.clone(), vec![tree.clone()]].concat()))
            .collect();
    }
    let mut out: Vec<Vec<Tree>> = Vec::new();
    let is_within = |one: &[Tree], other: &[Tree]| one.iter().all(|tree| other.contains(tree));
    for one in all {
        if !out.iter().any(|earlier| is_within(&one, earlier) && is_within(earlier, &one)) {
            out.push(one);
        }
    }
    Some(out)
}

impl Simplifier {
    fn step(&mut self) -> Option<()> {
        self.steps += 1;
        (self.steps <= MOST_STEPS).then_some(())
    }

    /// Brings a tree into the normal form whose outer parts are joined in the given way.
    fn normal(&mut self, tree: &Tree, join: Join) -> Option<Tree> {
        self.step()?;
        let other = if join == Join::And { Join::Or } else { Join::And };
        if let Some(inner) = parts(tree, other) {
            let mut lists = Vec::new();
            for part in inner {
                let part = self.normal(part, join)?;
                lists.push(match parts(&part, join) {
                    Some(parts) => parts.to_vec(),
                    None => vec![part],
                });
            }
            let mut out = Vec::new();
            for one in product(&lists)? {
                out.push(self.of(one, other)?);
            }
            return self.of(out, join);
        }
        if let Some(inner) = parts(tree, join) {
            let inner = inner.iter().map(|part| self.normal(part, join)).collect::<Option<Vec<_>>>()?;
            return self.of(inner, join);
        }
        Some(tree.clone())
    }

    /// Joins trees, merging what can be merged.
    fn of(&mut self, trees: Vec<Tree>, join: Join) -> Option<Tree> {
        let (all, nothing) =
            if join == Join::And { (Tree::Any, Tree::Never) } else { (Tree::Never, Tree::Any) };
        let mut new = flat(trees, join);
        let mut old: Vec<Tree> = Vec::new();
        while old != new {
            old = std::mem::take(&mut new);
            for tree in &old {
                self.step()?;
                if new.contains(tree) || *tree == all {
                    continue;
                }
                match self.absorbed(&new, tree, join)? {
                    Absorbed::Nothing => return Some(nothing),
                    Absorbed::At(place, merged) => {
                        new[place] = merged;
                        new = flat(new, join);
                    }
                    Absorbed::No => new.push(tree.clone()),
                }
            }
        }
        if new.contains(&nothing) {
            return Some(nothing);
        }
        Some(match new.len() {
            0 => all,
            1 => new.remove(0),
            _ => Tree::joined(new, join),
        })
    }

    /// Looks for an earlier tree that makes one with this.
    fn absorbed(&mut self, earlier: &[Tree], tree: &Tree, join: Join) -> Option<Absorbed> {
        let other = if join == Join::And { Join::Or } else { Join::And };
        for (place, mark) in earlier.iter().enumerate() {
            let simpler = match (parts(mark, other), parts(tree, other)) {
                (Some(parts), _) => Some(self.simplified(mark, parts, tree, join)?),
                (None, Some(parts)) => Some(self.simplified(tree, parts, mark, join)?),
                (None, None) => None,
            };
            match simpler {
                Some(Some(merged)) => return Some(Absorbed::At(place, merged)),
                Some(None) => continue,
                None => {}
            }
            if let Tree::Single(_) = mark {
                let merged = self.pair(mark, tree, join)?;
                match (&merged, join) {
                    (Tree::Never, Join::And) | (Tree::Any, Join::Or) => return Some(Absorbed::Nothing),
                    (Tree::Single(_), _) => return Some(Absorbed::At(place, merged)),
                    (Tree::And(_), Join::Or) if merged.complexity() <= (2, 2) => {
                        return Some(Absorbed::At(place, merged));
                    }
                    _ => {}
                }
            }
        }
        Some(Absorbed::No)
    }

    /// Joins two trees.
    pub(super) fn pair(&mut self, one: &Tree, other: &Tree, join: Join) -> Option<Tree> {
        let (neutral, end) =
            if join == Join::And { (Tree::Any, Tree::Never) } else { (Tree::Never, Tree::Any) };
        match (one, other) {
            _ if *one == neutral => Some(other.clone()),
            _ if *one == end => Some(end),
            (Tree::Single(_), _) if *other == neutral => Some(one.clone()),
            (Tree::Single(_), _) if *other == end => Some(end),
            (Tree::Single(left), Tree::Single(right)) => {
                let merged = left.merge(right, join)?;
                Some(merged.unwrap_or_else(|| Tree::joined(vec![one.clone(), other.clone()], join)))
            }
            (Tree::Single(_), _) => self.simplest(vec![other.clone(), one.clone()], join),
            _ => self.simplest(vec![one.clone(), other.clone()], join),
        }
    }

    /// Joins trees in whichever form has the fewest comparisons.
    pub(super) fn simplest(&mut self, trees: Vec<Tree>, join: Join) -> Option<Tree> {
        let running = if join == Join::And { &mut self.intersecting } else { &mut self.uniting };
        if running.contains(&trees) {
            return None;
        }
        running.push(trees.clone());
        let result = self.candidates(trees, join);
        let running = if join == Join::And { &mut self.intersecting } else { &mut self.uniting };
        running.pop();
        result
    }

    fn candidates(&mut self, trees: Vec<Tree>, join: Join) -> Option<Tree> {
        let other = if join == Join::And { Join::Or } else { Join::And };
        let mut unnormalized = Tree::joined(trees, join);
        while let Tree::And(parts) | Tree::Or(parts) = &unnormalized
            && let [only] = &parts[..]
        {
            unnormalized = only.clone();
        }
        let first = self.normal(&unnormalized, other)?;
        if parts(&first, other).is_none() {
            return Some(first);
        }
        let second = self.normal(&first, join)?;
        if parts(&second, join).is_none() {
            return Some(second);
        }
        // The form with `or` outside comes first.
        let candidates =
            if join == Join::And { [first, second, unnormalized] } else { [second, first, unnormalized] };
        candidates.into_iter().min_by_key(Tree::complexity)
    }

    /// Tries to make less of parts joined one way, and a tree joined to them the other way.
    fn simplified(&mut self, whole: &Tree, ours: &[Tree], tree: &Tree, join: Join) -> Option<Option<Tree>> {
        if ours.contains(tree) {
            return Some(Some(tree.clone()));
        }
        if let Tree::Single(single) = tree
            && single.operator.is_some()
            && let Some(theirs) = single.as_python()
        {
            let theirs = theirs?;
            for own in ours {
                let Tree::Single(own) = own else { continue };
                let Some(own) = own.as_python() else { continue };
                let own = own?;
                let is_covered =
                    if join == Join::And { own.allows_all(&theirs) } else { theirs.allows_all(&own) };
                if is_covered {
                    return Some(Some(tree.clone()));
                }
            }
        }
        let other = if join == Join::And { Join::Or } else { Join::And };
        let Some(theirs) = parts(tree, other) else { return Some(None) };
        if ours.iter().all(|part| theirs.contains(part)) {
            return Some(Some(whole.clone()));
        }
        if theirs.iter().all(|part| ours.contains(part)) {
            return Some(Some(tree.clone()));
        }
        let (shared, unique): (Vec<Tree>, Vec<Tree>) =
            ours.iter().cloned().partition(|part| theirs.contains(part));
        if shared.is_empty() {
            return Some(None);
        }
        let other_unique: Vec<Tree> = theirs.iter().filter(|part| !ours.contains(part)).cloned().collect();
        let sides = vec![Tree::joined(unique, other), Tree::joined(other_unique, other)];
        let joined = self.simplest(sides, join)?;
        let is_small = match (&joined, join) {
            (Tree::Single(_), _) | (Tree::Any, Join::Or) | (Tree::Never, Join::And) => true,
            _ => parts(&joined, other).is_some() && joined.complexity() <= (2, 2),
        };
        if !is_small {
            return Some(None);
        }
        self.pair(&joined, &Tree::joined(shared, other), other).map(Some)
    }

    /// Tells whether poetry-core could bring a finished marker into its other form, as it does in passing.
    pub(super) fn converts(&mut self, tree: &Tree) -> Option<()> {
        self.normal(tree, Join::Or).map(|_| ())
    }
}

/// What becomes of a tree beside earlier ones.
enum Absorbed {
    Nothing,
    At(usize, Tree),
    No,
}
