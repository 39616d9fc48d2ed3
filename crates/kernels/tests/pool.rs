//! Regions, help, panics, nesting and rivals, with fewer and with more threads than cores.

use chainrule_kernels::pool::Pool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

/// The text of a caught panic.
fn text(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<&str>() {
        Ok(text) => text.to_string(),
        Err(panic) => *panic.downcast::<String>().expect("a panic with a text"),
    }
}

#[test]
fn workers_come_by_themselves() {
    for threads in [1, 2, 4] {
        let pool = Pool::new(threads);
        assert_eq!(pool.threads(), threads);
        for limit in [0, 1, 2, 3, 4, 100] {
            let expected = threads.min(limit).max(1);
            let calls: Vec<AtomicUsize> = (0..threads).map(|_| AtomicUsize::new(0)).collect();
            pool.run(
                limit,
                &|number, _| {
                    calls[number].fetch_add(1, SeqCst);
                },
                |region| {
                    assert_eq!(region.threads, expected);
                    region.wait(|| calls[1..expected].iter().all(|calls| calls.load(SeqCst) > 0));
                },
            );
            let calls: Vec<usize> = calls.into_iter().map(AtomicUsize::into_inner).collect();
            assert!(
                calls.iter().enumerate().all(|(i, &n)| (n > 0) == (1..expected).contains(&i)),
                "{calls:?}"
            );
        }
    }
}

#[test]
fn nobody_is_inside_after_a_region() {
    for threads in [2, 4] {
        let pool = Pool::new(threads);
        for round in 0..500 {
            let (inside, open, calls) = (AtomicUsize::new(0), AtomicBool::new(true), AtomicUsize::new(0));
            pool.run(
                threads,
                &|_, _| {
                    inside.fetch_add(1, SeqCst);
                    calls.fetch_add(1, SeqCst);
                    assert!(open.load(SeqCst));
                    inside.fetch_sub(1, SeqCst);
                },
                |region| {
                    region.announce(round);
                    region.wait(|| calls.load(SeqCst) > 0 || round % 2 == 0);
                },
            );
            open.store(false, SeqCst);
            assert_eq!(inside.into_inner(), 0);
        }
    }
}

#[test]
fn parked_workers_wake() {
    let pool = Pool::new(2);
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(5));
        let came = AtomicBool::new(false);
        pool.run(2, &|_, _| came.store(true, SeqCst), |region| region.wait(|| came.load(SeqCst)));
    }
}

#[test]
fn the_caller_needs_nobody() {
    // Both workers are held up: regions go on without them.
    let pool = Pool::new(3);
    let held = AtomicUsize::new(0);
    for _ in 0..100 {
        let done = pool.run(
            3,
            &|_, _| {
                if held.fetch_add(1, SeqCst) < 2 {
                    thread::sleep(Duration::from_millis(20));
                }
            },
            |_| 7,
        );
        assert_eq!(done, 7);
    }
}

#[test]
fn panics_reach_the_caller() {
    for threads in [2, 4] {
        let pool = Pool::new(threads);
        for _ in 0..3 {
            let panic = catch_unwind(AssertUnwindSafe(|| {
                pool.run(threads, &|_, _| panic!("a worker"), |region| region.wait(|| region.is_poisoned()));
            }));
            assert_eq!(text(panic.expect_err("a panic")), "a worker");
            let panic =
                catch_unwind(AssertUnwindSafe(|| pool.run(threads, &|_, _| {}, |_| panic!("the caller"))));
            assert_eq!(text(panic.expect_err("a panic")), "the caller");
            // The pool works as before.
            let came = AtomicBool::new(false);
            pool.run(threads, &|_, _| came.store(true, SeqCst), |region| {
                assert!(!region.is_poisoned());
                region.wait(|| came.load(SeqCst));
            });
        }
    }
}

#[test]
fn regions_run_while_a_thread_unwinds() {
    struct Runs<'a>(&'a Pool, &'a AtomicUsize);
    impl Drop for Runs<'_> {
        fn drop(&mut self) {
            let came = AtomicBool::new(false);
            self.0.run(2, &|_, _| came.store(true, SeqCst), |region| region.wait(|| came.load(SeqCst)));
            self.1.fetch_add(1, SeqCst);
        }
    }
    let (pool, runs) = (Pool::new(2), AtomicUsize::new(0));
    for _ in 0..3 {
        let panic = catch_unwind(AssertUnwindSafe(|| {
            let _runs = Runs(&pool, &runs);
            panic!("the caller");
        }));
        assert_eq!(text(panic.expect_err("a panic")), "the caller");
    }
    assert_eq!(runs.into_inner(), 3);
}

#[test]
fn nested_regions_run_alone() {
    let pool = Pool::new(2);
    let threads = pool.run(2, &|_, _| {}, |outer| {
        assert_eq!(outer.threads, 2);
        pool.run(2, &|_, _| panic!("nobody helps inside"), |inner| inner.threads)
    });
    assert_eq!(threads, 1);
}

#[test]
fn rivals_never_wait() {
    let pool = Pool::new(2);
    let total = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let next = AtomicUsize::new(0);
                    let work = || {
                        while next.fetch_add(1, SeqCst) < 10 {
                            total.fetch_add(1, SeqCst);
                        }
                    };
                    pool.run(2, &|_, _| work(), |_| work());
                }
            });
        }
    });
    assert_eq!(total.into_inner(), 4 * 200 * 10);
}

#[test]
fn callers_that_meet_leave_each_other_a_core() {
    let cores = thread::available_parallelism().map_or(1, |n| n.get());
    let pool = Pool::new(cores.max(2));
    let threads = || pool.run(usize::MAX, &|_, _| {}, |region| region.threads);
    assert_eq!(threads(), pool.threads());
    pool.run(2, &|_, _| {}, |_| {
        // One that meets nobody because it is inside already, and one that does.
        threads();
        thread::scope(|scope| assert_eq!(scope.spawn(threads).join().expect("a thread"), 1));
    });
    for _ in 0..100 {
        assert_eq!(threads(), pool.threads() - 1);
    }
    for _ in 0..200 {
        threads();
    }
    assert_eq!(threads(), pool.threads());
}

#[test]
fn the_global_pool_is_one() {
    assert!(std::ptr::eq(Pool::global(), Pool::global()));
    assert!(Pool::global().threads() >= 1);
}
