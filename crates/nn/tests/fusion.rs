//! Losses, activations and norms become few passes over memory: value and gradient by the input together.

use chainrule_nn::{
    Activation, AlphaDropout, Dropout, GaussianDropout, GroupNorm, InstanceNorm1d, Layer, LayerNorm, Losses,
    RmsNorm, UnitNorm,
};
use chainrule_tape::{DType, Params, Tape, Var};

/// The instructions of `y` and of its vector-Jacobian product.
fn instructions(params: &Params, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> usize {
    let tape = Tape::with(params);
    let x = tape.input([64, 100], DType::F32);
    let y = f(x);
    // A scalar's gradient begins with 1, as a loss's does.
    let g = if y.rank() == 0 { tape.full((), 1.0, DType::F32) } else { tape.input(y.shape(), DType::F32) };
    let dx = tape.vjp(y, g, &[x])[0];
    tape.compile(&[y, dx]).unwrap().instructions()
}

#[test]
fn elementwise_losses_are_one_pass() {
    let params = Params::seeded(0);
    let count = |f: for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>| {
        instructions(&params, |x| f(x, x.tape().input(x.shape(), DType::F32)))
    };
    assert_eq!(count(|x, t| x.mse(t)), 1);
    assert_eq!(count(|x, t| x.mae(t)), 1);
    assert_eq!(count(|x, t| x.huber(t, 1.0)), 1);
    // One more may work out the factor of all gradients, a single number.
    assert!(count(|x, t| x.bce(t)) <= 2);
    assert!(count(|x, t| x.bce_with_logits(t)) <= 2);
}

#[test]
fn cross_entropy_is_one_pass_over_rows() {
    let params = Params::seeded(0);
    let count = instructions(&params, |x| x.cross_entropy(x.tape().input(64, DType::I64)));
    // The labels are checked before, and a number may be worked out for all gradients.
    assert!(count <= 3, "{count}");
}

#[test]
fn activations_and_norms_are_one_pass() {
    let mut params = Params::seeded(0);
    let norm = LayerNorm::new(&mut params.root(), 100);
    assert_eq!(instructions(&params, |x| norm.forward(x)), 1);
    let norm = RmsNorm::new(&mut params.root().sub("rms"), 100);
    assert_eq!(instructions(&params, |x| norm.forward(x)), 1);
    let norm = GroupNorm::new(&mut params.root().sub("group"), 4, 20);
    assert_eq!(instructions(&params, |x| norm.forward(x.reshape([64, 20, 5]))), 1);
    let norm = InstanceNorm1d::with_affine(&mut params.root().sub("instance"), 20);
    assert_eq!(instructions(&params, |x| norm.forward(x.reshape([64, 20, 5]))), 1);
    assert_eq!(instructions(&params, |x| UnitNorm::new().forward(x)), 1);
    assert_eq!(instructions(&params, |x| Dropout::new(0.5).forward(x)), 1);
    assert_eq!(instructions(&params, |x| AlphaDropout::new(0.5).forward(x)), 1);
    assert_eq!(instructions(&params, |x| GaussianDropout::new(0.5).forward(x)), 1);
    for &(name, activation) in Activation::ALL {
        // It sorts.
        if name.starts_with("sparsemax") {
            continue;
        }
        // Two outputs that are copied, or filled with zeros, are two.
        let expected = if ["identity", "binary_step"].contains(&name) { 2 } else { 1 };
        assert_eq!(instructions(&params, |x| activation.forward(x)), expected, "{name}");
    }
}
