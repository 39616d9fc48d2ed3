//! Values on demand: the define-by-run way, through the same planner and machine.

use super::Program;
use super::program::Bound;
use crate::plan::Roots;
use crate::record::{Leaf, Recording, Source};
use crate::{Error, ParamId, Params, Result, Tape, Tensor, Var};

impl<'t> Var<'t> {
    /// The value. May be called anywhere; computes what it needs, once. (To have several, ask for them together by
    /// [`Tape::values`], so that what they share is computed once too.)
    ///
    /// # Errors
    /// The first mistake made while recording; or a mistake in the data.
    pub fn value(self) -> Result<Tensor> {
        Ok(self.tape.values(&[self])?.remove(0))
    }

    /// The value of a scalar.
    ///
    /// # Errors
    /// Those of [`value`](Var::value); and if there is more than one element.
    pub fn item(self) -> Result<f64> {
        self.value()?.item()
    }
}

impl Tape {
    /// Several values in one run.
    ///
    /// # Errors
    /// The first mistake made while recording; or a mistake in the data.
    #[track_caller]
    pub fn values(&self, vars: &[Var<'_>]) -> Result<Vec<Tensor>> {
        self.rejects("value", vars);
        self.check()?;
        let mut missing: Vec<u32> = {
            let recording = self.recording();
            vars.iter().map(|var| var.index).filter(|&index| recording.value(index).is_none()).collect()
        };
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            self.compute(missing)?;
        }
        let recording = self.recording();
        let values: Option<Vec<Tensor>> = vars.iter().map(|var| recording.value(var.index)).collect();
        values.ok_or_else(|| Error::Input("a value was not computed".into()))
    }

    /// Computes nodes whose values are not known, and keeps them.
    fn compute(&self, nodes: Vec<u32>) -> Result<()> {
        let mut recording = self.recording_mut();
        let last = nodes.last().copied().unwrap_or(0);
        let mut key = recording.nodes[last as usize].prefix;
        key.write_key(recording.values_key);
        for &node in &nodes {
            key.write(node as u64);
        }
        let roots = Roots { outputs: nodes, assigns: Vec::new() };
        let mut cache = self.cache.borrow_mut();
        let known = |node: u32| recording.values.contains_key(&node);
        let program = cache.get_or_plan(key, || Program::plan(&recording, &roots, known))?;
        recording.run(program)?;
        let outputs = program.outputs();
        for (i, &node) in roots.outputs.iter().enumerate() {
            recording.keep(node, outputs.tensor(i));
        }
        Ok(())
    }

    /// One node's value by its op alone, for going through a graph op by op: it is kept, but its program is not.
    pub(super) fn compute_alone(&self, index: u32) -> Result<Tensor> {
        let mut recording = self.recording_mut();
        if let Some(value) = recording.value(index) {
            return Ok(value);
        }
        let roots = Roots { outputs: vec![index], assigns: Vec::new() };
        let mut program = Program::plan(&recording, &roots, |node| recording.values.contains_key(&node))?;
        recording.run(&mut program)?;
        let value = program.outputs().tensor(0);
        recording.keep(index, value.clone());
        Ok(value)
    }

    /// How many different computations the tape has planned and keeps: recording one of them again plans nothing.
    pub fn plans(&self) -> usize {
        self.cache.borrow().len()
    }

    /// The same values computed op by op, every intermediate value in memory: the slow twin that fusion is tested
    /// against, and a way to see each step.
    ///
    /// # Errors
    /// Those of [`values`](Tape::values).
    #[track_caller]
    pub fn one_by_one(&self, vars: &[Var<'_>]) -> Result<Vec<Tensor>> {
        self.rejects("value", vars);
        self.check()?;
        let last = vars.iter().map(|var| var.index).max().unwrap_or(0);
        for index in 0..=last {
            self.compute_alone(index)?;
        }
        self.values(vars)
    }

    /// Writes the values [assigned](Tape::assign) to parameters into `params`.
    ///
    /// # Errors
    /// The first mistake made while recording; a mistake in the data; or if `params` are not those of the tape. Then
    /// nothing is written.
    pub fn commit(&self, params: &mut Params) -> Result<()> {
        params.check()?;
        let assigns = self.recording().assigns.clone();
        let vars: Vec<Var<'_>> = assigns.iter().map(|&(_, index)| Var { tape: self, index }).collect();
        let values = self.values(&vars)?;
        let fits = |(&(id, _), value): (&(ParamId, u32), &Tensor)| {
            params.shape_of(id) == Some((value.shape(), value.dtype()))
        };
        if !assigns.iter().zip(&values).all(fits) {
            return Err(Error::Params("these params are not those of the tape".into()));
        }
        for ((id, _), value) in assigns.into_iter().zip(values) {
            *params.tensor_mut(id) = value;
        }
        Ok(())
    }
}

impl Recording {
    /// A value that is given or was computed before.
    fn value(&self, index: u32) -> Option<Tensor> {
        match self.nodes[index as usize].source {
            Source::Leaf(Leaf::Data(number)) => Some(self.data[number as usize].clone()),
            Source::Leaf(Leaf::Param(id)) => self.params.as_ref().map(|params| params.tensor(id).clone()),
            _ => self.values.get(&index).cloned(),
        }
    }

    fn keep(&mut self, index: u32, value: Tensor) {
        self.values.insert(index, value);
        self.values_key.write(index as u64);
    }

    /// Runs a program on the values of this recording.
    fn run(&self, program: &mut Program) -> Result<()> {
        if self.inputs > 0 {
            return Err(Error::Input(
                "this tape has inputs without values (inside a TrainStep or Function, values don't exist yet): compile it and run the program".into(),
            ));
        }
        program.set_scalars(&self.scalars);
        let params = self.params.as_deref().map_or(Bound::None, Bound::Ref);
        program.execute(params, &[], &self.data, |node| self.values.get(&node))
    }
}
