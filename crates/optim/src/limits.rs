//! The ranges of hyperparameters. A NaN is in none of them.

fn need(what: &str, value: f64, inside: bool, range: &str) -> Result<(), String> {
    if inside { Ok(()) } else { Err(format!("{what} is {value}; it must be {range}")) }
}

/// `0 ≤ value < ∞`.
pub(crate) fn not_negative(what: &str, value: f64) -> Result<(), String> {
    need(what, value, value >= 0.0 && value.is_finite(), "at least 0 and finite")
}

/// `0 < value`; infinity is allowed.
pub(crate) fn positive(what: &str, value: f64) -> Result<(), String> {
    need(what, value, value > 0.0, "above 0")
}

/// `0 ≤ value < 1`.
pub(crate) fn below_one(what: &str, value: f64) -> Result<(), String> {
    need(what, value, (0.0..1.0).contains(&value), "at least 0 and below 1")
}

/// `0 ≤ value ≤ 1`.
pub(crate) fn up_to_one(what: &str, value: f64) -> Result<(), String> {
    need(what, value, (0.0..=1.0).contains(&value), "at least 0 and at most 1")
}

/// Both of Adam's averaging factors.
pub(crate) fn betas((beta1, beta2): (f64, f64)) -> Result<(), String> {
    below_one("beta1", beta1)?;
    below_one("beta2", beta2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_is_never_inside() {
        for check in [not_negative, positive, below_one] {
            assert!(check("x", f64::NAN).unwrap_err().contains("x is NaN"));
            assert!(check("x", -1.0).is_err());
            assert!(check("x", 0.5).is_ok());
        }
        assert!(below_one("x", 1.0).is_err() && positive("x", 0.0).is_err());
        assert!(not_negative("x", f64::INFINITY).is_err());
    }
}
