//! What the examples of models of text share: options, and how a character is drawn.

use rand::Rng;
use rand::distr::Distribution;
use rand::distr::weighted::{self, WeightedIndex};
use std::collections::HashMap;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// What was given on the command line: options that the usage names at a line's beginning, such as `--data FILE`, `--seed N`
/// or `--quick`. An `N` is a whole number.
pub struct Options(HashMap<String, String>);

impl Options {
    fn parse(usage: &str, mut words: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut given = HashMap::new();
        while let Some(flag) = words.next() {
            let described = |line: &str| {
                let mut words = line.split_whitespace();
                (words.next()? == flag).then(|| words.next().unwrap_or_default().to_owned())
            };
            let Some(kind) = usage.lines().filter(|line| line.starts_with("  --")).find_map(described) else {
                return Err(format!("unknown argument {flag}"));
            };
            let value = match kind.chars().all(char::is_uppercase) {
                true => words.next().ok_or(format!("{flag} needs a value"))?,
                false => String::new(),
            };
            if kind == "N" && value.parse::<u32>().is_err() {
                return Err(format!("{flag} takes a whole number below 2³², not {value}"));
            }
            given.insert(flag, value);
        }
        Ok(Options(given))
    }

    /// Whether the option was given.
    pub fn has(&self, flag: &str) -> bool {
        self.0.contains_key(flag)
    }

    /// The file or folder that was given.
    pub fn path(&self, flag: &str) -> Option<PathBuf> {
        self.0.get(flag).map(PathBuf::from)
    }

    /// A file in the folder of `--out`, which is made; without it, in the current one.
    pub fn out(&self, name: &str) -> Result<PathBuf, String> {
        let folder = self.path("--out").unwrap_or(PathBuf::from("."));
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(folder.join(name))
    }

    /// The number that was given.
    pub fn number(&self, flag: &str) -> Option<u32> {
        self.0.get(flag).and_then(|value| value.parse().ok())
    }
}

/// Runs an example with the options of the command line. Bad ones show the usage, and the exit status is 2.
pub fn main(usage: &str, run: impl Fn(&Options) -> Result<(), Box<dyn Error>>) -> ExitCode {
    if std::env::args().any(|word| word == "--help") {
        println!("{usage}");
        return ExitCode::SUCCESS;
    }
    let options = match Options::parse(usage, std::env::args().skip(1)) {
        Ok(options) => options,
        Err(what) => {
            eprintln!("{what}\n\n{usage}");
            return ExitCode::from(2);
        }
    };
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A number with the probability `softmax(logits / temperature)`. A low temperature prefers what is likely.
pub fn draw(logits: &[f64], temperature: f64, rng: &mut impl Rng) -> Result<i64, weighted::Error> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights = logits.iter().map(|logit| ((logit - largest) / temperature).exp());
    Ok(WeightedIndex::new(weights)?.sample(rng) as i64)
}
