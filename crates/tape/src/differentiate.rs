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
    for index in low..=high {
        let node = &recording.nodes[index];
        let above = |&input: &u32| input as usize >= low && depends[input as usize - low];
        if !depends[index - low] && node.inputs.iter().any(above) {
            depends[index - low] = true;
        }
    }
    depends
}
