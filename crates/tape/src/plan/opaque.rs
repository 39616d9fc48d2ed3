//! Instructions other than tile programs.

use super::group::{Located, place};
use super::lower::Lowering;
use crate::Meta;
use crate::record::{Lower, View};
use chainrule_kernels::gemm::{Axis, Contraction, Gemm};
use chainrule_kernels::machine::{BatchedGemm, CallInstr, CheckIndex, Contract, Gather, Instr, ScatterAdd};
use smallvec::SmallVec;

/// From so many products on, a matrix that each would pack is copied once.
const MANY_PRODUCTS: u32 = 4;
/// Rows and columns, at most, of a product whose sums are long: its operands have many times the bytes of its result..
const LONG_SIDE: usize = 128;
/// .. and more than a second-level cache.
const LONG_BYTES: usize = 2 << 20;

impl Lowering<'_> {
    pub(super) fn opaque(&mut self, n: u32, lower: &Lower) {
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        let input = |i: usize| node.inputs[i];
        let meta_of = |i: usize| &graph.nodes[node.inputs[i] as usize].meta;
        match lower {
            Lower::Matmul => self.matmul(n),
            Lower::Assemble(pieces) => self.assemble(n, pieces),
            Lower::Convolution { stride, dilation } => self.convolution(n, stride, dilation),
            Lower::Gather => {
                let (table, index) = (self.placed_dense(input(0)), self.placed_dense(input(1)));
                let output = self.dense_buffer(&node.meta);
                let Meta { shape, dtype } = meta_of(0);
                let instr = Instr::Gather(Gather {
                    dtype: *dtype,
                    table: place(&table, *dtype),
                    rows: shape[0],
                    width: shape[1..].iter().product(),
                    index: place(&index, crate::DType::I64),
                    count: meta_of(1).shape.numel(),
                    output: place(&output, *dtype),
                });
                self.emit(instr, n);
                self.place(n, output);
            }
            Lower::ScatterAdd => {
                let (source, index) = (self.placed_dense(input(0)), self.placed_dense(input(1)));
                let output = self.dense_buffer(&node.meta);
                let dtype = node.meta.dtype;
                let instr = Instr::ScatterAdd(ScatterAdd {
                    dtype,
                    source: place(&source, dtype),
                    index: place(&index, crate::DType::I64),
                    count: meta_of(1).shape.numel(),
                    width: node.meta.shape[1..].iter().product(),
                    rows: node.meta.shape[0],
                    output: place(&output, dtype),
                });
                self.emit(instr, n);
                self.place(n, output);
            }
            Lower::CheckIndex(bound) => {
                let index = self.placed_dense(input(0));
                let count = node.meta.shape.numel();
                let instr = Instr::CheckIndex(CheckIndex {
                    index: place(&index, node.meta.dtype),
                    count,
                    bound: *bound,
                });
                self.emit(instr, n);
                self.place(n, index);
            }
            Lower::Call(call) => {
                let mut inputs = SmallVec::new();
                for &x in &node.inputs {
                    let located = self.placed_dense(x);
                    let Meta { shape, dtype } = &graph.nodes[x as usize].meta;
                    inputs.push((place(&located, *dtype), shape.numel(), *dtype));
                }
                let output = self.dense_buffer(&node.meta);
                let dtype = node.meta.dtype;
                let to = (place(&output, dtype), node.meta.shape.numel(), dtype);
                self.emit(Instr::Call(CallInstr { call: call.clone(), inputs, output: to }), n);
                self.place(n, output);
            }
            Lower::View(_)
            | Lower::Pointwise(_)
            | Lower::Custom(_)
            | Lower::Generate(..)
            | Lower::Reduce { .. } => {
                unreachable!("these are lowered as views and groups")
            }
        }
    }

    /// `a·b`, or `c + a·b` in the memory of `c`, which nothing else uses.
    fn matmul(&mut self, n: u32) {
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        let (a, mut b) = (self.placed(node.inputs[0]), self.placed(node.inputs[1]));
        let rank = node.meta.shape.rank();
        if b.view.strides[rank - 1] != 1
            && b.view.strides[rank - 2] == 1
            && node.meta.shape[rank - 1] > 1
            && self.products.get(&node.inputs[1]).is_some_and(|&count| count >= MANY_PRODUCTS)
        {
            // Once for all products, as a recurrent layer's backward pass has one for each time step.
            b = self.copied(node.inputs[1], &b);
            self.place(node.inputs[1], b.clone());
        }
        let along = |view: &View| view.strides[rank - 1] == 1 || view.strides[rank - 2] == 1;
        let c = match node.inputs.get(2) {
            // In the memory of the other term, wherever that is.
            Some(&c) => {
                let c = self.in_arena(c);
                if along(&c.view) { c } else { self.copied(node.inputs[2], &c) }
            }
            None => self.product_home(n, along).unwrap_or_else(|| self.dense_buffer(&node.meta)),
        };
        let matrix = |x: &Located| [x.view.strides[rank - 2], x.view.strides[rank - 1]];
        let (m, n_columns, k) =
            (node.meta.shape[rank - 2], node.meta.shape[rank - 1], a.view.shape[rank - 1]);
        let beta = if node.inputs.len() == 3 { 1.0 } else { 0.0 };
        let axes: SmallVec<[usize; 4]> = (0..rank - 2).filter(|&axis| node.meta.shape[axis] != 1).collect();
        let dtype = node.meta.dtype;
        let [a_strides, b_strides, c_strides] = [&a, &b, &c].map(matrix);
        if axes.is_empty()
            && [a_strides[1], b_strides[1], c_strides[1]] == [1; 3]
            && m.max(n_columns) <= LONG_SIDE
            && (m + n_columns) * k * dtype.size() > LONG_BYTES
        {
            // Parts of the sum read each operand once, where tasks along rows and columns would each read it again.
            let rows = [Axis { length: m, a: a_strides[0], other: c_strides[0] }].into_iter().collect();
            let sums = [Axis { length: k, a: 1, other: b_strides[0] }].into_iter().collect();
            let contraction = Contraction::new(dtype, self.level, rows, sums, n_columns);
            let product =
                Contract::new(contraction, place(&a, dtype), place(&b, dtype), place(&c, dtype), beta);
            self.emit(Instr::Contract(Box::new(product)), n);
            return self.place(n, c);
        }
        let gemm = Gemm::new(dtype, self.level, m, k, n_columns, a_strides, b_strides, c_strides);
        let batch = |x: &Located| {
            let strides = axes.iter().map(|&axis| x.view.strides[axis]).collect();
            (place(x, dtype), strides)
        };
        let lengths = axes.iter().map(|&axis| node.meta.shape[axis]).collect();
        let product =
            BatchedGemm { gemm, batch: lengths, a: batch(&a), b: batch(&b), c: batch(&c), alpha: 1.0, beta };
        self.emit(Instr::Gemm(Box::new(product)), n);
        self.place(n, c);
    }

    /// The sum over windows. Its rows are positions, in the order in which they lie in the input.
    fn convolution(&mut self, n: u32, stride: &[usize], dilation: &[usize]) {
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        let (dtype, rank) = (node.meta.dtype, node.meta.shape.rank());
        let (x, mut w) = (self.placed(node.inputs[0]), self.placed(node.inputs[1]));
        let last = rank - 1;
        if w.view.strides[last] != 1 {
            // Once for all uses.
            w = self.copied(node.inputs[1], &w);
            self.place(node.inputs[1], w.clone());
        }
        // Positions as strides of the input.
        let step = |axis: usize| match axis {
            0 => x.view.strides[0],
            // (An absurd distance is that of an axis of length 1.)
            axis => x.view.strides[axis].wrapping_mul(stride[axis - 1] as isize),
        };
        let y = match self.product_home(n, |view| view.strides[last] == 1) {
            Some(y) => y,
            None if self.is_seen_permuted(n) => {
                let mut order: SmallVec<[usize; 5]> = (0..last).collect();
                order.sort_by_key(|&axis| std::cmp::Reverse(step(axis).unsigned_abs()));
                let mut y = self.dense_buffer(&node.meta);
                let mut width = node.meta.shape[last] as isize;
                for &axis in order.iter().rev() {
                    y.view.strides[axis] = width;
                    width *= node.meta.shape[axis] as isize;
                }
                y
            }
            None => self.dense_buffer(&node.meta),
        };
        let rows = (0..last).map(|axis| Axis {
            length: node.meta.shape[axis],
            a: step(axis),
            other: y.view.strides[axis],
        });
        let window = &graph.nodes[node.inputs[1] as usize].meta.shape;
        let sums = (0..last).map(|axis| Axis {
            length: window[axis],
            a: match axis {
                axis if axis + 1 == last => x.view.strides[last],
                axis => x.view.strides[axis + 1].wrapping_mul(dilation[axis] as isize),
            },
            other: w.view.strides[axis],
        });
        let lanes = node.meta.shape[last];
        let contraction = Contraction::new(dtype, self.level, rows.collect(), sums.collect(), lanes);
        let product = Contract::new(contraction, place(&x, dtype), place(&w, dtype), place(&y, dtype), 0.0);
        self.emit(Instr::Contract(Box::new(product)), n);
        self.place(n, y);
    }
}
