//! Reading and writing by index, against loops and by hand.

use chainrule_tape::{DType, Error, Tape, Tensor, Var, vmap};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn values(y: Var<'_>) -> Vec<f64> {
    y.value().unwrap().to_f64()
}

fn random(rng: &mut StdRng, shape: &[usize]) -> Tensor {
    let numel = shape.iter().product();
    let values: Vec<f64> = (0..numel).map(|_| rng.random_range(-8..8) as f64).collect();
    Tensor::from_vec(values, shape).unwrap()
}

fn indices(rng: &mut StdRng, shape: &[usize], bound: usize) -> Tensor {
    let numel = shape.iter().product();
    let values: Vec<i64> = (0..numel).map(|_| rng.random_range(0..bound as i64)).collect();
    Tensor::from_vec(values, shape).unwrap()
}

/// The index along each axis of each element, in row-major order.
fn places(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for &length in shape {
        all = all.iter().flat_map(|at| (0..length).map(move |i| [&at[..], &[i]].concat())).collect();
    }
    all
}

fn flat(shape: &[usize], at: &[usize]) -> usize {
    at.iter().zip(shape).fold(0, |flat, (i, length)| flat * length + i)
}

#[test]
fn gather_and_scatter_agree_with_loops() {
    let mut rng = StdRng::seed_from_u64(3);
    for round in 0..60 {
        let rank = rng.random_range(1..5);
        let shape: Vec<usize> = (0..rank).map(|_| rng.random_range(1..4)).collect();
        let axis = rng.random_range(0..rank);
        let mut inside: Vec<usize> = shape.iter().map(|&n| rng.random_range(0..=n)).collect();
        inside[axis] = rng.random_range(0..5);
        let longer: Vec<usize> = inside.iter().map(|n| n + rng.random_range(0..2)).collect();
        let (x, source) = (random(&mut rng, &shape), random(&mut rng, &longer));
        let index = indices(&mut rng, &inside, shape[axis]);
        let (mut read, mut put, mut added) = (Vec::new(), x.to_f64(), x.to_f64());
        for (at, &i) in places(&inside).iter().zip(index.as_slice::<i64>().unwrap()) {
            let mut place = at.clone();
            place[axis] = i as usize;
            let (place, from) = (flat(&shape, &place), flat(&longer, at));
            read.push(x.to_f64()[place]);
            put[place] = source.to_f64()[from];
            added[place] += source.to_f64()[from];
        }
        let dtype = if round % 2 == 0 { DType::F64 } else { DType::F32 };
        let named = if round % 3 == 0 { axis as isize } else { axis as isize - rank as isize };
        let tape = Tape::new();
        let (x, source, index) = (tape.var(x.cast(dtype)), tape.var(source.cast(dtype)), tape.var(index));
        assert_eq!(values(x.gather(named, index)), read);
        assert_eq!(values(x.scatter(named, index, source)), put);
        assert_eq!(values(x.scatter_add(named, index, source)), added);
        assert_eq!(x.gather(named, index).dtype(), dtype);
    }
}

#[test]
fn slices_of_an_axis_agree_with_loops() {
    let mut rng = StdRng::seed_from_u64(4);
    for _ in 0..60 {
        let rank = rng.random_range(1..4);
        let shape: Vec<usize> = (0..rank).map(|_| rng.random_range(1..4)).collect();
        let axis = rng.random_range(0..rank);
        let count = rng.random_range(0..4);
        let mut inside = shape.clone();
        inside[axis] = count;
        let (x, source) = (random(&mut rng, &shape), random(&mut rng, &inside));
        let index = indices(&mut rng, &[count], shape[axis]);
        let (mut read, mut put, mut added, mut filled) = (Vec::new(), x.to_f64(), x.to_f64(), x.to_f64());
        for at in places(&inside) {
            let mut place = at.clone();
            place[axis] = index.as_slice::<i64>().unwrap()[at[axis]] as usize;
            let (place, from) = (flat(&shape, &place), flat(&inside, &at));
            read.push(x.to_f64()[place]);
            put[place] = source.to_f64()[from];
            added[place] += source.to_f64()[from];
            filled[place] = 0.5;
        }
        let tape = Tape::new();
        let (x, source, index, axis) = (tape.var(x), tape.var(source), tape.var(index), axis as isize);
        assert_eq!(values(x.index_select(axis, index)), read);
        assert_eq!(values(x.index_copy(axis, index, source)), put);
        assert_eq!(values(x.index_add(axis, index, source)), added);
        assert_eq!(values(x.index_fill(axis, index, 0.5)), filled);
    }
}

