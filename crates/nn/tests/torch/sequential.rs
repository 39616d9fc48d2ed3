//! Models of layers one after the other, with the parameter names of PyTorch's `nn.Sequential`.

use crate::Torch;
use chainrule_nn::*;
use chainrule_tape::Scope;

fn check<L: Layer>(torch: &Torch, case: &str, make: impl Fn(&mut Scope) -> L) {
    torch.check(case, make, |net, x| vec![net.forward(x[0])]);
}

#[test]
fn all_cases() {
    let torch = Torch::read("sequential");
    let t = &torch;
    check(t, "rows", |at| {
        Sequential::with_input(at, [2], |net| {
            net.dense(3, Activation::Relu)
                .batch_norm()
                .dense(2, Activation::Relu)
                .batch_norm()
                .dense(1, Activation::Sigmoid)
        })
    });
    check(t, "images", |at| {
        Sequential::with_input(at, [1, 8, 8], |net| {
            net.layer(|at, x| Conv2d::without_bias(at, x.channels(), 3, 3))
                .batch_norm()
                .silu()
                .avg_pool2d(2)
                .conv2d(2, 2, Activation::Tanh)
                .flatten()
                .dense(2, Activation::Identity)
        })
    });
    check(t, "signals", |at| {
        Sequential::with_input(at, [2, 4], |net| {
            net.conv1d(3, 2, Activation::Identity).batch_norm().gelu().flatten().linear(2)
        })
    });
    check(t, "words", |at| {
        Sequential::with_input(at, [3], |net| net.embedding(7, 3).layer_norm().dense(2, Activation::Softplus))
    });
    torch.check(
        "tied",
        |at| {
            let words = Embedding::new(&mut at.sub("words"), 5, 3);
            let out = Linear::tied(at, &words);
            (words, out)
        },
        |(words, out), x| vec![out.forward(words.forward(x[0]).tanh())],
    );
    check(t, "residual", |at| {
        let inner = Sequential::new(&mut at.sub("inner"), |net| net.linear(3, 4).tanh().linear(4, 2));
        Residual::projected(inner, Linear::without_bias(&mut at.sub("around"), 3, 2))
    });
    torch.finish();
}
