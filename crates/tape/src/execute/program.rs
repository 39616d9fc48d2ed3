//! Programs: planned graphs with their buffers.

use crate::differentiate::{dependents, needed};
use crate::plan::{Graph, Memory, Plan, Roots, SCALAR_BYTES, Slot, fold, lower, place};
use crate::record::{Key, KeyMap, Meta, Recording};
use crate::{At, DType, Error, Mistake, Params, Result, Shape, Tape, Tensor, Var};
use chainrule_kernels::machine::Machine;
use chainrule_kernels::{Buffer, Level};

/// Programs of a tape, by structural hash.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    programs: KeyMap<Key, Program>,
}

impl Cache {
    /// More programs than this are a sign of shapes that never recur: the memory is given back.
    const MOST: usize = 256;

    pub fn len(&self) -> usize {
        self.programs.len()
    }

    pub fn get_or_plan(&mut self, key: Key, plan: impl FnOnce() -> Result<Program>) -> Result<&mut Program> {
        if self.programs.len() >= Cache::MOST && !self.programs.contains_key(&key) {
            self.programs.clear();
        }
        match self.programs.entry(key) {
            std::collections::hash_map::Entry::Occupied(program) => Ok(program.into_mut()),
            std::collections::hash_map::Entry::Vacant(space) => Ok(space.insert(plan()?)),
        }
    }
}

