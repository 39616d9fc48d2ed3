//! Values from nothing but their index: ranges and random numbers.

use super::{no_derivative, Sample, numbers};
use crate::record::Key;
use crate::{DType, Lower, Meta, Op, Shape, Tape, Var};
use chainrule_kernels::pointwise::{self as kernel, Generator};

/// Elements made from their own index, a seed, and the number of the stream.
#[derive(Debug)]
struct Generate {
    name: &'static str,
    kernel: &'static Generator,
    meta: Meta,
    seed: u64,
    stream: u64,
}

impl Op for Generate {
    fn name(&self) -> &'static str {
        self.name
    }

    fn infer(&self, _: &[&Meta]) -> Result<Meta, String> {
        if self.kernel.pick(self.meta.dtype, chainrule_kernels::Level::Portable).is_none() {
            return Err(format!("not defined for {}", self.meta.dtype));
        }
        Ok(self.meta.clone())
    }

    fn attributes(&self, key: &mut Key) {
        key.write_str(self.name);
        key.write_slice(&self.meta.shape);
        key.write(self.meta.dtype as u64);
        key.write(self.seed);
        key.write(self.stream);
    }

    fn lower(&self) -> Lower {
        Lower::Generate(self.kernel, [self.seed, self.stream << 40])
    }

    no_derivative! {}
}

impl Tape {
    /// `0, 1, …, n - 1`, rounded to the dtype.
    #[track_caller]
    pub fn iota(&self, n: usize, dtype: DType) -> Var<'_> {
        let meta = Meta::new(n, dtype);
        self.op(Generate { name: "iota", kernel: &kernel::IOTA, meta, seed: 0, stream: 0 }, &[])
    }

    /// Random numbers from `0 ≤ u < 1`: multiples of `2⁻²⁴` (`f32`) or `2⁻⁵³` (`f64`), never 1. No derivative.
    ///
    /// They depend on the tape's seed (that of its params, or the one [set](Tape::seed)), on how many random ops were recorded
    /// before (each has a stream of its own), on the counter (a training step counts its runs; see
    /// [`count_random_by`](Tape::count_random_by)) and on each element's index, and on nothing else: the same seed gives the same
    /// numbers on any number of threads. The key of the cipher is the seed; the two halves of what it enciphers are
    /// `stream·2⁴⁰ + counter`, and the index divided by the numbers that a block makes (four of `f32`, two of `f64`).
    ///
    /// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox4x32-10).
    ///
    /// ```
    /// use chainrule_tape::{DType, Tape};
    /// let tape = Tape::new();
    /// tape.seed(7);
    /// let (x, y) = (tape.uniform(3, DType::F64), tape.uniform(3, DType::F64));
    /// assert_ne!(x.value()?.to_f64(), y.value()?.to_f64());
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn uniform(&self, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        self.random("uniform", &kernel::UNIFORM, Meta::new(shape, dtype))
    }

    /// Random numbers from the standard normal distribution (Box and Muller's transform of [`uniform`](Tape::uniform)
    /// numbers), up to `±8.57`. For another mean and deviation, write `mean + normal·deviation`: it has derivatives by both.
    #[track_caller]
    pub fn normal(&self, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        self.random("normal", &kernel::NORMAL, Meta::new(shape, dtype))
    }

    #[track_caller]
    fn random(&self, name: &'static str, kernel: &'static Generator, meta: Meta) -> Var<'_> {
        let (seed, stream, counter) = self.next_random();
        self.op(Generate { name, kernel, meta, seed, stream }, &[counter])
    }
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "iota",
        inputs: || vec![numbers(3, &[3])],
        apply: |x| x[0].square() * x[0].tape().iota(3, DType::F64),
    },
    Sample {
        name: "uniform",
        inputs: || vec![numbers(3, &[3])],
        apply: |x| x[0].square() * x[0].tape().uniform(3, DType::F64),
    },
    Sample {
        name: "normal",
        inputs: || vec![numbers(3, &[3])],
        apply: |x| x[0] + x[0].exp() * x[0].tape().normal(3, DType::F64),
    },
];
