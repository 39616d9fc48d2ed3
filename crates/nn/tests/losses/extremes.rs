//! Far logits, NaN, and kinks, of every loss.

use crate::{assert_close, each};
use chainrule_nn::{
    BceWithLogits, BinaryFocal, CrossEntropy, Focal, KlDiv, Losses, MultiMargin, Reduction, TripletMargin,
};
use chainrule_tape::{DType, Tensor, Var};

type Loss = for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>;

/// Losses of elements, with targets 0 and 1 or -1 and 1.
const ELEMENTS: [(&str, [f64; 2], Loss); 18] = [
    ("mse", [0.0, 1.0], |x, t| x.mse_each(t)),
    ("mae", [0.0, 1.0], |x, t| x.mae_each(t)),
    ("huber", [0.0, 1.0], |x, t| x.huber_each(t, 1.0)),
    ("smooth_l1", [0.0, 1.0], |x, t| x.smooth_l1_each(t, 1.0)),
    ("log_cosh", [0.0, 1.0], |x, t| x.log_cosh_each(t)),
    ("quantile_loss", [0.0, 1.0], |x, t| x.quantile_loss_each(t, 0.3)),
    ("mape", [1.0, -1.0], |x, t| x.mape_each(t)),
    ("msle", [0.0, 1.0], |x, t| x.msle_each(t)),
    ("gaussian_nll", [0.0, 1.0], |x, t| x.gaussian_nll_each(t, 1.0)),
    ("bce_with_logits", [0.0, 1.0], |x, t| x.bce_with_logits_each(t)),
    ("pos_weight", [0.0, 1.0], |x, t| {
        x.bce_with_logits_with(t, BceWithLogits::new().pos_weight(3.0).reduction(Reduction::None))
    }),
    ("binary_focal", [0.0, 1.0], |x, t| x.binary_focal_each(t)),
    ("binary_focal_root", [0.0, 1.0], |x, t| {
        x.binary_focal_with(t, BinaryFocal::new().gamma(0.5).reduction(Reduction::None))
    }),
    ("hinge", [-1.0, 1.0], |x, t| x.hinge_each(t)),
    ("squared_hinge", [-1.0, 1.0], |x, t| x.squared_hinge_each(t)),
    ("soft_margin", [-1.0, 1.0], |x, t| x.soft_margin_each(t)),
    ("margin_ranking", [-1.0, 1.0], |x, t| x.margin_ranking_each(0.0, t, 0.5)),
    ("hinge_embedding", [-1.0, 1.0], |x, t| x.hinge_embedding_each(t, 1.0)),
];

/// Losses of rows with a label.
const ROWS: [(&str, Loss); 9] = [
    ("cross_entropy", |x, y| x.cross_entropy_each(y)),
    ("smoothed", |x, y| {
        let settings = CrossEntropy::new().label_smoothing(0.1).weight([1.0, 2.0, 3.0]);
        x.cross_entropy_with(y, settings.reduction(Reduction::None))
    }),
    ("nll", |x, y| x.log_softmax(-1).nll_each(y)),
    ("focal", |x, y| x.focal_each(y)),
    ("focal_root", |x, y| x.focal_with(y, Focal::new().gamma(0.5).reduction(Reduction::None))),
    ("focal_soft", |x, y| x.focal_each(y.one_hot(3).cast(x.dtype()))),
    ("categorical_hinge", |x, y| x.categorical_hinge_each(y.one_hot(3).cast(x.dtype()))),
    ("multi_margin", |x, y| x.multi_margin_with(y, MultiMargin::new().p(2).reduction(Reduction::None))),
    ("kl_div", |x, y| x.log_softmax(-1).kl_div_each(y.one_hot(3).cast(x.dtype())).sum(-1)),
];

