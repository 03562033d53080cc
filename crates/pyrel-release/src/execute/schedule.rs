//! Which package may go next: a package is ready when everything that it needs is done.
//!
//! Pure: it starts nothing and knows nothing of files.

use std::collections::{BTreeMap, BTreeSet};

use pyrel_model::PackageName;

/// The packages that are not done yet, and what each waits for.
#[derive(Debug)]
pub(super) struct Schedule {
    waiting: BTreeMap<PackageName, BTreeSet<PackageName>>,
    ready: BTreeSet<PackageName>,
    dependents: BTreeMap<PackageName, Vec<PackageName>>,
}

impl Schedule {
    /// Makes a schedule from packages and what each must come after. Names that are no packages here are
    /// nothing to wait for.
    pub(super) fn new<'p>(
        packages: impl Iterator<Item = (&'p PackageName, &'p [PackageName])> + Clone,
    ) -> Self {
        let known: BTreeSet<&PackageName> = packages.clone().map(|(name, _)| name).collect();
        let mut schedule =
            Self { waiting: BTreeMap::new(), ready: BTreeSet::new(), dependents: BTreeMap::new() };
        for (name, after) in packages {
            let after: BTreeSet<PackageName> =
                after.iter().filter(|other| known.contains(other) && *other != name).cloned().collect();
            for other in &after {
                schedule.dependents.entry(other.clone()).or_default().push(name.clone());
            }
            if after.is_empty() {
                schedule.ready.insert(name.clone());
            } else {
                schedule.waiting.insert(name.clone(), after);
            }
        }
        schedule
    }

    /// Returns the next package that may go, by name; each is returned once.
    pub(super) fn take_ready(&mut self) -> Option<PackageName> {
        self.ready.pop_first()
    }

    /// Says that a package is done, which may make others ready.
    pub(super) fn finish(&mut self, name: &PackageName) {
        for dependent in self.dependents.get(name).into_iter().flatten() {
            let Some(after) = self.waiting.get_mut(dependent) else { continue };
            after.remove(name);
            if after.is_empty() {
                self.waiting.remove(dependent);
                self.ready.insert(dependent.clone());
            }
        }
    }

    /// Says that a package failed; returns all packages that now cannot go, sorted by name. Each is returned
    /// once, for the first failure that blocks it.
    pub(super) fn fail(&mut self, name: &PackageName) -> Vec<PackageName> {
        let mut blocked = BTreeSet::new();
        let mut open = vec![name.clone()];
        while let Some(failed) = open.pop() {
            for dependent in self.dependents.get(&failed).into_iter().flatten() {
                if self.waiting.remove(dependent).is_some() {
                    blocked.insert(dependent.clone());
                    open.push(dependent.clone());
                }
            }
        }
        blocked.into_iter().collect()
    }

    /// Returns the packages that never became ready: members of a cycle, and those behind one.
    pub(super) fn into_rest(self) -> impl Iterator<Item = PackageName> {
        self.ready.into_iter().chain(self.waiting.into_keys())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small deterministic generator (xorshift).
    struct Random(u64);

    impl Random {
        fn below(&mut self, limit: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % limit as u64) as usize
        }
    }

    fn graph(random: &mut Random) -> BTreeMap<PackageName, Vec<PackageName>> {
        let names: Vec<PackageName> =
            (0..random.below(14) + 1).map(|at| format!("p{at:02}").parse().unwrap()).collect();
        let mut out = BTreeMap::new();
        for at in 0..names.len() {
            let after = (0..at).filter(|_| random.below(4) == 0).map(|other| names[other].clone()).collect();
            out.insert(names[at].clone(), after);
        }
        out
    }

    #[test]
    fn respects_the_graph_and_loses_nobody_whatever_fails() {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        for _ in 0..500 {
            let graph = graph(&mut random);
            let mut schedule = Schedule::new(graph.iter().map(|(name, after)| (name, after.as_slice())));
            let mut running: Vec<PackageName> = Vec::new();
            let (mut done, mut failed, mut blocked) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            loop {
                while running.len() < 3
                    && let Some(name) = schedule.take_ready()
                {
                    assert!(graph[&name].iter().all(|other| done.contains(other)), "{name} went too early");
                    running.push(name);
                }
                if running.is_empty() {
                    break;
                }
                let name = running.swap_remove(random.below(running.len()));
                if random.below(5) == 0 {
                    for other in schedule.fail(&name) {
                        assert!(blocked.insert(other), "blocked once");
                    }
                    failed.insert(name);
                } else {
                    schedule.finish(&name);
                    done.insert(name);
                }
            }
            assert_eq!(schedule.into_rest().count(), 0);
            assert_eq!(done.len() + failed.len() + blocked.len(), graph.len());
            for name in &blocked {
                let guilty = |other: &PackageName| failed.contains(other) || blocked.contains(other);
                assert!(graph[name].iter().any(guilty), "{name} was blocked for nothing");
            }
        }
    }

    #[test]
    fn a_cycle_stays_behind() {
        let (a, b): (PackageName, PackageName) = ("a".parse().unwrap(), "b".parse().unwrap());
        let graph = [(a.clone(), vec![b.clone()]), (b, vec![a])];
        let mut schedule = Schedule::new(graph.iter().map(|(name, after)| (name, after.as_slice())));
        assert!(schedule.take_ready().is_none());
        assert_eq!(schedule.into_rest().count(), 2);
    }
}
