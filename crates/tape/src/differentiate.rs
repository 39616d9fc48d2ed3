//! Differentiation: derivatives are recorded on the same tape, so they can be differentiated again.

mod forward;
mod reverse;

use crate::record::Recording;

/// For each node of `low..=high`, whether it is one of `sources` or made from one.
pub(crate) fn dependents(
    recording: &Recording,
    low: usize,
    high: usize,
    sources: impl Iterator<Item = usize>,
) -> Vec<bool> {
    let mut depends = vec![false; high + 1 - low];
    if recording.nodes.is_empty() {
        return depends;
    }
    for source in sources {
        if (low..=high).contains(&source) {
            depends[source - low] = true;
        }
    }
    for (node, index) in recording.nodes[low..=high].iter().zip(0..) {
        let above = |&input: &u32| input as usize >= low && depends[input as usize - low];
        if !depends[index] && node.inputs.iter().any(above) {
            depends[index] = true;
        }
    }
    depends
}

/// For each node of `low..=high`, whether it is one of `results` or they are made from it.
pub(crate) fn needed(
    recording: &Recording,
    low: usize,
    high: usize,
    results: impl Iterator<Item = usize>,
) -> Vec<bool> {
    let mut needed = vec![false; high + 1 - low];
    for result in results {
        if (low..=high).contains(&result) {
            needed[result - low] = true;
        }
    }
    for (index, node) in recording.nodes[low..=high].iter().enumerate().rev() {
        if needed[index] {
            let inside = node.inputs.iter().filter_map(|&input| (input as usize).checked_sub(low));
            inside.for_each(|input| needed[input] = true);
        }
    }
    needed
}