/// Losses of two batches of vectors.
const PAIRS: [(&str, Loss); 5] = [
    ("cosine_embedding", |x, y| x.cosine_embedding_each(y, 1.0, 0.0)),
    ("cosine_embedding_apart", |x, y| x.cosine_embedding_each(y, -1.0, -0.5)),
    ("cosine_similarity_loss", |x, y| x.cosine_similarity_loss_each(y)),
    ("triplet_margin", |x, y| {
        x.triplet_margin_with(y, y * 0.5, TripletMargin::new().reduction(Reduction::None))
    }),
    ("nt_xent", |x, y| x.nt_xent_each(y, 0.1)),
];

#[test]
fn far_logits_have_finite_losses_and_gradients() {
    for dtype in [DType::F32, DType::F64] {
        for (name, [low, high], loss) in ELEMENTS {
            let x = Tensor::from([1e4, 1e4, -1e4, -1e4, 0.0, 0.0]).cast(dtype);
            let t = Tensor::from([low, high, low, high, low, high]).cast(dtype);
            let (y, dx) = each(x, |x| loss(x, x.tape().var(&t)));
            assert!(y.iter().chain(&dx).all(|y| y.is_finite()), "{name} {dtype}: {y:?}, {dx:?}");
        }
        for (name, loss) in ROWS {
            let x = Tensor::from([[1e4, -1e4, 0.0], [1e4, -1e4, 0.0], [1e4, 1e4, 1e4], [-1e4, -1e4, -1e4]]);
            let (y, dx) = each(x.cast(dtype), |x| loss(x, x.tape().var([0i64, 1, 2, 1])));
            assert!(y.iter().chain(&dx).all(|y| y.is_finite()), "{name} {dtype}: {y:?}, {dx:?}");
        }
        for (name, loss) in PAIRS {
            let (x, t) = ([[1e4, -1e4], [0.0, 0.0], [1e-4, 0.0]], [[-1e4, 1e4], [1.0, 0.0], [0.0, 0.0]]);
            let t = Tensor::from(t).cast(dtype);
            let (y, dx) = each(Tensor::from(x).cast(dtype), |x| loss(x, x.tape().var(&t)));
            assert!(y.iter().chain(&dx).all(|y| y.is_finite()), "{name} {dtype}: {y:?}, {dx:?}");
        }
    }
}

#[test]
fn nan_in_is_nan_out() {
    for (name, targets, loss) in ELEMENTS {
        for target in targets {
            // (A distance that is to be large or small is looked at in either case.)
            let (y, _) = each(Tensor::from([f64::NAN, 0.3]), |x| loss(x, x.tape().var([target, target])));
            assert!(y[0].is_nan() && !y[1].is_nan(), "{name}: {y:?}");
        }
    }
    for (name, loss) in ROWS {
        for (row, label) in [([f64::NAN, 0.0, 0.0], 0i64), ([0.0, 0.0, f64::NAN], 1)] {
            let (y, _) =
                each(Tensor::from([row, [1.0, 2.0, 3.0]]), |x| loss(x, x.tape().var([label, label])));
            assert!(y[0].is_nan() && !y[1].is_nan(), "{name}: {y:?}");
        }
    }
    for (name, loss) in PAIRS {
        let x = Tensor::from([[f64::NAN, 1.0], [2.0, 1.0]]);
        let (y, _) = each(x, |x| loss(x, x.tape().var([[0.5, 1.0], [1.0, 0.0]])));
        assert!(y[0].is_nan(), "{name}: {y:?}");
    }
}

