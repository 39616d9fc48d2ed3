//! What the parameters of an attention look like.

/// The widths and heads of a [`MultiheadAttention`](crate::MultiheadAttention), which decide on its parameters.
///
/// ```
/// use chainrule_nn::{AttentionConfig, MultiheadAttention};
/// use chainrule_tape::Params;
///
/// let mut params = Params::seeded(7);
/// let grouped = AttentionConfig::new(8, 4).kv_heads(2).without_bias();
/// MultiheadAttention::with(&mut params.root(), grouped);
/// let shapes: Vec<_> = params.iter().map(|(name, _, tensor)| (name, tensor.shape().dims().to_vec())).collect();
/// assert_eq!(shapes, [("in_proj_weight", vec![8 + 2 * 4, 8]), ("out_proj.weight", vec![8, 8])]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a configuration makes nothing unless it is given to a layer"]
pub struct AttentionConfig {
    pub(crate) width: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) key_width: usize,
    pub(crate) value_width: usize,
    pub(crate) bias: bool,
}

impl AttentionConfig {
    /// `heads` heads of `width / heads` elements; keys and values have the width and the heads of queries; with biases.
    pub const fn new(width: usize, heads: usize) -> AttentionConfig {
        AttentionConfig { width, heads, kv_heads: heads, key_width: width, value_width: width, bias: true }
    }

    /// So many heads of keys and values, a divisor of the number of heads: each serves several of the queries' (grouped
    /// queries; with 1, "multi-query"). Fewer keys and values are made, and kept in generation.
    pub const fn kv_heads(self, kv_heads: usize) -> AttentionConfig {
        AttentionConfig { kv_heads, ..self }
    }

    /// Keys are made from rows of so many elements (PyTorch's `kdim`).
    #[doc(alias = "kdim")]
    pub const fn key_width(self, key_width: usize) -> AttentionConfig {
        AttentionConfig { key_width, ..self }
    }

    /// Values are made from rows of so many elements (PyTorch's `vdim`).
    #[doc(alias = "vdim")]
    pub const fn value_width(self, value_width: usize) -> AttentionConfig {
        AttentionConfig { value_width, ..self }
    }

    /// No biases.
    pub const fn without_bias(self) -> AttentionConfig {
        AttentionConfig { bias: false, ..self }
    }

    /// The width of a head.
    pub(crate) const fn head_width(&self) -> usize {
        match self.heads {
            0 => self.width,
            heads => self.width / heads,
        }
    }

    /// The width of all heads of keys together.
    pub(crate) const fn kv_width(&self) -> usize {
        self.kv_heads * self.head_width()
    }

    /// What is wrong, if something is.
    pub(crate) fn mistake(&self) -> Option<String> {
        let AttentionConfig { width, heads, kv_heads, key_width, value_width, .. } = *self;
        if heads == 0 || width == 0 || !width.is_multiple_of(heads) {
            return Some(format!("{width} elements can't be cut in {heads} heads"));
        }
        if kv_heads == 0 || !heads.is_multiple_of(kv_heads) {
            return Some(format!("{heads} heads of queries can't share {kv_heads} heads of keys and values"));
        }
        if key_width == 0 || value_width == 0 {
            return Some(format!("keys of {key_width} elements and values of {value_width} have no weights"));
        }
        None
    }
}
