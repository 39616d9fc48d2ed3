//! PyTorch's models, written with the same names.

use crate::check;
use chainrule::PadMode;
use chainrule::nn::{
    Activation, Attend, BatchNorm1d, BatchNorm2d, Conv1d, ConvConfig, ConvTranspose1d, Flatten, GroupNorm,
    Init, InstanceNorm1d, Lstm, LstmCell, PRelu, RecurrentConfig, RmsNorm, Running, Transformer,
    TransformerConfig, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer, WeightNorm,
};
use chainrule::prelude::*;

pub(crate) fn sequential(at: &mut Scope) -> Sequential {
    Sequential::new(at, |net| net.linear(4, 8).relu().linear(8, 8).tanh().linear(8, 3))
}

#[test]
fn a_sequential_perceptron() {
    check("mlp_sequential", sequential, |net, x| net.forward(x[0]));
}

struct Mlp {
    fc1: Linear,
    norm: LayerNorm,
    act: PRelu,
    blocks: Vec<Linear>,
    head: Linear,
}

impl Mlp {
    fn new(at: &mut Scope) -> Mlp {
        Mlp {
            fc1: Linear::new(&mut at.sub("fc1"), 4, 8),
            norm: LayerNorm::new(&mut at.sub("norm"), 8),
            act: PRelu::per_channel(&mut at.sub("act"), 8),
            blocks: (0..2).map(|i| Linear::new(&mut at.sub("blocks").sub(i), 8, 8)).collect(),
            head: Linear::without_bias(&mut at.sub("head"), 8, 3),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let mut x = self.act.forward(self.norm.forward(self.fc1.forward(x)));
        for block in &self.blocks {
            x = x + block.forward(x).silu();
        }
        self.head.forward(x)
    }
}

#[test]
fn a_perceptron_with_named_parts() {
    check("mlp_named", Mlp::new, |net, x| net.forward(x[0]));
}

struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    conv2: Conv2d,
    bn2: BatchNorm2d,
    downsample: Option<Sequential>,
}

impl BasicBlock {
    fn new(at: &mut Scope, inputs: usize, outputs: usize, stride: usize) -> BasicBlock {
        let downsample = |at: &mut Scope| {
            Sequential::new(at, |net| {
                net.layer(|at| Conv2d::without_bias(at, inputs, outputs, 1).stride(stride))
                    .layer(|at| BatchNorm2d::new(at, outputs))
            })
        };
        BasicBlock {
            conv1: Conv2d::without_bias(&mut at.sub("conv1"), inputs, outputs, 3).stride(stride).padding(1),
            bn1: BatchNorm2d::new(&mut at.sub("bn1"), outputs),
            conv2: Conv2d::without_bias(&mut at.sub("conv2"), outputs, outputs, 3).padding(1),
            bn2: BatchNorm2d::new(&mut at.sub("bn2"), outputs),
            downsample: (stride != 1).then(|| downsample(&mut at.sub("downsample"))),
        }
    }
}

impl Layer for BasicBlock {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let y = self.bn1.forward(self.conv1.forward(x)).relu();
        let y = self.bn2.forward(self.conv2.forward(y));
        (y + self.downsample.as_ref().map_or(x, |downsample| downsample.forward(x))).relu()
    }
}

pub(crate) struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm2d,
    layer1: Sequential,
    pub(crate) fc: Linear,
}

impl ResNet {
    pub(crate) fn new(at: &mut Scope, classes: usize) -> ResNet {
        ResNet {
            conv1: Conv2d::without_bias(&mut at.sub("conv1"), 3, 4, 3).padding(1),
            bn1: BatchNorm2d::new(&mut at.sub("bn1"), 4),
            layer1: Sequential::new(&mut at.sub("layer1"), |net| {
                net.layer(|at| BasicBlock::new(at, 4, 6, 2)).layer(|at| BasicBlock::new(at, 6, 6, 1))
            }),
            fc: Linear::new(&mut at.sub("fc"), 6, classes),
        }
    }

