//! What attention, positions and transformers do, beside what the golden cases compare with PyTorch.

mod layer;
mod transformer;

use chainrule_tape::{Tensor, Var};

fn numbers(shape: &[usize], seed: f64) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::from_vec((0..count).map(|i| (i as f64 * 0.7 + seed).sin()).collect::<Vec<f64>>(), shape).unwrap()
}

fn values(var: Var<'_>) -> Vec<f64> {
    var.value().unwrap_or_else(|e| panic!("{e}")).to_f64()
}

fn assert_close(found: Var<'_>, expected: Var<'_>, tolerance: f64) {
    assert_eq!(found.shape(), expected.shape());
    let (found, expected) = (values(found), values(expected));
    for (a, b) in found.iter().zip(&expected) {
        assert!((a - b).abs() <= tolerance, "{found:?} is not {expected:?}");
    }
}
