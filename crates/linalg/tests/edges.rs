//! Conventions: what is empty, singular, of equal eigenvalues, or wrong.

use chainrule_linalg::{Linalg, MatrixNorm, Triangle};
use chainrule_tape::{DType, Tape, Tensor, Var, check, vmap};

/// Fixed pseudo-random numbers from -1 to 1.
fn random(shape: &[usize], seed: u64) -> Tensor {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / 2f64.powi(30) - 1.0
    };
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| next()).collect();
    Tensor::from_vec(values, shape).unwrap()
}

fn largest(x: Var<'_>) -> f64 {
    x.abs().max(..).item().unwrap()
}

fn identity(tape: &Tape, n: usize) -> Var<'_> {
    tape.full([n, n], 0.0, DType::F64).matrix_power(0)
}

/// Sizes at which the algorithms work in blocks.
#[test]
fn factors_multiply_to_the_matrix() {
    for (m, n) in [(1, 1), (2, 2), (5, 5), (40, 40), (150, 150), (70, 30), (30, 70), (200, 3), (1, 6), (6, 1)]
    {
        for dtype in [DType::F64, DType::F32] {
            let tape = Tape::new();
            let k = m.min(n);
            let a = tape.var(random(&[m, n], 3).cast(dtype));
            let small = if dtype == DType::F64 { 1e-12 } else { 1e-3 };
            let one = tape.full([k, k], 0.0, dtype).matrix_power(0);
            let near = |what: &str, x: Var<'_>, y: Var<'_>| {
                let distance = largest(x - y);
                assert!(distance < small, "{what} of {m} by {n} {dtype}: {distance}");
            };
            let (q, r) = a.qr();
            near("QR", q.matmul(r), a);
            near("QᵀQ", q.t().matmul(q), one);
            let (p, l, u) = a.lu();
            near("PLU", p.matmul(l).matmul(u), a);
            assert_eq!(largest(l), 1.0);
            let (u, s, vh) = a.svd();
            near("USVᵀ", (u * s.unsqueeze(-2)).matmul(vh), a);
            near("UᵀU", u.t().matmul(u), one);
            near("VᵀV", vh.matmul(vh.t()), one);
            let values = s.value().unwrap().to_f64();
            assert!(values.windows(2).all(|pair| pair[0] >= pair[1]) && values[k - 1] >= 0.0);
            near("A·A⁺·A", a.matmul(a.pinv()).matmul(a), a);
            if m != n {
                continue;
            }
            let big = a + one * 3.0;
            near("A·A⁻¹", big.matmul(big.inverse()), one);
            let b = tape.var(random(&[n, 3], 5).cast(dtype));
            near("A·X", big.matmul(big.solve(b)), b);
            let p = a.matmul(a.t()) + one;
            let l = p.cholesky();
            near("LLᵀ", l.matmul(l.t()) / (n as f64), p / (n as f64));
            near("L⁻¹", l.matmul(l.solve_triangular(b, Triangle::lower())), b);
            let (values, v) = p.eigh();
            near("VΛVᵀ", (v * values.unsqueeze(-2)).matmul(v.t()) / (n as f64), p / (n as f64));
            let ascending = values.value().unwrap().to_f64();
            assert!(ascending.windows(2).all(|pair| pair[0] <= pair[1]));
            near("ln det", p.logdet() / (n as f64), values.ln().sum(..) / (n as f64));
            let e = (a * 0.3).matrix_exp();
            near("eᴬ·e⁻ᴬ", e.matmul((a * -0.3).matrix_exp()), one);
        }
    }
}

