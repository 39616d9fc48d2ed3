//! The network, with and without batch normalization, and how it is trained and asked.

use chainrule::prelude::*;

/// `Dense(3, relu)`, `BatchNormalization`, `Dense(2, relu)`, `BatchNormalization`, `Dense(1, sigmoid)`, for inputs of two numbers, as
/// one says in Keras, or the same without the normalizations. As there, weights begin by Xavier's uniform rule and biases as 0.
/// The sigmoid is part of the loss.
///
/// First weights are drawn by name, so they are the same with and without.
pub struct Net {
    first: Linear,
    first_norm: Option<BatchNorm>,
    second: Linear,
    second_norm: Option<BatchNorm>,
    out: Linear,
}

impl Net {
    /// With first values from the params' seed.
    pub fn new(params: &mut Params, normalize: bool) -> Net {
        let mut at = params.root();
        let first = dense(&mut at.sub("first"), 2, 3);
        let first_norm = normalize.then(|| BatchNorm::new(&mut at.sub("first_norm"), 3));
        let second = dense(&mut at.sub("second"), 3, 2);
        let second_norm = normalize.then(|| BatchNorm::new(&mut at.sub("second_norm"), 2));
        let out = dense(&mut at.sub("out"), 2, 1);
        Net { first, first_norm, second, second_norm, out }
    }

    /// The first layer's values, before the normalization.
    pub fn first<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.first.forward(x).relu()
    }

    /// What the second layer is given.
    pub fn second_input<'t>(&self, x: Var<'t>) -> Var<'t> {
        normalized(self.first_norm.as_ref(), self.first(x))
    }

    /// The logit of a rose: its probability is the sigmoid.
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let hidden = self.second.forward(self.second_input(x)).relu();
        self.out.forward(normalized(self.second_norm.as_ref(), hidden))
    }
}

/// A linear layer that begins as Keras's.
pub fn dense(at: &mut Scope<'_>, inputs: usize, outputs: usize) -> Linear {
    Linear::init(at, inputs, outputs, Init::glorot_uniform(), Init::zeros())
}

fn normalized<'t>(norm: Option<&BatchNorm>, x: Var<'t>) -> Var<'t> {
    norm.map_or(x, |norm| norm.forward(x))
}

/// One pass over the data in batches, in an order of its own. Gives the steps' mean loss.
pub fn epoch(
    step: &mut TrainStep<'_, 2>,
    params: &mut Params,
    data: &Dataset,
    batch: usize,
    number: usize,
) -> chainrule::Result<f64> {
    let batches = data.batches(batch).shuffled(params.seed(), number as u64).drop_last();
    let losses = batches.map(|(x, y)| step.run(params, [&x, &y])).collect::<chainrule::Result<Vec<f64>>>()?;
    Ok(losses.iter().sum::<f64>() / losses.len() as f64)
}

/// What a model makes of inputs in inference: normalized by the running statistics.
pub fn in_inference(
    params: &Params,
    x: &Tensor,
    model: impl for<'t> Fn(Var<'t>) -> Var<'t>,
) -> chainrule::Result<Vec<f64>> {
    let tape = Tape::with(params).inference();
    Ok(model(tape.var(x)).value()?.to_f64())
}

/// What a model makes of inputs in training: normalized by their own mean and variance.
pub fn in_training(
    params: &Params,
    x: &Tensor,
    model: impl for<'t> Fn(Var<'t>) -> Var<'t>,
) -> chainrule::Result<Vec<f64>> {
    let tape = Tape::with(params);
    Ok(model(tape.var(x)).value()?.to_f64())
}

/// The share of flowers that the logits have on the right side.
pub fn accuracy(logits: &[f64], data: &Dataset) -> f64 {
    let labels = data.labels().to_f64();
    let right = logits.iter().zip(labels).filter(|(z, label)| (**z > 0.0) == (*label > 0.5)).count();
    right as f64 / data.len() as f64
}
