//! Vectors for the members of a finite set.

mod bag;

use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{DType, ParamId, Scope, Var};

pub use bag::{Bag, EmbeddingBag};

/// A table of vectors, looked up by index: `y[i…] = W[x[i…]]`, with `x` of shape `[…]` and dtype `i64`, the parameter
/// `weight` `W` of shape `[count, width]`, and `y` of shape `[…, width]`.
///
/// The derivative of a row is the sum over its uses; rows that are not used have the derivative 0, and so has the row of the
/// padding, if there is one. Names and initial values are PyTorch's.
///
/// An input of another dtype is a mistake; an index outside `0..count` is an error of the run.
///
/// Source: Bengio et al., "A neural probabilistic language model", JMLR 2003, section 2.
///
/// ```
/// use chainrule_nn::{Embedding, Layer};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let words = Embedding::new(&mut params.root().sub("words"), 3, 2);
/// params.set("words.weight", [[0.0f32, 0.5], [1.0, 1.5], [2.0, 2.5]])?;
///
/// let tape = Tape::with(&params);
/// let y = words.forward(tape.var([2i64, 0, 2]));
/// assert_eq!(y.value()?.to_f64(), [2.0, 2.5, 0.0, 0.5, 2.0, 2.5]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Embedding {
    label: Label,
    weight: ParamId,
    count: usize,
    width: usize,
    padding: Option<usize>,
}

impl Embedding {
    /// Vectors for `0..count`, which begin as `N(0, 1)`.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, count: usize, width: usize) -> Embedding {
        Embedding::init(at, count, width, Init::normal(0.0, 1.0))
    }

    /// [`new`](Embedding::new) with an index that stands for nothing: its vector begins as 0, and gets no gradient. PyTorch's
    /// `padding_idx`.
    ///
    /// ```
    /// use chainrule_nn::{Embedding, Layer};
    /// use chainrule_tape::{Params, Tape};
    ///
    /// let mut params = Params::seeded(7);
    /// let words = Embedding::padded(&mut params.root(), 3, 1, 0);
    /// let tape = Tape::with(&params);
    /// let y = words.forward(tape.var([1i64, 0]));
    /// let grad = tape.grad(y.sum(..), tape.param(words.weight()));
    /// assert_eq!(grad.value()?.to_f64(), [0.0, 1.0, 0.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn padded(at: &mut Scope<'_>, count: usize, width: usize, padding: usize) -> Embedding {
        Embedding::make(at, count, width, Init::normal(0.0, 1.0), Some(padding))
    }

    /// With these first values.
    #[track_caller]
    pub fn init(at: &mut Scope<'_>, count: usize, width: usize, weight: Init) -> Embedding {
        Embedding::make(at, count, width, weight, None)
    }

    #[track_caller]
    fn make(
        at: &mut Scope<'_>,
        count: usize,
        width: usize,
        weight: Init,
        padding: Option<usize>,
    ) -> Embedding {
        if count == 0 || width == 0 {
            at.mistake(format!("an Embedding of {count} vectors of {width} elements holds nothing"));
        }
        let label = Label::new(at);
        let weight = table(at, "Embedding", [count, width], weight, padding);
        Embedding { label, weight, count, width, padding }
    }

    /// The table, `[count, width]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The number of vectors.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The number of elements of each.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The index that stands for nothing.
    pub fn padding(&self) -> Option<usize> {
        self.padding
    }
}

impl Layer for Embedding {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = indices(&self.label, "Embedding", x);
        self.label.note(rows(x, self.weight, self.padding), "Embedding")
    }
}

/// The parameter `weight` `[count, width]`, which is 0 for the padding.
pub(crate) fn table(
    at: &mut Scope<'_>,
    kind: &str,
    shape: [usize; 2],
    init: Init,
    padding: Option<usize>,
) -> ParamId {
    let [count, width] = shape;
    let mut values = init.sample(shape, DType::F64, &mut at.rng("weight"));
    if let Some(padding) = padding {
        match values.as_mut_slice::<f64>() {
            Ok(values) if padding < count => values[padding * width..(padding + 1) * width].fill(0.0),
            _ => at.mistake(format!("{kind}: the padding {padding} is none of {count} indices")),
        }
    }
    at.param("weight", values.cast(at.dtype()))
}

/// The input, if it is indices; else a recorded mistake.
#[track_caller]
pub(crate) fn indices<'t>(label: &Label, kind: &'static str, x: Var<'t>) -> Var<'t> {
    match x.dtype() {
        DType::I64 => x,
        dtype => label.fail(kind, x, format_args!("takes indices, which are i64, not {dtype}")),
    }
}

/// The rows of these indices; no gradient goes into those of the padding.
#[track_caller]
pub(crate) fn rows<'t>(x: Var<'t>, weight: ParamId, padding: Option<usize>) -> Var<'t> {
    let rows = x.tape().param(weight).index_select(0, x);
    match padding {
        Some(padding) => x.eq(padding as f64).unsqueeze(-1).expand(rows.shape()).select(rows.detach(), rows),
        None => rows,
    }
}
