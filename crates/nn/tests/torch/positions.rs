//! Positions of rows.

use crate::Torch;
use chainrule_nn::{Layer, LearnedPositions, Rotary, SinusoidalPositions};

#[test]
fn all_cases() {
    let torch = Torch::read("positions");
    torch.function("rotary", |x| Rotary::new(4).forward(x[0]));
    torch.function("rotary_interleaved", |x| Rotary::new(4).interleaved().forward(x[0]));
    torch.function("rotary_from", |x| Rotary::new(6).base(500_000.0).forward_from(x[0], 1000));
    torch.function("rotary_part", |x| Rotary::new(4).forward(x[0]));
    torch.function("rotary_part_interleaved", |x| Rotary::new(2).interleaved().forward_from(x[0], 3));
    for case in ["sinusoidal", "sinusoidal_odd"] {
        torch.function(case, |x| SinusoidalPositions::new().forward(x[0]));
    }
    torch.function("sinusoidal_from", |x| SinusoidalPositions::new().base(100.0).forward_from(x[0], 700));
    torch.check("learned", |at| LearnedPositions::new(at, 5, 4), |layer, x| vec![layer.forward(x[0])]);
    torch.check(
        "learned_from",
        |at| LearnedPositions::new(at, 5, 4),
        |layer, x| vec![layer.forward_from(x[0], 2)],
    );
    torch.finish();
}
