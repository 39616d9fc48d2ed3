//! Convolutions of random geometry, and their gradients, against loops over all indices.

use chainrule_tape::{Conv, Tape, Tensor};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A geometry and its operands: `x` `[n, c, h, w]`, weights `[o, c / groups, kh, kw]`.
#[derive(Debug)]
struct Case {
    conv: Conv<2>,
    x: [usize; 4],
    w: [usize; 4],
}

fn random_case(rng: &mut StdRng) -> Case {
    let groups = rng.random_range(1..5);
    // Half of them have a channel for each group: these take a way of their own.
    let each = if rng.random() { [1, 1] } else { [rng.random_range(1..4), rng.random_range(1..4)] };
    let mut pair = |from: usize, to: usize| [rng.random_range(from..to), rng.random_range(from..to)];
    let (window, stride, padding, dilation) = (pair(1, 5), pair(1, 4), pair(0, 3), pair(1, 3));
    let fits =
        |axis: usize| ((window[axis] - 1) * dilation[axis] + 1).saturating_sub(2 * padding[axis]).max(1);
    let [h, w] = pair(0, 6);
    Case {
        conv: Conv { stride, padding, dilation, groups },
        x: [2, groups * each[0], fits(0) + h, fits(1) + w],
        w: [groups * each[1], each[0], window[0], window[1]],
    }
}

impl Case {
    /// Rows and columns of the result.
    fn positions(&self) -> [usize; 2] {
        let Conv { stride, padding, dilation, .. } = self.conv;
        [0, 1]
            .map(|a| (self.x[a + 2] + 2 * padding[a] - dilation[a] * (self.w[a + 2] - 1) - 1) / stride[a] + 1)
    }

    /// Calls `f` with the indices in the result, the input and the weights of everything that is multiplied.
    fn terms(&self, mut f: impl FnMut(usize, usize, usize)) {
        let Conv { stride, padding, dilation, groups } = self.conv;
        let ([n, c, h, w], [o, each, kh, kw], [rows, columns]) = (self.x, self.w, self.positions());
        for (n, o, i, j) in (0..n * o * rows * columns)
            .map(|at| (at / columns / rows / o, at / columns / rows % o, at / columns % rows, at % columns))
        {
            for (k, a, b) in (0..each * kh * kw).map(|at| (at / kw / kh, at / kw % kh, at % kw)) {
                let row = (i * stride[0] + a * dilation[0]).checked_sub(padding[0]).filter(|&row| row < h);
                let column = (j * stride[1] + b * dilation[1]).checked_sub(padding[1]).filter(|&at| at < w);
                let (Some(row), Some(column)) = (row, column) else { continue };
                let channel = o / (self.w[0] / groups) * each + k;
                f(
                    ((n * self.w[0] + o) * rows + i) * columns + j,
                    ((n * c + channel) * h + row) * w + column,
                    ((o * each + k) * kh + a) * kw + b,
                );
            }
        }
    }
}

#[test]
fn values_and_gradients_are_those_of_loops() {
    let mut rng = StdRng::seed_from_u64(7);
    for _ in 0..400 {
        let case = random_case(&mut rng);
        let mut random =
            |count: usize| -> Vec<f64> { (0..count).map(|_| rng.random::<f64>() - 0.5).collect() };
        let (x, w) = (random(case.x.iter().product()), random(case.w.iter().product()));
        let shape = [2, case.w[0], case.positions()[0], case.positions()[1]];
        let g = random(shape.iter().product());
        let (mut y, mut dx, mut dw) = (vec![0.0; g.len()], vec![0.0; x.len()], vec![0.0; w.len()]);
        case.terms(|at, from, weight| {
            y[at] += x[from] * w[weight];
            dx[from] += g[at] * w[weight];
            dw[weight] += g[at] * x[from];
        });

        let tape = Tape::new();
        let var = |values: Vec<f64>, shape: [usize; 4]| tape.var(Tensor::from_vec(values, shape).unwrap());
        let (x, w, g) = (var(x, case.x), var(w, case.w), var(g, shape));
        let result = x.conv2d(w, case.conv);
        let gradients = tape.grads((result * g).sum(..), &[x, w]);
        for (got, want) in [(result, y), (gradients[0], dx), (gradients[1], dw)] {
            let got = got.value().unwrap_or_else(|error| panic!("{case:?}: {error}")).to_f64();
            assert_eq!(got.len(), want.len(), "{case:?}");
            for (got, want) in got.iter().zip(want) {
                assert!((got - want).abs() < 1e-12, "{case:?}: {got}, not {want}");
            }
        }
    }
}
