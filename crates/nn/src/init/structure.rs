//! Values with a structure: identity, Dirac's kernel, orthogonal and sparse matrices.

use super::{Init, distribution};
use chainrule_tape::Shape;
use rand::{Rng, RngExt};

impl Init {
    /// 1 where row and column of a matrix have the same number, else 0; the matrix need not be square. As a linear map, it
    /// passes on as many elements as it can. (PyTorch's `eye_`; Keras's `Identity`, whose gain is given by
    /// [`gain`](Init::gain).)
    ///
    /// ```
    /// use chainrule_nn::Init;
    /// use chainrule_tape::{DType, Params};
    ///
    /// let mut rng = Params::seeded(7).root().rng("weight");
    /// let eye = Init::identity().sample([2, 3], DType::F32, &mut rng);
    /// assert_eq!(eye.to_f64(), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    /// ```
    pub const fn identity() -> Init {
        Init::Identity { gain: 1.0 }
    }

    /// The kernel `[out, in / groups, …]` of a convolution that passes on as many channels as it can, in each group: 1 in the
    /// window's middle (the later of two, if its length is even), where output and input have the same number in the group;
    /// else 0. (PyTorch's `dirac_`, whose default is one group.)
    ///
    /// ```
    /// use chainrule_nn::{Conv2d, ConvConfig, Init, Layer};
    /// use chainrule_tape::{Params, Tape};
    ///
    /// let mut params = Params::seeded(7);
    /// let config = ConvConfig::new().init(Init::dirac(1), None);
    /// let layer = Conv2d::with(&mut params.root(), 2, 2, 3, config).padding(1);
    /// let tape = Tape::with(&params);
    /// let x = tape.normal([1, 2, 5, 5], params.dtype());
    /// assert_eq!(layer.forward(x).value()?, x.value()?);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub const fn dirac(groups: usize) -> Init {
        Init::Dirac { groups }
    }

    /// A random matrix whose rows are orthogonal and of length 1, or its columns, if it has more rows than columns; all such
    /// matrices are equally likely. Of a tensor with more axes, those after the first count as one, as in PyTorch. Another
    /// length is given by [`gain`](Init::gain).
    ///
    /// A linear map that begins so keeps the length of what it maps, and so do many in a row: for recurrent layers, and for very
    /// deep networks.
    ///
    /// It is the factor `Q` of a matrix of normal numbers, where `R` has a positive diagonal, computed in `f64`; the time grows with
    /// the larger length times the square of the smaller.
    ///
    /// Source: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
    /// ICLR 2014; Mezzadri, "How to generate random matrices from the classical compact groups", 2007.
    ///
    /// ```
    /// use chainrule_nn::Init;
    /// use chainrule_tape::{DType, Params};
    ///
    /// let mut rng = Params::seeded(7).root().rng("weight");
    /// let q = Init::orthogonal().gain(2.0).sample([2, 5], DType::F64, &mut rng).to_f64();
    /// let dot: f64 = (0..5).map(|i| q[i] * q[5 + i]).sum();
    /// assert!(dot.abs() < 1e-14);
    /// ```
    pub const fn orthogonal() -> Init {
        Init::Orthogonal { gain: 1.0 }
    }

    /// `N(0, std²)` in a matrix `[out, in]`, but in each column `⌈sparsity·out⌉` elements, chosen at random, are 0. (PyTorch's
    /// `std` is 0.01 unless told otherwise.)
    ///
    /// Source: Martens, "Deep learning via Hessian-free optimization", ICML 2010, section 5.
    pub const fn sparse(sparsity: f64, std: f64) -> Init {
        Init::Sparse { sparsity, std }
    }
}

pub(super) fn identity(values: &mut [f64], shape: &Shape, gain: f64) {
    for (i, row) in values.chunks_mut(shape[1].max(1)).enumerate() {
        if let Some(value) = row.get_mut(i) {
            *value = gain;
        }
    }
}

pub(super) fn dirac(values: &mut [f64], shape: &Shape, groups: usize) {
    let strides = shape.strides();
    let middle: usize = (2..shape.rank()).map(|axis| shape[axis] / 2 * strides[axis] as usize).sum();
    let outputs = shape[0] / groups;
    for group in 0..groups {
        for channel in 0..outputs.min(shape[1]) {
            let output = group * outputs + channel;
            if let Some(value) =
                values.get_mut(output * strides[0] as usize + channel * strides[1] as usize + middle)
            {
                *value = 1.0;
            }
        }
    }
}

/// Gram and Schmidt's process. Going through it twice leaves nothing but rounding: Giraud et al., "The loss of orthogonality in the
/// Gram-Schmidt orthogonalization process", 2005.
pub(super) fn orthogonal(values: &mut [f64], shape: &Shape, gain: f64, rng: &mut impl Rng) {
    let (rows, columns) = (shape[0], shape.numel() / shape[0].max(1));
    let (count, length) = (rows.min(columns), rows.max(columns));
    if count == 0 {
        return;
    }
    let mut vectors = vec![0.0; values.len()];
    distribution::normal(&mut vectors, 0.0, 1.0, rng);
    for i in 0..count {
        let (before, rest) = vectors.split_at_mut(i * length);
        let vector = &mut rest[..length];
        for _ in 0..2 {
            for other in before.chunks(length) {
                let along = dot(other, vector);
                vector.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
            }
            let size = dot(vector, vector).sqrt();
            vector.iter_mut().for_each(|x| *x /= size);
        }
    }
    if rows <= columns {
        values.iter_mut().zip(&vectors).for_each(|(value, x)| *value = gain * x);
    } else {
        for (row, values) in values.chunks_mut(columns).enumerate() {
            values.iter_mut().enumerate().for_each(|(i, value)| *value = gain * vectors[i * length + row]);
        }
    }
}

/// In eight sums, which the compiler makes vectors of.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    for (x, y) in x.chunks(8).zip(y.chunks(8)) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    sums.iter().sum()
}

pub(super) fn sparse(values: &mut [f64], shape: &Shape, sparsity: f64, std: f64, rng: &mut impl Rng) {
    let (rows, columns) = (shape[0], shape[1]);
    distribution::normal(values, 0.0, std, rng);
    let zeros = (sparsity * rows as f64).ceil() as usize;
    let mut order: Vec<usize> = (0..rows).collect();
    for column in 0..columns {
        // Fisher and Yates's shuffle, as far as it is needed.
        for i in 0..zeros.min(rows) {
            order.swap(i, rng.random_range(i..rows));
            values[order[i] * columns + column] = 0.0;
        }
    }
}
