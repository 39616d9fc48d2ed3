//! Data for chainrule: embedded sets, readers, splits, scaling and batches.
//!
//! A [`Dataset`] is a tensor of inputs and a tensor of labels with a common first axis. It comes from
//!
//! - [`digits`], [`iris`] and [`diabetes`], which are part of the crate and need no file;
//! - [`mnist`], for a folder with the four files of MNIST or of a set in its format;
//! - [`read_csv`], for a table of numbers with a column of labels;
//! - [`Dataset::new`], for tensors of your own, such as those that [`idx::read`], [`npy::read`] and [`npz::read`] return.
//!
//! It is split, standardized and cut into batches:
//!
//! ```
//! use chainrule_data::{Standardize, iris};
//!
//! let (train, test) = iris().split_stratified(0.2, 7)?;
//! let scaler = Standardize::fit(train.inputs())?;
//! let train = train.map_inputs(|x| scaler.apply(x))?;
//! let test = test.map_inputs(|x| scaler.apply(x))?;
//!
//! for epoch in 0..3 {
//!     for (inputs, labels) in train.batches(32).shuffled(7, epoch) {
//!         assert_eq!(inputs.shape()[0], labels.shape()[0]);
//!     }
//! }
//! assert_eq!((train.len(), test.len()), (120, 30));
//! # Ok::<(), chainrule_data::DataError>(())
//! ```
//!
//! A [`Text`] gives [`Windows`] of its characters' numbers, for models of language.
//!
//! What shuffles is specified, see [`permutation`]: the same seed gives the same order on every machine.
//! A file that is not what it should be is a [`DataError`] that names the file, the place in it, and what
//! was found there; no reader allocates memory on the word of a file's header.

#![forbid(unsafe_code)]

mod batches;
mod columns;
mod csv;
mod dataset;
mod error;
pub mod idx;
mod min_max;
mod mnist;
pub mod npy;
pub mod npz;
mod permutation;
mod sets;
mod split;
mod standardize;
mod text;
mod vocabulary;
mod windows;

pub use batches::Batches;
pub use csv::{Column, CsvOptions, Target, parse_csv, read_csv};
pub use dataset::Dataset;
pub use error::DataError;
pub use min_max::MinMax;
pub use mnist::mnist;
pub use permutation::permutation;
pub use sets::{diabetes, digits, iris};
pub use standardize::Standardize;
pub use text::Text;
pub use vocabulary::Vocabulary;
pub use windows::Windows;
