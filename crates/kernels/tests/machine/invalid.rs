//! Programs that would go wrong are refused.

use crate::instr::arena;
use crate::naive::Memory;
use crate::random::{Random, program};
use crate::tile::{buffer, instr};
use chainrule_kernels::gemm::Gemm;
use chainrule_kernels::machine::{
    Access, Accumulate, BatchedGemm, Call, CallInstr, CheckIndex, Gather, Instr, Machine, Operand, Place,
    RowReduce, ScatterAdd, Slice, SliceMut, SlotSpec, Step, StepKind, TileBuilder, TileLevel,
};
use chainrule_kernels::pointwise as kernels;
use chainrule_kernels::{Buffer, DType, Level};
use smallvec::smallvec;
use std::sync::Arc;

/// The message for an instruction over an arena of 1000 bytes and a slot of 100 that is only read.
fn refused(instr: Instr) -> String {
    let slots = vec![SlotSpec { bytes: 100, writable: false }];
    let program = vec![Instr::CheckIndex(CheckIndex { index: arena(0), count: 1, bound: 1 }), instr];
    let invalid = Machine::new(program, slots, 1000, Level::detect()).expect_err("refused");
    assert_eq!(invalid.instr, Some(1));
    invalid.what
}

fn access(slot: u32, offset: usize, strides: &[isize]) -> Access {
    Access { place: Place { slot, offset }, strides: strides.into() }
}

fn load(access: Access) -> Step {
    Step { kind: StepKind::Load(access), dtype: DType::F32, level: TileLevel::Full }
}

/// `y = -x` over 4 by 5.
fn negation() -> TileBuilder {
    TileBuilder {
        dims: smallvec![4, 5],
        steps: vec![
            load(access(0, 0, &[5, 1])),
            Step {
                kind: StepKind::Apply(&kernels::NEG, smallvec![Operand(0)]),
                dtype: DType::F32,
                level: TileLevel::Full,
            },
        ],
        stores: vec![(Operand(1), access(0, 400, &[5, 1]))],
        ..TileBuilder::default()
    }
}

type Spoil = fn(&mut TileBuilder);

