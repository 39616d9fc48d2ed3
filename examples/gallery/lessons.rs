//! The lessons: one line each makes its entry in the contents, its name for `--only`, and its test.

use crate::page::Page;
use std::error::Error;

/// A lesson computes, with this seed, and puts what it found on the page.
type Run = fn(&mut Page, u64) -> Result<(), Box<dyn Error>>;

/// One lesson of the gallery.
pub struct Lesson {
    /// Its file's name, and its page's.
    pub name: &'static str,
    pub title: &'static str,
    pub run: Run,
}

macro_rules! lessons {
    ($($name:ident: $title:literal,)*) => {
        /// All lessons, in the order of the contents.
        pub const ALL: &[Lesson] =
            &[$(Lesson { name: stringify!($name), title: $title, run: crate::$name::lesson }),*];

        #[cfg(test)]
        mod every_claim_holds {
            $(
                #[test]
                fn $name() {
                    super::check(crate::$name::lesson);
                }
            )*
        }
    };
}

// Each line joins with its lesson, and with `mod NAME;` in `main.rs`.
lessons! {
    activations: "What activations are for",
    activation_table: "The table of activations",
    vanishing_gradients: "Saturation and vanishing gradients",
    oscillating_neuron: "One oscillating neuron learns XOR",
    initialization: "Why initialization is important",
    batch_norm: "Batch normalization",
    optimizer_role: "The role of the optimizer",
    ewma: "EWMA: the average that forgets",
    reading_graphs: "Reading graphs",
    optimizer_race: "The race of optimizers",
    sparse_features: "Sparse features",
    beyond: "Beyond the notes",
}

/// Its place in the contents, from 1.
pub fn number(lesson: &Lesson) -> usize {
    1 + ALL.iter().take_while(|other| other.name != lesson.name).count()
}

/// The lesson of this name.
///
/// # Errors
///
/// There is none; the names there are.
pub fn named(name: &str) -> Result<&'static Lesson, String> {
    let names = || ALL.iter().map(|lesson| lesson.name).collect::<Vec<_>>().join(", ");
    let found = ALL.iter().find(|lesson| lesson.name == name);
    found.ok_or_else(|| format!("there is no lesson {name}; there are {}", names()))
}

/// Runs a lesson without drawing: nothing may be missing or wrong on its page, and all that it claims must hold.
#[cfg(test)]
fn check(lesson: Run) {
    let mut page = Page::new();
    let done = lesson(&mut page, 7).map_err(|error| error.to_string());
    let broken = page.broken_claims().into_iter().map(|claim| format!("does not hold: {claim}"));
    let problems: Vec<String> = done.err().into_iter().chain(page.problems()).chain(broken).collect();
    assert!(problems.is_empty(), "\n  {}", problems.join("\n  "));
}
