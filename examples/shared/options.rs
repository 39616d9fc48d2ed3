//! The command line of the examples.
#![allow(dead_code)] // Not every example takes everything.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

/// What was given on the command line.
pub struct Options {
    /// Less of everything, in a few seconds: to see that it works.
    pub quick: bool,
    /// The seed of everything that is random: 7 unless given.
    pub seed: u64,
    /// The folder for files, the example's own (mostly the current one) unless given; it exists.
    pub out: PathBuf,
    given: HashMap<String, String>,
}

impl Options {
    /// Reads the options that the usage names at a line's beginning, such as `--data FILE`, `--seed N` or `--quick`. An `N` is a
    /// whole number.
    fn parse(usage: &str, folder: &str, mut words: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut given = HashMap::new();
        while let Some(flag) = words.next() {
            let described = |line: &str| {
                let mut words = line.split_whitespace();
                (words.next()? == flag).then(|| words.next().unwrap_or_default().to_owned())
            };
            let Some(kind) = usage.lines().filter(|line| line.starts_with("  --")).find_map(described) else {
                return Err(format!("unknown argument {flag}"));
            };
            let value = match kind.chars().all(char::is_uppercase) && !kind.is_empty() {
                true => words.next().ok_or(format!("{flag} needs a value"))?,
                false => String::new(),
            };
            if kind == "N" && value.parse::<u32>().is_err() {
                return Err(format!("{flag} takes a whole number below 2³², not {value}"));
            }
            given.insert(flag, value);
        }
        let mut options = Options { quick: false, seed: 7, out: PathBuf::from(folder), given };
        options.quick = options.has("--quick");
        options.seed = options.number("--seed").map_or(options.seed, u64::from);
        options.out = options.path("--out").unwrap_or(options.out);
        Ok(options)
    }

    /// Whether the option was given.
    pub fn has(&self, flag: &str) -> bool {
        self.given.contains_key(flag)
    }

    /// The word that was given.
    pub fn word(&self, flag: &str) -> Option<&str> {
        self.given.get(flag).map(String::as_str)
    }

    /// The file or folder that was given.
    pub fn path(&self, flag: &str) -> Option<PathBuf> {
        self.given.get(flag).map(PathBuf::from)
    }

    /// The number that was given.
    pub fn number(&self, flag: &str) -> Option<u32> {
        self.given.get(flag).and_then(|value| value.parse().ok())
    }
}

/// The usage of an example that writes these files and takes nothing of its own.
pub fn usage(name: &str, files: &str) -> String {
    format!(
        "usage: {name} [--quick] [--seed N] [--out DIR]\n\n  \
         --quick     less of everything, in a few seconds\n  \
         --seed N    seed of initial values, splits and order (7)\n  \
         --out DIR   for {files} (the current folder)"
    )
}

/// An argument that only the example itself can tell to be wrong: the usage is shown, as for any other wrong one.
#[derive(Debug)]
pub struct Misuse(pub String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Misuse {}

/// Runs an example with the options of the command line. Bad ones show the usage, and the exit status is 2; errors make it 1.
pub fn main(usage: &str, run: impl FnOnce(&Options) -> Result<(), Box<dyn Error>>) -> ExitCode {
    main_in(".", usage, run)
}

/// As [`main`], with another folder for files where none is given.
pub fn main_in(
    folder: &str,
    usage: &str,
    run: impl FnOnce(&Options) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    if std::env::args().any(|word| word == "--help") {
        println!("{usage}");
        return ExitCode::SUCCESS;
    }
    let misuse = |what: &dyn fmt::Display| {
        eprintln!("{what}\n\n{usage}");
        ExitCode::from(2)
    };
    let options = match Options::parse(usage, folder, std::env::args().skip(1)) {
        Ok(options) => options,
        Err(what) => return misuse(&what),
    };
    let folder =
        std::fs::create_dir_all(&options.out).map_err(|e| format!("{}: {e}", options.out.display()).into());
    match folder.and_then(|()| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Misuse>() => misuse(&error),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