#[test]
fn tile_programs_that_make_no_sense() {
    let cases: Vec<(&str, Spoil)> = vec![
        ("bytes 924..1004 of slot 0", |t| t.steps[0] = load(access(0, 924, &[5, 1]))),
        ("starts before its slot", |t| t.steps[0] = load(access(0, 8, &[5, -1]))),
        ("not aligned", |t| t.steps[0] = load(access(0, 2, &[5, 1]))),
        ("slot 2 does not exist", |t| t.steps[0] = load(access(2, 0, &[5, 1]))),
        ("bytes 24..104 of slot 1", |t| t.steps[0] = load(access(1, 24, &[5, 1]))),
        ("beyond the address space", |t| t.steps[0] = load(access(0, 0, &[isize::MAX, 1]))),
        ("has 1 strides over 2 axes", |t| t.steps[0] = load(access(0, 0, &[1]))),
        ("a domain has more than", |t| t.dims = smallvec![usize::MAX, 5]),
        ("comes after its user", |t| t.steps.swap(0, 1)),
        ("another dtype", |t| t.steps[0].dtype = DType::Bool),
        ("another dtype", |t| t.steps[1].dtype = DType::F64),
        ("another dtype", |t| t.steps[1].kind = StepKind::Apply(&kernels::ADD, smallvec![Operand(0)])),
        ("no row axes", |t| t.steps[1].level = TileLevel::Row),
        ("3 row axes", |t| t.row_axes = Some(3)),
        ("strides within the row", |t| {
            t.row_axes = Some(1);
            t.steps[0].level = TileLevel::Row;
        }),
        ("level", |t| {
            t.row_axes = Some(1);
            t.steps[1].level = TileLevel::Row;
        }),
        ("level", |t| {
            t.row_axes = Some(1);
            t.steps[1].kind = StepKind::Reduce(RowReduce::Sum, Operand(0));
        }),
        ("level", |t| t.steps[1].kind = StepKind::Expand(Operand(0))),
        ("dtype", |t| {
            t.steps[1] = Step {
                kind: StepKind::Generate(&kernels::UNIFORM, [0, 0], None),
                dtype: DType::I64,
                level: TileLevel::Full,
            };
        }),
        ("step 9, which does not exist", |t| t.stores[0].0 = Operand(9)),
        ("slot 1, which is not writable", |t| t.stores[0].1 = access(1, 0, &[5, 1])),
        ("writes an element twice", |t| t.stores[0].1 = access(0, 400, &[1, 1])),
        ("writes an element twice", |t| t.stores[0].1 = access(0, 400, &[0, 1])),
        ("overlaps what is loaded", |t| t.stores[0].1 = access(0, 4, &[5, 1])),
        ("overlaps what is loaded", |t| t.stores[0].1 = access(0, 0, &[1, 4])),
        ("overlaps what is loaded", |t| {
            t.steps[0] = load(access(0, 0, &[10, 2]));
            t.stores[0].1 = access(0, 0, &[10, 2]);
        }),
        ("overlaps what is loaded", |t| {
            t.steps[0] = load(access(0, 0, &[0, 1]));
            t.stores[0].1 = access(0, 0, &[5, 1]);
        }),
        ("overlaps what is loaded", |t| {
            t.accumulate.push(Accumulate { source: Operand(1), access: access(0, 40, &[0, 1]), max: false });
        }),
        ("overlap and one is written", |t| t.stores.push((Operand(0), access(0, 440, &[5, 1])))),
        ("overlap and one is written", |t| {
            t.accumulate.push(Accumulate { source: Operand(1), access: access(0, 400, &[0, 0]), max: false });
        }),
        ("writes an element twice", |t| {
            t.accumulate.push(Accumulate { source: Operand(1), access: access(0, 600, &[1, 1]), max: false });
        }),
        ("an accumulation of bool", |t| {
            t.steps[1] = Step { dtype: DType::Bool, ..load(access(0, 0, &[5, 1])) };
            t.stores.clear();
            t.accumulate.push(Accumulate { source: Operand(1), access: access(0, 600, &[0, 1]), max: false });
        }),
        ("no scratch memory", |t| {
            t.accumulate.push(Accumulate { source: Operand(1), access: access(0, 600, &[1, 4]), max: false });
        }),
    ];
    assert!(Machine::new(vec![Instr::tile(negation())], vec![], 1000, Level::detect()).is_ok());
    for (message, spoil) in cases {
        let mut builder = negation();
        spoil(&mut builder);
        let what = refused(Instr::tile(builder));
        assert!(what.contains(message), "{what:?} is not {message:?}");
    }
}

#[test]
fn scratch_memory_that_overlaps() {
    let mut builder = negation();
    builder.accumulate.push(Accumulate { source: Operand(1), access: access(0, 600, &[1, 4]), max: false });
    for (place, message) in [
        (arena(64), "the scratch memory overlaps"),
        (arena(448), "overlap and one is written"),
        (arena(584), "not aligned"),
        (arena(640), "overlap and one is written"),
        (arena(960), "bytes 960..1088"),
        (Place { slot: 1, offset: 0 }, "bytes 0..128 of slot 1"),
    ] {
        let mut instr = Instr::tile(builder.clone());
        assert_eq!(instr.scratch_bytes(), 128);
        instr.set_scratch(place);
        let what = refused(instr);
        assert!(what.contains(message), "{what:?} is not {message:?}");
    }
}

