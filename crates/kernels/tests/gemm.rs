//! Products against a naive triple loop in `f64`: every level, both types, random shapes and strides.

mod common;

use chainrule_kernels::gemm::Gemm;
use chainrule_kernels::{DType, Level};
use common::{Random, Real};

/// A workspace aligned to 64 bytes.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Chunk([u8; 64]);

/// One case: sizes and strides.
#[derive(Clone, Copy, Debug)]
struct Case {
    size: [usize; 3],
    a: [isize; 2],
    b: [isize; 2],
    c: [isize; 2],
    alpha: f64,
    beta: f64,
}

/// Elements from the first to the last of a strided matrix.
fn extent(rows: usize, columns: usize, strides: [isize; 2]) -> usize {
    if rows == 0 || columns == 0 {
        return 0;
    }
    (rows - 1) * strides[0] as usize + (columns - 1) * strides[1] as usize + 1
}

fn at(strides: [isize; 2], i: usize, j: usize) -> usize {
    i * strides[0] as usize + j * strides[1] as usize
}

fn run<T: Real>(gemm: &Gemm, case: &Case, a: &[T], b: &[T], c: &mut [T], backwards: bool) {
    let mut workspace = vec![Chunk([0xff; 64]); gemm.workspace_bytes().div_ceil(64)];
    let tasks = gemm.tasks();
    for i in 0..tasks {
        let task = if backwards { tasks - 1 - i } else { i };
        // SAFETY: the slices have the extents of the description; the workspace is as large as asked for.
        unsafe {
            let (a, b, c) = (a.as_ptr().cast(), b.as_ptr().cast(), c.as_mut_ptr().cast());
            gemm.run(task, case.alpha, a, b, case.beta, c, workspace.as_mut_ptr().cast());
        }
    }
}

/// Runs a case and compares every element of C, and the gaps between them.
fn check<T: Real>(level: Level, case: Case, random: &mut Random) {
    let Case { size: [m, k, n], alpha, beta, .. } = case;
    let mut fill = |len: usize| -> Vec<T> { (0..len).map(|_| T::from(random.real())).collect() };
    let (a, b) = (fill(extent(m, k, case.a)), fill(extent(k, n, case.b)));
    let mut before = fill(extent(m, n, case.c));
    if beta == 0.0 {
        before.fill(T::from(f64::NAN));
    }
    let gemm = Gemm::new(T::DTYPE, level, m, k, n, case.a, case.b, case.c);
    let mut c = before.clone();
    run(&gemm, &case, &a, &b, &mut c, false);

    let mut touched = vec![false; c.len()];
    for i in 0..m {
        for j in 0..n {
            let (mut sum, mut scale) = (0.0, 1.0);
            for p in 0..k {
                let term = a[at(case.a, i, p)].to() * b[at(case.b, p, j)].to();
                sum += term;
                scale += term.abs();
            }
            let at = at(case.c, i, j);
            touched[at] = true;
            let old = if beta == 0.0 { 0.0 } else { beta * before[at].to() };
            let (want, got) = (alpha * sum + old, c[at].to());
            let allowed = 2.0 * T::EPSILON * scale * (k as f64).sqrt().max(1.0);
            assert!(
                (want - got).abs() <= allowed,
                "{level:?} {case:?}\n[{i}, {j}]: {got}, not {want}\n{gemm:?}"
            );
        }
    }
    for (i, touched) in touched.into_iter().enumerate() {
        assert!(touched || c[i].bits() == before[i].bits(), "{level:?} {case:?} wrote outside C at {i}");
    }

    let mut again = before.clone();
    run(&gemm, &case, &a, &b, &mut again, true);
    assert!(
        c.iter().zip(&again).all(|(x, y)| x.bits() == y.bits()),
        "{level:?} {case:?}: tasks depend on order"
    );
}