/// A planned graph with its buffers: made by [`Tape::compile`], run many times without planning or allocating.
///
/// ```
/// use chainrule_tape::{DType, Params, Tape, Tensor};
/// let tape = Tape::new();
/// let x = tape.input(3, DType::F64);
/// let mut program = tape.compile(&[x.square().sum(..)])?;
/// let outputs = program.run(&mut Params::seeded(0), &[&Tensor::from([1.0, 2.0, 3.0])])?;
/// assert_eq!(outputs.item(0)?, 14.0);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[derive(Debug)]
pub struct Program {
    machine: Machine,
    /// What is bound to the machine's slots, from slot 1 on.
    slots: Vec<Slot>,
    scalars: Buffer,
    scalar_values: Vec<(Option<u32>, DType)>,
    folded: Vec<Tensor>,
    /// Values captured while recording.
    data: Vec<Tensor>,
    inputs: Vec<(Meta, At)>,
    /// The parameters in use: shape and dtype for each slot, and the layout for which these were checked.
    params: Vec<(u32, Meta)>,
    layout: Option<u64>,
    /// The slot of each parameter (0 if it is not in use), and whether it is written.
    param_slots: Vec<(u32, bool)>,
    /// The slots of new values that have memory of their own.
    new_slots: Vec<u32>,
    writes: bool,
    origins: Vec<(&'static str, At)>,
    outputs: Vec<(usize, Meta)>,
    intermediate_bytes: usize,
}

/// Where a run finds its values.
pub(crate) enum Bound<'a> {
    /// Params that are written to.
    Mut(&'a mut Params),
    Ref(&'a Params),
    /// Params, and where new values of some go.
    Apart(&'a Params, &'a mut [Tensor]),
    None,
}

impl Tape {
    /// Plans the computation of `outputs` and of all parameters' [assigned](Tape::assign) values. The inputs are those made
    /// by [`input`](Tape::input), in that order; values given to [`var`](Tape::var) are constants of the program.
    ///
    /// # Errors
    /// The first mistake made while recording.
    #[track_caller]
    pub fn compile(&self, outputs: &[Var<'_>]) -> Result<Program> {
        self.rejects("compile", outputs);
        self.check()?;
        let recording = self.recording();
        let outputs = outputs.iter().map(|output| output.index).collect();
        let roots = Roots { outputs, assigns: recording.assigns.clone(), apart: false };
        let mut program = Program::plan(&recording, &roots, |_| false)?;
        program.set_scalars(&recording.scalars);
        program.data = recording.data.clone();
        Ok(program)
    }
}

impl Program {
    pub(crate) fn plan(recording: &Recording, roots: &Roots, known: impl Fn(u32) -> bool) -> Result<Program> {
        check_roots(recording, roots)?;
        let mut graph = Graph::new(recording, roots, known);
        fold(&mut graph, recording, |plan, graph| {
            let mut program = Program::new(plan, graph, recording)?;
            program.set_scalars(&recording.scalars);
            program.execute(Bound::None, &[], &[], |_| None)?;
            Ok((0..program.outputs.len()).map(|i| program.outputs().tensor(i)).collect())
        })?;
        let plan = lower(&graph, Level::detect());
        Program::new(plan, &graph, recording)
    }

    fn new(mut plan: Plan, graph: &Graph, recording: &Recording) -> Result<Program> {
        let Memory { arena_bytes, slots, specs, outputs } = place(&mut plan);
        let machine = Machine::new(plan.instrs, specs, arena_bytes, Level::detect()).map_err(|invalid| {
            Error::Input(format!("the planner made an invalid program (a bug): {invalid}"))
        })?;
        let metas = plan.outputs.into_iter().map(|(_, meta)| meta);
        let param_meta = |id: crate::ParamId| {
            let (shape, dtype) = recording.params.as_ref()?.shape_of(id)?;
            Some((id.0, Meta::new(shape, dtype)))
        };
        let params =
            slots.iter().filter_map(|slot| if let Slot::Param(id) = slot { param_meta(*id) } else { None });
        let (mut param_slots, mut new_slots) = (Vec::new(), vec![0; graph.assigns.len()]);
        for (slot, number) in slots.iter().zip(1..) {
            match slot {
                Slot::Param(id) => {
                    if param_slots.len() <= id.index() {
                        param_slots.resize(id.index() + 1, (0, false));
                    }
                    param_slots[id.index()].0 = number;
                }
                Slot::New(assignment) => new_slots[*assignment as usize] = number,
                _ => {}
            }
        }
        for id in &plan.writes {
            param_slots[id.index()].1 = true;
        }
        Ok(Program {
            machine,
            param_slots,
            new_slots,
            scalars: Buffer::zeroed(plan.scalars.len() * SCALAR_BYTES),
            scalar_values: plan.scalars,
            folded: graph.folded.clone(),
            data: Vec::new(),
            inputs: recording.input_metas(),
            params: params.collect(),
            layout: None,
            writes: !plan.writes.is_empty(),
            origins: plan.origins,
            outputs: outputs.into_iter().zip(metas).collect(),
            intermediate_bytes: graph.computed_bytes(),
            slots,
        })
    }

    /// Sets the values of the scalar constants.
    pub(crate) fn set_scalars(&mut self, values: &[f64]) {
        for (i, &(number, dtype)) in self.scalar_values.iter().enumerate() {
            let value = number.map_or(0.0, |number| values[number as usize]);
            let at = i * SCALAR_BYTES;
            match dtype {
                DType::F32 => self.scalars.write(at, value as f32),
                DType::F64 => self.scalars.write(at, value),
                DType::I64 => self.scalars.write(at, value as i64),
                DType::Bool => self.scalars.write(at, value != 0.0),
            }
        }
    }

    /// Runs the program on these inputs: writes the assigned parameters in place, and returns the outputs.
    ///
    /// # Errors
    /// If an input's shape or dtype is not that which was planned for, the params are not the model's, or an index in
    /// the data is out of range (no parameter has changed then).
    pub fn run(&mut self, params: &mut Params, inputs: &[&Tensor]) -> Result<Outputs<'_>> {
        self.run_bound(Bound::Mut(params), inputs)
    }

    /// Runs a program that writes no parameters.
    ///
    /// # Errors
    /// Those of [`run`](Program::run); and if the program writes parameters.
    pub fn eval(&mut self, params: &Params, inputs: &[&Tensor]) -> Result<Outputs<'_>> {
        self.run_bound(Bound::Ref(params), inputs)
    }

    /// Runs the program on its own captured values.
    fn run_bound(&mut self, params: Bound<'_>, inputs: &[&Tensor]) -> Result<Outputs<'_>> {
        self.check_inputs(inputs)?;
        let data = std::mem::take(&mut self.data);
        let result = self.execute(params, inputs, &data, |_| None);
        self.data = data;
        result?;
        Ok(self.outputs())
    }

    pub(crate) fn outputs(&self) -> Outputs<'_> {
        Outputs { program: self }
    }

    fn check_inputs(&self, inputs: &[&Tensor]) -> Result<()> {
        if inputs.len() != self.inputs.len() {
            return Err(Error::Input(format!(
                "the program takes {} inputs, not {}",
                self.inputs.len(),
                inputs.len()
            )));
        }
        for (i, (tensor, (meta, at))) in inputs.iter().zip(&self.inputs).enumerate() {
            if tensor.shape() != &meta.shape || tensor.dtype() != meta.dtype {
                return Err(Error::Input(format!(
                    "input {i} is {} {}, not {} {} as recorded\n  --> {at}",
                    tensor.shape(),
                    tensor.dtype(),
                    meta.shape,
                    meta.dtype
                )));
            }
        }
        Ok(())
    }

    /// Checks that the params are those of the model that was recorded.
    fn check_params(&mut self, params: &Params) -> Result<()> {
        params.check()?;
        if self.layout == Some(params.layout()) {
            return Ok(());
        }
        for (index, meta) in &self.params {
            match params.shape_of(crate::ParamId(*index)) {
                Some((shape, dtype)) if *shape == meta.shape && dtype == meta.dtype => {}
                _ => {
                    return Err(Error::Params(format!(
                        "these params are not the model's: parameter number {index} should be {} {}",
                        meta.shape, meta.dtype
                    )));
                }
            }
        }
        self.layout = Some(params.layout());
        Ok(())
    }

    /// Binds all slots and runs.
    pub(crate) fn execute<'a>(
        &mut self,
        params: Bound<'a>,
        inputs: &'a [&'a Tensor],
        data: &'a [Tensor],
        known: impl Fn(u32) -> Option<&'a Tensor>,
    ) -> Result<()> {
        match &params {
            Bound::Mut(params) => self.check_params(params)?,
            Bound::Ref(params) | Bound::Apart(params, _) => self.check_params(params)?,
            Bound::None if self.params.is_empty() => {}
            Bound::None => return Err(Error::Params("the program needs params".into())),
        }
        if self.writes && !matches!(params, Bound::Mut(_)) {
            return Err(Error::Params("the program writes parameters: call `run`".into()));
        }
        let mut session = self.machine.session();
        for (slot, number) in self.slots.iter().zip(1..) {
            match *slot {
                Slot::Scalars => session.read(number, &self.scalars),
                Slot::Input(index) => session.read(number, inputs[index as usize].buffer()),
                Slot::Data(index) => session.read(number, data[index as usize].buffer()),
                Slot::Folded(index) => session.read(number, self.folded[index as usize].buffer()),
                Slot::Known(index) => {
                    if let Some(tensor) = known(index) {
                        session.read(number, tensor.buffer());
                    }
                }
                Slot::Param(_) | Slot::New(_) | Slot::Arena => {}
            }
        }
        // Slots of parameters are bound in a walk over the params, which lends each of them once.
        let (params, new) = match params {
            Bound::Apart(params, new) => (Bound::Ref(params), new),
            other => (other, &mut [][..]),
        };
        match params {
            Bound::Mut(params) => {
                for (tensor, &(number, written)) in params.tensors_mut().zip(&self.param_slots) {
                    match (number, written) {
                        (0, _) => {}
                        (_, true) => session.write(number, tensor.buffer_mut()),
                        (_, false) => session.read(number, tensor.buffer()),
                    }
                }
            }
            Bound::Ref(params) => {
                for (tensor, &(number, _)) in params.tensors().zip(&self.param_slots) {
                    if number > 0 {
                        session.read(number, tensor.buffer());
                    }
                }
            }
            Bound::None | Bound::Apart(..) => {}
        }
        for (tensor, &number) in new.iter_mut().zip(&self.new_slots) {
            session.write(number, tensor.buffer_mut());
        }
        session.run().map_err(|fault| {
            let (op, at) = self.origins[fault.instr];
            Error::Data { op: op.to_owned(), what: fault.what, at }
        })
    }

    /// The size of the arena in bytes: the memory that a run needs beside parameters, inputs and constants.
    pub fn arena_bytes(&self) -> usize {
        self.machine.arena_bytes()
    }

    /// The size in bytes of all values that the program's ops compute, had each a place of its own: what
    /// [`arena_bytes`](Program::arena_bytes) would be without fusion and without sharing of memory.
    ///
    /// ```
    /// use chainrule_tape::{DType, Tape};
    /// let tape = Tape::new();
    /// let x = tape.input(1000, DType::F32);
    /// let program = tape.compile(&[(x.exp() + x).tanh().square()])?;
    /// assert_eq!((program.arena_bytes(), program.intermediate_bytes()), (4032, 16_000));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn intermediate_bytes(&self) -> usize {
        self.intermediate_bytes
    }

    /// The number of instructions.
    pub fn instructions(&self) -> usize {
        self.machine.instrs().len()
    }

    /// Sets the most threads that a run uses. Results do not depend on it.
    pub fn set_threads(&mut self, most: usize) {
        self.machine.set_threads(most);
    }
}

