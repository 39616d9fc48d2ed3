//! Where batches come from.

use chainrule_data::Dataset;
use chainrule_tape::{Result, Tensor};

/// A source of batches.
pub(crate) enum Feed<'a> {
    /// None, while the batches are in use elsewhere.
    None,
    Set(&'a Dataset),
    Made {
        batches: usize,
        #[allow(clippy::type_complexity)]
        batch: Box<dyn Fn(u64, usize) -> Result<(Tensor, Tensor)> + 'a>,
    },
}

type Batch = Result<(Tensor, Tensor)>;

impl Feed<'_> {
    /// The number of batches in an epoch.
    pub fn batches(&self, size: usize, drop_last: bool) -> usize {
        match self {
            Feed::None => 0,
            Feed::Set(data) if drop_last => data.len() / size,
            Feed::Set(data) => data.len().div_ceil(size),
            Feed::Made { batches, .. } => *batches,
        }
    }

    /// The batches of an epoch from this one on, shuffled by the seed if there is one.
    pub fn epoch(&self, epoch: u64, from: usize, how: Order) -> Box<dyn Iterator<Item = Batch> + '_> {
        let count = self.batches(how.size, how.drop_last);
        match self {
            Feed::None => Box::new(std::iter::empty()),
            Feed::Set(data) => {
                let batches = data.batches(how.size);
                let batches = match how.seed {
                    Some(seed) => batches.shuffled(seed, epoch),
                    None => batches,
                };
                Box::new(batches.skip(from).take(count - from.min(count)).map(Ok))
            }
            Feed::Made { batch, .. } => Box::new((from..count).map(move |i| batch(epoch, i))),
        }
    }

    /// How much there is, for messages.
    pub fn described(&self, order: Order) -> String {
        match self {
            Feed::Set(data) if order.drop_last && !data.is_empty() => {
                format!(
                    "drop_last leaves out the only batch, of {} rows instead of {}",
                    data.len(),
                    order.size
                )
            }
            Feed::Set(_) => "the set has no rows".to_owned(),
            Feed::None | Feed::Made { .. } => "their number is 0".to_owned(),
        }
    }

    /// All rows in order, in batches of a size.
    pub fn in_order(&self, size: usize) -> Box<dyn Iterator<Item = Batch> + '_> {
        self.epoch(0, 0, Order { size, seed: None, drop_last: false })
    }
}

/// How a set is cut into batches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub size: usize,
    pub seed: Option<u64>,
    pub drop_last: bool,
}
