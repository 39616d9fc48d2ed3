//! The table of a model.

use chainrule_nn::{BatchNorm, Dropout, Embedding, Layer, Linear, Sequential, summary, summary_of};
use chainrule_tape::{DType, Kind, Meta, ParamId, Params, Scope, Tensor, Var};
use std::sync::Arc;

struct Net {
    hidden: Linear,
    norm: BatchNorm,
    scale: ParamId,
    out: Linear,
}

impl Net {
    fn new(at: &mut Scope) -> Self {
        Net {
            hidden: Linear::new(&mut at.sub("hidden"), 64, 128),
            norm: BatchNorm::new(&mut at.sub("norm"), 128),
            scale: at.param("scale", Tensor::full(128, 1.0f32)),
            out: Linear::new(&mut at.sub("out"), 128, 10),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = self.norm.forward(self.hidden.forward(x).relu()) * x.tape().param(self.scale);
        self.out.forward(Dropout::new(0.5).forward(x))
    }
}

#[test]
fn a_model_of_ones_own() {
    let mut params = Params::seeded(0);
    let net = Net::new(&mut params.root());
    params.freeze("out");
    params.add("adam.step", Kind::Optimizer, 0i64);
    let summary = summary(&params, [1, 64], |x| net.forward(x)).unwrap();
    assert_eq!(
        summary.to_string(),
        "\
Layer (type)        Output shape   Parameters
─────────────────────────────────────────────
hidden (Linear)     [1, 128]            8,320
norm (BatchNorm)    [1, 128]              512
dropout (Dropout)   [1, 128]                0
out (Linear)        [1, 10]             1,290
outside of layers                         128
─────────────────────────────────────────────
Trainable                               8,704
Not trainable                           1,546
Total                                  10,250
"
    );
    assert_eq!((summary.trainable(), summary.not_trainable()), (8704, 1546));
    assert_eq!(summary.rows()[1].params, 512);
}

#[test]
fn a_layer_used_twice_is_counted_once() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(&mut params.root().sub("a"), 8, 8);
    let table = summary(&params, [4, 8], |x| layer.forward(layer.forward(x).tanh())).unwrap();
    assert_eq!((table.rows()[0].shared, table.rows()[1].shared), (false, true));
    let text = table.to_string();
    assert!(text.contains("\na (Linear)      [4, 8]             shared\n"), "{text}");
    assert_eq!(table.trainable(), 72);
}

#[test]
fn names_within_names() {
    struct Block {
        name: Arc<str>,
        inner: Linear,
        gain: ParamId,
    }
    impl Layer for Block {
        fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
            let y = self.inner.forward(x) * x.tape().param(self.gain);
            y.tape().note_layer(y, &self.name, "Block");
            y
        }
    }
    let mut params = Params::seeded(0);
    let net = Sequential::new(&mut params.root().sub("net"), |net| {
        let block = |at: &mut Scope| Block {
            name: at.prefix().into(),
            inner: Linear::new(&mut at.sub("inner"), 2, 3),
            gain: at.param("gain", Tensor::full(3, 1.0f32)),
        };
        net.push("block", block)
            .then(|x| x.reshape(3))
            .push("tail", |at| Sequential::new(at, |tail| tail.linear(3, 1).sigmoid()))
    });
    let table = summary(&params, [1, 2], |x| net.forward(x)).unwrap();
    let rows: Vec<(&str, &str, usize)> =
        table.rows().iter().map(|row| (&*row.name, row.kind, row.params)).collect();
    assert_eq!(
        rows,
        [
            ("net.block.inner", "Linear", 9),
            ("net.block", "Block", 3),
            ("net.1", "Function", 0),
            ("net.tail.0", "Linear", 4),
            ("net.tail.1", "Sigmoid", 0),
        ]
    );
}

#[test]
fn a_single_layer_at_the_root() {
    let mut params = Params::seeded(0);
    let layer = Linear::new(&mut params.root(), 1000, 2000);
    let text = summary(&params, [1, 1000], |x| layer.forward(x)).unwrap().to_string();
    assert!(text.contains("\nLinear          [1, 2000]       2,002,000\n"), "{text}");
}

#[test]
fn several_inputs_of_several_dtypes() {
    let mut params = Params::seeded(0);
    let words = Embedding::new(&mut params.root().sub("words"), 100, 4);
    let out = Linear::new(&mut params.root().sub("out"), 4, 1);
    let inputs = [Meta::new([2, 7], DType::I64), Meta::new([2, 7, 1], DType::F32)];
    let table = summary_of(&params, inputs, |[x, weights]| out.forward((words.forward(x) * weights).sum(1)));
    let rows = table.unwrap().rows().to_vec();
    assert_eq!((rows[0].shape.dims(), rows[1].shape.dims()), (&[2, 7, 4][..], &[2, 1][..]));
}
