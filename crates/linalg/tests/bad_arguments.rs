//! Every op with wrong inputs and arguments: never a panic, and an error names the op, what is wrong, and the line.

#[allow(dead_code)] // of the comparison with the answers
#[path = "../../tape/tests/torch/golden.rs"]
mod golden;
#[path = "../../tape/tests/torch/wrong.rs"]
mod wrong;

use chainrule_linalg::{Linalg, MatrixNorm, Triangle};
use golden::Golden;

crate::golden::table! { |tape, x, a|
    cholesky: x[0].cholesky(),
    cholesky_solve: x[0].cholesky_solve(x[1]),
    solve: x[0].solve(x[1]),
    solve_triangular: x[0].solve_triangular(x[1], if a.flag("upper") { Triangle::upper() } else { Triangle::lower() }),
    inverse: x[0].inverse(),
    det: x[0].det(),
    slogdet: x[0].slogdet(),
    logdet: x[0].logdet(),
    lu: { let (p, l, u) = x[0].lu(); vec![p, l, u] },
    qr: x[0].qr(),
    eigh: x[0].eigh(),
    eigvalsh: x[0].eigvalsh(),
    svd: { let (u, s, vt) = x[0].svd(); vec![u, s, vt] },
    svdvals: x[0].svdvals(),
    pinv: x[0].pinv(),
    pinv_cutoff: x[0].pinv_cutoff(a.float("cutoff")),
    lstsq: x[0].lstsq(x[1]),
    matrix_exp: x[0].matrix_exp(),
    matrix_power: x[0].matrix_power(a.int("n") as i32),
    matrix_norm: x[0].matrix_norm(match a.text("kind") {
        "frobenius" => MatrixNorm::Frobenius,
        "nuclear" => MatrixNorm::Nuclear,
        "spectral" => MatrixNorm::Spectral,
        "one" => MatrixNorm::One,
        _ => MatrixNorm::Infinity,
    }),
    matrix_rank: x[0].matrix_rank(),
    cond: x[0].cond(),
}

#[test]
fn bad_arguments_are_errors_that_name_the_op_and_the_line() {
    wrong::check_all(&Golden::read("torch_linalg.safetensors"), &[TABLE], &[]);
}
