//! Functions that are planned once for each shape of their inputs.

use super::{Outputs, Program};
use crate::{Error, Meta, Params, Result, Tape, Tensor, Var};

/// A model in use: recorded in inference mode and planned once for each combination of input shapes, then replayed.
///
/// ```
/// use chainrule_tape::{Function, Params, Tensor};
/// let mut params = Params::seeded(0);
/// let w = params.root().param("w", Tensor::from([[1.0], [2.0]]));
/// let mut predict = Function::new(|[x]| x.matmul(x.tape().param(w)));
/// let y = predict.run(&params, [&Tensor::from([[3.0, 4.0]])])?;
/// assert_eq!(y, Tensor::from([[11.0]]));
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
pub struct Function<'f, const N: usize> {
    #[allow(clippy::type_complexity)]
    record: Box<dyn for<'t> Fn([Var<'t>; N]) -> Vec<Var<'t>> + 'f>,
    /// Programs by the layout of the params and the inputs' shapes; the last used comes first.
    programs: Vec<(u64, [Meta; N], Program)>,
}

impl<'f, const N: usize> Function<'f, N> {
    /// Programs for more combinations than this are given up, the longest unused first.
    const MOST: usize = 16;

    /// A function of `N` tensors.
    pub fn new(record: impl for<'t> Fn([Var<'t>; N]) -> Var<'t> + 'f) -> Self {
        Function::several(move |x| vec![record(x)])
    }

    /// A function of `N` tensors with several results, for [`run_all`](Function::run_all).
    ///
    /// ```
    /// use chainrule_tape::{Function, Params, Tensor};
    /// let mut polar = Function::several(|[x, y]| vec![x.hypot(y), y.atan2(x)]);
    /// let found = polar.run_all(&Params::seeded(0), [&Tensor::from(0.0), &Tensor::from(2.0)])?;
    /// assert_eq!(found, [Tensor::from(2.0), Tensor::from(std::f64::consts::FRAC_PI_2)]);
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn several(record: impl for<'t> Fn([Var<'t>; N]) -> Vec<Var<'t>> + 'f) -> Self {
        Function { record: Box::new(record), programs: Vec::new() }
    }

    /// The result for these inputs; the first, if there are several.
    ///
    /// # Errors
    /// A mistake made while recording, with its source line; or a mistake in the data.
    pub fn run(&mut self, params: &Params, inputs: [&Tensor; N]) -> Result<Tensor> {
        let outputs = self.outputs(params, inputs)?;
        if outputs.is_empty() {
            return Err(Error::Input("the function gives no result".into()));
        }
        Ok(outputs.tensor(0))
    }

    /// All results for these inputs.
    ///
    /// # Errors
    /// As [`run`](Function::run).
    pub fn run_all(&mut self, params: &Params, inputs: [&Tensor; N]) -> Result<Vec<Tensor>> {
        let outputs = self.outputs(params, inputs)?;
        Ok((0..outputs.len()).map(|i| outputs.tensor(i)).collect())
    }

    fn outputs(&mut self, params: &Params, inputs: [&Tensor; N]) -> Result<Outputs<'_>> {
        let fits = |(layout, metas, _): &(u64, [Meta; N], Program)| {
            let same = |(meta, x): (&Meta, &&Tensor)| meta.shape == *x.shape() && meta.dtype == x.dtype();
            *layout == params.layout() && metas.iter().zip(&inputs).all(same)
        };
        match self.programs.iter().position(fits) {
            Some(0) => {}
            Some(found) => self.programs[..=found].rotate_right(1),
            None => {
                let metas = inputs.map(|x| Meta::new(x.shape(), x.dtype()));
                let tape = Tape::with(params).inference();
                let vars = std::array::from_fn(|i| tape.input(&metas[i].shape, metas[i].dtype));
                let program = tape.compile(&(self.record)(vars))?;
                self.programs.truncate(Self::MOST - 1);
                self.programs.insert(0, (params.layout(), metas, program));
            }
        }
        self.programs[0].2.eval(params, &inputs)
    }

    /// How many plans there are now: one for each combination of input shapes.
    pub fn plans(&self) -> usize {
        self.programs.len()
    }
}

impl<const N: usize> std::fmt::Debug for Function<'_, N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Function of {N} tensors")
    }
}
