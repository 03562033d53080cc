//! Orders of numbered nodes, of which each may need others to come first.

use std::collections::{BTreeMap, BTreeSet};

/// For each node the nodes that it needs, all of them keys.
pub(super) type Needs = BTreeMap<usize, BTreeSet<usize>>;

/// Returns the nodes so that each comes after those it needs; the smallest number first where there is a choice.
///
/// # Errors
/// With the smallest node that is left when a cycle stops the rest.
pub(super) fn topological(needs: &Needs) -> Result<Vec<usize>, usize> {
    let mut missing: BTreeMap<usize, usize> = needs.iter().map(|(at, needed)| (*at, needed.len())).collect();
    let mut dependents: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, needed) in needs {
        for other in needed {
            dependents.entry(*other).or_default().push(*at);
        }
    }
    let mut ready: BTreeSet<usize> =
        missing.iter().filter(|(_, count)| **count == 0).map(|(at, _)| *at).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(at) = ready.pop_first() {
        missing.remove(&at);
        order.push(at);
        for dependent in dependents.get(&at).into_iter().flatten() {
            let Some(count) = missing.get_mut(dependent) else { continue };
            *count -= 1;
            if *count == 0 {
                ready.insert(*dependent);
            }
        }
    }
    match missing.first_key_value() {
        None => Ok(order),
        Some((first, _)) => Err(*first),
    }
}

/// Returns the nodes in waves: each needs only nodes of earlier waves, and comes as early as it can.
///
/// # Errors
/// As [`topological`].
pub(super) fn waves(needs: &Needs) -> Result<Vec<Vec<usize>>, usize> {
    let mut wave_of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut waves: Vec<Vec<usize>> = Vec::new();
    for at in topological(needs)? {
        let wave = needs[&at].iter().map(|needed| wave_of[needed] + 1).max().unwrap_or(0);
        if wave == waves.len() {
            waves.push(Vec::new());
        }
        waves[wave].push(at);
        wave_of.insert(at, wave);
    }
    for wave in &mut waves {
        wave.sort_unstable();
    }
    Ok(waves)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(edges: &[(usize, &[usize])]) -> Needs {
        edges.iter().map(|(at, needed)| (*at, needed.iter().copied().collect())).collect()
    }

    #[test]
    fn the_order_respects_needs_and_prefers_small_numbers() {
        let needs = needs(&[(0, &[3]), (1, &[0, 4]), (2, &[]), (3, &[]), (4, &[])]);
        assert_eq!(topological(&needs), Ok(vec![2, 3, 0, 4, 1]));
        assert_eq!(waves(&needs), Ok(vec![vec![2, 3, 4], vec![0], vec![1]]));
    }

    #[test]
    fn a_cycle_leaves_its_nodes_and_what_hangs_on_them() {
        assert_eq!(topological(&needs(&[(0, &[]), (1, &[2]), (2, &[3]), (3, &[2])])), Err(1));
        assert_eq!(topological(&needs(&[(7, &[7])])), Err(7));
        assert_eq!(waves(&needs(&[(7, &[7])])), Err(7));
    }
}
