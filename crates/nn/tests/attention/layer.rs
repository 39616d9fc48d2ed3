//! What attention and positions do, beside what the golden cases compare with PyTorch.

use super::{assert_close, numbers, values};
use chainrule_nn::{
    Attend, AttentionConfig, KeyValue, Layer, LearnedPositions, MultiheadAttention, Rotary,
    SinusoidalPositions, alibi, attention_weights, scaled_dot_product_attention, sinusoidal_positions,
};
use chainrule_tape::{DType, Params, Tape, Var, check};

/// The message of the first mistake, which must hold all `parts`.
#[track_caller]
fn assert_mistake(tape: &Tape, parts: &[&str]) {
    let message = tape.check().expect_err("there is a mistake").to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
}

#[test]
fn a_query_without_keys_gives_zero_and_passes_no_gradient_in_f32_too() {
    let tape = Tape::new();
    let x = |seed| tape.var(numbers(&[3, 2], seed).cast(DType::F32));
    let (q, k, v) = (x(0.0), x(1.0), x(2.0));
    let mask = tape.var([[true, false, true], [false, false, false], [false, true, true]]);
    let infinite = mask.select(tape.full([3, 3], 0.0, DType::F32), f64::NEG_INFINITY);
    for options in [Attend::all().allow(mask), Attend::all().bias(infinite), Attend::causal().allow(mask)] {
        let y = scaled_dot_product_attention(q, k, v, options);
        assert_eq!(values(y)[2..4], [0.0, 0.0]);
        let grads = tape.grads(y.square().sum(..), &[q, k, v]);
        assert_eq!(values(grads[0])[2..4], [0.0, 0.0]);
        for grad in grads {
            assert!(values(grad).iter().all(|x| x.is_finite()));
        }
    }
    let weights = values(attention_weights(q, k, Attend::all().allow(mask)).sum(-1));
    assert!((weights[0] - 1.0).abs() < 1e-6 && weights[1] == 0.0 && (weights[2] - 1.0).abs() < 1e-6);
    // Neither keys nor queries at all.
    let none = x(0.0).slice(0, ..0);
    assert_eq!(values(scaled_dot_product_attention(q, none, none, Attend::all())), [0.0; 6]);
    let y =
        scaled_dot_product_attention(none, k, v, Attend::causal().allow_keys(tape.var([true, false, true])));
    assert_eq!(y.shape().dims(), [0, 2]);
    assert!(values(y).is_empty());
}

#[test]
fn large_scores_stay_finite_in_f32() {
    let tape = Tape::new();
    let x = |seed| tape.var(numbers(&[4, 3], seed).cast(DType::F32)) * 1e4;
    let (q, k, v) = (x(0.0), x(1.0), x(2.0));
    let some = tape.var([true, false, true, true]);
    for options in [Attend::all(), Attend::causal(), Attend::all().allow_keys(some)] {
        let y = scaled_dot_product_attention(q, k, v, options);
        for var in [vec![y], tape.grads(y.sum(..), &[q, k, v])].concat() {
            assert!(values(var).iter().all(|x| x.is_finite()));
        }
    }
}

#[test]
fn nan_goes_in_and_out_but_not_past_a_mask() {
    let tape = Tape::new();
    let q = tape.var([[1.0], [f64::NAN]]);
    let y = values(scaled_dot_product_attention(
        q,
        tape.var([[1.0], [2.0]]),
        tape.var([[1.0], [2.0]]),
        Attend::all(),
    ));
    assert!(y[0].is_finite() && y[1].is_nan());
    let k = tape.var([[1.0], [f64::NAN]]);
    let only_first = Attend::all().allow_keys(tape.var([true, false]));
    let y = values(scaled_dot_product_attention(tape.var([[1.0]]), k, tape.var([[5.0], [2.0]]), only_first));
    assert_eq!(y, [5.0]);
    let bias = Attend::all().bias(tape.var([0.0, f64::NAN]));
    assert!(
        values(scaled_dot_product_attention(tape.var([[1.0]]), tape.var([[1.0], [2.0]]), k, bias))[0]
            .is_nan()
    );
}

