//! Units that are off for every row of the data, and whether they come back.

use chainrule::nn::{Init, PRelu};
use chainrule::prelude::*;

/// Hidden layers, and units in each.
pub const DEPTH: usize = 4;
pub const WIDTH: usize = 64;
/// Training: epochs and rows of a step.
pub const EPOCHS: usize = 20;
pub const BATCH: usize = 32;

/// What stands after each hidden layer.
#[derive(Clone, Copy)]
pub enum Rectifier {
    Fixed(Activation),
    /// A slope below 0 for each unit, which is learned; 1/4 at first.
    Parametric,
}

/// All that is compared, by name.
pub const RECTIFIERS: [(&str, Rectifier); 6] = [
    ("ReLU", Rectifier::Fixed(Activation::Relu)),
    ("leaky 0.01", Rectifier::Fixed(Activation::LeakyRelu(0.01))),
    ("leaky 0.1", Rectifier::Fixed(Activation::LeakyRelu(0.1))),
    ("parametric", Rectifier::Parametric),
    ("ELU", Rectifier::Fixed(Activation::ELU)),
    ("SELU", Rectifier::Fixed(Activation::Selu)),
];

/// How the units are put to the test.
#[derive(Clone, Copy)]
pub struct Trial {
    /// The first bias of every hidden unit.
    pub bias: f64,
    /// The rate.
    pub rate: f64,
    /// Whether Adam takes the steps, or plain gradient descent.
    pub adam: bool,
}

/// A net of [`DEPTH`] hidden layers.
struct Net {
    layers: Vec<Linear>,
    rectifier: Rectifier,
    slopes: Vec<PRelu>,
}

impl Net {
    fn new(params: &mut Params, rectifier: Rectifier, bias: f64) -> Net {
        let mut at = params.root();
        let layers = (1..=DEPTH + 1)
            .map(|i| {
                let (outputs, bias) = if i > DEPTH { (10, 0.0) } else { (WIDTH, bias) };
                let inputs = if i == 1 { 64 } else { WIDTH };
                Linear::init(&mut at.sub(i), inputs, outputs, Init::he_normal(), Init::constant(bias))
            })
            .collect();
        let slopes = match rectifier {
            Rectifier::Fixed(_) => Vec::new(),
            Rectifier::Parametric => {
                (1..=DEPTH).map(|i| PRelu::per_channel(&mut at.sub(i).sub("slope"), WIDTH)).collect()
            }
        };
        Net { layers, rectifier, slopes }
    }

    /// The logits, and the input `z` of each rectifier, `[rows, WIDTH]`.
    fn trace<'t>(&self, mut x: Var<'t>) -> (Var<'t>, Vec<Var<'t>>) {
        let mut inputs = Vec::with_capacity(DEPTH);
        for (i, layer) in self.layers[..DEPTH].iter().enumerate() {
            let z = layer.forward(x);
            inputs.push(z);
            x = match self.rectifier {
                Rectifier::Fixed(activation) => activation.apply(z),
                Rectifier::Parametric => self.slopes[i].forward(z),
            };
        }
        (self.layers[DEPTH].forward(x), inputs)
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.trace(x).0
    }

    /// Whether each hidden unit is off, that is, its input is not above 0 in any row; and the largest gradient by a weight into a
    /// unit that is off.
    fn off(&self, params: &Params, data: &Dataset) -> chainrule::Result<(Vec<bool>, f64)> {
        let tape = Tape::with(params);
        let (logits, inputs) = self.trace(tape.var(data.inputs()));
        let gradients = tape.named_grads(logits.cross_entropy(tape.var(data.labels())))?;
        let off: Vec<Var> = inputs.iter().map(|z| (!z.gt(0.0)).all(0)).collect();
        let strongest = off.iter().enumerate().map(|(i, off)| {
            let gradient = gradients[&format!("{}.weight", i + 1)].abs().max(-1);
            off.select(gradient, gradient * 0.0).max(..)
        });
        let wanted: Vec<Var> = off.iter().copied().chain(strongest).collect();
        let values = tape.values(&wanted)?;
        let off = values[..DEPTH].iter().flat_map(Tensor::to_f64).map(|off| off > 0.0).collect();
        let strongest = values[DEPTH..].iter().map(Tensor::item).collect::<chainrule::Result<Vec<f64>>>()?;
        Ok((off, strongest.into_iter().fold(0.0, f64::max)))
    }
}

/// What became of the units of one net.
pub struct Fate {
    pub name: &'static str,
    /// The share of hidden units that are off, before the first epoch and after each.
    pub off: Vec<f64>,
    /// How often a unit was off at one of these times and not at the next.
    pub back: usize,
    /// The largest gradient by a weight into a unit that is off, at any of these times.
    pub strongest: f64,
    /// The share of the test set's rows that is classified rightly in the end.
    pub accuracy: f64,
}

/// Trains a net and looks at its units before the first epoch and after each.
pub fn fate(
    (name, rectifier): (&'static str, Rectifier),
    trial: Trial,
    [train, test]: [&Dataset; 2],
    seed: u64,
) -> chainrule::Result<Fate> {
    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params, rectifier, trial.bias);
    let optimizer = if trial.adam { optim::adam(trial.rate).boxed() } else { optim::sgd(trial.rate).boxed() };
    let mut step = TrainStep::new(optimizer, |[x, y]| net.forward(x).cross_entropy(y)).check_finite();
    let mut looks: Vec<Vec<bool>> = Vec::new();
    let mut strongest = 0.0f64;
    for epoch in 0..=EPOCHS {
        let (off, gradient) = net.off(&params, train)?;
        looks.push(off);
        strongest = strongest.max(gradient);
        if epoch < EPOCHS {
            for (x, y) in train.batches(BATCH).shuffled(seed, epoch as u64) {
                step.run(&mut params, [&x, &y])?;
            }
        }
    }
    let logits = Function::new(|[x]| net.forward(x)).run(&params, [test.inputs()])?;
    let came_back = |two: &[Vec<bool>]| two[0].iter().zip(&two[1]).filter(|(was, is)| **was && !**is).count();
    Ok(Fate {
        name,
        off: looks
            .iter()
            .map(|off| off.iter().filter(|&&off| off).count() as f64 / off.len() as f64)
            .collect(),
        back: looks.windows(2).map(came_back).sum(),
        strongest,
        accuracy: nn::accuracy(&logits, test.labels())?,
    })
}
