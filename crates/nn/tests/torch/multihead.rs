//! Attention in several heads.

use crate::Torch;
use chainrule_nn::{Attend, AttentionConfig, Layer, MultiheadAttention, Rotary};

#[test]
fn all_cases() {
    let torch = Torch::read("multihead");
    let usual = AttentionConfig::new(4, 2);
    for case in ["self", "self_one_sequence"] {
        torch.check(case, |at| MultiheadAttention::new(at, 4, 2), |layer, x| vec![layer.forward(x[0])]);
    }
    torch.check(
        "self_without_bias",
        |at| MultiheadAttention::with(at, usual.without_bias()),
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.check(
        "self_causal",
        |at| MultiheadAttention::new(at, 4, 2).causal(),
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.check(
        "self_padding",
        |at| MultiheadAttention::new(at, 4, 2),
        |layer, x| vec![layer.forward_self(x[0], Attend::all().ignore_keys(x[1]))],
    );

    for (case, config) in [
        ("cross", usual),
        ("cross_widths", usual.key_width(3).value_width(5)),
        ("cross_widths_without_bias", usual.key_width(3).without_bias()),
    ] {
        torch.check(
            case,
            |at| MultiheadAttention::with(at, config),
            |layer, x| {
                let (y, weights) = layer.forward_with_weights(x[0], x[1], x[2], Attend::all());
                vec![y, weights]
            },
        );
    }
    torch.check(
        "cross_average",
        |at| MultiheadAttention::new(at, 4, 2),
        |layer, x| {
            let (y, weights) = layer.forward_with_weights(x[0], x[1], x[2], Attend::all());
            vec![y, weights.mean(-3)]
        },
    );
    torch.check(
        "cross_mask",
        |at| MultiheadAttention::new(at, 4, 2),
        |layer, x| {
            let (y, weights) = layer.forward_with_weights(x[0], x[1], x[2], Attend::all().allow(x[3]));
            vec![y, weights]
        },
    );
    torch.check(
        "cross_bias",
        |at| MultiheadAttention::new(at, 4, 2),
        |layer, x| {
            let (y, weights) = layer.forward_with_weights(x[0], x[1], x[2], Attend::all().bias(x[3]));
            vec![y, weights]
        },
    );

    let wide = AttentionConfig::new(8, 4);
    torch.check(
        "self_grouped",
        |at| MultiheadAttention::with(at, wide.kv_heads(2)),
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.check(
        "self_one_head_of_keys",
        |at| MultiheadAttention::with(at, wide.kv_heads(1).without_bias()).causal(),
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.check(
        "self_rotary",
        |at| MultiheadAttention::new(at, 8, 2).causal().rotary(Rotary::new(4)),
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.check(
        "self_rotary_grouped",
        |at| {
            let config = AttentionConfig::new(8, 2).kv_heads(1);
            MultiheadAttention::with(at, config).rotary(Rotary::new(2).interleaved().base(50.0))
        },
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.finish();
}
