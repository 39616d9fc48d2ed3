//! Derivatives of whole networks, of the second order and in both modes: convolution, batch norm, attention and embedding.

use approx::assert_relative_eq;
use chainrule::nn::{
    Activation, BatchNorm, Conv2d, Embedding, Layer, LayerNorm, Linear, Losses, MultiheadAttention,
};
use chainrule::{DType, ParamId, Params, Tape, Tensor, Var, grad, jvp, vmap};

fn numbers(shape: &[usize], seed: f64) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::from_vec((0..count).map(|i| (i as f64 * 0.7 + seed).sin()).collect::<Vec<f64>>(), shape).unwrap()
}

/// Convolution, batch norm in training, an activation, pooling and a linear layer, with a cross-entropy.
struct Images {
    conv: Conv2d,
    norm: BatchNorm,
    out: Linear,
}

impl Images {
    fn new(params: &mut Params) -> Images {
        let mut root = params.root();
        Images {
            conv: Conv2d::new(&mut root.sub("conv"), 2, 3, 3).padding(1),
            norm: BatchNorm::new(&mut root.sub("norm"), 3),
            out: Linear::new(&mut root.sub("out"), 12, 4),
        }
    }

    fn loss<'t>(&self, x: Var<'t>) -> Var<'t> {
        let h = self.conv.forward(x).permute(&[0, 2, 3, 1]);
        let h = Activation::Gelu.forward(self.norm.forward(h)).permute(&[0, 3, 1, 2]);
        let labels = x.tape().var([1i64, 3, 0]);
        self.out.forward(h.avg_pool2d(2).reshape([3, 12])).cross_entropy(labels)
    }
}

/// Embedding, attention, layer norm and a linear layer.
struct Text {
    table: Embedding,
    attention: MultiheadAttention,
    norm: LayerNorm,
    out: Linear,
}

impl Text {
    fn new(params: &mut Params) -> Text {
        let mut root = params.root();
        Text {
            table: Embedding::new(&mut root.sub("table"), 6, 4),
            attention: MultiheadAttention::new(&mut root.sub("attention"), 4, 2).causal(),
            norm: LayerNorm::new(&mut root.sub("norm"), 4),
            out: Linear::new(&mut root.sub("out"), 4, 6),
        }
    }

    fn loss<'t>(&self, tokens: Var<'t>) -> Var<'t> {
        let h = self.table.forward(tokens);
        let h = self.norm.forward(h + self.attention.forward(h));
        self.out.forward(h).reshape([10, 6]).cross_entropy(tokens.reshape(10))
    }
}

/// Checks first and second derivatives of a loss by each parameter of a model.
fn check(params: &Params, loss: impl for<'t> Fn(&'t Tape) -> Var<'t>) {
    let ids: Vec<ParamId> =
        params.ids().filter(|&id| params.kind(id) == chainrule::Kind::Trainable).collect();
    for &id in &ids {
        let name = params.name(id);
        let tape = Tape::with(params);
        let (y, w) = (loss(&tape), tape.param(id));
        let u = tape.var(numbers(w.shape().dims(), 0.4));
        let g = tape.grad(y, w);
        let forward_over_reverse = tape.jvp(g, &[w], &[u]);
        let reverse_over_forward = tape.grad(tape.jvp(y, &[w], &[u]), w);
        let reverse_over_reverse = tape.grad((g * u).sum(..), w);
        let n = w.numel();
        let product = tape.hessian(y, w).reshape([n, n]).matmul(u.reshape(n)).reshape(w.shape());
        let values = tape
            .values(&[g, forward_over_reverse, reverse_over_forward, reverse_over_reverse, product])
            .unwrap();
        let values: Vec<Vec<f64>> = values.iter().map(Tensor::to_f64).collect();
        for other in &values[2..] {
            assert_relative_eq!(values[1].as_slice(), other.as_slice(), max_relative = 1e-9, epsilon = 1e-12);
        }
        // Differences of the gradient along u.
        let gradient_at = |step: f64| {
            let mut moved = params.clone();
            let value: Vec<f64> = params
                .tensor(id)
                .to_f64()
                .iter()
                .zip(u.value().unwrap().to_f64())
                .map(|(w, u)| w + step * u)
                .collect();
            moved.set(name, Tensor::from_vec(value, params.tensor(id).shape()).unwrap()).unwrap();
            let tape = Tape::with(&moved);
            tape.grad(loss(&tape), tape.param(id)).value().unwrap().to_f64()
        };
        let h = 2.5e-4;
        let [a, b, c, d] = [h, -h, 2.0 * h, -2.0 * h].map(gradient_at);
        let differences: Vec<f64> =
            (0..n).map(|i| (8.0 * (a[i] - b[i]) - (c[i] - d[i])) / (12.0 * h)).collect();
        assert_relative_eq!(
            values[1].as_slice(),
            differences.as_slice(),
            max_relative = 1e-6,
            epsilon = 1e-8
        );
        assert!(values[0].iter().any(|&g| g != 0.0), "{name}");
    }
}

