//! Places within the layers: near the neighbours, straight where lines are long, never too close.

use super::layout::{BESIDE, Layered};

/// The middle of each vertex across the layers' direction; the least upper edge of all is 0.
///
/// Each layer in turn is placed with the least sum of squares of the distances from where its neighbours pull it, subject to the room
/// between neighbours, which pooling of adjacent violators solves exactly (Ayer et al., 1955). Lines between bends pull more, as in Gansner
/// et al., "A technique for drawing directed graphs", 1993, section 4.
pub(super) fn places(net: &Layered) -> Vec<f64> {
    let mut across = vec![0.0; net.breadth.len()];
    for layer in &net.layers {
        let offsets = offsets(net, layer);
        let middle = offsets.last().map_or(0.0, |last| last / 2.0);
        layer.iter().zip(&offsets).for_each(|(&v, offset)| across[v] = offset - middle);
    }
    let sweeps = if net.breadth.len() < 3000 { 24 } else { 4 };
    let depth = net.layers.len();
    for sweep in 0..sweeps {
        // At first each side alone, so that places travel fast; in the end both.
        let both = sweep >= sweeps / 2;
        (0..depth).for_each(|at| relax(net, at, &mut across, true, both));
        (0..depth).rev().for_each(|at| relax(net, at, &mut across, both, true));
    }
    let least = (0..across.len()).map(|v| across[v] - net.breadth[v] / 2.0).fold(f64::INFINITY, f64::min);
    across.iter_mut().for_each(|y| *y -= least);
    across
}

/// How far each of a layer is from the first, at least.
fn offsets(net: &Layered, layer: &[usize]) -> Vec<f64> {
    let mut at = 0.0;
    let mut offsets = Vec::with_capacity(layer.len());
    for (i, &v) in layer.iter().enumerate() {
        if let Some(&u) = i.checked_sub(1).and_then(|i| layer.get(i)) {
            at += (net.breadth[u] + net.breadth[v]) / 2.0 + BESIDE;
        }
        offsets.push(at);
    }
    offsets
}

fn relax(net: &Layered, at: usize, across: &mut [f64], before: bool, after: bool) {
    let layer = &net.layers[at];
    let offsets = offsets(net, layer);
    let pull = |&v: &usize| {
        let sides = [(before, &net.before, &net.after), (after, &net.after, &net.before)];
        let links = sides.into_iter().filter(|side| side.0).flat_map(|(_, to, back)| {
            // The only way on for both is drawn straight.
            to[v].iter().map(move |&u| (u, to[v].len() == 1 && back[u].len() == 1))
        });
        let (mut sum, mut weight) = (0.0, 0.0);
        for (u, only) in links {
            let w = match (u < net.boxes, v < net.boxes) {
                (true, true) if !only => 1.0,
                (false, false) => 8.0,
                _ => 4.0,
            };
            (sum, weight) = (sum + w * across[u], weight + w);
        }
        if weight > 0.0 { (sum / weight, weight) } else { (across[v], 1e-3) }
    };
    let wanted: Vec<(f64, f64)> =
        layer.iter().zip(&offsets).map(|(v, offset)| (pull(v).0 - offset, pull(v).1)).collect();
    for ((&v, offset), place) in layer.iter().zip(&offsets).zip(ascending(&wanted)) {
        across[v] = place + offset;
    }
}

/// The ascending numbers with the least weighted sum of squared distances from `wanted` (number, weight).
fn ascending(wanted: &[(f64, f64)]) -> Vec<f64> {
    // Blocks of equal numbers: their mean, weight and length. A block below the one before it is joined with it.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::with_capacity(wanted.len());
    for &(mean, weight) in wanted {
        let mut block = (mean, weight, 1);
        while let Some(last) = blocks.pop_if(|last| last.0 > block.0) {
            let weight = last.1 + block.1;
            block = ((last.0 * last.1 + block.0 * block.1) / weight, weight, last.2 + block.2);
        }
        blocks.push(block);
    }
    blocks.into_iter().flat_map(|(mean, _, length)| std::iter::repeat_n(mean, length)).collect()
}

#[cfg(test)]
mod tests {
    use super::ascending;

    #[test]
    fn violators_are_pooled() {
        assert_eq!(ascending(&[(1.0, 1.0), (2.0, 1.0)]), [1.0, 2.0]);
        assert_eq!(ascending(&[(3.0, 1.0), (1.0, 1.0), (5.0, 1.0)]), [2.0, 2.0, 5.0]);
        assert_eq!(ascending(&[(4.0, 3.0), (0.0, 1.0)]), [3.0, 3.0]);
        assert_eq!(
            ascending(&[(1.0, 1.0), (3.0, 1.0), (2.0, 1.0), (0.0, 1.0)]),
            [1.0, 5.0 / 3.0, 5.0 / 3.0, 5.0 / 3.0]
        );
    }
}
