//! Differentiation: derivatives are recorded on the same tape, so they can be differentiated again.

mod forward;
mod reverse;

use crate::record::Recording;

/// For each node of `low..=high`, whether it is one of `sources` or made from one.
fn dependents(
    recording: &Recording,
    low: usize,
    high: usize,
    sources: impl Iterator<Item = usize>,
) -> Vec<bool> {
    let mut depends = vec![false; high + 1 - low];
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
