//! Values are made where they are wanted: pieces in the tensor that they are pieces of, products in the order of axes in which
//! they are used; sums of pieces and of products are made as one. Counted in instructions.

use chainrule_tape::{Conv, Params, Program, Tape, Tensor, Var};

fn program(record: impl for<'t> Fn(&'t Tape) -> Vec<Var<'t>>) -> Program {
    let tape = Tape::new();
    let outputs = record(&tape);
    let mut program = tape.compile(&outputs).unwrap();
    // And they have the values of ops computed one by one.
    let slow = tape.one_by_one(&outputs).unwrap();
    let fast = program.run(&mut Params::seeded(0), &[]).unwrap();
    for (i, slow) in slow.iter().enumerate() {
        for (a, b) in fast.tensor(i).to_f64().iter().zip(slow.to_f64()) {
            assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "output {i}: {a}, not {b}");
        }
    }
    program
}

fn numbers(shape: &[usize]) -> Tensor {
    let count: usize = shape.iter().product();
    let values: Vec<f64> = (0..count).map(|i| ((i * 29 % 97) as f64 - 48.0) / 60.0).collect();
    Tensor::from_vec(values, shape).unwrap()
}

#[test]
fn pieces_are_made_in_their_place() {
    let joined = program(|tape| {
        let (a, b) = (tape.var(numbers(&[3, 4])), tape.var(numbers(&[3, 5])));
        vec![tape.concat(&[a.exp(), b.tanh(), a.matmul(tape.var(numbers(&[4, 6])))], 1)]
    });
    assert_eq!(joined.instructions(), 3);
    let through_views = program(|tape| {
        let (a, b) = (tape.var(numbers(&[4, 3, 5])), tape.var(numbers(&[5, 12])));
        vec![tape.stack(&[a.exp().permute(&[2, 0, 1]).reshape([5, 12]), b.sin()], 1)]
    });
    assert_eq!(through_views.instructions(), 2);
    // A value in two places is stored twice by the program that makes it.
    let twice = program(|tape| {
        let (a, b) = (tape.var(numbers(&[3, 4])).exp(), tape.var(numbers(&[3, 4])).sin());
        vec![tape.concat(&[a, b], 0), tape.concat(&[b, a], 1)]
    });
    assert_eq!(twice.instructions(), 2);
}

#[test]
fn pieces_of_pieces_go_to_all_places_of_the_whole() {
    // The inner pair is a piece of two tensors; one of its pieces is a product, which is written once and copied.
    let pairs = |product: bool| {
        program(move |tape| {
            let x = tape.var(numbers(&[3, 4]));
            let second = if product { x.matmul(tape.var(numbers(&[4, 4]))) } else { x.cos() };
            let (pair, other) = (tape.concat(&[x.exp(), second], 0), tape.var(numbers(&[6, 4])).tanh());
            vec![tape.concat(&[pair, other], 0), tape.concat(&[other, pair], 1), pair]
        })
    };
    assert_eq!(pairs(false).instructions(), 2);
    assert_eq!(pairs(true).instructions(), 4);
    // Not where zeros are between the pieces.
    let padded = program(|tape| {
        let (a, b) = (tape.var(numbers(&[3, 4])).exp().pad(0, 1, 1), tape.var(numbers(&[5, 4])).sin());
        vec![tape.concat(&[a, b], 0), tape.concat(&[b, a], 1), a]
    });
    assert!(padded.instructions() >= 4);
}

