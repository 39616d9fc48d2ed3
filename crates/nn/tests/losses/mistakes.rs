//! Mistakes are told by the loss's name, with the line that called it; wrong data with its value.

use chainrule_nn::{
    BceWithLogits, BinaryFocal, CrossEntropy, Ctc, Focal, GaussianNll, Losses, MultiMargin,
    MultilabelSoftMargin, Overlap,
};
use chainrule_tape::{DType, Tape, Tensor, Var};

/// Records `f`, which must make one mistake, of this file, whose text has all of these parts.
#[track_caller]
fn assert_mistake(f: impl for<'t> FnOnce(&'t Tape) -> Var<'t>, parts: &[&str]) {
    let tape = Tape::new();
    f(&tape);
    let message = tape.check().expect_err(parts[0]).to_string();
    assert!(parts.iter().all(|part| message.contains(part)), "{message:?} lacks some of {parts:?}");
    assert!(message.contains(file!()), "{message:?} names another file");
}

type Loss = for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>;

#[test]
fn nothing_is_broadcast() {
    let losses: [(&str, Loss); 24] = [
        ("log_cosh", |x, t| x.log_cosh(t)),
        ("quantile_loss", |x, t| x.quantile_loss(t, 0.5)),
        ("mape", |x, t| x.mape(t)),
        ("msle", |x, t| x.msle(t)),
        ("kl_div", |x, t| x.kl_div(t)),
        ("poisson_nll", |x, t| x.poisson_nll(t)),
        ("gaussian_nll", |x, t| x.gaussian_nll(t, 1.0)),
        ("bce_with_logits", |x, t| x.bce_with_logits_with(t, BceWithLogits::new().pos_weight(2.0))),
        ("binary_focal", |x, t| x.binary_focal(t)),
        ("focal", |x, t| x.focal(t.cast(x.dtype()))),
        ("hinge", |x, t| x.hinge(t)),
        ("squared_hinge", |x, t| x.squared_hinge(t)),
        ("soft_margin", |x, t| x.soft_margin(t)),
        ("categorical_hinge", |x, t| x.categorical_hinge(t)),
        ("multilabel_soft_margin", |x, t| x.multilabel_soft_margin(t)),
        ("margin_ranking", |x, t| x.margin_ranking(t, 1.0, 0.0)),
        ("margin_ranking", |x, t| x.margin_ranking(0.0, t, 0.0)),
        ("hinge_embedding", |x, t| x.hinge_embedding(t, 1.0)),
        ("cosine_embedding", |x, t| x.cosine_embedding(t, 1.0, 0.0)),
        ("cosine_similarity_loss", |x, t| x.cosine_similarity_loss(t)),
        ("triplet_margin", |x, t| x.triplet_margin(x, t)),
        ("nt_xent", |x, t| x.nt_xent(t, 0.5)),
        ("dice", |x, t| x.dice(t)),
        ("tversky", |x, t| x.tversky(t, 0.5, 0.5)),
    ];
    for (name, loss) in losses {
        let start = format!("{name}: predictions and targets differ in shape");
        assert_mistake(
            |tape| loss(tape.input([4, 3], DType::F32), tape.input([4, 1], DType::F32)),
            &[&start],
        );
        assert_mistake(
            |tape| loss(tape.input([4, 3], DType::I64), tape.input([4, 3], DType::I64).eq(0.0)),
            &[name],
        );
        if name != "focal" {
            let start = format!("{name}: predictions and targets differ in dtype");
            assert_mistake(
                |tape| loss(tape.input([4, 3], DType::F32), tape.input([4, 3], DType::F64)),
                &[&start],
            );
        }
    }
}

