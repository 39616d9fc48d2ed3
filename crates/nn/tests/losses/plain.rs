//! Losses at the edges: far logits, sure predictions, kinks, and what means leave out.

use crate::{assert_close, each};
use chainrule_nn::Losses;
use chainrule_tape::{DType, Tape, Tensor};

#[test]
fn logits_of_any_size() {
    for dtype in [DType::F32, DType::F64] {
        let x = Tensor::from([-1000.0, -1000.0, 1000.0, 1000.0, 0.0]).cast(dtype);
        let targets = Tensor::from([0.0, 1.0, 0.0, 1.0, 0.5]).cast(dtype);
        let (y, dx) = each(x, |x| x.bce_with_logits_each(x.tape().var(&targets)));
        assert_close(&y, &[0.0, 1000.0, 1000.0, 0.0, 2f64.ln()], 1e-6);
        assert_close(&dx, &[0.0, -1.0, 1.0, 0.0, 0.0], 1e-6);
    }
    // A right answer's small loss is kept: e⁻⁴⁰.
    let (y, _) = each(Tensor::from([40.0]), |x| x.bce_with_logits_each(1.0));
    assert!((y[0] / (-40f64).exp() - 1.0).abs() < 1e-12, "{}", y[0]);
}

/// The formula's limit, not ∞ - ∞, whatever the target; but 0·∞ for a prediction that is sure and right.
#[test]
fn infinite_logits() {
    let targets = Tensor::from([0.25, 0.0, 0.25, 1.0]);
    let x = Tensor::from([f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY]);
    let (y, dx) = each(x, |x| x.bce_with_logits_each(x.tape().var(&targets)));
    assert_eq!(y, [f64::INFINITY; 4]);
    assert_close(&dx, &[0.75, 1.0, -0.25, -1.0], 1e-15);
}

#[test]
fn cross_entropy_of_logits_of_any_size() {
    for dtype in [DType::F32, DType::F64] {
        let x = Tensor::from([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [-1e4, -1e4, -1e4]]).cast(dtype);
        let (y, dx) = each(x, |x| x.cross_entropy_each(x.tape().var([0i64, 1, 2])));
        assert_close(&y, &[0.0, 2e4, 3f64.ln()], 1e-6);
        let third = 1.0 / 3.0;
        assert_close(&dx, &[0.0, 0.0, 0.0, 1.0, -1.0, 0.0, third, third, third - 1.0], 1e-6);
    }
}

/// A logit of -∞ takes a class out of the choice.
#[test]
fn cross_entropy_with_a_class_left_out() {
    let x = Tensor::from([[0.0, f64::NEG_INFINITY, 0.0]]);
    let (y, dx) = each(x, |x| x.cross_entropy_each(x.tape().var([2i64])));
    assert_close(&y, &[2f64.ln()], 1e-15);
    assert_close(&dx, &[0.5, 0.0, -0.5], 1e-15);
}

#[test]
fn cross_entropy_takes_any_number_of_axes() {
    let tape = Tape::new();
    let x = tape.normal([2, 3, 4], DType::F64);
    let labels = tape.var([[0i64, 1, 2], [3, 2, 1]]);
    let flat = x.reshape([6, 4]).cross_entropy_each(labels.reshape(6));
    let values = tape.values(&[x.cross_entropy_each(labels), flat, x.cross_entropy(labels)]).unwrap();
    assert_eq!(values[0].shape().dims(), [2, 3]);
    assert_eq!(values[0].to_f64(), values[1].to_f64());
    assert_close(&[values[2].item().unwrap()], &[values[0].to_f64().iter().sum::<f64>() / 6.0], 1e-15);
    // One row, without any axis before.
    let one = tape.var([1.0, 2.0]).cross_entropy(tape.var(0i64)).item().unwrap();
    assert_close(&[one], &[1f64.exp().ln_1p()], 1e-15);
}

#[test]
fn sure_predictions() {
    let (x, targets) = (Tensor::from([0.0, 0.0, 1.0, 1.0, 1e-60]), Tensor::from([0.0, 1.0, 0.0, 1.0, 1.0]));
    let (y, dx) = each(x, |x| x.bce_each(x.tape().var(&targets)));
    assert_close(&y, &[0.0, 100.0, 100.0, 0.0, 100.0], 1e-15);
    assert!(dx.iter().all(|dx| dx.is_finite()), "{dx:?}");
    assert_close(&dx, &[1.0, 0.0, 0.0, -1.0, 0.0], 1e-15);
    // Near the ends: ln(1 - x) of a tiny x, and no early limit.
    let (y, dx) = each(Tensor::from([1e-20, 1e-20]), |x| x.bce_each(x.tape().var([0.0, 1.0])));
    assert_close(&y, &[1e-20, 20.0 * 10f64.ln()], 1e-15);
    assert!(y[0] == 1e-20 && dx[1] < -9e19, "{y:?} {dx:?}");
}

