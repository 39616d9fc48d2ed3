//! Connectionist temporal classification: what fits, what does not, and what is not looked at.

use crate::{assert_close, each};
use chainrule_nn::{Ctc, Losses, Reduction};
use chainrule_tape::{DType, Tape, Tensor, Var};

/// All classes alike: the number of paths that spell a target is known.
fn even(steps: usize, classes: usize, target: &[i64]) -> f64 {
    let tape = Tape::new();
    let log = tape.full([steps, classes], -(classes as f64).ln(), DType::F64);
    let lengths = [steps as i64, target.len() as i64].map(|length| tape.var(length));
    log.ctc_each(tape.var(target), lengths[0], lengths[1]).item().unwrap()
}

#[test]
fn paths_are_counted() {
    let loss = |paths: f64, steps: i32, classes: f64| classes.ln() * steps as f64 - paths.ln();
    for (steps, classes, target, paths) in [
        (1, 3, vec![1], 1.0),
        // a-, -a, aa
        (2, 3, vec![1], 3.0),
        (2, 3, vec![1, 2], 1.0),
        // a-a only
        (3, 3, vec![1, 1], 1.0),
        // ab with one repeated or one blank: aab abb -ab a-b ab-
        (3, 3, vec![1, 2], 5.0),
        (4, 3, vec![], 1.0),
        (0, 3, vec![], 1.0),
    ] {
        let found = even(steps, classes, &target);
        assert_close(&[found], &[loss(paths, steps as i32, classes as f64)], 1e-14);
    }
    for (steps, target) in [(0, vec![1]), (1, vec![1, 2]), (2, vec![1, 1]), (4, vec![1, 1, 2, 2])] {
        assert_eq!(even(steps, 3, &target), f64::INFINITY, "{steps} {target:?}");
    }
}

#[test]
fn what_is_impossible_has_no_gradient_and_costs_nothing_if_asked() {
    let plain = || Ctc::new().reduction(Reduction::None);
    for (dtype, settings, cost) in [
        (DType::F32, plain().zero_infinity(), 0.0),
        (DType::F64, plain().zero_infinity(), 0.0),
        (DType::F64, plain(), f64::INFINITY),
    ] {
        let x = Tensor::zeros([2, 2, 3], dtype);
        let (y, dx) = each(x, |x| {
            let tape = x.tape();
            let (targets, lengths) = (tape.var([[1i64, 1], [1, 2]]), tape.var([2i64, 2]));
            x.log_softmax(-1).ctc_with(targets, lengths, lengths, &settings)
        });
        assert_eq!(y[0], cost);
        assert_close(&y[1..], &[2.0 * 3f64.ln()], 1e-6);
        // (`[steps, n, classes]`: the first sequence's gradients are 0.)
        assert!(dx[..3].iter().chain(&dx[6..9]).all(|&dx| dx == 0.0), "{dx:?}");
        assert!(dx.iter().all(|dx| dx.is_finite()) && dx[3..6].iter().any(|&dx| dx != 0.0), "{dx:?}");
    }
}

#[test]
fn what_is_beyond_the_lengths_is_not_looked_at() {
    let tape = Tape::new();
    let log = tape.normal([3, 1, 4], DType::F64).log_softmax(-1);
    let loss = |log: Var, target: Tensor| {
        let tape = log.tape();
        let x = tape.var(log.value().unwrap());
        let loss = x.ctc(tape.var(target), tape.var([3i64]), tape.var([2i64]));
        let values = tape.values(&[loss, tape.grad(loss, x)]).unwrap();
        (values[0].to_f64(), values[1].to_f64())
    };
    let (want, slopes) = loss(log, Tensor::from([[2i64, 3]]));
    let longer = tape.concat(&[log, tape.full([2, 1, 4], f64::NAN, DType::F64)], 0);
    let (found, more) = loss(longer, Tensor::from([[2i64, 3, 99, -5]]));
    assert_close(&found, &want, 1e-14);
    assert_close(&more[..12], &slopes, 1e-14);
    assert_close(&more[12..], &[0.0; 8], 0.0);
}

#[test]
fn far_logits_and_certain_classes() {
    for dtype in [DType::F32, DType::F64] {
        let x = Tensor::from([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [0.0, -1e4, 1e4]]).cast(dtype);
        let (y, dx) = each(x, |x| {
            let tape = x.tape();
            x.log_softmax(-1).ctc(tape.var([1i64, 2]), tape.var(3i64), tape.var(2i64))
        });
        assert!(y.iter().chain(&dx).all(|y| y.is_finite()), "{dtype}: {y:?} {dx:?}");
        assert_close(&y, &[0.0], 1e-6);
    }
    // A probability of 0 where all paths need another.
    let never = f64::NEG_INFINITY;
    let (y, dx) = each(Tensor::from([[never, 0.0], [0.0, never]]), |x| {
        let tape = x.tape();
        x.ctc(tape.var([1i64]), tape.var(2i64), tape.var(1i64))
    });
    assert_eq!(y, [0.0]);
    assert_close(&dx, &[0.0, -1.0, -1.0, 0.0], 1e-15);
}

/// The exact derivative: the shares of the paths in each step add up to 1.
#[test]
fn gradients_are_shares() {
    let tape = Tape::new();
    let x = tape.var(tape.normal([5, 2, 4], DType::F64).log_softmax(-1).value().unwrap());
    let loss = x.ctc_each(tape.var([[1i64, 3], [2, 2]]), tape.var([5i64, 4]), tape.var([2i64, 2]));
    let shares = tape.grad(loss.sum(..), x).sum(-1).value().unwrap().to_f64();
    let mut want = vec![-1.0; 10];
    want[9] = 0.0;
    assert_close(&shares, &want, 1e-13);
}