impl Recording {
    /// For each node, whether it is made from a placeholder, and never computed.
    pub(crate) fn unused(&self) -> Vec<bool> {
        let placeholders = self.placeholders.iter().map(|&index| index as usize);
        dependents(self, 0, self.nodes.len().max(1) - 1, placeholders)
    }
}

/// What is made from placeholders has no value: a batch's element, or the argument of a loop's step, outside of its function.
fn check_roots(recording: &Recording, roots: &Roots) -> Result<()> {
    if recording.placeholders.is_empty() {
        return Ok(());
    }
    let wanted =
        roots.outputs.iter().chain(roots.assigns.iter().map(|(_, value)| value)).map(|&index| index as usize);
    let needed = needed(recording, 0, recording.nodes.len() - 1, wanted);
    let Some(&used) = recording.placeholders.iter().find(|&&index| needed[index as usize]) else {
        return Ok(());
    };
    let node = &recording.nodes[used as usize];
    Err(Error::Record(Box::new(Mistake {
        op: "value",
        what: "of a function of one element or step, which is never computed: let the function return it"
            .into(),
        operands: vec![(node.meta.shape.clone(), node.meta.dtype)],
        at: node.at,
    })))
}

/// The outputs of a run, in the program's memory until they are copied out.
#[derive(Debug)]
pub struct Outputs<'p> {
    program: &'p Program,
}

