//! What transformers do, beside what the golden cases compare with PyTorch.

use super::{assert_close, numbers, values};
use chainrule_nn::{
    Attend, CausalTransformer, Embedding, Layer, LearnedPositions, Rotary, Transformer, TransformerConfig,
    TransformerDecoder, TransformerEncoder, TransformerEncoderLayer, summary_of,
};
use chainrule_tape::{DType, Meta, Params, Tape};

/// GPT's way, Llama's, and the paper's of 2017.
fn configs() -> [TransformerConfig; 3] {
    [
        TransformerConfig::gpt(8, 2),
        TransformerConfig::llama(8, 4).kv_heads(2).hidden(12),
        TransformerConfig::new(8, 2).hidden(16),
    ]
}

#[test]
fn generation_gives_what_the_whole_sequence_does() {
    for config in configs() {
        let mut params = Params::seeded(1).with_dtype(DType::F64);
        let mut at = params.root();
        let token = Embedding::new(&mut at.sub("token"), 5, 8);
        let positions = LearnedPositions::new(&mut at.sub("positions"), 8, 8);
        let body = CausalTransformer::new(&mut at, config, 3);
        let tape = Tape::with(&params).inference();
        let text = tape.var([[0i64, 3, 1, 4, 2], [2, 2, 0, 1, 3]]);
        let whole = body.forward(positions.forward(token.forward(text)));
        let (mut past, mut parts) = (Vec::new(), Vec::new());
        for range in [0..2, 2..3, 3..4, 4..5] {
            let x = positions.forward_from(token.forward(text.slice(1, range.clone())), range.start);
            let (y, now) = body.forward_cached(x, &past);
            parts.push(y);
            past = now;
        }
        assert_eq!(past.len(), 3);
        assert_close(tape.concat(&parts, 1), whole, 1e-13);
    }
}

#[test]
fn a_decoder_generates_what_the_whole_sequence_gives() {
    let mut params = Params::seeded(1).with_dtype(DType::F64);
    let config = TransformerConfig::new(8, 2).hidden(16).causal();
    let decoder = TransformerDecoder::with_norm(&mut params.root(), config.norm_first(), 2);
    let tape = Tape::with(&params).inference();
    let (x, memory) = (tape.var(numbers(&[2, 4, 8], 0.0)), tape.var(numbers(&[2, 3, 8], 1.0)));
    let real = Attend::all().allow_keys(tape.var([[true, true, false], [true, true, true]]));
    let (mut past, mut parts) = (Vec::new(), Vec::new());
    for range in [0..1, 1..2, 2..4] {
        let (y, now) = decoder.forward_cached(x.slice(1, range), memory, real, &past);
        parts.push(y);
        past = now;
    }
    assert_close(tape.concat(&parts, 1), decoder.forward_with(x, memory, Attend::all(), real), 1e-13);
}

#[test]
fn a_causal_stack_sees_nothing_of_what_comes_later() {
    for config in configs() {
        let mut params = Params::seeded(2).with_dtype(DType::F64);
        let body = CausalTransformer::new(&mut params.root(), config.dropout(0.0), 2);
        let tape = Tape::with(&params);
        let x = tape.var(numbers(&[1, 4, 8], 0.0));
        let y = body.forward(x).slice(1, ..2).square().sum(..);
        let grad = values(tape.grad(y, x));
        assert!(grad[..16].iter().any(|&g| g != 0.0) && grad[16..].iter().all(|&g| g == 0.0));
    }
}

