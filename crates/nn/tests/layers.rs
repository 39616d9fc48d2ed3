//! What layers do, in training and in use.

use chainrule_nn::{
    Activation, BatchNorm, Dropout, Embedding, Gru, Init, Layer, LayerNorm, Linear, Losses, Lstm, Sequential,
    accuracy,
};
use chainrule_tape::{DType, Kind, Params, Tape, Tensor, Var};

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance, "{found:?} is not {expected:?}");
    }
}

fn values(var: Var<'_>) -> Vec<f64> {
    var.value().unwrap().to_f64()
}

#[test]
fn linear_maps_the_last_axis() {
    let mut params = Params::seeded(1).with_dtype(DType::F64);
    let layer = Linear::new(&mut params.root(), 3, 2);
    let tape = Tape::with(&params);
    let x = tape.normal([4, 5, 3], DType::F64);
    let y = layer.forward(x);
    assert_eq!(y.shape().dims(), [4, 5, 2]);
    let (x, y) = (values(x), values(y));
    let weight = params.tensor(layer.weight()).to_f64();
    let bias = params.tensor(layer.bias().unwrap()).to_f64();
    for row in 0..20 {
        for j in 0..2 {
            let expected = bias[j] + (0..3).map(|i| x[row * 3 + i] * weight[j * 3 + i]).sum::<f64>();
            assert!((y[row * 2 + j] - expected).abs() < 1e-14);
        }
    }
    // A single row needs no batch axis.
    assert_eq!(layer.forward(tape.var([1.0, 2.0, 3.0])).shape().dims(), [2]);
    assert_eq!((layer.inputs(), layer.outputs()), (3, 2));
}

#[test]
fn linear_without_bias() {
    let mut params = Params::seeded(1);
    let layer = Linear::without_bias(&mut params.root(), 2, 2);
    assert!(layer.bias().is_none() && params.len() == 1);
    let tape = Tape::with(&params);
    assert_eq!(values(layer.forward(tape.var([[0.0f32, 0.0]]))), [0.0, 0.0]);
}

#[test]
fn batch_norm_in_use_takes_each_row_alone() {
    let mut params = Params::seeded(1);
    let norm = BatchNorm::new(&mut params.root(), 2);
    params.set("running_mean", [1.0f32, -1.0]).unwrap();
    params.set("running_var", [4.0f32, 0.25]).unwrap();
    let tape = Tape::with(&params).inference();
    let rows = values(norm.forward(tape.var([[3.0f32, 0.0], [1.0, 5.0]])));
    assert_close(&rows, &[1.0, 2.0, 0.0, 12.0], 3e-4);
    assert_eq!(values(norm.forward(tape.var([[3.0f32, 0.0]]))), rows[..2]);
    tape.commit(&mut params).unwrap();
    assert_eq!(params.tensor(norm.running_mean().unwrap()).to_f64(), [1.0, -1.0]);
}

#[test]
fn batch_norm_has_momentum_and_eps() {
    let mut params = Params::seeded(1).with_dtype(DType::F64);
    let norm = BatchNorm::new(&mut params.root(), 1).momentum(0.5).eps(3.0);
    let tape = Tape::with(&params);
    let y = norm.forward(tape.var([[2.0], [4.0]]));
    assert_close(&values(y), &[-0.5, 0.5], 1e-15);
    tape.commit(&mut params).unwrap();
    // The batch's mean is 3 and its unbiased variance 2.
    assert_eq!(params.tensor(norm.running_mean().unwrap()).to_f64(), [1.5]);
    assert_eq!(params.tensor(norm.running_var().unwrap()).to_f64(), [1.5]);
}

