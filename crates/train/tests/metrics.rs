//! Metrics against scikit-learn's numbers (1.9.1), and over batches.

use approx::assert_relative_eq;
use chainrule_tape::Tensor;
use chainrule_train::Metric;
use chainrule_train::metrics::*;

/// Scores of four classes for twelve rows, and the labels.
fn many() -> (Tensor, Tensor) {
    let hash = |i: u64| ((i * 2_654_435_761) % 1000) as f64 / 1000.0;
    let scores: Vec<f64> = (1..=48).map(hash).collect();
    let labels: Vec<i64> = (0..12).map(|i| (i * i + i / 3) % 4).collect();
    (Tensor::from_vec(scores, [12, 4]).unwrap(), Tensor::from(labels))
}

fn two() -> (Tensor, Tensor) {
    let scores = Tensor::from([0.9, 0.1, 0.8, 0.45, 0.45, 0.3, 0.7, 0.2, 0.6, 0.45]);
    (scores, Tensor::from([1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]))
}

fn check(mut metric: impl Metric, (outputs, targets): &(Tensor, Tensor), expected: f64) {
    assert!(metric.value().is_nan(), "{}: of nothing", metric.name());
    let found = metric.of(outputs, targets).unwrap();
    assert_relative_eq!(found, expected, max_relative = 1e-14);
    // The same in two batches, and again after a reset.
    let rows = targets.shape()[0];
    metric.reset();
    for part in [0..5, 5..rows] {
        metric.update(&outputs.rows(part.clone()).unwrap(), &targets.rows(part).unwrap()).unwrap();
    }
    assert_relative_eq!(metric.value(), expected, max_relative = 1e-14);
}

#[test]
fn numbers_are_scikit_learns() {
    let data = many();
    check(accuracy(), &data, 0.16666666666666666);
    check(top_k(1), &data, 0.16666666666666666);
    check(top_k(2), &data, 0.5);
    check(top_k(3), &data, 0.9166666666666666);
    check(precision(), &data, 0.08333333333333333);
    check(precision().average(Average::Weighted), &data, 0.1111111111111111);
    check(precision().average(Average::Micro), &data, 0.16666666666666666);
    check(precision().average(Average::Class(2)), &data, 0.0);
    check(recall(), &data, 0.125);
    check(recall().average(Average::Weighted), &data, 0.16666666666666666);
    check(recall().average(Average::Micro), &data, 0.16666666666666666);
    check(recall().average(Average::Class(2)), &data, 0.0);
    check(f1(), &data, 0.1);
    check(f1().average(Average::Weighted), &data, 0.13333333333333333);
    check(f1().average(Average::Micro), &data, 0.16666666666666666);
    check(f1().average(Average::Class(2)), &data, 0.0);
    let data = two();
    check(accuracy(), &data, 0.6);
    check(precision(), &data, 0.75);
    check(recall(), &data, 0.5);
    check(f1(), &data, 0.6);
    check(accuracy().threshold(0.4), &data, 0.7);
    check(precision().threshold(0.4), &data, 0.7142857142857143);
    check(recall().threshold(0.4), &data, 0.8333333333333334);
    check(f1().threshold(0.4), &data, 0.7692307692307693);
    check(roc_auc(), &data, 0.6666666666666667);
    let data =
        (Tensor::from([2.5, 0.0, 2.0, 8.0, -1.5, 3.25]), Tensor::from([3.0, -0.5, 2.0, 7.0, -2.0, 4.0]));
    check(mae(), &data, 0.5416666666666666);
    check(mse(), &data, 0.3854166666666667);
    check(rmse(), &data, 0.6208193510729725);
    check(r2(), &data, 0.9554216867469879);
}

#[test]
fn tables_can_be_printed() {
    let (outputs, targets) = many();
    let confusion = Confusion::of(&outputs, &targets).unwrap();
    assert_eq!(confusion.counts(), [[2, 1, 1, 0], [2, 0, 0, 0], [2, 2, 0, 0], [0, 2, 0, 0]]);
    assert_eq!(
        confusion.to_string(),
        "     0  1  2  3\n  0  2  1  1  0\n  1  2  0  0  0\n  2  2  2  0  0\n  3  0  2  0  0"
    );
    assert_eq!(Confusion::default().to_string().trim(), "");
}

#[test]
fn nan_and_missing_classes() {
    let nan = Tensor::from([0.5, f64::NAN]);
    let targets = Tensor::from([0.0, 1.0]);
    assert!(roc_auc().of(&nan, &targets).unwrap().is_nan());
    assert!(roc_auc().of(&Tensor::from([0.5, 0.6]), &Tensor::from([1.0, 1.0])).unwrap().is_nan());
    assert!(r2().of(&Tensor::from([0.5, 0.6]), &Tensor::from([1.0, 1.0])).unwrap().is_nan());
    assert_eq!(accuracy().of(&nan, &targets).unwrap(), 0.5);
    // Nothing was predicted to be of class 1.
    assert_eq!(precision().of(&Tensor::from([0.1, 0.2]), &targets).unwrap(), 0.0);
    // A NaN is the largest.
    let row = Tensor::from([[0.1, f64::NAN, 0.9]]);
    assert_eq!(accuracy().of(&row, &Tensor::from([1i64])).unwrap(), 1.0);
    assert_eq!(top_k(1).of(&row, &Tensor::from([2i64])).unwrap(), 0.0);
    assert_eq!(top_k(2).of(&row, &Tensor::from([2i64])).unwrap(), 1.0);
}

#[test]
fn what_does_not_fit_is_told() {
    let rows = Tensor::from([[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]]);
    let cases: [(Box<dyn Metric>, Tensor, Tensor, &str); 7] = [
        (Box::new(accuracy()), rows.clone(), Tensor::from([0i64, 3]), "accuracy: target 1 is 3"),
        (Box::new(accuracy()), rows.clone(), Tensor::from([0i64]), "accuracy: outputs of shape [2, 3]"),
        (Box::new(accuracy()), rows.clone(), Tensor::from([0.0, 1.0]), "class labels are i64, not f64"),
        (Box::new(top_k(2)), rows.clone(), Tensor::from([0i64, -1]), "top_2: there is no class -1 of 3"),
        (Box::new(f1()), Tensor::from([0.5]), Tensor::from([0.5]), "target 0 is 0.5"),
        (Box::new(roc_auc()), Tensor::from([0.5]), Tensor::from([2.0]), "roc_auc: target 0 is 2"),
        (
            Box::new(mae()),
            rows,
            Tensor::from([1.0, 2.0]),
            "mae: outputs of shape [2, 3] for targets of shape [2]",
        ),
    ];
    for (mut metric, outputs, targets, text) in cases {
        let error = metric.of(&outputs, &targets).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