/// Low rank, repeated singular values, zeros, and sizes whose squares are no numbers.
#[test]
fn factors_of_difficult_matrices() {
    let ones = |m: usize, n: usize| -> Vec<f64> {
        (0..m * n).map(|i| if i / n == i % n { 1.0 } else { 0.0 }).collect()
    };
    for seed in 0..60 {
        let sizes = random(&[2], 1000 + seed).to_f64();
        let [m, n] = [sizes[0], sizes[1]].map(|x| 1 + (x.abs() * 30.0) as usize);
        let k = m.min(n);
        for (dtype, scales, small) in [
            (DType::F64, [1.0, 1e-150, 1e150, 1e-300, 1e-308, 1e300], 1e-12),
            (DType::F32, [1.0, 1e-20, 1e20, 1e-36, 1e-38, 1e30], 1e-4),
        ] {
            let scale = scales[seed as usize / 4 % 6];
            let tape = Tape::new();
            let draw = |m: usize, n: usize| tape.var(random(&[m, n], seed));
            let whole = match seed % 4 {
                0 => draw(m, n),
                1 => draw(m, 2).matmul(draw(2, n)),
                2 => draw(m, n).cast(DType::I64).cast(DType::F64) + draw(m, n).gt(0.8).cast(DType::F64),
                _ => tape.var(Tensor::from_vec(ones(m, n), [m, n]).unwrap()),
            };
            let wide = |x: Var<'_>| x.value().unwrap().cast(DType::F64);
            let a = (whole * scale).cast(dtype);
            let of = tape.var(wide(a)) / scale;
            let one = identity(&tape, k);
            let near = |what: &str, x: Var<'_>, y: Var<'_>| {
                let distance = largest(x - y);
                assert!(distance < small, "{what} of {m} by {n} {dtype}, seed {seed}, {scale:e}: {distance}");
            };
            let (q, r) = a.qr();
            let (q, r) = (tape.var(wide(q)), tape.var(wide(r)) / scale);
            near("QᵀQ", q.t().matmul(q), one);
            near("QR", q.matmul(r), of);
            let (u, s, vh) = a.svd();
            let (u, s, vh) = (tape.var(wide(u)), tape.var(wide(s)) / scale, tape.var(wide(vh)));
            near("UᵀU", u.t().matmul(u), one);
            near("VᵀV", vh.matmul(vh.t()), one);
            near("USVᵀ", (u * s.unsqueeze(-2)).matmul(vh), of);
            let square = (whole.t().matmul(whole) / (m as f64) * scale).cast(dtype);
            let (values, v) = square.eigh();
            let (values, v) = (tape.var(wide(values)) / scale, tape.var(wide(v)));
            near("VᵀV of eigh", v.t().matmul(v), identity(&tape, n));
            near("VΛVᵀ", (v * values.unsqueeze(-2)).matmul(v.t()), tape.var(wide(square)) / scale);
            let (p, l, u) = a.lu();
            near("PLU", p.matmul(l).cast(DType::F64).matmul(tape.var(wide(u)) / scale), of);
            assert!(!square.slogdet().1.item().unwrap().is_nan());
        }
    }
}

#[test]
fn empty_matrices_and_empty_batches_work() {
    let tape = Tape::new();
    for batch in [&[][..], &[2], &[0], &[3, 0]] {
        let zeros = |last: &[usize]| tape.full([batch, last].concat(), 0.0, DType::F64);
        let count: usize = batch.iter().product();
        let a = zeros(&[0, 0]);
        assert_eq!(a.det().value().unwrap().to_f64(), vec![1.0; count]);
        let (sign, log) = a.slogdet();
        assert_eq!(sign.value().unwrap().to_f64(), vec![1.0; count]);
        assert_eq!(log.value().unwrap().to_f64(), vec![0.0; count]);
        let (values, vectors) = a.eigh();
        let (u, s, vh) = zeros(&[0, 3]).svd();
        let (q, r) = zeros(&[4, 0]).qr();
        let shapes = [
            (a.cholesky(), vec![0, 0]),
            (a.inverse(), vec![0, 0]),
            (a.matrix_exp(), vec![0, 0]),
            (a.matrix_power(-2), vec![0, 0]),
            (a.solve(zeros(&[0, 2])), vec![0, 2]),
            (a.solve_triangular(zeros(&[0, 2]), Triangle::upper()), vec![0, 2]),
            (values, vec![0]),
            (vectors, vec![0, 0]),
            (u, vec![0, 0]),
            (s, vec![0]),
            (vh, vec![0, 3]),
            (q, vec![4, 0]),
            (r, vec![0, 0]),
            (zeros(&[4, 0]).lu().0, vec![4, 4]),
            (zeros(&[4, 0]).lu().1, vec![4, 0]),
            (zeros(&[0, 4]).lu().2, vec![0, 4]),
            (zeros(&[4, 0]).pinv(), vec![0, 4]),
            (zeros(&[4, 0]).lstsq(zeros(&[4, 2])), vec![0, 2]),
        ];
        for (i, (y, last)) in shapes.into_iter().enumerate() {
            let value = y.value().unwrap_or_else(|error| panic!("{i}: {error}"));
            assert_eq!(value.shape().dims(), [batch, &last].concat(), "{i}");
        }
        let norms = [MatrixNorm::Frobenius, MatrixNorm::Nuclear, MatrixNorm::Spectral, MatrixNorm::One];
        assert_eq!(zeros(&[0, 3]).matrix_rank().value().unwrap().to_vec::<i64>().unwrap(), vec![0; count]);
        for norm in norms {
            assert_eq!(zeros(&[0, 3]).matrix_norm(norm).value().unwrap().to_f64(), vec![0.0; count]);
        }
        // Derivatives too.
        let total = [
            a.det(),
            a.slogdet().1,
            a.eigvalsh(),
            a.svdvals(),
            a.cholesky(),
            a.inverse(),
            a.matrix_exp(),
            a.qr().0,
            a.lu().2,
            a.pinv(),
        ];
        for y in total {
            let g = tape.grad(y.sum(..), a);
            assert_eq!(g.value().unwrap().shape().dims(), [batch, &[0, 0]].concat());
            let second = tape.grad(g.sum(..), a);
            assert_eq!(second.value().unwrap().numel(), 0);
        }
        let three = zeros(&[3, 3]) + identity(&tape, 3);
        assert_eq!(tape.grad(three.eigvalsh().sum(..), three).value().unwrap().numel(), 9 * count);
    }
}

