//! Sums that are made as one thing: sums of pieces of a tensor, and sums of products.
//!
//! The gradient of a tensor that is used in slices is a sum of tensors that are 0 but for one slice each; joined, it is made
//! of the slices' gradients. The gradient of a weight that is used many times, as in a recurrent layer, is a sum of products;
//! with their operands one after the other they are a single product over a longer sum.

use super::graph::{Graph, GraphNode, Kind};
use crate::record::{Lower, Meta, Movement, Piece, View};
use crate::{DType, Shape};
use chainrule_kernels::pointwise as kernel;
use smallvec::SmallVec;
use std::collections::HashSet;
use std::sync::Arc;

/// Products with longer sums than this gain nothing from being one.
const SHORT_SUM: usize = 256;
/// Results for each element of an operand that make up for copying it.
const MANY_USES: usize = 128;
/// Least number of products that are made one.
const LEAST: usize = 3;
/// More pieces than this are not compared with each other: planning stays linear.
const MOST_PIECES: usize = 4096;
/// What is used in parts is made in parts through so many ops.
const DEEPEST_PART: u8 = 3;
/// Pieces of a piece become pieces of the whole if they are no more than this.
const MOST_NESTED: usize = 64;

/// Joins sums of pieces and of products.
pub(super) fn join_sums(graph: Graph) -> Graph {
    let uses = graph.uses();
    let kind = |x: u32| &graph.nodes[x as usize].kind;
    let is_add = |x: u32| {
        let float = matches!(graph.nodes[x as usize].meta.dtype, DType::F32 | DType::F64);
        float && matches!(kind(x), Kind::Op(Lower::Pointwise(k)) if std::ptr::eq(*k, &kernel::ADD))
    };
    let joins =
        |x: u32| uses[x as usize] == 1 && matches!(kind(x), Kind::Op(Lower::Matmul | Lower::Assemble(_)));
    let is_nested = |node: &GraphNode| {
        matches!(node.kind, Kind::Op(Lower::Assemble(_)))
            && node.inputs.iter().any(|&x| matches!(kind(x), Kind::Op(Lower::Assemble(_))))
    };
    // The terms of each sum, and how many of them may be joined. A sum that is an operand of another one, and of nothing
    // else, is a part of it: its list moves on.
    let mut terms: Vec<(Vec<u32>, usize)> = vec![(Vec::new(), 0); graph.nodes.len()];
    let mut part = vec![false; graph.nodes.len()];
    let mut any = false;
    for index in (0..graph.nodes.len() as u32).filter(|&x| uses[x as usize] > 0) {
        if !is_add(index) {
            any |= is_nested(&graph.nodes[index as usize]);
            continue;
        }
        let mut own: (Vec<u32>, usize) = (Vec::new(), 0);
        for &x in &graph.nodes[index as usize].inputs {
            if uses[x as usize] == 1 && is_add(x) {
                part[x as usize] = true;
                let (mut other, count) = std::mem::take(&mut terms[x as usize]);
                if other.len() > own.0.len() {
                    std::mem::swap(&mut other, &mut own.0);
                }
                own.0.append(&mut other);
                own.1 += count;
            } else {
                own.0.push(x);
                own.1 += joins(x) as usize;
            }
        }
        any |= own.1 > 1;
        terms[index as usize] = own;
    }
    let only_parts = only_parts(&graph, &uses);
    if !any && !only_parts.contains(&true) {
        return graph;
    }
    let (new, place) = (Vec::new(), vec![0; graph.nodes.len()]);
    let in_parts = HashSet::new();
    let mut joiner = Joiner { old: &graph, uses: &uses, only_parts, in_parts, new, place };
    for (index, (terms, joined)) in (0..).zip(terms) {
        // Parts of a sum that is joined are left behind unused.
        let is_whole = !part[index as usize] && joined > 1;
        let place = if is_whole { joiner.sum(index, terms) } else { joiner.copy(index) };
        joiner.place[index as usize] = place;
        // (Unless it has become a product or an assembly.)
        if joiner.only_parts[index as usize]
            && matches!(joiner.new[place as usize].kind, Kind::Op(Lower::Pointwise(_)))
        {
            joiner.in_parts.insert(place);
        }
    }
    let Joiner { new, place, .. } = joiner;
    let at = |x: u32| place[x as usize];
    Graph {
        nodes: new,
        outputs: graph.outputs.iter().map(|&x| at(x)).collect(),
        assigns: graph.assigns.iter().map(|&(id, x)| (id, at(x))).collect(),
        apart: graph.apart,
        folded: graph.folded,
    }
}

