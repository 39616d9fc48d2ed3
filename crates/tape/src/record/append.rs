//! Appending leaves and ops, or finding them in an earlier recording.

use super::nodes::{Leaf, Node, Nodes, Source};
use super::recording::{Recording, scalar_class};
use super::{Key, Meta, Op, OpRef, Tape, Var};
use crate::params::ParamId;
use crate::{DType, Shape, Tensor};
use smallvec::SmallVec;
use std::sync::Arc;

impl Tape {
    /// A value: a number, array, slice, `Vec` or [`Tensor`]. `2.0` is `f64`; `2.0f32` is `f32`.
    #[track_caller]
    pub fn var(&self, value: impl Into<Tensor>) -> Var<'_> {
        let value = value.into();
        let recording = &mut *self.recording.borrow_mut();
        let leaf = Leaf::Data(recording.data.len() as u32);
        let var = self.leaf(&mut recording.nodes, leaf, None, value.shape(), value.dtype());
        recording.data.push(value);
        var
    }

    /// A program's next input: its value is given at each run (see [`compile`](Tape::compile)).
    #[track_caller]
    pub fn input(&self, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        let meta = Meta::new(shape, dtype);
        if let Err(what) = check_size(&meta) {
            return self.mistake("input", what, &[]);
        }
        let recording = &mut *self.recording.borrow_mut();
        recording.inputs += 1;
        let leaf = Leaf::Input(recording.inputs - 1);
        self.leaf(&mut recording.nodes, leaf, None, &meta.shape, dtype)
    }

    /// A parameter of the model that this tape was made [`with`](Tape::with).
    #[track_caller]
    pub fn param(&self, id: ParamId) -> Var<'_> {
        let mut borrowed = self.recording.borrow_mut();
        let Recording { nodes, params, param_vars, .. } = &mut *borrowed;
        if let Some(index) = param_vars.get(id) {
            return Var { tape: self, index };
        }
        let problem = match params.as_ref().map(|params| params.shape_of(id)) {
            Some(Some((shape, dtype))) => {
                let var = self.leaf(nodes, Leaf::Param(id), None, shape, dtype);
                param_vars.set(id, var.index);
                return var;
            }
            Some(None) => "this parameter belongs to other params than the tape's",
            None => "this tape has no params: make it by Tape::with(&params)",
        };
        drop(borrowed);
        self.mistake("param", problem.into(), &[])
    }

    /// The parameter of this name. A mistake if there is none.
    #[track_caller]
    pub fn named_param(&self, name: &str) -> Var<'_> {
        match self.params().as_ref().and_then(|params| params.id(name)) {
            Some(id) => self.param(id),
            None => self.mistake("param", format!("there is no parameter {name:?}"), &[]),
        }
    }

    /// The same number in every element.
    #[track_caller]
    pub fn full(&self, shape: impl Into<Shape>, value: f64, dtype: DType) -> Var<'_> {
        let meta = Meta::new(shape, dtype);
        if let Err(what) = check_size(&meta) {
            return self.mistake("constant", what, &[]);
        }
        if !is_of(value, dtype) {
            return self.mistake("constant", format!("the number {value} is no {dtype}"), &[meta]);
        }
        let recording = &mut *self.recording.borrow_mut();
        let leaf = recording.scalar(value);
        self.leaf(&mut recording.nodes, leaf, Some(value), &meta.shape, dtype)
    }

    /// The same number in every element of a tensor like `x`.
    #[track_caller]
    pub(crate) fn full_like(&self, x: Var<'_>, value: f64) -> Var<'_> {
        let found = {
            let recording = &mut *self.recording.borrow_mut();
            match recording.nodes.get(x.index as usize) {
                Some(node) if std::ptr::eq(x.tape, self) && is_of(value, node.meta.dtype) => {
                    let leaf = recording.scalar(value);
                    recording.nodes.again_like(leaf, scalar_class(value), x.index, self.at())
                }
                _ => None,
            }
        };
        match found {
            Some(index) => Var { tape: self, index },
            None => self.full(x.shape(), value, x.dtype()),
        }
    }

    /// Appends a leaf; `value` is a constant's.
    #[track_caller]
    fn leaf(
        &self,
        nodes: &mut Nodes,
        leaf: Leaf,
        value: Option<f64>,
        shape: &Shape,
        dtype: DType,
    ) -> Var<'_> {
        let mut prefix = nodes.last().map_or_else(Key::default, |node| node.prefix);
        match leaf {
            Leaf::Input(number) => prefix.write(number as u64),
            Leaf::Param(id) => prefix.write(id.0 as u64 | 1 << 32),
            Leaf::Data(number) => prefix.write(number as u64 | 2 << 32),
            Leaf::Scalar(number) => prefix.write(number as u64 | 3 << 32),
        }
        let class = value.map_or(0, scalar_class);
        prefix.write(class as u64);
        prefix.write(dtype as u64);
        prefix.write_slice(shape);
        let at = self.at();
        let index = nodes.again(prefix, at).unwrap_or_else(|| {
            let (source, meta) = (Source::Leaf(leaf), Meta::new(shape, dtype));
            nodes.push(Node { source, inputs: SmallVec::new(), meta, at, prefix, class, derived: false })
        });
        Var { tape: self, index }
    }

    /// Appends an op. Its inputs' shapes must be what the op takes: there is no broadcasting here.
    #[track_caller]
    pub fn op<'t>(&'t self, op: impl Op, inputs: &[Var<'t>]) -> Var<'t> {
        match self.again(&op, inputs) {
            Ok(var) => var,
            Err(prefix) => self.append(OpRef::Shared(Arc::new(op)), inputs, prefix),
        }
    }

    /// Appends an elementwise op, its inputs broadcast to their common shape.
    #[track_caller]
    pub(crate) fn elementwise<'t>(&'t self, op: OpRef, inputs: &[Var<'t>]) -> Var<'t> {
        if let Some(var) = self.again_plain(&*op, inputs) {
            return var;
        }
        if inputs.iter().any(|x| x.is_poisoned()) {
            return self.poison();
        }
        let common = match self.common_shape(inputs) {
            Common::Same => return self.push(op, inputs),
            Common::Shape(shape) => shape,
            Common::None => {
                let metas: Vec<Meta> = inputs.iter().map(|x| x.meta()).collect();
                return self.mistake(op.name(), "these shapes don't broadcast".into(), &metas);
            }
        };
        let _op = self.within(op.name(), inputs);
        let mut expanded = SmallVec::<[Var<'t>; 3]>::new();
        for x in inputs {
            expanded.push(x.expand(&common));
        }
        self.push(op, &expanded)
    }

    fn common_shape(&self, vars: &[Var<'_>]) -> Common {
        let nodes = &self.recording.borrow().nodes;
        let own = |x: &&Var<'_>| std::ptr::eq(x.tape, self);
        let shape = |x| Some(x).filter(own).and_then(|x| nodes.get(x.index as usize)).map(|x| &x.meta.shape);
        // (A value of another tape is refused later.)
        let Some(shapes) = vars.iter().map(shape).collect::<Option<SmallVec<[&Shape; 3]>>>() else {
            return Common::Same;
        };
        if shapes.iter().all(|shape| *shape == shapes[0]) {
            return Common::Same;
        }
        // Nearly always one of them is what all others expand to.
        if let Some(&whole) = shapes.iter().find(|whole| shapes.iter().all(|shape| shape.expands_to(whole))) {
            return Common::Shape(whole.clone());
        }
        let first = Some(shapes[0].clone());
        let common = shapes[1..].iter().fold(first, |common, shape| common?.broadcast(shape));
        common.map_or(Common::None, Common::Shape)
    }

    /// Whether two values have the same shape and dtype.
    pub(crate) fn are_alike(&self, a: Var<'_>, b: Var<'_>) -> bool {
        let nodes = &self.recording.borrow().nodes;
        let meta = |x: Var<'_>| nodes.get(x.index as usize).map(|node| &node.meta);
        meta(a) == meta(b)
    }

    #[track_caller]
    pub(crate) fn push<'t>(&'t self, op: OpRef, inputs: &[Var<'t>]) -> Var<'t> {
        match self.again(&*op, inputs) {
            Ok(var) => var,
            Err(prefix) => self.append(op, inputs, prefix),
        }
    }

    /// The next node, if an earlier recording has this op here; else what its prefix is.
    #[track_caller]
    fn again<'t>(&'t self, op: &dyn Op, inputs: &[Var<'t>]) -> Result<Var<'t>, Key> {
        if let Some(var) = self.again_plain(op, inputs) {
            return Ok(var);
        }
        let recording = &mut *self.recording.borrow_mut();
        let mut prefix = recording.prefix();
        prefix.write(super::key::type_word(op));
        op.attributes(&mut prefix);
        inputs.iter().for_each(|x| prefix.write(x.index as u64));
        let own = inputs.iter().all(|x| std::ptr::eq(x.tape, self));
        let found = if own { recording.nodes.again(prefix, self.at()) } else { None };
        found.map(|index| Var { tape: self, index }).ok_or(prefix)
    }

    /// The same for an op without fields, which is told by its type and inputs alone.
    #[inline]
    #[track_caller]
    fn again_plain<'t>(&'t self, op: &dyn Op, inputs: &[Var<'t>]) -> Option<Var<'t>> {
        let plain = size_of_val(op) == 0 && inputs.iter().all(|x| std::ptr::eq(x.tape, self));
        if !plain {
            return None;
        }
        let nodes = &mut self.recording.borrow_mut().nodes;
        nodes.again_plain(op, inputs, self.at()).map(|index| Var { tape: self, index })
    }

    /// Appends an op that an earlier recording does not have here.
    #[track_caller]
    fn append<'t>(&'t self, op: OpRef, inputs: &[Var<'t>], prefix: Key) -> Var<'t> {
        if inputs.iter().any(|x| x.is_poisoned()) {
            return self.poison();
        }
        let mut recording = self.recording.borrow_mut();
        let inferred = {
            let meta = |x: &Var<'t>| recording.nodes.get(x.index as usize).map(|node| &node.meta);
            let metas: SmallVec<[&Meta; 3]> = inputs.iter().filter_map(meta).collect();
            let foreign = inputs.iter().any(|x| !std::ptr::eq(x.tape, self));
            if foreign { Err("the operands are on different tapes".to_owned()) } else { op.infer(&metas) }
        };
        let inferred = inferred.and_then(|meta| check_size(&meta).map(|()| meta));
        match inferred {
            Ok(meta) => {
                let inputs = inputs.iter().map(|x| x.index).collect();
                let (source, at, derived) = (Source::Op(op), self.at(), self.line.get().is_some());
                let node = Node { source, inputs, meta, at, prefix, class: 0, derived };
                Var { tape: self, index: recording.nodes.push(node) }
            }
            Err(what) => {
                drop(recording);
                let metas: Vec<Meta> = inputs.iter().map(|x| x.meta()).collect();
                self.mistake(op.name(), what, &metas)
            }
        }
    }
}

/// The common shape of operands.
enum Common {
    /// They have it already.
    Same,
    Shape(Shape),
    None,
}

/// Whether a dtype has this number.
fn is_of(value: f64, dtype: DType) -> bool {
    match dtype {
        DType::I64 => value == value.trunc() && value.abs() <= 2f64.powi(53),
        DType::Bool => value == 0.0 || value == 1.0,
        DType::F32 | DType::F64 => true,
    }
}

/// No tensor of more elements fits in the address space, and sizes and strides of fewer can be computed without overflow.
fn check_size(meta: &Meta) -> Result<(), String> {
    if meta.shape.numel() <= 1 << 48 {
        Ok(())
    } else {
        Err(format!("a tensor of shape {} is too large", meta.shape))
    }
}
