//! Functions of functions: nested derivatives, batches, loops and recomputation.

use approx::assert_relative_eq;
use chainrule_tape::{
    DType, Params, Tape, Tensor, Var, check, checkpoint, cond, directional_derivative, grad, hessian, hvp,
    jacobian, jvp, linearize, scan, value_and_grad, vjp, vmap,
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
    assert_relative_eq!(values(a).as_slice(), values(b).as_slice(), max_relative = 1e-12, epsilon = 1e-13);
}

/// A small network of one hidden layer; smooth, and quadratic in nothing.
fn net<'t>(w: Var<'t>, v: Var<'t>, x: Var<'t>) -> Var<'t> {
    x.matmul(w).tanh().matmul(v).softmax(-1).ln().square().sum(..)
}

#[test]
fn derivatives_nest_in_any_order() {
    let tape = Tape::new();
    let (w, v, x) =
        (tape.var(numbers(6, &[2, 3])), tape.var(numbers(6, &[3, 2])), tape.var(numbers(8, &[4, 2])));
    let u = tape.var(numbers(6, &[2, 3]).reshape([2, 3]).unwrap()) * 0.5 + 0.1;
    let f = |w| net(w, v, x);
    let (_, forward_over_reverse) = jvp(|w| grad(f, w), w, u);
    let reverse_over_forward = grad(|w| jvp(f, w, u).1, w);
    let reverse_over_reverse = grad(|w| (grad(f, w) * u).sum(..), w);
    let h = hessian(f, w);
    close(forward_over_reverse, reverse_over_forward);
    close(forward_over_reverse, reverse_over_reverse);
    close(forward_over_reverse, hvp(f, w, u));
    close(forward_over_reverse.reshape(6), h.reshape([6, 6]).matmul(u.reshape(6)));
    close(h, h.permute(&[2, 3, 0, 1]));
    // The third order, along u, both ways.
    let third = jvp(|w| hvp(f, w, u), w, u).1;
    let third_reverse = grad(|w| (hvp(f, w, u) * u).sum(..), w);
    close(third, third_reverse);
    // Functions of several arguments in any structure.
    let (y, (gw, [gv])) = value_and_grad(|(w, [v])| net(w, v, x), (w, [v]));
    close(y, f(w));
    close(gw, tape.grad(net(w, v, x), w));
    close(gv, tape.grad(net(w, v, x), v));
}

#[test]
fn a_function_is_differentiated_by_its_own_argument() {
    let tape = Tape::new();
    let x = tape.var(3.0);
    // y is x here, and yet another variable: d/dx [x·d/dy(x·y)] = d/dx x² = 2x.
    assert_eq!(values(grad(|x| x * grad(|y| x * y, x), x)), [6.0]);
    assert_eq!(values(jvp(|x| x * jvp(|y| x + y, x, tape.var(1.0)).1, x, tape.var(1.0)).1), [1.0]);
    // What does not depend on the argument has the derivative 0.
    assert_eq!(values(grad(|_| x * x, x)), [0.0]);
    assert_eq!(values(jacobian(|_| x.reshape(1), tape.var([1.0, 2.0]))), [0.0, 0.0]);
}

#[test]
fn jacobians_are_right_whichever_way_is_shorter() {
    let tape = Tape::new();
    for (rows, columns) in [(2, 5), (5, 2), (3, 3), (1, 4), (4, 1), (0, 3), (3, 0)] {
        let m = tape.var(numbers(rows * columns, &[rows, columns]));
        let j = jacobian(|x| m.matmul(x.square()), tape.var(Tensor::full(columns, 0.5)));
        assert_eq!(j.shape().dims(), [rows, columns]);
        assert_eq!(values(j), values(m));
    }
    // Axes of the value and then those of the argument.
    let x = tape.var(numbers(6, &[2, 3]));
    let j = jacobian(|x| x.t(), x);
    assert_eq!(j.shape().dims(), [3, 2, 2, 3]);
    assert_eq!(values(j.sum([0, 1, 2, 3])), [6.0]);
}

#[test]
fn linear_parts_are_recorded_once() {
    let tape = Tape::new();
    let x = tape.var(numbers(4, &[4]));
    let (y, push) = linearize(|x| x.sin().exp(), x);
    let expected = values(x.sin().exp() * x.cos());
    close(y, x.sin().exp());
    let mut all = Vec::new();
    for i in 0..4 {
        let mut direction = vec![0.0; 4];
        direction[i] = 1.0;
        all.push(push(tape.var(direction)));
    }
    assert_eq!(all.iter().enumerate().map(|(i, dy)| values(*dy)[i]).collect::<Vec<_>>(), expected);
    let (_, pullback) = vjp(|x| x.sin().exp(), x);
    assert_relative_eq!(
        values(pullback(tape.var(Tensor::full(4, 1.0)))).as_slice(),
        expected.as_slice(),
        max_relative = 1e-15
    );
}

