//! Products: matrices, Einstein's sums, and their relatives, against loops and what PyTorch answers.

use chainrule_tape::{DType, Tape, Tensor, Var, vmap};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn values(y: Var<'_>) -> Vec<f64> {
    y.value().unwrap().to_f64()
}

/// `1, 2, …` in this shape.
fn count<'t>(tape: &'t Tape, shape: &[usize]) -> Var<'t> {
    let numel = shape.iter().product::<usize>() as f64;
    tape.arange(1.0, numel + 1.0, 1.0, DType::F64).reshape(shape)
}

#[track_caller]
fn is(y: Var<'_>, shape: &[usize], expected: &[f64]) {
    assert_eq!((y.shape().dims(), values(y)), (shape, expected.to_vec()));
}

/// The slow twin: one product for each combination of indices.
fn slow(inputs: &[Vec<char>], output: &[char], x: &[Tensor]) -> (Vec<usize>, Vec<f64>) {
    let mut lengths: Vec<(char, usize)> = Vec::new();
    for (labels, x) in inputs.iter().zip(x) {
        for (&label, &length) in labels.iter().zip(x.shape().dims()) {
            match lengths.iter_mut().find(|known| known.0 == label) {
                Some(known) if known.1 == 1 => known.1 = length,
                Some(_) => {}
                None => lengths.push((label, length)),
            }
        }
    }
    let length = |label: char| lengths.iter().find(|known| known.0 == label).unwrap().1;
    let shape: Vec<usize> = output.iter().map(|&label| length(label)).collect();
    let mut y = vec![0.0; shape.iter().product()];
    let total: usize = lengths.iter().map(|known| known.1).product();
    for number in 0..total {
        let mut rest = number;
        let at: Vec<(char, usize)> = lengths
            .iter()
            .map(|&(label, length)| {
                let i = rest % length;
                rest /= length;
                (label, i)
            })
            .collect();
        let index = |label: char| at.iter().find(|known| known.0 == label).unwrap().1;
        let mut term = 1.0;
        for (labels, x) in inputs.iter().zip(x) {
            let place = labels.iter().zip(x.shape().dims()).fold(0, |place, (&label, &length)| {
                place * length + if length == 1 { 0 } else { index(label) }
            });
            term *= x.to_f64()[place];
        }
        let place = output.iter().fold(0, |place, &label| place * length(label) + index(label));
        y[place] += term;
    }
    (shape, y)
}

#[test]
fn sums_agree_with_loops() {
    let mut rng = StdRng::seed_from_u64(6);
    for round in 0..300 {
        let letters = ['a', 'b', 'i', 'j', 'K', 'z'];
        let lengths: Vec<usize> = letters.iter().map(|_| rng.random_range(1..4)).collect();
        let operands = rng.random_range(1..if round % 10 == 0 { 8 } else { 5 });
        let (mut inputs, mut x): (Vec<Vec<char>>, Vec<Tensor>) = (Vec::new(), Vec::new());
        for _ in 0..operands {
            let rank = rng.random_range(0..5);
            let chosen: Vec<usize> = (0..rank).map(|_| rng.random_range(0..letters.len())).collect();
            let labels: Vec<char> = chosen.iter().map(|&i| letters[i]).collect();
            // Some axes broadcast, unless they are of a diagonal.
            let narrow: Vec<bool> = letters.iter().map(|_| rng.random_range(0..6) == 0).collect();
            let shape: Vec<usize> = chosen.iter().map(|&i| if narrow[i] { 1 } else { lengths[i] }).collect();
            let numel = shape.iter().product();
            let data: Vec<f64> = (0..numel).map(|_| rng.random_range(-2..3) as f64).collect();
            x.push(Tensor::from_vec(data, shape).unwrap());
            inputs.push(labels);
        }
        let mut named: Vec<char> = inputs.concat();
        let (once, explicit): (Vec<char>, bool) = {
            let mut once: Vec<char> =
                named.iter().copied().filter(|a| named.iter().filter(|b| a == *b).count() == 1).collect();
            once.sort_unstable();
            (once, rng.random())
        };
        named.sort_unstable();
        named.dedup();
        let mut output = once;
        if explicit {
            output = named.into_iter().filter(|_| rng.random()).collect();
            (0..output.len()).for_each(|i| output.swap(i, rng.random_range(0..=i)));
        }
        let texts: Vec<String> = inputs.iter().map(|labels| labels.iter().collect()).collect();
        let mut equation = texts.join(", ");
        if explicit {
            equation = format!("{equation} -> {}", output.iter().collect::<String>());
        }
        let (shape, expected) = slow(&inputs, &output, &x);
        let tape = Tape::new();
        let vars: Vec<Var<'_>> = x.iter().map(|x| tape.var(x)).collect();
        let y = tape.einsum(&equation, &vars);
        // (All are small integers, which every order of sums and products gives exactly.)
        assert_eq!((y.shape().dims(), values(y)), (&shape[..], expected.clone()), "{equation}");
        let integers: Vec<Var<'_>> = x.iter().map(|x| tape.var(x.cast(DType::I64))).collect();
        assert_eq!(values(tape.einsum(&equation, &integers)), expected, "{equation}");
    }
}

