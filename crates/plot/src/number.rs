//! Numbers as a reader expects them on an axis or in a table.

/// The labels of ticks that are `step` apart: all with the same unit and the same number of decimals.
pub(crate) fn ticks(values: &[f64], step: f64) -> Vec<String> {
    let largest = values.iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    if largest != 0.0 && !(1e-3..1e15).contains(&largest) {
        let exponent = largest.log10().floor() as i32;
        let unit = 10f64.powi(exponent);
        let decimals = decimals(step / unit);
        let suffix = format!("×10{}", superscript(exponent));
        return values.iter().map(|v| with_unit(v / unit, decimals, &suffix)).collect();
    }
    for (unit, suffix) in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")] {
        // From ten thousand on, a suffix reads faster than zeros; not if it then takes decimals.
        if largest >= unit && largest >= 1e4 && decimals(step / unit) <= 1 {
            return values.iter().map(|v| with_unit(v / unit, decimals(step / unit), suffix)).collect();
        }
    }
    values.iter().map(|&v| grouped(v, decimals(step))).collect()
}

/// `mantissa`·10^`exponent` on a logarithmic axis: written out where `plain`.
pub(crate) fn power(mantissa: u8, exponent: i32, plain: bool) -> String {
    if plain && exponent >= 0 {
        ticks(&[f64::from(mantissa) * 10f64.powi(exponent)], 1.0).remove(0)
    } else if plain {
        format!("{:.*}", exponent.unsigned_abs() as usize, f64::from(mantissa) * 10f64.powi(exponent))
    } else if mantissa == 1 {
        format!("10{}", superscript(exponent))
    } else {
        format!("{mantissa}×10{}", superscript(exponent))
    }
}

/// A count with its thousands apart: `12,345`.
pub(crate) fn count(n: usize) -> String {
    let digits = n.to_string();
    if digits.len() < 4 {
        return digits;
    }
    thousands(&digits)
}

/// A number with three significant digits, or a whole one.
pub(crate) fn short(value: f64) -> String {
    if !value.is_finite() {
        return "none".to_owned();
    }
    let size = value.abs();
    if size < 1e6 && size.fract() == 0.0 {
        return grouped(value, 0);
    }
    let exponent = format!("{size:.2e}").split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    match exponent {
        -3..=2 => signed(value, (2 - exponent) as usize),
        3..=5 => grouped(value.round(), 0),
        _ => with_unit(value / 10f64.powi(exponent), 1, &format!("×10{}", superscript(exponent))),
    }
}

/// A share as a percentage. Only what is all or nothing is called 100% or 0%.
pub(crate) fn percent(part: usize, whole: usize) -> String {
    let share = part as f64 / whole.max(1) as f64;
    match format!("{:.1}", 100.0 * share).as_str() {
        "100.0" if part < whole => ">99.9%".to_owned(),
        "0.0" if part > 0 => "<0.1%".to_owned(),
        "100.0" => "100%".to_owned(),
        "0.0" => "0%".to_owned(),
        text => format!("{text}%"),
    }
}

/// The decimals that tell neighbouring multiples of `step` apart.
fn decimals(step: f64) -> usize {
    // A step is 1, 2 or 5 × 10ᵏ up to rounding; the slack keeps 0.0999… from taking a second decimal.
    (-(step.log10() + 1e-6).floor()).clamp(0.0, 15.0) as usize
}

fn with_unit(value: f64, decimals: usize, suffix: &str) -> String {
    let text = signed(value, decimals);
    if value.abs() < 1e-9 { "0".to_owned() } else { text + suffix }
}

fn grouped(value: f64, decimals: usize) -> String {
    let text = signed(value, decimals);
    if value.abs() < 1e4 {
        return text;
    }
    let (sign, digits) = text.strip_prefix('−').map_or(("", text.as_str()), |rest| ("−", rest));
    match digits.split_once('.') {
        Some((whole, rest)) => format!("{sign}{}.{rest}", thousands(whole)),
        None => format!("{sign}{}", thousands(digits)),
    }
}

/// A number with a real minus sign, and no minus at zero.
fn signed(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let zero = text.chars().all(|c| c == '0' || c == '.');
    if value < 0.0 && !zero { format!("−{text}") } else { text }
}

fn thousands(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

fn superscript(n: i32) -> String {
    let raised = |c| match c {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    n.to_string().chars().map(raised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_share_unit_and_decimals() {
        let cases: [(&[f64], f64, &[&str]); 8] = [
            (&[0.0, 0.5, 1.0], 0.5, &["0.0", "0.5", "1.0"]),
            (&[-2.0, 0.0, 2.0], 2.0, &["−2", "0", "2"]),
            (&[-0.1, -0.0, 0.30000000000000004], 0.1, &["−0.1", "0.0", "0.3"]),
            (&[0.0, 2000.0], 2000.0, &["0", "2000"]),
            (&[0.0, 5e3, 1e4], 5e3, &["0", "5k", "10k"]),
            (&[0.0, 5e5, 1e6], 5e5, &["0", "0.5M", "1.0M"]),
            (&[100_000.0, 100_002.0], 2.0, &["100,000", "100,002"]),
            (&[0.0, 2e-5, -4e-5], 2e-5, &["0", "2×10⁻⁵", "−4×10⁻⁵"]),
        ];
        for (values, step, expected) in cases {
            assert_eq!(ticks(values, step), expected);
        }
        assert_eq!(ticks(&[2e20, 1.5e21], 1e20), ["0.2×10²¹", "1.5×10²¹"]);
    }

    #[test]
    fn short_numbers_have_three_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.99951, "1.00"),
            (12.345, "12.3"),
            (-0.001234, "−0.00123"),
            (150.0, "150"),
            (-45.0, "−45"),
            (12345.6, "12,346"),
            (2.5e7, "2.5×10⁷"),
            (-4.2e-9, "−4.2×10⁻⁹"),
            (f64::NAN, "none"),
        ] {
            assert_eq!(short(value), text, "{value}");
        }
    }

    #[test]
    fn counts_and_shares() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([percent(1, 3), percent(3, 3), percent(0, 3)], ["33.3%", "100%", "0%"]);
        assert_eq!([percent(99_999, 100_000), percent(1, 100_000)], [">99.9%", "<0.1%"]);
        assert_eq!(percent(0, 0), "0%");
    }
}
