//! The models whose training steps are timed here, and compared with PyTorch's numbers in `tests/steps.rs`.

use chainrule::nn::{
    Activation, BatchNorm, Conv2d, Embedding, Gru, Init, LayerNorm, Linear, Lstm, MultiheadAttention,
    Sequential,
};
use chainrule::prelude::*;

/// What a training step takes for `x` or `y`.
#[derive(Clone, Copy, Debug)]
pub enum Data {
    /// Numbers, about -1 to 1, of this shape.
    Numbers(&'static [usize]),
    /// 0 or 1.
    Bits(&'static [usize]),
    /// Classes below a number.
    Classes(i64, &'static [usize]),
}

/// A model with its loss and optimizer.
pub struct Workload {
    pub x: Data,
    pub y: Data,
    pub step: TrainStep<'static, 2>,
}

/// All that have a golden file, and that other libraries are compared by.
pub const STANDARD: [&str; 9] =
    ["xor", "keras_bn", "mlp50", "mlp257", "mlp1025", "mnist_mlp", "mnist_cnn", "gpt", "lstm"];

/// More of the same kind.
pub const MORE: [&str; 5] = ["gru", "deep_cnn", "autoencoder", "mlp_gelu", "mlp_tanh"];

/// Makes a workload's model in `params`.
pub fn workload(name: &str, params: &mut Params) -> Option<Workload> {
    let at = &mut params.root();
    Some(match name {
        "xor" => binary(Mlp::new(at, &[2, 3, 2, 1], Activation::Relu, false)),
        "keras_bn" => binary(Mlp::new(at, &[2, 3, 2, 1], Activation::Relu, true)),
        "mlp50" => regression(Mlp::new(at, &[2, 50, 50, 50, 50, 1], Activation::Relu, false)),
        "mlp257" => regression(Mlp::new(at, &[2, 257, 257, 257, 257, 1], Activation::Relu, false)),
        "mlp1025" => regression(Mlp::new(at, &[2, 1025, 1025, 1025, 1025, 1], Activation::Relu, false)),
        "mlp_gelu" => regression(Mlp::new(at, &[2, 300, 200, 100, 1], Activation::Gelu, false)),
        "mlp_tanh" => regression(Mlp::new(at, &[2, 129, 65, 33, 1], Activation::Tanh, false)),
        "mnist_mlp" => {
            digits(Mlp::new(at, &[784, 512, 256, 10], Activation::Relu, false), &[128, 784], &[128])
        }
        "mnist_cnn" => digits(Cnn::new(at), &[64, 1, 28, 28], &[64]),
        "deep_cnn" => digits(DeepCnn::new(at), &[32, 3, 32, 32], &[32]),
        "autoencoder" => autoencoder(at),
        "gpt" => gpt(at),
        "lstm" => {
            let (token, lstm) = (token(at), Lstm::new(&mut at.sub("lstm"), 128, 128));
            characters(token, lstm, Linear::new(&mut at.sub("head"), 128, 65))
        }
        "gru" => {
            let (token, gru) = (token(at), Gru::new(&mut at.sub("gru"), 128, 128));
            characters(token, gru, Linear::new(&mut at.sub("head"), 128, 65))
        }
        _ => return None,
    })
}

/// Linear layers with an activation between them, and batch norm after it if wanted.
struct Mlp {
    layers: Vec<(Linear, Option<BatchNorm>)>,
    activation: Activation,
}

impl Mlp {
    fn new(at: &mut Scope, sizes: &[usize], activation: Activation, norm: bool) -> Mlp {
        let last = sizes.len() - 2;
        let mut layer = |(i, pair): (usize, &[usize])| {
            let linear = Linear::new(&mut at.sub(format!("linear{i}")), pair[0], pair[1]);
            (linear, (norm && i < last).then(|| BatchNorm::new(&mut at.sub(format!("norm{i}")), pair[1])))
        };
        Mlp { layers: sizes.windows(2).enumerate().map(&mut layer).collect(), activation }
    }
}

impl Layer for Mlp {
    fn forward<'t>(&self, mut x: Var<'t>) -> Var<'t> {
        for (i, (linear, norm)) in self.layers.iter().enumerate() {
            x = linear.forward(x);
            if i + 1 < self.layers.len() {
                x = self.activation.forward(x);
            }
            if let Some(norm) = norm {
                x = norm.forward(x);
            }
        }
        x
    }
}

fn binary(net: Mlp) -> Workload {
    let step =
        TrainStep::new(optim::sgd(0.01).momentum(0.9), move |[x, y]| net.forward(x).bce_with_logits(y));
    Workload { x: Data::Numbers(&[32, 2]), y: Data::Bits(&[32, 1]), step }
}

fn regression(net: Mlp) -> Workload {
    let step = TrainStep::new(optim::adam(1e-3), move |[x, y]| net.forward(x).mse(y));
    Workload { x: Data::Numbers(&[128, 2]), y: Data::Numbers(&[128, 1]), step }
}

fn digits(net: impl Layer + 'static, images: &'static [usize], labels: &'static [usize]) -> Workload {
    let step = TrainStep::new(optim::adam(1e-3), move |[x, y]| net.forward(x).cross_entropy(y));
    Workload { x: Data::Numbers(images), y: Data::Classes(10, labels), step }
}

/// Two convolutions, a pooling and two linear layers.
struct Cnn {
    convs: [Conv2d; 2],
    linear: [Linear; 2],
}

impl Cnn {
    fn new(at: &mut Scope) -> Cnn {
        Cnn {
            convs: [
                Conv2d::new(&mut at.sub("conv0"), 1, 32, 3),
                Conv2d::new(&mut at.sub("conv1"), 32, 64, 3),
            ],
            linear: [
                Linear::new(&mut at.sub("linear0"), 9216, 128),
                Linear::new(&mut at.sub("linear1"), 128, 10),
            ],
        }
    }
}

impl Layer for Cnn {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.convs.iter().fold(x, |x, conv| conv.forward(x).relu());
        let x = self.linear[0].forward(x.max_pool2d(2).flatten(1));
        self.linear[1].forward(x.relu())
    }
}

