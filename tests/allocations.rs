//! A replayed step allocates nothing; one that is recorded again, nothing for a node.

#![allow(unsafe_code)] // A counting allocator can be made in no other way.

use chainrule::prelude::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes every call on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn a_replayed_step_allocates_nothing() {
    let mut params = Params::seeded(3);
    let net = nn::Sequential::new(&mut params.root(), |net| {
        net.linear(20, 300)
            .batch_norm(300)
            .relu()
            .dropout(0.1)
            .linear(300, 200)
            .gelu()
            .layer_norm(200)
            .linear(200, 10)
    });
    let optimizer = optim::adamw(1e-3).clip_norm(1.0).schedule(optim::cosine(1000, 0.1));
    let mut step = TrainStep::new(optimizer, |[x, labels]| net.forward(x).cross_entropy(labels));
    let data = Tape::new();
    let x = data.normal([128, 20], DType::F32).value().unwrap();
    let labels = (data.uniform([128], DType::F32) * 10.0).cast(DType::I64).value().unwrap();
    let short = (x.rows(0..50).unwrap(), labels.rows(0..50).unwrap());
    for _ in 0..3 {
        step.run(&mut params, [&x, &labels]).unwrap();
        step.run(&mut params, [&short.0, &short.1]).unwrap();
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let mut loss = 0.0;
    for _ in 0..50 {
        loss += step.run(&mut params, [&x, &labels]).unwrap();
        loss += step.run(&mut params, [&short.0, &short.1]).unwrap();
    }
    let after = ALLOCATIONS.load(Ordering::Relaxed);
    assert!(loss.is_finite());
    assert_eq!(after - before, 0, "allocations in 100 steps");
}

/// The allocations of a step with so many layers, recorded anew after the same step.
fn allocations_of_a_recorded_step(layers: usize) -> usize {
    let mut params = Params::seeded(3);
    let linear = nn::Linear::new(&mut params.root(), 8, 8);
    let optimizer = optim::adam(1e-3);
    optimizer.prepare(&mut params).unwrap();
    let x = Tape::new().normal([4, 8], DType::F32).value().unwrap();
    let mut tape = Tape::with(&params);
    let mut step = || {
        {
            let h = (0..layers).fold(tape.var(&x), |h, _| linear.forward(h).gelu().softmax(-1));
            let loss = h.square().sum(..);
            optimizer.record(&tape, tape.param_grads(loss).unwrap()).unwrap();
            tape.commit(&mut params).unwrap();
            assert!(loss.item().unwrap().is_finite());
        }
        tape.clear_with(&params);
    };
    // Three sets of values take turns in their memory.
    (0..5).for_each(|_| step());
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    step();
    ALLOCATIONS.load(Ordering::Relaxed) - before
}

fn a_recorded_step_allocates_nothing_for_a_node() {
    let [short, long] = [2, 40].map(allocations_of_a_recorded_step);
    // A few for each step, some of which grow.
    assert!(long < short + 10, "{short} allocations, and {long} with 20 times the nodes");
}

/// Without the test harness, whose own thread allocates at moments of its choosing.
fn main() {
    a_replayed_step_allocates_nothing();
    println!("a_replayed_step_allocates_nothing ... ok");
    a_recorded_step_allocates_nothing_for_a_node();
    println!("a_recorded_step_allocates_nothing_for_a_node ... ok");
}
