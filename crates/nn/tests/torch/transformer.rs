//! Transformers.

use crate::Torch;
use chainrule_nn::{
    Activation, Attend, CausalTransformer, Layer, Transformer, TransformerConfig, TransformerDecoder,
    TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
};

/// The sizes of the golden cases.
fn config() -> TransformerConfig {
    TransformerConfig::new(4, 2).hidden(6).dropout(0.0)
}

fn gpt() -> TransformerConfig {
    TransformerConfig::gpt(4, 2).dropout(0.0)
}

fn llama() -> TransformerConfig {
    TransformerConfig::llama(8, 4).kv_heads(2).hidden(5)
}

#[test]
fn all_layers() {
    let torch = Torch::read("transformer_layer");
    let gelu = config().activation(Activation::Gelu);
    for (case, config) in [
        ("encoder_layer", config()),
        ("encoder_layer_norm_first", gelu.norm_first()),
        ("encoder_layer_without_bias", gelu.without_bias()),
        ("encoder_layer_eps", config().eps(0.1).norm_first()),
        ("gpt_layer", gpt()),
        ("llama_layer", llama()),
    ] {
        torch.check(
            case,
            |at| TransformerEncoderLayer::new(at, config),
            |layer, x| vec![layer.forward(x[0])],
        );
    }
    torch.check(
        "encoder_layer_padding",
        |at| TransformerEncoderLayer::new(at, config()),
        |layer, x| vec![layer.forward_with(x[0], Attend::all().ignore_keys(x[1]))],
    );
    for (case, config) in [("decoder_layer", config()), ("decoder_layer_norm_first", gelu.norm_first())] {
        torch.check(
            case,
            |at| TransformerDecoderLayer::new(at, config),
            |layer, x| vec![layer.forward(x[0], x[1])],
        );
    }
    torch.check(
        "decoder_layer_masks",
        |at| TransformerDecoderLayer::new(at, config().causal().without_bias()),
        |layer, x| vec![layer.forward_with(x[0], x[1], Attend::all(), Attend::all().ignore_keys(x[2]))],
    );
    torch.finish();
}

#[test]
fn all_stacks() {
    let torch = Torch::read("transformer");
    torch.check(
        "encoder",
        |at| TransformerEncoder::new(at, config(), 2),
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.check(
        "encoder_norm",
        |at| TransformerEncoder::with_norm(at, config().norm_first(), 2),
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.check(
        "decoder",
        |at| TransformerDecoder::new(at, config(), 2),
        |layer, x| vec![layer.forward(x[0], x[1])],
    );
    torch.check(
        "decoder_norm",
        |at| TransformerDecoder::with_norm(at, config().norm_first(), 2),
        |layer, x| vec![layer.forward(x[0], x[1])],
    );
    torch.check(
        "transformer",
        |at| Transformer::new(at, config(), 1, 1),
        |layer, x| vec![layer.forward(x[0], x[1])],
    );
    torch.check(
        "transformer_masks",
        |at| Transformer::new(at, config().norm_first(), 1, 2),
        |layer, x| {
            let real = Attend::all().ignore_keys(x[2]);
            vec![layer.forward_with(x[0], x[1], real, Attend::causal(), real)]
        },
    );
    for (case, config) in [("gpt", gpt()), ("llama", llama())] {
        torch.check(case, |at| CausalTransformer::new(at, config, 2), |layer, x| vec![layer.forward(x[0])]);
    }
    torch.finish();
}