#[test]
fn per_example_gradients_are_those_of_each() {
    let tape = Tape::new();
    let (w, v, x) =
        (tape.var(numbers(6, &[2, 3])), tape.var(numbers(6, &[3, 2])), tape.var(numbers(10, &[5, 2])));
    fn loss<'t>(w: Var<'t>, v: Var<'t>, x: Var<'t>) -> Var<'t> {
        net(w, v, x.unsqueeze(0))
    }
    let before = tape.len();
    let [gw, gv] = vmap(|x| grad(|[w, v]| loss(w, v, x), [w, v]), x);
    let recorded = tape.len() - before;
    assert_eq!((gw.shape().dims(), gv.shape().dims()), (&[5, 2, 3][..], &[5, 3, 2][..]));
    for i in 0..5 {
        let g = grad(|[w, v]| loss(w, v, x.slice(0, i..i + 1).squeeze(0)), [w, v]);
        close(gw.slice(0, i..i + 1).squeeze(0), g[0]);
        close(gv.slice(0, i..i + 1).squeeze(0), g[1]);
    }
    // The recording does not grow with the batch.
    let many = tape.var(numbers(200, &[100, 2]));
    let before = tape.len();
    vmap(|x| grad(|[w, v]| loss(w, v, x), [w, v]), many);
    assert_eq!(tape.len() - before, recorded);
}

#[test]
fn batches_of_batches() {
    let tape = Tape::new();
    let (a, b) = (tape.var(numbers(6, &[3, 2])), tape.var(numbers(8, &[4, 2])));
    // All pairs of rows.
    let y = vmap(|a| vmap(|b| (a * b).sum(..).sin(), b), a);
    close(y, a.matmul(b.t()).sin());
    // A derivative of a batch, and a batch of Hessians.
    close(grad(|a| vmap(|a| a.square().sum(..), a).sum(..), a), a * 2.0);
    let h = vmap(|a| hessian(|a| (a * a * a).sum(..), a), a);
    close(h.sum(-1), a * 6.0);
    // What does not depend on the batch is repeated, and an empty batch is empty.
    assert_eq!(vmap(|_| b, a).shape().dims(), [3, 4, 2]);
    assert_eq!(vmap(|x| x.sum(..).sin(), tape.var(Tensor::zeros([0, 3], DType::F64))).shape().dims(), [0]);
    // Arguments that don't fit are a mistake at this line.
    let line = line!() + 1;
    let message = vmap(|(a, b)| a.sum(..) + b.sum(..), (a, b)).value().unwrap_err().to_string();
    assert!(message.starts_with("vmap: ") && message.contains(&format!("transform.rs:{line}:")), "{message}");
}

#[test]
fn a_scan_is_its_steps_one_by_one() {
    let inputs = [numbers(3, &[3]), numbers(9, &[3, 3]), numbers(15, &[5, 3])];
    fn unrolled<'t>(x: &[Var<'t>]) -> (Var<'t>, Var<'t>) {
        let (mut h, mut all) = (x[0], Vec::new());
        for i in 0..5 {
            let input = x[2].slice(0, i..i + 1).squeeze(0);
            all.push((h * input).sum(..));
            h = (h.matmul(x[1]) + input).tanh();
        }
        (h.tape().stack(&all, 0), h)
    }
    fn scanned<'t>(x: &[Var<'t>]) -> (Var<'t>, Var<'t>) {
        let w = x[1];
        let (h, all) = scan(|h, x| ((h.matmul(w) + x).tanh(), (h * x).sum(..)), x[0], x[2]);
        (all, h)
    }
    fn loss<'t>((all, h): (Var<'t>, Var<'t>)) -> Var<'t> {
        all.square().sum(..) + h.sum(..).sin()
    }
    let tape = Tape::new();
    let x: Vec<Var<'_>> = inputs.iter().map(|x| tape.var(x.clone())).collect();
    for (a, b) in [(unrolled(&x).0, scanned(&x).0), (unrolled(&x).1, scanned(&x).1)] {
        close(a, b);
    }
    let (gu, gs) = (tape.grads(loss(unrolled(&x)), &x), tape.grads(loss(scanned(&x)), &x));
    for (&a, &b) in gu.iter().zip(&gs) {
        close(a, b);
    }
    // The second order, reverse over reverse and forward over reverse.
    for (i, &x) in x.iter().enumerate() {
        close(
            tape.hessian(loss(unrolled(&with(&inputs, &tape, i, x))), x),
            tape.hessian(loss(scanned(&with(&inputs, &tape, i, x))), x),
        );
    }
    check::gradients(|x| scanned(x).1, &inputs).unwrap();
}

