//! Places for the boxes and arrows of a graph: in layers, so that every arrow goes forward.
//!
//! The steps are those of Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981: a layer
//! for each node, bends for arrows that pass layers, few crossings (`order`), and places within the layers (`place`).
//!
//! Of the crates that do this, `rust-sugiyama` 0.4 gives no way for the arrows around the boxes, and brings `petgraph`; `layout-rs` 0.1 draws
//! its own boxes, with six thousand lines for Graphviz's language.

use super::{order, place};

/// Room between layers, where the arrows curve, and between the boxes of a layer.
pub(super) const BETWEEN: f64 = 44.0;
pub(super) const BESIDE: f64 = 16.0;

/// Where everything is. Layers follow each other along the first coordinate.
#[derive(Debug)]
pub(super) struct Layout {
    /// The middle of each box.
    pub(super) middles: Vec<(f64, f64)>,
    /// For each edge the points at which straight pieces (the first, third, …) and curves in between meet. The first piece leaves the
    /// box, or is one of another edge's, where this one branches off.
    pub(super) routes: Vec<Vec<(f64, f64)>>,
    pub(super) size: (f64, f64),
}

/// Boxes and bends in layers.
#[derive(Debug, Default)]
pub(super) struct Layered {
    /// The vertices of each layer, in their order. The first are the boxes, the others bends.
    pub(super) layers: Vec<Vec<usize>>,
    /// How much room each takes across the layers' direction.
    pub(super) breadth: Vec<f64>,
    /// The neighbours in the layer before and in the layer after.
    pub(super) before: Vec<Vec<usize>>,
    pub(super) after: Vec<Vec<usize>>,
    pub(super) boxes: usize,
}

/// Lays out boxes of these sizes (along and across the layers' direction). An edge's first end has the smaller number.
pub(super) fn layout(sizes: &[(f64, f64)], edges: &[(usize, usize)]) -> Layout {
    let layer = layers(sizes.len(), edges);
    let (mut net, chains) = Layered::new(sizes, edges, &layer);
    order::sort(&mut net);
    let across = place::places(&net);

    let depth = |layer: &Vec<usize>| {
        layer.iter().filter(|&&v| v < net.boxes).map(|&v| sizes[v].0).fold(0.0, f64::max)
    };
    let depths: Vec<f64> = net.layers.iter().map(depth).collect();
    let mut starts = vec![0.0];
    for depth in &depths {
        starts.push(starts[starts.len() - 1] + depth + BETWEEN);
    }
    let middles: Vec<(f64, f64)> =
        (0..sizes.len()).map(|v| (starts[layer[v]] + depths[layer[v]] / 2.0, across[v])).collect();

    let bends = |e: usize| {
        let (from, to) = edges[e];
        &chains[from][..layer[to] - layer[from] - 1]
    };
    let ports = ports(sizes, edges, |e| across[*bends(e).last().unwrap_or(&edges[e].0)]);
    // From each box the short edges first: a longer one goes on from their last bend.
    let mut short_first: Vec<usize> = (0..edges.len()).collect();
    short_first.sort_by_key(|&e| bends(e).len());
    let (mut drawn, mut routes) = (vec![0; sizes.len()], vec![Vec::new(); edges.len()]);
    for e in short_first {
        let (from, to) = edges[e];
        let end = |layer: usize| starts[layer] + depths[layer];
        let (out, port) = (across[from], across[to] + ports[e]);
        let known = std::mem::replace(&mut drawn[from], bends(e).len());
        let points: &mut Vec<(f64, f64)> = &mut routes[e];
        if known == 0 {
            points.extend([(middles[from].0 + sizes[from].0 / 2.0, out), (end(layer[from]), out)]);
        }
        for (i, &bend) in bends(e).iter().enumerate().skip(known.saturating_sub(1)) {
            let layer = layer[from] + 1 + i;
            points.extend([(starts[layer], across[bend]), (end(layer), across[bend])]);
        }
        points.extend([(starts[layer[to]], port), (middles[to].0 - sizes[to].0 / 2.0, port)]);
    }
    let reach = |v: usize| across[v] + net.breadth[v] / 2.0;
    let breadth = (0..across.len()).map(reach).fold(0.0, f64::max);
    Layout { middles, routes, size: ((starts[depths.len()] - BETWEEN).max(0.0), breadth) }
}

