//! What stands in a box.

use chainrule_tape::{GraphNode, GraphView, NodeKind, Tensor};

use crate::number::significant;
use crate::palette::Color;
use crate::text::{self, Type};

/// What a box looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Look {
    Op,
    Param,
    Data,
    Constant,
}

/// A box: its texts, and the places of the boxes that its arrows come from.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) look: Look,
    pub(super) inputs: Vec<usize>,
    pub(super) is_output: bool,
    /// In bold: the name, or else the op.
    pub(super) title: String,
    /// Beside it: op and shape.
    pub(super) note: String,
    pub(super) value: Vec<String>,
    pub(super) gradient: Vec<String>,
    /// What is shown while the pointer rests on the title.
    pub(super) tip: String,
}

pub(super) const TITLE: Type = Type::new(13.0, Color::Title).bold();
pub(super) const NOTE: Type = Type::new(11.5, Color::Quiet);
pub(super) const NUMBER: Type = Type::new(12.0, Color::Name(0));
pub(super) const LINE: f64 = 16.0;
pub(super) const PAD: f64 = 9.0;

impl Node {
    pub(super) fn new(view: &GraphView<'_>, node: &GraphNode<'_>) -> Self {
        let place = |id: &usize| view.nodes().binary_search_by_key(id, |node| node.id).ok();
        let look = match node.kind {
            NodeKind::Param => Look::Param,
            NodeKind::Constant(_) => Look::Constant,
            NodeKind::Op => Look::Op,
            _ => Look::Data,
        };
        let shape = if node.shape.rank() == 0 { String::new() } else { node.shape.to_string() };
        let number = match node.kind {
            NodeKind::Constant(value) => Some(significant(value, 4)),
            _ => None,
        };
        let op = number.unwrap_or_else(|| node.op.to_owned());
        let (title, note) = match &node.name {
            Some(name) if look == Look::Op => (name.to_string(), format!("{op} {shape}")),
            // Its look says what it is.
            Some(name) => (name.to_string(), shape),
            None => (op, shape),
        };
        let layer =
            node.layer.as_ref().map_or(String::new(), |layer| format!(", {}: {}", layer.name, layer.kind));
        Self {
            look,
            inputs: node.inputs.iter().filter_map(place).collect(),
            is_output: view.outputs().contains(&node.id),
            title: text::shorten(&title, TITLE.size, 180.0),
            note: text::shorten(note.trim_end(), NOTE.size, 180.0),
            value: Vec::new(),
            gradient: Vec::new(),
            tip: format!("{title}: {} {} {}{layer}, {}", node.op, node.shape, node.dtype, node.at),
        }
    }

    pub(super) fn set_value(&mut self, value: &Tensor) {
        if self.look != Look::Constant {
            self.value = lines(value);
        }
    }

    pub(super) fn set_gradient(&mut self, gradient: &Tensor) {
        if self.look != Look::Constant {
            self.gradient = lines(gradient);
            self.gradient.iter_mut().take(1).for_each(|first| *first = format!("∂ {first}"));
        }
    }

    /// The size of the box, with all its texts inside.
    pub(super) fn size(&self) -> (f64, f64) {
        let space = if self.note.is_empty() { 0.0 } else { 10.0 };
        let width = |text: &str, style: Type| 1.08 * text::width(text, style.size);
        let head = width(&self.title, TITLE) + space + width(&self.note, NOTE);
        let numbers = self.value.iter().chain(&self.gradient).map(|line| width(line, NUMBER));
        let lines = 1 + self.value.len() + self.gradient.len();
        (numbers.fold(head, f64::max).max(16.0) + 2.0 * PAD, lines as f64 * LINE + 9.0)
    }
}

/// A small tensor's numbers, a line for each row; of a larger one, the least, largest and mean.
fn lines(tensor: &Tensor) -> Vec<String> {
    let (rows, columns) = match *tensor.shape().dims() {
        [] => (1, 1),
        [n] => (1, n),
        [m, n] => (m, n),
        _ if tensor.numel() <= 4 => (1, tensor.numel()),
        _ => (usize::MAX, 1),
    };
    let values = tensor.to_f64();
    if values.is_empty() {
        return vec!["empty".to_owned()];
    }
    if rows <= 3 && columns <= 4 {
        let digits = if columns == 1 { 4 } else { 3 };
        let row = |row: &[f64]| row.iter().map(|&x| significant(x, digits)).collect::<Vec<_>>().join(", ");
        return values.chunks(columns).map(row).collect();
    }
    let (least, largest) =
        values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let [least, largest, mean] = [least, largest, mean].map(|x| significant(x, 3));
    vec![format!("{least} … {largest}"), format!("mean {mean}")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use chainrule_tape::Tape;

    #[test]
    fn small_tensors_are_written_and_large_ones_summarized() {
        assert_eq!(lines(&Tensor::from(0.123456)), ["0.1235"]);
        assert_eq!(lines(&Tensor::from([0.5, -2.0])), ["0.5, −2"]);
        assert_eq!(lines(&Tensor::from([[1.0, 2.0], [3.0, 4.5678]])), ["1, 2", "3, 4.57"]);
        assert_eq!(lines(&Tensor::from([[1.0], [2.0]])), ["1", "2"]);
        assert_eq!(lines(&Tensor::from(vec![0.0, 1.0, 2.0, 3.0, 9.0])), ["0 … 9", "mean 3"]);
        assert_eq!(lines(&Tensor::from([f64::NAN, f64::INFINITY])), ["NaN, ∞"]);
        assert_eq!(lines(&Tensor::arange(4).reshape([2, 1, 2]).unwrap()), ["0, 1, 2, 3"]);
        assert_eq!(lines(&Tensor::arange(6).reshape([1, 1, 6]).unwrap()), ["0 … 5", "mean 2.5"]);
        assert_eq!(lines(&Tensor::zeros([0], chainrule_tape::DType::F32)), ["empty"]);
    }

    #[test]
    fn boxes_say_what_is_known() {
        let tape = Tape::new();
        let x = tape.var([1.0, 2.0]).named("x");
        let y = ((x * 3.0).sum(..)).named("y").sin();
        let view = tape.graph(&[y]).unwrap();
        let texts: Vec<_> = view.nodes().iter().map(|node| Node::new(&view, node)).collect();
        let texts: Vec<_> = texts.iter().map(|node| (&*node.title, &*node.note)).collect();
        assert_eq!(texts, [("x", "[2]"), ("3", "[2]"), ("mul", "[2]"), ("y", "sum"), ("sin", "")]);
    }
}
