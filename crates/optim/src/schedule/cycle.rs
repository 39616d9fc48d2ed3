//! Schedules that rise and fall.

use super::{Schedule, some_steps};
use crate::limits;
use std::f64::consts::PI;

/// One rise to the optimizer's rate and one long fall, over a training of `steps` (PyTorch's `OneCycleLR`, without its
/// cycle of the momentum): see [`OneCycle`] for the settings.
///
/// ```
/// # use chainrule_optim::{Schedule, one_cycle, sgd};
/// let optimizer = sgd(0.5).momentum(0.9).schedule(one_cycle(100));
/// let rates = [0, 29, 99].map(|t| optimizer.lr_at(t));
/// assert!((rates[0] - 0.02).abs() < 1e-15 && rates[1] == 0.5 && (rates[2] - 2e-6).abs() < 1e-15);
/// ```
pub fn one_cycle(steps: u64) -> OneCycle {
    OneCycle {
        steps,
        pct_start: 0.3,
        div_factor: 25.0,
        final_div_factor: 1e4,
        linear: false,
        three_phase: false,
    }
}

/// A [`one_cycle`] schedule with its settings; the defaults are PyTorch's.
///
/// With `N` steps, it goes from `1/div_factor` at step 0 to 1 at step `pct_start·N - 1`, and to
/// `1/(div_factor·final_div_factor)` at step `N - 1`, each time along half a period of the cosine. After that it stays there.
///
/// Source: Smith and Topin, "Super-convergence: very fast training of neural networks using large learning rates",
/// 2017.
#[derive(Clone, Copy, Debug)]
pub struct OneCycle {
    steps: u64,
    pct_start: f64,
    div_factor: f64,
    final_div_factor: f64,
    linear: bool,
    three_phase: bool,
}

impl OneCycle {
    /// The part of the steps that the rise takes. 0.3 unless set.
    pub fn pct_start(self, pct_start: f64) -> OneCycle {
        OneCycle { pct_start, ..self }
    }

    /// How many times smaller the first rate is than the largest. 25 unless set.
    pub fn div_factor(self, div_factor: f64) -> OneCycle {
        OneCycle { div_factor, ..self }
    }

    /// How many times smaller the last rate is than the first. 10⁴ unless set.
    pub fn final_div_factor(self, final_div_factor: f64) -> OneCycle {
        OneCycle { final_div_factor, ..self }
    }

    /// Along straight lines instead of cosines.
    pub fn linear(self) -> OneCycle {
        OneCycle { linear: true, ..self }
    }

    /// Falls to the first rate in as many steps as it rose, and goes on to the last one from there.
    pub fn three_phase(self) -> OneCycle {
        OneCycle { three_phase: true, ..self }
    }

    fn factor(&self, t: u64) -> f64 {
        let all = self.steps as f64;
        let (first, last) = (1.0 / self.div_factor, 1.0 / self.div_factor / self.final_div_factor);
        let top = self.pct_start * all - 1.0;
        let back = 2.0 * self.pct_start * all - 2.0;
        let t = (t as f64).min(all - 1.0);
        match () {
            () if t <= top => self.between(first, 1.0, t / top),
            () if self.three_phase && t <= back => self.between(1.0, first, (t - top) / (back - top)),
            () if self.three_phase => self.between(first, last, (t - back) / (all - 1.0 - back)),
            () => self.between(1.0, last, (t - top) / (all - 1.0 - top)),
        }
    }

    fn between(&self, from: f64, to: f64, part: f64) -> f64 {
        // (A phase of no length is at its end.)
        let part = if part.is_nan() { 1.0 } else { part };
        if self.linear {
            from + (to - from) * part
        } else {
            to + (from - to) / 2.0 * (1.0 + (PI * part).cos())
        }
    }

    fn check(&self) -> Result<(), String> {
        some_steps(self.steps)?;
        limits::positive("div_factor", self.div_factor)?;
        limits::positive("final_div_factor", self.final_div_factor)?;
        let most = if self.three_phase { 0.5 } else { 1.0 };
        if (0.0..=most).contains(&self.pct_start) {
            return Ok(());
        }
        Err(format!("pct_start is {}; it must be at least 0 and at most {most}", self.pct_start))
    }
}

impl From<OneCycle> for Schedule {
    fn from(this: OneCycle) -> Schedule {
        Schedule::named(format!("one_cycle({})", this.steps), this.check(), move |t| this.factor(t))
    }
}

/// Rises from `low` to the optimizer's rate over `up` steps, falls back over as many, and again (PyTorch's `CyclicLR`,
/// without its cycle of the momentum): see [`Cyclic`] for the settings.
///
/// ```
/// # use chainrule_optim::{Schedule, cyclic};
/// let schedule = Schedule::from(cyclic(4, 0.5));
/// assert_eq!([0, 2, 4, 6, 8].map(|t| schedule.factor(t)), [0.5, 0.75, 1.0, 0.75, 0.5]);
/// let schedule = Schedule::from(cyclic(4, 0.0).down(2).triangular2());
/// assert_eq!([4, 5, 6, 10].map(|t| schedule.factor(t)), [1.0, 0.5, 0.0, 0.5]);
/// ```
pub fn cyclic(up: u64, low: f64) -> Cyclic {
    Cyclic { up, down: up, low, height: Height::Same }
}

/// A [`cyclic`] schedule with its settings: `low + (1 - low)·height·triangle(t)`.
///
/// Source: Smith, "Cyclical learning rates for training neural networks", WACV 2017.
#[derive(Clone, Copy, Debug)]
pub struct Cyclic {
    up: u64,
    down: u64,
    low: f64,
    height: Height,
}

/// How high the triangles are.
#[derive(Clone, Copy, Debug)]
enum Height {
    Same,
    Half,
    Power(f64),
}

impl Cyclic {
    /// The steps that each fall takes. As many as the rise, unless set.
    pub fn down(self, down: u64) -> Cyclic {
        Cyclic { down, ..self }
    }

    /// Makes each cycle half as high as the one before.
    pub fn triangular2(self) -> Cyclic {
        Cyclic { height: Height::Half, ..self }
    }

    /// Makes the height `gammaᵗ`.
    pub fn exp_range(self, gamma: f64) -> Cyclic {
        Cyclic { height: Height::Power(gamma), ..self }
    }

    fn factor(&self, t: u64) -> f64 {
        let period = (self.up + self.down).max(1);
        let (cycle, since) = (t / period, t % period);
        let triangle = match since {
            _ if since <= self.up => since as f64 / self.up.max(1) as f64,
            _ => (period - since) as f64 / self.down as f64,
        };
        let height = match self.height {
            Height::Same => 1.0,
            Height::Half => 0.5f64.powf(cycle as f64),
            Height::Power(gamma) => gamma.powf(t as f64),
        };
        self.low + (1.0 - self.low) * triangle * height
    }

    fn check(&self) -> Result<(), String> {
        some_steps(self.up)?;
        limits::not_negative("low", self.low)?;
        match self.height {
            Height::Power(gamma) => limits::not_negative("gamma", gamma),
            _ => Ok(()),
        }
    }
}

impl From<Cyclic> for Schedule {
    fn from(this: Cyclic) -> Schedule {
        Schedule::named(format!("cyclic({}, {})", this.up, this.low), this.check(), move |t| this.factor(t))
    }
}