/// The determinant is a polynomial: its derivatives are those of the sum over permutations.
#[test]
fn determinants_of_singular_matrices_have_derivatives() {
    fn leibniz<'t>(a: Var<'t>) -> Var<'t> {
        let at = |i: usize, j: usize| a.slice(0, i..i + 1).slice(1, j..j + 1).reshape(());
        let two = |j: usize, k: usize| at(1, j) * at(2, k) - at(1, k) * at(2, j);
        at(0, 0) * two(1, 2) - at(0, 1) * two(0, 2) + at(0, 2) * two(0, 1)
    }
    let cases = [
        ("rank 2", vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 5.0, 7.0, 9.0]),
        ("rank 2, a zero row", vec![1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 5.0, 7.0, -9.0]),
        ("rank 1", vec![1.0, 2.0, 3.0, 2.0, 4.0, 6.0, -1.0, -2.0, -3.0]),
        ("rank 0", vec![0.0; 9]),
        ("regular", vec![1.0, 2.0, 3.0, 4.0, -5.0, 6.0, 5.0, 7.0, 9.0]),
        ("equal values", vec![0.0, 2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0]),
    ];
    for (name, values) in cases {
        let x = Tensor::from_slice(&values, [3, 3]).unwrap();
        let tape = Tape::new();
        if let Some(rank) = name.strip_prefix("rank ") {
            assert_eq!(tape.var(&x).matrix_rank().item().unwrap(), rank[..1].parse::<f64>().unwrap());
        }
        let a = tape.var(&x);
        let direction = tape.var(random(&[3, 3], 7));
        let derivatives = |y| {
            let first = tape.grad(y, a);
            let second = tape.grad((first * direction).sum(..), a);
            [y, first, second].map(|y| y.value().unwrap().to_f64())
        };
        let (found, expected) = (derivatives(a.det()), derivatives(leibniz(a)));
        for (order, (found, expected)) in found.iter().zip(&expected).enumerate() {
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 2e-12, "{name}, order {order}: {found} and {expected}");
            }
        }
    }
    // A batch may have both kinds, and f32 too.
    let both = Tensor::from_slice(&[1.0f32, 2.0, 2.0, 4.0, 1.0, 2.0, 3.0, 4.0], [2, 2, 2]).unwrap();
    let tape = Tape::new();
    let a = tape.var(both);
    let slope = tape.grad(a.det().sum(..), a).value().unwrap().to_f64();
    for (found, expected) in slope.iter().zip([4.0, -2.0, -2.0, 1.0, 4.0, -3.0, -2.0, 1.0]) {
        assert!((found - expected).abs() < 1e-5, "{slope:?}");
    }
    let each = vmap(|a| tape.grad(a[0].det(), a[0]), [a]).value().unwrap().to_f64();
    assert_eq!(slope, each);
    let second = vmap(|a| tape.grad(tape.grad(a[0].det(), a[0]).slice(0, ..1).sum(..), a[0]), [a]);
    let second = second.value().unwrap().to_f64();
    for (found, expected) in second.iter().zip([0.0, 0.0, -1.0, 1.0, 0.0, 0.0, -1.0, 1.0]) {
        assert!((found - expected).abs() < 1e-5, "{second:?}");
    }
    assert_eq!(a.slogdet().1.value().unwrap().to_f64()[0], f64::NEG_INFINITY);
    let message = tape.grad(a.slogdet().1.sum(..), a).value().unwrap_err().to_string();
    assert!(message.starts_with("slogdet: matrix 0 of the batch is singular"), "{message}");
    assert!((-identity(&tape, 3)).logdet().item().unwrap().is_nan());
}

