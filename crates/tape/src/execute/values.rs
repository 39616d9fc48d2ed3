//! Values on demand: the define-by-run way, through the same planner and machine.

use super::Program;
use super::program::Bound;
use crate::plan::Roots;
use crate::record::{Leaf, Source};
use crate::{Error, Params, Result, Tape, Tensor, Var};

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
    pub fn values(&self, vars: &[Var<'_>]) -> Result<Vec<Tensor>> {
        self.check()?;
        if vars.iter().any(|var| !std::ptr::eq(var.tape, self)) {
            return Err(Error::Input("a value of another tape".into()));
        }
        let mut missing: Vec<u32> = Vec::new();
        {
            let recording = self.recording();
            for var in vars {
                let given = matches!(
                    recording.nodes[var.index as usize].source,
                    Source::Leaf(Leaf::Data(_) | Leaf::Param(_))
                );
                if !given && !recording.values.contains_key(&var.index) && !missing.contains(&var.index) {
                    missing.push(var.index);
                }
            }
        }
        if !missing.is_empty() {
            self.compute(missing)?;
        }
        let recording = self.recording();
        let value = |var: &Var<'_>| match recording.nodes[var.index as usize].source {
            Source::Leaf(Leaf::Data(number)) => recording.data[number as usize].clone(),
            Source::Leaf(Leaf::Param(id)) if recording.params.is_some() => recording
                .params
                .as_ref()
                .map(|params| params.tensor(id).clone())
                .unwrap_or_else(|| unreachable!()),
            _ => recording.values[&var.index].clone(),
        };
        Ok(vars.iter().map(value).collect())
    }

    /// Computes nodes whose values are not known, and keeps them.
    fn compute(&self, nodes: Vec<u32>) -> Result<()> {
        let mut recording = self.recording_mut();
        if recording.inputs > 0 {
            return Err(Error::Input(
                "this tape has inputs without values: compile it and run the program".into(),
            ));
        }
        let last = nodes.iter().copied().max().unwrap_or(0);
        let mut key = recording.nodes[last as usize].prefix;
        key.write_key(recording.values_key);
        for &node in &nodes {
            key.write(node as u64);
        }
        let roots = Roots { outputs: nodes, assigns: Vec::new() };
        let mut cache = self.cache.borrow_mut();
        let program = cache.get_or_plan(key, || {
            Program::plan(&recording, &roots, |node| recording.values.contains_key(&node))
        })?;
        program.set_scalars(&recording.scalars);
        let params = recording.params.as_deref().map_or(Bound::None, Bound::Ref);
        program.execute(params, &[], &recording.data, |node| recording.values.get(&node))?;
        let outputs = program.outputs();
        for (i, &node) in roots.outputs.iter().enumerate() {
            recording.values.insert(node, outputs.tensor(i));
            recording.values_key.write(node as u64);
        }
        Ok(())
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
    pub fn one_by_one(&self, vars: &[Var<'_>]) -> Result<Vec<Tensor>> {
        self.check()?;
        let last = vars.iter().map(|var| var.index).max().unwrap_or(0);
        for index in 0..=last {
            self.values(&[Var { tape: self, index }])?;
        }
        self.values(vars)
    }

    /// Writes the values [assigned](Tape::assign) to parameters into `params`.
    ///
    /// # Errors
    /// The first mistake made while recording; a mistake in the data; or if `params` are not those of the tape.
    pub fn commit(&self, params: &mut Params) -> Result<()> {
        params.check()?;
        let assigns = self.recording().assigns.clone();
        let vars: Vec<Var<'_>> = assigns.iter().map(|&(_, index)| Var { tape: self, index }).collect();
        let values = self.values(&vars)?;
        for ((id, _), value) in assigns.into_iter().zip(values) {
            if params.shape_of(id) != Some((value.shape(), value.dtype())) {
                return Err(Error::Params("these params are not those of the tape".into()));
            }
            *params.tensor_mut(id) = value;
        }
        Ok(())
    }
}
