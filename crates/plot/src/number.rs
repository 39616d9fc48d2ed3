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

/// A number to so many digits, without useless zeros: `0.1235`, `−2`, `1.2×10⁻⁷`.
pub(crate) fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() { "NaN".to_owned() } else { signed_infinity(value).to_owned() };
    }
    let last = digits.saturating_sub(1);
    // Rounded first: 9.9996 is 10.00 in four digits.
    let text = format!("{:.last$e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let short = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let body = if (-3..6).contains(&exponent) {
        short(&format!("{:.*}", (last as i32 - exponent).max(0) as usize, value.abs()))
    } else {
        format!("{}×10{}", short(mantissa), superscript(exponent))
    };
    if value < 0.0 { format!("−{body}") } else { body }
}

fn signed_infinity(value: f64) -> &'static str {
    if value > 0.0 { "∞" } else { "−∞" }
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
    fn numbers_to_some_digits() {
        let four = [0.123456, -2.0, 9.99996, 1.2e-7, -4.5e-3, 123456.0, 1234567.0, 0.0, -0.0, 1e300];
        let texts = ["0.1235", "−2", "10", "1.2×10⁻⁷", "−0.0045", "123456", "1.235×10⁶", "0", "0", "1×10³⁰⁰"];
        assert_eq!(four.map(|x| significant(x, 4)), texts);
        assert_eq!([f64::NAN, f64::NEG_INFINITY].map(|x| significant(x, 3)), ["NaN", "−∞"]);
        assert_eq!([0.04567, 99.96, 1e-320].map(|x| significant(x, 3)), ["0.0457", "100", "1×10⁻³²⁰"]);
    }

    #[test]
    fn counts_and_shares() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([percent(1, 3), percent(3, 3), percent(0, 3)], ["33.3%", "100%", "0%"]);
        assert_eq!([percent(99_999, 100_000), percent(1, 100_000)], [">99.9%", "<0.1%"]);
        assert_eq!(percent(0, 0), "0%");
    }
}