#[test]
fn products_that_make_no_sense() {
    let gemm = |c| Gemm::new(DType::F32, Level::detect(), 4, 3, 5, [3, 1], [5, 1], c);
    let batch = |c: [isize; 2], at: usize, stride: isize| BatchedGemm {
        gemm: gemm(c),
        batch: smallvec![2],
        a: (arena(0), smallvec![0]),
        b: (arena(48), smallvec![15]),
        c: (arena(at), smallvec![stride]),
        alpha: 1.0,
        beta: 0.0,
    };
    let valid = Instr::Gemm(Box::new(batch([5, 1], 200, 20)));
    assert!(Machine::new(vec![valid], vec![], 360, Level::detect()).is_ok());
    let mut rank = batch([5, 1], 200, 20);
    rank.b.1.push(3);
    let mut large = batch([5, 1], 200, 20);
    large.gemm.k = usize::MAX;
    for (batch, message) in [
        (batch([5, 1], 844, 20), "bytes 844..1004"),
        (batch([5, 1], 160, 20), "overlap and one is written"),
        (batch([5, 1], 200, 19), "write an element twice"),
        (batch([5, 0], 200, 20), "write an element twice"),
        (batch([5, 1], 202, 20), "not aligned"),
        (rank, "another number of batch strides"),
        (large, "too large"),
    ] {
        let what = refused(Instr::Gemm(Box::new(batch)));
        assert!(what.contains(message), "{what:?} is not {message:?}");
    }
    // The description is made anew from the fields.
    let mut changed = batch([5, 1], 200, 20);
    changed.gemm.m = 2;
    assert!(Machine::new(vec![Instr::Gemm(Box::new(changed))], vec![], 360, Level::detect()).is_ok());
}

#[derive(Debug)]
struct Nothing;

