//! Elements around the input.

use crate::Layer;
use crate::label::note;
use chainrule_tape::{PadMode, Var};

/// How many elements are put before and after those of each of `N` axes: a number for all, or of each axis a number for both
/// sides, or `[before, after]`. The axes are in the order of the shape. (PyTorch's list begins with the last one.)
///
/// ```
/// use chainrule_nn::{Layer, ReflectionPad1d, ZeroPad2d};
/// use chainrule_tape::Tape;
///
/// let tape = Tape::new();
/// let x = tape.var([[1.0, 2.0, 3.0]]);
/// let y = ReflectionPad1d::new([[2, 1]]).forward(x);
/// assert_eq!(y.value()?.to_f64(), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
/// assert_eq!(ZeroPad2d::new([1, 0]).forward(x).shape().dims(), [3, 3]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub trait Sides<const N: usize> {
    /// Before and after each axis.
    fn sides(self) -> [[usize; 2]; N];
}

impl<const N: usize> Sides<N> for usize {
    fn sides(self) -> [[usize; 2]; N] {
        [[self; 2]; N]
    }
}

impl<const N: usize> Sides<N> for [usize; N] {
    fn sides(self) -> [[usize; 2]; N] {
        self.map(|both| [both; 2])
    }
}

impl<const N: usize> Sides<N> for [[usize; 2]; N] {
    fn sides(self) -> [[usize; 2]; N] {
        self
    }
}

macro_rules! layers {
    ($(#[doc = $what:literal] $Pad:ident ($($value:ident)?) $mode:expr => $One:ident $Two:ident $Three:ident;)*) => {
        $(
            #[doc = concat!(" [`", stringify!($Pad), "`] of the last axis.")]
            pub type $One = $Pad<1>;
            #[doc = concat!(" [`", stringify!($Pad), "`] of the last two axes.")]
            pub type $Two = $Pad<2>;
            #[doc = concat!(" [`", stringify!($Pad), "`] of the last three axes.")]
            pub type $Three = $Pad<3>;

            #[doc = $what]
            ///
            /// PyTorch's layers of this name; see [`Var::pad_with`] for the derivative and for mistakes, and [`Sides`] for how many.
            #[derive(Clone, Copy, PartialEq, Debug)]
            pub struct $Pad<const N: usize> {
                sides: [[usize; 2]; N],
                $($value: f64,)?
            }

            impl<const N: usize> $Pad<N> {
                /// So many elements around the last `N` axes.
                pub fn new(sides: impl Sides<N>, $($value: f64)?) -> $Pad<N> {
                    $Pad { sides: sides.sides(), $($value)? }
                }
            }

            impl<const N: usize> Layer for $Pad<N> {
                #[track_caller]
                fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
                    $(let $value = self.$value;)?
                    let pads: [(isize, [usize; 2]); N] =
                        std::array::from_fn(|axis| (axis as isize - N as isize, self.sides[axis]));
                    note(x.pad_with(&pads, $mode), self.kind())
                }

                fn kind(&self) -> &'static str {
                    match N {
                        1 => stringify!($One),
                        2 => stringify!($Two),
                        3 => stringify!($Three),
                        _ => stringify!($Pad),
                    }
                }
            }
        )*
    };
}

layers! {
    /// Zeros around: `0 0 | a b c d | 0 0`.
    ZeroPad () PadMode::Constant(0.0) => ZeroPad1d ZeroPad2d ZeroPad3d;
    /// A number around: `v v | a b c d | v v`.
    ConstantPad (value) PadMode::Constant(value) => ConstantPad1d ConstantPad2d ConstantPad3d;
    /// The elements mirrored at the first and the last one, which are not repeated: `c b | a b c d | c b`.
    ReflectionPad () PadMode::Reflect => ReflectionPad1d ReflectionPad2d ReflectionPad3d;
    /// The first and the last element around: `a a | a b c d | d d`.
    ReplicationPad () PadMode::Replicate => ReplicationPad1d ReplicationPad2d ReplicationPad3d;
    /// The elements from the other end: `c d | a b c d | a b`.
    CircularPad () PadMode::Circular => CircularPad1d CircularPad2d CircularPad3d;
}