/// Which sums, products and other cheap ops are used in parts only, as a recurrent layer's gates are parts of one sum: in
/// slices, or by ops of which that is true.
fn only_parts(graph: &Graph, uses: &[u32]) -> Vec<bool> {
    let is_cheap = |node: &GraphNode| match node.kind {
        Kind::Op(Lower::Pointwise(k)) => {
            [&kernel::ADD, &kernel::SUB, &kernel::MUL].iter().any(|x| std::ptr::eq(*x, k))
        }
        _ => false,
    };
    // How many uses are in parts, and through how many ops at most.
    let mut parts = vec![(0u32, 0u8); graph.nodes.len()];
    let mut only_parts = vec![false; graph.nodes.len()];
    for index in (0..graph.nodes.len()).rev().filter(|&index| uses[index] > 0) {
        let node = &graph.nodes[index];
        let (count, depth) = parts[index];
        if node.is_movement() {
            let x = node.inputs[0] as usize;
            let (own, whole) = (node.meta.shape.numel(), graph.nodes[x].meta.shape.numel());
            // A view that is used in parts only may become an op on parts itself.
            only_parts[index] = own <= whole && count == uses[index];
            if only_parts[index] || own < whole {
                parts[x].0 += uses[index];
                parts[x].1 = parts[x].1.max(depth);
            }
        } else if count == uses[index] && depth < DEEPEST_PART && is_cheap(node) {
            only_parts[index] = true;
            for &x in &node.inputs {
                let part = &mut parts[x as usize];
                *part = (part.0 + 1, part.1.max(depth + 1));
            }
        }
    }
    only_parts
}

struct Joiner<'g> {
    old: &'g Graph,
    uses: &'g [u32],
    only_parts: Vec<bool>,
    /// The new nodes of which only parts are made.
    in_parts: HashSet<u32>,
    new: Vec<GraphNode>,
    /// Where each old node is now.
    place: Vec<u32>,
}

