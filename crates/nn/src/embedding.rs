//! Vectors for the members of a finite set.

use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{DType, ParamId, Scope, Var};

/// A table of vectors, looked up by index: `y[i…] = W[x[i…]]`, with `x` of shape `[…]` and dtype `i64`, the parameter
/// `weight` `W` of shape `[count, width]`, and `y` of shape `[…, width]`.
///
/// The derivative of a row is the sum over its uses; rows that are not used have the derivative 0.
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
}

impl Embedding {
    /// Vectors for `0..count`, which begin as `N(0, 1)`.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, count: usize, width: usize) -> Embedding {
        Embedding::init(at, count, width, Init::normal(0.0, 1.0))
    }

    /// With these first values.
    #[track_caller]
    pub fn init(at: &mut Scope<'_>, count: usize, width: usize, weight: Init) -> Embedding {
        if count == 0 || width == 0 {
            at.mistake(format!("an Embedding of {count} vectors of {width} elements holds nothing"));
        }
        let label = Label::new(at);
        let weight = weight.param(at, "weight", [count, width]);
        Embedding { label, weight, count, width }
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
}

impl Layer for Embedding {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let dtype = x.dtype();
        let index = match dtype {
            DType::I64 => x,
            _ => self.label.fail("Embedding", x, format_args!("takes indices, which are i64, not {dtype}")),
        };
        self.label.note(x.tape().param(self.weight).index_select(0, index), "Embedding")
    }
}
