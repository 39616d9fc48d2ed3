//! The order within the layers: few crossings.

use super::layout::Layered;

/// Sorts each layer by where the neighbours are, back and forth, and keeps what crosses least.
///
/// Source: Sugiyama, Tagawa and Toda, 1981 (barycentres); crossings are counted as by Barth, Jünger and Mutzel, "Simple and efficient
/// bilayer cross counting", 2002.
pub(super) fn sort(net: &mut Layered) {
    start(net);
    let sweeps = if net.breadth.len() < 3000 { 12 } else { 2 };
    let (mut best, mut least) = (net.layers.clone(), crossings(net));
    for sweep in 0..sweeps {
        if least == 0 {
            break;
        }
        let forward = sweep % 2 == 0;
        for at in 1..net.layers.len() {
            let at = if forward { at } else { net.layers.len() - 1 - at };
            by_barycentre(net, at, forward);
        }
        let found = crossings(net);
        if found < least {
            (best, least) = (net.layers.clone(), found);
        }
    }
    net.layers = best;
}

/// Operands side by side in their order, as one would write the expression: depth first from the ends.
fn start(net: &mut Layered) {
    let mut layer_of = vec![0; net.breadth.len()];
    for (i, layer) in net.layers.iter_mut().enumerate() {
        layer.iter().for_each(|&v| layer_of[v] = i);
        layer.clear();
    }
    let mut seen = vec![false; layer_of.len()];
    let ends = (0..layer_of.len()).filter(|&v| net.after[v].is_empty());
    for end in ends {
        let mut open = vec![end];
        while let Some(v) = open.pop() {
            if !std::mem::replace(&mut seen[v], true) {
                net.layers[layer_of[v]].push(v);
                open.extend(net.before[v].iter().rev());
            }
        }
    }
}

/// Sorts a layer by the mean place of each vertex's neighbours in the layer before, or after.
fn by_barycentre(net: &mut Layered, at: usize, forward: bool) {
    let (fixed, links) =
        if forward { (&net.layers[at - 1], &net.before) } else { (&net.layers[at + 1], &net.after) };
    let mut place = std::collections::HashMap::new();
    place.extend(fixed.iter().enumerate().map(|(i, &v)| (v, i as f64 / fixed.len() as f64)));
    let own = net.layers[at].len() as f64;
    let mean = |(i, &v): (usize, &usize)| match links[v].len() {
        0 => (i as f64 / own, v),
        n => (links[v].iter().map(|u| place[u]).sum::<f64>() / n as f64, v),
    };
    let mut sorted: Vec<(f64, usize)> = net.layers[at].iter().enumerate().map(mean).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    net.layers[at] = sorted.into_iter().map(|(_, v)| v).collect();
}

/// The number of crossings of lines between neighbouring layers.
pub(super) fn crossings(net: &Layered) -> usize {
    let mut place = vec![0; net.breadth.len()];
    for layer in &net.layers {
        layer.iter().enumerate().for_each(|(i, &v)| place[v] = i);
    }
    let between = |pair: &[Vec<usize>]| {
        // Lines by their first end; two cross where their second ends are the other way round.
        let mut ends = Vec::new();
        for &v in &pair[0] {
            let from = ends.len();
            ends.extend(net.after[v].iter().map(|&to| place[to]));
            ends[from..].sort_unstable();
        }
        inversions(&ends, pair[1].len())
    };
    net.layers.windows(2).map(between).sum()
}

/// How many pairs of `values`, below `bound`, are in the wrong order: a Fenwick tree counts those passed that are larger.
fn inversions(values: &[usize], bound: usize) -> usize {
    let (mut tree, mut found) = (vec![0; bound + 1], 0);
    for (passed, &value) in values.iter().enumerate() {
        let (mut not_larger, mut at) = (0, value + 1);
        while at > 0 {
            not_larger += tree[at];
            at &= at - 1;
        }
        found += passed - not_larger;
        at = value + 1;
        while at <= bound {
            tree[at] += 1;
            at += at & at.wrapping_neg();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inversions_are_counted() {
        assert_eq!(inversions(&[0, 1, 1, 2], 3), 0);
        assert_eq!(inversions(&[2, 1, 0], 3), 3);
        assert_eq!(inversions(&[3, 0, 3, 1, 2], 4), 5);
        assert_eq!(inversions(&[], 0), 0);
    }
}