/// Three stages of two padded convolutions, each half as large as the one before, and a linear layer on the means.
struct DeepCnn {
    convs: Vec<Conv2d>,
    head: Linear,
}

impl DeepCnn {
    fn new(at: &mut Scope) -> DeepCnn {
        let channels = [3, 32, 32, 64, 64, 128, 128];
        let conv = |(i, pair): (usize, &[usize])| {
            Conv2d::new(&mut at.sub(format!("conv{i}")), pair[0], pair[1], 3).padding(1)
        };
        let convs = channels.windows(2).enumerate().map(conv).collect();
        DeepCnn { convs, head: Linear::new(&mut at.sub("head"), 128, 10) }
    }
}

impl Layer for DeepCnn {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let stage = |x, stage: &[Conv2d]| {
            stage.iter().fold(x, |x: Var<'t>, conv| conv.forward(x).relu()).max_pool2d(2)
        };
        let x = self.convs.chunks(2).fold(x, stage);
        self.head.forward(x.mean([2, 3]))
    }
}

/// 784-256-64-256-784 by sigmoids, which learns its input.
fn autoencoder(at: &mut Scope) -> Workload {
    let net = Sequential::new(at, |net| {
        net.linear(784, 256).sigmoid().linear(256, 64).sigmoid().linear(64, 256).sigmoid().linear(256, 784)
    });
    let step = TrainStep::new(optim::adam(1e-3), move |[x, y]| net.forward(x).mse(y));
    Workload { x: Data::Numbers(&[128, 784]), y: Data::Numbers(&[128, 784]), step }
}

fn token(at: &mut Scope) -> Embedding {
    Embedding::new(&mut at.sub("token"), 65, 128)
}

/// A recurrent layer over characters, with a prediction at each.
fn characters(token: Embedding, layer: impl Layer + 'static, head: Linear) -> Workload {
    let step = TrainStep::new(optim::adam(1e-3), move |[x, y]| {
        head.forward(layer.forward(token.forward(x))).cross_entropy(y)
    });
    Workload { x: Data::Classes(65, &[32, 64]), y: Data::Classes(65, &[32, 64]), step }
}

/// A block of a transformer: attention and two linear layers, each after a norm and beside a way past it.
struct Block {
    norm: [LayerNorm; 2],
    attention: MultiheadAttention,
    up: Linear,
    down: Linear,
}

impl Block {
    fn new(at: &mut Scope, width: usize, heads: usize) -> Block {
        let first = LayerNorm::new(&mut at.sub("norm0"), width);
        let attention = MultiheadAttention::new(&mut at.sub("attention"), width, heads).causal();
        let second = LayerNorm::new(&mut at.sub("norm1"), width);
        let up = Linear::new(&mut at.sub("up"), width, 4 * width);
        Block {
            norm: [first, second],
            attention,
            up,
            down: Linear::new(&mut at.sub("down"), 4 * width, width),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = x + self.attention.forward(self.norm[0].forward(x));
        x + self.down.forward(self.up.forward(self.norm[1].forward(x)).gelu())
    }
}

/// Four blocks with four heads of 32, over 64 characters.
fn gpt(at: &mut Scope) -> Workload {
    let token = token(at);
    let position = Init::normal(0.0, 0.02).param(at, "position", [64, 128]);
    let blocks: Vec<Block> = (0..4).map(|i| Block::new(&mut at.sub(i), 128, 4)).collect();
    let norm = LayerNorm::new(&mut at.sub("norm"), 128);
    let head = Linear::without_bias(&mut at.sub("head"), 128, 65);
    let step = TrainStep::new(optim::adamw(1e-3), move |[x, y]| {
        let x = token.forward(x) + x.tape().param(position);
        let x = blocks.iter().fold(x, |x, block| block.forward(x));
        head.forward(norm.forward(x)).cross_entropy(y)
    });
    Workload { x: Data::Classes(65, &[12, 64]), y: Data::Classes(65, &[12, 64]), step }
}
