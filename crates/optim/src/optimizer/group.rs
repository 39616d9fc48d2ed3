//! Settings of their own for some of the parameters.

use crate::{Optimizer, Schedule, Transform, WeightDecay};
use chainrule_tape::{Error, Kind, Params, Result, name_fits};
use smallvec::SmallVec;
use std::fmt;
use std::sync::Arc;

/// Patterns of names, and how the settings differ for what fits them.
pub(crate) struct Groups<R> {
    pub patterns: Vec<String>,
    settings: Option<Settings<R>>,
}

/// The settings for parameters that fit some of the patterns, from those of all.
type Settings<R> = Arc<dyn Fn(&R, Common, &[bool]) -> Optimizer<R> + Send + Sync>;

/// What the settings of a group begin with, beside the rule.
pub(crate) struct Common {
    pub lr: f64,
    pub schedule: Schedule,
    pub decay: WeightDecay,
}

/// The learning rates of a step: the optimizer's, and those of the groups.
pub(crate) type Rates = SmallVec<[f64; 4]>;

/// The parameters that fit the same patterns, and so have the same settings.
pub(crate) struct Class<R> {
    /// The patterns.
    pub name: String,
    pub settings: Optimizer<R>,
}

impl<R: Transform> Groups<R> {
    pub fn add(
        &mut self,
        pattern: &str,
        change: impl Fn(Optimizer<R>) -> Optimizer<R> + Send + Sync + 'static,
    ) where
        R: Clone + 'static,
    {
        let number = self.patterns.len();
        self.patterns.push(pattern.to_owned());
        let earlier = self.settings.take();
        self.settings = Some(Arc::new(move |rule: &R, common: Common, fits: &[bool]| {
            let settings = match &earlier {
                Some(earlier) => earlier(rule, common, fits),
                None => Optimizer::begun(common, rule.clone()),
            };
            if fits[number] { change(settings) } else { settings }
        }));
    }

    /// The same for the rule in a box.
    pub fn boxed(self, rule: &Arc<R>) -> Groups<Box<dyn Transform>>
    where
        R: 'static,
    {
        let (patterns, rule) = (self.patterns, rule.clone());
        let settings = self.settings.map(|settings| -> Settings<Box<dyn Transform>> {
            Arc::new(move |_, common, fits| settings(&rule, common, fits).boxed())
        });
        Groups { patterns, settings }
    }
}

impl<R: Transform> Optimizer<R> {
    /// Gives the parameters whose names fit a pattern settings of their own: the rate, the schedule, weight decay, and
    /// those of the rule.
    ///
    /// A pattern stands for the name that it spells and for all that is beneath it; a `*` is any run of characters. What
    /// is not set in a group is as for the other parameters. Of several groups that a parameter is in, the later ones
    /// change what the earlier ones have set.
    ///
    /// ```
    /// # use chainrule_optim::{TrainStep, adamw};
    /// # use chainrule_tape::{Params, Tensor};
    /// let optimizer = adamw(1e-3)
    ///     .group("*.bias", |g| g.weight_decay(0.0))
    ///     .group("head", |g| g.with_lr(1e-2).betas(0.9, 0.99));
    /// # let mut params = Params::seeded(1);
    /// # for name in ["head", "body"] {
    /// #     params.root().sub(name).param("weight", Tensor::from([1.0]));
    /// #     params.root().sub(name).param("bias", Tensor::from([1.0]));
    /// # }
    /// # let mut step = TrainStep::new(optimizer, |[x]| {
    /// #     let at = |name: &str| x.tape().named_param(name);
    /// #     (x * at("head.weight") + at("head.bias") + at("body.weight") + at("body.bias")).sum(..)
    /// # });
    /// # step.run(&mut params, [&Tensor::from([1.0])])?;
    /// # let found = ["head.weight", "head.bias", "body.weight", "body.bias"].map(|n| params.get(n).unwrap().to_f64()[0]);
    /// # let expected = [0.9899, 0.99, 0.99899, 0.999];
    /// # assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?}");
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    ///
    /// When the rate is [set](crate::TrainStep::set_lr) later, the groups' own rates follow in proportion. Clipping and
    /// other stages are those of all parameters. A pattern that no parameter fits is an error of the first run.
    pub fn group(mut self, pattern: &str, settings: impl Fn(Self) -> Self + Send + Sync + 'static) -> Self
    where
        R: Clone + 'static,
    {
        self.groups.add(pattern, settings);
        self
    }

    /// The number of the class of each of these parameters, and the classes from the first one on: class 0 has the
    /// optimizer's own settings.
    pub(crate) fn classes<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
    ) -> Result<(Vec<usize>, Vec<Class<R>>)> {
        let Groups { patterns, settings } = &self.groups;
        let Some(settings) = settings else { return Ok((vec![0; names.count()], Vec::new())) };
        let mut found: Vec<Vec<bool>> = vec![vec![false; patterns.len()]];
        let mut classes = Vec::new();
        let mut of = Vec::new();
        for name in names {
            let fits: Vec<bool> = patterns.iter().map(|pattern| name_fits(pattern, name)).collect();
            let class = found.iter().position(|other| *other == fits).unwrap_or(found.len());
            if class == found.len() {
                let inside = patterns.iter().zip(&fits).filter(|(_, fits)| **fits);
                let name = inside.map(|(pattern, _)| pattern.as_str()).collect::<Vec<_>>().join(" ");
                let settings = settings(&self.rule, self.common(), &fits);
                settings.check_group(&name)?;
                classes.push(Class { name, settings });
                found.push(fits);
            }
            of.push(class);
        }
        Ok((of, classes))
    }

    /// Whether every pattern is of some use.
    pub(crate) fn check_patterns(&self, params: &Params) -> Result<()> {
        let names = || params.iter().filter(|(_, kind, _)| *kind != Kind::Optimizer).map(|(name, ..)| name);
        let unused = |pattern: &&String| !names().any(|name| name_fits(pattern, name));
        match self.groups.patterns.iter().find(unused) {
            Some(pattern) => Err(Error::Params(format!("group({pattern:?}): no parameter has such a name"))),
            None => Ok(()),
        }
    }
}

impl<R> Default for Groups<R> {
    fn default() -> Self {
        Groups { patterns: Vec::new(), settings: None }
    }
}

impl<R> fmt::Debug for Groups<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.patterns).finish()
    }
}