impl Joiner<'_> {
    fn push(&mut self, kind: Kind, inputs: impl IntoIterator<Item = u32>, meta: Meta, like: u32) -> u32 {
        let GraphNode { name, at, .. } = self.old.nodes[like as usize];
        self.new.push(GraphNode { kind, inputs: inputs.into_iter().collect(), meta, name, at });
        self.new.len() as u32 - 1
    }

    fn copy(&mut self, index: u32) -> u32 {
        let old = self.old;
        let node = &old.nodes[index as usize];
        let mut inputs: SmallVec<[u32; 3]> = node.inputs.iter().map(|&x| self.place[x as usize]).collect();
        let mut kind = node.kind.clone();
        match &node.kind {
            Kind::Op(Lower::Assemble(pieces)) => {
                let (flat, from) = self.flattened(pieces, &node.inputs);
                (kind, inputs) = (Kind::Op(Lower::Assemble(flat)), from);
            }
            Kind::Op(Lower::View(movement)) if self.in_parts.contains(&inputs[0]) => {
                return self.part(index, movement, inputs[0]);
            }
            _ => {}
        }
        self.new.push(GraphNode { kind, inputs, ..node.clone() });
        self.new.len() as u32 - 1
    }

    /// A part, seen by the movement of an old node, of what is made element by element: made from the operands' parts.
    fn part(&mut self, index: u32, movement: &Arc<dyn Movement>, whole: u32) -> u32 {
        let node = &self.old.nodes[index as usize];
        let meta = Meta::new(&node.meta.shape, self.new[whole as usize].meta.dtype);
        let in_parts = self.in_parts.contains(&whole);
        let made = if in_parts {
            let whole = self.new[whole as usize].clone();
            let inputs = whole.inputs.iter().map(|&x| self.part(index, movement, x)).collect();
            GraphNode { inputs, meta, ..whole }
        } else {
            let kind = Kind::Op(Lower::View(movement.clone()));
            GraphNode { kind, inputs: SmallVec::from_iter([whole]), meta, ..node.clone() }
        };
        self.new.push(made);
        let made = self.new.len() as u32 - 1;
        if in_parts && self.only_parts[index as usize] {
            self.in_parts.insert(made);
        }
        made
    }

    /// Pieces that are put together from pieces themselves, for this use alone, in one.
    fn flattened(&self, pieces: &[Piece], inputs: &[u32]) -> (Vec<Piece>, SmallVec<[u32; 3]>) {
        let (mut flat, mut from) = (Vec::new(), SmallVec::new());
        for (piece, &x) in pieces.iter().zip(inputs) {
            let at = &self.new[self.place[x as usize] as usize];
            match &at.kind {
                Kind::Op(Lower::Assemble(nested))
                    if self.uses[x as usize] == 1 && nested.len() <= MOST_NESTED =>
                {
                    let rank = at.meta.shape.rank();
                    flat.extend(nested.iter().map(|inner| inside(&whole(piece, rank), &whole(inner, rank))));
                    from.extend_from_slice(&at.inputs);
                }
                _ => {
                    flat.push(piece.clone());
                    from.push(self.place[x as usize]);
                }
            }
        }
        (flat, from)
    }

    /// The sum of some terms; its number among the new nodes.
    fn sum(&mut self, index: u32, terms: Vec<u32>) -> u32 {
        let meta = self.old.nodes[index as usize].meta.clone();
        let kind = |x: u32| &self.old.nodes[x as usize].kind;
        let alone = |x: u32| self.uses[x as usize] == 1;
        let is_product = |x: u32| alone(x) && matches!(kind(x), Kind::Op(Lower::Matmul));
        let is_piece = |x: u32| alone(x) && matches!(kind(x), Kind::Op(Lower::Assemble(_)));
        let (products, rest): (Vec<u32>, Vec<u32>) = terms.into_iter().partition(|&x| is_product(x));
        let (pieces, rest): (Vec<u32>, Vec<u32>) = rest.into_iter().partition(|&x| is_piece(x));
        let mut terms: Vec<u32> = rest.iter().map(|&x| self.place[x as usize]).collect();
        terms.extend(self.assembled(&pieces, &meta, index));
        self.add_products(products, terms, &meta, index)
    }

    /// Sums of pieces of a tensor: those that lie apart are put together.
    fn assembled(&mut self, terms: &[u32], meta: &Meta, index: u32) -> Vec<u32> {
        let rank = meta.shape.rank();
        let mut made: Vec<Assembly> = Vec::new();
        let mut count = 0;
        for &x in terms {
            let node = &self.new[self.place[x as usize] as usize];
            let Kind::Op(Lower::Assemble(pieces)) = &node.kind else { continue };
            let pieces: Vec<Piece> = pieces.iter().map(|piece| whole(piece, rank)).collect();
            let shapes: Vec<Shape> =
                node.inputs.iter().map(|&x| self.new[x as usize].meta.shape.clone()).collect();
            count += pieces.len();
            let apart = |(others, _, sizes): &&mut Assembly| {
                count <= MOST_PIECES
                    && pieces.iter().zip(&shapes).all(|(a, size)| {
                        others.iter().zip(sizes).all(|(b, other)| are_apart((a, size), (b, other)))
                    })
            };
            match made.iter_mut().find(apart) {
                Some((own, inputs, sizes)) => {
                    own.extend(pieces);
                    inputs.extend_from_slice(&node.inputs);
                    sizes.extend(shapes);
                }
                None => made.push((pieces, node.inputs.clone(), shapes)),
            }
        }
        let mut push =
            |(pieces, inputs, _)| self.push(Kind::Op(Lower::Assemble(pieces)), inputs, meta.clone(), index);
        made.drain(..).map(&mut push).collect()
    }

    /// Products and other terms: short products become one, longer ones accumulate (GEMM with β = 1).
    fn add_products(&mut self, products: Vec<u32>, mut terms: Vec<u32>, meta: &Meta, index: u32) -> u32 {
        let length = |x: u32| {
            let a = &self.old.nodes[self.old.nodes[x as usize].inputs[0] as usize].meta.shape;
            a[a.rank() - 1]
        };
        // An operand that lies somewhere already has to be copied, which pays where many results use it.
        let is_free = |x: u32, uses: usize| {
            uses >= MANY_USES || matches!(self.old.nodes[self.old.base(x) as usize].kind, Kind::Op(_))
        };
        let is_short = |x: u32| {
            let inputs = &self.old.nodes[x as usize].inputs;
            meta.shape.rank() == 2
                && length(x) <= SHORT_SUM
                && is_free(inputs[0], meta.shape[1])
                && is_free(inputs[1], meta.shape[0])
        };
        let (short, mut long): (Vec<u32>, Vec<u32>) = products.into_iter().partition(|&x| is_short(x));
        let mut sum = None;
        if short.len() >= LEAST {
            let k = short.iter().map(|&x| length(x)).sum();
            let like = short[0];
            let operand = |i: usize| -> Vec<u32> {
                short.iter().map(|&x| self.place[self.old.nodes[x as usize].inputs[i] as usize]).collect()
            };
            let (a, b) = (operand(0), operand(1));
            let [m, n] = [meta.shape[0], meta.shape[1]];
            let a = self.rows(&a, 1, &Meta::new([k, m], meta.dtype), like);
            let a = self.transposed(a, like);
            let b = self.rows(&b, 0, &Meta::new([k, n], meta.dtype), like);
            sum = Some(self.push(Kind::Op(Lower::Matmul), [a, b], meta.clone(), like));
        } else {
            long = short.into_iter().chain(long).collect();
        }
        for x in long {
            let product = self.place[x as usize];
            sum = Some(match sum {
                None => product,
                Some(sum) => {
                    let inputs: SmallVec<[u32; 3]> =
                        self.new[product as usize].inputs.iter().copied().chain([sum]).collect();
                    self.push(Kind::Op(Lower::Matmul), inputs, meta.clone(), x)
                }
            });
        }
        terms.extend(sum);
        let mut terms = terms.into_iter();
        let first = terms.next().expect("a sum has terms");
        let add =
            |sum, term| self.push(Kind::Op(Lower::Pointwise(&kernel::ADD)), [sum, term], meta.clone(), index);
        terms.fold(first, add)
    }

    /// Matrices below each other, seen along `axis`: an operand's columns are the rows of its transpose.
    fn rows(&mut self, operands: &[u32], axis: usize, meta: &Meta, like: u32) -> u32 {
        let mut start = 0;
        let (mut pieces, mut inputs) = (Vec::new(), SmallVec::<[u32; 3]>::new());
        for &x in operands {
            pieces.push(Piece::along(2, 0, start));
            start += self.new[x as usize].meta.shape[axis];
            inputs.push(if axis == 1 { self.transposed(x, like) } else { x });
        }
        self.push(Kind::Op(Lower::Assemble(pieces)), inputs, meta.clone(), like)
    }

    fn transposed(&mut self, x: u32, like: u32) -> u32 {
        let node = &self.new[x as usize];
        // The transpose of a transpose is what was there before.
        if let Kind::Op(Lower::View(movement)) = &node.kind
            && movement.order() == Some(&[1, 0])
        {
            return node.inputs[0];
        }
        let meta = Meta::new([node.meta.shape[1], node.meta.shape[0]], node.meta.dtype);
        self.push(Kind::Op(crate::ops::permute(&[1, 0]).lower()), [x], meta, like)
    }
}

