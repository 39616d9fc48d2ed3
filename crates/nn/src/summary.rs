//! A model as a table.

use chainrule_tape::{Kind, Meta, NotedLayer, Params, Result, Shape, Tape, Var};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

/// The layers of a model as a table: name and type, shape of the output, number of parameters.
///
/// `input` is the shape of an input, such as `[1, 784]` for a batch of one; its dtype is that of the layers' parameters.
/// The model is recorded in inference mode and nothing is computed. Layers of this crate appear by themselves, also
/// inside a model of your own; a layer that you write appears if it calls
/// [`Tape::note_layer`]. Its parameters are those under its name.
///
/// ```
/// use chainrule_nn::{Layer, Sequential, summary};
/// use chainrule_tape::Params;
///
/// let mut params = Params::seeded(7);
/// let net = Sequential::new(&mut params.root(), |net| net.linear(64, 128).batch_norm(128).relu().linear(128, 10));
/// let table = summary(&params, [1, 64], |x| net.forward(x))?.to_string();
/// assert_eq!(table, "\
/// Layer (type)    Output shape   Parameters
/// ─────────────────────────────────────────
/// 0 (Linear)      [1, 128]            8,320
/// 1 (BatchNorm)   [1, 128]              512
/// 2 (Relu)        [1, 128]                0
/// 3 (Linear)      [1, 10]             1,290
/// ─────────────────────────────────────────
/// Trainable                           9,866
/// Not trainable                         256
/// Total                              10,122
/// ");
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
/// The first mistake in the model, such as an input that doesn't fit.
pub fn summary(
    params: &Params,
    input: impl Into<Shape>,
    model: impl for<'t> FnOnce(Var<'t>) -> Var<'t>,
) -> Result<Summary> {
    let input = Meta::new(input, params.dtype());
    summary_of(params, [input], |[x]| model(x))
}

/// [`summary`] of a model with several inputs or with other dtypes.
///
/// ```
/// use chainrule_nn::{Embedding, Layer, summary_of};
/// use chainrule_tape::{DType, Meta, Params};
///
/// let mut params = Params::seeded(7);
/// let words = Embedding::new(&mut params.root().sub("words"), 1000, 16);
/// let summary = summary_of(&params, [Meta::new([1, 20], DType::I64)], |[x]| words.forward(x))?;
/// assert_eq!(summary.rows()[0].shape.dims(), [1, 20, 16]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
///
/// # Errors
/// The first mistake in the model.
pub fn summary_of<const N: usize>(
    params: &Params,
    inputs: [Meta; N],
    model: impl for<'t> FnOnce([Var<'t>; N]) -> Var<'t>,
) -> Result<Summary> {
    let tape = Tape::with(params).inference();
    model(inputs.map(|meta| tape.input(meta.shape, meta.dtype)));
    tape.check()?;
    Ok(Summary::new(params, tape.layers()))
}

/// The table of [`summary()`]. Print it by `{}`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Summary {
    rows: Vec<Row>,
    others: usize,
    trainable: usize,
    fixed: usize,
}

/// A layer's line in a [`Summary`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The layer's name.
    pub name: Arc<str>,
    /// Its type.
    pub kind: &'static str,
    /// The shape of its output.
    pub shape: Shape,
    /// The number of elements of its parameters and state.
    pub params: usize,
    /// Whether its parameters were counted in an earlier row: it is applied more than once.
    pub shared: bool,
    /// Whether it also uses a parameter of another layer, whose row counts it.
    pub tied: bool,
}

impl Summary {
    fn new(params: &Params, layers: Vec<NotedLayer>) -> Summary {
        let names: HashSet<&str> = layers.iter().map(|layer| &*layer.name).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let (mut others, mut trainable, mut fixed) = (0, 0, 0);
        for (name, kind, tensor) in params.iter() {
            match kind {
                Kind::Trainable => trainable += tensor.numel(),
                Kind::Frozen | Kind::State => fixed += tensor.numel(),
                Kind::Optimizer => continue,
            }
            // A tensor belongs to the innermost layer whose name its own begins with.
            let mut owner = name.rsplit_once('.').map_or("", |(scope, _)| scope);
            while !names.contains(owner) && !owner.is_empty() {
                owner = owner.rsplit_once('.').map_or("", |(scope, _)| scope);
            }
            match names.get(owner) {
                Some(owner) => *counts.entry(owner).or_default() += tensor.numel(),
                None => others += tensor.numel(),
            }
        }
        let mut seen = HashSet::new();
        let row = |layer: &NotedLayer| {
            let params = counts.get(&*layer.name).copied().unwrap_or(0);
            let shared = params > 0 && !seen.insert(layer.name.clone());
            let (name, shape) = (layer.name.clone(), layer.output.shape.clone());
            Row { name, kind: layer.kind, shape, params, shared, tied: layer.tied }
        };
        Summary { rows: layers.iter().map(row).collect(), others, trainable, fixed }
    }

    /// The layers, in the order in which the model calls them.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The number of elements in parameters that are trained.
    pub fn trainable(&self) -> usize {
        self.trainable
    }

    /// The number of elements in frozen parameters and in state.
    pub fn not_trainable(&self) -> usize {
        self.fixed
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![["Layer (type)".to_owned(), "Output shape".to_owned(), "Parameters".to_owned()]];
        lines.extend(self.rows.iter().map(|row| {
            let name = if row.name.is_empty() {
                row.kind.to_owned()
            } else {
                format!("{} ({})", row.name, row.kind)
            };
            let params = match row.params {
                _ if row.shared => "shared".to_owned(),
                0 if row.tied => "shared".to_owned(),
                own if row.tied => format!("{} + shared", grouped(own)),
                own => grouped(own),
            };
            [name, row.shape.to_string(), params]
        }));
        if self.others > 0 {
            lines.push(["outside of layers".to_owned(), String::new(), grouped(self.others)]);
        }
        let totals = [
            ("Trainable", self.trainable),
            ("Not trainable", self.fixed),
            ("Total", self.trainable + self.fixed),
        ];
        let body = lines.len();
        lines.extend(totals.map(|(name, count)| [name.to_owned(), String::new(), grouped(count)]));

        let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths = [width(0) + 3, width(1) + 3, width(2)];
        let rule = "─".repeat(widths.iter().sum());
        for (i, [name, shape, params]) in lines.iter().enumerate() {
            if i == 1 || i == body {
                writeln!(f, "{rule}")?;
            }
            let [a, b, c] = widths;
            writeln!(f, "{name:a$}{shape:b$}{params:>c$}")?;
        }
        Ok(())
    }
}

/// `1234567` as `1,234,567`.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_separated() {
        let texts = [0, 999, 1000, 123_456, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }
}
