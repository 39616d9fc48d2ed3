//! The other instructions against obvious twins, and programs of many of them.

use crate::random::Random;
use crate::tile::pools;
use chainrule_kernels::gemm::Gemm;
use chainrule_kernels::machine::{
    Access, BatchedGemm, Call, CallInstr, CheckIndex, Gather, Instr, Machine, Operand, Place, ScatterAdd,
    Slice, SliceMut, SlotSpec, Step, StepKind, TileBuilder, TileLevel,
};
use chainrule_kernels::pool::Pool;
use chainrule_kernels::{DType, Level, pointwise};
use smallvec::smallvec;
use std::ops::Range;
use std::sync::Arc;

pub fn arena(offset: usize) -> Place {
    Place { slot: 0, offset }
}

/// A machine of the arena alone, and what it holds after a run with each number of threads.
fn run(make: impl Fn() -> Vec<Instr>, before: &[f32], level: Level) -> Vec<f32> {
    let mut results: Vec<Vec<f32>> = Vec::new();
    for threads in [1, 2, 4] {
        let mut machine = Machine::new(make(), vec![], 4 * before.len(), level).unwrap();
        machine.write(0, before);
        machine.set_threads(threads);
        machine.session().run_with(&pools()[(threads > 2) as usize]).unwrap();
        results.push(machine.read(0, before.len()).to_vec());
    }
    assert!(results[0] == results[1] && results[0] == results[2]);
    results.swap_remove(0)
}

fn integers(n: usize, seed: u64) -> Vec<f32> {
    let mut random = Random(seed);
    (0..n).map(|_| random.below(9) as f32 - 4.0).collect()
}

#[test]
fn products_of_batches() {
    let mut random = Random(1);
    for &level in Level::available() {
        for _ in 0..60 {
            let [m, k, n] = [0; 3].map(|_| random.below(20));
            let batch = [1 + random.below(4), 1 + random.below(5)];
            let all = batch[0] * batch[1];
            // A is shared along the first batch axis; B is transposed; C's batches are interleaved backwards.
            let sizes = [batch[1] * m * k, all * k * n, all * m * n];
            let at = [0, sizes[0], sizes[0] + sizes[1]];
            let before = integers(sizes.iter().sum::<usize>(), random.below(1000) as u64);
            let (alpha, beta) = (random.pick(&[1.0, 2.0]), random.pick(&[0.0, 1.0, -1.0]));
            let strides = [[k, 1], [1, k], [n, 1]].map(|s| s.map(|s| s as isize));
            let make = || {
                let [a, b, c] = strides;
                let batched = BatchedGemm {
                    gemm: Gemm::new(DType::F32, level, m, k, n, a, b, c),
                    batch: batch.into_iter().collect(),
                    a: (arena(0), smallvec![0, (m * k) as isize]),
                    b: (arena(4 * at[1]), smallvec![(batch[1] * k * n) as isize, (k * n) as isize]),
                    c: (
                        arena(4 * (at[2] + (batch[0] - 1) * m * n)),
                        smallvec![-((m * n) as isize), (batch[0] * m * n) as isize],
                    ),
                    alpha,
                    beta,
                };
                vec![Instr::Gemm(Box::new(batched))]
            };
            let after = run(make, &before, level);
            let mut expected = before.clone();
            for (p, q) in (0..batch[0]).flat_map(|p| (0..batch[1]).map(move |q| (p, q))) {
                for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    let a = |l: usize| before[q * m * k + i * k + l];
                    let b = |l: usize| before[at[1] + (p * batch[1] + q) * k * n + j * k + l];
                    let c = at[2] + (batch[0] - 1 - p) * m * n + q * batch[0] * m * n + i * n + j;
                    let sum: f32 = (0..k).map(|l| a(l) * b(l)).sum();
                    expected[c] =
                        alpha as f32 * sum + if beta == 0.0 { 0.0 } else { beta as f32 * before[c] };
                }
            }
            assert_eq!(after, expected);
        }
    }
}

#[test]
fn rows_by_index_and_back() {
    let mut random = Random(5);
    for (rows, width, count) in
        [(10, 3, 25), (1, 1, 1), (7, 1, 4000), (500, 64, 9000), (9, 400, 2000), (4, 5, 0)]
    {
        // The indices first, then table, gathered rows, and the rows added up.
        let index: Vec<i64> = (0..count).map(|_| random.below(rows) as i64).collect();
        let table = integers(rows * width, 2);
        let [a, b, c] = [8 * count, 8 * count + 4 * rows * width, 8 * count + 4 * (rows + count) * width];
        let make = || {
            vec![
                Instr::CheckIndex(CheckIndex { index: arena(0), count, bound: rows }),
                Instr::Gather(Gather {
                    dtype: DType::F32,
                    table: arena(a),
                    rows,
                    width,
                    index: arena(0),
                    count,
                    output: arena(b),
                }),
                Instr::ScatterAdd(ScatterAdd {
                    dtype: DType::F32,
                    source: arena(b),
                    index: arena(0),
                    count,
                    width,
                    rows,
                    output: arena(c),
                }),
            ]
        };
        let bytes: Vec<u8> = index.iter().flat_map(|i| i.to_ne_bytes()).collect();
        let mut before: Vec<f32> =
            bytes.chunks(4).map(|word| f32::from_ne_bytes(word.try_into().unwrap())).collect();
        before.extend(&table);
        before.resize(before.len() + (count + rows) * width, 7.0);
        let after = run(make, &before, Level::detect());
        let mut sums = vec![0.0; rows * width];
        for (i, &at) in index.iter().enumerate() {
            for w in 0..width {
                let x = table[at as usize * width + w];
                assert_eq!(after[b / 4 + i * width + w], x);
                sums[at as usize * width + w] += x;
            }
        }
        assert_eq!(after[c / 4..], sums);
    }
}

