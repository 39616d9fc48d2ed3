//! Kernels as values: tables of block functions, and the macros that fill them.

use crate::{DType, Level};

/// Computes `n` elements: `dst[i] = f(src[0][i], src[1][i], ...)`.
///
/// # Safety
///
/// With the dtypes that the function was picked for:
/// - `dst` is valid for writes of `n` elements of the output dtype and aligned for it;
/// - each of the first `arity` pointers of `src` is valid for reads of `n` initialized elements of its dtype
///   and aligned for it (a `bool` is one byte, 0 or 1); the others are not looked at;
/// - `dst` overlaps no source (sources may overlap each other);
/// - the level is one of [`Level::available`].
pub type BlockFn = unsafe fn(dst: *mut u8, src: &[*const u8; 3], n: usize);

/// Computes `n` elements: `dst[i] = f(index + i, key)`.
///
/// # Safety
///
/// `dst` is valid for writes of `n` elements of the dtype that the function was picked for and aligned for
/// it, and the level is one of [`Level::available`].
pub type GenerateFn = unsafe fn(dst: *mut u8, index: u64, n: usize, key: [u64; 2]);

/// One signature of a kernel, and its block function for each level.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) inputs: &'static [DType],
    pub(super) output: DType,
    pub(super) levels: [BlockFn; 3],
    /// The same in place of the first operand: see [`Kernel::pick_in_place`].
    pub(super) in_place: Option<[BlockFn; 3]>,
}

/// An elementwise kernel: a name, and a block function for each dtype it takes and each SIMD level.
#[derive(Debug)]
pub struct Kernel {
    /// The name, as an explanation of a plan prints it.
    pub name: &'static str,
    /// The number of operands, 1 to 3.
    pub arity: usize,
    pub(super) entries: &'static [Entry],
}

impl Kernel {
    /// The block function for inputs of these dtypes at a level, with the dtype it makes; `None` if the
    /// kernel doesn't take them.
    pub fn pick(&self, inputs: &[DType], level: Level) -> Option<(BlockFn, DType)> {
        self.entry(inputs).map(|entry| (entry.levels[level as usize], entry.output))
    }

    /// The block function that overwrites its first operand, `dst[i] = f(dst[i], src[1][i], ...)`, for kernels that updates
    /// are made of. It doesn't look at `src[0]`, and the other sources must not overlap `dst`.
    pub fn pick_in_place(&self, inputs: &[DType], level: Level) -> Option<BlockFn> {
        Some(self.entry(inputs)?.in_place?[level as usize])
    }

    /// The dtype made of inputs of these dtypes; `None` if the kernel doesn't take them.
    pub fn output(&self, inputs: &[DType]) -> Option<DType> {
        self.entry(inputs).map(|entry| entry.output)
    }

    fn entry(&self, inputs: &[DType]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.inputs == inputs)
    }
}

/// A kernel without operands: each element is a function of its index and of a key.
#[derive(Debug)]
pub struct Generator {
    /// The name, as an explanation of a plan prints it.
    pub name: &'static str,
    pub(super) entries: &'static [(DType, [GenerateFn; 3])],
}

impl Generator {
    /// The function that makes elements of this dtype at a level; `None` if the generator can't make them.
    pub fn pick(&self, dtype: DType, level: Level) -> Option<GenerateFn> {
        self.entries.iter().find(|entry| entry.0 == dtype).map(|entry| entry.1[level as usize])
    }
}

/// How a loop sees an element: a `bool` as its byte.
macro_rules! storage {
    (bool) => {
        u8
    };
    ($T:ident) => {
        $T
    };
}
pub(super) use storage;

/// The dtype of an element type.
macro_rules! dtype {
    ($T:ident) => {
        <$T as $crate::Element>::DTYPE
    };
}
pub(super) use dtype;

