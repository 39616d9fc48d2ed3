//! Tables of vectors, bags of them, and bilinear maps.

use crate::Torch;
use chainrule_nn::{Bag, Bilinear, Embedding, EmbeddingBag, Layer};

#[test]
fn all_cases() {
    let torch = Torch::read("embedding");
    torch.check("padded", |at| Embedding::padded(at, 6, 4, 2), |layer, x| vec![layer.forward(x[0])]);
    for (name, mode) in [("sum", Bag::Sum), ("mean", Bag::Mean), ("max", Bag::Max)] {
        let case = format!("bag_{name}");
        torch.check(&case, |at| EmbeddingBag::new(at, 6, 3).mode(mode), |layer, x| vec![layer.forward(x[0])]);
        torch.check(
            &format!("{case}_padded"),
            |at| EmbeddingBag::padded(at, 6, 3, 1).mode(mode),
            |layer, x| vec![layer.forward(x[0])],
        );
        torch.check(
            &format!("{case}_offsets"),
            |at| EmbeddingBag::new(at, 6, 3).mode(mode),
            |layer, x| vec![layer.forward_bags(x[0], x[1])],
        );
        torch.check(
            &format!("{case}_offsets_padded"),
            |at| EmbeddingBag::padded(at, 6, 3, 0).mode(mode),
            |layer, x| vec![layer.forward_bags(x[0], x[1])],
        );
    }
    torch.check(
        "bag_weighted",
        |at| EmbeddingBag::new(at, 6, 3).mode(Bag::Sum),
        |layer, x| vec![layer.forward_weighted(x[0], x[1])],
    );
    torch.check("bilinear", |at| Bilinear::new(at, 3, 4, 2), |layer, x| vec![layer.forward(x[0], x[1])]);
    torch.check(
        "bilinear_without_bias",
        |at| Bilinear::without_bias(at, 2, 3, 4),
        |layer, x| vec![layer.forward(x[0], x[1])],
    );
    torch.finish();
}
