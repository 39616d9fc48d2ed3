//! Transformations of transformations, against the same made without them.

use approx::assert_relative_eq;
use chainrule_tape::{
    DType, Params, Tape, Tensor, Var, checkpoint, cond, grad, hessian, jacobian, jvp, scan, vmap,
};

fn numbers(count: usize, shape: &[usize]) -> Tensor {
    let values: Vec<f64> = (0..count).map(|i| (i as f64 * 0.7 + 0.3).sin()).collect();
    Tensor::from_vec(values, shape).unwrap()
}

fn values(x: Var<'_>) -> Vec<f64> {
    x.value().unwrap().to_f64()
}

fn close(a: Var<'_>, b: Var<'_>) {
    assert_eq!(a.shape(), b.shape());
    assert_relative_eq!(values(a).as_slice(), values(b).as_slice(), max_relative = 1e-10, epsilon = 1e-11);
}

fn row(x: Var<'_>, i: usize) -> Var<'_> {
    x.slice(0, i..i + 1).squeeze(0)
}

/// The same as a scan, step by step.
fn steps<'t>(
    body: impl Fn(Var<'t>, Var<'t>) -> (Var<'t>, Var<'t>),
    start: Var<'t>,
    xs: Var<'t>,
) -> (Var<'t>, Var<'t>) {
    let (mut carry, mut all) = (start, Vec::new());
    for i in 0..xs.shape()[0] {
        let (next, y) = body(carry, row(xs, i));
        carry = next;
        all.push(y);
    }
    (carry, xs.tape().stack(&all, 0))
}

/// The same as vmap, one by one.
fn each<'t>(f: impl Fn(Var<'t>) -> Var<'t>, x: Var<'t>) -> Var<'t> {
    let all: Vec<Var<'t>> = (0..x.shape()[0]).map(|i| f(row(x, i))).collect();
    x.tape().stack(&all, 0)
}

/// Value, gradient, Hessian, a third derivative and batches of both.
fn same<'t>(name: &str, x: Var<'t>, f: impl Fn(Var<'t>) -> Var<'t>, plain: impl Fn(Var<'t>) -> Var<'t>) {
    println!("{name}: value");
    close(f(x), plain(x));
    println!("{name}: grad");
    close(grad(&f, x), grad(&plain, x));
    println!("{name}: jvp");
    let dx = (x * 0.7 + 0.2).detach();
    close(jvp(&f, x, dx).1, jvp(&plain, x, dx).1);
    println!("{name}: hessian");
    close(hessian(&f, x), hessian(&plain, x));
    println!("{name}: reverse over forward");
    close(grad(|x| jvp(&f, x, dx).1, x), grad(|x| jvp(&plain, x, dx).1, x));
    println!("{name}: forward over forward");
    close(jvp(|x| jvp(&f, x, dx).1, x, dx).1, jvp(|x| jvp(&plain, x, dx).1, x, dx).1);
    println!("{name}: reverse over reverse");
    let twice = |f: &dyn Fn(Var<'t>) -> Var<'t>, x: Var<'t>| grad(|x| (grad(f, x) * dx).sum(..), x);
    close(twice(&f, x), twice(&plain, x));
    println!("{name}: third");
    close(grad(|x| (twice(&f, x) * dx).sum(..), x), grad(|x| (twice(&plain, x) * dx).sum(..), x));
    println!("{name}: vmap of it");
    let xs = x.tape().stack(&[x, x * 0.5, x + 0.1], 0);
    close(vmap(&f, xs), each(&plain, xs));
    println!("{name}: vmap of grad");
    close(vmap(|x| grad(&f, x), xs), each(|x| grad(&plain, x), xs));
    println!("{name}: grad of vmap");
    close(grad(|xs| vmap(&f, xs).square().sum(..), xs), grad(|xs| each(&plain, xs).square().sum(..), xs));
    println!("{name}: checkpoint of it");
    close(grad(|x| checkpoint(&f, x), x), grad(&plain, x));
    close(grad(|xs| checkpoint(|xs| vmap(&f, xs).sum(..), xs), xs), grad(|xs| each(&plain, xs).sum(..), xs));
    println!("{name}: scan of it");
    let loss = |(c, y): (Var<'t>, Var<'t>)| c + y.square().sum(..);
    let factors = x.tape().var([0.3, -0.8, 1.1]);
    let scanned =
        |x: Var<'t>| loss(scan(|c, s| (f(x * s) * 0.1 + c.sin(), f(x + c * 0.1)), x.sum(..), factors));
    let stepped = |x: Var<'t>| {
        loss(steps(|c, s| (plain(x * s) * 0.1 + c.sin(), plain(x + c * 0.1)), x.sum(..), factors))
    };
    close(scanned(x), stepped(x));
    close(grad(scanned, x), grad(stepped, x));
    close(hessian(scanned, x), hessian(stepped, x));
}

fn body<'t>(w: Var<'t>) -> impl Fn(Var<'t>, Var<'t>) -> (Var<'t>, Var<'t>) {
    move |h, x| ((h * w + x).tanh(), h * h.sum(..) + x)
}

