//! Random values of several distributions, made from uniform numbers.
//!
//! Uniform and normal numbers come from counters, see [`Tape::uniform`]: nothing here has a state of its own. Each method takes one
//! stream, so the numbers depend on the tape's seed, on how many random ops were recorded before, on the counter, and on each
//! element's index.
//!
//! No derivative goes through a choice. Where a distribution can be written as a function of its parameters and of numbers
//! without any, that expression has the derivative: `mean + deviation·normal`, `scale·exponential`, or `logits + gumbel` under a
//! [`softmax`](Var::softmax).

use crate::ops::{Sample, numbers};
use crate::record::Key;
use crate::{Call, DType, Gradients, Lower, Meta, Op, Rule, Shape, Slice, SliceMut, Tape, Var};
use std::sync::Arc;

/// Between this and its negative, `f64` has every integer.
const EXACT: i64 = 1 << 53;

impl Tape {
    /// 1 with probability `p`, else 0 (`true` and `false` as `bool`). No derivative. For a probability of each element's own,
    /// see [`Var::bernoulli`].
    ///
    /// `p` is rounded to a multiple of `2⁻²⁴` for `f32`, else of `2⁻⁵³`; 0 and 1 are exact. A mistake if it is no probability.
    #[track_caller]
    pub fn bernoulli(&self, shape: impl Into<Shape>, p: f64, dtype: DType) -> Var<'_> {
        let _op = self.within("bernoulli", &[]);
        if !(0.0..=1.0).contains(&p) {
            return self.fail("bernoulli", format!("{p} is no probability"), &[]);
        }
        let numbers = if dtype == DType::F32 { DType::F32 } else { DType::F64 };
        self.uniform(shape, numbers).lt(p).cast(dtype)
    }

    /// 1 or -1, each with probability 1/2. No derivative.
    #[track_caller]
    pub fn rademacher(&self, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        let _op = self.within("rademacher", &[]);
        if dtype == DType::Bool {
            return self.fail("rademacher", "not defined for bool", &[]);
        }
        self.bernoulli(shape, 0.5, dtype) * 2.0 - 1.0
    }

    /// 0 with probability `p`, else `1 / (1 - p)`: what dropout multiplies with, of mean 1. (For `p = 1` it is 0 everywhere.) The
    /// layer `Dropout` does so in training.
    ///
    /// A mistake if `p` is no probability.
    ///
    /// Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
    ///
    /// ```
    /// use chainrule_tape::{DType, Tape};
    /// let tape = Tape::new();
    /// let mask = tape.dropout_mask([2, 3], 0.5, DType::F32);
    /// assert!(mask.value()?.to_f64().iter().all(|&m| m == 0.0 || m == 2.0));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn dropout_mask(&self, shape: impl Into<Shape>, p: f64, dtype: DType) -> Var<'_> {
        let _op = self.within("dropout_mask", &[]);
        if !(0.0..=1.0).contains(&p) {
            return self.fail("dropout_mask", format!("{p} is no probability"), &[]);
        }
        if !dtype.is_float() {
            return self.fail("dropout_mask", format!("not defined for {dtype}"), &[]);
        }
        let keep = 1.0 - p;
        let scale = if keep > 0.0 { 1.0 / keep } else { 0.0 };
        self.uniform(shape, dtype).lt(keep).cast(dtype) * scale
    }

    /// Numbers from the exponential distribution of mean 1: `-ln(1 - u)`, of uniform `u`, at least 0 and below 37. Computed in
    /// `f64` also for `f32`. Times a `mean`, it has that mean, and its derivative by it.
    #[track_caller]
    pub fn exponential(&self, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        let _op = self.within("exponential", &[]);
        if !dtype.is_float() {
            return self.fail("exponential", format!("not defined for {dtype}"), &[]);
        }
        self.wait(shape.into()).cast(dtype)
    }

    /// Numbers from the standard Gumbel distribution: `-ln(-ln(1 - u))`, of uniform `u`; always finite, from -3.7 to 37.5. Computed
    /// in `f64` also for `f32`, as otherwise rare events would be missing.
    ///
    /// The index of the largest of `logits + gumbel` has the probabilities `softmax(logits)`, see
    /// [`categorical`](Var::categorical); the softmax of `(logits + gumbel) / temperature` is near that choice, and has a
    /// derivative.
    ///
    /// Source: Gumbel, "Statistical theory of extreme values and some practical applications", 1954; Jang, Gu and Poole,
    /// "Categorical reparameterization with Gumbel-softmax", ICLR 2017.
    #[track_caller]
    pub fn gumbel(&self, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        let _op = self.within("gumbel", &[]);
        if !dtype.is_float() {
            return self.fail("gumbel", format!("not defined for {dtype}"), &[]);
        }
        // (The logarithm never sees a 0, which is less likely than 10⁻¹⁵.)
        let wait = self.wait(shape.into()).maximum(2f64.powi(-54));
        (-wait.ln()).cast(dtype)
    }

    /// `-ln(1 - u)` in `f64`.
    #[track_caller]
    fn wait(&self, shape: Shape) -> Var<'_> {
        -(-self.uniform(shape, DType::F64)).log1p()
    }

    /// Integers from `low ≤ i < high`, all equally likely (to `2⁻⁵³`), as `i64`.
    ///
    /// A mistake if there are none, or if a bound is beyond `±2⁵³`.
    ///
    /// ```
    /// use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let dice = tape.randint([100], 1, 7).value()?.to_vec::<i64>()?;
    /// assert!(dice.iter().all(|i| (1..7).contains(i)));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn randint(&self, shape: impl Into<Shape>, low: i64, high: i64) -> Var<'_> {
        let _op = self.within("randint", &[]);
        if low >= high {
            return self.fail("randint", format!("there is no integer in {low}..{high}"), &[]);
        }
        if low < -EXACT || high > EXACT || high - low > EXACT {
            return self.fail("randint", format!("{low}..{high} is more than 2^53"), &[]);
        }
        // The product is below `high - low` also when rounded, as the number is at most 1 - 2⁻⁵³.
        let from_zero = (self.uniform(shape, DType::F64) * (high - low) as f64).floor();
        from_zero.cast(DType::I64) + low as f64
    }

    /// The integers `0, 1, …, n - 1` in a random order, as `i64`: the order of `n` uniform numbers.
    ///
    /// ```
    /// use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let mut order = tape.permutation(5).value()?.to_vec::<i64>()?;
    /// order.sort();
    /// assert_eq!(order, [0, 1, 2, 3, 4]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn permutation(&self, n: usize) -> Var<'_> {
        let _op = self.within("permutation", &[]);
        self.op(Order, &[self.uniform(n, DType::F64)])
    }
}