#[test]
fn what_is_used_in_parts_is_made_in_parts() {
    // Neither the sums over all steps nor those of all gates are made as a whole.
    let gates = program(|tape| {
        let (x, bias) = (tape.var(numbers(&[4, 3, 6])), tape.var(numbers(&[6])));
        let sums = x + bias + tape.var(numbers(&[4, 3, 6])) * 2.0;
        let mut outputs = Vec::new();
        for t in 0..3 {
            let step = sums.slice(1, t..t + 1).squeeze(1) + tape.var(numbers(&[4, 6]));
            outputs.push(step.slice(1, ..2).tanh() * step.slice(1, 2..4).sigmoid() + step.slice(1, 4..));
        }
        outputs
    });
    assert_eq!(gates.instructions(), 3);
    let whole = program(|tape| {
        let sums = tape.var(numbers(&[4, 6])) + tape.var(numbers(&[6]));
        vec![sums.slice(1, ..2).tanh(), sums.slice(1, 2..).exp(), sums]
    });
    assert_eq!(whole.instructions(), 3);
}

#[test]
fn a_matrix_that_many_products_would_pack_is_copied_once() {
    let products = |count: usize| {
        program(move |tape| {
            let (w, mut h) = (tape.var(numbers(&[9, 9])).t(), tape.var(numbers(&[2, 9])));
            for _ in 0..count {
                h = h.matmul(w).tanh();
            }
            vec![h]
        })
    };
    assert_eq!(products(3).instructions(), 6);
    assert_eq!(products(4).instructions(), 9);
}

#[test]
fn padding_is_zeros_around_what_is_made_in_place() {
    let padded = program(|tape| vec![tape.var(numbers(&[3, 4, 5])).exp().pad(1, 2, 1).pad(0, 0, 1)]);
    // One program, and one for the zeros on each of three sides.
    assert_eq!(padded.instructions(), 4);
}

#[test]
fn gradients_of_slices_are_put_together() {
    let slices = program(|tape| {
        let x = tape.var(numbers(&[6, 12]));
        let parts: Vec<Var<'_>> = (0..3).map(|i| x.slice(1, 4 * i..4 * i + 4)).collect();
        let y = parts[0].matmul(parts[1].t()).matmul(parts[2]);
        vec![tape.grad((y * y).sum(..), x)]
    });
    // Two products forward; the gradient of the last op; four products backward, three of them in their place.
    assert_eq!(slices.instructions(), 7);
    let steps = program(|tape| {
        let x = tape.var(numbers(&[6, 4]));
        let y = x.slice_step(0, .., 2).maximum(x.slice_step(0, 1.., 2));
        vec![tape.grad(y.square().sum(..), x)]
    });
    assert_eq!(steps.instructions(), 1);
}

#[test]
fn products_with_one_weight_are_one_product() {
    let recurrent = |steps: usize| {
        program(move |tape| {
            let (x, w) = (tape.var(numbers(&[2, steps, 3])), tape.var(numbers(&[3, 3])));
            let mut h = x.slice(1, ..1).squeeze(1);
            for t in 1..steps {
                h = (x.slice(1, t..t + 1).squeeze(1) + h.matmul(w)).tanh();
            }
            vec![tape.grad(h.sum(..), w)]
        })
    };
    let [six, seven] = [6, 7].map(|steps| recurrent(steps).instructions());
    // A step more: a product and an elementwise program forward, the same backward.
    assert_eq!(seven - six, 4);
}

#[test]
fn the_order_of_axes_stays_from_one_convolution_to_the_next() {
    let chain = |convolutions: usize| {
        program(move |tape| {
            let w = tape.var(numbers(&[3, 3, 2, 2]));
            let mut x = tape.var(numbers(&[2, 3, 7, 7])).permute(&[0, 2, 3, 1]).exp().permute(&[0, 3, 1, 2]);
            for _ in 0..convolutions {
                x = x.conv2d(w, Conv::default()).relu();
            }
            vec![x.sum(..)]
        })
    };
    let [two, three] = [2, 3].map(|count| chain(count).instructions());
    // The convolution and one program; nothing is transposed in between.
    assert_eq!(three - two, 2);
}

