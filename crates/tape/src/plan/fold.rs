//! Constant folding: what depends on nothing that can change is computed while planning.

use super::graph::{Graph, Kind};
use super::{Plan, lower};
use crate::record::{Leaf, Lower, Recording, scalar_class};
use crate::{Result, Tensor};
use chainrule_kernels::Level;

/// Larger values are computed in every run: they would fill the memory.
const LARGEST: usize = 1 << 20;

/// Replaces what never changes by its value. `run` computes the outputs of a plan without inputs.
pub(crate) fn fold(
    graph: &mut Graph,
    recording: &Recording,
    run: impl FnOnce(Plan, &Graph) -> Result<Vec<Tensor>>,
) -> Result<()> {
    // A value is fixed if it is made from indices and from constants of which planning knows the value.
    let mut fixed: Vec<bool> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let inputs = node.inputs.iter().all(|&x| fixed[x as usize]);
        fixed.push(match &node.kind {
            Kind::Leaf(Leaf::Scalar(number)) => scalar_class(recording.scalars[*number as usize]) < 2,
            Kind::Leaf(_) | Kind::Known(_) | Kind::Folded(_) => false,
            Kind::Op(Lower::Call(_) | Lower::Custom(_)) => false,
            Kind::Op(_) => inputs && node.meta.shape.numel() <= LARGEST,
        });
    }
    // Of these, the last ones: those that others use. Views and single constants stay as they are.
    let mut wanted = vec![false; graph.nodes.len()];
    let computed = |graph: &Graph, x: u32| matches!(&graph.nodes[x as usize].kind, Kind::Op(lower) if !matches!(lower, Lower::View(_)));
    let uses = graph.uses();
    for (index, node) in graph.nodes.iter().enumerate() {
        if fixed[index] || node.is_movement() || uses[index] == 0 {
            continue;
        }
        for &x in &node.inputs {
            let x = graph.base(x);
            wanted[x as usize] |= fixed[x as usize] && computed(graph, x);
        }
    }
    let frontier: Vec<u32> = (0..graph.nodes.len() as u32).filter(|&x| wanted[x as usize]).collect();
    if frontier.is_empty() {
        return Ok(());
    }
    let part = Graph { nodes: graph.nodes.clone(), outputs: frontier.clone(), ..Graph::default() };
    let values = run(lower(&part, Level::detect()), &part)?;
    for (&x, value) in frontier.iter().zip(values) {
        let node = &mut graph.nodes[x as usize];
        node.kind = Kind::Folded(graph.folded.len() as u32);
        node.inputs.clear();
        graph.folded.push(value);
    }
    Ok(())
}
