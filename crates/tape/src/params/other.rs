//! The same tensors called otherwise, or some of them: what was saved by another program becomes what the model expects.

use super::{Params, name_fits};

impl Params {
    /// The same tensors under other names, for [`load_from`](Params::load_from). Two that get the same name are a mistake, which
    /// using these params reports.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// # let mut saved = Params::seeded(0);
    /// # saved.add("params/Dense_0/kernel", Kind::Trainable, [1.0f32, 2.0]);
    /// let saved = saved.renamed(|name| name.replace('/', ".").replace("kernel", "weight"));
    /// assert!(saved.get("params.Dense_0.weight").is_some());
    /// ```
    pub fn renamed(&self, name: impl Fn(&str) -> String) -> Params {
        self.called(|old| Some(name(old)))
    }

    /// The tensors whose names begin with `scope` and a dot, without those: a part of a file, or all of one whose names have a
    /// prefix, such as `module.` (of PyTorch's `DataParallel`) or `_orig_mod.` (of `torch.compile`).
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// # let mut saved = Params::seeded(0);
    /// # saved.add("module.encoder.weight", Kind::Trainable, [1.0f32, 2.0]);
    /// # let mut params = Params::seeded(0);
    /// # params.add("encoder.weight", Kind::Trainable, [0.0f32, 0.0]);
    /// // saved = Params::read("model.safetensors")?
    /// params.load_from(&saved.under("module")).complete()?;
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn under(&self, scope: &str) -> Params {
        self.called(|name| Some(name.strip_prefix(scope)?.strip_prefix('.')?.to_owned()))
    }

    /// The tensors whose names don't fit a pattern (see [`name_fits`]).
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// # let mut saved = Params::seeded(0);
    /// # saved.add("h.0.attn.bias", Kind::Trainable, [1.0f32, 0.0]);
    /// # saved.add("h.0.attn.c_attn.bias", Kind::Trainable, [1.0f32, 0.0]);
    /// // The triangles of ones that old files of GPT-2 have are not parameters.
    /// let saved = saved.without("*.attn.bias");
    /// assert_eq!(saved.iter().map(|(name, ..)| name).collect::<Vec<_>>(), ["h.0.attn.c_attn.bias"]);
    /// ```
    pub fn without(&self, pattern: &str) -> Params {
        self.called(|name| (!name_fits(pattern, name)).then(|| name.to_owned()))
    }

    /// The tensors of which a name is left, under that; further names of the same tensor are its aliases.
    pub(crate) fn called(&self, new: impl Fn(&str) -> Option<String>) -> Params {
        let mut called = Params::seeded(self.seed).with_dtype(self.dtype);
        called.error = self.error.clone();
        for id in self.ids() {
            let mut names = self.names.of(id).filter_map(&new);
            let Some(name) = names.next() else { continue };
            let tensor = called.add(&name, self.kind(id), self.tensor(id).clone());
            for other in names {
                called.alias(&other, tensor);
            }
        }
        called
    }
}
