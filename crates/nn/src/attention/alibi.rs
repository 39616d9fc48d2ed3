//! Attention with linear biases.

use chainrule_tape::{DType, Tape, Tensor, Var};

/// Linear biases, `[heads, n, m]`, for [`Attend::bias`](crate::Attend::bias): `-slope_h·|i - j|` for the query at
/// position `i` and the key at position `j`, where the `n` queries are the last of the `m` positions. Far keys count
/// less, each head with its own slope: `2^(-8h / heads)` for `h = 1, 2, …, heads` if that is a power of two; for
/// other numbers of heads, those of the next lower power of two, and then every other one of twice as many.
///
/// It takes the place of embedded positions, and works for sequences longer than those trained on.
///
/// Source: Press, Smith and Lewis, "Train short, test long: attention with linear biases enables input length
/// extrapolation", ICLR 2022, section 3, and its published code for other numbers of heads. (With `|i - j|` it is
/// also for attention both ways.)
///
/// ```
/// use chainrule_nn::alibi;
/// use chainrule_tape::{DType, Tape};
///
/// let tape = Tape::new();
/// let bias = alibi(&tape, 8, 1, 3, DType::F64).value()?.to_f64();
/// assert_eq!(bias[..3], [-1.0, -0.5, 0.0]);
/// assert_eq!(bias[3..6], [-0.5, -0.25, 0.0]);
/// # Ok::<(), chainrule_tape::Error>(())
/// ```
#[track_caller]
pub fn alibi(tape: &Tape, heads: usize, n: usize, m: usize, dtype: DType) -> Var<'_> {
    let _op = tape.within("alibi", &[]);
    if n > m {
        return tape.fail("alibi", format!("{n} queries can't be the last of {m} positions"), &[]);
    }
    if !dtype.is_float() {
        return tape.fail("alibi", format!("biases are floating-point numbers, not {dtype}"), &[]);
    }
    let slopes = slopes(heads);
    let slopes = match Tensor::from_vec(slopes, [heads, 1, 1]) {
        Ok(slopes) => tape.var(slopes.cast(dtype)),
        Err(error) => return tape.fail("alibi", error.to_string(), &[]),
    };
    let query = tape.iota(n, dtype).reshape([n, 1]) + (m - n) as f64;
    -(query - tape.iota(m, dtype)).abs() * slopes
}

fn slopes(heads: usize) -> Vec<f64> {
    let power = if heads == 0 { 1 } else { 1usize << heads.ilog2() };
    let of = |count: usize| (1..=count).map(move |h| (-8.0 * h as f64 / count as f64).exp2());
    of(power).chain(of(2 * power).step_by(2)).take(heads).collect()
}

#[cfg(test)]
mod tests {
    use super::slopes;

    #[test]
    fn slopes_of_other_numbers_of_heads_lie_between() {
        assert_eq!(slopes(2), [0.0625, 0.00390625]);
        assert_eq!(slopes(3), [0.0625, 0.00390625, 0.25]);
        assert!(slopes(0).is_empty());
    }
}