#[test]
fn padding_changes_nothing_of_what_is_real() {
    let mut params = Params::seeded(3).with_dtype(DType::F64);
    let config = TransformerConfig::new(8, 2).hidden(16);
    let transformer = Transformer::new(&mut params.root(), config.causal(), 2, 2);
    let tape = Tape::with(&params).inference();
    let (source, target) = (tape.var(numbers(&[1, 3, 8], 0.0)), tape.var(numbers(&[1, 4, 8], 1.0)));
    let padded = tape.concat(&[source, tape.var(numbers(&[1, 2, 8], 2.0))], 1);
    let real = Attend::all().allow_keys(tape.var([[true, true, true, false, false]]));
    let y = transformer.forward_with(padded, target, real, Attend::all(), real);
    assert_close(y, transformer.forward(source, target), 1e-14);
    assert_eq!((transformer.encoder().layers().len(), transformer.decoder().layers().len()), (2, 2));
    // Sources are seen both ways, targets are not.
    let first = transformer.forward(source, target.slice(1, ..2));
    assert_close(first, transformer.forward(source, target).slice(1, ..2), 1e-14);
    let memory = transformer.encoder().forward(source);
    assert!(values(tape.grad(memory.slice(1, ..1).square().sum(..), source))[16..].iter().any(|&g| g != 0.0));
}

#[test]
fn dropout_is_for_training_only() {
    let mut params = Params::seeded(4).with_dtype(DType::F64);
    let config = TransformerConfig::new(8, 2).hidden(16);
    let layer = TransformerEncoderLayer::new(&mut params.root().sub("a"), config.dropout(0.5));
    let all = TransformerEncoderLayer::new(&mut params.root().sub("b"), config.norm_first().dropout(1.0));
    let x = numbers(&[1, 3, 8], 0.0);
    let tape = Tape::with(&params);
    let (first, second) = (values(layer.forward(tape.var(&x))), values(layer.forward(tape.var(&x))));
    assert_ne!(first, second);
    // Nothing but the way past is left.
    assert_eq!(values(all.forward(tape.var(&x))), x.to_f64());
    let tape = Tape::with(&params).inference();
    assert_eq!(values(layer.forward(tape.var(&x))), values(layer.forward(tape.var(&x))));
    assert_ne!(values(all.forward(tape.var(&x))), x.to_f64());
}

#[test]
fn every_parameter_learns() {
    for config in configs() {
        let mut params = Params::seeded(5);
        let transformer = Transformer::new(&mut params.root(), config.causal(), 2, 2);
        let tape = Tape::with(&params);
        let x = |seed| tape.var(numbers(&[2, 3, 8], seed).cast(DType::F32));
        let grads = tape.param_grads(transformer.forward(x(0.0), x(1.0)).square().sum(..)).unwrap();
        assert_eq!(grads.len(), params.len());
    }
}

#[test]
fn matrices_of_a_whole_transformer_begin_as_xaviers() {
    let mut params = Params::seeded(6);
    let config = TransformerConfig::new(32, 4).hidden(64);
    Transformer::new(&mut params.root().sub("whole"), config, 1, 1);
    TransformerEncoder::new(&mut params.root().sub("encoder"), config, 2);
    let largest = |name: &str| {
        let values = params.get(name).unwrap_or_else(|| panic!("{name}")).to_f64();
        values.iter().fold(0.0f64, |largest, x| largest.max(x.abs()))
    };
    for (name, bound) in [
        ("whole.encoder.layers.0.linear1.weight", (6.0 / 96f64).sqrt()),
        ("whole.decoder.layers.0.linear2.weight", (6.0 / 96f64).sqrt()),
        ("whole.decoder.layers.0.multihead_attn.out_proj.weight", (6.0 / 64f64).sqrt()),
        ("encoder.layers.0.linear1.weight", 1.0 / 32f64.sqrt()),
        ("encoder.layers.1.linear2.bias", 1.0 / 64f64.sqrt()),
    ] {
        let largest = largest(name);
        assert!(largest <= bound && largest > 0.8 * bound, "{name}: {largest} of {bound}");
    }
    assert_ne!(params.get("encoder.layers.0.linear1.weight"), params.get("encoder.layers.1.linear1.weight"));
}

