//! Instructions, ready to run.

use super::call::CallInstr;
use super::contraction::Contract;
use super::finish::finish;
use super::index::{CheckIndex, Gather, ScatterAdd};
use super::product::Product;
use super::program::Program;
use super::share::Bases;
use super::{Fault, Instr};
use crate::Level;

/// A validated instruction in the form in which it runs.
#[derive(Debug)]
pub(super) enum Code {
    Tile(Box<Program>),
    Product(Box<Product>),
    Contract(Box<Contract>),
    Gather(Gather),
    ScatterAdd(ScatterAdd),
    CheckIndex(CheckIndex),
    Call(CallInstr),
}

impl Code {
    pub(super) fn new(instr: &Instr, level: Level) -> Code {
        match instr {
            Instr::Tile(tile) => {
                let layout = tile.layout.as_ref().expect("validated");
                Code::Tile(Box::new(finish(&tile.builder, layout, tile.scratch, level)))
            }
            Instr::Gemm(batch) => Code::Product(Box::new(Product::new(batch, level))),
            Instr::Contract(contract) => Code::Contract(Box::new(contract.ready(level))),
            Instr::Gather(gather) => Code::Gather(*gather),
            Instr::ScatterAdd(scatter) => Code::ScatterAdd(*scatter),
            Instr::CheckIndex(check) => Code::CheckIndex(*check),
            Instr::Call(call) => Code::Call(call.clone()),
        }
    }

    /// The number of pieces that threads can share, at least 1.
    pub(super) fn tasks(&self) -> usize {
        match self {
            Code::Tile(program) => program.tasks,
            Code::Product(product) => product.tasks(),
            Code::Contract(contract) => contract.contraction.tasks(),
            Code::Gather(gather) => gather.tasks(),
            Code::ScatterAdd(scatter) => scatter.tasks(),
            Code::CheckIndex(_) | Code::Call(_) => 1,
        }
    }

    /// Bytes of each thread's workspace.
    pub(super) fn workspace(&self) -> usize {
        match self {
            Code::Tile(program) => program.workspace,
            Code::Product(product) => product.workspace(),
            Code::Contract(contract) => contract.contraction.workspace_bytes(),
            _ => 0,
        }
    }

    /// Whether something is left to do after the tasks.
    pub(super) fn has_finish(&self) -> bool {
        match self {
            Code::Tile(program) => program.has_finish(),
            Code::Contract(contract) => contract.scratch.is_some(),
            _ => false,
        }
    }

    /// Runs one task.
    ///
    /// # Safety
    /// - The instruction was validated against slots, to which `bases` point; they are valid for as many bytes, and
    ///   for writes where writable.
    /// - No other thread accesses what the instruction writes, nor writes what it reads, but by other tasks of it.
    /// - The workspace has [`Code::workspace`] bytes that are this thread's alone, aligned to 64.
    pub(super) unsafe fn run(&self, task: usize, bases: Bases<'_>, workspace: *mut u8) -> Result<(), String> {
        // SAFETY: the caller's promises.
        unsafe {
            match self {
                Code::Tile(program) => program.run(task, bases, workspace),
                Code::Product(product) => product.run(task, bases, workspace),
                Code::Contract(contract) => contract.run(task, bases, workspace),
                Code::Gather(gather) => return gather.run(task, bases),
                Code::ScatterAdd(scatter) => return scatter.run(task, bases),
                Code::CheckIndex(check) => return check.run(bases),
                Code::Call(call) => return call.run(bases),
            }
        }
        Ok(())
    }

    /// Does what is left after the tasks.
    ///
    /// # Safety
    /// As for [`Code::run`]; all tasks have ended, visibly for this thread.
    pub(super) unsafe fn finish(&self, bases: Bases<'_>) {
        // SAFETY: the caller's promises.
        unsafe {
            match self {
                Code::Tile(program) => program.finish(bases),
                Code::Contract(contract) => contract.finish(bases),
                _ => {}
            }
        }
    }

    /// Runs all of the instruction on this thread.
    ///
    /// # Safety
    /// As for [`Code::run`].
    pub(super) unsafe fn run_all(
        &self,
        instr: usize,
        bases: Bases<'_>,
        workspace: *mut u8,
    ) -> Result<(), Fault> {
        for task in 0..self.tasks() {
            // SAFETY: the caller's promises.
            unsafe { self.run(task, bases, workspace) }.map_err(|what| Fault { instr, what })?;
        }
        // SAFETY: the caller's promises; the tasks have ended.
        unsafe { self.finish(bases) };
        Ok(())
    }
}
