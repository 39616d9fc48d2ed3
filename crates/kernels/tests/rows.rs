//! The row kernels against naive twins, on many shapes.

use chainrule_kernels::rows::{
    RowFn, add_columns, copy_lines, copy_strided, expand_rows, fill, max_columns, max_rows, repeat_row,
    sum_rows, transpose,
};
use chainrule_kernels::{DType, Element, Level};

/// Shapes with every remainder, and some long ones.
fn shapes() -> Vec<(usize, usize)> {
    let mut all = Vec::new();
    for rows in [0, 1, 2, 3, 5, 16, 33, 70, 300] {
        all.extend((0..70).map(|cols| (rows, cols)));
    }
    all.extend([(1, 1024), (1, 100_003), (3, 1000), (1000, 1), (777, 2), (4099, 3), (500, 50), (65, 129)]);
    all
}

/// Elements without a pattern, the same every time.
fn elements<T>(n: usize, make: impl Fn(u64) -> T) -> Vec<T> {
    let mut state = 99u64;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            make(state >> 33)
        })
        .collect()
}

fn unit(bits: u64) -> f64 {
    bits as f64 / (1u64 << 30) as f64 - 1.0
}

/// Runs a kernel on a block; `dst` is what was there before.
fn run<T: Element>(f: RowFn, mut dst: Vec<T>, src: &[T], rows: usize, cols: usize, guard: T) -> Vec<T> {
    let n = dst.len();
    dst.extend([guard; 40]);
    // SAFETY: the callers make `src` and `dst` as long as the kernel's shape says.
    unsafe { f(dst.as_mut_ptr().cast(), src.as_ptr().cast(), rows, cols) };
    assert!(dst[n..].iter().all(|x| *x == guard), "wrote past the end");
    dst.truncate(n);
    dst
}

/// Row and column sums in `f32`, and in `f64`.
type Sums = (Vec<f32>, Vec<f32>, Vec<f64>, Vec<f64>);

#[test]
fn float_sums_are_near_and_have_the_same_bits_at_every_level() {
    for (rows, cols) in shapes() {
        let single = elements(rows * cols, |b| unit(b) as f32);
        let double: Vec<f64> = single.iter().map(|&x| x.into()).collect();
        let mut expected = vec![0.0; rows];
        let mut columns = vec![0.25; cols];
        for r in 0..rows {
            for c in 0..cols {
                expected[r] += double[r * cols + c];
                columns[c] += double[r * cols + c];
            }
        }
        let mut before: Option<Sums> = None;
        for &level in Level::available() {
            let pick = |f: fn(DType, Level) -> Option<RowFn>, d| f(d, level).expect("a number");
            let a = run(pick(sum_rows, DType::F32), vec![7.0; rows], &single, rows, cols, 9.0);
            let b = run(pick(add_columns, DType::F32), vec![0.25; cols], &single, rows, cols, 9.0);
            let c = run(pick(sum_rows, DType::F64), vec![7.0; rows], &double, rows, cols, 9.0);
            let d = run(pick(add_columns, DType::F64), vec![0.25; cols], &double, rows, cols, 9.0);
            let near = |x: f64, y: f64, n: usize, eps: f64| (x - y).abs() <= eps * (n as f64 + 1.0);
            for r in 0..rows {
                assert!(near(a[r].into(), expected[r], cols, 1e-7), "{level:?} {rows} {cols}");
                assert!(near(c[r], expected[r], cols, 1e-15), "{level:?} {rows} {cols}");
            }
            for k in 0..cols {
                assert!(near(b[k].into(), columns[k], rows, 2e-7), "{level:?} {rows} {cols}");
                assert!(near(d[k], columns[k], rows, 1e-15), "{level:?} {rows} {cols}");
            }
            let now = (a, b, c, d);
            assert!(before.is_none_or(|before| before == now), "{level:?} {rows} {cols}: other bits");
            before = Some(now);
        }
    }
}

