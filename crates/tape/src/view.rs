//! A recording as a graph that can be read and drawn.

mod collapse;
mod dot;
mod language;
mod mermaid;

use crate::record::{Leaf, Recording, Source};
use crate::{At, DType, NotedLayer, Result, Shape, Tape, Var};
use std::collections::HashMap;
use std::sync::Arc;

/// The part of a recording that outputs depend on, in the order of recording: see [`Tape::graph`].
#[derive(Clone, Debug)]
pub struct GraphView<'t> {
    nodes: Vec<GraphNode<'t>>,
    outputs: Vec<usize>,
}

/// A node of a [`GraphView`]: an op, or a value that is not computed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GraphNode<'t> {
    /// The value itself, to ask for its [number](Var::value) or a [gradient](Tape::grad).
    pub var: Var<'t>,
    /// The node's place in the recording. Inputs have smaller ones.
    pub id: usize,
    /// Where the value comes from.
    pub kind: NodeKind,
    /// The op's name; `param`, `input`, `var` or `constant` for other nodes.
    pub op: &'static str,
    /// Lengths of the axes.
    pub shape: Shape,
    /// Element type.
    pub dtype: DType,
    /// The ids of the operands, in their order. One that is used twice is there twice.
    pub inputs: Vec<usize>,
    /// What it was [called](Var::named), or the name of the parameter; `input 0` and so on for a program's inputs.
    pub name: Option<Arc<str>>,
    /// The layer whose output it is.
    pub layer: Option<NotedLayer>,
    /// The op made of others, such as `softmax`, that recorded it.
    pub composition: Option<&'static str>,
    /// Whether it was recorded by a derivative rule.
    pub derived: bool,
    /// The source line that recorded it.
    pub at: At,
    /// Which composition of the recording this is part of.
    group: Option<usize>,
}

/// Where the value of a [`GraphNode`] comes from.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub enum NodeKind {
    /// An op computes it.
    Op,
    /// A parameter of the model.
    Param,
    /// An input of a program, given at each run.
    Input,
    /// A tensor given while recording.
    Data,
    /// A number, the same in every element.
    Constant(f64),
}

impl<'t> GraphView<'t> {
    /// The nodes in the order of recording: each stands behind its operands.
    pub fn nodes(&self) -> &[GraphNode<'t>] {
        &self.nodes
    }

    /// The node of this id, if it is in the graph.
    pub fn node(&self, id: usize) -> Option<&GraphNode<'t>> {
        let place = self.nodes.binary_search_by_key(&id, |node| node.id).ok()?;
        Some(&self.nodes[place])
    }

    /// The ids of the outputs, in the order asked for.
    pub fn outputs(&self) -> &[usize] {
        &self.outputs
    }
}

impl GraphNode<'_> {
    /// What a picture says of the node, line by line.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.name.iter().map(|name| name.to_string()).collect();
        match self.kind {
            NodeKind::Constant(value) => lines.push(value.to_string()),
            // Its name says what it is.
            NodeKind::Input if self.name.as_ref().is_some_and(|name| name.starts_with("input ")) => {}
            _ => lines.push(self.op.to_owned()),
        }
        let scalar = self.shape.rank() == 0;
        lines.push(if scalar { self.dtype.to_string() } else { format!("{} {}", self.shape, self.dtype) });
        lines.extend(self.layer.iter().map(|layer| format!("{}: {}", layer.name, layer.kind)));
        lines
    }
}

