//! Elementwise kernels on blocks.
//!
//! A [`Kernel`] is a name and, for each combination of dtypes it takes, one [`BlockFn`] for each SIMD
//! [`Level`](crate::Level). A plan picks the function once with [`Kernel::pick`] and then calls it once per block.
//! [`Generator`]s make blocks out of nothing but an index and a key.
//!
//! Within one level an element's result depends on its operands alone, not on its place in the block or on
//! the block's length. Between levels, results of functions with rounded intermediates may differ in the
//! last bits, because only some levels have a fused multiply-add.

mod arithmetic;
mod cast;
mod compare;
mod functions;
mod fused;
mod kernel;
mod random;
mod rounding;
mod special;

pub use arithmetic::{ABS, ADD, DIV, FLUSH, FMA, MAXIMUM, MINIMUM, MUL, NEG, RECIP, RSQRT, SIGN, SQRT, SUB};
pub use cast::cast;
pub use compare::{AND, EQ, LE, LT, NE, NOT, OR, SELECT, XOR};
pub use functions::{
    ACOS, ACOSH, ASIN, ASINH, ATAN, ATAN2, ATANH, CBRT, COS, COSH, EXP, EXP2, EXPM1, HYPOT, LN, LOG1P, LOG2,
    LOG10, POW, SIGMOID, SIN, SINH, TAN, TANH,
};
pub use fused::{
    ABOVE, ADD_ADD, ADD_MUL, DIFFERENCE_MUL, DIV_ROOT, MUL_ADD, MUL_ADD_FLUSH, MUL_ADD_SQUARE,
    MUL_ADD_SQUARE_FLUSH, MUL_MUL, MUL_SUB, SHRINK, SUB_MUL,
};
pub use kernel::{BlockFn, GenerateFn, Generator, Kernel};
pub use random::{IOTA, NORMAL, UNIFORM};
pub use rounding::{CEIL, FLOOR, FMOD, REMAINDER, ROUND, TRUNC};
pub use special::{DIGAMMA, ERF, ERFC, ERFINV, LGAMMA};