#[test]
fn integer_reductions_are_exact() {
    for (rows, cols) in shapes() {
        let src = elements(rows * cols, |b| b as i64 - (1 << 30));
        for &level in Level::available() {
            let pick = |f: fn(DType, Level) -> Option<RowFn>| f(DType::I64, level).expect("a number");
            let row = |r: usize| src[r * cols..(r + 1) * cols].iter().copied();
            let column = |c: usize| (0..rows).map(|r| src[r * cols + c]).collect::<Vec<_>>().into_iter();
            let sums: Vec<i64> = (0..rows).map(|r| row(r).sum()).collect();
            assert_eq!(run(pick(sum_rows), vec![7; rows], &src, rows, cols, 9), sums);
            let most: Vec<i64> = (0..rows).map(|r| row(r).max().unwrap_or(i64::MIN)).collect();
            assert_eq!(run(pick(max_rows), vec![7; rows], &src, rows, cols, 9), most);
            let sums: Vec<i64> = (0..cols).map(|c| 5 + column(c).sum::<i64>()).collect();
            assert_eq!(run(pick(add_columns), vec![5; cols], &src, rows, cols, 9), sums);
            let most: Vec<i64> = (0..cols).map(|c| column(c).max().unwrap_or(5).max(5)).collect();
            assert_eq!(run(pick(max_columns), vec![5; cols], &src, rows, cols, 9), most);
        }
    }
}

/// The maximum, NaN if there is one.
fn maximum(values: impl Iterator<Item = f64>, start: f64) -> f64 {
    values.fold(start, |a, b| if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) })
}

#[test]
fn float_maxima_propagate_nan() {
    let same = |a: f64, b: f64| a == b || a.is_nan() && b.is_nan();
    for (rows, cols) in shapes() {
        let double =
            elements(rows * cols, |b| if b % 101 == 0 { f64::NAN } else { f64::from(unit(b) as f32 - 3.0) });
        let single: Vec<f32> = double.iter().map(|&x| x as f32).collect();
        for &level in Level::available() {
            let pick = |f: fn(DType, Level) -> Option<RowFn>, d| f(d, level).expect("a number");
            let a = run(pick(max_rows, DType::F64), vec![7.0; rows], &double, rows, cols, 9.0);
            let b = run(pick(max_rows, DType::F32), vec![7.0; rows], &single, rows, cols, 9.0);
            for r in 0..rows {
                let row = double[r * cols..(r + 1) * cols].iter().copied();
                let expected = maximum(row, f64::NEG_INFINITY);
                assert!(same(a[r], expected) && same(b[r].into(), expected), "{level:?} {rows} {cols}");
            }
            let a = run(pick(max_columns, DType::F64), vec![-3.5; cols], &double, rows, cols, 9.0);
            let b = run(pick(max_columns, DType::F32), vec![-3.5; cols], &single, rows, cols, 9.0);
            for c in 0..cols {
                let expected = maximum((0..rows).map(|r| double[r * cols + c]), -3.5);
                assert!(same(a[c], expected) && same(b[c].into(), expected), "{level:?} {rows} {cols}");
            }
        }
    }
}

fn check_broadcasts<T: Element>(make: fn(u64) -> T) {
    for (rows, cols) in shapes() {
        let (column, row) = (elements(rows, make), elements(cols, make));
        for &level in Level::available() {
            let f = expand_rows(T::DTYPE, level).expect("any dtype");
            let block = run(f, vec![T::default(); rows * cols], &column, rows, cols, make(3));
            assert!((0..rows * cols).all(|i| block[i] == column[i / cols]), "{level:?} {rows} {cols}");
            let f = repeat_row(T::DTYPE, level).expect("any dtype");
            let block = run(f, vec![T::default(); rows * cols], &row, rows, cols, make(3));
            assert!((0..rows * cols).all(|i| block[i] == row[i % cols]), "{level:?} {rows} {cols}");
        }
    }
}

