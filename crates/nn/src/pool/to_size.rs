//! Pooling to an output of a given size.

use crate::label::note;
use crate::{Layer, PerAxis};
use chainrule_tape::Var;

/// [`AdaptiveAvgPoolNd`] of sequences `[n, c, l]`.
pub type AdaptiveAvgPool1d = AdaptiveAvgPoolNd<1>;
/// [`AdaptiveAvgPoolNd`] of images `[n, c, h, w]`.
pub type AdaptiveAvgPool2d = AdaptiveAvgPoolNd<2>;
/// [`AdaptiveAvgPoolNd`] of volumes `[n, c, d, h, w]`.
pub type AdaptiveAvgPool3d = AdaptiveAvgPoolNd<3>;
/// [`AdaptiveMaxPoolNd`] of sequences `[n, c, l]`.
pub type AdaptiveMaxPool1d = AdaptiveMaxPoolNd<1>;
/// [`AdaptiveMaxPoolNd`] of images `[n, c, h, w]`.
pub type AdaptiveMaxPool2d = AdaptiveMaxPoolNd<2>;
/// [`AdaptiveMaxPoolNd`] of volumes `[n, c, d, h, w]`.
pub type AdaptiveMaxPool3d = AdaptiveMaxPoolNd<3>;

/// The means of as many windows as asked for, which cover the input evenly: see
/// [`Var::adaptive_avg_pool2d`]. PyTorch's layers of this name.
///
/// ```
/// use chainrule_nn::{AdaptiveAvgPool1d, Layer};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let y = AdaptiveAvgPool1d::new(2).forward(tape.var([[1.0, 2.0, 3.0, 4.0, 5.0]]));
/// assert_eq!(y.value()?.to_f64(), [2.0, 4.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdaptiveAvgPoolNd<const N: usize>([usize; N]);

/// The largest elements of as many windows as asked for, which cover the input evenly: see
/// [`Var::adaptive_max_pool2d`]. PyTorch's layers of this name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdaptiveMaxPoolNd<const N: usize>([usize; N]);

impl<const N: usize> AdaptiveAvgPoolNd<N> {
    /// An output of this size.
    pub fn new(size: impl PerAxis<N>) -> AdaptiveAvgPoolNd<N> {
        AdaptiveAvgPoolNd(size.each())
    }
}

impl<const N: usize> AdaptiveMaxPoolNd<N> {
    /// An output of this size.
    pub fn new(size: impl PerAxis<N>) -> AdaptiveMaxPoolNd<N> {
        AdaptiveMaxPoolNd(size.each())
    }
}

macro_rules! layers {
    ($($N:literal: $Avg:literal $avg:ident, $Max:literal $max:ident;)*) => {
        $(
            impl Layer for AdaptiveAvgPoolNd<$N> {
                #[track_caller]
                fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                    note(x.$avg(self.0), $Avg)
                }

                fn kind(&self) -> &'static str {
                    $Avg
                }
            }

            impl Layer for AdaptiveMaxPoolNd<$N> {
                #[track_caller]
                fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                    note(x.$max(self.0), $Max)
                }

                fn kind(&self) -> &'static str {
                    $Max
                }
            }
        )*
    };
}

layers! {
    1: "AdaptiveAvgPool1d" adaptive_avg_pool1d, "AdaptiveMaxPool1d" adaptive_max_pool1d;
    2: "AdaptiveAvgPool2d" adaptive_avg_pool2d, "AdaptiveMaxPool2d" adaptive_max_pool2d;
    3: "AdaptiveAvgPool3d" adaptive_avg_pool3d, "AdaptiveMaxPool3d" adaptive_max_pool3d;
}

/// The mean of each channel over all places: `[n, c, …] → [n, c]`, for any number of spatial axes. Keras's
/// `GlobalAveragePooling` of a channels-first input. Derivative: spread evenly.
///
/// An input without spatial axes is a mistake.
///
/// ```
/// use chainrule_nn::{GlobalAvgPool, GlobalMaxPool, Layer};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var([[1.0, 3.0], [5.0, 9.0]]).unsqueeze(0);
/// assert_eq!(GlobalAvgPool.forward(x).value()?.to_f64(), [2.0, 7.0]);
/// assert_eq!(GlobalMaxPool.forward(x).value()?.to_f64(), [3.0, 9.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GlobalAvgPool;

/// The largest element of each channel: `[n, c, …] → [n, c]`; see [`GlobalAvgPool`]. Derivative: to the largest; equal ones share it
/// evenly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GlobalMaxPool;

impl Layer for GlobalAvgPool {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let kind = self.kind();
        note(places(kind, x).map_or_else(|failed| failed, |axes| x.mean(axes.as_slice())), kind)
    }
}

impl Layer for GlobalMaxPool {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let kind = self.kind();
        note(places(kind, x).map_or_else(|failed| failed, |axes| x.max(axes.as_slice())), kind)
    }
}

/// The spatial axes.
#[track_caller]
fn places<'t>(kind: &'static str, x: Var<'t>) -> Result<Vec<isize>, Var<'t>> {
    if x.is_poisoned() {
        return Err(x);
    }
    match x.rank() {
        0..3 => Err(x.tape().fail(kind, format!("takes [n, channels, …], not {}", x.shape()), &[x])),
        rank => Ok((2..rank as isize).collect()),
    }
}
