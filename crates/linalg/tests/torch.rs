//! Every op against PyTorch: values, gradients, second order and forward mode. What depends on the sign of a vector is squared, or
//! multiplied by another of that sign.

#[path = "../../tape/tests/torch/golden.rs"]
mod golden;

use chainrule_linalg::{Linalg, MatrixNorm, Triangle};
use chainrule_tape::Var;
use golden::{Args, Golden};
use std::path::Path;

crate::golden::table! { |tape, x, a|
    cholesky: even(x[0]).cholesky(),
    cholesky_solve: x[0].cholesky_solve(x[1]),
    solve: x[0].solve(x[1]),
    solve_triangular: x[0].solve_triangular(x[1], triangle(a)),
    inverse: x[0].inverse(),
    det: x[0].det(),
    slogdet: x[0].slogdet(),
    logdet: x[0].logdet(),
    lu: { let (p, l, u) = x[0].lu(); vec![p, l, u] },
    qr: x[0].qr(),
    eigh: { let (values, vectors) = even(x[0]).eigh(); (values, vectors.square()) },
    eigvalsh: even(x[0]).eigvalsh(),
    svd: { let (u, s, vt) = x[0].svd(); vec![u.square(), s, vt.square(), u.matmul(vt)] },
    svdvals: x[0].svdvals(),
    pinv: x[0].pinv(),
    pinv_cutoff: x[0].pinv_cutoff(a.float("cutoff")),
    lstsq: x[0].lstsq(x[1]),
    matrix_exp: x[0].matrix_exp(),
    matrix_power: x[0].matrix_power(a.int("n") as i32),
    matrix_norm: x[0].matrix_norm(norm(a)),
    matrix_rank: x[0].matrix_rank(),
    cond: x[0].cond(),
}

/// The symmetric part, which the ops that read one triangle are compared at.
fn even(a: Var<'_>) -> Var<'_> {
    (a + a.t()) * 0.5
}

fn triangle(a: &Args) -> Triangle {
    let side = if a.flag("upper") { Triangle::upper() } else { Triangle::lower() };
    let side = if a.flag("unit") { side.unit() } else { side };
    if a.flag("left") { side } else { side.right() }
}

fn norm(a: &Args) -> MatrixNorm {
    match a.text("kind") {
        "frobenius" => MatrixNorm::Frobenius,
        "nuclear" => MatrixNorm::Nuclear,
        "spectral" => MatrixNorm::Spectral,
        "one" => MatrixNorm::One,
        _ => MatrixNorm::Infinity,
    }
}

#[test]
fn all_cases() {
    Golden::read("torch_linalg.safetensors").check(&[TABLE]);
}

/// Every case over a batch, with its derivatives, is that of each element.
#[test]
fn all_cases_over_batches() {
    Golden::read("torch_linalg.safetensors").check_batches(&[TABLE], &[]);
}

/// Every case in `f32`.
#[test]
fn all_cases_in_f32() {
    Golden::read("torch_linalg.safetensors").check_f32(&[TABLE], 1e-4);
}

/// Every method of the trait has at least 5 cases.
#[test]
fn every_op_has_cases() {
    let golden = Golden::read("torch_linalg.safetensors");
    let counts = golden.counts();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/linalg.rs");
    let text = std::fs::read_to_string(path).expect("the file of the trait");
    let methods = text.lines().filter_map(|line| line.trim().strip_prefix("fn ")?.split_once("(self"));
    let lacking: Vec<&str> =
        methods.map(|(name, _)| name).filter(|name| counts.get(name).copied().unwrap_or(0) < 5).collect();
    assert!(lacking.is_empty(), "fewer than 5 cases: {lacking:?}");
}
