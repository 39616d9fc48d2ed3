//! What a training shows of itself.

use crate::History;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// How much is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Show {
    /// A bar on a terminal; lines elsewhere.
    #[default]
    Bar,
    Lines,
    Nothing,
}

/// A bar of steps within the epoch, with the rate, the mean loss and the time left; and a line for each epoch that is done.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    lines: bool,
    epochs: usize,
    began: Instant,
    shown: Instant,
}

/// The message is made anew so often.
const PAUSE: Duration = Duration::from_millis(100);

impl Progress {
    pub fn new(show: Show, epochs: usize) -> Progress {
        let bar = (show == Show::Bar && std::io::stderr().is_terminal()).then(|| {
            let template = "{prefix} {bar:30} {pos}/{len}  {per_sec}  {msg}  {eta} left";
            let bar = ProgressBar::new(0);
            match ProgressStyle::with_template(template) {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        let now = Instant::now();
        Progress { bar, lines: show != Show::Nothing, epochs, began: now, shown: now }
    }

    /// An epoch begins, of which `done` batches are done.
    pub fn begin(&mut self, epoch: usize, done: usize, batches: usize) {
        self.began = Instant::now();
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_prefix(format!("epoch {}/{}", epoch + 1, self.epochs));
            bar.set_length(batches as u64);
            bar.set_position(done as u64);
        }
    }

    pub fn step(&mut self, loss: f64) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
            if self.shown.elapsed() > PAUSE {
                self.shown = Instant::now();
                bar.set_message(format!("loss {loss:.4}"));
            }
        }
    }

    /// An epoch is done: the last of the history.
    pub fn epoch(&self, history: &History) {
        if !self.lines {
            return;
        }
        let mut line = format!("epoch {:>3}/{}", history.epochs(), self.epochs);
        for name in history.names() {
            if let Some(value) = history.last(name) {
                line += &format!("  {name} {}", short(value));
            }
        }
        line += &format!("  {:.1} s", self.began.elapsed().as_secs_f64());
        match &self.bar {
            Some(bar) => bar.suspend(|| println!("{line}")),
            None => println!("{line}"),
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Four digits, whatever the size.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        size if (1e-3..1e5).contains(&size) => format!("{value:.4}"),
        _ => format!("{value:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_of_all_sizes_are_short() {
        let texts = [0.0, 0.5, 1.0 / 3.0, -1e-5, 123_456.0, f64::NAN].map(short);
        assert_eq!(texts, ["0", "0.5000", "0.3333", "-1.000e-5", "1.235e5", "NaN"]);
    }
}
