//! Steps that are done as one have the bits of the steps one by one.

use crate::random::Random;
use chainrule_kernels::machine::{
    Access, Instr, Machine, Operand, Place, Step, StepKind, TileBuilder, TileLevel,
};
use chainrule_kernels::pointwise::{self, Kernel};
use chainrule_kernels::{Buffer, DType, Level};
use smallvec::SmallVec;

const LENGTH: usize = 77;
const INPUTS: usize = 5;

fn place(slot: u32, number: usize) -> Access {
    Access { place: Place { slot, offset: number * LENGTH * 4 }, strides: SmallVec::from_slice(&[1]) }
}

/// What a program stores.
#[derive(Clone, Copy, PartialEq)]
enum Stored {
    All,
    Last,
    /// The last value, over one of the inputs.
    Over(usize),
}

/// A program that loads all inputs, takes these steps, and stores some values: the last of them.
fn run(steps: &[(&'static Kernel, Vec<u32>, DType)], what: Stored, input: &Buffer, level: Level) -> Vec<f32> {
    let step = |kind, dtype| Step { kind, dtype, level: TileLevel::Full };
    let mut builder = TileBuilder { dims: SmallVec::from_slice(&[LENGTH]), ..TileBuilder::default() };
    builder.steps.extend((0..INPUTS).map(|i| step(StepKind::Load(place(1, i)), DType::F32)));
    for (kernel, operands, dtype) in steps {
        let operands = operands.iter().map(|&x| Operand(x)).collect();
        builder.steps.push(step(StepKind::Apply(kernel, operands), *dtype));
    }
    let count = builder.steps.len();
    let mut stored = 0;
    for i in INPUTS..count {
        if (what == Stored::All || i + 1 == count) && builder.steps[i].dtype == DType::F32 {
            let to = if let Stored::Over(input) = what { place(1, input) } else { place(2, stored) };
            builder.stores.push((Operand(i as u32), to));
            stored += 1;
        }
    }
    let slots = vec![
        chainrule_kernels::machine::SlotSpec { bytes: input.bytes(), writable: true },
        chainrule_kernels::machine::SlotSpec { bytes: stored * LENGTH * 4, writable: true },
    ];
    let mut machine = Machine::new(vec![Instr::tile(builder)], slots, 0, level).expect("valid");
    let mut output = Buffer::zeroed(stored * LENGTH * 4);
    let mut input = Buffer::from_slice(input.as_slice::<f32>(DType::F32));
    let mut session = machine.session();
    session.write(1, &mut input);
    session.write(2, &mut output);
    session.run().expect("no fault");
    let (buffer, number) = if let Stored::Over(i) = what { (&input, i) } else { (&output, stored - 1) };
    buffer.as_slice::<f32>(DType::F32)[number * LENGTH..][..LENGTH].to_vec()
}

#[test]
fn the_bits_stay_the_same() {
    let mut random = Random(3);
    let tiny = [f32::MIN_POSITIVE, -1e-40, 1e-19];
    let special = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0, -1.0, 1e30, 0.5];
    let mut joined = 0;
    for _ in 0..3000 {
        let values: Vec<f32> = (0..INPUTS * LENGTH)
            .map(|_| match random.below(6) {
                0 if random.chance(30) => random.pick(&tiny),
                0 => random.pick(&special),
                _ => (random.below(4001) as f32 - 2000.0) / 700.0,
            })
            .collect();
        let input = Buffer::from_slice(&values);
        // Chains in which a value is most often used by the next step, as in real programs.
        let mut steps: Vec<(&'static Kernel, Vec<u32>, DType)> = Vec::new();
        for _ in 0..2 + random.below(6) {
            let count = (INPUTS + steps.len()) as u32;
            let last = count - 1;
            let any = |random: &mut Random| loop {
                let x = random.below(count as usize) as u32;
                if steps.get((x as usize).wrapping_sub(INPUTS)).is_none_or(|step| step.2 == DType::F32) {
                    return x;
                }
            };
            let mask = steps.last().is_some_and(|step| step.2 == DType::Bool);
            if mask {
                let [left, limit] = steps[steps.len() - 1].1[..] else { unreachable!("a comparison") };
                let yes = if random.chance(70) { limit } else { any(&mut random) };
                // What the comparison looked at, if that was a magnitude.
                let magnitude = (left as usize).checked_sub(INPUTS).map(|i| &steps[i]);
                let no = match magnitude {
                    Some((kernel, x, _)) if kernel.name == "abs" && random.chance(80) => x[0],
                    _ => any(&mut random),
                };
                steps.push((&pointwise::SELECT, vec![last, yes, no], DType::F32));
                continue;
            }
            let other = any(&mut random);
            let pair = if random.chance(50) { vec![last, other] } else { vec![other, last] };
            let [add, sub, mul, div]: [&'static Kernel; 4] =
                [&pointwise::ADD, &pointwise::SUB, &pointwise::MUL, &pointwise::DIV];
            match random.below(12) {
                0 => steps.push((&pointwise::SQRT, vec![last], DType::F32)),
                9 => steps.push((&pointwise::FLUSH, vec![last], DType::F32)),
                1 => steps.push((&pointwise::LE, pair, DType::Bool)),
                10 => steps.push((&pointwise::ABS, vec![last], DType::F32)),
                11 => steps.push((&pointwise::LT, pair, DType::Bool)),
                2 => steps.push((mul, vec![other, other], DType::F32)),
                3 => steps.push((div, pair, DType::F32)),
                4 | 5 => steps.push((add, pair, DType::F32)),
                6 => steps.push((sub, pair, DType::F32)),
                _ => steps.push((mul, pair, DType::F32)),
            }
        }
        if steps.last().is_none_or(|step| step.2 != DType::F32) {
            continue;
        }
        joined += 1;
        for &level in Level::available() {
            // Where every value is stored, nothing is joined.
            let alone = run(&steps, Stored::All, &input, level);
            for what in [Stored::Last, Stored::Over(joined % INPUTS)] {
                for (i, (a, b)) in alone.iter().zip(run(&steps, what, &input, level)).enumerate() {
                    let same = a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
                    assert!(same, "{level:?}, element {i}: {a} and {b} from {:?}", names(&steps));
                }
            }
        }
    }
    assert!(joined > 1000);
}

fn names(steps: &[(&'static Kernel, Vec<u32>, DType)]) -> Vec<(&'static str, Vec<u32>)> {
    steps.iter().map(|(kernel, operands, _)| (kernel.name, operands.clone())).collect()
}

#[test]
fn an_update_is_four_steps() {
    // Adam: m and v, the direction, the new value.
    let [add, sub, mul]: [&'static Kernel; 3] = [&pointwise::ADD, &pointwise::SUB, &pointwise::MUL];
    let step = |kernel: &'static Kernel, operands: &[u32]| Step {
        kind: StepKind::Apply(kernel, operands.iter().map(|&x| Operand(x)).collect()),
        dtype: DType::F32,
        level: TileLevel::Full,
    };
    // Loads 0 to 8: p, m, v, g, b1, b2, eps, rate.
    let mut steps: Vec<Step> = (0..8)
        .map(|i| Step { kind: StepKind::Load(place(1, i)), dtype: DType::F32, level: TileLevel::Full })
        .collect();
    steps.extend([
        step(mul, &[1, 4]),
        step(add, &[8, 3]),
        step(&pointwise::FLUSH, &[9]),
        step(mul, &[2, 5]),
        step(mul, &[3, 3]),
        step(add, &[11, 12]),
        step(&pointwise::FLUSH, &[13]),
        step(&pointwise::SQRT, &[14]),
        step(add, &[15, 6]),
        step(&pointwise::DIV, &[10, 16]),
        step(mul, &[17, 7]),
        step(sub, &[0, 18]),
    ]);
    let stores = [19, 10, 14].iter().zip(0..).map(|(&x, i)| (Operand(x), place(2, i))).collect();
    let dims = SmallVec::from_slice(&[LENGTH]);
    let tile = Instr::tile(TileBuilder { dims, steps, stores, ..TileBuilder::default() });
    let Instr::Tile(tile) = tile else { unreachable!("it is one") };
    let names: Vec<&str> = tile
        .builder()
        .steps
        .iter()
        .filter_map(|step| match &step.kind {
            StepKind::Apply(kernel, _) => Some(kernel.name),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["mul_add_flush", "mul_add_square_flush", "div_root", "sub_mul"]);
}