/// The inputs with number `i` being `x`.
fn with<'t>(inputs: &[Tensor], tape: &'t Tape, i: usize, x: Var<'t>) -> Vec<Var<'t>> {
    let mut all: Vec<Var<'t>> = inputs.iter().map(|x| tape.var(x.clone())).collect();
    all[i] = x;
    all
}

#[test]
fn a_long_scan_is_a_short_recording() {
    let nodes = |n: usize| {
        let tape = Tape::new();
        let a = tape.var(0.999f64);
        let (last, _) = scan(|x, _| (x * a + 0.001, ()), tape.var(0.5), tape.iota(n, DType::I64));
        let g = tape.grad(last, a);
        let mut expected = (0.5, 0.0);
        for _ in 0..n {
            expected = (expected.0 * 0.999 + 0.001, expected.1 * 0.999 + expected.0);
        }
        assert_relative_eq!(last.item().unwrap(), expected.0, max_relative = 1e-12);
        assert_relative_eq!(g.item().unwrap(), expected.1, max_relative = 1e-11);
        tape.len()
    };
    assert_eq!(nodes(10), nodes(20_000));
    // No step at all: what was carried in.
    let tape = Tape::new();
    let a = tape.var(2.0);
    let (last, all) = scan(|x, y| (x * a, x * y), tape.var(3.0), tape.var(Tensor::zeros([0], DType::F64)));
    assert_eq!((values(last), all.shape().dims().to_vec()), (vec![3.0], vec![0]));
    assert_eq!(values(tape.grad(last, a)), [0.0]);
}

#[test]
fn mistakes_in_a_scan_are_named() {
    let tape = Tape::new();
    let (x, xs) = (tape.var([1.0, 2.0]), tape.var([[1.0, 2.0], [3.0, 4.0]]));
    let message = |tape: &Tape, y: Var<'_>| {
        assert!(y.is_poisoned());
        tape.check().unwrap_err().to_string()
    };
    let shape = scan(|c, x| (c.sum(..) + x.sum(..), ()), x, xs).0;
    let text = message(&tape, shape);
    assert!(text.contains("scan: what is carried on") && text.contains("transform.rs"), "{text}");
    let tape = Tape::new();
    let inside = scan(|c, x| (c + x.sum(2), ()), tape.var([1.0, 2.0]), tape.var([[1.0, 2.0]])).0;
    let text = message(&tape, inside);
    assert!(text.contains("sum: there is no axis 2"), "{text}");
    let tape = Tape::new();
    let lengths = scan(|c, (a, b)| (c + a + b, ()), tape.var(1.0), (tape.var([1.0]), tape.var([1.0, 2.0]))).0;
    let text = message(&tape, lengths);
    assert!(text.contains("the first axes"), "{text}");
    // Bad data in a step.
    let tape = Tape::new();
    let table = tape.var([1.0, 2.0]);
    let bad = scan(
        |c, i| (c + i.check_index(2).cast(DType::F64) * table.sum(..), ()),
        tape.var(0.0),
        tape.var([0i64, 7]),
    )
    .0;
    let text = bad.value().unwrap_err().to_string();
    assert!(text.starts_with("scan: in a step: ") && text.contains('7'), "{text}");
}

#[test]
fn scans_take_batches_and_f32() {
    let tape = Tape::new();
    let (start, xs) = (tape.var(numbers(6, &[3, 2])), tape.var(numbers(24, &[3, 4, 2])));
    let w = tape.var(numbers(2, &[2]));

    fn run<'t>(w: Var<'t>, (start, xs): (Var<'t>, Var<'t>)) -> (Var<'t>, Var<'t>) {
        scan(|h, x| ((h * w + x).sin(), h.sum(..)), start, xs)
    }
    let (last, all) = vmap(|x| run(w, x), (start, xs));
    assert_eq!((last.shape().dims(), all.shape().dims()), (&[3, 2][..], &[3, 4][..]));
    for i in 0..3 {
        let (one, each) = run(w, (start.slice(0, i..i + 1).squeeze(0), xs.slice(0, i..i + 1).squeeze(0)));
        close(last.slice(0, i..i + 1).squeeze(0), one);
        close(all.slice(0, i..i + 1).squeeze(0), each);
    }
    let single = scan(|c, x| (c * x, ()), tape.var(1f32), tape.var([2f32, 3.0])).0;
    assert_eq!((single.item().unwrap(), single.dtype()), (6.0, DType::F32));
}

