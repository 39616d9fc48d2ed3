//! What a user sees after a mistake: the op, the operands, and the line that made it.

use chainrule_tape::{Conv, ConvTranspose, DType, Error, Params, Pool, Tape, Tensor, Var};

/// The message of a mistake made by `record`, checked to name this file and the line of the call.
fn mistake(line: u32, record: impl for<'t> FnOnce(&'t Tape) -> Var<'t>) -> String {
    let tape = Tape::new();
    let y = record(&tape);
    // What follows a mistake does not hide it.
    let later = (y * 2.0).sum(..).exp();
    let message = later.item().unwrap_err().to_string();
    assert_eq!(tape.grad(later, y).value().unwrap_err().to_string(), message);
    let place = format!("tests/mistakes.rs:{line}:");
    assert!(message.contains(&place), "{message} should name {place}");
    message
}

#[test]
fn a_mistake_names_the_op_the_shapes_and_the_line() {
    let message = mistake(line!(), |t| t.var([1.0, 2.0]) + t.var([1.0, 2.0, 3.0]));
    assert!(message.starts_with("add: ") && message.contains("[2] f64, [3] f64"), "{message}");
    let message = mistake(line!(), |t| t.var([[1.0, 2.0]]).matmul(t.var([[1.0], [2.0], [3.0]])));
    assert!(message.starts_with("matmul: ") && message.contains("[1, 2] f64, [3, 1] f64"), "{message}");
    let message = mistake(line!(), |t| t.var([1.0, 2.0]) * t.var([1.0f32, 2.0]));
    assert!(message.contains("f64 and f32"), "{message}");
    let message = mistake(line!(), |t| t.var([1.0, 2.0]).sum(1));
    assert!(message.contains("axis 1"), "{message}");
    let message = mistake(line!(), |t| t.var([1.0, 2.0]).reshape([3]));
    assert!(message.contains("[3]"), "{message}");
    mistake(line!(), |t| t.var([1.0, 2.0]).slice(0, 1..5));
    mistake(line!(), |t| t.var([1.0, 2.0]).permute(&[0, 0]));
    mistake(line!(), |t| t.var([1.0, 2.0]).transpose(0, 1));
    mistake(line!(), |t| t.var([1.0, 2.0]).index_select(0, t.var([0.5])));
    mistake(line!(), |t| t.var([1.0, 2.0]).expand([3, 3]));
    mistake(line!(), |t| t.var([1i64, 2]) + 0.5);
    mistake(line!(), |t| t.concat(&[t.var([1.0]), t.var([[1.0]])], 0));
    mistake(line!(), |t| t.grad(t.var([1.0, 2.0]), t.var([1.0])));
    mistake(line!(), |t| t.var([[1.0, 2.0]]).softmax(2));
    mistake(line!(), |t| t.var([true]).select(1.0, t.var([1.0, 2.0]).select(1.0, 2.0)));
}

#[test]
fn operands_of_two_tapes_are_a_mistake() {
    let (one, other) = (Tape::new(), Tape::new());
    let y = one.var(1.0) + other.var(2.0);
    assert!(y.item().unwrap_err().to_string().contains("different tapes"));
}

#[test]
fn an_index_out_of_range_is_an_error_of_the_run() {
    let tape = Tape::new();
    let table = tape.var([[1.0], [2.0]]);
    let rows = table.index_select(0, tape.var([0i64, 5]));
    let line = line!() - 1;
    let error = rows.value().unwrap_err();
    assert!(matches!(&error, Error::Data { op, .. } if op == "index_select"), "{error:?}");
    let message = error.to_string();
    assert!(message.contains('5') && message.contains(&format!("mistakes.rs:{line}:")), "{message}");
    assert!(tape.var([3i64]).one_hot(3).value().unwrap_err().to_string().contains('3'));
    assert!(tape.var([-1i64]).one_hot(3).value().unwrap_err().to_string().contains("-1"));
}

