//! Reading and writing by index, with PyTorch's meanings. All of it is made of rows by index: places in a tensor of
//! several axes are computed as places in the flat one.

use crate::ops::{Sample, is_lone, sample};
use crate::{DType, Meta, Operand, Shape, Var};

impl<'t> Var<'t> {
    /// The elements of an axis by index: `y[…, i…, …] = x[…, index[i…], …]`. The index has any shape, and its axes
    /// take the place of the axis, which may count from the end: `[a, n, b]` with axis 1 and an index `[p, q]`
    /// becomes `[a, p, q, b]`. With axis 0, this looks up an embedding. (PyTorch's `index_select`, NumPy's `take`
    /// with an axis.) Of a scalar, axis 0 has one element, and a scalar is what an index of one element selects.
    ///
    /// The gradient of an element is the sum over its uses. An index out of range is an error of the run, and so is a
    /// negative one.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let table = tape.var([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let rows = table.index_select(0, tape.var([2i64, 0]));
    /// assert_eq!(rows.value()?.to_f64(), [5.0, 6.0, 1.0, 2.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn index_select(self, axis: isize, index: Var<'t>) -> Var<'t> {
        let shape = self.shape();
        if is_lone(axis, shape.rank()) && index.numel() == 1 {
            return self.reshape(1).rows(index.reshape(()).check_index_of("index_select", 1));
        }
        match shape.axis(axis) {
            None => self.tape.fail("index_select", format!("there is no axis {axis}"), &[self, index]),
            Some(0) => self.rows(index),
            Some(at) => {
                let (outer, inner) = (&shape[..at], &shape[at + 1..]);
                let places = places_along("index_select", &shape, at, index);
                let rows = self.reshape(joined(&[&[size(&shape[..at + 1])], inner]));
                rows.rows(places).reshape(joined(&[outer, &index.shape(), inner]))
            }
        }
    }

    /// One element of each line along an axis, for each index: `y[i, j, k] = x[i, index[i, j, k], k]` for axis 1 of
    /// three. The index has as many axes as `x`, and may be shorter along the others; the result has the index's
    /// shape. A scalar is taken for a vector of one, and so is an index that is a scalar. (PyTorch's `gather`, NumPy's `take_along_axis`.)
    ///
    /// The gradient of an element is the sum over its uses. An index out of range is an error of the run, and so is a
    /// negative one.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.gather(1, tape.var([[0i64, 0], [1, 0]]));
    /// assert_eq!(y.value()?.to_f64(), [1.0, 1.0, 4.0, 3.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[doc(alias = "take_along_axis")]
    #[track_caller]
    pub fn gather(self, axis: isize, index: Var<'t>) -> Var<'t> {
        let shape = self.shape();
        match places("gather", &shape, axis, index) {
            Ok(places) => self.reshape(shape.numel()).rows(places),
            Err(what) => self.tape.fail("gather", what, &[self, index]),
        }
    }

    /// `x` with other elements at some places: `y[i, index[i, j, k], k] = source[i, j, k]` for axis 1 of three, `x`
    /// elsewhere. Index and source have as many axes as `x`; the source may be longer than the index (what lies
    /// outside of it is not used), the index no longer than `x` along the other axes. A number as the source goes to
    /// all places.
    ///
    /// Of several sources for one place, the last one in row-major order wins, and the gradient goes to that one; the
    /// gradient of what was replaced is 0. (PyTorch's `scatter`, which leaves open who wins, and whose gradient
    /// counts all of them.) An index out of range is an error of the run.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.scatter(1, tape.var([[1i64], [0]]), tape.var([[9.0], [8.0]]));
    /// assert_eq!(y.value()?.to_f64(), [1.0, 9.0, 8.0, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn scatter(self, axis: isize, index: Var<'t>, source: impl Operand<'t>) -> Var<'t> {
        let shape = self.shape();
        let Some((places, source)) = self.targets("scatter", axis, index, source) else {
            return self.tape.poison();
        };
        if source.numel() == 0 {
            return self;
        }
        let last = places.last_source(shape.numel());
        let kept = last.lt(0.0);
        let new = source.rows(kept.select(0.0, last));
        kept.select(self.reshape(shape.numel()), new).reshape(shape)
    }

    /// `x` with elements added at some places: `y[i, index[i, j, k], k] += source[i, j, k]` for axis 1 of three, in
    /// row-major order. Index and source are as for [`scatter`](Var::scatter). (PyTorch's `scatter_add`.)
    ///
    /// The gradient of each source is that of its place. An index out of range is an error of the run.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0, 3.0]);
    /// let y = x.scatter_add(0, tape.var([2i64, 0, 2]), tape.var([10.0, 20.0, 30.0]));
    /// assert_eq!(y.value()?.to_f64(), [21.0, 2.0, 43.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn scatter_add(self, axis: isize, index: Var<'t>, source: impl Operand<'t>) -> Var<'t> {
        let shape = self.shape();
        let Some((places, source)) = self.targets("scatter_add", axis, index, source) else {
            return self.tape.poison();
        };
        self + source.segment_sum(places, shape.numel()).reshape(shape)
    }

    /// `x` with slices added at indices of an axis: `y[…, index[i], …] += source[…, i, …]`, in the order of `i`. The
    /// index has one axis; the source is `x`'s shape with the index's length along the axis. A scalar has one slice, a
    /// scalar. (PyTorch's `index_add`.)
    ///
    /// The gradient of each slice is that of its place. An index out of range is an error of the run.
    #[track_caller]
    pub fn index_add(self, axis: isize, index: Var<'t>, source: Var<'t>) -> Var<'t> {
        let shape = self.shape();
        if is_lone(axis, shape.rank()) && index.has_shape(&[1]) && source.rank() == 0 {
            return self.reshape(1).index_add(0, index, source.reshape(1)).reshape(());
        }
        let Some(at) = self.slices("index_add", axis, index, Some(source)) else {
            return self.tape.poison();
        };
        let rows = size(&shape[..at + 1]);
        let places = places_along("index_add", &shape, at, index);
        let row = joined(&[&places.shape(), &shape[at + 1..]]);
        self + source.reshape(row).segment_sum(places, rows).reshape(shape)
    }

    /// `x` with other slices at indices of an axis: `y[…, index[i], …] = source[…, i, …]`, `x` elsewhere. The shapes
    /// are as for [`index_add`](Var::index_add). Of several slices for one place the last one wins, and the gradient
    /// goes to that one. (PyTorch's `index_copy`.) An index out of range is an error of the run.
    #[track_caller]
    pub fn index_copy(self, axis: isize, index: Var<'t>, source: Var<'t>) -> Var<'t> {
        let shape = self.shape();
        if is_lone(axis, shape.rank()) && index.has_shape(&[1]) && source.rank() == 0 {
            return self.reshape(1).index_copy(0, index, source.reshape(1)).reshape(());
        }
        let Some(at) = self.slices("index_copy", axis, index, Some(source)) else {
            return self.tape.poison();
        };
        if index.numel() == 0 {
            return self;
        }
        let last = index.check_index_of("index_copy", shape[at]).last_source(shape[at]);
        let kept = last.lt(0.0);
        let new = source.index_select(axis, kept.select(0.0, last));
        kept.reshape(column(&shape, at)).select(self, new)
    }

    /// `x` with one value at indices of an axis: `y[…, index[i], …] = value`, `x` elsewhere. The index has one axis.
    /// (PyTorch's `index_fill`.) The gradient of what was replaced is 0, that of the value the sum over its places.
    /// An index out of range is an error of the run.
    #[track_caller]
    pub fn index_fill(self, axis: isize, index: Var<'t>, value: impl Operand<'t>) -> Var<'t> {
        let _op = self.tape.within("index_fill", &[self, index]);
        let shape = self.shape();
        if is_lone(axis, shape.rank()) {
            let value = value.beside(self);
            return self.reshape(1).index_fill(0, index, value).reshape(());
        }
        let Some(at) = self.slices("index_fill", axis, index, None) else {
            return self.tape.poison();
        };
        let index = index.check_index_of("index_fill", shape[at]);
        let hits = self.tape.full(index.shape(), 1.0, DType::I64).segment_sum(index, shape[at]);
        hits.gt(0.0).reshape(column(&shape, at)).select(value, self)
    }

    /// Elements by their index in the flattened tensor, in row-major order: `y[i…] = x.flatten(0)[index[i…]]`, of the
    /// index's shape. (PyTorch's `take`; negative indices are refused here.) The gradient of an element is the sum
    /// over its uses. An index out of range is an error of the run.
    #[track_caller]
    pub fn take(self, index: Var<'t>) -> Var<'t> {
        let numel = self.numel();
        self.reshape(numel).rows(index.check_index_of("take", numel))
    }

    /// `x` with `value` where the `bool` mask is true; the two are broadcast to their common shape. (PyTorch's
    /// `masked_fill`.) The gradient is 0 where the mask is true, and the value's, if it is a `Var`, is the sum over
    /// these places.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
    /// let y = x.masked_fill(tape.var([true, false]), f64::NEG_INFINITY);
    /// assert_eq!(y.value()?.to_f64(), [f64::NEG_INFINITY, 2.0, f64::NEG_INFINITY, 4.0]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    #[track_caller]
    pub fn masked_fill(self, mask: Var<'t>, value: impl Operand<'t>) -> Var<'t> {
        let _op = self.tape.within("masked_fill", &[self, mask]);
        mask.select(value, self)
    }

    /// Where the elements of a source go in the flattened tensor, and these elements, both flat. `None` after a
    /// mistake, which is noted.
    #[track_caller]
    fn targets(
        self,
        name: &'static str,
        axis: isize,
        index: Var<'t>,
        source: impl Operand<'t>,
    ) -> Option<(Var<'t>, Var<'t>)> {
        let inside = index.shape();
        let mut source = source.on(self.tape, &Meta::new(&inside, self.dtype()));
        let fits = source.rank() == inside.rank() && source.shape().iter().zip(&*inside).all(|(a, b)| a >= b);
        let places = if source.dtype() != self.dtype() {
            Err(format!("the source is {}, not {}", source.dtype(), self.dtype()))
        } else if !fits {
            Err("the source is shorter than the index".to_owned())
        } else {
            places(name, &self.shape(), axis, index)
        };
        let places = match places {
            Ok(places) => places,
            Err(what) => {
                self.tape.fail(name, what, &[self, index, source]);
                return None;
            }
        };
        for (axis, &length) in inside.iter().enumerate() {
            source = source.slice(axis as isize, ..length);
        }
        Some((places.reshape(inside.numel()), source.reshape(inside.numel())))
    }

    /// The axis of which an index of one axis tells slices, if the source of the slices fits. `None` after a mistake,
    /// which is noted.
    #[track_caller]
    fn slices(
        self,
        name: &'static str,
        axis: isize,
        index: Var<'t>,
        source: Option<Var<'t>>,
    ) -> Option<usize> {
        let shape = self.shape();
        let what = match shape.axis(axis) {
            None => format!("there is no axis {axis}"),
            Some(_) if index.rank() != 1 => "the index has one axis".to_owned(),
            Some(at) => match source {
                Some(source) if !source.has_shape(&shape.with(at, index.numel())) => {
                    format!("the source has the shape {}", shape.with(at, index.numel()))
                }
                Some(source) if source.dtype() != self.dtype() => {
                    format!("the source is {}, not {}", source.dtype(), self.dtype())
                }
                _ => return Some(at),
            },
        };
        match source {
            Some(source) => self.tape.fail(name, what, &[self, index, source]),
            None => self.tape.fail(name, what, &[self, index]),
        };
        None
    }
}

