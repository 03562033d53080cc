//! Which versions follow from others: packages that share a version move together, and a package whose constraint
//! does not admit the new version of a dependency is raised too. Pure: versions in, versions out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use pyrel_model::{PackageName, Version};

use super::level::{dependent_levels, raise};
use super::{BumpError, Level};

/// Why a package gets a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It was asked for.
    Asked,
    /// Its commits ask for it; how many, and the weight of the heaviest.
    Commits {
        /// Commits since the last release that touch the package.
        count: usize,
        /// `patch`, `minor`, or `major`.
        weight: &'static str,
    },
    /// It shares a version with another package.
    Together(PackageName),
    /// Its constraint on another package did not admit the new version of that.
    Dependency(PackageName),
}

/// A new version and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) version: Version,
    pub(super) reason: Reason,
}

/// A package as the cascade sees it.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) version: Version,
    /// Packages that share the version, this one included.
    pub(super) together: BTreeSet<PackageName>,
}

/// The question whether a dependent's constraints admit a version of its dependency.
pub(super) type Admits<'a> = dyn Fn(&PackageName, &PackageName, &Version) -> bool + 'a;

/// All packages and who depends on whom.
pub(super) struct Cascade<'a> {
    pub(super) nodes: BTreeMap<PackageName, Node>,
    /// Dependency to dependents.
    pub(super) dependents: BTreeMap<PackageName, BTreeSet<PackageName>>,
    pub(super) admits: &'a Admits<'a>,
    /// What a dependent is raised by; `None` leaves it alone.
    pub(super) level: Option<Level>,
    /// Tells why a package has no version that could be raised.
    pub(super) unknown: &'a dyn Fn(&PackageName) -> BumpError,
}

impl Cascade<'_> {
    /// Returns every new version that follows from the first ones.
    ///
    /// # Errors
    /// When a dependent has no version, or none that can be raised.
    pub(super) fn run(
        &self,
        first: BTreeMap<PackageName, Target>,
    ) -> Result<BTreeMap<PackageName, Target>, BumpError> {
        let mut targets = BTreeMap::new();
        let mut open = VecDeque::new();
        for (name, target) in first {
            self.settle(&name, &target, &mut targets, &mut open);
        }
        while let Some(name) = open.pop_front() {
            let version = targets.get(&name).map(|target: &Target| target.version.clone());
            let Some((version, level)) = version.zip(self.level) else { continue };
            for dependent in self.dependents.get(&name).into_iter().flatten() {
                if targets.contains_key(dependent) || (self.admits)(dependent, &name, &version) {
                    continue;
                }
                let current = self.highest(dependent)?;
                let next = raise(&current, &dependent_levels(&current, level, &version))?;
                let target = Target { version: next, reason: Reason::Dependency(name.clone()) };
                self.settle(dependent, &target, &mut targets, &mut open);
            }
        }
        Ok(targets)
    }

    /// Gives a package its version, and those that share it the same.
    fn settle(
        &self,
        name: &PackageName,
        target: &Target,
        targets: &mut BTreeMap<PackageName, Target>,
        open: &mut VecDeque<PackageName>,
    ) {
        let alone = BTreeSet::from([name.clone()]);
        let together = self.nodes.get(name).map_or(&alone, |node| &node.together);
        for member in together {
            let reason = if member == name { target.reason.clone() } else { Reason::Together(name.clone()) };
            match targets.get_mut(member) {
                // What was asked for by name stays so, whoever else asks.
                Some(known) if member == name && matches!(known.reason, Reason::Together(_)) => {
                    known.reason = reason;
                }
                Some(_) => {}
                None => {
                    targets.insert(member.clone(), Target { version: target.version.clone(), reason });
                    open.push_back(member.clone());
                }
            }
        }
    }

    /// Returns the version that a package and those it shares it with are raised from.
    fn highest(&self, name: &PackageName) -> Result<Version, BumpError> {
        let node = self.nodes.get(name).ok_or_else(|| (self.unknown)(name))?;
        let versions = node.together.iter().filter_map(|member| self.nodes.get(member));
        Ok(versions.map(|node| &node.version).max().unwrap_or(&node.version).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PackageName {
        text.parse().unwrap()
    }

    fn run(groups: &[&[&str]], edges: &[(&str, &str)], admits: &Admits<'_>) -> Vec<String> {
        let mut nodes = BTreeMap::new();
        for group in groups {
            let together: BTreeSet<PackageName> = group.iter().map(|one| name(one)).collect();
            for member in &together {
                let node = Node { version: "1.2.3".parse().unwrap(), together: together.clone() };
                nodes.insert(member.clone(), node);
            }
        }
        let mut dependents: BTreeMap<PackageName, BTreeSet<PackageName>> = BTreeMap::new();
        for (from, to) in edges {
            dependents.entry(name(to)).or_default().insert(name(from));
        }
        let unknown = |name: &PackageName| panic!("{name} has a version");
        let cascade = Cascade { nodes, dependents, admits, level: Some(Level::Patch), unknown: &unknown };
        let first = Target { version: "2.0.0".parse().unwrap(), reason: Reason::Asked };
        let targets = cascade.run(BTreeMap::from([(name("a"), first)])).unwrap();
        targets
            .iter()
            .map(|(name, target)| format!("{name} {} {:?}", target.version, target.reason))
            .collect()
    }

    #[test]
    fn dependents_out_of_range_follow_and_theirs_too() {
        let groups: &[&[&str]] = &[&["a"], &["b"], &["c"], &["d"], &["e", "f"]];
        let edges = [("b", "a"), ("c", "b"), ("d", "c"), ("e", "a")];
        let exact = |_: &PackageName, _: &PackageName, _: &Version| false;
        let all = run(groups, &edges, &exact);
        assert_eq!(all.len(), 6);
        assert!(all[3].starts_with("d 1.2.4 Dependency"), "{all:?}");
        assert!(all[4].starts_with("e 1.2.4 Dependency"), "{all:?}");
        assert!(all[5].starts_with("f 1.2.4 Together"), "{all:?}");
        // A range that ends with the first number stops the cascade after the direct dependents.
        let range = |_: &PackageName, _: &PackageName, version: &Version| version.release()[0] < 2;
        assert_eq!(run(groups, &edges, &range).len(), 4);
        let open = |_: &PackageName, _: &PackageName, _: &Version| true;
        assert_eq!(run(groups, &edges, &open), ["a 2.0.0 Asked"]);
    }

    #[test]
    fn those_that_share_a_version_get_the_same() {
        let exact = |_: &PackageName, _: &PackageName, _: &Version| false;
        let all = run(&[&["a", "b"], &["c"]], &[("c", "b"), ("b", "a")], &exact);
        assert!(all[0].starts_with("a 2.0.0 Asked"));
        assert!(all[1].starts_with("b 2.0.0 Together"));
        assert!(all[2].starts_with("c 1.2.4 Dependency"));
    }
}
