//! Depthwise convolution: each channel has a window of weights of its own.

use super::movement::Same;
use super::windows::Windows;
use super::{Conv, Sample, convolution::numbers};
use crate::record::Key;
use crate::{Batch, Gradients, Lower, Meta, Op, Rule, Var};
use std::sync::Arc;

/// The first input, which is the depthwise convolution of the others: `y[n, p, c] = Σ_k x[n, p·stride + k·dilation, c]·w[k, c]`,
/// channels last. It is computed as sums of elementwise products; what is stated here is that its derivatives are as well.
#[derive(Clone, Debug)]
struct Depthwise(Windows);

/// The depthwise convolution of `x`, channels last, with weights `[k.., c]`. The windows fit.
#[track_caller]
pub(super) fn depthwise<'t>(windows: Windows, x: Var<'t>, w: Var<'t>) -> Var<'t> {
    let op = Depthwise(windows);
    let taps = op.0.taps(x.detach(), w.shape().dims());
    let mut sum: Option<Var<'t>> = None;
    for (x, w) in taps.into_iter().zip(op.rows(w.detach())) {
        let product = x * w;
        sum = Some(match sum {
            Some(sum) => sum + product,
            None => product,
        });
    }
    match sum {
        Some(y) => x.tape().op(op, &[y, x, w]),
        None => x,
    }
}

impl Depthwise {
    /// The weights at each place of a window.
    #[track_caller]
    fn rows<'t>(&self, w: Var<'t>) -> Vec<Var<'t>> {
        let mut views = vec![w];
        for _ in 0..self.0.spatial() {
            let mut along = Vec::new();
            for w in views {
                for at in 0..w.shape()[0] {
                    along.push(w.slice(0, at..at + 1).squeeze(0));
                }
            }
            views = along;
        }
        views
    }
}

impl Op for Depthwise {
    fn name(&self) -> &'static str {
        "depthwise"
    }

    fn infer(&self, x: &[&Meta]) -> Result<Meta, String> {
        Ok(x[0].clone())
    }

    fn attributes(&self, key: &mut Key) {
        self.0.attributes(key);
    }

    fn lower(&self) -> Lower {
        Lower::View(Arc::new(Same))
    }

    fn vjp<'t>(&self, at: &Rule<'_, 't>, g: Var<'t>) -> Gradients<'t> {
        let (x, w) = (at.x[1], at.x[2]);
        at.gradients(|i| match i {
            0 => None,
            1 => Some(self.0.input_gradient(&x.shape(), g, w, &depthwise)),
            _ => {
                // Each weight meets what it is multiplied with.
                let all: Vec<isize> = (0..=self.0.spatial() as isize).collect();
                let terms = self.0.taps(x, w.shape().dims()).into_iter();
                let sums: Vec<Var<'t>> = terms.map(|x| (x * g).sum(all.as_slice())).collect();
                Some(at.tape.stack(&sums, 0).reshape(w.shape()))
            }
        })
    }

    fn jvp<'t>(&self, at: &Rule<'_, 't>, dx: &[Option<Var<'t>>]) -> Option<Var<'t>> {
        let left = dx[1].map(|dx| depthwise(self.0.clone(), dx, at.x[2]));
        let right = dx[2].map(|dw| depthwise(self.0.clone(), at.x[1], dw));
        left.into_iter().chain(right).reduce(|left, right| left + right)
    }

    fn batch<'t>(&self, at: &Batch<'_, 't>) -> Var<'t> {
        if at.batched[2] {
            return at.one_by_one();
        }
        // Images of all elements in one batch.
        let (y, x) = (at.whole(0), at.whole(1));
        let all = |x: Var<'t>| x.reshape([&[at.size * x.shape()[1]], &x.shape()[2..]].concat());
        at.tape.op(self.clone(), &[all(y), all(x), at.x[2]]).reshape(y.shape())
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "depthwise",
        inputs: || vec![numbers(72, &[2, 3, 4, 3]), numbers(18, &[3, 1, 3, 2])],
        apply: |x| x[0].conv2d(x[1], Conv { padding: [1, 0], groups: 3, ..Conv::default() }).square(),
    },
    Sample {
        name: "depthwise_strided",
        inputs: || vec![numbers(60, &[1, 2, 6, 5]), numbers(12, &[2, 1, 3, 2])],
        apply: |x| x[0].conv2d(x[1], Conv { stride: [2, 2], padding: [1, 1], dilation: [1, 2], groups: 2 }),
    },
];
