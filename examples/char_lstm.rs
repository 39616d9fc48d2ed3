//! A character-level language model: two layers of LSTM learn to say which character comes next, and then write.
//!
//! `cargo run --release --example char_lstm -- --data input.txt` learns from a text file (without one, from this project's
//! design document), shows the loss on the text's last tenth, saves everything after each epoch, and writes some text. For the
//! 1.1 MB of Shakespeare that are known as "tinyshakespeare":
//!
//! ```text
//! 1115394 characters, 65 different ones
//! 280897 parameters
//! epoch   1/10  loss 2.2571  val_loss 1.9538  lr 0.0029  … s
//! ...
//! epoch  10/10  loss 1.4746  val_loss 1.6022  lr 3.000e-4  … s
//!
//! GLOUCESTER:
//! I would live will my last her with chample,
//! Turn on entent of a bleed the could hope in mysal
//! ...
//! ```
//!
//! The loss is the mean of `-ln p` of the right character. Guessing evenly among 65 characters has ln 65 = 4.17.

#[path = "shared/draw.rs"]
mod draw;
#[path = "shared/options.rs"]
mod options;

use chainrule::data::Text;
use chainrule::nn::{Embedding, Lstm, RecurrentConfig};
use chainrule::prelude::*;
use chainrule::train::Trainer;
use draw::draw;
use options::Options;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "\
usage: char_lstm [--data FILE] [--quick] [--resume] [--seed N] [--out DIR]

  --data FILE   the text to learn from (the project's DESIGN.md)
  --quick       a few steps only
  --resume      go on from the saved file, where Ctrl-C or the end has left it
  --seed N      seed of initial values, batches and the text written (7)
  --out DIR     where char_lstm.safetensors goes (the current folder)";

/// Characters in a sequence, sequences in a batch, and elements of the hidden state.
const TIME: usize = 64;
const BATCH: usize = 32;
const HIDDEN: usize = 128;
const LAYERS: usize = 2;

/// Below 1, the text that is written is likelier than the text that was read.
const TEMPERATURE: f64 = 0.8;

struct CharLstm {
    characters: Embedding,
    lstm: Lstm,
    head: Linear,
}

/// What an LSTM remembers: hidden and cell state.
type State<'t> = (Var<'t>, Var<'t>);

impl CharLstm {
    fn new(at: &mut Scope, characters: usize) -> CharLstm {
        let layers = RecurrentConfig::new().layers(LAYERS);
        CharLstm {
            characters: Embedding::new(&mut at.sub("characters"), characters, HIDDEN),
            lstm: Lstm::with(&mut at.sub("lstm"), HIDDEN, HIDDEN, layers).dropout(0.1),
            head: Linear::new(&mut at.sub("head"), HIDDEN, characters),
        }
    }

    /// From characters `[batch, time]` to the logits of those that follow, `[batch, time, characters]`.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.continued(x, None).0
    }

    /// The same from a state, with the state after it.
    fn continued<'t>(&self, x: Var<'t>, state: Option<State<'t>>) -> (Var<'t>, State<'t>) {
        let (y, state) = self.lstm.forward_with(self.characters.forward(x), state);
        (self.head.forward(y), state)
    }

    /// Writes so many characters, beginning with this one.
    fn write(
        &self,
        params: &Params,
        first: i64,
        count: usize,
        seed: u64,
    ) -> Result<Vec<i64>, Box<dyn Error>> {
        let mut step = Function::several(|[x, h, c]| {
            let (logits, (h, c)) = self.continued(x, Some((h, c)));
            vec![logits, h, c]
        });
        let mut rng = StdRng::seed_from_u64(seed);
        let mut written = vec![first];
        let mut h = Tensor::zeros([LAYERS, 1, HIDDEN], DType::F32);
        let mut c = h.clone();
        for i in 1..count {
            let results = step.run_all(params, [&Tensor::from([[written[i - 1]]]), &h, &c])?;
            written.push(draw(&results[0].to_f64(), TEMPERATURE, &mut rng)?);
            (h, c) = (results[1].clone(), results[2].clone());
        }
        Ok(written)
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (quick, seed) = (options.quick, options.seed);
    let text = match options.path("--data") {
        Some(file) => Text::read(file)?,
        None => Text::new(include_str!("../DESIGN.md")),
    };
    let (train, valid) = text.split(0.1)?;
    let (train, valid) = (train.windows(TIME)?, valid.windows(TIME)?.in_a_row());
    println!("{} characters, {} different ones", text.len(), text.vocabulary().len());

    let mut params = Params::seeded(seed);
    let net = CharLstm::new(&mut params.root(), text.vocabulary().len());
    println!("{} parameters", params.trainable_count());

    let (epochs, steps) = if quick { (2, 20) } else { (10, 300) };
    let optimizer = optim::adam(3e-3).clip_norm(1.0).schedule(optim::cosine((epochs * steps) as u64, 0.1));
    let mut trainer = Trainer::new(optimizer, |x| net.forward(x), |y, t| y.cross_entropy(t));
    let mut fit = trainer
        .fit_on(&mut params, steps, |epoch, i| Ok(train.random(BATCH, seed, epoch * steps as u64 + i as u64)))
        .epochs(epochs)
        .validation(&valid)
        .checkpoint(options.out.join("char_lstm.safetensors"))
        .stop_on_ctrl_c();
    if options.has("--resume") {
        fit = fit.resume();
    }
    fit.run()?;

    let first = text.vocabulary().number('\n').unwrap_or(0);
    let written = net.write(&params, first, if quick { 100 } else { 500 }, seed)?;
    println!("{}", text.vocabulary().decode(&written)?);
    Ok(())
}

fn main() -> ExitCode {
    options::main(USAGE, run)
}