#[test]
fn products_are_laid_out_for_their_use() {
    // Heads of attention are put side by side again by the product itself.
    let heads = program(|tape| {
        let (a, b) = (tape.var(numbers(&[2, 3, 4, 5])), tape.var(numbers(&[2, 3, 5, 6])));
        vec![a.matmul(b).permute(&[0, 2, 1, 3]).reshape([2, 4, 18])]
    });
    assert_eq!(heads.instructions(), 1);
}

#[test]
fn an_update_beside_a_sum_of_what_it_reads_is_in_place() {
    let mut params = Params::seeded(1);
    let w = params.root().param("w", numbers(&[40]));
    let tape = Tape::with(&params);
    let x = tape.input(40, chainrule_tape::DType::F64);
    let w_now = tape.param(w);
    tape.assign(w, w_now - x * 0.5);
    let mut step = tape.compile(&[(x * w_now).sum(..)]).unwrap();
    let before = params.tensor(w).to_f64();
    let given = numbers(&[40]);
    let loss = step.run(&mut params, &[&given]).unwrap().item(0).unwrap();
    assert_eq!(step.instructions(), 1);
    let expected: f64 = before.iter().zip(given.to_f64()).map(|(w, x)| w * x).sum();
    assert!((loss - expected).abs() < 1e-12);
    for ((new, old), x) in params.tensor(w).to_f64().iter().zip(before).zip(given.to_f64()) {
        assert_eq!(*new, old - x * 0.5);
    }
}

#[test]
fn repeated_values_are_permuted_once() {
    // Both operands show fewer elements than they have, and one is seen permuted.
    let tape = Tape::new();
    let (a, b) = (tape.var([2.0, 3.0]).expand([2, 2]), tape.var([10.0, 20.0]).expand([2, 2]));
    let y = a.t() + b + a * b.t();
    assert_eq!(y.value().unwrap().to_f64(), [32.0, 52.0, 53.0, 83.0]);
}

#[test]
fn products_with_long_sums_are_right() {
    let (m, k, n) = (5, 40_000, 7);
    let (a, b) = (numbers(&[m, k]), numbers(&[k, n]));
    let (x, y) = (a.to_f64(), b.to_f64());
    let naive = |i: usize, j: usize| (0..k).map(|p| x[i * k + p] * y[p * n + j]).sum::<f64>();
    let tape = Tape::new();
    let (a, b) = (tape.var(a), tape.var(b));
    let product = a.matmul(b);
    // And added to another product, in its memory.
    let sum = a.slice(1, ..9).matmul(b.slice(0, ..9)) + product;
    let mut program = tape.compile(&[product, sum]).unwrap();
    let values = program.run(&mut Params::seeded(0), &[]).unwrap();
    let (product, sum) = (values.tensor(0).to_f64(), values.tensor(1).to_f64());
    for i in 0..m {
        for j in 0..n {
            let (want, first) = (naive(i, j), (0..9).map(|p| x[i * k + p] * y[p * n + j]).sum::<f64>());
            assert!(
                (product[i * n + j] - want).abs() < 1e-10,
                "[{i}, {j}]: {}, not {want}",
                product[i * n + j]
            );
            assert!((sum[i * n + j] - want - first).abs() < 1e-10);
        }
    }
}

#[test]
fn a_padded_tensor_in_several_places_in_turn() {
    // The gradient of windows with a stride in two directions: what is spread along one axis is a piece, several times, of
    // what is spread along the other.
    let spread = program(|tape| {
        let x = tape.var(numbers(&[1, 2, 1])) * 0.25;
        let wide = x.pad_step(2, 0, 2, 4);
        let at = |k: usize| wide.pad_step(1, k, 4 - k, 4);
        vec![at(0) + at(1) + at(2), wide.exp()]
    });
    assert!(spread.instructions() <= 8, "{}", spread.instructions());
    program(|tape| {
        let x = (tape.var(numbers(&[3, 2])) * 0.25).pad_step(0, 1, 1, 2);
        vec![tape.stack(&[x, x.exp()], 1), tape.stack(&[x, x, x.square()], 2)]
    });
}
