//! Tensors of params put through a function, or together.

use crate::{Error, ParamId, Params, Result, Tape, Var};
use std::collections::HashSet;

impl Params {
    /// The same tensors, of which those whose names fit a pattern (see [`name_fits`](crate::name_fits)) are put through a function:
    /// for files in which they lie otherwise than in the model. `|w| w.t()` is for the linear layers of Hugging Face's GPT-2, of
    /// Keras and of Flax, whose weights are `[inputs, outputs]`; `|w| w.permute([3, 2, 0, 1])` for the images' filters
    /// `[height, width, inputs, outputs]` of the latter two.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// # let mut saved = Params::seeded(0);
    /// # saved.add("h.0.mlp.c_fc.weight", Kind::Trainable, [[1.0f32, 2.0, 3.0]]);
    /// // saved = Params::read("model.safetensors")?
    /// let saved = saved.map("*.c_fc.weight", |weight| weight.t())?;
    /// assert_eq!(saved.get("h.0.mlp.c_fc.weight").unwrap().shape().dims(), [3, 1]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the function can't be applied to one of them, which the message names.
    pub fn map(&self, pattern: &str, function: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Result<Params> {
        let mut mapped = self.clone();
        let ids: Vec<ParamId> = self.ids().filter(|&id| self.is_called(id, pattern)).collect();
        for id in ids {
            let tape = Tape::new();
            let value = function(tape.var(self.tensor(id))).value();
            mapped.replace(id, value.map_err(|e| Error::Params(format!("`{}`: {e}", self.name(id))))?);
        }
        Ok(mapped)
    }

    /// The same tensors, of which those whose names differ in these parts alone are one, along the first axis, in this order, under
    /// the name that has `whole` there: for weights that a model keeps together, such as those of an attention's queries, keys and
    /// values, and a file apart. The part of a name that is exchanged is the first place where it has one of `parts`.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// # let mut saved = Params::seeded(0);
    /// # saved.add("layers.0.attn.q.weight", Kind::Trainable, [[1.0f32], [2.0]]);
    /// # saved.add("layers.0.attn.k.weight", Kind::Trainable, [[3.0f32]]);
    /// # saved.add("layers.0.attn.v.weight", Kind::Trainable, [[4.0f32]]);
    /// // saved = Params::read("model.safetensors")?
    /// let saved = saved.joined(&["attn.q.", "attn.k.", "attn.v."], "attn.in_proj_")?;
    /// assert_eq!(saved.get("layers.0.attn.in_proj_weight").unwrap().to_f64(), [1.0, 2.0, 3.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// # Errors
    /// If there is a first part without the others, or their shapes don't fit: the message names them.
    pub fn joined(&self, parts: &[&str], whole: &str) -> Result<Params> {
        let Some(first) = parts.first() else { return Ok(self.clone()) };
        let (mut used, mut joined) = (HashSet::new(), Vec::new());
        for (name, kind, _) in self.iter().filter(|(name, ..)| name.contains(first)) {
            let tape = Tape::new();
            let mut vars = Vec::with_capacity(parts.len());
            for part in parts {
                let other = name.replacen(first, part, 1);
                let found = self.get(&other).ok_or_else(|| {
                    Error::Params(format!("there is no `{other}` to be joined with `{name}`"))
                })?;
                vars.push(tape.var(found));
                used.insert(other);
            }
            let value = tape.concat(&vars, 0).value();
            let value = value.map_err(|e| Error::Params(format!("`{name}` can't be joined: {e}")))?;
            joined.push((name.replacen(first, whole, 1), kind, value));
        }
        let mut all = self.called(|name| (!used.contains(name)).then(|| name.to_owned()));
        for (name, kind, value) in joined {
            all.add(&name, kind, value);
        }
        Ok(all)
    }
}
