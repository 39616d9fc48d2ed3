//! What counts in a mean: weights, ignored labels, samples.

use crate::{assert_close, each};
use chainrule_nn::{CrossEntropy, Losses, Overlap, Reduction};
use chainrule_tape::{DType, Tape, Tensor};

#[test]
fn without_settings_it_is_the_plain_loss() {
    let tape = Tape::new();
    let x = tape.normal([5, 7], DType::F64);
    let labels = tape.var([0i64, 6, 3, 3, 1]);
    let sure = labels.one_hot(7).cast(DType::F64);
    let plain = x.cross_entropy(labels);
    let same = [
        x.cross_entropy_with(labels, CrossEntropy::new()),
        x.cross_entropy_with(labels, CrossEntropy::new().weight([3.0; 7]).ignore_index(-100)),
        x.cross_entropy_with(labels, CrossEntropy::new().axis(1)),
        x.t().cross_entropy_with(labels, CrossEntropy::new().axis(0)),
        x.cross_entropy_with(sure, CrossEntropy::new()),
        x.t().cross_entropy_with(sure.t(), CrossEntropy::new().axis(-2)),
        x.log_softmax(-1).nll(labels),
        x.log_softmax(-1).nll_with(sure, CrossEntropy::new()),
        x.soft_cross_entropy(sure),
    ];
    let plain = plain.item().unwrap();
    for same in same {
        assert_close(&[same.item().unwrap()], &[plain], 1e-14);
    }
}

/// Ignored rows count nothing, whatever is in them, and get no gradient.
#[test]
fn ignored_rows_are_not_looked_at() {
    let bad = [f64::NAN, f64::INFINITY, 0.0];
    for smoothing in [0.0, 0.2] {
        let settings = CrossEntropy::new().ignore_index(7).label_smoothing(smoothing);
        let good = [[1.0, 2.0, 0.5], [0.3, 0.2, 0.1]];
        let (y, dx) = each(Tensor::from([good[0], bad, good[1]]), |x| {
            x.cross_entropy_with(x.tape().var([1i64, 7, 0]), &settings)
        });
        let (want, dwant) =
            each(Tensor::from(good), |x| x.cross_entropy_with(x.tape().var([1i64, 0]), &settings));
        assert_close(&y, &want, 1e-15);
        assert_close(&dx[..3], &dwant[..3], 1e-15);
        assert_close(&dx[3..6], &[0.0; 3], 0.0);
        assert_close(&dx[6..], &dwant[3..], 1e-15);
    }
}

/// No label is left: a mean of nothing is NaN (as in PyTorch), a sum of nothing is 0.
#[test]
fn a_batch_of_ignored_rows() {
    let settings = CrossEntropy::new().ignore_index(-100);
    for (reduction, want) in [(Reduction::Mean, f64::NAN), (Reduction::Sum, 0.0), (Reduction::BatchMean, 0.0)]
    {
        let settings = settings.clone().reduction(reduction);
        let (y, _) = each(Tensor::from([[1.0, 2.0]; 2]), |x| {
            x.cross_entropy_with(x.tape().var([-100i64; 2]), &settings)
        });
        assert_close(&y, &[want], 0.0);
    }
    let (y, dx) = each(Tensor::from([[1.0, 2.0]; 2]), |x| {
        x.cross_entropy_with(x.tape().var([-100i64; 2]), settings.clone().reduction(Reduction::None))
    });
    assert_close(&[y, dx].concat(), &[0.0; 6], 0.0);
}

/// A class left out by a logit of -∞ stays out with weights.
#[test]
fn a_class_left_out() {
    let x = Tensor::from([[0.0, f64::NEG_INFINITY, 0.0]]);
    let settings = CrossEntropy::new().weight([1.0, 2.0, 3.0]).ignore_index(-1).reduction(Reduction::None);
    let (y, dx) = each(x, |x| x.cross_entropy_with(x.tape().var([2i64]), &settings));
    assert_close(&y, &[3.0 * 2f64.ln()], 1e-15);
    assert_close(&dx, &[1.5, 0.0, -1.5], 1e-15);
}

#[test]
fn samples_that_weigh_differently() {
    let tape = Tape::new();
    let x = tape.var([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]]);
    let weights = tape.var([1.0, 0.0, 3.0]);
    let squares = x.mse_each(0.0);
    assert_eq!(squares.weighted(weights).value().unwrap().to_f64(), [1.0, 4.0, 0.0, 0.0, 0.0, 3.0]);
    assert_eq!(squares.weighted_mean(weights).item().unwrap(), 1.0);
    let elements = tape.var([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]);
    assert_eq!(squares.weighted_mean(elements).item().unwrap(), 1.0);
    assert!(squares.weighted_mean(tape.var([0.0; 3])).item().unwrap().is_nan());
    // Of rows with labels, each has one weight.
    let labels = tape.var([0i64, 1, 1]);
    let kept = x.cross_entropy_each(labels).weighted_mean(tape.var([1.0, 0.0, 1.0])).item().unwrap();
    let ignoring = CrossEntropy::new().ignore_index(-1);
    let want = x.cross_entropy_with(tape.var([0i64, -1, 1]), ignoring).item().unwrap();
    assert_close(&[kept], &[want], 1e-15);
    assert_eq!(tape.var(3.0).mse_each(0.0).reduce(Reduction::BatchMean).item().unwrap(), 9.0);
}

/// Dice of nothing found where nothing is.
#[test]
fn empty_regions() {
    let nothing = Tensor::from([0.0, 0.0]);
    let (y, dx) = each(nothing.clone(), |x| x.dice(0.0));
    assert_eq!(y, [1.0]);
    assert!(dx.iter().all(|dx| dx.is_finite()), "{dx:?}");
    let (y, _) = each(nothing.clone(), |x| x.dice_with(0.0, Overlap::new().smooth(1.0)));
    assert_close(&y, &[0.0], 1e-6);
    let (y, _) = each(nothing, |x| x.tversky_with(0.0, 0.5, 0.5, Overlap::new().smooth(1.0)));
    assert_close(&y, &[0.0], 1e-6);
}

/// α weighs what is found wrongly, β what is missed.
#[test]
fn tversky_weighs_misses_by_beta() {
    let tape = Tape::new();
    let t = tape.var([1.0, 1.0, 0.0, 0.0]);
    let missing = tape.var([1.0, 0.0, 0.0, 0.0]);
    let wrongly = tape.var([1.0, 1.0, 1.0, 0.0]);
    let found = [missing.tversky(t, 0.2, 0.8), wrongly.tversky(t, 0.2, 0.8)].map(|loss| loss.item().unwrap());
    assert_close(&found, &[0.8 / 1.8, 0.2 / 2.2], 1e-6);
}
