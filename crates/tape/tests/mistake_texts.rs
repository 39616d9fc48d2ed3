//! What the mistakes of each family say, word for word.

use chainrule_tape::{Conv, ConvTranspose, DType, Interpolation, PadMode, Pool, Tape, Var};

type Bad = for<'t> fn(&'t Tape, Var<'t>, Var<'t>) -> Var<'t>;

/// Expressions of `x` [2, 3] f64 and `i` [2] i64, each with its error's text and the operands that this shows.
macro_rules! texts {
    (|$t:ident, $x:ident, $i:ident| $($y:expr => $text:literal, $operands:literal;)*) => {
        &[$(($text, $operands, |$t, $x, $i| { let _ = ($t, $x, $i); $y })),*]
    };
}

const TEXTS: &[(&str, &str, Bad)] = texts! { |t, x, i|
    x + t.var([1.0, 2.0]) => "add: these shapes don't broadcast", "[2, 3] f64, [2] f64";
    x * i => "mul: these shapes don't broadcast", "[2, 3] f64, [2] i64";
    x.exp2().and(x) => "and: not defined for f64", "[2, 3] f64, [2, 3] f64";
    i.sin() => "sin: not defined for i64", "[2] i64";
    i * 0.5 => "constant: the number 0.5 is no i64", "[2] i64";
    x.select(1.0, x) => "select: the condition is f64, not bool", "[2, 3] f64";
    x.masked_fill(i, 0.0) => "masked_fill: the condition is i64, not bool", "[2, 3] f64, [2] i64";
    i.gelu() => "gelu: the number 0.7071067811865476 is no i64", "[2] i64";
    i.xlogy(2.0) => "xlogy: not defined for i64", "[2] i64, [2] i64";
    x.gt(0.0).relu() => "relu: not defined for bool", "[2, 3] bool";
    x.powi(2).clamp(0.0, 1.0).gt(i) => "gt: these shapes don't broadcast", "[2, 3] f64, [2] i64";
    x.sum(2) => "sum: there is no axis 2", "[2, 3] f64";
    x.mean([0, -2]) => "mean: an axis is named twice in [0, -2]", "[2, 3] f64";
    i.mean(..) => "mean: takes floating-point numbers; cast it first", "[2] i64";
    x.gt(0.0).sum(..) => "sum: bool has no sum; cast it first", "[2, 3] bool";
    x.gt(0.0).min(0) => "min: not defined for bool", "[2, 3] bool";
    x.slice(1, ..0).max(1) => "max: an empty axis has neither a largest nor a smallest element", "[2, 0] f64";
    x.slice(1, ..0).argmin(1) => "argmin: axis 1 is empty", "[2, 0] f64";
    x.gt(0.0).softmax(0) => "softmax: bool has no order; cast it first", "[2, 3] bool";
    x.softmax(2) => "softmax: there is no axis 2", "[2, 3] f64";
    x.quantile(2.0, 0) => "quantile: 2 is not from 0 to 1", "[2, 3] f64";
    x.norm_p(.., f64::NAN) => "norm_p: p is NaN", "[2, 3] f64";
    x.topk(4, 1).0 => "topk: there are no 4 elements along axis 1", "[2, 3] f64";
    x.kthvalue(0, 1).0 => "kthvalue: there is no element 0 (from 1) along axis 1", "[2, 3] f64";
    x.cumsum(3) => "cumsum: there is no axis 3", "[2, 3] f64";
    x.sum_to([2, 2]) => "sum_to: [2, 2] does not expand to this shape", "[2, 3] f64";
    i.bucketize(x, false) => "bucketize: boundaries have one axis", "[2] i64, [2, 3] f64";
    x.bincount(4) => "bincount: takes i64", "[2, 3] f64";
    x.reshape([4]) => "reshape: 6 elements can't take the shape [4], which has 4", "[2, 3] f64";
    x.expand([2, 4]) => "expand: can't be expanded to [2, 4]", "[2, 3] f64";
    x.permute(&[0, 0]) => "permute: [0, 0] is no order of 2 axes", "[2, 3] f64";
    x.transpose(0, 5) => "transpose: there are no axes 0 and 5", "[2, 3] f64";
    x.unsqueeze(7) => "unsqueeze: there is no axis 7", "[2, 3] f64";
    x.squeeze(0) => "squeeze: axis 0 is not of length 1", "[2, 3] f64";
    x.unflatten(1, &[2, 2]) => "unflatten: 3 elements don't make axes of [2, 2]", "[2, 3] f64";
    x.slice(1, 2..5) => "slice: 2..5 ends outside axis 1, of length 3", "[2, 3] f64";
    x.slice_step(1, 0..2, 0) => "slice: a step of 0", "[2, 3] f64";
    x.at(1, 3) => "at: there is no index 3 in axis 1", "[2, 3] f64";
    x.split(1, &[1, 1])[0] => "split: pieces of [1, 1] are 2 elements, axis 1 has 3", "[2, 3] f64";
    x.chunk(1, 0)[0] => "chunk: no pieces", "[2, 3] f64";
    x.unfold(1, 4, 1) => "unfold: a window of 4 does not fit in axis 1, of length 3", "[2, 3] f64";
    x.fold(0, 1, 1) => "fold: 2 windows of 3 with a step of 1 don't lie in 1 elements", "[2, 3] f64";
    x.pad_with(&[(1, [3, 0])], PadMode::Reflect)
        => "pad_with: axis 1 is too short for 3 elements before and 0 after (Reflect)", "[2, 3] f64";
    x.pad(0, usize::MAX, 0) => "pad: a tensor of shape [18446744073709551615, 3] is too large", "[2, 3] f64";
    x.tile(&[1 << 40, 1 << 40])
        => "tile: a tensor of shape [1099511627776, 2, 1099511627776, 3] is too large", "[2, 3] f64";
    x.diagonal(0, 1, 1) => "diagonal: an axis is named twice in [1, 1]", "[2, 3] f64";
    t.concat(&[x, x.t()], 0) => "concat: pieces may differ along axis 0 only", "[2, 3] f64, [3, 2] f64";
    t.stack(&[x, i], 0) => "stack: pieces have one shape", "[2, 3] f64, [2] i64";
    t.eye(1 << 40, DType::F64) => "eye: a tensor of shape [1099511627776, 1099511627776] is too large", "";
    t.arange(0.0, 1.0, -1.0, DType::F64) => "arange: no steps of -1 lead from 0 to 1", "";
    t.bernoulli(2, 1.5, DType::F64) => "bernoulli: 1.5 is no probability", "";
    x.index_select(0, x) => "index_select: indices are i64, not f64", "[2, 3] f64, [2, 3] f64";
    x.gather(1, i) => "gather: the index has 1 axes, not 2", "[2, 3] f64, [2] i64";
    x.scatter(1, i.unsqueeze(1), x.slice(1, ..0))
        => "scatter: the source is shorter than the index", "[2, 3] f64, [2, 1] i64, [2, 0] f64";
    x.index(&[i, i, i]) => "index: 3 indices for 2 axes", "[2, 3] f64, [2] i64, [2] i64, [2] i64";
    x.index_put(&[i], t.var([1.0, 2.0])) => "index_put: the source expands to [2, 3] and is f64", "[2, 3] f64, [2] f64";
    x.segment_sum(i.unsqueeze(1), 3)
        => "segment_sum: the values' shape starts with the indices'", "[2, 3] f64, [2, 1] i64";
    x.index_select(0, i) => "index_select: index 5 at position 1 is outside 0..2", "";
    i.one_hot(4) => "one_hot: index 5 at position 1 is outside 0..4", "";
    i.bincount(3) => "bincount: index 5 at position 1 is outside 0..3", "";
    x.matmul(x)
        => "matmul: a row of the left operand has 3 elements, a column of the right one 2", "[2, 3] f64, [2, 3] f64";
    x.dot(x) => "dot: takes two vectors", "[2, 3] f64, [2, 3] f64";
    x.cross(x.t(), 1)
        => "cross: takes two tensors of as many axes, with three elements along axis 1", "[2, 3] f64, [3, 2] f64";
    x.tensordot(x, &[0], &[1]) => "tensordot: axis 0 has 2 elements, its partner 1 has 3", "[2, 3] f64, [2, 3] f64";
    x.cdist(x.t()) => "cdist: takes points of as many coordinates each", "[2, 3] f64, [3, 2] f64";
    t.einsum("ij,jk->ik", &[x, x]) => "einsum: 'j' has length 2 in operand 1, 3 before", "[2, 3] f64, [2, 3] f64";
    t.einsum("ij->ik", &[x]) => "einsum: 'k' of the result is in no operand", "[2, 3] f64";
    x.reshape([1, 1, 2, 3]).conv2d(x.reshape([1, 2, 1, 3]), Conv::default())
        => "conv2d: the input has 1 channels, the weights are for 2", "[1, 1, 2, 3] f64, [1, 2, 1, 3] f64";
    x.reshape([1, 2, 3]).conv1d(x.reshape([1, 2, 3]), Conv { dilation: [2], ..Conv::default() })
        => "conv1d: a window of 3 (dilation 2) does not fit in 3 elements", "[1, 2, 3] f64, [1, 2, 3] f64";
    x.conv_transpose1d(x.reshape([2, 1, 3]), ConvTranspose { stride: [0], ..ConvTranspose::default() })
        => "conv_transpose1d: stride, dilation and groups are at least 1", "[2, 3] f64, [2, 1, 3] f64";
    x.unsqueeze(0).max_pool2d(4) => "max_pool2d: a window of 4 does not fit in 2 elements", "[1, 2, 3] f64";
    x.unsqueeze(0).max_pool2d(Pool { window: [1 << 40, 1], padding: [1 << 39, 0], ..Pool::from(1) })
        => "max_pool2d: a window of 1099511627776 elements is too large", "[1, 2, 3] f64";
    x.adaptive_avg_pool1d([0]) => "adaptive_avg_pool1d: an output of size [0]", "[2, 3] f64";
    x.interpolate([0], Interpolation::Nearest) => "interpolate: can't be resized to [0]", "[2, 3] f64";
    x.reshape([6, 1, 1]).pixel_shuffle(2) => "pixel_shuffle: 6 channels can't be cut in blocks of 2·2", "[6, 1, 1] f64";
    x.unsqueeze(0).unfold2d([3, 3], Conv::default())
        => "unfold2d: a window of 3 (dilation 1) does not fit in 2 elements", "[1, 2, 3] f64";
};

#[test]
fn texts() {
    for (text, operands, record) in TEXTS {
        let tape = Tape::new();
        let y = record(&tape, tape.var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), tape.var([1i64, 5]));
        let message = y.value().unwrap_err().to_string();
        let (said, place) = message.split_once("\n  --> ").expect("a place");
        let (said, shown) = said.split_once("\n  operands: ").unwrap_or((said, ""));
        assert_eq!((said, shown), (*text, *operands));
        assert!(place.contains("mistake_texts.rs:"), "{message}");
    }
}