#[test]
fn an_index_of_any_shape_takes_the_place_of_the_axis() {
    let tape = Tape::new();
    let x = tape.var(Tensor::arange(24).reshape([2, 3, 4]).unwrap());
    let index = tape.var(Tensor::from([[2i64, 0], [1, 1]]));
    let y = x.index_select(1, index);
    assert_eq!(y.shape().dims(), [2, 2, 2, 4]);
    for (i, at) in places(&[2, 2, 2, 4]).iter().enumerate() {
        let row = [[2, 0], [1, 1]][at[1]][at[2]];
        assert_eq!(values(y)[i], (at[0] * 12 + row * 4 + at[3]) as f64);
    }
    // A scalar index drops the axis.
    assert_eq!(values(x.index_select(2, tape.var(3i64))), [3.0, 7.0, 11.0, 15.0, 19.0, 23.0]);
    assert_eq!(x.index_select(0, tape.var(1i64)).shape().dims(), [3, 4]);
    assert_eq!(values(x.take(tape.var([[23i64], [0]]))), [23.0, 0.0]);
}

#[test]
fn points_by_several_indices_agree_with_loops() {
    let mut rng = StdRng::seed_from_u64(7);
    for _ in 0..60 {
        let rank = rng.random_range(1..4);
        let shape: Vec<usize> = (0..rank).map(|_| rng.random_range(1..4)).collect();
        let common: Vec<usize> = (0..rng.random_range(0..3)).map(|_| rng.random_range(0..4)).collect();
        let by_index = rng.random_range(1..=rank);
        let tape = Tape::new();
        let (mut vars, mut known) = (Vec::new(), Vec::new());
        for &length in &shape[..by_index] {
            // Some of them are shorter, and broadcast.
            let short = rng.random_range(0..=common.len());
            let own: Vec<usize> = common[short..].iter().map(|&n| if rng.random() { n } else { 1 }).collect();
            let index = indices(&mut rng, &own, length);
            let full = tape.var(&index).expand(&common[..]).value().unwrap();
            vars.push(tape.var(index).reshape(own));
            known.push(full.to_vec::<i64>().unwrap());
        }
        let found = vars.iter().fold(vec![], |shape: Vec<usize>, index| {
            chainrule_tape::Shape::from(shape).broadcast(&index.shape()).unwrap().to_vec()
        });
        if found != common {
            continue;
        }
        let inside = [&common[..], &shape[by_index..]].concat();
        let (x, source) = (random(&mut rng, &shape), random(&mut rng, &inside));
        let (mut read, mut put, mut added) = (Vec::new(), x.to_f64(), x.to_f64());
        for (from, at) in places(&inside).iter().enumerate() {
            let point = flat(&common, &at[..common.len()]);
            let mut place: Vec<usize> = known.iter().map(|index| index[point] as usize).collect();
            place.extend(&at[common.len()..]);
            let place = flat(&shape, &place);
            read.push(x.to_f64()[place]);
            put[place] = source.to_f64()[from];
            added[place] += source.to_f64()[from];
        }
        let (x, source) = (tape.var(x), tape.var(source));
        assert_eq!((x.index(&vars).shape().dims(), values(x.index(&vars))), (&inside[..], read));
        assert_eq!(values(x.index_put(&vars, source)), put);
        assert_eq!(values(x.index_put_add(&vars, source)), added);
    }
}

#[test]
fn integers_and_masks_are_read_and_written_too() {
    let tape = Tape::new();
    let (mask, number) = (tape.var([true, false, false]), tape.var([1i64, 2, 3]));
    let index = tape.var([2i64, 0]);
    assert_eq!(values(mask.gather(0, index)), [0.0, 1.0]);
    assert_eq!(values(mask.scatter(0, index, 1.0)), [1.0, 0.0, 1.0]);
    assert_eq!(values(number.scatter(0, index, 7.0)), [7.0, 2.0, 7.0]);
    assert_eq!(values(number.scatter_add(0, index, 7.0)), [8.0, 2.0, 10.0]);
    assert_eq!(values(number.index_put(&[index], tape.var([5i64, 6]))), [6.0, 2.0, 5.0]);
    assert_eq!(values(mask.index_fill(0, index, 1.0)), [1.0, 0.0, 1.0]);
    assert_eq!(values(mask.unfold(0, 2, 1)), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(values(number.unsqueeze(0).tril(0)), [1.0, 0.0, 0.0]);
}

#[test]
fn the_last_source_wins_and_gets_the_gradient() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0, 3.0]);
    let source = tape.var([10.0, 20.0, 30.0]);
    let y = x.scatter(0, tape.var([1i64, 1, 0]), source);
    assert_eq!(values(y), [30.0, 20.0, 3.0]);
    let weights = tape.var([5.0, 6.0, 7.0]);
    let g = tape.grads((y * weights).sum(..), &[x, source]);
    assert_eq!(values(g[0]), [0.0, 0.0, 7.0]);
    assert_eq!(values(g[1]), [0.0, 6.0, 5.0]);
    // A NaN or an infinity that is replaced does not spoil gradients.
    let y = tape.var([f64::NAN, 1.0]).scatter(0, tape.var([0i64]), source);
    assert_eq!(values(tape.grad(y.sum(..), source)), [1.0, 0.0, 0.0]);
    assert_eq!(values(y), [10.0, 1.0]);
}

