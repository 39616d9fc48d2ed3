//! Radial basis functions.

use crate::label::Label;
use crate::{Init, Layer};
use chainrule_tape::{ParamId, Scope, Var};

/// A function of the distance `r` from a centre, with a width `σ`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub enum RadialBasis {
    /// `e^(-r² / 2σ²)`, from 1 down to 0. Source: Broomhead and Lowe, "Multivariable functional interpolation and adaptive
    /// networks", 1988.
    #[default]
    Gaussian,
    /// `√(r² + σ²)`, from `|σ|` up. Source: Hardy, "Multiquadric equations of topography and other irregular surfaces", 1971.
    Multiquadric,
    /// `1 / √(r² + σ²)`, from `1 / |σ|` down to 0. Source: Hardy 1971.
    InverseMultiquadric,
    /// `1 / (1 + r² / σ²)`, from 1 down to 0.
    InverseQuadratic,
    /// `rᵏ` for an odd `k`, and `rᵏ·ln r` for an even one, 0 at a centre; it has no width. With `k = 2` it is the thin plate
    /// spline. Its derivative at a centre is 0, also where it is none (`k = 1`) or infinite (the second one for `k = 2`).
    ///
    /// Source: Duchon, "Splines minimizing rotation-invariant semi-norms in Sobolev spaces", 1977.
    PolyharmonicSpline(u32),
}

/// Functions of the distances from centres: `yⱼ = φ(‖x - cⱼ‖, σⱼ)`, with `x` of shape `[…, inputs]`, the parameters `centers`
/// `c` of shape `[count, inputs]` and `widths` `σ` of shape `[count]` (not for a spline), and `y` of shape `[…, count]`. A
/// [`Linear`](crate::Linear) layer after it makes a radial basis function network.
///
/// What is far from all centres gives nothing, if the [basis](RadialBasis) fades: the model knows where it knows nothing.
///
/// Derivatives: with `φ′` by `r²`, `2·φ′·(x - c)` for `x` and the negative for `c`; all are 0 at a centre. A width counts by
/// its square, so its sign means nothing; for a Gaussian or an inverse quadratic it is not 0.
///
/// An input of another width, or another dtype than the parameters', is a mistake that names the layer and its line.
///
/// ```
/// use chainrule_nn::{Layer, RadialBasis, Rbf};
/// use chainrule_tape::{Params, Tape};
///
/// let mut params = Params::seeded(7);
/// let layer = Rbf::new(&mut params.root(), 2, 3, RadialBasis::InverseQuadratic);
/// params.set("centers", [[0.0f32, 0.0], [3.0, 4.0], [1.0, 0.0]])?;
///
/// let tape = Tape::with(&params);
/// let y = layer.forward(tape.var([[0.0f32, 0.0]]));
/// assert_eq!(y.value()?.to_vec::<f32>()?, [1.0, 1.0 / 26.0, 0.5]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rbf {
    label: Label,
    centers: ParamId,
    widths: Option<ParamId>,
    basis: RadialBasis,
    inputs: usize,
    count: usize,
}

impl Rbf {
    /// `count` centres, which begin as `N(0, 1)`, and widths, which begin as 1.
    #[track_caller]
    pub fn new(at: &mut Scope<'_>, inputs: usize, count: usize, basis: RadialBasis) -> Rbf {
        Rbf::init(at, inputs, count, basis, Init::normal(0.0, 1.0), Init::ones())
    }

    /// With these first values.
    #[track_caller]
    pub fn init(
        at: &mut Scope<'_>,
        inputs: usize,
        count: usize,
        basis: RadialBasis,
        centers: Init,
        widths: Init,
    ) -> Rbf {
        if inputs == 0 || count == 0 {
            at.mistake(format!("an Rbf layer of {count} centers in {inputs} dimensions has no distances"));
        }
        if basis == RadialBasis::PolyharmonicSpline(0) {
            at.mistake("a polyharmonic spline of order 0 is constant or infinite; it begins with 1");
        }
        let label = Label::new(at);
        let centers = centers.param(at, "centers", [count, inputs]);
        let has_widths = !matches!(basis, RadialBasis::PolyharmonicSpline(_));
        let widths = has_widths.then(|| widths.param(at, "widths", count));
        Rbf { label, centers, widths, basis, inputs, count }
    }

    /// The centres, `[count, inputs]`.
    pub fn centers(&self) -> ParamId {
        self.centers
    }

    /// The widths, `[count]`; a spline has none.
    pub fn widths(&self) -> Option<ParamId> {
        self.widths
    }

    /// The number of centres, which is the width that comes out.
    pub fn count(&self) -> usize {
        self.count
    }
}

impl Layer for Rbf {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.label.expect("Rbf", x, self.inputs);
        if x.is_poisoned() {
            return x;
        }
        let tape = x.tape();
        // As differences: the square of a sum would lose the digits of small distances.
        let squares = (x.unsqueeze(-2) - tape.param(self.centers)).square().sum(-1);
        let widths = self.widths.map(|widths| tape.param(widths).square());
        self.label.note(basis(self.basis, squares, widths), "Rbf")
    }
}

/// The function of the squares of distance and width.
#[track_caller]
fn basis<'t>(basis: RadialBasis, r2: Var<'t>, width2: Option<Var<'t>>) -> Var<'t> {
    match (basis, width2) {
        (RadialBasis::Gaussian, Some(w2)) => (r2 / w2 * -0.5).exp(),
        (RadialBasis::Multiquadric, Some(w2)) => (r2 + w2).sqrt(),
        (RadialBasis::InverseMultiquadric, Some(w2)) => (r2 + w2).rsqrt(),
        (RadialBasis::InverseQuadratic, Some(w2)) => (r2 / w2 + 1.0).reciprocal(),
        (RadialBasis::PolyharmonicSpline(order), _) => {
            // At a centre, the logarithm and the root's derivative are infinite: they see a 1 there.
            let center = r2.eq(0.0);
            let safe = center.select(1.0, r2);
            let even = safe.powi((order / 2) as i32);
            let y = if order % 2 == 0 { even * safe.ln() * 0.5 } else { even * safe.sqrt() };
            center.select(0.0, y)
        }
        (_, None) => r2,
    }
}
