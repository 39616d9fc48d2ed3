//! Faults: which one is reported, and what no longer runs.

use crate::instr::{arena, binary};
use crate::tile::pools;
use chainrule_kernels::machine::{
    Call, CallInstr, CheckIndex, Gather, Instr, Machine, Place, ScatterAdd, Slice, SliceMut, SlotSpec,
};
use chainrule_kernels::pool::Pool;
use chainrule_kernels::{Buffer, DType, Level, pointwise};
use smallvec::smallvec;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const N: usize = 200_000;

/// Some work on the arena, checks that fail, and an update of a buffer of the caller's.
fn program(instrs: Vec<Instr>) -> Machine {
    let parameter = Place { slot: 1, offset: 0 };
    let mut all = vec![binary(&pointwise::ADD, N, [arena(0), arena(0), arena(4 * N)])];
    all.extend(instrs);
    all.push(binary(&pointwise::ADD, N, [parameter, arena(0), parameter]));
    let slots = vec![SlotSpec { bytes: 4 * N, writable: true }];
    let mut machine = Machine::new(all, slots, 8 * N + 8000, Level::detect()).unwrap();
    machine.write(0, &vec![1f32; N]);
    let mut index = vec![3i64; 100];
    (index[40], index[50], index[60]) = (12, -1, i64::MAX);
    machine.write(8 * N, &index);
    assert!(machine.is_parallel());
    machine
}

fn index() -> Place {
    arena(8 * N)
}

#[test]
fn the_first_fault_is_reported_and_later_updates_do_not_run() {
    let gather = |output| Gather {
        dtype: DType::F32,
        table: arena(0),
        rows: 12,
        width: 2,
        index: index(),
        count: 100,
        output: arena(8 * N + output),
    };
    let scatter = ScatterAdd {
        dtype: DType::F32,
        source: arena(0),
        index: index(),
        count: 100,
        width: 1,
        rows: 12,
        output: arena(8 * N + 4000),
    };
    let check = |bound| Instr::CheckIndex(CheckIndex { index: index(), count: 100, bound });
    let cases: Vec<(Vec<Instr>, usize, &str)> = vec![
        (vec![check(12)], 1, "index 12 at position 40 is outside 0..12"),
        (vec![check(13), check(12)], 1, "index -1 at position 50 is outside 0..13"),
        (vec![Instr::Gather(gather(1000)), check(3)], 1, "index 12 at position 40 is outside 0..12"),
        (vec![Instr::ScatterAdd(scatter), check(3)], 1, "index 12 at position 40 is outside 0..12"),
    ];
    for (instrs, instr, what) in cases {
        let mut machine = program(instrs);
        for threads in [1, 2, 4] {
            let mut parameter = Buffer::zeroed(4 * N);
            machine.set_threads(threads);
            for _ in 0..20 {
                let mut session = machine.session();
                session.write(1, &mut parameter);
                let fault = session.run_with(&pools()[1]).unwrap_err();
                assert_eq!((fault.instr, fault.what.as_str()), (instr, what));
            }
            assert!(parameter.as_slice::<f32>(DType::F32).iter().all(|&x| x == 0.0), "not updated");
        }
        // Mended data runs.
        machine.write(8 * N, &[2i64; 100]);
        let mut parameter = Buffer::zeroed(4 * N);
        let mut session = machine.session();
        session.write(1, &mut parameter);
        session.run_with(&pools()[1]).unwrap();
        assert!(parameter.as_slice::<f32>(DType::F32).iter().all(|&x| x == 1.0));
    }
}

#[test]
fn a_fault_in_a_shared_gather_is_its_first() {
    let (rows, width, count) = (50, 64, 20_000);
    let gather = Gather {
        dtype: DType::F32,
        table: arena(0),
        rows,
        width,
        index: arena(4 * rows * width),
        count,
        output: arena(4 * rows * width + 8 * count),
    };
    let bytes = 4 * rows * width + 8 * count + 4 * count * width;
    let mut machine = Machine::new(vec![Instr::Gather(gather)], vec![], bytes, Level::detect()).unwrap();
    assert!(machine.is_parallel());
    let mut index = vec![0i64; count];
    (index[7_000], index[12_000], index[19_999]) = (50, 51, 52);
    machine.write(4 * rows * width, &index);
    for pool in [&Pool::new(1), &pools()[0], &pools()[1]] {
        for _ in 0..20 {
            let fault = machine.session().run_with(pool).unwrap_err();
            assert_eq!(fault.to_string(), "instruction 0: index 50 at position 7000 is outside 0..50");
        }
    }
}

#[test]
fn an_unbound_slot_is_a_fault() {
    let mut machine = program(vec![]);
    let fault = machine.session().run().unwrap_err();
    assert_eq!((fault.instr, fault.what.as_str()), (1, "slot 1 is not bound"));
}

#[derive(Debug)]
struct Panics;

impl Call for Panics {
    fn call(&self, _: &[Slice<'_>], _: SliceMut<'_>) -> Result<(), String> {
        panic!("oh")
    }
}

#[test]
fn a_panic_passes_through_and_leaves_the_machine_usable() {
    let call = CallInstr {
        call: Arc::new(Panics),
        inputs: smallvec![(arena(0), 1, DType::F32)],
        output: (arena(8 * N + 4000), 1, DType::F32),
    };
    let mut machine = program(vec![Instr::Call(call)]);
    for _ in 0..5 {
        let mut parameter = Buffer::zeroed(4 * N);
        let run = catch_unwind(AssertUnwindSafe(|| {
            let mut session = machine.session();
            session.write(1, &mut parameter);
            session.run_with(&pools()[1])
        }));
        assert_eq!(*run.unwrap_err().downcast::<&str>().unwrap(), "oh");
        assert!(parameter.as_slice::<f32>(DType::F32).iter().all(|&x| x == 0.0));
    }
}

/// Panics on a worker's thread. The caller's waits for that, though not forever.
#[derive(Debug)]
struct PanicsOnWorkers(Arc<AtomicBool>);

impl Call for PanicsOnWorkers {
    fn call(&self, _: &[Slice<'_>], _: SliceMut<'_>) -> Result<(), String> {
        if thread::current().name().is_some_and(|name| name.starts_with("chainrule-")) {
            self.0.store(true, Ordering::SeqCst);
            panic!("oh")
        }
        let start = Instant::now();
        while !self.0.load(Ordering::SeqCst) && start.elapsed() < Duration::from_millis(200) {
            thread::yield_now();
        }
        Ok(())
    }
}

#[test]
fn nothing_runs_after_a_panic_of_a_worker() {
    let met = Arc::new(AtomicBool::new(false));
    let call = |output| {
        Instr::Call(CallInstr {
            call: Arc::new(PanicsOnWorkers(Arc::clone(&met))),
            inputs: smallvec![(arena(0), 1, DType::F32)],
            output: (arena(8 * N + output), 1, DType::F32),
        })
    };
    // One task each, so that the caller has one while the worker has the other.
    let mut machine = program(vec![call(4000), call(4004)]);
    for _ in 0..10 {
        met.store(false, Ordering::SeqCst);
        let mut parameter = Buffer::zeroed(4 * N);
        let run = catch_unwind(AssertUnwindSafe(|| {
            let mut session = machine.session();
            session.write(1, &mut parameter);
            session.run_with(&pools()[0])
        }));
        if met.load(Ordering::SeqCst) {
            assert_eq!(*run.unwrap_err().downcast::<&str>().unwrap(), "oh");
            assert!(parameter.as_slice::<f32>(DType::F32).iter().all(|&x| x == 0.0), "not updated");
        }
    }
}