#[test]
fn conditions_add_up() {
    let tape = Tape::new();
    let x = tape.var(numbers(&[4, 2], 0.0));
    let (a, b) = (tape.var([true, true, false, true]), tape.var([true, false, true, true]));
    let weights = |options| values(attention_weights(x, x, options));
    assert_eq!(weights(Attend::all().allow(a).allow_keys(b)), weights(Attend::all().allow(a.and(b))));
    assert_eq!(weights(Attend::all().allow_keys(a).ignore_keys(!b)), weights(Attend::all().allow(a.and(b))));
    let bias = tape.var([0.5, 1.0, -2.0, 0.0]);
    let twice = weights(Attend::all().bias(bias).bias(bias));
    let sum = weights(Attend::all().bias(bias * 2.0));
    assert!(twice.iter().zip(&sum).all(|(a, b)| (a - b).abs() < 1e-15));
    // Queries at the end of a sequence.
    let last = attention_weights(x.slice(0, 2..), x, Attend::causal().after(2));
    assert_close(last, attention_weights(x, x, Attend::causal()).slice(0, 2..), 1e-15);
    let last = attention_weights(x.slice(0, 3..), x, Attend::causal().after(usize::MAX));
    assert_close(last, attention_weights(x.slice(0, 3..), x, Attend::all()), 0.0);
}

#[test]
fn dropout_is_for_training_only() {
    let (x, all) = (numbers(&[1, 40, 2], 0.0), Attend::all().dropout(0.5));
    let tape = Tape::new().inference();
    let v = tape.var(&x);
    assert_eq!(values(attention_weights(v, v, all)), values(attention_weights(v, v, Attend::all())));

    let tape = Tape::new();
    let v = tape.var(&x);
    let (some, whole) =
        (values(attention_weights(v, v, all)), values(attention_weights(v, v, Attend::all())));
    let kept = some.iter().filter(|&&weight| weight != 0.0).count();
    assert!((650..950).contains(&kept), "{kept} of 1600");
    assert!(some.iter().zip(&whole).all(|(a, b)| *a == 0.0 || (a - 2.0 * b).abs() < 1e-15));
    let y = scaled_dot_product_attention(v, v, v, Attend::all().dropout(1.0));
    assert!(values(y).iter().all(|&y| y == 0.0));

    // A layer's own, and that of a call.
    let mut params = Params::seeded(1).with_dtype(DType::F64);
    let plain = MultiheadAttention::new(&mut params.root(), 2, 1);
    let dropping = plain.clone().dropout(1.0);
    let tape = Tape::with(&params);
    let v = tape.var(&x);
    assert!(values(dropping.forward(v)).iter().all(|&y| y == 0.0));
    assert!(values(plain.forward_self(v, Attend::all().dropout(1.0))).iter().all(|&y| y == 0.0));
    let tape = Tape::with(&params).inference();
    let v = tape.var(&x);
    assert_eq!(values(dropping.forward(v)), values(plain.forward(v)));
}

#[test]
fn derivatives_in_all_modes_and_batches() {
    let inputs = [numbers(&[4, 3, 2], 0.0), numbers(&[2, 5, 2], 1.0), numbers(&[2, 5, 3], 2.0)];
    fn f<'t>(x: &[Var<'t>]) -> Var<'t> {
        // Nothing for the query 1 of the heads 2 and 3.
        let mask = x[0].tape().iota(60, DType::I64).reshape([4, 3, 5]).lt(35.0);
        let options = Attend::causal()
            .after(1)
            .allow(mask)
            .allow_keys(x[0].tape().var([true, true, false, true, true]));
        scaled_dot_product_attention(x[0], x[1], x[2], options).square().sum(..)
    }
    check::gradients(f, &inputs).unwrap();
    check::batching(f, &inputs).unwrap();
    fn turned<'t>(x: &[Var<'t>]) -> Var<'t> {
        Rotary::new(2).interleaved().forward_from(x[0], 3).powi(3).sum(..)
    }
    check::gradients(turned, &inputs[2..]).unwrap();
    check::batching(turned, &inputs[2..]).unwrap();
}

