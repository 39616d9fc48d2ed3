//! Names at the ends of lines: moved apart where lines end close together.

/// The places nearest to `wanted` (least squares) that are `gap` apart, in the same order, within `lo..=hi`.
///
/// With `zᵢ = placeᵢ - i·gap` the gaps become `zᵢ ≤ zᵢ₊₁`: isotonic regression, solved by pooling neighbours
/// that violate the order until none does.
pub(crate) fn spread(wanted: &[f64], gap: f64, lo: f64, hi: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (rank, &i) in order.iter().enumerate() {
        let mut pool = (wanted[i] - rank as f64 * gap, 1);
        while let Some(&(mean, count)) = pools.last()
            && mean > pool.0
        {
            pools.pop();
            let total = count + pool.1;
            pool = ((mean * count as f64 + pool.0 * pool.1 as f64) / total as f64, total);
        }
        pools.push(pool);
    }
    let top = hi - wanted.len().saturating_sub(1) as f64 * gap;
    let shifted = pools.iter().flat_map(|&(mean, count)| std::iter::repeat_n(mean.min(top).max(lo), count));
    let mut places = vec![0.0; wanted.len()];
    for ((rank, &i), z) in order.iter().enumerate().zip(shifted) {
        places[i] = z + rank as f64 * gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_touch_stay() {
        assert_eq!(spread(&[50.0, 10.0, 90.0], 15.0, 0.0, 100.0), [50.0, 10.0, 90.0]);
        assert_eq!(spread(&[], 15.0, 0.0, 100.0), [0.0; 0]);
    }

    #[test]
    fn names_that_touch_share_the_shift() {
        assert_eq!(spread(&[50.0, 52.0], 10.0, 0.0, 100.0), [46.0, 56.0]);
        assert_eq!(spread(&[52.0, 50.0, 51.0], 10.0, 0.0, 100.0), [61.0, 41.0, 51.0]);
    }

    #[test]
    fn names_stay_inside() {
        assert_eq!(spread(&[99.0, 100.0], 10.0, 0.0, 100.0), [90.0, 100.0]);
        assert_eq!(spread(&[1.0, 0.0], 10.0, 0.0, 100.0), [10.0, 0.0]);
    }
}