#[test]
fn a_parameter_left_out_is_named_with_what_cut_it() {
    let mut params = Params::seeded(1);
    let used = params.root().param("used", Tensor::from([1.0, 2.0]));
    let rounded = params.root().param("rounded", Tensor::from([1.0, 2.0]));
    params.root().param("unused", Tensor::from([1.0]));
    let tape = Tape::with(&params);
    let loss = (tape.param(used) * tape.param(rounded).floor()).sum(..);
    let line = line!() - 1;
    let message = tape.param_grads(loss).unwrap_err().to_string();
    for part in ["rounded", "floor", &format!("mistakes.rs:{line}:"), "unused: the loss does not use it"] {
        assert!(message.contains(part), "{message} should contain {part}");
    }
    assert!(!message.contains("  used"), "{message}");

    // A comparison cuts too, and is named rather than the op that consumes it.
    let mask = tape.param(rounded).gt(0.5).cast(DType::F64);
    let message = tape.param_grads((tape.param(used) * mask).sum(..)).unwrap_err().to_string();
    assert!(message.contains("rounded: its path to the loss is cut by lt"), "{message}");

    // A detached value inside softmax's stable form is not what cuts the path here, and a value that is detached before it
    // meets another cut is detached on purpose.
    let loss = (tape.param(rounded).floor() * tape.param(used)).softmax(0).ln().sum(..);
    assert!(
        tape.param_grads(loss)
            .unwrap_err()
            .to_string()
            .contains("rounded: its path to the loss is cut by floor")
    );
    let detached = (tape.param(rounded).detach().floor() * tape.param(used)).sum(..);
    assert!(!tape.param_grads(detached).unwrap_err().to_string().contains("rounded"));

    // Detached and frozen parameters are left out on purpose.
    params.freeze("unused");
    let tape = Tape::with(&params);
    let loss = (tape.param(used) * tape.param(rounded).detach()).sum(..);
    let grads = tape.param_grads(loss).unwrap();
    let ids: Vec<_> = grads.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [used, rounded]);
    assert_eq!(grads[1].1.value().unwrap().to_f64(), [0.0, 0.0]);
}

#[test]
fn programs_check_their_inputs_and_params() {
    let mut params = Params::seeded(1);
    let w = params.root().param("w", Tensor::from([1.0, 2.0]));
    let tape = Tape::with(&params);
    let x = tape.input(2, DType::F64);
    let mut program = tape.compile(&[(x * tape.param(w)).sum(..)]).unwrap();
    drop(tape);
    let x = Tensor::from([3.0, 4.0]);
    assert_eq!(program.run(&mut params, &[&x]).unwrap().item(0).unwrap(), 11.0);
    let wrong = program.run(&mut params, &[&Tensor::from([3.0f32, 4.0])]).unwrap_err().to_string();
    assert!(wrong.contains("input 0 is [2] f32, not [2] f64"), "{wrong}");
    assert!(program.run(&mut params, &[]).unwrap_err().to_string().contains("takes 1 inputs"));
    let mut others = Params::seeded(1);
    others.root().param("w", Tensor::from([1.0]));
    assert!(program.run(&mut others, &[&x]).unwrap_err().to_string().contains("not the model's"));
    assert!(Tape::new().param(w).value().unwrap_err().to_string().contains("Tape::with(&params)"));
}

#[test]
fn values_of_other_tapes_never_panic() {
    let other = Tape::new();
    let (x, bad) = (other.var([1.0, 2.0]), other.var([1.0]).reshape([3]));
    let y = x.square().sum(..);
    type Use = for<'t> fn(&'t Tape, Var<'t>, Var<'t>) -> Option<String>;
    let uses: [Use; 6] = [
        |t, x, _| (t.var(1.0) + x).value().err().map(|e| e.to_string()),
        |t, x, y| t.grad(y, x).value().err().map(|e| e.to_string()),
        |t, x, y| t.jvp(y, &[x], &[x]).value().err().map(|e| e.to_string()),
        |t, _, y| t.compile(&[y]).err().map(|e| e.to_string()),
        |t, _, y| t.values(&[y]).err().map(|e| e.to_string()),
        |t, x, _| {
            t.count_random_by(x);
            t.check().err().map(|e| e.to_string())
        },
    ];
    for (i, f) in uses.iter().enumerate() {
        for x in [x, bad] {
            let y = if x.is_poisoned() { bad } else { y };
            let message = foreign(*f, x, y);
            assert!(message.is_some_and(|m| m.contains("tape") && m.contains("mistakes.rs")), "use {i}");
        }
    }

    fn foreign<'a>(f: Use, x: Var<'a>, y: Var<'a>) -> Option<String> {
        // As a program that mixes up its tapes would: both live as long as the shorter one.
        let own = Tape::new();
        fn same<'t>(f: Use, own: &'t Tape, x: Var<'t>, y: Var<'t>) -> Option<String> {
            f(own, x, y)
        }
        same(f, &own, x, y)
    }
}