impl Tape {
    /// The graph that was recorded, as far as `outputs` depend on it: ops, parameters and other values with shapes, names and source
    /// lines. Nothing is computed.
    ///
    /// ```
    /// use chainrule_tape::{NodeKind, Tape};
    ///
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]).named("x");
    /// let _unused = x.exp();
    /// let graph = tape.graph(&[(x * 3.0).sum(..)])?;
    /// let ops: Vec<_> = graph.nodes().iter().map(|node| node.op).collect();
    /// assert_eq!(ops, ["var", "constant", "mul", "sum"]);
    /// let product = &graph.nodes()[2];
    /// assert_eq!(graph.node(product.inputs[1]).unwrap().kind, NodeKind::Constant(3.0));
    /// assert_eq!(product.shape.dims(), [2]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording; or if an output is of another tape.
    #[track_caller]
    pub fn graph<'t>(&'t self, outputs: &[Var<'t>]) -> Result<GraphView<'t>> {
        self.rejects("graph", outputs);
        self.check()?;
        Ok(self.view(outputs.iter().map(|output| output.index as usize).collect()))
    }

    /// The graph of everything recorded: its outputs are the values from which nothing is made.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var(2.0);
    /// let (y, z) = (x.sin(), x.cos());
    /// assert_eq!(tape.whole_graph()?.nodes().len(), 3);
    /// # let _ = (y, z);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording.
    pub fn whole_graph(&self) -> Result<GraphView<'_>> {
        self.check()?;
        let ends = {
            let recording = self.recording();
            // Functions of one element or step have been made something else of.
            let mut used = recording.unused();
            recording
                .nodes
                .iter()
                .flat_map(|node| &node.inputs)
                .for_each(|&input| used[input as usize] = true);
            (0..recording.nodes.len()).filter(|&index| !used[index]).collect()
        };
        Ok(self.view(ends))
    }

    /// Everything recorded as a graph in Graphviz's language: [`GraphView::to_dot`].
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let _y = tape.var(2.0).named("x").sin();
    /// assert!(tape.to_dot()?.contains("n0 -> n1;"));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording.
    pub fn to_dot(&self) -> Result<String> {
        Ok(self.whole_graph()?.to_dot())
    }

    /// Everything recorded as a graph in Mermaid's language: [`GraphView::to_mermaid`].
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let _y = tape.var(2.0).named("x").sin();
    /// assert!(tape.to_mermaid()?.contains("n0 --> n1"));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// The first mistake made while recording.
    pub fn to_mermaid(&self) -> Result<String> {
        Ok(self.whole_graph()?.to_mermaid())
    }

    fn view(&self, outputs: Vec<usize>) -> GraphView<'_> {
        let recording = self.recording();
        let mut needed = vec![false; outputs.iter().max().map_or(0, |last| last + 1)];
        outputs.iter().for_each(|&output| needed[output] = true);
        for index in (0..needed.len()).rev() {
            if needed[index] {
                recording.nodes[index].inputs.iter().for_each(|&input| needed[input as usize] = true);
            }
        }
        let mut names: HashMap<u32, Arc<str>> = HashMap::new();
        names.extend(recording.names.iter().cloned());
        let mut layers = recording.layers_by_node();
        let mut group = 0;
        let mut nodes = Vec::new();
        for id in (0..needed.len()).filter(|&id| needed[id]) {
            while recording.composed.get(group).is_some_and(|composed| composed.end as usize <= id) {
                group += 1;
            }
            let inside = recording.composed.get(group).filter(|composed| composed.start as usize <= id);
            let (node, index) = (&recording.nodes[id], id as u32);
            let kind = recording.kind(&node.source);
            nodes.push(GraphNode {
                var: Var { tape: self, index },
                id,
                kind,
                op: node.name(),
                shape: node.meta.shape.clone(),
                dtype: node.meta.dtype,
                inputs: node.inputs.iter().map(|&input| input as usize).collect(),
                name: names.remove(&index).or_else(|| recording.own_name(&node.source)),
                layer: layers.remove(&index),
                composition: inside.map(|composed| composed.name),
                derived: node.derived,
                at: node.at,
                group: inside.map(|_| group),
            });
        }
        GraphView { nodes, outputs }
    }
}

impl Recording {
    fn kind(&self, source: &Source) -> NodeKind {
        match source {
            Source::Op(_) => NodeKind::Op,
            Source::Leaf(Leaf::Param(_)) => NodeKind::Param,
            Source::Leaf(Leaf::Input(_)) => NodeKind::Input,
            Source::Leaf(Leaf::Data(_)) => NodeKind::Data,
            Source::Leaf(Leaf::Scalar(number)) => NodeKind::Constant(self.scalars[*number as usize]),
        }
    }

    /// The name of a leaf that has one without being given it.
    fn own_name(&self, source: &Source) -> Option<Arc<str>> {
        match source {
            Source::Leaf(Leaf::Param(id)) => self.params.as_ref().map(|params| params.name(*id).into()),
            Source::Leaf(Leaf::Input(number)) => Some(format!("input {number}").into()),
            _ => None,
        }
    }
}