#[test]
fn images() {
    let mut params = Params::seeded(3).with_dtype(DType::F64);
    let net = Images::new(&mut params);
    check(&params, |tape| net.loss(tape.var(numbers(&[3, 2, 4, 4], 0.1))));
}

#[test]
fn text() {
    let mut params = Params::seeded(4).with_dtype(DType::F64);
    let net = Text::new(&mut params);
    let tokens = Tensor::from_vec(vec![0i64, 3, 5, 1, 3, 2, 2, 4, 0, 1], [2, 5]).unwrap();
    check(&params, |tape| net.loss(tape.var(tokens.clone())));
}

/// A gradient for each example of a batch, of parameters that all share.
#[test]
fn per_example_gradients_of_a_network() {
    let mut params = Params::seeded(5).with_dtype(DType::F64);
    let (hidden, out) = {
        let mut root = params.root();
        (Linear::new(&mut root.sub("hidden"), 3, 5), Linear::new(&mut root.sub("out"), 5, 2))
    };
    let tape = Tape::with(&params);
    let (x, labels) = (tape.var(numbers(&[4, 3], 0.2)), tape.var([0i64, 1, 1, 0]));
    let weights: Vec<Var<'_>> = params.ids().map(|id| tape.param(id)).collect();
    let each = vmap(
        |(x, label)| {
            let y = out.forward(hidden.forward(x.unsqueeze(0)).tanh());
            tape.grads(y.cross_entropy(label.unsqueeze(0)), &weights)
        },
        (x, labels),
    );
    let whole = tape.grads(out.forward(hidden.forward(x).tanh()).cross_entropy(labels), &weights);
    for (each, whole) in each.iter().zip(&whole) {
        assert_eq!(each.shape()[0], 4);
        // The loss of the batch is the mean of the examples'.
        assert_relative_eq!(
            each.mean(0).value().unwrap().to_f64().as_slice(),
            whole.value().unwrap().to_f64().as_slice(),
            max_relative = 1e-12,
            epsilon = 1e-14
        );
    }
}

/// The derivative of an optimizer's step: how the loss after it depends on the learning rate.
#[test]
fn a_step_of_descent_is_differentiable() {
    let tape = Tape::new();
    let (w, rate) = (tape.var(numbers(&[3], 0.3)), tape.var(0.1));
    fn loss(w: Var<'_>) -> Var<'_> {
        (w.square() * w.tape().var([1.0, 2.0, 3.0])).sum(..)
    }
    let after = |rate| loss(w - rate * grad(loss, w));
    let (_, forward) = jvp(after, rate, tape.var(1.0));
    let slope = grad(after, rate);
    // Σ c·w²(1 - 2·rate·c)², by the rate: Σ -4·c²·w²(1 - 2·rate·c).
    let expected: f64 = w
        .value()
        .unwrap()
        .to_f64()
        .iter()
        .zip([1.0, 2.0, 3.0])
        .map(|(w, c)| -4.0 * c * c * w * w * (1.0 - 0.2 * c))
        .sum();
    assert_relative_eq!(slope.item().unwrap(), expected, max_relative = 1e-12);
    assert_relative_eq!(forward.item().unwrap(), expected, max_relative = 1e-12);
}
