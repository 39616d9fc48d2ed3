//! Ops that are made of others, as one node each.

use super::{GraphNode, GraphView, NodeKind};
use std::collections::{HashMap, HashSet};

/// What becomes of the nodes of one composition.
#[derive(Default)]
struct Group {
    /// The ids of the ops and numbers recorded in it.
    members: Vec<usize>,
    /// Those of them that others use.
    exits: Vec<usize>,
}

impl<'t> GraphView<'t> {
    /// The graph as it was written: an op that is made of others (`softmax`, or a sum that was broadcast) is one node of its name, which
    /// stands for the value that the rest of the graph uses. A composition of which several values are used stays as it is.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let y = tape.var([1.0, 2.0]).softmax(-1);
    /// let graph = tape.graph(&[y])?;
    /// assert!(graph.nodes().len() > 4);
    /// let ops: Vec<_> = graph.collapsed().nodes().iter().map(|node| node.op).collect();
    /// assert_eq!(ops, ["var", "softmax"]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn collapsed(&self) -> GraphView<'t> {
        let groups = self.groups();
        let mut nodes = Vec::new();
        for node in &self.nodes {
            let inside =
                node.group.and_then(|group| groups.get(&group)).filter(|group| group.exits.len() == 1);
            let Some(group) = inside else {
                nodes.push(node.clone());
                continue;
            };
            if !is_member(node) {
                nodes.push(GraphNode { composition: None, group: None, ..node.clone() });
                continue;
            }
            if group.exits[0] != node.id {
                continue;
            }
            let inputs = self.operands(group, node.id);
            let (op, kind) = (node.composition.unwrap_or(node.op), NodeKind::Op);
            nodes.push(GraphNode { op, kind, inputs, composition: None, group: None, ..node.clone() });
        }
        GraphView { nodes, outputs: self.outputs.clone() }
    }

    /// What a composition takes from outside, in the order in which its ops name it, from the last on.
    fn operands(&self, group: &Group, exit: usize) -> Vec<usize> {
        let (mut seen, mut operands, mut open) = (HashSet::from([exit]), Vec::new(), vec![exit]);
        while let Some(id) = open.pop() {
            if group.members.binary_search(&id).is_err() {
                operands.push(id);
            } else if let Some(node) = self.node(id) {
                open.extend(node.inputs.iter().rev().filter(|&&input| seen.insert(input)));
            }
        }
        operands
    }

    fn groups(&self) -> HashMap<usize, Group> {
        let mut groups: HashMap<usize, Group> = HashMap::new();
        let mut used = vec![false; self.nodes.len()];
        let place = |id: usize| self.nodes.binary_search_by_key(&id, |node| node.id).ok();
        self.outputs.iter().filter_map(|&id| place(id)).for_each(|at| used[at] = true);
        for node in &self.nodes {
            for at in node.inputs.iter().filter_map(|&id| place(id)) {
                let inside = node.group.is_some() && node.group == self.nodes[at].group && is_member(node);
                used[at] |= !inside;
            }
        }
        for (node, used) in self.nodes.iter().zip(used).filter(|(node, _)| is_member(node)) {
            let Some(group) = node.group else { continue };
            let group = groups.entry(group).or_default();
            group.members.push(node.id);
            if used {
                group.exits.push(node.id);
            }
        }
        groups
    }
}

/// Whether a node belongs to the composition that recorded it. Parameters and data come from outside.
fn is_member(node: &GraphNode<'_>) -> bool {
    matches!(node.kind, NodeKind::Op | NodeKind::Constant(_))
}