#[test]
fn the_same_rows_in_all_places_are_self_attention() {
    let mut params = Params::seeded(3).with_dtype(DType::F64);
    let config = AttentionConfig::new(8, 4).kv_heads(2);
    let layer = MultiheadAttention::with(&mut params.root(), config).causal().rotary(Rotary::new(2));
    let tape = Tape::with(&params);
    let x = tape.var(numbers(&[2, 3, 8], 0.0));
    assert_close(layer.forward_with(x, x, x, Attend::all()), layer.forward(x), 1e-14);
    assert_eq!((layer.width(), layer.heads(), layer.kv_heads()), (8, 4, 2));
    // More leading axes, and none.
    let more = layer.forward(tape.stack(&[x, x * 2.0], 0));
    assert_close(more.at(0, 0), layer.forward(x), 1e-14);
    assert_close(layer.forward(x.at(0, 1)), layer.forward(x).at(0, 1), 1e-14);
}

#[test]
fn parts_with_kept_keys_and_values_give_what_the_whole_does() {
    let mut params = Params::seeded(4).with_dtype(DType::F64);
    let mut at = params.root();
    let plain = MultiheadAttention::new(&mut at.sub("plain"), 8, 2).causal();
    let grouped = AttentionConfig::new(8, 4).kv_heads(1).without_bias();
    let layers = [
        plain.clone(),
        plain.rotary(Rotary::new(4)),
        MultiheadAttention::with(&mut at.sub("grouped"), grouped)
            .causal()
            .rotary(Rotary::new(2).interleaved()),
    ];
    for layer in layers {
        let tape = Tape::with(&params).inference();
        let x = tape.var(numbers(&[2, 6, 8], 0.0));
        let mut past: Option<KeyValue> = None;
        let mut parts = Vec::new();
        for range in [0..2, 2..3, 3..6] {
            let (y, now) = layer.forward_cached(x.slice(1, range.clone()), past);
            assert_eq!(now.len(), range.end);
            assert!(!now.is_empty());
            parts.push(y);
            past = Some(now);
        }
        assert_close(tape.concat(&parts, 1), layer.forward(x), 1e-14);
    }
}

#[test]
fn parameters_begin_as_pytorchs() {
    let mut params = Params::seeded(5);
    let mut at = params.root();
    MultiheadAttention::new(&mut at.sub("joint"), 32, 4);
    MultiheadAttention::with(&mut at.sub("apart"), AttentionConfig::new(32, 4).key_width(8).value_width(64));
    let largest = |name: &str| {
        let values = params.get(name).unwrap_or_else(|| panic!("{name}")).to_f64();
        values.iter().fold(0.0f64, |largest, x| largest.max(x.abs()))
    };
    for (name, bound) in [
        ("joint.in_proj_weight", (6.0 / (32.0 + 96.0f64)).sqrt()),
        ("joint.out_proj.weight", 1.0 / 32f64.sqrt()),
        ("apart.q_proj_weight", (6.0 / 64f64).sqrt()),
        ("apart.k_proj_weight", (6.0 / 40f64).sqrt()),
        ("apart.v_proj_weight", (6.0 / 96f64).sqrt()),
        ("apart.out_proj.weight", 1.0 / 32f64.sqrt()),
    ] {
        let largest = largest(name);
        assert!(largest <= bound && largest > 0.95 * bound, "{name}: {largest} of {bound}");
    }
    for name in ["joint.in_proj_bias", "joint.out_proj.bias", "apart.in_proj_bias", "apart.out_proj.bias"] {
        assert_eq!(largest(name), 0.0, "{name}");
    }
    let names: Vec<&str> =
        params.iter().map(|(name, ..)| name).filter(|name| name.starts_with("joint")).collect();
    assert_eq!(
        names,
        ["joint.in_proj_weight", "joint.in_proj_bias", "joint.out_proj.weight", "joint.out_proj.bias"]
    );
}