/// Strides of a `rows` x `columns` matrix: row-major, column-major, padded, or spread.
fn strides(random: &mut Random, rows: usize, columns: usize, broadcast: bool) -> [isize; 2] {
    let (rows, columns) = (rows.max(1) as isize, columns.max(1) as isize);
    let pad = random.pick(&[0, 1, 7]);
    match random.below(if broadcast { 8 } else { 6 }) {
        0 | 1 => [columns + pad, 1],
        2 | 3 => [1, rows + pad],
        4 => [columns * 2 + pad, 2],
        5 => [3, rows * 3 + pad],
        6 => [0, 1],
        _ => [1, 0],
    }
}

fn both(case: Case, random: &mut Random) {
    for &level in Level::available() {
        check::<f32>(level, case, random);
        check::<f64>(level, case, random);
    }
}

#[test]
fn random_shapes() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let sizes =
        [0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 24, 25, 31, 32, 33, 47, 48, 50, 64, 65];
    let one = |random: &mut Random, limit: usize| {
        let size = [0; 3].map(|_| random.pick(&sizes)).map(|n| n.min(limit));
        let [m, k, n] = size;
        let case = Case {
            size,
            a: strides(random, m, k, true),
            b: strides(random, k, n, true),
            c: strides(random, m, n, false),
            alpha: random.pick(&[1.0, 1.0, 0.0, -1.0, 0.5]),
            beta: random.pick(&[0.0, 0.0, 1.0, 1.0, -1.0, 0.5]),
        };
        both(case, random);
    };
    for _ in 0..600 {
        one(&mut random, 13);
    }
    for _ in 0..400 {
        one(&mut random, 65);
    }
}

#[test]
fn layers_in_all_layouts() {
    let mut random = Random(7);
    let sizes = [
        [128, 2, 257],
        [32, 257, 257],
        [128, 257, 1],
        [1, 257, 128],
        [2, 128, 257],
        [17, 1025, 33],
        [33, 1025, 2],
        [257, 40, 65],
        [128, 256, 10],
        [256, 128, 10],
        [50, 128, 50],
        [32, 128, 512],
        [4, 600, 400],
        [130, 700, 50],
        [300, 60, 300],
        [400, 130, 128],
        [150, 700, 120],
        [40, 600, 500],
        [26, 700, 384],
    ];
    for size in sizes {
        let [m, k, n] = size.map(|n| n as isize);
        for (a, b) in [([k, 1], [n, 1]), ([k, 1], [1, k]), ([1, m], [n, 1]), ([1, m], [1, k])] {
            for c in [[n, 1], [1, m]] {
                let beta = random.pick(&[0.0, 1.0]);
                both(Case { size, a, b, c, alpha: 1.0, beta }, &mut random);
            }
        }
    }
}

#[test]
fn every_block() {
    // Rows and lanes around the register blocks of every level.
    let mut random = Random(3);
    for m in 1..=26 {
        for n in [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 129] {
            let size = [m, 3, n];
            let case =
                Case { size, a: [3, 1], b: [n as isize, 1], c: [n as isize, 1], alpha: 1.0, beta: 0.0 };
            both(case, &mut random);
        }
    }
}

#[test]
fn small_products_need_no_workspace() {
    for level in Level::available() {
        for [m, k, n] in [[32, 2, 3], [32, 3, 2], [2, 32, 3], [32, 2, 1], [1, 32, 3], [32, 32, 32]] {
            let [rows, steps, columns] = [m, k, n].map(|n| n as isize);
            for a in [[steps, 1], [1, rows]] {
                for b in [[columns, 1], [1, steps]] {
                    let gemm = Gemm::new(DType::F32, *level, m, k, n, a, b, [columns, 1]);
                    assert_eq!((gemm.workspace_bytes(), gemm.tasks()), (0, 1), "{gemm:?}");
                }
            }
        }
    }
}

#[test]
#[should_panic = "a product of i64"]
fn integers_are_refused() {
    Gemm::new(DType::I64, Level::Portable, 1, 1, 1, [1, 1], [1, 1], [1, 1]);
}