impl Outputs<'_> {
    /// The number of outputs.
    pub fn len(&self) -> usize {
        self.program.outputs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of an output.
    ///
    /// # Panics
    /// Like the other methods: if there are fewer outputs.
    pub fn shape(&self, output: usize) -> &Shape {
        &self.program.outputs[output].1.shape
    }

    /// The value of an output with one element.
    ///
    /// # Errors
    /// If it has more.
    pub fn item(&self, output: usize) -> Result<f64> {
        let (offset, meta) = &self.program.outputs[output];
        let machine = &self.program.machine;
        if meta.shape.numel() != 1 {
            return Err(Error::Tensor(format!(
                "item() needs one element; this output has shape {}",
                meta.shape
            )));
        }
        Ok(match meta.dtype {
            DType::F32 => machine.read::<f32>(*offset, 1)[0] as f64,
            DType::F64 => machine.read::<f64>(*offset, 1)[0],
            DType::I64 => machine.read::<i64>(*offset, 1)[0] as f64,
            DType::Bool => machine.read::<bool>(*offset, 1)[0] as u8 as f64,
        })
    }

    /// The elements of an output in row-major order.
    ///
    /// # Errors
    /// If the dtype is not `T`'s.
    pub fn as_slice<T: crate::Element>(&self, output: usize) -> Result<&[T]> {
        let (offset, meta) = &self.program.outputs[output];
        if meta.dtype != T::DTYPE {
            return Err(Error::Tensor(format!("an output of {} can't be read as {}", meta.dtype, T::DTYPE)));
        }
        Ok(self.program.machine.read(*offset, meta.shape.numel()))
    }

    /// An output, copied.
    pub fn tensor(&self, output: usize) -> Tensor {
        let (offset, Meta { shape, dtype }) = &self.program.outputs[output];
        let (machine, n) = (&self.program.machine, shape.numel());
        let data = match dtype {
            DType::F32 => Buffer::from_slice(machine.read::<f32>(*offset, n)),
            DType::F64 => Buffer::from_slice(machine.read::<f64>(*offset, n)),
            DType::I64 => Buffer::from_slice(machine.read::<i64>(*offset, n)),
            DType::Bool => Buffer::from_slice(machine.read::<bool>(*offset, n)),
        };
        Tensor::from_buffer(shape.clone(), *dtype, data)
    }
}