#[test]
fn rotated_products_depend_on_the_distance_alone() {
    let tape = Tape::new();
    for rotary in [Rotary::new(6), Rotary::new(6).interleaved(), Rotary::new(4).base(500_000.0)] {
        let (q, k) = (tape.var(numbers(&[1, 6], 0.0)), tape.var(numbers(&[1, 6], 1.0)));
        let product = |i, j| (rotary.forward_from(q, i) * rotary.forward_from(k, j)).sum(..);
        assert_close(product(7, 3), product(1_000_004, 1_000_000), 1e-9);
        // The length stays.
        assert_close(rotary.forward_from(q, 123).square().sum(..), q.square().sum(..), 1e-14);
        // Far positions keep their distance in f32 too.
        let (q, k) = (q.cast(DType::F32), k.cast(DType::F32));
        let product = |i, j| (rotary.forward_from(q, i) * rotary.forward_from(k, j)).sum(..);
        assert_close(product(7, 3), product(1_000_004, 1_000_000), 1e-6);
    }
    // Halves and neighbours are an order of elements apart.
    let x = tape.var(numbers(&[3, 4], 0.0));
    let order = tape.var([0i64, 2, 1, 3]);
    let halves = Rotary::new(4).forward(x.index_select(-1, order)).index_select(-1, order);
    assert_close(Rotary::new(4).interleaved().forward(x), halves, 0.0);
    assert_eq!(Rotary::new(4).width(), 4);
}

#[test]
fn positions_go_on_where_a_part_begins() {
    let mut params = Params::seeded(6).with_dtype(DType::F64);
    let learned = LearnedPositions::new(&mut params.root(), 6, 4);
    let tape = Tape::with(&params);
    let x = tape.var(numbers(&[2, 5, 4], 0.0));
    let (head, tail) = (x.slice(1, ..2), x.slice(1, 2..));
    let sines = SinusoidalPositions::default();
    assert_close(
        tape.concat(&[sines.forward(head), sines.forward_from(tail, 2)], 1),
        sines.forward(x),
        1e-15,
    );
    assert_close(
        tape.concat(&[learned.forward(head), learned.forward_from(tail, 2)], 1),
        learned.forward(x),
        0.0,
    );
    let table = sinusoidal_positions(&tape, 5, 4, DType::F64);
    assert_close(sines.forward(x) - x, table.expand([2, 5, 4]), 1e-15);
    assert!(values(sinusoidal_positions(&tape, 0, 4, DType::F32)).is_empty());
    // Biases of the last queries are the last rows.
    let bias = alibi(&tape, 3, 5, 5, DType::F64);
    assert_close(alibi(&tape, 3, 2, 5, DType::F64), bias.slice(1, 3..), 0.0);
}

