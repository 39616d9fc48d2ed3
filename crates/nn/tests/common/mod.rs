//! Reads the numbers made with PyTorch in `tests/golden`, and compares with them.

use chainrule_tape::{Tensor, Var};
use std::collections::HashMap;
use std::path::Path;

/// The lines `key [2, 3]: v v v` of a file; `#` begins a comment.
pub(crate) struct Golden(HashMap<String, Tensor>);

impl Golden {
    pub(crate) fn read(file: &str) -> Golden {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden").join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Golden(lines.map(|line| parse(line).unwrap_or_else(|| panic!("{file}: `{line}`"))).collect())
    }

    pub(crate) fn find(&self, key: &str) -> Option<&Tensor> {
        self.0.get(key)
    }

    pub(crate) fn get(&self, key: &str) -> &Tensor {
        self.find(key).unwrap_or_else(|| panic!("the golden file has no `{key}`"))
    }

    /// Compares the value of `y = f(x, …)`, its gradients by `x` and by `others`, its derivative along `v`, and its
    /// second derivative, which is computed in the three ways that there are.
    pub(crate) fn check<'t>(&self, case: &str, y: Var<'t>, x: Var<'t>, others: &[(&str, Var<'t>)]) {
        let tape = y.tape();
        let known = |what: &str| tape.var(self.get(&format!("{case}.{what}")));
        let (g, v) = (known("g"), known("v"));
        let sources: Vec<Var> = [x].into_iter().chain(others.iter().map(|&(_, var)| var)).collect();
        let grads = tape.vjp(y, g, &sources);
        let jvp = tape.jvp(y, &[x], &[v]);
        let mut found = vec![("y".to_owned(), y), ("dx".to_owned(), grads[0]), ("jvp".to_owned(), jvp)];
        found.extend(others.iter().zip(&grads[1..]).map(|((name, _), &grad)| (format!("d{name}"), grad)));
        if self.find(&format!("{case}.ddx")).is_some() {
            let reverse_twice = tape.grad((grads[0] * v).sum(..), x);
            let forward_over_reverse = tape.jvp(grads[0], &[x], &[v]);
            let reverse_over_forward = tape.grad((jvp * g).sum(..), x);
            found.extend(
                [reverse_twice, forward_over_reverse, reverse_over_forward]
                    .map(|ddx| ("ddx".to_owned(), ddx)),
            );
        }
        let vars: Vec<Var> = found.iter().map(|&(_, var)| var).collect();
        let values = tape.values(&vars).unwrap_or_else(|e| panic!("{case}: {e}"));
        for ((what, _), value) in found.iter().zip(&values) {
            let key = format!("{case}.{what}");
            assert_close(&key, value, self.get(&key));
        }
    }
}

/// Equal shapes, and elements to 1e-13 + 1e-12 relative.
pub(crate) fn assert_close(what: &str, found: &Tensor, expected: &Tensor) {
    assert_eq!(found.shape(), expected.shape(), "{what}");
    for (i, (a, b)) in found.to_f64().iter().zip(expected.to_f64()).enumerate() {
        assert!((a - b).abs() <= 1e-13 + 1e-12 * b.abs(), "{what}[{i}]: {a:e} is not {b:e}");
    }
}

/// A tensor of `f64`, or of `i64` if no number has a point or an exponent.
fn parse(line: &str) -> Option<(String, Tensor)> {
    let (head, values) = line.split_once(": ")?;
    let (key, shape) = head.split_once(" [")?;
    let lengths = shape.strip_suffix(']')?.split(", ").filter(|length| !length.is_empty());
    let shape: Vec<usize> = lengths.map(|length| length.parse().ok()).collect::<Option<_>>()?;
    let values: Vec<&str> = values.split(' ').collect();
    let tensor = if values.iter().any(|value| value.contains(['.', 'e', 'n'])) {
        Tensor::from_vec(values.iter().map(|value| value.parse().ok()).collect::<Option<Vec<f64>>>()?, shape)
    } else {
        Tensor::from_vec(values.iter().map(|value| value.parse().ok()).collect::<Option<Vec<i64>>>()?, shape)
    };
    Some((key.to_owned(), tensor.ok()?))
}
