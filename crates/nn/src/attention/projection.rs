//! The linear maps that make queries, keys and values.

use super::AttentionConfig;
use super::multihead::KIND;
use crate::Init;
use crate::label::Label;
use chainrule_tape::{ParamId, Scope, Shape, Var};
use std::ops::Range;

/// Queries, keys and values, cut in heads.
pub(super) type Heads<'t> = [Var<'t>; 3];

/// The maps of an attention's rows to queries, keys and values.
#[derive(Clone, Debug)]
pub(super) struct Projection {
    label: Label,
    config: AttentionConfig,
    maps: Maps,
    bias: Option<ParamId>,
}

/// The weights that make queries, keys and values: below each other, or apart.
#[derive(Clone, Copy, Debug)]
enum Maps {
    Joint(ParamId),
    Apart([ParamId; 3]),
}

impl Projection {
    #[track_caller]
    pub(super) fn new(at: &mut Scope<'_>, label: Label, config: AttentionConfig) -> Projection {
        let AttentionConfig { width, key_width, value_width, .. } = config;
        let (kv, init) = (config.kv_width(), Init::xavier_uniform());
        let maps = if (key_width, value_width) == (width, width) {
            Maps::Joint(init.param(at, "in_proj_weight", [width + 2 * kv, width]))
        } else {
            Maps::Apart([
                init.param(at, "q_proj_weight", [width, width]),
                init.param(at, "k_proj_weight", [kv, key_width]),
                init.param(at, "v_proj_weight", [kv, value_width]),
            ])
        };
        let bias = config.bias.then(|| Init::zeros().param(at, "in_proj_bias", width + 2 * kv));
        Projection { label, config, maps, bias }
    }

    /// The part of a row of all three maps that belongs to one.
    fn part(&self, i: usize) -> Range<usize> {
        let (width, kv) = (self.config.width, self.config.kv_width());
        match i {
            0 => 0..width,
            1 => width..width + kv,
            _ => width + kv..width + 2 * kv,
        }
    }

    /// Queries, keys and values of the same rows.
    #[track_caller]
    pub(super) fn one<'t>(&self, x: Var<'t>) -> Result<Heads<'t>, String> {
        let Maps::Joint(weight) = self.maps else {
            return self.three([x; 3]);
        };
        let (x, tape) = (self.label.expect(KIND, x, self.config.width), x.tape());
        let mut y = x.matmul(tape.param(weight).t());
        if let Some(bias) = self.bias {
            y = y + tape.param(bias);
        }
        let mut heads = [y; 3];
        for (i, head) in heads.iter_mut().enumerate() {
            *head = self.cut(y.slice(-1, self.part(i)), i)?;
        }
        Ok(heads)
    }

    /// Queries, keys and values of their own rows.
    #[track_caller]
    pub(super) fn three<'t>(&self, rows: [Var<'t>; 3]) -> Result<Heads<'t>, String> {
        let (tape, mut heads) = (rows[0].tape(), rows);
        for (i, head) in heads.iter_mut().enumerate() {
            let width = [self.config.width, self.config.key_width, self.config.value_width][i];
            let x = self.label.expect(KIND, *head, width);
            let weight = match self.maps {
                Maps::Joint(weight) => tape.param(weight).slice(0, self.part(i)),
                Maps::Apart(weights) => tape.param(weights[i]),
            };
            let mut y = x.matmul(weight.t());
            if let Some(bias) = self.bias {
                y = y + tape.param(bias).slice(0, self.part(i));
            }
            *head = self.cut(y, i)?;
        }
        Ok(heads)
    }

    /// Cuts rows `[…, time, heads·w]` into `[…, heads, time, w]`: of queries (0), keys (1) or values (2).
    #[track_caller]
    fn cut<'t>(&self, rows: Var<'t>, i: usize) -> Result<Var<'t>, String> {
        let shape = rows.shape();
        let &[ref lead @ .., time, _] = shape.dims() else {
            return Err(format!("takes sequences […, time, {}], not a single row", self.config.width));
        };
        let count = if i == 0 { self.config.heads } else { self.config.kv_heads };
        let split: Shape = lead.iter().copied().chain([time, count, self.config.head_width()]).collect();
        Ok(rows.reshape(split).transpose(-3, -2))
    }
}