impl<'t> Var<'t> {
    /// 1 with the probability that the element is, else 0, in the same dtype. What is below 0 counts as 0, what is above 1 as 1;
    /// NaN gives 0. No derivative.
    #[track_caller]
    pub fn bernoulli(self) -> Var<'t> {
        if self.is_poisoned() {
            return self;
        }
        if !self.dtype().is_float() {
            return self.tape().fail("bernoulli", "probabilities are f32 or f64", &[self]);
        }
        self.tape().uniform(self.shape(), self.dtype()).lt(self).cast(self.dtype())
    }

    /// An index along the last axis, which is dropped, with the probabilities `softmax(x)`: `[…, classes] → […]`, as `i64`. A
    /// class at -∞ is never chosen, unless all are: then it is the first. A NaN is chosen. No derivative.
    ///
    /// It is the index of the largest `x + gumbel`. For several choices, [`expand`](Var::expand) the logits.
    ///
    /// Source: Maddison, Tarlow and Minka, "A* sampling", NeurIPS 2014, section 2.
    ///
    /// ```
    /// use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let logits = tape.var([f64::NEG_INFINITY, 0.0, f64::NEG_INFINITY]);
    /// assert_eq!(logits.expand([4, 3]).categorical().value()?.to_f64(), [1.0; 4]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn categorical(self) -> Var<'t> {
        let _op = self.tape().within("categorical", &[self]);
        if self.is_poisoned() {
            return self;
        }
        let shape = self.shape();
        if !self.dtype().is_float() {
            return self.tape().fail("categorical", "logits are f32 or f64", &[self]);
        }
        if shape.last().copied().unwrap_or(0) == 0 {
            return self.tape().fail("categorical", "there are no classes along the last axis", &[self]);
        }
        (self.cast(DType::F64) + self.tape().gumbel(shape, DType::F64)).argmax(-1)
    }
}

/// The indices that sort a vector; equal elements stay in order.
#[derive(Clone, Debug)]
struct Order;

impl Call for Order {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        let ([Slice::F64(x)], SliceMut::I64(y)) = (inputs, output) else { return Err("takes f64".into()) };
        y.iter_mut().zip(0..).for_each(|(y, i)| *y = i);
        y.sort_by(|&a, &b| x[a as usize].total_cmp(&x[b as usize]));
        Ok(())
    }
}

impl Op for Order {
    fn name(&self) -> &'static str {
        "permutation"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(Meta::new(&x[0].shape, DType::I64))
    }

    fn attributes(&self, _: &mut Key) {}

    fn lower(&self) -> Lower {
        Lower::Call(Arc::new(self.clone()))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, _: Var<'t>) -> Gradients<'t> {
        at.gradients(|_| None)
    }

    fn jvp<'t>(&self, _: &Rule<'_, 't>, _: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        None
    }
}

fn six() -> Vec<crate::Tensor> {
    vec![numbers(6, &[2, 3])]
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "bernoulli",
        inputs: six,
        apply: |x| {
            x[0].sigmoid().bernoulli() * x[0] + x[0].tape().bernoulli(3, 0.5, DType::F64) * x[0].square()
        },
    },
    Sample {
        name: "rademacher",
        inputs: six,
        apply: |x| x[0].tape().rademacher(3, DType::F64) * x[0].square(),
    },
    Sample {
        name: "dropout_mask",
        inputs: six,
        apply: |x| x[0].tape().dropout_mask([2, 3], 0.3, DType::F64) * x[0].square(),
    },
    Sample {
        name: "exponential",
        inputs: six,
        apply: |x| x[0].exp() * x[0].tape().exponential([2, 3], DType::F64),
    },
    Sample {
        name: "gumbel",
        inputs: six,
        apply: |x| (x[0] + x[0].tape().gumbel([2, 3], DType::F64)).softmax(-1),
    },
    Sample {
        name: "randint",
        inputs: six,
        apply: |x| x[0].square() * x[0].tape().randint([2, 1], -3, 4).cast(DType::F64),
    },
    Sample {
        name: "permutation",
        inputs: six,
        apply: |x| x[0].square() * x[0].tape().permutation(3).cast(DType::F64),
    },
    Sample {
        name: "categorical",
        inputs: six,
        apply: |x| x[0].categorical().one_hot(3).select(x[0].square(), x[0]),
    },
];
