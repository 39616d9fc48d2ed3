//! Layers that are made for what arrives: those of [`Sequential::with_input`](crate::Sequential::with_input).

use super::{Arriving, Inferred, Stack};
use crate::{Activation, BatchNorm, Conv1d, Conv2d, Conv3d, Embedding, Gru, Layer, LayerNorm, Linear};
use crate::{Lstm, PerAxis};
use chainrule_tape::Scope;

/// Layers that are made for what arrives.
impl Stack<'_, '_, Inferred> {
    /// A layer of any kind, with all its settings, made for what arrives and named by its number.
    ///
    /// ```
    /// use chainrule_nn::{Conv2d, Sequential};
    /// use chainrule_tape::Params;
    ///
    /// let mut params = Params::seeded(7);
    /// let net = Sequential::with_input(&mut params.root(), [3, 32, 32], |net| {
    ///     net.layer(|at, x| Conv2d::without_bias(at, x.channels(), 16, 3).stride(2).padding(1)).batch_norm().relu()
    /// });
    /// assert_eq!(net.output_shape().unwrap().dims(), [16, 16, 16]);
    /// ```
    pub fn layer<L>(mut self, make: impl FnOnce(&mut Scope<'_>, &Arriving) -> L) -> Self
    where
        L: Layer + Send + Sync + 'static,
    {
        let arriving = self.shapes.arriving();
        let layer = make(&mut self.next(), &arriving);
        self.with(layer)
    }

    /// A [`Linear`] layer and an activation, each with a number of its own, as in PyTorch's `Sequential`;
    /// [`Activation::Identity`] is left out. The last axis is mapped, whatever comes before it, as by Keras's `Dense`: images are to
    /// be [flattened](Stack::flatten) first. First values are those of [`Linear::new`].
    #[track_caller]
    pub fn dense(self, outputs: usize, activation: Activation) -> Self {
        self.linear(outputs).activated(activation)
    }

    /// A [`Linear`] layer.
    #[track_caller]
    pub fn linear(mut self, outputs: usize) -> Self {
        let inputs = self.width("Linear");
        let layer = Linear::new(&mut self.next(), inputs, outputs);
        self.with(layer)
    }

    /// A [`Conv1d`] with a stride of 1 and no padding, and an activation; for other settings see [`layer`](Stack::layer).
    #[track_caller]
    pub fn conv1d(mut self, outputs: usize, window: impl PerAxis<1>, activation: Activation) -> Self {
        let inputs = self.channels("Conv1d", &["length"]);
        let layer = Conv1d::new(&mut self.next(), inputs, outputs, window);
        self.with(layer).activated(activation)
    }

    /// A [`Conv2d`] with a stride of 1 and no padding, and an activation; for other settings see [`layer`](Stack::layer).
    #[track_caller]
    pub fn conv2d(mut self, outputs: usize, window: impl PerAxis<2>, activation: Activation) -> Self {
        let inputs = self.channels("Conv2d", &["height", "width"]);
        let layer = Conv2d::new(&mut self.next(), inputs, outputs, window);
        self.with(layer).activated(activation)
    }

    /// A [`Conv3d`] with a stride of 1 and no padding, and an activation; for other settings see [`layer`](Stack::layer).
    #[track_caller]
    pub fn conv3d(mut self, outputs: usize, window: impl PerAxis<3>, activation: Activation) -> Self {
        let inputs = self.channels("Conv3d", &["depth", "height", "width"]);
        let layer = Conv3d::new(&mut self.next(), inputs, outputs, window);
        self.with(layer).activated(activation)
    }

    /// A [`BatchNorm`] of the channels: the first axis after the batch, as PyTorch's.
    #[track_caller]
    pub fn batch_norm(mut self) -> Self {
        let arriving = self.expect("BatchNorm", "[features] or [channels, …]", |axes| axes > 0);
        let norm = BatchNorm::new(&mut self.next(), arriving.channels()).axis(1);
        self.with(norm)
    }

    /// A [`LayerNorm`] of the last axis.
    #[track_caller]
    pub fn layer_norm(mut self) -> Self {
        let features = self.width("LayerNorm");
        let layer = LayerNorm::new(&mut self.next(), features);
        self.with(layer)
    }

    /// An [`Embedding`] of so many vectors of this width. As the first layer, it makes the inputs indices.
    #[track_caller]
    pub fn embedding(mut self, count: usize, width: usize) -> Self {
        self.shapes.of_indices();
        let layer = Embedding::new(&mut self.next(), count, width);
        self.with(layer)
    }

    /// An [`Lstm`], with the hidden values of all time steps: `[time, width] → [time, hidden]`.
    #[track_caller]
    pub fn lstm(mut self, hidden: usize) -> Self {
        let inputs = self.expect("Lstm", "[time, width]", |axes| axes == 2).width();
        let layer = Lstm::new(&mut self.next(), inputs, hidden);
        self.with(layer)
    }

    /// A [`Gru`], with the hidden values of all time steps: `[time, width] → [time, hidden]`.
    #[track_caller]
    pub fn gru(mut self, hidden: usize) -> Self {
        let inputs = self.expect("Gru", "[time, width]", |axes| axes == 2).width();
        let layer = Gru::new(&mut self.next(), inputs, hidden);
        self.with(layer)
    }

    fn activated(self, activation: Activation) -> Self {
        if activation == Activation::Identity { self } else { self.with(activation) }
    }

    fn width(&mut self, kind: &str) -> usize {
        self.expect(kind, "[…, width]", |axes| axes > 0).width()
    }

    fn channels(&mut self, kind: &str, spatial: &[&str]) -> usize {
        let wanted = format!("[channels, {}]", spatial.join(", "));
        self.expect(kind, &wanted, |axes| axes == spatial.len() + 1).channels()
    }

    /// What arrives, without the batch, if it has so many axes; else that is a mistake, and nobody knows.
    fn expect(&mut self, kind: &str, wanted: &str, fits: impl Fn(usize) -> bool) -> Arriving {
        let arriving = self.shapes.arriving();
        if !arriving.is_known() {
            return Arriving::lost();
        }
        if !fits(arriving.shape().len()) {
            let (number, shape) = (self.stages.len(), arriving.shape());
            self.at.mistake(format!("layer `{number}`: a {kind} takes {wanted}, but {shape:?} arrives"));
            self.shapes.lose();
            return Arriving::lost();
        }
        arriving
    }
}
