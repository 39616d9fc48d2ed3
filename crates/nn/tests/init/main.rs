//! First values.

mod distributions;
mod moments;
mod structure;

use chainrule_nn::Init;
use chainrule_tape::{DType, Params};

fn draw(init: Init, shape: &[usize]) -> Vec<f64> {
    let mut params = Params::seeded(11);
    init.sample(shape, DType::F64, &mut params.root().rng("weight")).to_f64()
}
