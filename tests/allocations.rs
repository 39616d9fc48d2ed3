//! A replayed step allocates nothing.

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

/// Without the test harness, whose own thread allocates at moments of its choosing.
fn main() {
    a_replayed_step_allocates_nothing();
    println!("a_replayed_step_allocates_nothing ... ok");
}
