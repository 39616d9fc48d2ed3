//! What runs cost: `cargo test --release -p chainrule-kernels --test machine -- --ignored --nocapture timing`.

use chainrule_kernels::machine::{
    Access, Accumulate, Instr, Machine, Operand, Place, RowReduce, SlotSpec, Step, StepKind, TileBuilder,
    TileLevel,
};
use chainrule_kernels::pointwise::{self as k, Kernel};
use chainrule_kernels::{Buffer, DType, Level};
use smallvec::SmallVec;
use std::time::Instant;

/// A program of `f32` with dense operands, by slot.
struct Maker {
    builder: TileBuilder,
}

impl Maker {
    fn new(dims: &[usize], row_axes: Option<usize>) -> Maker {
        Maker { builder: TileBuilder { dims: dims.into(), row_axes, ..TileBuilder::default() } }
    }

    fn step(&mut self, kind: StepKind, level: TileLevel) -> u32 {
        self.builder.steps.push(Step { kind, dtype: DType::F32, level });
        self.builder.steps.len() as u32 - 1
    }

    fn dense(&self, slot: u32) -> Access {
        let mut strides: SmallVec<[isize; 4]> = SmallVec::new();
        let mut step = 1;
        for &length in self.builder.dims.iter().rev() {
            strides.insert(0, step);
            step *= length as isize;
        }
        Access { place: Place { slot, offset: 0 }, strides }
    }

    fn load(&mut self, slot: u32) -> u32 {
        let access = self.dense(slot);
        self.step(StepKind::Load(access), TileLevel::Full)
    }

    fn scalar(&mut self, slot: u32, index: usize) -> u32 {
        let strides = self.builder.dims.iter().map(|_| 0).collect();
        let place = Place { slot, offset: 4 * index };
        self.step(StepKind::Load(Access { place, strides }), TileLevel::Full)
    }

    fn apply(&mut self, kernel: &'static Kernel, operands: &[u32]) -> u32 {
        let operands = operands.iter().map(|&o| Operand(o)).collect();
        self.step(StepKind::Apply(kernel, operands), TileLevel::Full)
    }

    fn store(&mut self, value: u32, slot: u32) {
        self.builder.stores.push((Operand(value), self.dense(slot)));
    }
}

