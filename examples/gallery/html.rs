//! Text as HTML: escaped, with `code` and *emphasis*; and what surrounds a page.

use crate::words::numbers;

/// Text as it may stand in an element or an attribute.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

/// Escaped text in which `` `this` `` is code and `*this*` is emphasized. A star between spaces or within a word is a star, as in
/// `2 * 3` or `a*b`, and so is what is opened and not closed. Numbers are set as in print.
pub fn inline(text: &str) -> String {
    let mut set = String::new();
    for (i, part) in text.split('`').enumerate() {
        // Every second part is code.
        let (tick, part) =
            (if i > 0 { "`" } else { "" }, if i % 2 == 0 { numbers(part) } else { part.to_owned() });
        set += &format!("{tick}{part}");
    }
    spans(&set)
}

fn spans(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let marked = match c {
            '`' => after.find('`').filter(|&end| end > 0).map(|end| (end, "code")),
            '*' if !before.is_alphanumeric() => emphasis_end(after).map(|end| (end, "em")),
            _ => None,
        };
        if let Some((end, element)) = marked {
            let inner = if element == "code" { escape(&after[..end]) } else { spans(&after[..end]) };
            out += &format!("<{element}>{inner}</{element}>");
            (before, rest) = (c, &after[end + 1..]);
        } else {
            out += &escape(c.encode_utf8(&mut [0; 4]));
            (before, rest) = (c, after);
        }
    }
    out
}

/// Where the star is that closes an emphasis whose text begins here. Stars in code don't count.
fn emphasis_end(text: &str) -> Option<usize> {
    let mut in_code = false;
    let mut before = ' ';
    for (i, c) in text.char_indices() {
        match c {
            '`' => in_code = !in_code,
            '*' if !in_code && !before.is_whitespace() => {
                let closes = text[i + 1..].chars().next().is_none_or(|next| !next.is_alphanumeric());
                return closes.then_some(i);
            }
            _ if i == 0 && c.is_whitespace() => return None,
            _ => {}
        }
        before = c;
    }
    None
}

/// A whole page around its body, whose class is the kind of page.
pub fn document(title: &str, description: &str, kind: &str, body: &str) -> String {
    let (title, description) = (escape(title), escape(description));
    format!(
        "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"description\" content=\"{description}\">
<title>{title}</title>
<link rel=\"stylesheet\" href=\"style.css\">
</head>
<body class=\"{kind}\">
{body}</body>
</html>
"
    )
}

#[cfg(test)]
mod tests {
    use super::{escape, inline};

    #[test]
    fn nothing_of_the_text_is_markup() {
        assert_eq!(escape("a < b & \"c\" > d"), "a &lt; b &amp; &quot;c&quot; &gt; d");
        assert_eq!(inline("<b> `x < y` *p & q*"), "&lt;b&gt; <code>x &lt; y</code> <em>p &amp; q</em>");
    }

    #[test]
    fn code_and_emphasis() {
        assert_eq!(
            inline("use `relu`, *not* `tanh`."),
            "use <code>relu</code>, <em>not</em> <code>tanh</code>."
        );
        assert_eq!(inline("*all of it*"), "<em>all of it</em>");
        assert_eq!(inline("(*so*)"), "(<em>so</em>)");
        assert_eq!(inline("*the `a*b` of it*"), "<em>the <code>a*b</code> of it</em>");
        assert_eq!(inline("`*`"), "<code>*</code>");
        assert_eq!(inline("η·*β*·∂L"), "η·<em>β</em>·∂L");
    }

    #[test]
    fn other_stars_and_backticks_are_themselves() {
        for text in ["2 * 3 * 4", "a*b*c", "*open", "an `open", "``", "**", "w* and v*", "* item", "*a * b"] {
            assert_eq!(inline(text), text);
        }
    }
}