/// The layer of each node: behind all that it is made from, and what is made from nothing right before its first use.
fn layers(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let (mut layer, mut first_use) = (vec![0; nodes], vec![usize::MAX; nodes]);
    let mut is_leaf = vec![true; nodes];
    let mut into: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    edges.iter().for_each(|&(from, to)| into[to].push(from));
    for to in 0..nodes {
        layer[to] = into[to].iter().map(|&from| layer[from] + 1).max().unwrap_or(0);
        is_leaf[to] = into[to].is_empty();
        for &from in &into[to] {
            first_use[from] = first_use[from].min(layer[to]);
        }
    }
    for node in (0..nodes).filter(|&node| is_leaf[node] && first_use[node] != usize::MAX) {
        layer[node] = first_use[node] - 1;
    }
    layer
}

impl Layered {
    /// With the bends behind each box, a layer after the other: edges from one box share them, as branches of one line.
    fn new(sizes: &[(f64, f64)], edges: &[(usize, usize)], layer: &[usize]) -> (Self, Vec<Vec<usize>>) {
        let depth = layer.iter().max().map_or(0, |last| last + 1);
        let mut net = Self { layers: vec![Vec::new(); depth], boxes: sizes.len(), ..Self::default() };
        for (size, &layer) in sizes.iter().zip(layer) {
            net.add(size.1, layer);
        }
        let mut chains: Vec<Vec<usize>> = vec![Vec::new(); sizes.len()];
        for &(from, to) in edges {
            let (passed, chain) = (layer[to] - layer[from] - 1, &mut chains[from]);
            while chain.len() < passed {
                let bend = net.add(2.0, layer[from] + 1 + chain.len());
                net.link(*chain.last().unwrap_or(&from), bend);
                chain.push(bend);
            }
            net.link(passed.checked_sub(1).map_or(from, |last| chain[last]), to);
        }
        (net, chains)
    }

    fn add(&mut self, breadth: f64, layer: usize) -> usize {
        let vertex = self.breadth.len();
        self.breadth.push(breadth);
        self.before.push(Vec::new());
        self.after.push(Vec::new());
        self.layers[layer].push(vertex);
        vertex
    }

    fn link(&mut self, from: usize, to: usize) {
        self.after[from].push(to);
        self.before[to].push(from);
    }
}

