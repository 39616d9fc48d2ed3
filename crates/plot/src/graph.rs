//! The picture of a recorded graph.

mod draw;
mod layout;
mod node;
mod order;
mod place;

use std::collections::HashSet;

use chainrule_tape::{Error, GraphView, Result as TapeResult, Tensor, Var};

use crate::sheet::Sheet;
use crate::{Picture, PlotError, Theme};
use draw::Drawing;
use node::Node;

/// The picture of a recorded graph: see [`graph`].
#[derive(Clone, Debug)]
#[must_use = "a picture is drawn by `save` or `to_svg`"]
pub struct Graph<'t> {
    outputs: Vec<Var<'t>>,
    view: Option<GraphView<'t>>,
    each_op: bool,
    picture: GraphPicture,
}

/// The picture of a recorded graph without the tape, made by [`Graph::finish`].
#[derive(Clone, Debug)]
#[must_use = "a picture is drawn by `save` or `to_svg`"]
pub struct GraphPicture {
    title: String,
    nodes: Vec<Node>,
    values: bool,
    gradients: bool,
    /// The first mistake: of the recording, or of computing it.
    mistake: Option<Error>,
}

/// The picture of what was recorded to make `outputs`: a box for each op, parameter and other value, with its name (see
/// [`Var::named`]), op and shape, and arrows from operands to results. Ops that are made of others are one box.
///
/// From left to right if that is not too wide, else from top to bottom. Parameters are tinted, data grey, outputs framed in bold.
///
/// ```
/// use chainrule_plot::Picture;
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let (w, x) = (tape.var(0.5).named("w"), tape.var(3.0).named("x"));
/// let loss = (w * x - 1.0).square().named("L");
/// let picture = chainrule_plot::graph(&[loss]).with_values().with_gradients();
/// picture.save(std::env::temp_dir().join("chainrule-doc-graph.svg"))?;
/// assert!(picture.to_svg().contains(">0.25</text>")); // L = (0.5·3 − 1)²
/// # Ok::<(), chainrule_plot::PlotError>(())
/// ```
///
/// A mistake in the recording is an error of [`check`](Picture::check) and [`save`](Picture::save):
///
/// ```
/// # use chainrule_plot::Picture;
/// # use chainrule_tape::Tape;
/// let tape = Tape::new();
/// let y = tape.var([1.0, 2.0]) + tape.var([1.0, 2.0, 3.0]);
/// let error = chainrule_plot::graph(&[y]).check().unwrap_err();
/// assert!(error.to_string().starts_with("add: these shapes don't broadcast"));
/// ```
#[track_caller]
pub fn graph<'t>(outputs: &[Var<'t>]) -> Graph<'t> {
    // No closure: a mistake is reported where this is called.
    let (view, mistake) = match outputs.first() {
        None => (None, None),
        Some(output) => match output.tape().graph(outputs) {
            Ok(view) => (Some(view), None),
            Err(mistake) => (None, Some(mistake)),
        },
    };
    let picture =
        GraphPicture { title: String::new(), nodes: Vec::new(), values: false, gradients: false, mistake };
    let graph = Graph { outputs: outputs.to_vec(), view, each_op: false, picture };
    graph.rebuilt()
}

