//! Random tile programs against the naive interpreter.

use crate::naive::{self, Memory};
use crate::random::{Random, program};
use chainrule_kernels::machine::{Instr, Machine, Place, SlotSpec, StepKind, TileBuilder};
use chainrule_kernels::pool::Pool;
use chainrule_kernels::{Buffer, Level};
use std::sync::OnceLock;

/// Pools of 2 and 4 threads.
pub fn pools() -> &'static [Pool; 2] {
    static POOLS: OnceLock<[Pool; 2]> = OnceLock::new();
    POOLS.get_or_init(|| [Pool::new(2), Pool::new(4)])
}

/// Runs instructions over memory, and returns what it holds then.
pub fn run(instrs: Vec<Instr>, memory: &Memory, level: Level, threads: usize) -> Memory {
    let specs = memory.iter().skip(1).enumerate();
    let specs = specs.map(|(i, bytes)| SlotSpec { bytes: bytes.len(), writable: i == 0 }).collect();
    let mut machine = Machine::new(instrs, specs, memory[0].len(), level).unwrap();
    let bools: Vec<bool> = Vec::new();
    machine.write(0, &bools);
    for (at, chunk) in memory[0].chunks(8).enumerate() {
        if let Ok(chunk) = chunk.try_into() {
            machine.write(at * 8, &[f64::from_ne_bytes(chunk)]);
        }
    }
    let mut slots: Vec<Buffer> = memory[1..].iter().map(|bytes| buffer(bytes)).collect();
    let mut session = machine.session();
    for (i, slot) in slots.iter_mut().enumerate() {
        if i == 0 { session.write(1, slot) } else { session.read(i as u32 + 1, slot) }
    }
    match threads {
        1 => session.run_with(&Pool::new(1)).unwrap(),
        2 => session.run_with(&pools()[0]).unwrap(),
        _ => session.run_with(&pools()[1]).unwrap(),
    }
    let mut after = vec![bytes_of(machine.read::<i64>(0, memory[0].len() / 8))];
    after.extend(slots.iter().map(|slot| bytes_of(slot.as_slice::<i64>(chainrule_kernels::DType::I64))));
    for (after, before) in after.iter_mut().zip(memory) {
        assert!(after.len() <= before.len());
        after.resize(before.len(), 0);
    }
    after
}

pub fn buffer(bytes: &[u8]) -> Buffer {
    let words: Vec<i64> =
        bytes.chunks(8).map(|chunk| i64::from_ne_bytes(chunk.try_into().unwrap())).collect();
    Buffer::from_slice(&words)
}

fn bytes_of(words: &[i64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

/// The program as an instruction, with scratch memory at the end of the arena.
pub fn instr(builder: &TileBuilder, memory: &mut Memory) -> Instr {
    let mut instr = Instr::tile(builder.clone());
    let offset = memory[0].len().next_multiple_of(64);
    let bytes = instr.scratch_bytes();
    if bytes > 0 {
        instr.set_scratch(Place { slot: 0, offset });
        memory[0].resize(offset + bytes, 0);
    }
    instr
}

/// A program, a line for each step.
fn show(builder: &TileBuilder) -> String {
    let mut text = format!("{:?} rows {:?}\n", builder.dims, builder.row_axes);
    for (i, step) in builder.steps.iter().enumerate() {
        let kind = match &step.kind {
            StepKind::Apply(kernel, operands) => format!("{} {operands:?}", kernel.name),
            StepKind::Generate(generator, ..) => generator.name.to_string(),
            kind => format!("{kind:?}"),
        };
        text += &format!("{i}: {kind} {} {:?}\n", step.dtype, step.level);
    }
    text + &format!("{:?}\n{:?}", builder.stores, builder.accumulate)
}

fn check(seed: u64, elements: usize) -> bool {
    let mut random = Random(seed);
    let (builder, mut memory) = program(&mut random, elements);
    for bytes in &mut memory {
        bytes.resize(bytes.len().next_multiple_of(8), 0);
    }
    let mut expected = memory.clone();
    naive::run(&builder, &mut expected);
    let plain = memory[0].len();
    let mut parallel = false;
    for &level in Level::available() {
        for threads in [1, 2, 4] {
            memory[0].truncate(plain);
            let instr = instr(&builder, &mut memory);
            parallel |= instr.cost() > 20_000.0;
            let mut after = run(vec![instr], &memory, level, threads);
            after[0].truncate(plain);
            let differs = |slot: usize| {
                let (after, expected) = (&after[slot], &expected[slot]);
                (0..after.len()).find(|&at| {
                    // The twin's zeros have no sign.
                    let zero = |bytes: &[u8]| at >= 3 && bytes[at - 3..at] == [0; 3];
                    after[at] != expected[at]
                        && !(after[at] == 0x80 && expected[at] == 0 && zero(after) && zero(expected))
                })
            };
            if let Some((slot, at)) = (0..3).find_map(|slot| Some((slot, differs(slot)?))) {
                panic!(
                    "seed {seed}, {level:?}, {threads} threads: slot {slot} at byte {at}\n{}",
                    show(&builder)
                );
            }
        }
    }
    parallel
}

#[test]
fn small_programs_are_right() {
    for seed in 0..1500 {
        check(seed, 400);
    }
}

#[test]
fn middling_programs_are_right() {
    for seed in 10_000..10_600 {
        check(seed, 12_000);
    }
}

#[test]
fn large_programs_are_right_for_any_number_of_threads() {
    let parallel = (20_000..20_080).filter(|&seed| check(seed, 300_000)).count();
    assert!(parallel > 10, "{parallel} programs were worth sharing");
}