fn reduced<'t>((h, y): (Var<'t>, Var<'t>)) -> Var<'t> {
    h.square().sum(..) + (y * y.sin()).sum(..)
}

#[test]
fn scans() {
    for length in [1, 3] {
        let tape = Tape::new();
        let x = tape.var(numbers(2, &[2]));
        let xs = tape.var(numbers(2 * length, &[length, 2]));
        // The argument is the start, captured, and in what is sliced.
        same("start", x, |x| reduced(scan(body(x), x, xs)), |x| reduced(steps(body(x), x, xs)));
        same(
            "all",
            x,
            |x| reduced(scan(body(x.exp()), x * 2.0, xs * x)),
            |x| reduced(steps(body(x.exp()), x * 2.0, xs * x)),
        );
        // Captured values that are made of captured ones, inside and outside.
        same(
            "captured of captured",
            x,
            |x| {
                let a = x.sin();
                let b = a * x;
                reduced(scan(
                    |h, s| {
                        let c = a.exp() * b;
                        (h * a + b * c + s, c + h * x)
                    },
                    x,
                    xs,
                ))
            },
            |x| {
                let a = x.sin();
                let b = a * x;
                reduced(steps(
                    |h, s| {
                        let c = a.exp() * b;
                        (h * a + b * c + s, c + h * x)
                    },
                    x,
                    xs,
                ))
            },
        );
        // Unchanged carry, a result that is a captured value, a constant, or the slice.
        same(
            "unchanged",
            x,
            |x| reduced(scan(|h, _| (h, x), x * 2.0, xs)),
            |x| reduced(steps(|h, _| (h, x), x * 2.0, xs)),
        );
        same(
            "slice",
            x,
            |x| reduced(scan(|_, s| (s, s), x, xs * x)),
            |x| reduced(steps(|_, s| (s, s), x, xs * x)),
        );
        same(
            "replaced",
            x,
            |x| reduced(scan(|h, _| (x, h), x * 2.0, xs)),
            |x| reduced(steps(|h, _| (x, h), x * 2.0, xs)),
        );
    }
}

