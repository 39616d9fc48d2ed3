//! Values and gradients against PyTorch's (`golden/linalg.py`), in `f64` and `f32`, alone and in a batch.

use chainrule_linalg::{Linalg, MatrixNorm, Triangle};
use chainrule_tape::{DType, Tape, Tensor, Var, vmap};

type Function = for<'t> fn(&[Var<'t>]) -> Vec<Var<'t>>;

fn golden(name: &str) -> Vec<f64> {
    let mut lines = include_str!("golden/linalg.txt").lines().filter_map(|line| line.split_once(':'));
    let (_, numbers) = lines.find(|(key, _)| *key == name).unwrap_or_else(|| panic!("no {name}"));
    numbers.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn tensor(values: &[f64], shape: [usize; 2]) -> Tensor {
    Tensor::from_slice(values, shape).unwrap()
}

fn a() -> Tensor {
    tensor(&[1.5, 0.2, -0.4, 0.8, -1.1, 0.6, 0.3, 0.7, 2.0], [3, 3])
}

fn b() -> Tensor {
    tensor(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7], [3, 2])
}

fn tall() -> Tensor {
    tensor(&[0.5, -1.2, 2.0, 0.3, 1.5, -0.7, 0.1, 0.9], [4, 2])
}

fn wide() -> Tensor {
    tensor(&[0.5, 2.0, 1.5, 0.1, -1.2, 0.3, -0.7, 0.9], [2, 4])
}

fn one() -> Tensor {
    tensor(&[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], [3, 3])
}

fn value(f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Tensor {
    let tape = Tape::new();
    f(tape.var(a())).value().unwrap()
}

fn positive() -> Tensor {
    value(|a| a.matmul(a.t()) + a.tape().var(one()))
}

fn parts<'t>(x: &[Var<'t>]) -> Vec<Var<'t>> {
    let (u, s, vh) = x[0].svd();
    [u, s, vh].map(|y| y.square()).to_vec()
}

fn triangles<'t>(x: &[Var<'t>]) -> Vec<Var<'t>> {
    let (_, l, u) = x[0].lu();
    vec![l, u]
}

