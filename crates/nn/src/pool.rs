//! Pooling: one number for each window of a channel.

mod to_size;

use crate::label::note;
use crate::{Layer, PerAxis};
use chainrule_tape::{Pool, Var};

pub use to_size::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveAvgPoolNd, AdaptiveMaxPool1d,
    AdaptiveMaxPool2d, AdaptiveMaxPool3d, AdaptiveMaxPoolNd, GlobalAvgPool, GlobalMaxPool,
};

/// The largest element of each window of sequences `[n, c, l]`: see [`MaxPoolNd`].
pub type MaxPool1d = MaxPoolNd<1>;
/// The largest element of each window of images `[n, c, h, w]`: see [`MaxPoolNd`].
pub type MaxPool2d = MaxPoolNd<2>;
/// The largest element of each window of volumes `[n, c, d, h, w]`: see [`MaxPoolNd`].
pub type MaxPool3d = MaxPoolNd<3>;

/// The largest element of each window, over `N` spatial axes: [`MaxPool1d`], [`MaxPool2d`], [`MaxPool3d`]. Shapes, derivative and
/// mistakes are those of [`Var::max_pool2d`]; defaults are PyTorch's.
///
/// ```
/// use chainrule_nn::{Layer, MaxPool2d};
/// use chainrule_tape::{Tape, Tensor};
///
/// let tape = Tape::new();
/// let x = tape.var(Tensor::from_vec(vec![1.0, 5.0, 3.0, 2.0], [1, 1, 2, 2])?);
/// assert_eq!(MaxPool2d::new(2).forward(x).item()?, 5.0);
/// assert_eq!(MaxPool2d::new(3).stride(1).padding(1).forward(x).value()?.to_f64(), [5.0; 4]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxPoolNd<const N: usize>(Pool<N>);

/// The mean of each window of sequences `[n, c, l]`: see [`AvgPoolNd`].
pub type AvgPool1d = AvgPoolNd<1>;
/// The mean of each window of images `[n, c, h, w]`: see [`AvgPoolNd`].
pub type AvgPool2d = AvgPoolNd<2>;
/// The mean of each window of volumes `[n, c, d, h, w]`: see [`AvgPoolNd`].
pub type AvgPool3d = AvgPoolNd<3>;

/// The mean of each window, over `N` spatial axes: [`AvgPool1d`], [`AvgPool2d`], [`AvgPool3d`]. Shapes, derivative and mistakes
/// are those of [`Var::avg_pool2d`]; defaults are PyTorch's.
///
/// ```
/// use chainrule_nn::{AvgPool2d, Layer};
/// use chainrule_tape::{Tape, Tensor};
///
/// let tape = Tape::new();
/// let x = tape.var(Tensor::from_vec(vec![1.0, 5.0, 3.0, 2.0], [1, 1, 2, 2])?);
/// assert_eq!(AvgPool2d::new(2).forward(x).item()?, 2.75);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AvgPoolNd<const N: usize>(Pool<N>);

/// The p-norm of each window of sequences `[n, c, l]`: see [`LpPoolNd`].
pub type LpPool1d = LpPoolNd<1>;
/// The p-norm of each window of images `[n, c, h, w]`: see [`LpPoolNd`].
pub type LpPool2d = LpPoolNd<2>;
/// The p-norm of each window of volumes `[n, c, d, h, w]`: see [`LpPoolNd`].
pub type LpPool3d = LpPoolNd<3>;

/// The p-norm of each window, `y = (Σ xᵖ)^(1/p)`, over `N` spatial axes: [`LpPool1d`], [`LpPool2d`], [`LpPool3d`]. Between the
/// sum for `p = 1` and the largest for `p = ∞` (which [`MaxPoolNd`] is for). Windows are those of [`AvgPoolNd`] without padding.
///
/// The derivative is `(x / y)^(p - 1)`, and 0 where the sum is 0. As in PyTorch there are no absolute values: a negative sum (of an
/// odd power) is NaN, but for `p = 1`. With [`ceil_mode`](LpPoolNd::ceil_mode) a window that reaches beyond the end counts its
/// mean as often as a whole one has elements, as PyTorch's does.
///
/// Source: Gulcehre et al., "Learned-norm pooling for deep feedforward and recurrent neural networks", 2014, equation 2.
///
/// ```
/// use chainrule_nn::{Layer, LpPool1d};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var([[3.0, 4.0, 5.0, 12.0]]);
/// assert_eq!(LpPool1d::new(2.0, 2).forward(x).value()?.to_f64(), [5.0, 13.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LpPoolNd<const N: usize> {
    p: f64,
    pool: Pool<N>,
}