/// How far from the middle of its box each edge arrives: in the order in which the edges come, so that they don't cross there.
fn ports(sizes: &[(f64, f64)], edges: &[(usize, usize)], comes_from: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut arriving: Vec<Vec<usize>> = vec![Vec::new(); sizes.len()];
    edges.iter().enumerate().for_each(|(e, edge)| arriving[edge.1].push(e));
    let mut ports = vec![0.0; edges.len()];
    for (to, mut edges) in arriving.into_iter().enumerate() {
        edges.sort_by(|&a, &b| comes_from(a).total_cmp(&comes_from(b)));
        let step = f64::min(12.0, 0.7 * sizes[to].1 / edges.len().max(1) as f64);
        let middle = (edges.len() as f64 - 1.0) / 2.0;
        edges.iter().enumerate().for_each(|(i, &e)| ports[e] = (i as f64 - middle) * step);
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    type Edges = Vec<(usize, usize)>;

    /// A graph by a small generator of numbers: each node takes up to three of those before it.
    fn random(seed: u64, nodes: usize) -> (Vec<(f64, f64)>, Edges) {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut below = |n: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % n
        };
        let sizes = (0..nodes).map(|_| (40.0 + below(120) as f64, 24.0 + below(60) as f64)).collect();
        let mut edges = Vec::new();
        for to in 1..nodes {
            let near = 1 + below(to);
            (0..below(4)).for_each(|_| edges.push((to - 1 - below(near), to)));
        }
        (sizes, edges)
    }

    #[test]
    fn boxes_stay_apart_and_arrows_go_forward_around_them() {
        for seed in 0..60 {
            let (sizes, edges) = random(seed, 2 + seed as usize);
            let Layout { middles, routes, size } = layout(&sizes, &edges);
            let inside = |x: f64, y: f64, v: usize, room: f64| {
                (x - middles[v].0).abs() < sizes[v].0 / 2.0 + room
                    && (y - middles[v].1).abs() < sizes[v].1 / 2.0 + room
            };
            for a in 0..sizes.len() {
                let reach = (middles[a].0 + sizes[a].0 / 2.0, middles[a].1 + sizes[a].1 / 2.0);
                assert!(reach.0 <= size.0 + 1e-9 && reach.1 <= size.1 + 1e-9, "seed {seed}: {a} is outside");
                assert!(middles[a].0 >= sizes[a].0 / 2.0 - 1e-9 && middles[a].1 >= sizes[a].1 / 2.0 - 1e-9);
                for b in 0..a {
                    let apart = (
                        (middles[a].0 - middles[b].0).abs() - (sizes[a].0 + sizes[b].0) / 2.0,
                        (middles[a].1 - middles[b].1).abs() - (sizes[a].1 + sizes[b].1) / 2.0,
                    );
                    assert!(
                        apart.0 > BETWEEN - 1e-9 || apart.1 > BESIDE - 1e-9,
                        "seed {seed}: {a} and {b}: {apart:?}"
                    );
                }
            }
            for (route, &(from, to)) in routes.iter().zip(&edges) {
                assert!(
                    route.is_sorted_by(|a, b| a.0 <= b.0 + 1e-9),
                    "seed {seed}: {from} to {to}: {route:?}"
                );
                let (first, last) = (route[0], route[route.len() - 1]);
                let leaves = |first: (f64, f64)| {
                    (first.0 - middles[from].0 - sizes[from].0 / 2.0).abs() < 1e-9
                        && first.1 == middles[from].1
                };
                let siblings =
                    || routes.iter().zip(&edges).filter(|(_, edge)| edge.0 == from).map(|(route, _)| route);
                let branches =
                    || siblings().any(|other| !std::ptr::eq(other, route) && other.contains(&first));
                assert!(leaves(first) || branches(), "seed {seed}: {from} to {to} starts nowhere");
                assert!(siblings().any(|other| leaves(other[0])));
                assert!((last.0 - middles[to].0 + sizes[to].0 / 2.0).abs() < 1e-9);
                assert!((last.1 - middles[to].1).abs() <= 0.35 * sizes[to].1);
                // The straight pieces lie beside boxes, the curves where there are none.
                for piece in route.chunks(2) {
                    assert_eq!(piece[0].1, piece[1].1);
                    for i in 0..=10 {
                        let x = piece[0].0 + (piece[1].0 - piece[0].0) * f64::from(i) / 10.0;
                        let hit =
                            (0..sizes.len()).find(|&v| v != from && v != to && inside(x, piece[0].1, v, 2.0));
                        assert_eq!(hit, None, "seed {seed}: {from} to {to}");
                    }
                }
                for gap in route[1..route.len() - 1].chunks(2) {
                    assert!((gap[1].0 - gap[0].0 - BETWEEN).abs() < 1e-9);
                }
            }
        }
    }

    #[test]
    fn a_chain_is_straight_and_a_tree_has_no_crossing() {
        let sizes = vec![(50.0, 30.0); 7];
        let chain = layout(&sizes[..3], &[(0, 1), (1, 2)]);
        assert!(chain.middles.iter().all(|middle| (middle.1 - 15.0).abs() < 1e-9), "{:?}", chain.middles);
        assert_eq!(chain.size, (3.0 * 50.0 + 2.0 * BETWEEN, 30.0));
        // Leaves in a bad order: 0 and 2 belong together, 1 and 3.
        let tree = layout(&sizes, &[(0, 4), (2, 4), (1, 5), (3, 5), (4, 6), (5, 6)]);
        let y = |v: usize| tree.middles[v].1;
        assert!((y(0) < y(1)) == (y(2) < y(3)) && (y(0) < y(1)) == (y(4) < y(5)));
    }

    #[test]
    fn leaves_stand_before_their_use() {
        assert_eq!(layers(5, &[(0, 1), (1, 2), (2, 4), (3, 4)]), [0, 1, 2, 2, 3]);
        assert_eq!(layout(&[], &[]).size, (0.0, 0.0));
        assert_eq!(layout(&[(10.0, 5.0)], &[]).size, (10.0, 5.0));
    }

    #[test]
    fn a_large_graph_is_laid_out_without_recursion() {
        let edges: Vec<(usize, usize)> = (1..20_000).map(|to| (to - 1, to)).collect();
        let long = layout(&vec![(50.0, 30.0); 20_000], &edges);
        assert_eq!(long.routes.len(), 19_999);
        let (sizes, edges) = random(1, 1500);
        assert_eq!(layout(&sizes, &edges).routes.len(), edges.len());
    }
}
