//! Several names for one tensor.

use super::{ParamId, Params, name_fits};
use std::sync::Arc;

impl Params {
    /// Gives a tensor one more name, for a weight that is used in two places (*tied*): by either name, it is found and loaded.
    /// In a list, it stands once, by its first name. [`Scope::alias`](crate::Scope::alias) does this for layers.
    ///
    /// PyTorch's `state_dict` has such a weight under both names; a file that its `safetensors.torch.save_model` writes has it
    /// under one of them, and notes the other. Both are loaded, and [`save`](Params::save) writes the latter.
    ///
    /// A name that is another tensor's is a mistake, as is a tensor that isn't there.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// let mut params = Params::seeded(0);
    /// let words = params.add("words.weight", Kind::Trainable, [1.0f32, 2.0]);
    /// params.alias("head.weight", words);
    /// assert_eq!((params.id("head.weight"), params.len()), (Some(words), 1));
    ///
    /// let mut saved = Params::seeded(0);
    /// saved.add("head.weight", Kind::Trainable, [3.0f32, 4.0]);
    /// params.load_from(&saved).complete()?;
    /// assert_eq!(params.get("words.weight").unwrap().to_f64(), [3.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn alias(&mut self, name: &str, id: ParamId) {
        match self.id(name) {
            _ if name.is_empty() || id.index() >= self.len() => {
                self.mistake(format!("no parameter can be called `{name}` too"));
            }
            Some(found) if found == id => {}
            Some(_) => {
                let own = self.name(id).to_owned();
                self.mistake(format!(
                    "`{own}` can't be called `{name}` too: there is another parameter `{name}`"
                ));
            }
            None => {
                Arc::make_mut(&mut self.names).aliases.insert(name.to_owned(), id);
            }
        }
    }

    /// The other names of tensors: `(other, name)`.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// # let mut params = Params::seeded(0);
    /// # let words = params.add("words.weight", Kind::Trainable, [1.0f32, 2.0]);
    /// params.alias("head.weight", words);
    /// assert_eq!(params.aliases().collect::<Vec<_>>(), [("head.weight", "words.weight")]);
    /// ```
    pub fn aliases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names.aliases.iter().map(|(other, &id)| (other.as_str(), self.name(id)))
    }

    /// Whether one of a tensor's names fits a pattern.
    pub(crate) fn is_called(&self, id: ParamId, pattern: &str) -> bool {
        self.names.of(id).any(|name| name_fits(pattern, name))
    }
}
