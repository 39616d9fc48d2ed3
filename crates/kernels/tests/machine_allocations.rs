//! A run allocates nothing, on any thread.

use chainrule_kernels::gemm::Gemm;
use chainrule_kernels::machine::{
    Access, Accumulate, BatchedGemm, BlockCall, CheckIndex, Gather, Instr, Machine, Operand, Place,
    RowReduce, Slice, SliceMut, SlotSpec, Step, StepKind, TileBuilder, TileLevel,
};
use chainrule_kernels::pointwise as kernels;
use chainrule_kernels::pool::Pool;
use chainrule_kernels::{Buffer, DType, Level};
use smallvec::smallvec;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator, with a look at how often it is asked.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[derive(Debug)]
struct Copy;

impl BlockCall for Copy {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) {
        if let ([Slice::F32(x)], SliceMut::F32(y)) = (inputs, output) {
            y.copy_from_slice(x);
        }
    }
}

/// An instruction of every kind, over `n` by `n` matrices in the arena, slot 1 (read) and slot 2 (written).
fn program(n: usize) -> (Vec<Instr>, usize) {
    let bytes = 4 * n * n;
    let view = |slot, offset, strides: [isize; 2]| Access {
        place: Place { slot, offset },
        strides: strides.into_iter().collect(),
    };
    let (dense, across) = ([n as isize, 1], [1, n as isize]);
    let full = |kind| Step { kind, dtype: DType::F32, level: TileLevel::Full };
    let row = |kind| Step { kind, dtype: DType::F32, level: TileLevel::Row };
    let mut tile = Instr::tile(TileBuilder {
        dims: smallvec![n, n],
        row_axes: Some(1),
        steps: vec![
            full(StepKind::Load(view(1, 0, across))),
            full(StepKind::Load(view(1, 0, [0, 1]))),
            full(StepKind::Generate(&kernels::UNIFORM, [1, 2], None)),
            full(StepKind::Apply(&kernels::FMA, smallvec![Operand(0), Operand(1), Operand(2)])),
            row(StepKind::Reduce(RowReduce::Sum, Operand(3))),
            full(StepKind::Expand(Operand(4))),
            full(StepKind::Custom(Arc::new(Copy), smallvec![Operand(5)])),
        ],
        stores: vec![(Operand(6), view(0, 0, across)), (Operand(3), view(0, bytes, dense))],
        accumulate: vec![
            Accumulate { source: Operand(3), access: view(0, 2 * bytes, [0, 1]), max: false },
            Accumulate { source: Operand(4), access: view(0, 2 * bytes + 4 * n, [0, 0]), max: true },
        ],
    });
    let scratch = (2 * bytes + 8 * n).next_multiple_of(64);
    tile.set_scratch(Place { slot: 0, offset: scratch });
    let place = |offset| Place { slot: 0, offset };
    let gemm = BatchedGemm {
        gemm: Gemm::new(DType::F32, Level::detect(), n, n, n, across, dense, dense),
        batch: smallvec![],
        a: (place(0), smallvec![]),
        b: (place(bytes), smallvec![]),
        c: (Place { slot: 2, offset: 0 }, smallvec![]),
        alpha: 1.0,
        beta: 1.0,
    };
    let index = Place { slot: 3, offset: 0 };
    let gather = Gather {
        dtype: DType::F32,
        table: Place { slot: 1, offset: 0 },
        rows: n,
        width: n,
        index,
        count: n,
        output: place(0),
    };
    let arena = scratch + tile.scratch_bytes();
    let check = Instr::CheckIndex(CheckIndex { index, count: n, bound: n });
    (vec![check, tile, Instr::Gemm(Box::new(gemm)), Instr::Gather(gather)], arena)
}

fn runs_allocate_nothing() {
    let pools = [Pool::new(1), Pool::new(2), Pool::new(4)];
    for pool in &pools {
        // A thread that starts allocates: until each has come once.
        let came: Vec<AtomicBool> = (0..pool.threads()).map(|_| AtomicBool::new(false)).collect();
        pool.run(pool.threads(), &|number, _| came[number].store(true, Ordering::Relaxed), |region| {
            region.wait(|| came[1..].iter().all(|came| came.load(Ordering::Relaxed)));
        });
    }
    for n in [10, 600] {
        let (instrs, arena) = program(n);
        let slot = |writable| SlotSpec { bytes: 4 * n * n, writable };
        let slots = vec![slot(false), slot(true), SlotSpec { bytes: 8 * n, writable: false }];
        let mut machine = Machine::new(instrs, slots, arena, Level::detect()).unwrap();
        assert_eq!(machine.is_parallel(), n > 10);
        let (x, mut y) = (Buffer::zeroed(4 * n * n), Buffer::zeroed(4 * n * n));
        let index = Buffer::zeroed(8 * n);
        for pool in &pools {
            // The first run of a number of threads may make their workspaces.
            for round in 0..10 {
                let before = ALLOCATIONS.load(Ordering::Relaxed);
                let mut session = machine.session();
                session.read(1, &x);
                session.write(2, &mut y);
                session.read(3, &index);
                session.run_with(pool).unwrap();
                let made = ALLOCATIONS.load(Ordering::Relaxed) - before;
                assert!(round == 0 || made == 0, "{made} allocations with {} threads", pool.threads());
            }
        }
    }
}

/// Without the test harness, whose own thread allocates at moments of its choosing.
fn main() {
    runs_allocate_nothing();
    println!("runs_allocate_nothing ... ok");
}
