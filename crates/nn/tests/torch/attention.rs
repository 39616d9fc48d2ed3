//! Scaled dot-product attention.

use crate::Torch;
use chainrule_nn::{Attend, alibi, scaled_dot_product_attention};
use chainrule_tape::Var;

fn attend<'t>(x: &[Var<'t>], options: Attend<'t>) -> Var<'t> {
    scaled_dot_product_attention(x[0], x[1], x[2], options)
}

#[test]
fn all_cases() {
    let torch = Torch::read("attention");
    for case in ["plain", "matrices", "grouped", "one_head_of_keys", "far"] {
        torch.function(case, |x| attend(x, Attend::all()));
    }
    for case in ["causal", "causal_more_keys", "causal_fewer_keys"] {
        torch.function(case, |x| attend(x, Attend::causal()));
    }
    torch.function("scale", |x| attend(x, Attend::all().scale(0.3)));
    for case in ["mask", "mask_empty_row", "mask_of_each", "grouped_mask"] {
        torch.function(case, |x| attend(x, Attend::all().allow(x[3])));
    }
    torch.function("keys", |x| attend(x, Attend::all().allow_keys(x[3])));
    torch.function("keys_and_causal", |x| attend(x, Attend::causal().allow_keys(x[3])));
    for case in ["bias", "bias_of_heads", "bias_infinite"] {
        torch.function(case, |x| attend(x, Attend::all().bias(x[3])));
    }
    torch.function("alibi", |x| {
        let bias = alibi(x[0].tape(), 4, 3, 4, x[0].dtype());
        attend(x, Attend::causal().after(1).bias(bias))
    });
    torch.finish();
}