fn cases() -> Vec<(&'static str, Vec<Tensor>, Function)> {
    vec![
        ("cholesky", vec![positive()], |x| vec![x[0].cholesky()]),
        ("cholesky_solve", vec![b(), value(|a| (a.matmul(a.t()) + a.tape().var(one())).cholesky())], |x| {
            vec![x[0].cholesky_solve(x[1])]
        }),
        ("upper", vec![a(), b()], |x| vec![x[0].solve_triangular(x[1], Triangle::upper())]),
        ("lower unit", vec![a(), b()], |x| vec![x[0].solve_triangular(x[1], Triangle::lower().unit())]),
        ("lower right", vec![a(), b()], |x| vec![x[0].solve_triangular(x[1].t(), Triangle::lower().right())]),
        ("solve", vec![a(), b()], |x| vec![x[0].solve(x[1])]),
        ("inverse", vec![a()], |x| vec![x[0].inverse()]),
        ("det", vec![a()], |x| vec![x[0].det()]),
        ("slogdet", vec![a()], |x| {
            let (sign, log) = x[0].slogdet();
            vec![sign, log]
        }),
        ("lu square", vec![a()], triangles),
        ("lu tall", vec![tall()], triangles),
        ("lu wide", vec![wide()], triangles),
        ("qr square", vec![a()], |x| <[Var<'_>; 2]>::from(x[0].qr()).to_vec()),
        ("qr tall", vec![tall()], |x| <[Var<'_>; 2]>::from(x[0].qr()).to_vec()),
        ("qr wide", vec![wide()], |x| <[Var<'_>; 2]>::from(x[0].qr()).to_vec()),
        ("svd square", vec![a()], parts),
        ("svd tall", vec![tall()], parts),
        ("svd wide", vec![wide()], parts),
        ("pinv square", vec![a()], |x| vec![x[0].pinv()]),
        ("pinv tall", vec![tall()], |x| vec![x[0].pinv()]),
        ("pinv wide", vec![wide()], |x| vec![x[0].pinv()]),
        ("eigh", vec![value(|a| (a + a.t()) * 0.5)], |x| {
            let (values, vectors) = x[0].eigh();
            vec![values.square(), vectors.square()]
        }),
        ("eigvalsh one", vec![one()], |x| vec![x[0].eigvalsh()]),
        ("svdvals one", vec![one()], |x| vec![x[0].svdvals()]),
        ("lstsq", vec![tall(), tensor(&[0.5, -1.0, 2.0, 0.3, 1.5, -0.7, 0.5, -1.0], [4, 2])], |x| {
            vec![x[0].lstsq(x[1])]
        }),
        ("exp", vec![a()], |x| vec![x[0].matrix_exp()]),
        ("exp scaled", vec![a()], |x| vec![(x[0] * 10.0).matrix_exp()]),
        ("power", vec![a()], |x| vec![x[0].matrix_power(-3)]),
        ("frobenius", vec![a()], |x| vec![x[0].matrix_norm(MatrixNorm::Frobenius)]),
        ("nuclear", vec![a()], |x| vec![x[0].matrix_norm(MatrixNorm::Nuclear)]),
        ("spectral", vec![a()], |x| vec![x[0].matrix_norm(MatrixNorm::Spectral)]),
        ("one", vec![a()], |x| vec![x[0].matrix_norm(MatrixNorm::One)]),
        ("infinity", vec![a()], |x| vec![x[0].matrix_norm(MatrixNorm::Infinity)]),
        ("spectral of one", vec![one()], |x| vec![x[0].matrix_norm(MatrixNorm::Spectral)]),
        ("cond", vec![a()], |x| vec![x[0].cond()]),
    ]
}

/// The results, and the gradients of their elements times cos 0, cos 1, …
fn run(f: Function, inputs: &[Tensor], dtype: DType) -> [Vec<f64>; 2] {
    let tape = Tape::new();
    let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.var(x.cast(dtype))).collect();
    let y = f(&x);
    let weighed = y.iter().map(|&y| (y.flatten(0) * tape.iota(y.numel(), dtype).cos()).sum(..));
    let sum = weighed.reduce(|a, b| a + b).unwrap();
    let all = |x: &[Var<'_>]| x.iter().flat_map(|x| x.value().unwrap().to_f64()).collect();
    [all(&y), all(&tape.grads(sum, &x))]
}

fn assert_near(what: &str, found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance * scale, "{what}: element {i}: {found} and {expected}");
    }
}

#[test]
fn values_and_gradients_are_pytorchs() {
    for (dtype, tolerance) in [(DType::F64, 1e-13), (DType::F32, 2e-5)] {
        for (name, inputs, f) in cases() {
            // The condition of eᴬ grows with A.
            let tolerance = if name == "exp scaled" { 20.0 * tolerance } else { tolerance };
            let [y, gradient] = run(f, &inputs, dtype);
            assert_near(&format!("{name} {dtype}"), &y, &golden(name), tolerance);
            let name = format!("{name} gradient");
            assert_near(&format!("{name} {dtype}"), &gradient, &golden(&name), tolerance);
        }
    }
    let tape = Tape::new();
    let x = tape.var(wide()).lstsq(tape.var(tensor(&[0.5, -1.0, 2.0, 0.3], [2, 2])));
    assert_near("lstsq wide", &x.value().unwrap().to_f64(), &golden("lstsq wide"), 1e-13);
    let rank2 =
        tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).matmul(tape.var([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]));
    assert_near("svdvals", &rank2.svdvals().value().unwrap().to_f64(), &golden("svdvals"), 1e-13);
}

/// Each op on a batch, as itself and by `vmap`, has the bits of the op on one matrix after the other; so have the
/// gradients.
#[test]
fn a_batch_is_one_by_one() {
    for (name, inputs, f) in cases() {
        if inputs.iter().any(|x| x.shape().dims() == [3, 3] && x.to_f64() == one().to_f64()) {
            continue;
        }
        let scales = [1.0, 1.25, 0.75];
        let scaled = |x: &Tensor, by: f64| {
            Tensor::from_vec(x.to_f64().iter().map(|x| x * by).collect::<Vec<f64>>(), x.shape()).unwrap()
        };
        let batch: Vec<Tensor> = inputs
            .iter()
            .map(|x| {
                let all: Vec<f64> = scales.iter().flat_map(|&by| scaled(x, by).to_f64()).collect();
                Tensor::from_vec(all, [&[3], x.shape().dims()].concat()).unwrap()
            })
            .collect();
        let tape = Tape::new();
        let x: Vec<Var<'_>> = batch.iter().map(|x| tape.var(x)).collect();
        let y = f(&x);
        let mapped = vmap(|x: Vec<Var<'_>>| f(&x), x.clone());
        let sum = |y: &[Var<'_>]| y.iter().flat_map(|y| y.value().unwrap().to_f64()).collect::<Vec<f64>>();
        let gradients = |x: &[Var<'_>], y: &[Var<'_>]| {
            let total = y.iter().map(|y| y.square().sum(..)).reduce(|a, b| a + b).unwrap();
            tape.grads(total, x).iter().map(|g| g.value().unwrap().to_f64()).collect::<Vec<_>>()
        };
        let own = gradients(&x, &y);
        assert_eq!(sum(&y), sum(&mapped), "{name}");
        assert_eq!(own, gradients(&x, &mapped), "{name}");
        // And the rules' own ops, as gradients of each element.
        let each = vmap(
            |x: Vec<Var<'_>>| {
                let total = f(&x).iter().map(|y| y.square().sum(..)).reduce(|a, b| a + b).unwrap();
                tape.grads(total, &x)
            },
            x.clone(),
        );
        for (own, each) in own.iter().zip(each) {
            assert_near(&format!("{name}, gradients of each"), &each.value().unwrap().to_f64(), own, 1e-13);
        }
        for (i, &by) in scales.iter().enumerate() {
            let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.var(scaled(x, by))).collect();
            let single = f(&x);
            for (y, single) in y.iter().zip(&single) {
                let n = single.numel();
                let all = y.value().unwrap().to_f64();
                assert_near(name, &all[i * n..(i + 1) * n], &single.value().unwrap().to_f64(), 1e-14);
            }
            for (own, single) in own.iter().zip(gradients(&x, &single)) {
                let n = single.len();
                assert_near(&format!("{name} gradient"), &own[i * n..(i + 1) * n], &single, 1e-12);
            }
        }
    }
}
