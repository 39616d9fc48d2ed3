//! Values on demand: the define-by-run way, through the same planner and machine.

use super::Program;
use super::program::Bound;
use crate::plan::Roots;
use crate::record::{Leaf, Recording, Source};
use crate::{Error, Meta, ParamId, Params, Result, Tape, Tensor, Var};

impl<'t> Var<'t> {
    /// The value. May be called anywhere; computes what it needs, once. (To have several, ask for them together by
    /// [`Tape::values`], so that what they share is computed once too.)
    ///
    /// # Errors
    /// The first mistake made while recording; or a mistake in the data.
    pub fn value(self) -> Result<Tensor> {
        self.tape.check()?;
        if !self.is_poisoned()
            && let Some(value) = self.tape.recording().value(self.index)
        {
            return Ok(value);
        }
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
        key.write_key(recording.values.key());
        for &node in &nodes {
            key.write(node as u64);
        }
        let roots = Roots { outputs: nodes, ..Roots::default() };
        let mut cache = self.cache.borrow_mut();
        let known = |node: u32| recording.values.get(node).is_some();
        let program = cache.get_or_plan(key, || Program::plan(&recording, &roots, known))?;
        recording.run(program)?;
        let outputs = program.outputs();
        for (i, &node) in roots.outputs.iter().enumerate() {
            recording.values.keep(node, outputs.tensor(i));
        }
        Ok(())
    }

    /// One node's value by its op alone, for going through a graph op by op: it is kept, but its program is not.
    pub(super) fn compute_alone(&self, index: u32) -> Result<Tensor> {
        let mut recording = self.recording_mut();
        if let Some(value) = recording.value(index) {
            return Ok(value);
        }
        let roots = Roots { outputs: vec![index], ..Roots::default() };
        let mut program = Program::plan(&recording, &roots, |node| recording.values.get(node).is_some())?;
        recording.run(&mut program)?;
        let value = program.outputs().tensor(0);
        recording.values.keep(index, value.clone());
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
        let unused = self.recording().unused();
        for index in (0..=last).filter(|&index| !unused[index as usize]) {
            self.compute_alone(index)?;
        }
        self.values(vars)
    }

    /// Writes the values [assigned](Tape::assign) to parameters into `params`. In the same run it computes the values of the
    /// scalars that were differentiated, the losses: to ask for those afterwards costs nothing more.
    ///
    /// # Errors
    /// The first mistake made while recording; a mistake in the data; or if `params` are not those of the tape. Then
    /// nothing is written.
    pub fn commit(&self, params: &mut Params) -> Result<()> {
        params.check()?;
        self.check()?;
        let mut recording = self.recording_mut();
        let fits = |&(id, index): &(ParamId, u32)| {
            let Meta { shape, dtype } = &recording.nodes[index as usize].meta;
            params.shape_of(id) == Some((shape, *dtype))
        };
        if !recording.assigns.iter().all(fits) {
            return Err(Error::Params("these params are not those of the tape".into()));
        }
        self.compute_assigned(&mut recording)?;
        for &(id, index) in &recording.assigns {
            if let Some(value) = recording.value(index) {
                *params.tensor_mut(id) = value;
            }
        }
        Ok(())
    }

    /// Computes the new values of parameters, and the losses, and keeps them.
    fn compute_assigned(&self, recording: &mut Recording) -> Result<()> {
        let unknown = |&(_, index): &(ParamId, u32)| recording.value(index).is_none();
        let assigns: Vec<(ParamId, u32)> = recording.assigns.iter().copied().filter(unknown).collect();
        if assigns.is_empty() {
            return Ok(());
        }
        let unknown = |&index: &u32| recording.value(index).is_none();
        let outputs: Vec<u32> = recording.losses.iter().copied().filter(unknown).collect();
        let last = assigns.iter().map(|&(_, index)| index).chain(outputs.iter().copied()).max();
        let mut key = recording.nodes[last.unwrap_or(0) as usize].prefix;
        key.write_key(recording.values.key());
        for &(id, index) in &assigns {
            key.write((id.0 as u64 + 1) << 32 | index as u64);
        }
        for &output in &outputs {
            key.write(output as u64);
        }
        let mut new: Vec<Tensor> = Vec::with_capacity(assigns.len());
        for &(id, index) in &assigns {
            new.push(recording.memory(id, index));
        }
        let roots = Roots { outputs, assigns, apart: true };
        let mut cache = self.cache.borrow_mut();
        let known = |node: u32| recording.values.get(node).is_some();
        let program = cache.get_or_plan(key, || Program::plan(recording, &roots, known))?;
        recording.run_into(program, &mut new)?;
        for (i, &node) in roots.outputs.iter().enumerate() {
            recording.values.keep(node, program.outputs().tensor(i));
        }
        for (&(_, index), value) in roots.assigns.iter().zip(new) {
            recording.values.keep(index, value);
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
            _ => self.values.get(index).cloned(),
        }
    }

    /// Runs a program on the values of this recording.
    fn run(&self, program: &mut Program) -> Result<()> {
        self.run_into(program, &mut [])
    }

    /// The same, with memory for new values of parameters.
    fn run_into(&self, program: &mut Program, new: &mut [Tensor]) -> Result<()> {
        if self.inputs > 0 {
            return Err(Error::Input(
                "this tape has inputs without values (inside a TrainStep or Function, values don't exist yet): compile it and run the program".into(),
            ));
        }
        program.set_scalars(&self.scalars);
        let params = self.params.as_deref().map_or(Bound::None, |params| Bound::Apart(params, new));
        program.execute(params, &[], &self.data, |node| self.values.get(node))
    }
}