#[test]
fn scalars_and_empty_tensors() {
    let tape = Tape::new();
    let (x, zero) = (tape.var(3.0), tape.var(0i64));
    assert_eq!(values(x.gather(0, zero)), [3.0]);
    assert_eq!(values(x.scatter(-1, zero, 4.0)), [4.0]);
    assert_eq!(values(x.scatter_add(0, zero, tape.var(4.0))), [7.0]);
    assert_eq!(values(x.take(zero)), [3.0]);
    // An index of one element, and slices that are scalars.
    let (one, four) = (tape.var([0i64]), tape.var(4.0));
    assert_eq!(x.gather(0, one).shape().dims(), [1]);
    assert_eq!(tape.var([3.0, 5.0]).gather(0, zero).item().unwrap(), 3.0);
    for (y, value) in [
        (x.index_select(0, one), 3.0),
        (x.index_select(-1, zero), 3.0),
        (x.index_add(0, one, four), 7.0),
        (x.index_copy(-1, one, four), 4.0),
        (x.index_fill(0, one, 4.0), 4.0),
        (x.index_fill(0, one, four), 4.0),
    ] {
        assert_eq!((y.shape().rank(), y.item().unwrap()), (0, value));
    }
    assert_eq!(tape.grad(x.index_add(0, one, x).square(), x).item().unwrap(), 24.0);
    let message = x.index_select(0, tape.var([1i64])).value().unwrap_err().to_string();
    assert!(message.contains("index_select: index 1 at position 0 is outside 0..1"), "{message}");
    assert!(message.contains("indexing.rs"), "{message}");
    let none = tape.var(Tensor::zeros([0, 2], DType::I64));
    let empty = tape.var(Tensor::zeros([0, 2], DType::F64));
    assert_eq!(empty.gather(0, none).shape().dims(), [0, 2]);
    assert!(values(empty.gather(0, none)).is_empty());
    assert!(values(empty.scatter(0, none, empty)).is_empty());
    assert!(values(empty.scatter_add(0, none, empty)).is_empty());
    assert!(values(empty.index_select(1, tape.var([1i64]))).is_empty());
    assert!(values(tape.grad(empty.gather(0, none).sum(..), empty)).is_empty());
    // Nothing to write.
    let x = tape.var([[1.0, 2.0]]);
    assert_eq!(values(x.scatter_add(0, none, empty)), [1.0, 2.0]);
    assert_eq!(values(x.scatter(0, none, 1.0)), [1.0, 2.0]);
    let index = tape.var(Vec::<i64>::new());
    assert_eq!(values(x.index_fill(1, index, 1.0)), [1.0, 2.0]);
    assert_eq!(values(x.index_add(0, index, empty)), [1.0, 2.0]);
    assert_eq!(values(x.index_copy(0, index, empty)), [1.0, 2.0]);
}

#[test]
fn masks_broadcast() {
    let tape = Tape::new();
    let x = tape.var([[1.0f32, 2.0], [3.0, 4.0]]);
    let mask = tape.var([[true], [false]]);
    assert_eq!(values(x.masked_fill(mask, 9.0)), [9.0, 9.0, 3.0, 4.0]);
    let value = tape.var(9.0f32);
    let y = x.masked_fill(mask, value);
    assert_eq!(values(tape.grad(y.sum(..), value)), [2.0]);
    assert_eq!(values(tape.grad(y.sum(..), x)), [0.0, 0.0, 1.0, 1.0]);
}

#[test]
fn batches_of_indices_and_of_sources() {
    let tape = Tape::new();
    let x = tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let index = tape.var([[2i64, 2], [0, 1]]);
    let source = tape.var([[10.0, 20.0], [30.0, 40.0]]);
    let y = vmap(|x| x[0].scatter(0, x[1], x[2]), [x, index, source]);
    assert_eq!(values(y), [1.0, 2.0, 20.0, 30.0, 40.0, 6.0]);
    let y = vmap(|i| x.gather(1, i[0].unsqueeze(0)), [index]);
    assert_eq!(values(y), [3.0, 3.0, 1.0, 2.0]);
    let y = vmap(|s| tape.var([0.0; 3]).scatter_add(0, tape.var([1i64, 1]), s[0]), [source]);
    assert_eq!(values(y), [0.0, 30.0, 0.0, 0.0, 70.0, 0.0]);
}