/// What doesn't depend on the choice of vectors within the space of equal values has its derivative there too.
#[test]
fn equal_eigenvalues_and_singular_values() {
    let tape = Tape::new();
    let (q, _) = tape.var(random(&[4, 4], 11)).qr();
    let e = tape.var(random(&[4, 4], 12));
    let e = e + e.t();
    let a = (q * tape.var([2.0, 2.0, -1.0, -1.0])).matmul(q.t());
    let (values, v) = a.eigh();
    // The derivative of Σ sin λ is cos A.
    let slope = tape.grad(values.sin().sum(..), a);
    assert!(largest(slope - (q * tape.var([2.0, 2.0, -1.0, -1.0]).cos()).matmul(q.t())) < 1e-14);
    // The projection P onto the space of one eigenvalue: P·E·(1 - P) and its transpose, over the distance of the other.
    let p = v.slice(1, 2..).matmul(v.slice(1, 2..).t());
    let part = p.matmul(e).matmul(identity(&tape, 4) - p) / 3.0;
    assert!(largest(tape.jvp(p, &[a], &[e]) - (part + part.t())) < 1e-13);
    let w = tape.var(random(&[4, 4], 13));
    let g = tape.grad((p * w).sum(..), a);
    let part = p.matmul((w + w.t()) * 0.5).matmul(identity(&tape, 4) - p) / 3.0;
    assert!(largest(g - (part + part.t())) < 1e-13);

    // The orthogonal factor of A = Q: its change is the skew part, Q·(Qᵀ·E - Eᵀ·Q) / 2. All singular values are 1.
    let (u, _, vh) = q.svd();
    let e = tape.var(random(&[4, 4], 14));
    let expected = q.matmul(q.t().matmul(e) - e.t().matmul(q)) * 0.5;
    assert!(largest(tape.jvp(u.matmul(vh), &[q], &[e]) - expected) < 1e-12);

    // Zeros: everything is finite.
    let zero = tape.full([2, 3], 0.0, DType::F64);
    let (u, s, vh) = zero.svd();
    let (values, v) = tape.full([2, 2], 0.0, DType::F64).eigh();
    for y in [u, s, vh, values, v] {
        let g = tape.grad(y.sin().sum(..), zero);
        assert!(g.value().unwrap().to_f64().iter().all(|g| g.is_finite()));
    }
    let norm = tape.grad(zero.matrix_norm(MatrixNorm::Frobenius), zero);
    assert_eq!(norm.value().unwrap().to_f64(), [0.0; 6]);
}

/// Half of a symmetric matrix is enough, and its other half has its half of the gradient.
#[test]
fn one_triangle_is_read() {
    let tape = Tape::new();
    let a = tape.var([[4.0, f64::NAN], [2.0, 10.0]]);
    assert_eq!(a.cholesky().value().unwrap().to_f64(), [2.0, 0.0, 1.0, 3.0]);
    assert!((a.eigvalsh().sum(..).item().unwrap() - 14.0).abs() < 1e-13);
    let solved = a.solve_triangular(tape.var([[8.0], [24.0]]), Triangle::lower());
    assert!(largest(solved - 2.0) < 1e-15);
    let g = tape.grad(a.cholesky().sum(..), a).value().unwrap().to_f64();
    assert!(g[1] == g[2] && g[1] != 0.0);
    let g = tape.grad(solved.sum(..), a).value().unwrap().to_f64();
    assert_eq!(g[1], 0.0);
}