    pub(crate) fn features<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.bn1.forward(self.conv1.forward(x)).relu().max_pool2d(2);
        self.layer1.forward(x).mean([2, 3])
    }
}

#[test]
fn a_residual_network_with_batch_norms() {
    check("resnet", |at| ResNet::new(at, 3), |net, x| net.fc.forward(net.features(x[0])));
}

#[test]
fn layers_of_many_kinds() {
    let make = |at: &mut Scope| {
        Sequential::new(at, |net| {
            net.layer(|at| {
                Conv1d::with(at, 4, 6, 3, ConvConfig::new().groups(2))
                    .padding(1)
                    .padding_mode(PadMode::Circular)
            })
            .layer(|at| GroupNorm::new(at, 3, 6))
            .layer(PRelu::new)
            .layer(|at| ConvTranspose1d::new(at, 6, 4, 4).stride(2).padding(1))
            .layer(|at| InstanceNorm1d::init(at, 4, Init::ones(), Init::zeros(), Running::default()))
            .activation(Activation::Elu(1.0))
            .layer(|at| WeightNorm::new(at, |at| Conv1d::new(at, 4, 3, 3)))
            .layer(|at| BatchNorm1d::init(at, 3, Init::ones(), Init::zeros(), Running::Cumulative))
            .with(Flatten::new())
            .linear(30, 5)
            .layer(|at| BatchNorm1d::without_affine(at, 5))
            .layer(|at| RmsNorm::new(at, 5))
        })
    };
    check("mixed", make, |net, x| net.forward(x[0]));
}

pub(crate) struct Language {
    embed: Embedding,
    lstm: Lstm,
    head: Linear,
}

impl Language {
    pub(crate) fn new(at: &mut Scope, tied: bool) -> Language {
        let embed = Embedding::padded(&mut at.sub("embed"), 11, 8, 0);
        let two = RecurrentConfig::new().layers(2).bidirectional();
        let lstm = Lstm::with(&mut at.sub("lstm"), 8, 4, two);
        let head = match tied {
            true => Linear::tied(&mut at.sub("head"), &embed),
            false => Linear::new(&mut at.sub("head"), 8, 11),
        };
        Language { embed, lstm, head }
    }

    pub(crate) fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.head.forward(self.lstm.forward(self.embed.forward(x)))
    }
}

#[test]
fn a_language_model_of_lstms() {
    check("lstm_language", |at| Language::new(at, false), |net, x| net.forward(x[0]));
    check("lstm_tied", |at| Language::new(at, true), |net, x| net.forward(x[0]));
}

#[test]
fn a_gru_and_a_cell() {
    let make = |at: &mut Scope| {
        let gru = Gru::new(&mut at.sub("gru"), 3, 4).time_first().last_output();
        (gru, LstmCell::new(&mut at.sub("cell"), 4, 3), Linear::new(&mut at.sub("out"), 3, 2))
    };
    check("gru", make, |(gru, cell, out), x| out.forward(cell.forward(gru.forward(x[0]))));
}

const CONFIG: TransformerConfig = TransformerConfig::new(8, 2).hidden(16);

#[test]
fn transformers() {
    check(
        "encoder_layer",
        |at| TransformerEncoderLayer::new(at, CONFIG.activation(Activation::Gelu).norm_first()),
        |layer, x| layer.forward(x[0]),
    );
    check(
        "encoder",
        |at| TransformerEncoder::with_norm(at, CONFIG, 2),
        |encoder, x| encoder.forward_with(x[0], Attend::all().ignore_keys(x[1])),
    );
    check(
        "decoder_layer",
        |at| TransformerDecoderLayer::new(at, CONFIG.activation(Activation::Gelu).causal()),
        |layer, x| layer.forward(x[0], x[1]),
    );
    check("transformer", |at| Transformer::new(at, CONFIG, 1, 1), |whole, x| whole.forward(x[0], x[1]));
}