/// Median nanoseconds of a run, binding included.
fn time(maker: Maker, slots: &mut [Buffer], threads: usize, rounds: usize) -> f64 {
    let mut instr = Instr::tile(maker.builder);
    let scratch = instr.scratch_bytes();
    if scratch > 0 {
        instr.set_scratch(Place { slot: 0, offset: 0 });
    }
    let specs = slots.iter().map(|slot| SlotSpec { bytes: slot.bytes(), writable: true }).collect();
    let mut machine = Machine::new(vec![instr], specs, scratch, Level::detect()).unwrap();
    machine.set_threads(threads);
    let inner = if rounds > 100 { 1000 } else { 1 };
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..inner {
                let mut session = machine.session();
                for (i, slot) in slots.iter_mut().enumerate() {
                    session.write(i as u32 + 1, slot);
                }
                session.run().unwrap();
            }
            start.elapsed().as_nanos() as f64 / inner as f64
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn slots(sizes: &[usize]) -> Vec<Buffer> {
    sizes.iter().map(|&n| Buffer::from_slice(&vec![0.5f32; n])).collect()
}

fn chain(n: usize, ops: usize) -> Maker {
    let mut m = Maker::new(&[n], None);
    let (mut x, a, b) = (m.load(1), m.scalar(2, 0), m.scalar(2, 1));
    for i in 0..ops {
        let (kernel, y) = [(&k::MUL, a), (&k::ADD, b), (&k::MAXIMUM, b)][i % 3];
        x = m.apply(kernel, &[x, y]);
    }
    m.store(x, 1);
    m
}

#[test]
#[ignore = "a measurement"]
fn timing() {
    let ns = time(chain(96, 6), &mut slots(&[96, 2]), 1, 501);
    println!("6 ops on 96 elements with 2 scalars: {ns:.0} ns");
    let mut m = Maker::new(&[96], None);
    let (x, y) = (m.load(1), m.load(2));
    let mut z = x;
    for _ in 0..6 {
        z = m.apply(&k::ADD, &[z, y]);
    }
    m.store(z, 3);
    let ns = time(m, &mut slots(&[96; 3]), 1, 501);
    println!("6 ops on 96 elements, dense: {ns:.0} ns");

    for (dependent, what) in [(true, "dependent"), (false, "independent")] {
        let start = Instant::now();
        let instrs = (0..1000).map(|i| {
            let mut m = Maker::new(&[100], None);
            let (mut x, y) = (m.load(0), m.load(0));
            m.builder.steps.iter_mut().for_each(|step| {
                if let StepKind::Load(access) = &mut step.kind {
                    access.place.offset = if dependent { 400 * i } else { 0 };
                }
            });
            for _ in 0..6 {
                x = m.apply(&k::ADD, &[x, y]);
            }
            m.store(x, 0);
            m.builder.stores[0].1.place.offset = 400 * (i + 1);
            Instr::tile(m.builder)
        });
        let instrs: Vec<Instr> = instrs.collect();
        let made = start.elapsed();
        let mut machine = Machine::new(instrs, vec![], 400 * 1001, Level::detect()).unwrap();
        println!(
            "1000 {what} instructions of 6 ops: made in {:.0} us, machine in {:.0} us",
            made.as_nanos() as f64 / 1e3,
            (start.elapsed() - made).as_nanos() as f64 / 1e3
        );
        machine.session().run().unwrap();
        let start = Instant::now();
        machine.session().run().unwrap();
        println!("  and run in {:.0} us", start.elapsed().as_nanos() as f64 / 1e3);
    }
    for n in [10_000, 20_000, 40_000, 80_000, 160_000, 320_000] {
        let mut slots = slots(&[n, 2]);
        let [one, two] = [1, 2].map(|threads| time(chain(n, 12), &mut slots, threads, 99));
        println!("12 ops in place on {n}: {:.1} us, {:.1} us with 2 threads", one / 1e3, two / 1e3);
    }
    for (generator, n) in [(&k::UNIFORM, 1 << 20), (&k::NORMAL, 1 << 18), (&k::IOTA, 1 << 20)] {
        let mut m = Maker::new(&[n], None);
        let x = m.step(StepKind::Generate(generator, [1, 2], None), TileLevel::Full);
        m.store(x, 1);
        let ns = time(m, &mut slots(&[n]), 1, 15);
        println!("{} of {n}: {:.2} ns/element", generator.name, ns / n as f64);
    }
    for kernel in [&k::ADD, &k::DIV, &k::POW] {
        let n = 1 << 18;
        let mut m = Maker::new(&[n], None);
        let (x, y) = (m.load(1), m.load(2));
        let z = m.apply(kernel, &[x, y]);
        m.store(z, 3);
        let ns = time(m, &mut slots(&[n; 3]), 1, 99);
        println!("{} of {n}: {:.3} ns/element", kernel.name, ns / n as f64);
    }
    for kernel in [&k::SQRT, &k::EXP, &k::LN, &k::TANH, &k::SIN, &k::ERF, &k::SIGMOID, &k::LOG1P] {
        let n = 1 << 18;
        let mut m = Maker::new(&[n], None);
        let x = m.load(1);
        let z = m.apply(kernel, &[x]);
        m.store(z, 2);
        let ns = time(m, &mut slots(&[n; 2]), 1, 99);
        println!("{} of {n}: {:.3} ns/element", kernel.name, ns / n as f64);
    }

    let n = 10_000_000;
    for threads in [1, 2] {
        for ops in [1, 12] {
            let ns = time(chain(n, ops), &mut slots(&[n, 2]), threads, 15);
            println!(
                "{ops} ops in place on {n}, {threads} threads: {:.2} ms, {:.1} GB/s, {:.3} ns/op/element",
                ns / 1e6,
                8.0 * n as f64 / ns,
                ns / (ops * n) as f64
            );
        }

        // m = β₁m + (1-β₁)g; v = β₂v + (1-β₂)g²; p = p - rate·m / (√v + ε)
        let mut a = Maker::new(&[n], None);
        let [p, g, m, v] = [1, 2, 3, 4].map(|slot| a.load(slot));
        let [b1, c1, b2, c2, rate, eps] = [0, 1, 2, 3, 4, 5].map(|i| a.scalar(5, i));
        let (m, g1) = (a.apply(&k::MUL, &[m, b1]), a.apply(&k::MUL, &[g, c1]));
        let m = a.apply(&k::ADD, &[m, g1]);
        let (g2, v) = (a.apply(&k::MUL, &[g, g]), a.apply(&k::MUL, &[v, b2]));
        let g2 = a.apply(&k::MUL, &[g2, c2]);
        let v = a.apply(&k::ADD, &[v, g2]);
        let root = a.apply(&k::SQRT, &[v]);
        let root = a.apply(&k::ADD, &[root, eps]);
        let step = a.apply(&k::MUL, &[m, rate]);
        let step = a.apply(&k::DIV, &[step, root]);
        let p = a.apply(&k::SUB, &[p, step]);
        a.store(p, 1);
        a.store(m, 3);
        a.store(v, 4);
        let ns = time(a, &mut slots(&[n, n, n, n, 6]), threads, 15);
        println!("Adam on {n}, {threads} threads: {:.2} ms, {:.1} GB/s", ns / 1e6, 28.0 * n as f64 / ns);

        for (rows, cols) in [(1024, 1000), (100_000, 10), (64, 100_000)] {
            let mut s = Maker::new(&[rows, cols], Some(1));
            let x = s.load(1);
            let max = s.step(StepKind::Reduce(RowReduce::Max, Operand(x)), TileLevel::Row);
            let max = s.step(StepKind::Expand(Operand(max)), TileLevel::Full);
            let x = s.apply(&k::SUB, &[x, max]);
            let e = s.apply(&k::EXP, &[x]);
            let sum = s.step(StepKind::Reduce(RowReduce::Sum, Operand(e)), TileLevel::Row);
            let sum = s.step(StepKind::Expand(Operand(sum)), TileLevel::Full);
            let y = s.apply(&k::DIV, &[e, sum]);
            s.store(y, 2);
            let ns = time(s, &mut slots(&[rows * cols, rows * cols]), threads, 15);
            println!(
                "softmax {rows} x {cols}, {threads} threads: {:.3} ms, {:.2} ns/element",
                ns / 1e6,
                ns / (rows * cols) as f64
            );
        }

        for (rows, cols) in [(1_000_000, 10), (10_000, 1000), (256, 4096), (10_000_000, 1)] {
            let mut s = Maker::new(&[rows, cols], None);
            let x = s.load(1);
            let access = Access {
                place: Place { slot: 2, offset: 0 },
                strides: [0, (cols > 1) as isize].into_iter().collect(),
            };
            s.builder.accumulate.push(Accumulate { source: Operand(x), access, max: false });
            let ns = time(s, &mut slots(&[rows * cols, cols]), threads, 15);
            println!(
                "column sums {rows} x {cols}, {threads} threads: {:.3} ms, {:.1} GB/s",
                ns / 1e6,
                4.0 * (rows * cols) as f64 / ns
            );
        }

        let mut t = Maker::new(&[2048, 2048], None);
        let strides = [1, 2048].into_iter().collect();
        let x =
            t.step(StepKind::Load(Access { place: Place { slot: 1, offset: 0 }, strides }), TileLevel::Full);
        t.store(x, 2);
        let ns = time(t, &mut slots(&[1 << 22, 1 << 22]), threads, 15);
        println!(
            "transpose 2048 x 2048, {threads} threads: {:.2} ms, {:.1} GB/s",
            ns / 1e6,
            8.0 * 4.194 / (ns / 1e6)
        );

        let mut t = Maker::new(&[4096, 512], None);
        let x = t.load(1);
        let access = Access { place: Place { slot: 3, offset: 0 }, strides: [0, 1].into_iter().collect() };
        let bias = t.step(StepKind::Load(access), TileLevel::Full);
        let x = t.apply(&k::ADD, &[x, bias]);
        let zero = t.scalar(3, 0);
        let x = t.apply(&k::MAXIMUM, &[x, zero]);
        t.store(x, 2);
        let ns = time(t, &mut slots(&[1 << 21, 1 << 21, 512]), threads, 15);
        println!(
            "bias and relu 4096 x 512, {threads} threads: {:.3} ms, {:.1} GB/s",
            ns / 1e6,
            8.0 * 2.097 / (ns / 1e6)
        );
    }
}
