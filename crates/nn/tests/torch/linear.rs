//! Linear maps and tables.

use crate::Torch;
use chainrule_nn::{Embedding, Layer, Linear};

#[test]
fn all_cases() {
    let torch = Torch::read("linear");
    torch.check("linear", |at| Linear::new(at, 4, 3), |layer, x| vec![layer.forward(x[0])]);
    torch.check(
        "linear_without_bias",
        |at| Linear::without_bias(at, 4, 3),
        |layer, x| vec![layer.forward(x[0])],
    );
    torch.check("embedding", |at| Embedding::new(at, 6, 4), |layer, x| vec![layer.forward(x[0])]);
    torch.finish();
}
