//! Losses in forward mode, over batches, and with settings that are made once.

use crate::assert_close;
use chainrule_nn::{BinaryFocal, CrossEntropy, Ctc, Focal, Losses, MultiMargin, Reduction};
use chainrule_tape::{DType, Function, Params, Tape, Tensor, Var, vmap};

type Loss = for<'t> fn(Var<'t>) -> Var<'t>;

/// Losses of scores `[4, 3]`, one of each kind of composition.
const LOSSES: [(&str, Loss); 10] = [
    ("cross_entropy", |x| x.cross_entropy(labels(x))),
    ("cross_entropy_with", |x| {
        let settings = CrossEntropy::new().weight([1.0, 2.0, 3.0]).ignore_index(1).label_smoothing(0.1);
        x.cross_entropy_with(labels(x), settings)
    }),
    ("focal", |x| x.focal_with(labels(x), Focal::new().gamma(1.5))),
    ("binary_focal", |x| x.binary_focal_with(1.0, BinaryFocal::new().gamma(0.5))),
    ("gaussian_nll", |x| x.gaussian_nll(0.5, x.exp())),
    ("multi_margin", |x| x.multi_margin_with(labels(x), MultiMargin::new().p(2))),
    ("multilabel_margin", |x| {
        x.multilabel_margin(x.tape().var([[0i64, 1, -1], [2, -1, -1], [-1, 0, 0], [1, 1, -1]]))
    }),
    ("triplet_margin", |x| x.triplet_margin(x.sin(), x.square())),
    ("nt_xent", |x| x.nt_xent(x.sin(), 0.5)),
    ("ctc", |x| {
        let lengths = [4i64, 2].map(|length| x.tape().var(length));
        let settings = Ctc::new().reduction(Reduction::Sum);
        x.log_softmax(-1).ctc_with(x.tape().var([2i64, 1, 0]), lengths[0], lengths[1], settings)
    }),
];

fn labels(x: Var<'_>) -> Var<'_> {
    x.tape().var([0i64, 2, 1, 2])
}

#[test]
fn forward_mode_agrees_with_reverse() {
    for (name, loss) in LOSSES {
        let tape = Tape::new();
        let [x, v] = [0; 2].map(|_| tape.normal([4, 3], DType::F64));
        let x = tape.var(x.value().unwrap());
        let y = loss(x);
        let dx = tape.grad(y, x);
        // The first order, and the second in both orders of modes.
        let found = [tape.jvp(y, &[x], &[v]), (dx * v).sum(..)];
        let second = [tape.jvp(dx, &[x], &[v]), tape.grad(found[0], x)];
        let values = tape.values(&[found[0], found[1], second[0], second[1]]).unwrap();
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| values[i].to_f64());
        assert_close(&a, &b, 1e-12);
        assert_close(&c, &d, 1e-12);
        assert!(a[0].is_finite() && a[0] != 0.0, "{name}: {a:?}");
    }
}

#[test]
fn over_a_batch_of_batches() {
    for (name, loss) in LOSSES {
        let tape = Tape::new();
        let x = tape.var(tape.normal([2, 4, 3], DType::F64).value().unwrap());
        let together = vmap(loss, x);
        let alone = [x.at(0, 0), x.at(0, 1)].map(loss);
        let slopes = tape.grad(together.sum(..), x);
        let slopes_alone = tape.grad(alone[0] + alone[1], x);
        let values = tape.values(&[together, slopes, alone[0], alone[1], slopes_alone]).unwrap();
        let [together, slopes, a, b, slopes_alone] = [0, 1, 2, 3, 4].map(|i| values[i].to_f64());
        assert!(together.iter().all(|y| y.is_finite()), "{name}: {together:?}");
        assert_close(&together, &[a, b].concat(), 1e-13);
        assert_close(&slopes, &slopes_alone, 1e-13);
    }
}

/// Settings are plain values: made once, they serve every run, and the weights of a later one replace those of the first.
#[test]
fn settings_are_made_once() {
    let settings = CrossEntropy::new().weight([1.0, 2.0, 3.0]).reduction(Reduction::Sum);
    let mut loss = Function::new(|[x, y]| x.cross_entropy_with(y, &settings));
    let params = Params::seeded(0);
    let scores = Tensor::zeros([2, 3], DType::F32);
    for (labels, weight) in [([0i64, 0], 2.0), ([1, 2], 5.0), ([2, 2], 6.0)] {
        let found = loss.run(&params, [&scores, &Tensor::from(labels)]).unwrap().item().unwrap();
        assert_close(&[found], &[weight * 3f64.ln()], 1e-6);
    }
    assert_eq!(loss.plans(), 1);
}

/// Value and gradient together are few passes over memory, with settings too.
#[test]
fn losses_are_few_passes() {
    fn count(loss: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> usize {
        let tape = Tape::new();
        let x = tape.input([64, 100], DType::F32);
        let y = loss(x);
        let dx = tape.vjp(y, tape.full((), 1.0, DType::F32), &[x])[0];
        tape.compile(&[y, dx]).unwrap().instructions()
    }
    // (Checked labels are one more, and so is a number for all gradients, or two.)
    assert_eq!(count(|x| x.hinge(1.0)), 1);
    assert_eq!(count(|x| x.quantile_loss(1.0, 0.1)), 1);
    assert!(count(|x| x.log_cosh(0.0)) <= 2);
    assert!(count(|x| x.triplet_margin(x.sin(), x.cos())) <= 2);
    assert!(count(|x| x.multi_margin(x.tape().input(64, DType::I64))) <= 3);
    assert!(count(|x| x.focal(x.tape().input(64, DType::I64))) <= 4);
    assert!(count(|x| x.nll(x.tape().input(64, DType::I64))) <= 3);
    let smoothed = CrossEntropy::new().label_smoothing(0.1);
    assert!(count(|x| x.cross_entropy_with(x.tape().input(64, DType::I64), &smoothed)) <= 4);
}