#[test]
fn targets_of_rows() {
    fn x(tape: &Tape) -> Var<'_> {
        tape.full([2, 3], 0.0, DType::F32)
    }
    assert_mistake(
        |tape| x(tape).cosine_embedding(x(tape), tape.var([[1.0f32], [1.0]]), 0.0),
        &["cosine_embedding: targets have the shape of the predictions without the last axis"],
    );
    let labels: [(&str, Loss); 4] = [
        ("cross_entropy", |x, y| x.cross_entropy_with(y, CrossEntropy::new())),
        ("nll", |x, y| x.nll(y)),
        ("focal", |x, y| x.focal(y)),
        ("multi_margin", |x, y| x.multi_margin(y)),
    ];
    for (name, loss) in labels {
        let name = format!("{name}: ");
        assert_mistake(|tape| loss(x(tape), tape.var([[0i64], [1]])), &[&name, "without the last axis"]);
        assert_mistake(|tape| loss(tape.var([[1i64, 2]]), tape.var([0i64])), &[&name, "floating point"]);
    }
    assert_mistake(
        |tape| x(tape).gaussian_nll(0.0, tape.var([1.0f32; 3])),
        &["gaussian_nll: variances have"],
    );
    assert_mistake(
        |tape| x(tape).multilabel_margin(tape.var([[0i64], [1]])),
        &["multilabel_margin: labels have the shape of the scores"],
    );
    assert_mistake(
        |tape| x(tape).multilabel_margin(tape.var([[0.0f32; 3]; 2])),
        &["multilabel_margin: ", "i64"],
    );
}

#[test]
fn settings_that_mean_nothing() {
    macro_rules! wrong {
        ($tape:ident, $x:ident => $loss:expr; $($part:expr),+) => {
            assert_mistake(|$tape| { let $x = $tape.var([[0.5, 1.0, 2.0]]); $loss }, &[$($part),+]);
        };
    }
    for bad in [-0.1, 1.5, f64::NAN] {
        wrong!(tape, x => x.quantile_loss(0.0, bad); "quantile_loss: a quantile is in 0..=1");
        let smoothed = CrossEntropy::new().label_smoothing(bad);
        wrong!(tape, x => x.cross_entropy_with(tape.var([0i64]), &smoothed); "cross_entropy: label smoothing");
        wrong!(tape, x => x.nll_with(tape.var([0i64]), &smoothed); "nll: label smoothing");
        let smoothed = BceWithLogits::new().label_smoothing(bad);
        wrong!(tape, x => x.bce_with_logits_with(0.0, &smoothed); "bce_with_logits: label smoothing");
    }
    for bad in [-1.0, f64::NAN] {
        wrong!(tape, x => x.binary_focal_with(0.0, BinaryFocal::new().gamma(bad)); "binary_focal: ", "gamma");
        wrong!(tape, x => x.focal_with(tape.var([0i64]), Focal::new().gamma(bad)); "focal: ", "gamma");
        wrong!(tape, x => x.gaussian_nll_with(0.0, 1.0, GaussianNll::new().eps(bad)); "gaussian_nll: ", "variance");
        wrong!(tape, x => x.nt_xent(x, bad); "nt_xent: the temperature");
        wrong!(tape, x => x.smooth_l1(0.0, bad); "smooth_l1: the threshold is at least 0");
    }
    let two = Tensor::from([1.0, 2.0]);
    let weights = "there are 3 classes, and weights of shape [2]";
    let settings = CrossEntropy::new().weight(&two);
    wrong!(tape, x => x.cross_entropy_with(tape.var([0i64]), &settings); "cross_entropy: ", weights);
    wrong!(tape, x => x.cross_entropy_with(x, &settings); "cross_entropy: ", weights);
    wrong!(tape, x => x.nll_with(tape.var([0i64]), &settings); "nll: ", weights);
    wrong!(tape, x => x.multi_margin_with(tape.var([0i64]), MultiMargin::new().weight(&two)); "multi_margin: ", weights);
    let settings = MultilabelSoftMargin::new().weight(&two);
    wrong!(tape, x => x.multilabel_soft_margin_with(0.0, &settings); "multilabel_soft_margin: ", weights);
    let settings = BceWithLogits::new().pos_weight(&two);
    wrong!(tape, x => x.bce_with_logits_with(0.0, &settings); "bce_with_logits: weights of shape [2]");
    wrong!(tape, x => x.focal_with(tape.var([0i64]), Focal::new().alpha(&two)); "focal: the alphas of shape [2]");
    wrong!(tape, x => x.multi_margin_with(tape.var([0i64]), MultiMargin::new().p(0)); "multi_margin: the power p");
    wrong!(tape, x => x.cross_entropy_with(x, CrossEntropy::new().ignore_index(0)); "cross_entropy: a label is ignored");
    for axis in [2, -3] {
        let settings = CrossEntropy::new().axis(axis);
        wrong!(tape, x => x.cross_entropy_with(tape.var([0i64]), &settings); "cross_entropy: ", "axis");
        wrong!(tape, x => x.focal_with(tape.var([0i64]), Focal::new().axis(axis)); "focal: ", "axis");
        wrong!(tape, x => x.dice_with(0.0, Overlap::new().axes([axis])); "dice: ", "axis");
    }
    wrong!(tape, x => x.mse_each(0.0).weighted(tape.var([1.0, 2.0, 3.0])); "weighted: the weights' axes");
    wrong!(tape, x => x.mse_each(0.0).weighted_mean(tape.var([1.0f32])); "weighted: ", "dtype");
    wrong!(tape, x => x.slice(0, ..0).mse(0.0); "no elements");
    wrong!(tape, x => x.reshape(3).nt_xent(x.reshape(3), 0.1); "nt_xent: views are [n, d]");
}