/// What the docs say of the places where there is no derivative.
#[test]
fn kinks() {
    let slope = |x: f64, loss: for<'t> fn(Var<'t>) -> Var<'t>| each(Tensor::from(x), loss).1[0];
    assert_eq!(slope(1.0, |x| x.quantile_loss_each(1.0, 0.75)), 0.5 - 0.75);
    assert_eq!(slope(1.0, |x| x.hinge_each(1.0)), 0.0);
    assert_eq!(slope(1.0, |x| x.squared_hinge_each(1.0)), 0.0);
    assert_eq!(slope(0.5, |x| x.margin_ranking_each(0.0, 1.0, 0.5)), 0.0);
    assert_eq!(slope(1.0, |x| x.hinge_embedding_each(-1.0, 1.0)), 0.0);
    assert_eq!(slope(0.0, |x| x.log_cosh_each(0.0)), 0.0);
    assert_eq!(slope(0.0, |x| x.soft_margin_each(1.0)), -0.5);
    assert_eq!(slope(2.0, |x| x.mape_each(2.0)), 0.0);
    assert_eq!(slope(-3.0, |x| x.msle_each(2.0)), 0.0);
    let (_, dx) = each(Tensor::from([[2.0, 1.0, 0.0]]), |x| x.multi_margin_each(x.tape().var([0i64])));
    assert_eq!(dx, [0.0, 0.0, 0.0]);
}

/// A small loss keeps its digits.
#[test]
fn right_answers_lose_little_but_not_nothing() {
    let close = |(y, _): (Vec<f64>, Vec<f64>), want: f64| assert!((y[0] / want - 1.0).abs() < 1e-12, "{y:?}");
    let tiny = (-40f64).exp();
    let settings = BceWithLogits::new().pos_weight(3.0).reduction(Reduction::None);
    close(each(Tensor::from([40.0]), |x| x.bce_with_logits_with(1.0, &settings)), 3.0 * tiny);
    close(each(Tensor::from([-40.0]), |x| x.bce_with_logits_with(0.0, &settings)), tiny);
    close(each(Tensor::from([40.0]), |x| x.soft_margin_each(1.0)), tiny);
    // (1 - p)² is e⁻⁸⁰.
    let plain = BinaryFocal::new().without_alpha().reduction(Reduction::None);
    close(each(Tensor::from([40.0]), |x| x.binary_focal_with(1.0, &plain)), tiny * tiny * tiny);
    close(each(Tensor::from([1e-5]), |x| x.log_cosh_each(0.0)), 0.5e-10 * (1.0 - 1e-10 / 6.0));
    let (_, dx) = each(Tensor::from([1e-5]), |x| x.log_cosh_each(0.0));
    assert!((dx[0] / 1e-5f64.tanh() - 1.0).abs() < 1e-12, "{dx:?}");
}

/// A variance of any size, and its slope where it is limited.
#[test]
fn variances_of_any_size() {
    let (y, dv) = each(Tensor::from([0.0, -1.0, 1e300, f64::INFINITY, f64::NAN]), |v| {
        v.tape().full(5, 0.0, DType::F64).gaussian_nll_each(0.0, v)
    });
    let least = 1e-6f64.ln() / 2.0;
    assert_close(&y, &[least, least, 1e300f64.ln() / 2.0, f64::INFINITY, f64::NAN], 1e-15);
    assert_close(&dv, &[0.5e6, 0.5e6, 0.5e-300, 0.0, f64::NAN], 1e-10);
}

/// What can't happen, and is said not to, is no difference.
#[test]
fn divergence_without_some_outcomes() {
    let (never, half) = (f64::NEG_INFINITY, 0.5f64.ln());
    for (targets, settings) in
        [([0.0, 0.5, 0.5], KlDiv::new()), ([never, half, half], KlDiv::new().log_target())]
    {
        let settings = settings.reduction(Reduction::None);
        let x = Tensor::from([never, half, half]);
        let (y, dx) = each(x, |x| x.kl_div_with(x.tape().var(targets), &settings));
        assert_close(&y, &[0.0; 3], 1e-15);
        assert_close(&dx, &[0.0, -0.5, -0.5], 1e-15);
        let (y, _) =
            each(Tensor::from([half, half, never]), |x| x.kl_div_with(x.tape().var(targets), &settings));
        assert_close(&y, &[0.0, 0.0, f64::INFINITY], 1e-15);
    }
}
