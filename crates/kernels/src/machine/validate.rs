//! Checks made once, so that running is sound without any.

use super::access::{hull, is_dense, meet, overlap};
use super::layout::{Layout, View};
use super::tile::{Level, Role, Tile};
use super::{Access, Instr, Use};
use std::fmt;

/// A slot that a machine's runs bind to a buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotSpec {
    /// The least number of bytes of the buffer.
    pub bytes: usize,
    /// Whether instructions may write to it.
    pub writable: bool,
}

/// Why instructions can't be run.
#[derive(Clone, Debug, PartialEq)]
pub struct Invalid {
    /// The index of the instruction, if it is one's fault.
    pub instr: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.instr {
            Some(instr) => write!(f, "instruction {instr}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for Invalid {}

/// Checks an instruction against the slots, the arena being the first. Returns what it touches.
pub(super) fn check(instr: &Instr, slots: &[SlotSpec]) -> Result<Vec<Use>, String> {
    match instr {
        Instr::Tile(tile) => {
            let layout = tile.layout.as_ref().map_err(String::clone)?;
            check_tile(tile, layout)?;
        }
        Instr::Gemm(batch) => batch.check()?,
        Instr::Contract(contract) => contract.check()?,
        Instr::ScatterAdd(scatter) => scatter.check()?,
        _ => {}
    }
    let mut uses = Vec::new();
    instr.each_use(&mut |used| uses.push(used));
    for used in &uses {
        check_use(used, slots)?;
    }
    // A tile's loads and stores were looked at more closely.
    let close = matches!(instr, Instr::Tile(_));
    for (i, a) in uses.iter().enumerate().filter(|(_, used)| used.write) {
        for (k, b) in uses.iter().enumerate() {
            if i != k && (b.write || !close) && shares(a, b) {
                return Err("two of its views overlap and one is written".into());
            }
        }
    }
    Ok(uses)
}

/// Whether two uses have a byte in common.
pub(super) fn shares(a: &Use, b: &Use) -> bool {
    a.place.slot == b.place.slot
        && match (&a.bytes, &b.bytes) {
            (Ok(x), Ok(y)) if overlap(x, y) => match (&a.axes, &b.axes) {
                (Some((own, size)), Some((other, same))) if size == same => {
                    meet((a.place.offset, own), (b.place.offset, other), *size)
                }
                _ => true,
            },
            (Ok(_), Ok(_)) => false,
            _ => true,
        }
}

fn check_use(used: &Use, slots: &[SlotSpec]) -> Result<(), String> {
    let slot = used.place.slot;
    let bytes = used.bytes.as_ref().map_err(String::clone)?;
    let Some(spec) = slots.get(slot as usize) else {
        return Err(format!("slot {slot} does not exist"));
    };
    if bytes.end > spec.bytes {
        return Err(format!("bytes {bytes:?} of slot {slot}, which has {}", spec.bytes));
    }
    if used.write && !spec.writable {
        return Err(format!("writes to slot {slot}, which is not writable"));
    }
    if !used.place.offset.is_multiple_of(used.align) {
        return Err(format!("byte {} of slot {slot} is not aligned for its elements", used.place.offset));
    }
    Ok(())
}

/// Checks which loads overlap which results, and that there is scratch memory if it is needed.
fn check_tile(tile: &Tile, layout: &Layout) -> Result<(), String> {
    if tile.scratch.is_none() && tile.scratch_bytes() > 0 {
        return Err("no scratch memory is set".into());
    }
    let builder = &tile.builder;
    let accesses: Vec<(&View, &Access)> =
        layout.views.iter().zip(builder.accesses()).map(|(view, access)| (view, access.2)).collect();
    let bytes = |(view, access): (&View, &Access)| match view.role {
        Role::Key(_) => Ok(access.place.dense(1, view.dtype.size())),
        Role::Accumulate(_) => {
            let axes = builder.dims.iter().zip(&access.strides).filter(|axis| *axis.1 != 0);
            hull(access.place, view.dtype.size(), axes)
        }
        _ => hull(access.place, view.dtype.size(), builder.dims.iter().zip(&access.strides)),
    };
    let is_read = |role: Role| matches!(role, Role::Load(_) | Role::Key(_));
    for &load in accesses.iter().filter(|access| is_read(access.0.role)) {
        let read = bytes(load)?;
        for &result in accesses.iter().filter(|access| !is_read(access.0.role)) {
            let apart = load.1.place.slot != result.1.place.slot || !overlap(&read, &bytes(result)?);
            if !apart && !in_place(tile, layout, load, result) {
                return Err("a result overlaps what is loaded, and is not the same dense view".into());
            }
        }
        if let Some(scratch) = tile.scratch
            && scratch.slot == load.1.place.slot
            && overlap(&scratch.dense(tile.scratch_bytes(), 1), &read)
        {
            return Err("the scratch memory overlaps what is loaded".into());
        }
    }
    Ok(())
}

/// Whether a store may overwrite what a load reads: tile by tile, they are the same elements.
fn in_place(tile: &Tile, layout: &Layout, load: (&View, &Access), store: (&View, &Access)) -> bool {
    let (Role::Load(step), Role::Store(index)) = (load.0.role, store.0.role) else { return false };
    let steps = &tile.builder.steps;
    let source = tile.builder.stores[index].0.0 as usize;
    let lengths = || layout.outer.iter().chain(&layout.inner);
    let strides = |view: &'_ View| -> Vec<isize> { view.outer.iter().chain(&view.inner).copied().collect() };
    let (read, written) = (strides(load.0), strides(store.0));
    steps[step].level == Level::Full
        && steps[source].level == Level::Full
        && load.1.place == store.1.place
        && load.0.dtype.size() == store.0.dtype.size()
        && read == written
        && is_dense(lengths().zip(&read).collect::<Vec<_>>())
}
