//! Recurrent layers: what holds whatever the numbers are. (Those are compared with PyTorch's in `torch/recurrent.rs`.)

use chainrule_nn::{Gru, GruCell, Layer, Lstm, LstmCell, RecurrentConfig, Rnn, RnnCell};
use chainrule_tape::{DType, Function, Params, Tape, Tensor, Var, vmap};

/// Numbers from -1 to 1.
fn numbers(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::from_vec((0..count).map(|i| (i as f64 * 1.7 + 0.3).sin()).collect::<Vec<f64>>(), shape).unwrap()
}

fn in_f64() -> Params {
    Params::seeded(5).with_dtype(DType::F64)
}

/// The values of both, and their gradients by `sources`, are the same.
fn assert_same<'t>(found: &[Var<'t>], expected: &[Var<'t>], sources: &[Var<'t>]) {
    let tape = found[0].tape();
    let with_gradients = |outputs: &[Var<'t>]| {
        let sum = |y: &Var<'t>| (*y * tape.var(numbers(&y.shape()))).sum(..);
        let total = outputs.iter().map(sum).fold(tape.full((), 0.0, DType::F64), |sum, y| sum + y);
        [outputs, &tape.grads(total, sources)].concat()
    };
    let found = tape.values(&with_gradients(found)).unwrap();
    let expected = tape.values(&with_gradients(expected)).unwrap();
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found.shape(), expected.shape(), "{i}");
        let (found, expected) = (found.to_f64(), expected.to_f64());
        let close = |(a, b): (&f64, &f64)| (a - b).abs() <= 1e-12 * (1.0 + b.abs());
        assert!(found.iter().zip(&expected).all(close), "{i}: {found:?} is not {expected:?}");
    }
}

fn all_params<'t>(params: &Params, tape: &'t Tape) -> Vec<Var<'t>> {
    params.ids().map(|id| tape.param(id)).collect()
}

/// The layer that this project had first, by hand: one direction, from no state.
fn lstm_by_hand<'t>(tape: &'t Tape, x: Var<'t>, hidden: usize) -> Var<'t> {
    let weight = tape.named_param("weight_hh_l0").t();
    let inputs = x.matmul(tape.named_param("weight_ih_l0").t())
        + (tape.named_param("bias_ih_l0") + tape.named_param("bias_hh_l0"));
    let mut last: Option<(Var, Var)> = None;
    let mut outputs = Vec::new();
    for t in 0..x.shape()[1] {
        let mut z = inputs.slice(1, t..t + 1).squeeze(1);
        if let Some((h, _)) = last {
            z = z + h.matmul(weight);
        }
        let gate = |i: usize| z.slice(-1, i * hidden..(i + 1) * hidden);
        let (i, f, g, o) = (gate(0).sigmoid(), gate(1).sigmoid(), gate(2).tanh(), gate(3).sigmoid());
        let c = last.map_or_else(|| i * g, |(_, c)| f * c + i * g);
        let h = o * c.tanh();
        outputs.push(h);
        last = Some((h.flush_gradient(), c.flush_gradient()));
    }
    tape.stack(&outputs, 1)
}

#[test]
fn a_short_sequence_is_recorded_as_it_would_be_by_hand() {
    let mut params = Params::seeded(5);
    let lstm = Lstm::new(&mut params.root(), 3, 4);
    let x = numbers(&[2, 64, 3]).cast(DType::F32);
    let mut tape = Tape::with(&params);
    let expected = lstm_by_hand(&tape, tape.var(&x), 4).value().unwrap();
    let nodes = tape.len();
    tape.clear_with(&params);
    assert_eq!(lstm.forward(tape.var(&x)).value().unwrap(), expected);
    // The same recording has the same plan.
    assert_eq!((tape.plans(), tape.len()), (1, nodes));
    tape.clear_with(&params);
    lstm.scanned().forward(tape.var(&x)).value().unwrap();
    assert_eq!(tape.plans(), 2);
}

