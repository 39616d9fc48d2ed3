//! The command line that these examples share: `--quick`, `--seed N` and `--out DIR`.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

/// What the command line asks for.
pub struct Options {
    /// Less of everything, in a few seconds: to see that it works.
    pub quick: bool,
    pub seed: u64,
    /// The folder for files; it exists.
    pub out: PathBuf,
}

/// Runs an example. Wrong arguments show the usage and end with 2, errors with 1.
pub fn main(
    name: &str,
    seed: u64,
    files: &str,
    run: impl FnOnce(&Options) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    let usage = format!(
        "usage: {name} [--quick] [--seed N] [--out DIR]\n\n  \
         --quick     less of everything, in a few seconds\n  \
         --seed N    seed of initial values, splits and order ({seed})\n  \
         --out DIR   for {files} (the current folder)"
    );
    if std::env::args().any(|arg| arg == "--help") {
        println!("{usage}");
        return ExitCode::SUCCESS;
    }
    let options = match parse(std::env::args().skip(1), seed) {
        Ok(options) => options,
        Err(what) => {
            eprintln!("{what}\n\n{usage}");
            return ExitCode::from(2);
        }
    };
    let folder =
        std::fs::create_dir_all(&options.out).map_err(|e| format!("{}: {e}", options.out.display()).into());
    match folder.and_then(|()| run(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The options, or what is wrong with them.
fn parse(mut args: impl Iterator<Item = String>, seed: u64) -> Result<Options, String> {
    let mut options = Options { quick: false, seed, out: PathBuf::from(".") };
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--quick" => options.quick = true,
            "--seed" => {
                let text = value()?;
                options.seed =
                    text.parse().map_err(|_| format!("--seed takes a whole number, not {text}"))?;
            }
            "--out" => options.out = PathBuf::from(value()?),
            _ => return Err(format!("unknown argument {flag}")),
        }
    }
    Ok(options)
}
