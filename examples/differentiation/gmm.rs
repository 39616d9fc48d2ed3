//! A Gaussian mixture with a Wishart prior, as in ADBench.

use crate::{Problem, normal};
use chainrule::prelude::*;
use std::f64::consts::{LN_2, PI};

/// The prior's scale and the degrees of freedom beyond `d`.
const GAMMA: f64 = 1.0;
const M: usize = 0;

/// The log likelihood of `n` points in `d` dimensions under `k` components. By component: the logarithm of its weight
/// `α`, its mean `μ`, and `icf`, a triangular factor `Q` of its inverse covariance (logarithms of the diagonal, then
/// the columns below it):
///
/// `Σₓ lse(α + Σ log diag Q - ½‖Q·(x - μ)‖²) - n·lse(α) + prior(Q)`.
pub struct Gmm {
    pub d: usize,
    pub k: usize,
    pub n: usize,
}

impl Gmm {
    /// What depends on the sizes alone.
    fn constant(&self) -> f64 {
        let (d, k, n) = (self.d as f64, self.k as f64, self.n as f64);
        let freedom = d + M as f64 + 1.0;
        let log_gamma = (1..=self.d).map(|j| log_gamma_of_half(self.d + M + 2 - j)).sum::<f64>();
        let log_gamma = 0.25 * d * (d - 1.0) * PI.ln() + log_gamma;
        -0.5 * n * d * (2.0 * PI).ln() - k * (freedom * d * (GAMMA.ln() - 0.5 * LN_2) - log_gamma)
    }
}

/// `ln Γ(m/2)`.
fn log_gamma_of_half(m: usize) -> f64 {
    let (start, first) = if m.is_multiple_of(2) { (2, 0.0) } else { (1, 0.5 * PI.ln()) };
    (start..m).step_by(2).fold(first, |sum, m| sum + (m as f64 / 2.0).ln())
}

impl Problem for Gmm {
    fn name(&self) -> String {
        format!("gmm d={} k={} n={}", self.d, self.k, self.n)
    }

    fn inputs(&self) -> chainrule::Result<Vec<Tensor>> {
        let &Gmm { d, k, n } = self;
        let shapes = [&[k][..], &[k, d], &[k, d * (d + 1) / 2], &[n, d]];
        shapes.iter().zip(1..).map(|(shape, seed)| normal(seed, shape, 0.5)).collect()
    }

    fn variables(&self) -> usize {
        3
    }

    fn function<'t>(&self, x: &[Var<'t>]) -> Var<'t> {
        let (&Gmm { d, k, n }, &[alphas, means, icf, points]) = (self, x) else {
            unreachable!("four inputs")
        };
        let (q, below) = (icf.slice(1, ..d), icf.slice(1, d..));

        // Column i of all factors: i zeros, the diagonal's element, what is below it.
        let (diagonal, mut start) = (q.exp(), 0);
        let column = |i: usize| {
            let end = start + d - 1 - i;
            let column = [diagonal.slice(1, i..i + 1), below.slice(1, start..end)];
            start = end;
            icf.tape().concat(&column, 1).pad(1, i, 0)
        };
        let columns = (0..d).map(column).collect::<Vec<_>>();
        let factors = icf.tape().stack(&columns, 0).transpose(1, 2); // [column, row, component]

        // One product for all points and components: Q·(x - μ) = Q·x - Q·μ. Sums of squares go along the middle axis:
        // all components are added to at once.
        let centers = (means.t().unsqueeze(1) * factors).sum(0);
        let y = points.matmul(factors.reshape([d, d * k])).reshape([n, d, k]) - centers;
        let logs = q.sum(1);
        let terms = alphas + logs - 0.5 * y.square().sum(1);
        let squares = diagonal.square().sum(..) + below.square().sum(..);
        let prior = 0.5 * GAMMA * GAMMA * squares - M as f64 * logs.sum(..);
        terms.logsumexp(1).sum(..) - n as f64 * alphas.logsumexp(0) + prior + self.constant()
    }

    fn plain(&self, x: &[Vec<f64>]) -> Vec<f64> {
        let (&Gmm { d, k, n }, [alphas, means, icf, points]) = (self, x) else { unreachable!("four inputs") };
        let lse = |x: &[f64]| {
            let most = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            most + x.iter().map(|x| (x - most).exp()).sum::<f64>().ln()
        };
        let mut sum = self.constant() - n as f64 * lse(alphas);
        for icf in icf.chunks(d * (d + 1) / 2) {
            let (q, below) = icf.split_at(d);
            let squares = q.iter().map(|q| q.exp().powi(2)).chain(below.iter().map(|l| l * l)).sum::<f64>();
            sum += 0.5 * GAMMA * GAMMA * squares - M as f64 * q.iter().sum::<f64>();
        }
        for point in points.chunks(d) {
            let term = |c: usize| {
                let (q, below) = icf[c * d * (d + 1) / 2..][..d * (d + 1) / 2].split_at(d);
                let centered: Vec<f64> = (0..d).map(|i| point[i] - means[c * d + i]).collect();
                let mut y: Vec<f64> = (0..d).map(|i| q[i].exp() * centered[i]).collect();
                let mut below = below.iter();
                for (i, centered) in centered.iter().enumerate() {
                    y[i + 1..].iter_mut().zip(&mut below).for_each(|(y, l)| *y += l * centered);
                }
                alphas[c] + q.iter().sum::<f64>() - 0.5 * y.iter().map(|y| y * y).sum::<f64>()
            };
            sum += lse(&(0..k).map(term).collect::<Vec<f64>>());
        }
        vec![sum]
    }
}