#[test]
fn a_checkpoint_has_the_same_gradients_for_less_memory() {
    const DEPTH: usize = 12;
    let run = |recompute: bool| {
        let tape = Tape::new();
        let x = tape.var(numbers(4000, &[100, 40]));
        let weights: Vec<Var<'_>> =
            (0..DEPTH).map(|i| tape.var(numbers(1600, &[40, 40])) * (0.2 + 0.01 * i as f64)).collect();
        // Three products a block: their results are what is not kept.
        fn block<'t>((x, w): (Var<'t>, Var<'t>)) -> Var<'t> {
            (0..3).fold(x, |h, _| h.matmul(w).tanh())
        }
        let next = |x, &w: &_| if recompute { checkpoint(block, (x, w)) } else { block((x, w)) };
        let y = weights.iter().fold(x, next);
        let gradients = tape.grads(y.square().mean(..), &weights);
        let program = tape.compile(&gradients).unwrap();
        let gradients: Vec<Vec<f64>> = tape.values(&gradients).unwrap().iter().map(|g| g.to_f64()).collect();
        (program.arena_bytes(), gradients)
    };
    let ((whole, expected), (less, found)) = (run(false), run(true));
    assert!(expected == found, "the same numbers");
    assert!((less as f64) < 0.65 * whole as f64, "{less} of {whole} bytes");
}

#[test]
fn checkpoints_nest_and_keep_what_they_capture() {
    let tape = Tape::new();
    let (x, w) = (tape.var(numbers(3, &[3])), tape.var(numbers(3, &[3])));
    let y = checkpoint(|x| checkpoint(|x| (x * w).sin(), x).exp() * x, x).sum(..);
    let expected = ((x * w).sin().exp() * x).sum(..);
    for of in [x, w] {
        close(tape.grad(y, of), tape.grad(expected, of));
        close(tape.hessian(y, of), tape.hessian(expected, of));
    }
    let h = vmap(|w| grad(|x| checkpoint(|x| (x * w).sin(), x).sum(..), x), tape.stack(&[w, w * 2.0], 0));
    close(h.slice(0, 1..).squeeze(0), grad(|x| (x * w * 2.0).sin().sum(..), x));
}

#[test]
fn cond_chooses_values_and_gradients() {
    let tape = Tape::new();
    let x = tape.var([-1.0, 4.0]);
    let (a, b) = cond(x.gt(0.0), || (x * 2.0, x), || (-x, x.square()));
    assert_eq!((values(a), values(b)), (vec![1.0, 8.0], vec![1.0, 4.0]));
    assert_eq!(values(tape.grad((a * b).sum(..), x)), [-3.0, 16.0]);
    let text = cond(x.gt(0.0), || vec![x], || vec![x, x])[0].value().unwrap_err().to_string();
    assert!(text.contains("cond: one way has 1 values, the other 2"), "{text}");
}

#[test]
fn a_compiled_scan_runs_again_with_other_inputs() {
    let tape = Tape::new();
    let (start, xs) = (tape.input((), DType::F64), tape.input(3, DType::F64));
    let (last, _) = scan(|c, x| (c * x, ()), start, xs);
    let g = tape.grad(last, xs);
    let mut program = tape.compile(&[last, g]).unwrap();
    for scale in [1.0, 2.0] {
        let inputs = [Tensor::from(scale), Tensor::from([2.0, 3.0, 4.0])];
        let outputs = program.eval(&Params::seeded(0), &[&inputs[0], &inputs[1]]).unwrap();
        assert_eq!(outputs.item(0).unwrap(), 24.0 * scale);
        assert_eq!(outputs.tensor(1).to_f64(), [12.0 * scale, 8.0 * scale, 6.0 * scale]);
    }
}

/// A layer that keeps a running mean, as batch norm does.
fn centered<'t>(x: Var<'t>, mean: chainrule_tape::ParamId) -> Var<'t> {
    let tape = x.tape();
    tape.assign(mean, tape.param(mean) * 0.9 + x.mean(..) * 0.1);
    x - x.mean(..)
}

