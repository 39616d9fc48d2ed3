//! A loss as a function of one vector.

use chainrule_tape::{DType, ParamId, Params, Program, Result, Tape, Tensor, Var};

/// A loss with its gradient, by all trainable parameters together, compiled once. Vectors are `f64`, whatever the
/// parameters are.
pub(super) struct Objective<'p> {
    params: &'p mut Params,
    ids: Vec<ParamId>,
    program: Program,
    pub evaluations: usize,
}

/// A place with the loss and the gradient there.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub x: Vec<f64>,
    pub loss: f64,
    pub gradient: Vec<f64>,
}

impl<'p> Objective<'p> {
    /// Records and plans the loss, in inference mode.
    #[track_caller]
    pub fn new(params: &'p mut Params, loss: &dyn for<'t> Fn(&'t Tape) -> Var<'t>) -> Result<Self> {
        params.check()?;
        let tape = Tape::with(params).inference();
        let value = loss(&tape);
        let grads = tape.param_grads(value)?;
        let ids = grads.iter().map(|&(id, _)| id).collect();
        let outputs: Vec<Var<'_>> = [value].into_iter().chain(grads.iter().map(|&(_, g)| g)).collect();
        let program = tape.compile(&outputs)?;
        Ok(Objective { params, ids, program, evaluations: 0 })
    }

    /// A program for products of the Hessian with vectors: forward mode over the gradient.
    #[track_caller]
    pub fn hessian(&self, loss: &dyn for<'t> Fn(&'t Tape) -> Var<'t>) -> Result<Program> {
        let tape = Tape::with(self.params).inference();
        let grads = tape.param_grads(loss(&tape))?;
        let x: Vec<Var<'_>> = grads.iter().map(|&(id, _)| tape.param(id)).collect();
        let v: Vec<Var<'_>> = x.iter().map(|x| tape.input(x.shape(), x.dtype())).collect();
        let products: Vec<Var<'_>> = grads.iter().map(|&(_, g)| tape.jvp(g, &x, &v)).collect();
        tape.compile(&products)
    }

    /// The product of the Hessian at the present place with a vector.
    pub fn hessian_times(&self, program: &mut Program, v: &[f64]) -> Result<Vec<f64>> {
        let v = self.split(v)?;
        let v: Vec<&Tensor> = v.iter().collect();
        let outputs = program.eval(self.params, &v)?;
        Ok((0..outputs.len()).flat_map(|i| outputs.tensor(i).to_f64()).collect())
    }

    /// The place where the parameters are.
    pub fn here(&mut self) -> Result<Place> {
        let x: Vec<f64> = self.ids.iter().flat_map(|&id| self.params.tensor(id).to_f64()).collect();
        let (loss, gradient) = self.evaluate()?;
        Ok(Place { x, loss, gradient })
    }

    /// Moves the parameters, and looks at the loss there.
    pub fn at(&mut self, x: Vec<f64>) -> Result<Place> {
        self.move_to(&x)?;
        let (loss, gradient) = self.evaluate()?;
        Ok(Place { x, loss, gradient })
    }

    /// Moves the parameters.
    pub fn move_to(&mut self, x: &[f64]) -> Result<()> {
        for (id, tensor) in self.ids.clone().into_iter().zip(self.split(x)?) {
            let name = self.params.name(id).to_owned();
            self.params.set(&name, tensor)?;
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<(f64, Vec<f64>)> {
        self.evaluations += 1;
        let outputs = self.program.eval(self.params, &[])?;
        let gradient = (1..outputs.len()).flat_map(|i| outputs.tensor(i).to_f64()).collect();
        Ok((outputs.item(0)?, gradient))
    }

    /// A vector as tensors of the parameters' shapes.
    fn split(&self, x: &[f64]) -> Result<Vec<Tensor>> {
        let mut rest = x;
        let mut tensors = Vec::with_capacity(self.ids.len());
        for &id in &self.ids {
            let like = self.params.tensor(id);
            let (own, others) = rest.split_at(like.numel());
            rest = others;
            tensors.push(match like.dtype() {
                DType::F32 => Tensor::from_vec(own.iter().map(|&x| x as f32).collect(), like.shape())?,
                _ => Tensor::from_vec(own.to_vec(), like.shape())?,
            });
        }
        Ok(tensors)
    }
}

impl Place {
    pub fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.gradient.iter().all(|g| g.is_finite())
    }

    /// The largest element of the gradient.
    pub fn steepest(&self) -> f64 {
        largest(&self.gradient)
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `y ← y + a·x`.
pub(super) fn add(y: &mut [f64], a: f64, x: &[f64]) {
    y.iter_mut().zip(x).for_each(|(y, x)| *y += a * x);
}

/// `max |x|`; NaN if one is.
pub(super) fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most, x| if x.abs() <= most { most } else { x.abs() })
}
