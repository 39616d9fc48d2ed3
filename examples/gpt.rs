//! A small GPT that learns a text character by character, in the setting that nanoGPT proposes for a CPU, and then writes.
//!
//! `cargo run --release --example gpt -- --data input.txt` learns from a text file (without one, from this project's design
//! document), shows the loss on the text's last tenth, saves everything after each epoch, and writes some text. For the 1.1 MB
//! of Shakespeare that are known as "tinyshakespeare", nanoGPT's README names a loss of 1.88, estimated by 20 batches. Here it is
//! measured on the whole tenth: 1.90 to 1.91, by the seed. (The same model and training in PyTorch come to 1.90 on the whole, and to 1.86
//! to 1.93 in ten such estimates.)
//!
//! ```text
//! 1115394 characters, 65 different ones
//! 804096 parameters
//! epoch   1/10  loss 2.8017  val_loss 2.4828  lr 9.940e-4  … s
//! ...
//! epoch  10/10  loss 1.7780  val_loss 1.9111  lr 1.000e-4  … s
//!
//! Firstlan
//! Than wery meats, then the lowl'd from the keep
//! And the will theing kingued where
//! ...
//! ```
//!
//! Model: Radford et al., "Language models are unsupervised multitask learners" (GPT-2), 2019; setting: Karpathy, "nanoGPT",
//! <https://github.com/karpathy/nanoGPT>.

#[path = "shared/draw.rs"]
mod draw;
#[path = "shared/options.rs"]
mod options;

use chainrule::data::Text;
use chainrule::nn::{Embedding, Init, LayerNorm, MultiheadAttention};
use chainrule::prelude::*;
use chainrule::train::Trainer;
use draw::draw;
use options::Options;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "\
usage: gpt [--data FILE] [--quick] [--resume] [--seed N] [--out DIR]

  --data FILE   the text to learn from (the project's DESIGN.md)
  --quick       a few steps only
  --resume      go on from the saved file, where Ctrl-C or the end has left it
  --seed N      seed of initial values, batches and the text written (7)
  --out DIR     where gpt.safetensors goes (the current folder)";

/// Characters that the model sees at once, windows in a batch, elements of a character's vector, heads, blocks.
const TIME: usize = 64;
const BATCH: usize = 12;
const WIDTH: usize = 128;
const HEADS: usize = 4;
const LAYERS: usize = 4;

/// Below 1, the text that is written is likelier than the text that was read.
const TEMPERATURE: f64 = 0.8;

/// Attention to what came before and a network of two layers, each after a norm and beside a way past it.
struct Block {
    norm: [LayerNorm; 2],
    attention: MultiheadAttention,
    up: Linear,
    down: Linear,
}

impl Block {
    fn new(at: &mut Scope) -> Block {
        Block {
            norm: ["norm0", "norm1"].map(|name| LayerNorm::new(&mut at.sub(name), WIDTH)),
            attention: MultiheadAttention::new(&mut at.sub("attention"), WIDTH, HEADS).causal(),
            up: Linear::without_bias(&mut at.sub("up"), WIDTH, 4 * WIDTH),
            down: Linear::without_bias(&mut at.sub("down"), 4 * WIDTH, WIDTH),
        }
    }

    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let x = x + self.attention.forward(self.norm[0].forward(x));
        x + self.down.forward(self.up.forward(self.norm[1].forward(x)).gelu())
    }
}

struct Gpt {
    token: Embedding,
    position: ParamId,
    blocks: Vec<Block>,
    norm: LayerNorm,
}

impl Gpt {
    fn new(params: &mut Params, characters: usize) -> chainrule::Result<Gpt> {
        let at = &mut params.root();
        let net = Gpt {
            token: Embedding::new(&mut at.sub("token"), characters, WIDTH),
            position: Init::zeros().param(at, "position", [TIME, WIDTH]),
            blocks: (0..LAYERS).map(|i| Block::new(&mut at.sub("blocks").sub(i))).collect(),
            norm: LayerNorm::new(&mut at.sub("norm"), WIDTH),
        };
        // GPT-2's first values: N(0, 0.02²), and less for what is added to the way past, so that the sum keeps its size.
        for id in params.ids() {
            let (name, shape) = (params.name(id).to_owned(), params.tensor(id).shape().clone());
            let added = name.contains("attention.out") || name.contains("down");
            let init = match name.as_str() {
                _ if name.ends_with("bias") => Init::zeros(),
                _ if shape.rank() < 2 => continue,
                _ if added => Init::normal(0.0, 0.02 / (2.0 * LAYERS as f64).sqrt()),
                _ => Init::normal(0.0, 0.02),
            };
            let value = init.sample(shape, params.dtype(), &mut params.root().rng(&name));
            params.set(&name, value)?;
        }
        // Biases that stay 0: nanoGPT has none.
        params.freeze("*bias");
        Ok(net)
    }

    /// From characters `[batch, TIME]` to the logits of those that follow, `[batch, TIME, characters]`.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let x = self.token.forward(x) + tape.param(self.position);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        // The head's weight is the embedding's: what a character is as an input, it is as an output.
        self.norm.forward(x).matmul(tape.param(self.token.weight()).t())
    }

    /// Writes so many characters, beginning with this one.
    fn write(
        &self,
        params: &Params,
        first: i64,
        count: usize,
        seed: u64,
    ) -> Result<Vec<i64>, Box<dyn Error>> {
        let mut logits = Function::new(|[x]| self.forward(x));
        let mut rng = StdRng::seed_from_u64(seed);
        let mut written = vec![first];
        for i in 1..count {
            // A window that is not full yet ends in anything: the model sees what comes before alone.
            let mut window = written[i.saturating_sub(TIME)..].to_vec();
            let last = window.len() - 1;
            window.resize(TIME, 0);
            let results = logits.run(params, [&Tensor::from_vec(window, [1, TIME])?])?.to_f64();
            let characters = self.token.count();
            written.push(draw(&results[last * characters..][..characters], TEMPERATURE, &mut rng)?);
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
    let net = Gpt::new(&mut params, text.vocabulary().len())?;
    println!("{} parameters", params.trainable_count());

    let (epochs, steps) = if quick { (2, 20) } else { (10, 200) };
    let total = (epochs * steps) as u64;
    let optimizer = optim::adamw(1e-3)
        .betas(0.9, 0.99)
        .weight_decay(0.1)
        .decay_only(|_, shape| shape.rank() >= 2)
        .clip_norm(1.0)
        .schedule(optim::cosine(total - total / 20, 0.1).warmup(total / 20));
    let mut trainer = Trainer::new(optimizer, |x| net.forward(x), |y, t| y.cross_entropy(t));
    let mut fit = trainer
        .fit_on(&mut params, steps, |epoch, i| Ok(train.random(BATCH, seed, epoch * steps as u64 + i as u64)))
        .epochs(epochs)
        .validation(&valid)
        .checkpoint(options.out.join("gpt.safetensors"))
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
