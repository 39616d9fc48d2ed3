//! Instructions other than tile programs.

use super::group::{Located, place};
use super::lower::Lowering;
use crate::Meta;
use crate::record::{Lower, View};
use chainrule_kernels::gemm::Gemm;
use chainrule_kernels::machine::{BatchedGemm, CallInstr, CheckIndex, Gather, Instr, ScatterAdd};
use smallvec::SmallVec;

impl Lowering<'_> {
    pub(super) fn opaque(&mut self, n: u32, lower: &Lower) {
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        let input = |i: usize| node.inputs[i];
        let meta_of = |i: usize| &graph.nodes[node.inputs[i] as usize].meta;
        match lower {
            Lower::Matmul => self.matmul(n),
            Lower::Assemble(starts) => self.assemble(n, starts),
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

    /// Pieces are copied to their places; what no piece covers is 0.
    fn assemble(&mut self, n: u32, starts: &[SmallVec<[usize; 4]>]) {
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        let pieces: Vec<Located> = node.inputs.iter().map(|&x| self.placed(x)).collect();
        let output = self.dense_buffer(&node.meta);
        let covered: usize = pieces.iter().map(|piece| piece.view.shape.numel()).sum();
        if covered < node.meta.shape.numel() {
            let zero = self.scalar(None, &node.meta);
            self.copy(n, &zero, &output);
        }
        for ((piece, start), &x) in pieces.iter().zip(starts).zip(&node.inputs) {
            let strides = output.view.strides.clone();
            let offset = start.iter().zip(&strides).map(|(&start, &stride)| start as isize * stride).sum();
            let view = View { shape: piece.view.shape.clone(), strides, offset };
            self.copy(x, piece, &Located { buffer: output.buffer, view });
        }
        self.place(n, output);
    }

    /// `a·b`, or `c + a·b` in the memory of `c`, which nothing else uses.
    fn matmul(&mut self, n: u32) {
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        let (a, b) = (self.placed(node.inputs[0]), self.placed(node.inputs[1]));
        let c = match node.inputs.get(2) {
            Some(&c) => {
                let c = self.in_arena(c);
                if c.view.is_dense() { c } else { self.copied(node.inputs[2], &c) }
            }
            None => self.dense_buffer(&node.meta),
        };
        let rank = node.meta.shape.rank();
        let matrix = |x: &Located| [x.view.strides[rank - 2], x.view.strides[rank - 1]];
        let (m, n_columns, k) =
            (node.meta.shape[rank - 2], node.meta.shape[rank - 1], a.view.shape[rank - 1]);
        let gemm =
            Gemm::new(node.meta.dtype, self.level, m, k, n_columns, matrix(&a), matrix(&b), matrix(&c));
        let axes: SmallVec<[usize; 4]> = (0..rank - 2).filter(|&axis| node.meta.shape[axis] != 1).collect();
        let batch = |x: &Located| {
            let strides = axes.iter().map(|&axis| x.view.strides[axis]).collect();
            (place(x, node.meta.dtype), strides)
        };
        let beta = if node.inputs.len() == 3 { 1.0 } else { 0.0 };
        let lengths = axes.iter().map(|&axis| node.meta.shape[axis]).collect();
        let product =
            BatchedGemm { gemm, batch: lengths, a: batch(&a), b: batch(&b), c: batch(&c), alpha: 1.0, beta };
        self.emit(Instr::Gemm(Box::new(product)), n);
        self.place(n, c);
    }
}
