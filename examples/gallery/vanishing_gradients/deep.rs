//! Deep nets of one width that differ in their activation alone, and what is measured in them.

use chainrule::data::DataError;
use chainrule::nn::Init;
use chainrule::prelude::*;
use std::error::Error;

/// Hidden layers, and units in each.
pub const DEPTH: usize = 15;
pub const WIDTH: usize = 64;
/// Training: epochs, rows of a step, and the rate of plain gradient descent.
pub const EPOCHS: usize = 20;
pub const BATCH: usize = 32;
pub const RATE: f64 = 0.02;
/// Rows of the training set that gradients and derivatives are measured on.
pub const PROBE: usize = 256;
/// A unit counts as saturated where its derivative is below this share of the largest that its activation has.
pub const SATURATED: f64 = 0.05;

/// An activation with the first weights that are made for it.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    pub activation: Activation,
    pub weights: Init,
}

const fn kind(name: &'static str, activation: Activation, weights: Init) -> Kind {
    Kind { name, activation, weights }
}

pub const SIGMOID: Kind = kind("sigmoid", Activation::Sigmoid, Init::xavier_normal());
pub const TANH: Kind = kind("tanh", Activation::Tanh, Init::xavier_normal());
pub const RELU: Kind = kind("ReLU", Activation::Relu, Init::he_normal());
pub const KINDS: [Kind; 7] = [
    SIGMOID,
    TANH,
    RELU,
    kind("leaky ReLU", Activation::LEAKY_RELU, Init::he_normal()),
    kind("ELU", Activation::ELU, Init::he_normal()),
    kind("SELU", Activation::Selu, Init::lecun_normal()),
    kind("GELU", Activation::Gelu, Init::he_normal()),
];

impl Kind {
    /// The same with first weights that are so many times as large.
    pub fn wider(self, factor: f64) -> Kind {
        match self.weights {
            Init::Scaled { gain, .. } => Kind { weights: self.weights.gain(gain * factor), ..self },
            _ => self,
        }
    }

    /// The derivative at each of these places.
    pub fn derivative(&self, at: &[f64]) -> chainrule::Result<Vec<f64>> {
        let tape = Tape::new();
        let z = tape.var(at.to_vec());
        Ok(tape.grad(self.activation.apply(z).sum(..), z).value()?.to_f64())
    }

    /// The largest derivative, in absolute value.
    pub fn steepest(&self) -> chainrule::Result<f64> {
        let places: Vec<f64> = (-6000..=6000).map(|i| f64::from(i) / 1000.0).collect();
        Ok(self.derivative(&places)?.iter().fold(0.0, |most, slope| slope.abs().max(most)))
    }
}

/// `DEPTH` hidden layers and a linear one, from 64 pixels to 10 classes.
pub struct Deep {
    kind: Kind,
    layers: Vec<Linear>,
}

impl Deep {
    pub fn new(params: &mut Params, kind: Kind) -> Deep {
        let mut at = params.root();
        let layer = |i| {
            let outputs = if i > DEPTH { 10 } else { WIDTH };
            Linear::init(
                &mut at.sub(i),
                if i == 1 { 64 } else { WIDTH },
                outputs,
                kind.weights,
                Init::zeros(),
            )
        };
        Deep { kind, layers: (1..=DEPTH + 1).map(layer).collect() }
    }

    /// The logits, and the input `z` of each activation on the way, `[rows, WIDTH]`.
    fn trace<'t>(&self, mut x: Var<'t>) -> (Var<'t>, Vec<Var<'t>>) {
        let mut inputs = Vec::with_capacity(DEPTH);
        for layer in &self.layers[..DEPTH] {
            let z = layer.forward(x);
            inputs.push(z);
            x = self.kind.activation.apply(z);
        }
        (self.layers[DEPTH].forward(x), inputs)
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.trace(x).0
    }

    /// The norm of the loss's gradient by each layer's weight, from the first hidden layer to the last.
    pub fn gradient_norms(&self, params: &Params, data: &Dataset) -> chainrule::Result<Vec<f64>> {
        let tape = Tape::with(params);
        let loss = self.forward(tape.var(data.inputs())).cross_entropy(tape.var(data.labels()));
        let gradients = tape.named_grads(loss)?;
        let norms: Vec<Var> = (1..=DEPTH).map(|i| gradients[&format!("{i}.weight")].norm(..)).collect();
        tape.values(&norms)?.iter().map(Tensor::item).collect()
    }

    /// The activations' derivatives, over all units of a layer and all rows.
    pub fn slopes(&self, params: &Params, data: &Dataset) -> chainrule::Result<Vec<Slopes>> {
        let limit = SATURATED * self.kind.steepest()?;
        let tape = Tape::with(params);
        let mut wanted = Vec::with_capacity(2 * DEPTH);
        for z in self.trace(tape.var(data.inputs())).1 {
            let slope = tape.grad(self.kind.activation.apply(z).sum(..), z).abs();
            wanted.extend([slope.mean(..), slope.lt(limit).cast(DType::F32).mean(..)]);
        }
        let values =
            tape.values(&wanted)?.iter().map(Tensor::item).collect::<chainrule::Result<Vec<f64>>>()?;
        Ok(values.chunks(2).map(|pair| Slopes { mean: pair[0], saturated: pair[1] }).collect())
    }
}

