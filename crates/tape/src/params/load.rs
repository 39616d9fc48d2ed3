//! Values from a file or from other params, by name.

use super::{Kind, Params};
use crate::{Error, Meta, Result, Tensor};
use std::fmt;
use std::path::Path;

/// What came of taking values by name from a file or from other params.
///
/// It prints as a list of what didn't fit, one a line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[must_use = "tells what was not taken"]
pub struct Loaded {
    /// The names whose values were taken.
    pub taken: Vec<String>,
    /// Names that the model has and the source lacks.
    pub missing: Vec<String>,
    /// Names that the source has and the model lacks.
    pub unexpected: Vec<String>,
    /// Names that both have, in different shapes, or a number against an integer: the source's, and the model's.
    pub misshapen: Vec<(String, Meta, Meta)>,
    /// What needs no counterpart: PyTorch's `num_batches_tracked`, which counts a batch norm's steps, where the model's doesn't.
    pub ignored: Vec<String>,
}

impl Loaded {
    /// Whether everything was taken and nothing was left.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshapen.is_empty()
    }
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} taken", self.taken.len())?;
        for name in &self.missing {
            write!(f, "\n  `{name}` is missing")?;
        }
        for name in &self.unexpected {
            write!(f, "\n  `{name}` is unexpected")?;
        }
        for (name, found, wanted) in &self.misshapen {
            write!(f, "\n  `{name}` is {} {}", found.shape, found.dtype)?;
            write!(f, ", not {} {}", wanted.shape, wanted.dtype)?;
        }
        Ok(())
    }
}

/// What PyTorch's batch norms count their steps by.
const COUNTER: &str = "num_batches_tracked";

impl Params {
    /// Reads the values of all tensors from a file, by name: one that [`save`](Params::save) wrote, or the safetensors file of a
    /// PyTorch model's `state_dict` with the same names. Shapes must be the same; floating-point numbers are converted to the
    /// dtype that is here. Of an optimizer's memory, what the file has is taken and what it lacks is left. Nothing changes
    /// unless all is well.
    ///
    /// [`load_partial`](Params::load_partial) takes what fits.
    ///
    /// # Errors
    /// If the file can't be read, or doesn't fit: the message lists all that is missing, unexpected or of another shape.
    pub fn load(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        self.check()?;
        let read = Params::read(path)?;
        let plan = self.compare(&read);
        if !plan.is_complete() {
            return Err(Error::File {
                path: path.to_owned(),
                what: format!("doesn't fit the model: {plan}"),
            });
        }
        self.take(&read, &plan);
        Ok(())
    }

    /// Takes from a file what fits by name and shape, and reports the rest: for a model that shares a part with the one that
    /// was saved.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// let file = std::env::temp_dir().join("chainrule-partial-example.safetensors");
    /// let mut old = Params::seeded(0);
    /// old.add("body.weight", Kind::Trainable, [1.0f32, 2.0]);
    /// old.add("head.weight", Kind::Trainable, [3.0f32, 4.0]);
    /// old.save(&file)?;
    ///
    /// let mut new = Params::seeded(0);
    /// new.add("body.weight", Kind::Trainable, [0.0f32, 0.0]);
    /// new.add("head.weight", Kind::Trainable, [0.0f32; 5]);
    /// let loaded = new.load_partial(&file)?;
    /// assert_eq!(loaded.to_string(), "1 taken\n  `head.weight` is [2] f32, not [5] f32");
    /// assert_eq!(new.get("body.weight").unwrap().to_f64(), [1.0, 2.0]);
    /// # std::fs::remove_file(file).ok();
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file can't be read.
    pub fn load_partial(&mut self, path: impl AsRef<Path>) -> Result<Loaded> {
        self.check()?;
        Ok(self.load_from(&Params::read(path)?))
    }

    /// Takes from other params what fits by name and shape, and reports the rest. With [`read`](Params::read) and
    /// [`renamed`](Params::renamed), this loads files in which things are called differently.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// # let mut saved = Params::seeded(0);
    /// # saved.add("module.encoder.weight", Kind::Trainable, [1.0f32, 2.0]);
    /// # let mut params = Params::seeded(0);
    /// # params.add("encoder.weight", Kind::Trainable, [0.0f32, 0.0]);
    /// // saved = Params::read("model.safetensors")?
    /// let saved = saved.renamed(|name| name.strip_prefix("module.").unwrap_or(name).to_owned());
    /// assert!(params.load_from(&saved).is_complete());
    /// ```
    pub fn load_from(&mut self, other: &Params) -> Loaded {
        let plan = self.compare(other);
        self.take(other, &plan);
        plan
    }

    /// The same tensors under other names, for [`load_from`](Params::load_from). Two that get the same name are a mistake, which
    /// using these params reports.
    pub fn renamed(&self, name: impl Fn(&str) -> String) -> Params {
        let mut renamed = Params::seeded(self.seed).with_dtype(self.dtype);
        for (old, kind, tensor) in self.iter() {
            renamed.add(&name(old), kind, tensor.clone());
        }
        renamed
    }

    fn compare(&self, other: &Params) -> Loaded {
        let mut plan = Loaded::default();
        for (name, kind, tensor) in self.iter() {
            match other.get(name) {
                Some(found) if fits(found, tensor) => plan.taken.push(name.to_owned()),
                Some(found) => plan.misshapen.push((name.to_owned(), meta(found), meta(tensor))),
                None if kind == Kind::Optimizer => {}
                None => plan.missing.push(name.to_owned()),
            }
        }
        for (name, kind, _) in other.iter().filter(|(name, ..)| self.id(name).is_none()) {
            match () {
                () if kind == Kind::Optimizer => plan.taken.push(name.to_owned()),
                () if self.needs_no_counter(name) => plan.ignored.push(name.to_owned()),
                () => plan.unexpected.push(name.to_owned()),
            }
        }
        plan
    }

    /// Whether a name is that of the counter of a batch norm that has none here.
    fn needs_no_counter(&self, name: &str) -> bool {
        name.strip_suffix(COUNTER).is_some_and(|scope| self.id(&format!("{scope}running_mean")).is_some())
    }

    fn take(&mut self, other: &Params, plan: &Loaded) {
        for name in &plan.taken {
            let Some(source) = other.id(name) else { continue };
            match self.id(name) {
                Some(id) => *self.tensor_mut(id) = other.tensor(source).cast(self.tensor(id).dtype()),
                None => {
                    self.add(name, other.kind(source), other.tensor(source).clone());
                }
            }
        }
    }
}

/// Equal shapes, and dtypes that are equal or both floating point.
fn fits(found: &Tensor, wanted: &Tensor) -> bool {
    let dtypes = (found.dtype(), wanted.dtype());
    found.shape() == wanted.shape() && (dtypes.0 == dtypes.1 || dtypes.0.is_float() && dtypes.1.is_float())
}

fn meta(tensor: &Tensor) -> Meta {
    Meta::new(tensor.shape(), tensor.dtype())
}
