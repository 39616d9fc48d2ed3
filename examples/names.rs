//! A model that learns names letter by letter, and makes up new ones.
//!
//! A letter becomes a vector, those of the last three letters go through a hidden layer, and out come the probabilities of the
//! next letter: the model of Bengio et al., "A neural probabilistic language model", JMLR 2003, for letters instead of words.
//!
//! `cargo run --release --example names -- --data names.txt` learns from a file with a name on each line (without one, from a
//! few names of its own), shows the loss on a tenth of the names, saves everything, and prints new names. With
//! `--width 2`, letters have vectors of two elements, and it draws where they lie. For the 32,033 names of "makemore",
//! <https://github.com/karpathy/makemore>:
//!
//! ```text
//! 32033 names of 26 letters
//! 11897 parameters
//! epoch   1/10  loss 2.3435  val_loss 2.2801  lr 0.0029  … s
//! ...
//! epoch  10/10  loss 2.0937  val_loss 2.1341  lr 3.000e-5  … s
//! alanavalavi aliyah malexabstavies kasida mayel ilia tram ryden tahard handee amary pera kob shya alenaty iara ...
//! ```

#[path = "shared/draw.rs"]
mod draw;
#[path = "shared/options.rs"]
mod options;

use chainrule::data::{Dataset, Vocabulary};
use chainrule::nn::{Embedding, Layer};
use chainrule::prelude::*;
use chainrule::train::Trainer;
use draw::draw;
use options::Options;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::error::Error;
use std::process::ExitCode;

const USAGE: &str = "\
usage: names [--data FILE] [--width N] [--quick] [--resume] [--seed N] [--out DIR]

  --data FILE   names to learn from, one on each line (a few that are part of the program)
  --width N     elements of a letter's vector (10)
  --quick       two passes over the names only
  --resume      go on from the saved file, where Ctrl-C or the end has left it
  --seed N      seed of the split, initial values, order and the names made up (7)
  --out DIR     where names.safetensors and names.svg go (the current folder)";

/// Letters that the model sees, and elements of the hidden layer.
const CONTEXT: usize = 3;
const HIDDEN: usize = 200;

/// What comes before a name's first letter, and after its last.
const END: char = '\n';

const NAMES: &str = "\
ada adam agnes alan albert alice amanda amelia amy andrea andrew angela anna anthony arthur barbara beatrice benjamin
bernard betty brenda brian bruno camilla carl carla carmen caroline catherine cecilia charles charlotte christian clara
claudia daniel david deborah dennis diana donald dora doris dorothy edgar edith edward elena elizabeth ella emil emma eric
erica ernest esther eva evelyn felix flora frances frank frederick gabriel george gerald gloria grace gregory greta harold
helen henry hilda hugo ida irene iris isabel isabella jacob james jane janet jasmine jason jennifer jessica joan john
jonathan joseph joyce judith julia julian karen karl kathleen kevin larry laura leo leonard linda lisa louis louise lucas
lucy margaret maria marie marilyn mark martha martin mary matthew michael michelle mildred nancy natalie nicholas nicole
nina nora norma olivia oscar otto pamela patricia patrick paul paula peter philip phyllis rachel raymond rebecca richard
rita robert roger ronald rosa rosalind rose russell ruth ryan samuel sandra sara sharon shirley sofia sophie stella stephen
susan sylvia teresa theodore theresa thomas timothy tina valentina vera victor victoria vincent viola virginia walter
wanda wendy william";

struct Net {
    letters: Embedding,
    hidden: Linear,
    out: Linear,
}

impl Net {
    fn new(at: &mut Scope, letters: usize, width: usize) -> Net {
        Net {
            letters: Embedding::new(&mut at.sub("letters"), letters, width),
            hidden: Linear::new(&mut at.sub("hidden"), CONTEXT * width, HIDDEN),
            out: Linear::new(&mut at.sub("out"), HIDDEN, letters),
        }
    }