/// The derivatives of one layer's activations.
#[derive(Clone, Copy)]
pub struct Slopes {
    /// Their mean size.
    pub mean: f64,
    /// The share that is nearly 0: see [`SATURATED`].
    pub saturated: f64,
}

/// What was measured before the first epoch and after each: of each epoch first, then of each layer.
pub struct Run {
    pub kind: Kind,
    pub norms: Vec<Vec<f64>>,
    pub slopes: Vec<Vec<Slopes>>,
    /// The share of the test set's rows that is classified rightly.
    pub accuracy: Vec<f64>,
}

impl Run {
    /// The accuracy in the end.
    pub fn reached(&self) -> f64 {
        self.accuracy[EPOCHS]
    }
}

/// The gradient's norm in the first layer over that in the last.
pub fn ratio(norms: &[f64]) -> f64 {
    norms[0] / norms[norms.len() - 1]
}

/// The rows of the training set that gradients and derivatives are taken on.
fn probe(train: &Dataset) -> Result<Dataset, DataError> {
    train.take(&(0..PROBE.min(train.len())).collect::<Vec<_>>())
}

/// Trains a net of this kind and measures on the way.
pub fn run(kind: Kind, [train, test]: [&Dataset; 2], seed: u64) -> Result<Run, Box<dyn Error>> {
    let probe = probe(train)?;
    let mut params = Params::seeded(seed);
    let net = Deep::new(&mut params, kind);
    let mut step = TrainStep::new(optim::sgd(RATE), |[x, y]| net.forward(x).cross_entropy(y));
    let mut logits = Function::new(|[x]| net.forward(x));
    let mut run = Run { kind, norms: Vec::new(), slopes: Vec::new(), accuracy: Vec::new() };
    for epoch in 0..=EPOCHS {
        run.norms.push(net.gradient_norms(&params, &probe)?);
        run.slopes.push(net.slopes(&params, &probe)?);
        run.accuracy.push(nn::accuracy(&logits.run(&params, [test.inputs()])?, test.labels())?);
        if epoch < EPOCHS {
            for (x, y) in train.batches(BATCH).shuffled(seed, epoch as u64) {
                step.run(&mut params, [&x, &y])?;
            }
        }
    }
    Ok(run)
}

/// Gradients and saturation before training, for first weights of several sizes.
pub struct Sweep {
    pub kind: Kind,
    /// The factors on the usual first weights.
    pub factors: Vec<f64>,
    /// The gradient's norm in the first layer over that in the last.
    pub ratios: Vec<f64>,
    /// The share of saturated units in all layers.
    pub saturated: Vec<f64>,
}

pub fn sweep(kind: Kind, factors: &[f64], train: &Dataset, seed: u64) -> Result<Sweep, Box<dyn Error>> {
    let probe = probe(train)?;
    let mut found = Sweep { kind, factors: factors.to_vec(), ratios: Vec::new(), saturated: Vec::new() };
    for &factor in factors {
        let mut params = Params::seeded(seed);
        let net = Deep::new(&mut params, kind.wider(factor));
        found.ratios.push(ratio(&net.gradient_norms(&params, &probe)?));
        let slopes = net.slopes(&params, &probe)?;
        found.saturated.push(slopes.iter().map(|layer| layer.saturated).sum::<f64>() / DEPTH as f64);
    }
    Ok(found)
}