#[test]
fn a_long_sequence_is_recorded_once() {
    let mut params = Params::seeded(5);
    let gru = Gru::new(&mut params.root(), 3, 4);
    let nodes = |gru: &Gru, steps: usize| {
        let tape = Tape::with(&params);
        gru.forward(tape.input([2, steps, 3], DType::F32));
        tape.check().unwrap();
        tape.len()
    };
    assert!(nodes(&gru, 256) > 256 * 10);
    assert_eq!(nodes(&gru, 257), nodes(&gru, 100_000));
    assert!(nodes(&gru, 257) < 100);
    assert!(nodes(&gru.clone().step_by_step(), 257) > nodes(&gru, 256));
    assert_eq!(nodes(&gru.clone().scanned(), 5), nodes(&gru, 257));
}

/// Values and gradients of the two forms of a layer, with all it can be given.
macro_rules! both_forms {
    ($kind:ident, $settings:expr, $state:expr) => {{
        let mut params = in_f64();
        let layer = $kind::with(&mut params.root(), 2, 3, $settings);
        let tape = Tape::with(&params);
        let (x, lengths) = (tape.var(numbers(&[3, 5, 2])), tape.var([5i64, 0, 3]));
        let (h, c) = (tape.var(numbers(&[4, 3, 3])), tape.var(numbers(&[4, 3, 3])) * 0.5);
        let sources = [&[x, h, c][..], &all_params(&params, &tape)].concat();
        let outputs = |layer: &$kind| {
            let (y, state) = layer.forward_with(x, None);
            let (started, _) = layer.forward_with(x, $state(h, c));
            let (packed, packed_state) = layer.forward_packed(x, lengths, $state(h, c));
            [vec![y, started, packed], chainrule_tape::Vars::leaves(&(state, packed_state))].concat()
        };
        let steps = outputs(&layer.clone().step_by_step());
        assert_same(&outputs(&layer.clone().scanned()), &steps, &sources);
        // By time first, all is the same, transposed.
        let turned = layer.clone().time_first();
        for turned in [turned.clone().step_by_step(), turned.scanned()] {
            let x = x.transpose(0, 1);
            let (packed, state) = turned.forward_packed(x, lengths, $state(h, c));
            let found = [vec![packed.transpose(0, 1)], chainrule_tape::Vars::leaves(&state)].concat();
            let (packed, state) = layer.forward_packed(x.transpose(0, 1), lengths, $state(h, c));
            assert_same(&found, &[vec![packed], chainrule_tape::Vars::leaves(&state)].concat(), &sources);
        }
    }};
}

#[test]
fn both_forms_have_the_same_values_and_gradients() {
    let deep = RecurrentConfig::new().layers(2).bidirectional();
    for settings in [deep, deep.without_bias()] {
        both_forms!(Rnn, settings, |h, _| h);
        both_forms!(Gru, settings, |h, _| h);
        both_forms!(Lstm, settings, |h, c| (h, c));
    }
}

#[test]
fn both_forms_have_derivatives_of_both_modes_and_batches() {
    let mut params = in_f64();
    let lstm = Lstm::with(&mut params.root(), 2, 2, RecurrentConfig::new().bidirectional().projection(1));
    for lstm in [lstm.clone().step_by_step(), lstm.scanned()] {
        let tape = Tape::with(&params);
        let (x, v) = (tape.var(numbers(&[2, 3, 2])), tape.var(numbers(&[2, 3, 2])) * 0.7);
        let y = lstm.forward_packed(x, [3, 2], None).0;
        let g = tape.var(numbers(&y.shape()));
        let forward = (tape.jvp(y, &[x], &[v]) * g).sum(..);
        let reverse = (tape.vjp(y, g, &[x])[0] * v).sum(..);
        let (a, b) = (forward.item().unwrap(), reverse.item().unwrap());
        assert!((a - b).abs() < 1e-12 && a != 0.0, "{a} is not {b}");
        let many = tape.stack(&[x, v], 0);
        let batched = vmap(|x| lstm.forward_packed(x, [3, 2], None).0, many);
        let other = lstm.forward_packed(v, [3, 2], None).0;
        assert_same(&[batched], &[tape.stack(&[y, other], 0)], &[x, v]);
    }
}