    /// From letters `[names, CONTEXT]` to the logits of those that follow, `[names, letters]`.
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        self.out.forward(self.hidden.forward(self.letters.forward(x).flatten(1)).tanh())
    }

    /// Makes up so many names.
    fn make_up(
        &self,
        params: &Params,
        letters: &Vocabulary,
        count: usize,
        seed: u64,
    ) -> Result<Vec<String>, Box<dyn Error>> {
        let mut logits = Function::new(|[x]| self.forward(x));
        let mut rng = StdRng::seed_from_u64(seed);
        let mut name = || {
            let mut written = letters.encode(&END.to_string().repeat(CONTEXT))?;
            while written.len() == CONTEXT || written.last() != written.first() {
                let context = Tensor::from_slice(&written[written.len() - CONTEXT..], [1, CONTEXT])?;
                let logits = logits.run(params, [&context])?.to_f64();
                written.push(draw(&logits, 1.0, &mut rng)?);
            }
            Ok(letters.decode(&written)?.trim().to_owned())
        };
        (0..count).map(|_| name()).collect()
    }
}

/// Each letter of the names, and each end, with the letters before it.
fn examples<'a>(
    names: impl Iterator<Item = &'a str>,
    letters: &Vocabulary,
) -> Result<Dataset, Box<dyn Error>> {
    let (mut contexts, mut next) = (Vec::<i64>::new(), Vec::<i64>::new());
    for name in names {
        let start = END.to_string().repeat(CONTEXT);
        let numbers = letters.encode(&format!("{start}{name}{END}"))?;
        contexts.extend(numbers.windows(CONTEXT).take(numbers.len() - CONTEXT).flatten());
        next.extend(&numbers[CONTEXT..]);
    }
    let contexts = Tensor::from_vec(contexts, [next.len(), CONTEXT])?;
    Ok(Dataset::new(contexts, Tensor::from(next))?)
}

/// Where letters lie that have vectors of two elements.
fn map(letters: &Vocabulary, vectors: &Tensor) -> String {
    const SIZE: [usize; 2] = [72, 22];
    let vectors = vectors.to_f64();
    let place = |axis: usize, vector: &[f64]| {
        let all = vectors.iter().skip(axis).step_by(2);
        let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), &x| (low.min(x), high.max(x)));
        ((vector[axis] - low) / (high - low) * (SIZE[axis] - 1) as f64).round() as usize
    };
    let mut map = vec![vec![' '; SIZE[0]]; SIZE[1]];
    for (&letter, vector) in letters.characters().iter().zip(vectors.chunks(2)) {
        map[SIZE[1] - 1 - place(1, vector)][place(0, vector)] = if letter == END { '.' } else { letter };
    }
    map.into_iter().map(|row| row.into_iter().collect::<String>().trim_end().to_owned() + "\n").collect()
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    let (quick, seed) = (options.quick, options.seed);
    let width = options.number("--width").unwrap_or(10) as usize;
    let text = match options.path("--data") {
        Some(file) => std::fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?,
        None => NAMES.to_owned(),
    };
    let names: Vec<&str> = text.split_whitespace().collect();
    let letters = Vocabulary::of(&(names.concat() + &END.to_string()));

    let order = data::permutation(names.len(), seed, 0);
    let (valid, train) = order.split_at(names.len().div_ceil(10));
    let train = examples(train.iter().map(|&i| names[i]), &letters)?;
    let valid = examples(valid.iter().map(|&i| names[i]), &letters)?;
    println!("{} names of {} letters", names.len(), letters.len() - 1);

    let mut params = Params::seeded(seed);
    let net = Net::new(&mut params.root(), letters.len(), width);
    println!("{} parameters", params.trainable_count());

    const BATCH: usize = 64;
    let epochs = if quick { 2 } else { 10 };
    let steps = epochs * train.len().div_ceil(BATCH);
    let optimizer = optim::adam(3e-3).schedule(optim::cosine(steps as u64, 0.01));
    let mut trainer = Trainer::new(optimizer, |x| net.forward(x), |y, next| y.cross_entropy(next));
    let mut fit = trainer
        .fit(&mut params, &train)
        .epochs(epochs)
        .batch_size(BATCH)
        .validation(&valid)
        .checkpoint(options.out.join("names.safetensors"))
        .stop_on_ctrl_c();
    if options.has("--resume") {
        fit = fit.resume();
    }
    fit.run()?.save_svg(options.out.join("names.svg"))?;

    println!("{}", net.make_up(&params, &letters, 20, seed)?.join(" "));
    if width == 2 {
        print!("{}", map(&letters, params.tensor(net.letters.weight())));
    }
    Ok(())
}

fn main() -> ExitCode {
    options::main(USAGE, run)
}
