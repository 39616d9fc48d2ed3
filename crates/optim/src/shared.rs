//! Numbers that all parameters share.

use crate::Update;
use crate::update::{Missing, Now, NumberKey, Numbers, PerStep};
use chainrule_tape::{DType, Kind, ParamId, Tensor, Var};

impl<'t> Update<'t> {
    /// A number that is computed in `f64` before each step, as [`Target::per_step`](crate::Target::per_step)'s is, for
    /// a rule that looks at all parameters together: an `f64` scalar. Its step is the optimizer's.
    #[track_caller]
    pub fn per_step(&self, key: &str, value: impl Fn(Now) -> f64 + Send + Sync + 'static) -> Var<'t> {
        let stage = self.made.borrow().stage;
        self.number(stage, key, DType::F64, None, value)
    }

    /// A number that the transform remembers for all parameters together: what [`keep`](Update::keep) stored under
    /// this key in the step before, `initial` in the first. It lives in the params as `optim.KEY`, an `f64` scalar
    /// whatever the parameters are, and is saved with them.
    #[track_caller]
    pub fn state(&self, key: &str, initial: f64) -> Var<'t> {
        let name = name(key);
        let Some(id) = self.params.id(&name) else {
            let made = &mut *self.made.borrow_mut();
            if made.missing.iter().all(|other| other.name != name) {
                made.missing.push(Missing { name, value: Tensor::full((), initial), first_of: None });
            }
            return self.tape().full((), initial, DType::F64);
        };
        let found = self.params.tensor(id);
        let scalar = found.shape().rank() == 0 && found.dtype() == DType::F64;
        if self.params.kind(id) != Kind::Optimizer || !scalar {
            let what = format!(
                "the params' `{name}` ({} {}) is not this optimizer's number",
                found.shape(),
                found.dtype()
            );
            return self.tape().fail("optimizer", what, &[]);
        }
        self.tape().param(id)
    }

    /// Stores a number for the next step. Once for each key and step.
    #[track_caller]
    pub fn keep(&self, key: &str, value: Var<'t>) {
        self.store(None, self.params.id(&name(key)), key, || name(key), value);
    }

    /// Assigns a value to a state, of the parameter of that index or of all together, or sees that it was asked for.
    #[track_caller]
    pub(crate) fn store(
        &self,
        of: Option<usize>,
        id: Option<ParamId>,
        key: &str,
        name: impl Fn() -> String,
        value: Var<'t>,
    ) {
        let Some(id) = id else {
            let (made, name) = (self.made.borrow(), name());
            let asked = match of {
                Some(index) => made.states[index].missing.iter().any(|&at| made.missing[at].name == name),
                None => made.missing.iter().any(|missing| missing.name == name),
            };
            if !asked {
                self.tape().fail("optimizer", format!("keep(\"{key}\") without state(\"{key}\")"), &[value]);
            }
            return;
        };
        let twice = {
            let made = &mut *self.made.borrow_mut();
            let kept = of.map_or(&mut made.shared, |index| &mut made.states[index].kept);
            let twice = kept.contains(&id);
            kept.push(id);
            twice
        };
        if twice {
            let what = format!("two transforms keep `{}`: give each its own key", name());
            self.tape().fail("optimizer", what, &[value]);
            return;
        }
        self.tape().assign(id, value);
    }

    #[track_caller]
    pub(crate) fn number(
        &self,
        stage: usize,
        key: &str,
        dtype: DType,
        since: Option<ParamId>,
        value: impl Fn(Now) -> f64 + Send + Sync + 'static,
    ) -> Var<'t> {
        let same = |other: &NumberKey| {
            (other.stage, other.dtype, other.since) == (stage, dtype, since) && other.key == key
        };
        if let Some((_, var, _)) = self.made.borrow().numbers.iter().find(|(other, ..)| same(other)) {
            return *var;
        }
        let key = NumberKey { stage, key: key.to_owned(), dtype, since };
        let number = PerStep { value: Box::new(value), since, tensor: Tensor::zeros((), dtype) };
        let var = match self.numbers {
            Numbers::Inputs => self.tape().input((), dtype),
            Numbers::Constants { lr, done } => self.tape().full((), number.at(&self.params, done, lr), dtype),
        };
        self.made.borrow_mut().numbers.push((key, var, number));
        var
    }
}

fn name(key: &str) -> String {
    format!("optim.{key}")
}
