//! Numbers as a text writes them.

/// Text in which a number below 0 has a minus sign instead of a hyphen, and `2.5e-7` is 2.5·10⁻⁷.
pub fn numbers(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut i = 0;
    // Where the digits after a sign begin.
    let mut signed = usize::MAX;
    while i < chars.len() {
        let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
        let before = i.checked_sub(1).map(|before| chars[before]).filter(|_| i != signed);
        let inside = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ')'));
        if chars[i] == '-' && digit(i + 1) && !inside {
            out.push('−');
            i += 1;
            signed = i;
            continue;
        }
        if !digit(i) || inside {
            out.push(chars[i]);
            i += 1;
            continue;
        }
        let run = |from: usize| (from..).find(|&at| !digit(at)).unwrap_or(from);
        let mut end = run(i);
        if chars.get(end) == Some(&'.') && digit(end + 1) {
            end = run(end + 1);
        }
        let mantissa: String = chars[i..end].iter().collect();
        let negative = chars.get(end + 1) == Some(&'-');
        let first = end + 1 + usize::from(negative);
        if chars.get(end) == Some(&'e') && digit(first) {
            let last = run(first);
            let exponent: String = chars[end + 1..last].iter().collect();
            out += &match mantissa.as_str() {
                "0" | "0.0" | "0.00" => "0".to_owned(),
                "1" => format!("10{}", raised(&exponent)),
                _ if exponent == "0" => mantissa,
                _ => format!("{mantissa}·10{}", raised(&exponent)),
            };
            i = last;
        } else {
            out += &mantissa;
            i = end;
        }
    }
    out
}

/// The digits and the sign of a whole number, as an exponent: `⁻12` as `⁻¹²`.
pub fn raised(number: &str) -> String {
    let raise = |c: char| match c {
        '-' | '−' => '⁻',
        _ => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(c.to_digit(10).unwrap_or(10) as usize).unwrap_or(c),
    };
    number.chars().map(raise).collect()
}

/// Three digits: `0.00178`, `2.37`, and `1.23e-5`, which a page sets as 1.23·10⁻⁵, where zeros would be in the way.
pub fn three_digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let power = value.abs().log10().floor() as i32;
    match power {
        ..-4 => format!("{value:.2e}"),
        _ => format!("{value:.*}", usize::try_from(2 - power).unwrap_or(0)),
    }
}

/// A count with commas, `20,000`; `∞` for `usize::MAX`, by which the lessons mean that something was not reached.
pub fn count(n: usize) -> String {
    if n == usize::MAX {
        return "∞".to_owned();
    }
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_set_as_in_print() {
        for (text, set) in [
            ("from -0.5 to 1e-5", "from −0.5 to 10⁻⁵"),
            ("2.5e-10, 4e12, -3e0, 0e0", "2.5·10⁻¹⁰, 4·10¹², −3, 0"),
            ("2-2-1, x-1, 3e, C1e5", "2-2-1, x-1, 3e, C1e5"),
            ("(-1), ±-2, v1.2e3", "(−1), ±−2, v1.2e3"),
        ] {
            assert_eq!(numbers(text), set);
        }
    }

    #[test]
    fn numbers_are_shortened() {
        let values = [1e-4, 0.00178, 0.3162, 2.3714, 10.0, 1234.0, 1.234e-12, -0.5, 0.0];
        let written = ["0.000100", "0.00178", "0.316", "2.37", "10.0", "1234", "1.23e-12", "-0.500", "0"];
        assert_eq!(values.map(three_digits), written);
        assert_eq!(
            [7, 999, 1000, 20_000, 1_234_567].map(count),
            ["7", "999", "1,000", "20,000", "1,234,567"]
        );
        assert_eq!((count(usize::MAX), raised("-12")), ("∞".to_owned(), "⁻¹²".to_owned()));
    }
}
