//! The nets: their sizes, their training, and what a net without activations comes to.

use chainrule::prelude::*;

/// Steps over all the data, and the rows of one step.
pub const EPOCHS: usize = 100;
pub const BATCH: usize = 64;

/// A size of net: hidden layers, neurons in each, and Adam's rate, which must fall as the width grows.
#[derive(Clone, Copy)]
pub struct Size {
    pub neurons: usize,
    pub layers: usize,
    pub rate: f64,
}

pub const SIZES: [Size; 4] = [
    Size { neurons: 1, layers: 1, rate: 0.1 },
    Size { neurons: 50, layers: 4, rate: 5e-3 },
    Size { neurons: 257, layers: 4, rate: 2e-3 },
    Size { neurons: 1025, layers: 4, rate: 5e-4 },
];

impl Size {
    /// As in `50 × 4`.
    pub fn name(&self) -> String {
        format!("{} × {}", self.neurons, self.layers)
    }
}

/// A fully connected net with one output: hidden layers of one width with an activation after each, and a linear layer.
pub struct Net {
    layers: Vec<Linear>,
    activation: Activation,
}

impl Net {
    pub fn new(params: &mut Params, inputs: usize, size: Size, activation: Activation) -> Net {
        let mut at = params.root();
        let layer = |i| {
            let inputs = if i == 0 { inputs } else { size.neurons };
            let outputs = if i == size.layers { 1 } else { size.neurons };
            Linear::new(&mut at.sub(i), inputs, outputs)
        };
        Net { layers: (0..=size.layers).map(layer).collect(), activation }
    }

    /// From `[rows, inputs]` to `[rows, 1]`.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let last = self.layers.len() - 1;
        let hidden = self.layers[..last].iter().fold(x, |x, layer| self.activation.apply(layer.forward(x)));
        self.layers[last].forward(hidden)
    }

    /// Trains with Adam, at a rate that falls to 0 along a cosine.
    pub fn train(
        &self,
        params: &mut Params,
        data: &Dataset,
        rate: f64,
        loss: impl for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>,
    ) -> chainrule::Result<()> {
        let steps = EPOCHS * data.len().div_ceil(BATCH);
        let optimizer = optim::adam(rate).schedule(optim::cosine(steps as u64, 0.0));
        let mut step = TrainStep::new(optimizer, |[x, y]| loss(self.forward(x), y));
        for epoch in 0..EPOCHS {
            for (x, y) in data.batches(BATCH).shuffled(params.seed(), epoch as u64) {
                step.run(params, [&x, &y])?;
            }
        }
        Ok(())
    }

    /// The outputs for points `[rows, inputs]`.
    pub fn outputs(&self, params: &Params, x: &Tensor) -> chainrule::Result<Vec<f64>> {
        Ok(Function::new(|[x]| self.forward(x)).run(params, [x])?.to_f64())
    }

    /// What the layers come to if nothing stands between them: `w·x + b`, where `w` is the product of all weights. Multiplied in
    /// `f64`, from the last layer to the first.
    pub fn affine(&self, params: &Params) -> chainrule::Result<Affine> {
        let tape = Tape::with(params);
        let wide = |id| tape.param(id).cast(DType::F64);
        let (mut weight, mut bias) = (tape.var([[1.0]]), tape.var([0.0]));
        for layer in self.layers.iter().rev() {
            if let Some(own) = layer.bias() {
                bias = bias + weight.matmul(wide(own));
            }
            weight = weight.matmul(wide(layer.weight()));
        }
        Ok(Affine { weight: weight.value()?.to_f64(), bias: bias.sum(..).item()? })
    }
}

/// `w·x + b`.
pub struct Affine {
    pub weight: Vec<f64>,
    pub bias: f64,
}

impl Affine {
    pub fn at(&self, x: &[f64]) -> f64 {
        self.weight.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + self.bias
    }
}