#[test]
fn batch_norm_has_two_trainable_params() {
    let mut params = Params::seeded(1);
    let norm = BatchNorm::new(&mut params.root().sub("norm"), 3);
    let kinds: Vec<(&str, Kind)> = params.iter().map(|(name, kind, _)| (name, kind)).collect();
    assert_eq!(
        kinds,
        [
            ("norm.weight", Kind::Trainable),
            ("norm.bias", Kind::Trainable),
            ("norm.running_mean", Kind::State),
            ("norm.running_var", Kind::State),
        ]
    );
    let tape = Tape::with(&params);
    let loss = norm.forward(tape.normal([8, 3], DType::F32)).square().sum(..);
    let grads = tape.param_grads(loss).unwrap();
    assert_eq!(grads.len(), 2);

    let mut params = Params::seeded(1);
    let norm = BatchNorm::without_affine(&mut params.root(), 3);
    assert!(norm.weight().is_none() && norm.bias().is_none() && params.trainable_count() == 0);
    let tape = Tape::with(&params);
    let y = norm.forward(tape.normal([1000, 3], DType::F32));
    assert_close(&values(y.mean(0)), &[0.0; 3], 1e-6);
    assert_close(&values(y.var(0)), &[1.0; 3], 1e-4);
}

/// A feature that is the same in all rows has the variance 0: ε keeps the result finite, and its gradient.
#[test]
fn norms_of_what_does_not_vary() {
    let mut params = Params::seeded(1);
    let (batch, layer) =
        (BatchNorm::new(&mut params.root().sub("b"), 2), LayerNorm::new(&mut params.root().sub("l"), 2));
    let tape = Tape::with(&params);
    let x = tape.var([[5.0f32, 5.0], [5.0, 5.0]]);
    for y in [batch.forward(x), layer.forward(x)] {
        assert_eq!(values(y), [0.0; 4]);
        assert!(values(tape.grad(y.square().sum(..), x)).iter().all(|dx| *dx == 0.0));
    }
}

#[test]
fn layer_norm_takes_each_row_alone() {
    let mut params = Params::seeded(1);
    let norm = LayerNorm::without_affine(&mut params.root(), 100);
    assert!(params.is_empty() && norm.weight().is_none());
    let tape = Tape::with(&params);
    let x = tape.normal([2, 3, 100], DType::F32) * 7.0 + 3.0;
    let y = norm.forward(x);
    assert_close(&values(y.mean(-1)), &[0.0; 6], 1e-6);
    assert_close(&values(y.var(-1)), &[1.0; 6], 1e-4);
    let inference = Tape::with(&params).inference();
    let again = norm.forward(inference.var(x.value().unwrap()));
    assert_eq!(values(again), values(y));
    let loose = norm.eps(1e6).forward(x);
    assert!(values(loose).iter().all(|y| y.abs() < 0.1));
}

#[test]
fn dropout_drops_the_right_share_and_scales_the_rest() {
    const N: usize = 100_000;
    for p in [0.1, 0.5, 0.8] {
        let tape = Tape::new();
        tape.seed(5);
        let x = tape.full(N, 3.0, DType::F64);
        let y = values(Dropout::new(p).forward(x));
        let dropped = y.iter().filter(|&&y| y == 0.0).count() as f64;
        let error = (p * (1.0 - p) / N as f64).sqrt();
        assert!((dropped / N as f64 - p).abs() < 5.0 * error, "{p}: {dropped}");
        assert!(y.iter().all(|&y| y == 0.0 || (y - 3.0 / (1.0 - p)).abs() < 1e-14));
        // Neighbours are dropped independently.
        let both = y.windows(2).filter(|pair| pair == &[0.0, 0.0]).count() as f64;
        assert!((both / N as f64 - p * p).abs() < 0.01, "{p}: {both} pairs");
    }
}

#[test]
fn dropout_in_use_and_at_the_ends() {
    let tape = Tape::new().inference();
    let x = tape.var([1.0, 2.0]);
    assert_eq!(values(Dropout::new(0.9).forward(x)), [1.0, 2.0]);
    assert_eq!(tape.random_ops(), 0);

    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]);
    assert_eq!(values(Dropout::new(0.0).forward(x)), [1.0, 2.0]);
    let y = Dropout::new(1.0).forward(x);
    assert_eq!(values(y), [0.0, 0.0]);
    assert_eq!(values(tape.grad(y.sum(..), x)), [0.0, 0.0]);
    assert_eq!(Dropout::new(0.3).p(), 0.3);
}

