//! Names by patterns.

/// Whether a parameter's name fits a pattern: the name itself or what is beneath it, where `*` is any run of characters.
pub(crate) fn name_fits(pattern: &str, name: &str) -> bool {
    let ends = name.match_indices('.').map(|(dot, _)| dot).chain([name.len()]);
    pattern.is_empty() || ends.into_iter().any(|end| spells(pattern, &name[..end]))
}

fn spells(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    let middle = pieces.try_fold(rest, |rest, piece| rest.find(piece).map(|at| &rest[at + piece.len()..]));
    middle.is_some_and(|rest| rest.ends_with(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_are_any_characters() {
        for (pattern, name, fits) in [
            ("head", "head", true),
            ("head", "head.weight", true),
            ("head", "header.weight", false),
            ("*.bias", "a.b.bias", true),
            ("*.bias", "bias", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbXbX", false),
            ("a*a", "a", false),
            ("*", "anything.at.all", true),
            ("", "w", true),
        ] {
            assert_eq!(name_fits(pattern, name), fits, "{pattern} and {name}");
        }
    }
}