#[test]
fn predictions_that_are_no_probabilities() {
    let (y, _) = each(Tensor::from([-0.1, 1.1, f64::NAN]), |x| x.bce_each(0.5));
    assert!(y.iter().all(|y| y.is_nan()), "{y:?}");
}

#[test]
fn huber_is_square_near_and_straight_far() {
    let x: Vec<f64> = (-40..=40).map(|i| i as f64 / 10.0).collect();
    for delta in [0.5, 1.0, 2.5, f64::INFINITY] {
        let (y, dx) = each(Tensor::from(x.clone()), |x| x.huber_each(0.3, delta));
        let naive = |&x: &f64| {
            let r = (x - 0.3).abs();
            if r <= delta { r * r / 2.0 } else { delta * (r - delta / 2.0) }
        };
        assert_close(&y, &x.iter().map(naive).collect::<Vec<_>>(), 1e-14);
        let slope = |&x: &f64| (x - 0.3).clamp(-delta, delta);
        assert_close(&dx, &x.iter().map(slope).collect::<Vec<_>>(), 1e-14);
    }
    let (y, _) = each(Tensor::from(x.clone()), |x| x.smooth_l1_each(0.3, 0.5));
    let (huber, _) = each(Tensor::from(x), |x| x.huber_each(0.3, 0.5) / 0.5);
    assert_eq!(y, huber);
    let ends = Tensor::from([-2.0, 0.3, 1.3]);
    let (y, dx) = each(ends.clone(), |x| x.smooth_l1_each(0.3, 0.0));
    assert_eq!((y, dx), each(ends, |x| x.mae_each(0.3)), "the limit");
}

/// The second derivative at the target is 1, and at the threshold the mean of 1 and 0 at most.
#[test]
fn huber_has_a_second_derivative() {
    let tape = Tape::new();
    let x = tape.var([0.0, 0.5, 3.0]);
    let dx = tape.grad(x.huber_each(0.0, 1.0).sum(..), x);
    assert_eq!(tape.grad(dx.sum(..), x).value().unwrap().to_f64(), [1.0, 1.0, 0.0]);
}

#[test]
fn numbers_as_targets() {
    let tape = Tape::new();
    let x = tape.var([1.0f32, 3.0]);
    let found = [x.mse(1.0), x.mae(1.0), x.huber(1.0, 1.0), x.smooth_l1(1.0, 1.0), x.bce_with_logits(1.0)];
    let ones = tape.var([1.0f32, 1.0]);
    let expected =
        [x.mse(ones), x.mae(ones), x.huber(ones, 1.0), x.smooth_l1(ones, 1.0), x.bce_with_logits(ones)];
    for (found, expected) in found.into_iter().zip(expected) {
        assert_eq!(found.item().unwrap(), expected.item().unwrap());
    }
    assert_eq!(x.mse(1.0).item().unwrap(), 2.0);
    assert_eq!(x.mae(1.0).item().unwrap(), 1.0);
}

#[test]
fn gradients_go_to_the_targets_too() {
    let tape = Tape::new();
    let (student, teacher) = (tape.var([[0.5, 1.0, -1.0]]), tape.var([[0.2, 0.5, 0.3]]));
    let by_target = tape.grad(student.soft_cross_entropy(teacher), teacher);
    let expected = -student.log_softmax(-1);
    let values = tape.values(&[by_target, expected]).unwrap();
    assert_close(&values[0].to_f64(), &values[1].to_f64(), 1e-15);
    assert_eq!(tape.grad(student.mse(teacher), teacher).value().unwrap().numel(), 3);
}

#[test]
fn gradient_of_cross_entropy_is_softmax_less_the_label() {
    let tape = Tape::new();
    let x = tape.normal([5, 7], DType::F64);
    let labels = tape.var([0i64, 6, 3, 3, 1]);
    let dx = tape.grad(x.cross_entropy(labels), x);
    let expected = (x.softmax(-1) - labels.one_hot(7).cast(DType::F64)) / 5.0;
    let values = tape.values(&[dx, expected]).unwrap();
    assert_close(&values[0].to_f64(), &values[1].to_f64(), 1e-15);
}