#[test]
fn third_order_exists() {
    let x = Tensor::from_slice(&[1.5, 0.2, -0.4, 0.8, -1.1, 0.6, 0.3, 0.7, 2.0], [3, 3]).unwrap();
    let gradient = |f: fn(Var<'_>) -> Var<'_>| {
        check::gradients(|x| x[0].tape().grad(f(x[0]), x[0]), std::slice::from_ref(&x)).unwrap();
    };
    gradient(|x| x.inverse().sin().sum(..));
    gradient(|x| x.det().sin());
    gradient(|x| x.matrix_exp().sin().sum(..));
    gradient(|x| x.qr().1.sin().sum(..));
    gradient(|x| (x + x.t()).eigvalsh().sin().sum(..));
    gradient(|x| x.svdvals().sin().sum(..));
    gradient(|x| x.pinv().sin().sum(..) * 0.1);
    gradient(|x| (x.matmul(x.t()) + x.matrix_power(0)).cholesky().sin().sum(..));
}

fn message(y: Var<'_>) -> String {
    y.value().unwrap_err().to_string()
}

#[test]
fn wrong_shapes_are_mistakes_of_the_recording() {
    type Case = for<'t> fn(&'t Tape) -> Var<'t>;
    fn rectangle(tape: &Tape) -> Var<'_> {
        tape.full([2, 3], 1.0, DType::F64)
    }
    fn vector(tape: &Tape) -> Var<'_> {
        tape.full([3], 1.0, DType::F64)
    }
    fn square(tape: &Tape) -> Var<'_> {
        tape.full([3, 3], 1.0, DType::F64)
    }
    let cases: Vec<(&str, &str, Case)> = vec![
        ("cholesky", "takes square matrices; these are 2 by 3", |t| rectangle(t).cholesky()),
        ("cholesky", "takes matrices", |t| vector(t).cholesky()),
        ("inverse", "square", |t| rectangle(t).inverse()),
        ("det", "square", |t| rectangle(t).det()),
        ("slogdet", "square", |t| rectangle(t).slogdet().0),
        ("logdet", "square", |t| rectangle(t).logdet()),
        ("eigh", "square", |t| rectangle(t).eigh().1),
        ("eigvalsh", "square", |t| rectangle(t).eigvalsh()),
        ("matrix_exp", "square", |t| rectangle(t).matrix_exp()),
        ("matrix_power", "square", |t| rectangle(t).matrix_power(-2)),
        ("svd", "takes matrices", |t| vector(t).svd().0),
        ("svdvals", "takes matrices", |t| t.var(1.0).svdvals()),
        ("lu", "takes matrices", |t| vector(t).lu().1),
        ("qr", "takes matrices", |t| vector(t).qr().0),
        ("pinv", "takes matrices", |t| vector(t).pinv()),
        ("matrix_rank", "takes matrices", |t| vector(t).matrix_rank()),
        ("cond", "takes matrices", |t| vector(t).cond()),
        ("matrix_norm", "takes matrices", |t| vector(t).matrix_norm(MatrixNorm::Nuclear)),
        ("solve", "the matrix has 3 rows, the right-hand side 2", |t| square(t).solve(t.var([1.0, 2.0]))),
        ("solve", "square", |t| rectangle(t).solve(vector(t))),
        ("solve", "dtypes differ", |t| square(t).solve(t.var([1.0f32, 2.0, 3.0]))),
        ("solve", "takes matrices", |t| vector(t).solve(vector(t))),
        ("solve", "leading axes don't broadcast", |t| {
            square(t).expand([2, 3, 3]).solve(square(t).expand([4, 3, 3]))
        }),
        ("solve_triangular", "takes matrices", |t| square(t).solve_triangular(vector(t), Triangle::lower())),
        ("solve_triangular", "has 3 rows, the right-hand side 2", |t| {
            square(t).solve_triangular(rectangle(t), Triangle::lower())
        }),
        ("cholesky_solve", "takes matrices", |t| vector(t).cholesky_solve(square(t))),
        ("lstsq", "the matrix has 2 rows, the right-hand side 3", |t| rectangle(t).lstsq(vector(t))),
        ("lstsq", "dtypes differ", |t| square(t).lstsq(t.var([1.0f32, 2.0, 3.0]))),
        ("lstsq", "takes matrices", |t| t.var(1.0).lstsq(vector(t))),
        ("cholesky", "not defined for i64", |t| t.full([2, 2], 1.0, DType::I64).cholesky()),
        ("svd", "not defined for bool", |t| t.full([2, 2], 1.0, DType::Bool).svd().2),
        ("matrix_norm", "f32 or f64", |t| t.full([2, 2], 1.0, DType::I64).matrix_norm(MatrixNorm::One)),
    ];
    for (op, what, case) in cases {
        let tape = Tape::new();
        let y = case(&tape);
        let text = message(y);
        assert!(text.starts_with(&format!("{op}: ")), "{op}: {text}");
        assert!(text.contains(what), "{op}, {what}: {text}");
        assert!(text.contains("edges.rs:"), "{text}");
        // What is made of it stays poisoned, and says the same.
        assert_eq!(message(y.cholesky().solve(y).det()), text);
        assert_eq!(message(y.lstsq(y).qr().1.svd().0.cond()), text);
        assert_eq!(message(y.matrix_norm(MatrixNorm::Spectral).matrix_power(3).eigh().0), text);
        assert_eq!(message(y.inverse().slogdet().1.pinv().matrix_exp()), text);
        assert_eq!(message(y.solve_triangular(y, Triangle::upper().right()).cholesky_solve(y)), text);
    }
}