#[test]
fn a_checkpoint_writes_what_it_assigns() {
    let mut params = Params::seeded(0);
    let mean = params.add("mean", chainrule_tape::Kind::State, 1.0);
    let run = |recompute: bool| {
        let mut params = params.clone();
        let tape = Tape::with(&params);
        let x = tape.var([1.0, 2.0, 6.0]);
        let y = if recompute { checkpoint(|x| centered(x, mean).exp(), x) } else { centered(x, mean).exp() };
        let g = tape.grad(y.sum(..), x);
        let gradient = g.value().unwrap().to_f64();
        tape.commit(&mut params).unwrap();
        (gradient, params.tensor(mean).to_f64())
    };
    assert_eq!(run(true), run(false));
    assert_eq!(run(true).1, [0.9 + 0.1 * 3.0]);
}

#[test]
fn what_is_assigned_for_each_element_or_step_is_a_mistake() {
    let mut params = Params::seeded(0);
    let mean = params.add("mean", chainrule_tape::Kind::State, 1.0);
    let tape = Tape::with(&params);
    let rows = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    let text = vmap(|x| centered(x, mean), rows).value().unwrap_err().to_string();
    assert!(text.contains("vmap: a parameter is assigned") && text.contains("transform.rs"), "{text}");
    let tape = Tape::with(&params);
    let (start, rows) = (tape.var(0.0), tape.var([[1.0, 2.0], [3.0, 4.0]]));
    let text =
        scan(|c, x| (c + centered(x, mean).sum(..), ()), start, rows).0.value().unwrap_err().to_string();
    assert!(text.contains("scan: a parameter is assigned"), "{text}");
    // Nothing else is carried out of a step than what was carried into it.
    let tape = Tape::new();
    let carried =
        scan(|c: Vec<Var<'_>>, x| (vec![c[0] + x, c[0]], ()), vec![tape.var(0.0)], tape.var([1.0, 2.0])).0;
    let text = carried[0].value().unwrap_err().to_string();
    assert!(text.contains("1 values are carried into a step, and 2 out of it"), "{text}");
}

#[test]
fn functions_of_one_element_are_not_computed() {
    // 1/x of a placeholder would be infinite: only the batch's values count, of the losses too.
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]);
    let y = vmap(|x| grad(|x| 1.0 / x, x), x);
    assert_eq!(tape.find_nan().unwrap(), None);
    assert_eq!(values(y), [-1.0, -0.25]);
    let line = line!() + 1;
    let bad = vmap(|x| (x - 1.0).ln(), x);
    let found = tape.find_nan().unwrap().unwrap();
    assert_eq!((found.op, found.at.0.line()), ("ln", line));
    let _ = bad;
}

/// A mistake through every transformation is told with the line of its call.
#[test]
fn mistakes_name_the_line_of_the_transformation() {
    type Use = for<'t> fn(Var<'t>) -> Var<'t>;
    let uses: [(u32, Use); 11] = [
        (line!(), |x| grad(|x| x.square(), x)),
        (line!(), |x| value_and_grad(|x| x.square(), x).1),
        (line!(), |x| hessian(|x| x.square(), x)),
        (line!(), |x| hvp(|x| x.square(), x, x)),
        (line!(), |x| jvp(|x| x.square(), x, x.sum(..)).1),
        (line!(), |x| directional_derivative(|x| x.square(), x, x.sum(..))),
        (line!(), |x| linearize(|x| x.square(), x).1(x.sum(..))),
        (line!(), |x| vjp(|x| x.square(), x).1(x.sum(..))),
        (line!(), |x| jacobian(|x| x.gt(0.0), x)),
        (line!(), |x| vmap(|x| x, x.sum(..))),
        (line!(), |x| scan(|c, x| (c * x, ()), x, x.sum(..)).0),
    ];
    for (line, f) in uses {
        let tape = Tape::new();
        let text = f(tape.var([1.0, 2.0])).value().unwrap_err().to_string();
        assert!(text.contains(&format!("transform.rs:{line}:")), "{text}");
    }
}

#[test]
fn what_leaks_out_of_a_function_of_one_element_has_no_value() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0]);
    let mut leaked = x;
    let line = line!() + 1;
    let y = vmap(
        |x| {
            leaked = x * 2.0;
            x + 1.0
        },
        x,
    );
    assert_eq!(values(y), [2.0, 3.0]);
    let text = leaked.value().unwrap_err().to_string();
    assert!(
        text.contains("let the function return it") && text.contains(&format!("transform.rs:{line}:")),
        "{text}"
    );
    assert!(tape.compile(&[leaked + 1.0]).is_err());
    let inside = scan(|c, x| (c + x.value().map_or(0.0, |_| 1.0), ()), tape.var(0.0), x).0;
    assert_eq!(inside.item().unwrap(), 0.0);
}