#[test]
fn padding_does_not_matter() {
    let mut params = in_f64();
    let gru = Gru::with(&mut params.root(), 2, 3, RecurrentConfig::new().layers(2).bidirectional());
    for gru in [gru.clone().step_by_step(), gru.scanned()] {
        let tape = Tape::with(&params);
        let x = numbers(&[2, 4, 2]);
        let mut spoilt = x.to_f64();
        spoilt[4..8].fill(f64::NAN);
        let (x, spoilt) = (tape.var(x), tape.var(Tensor::from_vec(spoilt, [2, 4, 2]).unwrap()));
        let weights = all_params(&params, &tape);
        let outputs = |x| {
            let (y, h) = gru.forward_packed(x, [2, 4], None);
            vec![y, h]
        };
        assert_same(&outputs(spoilt), &outputs(x), &weights);
        let total = outputs(spoilt).into_iter().map(|y| y.square().sum(..)).fold(tape.var(0.0), |a, b| a + b);
        let g = tape.grad(total, spoilt).value().unwrap().to_f64();
        assert!(g[4..8].iter().all(|&g| g == 0.0) && g[..4].iter().all(|&g| g != 0.0), "{g:?}");

        // Each sequence is what it is alone.
        let (alone, end) = gru.forward_with(x.slice(0, ..1).slice(1, ..2), None);
        let [y, h] = outputs(spoilt)[..] else { unreachable!() };
        assert_same(&[y.slice(0, ..1).slice(1, ..2), h.slice(1, ..1)], &[alone, end], &weights);
    }
}

#[test]
fn a_sequence_of_no_length_ends_where_it_began() {
    let mut params = in_f64();
    let lstm = Lstm::new(&mut params.root(), 2, 3);
    let tape = Tape::with(&params);
    let state = (tape.var(numbers(&[1, 2, 3])), tape.var(numbers(&[1, 2, 3])) * 2.0);
    let lengths = vec![0, 1];
    let (y, (h, c)) = lstm.forward_packed(tape.var(numbers(&[2, 4, 2])), &lengths, state);
    let first = |x: Var<'_>| x.slice(1, ..1).value().unwrap();
    assert_eq!((first(h), first(c)), (first(state.0), first(state.1)));
    assert_eq!(y.slice(0, ..1).value().unwrap().to_f64(), [0.0; 12]);
}

#[test]
fn a_batch_of_nothing_has_no_outputs() {
    let mut params = in_f64();
    let gru = Gru::with(&mut params.root(), 2, 3, RecurrentConfig::new().layers(2).bidirectional());
    for gru in [gru.clone().step_by_step(), gru.scanned()] {
        let tape = Tape::with(&params);
        let x = tape.var(numbers(&[0, 4, 2]));
        let (y, h) = gru.forward_packed(x, Vec::new(), None);
        let weight = tape.named_param("weight_hh_l1_reverse");
        let values = tape.values(&[y, h, tape.grad(y.sum(..), weight)]).unwrap();
        assert_eq!((values[0].shape().dims(), values[1].shape().dims()), (&[0, 4, 6][..], &[4, 0, 3][..]));
        assert_eq!(values[2].to_f64(), [0.0; 27]);
    }
}

