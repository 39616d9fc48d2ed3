//! Regions, barriers, panics, nesting and rivals, with fewer and with more threads than cores.

use chainrule_kernels::pool::Pool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;

/// The text of a caught panic.
fn text(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<&str>() {
        Ok(text) => text.to_string(),
        Err(panic) => *panic.downcast::<String>().expect("a panic with a text"),
    }
}

#[test]
fn every_worker_runs_once() {
    for threads in [1, 2, 4] {
        let pool = Pool::new(threads);
        assert_eq!(pool.threads(), threads);
        for limit in [0, 1, 2, 3, 4, 100] {
            let expected = threads.min(limit).max(1);
            let runs: Vec<AtomicUsize> = (0..threads).map(|_| AtomicUsize::new(0)).collect();
            pool.run(limit, &|worker| {
                assert_eq!(worker.threads, expected);
                runs[worker.index].fetch_add(1, SeqCst);
            });
            let runs: Vec<usize> = runs.into_iter().map(AtomicUsize::into_inner).collect();
            assert!(runs.iter().enumerate().all(|(i, &n)| n == usize::from(i < expected)), "{runs:?}");
        }
    }
}

#[test]
fn many_regions_and_barriers() {
    for threads in [1, 2, 4] {
        let pool = Pool::new(threads);
        let total = AtomicUsize::new(0);
        for _ in 0..100 {
            // A chain of prefix sums: every phase reads what all threads wrote in the one before.
            let cells: Vec<AtomicUsize> = (0..threads).map(|_| AtomicUsize::new(1)).collect();
            pool.run(threads, &|worker| {
                for _ in 0..5 {
                    let sum: usize = cells.iter().map(|c| c.load(SeqCst)).sum();
                    worker.barrier();
                    cells[worker.index].store(sum, SeqCst);
                    worker.barrier();
                }
            });
            assert!(cells.iter().all(|c| c.load(SeqCst) == threads.pow(5)));
            total.fetch_add(1, SeqCst);
        }
        assert_eq!(total.into_inner(), 100);
    }
}

#[test]
fn parked_workers_wake() {
    let pool = Pool::new(2);
    for _ in 0..5 {
        thread::sleep(std::time::Duration::from_millis(2));
        let runs = AtomicUsize::new(0);
        pool.run(2, &|_| {
            runs.fetch_add(1, SeqCst);
        });
        assert_eq!(runs.into_inner(), 2);
    }
}

#[test]
fn panics_reach_the_caller() {
    for threads in [1, 2, 4] {
        let pool = Pool::new(threads);
        for guilty in 0..threads {
            for at_barrier in [false, true] {
                let passed = AtomicBool::new(false);
                let result = catch_unwind(AssertUnwindSafe(|| {
                    pool.run(threads, &|worker| {
                        worker.barrier();
                        if worker.index == guilty {
                            panic!("worker {guilty}");
                        }
                        if at_barrier {
                            worker.barrier();
                            passed.store(true, SeqCst);
                        }
                    });
                }));
                assert_eq!(text(result.unwrap_err()), format!("worker {guilty}"));
                assert!(!passed.into_inner(), "a barrier let a thread pass without the one that panicked");
            }
        }
        let runs = AtomicUsize::new(0);
        pool.run(threads, &|worker| {
            worker.barrier();
            runs.fetch_add(1, SeqCst);
        });
        assert_eq!(runs.into_inner(), threads, "the pool works after a panic");
    }
}

#[test]
fn nested_regions_run_inline() {
    let pool = Pool::new(2);
    let runs = AtomicUsize::new(0);
    pool.run(2, &|outer| {
        let thread = thread::current().id();
        pool.run(2, &|worker| {
            assert_eq!((worker.index, worker.threads), (0, 1));
            assert_eq!(thread::current().id(), thread);
            worker.barrier();
            runs.fetch_add(1, SeqCst);
        });
        outer.barrier();
        assert_eq!(runs.load(SeqCst), 2);
    });
}

#[test]
fn rivals_never_wait() {
    let pool = Pool::new(2);
    let (inside, done) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            pool.run(2, &|_| {
                inside.store(true, SeqCst);
                while !done.load(SeqCst) {
                    thread::yield_now();
                }
            });
        });
        while !inside.load(SeqCst) {
            thread::yield_now();
        }
        // The other region lasts until this one has run.
        pool.run(2, &|worker| assert_eq!(worker.threads, 1));
        done.store(true, SeqCst);
    });
    // And many at once.
    let sum = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    pool.run(2, &|worker| {
                        worker.barrier();
                        if worker.index == 0 {
                            sum.fetch_add(1, SeqCst);
                        }
                    });
                }
            });
        }
    });
    assert_eq!(sum.into_inner(), 400);
}

#[test]
fn the_global_pool_is_one() {
    assert!(std::ptr::eq(Pool::global(), Pool::global()));
    assert!(Pool::global().threads() >= 1);
}