impl<'t> Graph<'t> {
    /// A title above the graph.
    ///
    /// ```
    /// # use chainrule_plot::{Picture, graph};
    /// # let tape = chainrule_tape::Tape::new();
    /// assert!(graph(&[tape.var(1.0).sin()]).title("A sine").to_svg().contains(">A sine</text>"));
    /// ```
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.picture.title = title.into();
        self
    }

    /// Writes the value into each box: numbers of small tensors, least, largest and mean of others. Computes them.
    ///
    /// ```
    /// # use chainrule_plot::{Picture, graph};
    /// # let tape = chainrule_tape::Tape::new();
    /// assert!(graph(&[tape.var(1.5) + 0.25]).with_values().to_svg().contains(">1.75</text>"));
    /// ```
    pub fn with_values(mut self) -> Self {
        self.picture.values = true;
        self.rebuilt()
    }

    /// Writes into each box the gradient of the output by the box's value. The output is one number. Values without a gradient, such as
    /// indices, have none written; a small arrowhead behind each box that has one shows that it comes from the right.
    ///
    /// The gradients are recorded on the tape, and computed.
    ///
    /// ```
    /// # use chainrule_plot::{Picture, graph};
    /// # let tape = chainrule_tape::Tape::new();
    /// let x = tape.var(1.5);
    /// assert!(graph(&[x * x]).with_gradients().to_svg().contains(">∂ 3</text>"));
    /// ```
    pub fn with_gradients(mut self) -> Self {
        self.picture.gradients = true;
        self.rebuilt()
    }

    /// Draws every recorded op, also those that make up another.
    ///
    /// ```
    /// # use chainrule_plot::{Picture, graph};
    /// # let tape = chainrule_tape::Tape::new();
    /// let y = tape.var([1.0, 2.0]).softmax(-1);
    /// assert!(graph(&[y]).to_svg().contains(">softmax</text>"));
    /// assert!(graph(&[y]).each_op().to_svg().contains(">exp</text>"));
    /// ```
    pub fn each_op(mut self) -> Self {
        self.each_op = true;
        self.rebuilt()
    }

    /// The picture as it is, without the tape: one that can be kept, as the frame of an [`Animation`](crate::Animation).
    ///
    /// ```
    /// # use chainrule_plot::{Animation, graph};
    /// let frame = |x: f64| {
    ///     let tape = chainrule_tape::Tape::new();
    ///     graph(&[tape.var(x).named("x").exp()]).with_values().finish()
    /// };
    /// let animation = [0.0, 1.0, 2.0].into_iter().map(frame).fold(Animation::new(1.0), Animation::frame);
    /// assert!(animation.last().is_some_and(|picture| picture.to_svg().contains(">7.389</text>")));
    /// ```
    pub fn finish(self) -> GraphPicture {
        self.picture
    }

    /// With the boxes as they are asked for.
    fn rebuilt(mut self) -> Self {
        if let Some(view) = &self.view {
            match self.boxes(view) {
                Ok(nodes) => self.picture.nodes = nodes,
                Err(mistake) => _ = self.picture.mistake.get_or_insert(mistake),
            }
        }
        self
    }

    fn boxes(&self, whole: &GraphView<'t>) -> TapeResult<Vec<Node>> {
        let collapsed = whole.collapsed();
        let view = if self.each_op { whole } else { &collapsed };
        let Some(tape) = self.outputs.first().map(|output| output.tape()) else { return Ok(Vec::new()) };
        let mut nodes: Vec<Node> = view.nodes().iter().map(|node| Node::new(view, node)).collect();
        let tensors = |vars: &[Var<'t>]| -> TapeResult<Vec<Tensor>> { tape.values(vars) };
        if self.picture.values {
            let vars: Vec<Var<'t>> = view.nodes().iter().map(|node| node.var).collect();
            for (node, value) in nodes.iter_mut().zip(tensors(&vars)?) {
                node.set_value(&value);
            }
        }
        if self.picture.gradients {
            let reached = reached(whole)?;
            let has = |id: &usize| reached.contains(id);
            let vars: Vec<Var<'t>> =
                view.nodes().iter().filter(|node| has(&node.id)).map(|node| node.var).collect();
            let gradients = tensors(&tape.grads(self.outputs[0], &vars))?;
            let boxes = nodes.iter_mut().zip(view.nodes()).filter(|(_, node)| has(&node.id));
            boxes.zip(gradients).for_each(|((shown, _), gradient)| shown.set_gradient(&gradient));
        }
        Ok(nodes)
    }
}

impl GraphPicture {
    fn drawing(&self) -> Drawing<'_> {
        Drawing::new(&self.title, &self.nodes, self.values, self.gradients)
    }

    /// The title.
    pub(crate) fn heading(&self) -> &str {
        &self.title
    }

    /// Width and height.
    pub(crate) fn size(&self) -> (f64, f64) {
        match self.check() {
            Ok(()) => self.drawing().size,
            Err(_) => (560.0, 120.0),
        }
    }

    /// Draws the graph, or what is wrong with it, with its upper left corner at `origin`, in the middle of a place of this size.
    pub(crate) fn draw(&self, sheet: &mut Sheet, origin: (f64, f64), size: (f64, f64)) {
        match self.check() {
            Ok(()) => self.drawing().draw(sheet, origin, size),
            Err(error) => draw::sorry(sheet, origin, size, &self.title, &error),
        }
    }
}

/// The ids of the values that the one output depends on by numbers alone, so that there is a derivative.
fn reached(view: &GraphView<'_>) -> TapeResult<HashSet<usize>> {
    let wrong = |what: &str| Err(Error::Gradient(format!("a graph with gradients: {what}")));
    let &[output] = view.outputs() else { return wrong("the gradients are those of one output") };
    let mut reached = HashSet::new();
    for node in view.nodes().iter().rev() {
        let is_output = node.id == output;
        if is_output && (node.shape.numel() != 1 || !node.dtype.is_float()) {
            return wrong("the output is one floating-point number (take a sum or a mean)");
        }
        if node.dtype.is_float() && (is_output || reached.contains(&node.id)) {
            reached.insert(node.id);
            reached.extend(&node.inputs);
        } else {
            reached.remove(&node.id);
        }
    }
    Ok(reached)
}

impl Picture for Graph<'_> {
    /// [`PlotError::Recording`], and [`PlotError::NoData`] without an output.
    fn check(&self) -> Result<(), PlotError> {
        self.picture.check()
    }

    fn draw_in(&self, theme: Theme) -> Sheet {
        self.picture.draw_in(theme)
    }
}

impl Picture for GraphPicture {
    /// [`PlotError::Recording`], and [`PlotError::NoData`] without an output.
    fn check(&self) -> Result<(), PlotError> {
        if let Some(mistake) = &self.mistake {
            return Err(PlotError::Recording(mistake.clone()));
        }
        if self.nodes.is_empty() {
            return Err(PlotError::NoData { title: self.title.clone(), reason: "there is no output" });
        }
        Ok(())
    }

    fn draw_in(&self, theme: Theme) -> Sheet {
        let size = self.size();
        let label = if self.title.is_empty() { "A computation graph" } else { &self.title };
        let mut sheet = Sheet::new(size.0, size.1, label, theme);
        self.draw(&mut sheet, (0.0, 0.0), size);
        sheet
    }
}
