//! Parameters by the pattern of their names.

use super::{Kind, ParamId, Params};
use std::sync::Arc;

/// Whether a parameter's name fits a pattern. A pattern stands for the name that it spells and for all that is beneath it, so
/// `encoder` is `encoder.weight` too, but not `encoder2.weight`. A `*` is any run of characters, dots too.
/// The empty pattern fits every name.
///
/// ```
/// use chainrule_tape::name_fits;
/// assert!(name_fits("encoder", "encoder.0.weight") && !name_fits("enc", "encoder.0.weight"));
/// assert!(name_fits("*.bias", "encoder.0.bias") && !name_fits("*.bias", "bias_scale"));
/// assert!(name_fits("blocks.*.norm", "blocks.3.norm.weight"));
/// ```
pub fn name_fits(pattern: &str, name: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    let ends = name.match_indices('.').map(|(dot, _)| dot).chain([name.len()]);
    ends.into_iter().any(|end| spells(pattern, &name[..end]))
}

/// Whether the whole of `text` is what the pattern spells. Each piece between stars is taken where it comes first, which leaves
/// the most for those after it.
fn spells(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    let middle = pieces.try_fold(rest, |rest, piece| rest.find(piece).map(|at| &rest[at + piece.len()..]));
    middle.is_some_and(|rest| rest.ends_with(last))
}

impl Params {
    /// The ids of the tensors whose names fit a pattern (see [`name_fits`]), without an optimizer's memory.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// let mut params = Params::seeded(0);
    /// params.add("hidden.weight", Kind::Trainable, [1.0f32, 2.0]);
    /// params.add("hidden.bias", Kind::Trainable, [0.0f32]);
    /// let names: Vec<&str> = params.matching("*.bias").map(|id| params.name(id)).collect();
    /// assert_eq!(names, ["hidden.bias"]);
    /// ```
    pub fn matching(&self, pattern: &str) -> impl Iterator<Item = ParamId> {
        let fits = move |&id: &ParamId| self.kind(id) != Kind::Optimizer && name_fits(pattern, self.name(id));
        self.ids().filter(fits)
    }

    /// The number of elements in the model's tensors whose names fit a pattern: all of the model's, if it is empty.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// let mut params = Params::seeded(0);
    /// params.add("hidden.weight", Kind::Trainable, [1.0f32, 2.0]);
    /// params.add("hidden.bias", Kind::Frozen, [0.0f32]);
    /// assert_eq!((params.count("hidden"), params.count("*.bias"), params.trainable_count()), (3, 1, 2));
    /// ```
    pub fn count(&self, pattern: &str) -> usize {
        self.matching(pattern).map(|id| self.tensor(id).numel()).sum()
    }

    /// Freezes every trainable tensor whose name fits a pattern (see [`name_fits`]): training leaves it as it is. Returns how
    /// many there were.
    ///
    /// ```
    /// # use chainrule_tape::{Kind, Params};
    /// let mut params = Params::seeded(0);
    /// for name in ["body.0.weight", "body.0.bias", "head.weight", "head.bias"] {
    ///     params.add(name, Kind::Trainable, 0.0f32);
    /// }
    /// assert_eq!((params.freeze("body"), params.freeze("*.bias")), (2, 1));
    /// assert_eq!(params.trainable_count(), 1);
    /// ```
    pub fn freeze(&mut self, pattern: &str) -> usize {
        self.change(pattern, Kind::Trainable, Kind::Frozen)
    }

    /// The reverse of [`freeze`](Params::freeze).
    pub fn unfreeze(&mut self, pattern: &str) -> usize {
        self.change(pattern, Kind::Frozen, Kind::Trainable)
    }

    fn change(&mut self, pattern: &str, from: Kind, to: Kind) -> usize {
        let kinds = &mut Arc::make_mut(&mut self.names).kinds;
        let mut count = 0;
        for (_, kind) in kinds.iter_mut().filter(|(name, kind)| **kind == from && name_fits(pattern, name)) {
            *kind = to;
            count += 1;
        }
        if count > 0 {
            self.layout = super::next_layout();
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_any_characters() {
        for (pattern, text, fits) in [
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("*ab", "aab", true),
            ("**", "", true),
            ("*", "x.y", true),
            ("a*a", "a", false),
            ("ä*", "äö", true),
        ] {
            assert_eq!(spells(pattern, text), fits, "{pattern} and {text}");
        }
    }

    #[test]
    fn freezing_goes_by_whole_names() {
        let mut params = Params::seeded(0);
        for name in ["a", "a.b", "ab"] {
            params.add(name, Kind::Trainable, 1.0f32);
        }
        assert_eq!(params.freeze("a"), 2);
        assert_eq!(params.kind(params.id("ab").unwrap()), Kind::Trainable);
        assert_eq!(params.unfreeze(""), 2);
    }
}
