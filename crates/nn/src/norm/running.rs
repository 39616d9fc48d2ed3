//! Running statistics.

use chainrule_tape::{DType, ParamId, Scope, Tensor, Var};

/// How a normalization's running statistics follow those of the batches it is trained on.
///
/// They are what it uses in [inference](chainrule_tape::Tape::inference), so that each row's result depends on that row alone.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Running {
    /// `running ← (1 - momentum)·running + momentum·batch`, with this momentum: the last batches count most.
    Moving(f64),
    /// The mean over all batches so far, whose number is kept in the state `num_batches_tracked`. (PyTorch's momentum `None`.)
    Cumulative,
    /// There are none: the batch's own statistics are used in inference too. (PyTorch's `track_running_stats=False`.)
    Off,
}

impl Default for Running {
    /// [`Moving`](Running::Moving) with a momentum of 0.1, as in PyTorch.
    fn default() -> Running {
        Running::Moving(0.1)
    }
}

/// Running statistics, if there are any, and where they are kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Statistics {
    running: Running,
    kept: Option<[ParamId; 2]>,
    batches: Option<ParamId>,
}

impl Statistics {
    pub(super) fn new(at: &mut Scope<'_>, features: usize, running: Running) -> Statistics {
        let dtype = at.dtype();
        let mut state = |name: &str, value: f64| at.state(name, Tensor::full(features, value).cast(dtype));
        let kept = (running != Running::Off).then(|| [state("running_mean", 0.0), state("running_var", 1.0)]);
        let batches = (running == Running::Cumulative).then(|| at.state("num_batches_tracked", 0i64));
        Statistics { running, kept, batches }
    }

    pub(super) fn momentum(&mut self, momentum: f64) {
        if let Running::Moving(own) = &mut self.running {
            *own = momentum;
        }
    }

    pub(super) fn mean(&self) -> Option<ParamId> {
        self.kept.map(|[mean, _]| mean)
    }

    pub(super) fn var(&self) -> Option<ParamId> {
        self.kept.map(|[_, var]| var)
    }

    /// The mean and variance to use instead of those of `x`, if it is not for training.
    #[track_caller]
    pub(super) fn in_use<'t>(&self, x: Var<'t>) -> Option<[Var<'t>; 2]> {
        let tape = x.tape();
        self.kept.filter(|_| !tape.is_training()).map(|kept| kept.map(|id| tape.param(id)))
    }

    /// In training, moves the running mean and variance towards those of a batch.
    #[track_caller]
    pub(super) fn track<'t>(&self, batch: impl FnOnce() -> [Var<'t>; 2]) {
        let Some(kept) = self.kept else { return };
        let batch = batch();
        let tape = batch[0].tape();
        let share = self.batches.map(|id| {
            let count = tape.assigned(id) + 1.0;
            tape.assign(id, count);
            1.0 / count.cast(DType::F64)
        });
        for (id, batch) in kept.into_iter().zip(batch) {
            // From the value assigned last: a layer that is used twice in a step moves twice.
            let old = tape.assigned(id);
            let moved = match (self.running, share) {
                (Running::Moving(momentum), _) => old * (1.0 - momentum) + batch * momentum,
                // Not `old + (batch - old)·share`, where a first batch much smaller than what it replaces would be lost.
                (_, Some(share)) => {
                    let share = share.cast(batch.dtype());
                    old * (1.0 - share) + batch * share
                }
                _ => old,
            };
            tape.assign(id, moved);
        }
    }
}
