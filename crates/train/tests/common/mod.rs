//! A small classifier to train.
#![allow(dead_code)]

use chainrule_data::Dataset;
use chainrule_nn::{Dropout, Layer, Linear, Losses};
use chainrule_optim::{adam, cosine};
use chainrule_tape::{Params, Tensor, Var};
use chainrule_train::{Trainer, metrics};

pub struct Net {
    hidden: Linear,
    dropout: Dropout,
    out: Linear,
}

impl Net {
    /// Its parameters are drawn from this seed.
    pub fn new(seed: u64) -> (Net, Params) {
        let mut params = Params::seeded(seed);
        let at = &mut params.root();
        let hidden = Linear::new(&mut at.sub("hidden"), 4, 16);
        let out = Linear::new(&mut at.sub("out"), 16, 3);
        (Net { hidden, dropout: Dropout::new(0.2), out }, params)
    }

    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.out.forward(self.dropout.forward(self.hidden.forward(x).tanh()))
    }

    /// Trains by a schedule, so that the rate tells the step.
    pub fn trainer(&self) -> Trainer<'_> {
        let optimizer = adam(0.02).clip_norm(1.0).schedule(cosine(200, 0.1));
        Trainer::new(optimizer, |x| self.forward(x), |y, labels| y.cross_entropy(labels))
            .metric(metrics::accuracy())
    }
}

/// Training and validation.
pub fn iris() -> (Dataset, Dataset) {
    chainrule_data::iris().split_stratified(0.2, 7).expect("a fraction")
}

/// Name and bits of every tensor.
pub fn bits(params: &Params) -> Vec<(String, Vec<u64>)> {
    let bits = |tensor: &Tensor| tensor.to_f64().iter().map(|x| x.to_bits()).collect();
    let mut all: Vec<_> = params.iter().map(|(name, _, tensor)| (name.to_owned(), bits(tensor))).collect();
    all.sort();
    all
}

/// A folder of this test's own, empty.
pub fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("chainrule-train-{name}-{}", std::process::id()));
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(&folder).expect("a folder for files");
    folder
}