impl<const N: usize> MaxPoolNd<N> {
    /// A number or array is the windows and their stride; a [`Pool`] says all.
    pub fn new(pool: impl Into<Pool<N>>) -> MaxPoolNd<N> {
        MaxPoolNd(pool.into())
    }

    /// With this distance of a window's elements; 1 by default.
    #[must_use]
    pub fn dilation(mut self, dilation: impl PerAxis<N>) -> MaxPoolNd<N> {
        self.0.dilation = dilation.each();
        self
    }
}

impl<const N: usize> AvgPoolNd<N> {
    /// A number or array is the windows and their stride; a [`Pool`] says all.
    pub fn new(pool: impl Into<Pool<N>>) -> AvgPoolNd<N> {
        AvgPoolNd(pool.into())
    }

    /// Whether the zeros of the padding count; they do by default.
    #[must_use]
    pub fn count_include_pad(mut self, count: bool) -> AvgPoolNd<N> {
        self.0.count_include_pad = count;
        self
    }
}

impl<const N: usize> LpPoolNd<N> {
    /// The norm with this exponent over such windows, side by side. A `p` that is 0 or not finite is a mistake.
    pub fn new(p: f64, window: impl PerAxis<N>) -> LpPoolNd<N> {
        LpPoolNd { p, pool: window.each().into() }
    }

    /// The means of powers, and the norms of these.
    #[track_caller]
    fn norm<'t>(
        &self,
        kind: &'static str,
        x: Var<'t>,
        means: impl Fn(Var<'t>, Pool<N>) -> Var<'t>,
    ) -> Var<'t> {
        if self.p == 0.0 || !self.p.is_finite() {
            return x.tape().fail(kind, format!("there is no norm with the exponent {}", self.p), &[x]);
        }
        let places: usize = self.pool.window.iter().product();
        let sum = means(x.pow(self.p), self.pool) * places as f64;
        if self.p == 1.0 {
            return note(sum, kind);
        }
        // A root of 0 has no derivative: it is taken of 1 instead.
        let zero = sum.eq(0.0);
        note(zero.select(0.0, zero.select(1.0, sum).pow(1.0 / self.p)), kind)
    }
}

macro_rules! settings {
    ($($Pool:ident.$pool:tt)*) => {
        $(impl<const N: usize> $Pool<N> {
            /// With this distance from one window to the next; by default the window's length.
            #[must_use]
            pub fn stride(mut self, stride: impl PerAxis<N>) -> $Pool<N> {
                self.$pool.stride = stride.each();
                self
            }

            /// A last window that reaches beyond the end counts too; by default it does not.
            #[must_use]
            pub fn ceil_mode(mut self) -> $Pool<N> {
                self.$pool.ceil_mode = true;
                self
            }
        })*
    };
}

settings!(MaxPoolNd.0 AvgPoolNd.0 LpPoolNd.pool);

macro_rules! padding {
    ($($Pool:ident)*) => {
        $(impl<const N: usize> $Pool<N> {
            /// With so many elements on each side; none by default. At most half a window.
            #[must_use]
            pub fn padding(mut self, padding: impl PerAxis<N>) -> $Pool<N> {
                self.0.padding = padding.each();
                self
            }
        })*
    };
}

padding!(MaxPoolNd AvgPoolNd);

macro_rules! layers {
    ($($N:literal: $Max:literal $max:ident, $Avg:literal $avg:ident, $Lp:literal;)*) => {
        $(
            impl Layer for MaxPoolNd<$N> {
                #[track_caller]
                fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                    note(x.$max(self.0), $Max)
                }

                fn kind(&self) -> &'static str {
                    $Max
                }
            }

            impl Layer for AvgPoolNd<$N> {
                #[track_caller]
                fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                    note(x.$avg(self.0), $Avg)
                }

                fn kind(&self) -> &'static str {
                    $Avg
                }
            }

            impl Layer for LpPoolNd<$N> {
                #[track_caller]
                fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                    self.norm($Lp, x, |x, pool| x.$avg(pool))
                }

                fn kind(&self) -> &'static str {
                    $Lp
                }
            }
        )*
    };
}

layers! {
    1: "MaxPool1d" max_pool1d, "AvgPool1d" avg_pool1d, "LpPool1d";
    2: "MaxPool2d" max_pool2d, "AvgPool2d" avg_pool2d, "LpPool2d";
    3: "MaxPool3d" max_pool3d, "AvgPool3d" avg_pool3d, "LpPool3d";
}