#[test]
fn nested_scans_and_checkpoints() {
    let tape = Tape::new();
    let x = tape.var(numbers(2, &[2]));
    let (xs, ys) = (tape.var(numbers(4, &[2, 2])), tape.var(numbers(4, &[2, 2])));
    same(
        "nested",
        x,
        |x| {
            reduced(scan(
                |h, s| {
                    let (a, b) = scan(body(x * s), h, ys * h);
                    (a, b.sum(0))
                },
                x,
                xs,
            ))
        },
        |x| {
            reduced(steps(
                |h, s| {
                    let (a, b) = steps(body(x * s), h, ys * h);
                    (a, b.sum(0))
                },
                x,
                xs,
            ))
        },
    );
    same(
        "checkpoint in scan",
        x,
        |x| reduced(scan(|h, s| checkpoint(|(h, s)| body(x.sin())(h, s), (h, s)), x, xs * x)),
        |x| reduced(steps(|h, s| body(x.sin())(h, s), x, xs * x)),
    );
    same(
        "checkpoint of scan",
        x,
        |x| checkpoint(|y: Var<'_>| reduced(scan(body(x * y), y, xs * x)), x.exp()),
        |x| {
            let y = x.exp();
            reduced(steps(body(x * y), y, xs * x))
        },
    );
    same(
        "grad in scan",
        x,
        |x| reduced(scan(|h, s| (grad(|h| (h * x).sin().sum(..) * s.sum(..), h), h), x, xs)),
        |x| reduced(steps(|h, s| ((h * x).cos() * x * s.sum(..), h), x, xs)),
    );
    same(
        "vmap in scan in vmap",
        x,
        |x| reduced(scan(|h, s| (vmap(|a| (a * s).sum(..) + a, h * x), h), x, xs)),
        |x| reduced(steps(|h, s| (each(|a| (a * s).sum(..) + a, h * x), h), x, xs)),
    );
    same(
        "checkpoint results",
        x,
        |x| {
            let [a, b, c] = checkpoint(|[a, b]: [Var<'_>; 2]| [a, b, x], [x * 2.0, x.sin()]);
            (a * b * c).sum(..)
        },
        |x| (x * 2.0 * x.sin() * x).sum(..),
    );
    same(
        "cond",
        x,
        |x| cond(x.gt(0.4), || checkpoint(|x: Var<'_>| x.sin() * x, x), || x.exp()).square().sum(..),
        |x| x.gt(0.4).select(x.sin() * x, x.exp()).square().sum(..),
    );
    same(
        "scalars",
        x,
        |x| checkpoint(|y: Var<'_>| vmap(|y| y * x, y).sum(..), x),
        |x| (x.unsqueeze(1) * x).sum(..),
    );
}

#[test]
fn constants_are_variables() {
    let tape = Tape::new();
    let xs = tape.var(numbers(6, &[3, 2]));
    for w in [
        tape.var(0.7),
        tape.full([], 0.7, DType::F64),
        tape.full([2], 0.5, DType::F64),
        tape.full([2], 1.0, DType::F64),
        tape.full([2], 0.0, DType::F64),
    ] {
        let x = row(xs, 1);
        close(tape.grad(reduced(scan(body(w), x, xs)), w), tape.grad(reduced(steps(body(w), x, xs)), w));
        close(tape.jacobian(scan(body(w), x, xs).1, w), tape.jacobian(steps(body(w), x, xs).1, w));
        close(
            tape.grad(checkpoint(|x: Var<'_>| (x * w).sin().sum(..), x), w),
            tape.grad((x * w).sin().sum(..), w),
        );
    }
}

#[test]
fn constants_as_starts() {
    let tape = Tape::new();
    let xs = tape.full([3, 2], 0.5, DType::F64);
    let w = tape.full([2], 0.7, DType::F64);
    let h = tape.full([2], 0.0, DType::F64);
    close(tape.grad(reduced(scan(body(w), h, xs)), h), tape.grad(reduced(steps(body(w), h, xs)), h));
    close(tape.grad(reduced(scan(body(w), h, xs)), xs), tape.grad(reduced(steps(body(w), h, xs)), xs));
    close(
        tape.grad(checkpoint(|x: Var<'_>| (x * w).sin().sum(..), h), h),
        tape.grad((h * w).sin().sum(..), h),
    );
}

#[test]
fn other_dtypes() {
    let tape = Tape::new();
    let x = tape.var(numbers(3, &[3]));
    let table = tape.var(numbers(6, &[3, 2]));
    let ids = tape.var([2i64, 0, 2]);
    // An index with a float; a mask that is made of what is differentiated.
    let at = |i| table.index_select(0, i);
    let y = scan(
        |h, (i, s)| {
            let h: Var<'_> = h * s + at(Var::unsqueeze(i, 0)).squeeze(0);
            (h, h)
        },
        table.sum(0),
        (ids, x),
    );
    let (mut h, mut all) = (table.sum(0), Vec::new());
    for (k, i) in [2, 0, 2].into_iter().enumerate() {
        h = h * row(x, k) + row(table, i);
        all.push(h);
    }
    let (y, z) = (reduced(y), reduced((h, tape.stack(&all, 0))));
    close(y, z);
    for x in [x, table] {
        close(tape.grad(y, x), tape.grad(z, x));
        close(tape.hessian(y, x), tape.hessian(z, x));
        close(tape.jvp(y, &[x], &[x]), tape.jvp(z, &[x], &[x]));
    }
    let mask = x.gt(0.5);
    let y = scan(
        |h, (m, s): (Var<'_>, Var<'_>)| (m.select(h * s, h + s), m.cast(DType::F64)),
        x.sum(..),
        (mask, x),
    );
    let mut h = x.sum(..);
    for i in 0..3 {
        h = row(mask, i).select(h * row(x, i), h + row(x, i));
    }
    close(y.0, h);
    close(tape.grad(y.0, x), tape.grad(h, x));
    close(tape.jvp(y.0, &[x], &[x]), tape.jvp(h, &[x], &[x]));
    // Captured.
    let y = scan(|h, s| (mask.select(h * s, h + s), s), x, x).0.sum(..);
    let z = steps(|h, s| (mask.select(h * s, h + s), s), x, x).0.sum(..);
    close(tape.grad(y, x), tape.grad(z, x));
    close(tape.jvp(y, &[x], &[x]), tape.jvp(z, &[x], &[x]));
    let n = x.gt(0.5).cast(DType::I64);
    let y = scan(|h, s| (h * n.cast(DType::F64) + s, s), x, x).0.sum(..);
    let z = steps(|h, s| (h * n.cast(DType::F64) + s, s), x, x).0.sum(..);
    close(tape.grad(y, x), tape.grad(z, x));
    close(tape.jvp(y, &[x], &[x]), tape.jvp(z, &[x], &[x]));
    let y = scan(|h, (n, s): (Var<'_>, Var<'_>)| (h * n.cast(DType::F64) + s, s), x, (n, x)).0.sum(..);
    close(tape.hessian(y, x), tape.hessian(y, x));
    // Checkpoints with results and arguments of other dtypes.
    let [a, b, c] = checkpoint(
        |[x, n, m]: [Var<'_>; 3]| [m.select(x * n.cast(DType::F64), x.sin()), n + n, m],
        [x, n, mask],
    );
    assert_eq!((b.dtype(), c.dtype()), (DType::I64, DType::Bool));
    close(
        tape.grad(c.select(a, a + b.cast(DType::F64)).sum(..), x),
        tape.grad(mask.select(mask.select(x * n.cast(DType::F64), x.sin()), x.sin()).sum(..), x),
    );
    // vmap.
    for size in [0, 1, 3] {
        let (i, m, x) = (ids.slice(0, ..size), mask.slice(0, ..size), x.slice(0, ..size));
        let (a, b, c, d) =
            vmap(|(i, m, x): (Var<'_>, Var<'_>, Var<'_>)| (i, m, m.select(x, 1.0), table), (i, m, x));
        assert_eq!(a.value().unwrap(), i.value().unwrap());
        assert_eq!(b.value().unwrap(), m.value().unwrap());
        close(c, m.select(x, 1.0));
        assert_eq!(d.shape().dims(), [size, 3, 2]);
        let y = vmap(|x| scan(|h, s| (h * s + x, h), x, x.expand([2])).0, x);
        assert_eq!(y.shape().dims(), [size]);
        assert_eq!(values(y).len(), size);
        assert_eq!(
            values(grad(|x| vmap(|x| scan(|h, s| (h * s + x, h), x, x.expand([2])).1.sum(..), x).sum(..), x))
                .len(),
            size
        );
        assert_eq!(values(vmap(|x| checkpoint(|x: Var<'_>| x.sin(), x), x)).len(), size);
        assert_eq!(values(vmap(|x| hessian(|x| x * x * x, x), x)).len(), size);
    }
}

#[test]
fn mixed_floats() {
    let tape = Tape::new();
    let (h, xs, w) = (tape.var([0.5f32, -0.2]), tape.var(numbers(6, &[3, 2])), tape.var([0.25, 0.5]));
    let y = scan(|h, s| ((h.cast(DType::F64) * s + w).cast(DType::F32), h), h, xs).0.sum(..);
    let z = steps(|h, s| ((h.cast(DType::F64) * s + w).cast(DType::F32), h), h, xs).0.sum(..);
    for x in [h, xs, w] {
        let (a, b) = (tape.grad(y, x), tape.grad(z, x));
        assert_eq!(a.dtype(), b.dtype());
        assert_relative_eq!(values(a).as_slice(), values(b).as_slice(), max_relative = 1e-5);
        let (a, b) = (tape.jvp(y, &[x], &[x]), tape.jvp(z, &[x], &[x]));
        assert_relative_eq!(values(a).as_slice(), values(b).as_slice(), max_relative = 1e-5);
    }
}

#[test]
fn jacobians_of_itself_and_nothing() {
    let tape = Tape::new();
    let (x, c) = (tape.var(numbers(3, &[3])), tape.var(numbers(2, &[2])));
    let eye: Vec<f64> = (0..9).map(|i| (i % 4 == 0) as u8 as f64).collect();
    assert_eq!(values(tape.jacobian(x, x)), eye);
    assert_eq!(values(jacobian(|x| x, x)), eye);
    assert_eq!(values(tape.jacobian(c, x)), [0.0; 6]);
    assert_eq!(values(tape.jacobian(tape.var(numbers(4, &[4])), x)), [0.0; 12]);
    assert_eq!(values(jacobian(|_| x, x)), [0.0; 9]);
    assert_eq!(
        values(hessian(|x| vmap(|a| a * a, x).sum(..), x)),
        eye.iter().map(|x| x * 2.0).collect::<Vec<_>>()
    );
    assert_eq!(values(hessian(|x| x.sum(..), x)), [0.0; 9]);
    let empty = x.slice(0, ..0);
    assert_eq!(tape.jacobian(empty, x).value().unwrap().shape().dims(), [0, 3]);
    assert_eq!(jacobian(|x| x.sum(..).expand([2]), empty).value().unwrap().shape().dims(), [2, 0]);
    let y = vmap(|x| jacobian(|x| x, x), tape.stack(&[x, x], 0));
    assert_eq!(values(y), [eye.clone(), eye].concat());
}

#[test]
fn recordings_of_other_constants_and_lengths() {
    let mut tape = Tape::new();
    for round in 0..3 {
        for (a, b, length) in [
            (2.0, 3.0, 2),
            (3.0, 2.0, 2),
            (2.0, 2.0, 3),
            (0.0, 1.0, 2),
            (1.0, 0.0, 2),
            (-0.0, 0.5, 1),
            (2.0, 3.0, 1),
        ] {
            {
                let xs = tape.var(numbers(length, &[length]));
                let f = |x| {
                    let (p, q) = scan(|h, s| (h * a + s, h * b), x, xs);
                    let (r, s) = scan(|h, s| (h * b + s, h * a), x, xs);
                    let t = checkpoint(|x: Var<'_>| (x * a).sin(), x)
                        + checkpoint(|x: Var<'_>| (x * b).sin(), x) * 2.0;
                    p * r + q.square().sum(..) * 3.0 + s.sum(..) + t
                };
                let g = |x| {
                    let (p, q) = steps(|h, s| (h * a + s, h * b), x, xs);
                    let (r, s) = steps(|h, s| (h * b + s, h * a), x, xs);
                    p * r + q.square().sum(..) * 3.0 + s.sum(..) + (x * a).sin() + (x * b).sin() * 2.0
                };
                let x = tape.var(0.3 + round as f64);
                close(f(x), g(x));
                close(grad(f, x), grad(g, x));
                close(hessian(f, x), hessian(g, x));
            }
            tape.clear();
        }
    }
}

#[test]
fn params_random_and_programs() {
    let mut params = Params::seeded(3);
    let w = params.root().param("w", numbers(2, &[2]));
    let tape = Tape::with(&params);
    let (h, xs) = (tape.input(2, DType::F64), tape.input([3, 2], DType::F64));
    let y = reduced(scan(|h, s| body(tape.param(w))(h, s), h, xs));
    let z = reduced(steps(|h, s| body(tape.param(w))(h, s), h, xs));
    let (gy, gz) = (tape.param_grads(y).unwrap()[0].1, tape.param_grads(z).unwrap()[0].1);
    let mut program = tape.compile(&[y, z, gy, gz]).unwrap();
    for i in 0..3 {
        let (h, xs) = (
            numbers(2 + i, &[2 + i]).rows(i..i + 2).unwrap(),
            numbers(6 + i, &[6 + i]).rows(i..i + 6).unwrap().reshape([3, 2]).unwrap(),
        );
        let out = program.eval(&params, &[&h, &xs]).unwrap();
        assert_relative_eq!(out.item(0).unwrap(), out.item(1).unwrap(), max_relative = 1e-12);
        assert_relative_eq!(
            out.as_slice::<f64>(2).unwrap(),
            out.as_slice::<f64>(3).unwrap(),
            max_relative = 1e-12
        );
        params.set("w", numbers(2 + i, &[2 + i]).rows(i..i + 2).unwrap()).unwrap();
    }
}

#[test]
fn poison_and_other_tapes() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = tape.var([1.0, 2.0]);
    let strange = other.var([1.0, 2.0]);
    fn joined<'t>(tape: &'t Tape, x: Var<'t>, s: Var<'t>) -> Vec<Var<'t>> {
        let _ = tape;
        vec![
            scan(|h, x| (h * s.sum(..), x), x.sum(..), x).0,
            scan(|h, x| (h, x), s.sum(..), x).0,
            scan(|h, x| (h, x), x.sum(..), s).0,
            scan(|_, x| (s.sum(..), x), x.sum(..), x).0,
            checkpoint(|x: Var<'_>| x * s, x),
            checkpoint(|_| s, x),
            vmap(|_| s, x),
            vmap(|x| x * s, x),
            jacobian(|_| s, x),
            jvp(|x| x, x, s).1,
            grad(|_| s.sum(..), x),
            cond(x.gt(0.0), || s, || x),
        ]
    }
    for (i, y) in joined(&tape, x, strange).into_iter().enumerate() {
        assert!(y.value().is_err(), "{i}");
    }
    let poison = x.matmul(tape.var([1.0, 2.0, 3.0])) + x;
    for (i, y) in joined(&tape, x, poison).into_iter().enumerate() {
        assert!(y.value().is_err(), "{i}");
    }
}

#[test]
fn no_steps() {
    let tape = Tape::new();
    let x = tape.var(numbers(2, &[2]));
    let xs = tape.var(Tensor::zeros([0, 2], DType::F64));
    let f = |x| {
        let (h, y) = scan(body(x), x * 2.0, xs * x);
        assert_eq!(y.shape().dims(), [0, 2]);
        reduced((h, y)) + checkpoint(|x: Var<'_>| scan(body(x), x, xs).0.sum(..), x)
    };
    same("no steps", x, f, |x| (x * 2.0).square().sum(..) + x.sum(..));
}

#[test]
fn nothing_carried_or_made() {
    let tape = Tape::new();
    let x = tape.var(numbers(3, &[3]));
    let f = |x| scan(|(), s: Var<'_>| ((), s.sin()), (), x).1.square().sum(..);
    same("nothing carried", x, f, |x| x.sin().square().sum(..));
    fn g(x: Var<'_>) -> Var<'_> {
        scan(|h, s| (h * s, ()), x.sum(..), x).0
    }
    same("nothing made", x, g, |x| x.sum(..) * row(x, 0) * row(x, 1) * row(x, 2));
    let ((), ()) = scan(|(), _| ((), ()), (), x);
    tape.check().unwrap();
}

#[test]
fn batches_in_batches() {
    let tape = Tape::new();
    let (x, z) = (tape.var(numbers(2, &[2])), tape.var(numbers(3, &[3])));
    same(
        "outer",
        x,
        |x| vmap(|a| vmap(|_| a, z).sum(..) * vmap(|b| b * a, x).sum(..), x).square().sum(..),
        |x| (x * 3.0 * (x * x.sum(..))).square().sum(..),
    );
    same(
        "scan of outer",
        x,
        |x| vmap(|a| vmap(|b| scan(|h, s| (h * a + b * s, h), b, z).0, x), x).square().sum(..),
        |x| each(|a| each(|b| steps(|h, s| (h * a + b * s, h), b, z).0, x), x).square().sum(..),
    );
    same(
        "start of outer only",
        x,
        |x| vmap(|a| scan(|h, s| (h * s, x * s), a, z).1, x).square().sum(..),
        |x| each(|a| steps(|h, s| (h * s, x * s), a, z).1, x).square().sum(..),
    );
    same(
        "checkpoint of outer",
        x,
        |x| vmap(|a| vmap(|b| checkpoint(|b: Var<'_>| (b * a * x).sin().sum(..), b), x), x).square().sum(..),
        |x| each(|a| each(|b| (b * a * x).sin().sum(..), x), x).square().sum(..),
    );
    same(
        "checkpoint of outer alone",
        x,
        |x| {
            vmap(
                |a| {
                    vmap(
                        |b| {
                            let [p, q] = checkpoint(|[b, c]: [Var<'_>; 2]| [b * a, c * 2.0], [b, a]);
                            p * q
                        },
                        x,
                    )
                },
                x,
            )
            .square()
            .sum(..)
        },
        |x| each(|a| each(|b| b * a * a * 2.0, x), x).square().sum(..),
    );
    same(
        "jacobian in scan",
        x,
        |x| {
            reduced(scan(
                |h, s| (jacobian(|h| (h * x).sin() * s.sum(..), h).sum(0), h),
                x,
                tape.stack(&[x, x], 0),
            ))
        },
        |x| reduced(steps(|h, s| ((h * x).cos() * x * s.sum(..), h), x, tape.stack(&[x, x], 0))),
    );
    same(
        "wrt captured",
        x,
        |x| vmap(|a| grad(|y| (y * a).sin().sum(..), x), x).square().sum(..),
        |x| each(|a| (x * a).cos() * a, x).square().sum(..),
    );
    same(
        "hessian in vmap",
        x,
        |x| vmap(|a| hessian(|y| (y * a).sin().sum(..) * y.sum(..), x), x).sum(..),
        |x| each(|a| hessian(|y| (y * a).sin().sum(..) * y.sum(..), x), x).sum(..),
    );
}

#[test]
fn random_numbers_are_the_same_again() {
    let tape = Tape::new();
    tape.seed(5);
    let x = tape.var(numbers(50, &[50]));
    let y = checkpoint(|x: Var<'_>| x.square() * tape.bernoulli(50, 0.5, DType::F64), x);
    let (y, g) = (values(y), values(tape.grad(y.sum(..), x)));
    let x = values(x);
    for i in 0..50 {
        assert!((g[i] - 2.0 * y[i] / x[i]).abs() < 1e-12);
    }
    assert!(y.contains(&0.0) && y.iter().any(|&y| y != 0.0));
    // Noise that is made from what is carried.
    let start = tape.full(20, 0.5, DType::F64);
    let w = tape.var(2.0);
    let (h, all) = scan(
        |h, s| {
            let b = (h * 0.0 + 0.5).bernoulli();
            let h = h * (b + 1.0) * w * s;
            (h, b)
        },
        start,
        tape.var([1.0, 1.0, 1.0]),
    );
    let v = values(all);
    assert_eq!(v[..20], v[20..40]);
    assert_relative_eq!(
        tape.grad(h.sum(..), w).item().unwrap() * 2.0,
        h.sum(..).item().unwrap() * 3.0,
        max_relative = 1e-12
    );
    let rows = vmap(|x| x * tape.normal(3, DType::F64), tape.var([1.0, 1.0]));
    let v = values(rows);
    assert_eq!(v[..3], v[3..]);
}

#[test]
fn f32_all_over() {
    let tape = Tape::new();
    let x = tape.var(numbers(2, &[2]).cast(DType::F32));
    let xs = tape.var(numbers(6, &[3, 2]).cast(DType::F32));
    let f = |x| {
        checkpoint(
            |x: Var<'_>| reduced(scan(body(x), x, xs * x)) + vmap(|s| (s * x).sin().sum(..), xs).sum(..),
            x,
        )
    };
    let g = |x| reduced(steps(body(x), x, xs * x)) + (xs * x).sin().sum(..);
    for (a, b) in [
        (f(x), g(x)),
        (grad(f, x), grad(g, x)),
        (hessian(f, x), hessian(g, x)),
        (jvp(f, x, x).1, jvp(g, x, x).1),
    ] {
        assert_eq!(a.dtype(), DType::F32);
        assert_relative_eq!(values(a).as_slice(), values(b).as_slice(), max_relative = 1e-4, epsilon = 1e-4);
    }
}

#[test]
fn carried_values_change_places() {
    let tape = Tape::new();
    let x = tape.var(numbers(4, &[2, 2]));
    let z = tape.var(numbers(3, &[3]));
    same(
        "swap",
        x,
        |x| {
            let ([a, b], y) = scan(|[a, b]: [Var<'_>; 2], s| ([b, a], [b * s, a, b.t()]), [x, x.sin()], z);
            ((a * 2.0 + b.square()) * (y[0].sum(0) + y[1].sum(0).square() + y[2].slice(0, 1..2).squeeze(0)))
                .sum(..)
        },
        |x| {
            let (mut a, mut b, mut y) = (x, x.sin(), [x * 0.0; 3]);
            for i in 0..3 {
                y = [y[0] + b * row(z, i), y[1] + a, if i == 1 { b.t() } else { y[2] }];
                (a, b) = (b, a);
            }
            ((a * 2.0 + b.square()) * (y[0] + y[1].square() + y[2])).sum(..)
        },
    );
    same(
        "turned",
        x,
        |x| reduced(scan(|h: Var<'_>, s| (h.t().flip(0), h.slice(0, 1..2).expand([3, 2]) * s), x, z)),
        |x| reduced(steps(|h, s| (h.t().flip(0), h.slice(0, 1..2).expand([3, 2]) * s), x, z)),
    );
    same(
        "many ops",
        x,
        |x| {
            reduced(scan(
                |h: Var<'_>, s| (h.matmul(x * s).softmax(0).cumsum(0), h.sort(1) + h.max(1).unsqueeze(1)),
                x,
                z,
            ))
        },
        |x| {
            reduced(steps(
                |h, s| (h.matmul(x * s).softmax(0).cumsum(0), h.sort(1) + h.max(1).unsqueeze(1)),
                x,
                z,
            ))
        },
    );
}

#[test]
fn an_error_in_a_step_is_not_kept() {
    let tape = Tape::new();
    let table = tape.var(numbers(6, &[3, 2]));
    let (h, ids) = (tape.input(2, DType::F64), tape.input(3, DType::I64));
    let y = scan(
        |h, i: Var<'_>| {
            let h: Var<'_> = h * 2.0 + table.index_select(0, i.unsqueeze(0)).squeeze(0);
            (h, h)
        },
        h,
        ids,
    )
    .1;
    let mut program = tape.compile(&[y]).unwrap();
    let params = Params::seeded(0);
    let h = numbers(2, &[2]);
    let good = Tensor::from([0i64, 2, 1]);
    let first = program.eval(&params, &[&h, &good]).unwrap().tensor(0);
    assert!(program.eval(&params, &[&h, &Tensor::from([0i64, 3, 1])]).is_err());
    assert_eq!(program.eval(&params, &[&h, &good]).unwrap().tensor(0), first);
}

#[test]
fn nested_checkpoints_assign() {
    let mut params = Params::seeded(0);
    let n = params.add("n", chainrule_tape::Kind::State, 1.0);
    let tape = Tape::with(&params);
    let x = tape.var([1.0, 2.0]);
    let count = || tape.assign(n, tape.assigned(n) * 2.0 + 1.0);
    let f = |x| {
        count();
        let y = checkpoint(
            |x: Var<'_>| {
                count();
                let y = checkpoint(
                    |x: Var<'_>| {
                        count();
                        x * x * tape.assigned(n)
                    },
                    x,
                );
                count();
                grad(|y| (y * y).sum(..) * tape.assigned(n), y)
            },
            x,
        );
        count();
        y.sum(..)
    };
    let y = f(x);
    let g = tape.grad(y, x);
    // n: 1, 3, 7, 15, 31, 63; y = 2·15·x²·31.
    close(y, x.square().sum(..) * (2.0 * 15.0 * 31.0));
    close(g, x * (4.0 * 15.0 * 31.0));
    tape.commit(&mut params).unwrap();
    assert_eq!(params.get("n").unwrap().item().unwrap(), 63.0);
}

#[test]
fn jacobians_between_dtypes() {
    let tape = Tape::new();
    let x = tape.var(numbers(3, &[3]));
    let (wide, tall) = (x.slice(0, ..2).cast(DType::F32) * 2.0, tape.concat(&[x, x], 0).cast(DType::F32));
    assert_eq!(values(tape.jacobian(wide, x)), [2.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
    assert_eq!((tape.jacobian(wide, x).dtype(), tape.jacobian(tall, x).dtype()), (DType::F32, DType::F32));
}

#[test]
fn every_op_in_a_scan_and_a_checkpoint_and_over_few() {
    let mut bad = Vec::new();
    for sample in chainrule_tape::check::samples() {
        let tape = Tape::new();
        let x: Vec<Var<'_>> = (sample.inputs)().into_iter().map(|x| tape.var(x)).collect();
        let y = (sample.apply)(&x);
        let Ok(value) = y.value() else { continue };
        if tape.random_ops() > 0 {
            continue;
        }
        let again = checkpoint(|x: Vec<Var<'_>>| (sample.apply)(&x), x.clone());
        if again.value().ok().as_ref() != Some(&value) {
            bad.push(format!("{} in a checkpoint", sample.name));
            continue;
        }
        let over = |size: usize| -> Vec<Var<'_>> {
            x.iter().map(|x| x.expand([&[size], x.shape().dims()].concat())).collect()
        };
        for size in [0, 1] {
            let all = vmap(|x: Vec<Var<'_>>| (sample.apply)(&x), over(size));
            let right = all.value().is_ok_and(|all| {
                all.shape().dims() == [&[size], y.shape().dims()].concat()
                    && (size == 0
                        || all
                            .to_f64()
                            .iter()
                            .zip(value.to_f64())
                            .all(|(a, b)| (a - b).abs() <= 1e-12 * b.abs() || a.is_nan() && b.is_nan()))
            });
            if !right {
                bad.push(format!("{} over {size}: {:?}", sample.name, all.value()));
            }
        }
        if tape.check().is_err() || y.dtype() != DType::F64 {
            continue;
        }
        let floats: Vec<Var<'_>> = x.iter().copied().filter(|x| x.dtype().is_float()).collect();
        let agree = |a: &[Var<'_>], b: &[Var<'_>]| match (tape.values(a), tape.values(b)) {
            (Ok(a), Ok(b)) => a.iter().zip(&b).all(|(a, b)| {
                a.shape() == b.shape()
                    && a.to_f64()
                        .iter()
                        .zip(b.to_f64())
                        .all(|(a, b)| (a - b).abs() <= 1e-9 * (1.0 + b.abs()) || a.is_nan() && b.is_nan())
            }),
            (Err(_), Err(_)) => true,
            _ => false,
        };
        let dy = y * 0.3 + 0.7;
        let dy = dy.detach();
        if tape.check().is_err() {
            continue;
        }
        let plain = tape.vjp(y, dy, &floats);
        if tape.check().is_err() {
            continue;
        }
        if !agree(&tape.vjp(again, dy, &floats), &plain) {
            bad.push(format!("gradient of {} in a checkpoint", sample.name));
        }
        // Sliced, and captured.
        let each = scan(|(), x: Vec<Var<'_>>| ((), (sample.apply)(&x)), (), over(2)).1;
        if !agree(&[each], &[tape.stack(&[y, y], 0)]) {
            bad.push(format!("{} in a scan", sample.name));
            continue;
        }
        let twice: Vec<Var<'_>> = plain.iter().map(|g| *g * 2.0).collect();
        let dys = tape.stack(&[dy, dy], 0);
        if !agree(&tape.vjp(each, dys, &floats), &twice) {
            bad.push(format!("gradient of {} in a scan", sample.name));
        }
        let dx: Vec<Var<'_>> = floats.iter().map(|x| (*x * 0.3 + 0.1).detach()).collect();
        let dy = tape.jvp(y, &floats, &dx);
        if !agree(&[tape.jvp(each, &floats, &dx)], &[tape.stack(&[dy, dy], 0)]) {
            bad.push(format!("tangent of {} in a scan", sample.name));
        }
        if !agree(&[tape.jvp(again, &floats, &dx)], &[dy]) {
            bad.push(format!("tangent of {} in a checkpoint", sample.name));
        }
        if let Err(error) = tape.check() {
            bad.push(format!("{}: {error}", sample.name));
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn derivatives_by_outer_values() {
    let tape = Tape::new();
    let (x, z) = (tape.var(numbers(2, &[2])), tape.var(numbers(3, &[3])));
    same(
        "by an outer value",
        x,
        |x| {
            let fx = x.sin() * x;
            reduced(scan(|h, s| (x.tape().grad((h * fx).sin().sum(..) * s, x), h), x, z))
        },
        |x| {
            let fx = x.sin() * x;
            reduced(steps(|h, s| ((h * fx).cos() * h * (x.cos() * x + x.sin()) * s, h), x, z))
        },
    );
}