#[test]
fn sequences_that_do_not_fit_together() {
    let fails = |x: Tensor, targets: Tensor, lengths: [Tensor; 2], settings: Ctc, part: &str| {
        assert_mistake(
            |tape| {
                let lengths = lengths.map(|lengths| tape.var(lengths));
                tape.var(x).ctc_with(tape.var(targets), lengths[0], lengths[1], settings)
            },
            &["ctc: ", part],
        );
    };
    let (x, y) = (|| Tensor::zeros([4, 2, 3], DType::F32), || Tensor::from([[1i64, 2], [2, 1]]));
    let n = || [Tensor::from([4i64, 4]), Tensor::from([2i64, 2])];
    fails(Tensor::zeros([4], DType::F32), y(), n(), Ctc::new(), "[steps, n, classes]");
    fails(Tensor::zeros([4, 2, 3], DType::I64), y(), n(), Ctc::new(), "floating point");
    fails(x(), Tensor::from([[1.0f32, 2.0], [2.0, 1.0]]), n(), Ctc::new(), "i64");
    fails(x(), Tensor::from([1i64, 2, 2, 1]), n(), Ctc::new(), "targets are [n, longest], and n is 2");
    fails(x(), y(), [Tensor::from(4i64), Tensor::from(2i64)], Ctc::new(), "one length for each of 2 inputs");
    fails(x(), y(), n(), Ctc::new().blank(3), "the blank is a class below 3");
}

#[test]
fn wrong_labels_are_errors_of_the_run() {
    let fails = |value: &str, f: &dyn for<'t> Fn(&'t Tape) -> Var<'t>| {
        let tape = Tape::new();
        let loss = f(&tape);
        tape.check().unwrap();
        let message = loss.value().unwrap_err().to_string();
        assert!(message.contains(value) && message.contains(file!()), "{message:?} lacks {value}");
    };
    fn x(tape: &Tape) -> Var<'_> {
        tape.var([[1.0f32; 3]; 2])
    }
    for bad in [3i64, -1] {
        let value = bad.to_string();
        fails(&value, &|tape| x(tape).nll(tape.var([0, bad])));
        fails(&value, &|tape| x(tape).focal(tape.var([0, bad])));
        fails(&value, &|tape| x(tape).multi_margin(tape.var([0, bad])));
        let settings = CrossEntropy::new().ignore_index(-100).label_smoothing(0.1);
        fails(&value, &|tape| x(tape).cross_entropy_with(tape.var([-100, bad]), &settings));
    }
    fails("-2", &|tape| x(tape).multilabel_margin(tape.var([[0i64, -1, -1], [0, -2, 1]])));
    fails("-100", &|tape| x(tape).cross_entropy_with(tape.var([0i64, -100]), CrossEntropy::new()));

    let ctc = |value: &str, target: [i64; 2], lengths: [i64; 2]| {
        fails(value, &|tape| {
            let lengths = lengths.map(|length| tape.var([length]));
            tape.full([4, 1, 3], 0.0, DType::F32).ctc(tape.var([target]), lengths[0], lengths[1])
        });
    };
    ctc("7", [1, 7], [4, 2]);
    ctc("-7", [-7, 1], [4, 2]);
    ctc("5", [1, 2], [5, 2]);
    ctc("3", [1, 2], [4, 3]);
}
