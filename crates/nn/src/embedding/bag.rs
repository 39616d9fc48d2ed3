//! One vector for several indices.

use super::{indices, table};
use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{DType, ParamId, Scope, Var};

/// What an [`EmbeddingBag`] makes of the vectors of a bag.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
pub enum Bag {
    /// Their sum.
    Sum,
    /// Their mean: what an [`EmbeddingBag`] does unless told otherwise.
    #[default]
    Mean,
    /// The largest of each element.
    Max,
}

/// A table of vectors, of which each row of indices gives one: their mean, sum or maximum. `x` has the shape `[bags, length]` and
/// dtype `i64`, the parameter `weight` has `[count, width]`, and the result `[bags, width]`. An empty bag gives 0.
///
/// The same as the [`Embedding`](crate::Embedding) followed by the mean; but what stands for nothing
/// ([`padded`](EmbeddingBag::padded)) does not count, and bags may have different lengths
/// ([`forward_bags`](EmbeddingBag::forward_bags)). Names, initial values and the default mode are PyTorch's.
///
/// The derivative of a vector is the sum over its uses; of the maximum it goes to the largest, and equal ones share it evenly.
///
/// An input of another rank or dtype is a mistake; an index outside `0..count` is an error of the run.
///
/// Source: Joulin et al., "Bag of tricks for efficient text classification", EACL 2017, section 2.
///
/// ```
/// use chainrule_nn::{Bag, EmbeddingBag, Layer};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let words = EmbeddingBag::new(&mut params.root(), 3, 2).mode(Bag::Sum);
/// params.set("weight", [[0.0f32, 0.5], [1.0, 1.5], [2.0, 2.5]])?;
/// let tape = Tape::with(&params);
/// let y = words.forward(tape.var([[2i64, 1], [0, 0]]));
/// assert_eq!(y.value()?.to_f64(), [3.0, 4.0, 0.0, 1.0]);
/// let y = words.forward_bags(tape.var([2i64, 1, 0]), tape.var([0i64, 0, 2]));
/// assert_eq!(y.value()?.to_f64(), [0.0, 0.0, 3.0, 4.0, 0.0, 0.5]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddingBag {
    label: Label,
    weight: ParamId,
    mode: Bag,
    padding: Option<usize>,
}