#[test]
fn an_index_out_of_range_names_op_value_and_line() {
    let bad = |line: u32, name: &str, record: &dyn for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>| {
        for index in [7, -1] {
            let tape = Tape::new();
            let error = record(tape.var([1.0, 2.0, 3.0]), tape.var([0, index])).value().unwrap_err();
            assert!(matches!(&error, Error::Data { op, .. } if op == name), "{name}: {error:?}");
            let message = error.to_string();
            let place = format!("tests/indexing.rs:{line}:");
            assert!(message.contains(&format!("index {index} ")) && message.contains(&place), "{message}");
        }
    };
    bad(line!(), "gather", &|x, i| x.gather(0, i));
    bad(line!(), "scatter", &|x, i| x.scatter(0, i, 1.0));
    bad(line!(), "scatter_add", &|x, i| x.scatter_add(0, i, 1.0));
    bad(line!(), "index_select", &|x, i| x.index_select(0, i));
    bad(line!(), "index_select", &|x, i| x.unsqueeze(0).index_select(1, i));
    bad(line!(), "index_add", &|x, i| x.index_add(0, i, x.slice(0, ..2)));
    bad(line!(), "index_copy", &|x, i| x.index_copy(0, i, x.slice(0, ..2)));
    bad(line!(), "index_fill", &|x, i| x.index_fill(0, i, 1.0));
    bad(line!(), "index", &|x, i| x.index(&[i]));
    bad(line!(), "index_put", &|x, i| x.unsqueeze(1).index_put(&[i, i * 0.0], 1.0));
    bad(line!(), "index_put_add", &|x, i| x.index_put_add(&[i], 1.0));
    bad(line!(), "take", &|x, i| x.take(i));
    bad(line!(), "segment_sum", &|x, i| x.slice(0, ..2).segment_sum(i, 3));
    bad(line!(), "one_hot", &|x, i| i.one_hot(3).select(x, 0.0));
    bad(line!(), "check_index", &|_, i| i.check_index(3));
}

#[test]
fn mistakes_name_the_op_and_the_line() {
    let wrong = |line: u32, start: &str, record: &dyn for<'t> Fn(Var<'t>, Var<'t>) -> Var<'t>| {
        let tape = Tape::new();
        let x = tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let y = record(x, tape.var([[0i64, 1]]));
        let message = (y * 2.0).sum(..).item().unwrap_err().to_string();
        let place = format!("tests/indexing.rs:{line}:");
        assert!(message.starts_with(start) && message.contains(&place), "{message}");
    };
    wrong(line!(), "gather: there is no axis 2", &|x, i| x.gather(2, i));
    wrong(line!(), "gather: the index has 1 axes, not 2", &|x, i| x.gather(0, i.reshape(2)));
    wrong(line!(), "gather: the index is longer than 2 along axis 0", &|x, i| x.gather(1, i.expand([3, 2])));
    wrong(line!(), "gather: indices are i64, not f64", &|x, _| x.gather(1, x));
    wrong(line!(), "scatter: the source is shorter", &|x, i| x.scatter(1, i, x.slice(1, ..1)));
    wrong(line!(), "scatter: the source is f32", &|x, i| x.scatter(1, i, x.cast(DType::F32)));
    wrong(line!(), "scatter_add: there is no axis -3", &|x, i| x.scatter_add(-3, i, x));
    wrong(line!(), "index_select: there is no axis", &|x, i| x.index_select(5, i));
    wrong(line!(), "index_select: there is no axis", &|x, i| x.sum(..).index_select(0, i));
    wrong(line!(), "index_select: indices are i64", &|x, _| x.index_select(1, x));
    wrong(line!(), "index_add: the index has one axis", &|x, i| x.index_add(0, i, x));
    wrong(line!(), "index_add: the source has the shape [2, 2]", &|x, i| x.index_add(1, i.reshape(2), x));
    wrong(line!(), "index_copy: the index has one axis", &|x, i| x.index_copy(0, i, x));
    wrong(line!(), "index_fill: there is no axis", &|x, i| x.index_fill(2, i.reshape(2), 1.0));
    wrong(line!(), "index: 0 indices for 2 axes", &|x, _| x.index(&[]));
    wrong(line!(), "index: 3 indices for 2 axes", &|x, i| x.index(&[i, i, i]));
    wrong(line!(), "index: the indices don't broadcast", &|x, i| x.index(&[i, i.expand([3, 2]).t()]));
    wrong(line!(), "index_put: the source expands to [1, 2, 3] and is f64", &|x, i| x.index_put(&[i], x.t()));
    wrong(line!(), "index_put_add: indices are i64", &|x, _| x.index_put_add(&[x], 1.0));
    wrong(line!(), "take: indices are i64", &|x, _| x.take(x));
    wrong(line!(), "masked_fill: the condition is f64, not bool", &|x, _| x.masked_fill(x, 1.0));
}
