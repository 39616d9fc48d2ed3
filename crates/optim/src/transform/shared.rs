//! Numbers that all parameters share.

use super::update::{Lr, Missing, Now, NumberKey, Numbers, PerStep};
use crate::Update;
use chainrule_tape::{DType, Kind, ParamId, Tensor, Var};

impl<'t> Update<'t> {
    /// A number that is computed in `f64` before each step, as [`Target::per_step`](crate::Target::per_step)'s is, for
    /// a rule that looks at all parameters together: an `f64` scalar. Its step is the optimizer's.
    #[track_caller]
    pub fn per_step(&self, key: &str, value: impl Fn(Now) -> f64 + Send + Sync + 'static) -> Var<'t> {
        let stage = self.made.borrow().stage;
        self.number(stage, key, DType::F64, None, self.seen_group(), value)
    }

    /// A number that the transform remembers for all parameters together: what [`keep`](Update::keep) stored under
    /// this key in the step before, `initial` in the first. It lives in the params as `optim.KEY`, an `f64` scalar
    /// whatever the parameters are, and is saved with them. Each [group](crate::Optimizer::group) has its own, as
    /// `optim.KEY@PATTERN`.
    #[track_caller]
    pub fn state(&self, key: &str, initial: f64) -> Var<'t> {
        let name = self.shared_name(key);
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
        self.store(None, self.params.id(&self.shared_name(key)), key, || self.shared_name(key), value);
    }

    fn shared_name(&self, key: &str) -> String {
        match self.groups[self.seen_group()].name.as_str() {
            "" => format!("optim.{key}"),
            group => format!("optim.{key}@{group}"),
        }
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
        group: usize,
        value: impl Fn(Now) -> f64 + Send + Sync + 'static,
    ) -> Var<'t> {
        let same = |other: &NumberKey| {
            (other.stage, other.dtype, other.since, other.group) == (stage, dtype, since, group)
                && other.key == key
        };
        if let Some((_, var, _)) = self.made.borrow().numbers.iter().find(|(other, ..)| same(other)) {
            return *var;
        }
        let number = PerStep { value: Box::new(value), since, group, tensor: Tensor::zeros((), dtype) };
        let at = |done, lr| number.at(&self.params, done, lr);
        let constant = |value| self.tape().full((), value, dtype);
        let done = match self.numbers {
            Numbers::Inputs => None,
            Numbers::Constants { done, .. } | Numbers::Recorded { done, .. } => Some(done),
        };
        let var = match (done, self.groups[group].lr) {
            (None, _) => self.tape().input((), dtype),
            (Some(done), Lr::Number(lr)) => constant(at(done, lr)),
            (Some(done), Lr::Var(lr)) => {
                // All that rules make of the rate is a line, which two points give, and a third confirms.
                let [start, one, two] = [0.0, 1.0, 2.0].map(|lr| at(done, lr));
                let slope = one - start;
                let bent = (two - (start + 2.0 * slope)).abs() > 1e-9 * (two.abs() + start.abs());
                match slope {
                    _ if bent => {
                        let what = format!(
                            "the number {key:?} is no linear function of the rate, so the rate can't be recorded"
                        );
                        self.tape().fail("optimizer", what, &[lr])
                    }
                    0.0 => constant(start),
                    _ if start == 0.0 => lr.cast(dtype) * slope,
                    _ => lr.cast(dtype) * slope + start,
                }
            }
        };
        let key = NumberKey { stage, key: key.to_owned(), dtype, since, group };
        self.made.borrow_mut().numbers.push((key, var, number));
        var
    }
}