#[test]
fn the_last_output_is_that_of_each_directions_last_step() {
    let mut params = in_f64();
    let lstm = Lstm::with(&mut params.root(), 2, 3, RecurrentConfig::new().layers(2).bidirectional());
    let last = lstm.clone().last_output();
    let tape = Tape::with(&params);
    let x = tape.var(numbers(&[2, 4, 2]));
    let y = lstm.forward(x);
    let forward = y.slice(1, 3..).squeeze(1).slice(1, ..3);
    let reverse = y.slice(1, ..1).squeeze(1).slice(1, 3..);
    assert_same(&[last.forward(x)], &[tape.concat(&[forward, reverse], 1)], &[x]);
    let (y, (h, _)) = last.forward_packed(x, [2, 4], None);
    let ends = [h.slice(0, 2..3).squeeze(0), h.slice(0, 3..).squeeze(0)];
    assert_same(&[y], &[tape.concat(&ends, 1)], &[x]);
}

#[test]
fn cells_make_a_layer() {
    let mut params = in_f64();
    let layer = Gru::new(&mut params.root(), 2, 3);
    let cell = GruCell::new(&mut params.root(), 2, 3);
    for name in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"] {
        let value = params.get(&format!("{name}_l0")).unwrap().clone();
        params.set(name, value).unwrap();
    }
    let tape = Tape::with(&params);
    let x = tape.var(numbers(&[2, 4, 2]));
    let mut h = cell.forward(x.slice(1, ..1).squeeze(1));
    for t in 1..4 {
        h = cell.forward_with(x.slice(1, t..t + 1).squeeze(1), h);
    }
    assert_same(&[h], &[layer.last_output().forward(x)], &[x]);
}

/// In training, a parameter without a path to the loss is an error. The first step from zeros has one for the weights of the
/// state, which has the derivative 0.
#[test]
fn one_step_reaches_all_parameters() {
    let mut params = in_f64();
    let mut at = params.root();
    let both = RecurrentConfig::new().bidirectional();
    let (rnn, lstm) = (Rnn::new(&mut at.sub("rnn"), 2, 3), Lstm::new(&mut at.sub("lstm"), 2, 3));
    let (gru, two) = (Gru::new(&mut at.sub("gru"), 2, 3), Lstm::with(&mut at.sub("two"), 2, 3, both));
    let cells: [Box<dyn Layer>; 3] = [
        Box::new(RnnCell::new(&mut at.sub("rnn_cell"), 2, 3)),
        Box::new(LstmCell::new(&mut at.sub("lstm_cell"), 2, 3)),
        Box::new(GruCell::new(&mut at.sub("gru_cell"), 2, 3)),
    ];
    let tape = Tape::with(&params);
    let (x, long) = (tape.var(numbers(&[2, 1, 2])), tape.var(numbers(&[2, 4, 2])));
    let mut total = rnn.forward(x).sum(..) + lstm.forward(x).sum(..) + gru.forward(x).sum(..);
    // The last output: the reverse direction's first step.
    total = total + two.forward(long).slice(1, 3..).sum(..);
    for cell in &cells {
        total = total + cell.forward(x.squeeze(1)).sum(..);
    }
    let grads = tape.param_grads(total).unwrap();
    assert_eq!(grads.len(), params.iter().count());
    let id = params.id("lstm.weight_hh_l0").unwrap();
    let (_, grad) = grads.into_iter().find(|(own, _)| *own == id).unwrap();
    assert_eq!(grad.value().unwrap().to_f64(), [0.0; 36]);
}

#[test]
fn dropout_is_between_layers_and_in_training_only() {
    let mut params = in_f64();
    let plain = Gru::with(&mut params.root(), 2, 64, RecurrentConfig::new().layers(2));
    let gru = plain.clone().dropout(0.5);
    let run = |gru: &Gru, tape: &Tape| {
        let (y, h) = gru.forward_with(tape.var(numbers(&[1, 3, 2])), None);
        tape.values(&[y, h]).unwrap()
    };
    let (tape, in_use) = (Tape::with(&params), Tape::with(&params).inference());
    let (expected, found) = (run(&plain, &tape), run(&gru, &tape));
    assert_ne!(found[0], expected[0]);
    // The first layer's state is as it was, and no output is 0.
    assert_eq!(found[1].to_f64()[..64], expected[1].to_f64()[..64]);
    assert!(found[0].to_f64().iter().all(|&y| y != 0.0));
    assert_eq!(run(&gru, &in_use), expected);
    // One layer drops nothing.
    let mut params = in_f64();
    let one = Gru::new(&mut params.root(), 2, 64);
    let tape = Tape::with(&params);
    assert_eq!(run(&one.clone().dropout(0.5), &tape), run(&one, &tape));
}

