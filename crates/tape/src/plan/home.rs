//! Where a value is made: in the place where it is wanted, if that can be told before.
//!
//! A piece of a concatenation, of a padded tensor or of a gradient that is put together from slices' gradients is written
//! straight to its place there. A product of which only a permuted view is used is laid out for that view.

use super::graph::Kind;
use super::group::Located;
use super::join::view_of;
use super::lower::{Lowering, State};
use crate::record::{Lower, Piece, View};
use crate::{Meta, Shape};
use smallvec::SmallVec;
use std::collections::HashSet;

/// What the planner knows of a value's uses.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// The pieces that the value is: the node that puts them together, and the number of the piece.
    pieces: SmallVec<[(u32, u32); 1]>,
    /// A permutation of it that is used.
    permuted: Option<u32>,
}

/// Another place of a tensor that is put together, and the numbers of the pieces that are there.
#[derive(Debug)]
pub(super) struct OtherPlace {
    whole: Located,
    done: HashSet<u32>,
}

/// Pieces of pieces are made in place up to this depth.
const DEEPEST: usize = 4;
/// Follow no longer chains of views from a piece to the value.
const LONGEST_CHAIN: usize = 8;

impl Lowering<'_> {
    /// Notes what values are wanted for.
    pub(super) fn note_wishes(&mut self) {
        let graph = self.graph;
        for (index, node) in graph.nodes.iter().enumerate().filter(|(i, _)| self.uses[*i] > 0) {
            match &node.kind {
                Kind::Op(Lower::Assemble(_)) => {
                    for (number, &x) in node.inputs.iter().enumerate() {
                        if let Some(base) = self.made(x) {
                            self.wishes.entry(base).or_default().pieces.push((index as u32, number as u32));
                        }
                    }
                }
                Kind::Op(Lower::View(movement)) if movement.order().is_some() => {
                    self.wishes.entry(node.inputs[0]).or_default().permuted = Some(index as u32);
                }
                Kind::Op(Lower::Matmul) if node.meta.shape.rank() == 2 => {
                    *self.products.entry(node.inputs[1]).or_default() += 1;
                }
                _ => {}
            }
        }
    }

    /// The value that a short chain of views shows, if an op makes it.
    fn made(&self, x: u32) -> Option<u32> {
        let mut base = x;
        for _ in 0..LONGEST_CHAIN {
            let node = &self.graph.nodes[base as usize];
            match &node.kind {
                Kind::Op(Lower::View(_)) => base = node.inputs[0],
                Kind::Op(_) => return Some(base),
                _ => return None,
            }
        }
        None
    }

    /// The place for a value: where it is wanted, if `fits`; else a dense buffer of its own.
    pub(super) fn home(&mut self, n: u32, fits: impl Fn(&Located) -> bool) -> Located {
        self.piece_home(n, fits).unwrap_or_else(|| self.dense_buffer(&self.graph.nodes[n as usize].meta))
    }

    /// The place of a piece that the value is, if it is one.
    pub(super) fn piece_home(&mut self, n: u32, fits: impl Fn(&Located) -> bool) -> Option<Located> {
        self.nested_home(n, fits, DEEPEST)
    }

    /// [`piece_home`](Self::piece_home), where what the piece is part of may be a piece itself, so many times.
    fn nested_home(&mut self, n: u32, fits: impl Fn(&Located) -> bool, depth: usize) -> Option<Located> {
        let wanted = self.wishes.get(&n)?.pieces.clone();
        for (assemble, number) in wanted {
            if let Some(located) = self.place_of_piece(assemble, number, n, depth).filter(&fits) {
                self.in_place.insert((assemble, number));
                return Some(located);
            }
        }
        None
    }

    /// The other places where a value is wanted.
    pub(super) fn other_homes(&mut self, n: u32, fits: impl Fn(&Located) -> bool) -> Vec<Located> {
        let wanted = self.wishes.get(&n).map(|wishes| wishes.pieces.clone()).unwrap_or_default();
        let mut places = Vec::new();
        for &(assemble, number) in &wanted {
            if self.in_place.contains(&(assemble, number)) {
                continue;
            }
            if let Some(located) = self.place_of_piece(assemble, number, n, DEEPEST).filter(&fits) {
                self.in_place.insert((assemble, number));
                places.push(located);
            }
        }
        for (assemble, number) in wanted {
            let Some(mut others) = self.other_places.remove(&assemble) else { continue };
            for OtherPlace { whole, done } in &mut others {
                if let Some(located) = self.piece_in(assemble, number, n, whole).filter(&fits)
                    && done.insert(number)
                {
                    places.push(located);
                }
            }
            self.other_places.insert(assemble, others);
        }
        places
    }

    /// The place of a product, if there is one that `fits`: that of a piece, or one in the order of axes in which it is used.
    pub(super) fn product_home(&mut self, n: u32, fits: impl Fn(&View) -> bool) -> Option<Located> {
        self.piece_home(n, |located| fits(&located.view)).or_else(|| self.permuted_home(n, fits))
    }

    /// A dense buffer in the order of axes of the only view that is used, if there is one and it `fits`.
    fn permuted_home(&mut self, n: u32, fits: impl Fn(&View) -> bool) -> Option<Located> {
        let view = self.wishes.get(&n)?.permuted?;
        let (node, shown) = (&self.graph.nodes[n as usize], &self.graph.nodes[view as usize]);
        let Kind::Op(Lower::View(movement)) = &shown.kind else { return None };
        if self.uses[n as usize] != self.uses[view as usize] {
            return None;
        }
        let view = movement.invert(&View::dense(&shown.meta.shape), &node.meta.shape).filter(fits)?;
        Some(Located { view, ..self.dense_buffer(&node.meta) })
    }

    /// Whether only permuted views of a value are used.
    pub(super) fn is_seen_permuted(&self, n: u32) -> bool {
        let view = self.wishes.get(&n).and_then(|wishes| wishes.permuted);
        view.is_some_and(|view| self.uses[n as usize] == self.uses[view as usize])
    }

    /// Where a piece lies in what it is a part of, as a view of the value that it shows.
    fn place_of_piece(&mut self, assemble: u32, number: u32, base: u32, depth: usize) -> Option<Located> {
        let whole = self.assembled(assemble, depth);
        self.piece_in(assemble, number, base, &whole)
    }

    /// Where a piece lies in this place of what it is a part of.
    fn piece_in(&self, assemble: u32, number: u32, base: u32, whole: &Located) -> Option<Located> {
        let graph = self.graph;
        let node = &graph.nodes[assemble as usize];
        let Kind::Op(Lower::Assemble(pieces)) = &node.kind else { return None };
        let mut x = node.inputs[number as usize];
        let mut view = view_of(&pieces[number as usize], &graph.nodes[x as usize].meta.shape, &whole.view);
        while x != base {
            let shown = &graph.nodes[x as usize];
            let Kind::Op(Lower::View(movement)) = &shown.kind else { return None };
            let inner = shown.inputs[0];
            view = movement.invert(&view, &graph.nodes[inner as usize].meta.shape)?;
            x = inner;
        }
        Some(Located { buffer: whole.buffer, view })
    }

    /// The place of an assembled tensor, with zeros where no piece goes.
    fn assembled(&mut self, n: u32, depth: usize) -> Located {
        if let Some(located) = self.assembled.get(&n) {
            return located.clone();
        }
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        let home = if depth > 0 { self.nested_home(n, |_| true, depth - 1) } else { None };
        let located = home.unwrap_or_else(|| self.dense_buffer(&node.meta));
        self.assembled.insert(n, located.clone());
        let Kind::Op(Lower::Assemble(pieces)) = &node.kind else { return located };
        let size = |x: u32| &graph.nodes[x as usize].meta.shape;
        let covered: usize = node.inputs.iter().map(|&x| size(x).numel()).sum();
        if covered < node.meta.shape.numel() {
            match (&pieces[..], &node.inputs[..]) {
                ([piece], &[x]) if piece.step.iter().all(|&step| step == 1) && covered > 0 => {
                    self.frame(n, piece, size(x), &located);
                }
                _ => self.zeros(n, &located),
            }
        } else if depth > 0 {
            self.note_other_places(n, depth - 1);
        }
        located
    }

    /// The other places of an assembled tensor, to which its pieces are written as well.
    fn note_other_places(&mut self, n: u32, depth: usize) {
        let wanted = self.wishes.get(&n).map(|wishes| wishes.pieces.clone()).unwrap_or_default();
        for (assemble, number) in wanted {
            if self.in_place.contains(&(assemble, number)) {
                continue;
            }
            if let Some(whole) = self.place_of_piece(assemble, number, n, depth) {
                self.in_place.insert((assemble, number));
                self.other_places.entry(n).or_default().push(OtherPlace { whole, done: HashSet::new() });
            }
        }
    }

    fn zeros(&mut self, n: u32, to: &Located) {
        let meta = Meta::new(&to.view.shape, self.graph.nodes[n as usize].meta.dtype);
        let zero = self.scalar(None, &meta);
        self.copy(n, &zero, to);
    }

    /// Zeros around a piece: before and after it along each axis, inside its range of the axes before.
    fn frame(&mut self, n: u32, piece: &Piece, size: &Shape, to: &Located) {
        let mut inner = to.view.clone();
        for axis in 0..size.rank() {
            let (start, length) = (piece.start.get(axis).copied().unwrap_or(0), size[axis]);
            let end = start + length;
            for (from, count) in [(0, start), (end, to.view.shape[axis] - end)] {
                if count > 0 {
                    let shape = inner.shape.with(axis, count);
                    let offset = inner.offset + from as isize * inner.strides[axis];
                    let view = View { shape, strides: inner.strides.clone(), offset };
                    self.zeros(n, &Located { buffer: to.buffer, view });
                }
            }
            inner.offset += start as isize * inner.strides[axis];
            inner.shape = inner.shape.with(axis, length);
        }
    }

    /// Pieces that are not in their place yet are copied there.
    pub(super) fn assemble(&mut self, n: u32, pieces: &[Piece]) {
        let graph = self.graph;
        let node = &graph.nodes[n as usize];
        for (number, (piece, &x)) in pieces.iter().zip(&node.inputs).enumerate() {
            // This may make the piece, in its place.
            let located = self.placed(x);
            if !self.in_place.contains(&(n, number as u32)) {
                let to = self.assembled(n, DEEPEST);
                let view = view_of(piece, &graph.nodes[x as usize].meta.shape, &to.view);
                self.copy(x, &located, &Located { buffer: to.buffer, view });
            }
        }
        let located = self.assembled(n, DEEPEST);
        for OtherPlace { whole, done } in self.other_places.remove(&n).unwrap_or_default() {
            for (number, (piece, &x)) in (0..).zip(pieces.iter().zip(&node.inputs)) {
                if !done.contains(&number) {
                    let view = view_of(piece, &graph.nodes[x as usize].meta.shape, &whole.view);
                    let from = self.placed(x);
                    self.copy(x, &from, &Located { buffer: whole.buffer, view });
                }
            }
        }
        self.state[n as usize] = State::Placed(located.clone());
        for other in self.other_homes(n, |_| true) {
            self.copy(n, &located, &other);
        }
    }
}