/// Defines kernels: for each signature an expression of the operands' values, written once, generic over the
/// instruction set `I`, and compiled into one loop per level.
///
/// The word after the kernel's name says how the loop runs: `plain`; `update`, which can run in place of the first operand as
/// well; or `whole` for expensive expressions, which never leaves elements to a scalar remainder loop (see
/// [`whole`](super::functions::whole)). With `fixing |dst| { … }` the block runs after the loop, sees the operands as slices
/// and may repair elements.
macro_rules! kernels {
    ($(
        $(#[$doc:meta])*
        $NAME:ident = $name:literal $mode:ident <$I:ident> {
            $(($($x:ident: $T:ident),+) -> $O:ident $value:block $(fixing |$dst:ident| $fix:block)?)+
        }
    )+) => {$(
        $(#[$doc])*
        pub static $NAME: $crate::pointwise::Kernel = {
            const ENTRIES: &[$crate::pointwise::kernel::Entry] =
                &[$($crate::pointwise::kernel::entry!($mode $I ($($x: $T),+) -> $O $value $(fixing |$dst| $fix)?)),+];
            $crate::pointwise::Kernel { name: $name, arity: ENTRIES[0].inputs.len(), entries: ENTRIES }
        };
    )+};
}
pub(super) use kernels;

/// One signature of a kernel: see [`kernels`].
macro_rules! entry {
    ($mode:ident $I:ident ($($x:ident: $T:ident),+) -> $O:ident $value:block $(fixing |$dst:ident| $fix:block)?) => {{
        use $crate::pointwise::kernel::{dtype, storage};
        // A function of slices, so that the compiler knows that `dst` overlaps no source.
        #[inline(always)]
        #[allow(clippy::needless_range_loop)]
        fn run<$I: $crate::math::isa::Isa>(dst: &mut [storage!($O)], $($x: &[storage!($T)]),+) {
            let n = dst.len();
            $(let $x = &$x[..n];)+
            for i in 0..n {
                dst[i] = {
                    $(let $x = $x[i];)+
                    $value
                };
            }
            $({
                let $dst = &mut *dst;
                $fix
            })?
        }
        $crate::pointwise::kernel::body!(run $I 0 ($($x: $T),+) -> $O);
        $crate::pointwise::kernel::Entry {
            inputs: &[$(dtype!($T)),+],
            output: dtype!($O),
            levels: $crate::pointwise::kernel::mode!($mode body $O [$($x),+]),
            in_place: $crate::pointwise::kernel::in_place!($mode $I ($($x: $T),+) -> $O $value $(fixing |$dst| $fix)?),
        }
    }};
}
pub(super) use entry;

/// Defines `body`, which calls a function of slices: the sources from number `$first` on are its operands.
macro_rules! body {
    ($run:ident $I:ident $first:literal ($($x:ident: $T:ident),*) -> $O:ident) => {
        #[inline(always)]
        unsafe fn body<$I: $crate::math::isa::Isa>(dst: *mut u8, src: &[*const u8; 3], n: usize) {
            if n == 0 {
                return;
            }
            let mut operand = $first..;
            $(
                let $x = src[operand.next().unwrap_or(0)].cast::<storage!($T)>();
                // SAFETY: the caller's promise: valid for `n` reads, and aligned.
                let $x = unsafe { std::slice::from_raw_parts($x, n) };
            )*
            let _ = operand;
            // SAFETY: the caller's promise: valid for `n` writes (in place for reads, too), aligned, and overlapping no operand
            // above.
            let dst = unsafe { std::slice::from_raw_parts_mut(dst.cast::<storage!($O)>(), n) };
            $run::<$I>(dst, $($x),*);
        }
    };
}
pub(super) use body;

/// The block functions of a signature that overwrite the first operand: see [`kernels`]. (None repairs elements.)
macro_rules! in_place {
    (update $I:ident ($first:ident: $F:ident $(, $x:ident: $T:ident)*) -> $O:ident $value:block) => {{
        #[inline(always)]
        #[allow(clippy::needless_range_loop)]
        fn run<$I: $crate::math::isa::Isa>(dst: &mut [storage!($O)], $($x: &[storage!($T)]),*) {
            let n = dst.len();
            $(let $x = &$x[..n];)*
            for i in 0..n {
                dst[i] = {
                    let $first = dst[i];
                    $(let $x = $x[i];)*
                    $value
                };
            }
        }
        $crate::pointwise::kernel::body!(run $I 1 ($($x: $T),*) -> $O);
        Some($crate::pointwise::kernel::mode!(plain body $O []))
    }};
    (plain $($signature:tt)*) => {
        None
    };
    (whole $($signature:tt)*) => {
        None
    };
}
pub(super) use in_place;

/// The block functions of a body in a mode: see [`kernels`].
macro_rules! mode {
    (plain $body:ident $O:ident $operands:tt) => {
        $crate::math::isa::by_level!($body: unsafe fn(dst: *mut u8, src: &[*const u8; 3], n: usize))
    };
    (update $body:ident $O:ident $operands:tt) => {
        $crate::pointwise::kernel::mode!(plain $body $O $operands)
    };
    (whole $body:ident $O:ident [$($x:ident),+]) => {{
        const PLAIN: [$crate::pointwise::BlockFn; 3] =
            $crate::pointwise::kernel::mode!(plain $body $O [$($x),+]);
        const ARITY: usize = [$(stringify!($x)),+].len();
        unsafe fn whole<const L: usize>(dst: *mut u8, src: &[*const u8; 3], n: usize) {
            // SAFETY: the contract is the same; all operands and the result have the dtype `$O`.
            unsafe { $crate::pointwise::functions::whole::<$O, ARITY>(PLAIN[L], dst, src, n) }
        }
        const WHOLE: [$crate::pointwise::BlockFn; 3] = [whole::<0>, whole::<1>, whole::<2>];
        WHOLE
    }};
}
pub(super) use mode;
