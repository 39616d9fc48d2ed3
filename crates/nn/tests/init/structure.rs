//! Identity, Dirac's kernel, orthogonal and sparse matrices; and shapes that rules can't make.

use super::draw;
use chainrule_nn::Init;
use chainrule_tape::Params;

#[test]
fn identities() {
    assert_eq!(draw(Init::identity(), &[2, 2]), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(draw(Init::identity().gain(0.5), &[3, 2]), [0.5, 0.0, 0.0, 0.5, 0.0, 0.0]);
    assert!(draw(Init::identity(), &[0, 3]).is_empty() && draw(Init::identity(), &[3, 0]).is_empty());
}

/// The places that PyTorch's `dirac_` sets.
#[test]
fn dirac_kernels() {
    let ones = |groups: usize, shape: &[usize]| -> Vec<usize> {
        let values = draw(Init::dirac(groups), shape);
        assert!(values.iter().all(|&x| x == 0.0 || x == 1.0));
        (0..values.len()).filter(|&i| values[i] == 1.0).collect()
    };
    let place = |shape: &[usize], index: &[usize]| -> usize {
        shape.iter().zip(index).fold(0, |place, (length, i)| place * length + i)
    };
    let shape = [3, 2, 3];
    assert_eq!(ones(1, &shape), [[0, 0, 1], [1, 1, 1]].map(|i| place(&shape, &i)));
    let shape = [4, 2, 4, 5];
    assert_eq!(
        ones(2, &shape),
        [[0, 0, 2, 2], [1, 1, 2, 2], [2, 0, 2, 2], [3, 1, 2, 2]].map(|i| place(&shape, &i))
    );
    let shape = [6, 1, 1, 2, 3];
    assert_eq!(
        ones(3, &shape),
        [[0, 0, 0, 1, 1], [2, 0, 0, 1, 1], [4, 0, 0, 1, 1]].map(|i| place(&shape, &i))
    );
    assert!(draw(Init::dirac(1), &[2, 2, 0]).is_empty());
}

#[test]
fn orthogonal_matrices() {
    for (shape, rows, columns, gain) in [
        (&[40, 40][..], 40, 40, 1.0),
        (&[7, 100], 7, 100, 1.0),
        (&[100, 7], 100, 7, 2.5),
        (&[10, 3, 2, 2], 10, 12, 1.0),
        (&[30, 2, 3], 30, 6, 0.5),
        (&[1, 5], 1, 5, 1.0),
    ] {
        let q = draw(Init::orthogonal().gain(gain), shape);
        let wide = rows <= columns;
        let count = rows.min(columns);
        let at =
            |vector: usize, i: usize| if wide { q[vector * columns + i] } else { q[i * columns + vector] };
        for a in 0..count {
            for b in 0..=a {
                let dot: f64 = (0..rows.max(columns)).map(|i| at(a, i) * at(b, i)).sum();
                let expected = if a == b { gain * gain } else { 0.0 };
                assert!((dot - expected).abs() < 1e-13, "{shape:?}: {a} with {b}: {dot}");
            }
        }
    }
    assert!(draw(Init::orthogonal(), &[0, 3]).is_empty() && draw(Init::orthogonal(), &[3, 0]).is_empty());
}

#[test]
fn sparse_columns() {
    for (sparsity, zeros) in [(0.0, 0), (0.1, 1), (0.25, 2), (0.9, 6), (1.0, 6)] {
        let values = draw(Init::sparse(sparsity, 1.0), &[6, 50]);
        for column in 0..50 {
            let found = (0..6).filter(|row| values[row * 50 + column] == 0.0).count();
            assert_eq!(found, zeros, "{sparsity}");
        }
    }
    // Every row has its share of the zeros.
    let values = draw(Init::sparse(0.5, 1.0), &[4, 4000]);
    for row in values.chunks(4000) {
        let zeros = row.iter().filter(|&&x| x == 0.0).count() as f64;
        assert!((zeros - 2000.0).abs() < 5.0 * 1000f64.sqrt(), "{zeros}");
    }
}

#[test]
fn what_rules_cannot_make_is_a_mistake() {
    for (init, shape, part) in [
        (Init::identity(), &[3][..], "makes matrices"),
        (Init::identity(), &[3, 3, 3], "makes matrices"),
        (Init::sparse(0.5, 1.0), &[3], "makes matrices"),
        (Init::sparse(1.5, 1.0), &[3, 3], "1.5 is no share"),
        (Init::sparse(0.5, -1.0), &[3, 3], "-1 is no standard deviation"),
        (Init::dirac(1), &[3, 3], "kernels"),
        (Init::dirac(2), &[3, 3, 3], "3 outputs can't have 2 groups"),
        (Init::dirac(0), &[3, 3, 3], "0 groups"),
        (Init::orthogonal(), &[3], "two axes"),
        (Init::normal(0.0, -0.5), &[3], "-0.5 is no standard deviation"),
        (Init::uniform(1.0, 0.0), &[3], "nothing in 1..0"),
        (Init::truncated_normal(0.0, 1.0, 2.0, 2.0), &[3], "nothing between 2 and 2"),
        (Init::truncated_normal(0.0, 1.0, f64::NAN, 2.0), &[3], "nothing between"),
    ] {
        let mut params = Params::seeded(0);
        init.param(&mut params.root().sub("layer"), "weight", shape);
        let message = params.check().expect_err("a mistake").to_string();
        assert!(message.contains("layer: `weight` of shape") && message.contains(part), "{message}");
        assert!(draw(init, shape).iter().all(|x| x.is_nan()));
    }
}
