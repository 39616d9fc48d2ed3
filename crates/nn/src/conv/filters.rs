//! What convolutions and transposed ones have in common: the parameters.

use super::ConvConfig;
use crate::Init;
use crate::label::Label;
use chainrule_tape::{ParamId, Scope, Var};

/// A length along each of `N` spatial axes: a number for all of them, or an array of each.
pub trait PerAxis<const N: usize> {
    /// The lengths.
    fn each(self) -> [usize; N];
}

impl<const N: usize> PerAxis<N> for usize {
    fn each(self) -> [usize; N] {
        [self; N]
    }
}

impl<const N: usize> PerAxis<N> for [usize; N] {
    fn each(self) -> [usize; N] {
        self
    }
}

/// The parameters of a convolution or a transposed one.
#[derive(Clone, Debug)]
pub(super) struct Filters<const N: usize> {
    pub label: Label,
    pub weight: ParamId,
    pub bias: Option<ParamId>,
    pub inputs: usize,
    pub outputs: usize,
    pub window: [usize; N],
    pub groups: usize,
}

impl<const N: usize> Filters<N> {
    /// Registers them, with a weight of `channels` windows. `kind` is what mistakes say.
    #[track_caller]
    pub(super) fn new(
        at: &mut Scope<'_>,
        kind: &str,
        [inputs, outputs]: [usize; 2],
        window: [usize; N],
        config: ConvConfig,
        channels: [usize; 2],
    ) -> Filters<N> {
        let ConvConfig { groups, bias, init } = config;
        if inputs == 0 || outputs == 0 || window.contains(&0) {
            at.mistake(format!(
                "a {kind} from {inputs} to {outputs} channels with windows of {window:?} has no weights"
            ));
        }
        if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            at.mistake(format!("a {kind} from {inputs} to {outputs} channels can't have {groups} groups"));
        }
        let label = Label::new(at);
        let shape: Vec<usize> = channels.into_iter().chain(window).collect();
        // (As PyTorch counts them, the inputs of a transposed convolution are its weight's second axis too.)
        let fan = shape[1..].iter().product();
        let (of_weight, of_bias) = init.unwrap_or((Init::usual(fan), Init::usual(fan)));
        let weight = of_weight.param(at, "weight", shape);
        let bias = bias.then(|| of_bias.param(at, "bias", outputs));
        Filters { label, weight, bias, inputs, outputs, window, groups }
    }

    /// With the bias, and noted.
    #[track_caller]
    pub(super) fn finish<'t>(&self, kind: &'static str, y: Var<'t>) -> Var<'t> {
        let y = match self.bias {
            Some(bias) => {
                let mut channels = [1; 4];
                channels[0] = self.outputs;
                y + y.tape().param(bias).reshape(&channels[..N + 1])
            }
            None => y,
        };
        self.label.note(y, kind)
    }
}