#[test]
fn lengths_are_an_input() {
    let mut params = in_f64();
    let gru = Gru::new(&mut params.root().sub("gru"), 2, 3);
    let mut last = Function::new(|[x, lengths]| gru.forward_packed(x, lengths, None).1);
    let x = numbers(&[2, 4, 2]);
    for lengths in [[4, 1], [2, 3]] {
        let found = last.run(&params, [&x, &Tensor::from(lengths)]).unwrap();
        let tape = Tape::with(&params);
        let known = lengths.map(|length| length as usize);
        let (_, expected) = gru.forward_packed(tape.var(&x), known, None);
        assert_eq!(found, expected.value().unwrap());
    }
    assert_eq!(last.plans(), 1);
    for wrong in [5, -1] {
        let message = last.run(&params, [&x, &Tensor::from([4i64, wrong])]).unwrap_err().to_string();
        for part in [&format!("index {wrong} at position 1"), file!()] {
            assert!(message.contains(part), "`{part}` is not in:\n{message}");
        }
    }
}

#[test]
fn numbers_stay_finite_far_out() {
    let mut params = Params::seeded(5);
    let lstm = Lstm::new(&mut params.root().sub("lstm"), 2, 3);
    let gru = Gru::new(&mut params.root().sub("gru"), 2, 3);
    let tape = Tape::with(&params);
    let x = tape.var(numbers(&[2, 4, 2]).cast(DType::F32)) * 1e4;
    for y in [lstm.forward(x), gru.forward(x)] {
        let g = tape.grad(y.sum(..), x);
        let values = tape.values(&[y, g]).unwrap();
        assert!(values.iter().all(|values| values.to_f64().iter().all(|v| v.is_finite())));
    }
    let bad = tape.var(Tensor::full([1, 2, 2], f64::NAN).cast(DType::F32));
    assert!(lstm.forward(bad).value().unwrap().to_f64().iter().all(|y| y.is_nan()));
}