#[test]
fn dropout_follows_the_seed() {
    let mask = |seed: u64, counter: Option<i64>| {
        let tape = Tape::new();
        tape.seed(seed);
        if let Some(counter) = counter {
            tape.count_random_by(tape.var(counter));
        }
        let x = tape.full(64, 1.0, DType::F32);
        let two = [Dropout::new(0.5).forward(x), Dropout::new(0.5).forward(x)];
        two.map(values)
    };
    let [first, second] = mask(1, None);
    assert_ne!(first, second, "each layer drops others");
    assert_eq!(mask(1, None), [first.clone(), second]);
    assert_ne!(mask(2, None)[0], first);
    assert_ne!(mask(1, Some(1))[0], mask(1, Some(2))[0], "each step drops others");
    assert_eq!(mask(1, Some(2)), mask(1, Some(2)));
}

/// The gradient goes where the value went.
#[test]
fn dropout_has_one_mask_for_both_ways() {
    let tape = Tape::new();
    let x = tape.full(100, 1.0, DType::F64);
    let y = Dropout::new(0.25).forward(x);
    let dx = tape.grad(y.sum(..), x);
    assert_eq!(values(dx), values(y));
}

#[test]
fn embedding_sums_the_gradients_of_a_row() {
    let mut params = Params::seeded(1);
    let words = Embedding::new(&mut params.root(), 4, 2);
    let tape = Tape::with(&params);
    let y = words.forward(tape.var([[1i64, 3], [1, 0]]));
    assert_eq!(y.shape().dims(), [2, 2, 2]);
    let grad = tape.grad(y.sum(..), tape.param(words.weight()));
    assert_eq!(values(grad), [1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 1.0, 1.0]);
    assert_eq!((words.count(), words.width()), (4, 2));
    let variance = params.tensor(words.weight()).to_f64();
    assert!(variance.iter().all(|x| x.abs() < 6.0));
}

#[test]
fn sequential_is_its_layers_one_after_the_other() {
    let mut params = Params::seeded(1);
    let net = Sequential::new(&mut params.root(), |net| {
        net.linear(4, 8)
            .layer_norm(8)
            .gelu()
            .linear(8, 8)
            .batch_norm(8)
            .silu()
            .then(|x| x * 2.0)
            .linear(8, 3)
            .softmax()
    });
    let mut again = Params::seeded(1);
    let mut at = again.root();
    let linear = Linear::new(&mut at.sub(0), 4, 8);
    let norm = LayerNorm::new(&mut at.sub(1), 8);
    let second = Linear::new(&mut at.sub(3), 8, 8);
    let batch = BatchNorm::new(&mut at.sub(4), 8);
    let last = Linear::new(&mut at.sub(7), 8, 3);
    let names = |params: &Params| params.iter().map(|(name, _, _)| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&params), names(&again));
    assert_eq!((net.len(), net.is_empty()), (9, false));

    let x = Tensor::from([[0.5f32, -1.0, 2.0, 0.3], [1.0, 0.2, -0.7, 0.1]]);
    let tape = Tape::with(&params);
    let y = values(net.clone().forward(tape.var(&x)));
    let tape = Tape::with(&again);
    let hidden = norm.forward(linear.forward(tape.var(&x))).gelu();
    let hidden = batch.forward(second.forward(hidden)).silu() * 2.0;
    assert_eq!(y, values(last.forward(hidden).softmax(-1)));
    assert!(format!("{net:?}").contains("\"7\": \"Linear\""));
}

