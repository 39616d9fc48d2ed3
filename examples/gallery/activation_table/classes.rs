//! Three classes of units with several inputs: ridge, radial and folding.

use chainrule::nn::{Init, Layer, Maxout, RadialBasis, Rbf};
use chainrule::prelude::*;
use chainrule::{Result, grad};

/// The weights and the bias of the ridge units.
pub const WEIGHTS: [f64; 2] = [1.5, 1.0];
pub const BIAS: f64 = 0.5;
/// The centre and the width of the radial units.
pub const CENTER: [f64; 2] = [0.5, -0.5];
pub const WIDTH: f64 = 1.0;

/// A unit with a row of inputs and one output.
pub struct Unit {
    pub name: &'static str,
    params: Params,
    layer: Box<dyn Layer>,
}

impl Unit {
    fn of(name: &'static str, f: impl for<'t> Fn(Var<'t>) -> Var<'t> + 'static) -> Unit {
        Unit { name, params: Params::seeded(0), layer: Box::new(f) }
    }

    /// The values at points, and the gradients by the points.
    pub fn at(&self, points: &[[f64; 2]]) -> Result<(Vec<f64>, Vec<[f64; 2]>)> {
        let tape = Tape::with(&self.params);
        let x = tape.var(points.to_vec());
        let y = self.layer.forward(x);
        let slopes = grad(|x| self.layer.forward(x).sum(..), x).value()?.to_f64();
        Ok((y.value()?.to_f64(), slopes.chunks(2).map(|pair| [pair[0], pair[1]]).collect()))
    }
}

/// `φ(w·x + b)`: an activation of one number.
pub fn ridge() -> Vec<Unit> {
    let unit = |name: &'static str, activation: Activation| {
        Unit::of(name, move |x| activation.apply((x * x.tape().var(WEIGHTS)).sum(-1) + BIAS))
    };
    vec![
        unit("relu", Activation::Relu),
        unit("sigmoid", Activation::Sigmoid),
        unit("growing cosine", Activation::GrowingCosine),
    ]
}

/// `φ(‖x - c‖)`: a radial basis function.
pub fn radial() -> Result<Vec<Unit>> {
    let unit = |name: &'static str, basis: RadialBasis| -> Result<Unit> {
        let mut params = Params::seeded(0).with_dtype(DType::F64);
        let layer = Rbf::init(&mut params.root(), 2, 1, basis, Init::zeros(), Init::constant(WIDTH));
        params.set("centers", [CENTER])?;
        Ok(Unit { name, params, layer: Box::new(layer) })
    };
    Ok(vec![
        unit("Gaussian", RadialBasis::Gaussian)?,
        unit("multiquadric", RadialBasis::Multiquadric)?,
        unit("thin plate spline", RadialBasis::PolyharmonicSpline(2))?,
    ])
}

/// What takes several numbers to one, or shares one among them.
pub fn folding() -> Result<Vec<Unit>> {
    // The largest of three lines: x₁, x₂ and -(x₁ + x₂).
    let mut params = Params::seeded(0).with_dtype(DType::F64);
    let maxout = Maxout::new(&mut params.root(), 2, 1, 3);
    params.set("weight", [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])?;
    params.set("bias", [0.0, 0.0, 0.0])?;
    Ok(vec![
        Unit::of("max pooling", |x| x.unsqueeze(-2).max_pool1d(2)),
        Unit::of("average pooling", |x| x.unsqueeze(-2).avg_pool1d(2)),
        Unit::of("softmax, first", |x| x.softmax(-1).at(-1, 0)),
        Unit { name: "maxout of three", params, layer: Box::new(maxout) },
    ])
}

/// What the order of a row's numbers does to what folds it.
pub struct Folded {
    /// The largest change of maximum and mean by a reordering.
    pub aggregates: f64,
    /// The largest difference between softmax of a reordered row and reordered softmax of the row.
    pub softmax: f64,
    /// The largest distance of a sum of softmax from 1.
    pub sum: f64,
    /// The gradients of the larger one of 1 and 2, and of two equal numbers.
    pub unequal: Vec<f64>,
    pub tie: Vec<f64>,
}

/// Takes seeded random rows in a number of random orders.
pub fn fold(rows: usize, width: usize, orders: usize, seed: u64) -> Result<Folded> {
    fn pooled(x: Var<'_>) -> [Var<'_>; 2] {
        let (windows, width) = (x.unsqueeze(-2), x.shape()[1]);
        [windows.max_pool1d(width), windows.avg_pool1d(width)]
    }
    let distance = |a: Var, b: Var| (a - b).abs().max(..).item();

    let tape = Tape::with(&Params::seeded(seed));
    let x = tape.normal([rows, width], DType::F64) * 3.0;
    let (pools, shares) = (pooled(x), x.softmax(-1));
    let mut folded = Folded { aggregates: 0.0, softmax: 0.0, sum: 0.0, unequal: Vec::new(), tie: Vec::new() };
    for _ in 0..orders {
        let order = tape.permutation(width);
        let reordered = x.index_select(-1, order);
        for (before, after) in pools.into_iter().zip(pooled(reordered)) {
            folded.aggregates = folded.aggregates.max(distance(before, after)?);
        }
        let off = distance(shares.index_select(-1, order), reordered.softmax(-1))?;
        folded.softmax = folded.softmax.max(off);
    }
    folded.sum = (shares.sum(-1) - 1.0).abs().max(..).item()?;
    // One channel of a sequence of two.
    let slopes = |row: [f64; 2]| {
        let x = tape.var([row]);
        Ok::<Vec<f64>, chainrule::Error>(tape.grad(x.max_pool1d(2).sum(..), x).value()?.to_f64())
    };
    (folded.unequal, folded.tie) = (slopes([1.0, 2.0])?, slopes([1.0, 1.0])?);
    Ok(folded)
}