#[test]
fn llamas_configuration_is_its_own() {
    let mut params = Params::seeded(7);
    let config = TransformerConfig::llama(512, 8);
    TransformerEncoderLayer::new(&mut params.root(), config);
    let shapes: Vec<_> =
        params.iter().map(|(name, _, tensor)| (name, tensor.shape().dims().to_vec())).collect();
    assert_eq!(
        shapes,
        [
            ("self_attn.in_proj_weight", vec![3 * 512, 512]),
            ("self_attn.out_proj.weight", vec![512, 512]),
            ("linear1.weight", vec![2 * 1536, 512]),
            ("linear2.weight", vec![512, 1536]),
            ("norm1.weight", vec![512]),
            ("norm2.weight", vec![512]),
        ]
    );
}

#[test]
fn a_summary_counts_every_parameter_once() {
    let mut params = Params::seeded(8);
    let config = TransformerConfig::new(8, 2).hidden(16);
    let layer = TransformerEncoderLayer::new(&mut params.root().sub("block"), config);
    let summary = summary_of(&params, [Meta::new([1, 3, 8], DType::F32)], |[x]| layer.forward(x)).unwrap();
    let count: usize = summary.rows().iter().map(|row| row.params).sum();
    assert_eq!(count, params.trainable_count());
    let row = summary.rows().iter().find(|row| &*row.name == "block.self_attn").expect("a row");
    assert_eq!((row.kind, row.params), ("MultiheadAttention", 3 * 8 * 8 + 3 * 8));
}

#[test]
fn mistakes_name_the_part_and_the_callers_line() {
    let mut params = Params::seeded(9).with_dtype(DType::F64);
    let config = TransformerConfig::new(8, 2).hidden(16);
    let decoder = TransformerDecoder::with_norm(&mut params.root().sub("decoder"), config, 2);
    let body = CausalTransformer::new(&mut params.root().sub("body"), config, 2);
    let turned = config.rotary(Rotary::new(8));
    let turned = TransformerEncoder::new(&mut params.root().sub("turned"), turned, 1);
    let message = |tape: &Tape, line: u32, parts: &[&str]| {
        let message = tape.check().expect_err("a mistake").to_string();
        let place = format!("--> {}:{line}:", file!());
        assert!(message.contains(&place), "`{place}` is not in:\n{message}");
        for part in parts {
            assert!(message.contains(part), "`{part}` is not in:\n{message}");
        }
    };
    let (good, bad) = (numbers(&[1, 3, 8], 0.0), numbers(&[1, 3, 7], 0.0));

    let tape = Tape::with(&params);
    let (line, y) = (line!(), decoder.forward(tape.var(&good), tape.var(&bad)));
    assert!(y.is_poisoned());
    message(&tape, line, &["layer `decoder.layers.0.multihead_attn`", "takes rows of 8 elements, not 7"]);

    let tape = Tape::with(&params);
    let (line, y) = (line!(), body.forward(tape.var(&bad)));
    assert!(y.is_poisoned());
    message(&tape, line, &["layer `body.layers.0.self_attn`", "takes rows of 8 elements, not 7"]);

    let tape = Tape::with(&params);
    let (_, past) = body.forward_cached(tape.var(&good), &[]);
    let (line, (y, _)) = (line!(), body.forward_cached(tape.var(&good), &past[..1]));
    assert!(y.is_poisoned());
    message(&tape, line, &["2 layers can't continue from keys and values of 1"]);

    let tape = Tape::with(&params);
    let (line, y) = (line!(), turned.forward(tape.var(&good)));
    assert!(y.is_poisoned());
    message(&tape, line, &["layer `turned.layers.0.self_attn`", "turns 8 elements of a row, which has 4"]);

    for (config, part) in [(TransformerConfig::new(8, 3), "3 heads"), (config.hidden(0), "no weights")] {
        let mut params = Params::seeded(0);
        TransformerEncoder::new(&mut params.root(), config, 1);
        let message = params.check().unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}