/// Pieces of one tensor: where they go, the nodes that they are, and their shapes.
type Assembly = (Vec<Piece>, SmallVec<[u32; 3]>, Vec<Shape>);

/// A piece with all axes written out.
fn whole(piece: &Piece, rank: usize) -> Piece {
    let mut piece = piece.clone();
    piece.start.resize(rank, 0);
    piece.step.resize(rank, 1);
    piece
}

/// Where a piece of a piece goes.
fn inside(outer: &Piece, inner: &Piece) -> Piece {
    let start = |axis: usize| outer.start[axis] + inner.start[axis] * outer.step[axis];
    let rank = outer.start.len();
    Piece {
        start: (0..rank).map(start).collect(),
        step: (0..rank).map(|axis| outer.step[axis] * inner.step[axis]).collect(),
    }
}

/// Whether two pieces have no place in common, as can be seen along one axis.
fn are_apart((a, size): (&Piece, &Shape), (b, other): (&Piece, &Shape)) -> bool {
    (0..a.start.len()).any(|axis| {
        let end = |piece: &Piece, length: usize| piece.start[axis] + (length.max(1) - 1) * piece.step[axis];
        let (first, second) = (a.start[axis], b.start[axis]);
        let interleaved = a.step[axis] == b.step[axis] && first % a.step[axis] != second % a.step[axis];
        size[axis] == 0
            || other[axis] == 0
            || end(a, size[axis]) < second
            || end(b, other[axis]) < first
            || interleaved
    })
}

/// The view of a piece of this size in a view of the whole.
pub(super) fn view_of(piece: &Piece, size: &Shape, whole: &View) -> View {
    let axis = |axis: usize| {
        let (start, step) = (piece.start.get(axis).copied(), piece.step.get(axis).copied());
        let stride = whole.strides[axis];
        // (An absurd step is that of an axis of length 1.)
        (start.unwrap_or(0) as isize * stride, (step.unwrap_or(1) as isize).wrapping_mul(stride))
    };
    let axes: SmallVec<[(isize, isize); 4]> = (0..size.rank()).map(axis).collect();
    View {
        shape: size.clone(),
        strides: axes.iter().map(|axis| axis.1).collect(),
        offset: whole.offset + axes.iter().map(|axis| axis.0).sum::<isize>(),
    }
}
