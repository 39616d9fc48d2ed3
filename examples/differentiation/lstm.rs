//! A recurrent network over a text, as in ADBench.

use crate::{Problem, normal, row};
use chainrule::prelude::*;
use chainrule::scan;

/// The loss of predicting the next character from those before it, by all parameters. A character has `width` bits;
/// each unit of a layer sees one bit (the weights are vectors), and each layer's output is the next one's input.
pub struct Lstm {
    pub layers: usize,
    pub length: usize,
    pub width: usize,
}

impl Problem for Lstm {
    fn name(&self) -> String {
        format!("lstm l={} c={} b={}", self.layers, self.length, self.width)
    }

    /// Weights and biases of the four gates of each layer; weight of the input, weight and bias of the output; hidden
    /// and cell state of each layer at the start; the text.
    fn inputs(&self) -> chainrule::Result<Vec<Tensor>> {
        let &Lstm { layers, length, width } = self;
        let shapes = [&[layers, 2, 4, width][..], &[3, width], &[layers, 2, width], &[length, width]];
        shapes.iter().zip(1..).map(|(shape, seed)| normal(seed, shape, 0.5)).collect()
    }

    fn variables(&self) -> usize {
        2
    }

    fn function<'t>(&self, x: &[Var<'t>]) -> Var<'t> {
        let &[main, extra, state, text] = x else { unreachable!("four inputs") };
        let step = |mut state: Vec<[Var<'t>; 2]>, mut x: Var<'t>| {
            for (layer, [hidden, cell]) in state.iter_mut().enumerate() {
                let layer = row(main, layer);
                let gate = |i: usize, x: Var<'t>| x * row(row(layer, 0), i) + row(row(layer, 1), i);
                let (forget, input) = (gate(0, x).sigmoid(), gate(1, *hidden).sigmoid());
                let (output, change) = (gate(2, x).sigmoid(), gate(3, *hidden).tanh());
                *cell = *cell * forget + input * change;
                *hidden = output * cell.tanh();
                x = *hidden;
            }
            (state, x)
        };
        // Only the state goes from step to step: what comes before and after is computed for all steps at once.
        let start = (0..self.layers).map(|i| [row(row(state, i), 0), row(row(state, i), 1)]).collect();
        let last = self.length - 1;
        let (_, hidden) = scan(step, start, text.slice(0, ..last) * row(extra, 0));
        let y = hidden * row(extra, 1) + row(extra, 2);
        let log_sum = (y.exp().sum_keep(1) + 2.0).ln();
        -(text.slice(0, 1..) * (y - log_sum)).mean(..)
    }

    fn plain(&self, x: &[Vec<f64>]) -> Vec<f64> {
        let (&Lstm { layers, length, width }, [main, extra, state, text]) = (self, x) else {
            unreachable!("four inputs")
        };
        let (mut state, mut sum) = (state.clone(), 0.0);
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        for t in 0..length - 1 {
            let mut x: Vec<f64> = (0..width).map(|i| text[t * width + i] * extra[i]).collect();
            for layer in 0..layers {
                let (hidden, cell) = state[layer * 2 * width..][..2 * width].split_at_mut(width);
                let main = &main[layer * 8 * width..];
                for i in 0..width {
                    let gate = |k: usize, x: f64| x * main[k * width + i] + main[(4 + k) * width + i];
                    cell[i] = cell[i] * sigmoid(gate(0, x[i]))
                        + sigmoid(gate(1, hidden[i])) * gate(3, hidden[i]).tanh();
                    hidden[i] = sigmoid(gate(2, x[i])) * cell[i].tanh();
                    x[i] = hidden[i];
                }
            }
            let y: Vec<f64> = (0..width).map(|i| x[i] * extra[width + i] + extra[2 * width + i]).collect();
            let log_sum = (y.iter().map(|y| y.exp()).sum::<f64>() + 2.0).ln();
            sum += (0..width).map(|i| text[(t + 1) * width + i] * (y[i] - log_sum)).sum::<f64>();
        }
        vec![-sum / ((length - 1) * width) as f64]
    }
}