#[test]
fn mistakes_name_the_layer_and_the_thing() {
    let mut params = Params::seeded(0);
    let deep = RecurrentConfig::new().layers(2);
    let lstm = Lstm::with(&mut params.root().sub("words"), 3, 4, deep.projection(2));
    let gru = Gru::new(&mut params.root().sub("gru"), 3, 4);
    let rnn = Rnn::with(&mut params.root().sub("rnn"), 3, 4, deep).dropout(1.5).time_first();
    let cell = LstmCell::new(&mut params.root().sub("cell"), 3, 4);
    // Each on a tape of its own, with a sequence, something of another shape and something of another dtype.
    macro_rules! mistake {
        ($shape:expr, $dtype:ident, |$x:ident, $other:ident| $record:expr, $($part:literal),* $(,)?) => {{
            let tape = Tape::with(&params);
            let ($x, $other) = (tape.input([2, 5, 3], DType::F32), tape.input($shape, DType::$dtype));
            let _ = ($x, $other);
            let y: Var = $record;
            assert!(y.is_poisoned());
            let message = tape.check().unwrap_err().to_string();
            for part in [$($part,)* concat!("--> ", file!())] {
                assert!(message.contains(part), "`{part}` is not in:\n{message}");
            }
        }};
    }
    mistake!([2, 5, 4], F32, |x, y| gru.forward(y), "Gru: layer `gru`", "takes rows of 3 elements, not 4");
    mistake!(
        [2, 5, 3],
        F64,
        |x, y| gru.forward(y),
        "Gru: layer `gru`",
        "f32 parameters, but its input is f64"
    );
    mistake!(
        [5, 3],
        F32,
        |x, y| lstm.forward(y),
        "Lstm: layer `words`",
        "sequences [batch, time, 3], not [5, 3]"
    );
    mistake!(
        [2, 0, 3],
        F32,
        |x, y| lstm.forward(y),
        "layer `words`",
        "sequences [batch, time, 3], not [2, 0, 3]"
    );
    mistake!([0, 5, 3], F32, |x, y| rnn.forward(y), "Rnn: layer `rnn`", "[time, batch, 3], not [0, 5, 3]");
    mistake!(
        [2],
        F32,
        |x, y| rnn.forward(x),
        "Rnn: layer `rnn`",
        "a dropout of 1.5, which is no probability"
    );
    mistake!(
        [2, 2, 4],
        F32,
        |x, y| lstm.forward_with(x, (y, y)).1.1,
        "Lstm: layer `words`",
        "takes states [2, 2, 2], not [2, 2, 4]"
    );
    mistake!([1, 2, 4], F64, |x, y| gru.forward_with(x, y).0, "Gru: layer `gru`", "f64");
    mistake!(
        [2],
        F32,
        |x, y| gru.forward_packed(x, [5, 6], None).0,
        "Gru: layer `gru`",
        "the number of steps, which is 5, not 6"
    );
    mistake!(
        [3],
        I64,
        |x, y| gru.forward_packed(x, y, None).1,
        "Gru: layer `gru`",
        "a length for each of 2 sequences, not lengths [3]"
    );
    mistake!(
        [2],
        F64,
        |x, y| gru.forward_packed(x, y, None).1,
        "Gru: layer `gru`",
        "lengths of dtype i64, not f64"
    );
    mistake!(
        [2, 4],
        F32,
        |x, y| cell.forward(y),
        "LstmCell: layer `cell`",
        "takes rows of 3 elements, not 4"
    );
    mistake!(
        [2],
        F32,
        |x, y| cell.forward(x),
        "LstmCell: layer `cell`",
        "takes rows [batch, 3], not [2, 5, 3]"
    );
    mistake!(
        [2, 3],
        F32,
        |x, y| cell.forward_with(y, (y, y)).0,
        "LstmCell: layer `cell`",
        "takes states [2, 4], not [2, 3]"
    );
}

#[test]
fn settings_that_make_no_layer_are_reported_with_the_params() {
    let reported = |make: &dyn Fn(&mut Params), what: &str| {
        let mut params = Params::seeded(0);
        make(&mut params);
        let message = params.check().unwrap_err().to_string();
        assert!(message.contains(what), "`{what}` is not in:\n{message}");
    };
    let one = RecurrentConfig::new();
    reported(
        &|params| {
            Lstm::new(&mut params.root().sub("lstm"), 0, 3);
        },
        "lstm: a Lstm layer from 0 to 3 elements",
    );
    reported(
        &|params| {
            Gru::with(&mut params.root(), 2, 3, one.layers(0));
        },
        "a Gru of 0 layers",
    );
    reported(
        &|params| {
            Gru::with(&mut params.root(), 2, 3, one.projection(2));
        },
        "a Gru has no projection",
    );
    for size in [0, 3] {
        reported(
            &|params| {
                Lstm::with(&mut params.root(), 2, 3, one.projection(size));
            },
            &format!("is to fewer, and some, not {size}"),
        );
    }
    reported(
        &|params| {
            RnnCell::new(&mut params.root(), 2, 0);
        },
        "a RnnCell layer from 2 to 0",
    );
}

#[test]
fn all_parameters_begin_within_one_by_the_root_of_the_width() {
    let mut params = in_f64();
    Lstm::with(&mut params.root(), 100, 16, RecurrentConfig::new().layers(2).projection(4));
    for (name, _, tensor) in params.iter() {
        let most = tensor.to_f64().into_iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        assert!((0.2..=0.25).contains(&most), "{name}: {most}");
    }
}