#[test]
fn absurd_sizes_are_mistakes() {
    mistake(line!(), |t| t.full([1 << 40, 1 << 40], 1.0, DType::F64).mean(..));
    mistake(line!(), |t| t.var([1.0]).pad(0, usize::MAX, 1));
    mistake(line!(), |t| t.var([1.0]).slice(0, 0..=usize::MAX));
    mistake(line!(), |t| t.var([1.0]).expand([1 << 60, 1 << 60, 1]));
    // What is recorded piece by piece is refused if it is too many pieces.
    mistake(line!(), |t| t.var([[1.0, 2.0]]).fold(0, usize::MAX, usize::MAX));
    mistake(line!(), |t| t.var([1.0]).chunk(1, 1 << 40)[0]);
    mistake(line!(), |t| t.full([2, 0], 1.0, DType::F64).chunk(1, 1 << 40)[0]);
    fn pair(t: &Tape) -> Var<'_> {
        t.full([1, 1, 2], 1.0, DType::F64)
    }
    let far = Conv { stride: [1 << 40], padding: [1 << 40], ..Conv::default() };
    mistake(line!(), |t| pair(t).conv1d(pair(t), far));
    let far = ConvTranspose { stride: [1 << 40], ..ConvTranspose::default() };
    mistake(line!(), |t| pair(t).conv_transpose1d(pair(t).slice(2, ..1), far));
    let wide = Pool { ceil_mode: true, ..Pool::from([1 << 40]) };
    mistake(line!(), |t| pair(t).max_pool1d(wide));
    let tape = Tape::new();
    assert_eq!(tape.var(1.0).powi(i32::MIN).item().unwrap(), 1.0);
    assert!(Tensor::from_vec(Vec::<f32>::new(), [1 << 32, 1 << 32]).is_err());
}

#[test]
fn a_gradient_through_integers_alone_names_what_cuts_it() {
    let cut = |line: u32, f: &dyn for<'t> Fn(Var<'t>) -> Var<'t>, op: &str| {
        let tape = Tape::new();
        let x = tape.var([0.5, -1.0, 2.0]);
        let message = tape.grad(f(x), x).value().unwrap_err().to_string();
        let place = format!("tests/mistakes.rs:{line}:");
        assert!(
            message.starts_with(&format!("{op}: it has no derivative")) && message.contains(&place),
            "{message}"
        );
    };
    cut(line!(), &|x| x.gt(0.0).cast(DType::F64).sum(..), "lt");
    cut(line!(), &|x| x.cast(DType::I64).cast(DType::F64).square().sum(..), "cast");
    cut(line!(), &|x| x.tape().var([[1.0, 2.0]; 3]).index_select(0, x.argmax(0)).sum(..), "eq");
    // Another path, a detached one, a step, or none at all: the derivative is what it is.
    let zero = |f: &dyn for<'t> Fn(Var<'t>) -> Var<'t>| {
        let tape = Tape::new();
        let x = tape.var([0.5, -1.0, 2.0]);
        tape.grad(f(x), x).value().unwrap().to_f64()
    };
    assert_eq!(zero(&|x| (x.gt(0.0).cast(DType::F64) * x).sum(..)), [1.0, 0.0, 1.0]);
    for f in [
        (|x| x.detach().gt(0.0).cast(DType::F64).sum(..)) as for<'t> fn(Var<'t>) -> Var<'t>,
        |x| x.floor().sum(..),
        |x| x.tape().var(1.0),
        // The second derivative of a rectifier, by a mask that its first one uses.
        |x| x.tape().grad(x.relu().sum(..), x).sum(..),
        |x| x.tape().grad(x.max(0), x).sum(..),
    ] {
        assert_eq!(zero(&f), [0.0; 3]);
    }
}
