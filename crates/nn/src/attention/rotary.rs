//! Rotary positions.

use super::positions::angles;
use crate::Layer;
use chainrule_tape::Var;

/// Rotary positions (RoPE): in a row at position `p`, the elements of each pair `i` are turned by the angle
/// `p·base^(-2i/width)`, `(a, b) → (a·cos - b·sin, b·cos + a·sin)`. The product of two rows so turned depends on their
/// distance alone. For queries and keys, `[…, time, width]`, before attention; further elements stay as they are.
///
/// Pairs are `(xᵢ, xᵢ₊w/₂)`, *halves*, as in GPT-NeoX, Llama and most published weights; with
/// [`interleaved`](Rotary::interleaved), `(x₂ᵢ, x₂ᵢ₊₁)`, as in the paper, GPT-J and the original Llama code. The two
/// differ by an order of elements alone: weights trained with one need that one.
///
/// The derivative turns back. Angles are computed in `f64`, so that far positions keep their distance in `f32`.
///
/// Errors: rows of fewer elements, less than two axes, a width that is odd.
///
/// Source: Su et al., "RoFormer: enhanced transformer with rotary position embedding", 2021, equations 14, 15 and 34.
///
/// ```
/// use chainrule_nn::{Layer, Rotary};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var([[1.0, 0.0], [1.0, 0.0]]);
/// let y = Rotary::new(2).forward(x).value()?.to_f64();
/// assert_eq!(y, [1.0, 0.0, 1f64.cos(), 1f64.sin()]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rotary {
    width: usize,
    base: f64,
    interleaved: bool,
}

impl Rotary {
    /// Turns the first `width` elements of rows, in halves; the base is 10000. In an attention, that is a head's
    /// width, or less.
    pub const fn new(width: usize) -> Rotary {
        Rotary { width, base: 10_000.0, interleaved: false }
    }

    /// The base of the angles: a larger one for longer sequences (Llama 3 has 500000).
    #[must_use]
    pub const fn base(self, base: f64) -> Rotary {
        Rotary { base, ..self }
    }

    /// Pairs of neighbours, not of halves.
    #[must_use]
    pub const fn interleaved(self) -> Rotary {
        Rotary { interleaved: true, ..self }
    }

    /// The number of elements that are turned.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// What is wrong with it for rows of so many elements, if something is.
    pub(crate) fn mistake(&self, width: usize) -> Option<String> {
        if self.width % 2 == 1 {
            return Some(format!("turns pairs of elements, and {} is odd", self.width));
        }
        (self.width > width).then(|| format!("turns {} elements of a row, which has {width}", self.width))
    }

    /// Of rows that begin at position `start` of their sequence.
    #[track_caller]
    pub fn forward_from<'t>(&self, x: Var<'t>, start: usize) -> Var<'t> {
        let tape = x.tape();
        let _op = tape.within("Rotary", &[x]);
        if x.is_poisoned() {
            return x;
        }
        let shape = x.shape();
        let &[ref lead @ .., time, width] = shape.dims() else {
            return tape.fail("Rotary", "takes rows in time, [time, width] or more axes", &[x]);
        };
        if !x.dtype().is_float() {
            return tape.fail("Rotary", format!("turns floating-point numbers, not {}", x.dtype()), &[x]);
        }
        if let Some(what) = self.mistake(width) {
            return tape.fail("Rotary", what, &[x]);
        }
        let angles = angles(tape, time, start, self.width, self.base);
        let (cos, sin) = (angles.cos().cast(x.dtype()), angles.sin().cast(x.dtype()));
        let half = self.width / 2;
        let pair = |axis| -> Vec<usize> {
            let split = if axis == -1 { [half, 2] } else { [2, half] };
            lead.iter().copied().chain([time]).chain(split).collect()
        };
        // The axis along which a pair's two elements lie.
        let axis = if self.interleaved { -1 } else { -2 };
        let pairs = x.slice(-1, ..self.width).reshape(pair(axis));
        let (a, b) = (pairs.at(axis, 0), pairs.at(axis, 1));
        let turned = tape.stack(&[a * cos - b * sin, b * cos + a * sin], axis);
        let turned = turned.reshape(lead.iter().copied().chain([time, self.width]).collect::<Vec<usize>>());
        if self.width == width { turned } else { tape.concat(&[turned, x.slice(-1, self.width..)], -1) }
    }
}

impl Layer for Rotary {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_from(x, 0)
    }
}