impl EmbeddingBag {
    /// The mean of vectors for `0..count`, which begin as `N(0, 1)`.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, count: usize, width: usize) -> EmbeddingBag {
        EmbeddingBag::make(at, count, width, Init::normal(0.0, 1.0), None)
    }

    /// [`new`](EmbeddingBag::new) with an index that stands for nothing: it does not count. PyTorch's `padding_idx`.
    #[track_caller]
    pub fn padded(at: &mut Scope<'_>, count: usize, width: usize, padding: usize) -> EmbeddingBag {
        EmbeddingBag::make(at, count, width, Init::normal(0.0, 1.0), Some(padding))
    }

    /// With these first values.
    #[track_caller]
    pub fn init(at: &mut Scope<'_>, count: usize, width: usize, weight: Init) -> EmbeddingBag {
        EmbeddingBag::make(at, count, width, weight, None)
    }

    #[track_caller]
    fn make(
        at: &mut Scope<'_>,
        count: usize,
        width: usize,
        weight: Init,
        padding: Option<usize>,
    ) -> EmbeddingBag {
        if count == 0 || width == 0 {
            at.mistake(format!("an EmbeddingBag of {count} vectors of {width} elements holds nothing"));
        }
        let label = Label::new(at);
        let weight = table(at, "EmbeddingBag", [count, width], weight, padding);
        EmbeddingBag { label, weight, mode: Bag::Mean, padding }
    }

    /// With what this makes of a bag.
    #[must_use]
    pub fn mode(self, mode: Bag) -> EmbeddingBag {
        EmbeddingBag { mode, ..self }
    }

    /// The table, `[count, width]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// With a weight for each index, `[bags, length]` too, which multiplies its vector: PyTorch's `per_sample_weights`. A mistake
    /// in another mode than [`Bag::Sum`].
    #[track_caller]
    pub fn forward_weighted<'t>(&self, x: Var<'t>, weights: Var<'t>) -> Var<'t> {
        if self.mode != Bag::Sum {
            return self.label.fail("EmbeddingBag", x, "takes weights in the mode Bag::Sum only");
        }
        if weights.shape() != x.shape() && !x.is_poisoned() && !weights.is_poisoned() {
            let what =
                format_args!("takes a weight for each of {} indices, not {}", x.shape(), weights.shape());
            return self.label.fail("EmbeddingBag", x, what);
        }
        self.even(x, Some(weights))
    }

    /// Bags of different lengths one after the other: indices `[n]`, and `offsets` `[bags]`, ascending from 0, at which the bags
    /// begin. The result is `[bags, width]`. PyTorch's `offsets`.
    #[track_caller]
    pub fn forward_bags<'t>(&self, x: Var<'t>, offsets: Var<'t>) -> Var<'t> {
        let (tape, kind) = (x.tape(), "EmbeddingBag");
        let (x, offsets) = (indices(&self.label, kind, x), indices(&self.label, kind, offsets));
        let rows = tape.param(self.weight).index_select(0, x);
        if rows.is_poisoned() || offsets.is_poisoned() {
            return if rows.is_poisoned() { rows } else { offsets };
        }
        let (&[n], &[bags]) = (x.shape().dims(), offsets.shape().dims()) else {
            let what = format_args!(
                "takes indices [n] and offsets [bags], not {} and {}",
                x.shape(),
                offsets.shape()
            );
            return self.label.fail(kind, x, what);
        };
        let (width, dtype) = (rows.shape()[1], rows.dtype());
        let (zero, keep) = (tape.full([bags, width], 0.0, dtype), self.keep(x));
        if n == 0 {
            return self.label.note(zero, kind);
        }
        // The bag of each index is the last one that has begun.
        let begun = offsets.le(tape.iota(n, DType::I64).unsqueeze(-1));
        let bag = begun.cast(DType::I64).sum(-1) - 1.0;
        let y = match self.mode {
            Bag::Max => {
                let inside = tape.iota(bags, DType::I64).unsqueeze(-1).eq(bag);
                let inside = keep.map_or(inside, |keep| inside.and(keep));
                largest(inside, rows.unsqueeze(0))
            }
            Bag::Sum => zero.index_add(0, bag, only(keep, rows)),
            Bag::Mean => {
                let ones = tape.full([n, 1], 1.0, dtype);
                let counts = tape.full([bags, 1], 0.0, dtype).index_add(0, bag, only(keep, ones));
                zero.index_add(0, bag, only(keep, rows)) / counts.clamp_min(1.0)
            }
        };
        self.label.note(y, kind)
    }

    /// Bags of one length.
    #[track_caller]
    fn even<'t>(&self, x: Var<'t>, weights: Option<Var<'t>>) -> Var<'t> {
        let (tape, kind) = (x.tape(), "EmbeddingBag");
        let x = indices(&self.label, kind, x);
        if !x.is_poisoned() && x.rank() != 2 {
            return self.label.fail(kind, x, format_args!("takes bags [bags, length], not {}", x.shape()));
        }
        let rows = tape.param(self.weight).index_select(0, x);
        if rows.is_poisoned() {
            return rows;
        }
        let (length, keep) = (x.shape()[1], self.keep(x));
        let rows = weights.map_or(rows, |weights| rows * weights.unsqueeze(-1));
        let y = match (self.mode, keep) {
            (Bag::Sum, keep) => only(keep, rows).sum(1),
            (Bag::Mean, None) => rows.sum(1) / length.max(1) as f64,
            (Bag::Mean, Some(keep)) => {
                let counts = keep.cast(rows.dtype()).sum(1).clamp_min(1.0);
                only(Some(keep), rows).sum(1) / counts.unsqueeze(-1)
            }
            (Bag::Max, _) if length == 0 => rows.sum(1),
            (Bag::Max, None) => rows.max(1),
            (Bag::Max, Some(keep)) => largest(keep, rows),
        };
        self.label.note(y, kind)
    }

    /// Which of the indices count, if not all do.
    #[track_caller]
    fn keep<'t>(&self, x: Var<'t>) -> Option<Var<'t>> {
        let padding = self.padding?;
        Some(x.ne(padding as f64))
    }
}

impl Layer for EmbeddingBag {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.even(x, None)
    }
}

/// Rows that count; the others are 0.
#[track_caller]
fn only<'t>(keep: Option<Var<'t>>, rows: Var<'t>) -> Var<'t> {
    match keep {
        Some(keep) => keep.unsqueeze(-1).expand(rows.shape()).select(rows, 0.0),
        None => rows,
    }
}

/// The largest elements of the rows that count, or 0 if none do: `[n, length]` and `[n or 1, length, width]` to `[n, width]`.
#[track_caller]
fn largest<'t>(keep: Var<'t>, rows: Var<'t>) -> Var<'t> {
    let shape = [keep.shape()[0], keep.shape()[1], rows.shape()[2]];
    let counted = keep.unsqueeze(-1).expand(shape);
    let largest = counted.select(rows.expand(shape), f64::NEG_INFINITY).max(1);
    counted.any(1).select(largest, 0.0)
}