#[test]
fn sequential_by_a_loop_and_with_other_layers() {
    struct Twice(Linear);
    impl Layer for Twice {
        fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
            self.0.forward(self.0.forward(x))
        }
    }
    let mut params = Params::seeded(1);
    let net = Sequential::new(&mut params.root().sub("body"), |mut net| {
        net = net.embedding(10, 2);
        for (inputs, outputs) in [(2, 16), (16, 4)] {
            net = net.linear(inputs, outputs).tanh().dropout(0.5);
        }
        net.push("twice", |at| Twice(Linear::init(at, 4, 4, Init::xavier_normal(), None)))
            .push("tail", |at| Sequential::new(at, |tail| tail.linear(4, 1).sigmoid()))
            .activation(Activation::Identity)
    });
    let names: Vec<&str> = params.iter().map(|(name, _, _)| name).collect();
    let expected = [
        "body.0.weight",
        "body.1.weight",
        "body.1.bias",
        "body.4.weight",
        "body.4.bias",
        "body.twice.weight",
        "body.tail.0.weight",
        "body.tail.0.bias",
    ];
    assert_eq!(names, expected);
    let tape = Tape::with(&params).inference();
    let y = net.forward(tape.var([3i64, 7, 3]));
    assert_eq!(y.shape().dims(), [3, 1]);
    let y = values(y);
    assert!(y[0] == y[2] && y[0] != y[1] && y.iter().all(|y| (0.0..1.0).contains(y)));
}

/// A model is a value: many threads may use one, each with its tape.
#[test]
fn one_model_on_many_threads() {
    let mut params = Params::seeded(1);
    let net =
        Sequential::new(&mut params.root(), |net| net.linear(2, 8).relu().then(|x| x * 0.5).linear(8, 1));
    let run = |params: &Params| values(net.forward(Tape::with(params).inference().var([[0.5f32, 1.0]])));
    let expected = run(&params);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| run(&params))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn functions_are_layers() {
    fn double<'t>(x: Var<'t>) -> Var<'t> {
        x * 2.0
    }
    let tape = Tape::new();
    assert_eq!(values(double.forward(tape.var([1.0, 2.0]))), [2.0, 4.0]);
    let layers: [&dyn Layer; 2] = [&double, &Activation::LeakyRelu(0.5)];
    let y = layers.iter().fold(tape.var([-1.0, 2.0]), |x, layer| layer.forward(x));
    assert_eq!(values(y), [-1.0, 4.0]);
    assert_eq!(Activation::LeakyRelu(0.5).to_string(), "LeakyRelu(0.5)");
    assert_eq!(Activation::default(), Activation::Identity);
}

/// A small model learns what no linear one can.
#[test]
fn exclusive_or_is_learned() {
    let mut params = Params::seeded(2);
    let net = Sequential::new(&mut params.root(), |net| net.linear(2, 16).tanh().linear(16, 2));
    let x = Tensor::from([[0.0f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let labels = Tensor::from([0i64, 1, 1, 0]);
    let mut tape = Tape::new();
    let mut first = None;
    let mut last = 0.0;
    for _ in 0..300 {
        tape.clear_with(&params);
        let loss = net.forward(tape.var(&x)).cross_entropy(tape.var(&labels));
        for (id, grad) in tape.param_grads(loss).unwrap() {
            tape.assign(id, tape.param(id) - grad * 0.5);
        }
        last = loss.item().unwrap();
        first.get_or_insert(last);
        tape.commit(&mut params).unwrap();
    }
    assert!(first.unwrap() > 0.5 && last < 0.05, "{first:?} to {last}");
    let tape = Tape::with(&params).inference();
    let logits = net.forward(tape.var(&x)).value().unwrap();
    assert_eq!(accuracy(&logits, &labels).unwrap(), 1.0);
}

#[test]
fn gradients_that_fade_through_time_end_as_zeros() {
    let mut params = Params::seeded(3);
    let lstm = Lstm::new(&mut params.root().sub("lstm"), 2, 8);
    let gru = Gru::new(&mut params.root().sub("gru"), 2, 8);
    let tape = Tape::with(&params);
    let x = tape.normal([3, 400, 2], DType::F32);
    let scanned = [lstm.forward(x), gru.forward(x)];
    let one_by_one = [lstm.step_by_step().forward(x), gru.step_by_step().forward(x)];
    for y in scanned.into_iter().chain(one_by_one) {
        let g = tape.grad(y.slice(1, 399..).sum(..), x).value().unwrap();
        let g = g.as_slice::<f32>().unwrap();
        assert!(g.iter().any(|g| g.abs() > 1e-3) && g.contains(&0.0));
        assert!(g.iter().all(|g| !g.is_subnormal()), "{}", g.iter().filter(|g| g.is_subnormal()).count());
    }
}