#[test]
fn ellipses_and_spaces() {
    let tape = Tape::new();
    let c = |shape: &[usize]| count(&tape, shape);
    let y = tape.einsum("...ij,...jk", &[c(&[5, 2, 3]), c(&[3, 4])]);
    assert_eq!(y.shape().dims(), [5, 2, 4]);
    assert_eq!(values(y)[..4], [38.0, 44.0, 50.0, 56.0]);
    let y = tape.einsum("...ij,...jk->ij", &[c(&[5, 2, 3]), c(&[5, 3, 4])]);
    is(y, &[2, 3], &[9770.0, 11420.0, 13230.0, 11360.0, 13250.0, 15300.0]);
    is(tape.einsum("i...->...", &[c(&[2, 3])]), &[3], &[5.0, 7.0, 9.0]);
    is(tape.einsum("...i->i...", &[c(&[2, 3])]), &[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    is(tape.einsum("i...i->...", &[c(&[2, 3, 2])]), &[3], &[9.0, 13.0, 17.0]);
    is(tape.einsum(" ... i , ... -> ... ", &[c(&[2, 3]), c(&[1])]), &[2], &[6.0, 15.0]);
    is(tape.einsum("ij->...", &[c(&[2, 3])]), &[], &[21.0]);
    is(tape.einsum("ij->...ij", &[c(&[2, 3])]), &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    is(tape.einsum("...", &[c(&[2])]), &[2], &[1.0, 2.0]);
    let whole = tape.einsum("...a,b...->...ba", &[c(&[2, 1, 3]), c(&[2, 5])]);
    assert_eq!(whole.shape().dims(), [2, 5, 2, 3]);
    is(tape.einsum("bA", &[c(&[2, 3])]), &[3, 2], &[1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    is(tape.einsum("a b , b c -> c a", &[c(&[2, 3]), c(&[3, 2])]), &[2, 2], &[22.0, 49.0, 28.0, 64.0]);
    is(tape.einsum("", &[c(&[])]), &[], &[1.0]);
    is(tape.einsum(",i", &[c(&[]), c(&[3])]), &[3], &[1.0, 2.0, 3.0]);
}

#[test]
fn empty_axes() {
    let tape = Tape::new();
    let c = |shape: &[usize]| count(&tape, shape);
    is(tape.einsum("i->", &[c(&[0])]), &[], &[0.0]);
    is(tape.einsum("ij,jk->ik", &[c(&[2, 0]), c(&[0, 3])]), &[2, 3], &[0.0; 6]);
    is(tape.einsum("i,i", &[c(&[1]), c(&[0])]), &[], &[0.0]);
    is(tape.einsum("ij,jk", &[c(&[0, 2]), c(&[2, 3])]), &[0, 3], &[]);
    is(tape.einsum("ii->i", &[c(&[0, 0])]), &[0], &[]);
    is(tape.einsum("ij,jk,kl", &[c(&[2, 0]), c(&[0, 3]), c(&[3, 2])]), &[2, 2], &[0.0; 4]);
    let x = c(&[2, 0]);
    let g = tape.grad(tape.einsum("ij,jk->ik", &[x, c(&[0, 3])]).sum(..), x);
    is(g, &[2, 0], &[]);
}

#[test]
fn a_chain_is_multiplied_in_the_cheapest_order() {
    // From the right, these are products with a vector; from the left, of matrices.
    let tape = Tape::new();
    let n = 16;
    let m: Vec<Var<'_>> = (0..4).map(|_| tape.full([n, n], 0.5, DType::F64)).collect();
    let v = tape.full([n], 1.0, DType::F64);
    let y = tape.einsum("ab,bc,cd,de,e->a", &[m[0], m[1], m[2], m[3], v]);
    assert_eq!(values(y), vec![8f64.powi(4); n]);
    // (Nothing of the size of a matrix is made: the program's memory is smaller than one.)
    let program = tape.compile(&[y]).unwrap();
    assert!(program.intermediate_bytes() < n * n * 8, "{}", program.intermediate_bytes());
}

#[test]
fn many_operands() {
    let tape = Tape::new();
    let m = tape.var([[1.0, 1.0], [1.0, 0.0]]);
    let y = tape.einsum("ab,bc,cd,de,ef,fg,gh,hi,ij", &[m; 9]);
    is(y, &[2, 2], &[55.0, 34.0, 34.0, 21.0]);
    let equation = vec!["i"; 100].join(",") + "->i";
    is(tape.einsum(&equation, &[tape.var([1.0, -1.0, 0.0]); 100]), &[3], &[1.0, 1.0, 0.0]);
}

#[test]
fn relatives() {
    let tape = Tape::new();
    let c = |shape: &[usize]| count(&tape, shape);
    is(c(&[2]).outer(c(&[3])), &[2, 3], &[1.0, 2.0, 3.0, 2.0, 4.0, 6.0]);
    is(c(&[0]).outer(c(&[3])), &[0, 3], &[]);
    is(c(&[2, 3]).inner(c(&[3])), &[2], &[14.0, 32.0]);
    is(c(&[2, 3]).inner(tape.var(2.0)), &[2, 3], &[2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    assert_eq!(c(&[2, 3]).inner(c(&[4, 5, 3])).shape().dims(), [2, 4, 5]);
    let y = c(&[2, 3, 4]).tensordot(c(&[4, 5, 2]), &[-1, 0], &[0, 2]);
    assert_eq!(values(y), values(tape.einsum("aib,bja->ij", &[c(&[2, 3, 4]), c(&[4, 5, 2])])));
    assert_eq!(y.shape().dims(), [3, 5]);
    is(c(&[2, 1]).tensordot(c(&[3]), &[1], &[0]), &[2], &[6.0, 12.0]);
    assert_eq!(c(&[2]).tensordot(c(&[3, 1]), &[], &[]).shape().dims(), [2, 3, 1]);
    is(c(&[2]).kron(c(&[2, 2])), &[2, 4], &[1.0, 2.0, 2.0, 4.0, 3.0, 4.0, 6.0, 8.0]);
    is(tape.var(3.0).kron(c(&[2])), &[2], &[3.0, 6.0]);
    assert_eq!(c(&[2, 1, 3]).kron(c(&[2, 0, 1])).shape().dims(), [4, 0, 3]);
    let (a, b) = (tape.var([[1.0f32, 2.0, 3.0]]), tape.var([[3.0f32, 1.0, 2.0], [0.0, 1.0, 0.0]]));
    is(a.cross(b, -1), &[2, 3], &[1.0, 7.0, -5.0, -3.0, 0.0, 1.0]);
    is(a.t().cross(b.t(), 0), &[3, 2], &[1.0, -3.0, 7.0, 0.0, -5.0, 1.0]);
    is(a.vecdot(b, -1), &[2], &[11.0, 2.0]);
    let points = tape.var([[0.0, 0.0], [3.0, 4.0]]);
    let distances = points.cdist(points);
    is(distances, &[2, 2], &[0.0, 5.0, 5.0, 0.0]);
    let g = tape.grad(distances.sum(..), points);
    assert!(values(g).iter().zip([-1.2, -1.6, 1.2, 1.6]).all(|(g, expected)| (g - expected).abs() < 1e-15));
    assert_eq!(c(&[0, 2]).cdist(points).shape().dims(), [0, 2]);
    let cosines = points.cosine_similarity(tape.var([0.0, 2.0]), -1, 1e-8);
    is(cosines, &[2], &[0.0, 0.8]);
    let g = values(tape.grad(cosines.sum(..), points));
    assert!((g[2] + 0.096).abs() < 1e-15 && (g[3] - 0.072).abs() < 1e-15, "{g:?}");
    is(tape.var(-3f32).cosine_similarity(tape.var(2f32).reshape(1), 0, 1e-8), &[], &[-1.0]);
    is(tape.var(-3.0).cosine_similarity(tape.var(-2.0), 0, 1e-8), &[], &[1.0]);
    is(c(&[0, 2]).cosine_similarity(c(&[1, 2]), 0, 1e-8), &[2], &[0.0, 0.0]);
}

#[test]
fn matrix_products_of_all_shapes() {
    let tape = Tape::new();
    let c = |shape: &[usize]| count(&tape, shape);
    let cases: [(&[usize], &[usize], &[usize]); 16] = [
        (&[3], &[3], &[]),
        (&[3], &[3, 2], &[2]),
        (&[2, 3], &[3], &[2]),
        (&[4, 2, 3], &[3], &[4, 2]),
        (&[3], &[4, 3, 2], &[4, 2]),
        (&[5, 1, 2, 3], &[4, 3, 2], &[5, 4, 2, 2]),
        (&[2, 3], &[4, 3, 2], &[4, 2, 2]),
        (&[0, 3], &[3, 2], &[0, 2]),
        (&[2, 0], &[0, 2], &[2, 2]),
        (&[2, 0], &[0], &[2]),
        (&[0], &[0], &[]),
        (&[0, 2, 3], &[3, 4], &[0, 2, 4]),
        (&[0, 2, 3], &[1, 3, 4], &[0, 2, 4]),
        (&[2, 3], &[0, 3, 4], &[0, 2, 4]),
        (&[3], &[0, 3, 2], &[0, 2]),
        (&[1, 1], &[1, 1], &[1, 1]),
    ];
    for (a, b, expected) in cases {
        let (x, y) = (c(a), c(b));
        let z = x.matmul(y);
        assert_eq!(z.shape().dims(), expected, "{a:?} {b:?}");
        let equation = match (a.len(), b.len()) {
            (1, 1) => "j,j",
            (1, _) => "j,...jk->...k",
            (_, 1) => "...ij,j->...i",
            _ => "...ij,...jk->...ik",
        };
        assert_eq!(values(z), values(tape.einsum(equation, &[x, y])), "{a:?} {b:?}");
        for (x, shape) in [(x, a), (y, b)] {
            assert_eq!(tape.grad(z.sum(..), x).value().unwrap().shape().dims(), shape);
        }
    }
}

#[test]
fn a_batch_of_sums() {
    let tape = Tape::new();
    let (a, b) = (count(&tape, &[3, 2, 4]), count(&tape, &[4, 2]));
    let y = vmap(|x| tape.einsum("ij,jk,ik->k", &[x[0], b, x[0].matmul(b)]), [a]);
    let expected = tape.einsum("nij,jk,nil,lk->nk", &[a, b, a, b]);
    assert_eq!(values(y), values(expected));
}

fn whole(x: Var<'_>) -> Var<'_> {
    x.cast(DType::I64)
}

#[test]
fn mistakes_name_the_operand_and_the_line() {
    let wrong = |line: u32, what: &str, record: &dyn for<'t> Fn(Var<'t>) -> Var<'t>| {
        let tape = Tape::new();
        let message = (record(count(&tape, &[2, 3])) * 2.0).sum(..).item().unwrap_err().to_string();
        let place = format!("tests/einsum.rs:{line}:");
        assert!(message.starts_with(what) && message.contains(&place), "{message}");
    };
    wrong(line!(), "einsum: operand 0 has 2 axes, 1 are named", &|x| x.tape().einsum("i", &[x]));
    wrong(line!(), "einsum: operand 0 has 2 axes, 3 are named", &|x| x.tape().einsum("...ijk", &[x]));
    wrong(line!(), "einsum: \"ij,jk\" names 2 operands, 1 are given", &|x| x.tape().einsum("ij,jk", &[x]));
    wrong(line!(), "einsum: 'i' is twice in operand 0, of lengths 2 and 3", &|x| x.tape().einsum("ii", &[x]));
    wrong(line!(), "einsum: 'j' has length 2 in operand 1, 3 before", &|x| x.tape().einsum("ij,jk", &[x, x]));
    let dots = "...,...";
    wrong(line!(), "einsum: axis -2 of the ellipsis has length 3", &|x| x.tape().einsum(dots, &[x, x.t()]));
    wrong(line!(), "einsum: 'k' of the result is in no operand", &|x| x.tape().einsum("ij->k", &[x]));
    wrong(line!(), "einsum: 'i' is twice in the result", &|x| x.tape().einsum("ij->ii", &[x]));
    wrong(line!(), "einsum: '1' in operand 0 names no axis", &|x| x.tape().einsum("i1", &[x]));
    wrong(line!(), "einsum: '.' in operand 0 names no axis", &|x| x.tape().einsum("i.j", &[x]));
    wrong(line!(), "einsum: two ellipses in operand 0", &|x| x.tape().einsum("...i...", &[x]));
    wrong(line!(), "einsum: '-' in the result", &|x| x.tape().einsum("ij->i->j", &[x]));
    wrong(line!(), "einsum: there are no operands", &|x| x.tape().einsum("", &[]));
    let f32 = DType::F32;
    wrong(line!(), "einsum: the operands are of one dtype", &|x| x.tape().einsum(dots, &[x, x.cast(f32)]));
    wrong(line!(), "outer: takes two vectors", &|x| x.outer(x));
    wrong(line!(), "inner: the last axes have 3 and 2", &|x| x.inner(x.t()));
    wrong(line!(), "tensordot: axis 0 has 2 elements, its partner 1 has 3", &|x| x.tensordot(x, &[0], &[1]));
    wrong(line!(), "tensordot: 1 axes are paired with 2", &|x| x.tensordot(x, &[0], &[0, 1]));
    wrong(line!(), "tensordot: axis -2 or 0 is named twice", &|x| x.tensordot(x, &[0, -2], &[0, 0]));
    wrong(line!(), "tensordot: there are no axes 0 and 2", &|x| x.tensordot(x, &[0], &[2]));
    wrong(line!(), "tensordot: not defined for f64 and f32", &|x| x.tensordot(x.cast(DType::F32), &[], &[]));
    wrong(line!(), "cross: takes two tensors", &|x| x.cross(x, 0));
    wrong(line!(), "cdist: takes points", &|x| x.cdist(x.t()));
    wrong(line!(), "cosine_similarity: these shapes", &|x| x.cosine_similarity(x.t(), 0, 1e-8));
    wrong(line!(), "cosine_similarity: there is no axis 2", &|x| x.cosine_similarity(x, 2, 1e-8));
    wrong(line!(), "cosine_similarity: not", &|x| whole(x).cosine_similarity(whole(x), 0, 0.0));
    wrong(line!(), "matmul: a row of the left operand has 3 elements", &|x| x.matmul(x.at(1, 0)));
    wrong(line!(), "matmul: a scalar is no matrix", &|x| x.matmul(x.sum(..)));
    wrong(line!(), "dot: takes two vectors", &|x| x.dot(x));
}
