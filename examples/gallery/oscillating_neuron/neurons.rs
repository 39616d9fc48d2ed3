//! Neurons of several kinds on the four points of XOR, and their training.

use chainrule::nn::Init;
use chainrule::prelude::*;
use std::error::Error;

/// Neurons of each kind, from different first weights.
pub const NEURONS: usize = 1000;
/// Steps over all four points.
pub const STEPS: usize = 1000;
/// Adam's rate.
pub const RATE: f64 = 0.03;

/// The four points, and whether exactly one coordinate is 1.
pub const POINTS: [[f64; 2]; 4] = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
pub const XOR: [bool; 4] = [false, true, true, false];

/// A kind of neuron: `f(w·x + b)`, which says "yes" where it is above the middle of its targets.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub activation: Activation,
    /// What it is to give for "no" and for "yes".
    pub targets: [f64; 2],
}

impl Kind {
    pub fn threshold(self) -> f64 {
        (self.targets[0] + self.targets[1]) / 2.0
    }

    /// The activation at these places.
    pub fn at(self, z: &[f64]) -> chainrule::Result<Vec<f64>> {
        let tape = Tape::new();
        Ok(self.activation.apply(tape.var(z.to_vec())).value()?.to_f64())
    }

    /// How many of the four points a neuron with `[w₁, w₂, b]` gets right.
    pub fn right(self, weights: [f64; 3]) -> chainrule::Result<usize> {
        let outputs = self.at(&weighted(weights))?;
        Ok(outputs.iter().zip(XOR).filter(|&(&output, yes)| (output > self.threshold()) == yes).count())
    }
}

pub const SIGMOID: Kind = Kind { name: "sigmoid", activation: Activation::Sigmoid, targets: [0.0, 1.0] };
pub const TANH: Kind = Kind { name: "tanh", activation: Activation::Tanh, targets: [-1.0, 1.0] };
pub const RELU: Kind = Kind { name: "ReLU", activation: Activation::Relu, targets: [0.0, 1.0] };
pub const COSINE: Kind =
    Kind { name: "growing cosine", activation: Activation::GrowingCosine, targets: [-1.0, 1.0] };
pub const SINE: Kind = Kind { name: "sine", activation: Activation::Sinusoid, targets: [-1.0, 1.0] };
pub const BUMP: Kind = Kind { name: "Gaussian bump", activation: Activation::Gaussian, targets: [0.0, 1.0] };
/// Those that never fall, and those that turn back.
pub const RISING: [Kind; 3] = [SIGMOID, TANH, RELU];
pub const TURNING: [Kind; 3] = [COSINE, SINE, BUMP];

/// `w·x + b` at the four points.
pub fn weighted([w1, w2, b]: [f64; 3]) -> [f64; 4] {
    POINTS.map(|[x1, x2]| w1 * x1 + w2 * x2 + b)
}

/// Neurons side by side, all with the same two inputs.
pub struct Neurons {
    kind: Kind,
    map: Linear,
}

impl Neurons {
    pub fn new(params: &mut Params, kind: Kind, count: usize, start: f64) -> Neurons {
        let start = Init::uniform(-start, start);
        Neurons { kind, map: Linear::init(&mut params.root(), 2, count, start, start) }
    }

    /// From points `[n, 2]` to the outputs of all neurons, `[n, count]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.kind.activation.apply(self.map.forward(x))
    }
}

/// Neurons of one kind after training.
pub struct Trained {
    pub kind: Kind,
    /// `[w₁, w₂, b]` of each, and how many of the four points it gets right.
    pub neurons: Vec<([f64; 3], usize)>,
    /// The most points that any of them had right before any step, or in the end.
    pub most: usize,
}

impl Trained {
    /// The share of neurons that get all four points right.
    pub fn solved(&self) -> f64 {
        self.neurons.iter().filter(|(_, right)| *right == 4).count() as f64 / self.neurons.len() as f64
    }

    /// The first neuron that gets all points right and says "yes" between two lines (not outside of them).
    pub fn stripe(&self) -> Result<[f64; 3], String> {
        let found = self.neurons.iter().find(|(w, right)| *right == 4 && w[0] * w[1] > 0.0);
        found.map(|(weights, _)| *weights).ok_or_else(|| format!("no {} neuron learns XOR", self.kind.name))
    }
}

/// Trains neurons of a kind by their squared errors. A neuron's gradient depends on its own weights alone, so that each goes the way
/// that it would go without the others.
pub fn train(kind: Kind, start: f64, seed: u64) -> Result<Trained, Box<dyn Error>> {
    let mut params = Params::seeded(seed).with_dtype(DType::F64);
    let net = Neurons::new(&mut params, kind, NEURONS, start);
    let points = Tensor::from(POINTS);
    let targets = Tensor::from(XOR.map(|yes| [kind.targets[usize::from(yes)]]));

    let mut step = TrainStep::new(optim::adam(RATE), |[x, y]| (net.forward(x) - y).square().mean(0).sum(..));
    let mut right = Function::new(|[x, y]| {
        let (says, is) = (net.forward(x).gt(kind.threshold()), y.gt(kind.threshold()));
        (!says.logical_xor(is)).count_nonzero(0)
    });
    let mut count = |params: &Params| right.run(params, [&points, &targets])?.to_vec::<i64>();
    let mut most = 0;
    for _ in 0..STEPS {
        most = count(&params)?.into_iter().fold(most, i64::max);
        step.run(&mut params, [&points, &targets])?;
    }
    let right = count(&params)?;
    most = right.iter().copied().fold(most, i64::max);

    let weights = params.tensor(net.map.weight()).to_f64();
    let biases = net.map.bias().map_or(vec![0.0; NEURONS], |bias| params.tensor(bias).to_f64());
    let weights = weights.chunks(2).zip(biases).map(|(w, b)| [w[0], w[1], b]);
    let neurons = weights.zip(right).map(|(weights, right)| (weights, right as usize)).collect();
    Ok(Trained { kind, neurons, most: most as usize })
}