/// The place in a flattened tensor of this shape of each element that an index along an axis tells, or what is wrong.
#[track_caller]
fn places<'t>(name: &'static str, shape: &Shape, axis: isize, index: Var<'t>) -> Result<Var<'t>, String> {
    let inside = index.shape();
    if inside.rank().max(1) != shape.rank().max(1) {
        return Err(format!("the index has {} axes, not {}", inside.rank(), shape.rank()));
    }
    if shape.rank() == 0 && (-1..=0).contains(&axis) {
        return Ok(index.check_index_of(name, 1));
    }
    let at = shape.axis(axis).ok_or_else(|| format!("there is no axis {axis}"))?;
    let strides = shape.strides();
    let mut places = index.check_index_of(name, shape[at]) * strides[at] as f64;
    for (other, &length) in inside.iter().enumerate().filter(|&(other, _)| other != at) {
        if length > shape[other] {
            return Err(format!("the index is longer than {} along axis {other}", shape[other]));
        }
        if length > 1 {
            let along = index.tape().iota(length, DType::I64).reshape(column(&inside, other));
            places = places + along * strides[other] as f64;
        }
    }
    Ok(places)
}

/// Where these indices along an axis are when it and those before it are one: `[the axes before, the index's axes…]`,
/// the former as one.
#[track_caller]
fn places_along<'t>(name: &'static str, shape: &Shape, axis: usize, index: Var<'t>) -> Var<'t> {
    let outer = size(&shape[..axis]);
    let mut first = vec![1; index.rank() + 1];
    first[0] = outer;
    let index = index.check_index_of(name, shape[axis]);
    index.tape().iota(outer, DType::I64).reshape(first) * shape[axis] as f64 + index
}

