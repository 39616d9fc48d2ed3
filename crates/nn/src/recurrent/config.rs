//! What decides which parameters a recurrent layer has.

/// How many layers a recurrent layer has one above the other, and which directions and parameters: what [`Rnn::with`],
/// [`Lstm::with`] and [`Gru::with`] take. (What does not change the parameters is a setting of the layer itself.)
///
/// The default is one layer, forward in time, with biases and without projection, as in PyTorch.
///
/// ```
/// use chainrule_nn::{Lstm, RecurrentConfig};
/// use chainrule_tape::Params;
///
/// let mut params = Params::seeded(7);
/// let config = RecurrentConfig::new().layers(2).bidirectional().without_bias();
/// Lstm::with(&mut params.root().sub("lstm"), 3, 8, config);
/// let names: Vec<&str> = params.iter().map(|(name, ..)| name).collect();
/// assert_eq!(names[2..4], ["lstm.weight_ih_l0_reverse", "lstm.weight_hh_l0_reverse"]);
/// assert_eq!(names.len(), 8);
/// ```
///
/// [`Rnn::with`]: crate::Rnn::with
/// [`Lstm::with`]: crate::Lstm::with
/// [`Gru::with`]: crate::Gru::with
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a configuration makes nothing unless it is given to a layer"]
pub struct RecurrentConfig {
    pub(super) layers: usize,
    pub(super) bidirectional: bool,
    pub(super) bias: bool,
    pub(super) projection: Option<usize>,
}

impl RecurrentConfig {
    /// One layer, forward in time, with biases.
    pub const fn new() -> RecurrentConfig {
        RecurrentConfig { layers: 1, bidirectional: false, bias: true, projection: None }
    }

    /// So many layers, each of which takes the outputs of the one below (PyTorch's `num_layers`). None is a mistake.
    pub const fn layers(self, layers: usize) -> RecurrentConfig {
        RecurrentConfig { layers, ..self }
    }

    /// Each layer goes through time in both directions, with parameters for each; its outputs are those of the forward
    /// direction and then, along the last axis, those of the reverse one, for the same time.
    ///
    /// Source: Schuster and Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on Signal Processing 1997.
    pub const fn bidirectional(self) -> RecurrentConfig {
        RecurrentConfig { bidirectional: true, ..self }
    }

    /// Without `bias_ih` and `bias_hh`.
    pub const fn without_bias(self) -> RecurrentConfig {
        RecurrentConfig { bias: false, ..self }
    }

    /// An [`Lstm`](crate::Lstm)'s hidden state is mapped to so many elements (PyTorch's `proj_size`), fewer than it has.
    /// For other layers it is a mistake.
    pub const fn projection(self, size: usize) -> RecurrentConfig {
        RecurrentConfig { projection: Some(size), ..self }
    }

    pub(super) const fn directions(self) -> usize {
        if self.bidirectional { 2 } else { 1 }
    }
}

impl Default for RecurrentConfig {
    fn default() -> RecurrentConfig {
        RecurrentConfig::new()
    }
}
