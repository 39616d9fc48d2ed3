//! What the languages of graphs have in common: boxes, frames around compositions, arrows.

use super::{GraphNode, GraphView};
use std::collections::HashSet;
use std::fmt::Write as _;

/// How a language writes a graph. Its texts are whole lines.
pub(super) struct Language {
    pub begin: &'static str,
    /// A box; whether it is an output.
    pub node: fn(&mut String, &GraphNode<'_>, bool),
    /// Begins the frame around a composition: its number and its name.
    pub open: fn(usize, &str) -> String,
    pub close: &'static str,
    /// What stands between the two ends of an arrow, and behind them.
    pub arrow: [&'static str; 2],
    pub end: &'static str,
}

impl GraphView<'_> {
    pub(super) fn write(&self, language: &Language) -> String {
        let mut text = language.begin.to_owned();
        let outputs: HashSet<usize> = self.outputs.iter().copied().collect();
        for run in self.nodes.chunk_by(|a, b| a.group == b.group) {
            let framed = run[0].composition.filter(|_| run.len() > 1).zip(run[0].group);
            if let Some((name, group)) = framed {
                text += &(language.open)(group, name);
            }
            run.iter().for_each(|node| (language.node)(&mut text, node, outputs.contains(&node.id)));
            if framed.is_some() {
                text += language.close;
            }
        }
        let [between, behind] = language.arrow;
        for node in &self.nodes {
            for input in &node.inputs {
                let _ = writeln!(text, "  n{input}{between}n{}{behind}", node.id);
            }
        }
        text + language.end
    }
}