/// The shape of a value that differs along one axis only.
fn column(shape: &Shape, axis: usize) -> Shape {
    (0..shape.rank()).map(|other| if other == axis { shape[axis] } else { 1 }).collect()
}

fn size(lengths: &[usize]) -> usize {
    Shape::from(lengths).numel()
}

fn joined(parts: &[&[usize]]) -> Shape {
    parts.iter().copied().flatten().copied().collect()
}

pub(crate) const SAMPLES: &[Sample] = &[
    Sample {
        name: "index_select",
        inputs: table,
        apply: |x| x[0].index_select(0, x[0].tape().var([[2i64, 0], [2, 1]])).square(),
    },
    Sample {
        name: "index_select_last",
        inputs: table,
        apply: |x| x[0].index_select(-1, x[0].tape().var([[1i64, 0, 1], [1, 1, 0]])).square(),
    },
    Sample {
        name: "gather",
        inputs: table,
        apply: |x| x[0].gather(1, x[0].tape().var([[1i64, 0, 1], [0, 0, 0]])).square(),
    },
    Sample {
        name: "gather_first",
        inputs: table,
        apply: |x| x[0].gather(0, x[0].tape().var([[2i64], [0], [2], [1]])).square(),
    },
    Sample {
        name: "scatter",
        inputs: two,
        apply: |x| x[0].scatter(0, x[0].tape().var([[2i64, 1], [2, 0]]), x[1]).square(),
    },
    Sample {
        name: "scatter_number",
        inputs: two,
        apply: |x| x[0].scatter(1, x[0].tape().var([[1i64]]), 0.5).square() * x[1].sum(..),
    },
    Sample {
        name: "scatter_add",
        inputs: two,
        apply: |x| x[0].square().scatter_add(0, x[0].tape().var([[2i64, 1], [2, 0]]), x[1]).square(),
    },
    Sample {
        name: "index_add",
        inputs: two,
        apply: |x| x[0].index_add(0, x[0].tape().var([2i64, 2]), x[1]).square(),
    },
    Sample {
        name: "index_add_last",
        inputs: two,
        apply: |x| x[1].index_add(-1, x[0].tape().var([1i64, 0, 1]), x[0].t()).square(),
    },
    Sample {
        name: "index_copy",
        inputs: two,
        apply: |x| x[0].index_copy(0, x[0].tape().var([2i64, 2]), x[1]).square(),
    },
    Sample {
        name: "index_fill",
        inputs: two,
        apply: |x| x[0].index_fill(0, x[0].tape().var([2i64, 0, 2]), x[1].sum(..)).square(),
    },
    Sample {
        name: "take",
        inputs: table,
        apply: |x| x[0].take(x[0].tape().var([[5i64, 0], [5, 2]])).square(),
    },
    Sample {
        name: "masked_fill",
        inputs: two,
        apply: |x| x[0].masked_fill(x[0].tape().var([[true], [false], [true]]), x[1].slice(0, 1..)).square(),
    },
];

fn table() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2])]
}

fn two() -> Vec<crate::Tensor> {
    vec![sample([0.5, -1.0, 2.0, 0.3, 1.5, -0.7], &[3, 2]), sample([1.1, -0.4, 0.9, 0.6], &[2, 2])]
}