fn check_copies<T: Element>(make: fn(u64) -> T) {
    let src = elements(400, make);
    for n in [0, 1, 2, 7, 40] {
        let mut dst = vec![T::default(); n];
        // SAFETY: one value, `n` elements.
        unsafe { fill(T::DTYPE)(dst.as_mut_ptr().cast(), src.as_ptr().cast(), n) };
        assert!(dst.iter().all(|x| *x == src[0]));
        for from in [1isize, 0, 2, 9, -1, -3] {
            for to in [1isize, 3, -1, -2] {
                let mut dst = vec![T::default(); 400];
                // SAFETY: from the middle, 40 strides of at most 9 one way or 3 the other stay within 400 elements.
                unsafe {
                    copy_strided(T::DTYPE)(
                        dst.as_mut_ptr().add(200).cast(),
                        to,
                        src.as_ptr().add(if from > 5 { 0 } else { 200 }).cast(),
                        from,
                        n,
                    );
                }
                let start = if from > 5 { 0 } else { 200 };
                let mut expected = vec![T::default(); 400];
                for i in 0..n as isize {
                    expected[(200 + i * to) as usize] = src[(start + i * from) as usize];
                }
                assert_eq!(dst, expected);
            }
        }
    }
}

/// Where lines of `n` elements lie, `gap` apart, upwards or downwards: the first one's place, the step, and the room they need.
fn lie(lines: usize, n: usize, gap: usize, down: bool) -> (isize, isize, usize) {
    let step = (n + gap) as isize;
    let first = if down { (lines as isize - 1).max(0) * step } else { 0 };
    (first, if down { -step } else { step }, lines.max(1) * (n + gap))
}

fn check_blocks<T: Element>(make: fn(u64) -> T) {
    for (lines, n) in shapes().into_iter().filter(|(lines, n)| lines * n <= 5_000) {
        for (from_gap, to_gap, from_down, to_down) in
            [(0, 0, false, false), (3, 1, false, true), (0, 5, true, false)]
        {
            let (from_first, from_step, room) = lie(lines, n, from_gap, from_down);
            let src = elements(room, make);
            for transposed in [false, true] {
                let (out_lines, out_n) = if transposed { (n, lines) } else { (lines, n) };
                let (to_first, to_step, room) = lie(out_lines, out_n, to_gap, to_down);
                let before = elements(room, |bits| make(bits >> 3));
                let mut expected = before.clone();
                for i in 0..lines as isize {
                    for j in 0..n as isize {
                        let to = to_first + if transposed { j * to_step + i } else { i * to_step + j };
                        expected[to as usize] = src[(from_first + i * from_step + j) as usize];
                    }
                }
                for &level in Level::available() {
                    let f = if transposed { transpose(T::DTYPE, level) } else { copy_lines(T::DTYPE, level) };
                    let mut dst = before.clone();
                    let to = dst.as_mut_ptr().wrapping_offset(to_first).cast();
                    let from = src.as_ptr().wrapping_offset(from_first).cast();
                    // SAFETY: both have room for all lines.
                    unsafe { f(to, to_step, from, from_step, lines, n) };
                    assert!(dst == expected, "{level:?} {lines} {n} {transposed} {from_gap} {to_gap}");
                }
            }
        }
    }
}

#[test]
fn broadcasts_and_copies() {
    check_broadcasts::<f32>(|b| unit(b) as f32);
    check_broadcasts::<f64>(unit);
    check_broadcasts::<i64>(|b| b as i64);
    check_broadcasts::<bool>(|b| b & 1 == 1);
    check_copies::<f32>(|b| unit(b) as f32);
    check_copies::<f64>(unit);
    check_copies::<i64>(|b| b as i64);
    check_copies::<bool>(|b| b & 1 == 1);
    check_blocks::<f32>(|b| unit(b) as f32);
    check_blocks::<f64>(unit);
    check_blocks::<i64>(|b| b as i64);
    check_blocks::<bool>(|b| b & 1 == 1);
    assert!(sum_rows(DType::Bool, Level::Portable).is_none());
}
