//! Values from a file or from other params, by name.

use super::{Kind, ParamId, Params};
use crate::{DType, Error, Meta, Result, Tensor};
use smallvec::SmallVec;
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
    /// Two names of the source that are one tensor of the model, but have different values.
    pub differing: Vec<(String, String)>,
    /// What needs no counterpart: PyTorch's `num_batches_tracked`, which counts a batch norm's steps, where the model's doesn't.
    pub ignored: Vec<String>,
}

impl Loaded {
    /// Whether everything was taken and nothing was left.
    pub fn is_complete(&self) -> bool {
        let Loaded { missing, unexpected, misshapen, differing, .. } = self;
        missing.is_empty() && unexpected.is_empty() && misshapen.is_empty() && differing.is_empty()
    }

    /// Insists on that.
    ///
    /// # Errors
    /// If something didn't fit: the message lists it.
    pub fn complete(self) -> Result<()> {
        if self.is_complete() { Ok(()) } else { Err(Error::Params(self.misfit())) }
    }

    fn misfit(&self) -> String {
        format!("doesn't fit the model: {self}")
    }
}

impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} taken", self.taken.len())?;
        if !self.ignored.is_empty() {
            write!(f, ", {} ignored", self.ignored.len())?;
        }
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
        for (name, other) in &self.differing {
            write!(f, "\n  `{name}` and `{other}` are one tensor here, but differ")?;
        }
        Ok(())
    }
}

/// What PyTorch's batch norms count their steps by.
const COUNTER: &str = "num_batches_tracked";

impl Params {
    /// Reads the values of all tensors from a file, by name: one that [`save`](Params::save) wrote, or the safetensors file of a
    /// PyTorch model's `state_dict` with the same names. Shapes must be the same; floating-point numbers are converted to the
    /// dtype that is here. A tensor with [two names](Params::alias) is found by either. Of an optimizer's memory, what the file has is taken and what it lacks is left. Nothing changes
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
            return Err(Error::File { path: path.to_owned(), what: plan.misfit() });
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

    /// Takes from other params what fits by name and shape, and reports the rest. With [`read`](Params::read), and
    /// [`under`](Params::under), [`without`](Params::without), [`renamed`](Params::renamed), [`map`](Params::map) and
    /// [`joined`](Params::joined), this loads files in which things are called otherwise or lie otherwise. [`Loaded::complete`] makes what didn't fit an error.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// # let mut saved = Params::seeded(0);
    /// # saved.add("transformer.h.0.mlp.c_fc.weight", Kind::Trainable, [[1.0f32], [2.0]]);
    /// # let mut params = Params::seeded(0);
    /// # params.add("layers.0.linear1.weight", Kind::Trainable, [[0.0f32, 0.0]]);
    /// // saved = Params::read("model.safetensors")?
    /// let saved = saved
    ///     .under("transformer")
    ///     .renamed(|name| name.replace("h.", "layers.").replace("mlp.c_fc", "linear1"))
    ///     .map("*.linear1.weight", |weight| weight.t())?;
    /// params.load_from(&saved).complete()?;
    /// assert_eq!(params.get("layers.0.linear1.weight").unwrap().to_f64(), [1.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn load_from(&mut self, other: &Params) -> Loaded {
        let plan = self.compare(other);
        self.take(other, &plan);
        plan
    }

    fn compare(&self, other: &Params) -> Loaded {
        let mut plan = Loaded::default();
        let mut used = vec![false; other.len()];
        for (id, (name, kind, tensor)) in self.ids().zip(self.iter()) {
            let sources = self.sources(id, other);
            for source in &sources {
                used[source.index()] = true;
            }
            let Some(&first) = sources.first() else {
                if kind != Kind::Optimizer {
                    plan.missing.push(name.to_owned());
                }
                continue;
            };
            let differs = |&&source: &&ParamId| !same(other.tensor(first), other.tensor(source));
            match (other.tensor(first), sources.iter().find(differs)) {
                (found, _) if !fits(found, tensor) => {
                    plan.misshapen.push((name.to_owned(), meta(found), meta(tensor)));
                }
                (_, Some(&second)) => {
                    plan.differing.push((other.name(first).to_owned(), other.name(second).to_owned()));
                }
                _ => plan.taken.push(name.to_owned()),
            }
        }
        for (name, kind, _) in other.iter().zip(used).filter(|(_, used)| !used).map(|(tensor, _)| tensor) {
            match () {
                () if kind == Kind::Optimizer => plan.taken.push(name.to_owned()),
                () if self.needs_no_counter(name) => plan.ignored.push(name.to_owned()),
                () => plan.unexpected.push(name.to_owned()),
            }
        }
        plan
    }

    /// The tensors of other params that have a name of this one: one, unless a tied weight was written twice.
    fn sources(&self, id: ParamId, other: &Params) -> SmallVec<[ParamId; 2]> {
        let mut sources = SmallVec::new();
        for source in self.names.of(id).filter_map(|name| other.id(name)) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }

    /// Whether a name is that of the counter of a batch norm that has none here.
    fn needs_no_counter(&self, name: &str) -> bool {
        name.strip_suffix(COUNTER).is_some_and(|scope| self.id(&format!("{scope}running_mean")).is_some())
    }

    fn take(&mut self, other: &Params, plan: &Loaded) {
        for name in &plan.taken {
            if let Some(id) = self.id(name) {
                if let Some(&source) = self.sources(id, other).first() {
                    *self.tensor_mut(id) = other.tensor(source).cast(self.tensor(id).dtype());
                }
            } else if let Some(source) = other.id(name) {
                self.add(name, other.kind(source), other.tensor(source).clone());
            }
        }
    }
}

/// Equal shapes, and dtypes that are equal or both floating point.
fn fits(found: &Tensor, wanted: &Tensor) -> bool {
    let dtypes = (found.dtype(), wanted.dtype());
    found.shape() == wanted.shape() && (dtypes.0 == dtypes.1 || dtypes.0.is_float() && dtypes.1.is_float())
}

/// Equal in shape and values, where NaN is NaN.
fn same(a: &Tensor, b: &Tensor) -> bool {
    let bits = |tensor: &Tensor| -> Vec<u64> {
        match tensor.as_slice::<i64>() {
            Ok(values) => values.iter().map(|&value| value as u64).collect(),
            Err(_) => tensor.cast(DType::F64).to_f64().into_iter().map(f64::to_bits).collect(),
        }
    };
    a.shape() == b.shape() && (a == b || bits(a) == bits(b))
}

fn meta(tensor: &Tensor) -> Meta {
    Meta::new(tensor.shape(), tensor.dtype())
}