#[test]
fn mistakes_name_what_is_wrong() {
    let tape = |f: &dyn for<'t> Fn(&'t Tape) -> Var<'t>, parts: &[&str]| {
        let tape = Tape::new();
        assert!(f(&tape).is_poisoned(), "{parts:?}");
        assert_mistake(&tape, parts);
    };
    const OP: &str = "scaled_dot_product_attention: ";
    fn x<'t>(tape: &'t Tape, shape: &[usize]) -> Var<'t> {
        tape.var(numbers(shape, 0.0))
    }
    fn attend<'t>(q: Var<'t>, k: Var<'t>, v: Var<'t>, options: Attend<'t>) -> Var<'t> {
        scaled_dot_product_attention(q, k, v, options)
    }
    tape(
        &|t| attend(x(t, &[3]), x(t, &[3]), x(t, &[3]), Attend::all()),
        &[OP, "matrices of queries and keys, not [3]"],
    );
    tape(
        &|t| attend(x(t, &[3, 2]), x(t, &[3, 4]), x(t, &[3, 4]), Attend::all()),
        &[OP, "queries' 2 elements, not 4"],
    );
    tape(
        &|t| attend(x(t, &[3, 2]), x(t, &[3, 2]), x(t, &[4, 2]), Attend::all()),
        &[OP, "a value for each key"],
    );
    tape(
        &|t| attend(x(t, &[3, 2]), x(t, &[3, 2]), x(t, &[4]), Attend::all()),
        &[OP, "matrices of values, not [4]"],
    );
    tape(
        &|t| attend(x(t, &[3, 2]), x(t, &[3, 2]).cast(DType::F32), x(t, &[3, 2]), Attend::all()),
        &[OP, "one floating-point type, not f64 and f32"],
    );
    tape(
        &|t| attend(x(t, &[6, 3, 2]), x(t, &[4, 3, 2]), x(t, &[4, 3, 2]), Attend::all()),
        &[OP, "a divisor of 6, not 4"],
    );
    let with = |f: &dyn for<'t> Fn(&'t Tape) -> Attend<'t>, parts: &[&str]| {
        tape(&|t| attend(x(t, &[2, 3, 2]), x(t, &[2, 4, 2]), x(t, &[2, 4, 2]), f(t)), parts);
    };
    with(&|t| Attend::all().allow(x(t, &[3, 4])), &[OP, "a mask of bool, not f64"]);
    with(
        &|t| Attend::all().allow(x(t, &[4, 3]).gt(0.0)),
        &[OP, "broadcasts to the scores [2, 3, 4], not [4, 3]"],
    );
    with(&|t| Attend::all().allow(x(t, &[5, 2, 3, 4]).gt(0.0)), &[OP, "not [5, 2, 3, 4]"]);
    with(&|t| Attend::all().allow_keys(x(t, &[4])), &[OP, "a mask of keys of bool, not f64"]);
    with(&|t| Attend::all().allow_keys(x(t, &[2, 3]).gt(0.0)), &[OP, "a mask of 4 keys, not [2, 3]"]);
    with(&|t| Attend::all().allow_keys(x(t, &[3, 4]).gt(0.0)), &[OP, "whose axes lead those of the scores"]);
    with(&|t| Attend::all().bias(x(t, &[3, 4]).cast(DType::F32)), &[OP, "a bias of f64, not f32"]);
    with(&|t| Attend::all().bias(x(t, &[5])), &[OP, "a bias that broadcasts", "not [5]"]);
    with(&|_| Attend::all().dropout(1.5), &["1.5 is no probability"]);

    tape(&|t| Rotary::new(3).forward(x(t, &[2, 4])), &["Rotary: ", "3 is odd"]);
    tape(&|t| Rotary::new(6).forward(x(t, &[2, 4])), &["Rotary: ", "turns 6 elements of a row, which has 4"]);
    tape(&|t| Rotary::new(2).forward(x(t, &[4])), &["Rotary: ", "takes rows in time"]);
    tape(&|t| Rotary::new(2).forward(x(t, &[2, 2]).cast(DType::I64)), &["Rotary: ", "not i64"]);
    tape(
        &|t| SinusoidalPositions::new().forward(x(t, &[4])),
        &["SinusoidalPositions: ", "takes rows in time"],
    );
    tape(&|t| sinusoidal_positions(t, 2, 2, DType::Bool), &["sinusoidal_positions: ", "not bool"]);
    tape(&|t| alibi(t, 2, 3, 2, DType::F32), &["alibi: ", "3 queries can't be the last of 2"]);
    tape(&|t| alibi(t, 2, 2, 2, DType::I64), &["alibi: ", "not i64"]);
}

