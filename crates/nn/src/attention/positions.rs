//! Positions that are added to the rows of a sequence.

use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{DType, ParamId, Scope, Tape, Var};

/// The angles `p·base^(-2i/width)` in `f64`, `[time, ⌈width/2⌉]`, of positions from `start`.
#[track_caller]
pub(super) fn angles(tape: &Tape, time: usize, start: usize, width: usize, base: f64) -> Var<'_> {
    let position = tape.iota(time, DType::F64).reshape([time, 1]) + start as f64;
    let pair = tape.iota(width.div_ceil(2), DType::F64);
    position * (pair * (-2.0 * base.ln() / width.max(1) as f64)).exp()
}

/// Sines and cosines of positions, `[time, width]`: `y[p, 2i] = sin(p·b^(-2i/width))` and
/// `y[p, 2i + 1] = cos(p·b^(-2i/width))` with `b = 10000`. They are between -1 and 1. (Some later code puts all sines
/// before all cosines; this is the paper's order.)
///
/// Errors: a dtype that is not floating point.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5.
///
/// ```
/// use chainrule_nn::sinusoidal_positions;
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let table = sinusoidal_positions(&tape, 2, 2, DType::F64).value()?.to_f64();
/// assert_eq!(table, [0.0, 1.0, 1f64.sin(), 1f64.cos()]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn sinusoidal_positions(tape: &Tape, time: usize, width: usize, dtype: DType) -> Var<'_> {
    let _op = tape.within("sinusoidal_positions", &[]);
    sinusoids(tape, time, 0, width, 10_000.0, dtype)
}

#[track_caller]
fn sinusoids(tape: &Tape, time: usize, start: usize, width: usize, base: f64, dtype: DType) -> Var<'_> {
    if !dtype.is_float() {
        return tape.fail("sinusoidal_positions", format!("are floating-point numbers, not {dtype}"), &[]);
    }
    let angles = angles(tape, time, start, width, base);
    let both = tape.stack(&[angles.sin(), angles.cos()], -1);
    both.reshape([time, 2 * width.div_ceil(2)]).slice(-1, ..width).cast(dtype)
}

/// Adds [sines and cosines of the positions](sinusoidal_positions) to rows `[…, time, width]`. No parameters.
///
/// Errors: less than two axes, rows that are not floating point.
///
/// Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5.
///
/// ```
/// use chainrule_nn::{Layer, SinusoidalPositions};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let y = SinusoidalPositions::new().forward(tape.var([[1.0, 1.0], [1.0, 1.0]]));
/// assert_eq!(y.value()?.to_f64()[..2], [1.0, 2.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct SinusoidalPositions {
    base: f64,
}

impl SinusoidalPositions {
    /// With the base 10000.
    pub const fn new() -> SinusoidalPositions {
        SinusoidalPositions { base: 10_000.0 }
    }

    /// The base of the wavelengths, which go from `2π` to `base·2π`.
    #[must_use]
    pub const fn base(self, base: f64) -> SinusoidalPositions {
        SinusoidalPositions { base }
    }

    /// Of rows that begin at position `start` of their sequence.
    #[track_caller]
    pub fn forward_from<'t>(&self, x: Var<'t>, start: usize) -> Var<'t> {
        let tape = x.tape();
        let _op = tape.within("SinusoidalPositions", &[x]);
        match *x.shape().dims() {
            _ if x.is_poisoned() => x,
            [.., time, width] => x + sinusoids(tape, time, start, width, self.base, x.dtype()),
            _ => tape.fail("SinusoidalPositions", "takes rows in time, [time, width] or more axes", &[x]),
        }
    }
}

impl Default for SinusoidalPositions {
    fn default() -> SinusoidalPositions {
        SinusoidalPositions::new()
    }
}

impl Layer for SinusoidalPositions {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_from(x, 0)
    }
}

/// Adds a learned row for each position to rows `[…, time, width]`: `y[…, p, :] = x[…, p, :] + W[p, :]`, with the
/// parameter `weight` `W` of shape `[positions, width]`.
///
/// Errors: sequences of more positions, rows of another width or dtype.
///
/// Source: Gehring et al., "Convolutional sequence to sequence learning", ICML 2017, section 3.1.
///
/// ```
/// use chainrule_nn::{Init, Layer, LearnedPositions};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let positions = LearnedPositions::new(&mut params.root().sub("positions"), 16, 2);
/// let tape = Tape::with(&params);
/// let y = positions.forward(tape.var([[0.0f32, 0.0], [0.0, 0.0]]));
/// assert_eq!(y.value()?.to_f64(), params.tensor(positions.weight()).to_f64()[..4]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LearnedPositions {
    label: Label,
    weight: ParamId,
    positions: usize,
    width: usize,
}

impl LearnedPositions {
    /// For sequences up to so many positions. The rows begin as `N(0, 0.02²)`, as GPT-2's do.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, positions: usize, width: usize) -> LearnedPositions {
        LearnedPositions::init(at, positions, width, Init::normal(0.0, 0.02))
    }

    /// With these first values.
    #[track_caller]
    pub fn init(at: &mut Scope<'_>, positions: usize, width: usize, weight: Init) -> LearnedPositions {
        if positions == 0 || width == 0 {
            at.mistake(format!("{positions} positions of {width} elements hold nothing"));
        }
        let label = Label::new(at);
        let weight = weight.param(at, "weight", [positions, width]);
        LearnedPositions { label, weight, positions, width }
    }

    /// The rows, `[positions, width]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// Of rows that begin at position `start` of their sequence.
    #[track_caller]
    pub fn forward_from<'t>(&self, x: Var<'t>, start: usize) -> Var<'t> {
        let x = self.label.expect(LEARNED, x, self.width);
        if x.is_poisoned() {
            return x;
        }
        let y = match *x.shape().dims() {
            [.., time, _] => match start.checked_add(time) {
                Some(end) if end <= self.positions => x + x.tape().param(self.weight).slice(0, start..end),
                _ => {
                    let what = format_args!("has {} positions, not {time} from {start} on", self.positions);
                    self.label.fail(LEARNED, x, what)
                }
            },
            _ => self.label.fail(LEARNED, x, format_args!("takes rows in time, [time, {}]", self.width)),
        };
        self.label.note(y, LEARNED)
    }
}

const LEARNED: &str = "LearnedPositions";

impl Layer for LearnedPositions {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.forward_from(x, 0)
    }
}