/// The difference of neighbours, and whether it is positive.
#[derive(Debug)]
struct Slopes;

impl Call for Slopes {
    fn call(&self, inputs: &[Slice<'_>], output: SliceMut<'_>) -> Result<(), String> {
        match (inputs, output) {
            ([Slice::F32(x)], SliceMut::Bool(y)) => {
                y.iter_mut().zip(x.windows(2)).for_each(|(y, x)| *y = 200 * (x[1] > x[0]) as u8);
                Ok(())
            }
            _ => Err("slopes of f32 are bool".into()),
        }
    }
}

#[test]
fn a_users_function() {
    let call = |dtype| {
        Instr::Call(CallInstr {
            call: Arc::new(Slopes),
            inputs: smallvec![(arena(0), 4, DType::F32)],
            output: (arena(16), 3, dtype),
        })
    };
    let mut machine = Machine::new(vec![call(DType::Bool)], vec![], 19, Level::detect()).unwrap();
    machine.write(0, &[1f32, 3., 2., 5.]);
    machine.session().run().unwrap();
    assert_eq!(machine.read::<bool>(16, 3), [true, false, true], "any number but 0 is true");
    let mut machine = Machine::new(vec![call(DType::F32)], vec![], 28, Level::detect()).unwrap();
    let fault = machine.session().run().unwrap_err();
    assert_eq!((fault.instr, fault.what.as_str()), (0, "slopes of f32 are bool"));
}

/// `output = a op b`, of `n` dense `f32`.
pub fn binary(kernel: &'static pointwise::Kernel, n: usize, places: [Place; 3]) -> Instr {
    binary_from(kernel, n, places, false)
}

/// The same, with `a` backwards.
fn binary_from(
    kernel: &'static pointwise::Kernel,
    n: usize,
    [a, b, output]: [Place; 3],
    backwards: bool,
) -> Instr {
    let dense = |place| Access { place, strides: smallvec![1] };
    let last = Access { place: Place { offset: a.offset + 4 * (n - 1), ..a }, strides: smallvec![-1] };
    let step = |kind| Step { kind, dtype: DType::F32, level: TileLevel::Full };
    Instr::tile(TileBuilder {
        dims: smallvec![n],
        steps: vec![
            step(StepKind::Load(if backwards { last } else { dense(a) })),
            step(StepKind::Load(dense(b))),
            step(StepKind::Apply(kernel, smallvec![Operand(0), Operand(1)])),
        ],
        stores: vec![(Operand(2), dense(output))],
        ..TileBuilder::default()
    })
}

#[test]
fn programs_of_many_instructions_keep_their_order() {
    const BUFFERS: usize = 7;
    for (seed, n) in (0..40).flat_map(|seed| [(seed, 50), (seed, 3000), (seed, 90_000)]) {
        let mut random = Random(seed);
        let steps =
            (0..40).map(|_| ([0; 3].map(|_| random.below(BUFFERS)), random.chance(50), random.chance(50)));
        let steps: Vec<([usize; 3], bool, bool)> =
            steps.map(|(at, max, backwards)| (at, max, backwards && at[0] != at[2])).collect();
        let before = integers(BUFFERS * n, seed);
        let make = || {
            let steps = steps.iter().map(|&(at, max, backwards)| {
                let kernel = if max { &pointwise::MAXIMUM } else { &pointwise::MINIMUM };
                binary_from(kernel, n, at.map(|at| arena(4 * at * n)), backwards)
            });
            steps.collect()
        };
        let mut expected = before.clone();
        for &([a, b, c], max, backwards) in &steps {
            for i in 0..n {
                let from = if backwards { n - 1 - i } else { i };
                let (a, b) = (expected[a * n + from], expected[b * n + i]);
                expected[c * n + i] = if max { a.max(b) } else { a.min(b) };
            }
        }
        assert_eq!(run(make, &before, Level::detect()), expected, "seed {seed}");
    }
}

/// Each product has several tasks.
#[test]
fn products_that_are_shared() {
    let n = 250;
    let make = || {
        let strides = [n as isize, 1];
        let batched = BatchedGemm {
            gemm: Gemm::new(DType::F32, Level::detect(), n, n, n, strides, strides, strides),
            batch: smallvec![2],
            a: (arena(0), smallvec![(n * n) as isize]),
            b: (arena(0), smallvec![0]),
            c: (arena(8 * n * n), smallvec![(n * n) as isize]),
            alpha: 1.0,
            beta: 0.0,
        };
        vec![Instr::Gemm(Box::new(batched))]
    };
    let before = integers(4 * n * n, 3);
    let after = run(make, &before, Level::detect());
    for i in 0..2 * n {
        for j in 0..n {
            let sum: f32 = (0..n).map(|l| before[i * n + l] * before[l * n + j]).sum();
            assert_eq!(after[2 * n * n + i * n + j], sum);
        }
    }
}

#[test]
fn small_programs_stay_on_their_thread_and_large_ones_are_shared() {
    let one = |n| {
        let instrs = vec![binary(&pointwise::ADD, n, [arena(0), arena(4 * n), arena(8 * n)])];
        Machine::new(instrs, vec![], 12 * n, Level::detect()).unwrap().is_parallel()
    };
    assert!(!one(2_000));
    assert!(one(1_000_000));
}

#[test]
fn uses_and_places() {
    let mut instr = binary(&pointwise::ADD, 10, [arena(0), Place { slot: 1, offset: 4 }, arena(80)]);
    let uses = |instr: &Instr| {
        let mut uses: Vec<(u32, Range<usize>, bool)> = Vec::new();
        instr.uses(&mut |place, bytes, write| uses.push((place.slot, bytes, write)));
        uses
    };
    assert_eq!(uses(&instr), [(0, 0..40, false), (1, 4..44, false), (0, 80..120, true)]);
    instr.places_mut(&mut |place| {
        if place.slot == 1 {
            *place = arena(place.offset + 400);
        }
    });
    assert_eq!(uses(&instr), [(0, 0..40, false), (0, 404..444, false), (0, 80..120, true)]);
    assert_eq!((instr.scratch_bytes(), instr.cost() > 0.0), (0, true));
    let dims = [3, 4];
    let access =
        |strides: [isize; 2], offset| Access { place: arena(offset), strides: strides.into_iter().collect() };
    let instr = Instr::tile(TileBuilder {
        dims: dims.into_iter().collect(),
        steps: vec![Step {
            kind: StepKind::Load(access([-5, 2], 48)),
            dtype: DType::F32,
            level: TileLevel::Full,
        }],
        stores: vec![(Operand(0), access([1, 3], 96))],
        ..TileBuilder::default()
    });
    assert_eq!(uses(&instr), [(0, 8..76, false), (0, 96..144, true)]);
}

#[test]
fn machines_on_two_threads() {
    let machine = |seed: u64| {
        let n = 60_000;
        let mut machine = Machine::new(
            vec![
                binary(&pointwise::ADD, n, [arena(0), arena(4 * n), arena(8 * n)]),
                binary(&pointwise::MUL, n, [arena(8 * n), arena(0), arena(4 * n)]),
            ],
            vec![],
            12 * n,
            Level::detect(),
        )
        .unwrap();
        machine.write(0, &integers(2 * n, seed));
        machine
    };
    let threads: Vec<_> = (0..2)
        .map(|seed| {
            let mut machine = machine(seed);
            std::thread::spawn(move || {
                for _ in 0..50 {
                    machine.session().run().unwrap();
                }
                machine
            })
        })
        .collect();
    for (seed, thread) in threads.into_iter().enumerate() {
        let there = thread.join().unwrap();
        let mut here = machine(seed as u64);
        for _ in 0..50 {
            here.session().run_with(&Pool::new(1)).unwrap();
        }
        let bits = |machine: &Machine| machine.read::<i64>(0, 90_000).to_vec();
        assert_eq!(bits(&there), bits(&here));
    }
}

#[test]
fn memory_of_the_callers() {
    use chainrule_kernels::Buffer;
    let slots = vec![
        SlotSpec { bytes: 12, writable: false },
        SlotSpec { bytes: 12, writable: false },
        SlotSpec { bytes: 12, writable: true },
    ];
    let [a, b, c] = [1, 2, 3].map(|slot| Place { slot, offset: 0 });
    let mut machine =
        Machine::new(vec![binary(&pointwise::ADD, 3, [a, b, c])], slots, 0, Level::detect()).unwrap();
    let x = Buffer::from_slice(&[1f32, 2., 3.]);
    for _ in 0..3 {
        let mut y = Buffer::zeroed(12);
        let mut session = machine.session();
        session.read(1, &x);
        session.read(2, &x);
        session.write(3, &mut y);
        session.run().unwrap();
        assert_eq!(y.as_slice::<f32>(DType::F32), [2., 4., 6.]);
    }
}