#[test]
fn mistakes_in_layers_name_the_layer() {
    let check = |make: &dyn for<'t> Fn(&MultiheadAttention, &'t Tape) -> Var<'t>, parts: &[&str]| {
        let mut params = Params::seeded(0).with_dtype(DType::F64);
        let layer = MultiheadAttention::new(&mut params.root().sub("attention"), 4, 2);
        let tape = Tape::with(&params);
        assert!(make(&layer, &tape).is_poisoned(), "{parts:?}");
        assert_mistake(&tape, &[parts, &["MultiheadAttention: layer `attention` (made at"]].concat());
    };
    fn x<'t>(tape: &'t Tape, shape: &[usize]) -> Var<'t> {
        tape.var(numbers(shape, 0.0))
    }
    check(&|layer, t| layer.forward(x(t, &[2, 3, 5])), &["takes rows of 4 elements, not 5"]);
    check(&|layer, t| layer.forward(x(t, &[4])), &["takes sequences […, time, 4]"]);
    check(
        &|layer, t| layer.forward(x(t, &[2, 3, 4]).cast(DType::F32)),
        &["has f64 parameters, but its input is f32"],
    );
    check(
        &|layer, t| layer.forward_with(x(t, &[3, 4]), x(t, &[3, 4]), x(t, &[2, 4]), Attend::all()),
        &["a value for each key"],
    );
    check(
        &|layer, t| layer.forward_with(x(t, &[3, 4]), x(t, &[3, 4]), x(t, &[3, 3]), Attend::all()),
        &["takes rows of 4 elements, not 3"],
    );
    check(
        &|layer, t| layer.forward_self(x(t, &[2, 3, 4]), Attend::all().ignore_keys(x(t, &[2, 4]).gt(0.0))),
        &["a mask of 3 keys, not [2, 4]"],
    );
    check(
        &|layer, t| layer.clone().rotary(Rotary::new(4)).forward(x(t, &[3, 4])),
        &["turns 4 elements", "has 2"],
    );
    check(
        &|layer, t| {
            let past = KeyValue { key: x(t, &[2, 3, 2]), value: x(t, &[2, 3, 2]) };
            layer.forward_cached(x(t, &[1, 1, 4]), Some(past)).0
        },
        &["can't continue keys [2, 3, 2]"],
    );

    let mut params = Params::seeded(0).with_dtype(DType::F64);
    let learned = LearnedPositions::new(&mut params.root().sub("positions"), 3, 2);
    for (start, shape) in [(0, [4, 2]), (2, [2, 2]), (usize::MAX, [2, 2])] {
        let tape = Tape::with(&params);
        assert!(learned.forward_from(x(&tape, &shape), start).is_poisoned());
        assert_mistake(&tape, &["LearnedPositions: layer `positions` (made at", "has 3 positions"]);
    }
}

#[test]
fn mistakes_in_building_are_told_by_the_params() {
    for (config, part) in [
        (AttentionConfig::new(6, 4), "6 elements can't be cut in 4 heads"),
        (AttentionConfig::new(6, 0), "6 elements can't be cut in 0 heads"),
        (AttentionConfig::new(0, 1), "0 elements can't be cut in 1 heads"),
        (AttentionConfig::new(6, 3).kv_heads(2), "3 heads of queries can't share 2 heads"),
        (AttentionConfig::new(6, 3).kv_heads(0), "3 heads of queries can't share 0 heads"),
        (AttentionConfig::new(6, 3).key_width(0), "keys of 0 elements"),
    ] {
        let mut params = Params::seeded(0);
        let layer = MultiheadAttention::with(&mut params.root().sub("a"), config);
        let message = params.check().unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
        // Using it anyway is a mistake, no panic.
        let tape = Tape::with(&params);
        let y = layer.forward(tape.input([2, 3, 6], DType::F32));
        assert!(tape.check().is_err() || !y.is_poisoned());
    }
    let mut params = Params::seeded(0);
    LearnedPositions::new(&mut params.root(), 0, 4);
    assert!(params.check().is_err());
}
