//! What the terminal shows while lessons run.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// A bar of lessons with the running one's name and time, and a line for each lesson that is done. Lines alone where standard
/// output is no terminal.
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    pub fn new(lessons: usize) -> Progress {
        let bar = std::io::stdout().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(lessons as u64), ProgressDrawTarget::stdout());
            match ProgressStyle::with_template("{bar:24} {pos}/{len}  {msg}  {elapsed_precise}") {
                Ok(style) => bar.with_style(style),
                Err(_) => bar,
            }
        });
        Progress { bar }
    }

    pub fn begin(&self, lesson: &'static str) {
        if let Some(bar) = &self.bar {
            bar.set_message(lesson);
            bar.enable_steady_tick(Duration::from_millis(100));
        }
    }

    pub fn done(&self, lesson: &str, time: Duration, claims: usize, broken: usize) {
        let claims = match broken {
            0 => format!("{claims} claims hold"),
            _ => format!("{broken} of {claims} claims do not hold"),
        };
        self.line(&format!("{lesson:<20}  {:>5.1} s  {claims}", time.as_secs_f64()));
    }

    /// A lesson that could not be computed or drawn.
    pub fn failed(&self, lesson: &str) {
        self.line(&format!("{lesson:<20}  failed"));
    }

    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => {
                bar.suspend(|| println!("{line}"));
                bar.inc(1);
            }
            None => println!("{line}"),
        }
    }

    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