#[test]
fn bad_data_is_an_error_of_the_run() {
    let tape = Tape::new();
    let good = identity(&tape, 2).unsqueeze(0);
    let batch = |bad: [[f64; 2]; 2]| tape.concat(&[good, good, tape.var(bad).unsqueeze(0)], 0);
    let singular = batch([[1.0, 2.0], [2.0, 4.0]]);
    let b = tape.var([1.0, 2.0]);
    let errors = [
        ("solve: matrix 2 of the batch is singular: pivot 1 is 0", singular.solve(b.unsqueeze(-1))),
        ("inverse: matrix 2 of the batch is singular", singular.inverse()),
        ("matrix_power: matrix 2 of the batch is singular", singular.matrix_power(-1)),
        ("inverse: the matrix is singular", tape.full([2, 2], 0.0, DType::F64).inverse()),
        (
            "cholesky: matrix 2 of the batch is not positive definite: its leading minor of order 2 is not positive",
            singular.cholesky(),
        ),
        (
            "solve_triangular: matrix 2 of the batch is singular: element 1 of its diagonal is 0",
            batch([[1.0, 2.0], [2.0, 0.0]]).solve_triangular(b.unsqueeze(-1), Triangle::upper()),
        ),
        (
            "lstsq: the matrix is singular",
            tape.full([3, 2], 0.0, DType::F64).lstsq(tape.var([1.0, 2.0, 3.0])),
        ),
    ];
    for (text, y) in errors {
        let message = message(y);
        assert!(message.starts_with(text) && message.contains("edges.rs:"), "{text}: {message}");
    }
    for bad in [f64::NAN, f64::INFINITY] {
        let a = batch([[1.0, 0.0], [bad, 4.0]]);
        let all = [
            ("cholesky", a.cholesky()),
            ("det", a.det()),
            ("slogdet", a.slogdet().0),
            ("eigh", a.eigh().0),
            ("svd", a.svd().0),
            ("qr", a.qr().0),
            ("lu", a.lu().2),
            ("pinv", a.pinv()),
            ("matrix_exp", a.matrix_exp()),
            ("solve_triangular", a.solve_triangular(a, Triangle::lower())),
        ];
        for (op, y) in all {
            let (message, not) =
                (message(y), format!("{op}: matrix 2 of the batch has an element that is not finite: {bad}"));
            assert!(message.starts_with(&not) && message.contains("edges.rs:"), "{message}");
        }
    }
    // The minor, in a matrix that is factored in blocks.
    let n = 120;
    let diagonal: Vec<f64> = (0..n).map(|i| if i == 77 { -1.0 } else { 1.0 }).collect();
    let a = identity(&tape, n) * tape.var(diagonal);
    assert!(message(a.cholesky()).contains("order 78"));
    // A right-hand side that is NaN passes through.
    let x = identity(&tape, 2).solve(tape.var([1.0, f64::NAN])).value().unwrap().to_f64();
    assert!(x.iter().all(|x| x.is_nan()));
}

#[test]
fn one_matrix_for_a_batch_is_factored_once() {
    let tape = Tape::new();
    let (a, b) = (tape.var(random(&[4, 4], 31)), tape.var(random(&[2, 3, 4, 5], 32)));
    let x = a.solve(b);
    assert_eq!(x.shape().dims(), [2, 3, 4, 5]);
    assert!(largest(a.matmul(x) - b) < 1e-12);
    let x = b.cholesky_solve(a.matmul(a.t()).cholesky());
    assert!(largest(a.matmul(a.t()).matmul(x) - b) < 1e-9);
    // Shared among the elements of vmap, on either side.
    let y = vmap(|b| a.solve(b[0]).sum(..), [b]);
    assert!(largest(y - a.solve(b).sum([1, 2, 3])) < 1e-12);
    let y = vmap(|m| m[0].solve(a), [tape.var(random(&[3, 4, 4], 33))]);
    assert_eq!(y.shape().dims(), [3, 4, 4]);
    // A vector for each matrix.
    let (m, v) = (tape.var(random(&[3, 4, 4], 33)), tape.var(random(&[3, 4], 34)));
    assert!(largest(m.matmul(m.solve(v).unsqueeze(-1)).squeeze(-1) - v) < 1e-12);
}