impl Call for Nothing {
    fn call(&self, _: &[Slice<'_>], _: SliceMut<'_>) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn other_instructions_that_make_no_sense() {
    let gather = Gather {
        dtype: DType::F32,
        table: arena(0),
        rows: 10,
        width: 4,
        index: arena(160),
        count: 5,
        output: arena(200),
    };
    let scatter = ScatterAdd {
        dtype: DType::F32,
        source: arena(0),
        index: arena(80),
        count: 5,
        width: 4,
        rows: 10,
        output: arena(200),
    };
    let call = |input, output| {
        Instr::Call(CallInstr {
            call: Arc::new(Nothing),
            inputs: smallvec![(arena(input), 10, DType::F64)],
            output: (arena(output), 10, DType::F64),
        })
    };
    let valid = vec![Instr::Gather(gather), Instr::ScatterAdd(scatter), call(0, 80)];
    assert!(Machine::new(valid, vec![], 360, Level::detect()).is_ok());
    for (instr, message) in [
        (Instr::Gather(Gather { rows: 13, ..gather }), "overlap and one is written"),
        (Instr::Gather(Gather { output: arena(956), ..gather }), "bytes 956..1036"),
        (Instr::Gather(Gather { rows: usize::MAX, ..gather }), "of slot 0"),
        (Instr::Gather(Gather { width: usize::MAX, ..gather }), "of slot 0"),
        (Instr::Gather(Gather { index: arena(164), ..gather }), "not aligned"),
        (Instr::Gather(Gather { index: Place { slot: 1, offset: 64 }, ..gather }), "bytes 64..104 of slot 1"),
        (Instr::ScatterAdd(ScatterAdd { dtype: DType::Bool, ..scatter }), "a sum of bool"),
        (Instr::ScatterAdd(ScatterAdd { output: arena(40), ..scatter }), "overlap and one is written"),
        (Instr::ScatterAdd(ScatterAdd { rows: 1000, ..scatter }), "of slot 0"),
        (Instr::CheckIndex(CheckIndex { index: arena(0), count: 126, bound: 3 }), "bytes 0..1008"),
        (call(0, 72), "overlap and one is written"),
        (call(0, 84), "not aligned"),
        (call(928, 0), "bytes 928..1008"),
    ] {
        let what = refused(instr);
        assert!(what.contains(message), "{what:?} is not {message:?}");
    }
}

#[test]
fn a_level_that_the_machine_lacks() {
    for level in [Level::Portable, Level::Avx2, Level::Avx512] {
        let made = Machine::new(vec![], vec![], 0, level);
        assert_eq!(made.is_ok(), Level::available().contains(&level));
    }
}

#[test]
#[should_panic(expected = "slot 1 takes 100 bytes, not 99")]
fn a_buffer_that_is_too_small() {
    let slots = vec![SlotSpec { bytes: 100, writable: false }];
    let mut machine = Machine::new(vec![], slots, 0, Level::detect()).unwrap();
    let buffer = Buffer::zeroed(99);
    machine.session().read(1, &buffer);
}

#[test]
#[should_panic(expected = "slot 1 is written to")]
fn a_shared_buffer_for_a_slot_that_is_written() {
    let slots = vec![SlotSpec { bytes: 100, writable: true }];
    let mut machine = Machine::new(vec![], slots, 0, Level::detect()).unwrap();
    let buffer = Buffer::zeroed(100);
    machine.session().read(1, &buffer);
}

/// Spoils one number of a program.
fn spoil(builder: &mut TileBuilder, random: &mut Random) {
    let by = random.pick(&[-1000, -8, -4, -1, 1, 2, 4, 8, 64, 5000]);
    let mut count = 0;
    builder_numbers(builder, &mut |_| count += 1);
    let (chosen, mut at) = (random.below(count), 0);
    builder_numbers(builder, &mut |number| {
        if at == chosen {
            *number = number.wrapping_add(by);
        }
        at += 1;
    });
}

/// All lengths, strides and offsets.
fn builder_numbers(builder: &mut TileBuilder, f: &mut dyn FnMut(&mut isize)) {
    let mut unsigned = |number: &mut usize| {
        let mut signed = *number as isize;
        f(&mut signed);
        *number = signed.unsigned_abs();
    };
    builder.dims.iter_mut().for_each(&mut unsigned);
    let loads = builder.steps.iter_mut().filter_map(|step| match &mut step.kind {
        StepKind::Load(access) => Some(access),
        _ => None,
    });
    let stores = builder.stores.iter_mut().map(|store| &mut store.1);
    let targets = builder.accumulate.iter_mut().map(|sum| &mut sum.access);
    let accesses: Vec<&mut Access> = loads.chain(stores).chain(targets).collect();
    for access in accesses {
        let mut offset = access.place.offset as isize;
        f(&mut offset);
        access.place.offset = offset.unsigned_abs();
        access.strides.iter_mut().for_each(&mut *f);
    }
}

/// Programs with one wrong number are refused, or stay within their memory.
#[test]
fn spoiled_programs_stay_within_their_slots() {
    const GUARD: usize = 1 << 15;
    let (mut refused, mut run) = (0, 0);
    for seed in 0..3000 {
        let mut random = Random(seed);
        let (mut builder, mut memory): (TileBuilder, Memory) = program(&mut random, 300);
        memory.iter_mut().for_each(|bytes| bytes.resize(bytes.len().next_multiple_of(8), 0));
        spoil(&mut builder, &mut random);
        if builder.dims.iter().product::<usize>() > 1 << 20 {
            continue;
        }
        let instr = instr(&builder, &mut memory);
        let sizes: Vec<usize> = memory.iter().map(Vec::len).collect();
        let slots = (1..3).map(|slot| SlotSpec { bytes: sizes[slot], writable: slot == 1 }).collect();
        let Ok(mut machine) = Machine::new(vec![instr], slots, sizes[0], Level::detect()) else {
            refused += 1;
            continue;
        };
        run += 1;
        memory.iter_mut().for_each(|bytes| bytes.resize(bytes.len() + GUARD, 0xA5));
        let (mut one, two) = (buffer(&memory[1]), buffer(&memory[2]));
        let mut session = machine.session();
        session.write(1, &mut one);
        session.read(2, &two);
        session.run().unwrap();
        let guard = &one.as_slice::<i64>(DType::I64)[sizes[1] / 8..];
        assert!(guard.iter().all(|word| word.to_ne_bytes() == [0xA5; 8]), "seed {seed}");
    }
    assert!(refused > 300 && run > 300, "{refused} refused, {run} run");
}
