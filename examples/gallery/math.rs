//! Formulas: LaTeX to MathML, which a browser sets without a script or a font from elsewhere.

use crate::html::escape;
use pulldown_latex::config::{DisplayMode, RenderConfig};
use pulldown_latex::{Parser, Storage, push_mathml};

/// A formula on a line of its own as a `<math>` element; `spoken` is what a screen reader says.
///
/// # Errors
///
/// LaTeX that can't be read: the formula, and what is wrong with it.
pub fn mathml(latex: &str, spoken: &str) -> Result<String, String> {
    let storage = Storage::new();
    // The renderer would write a mistake into the formula. It is to be an error.
    let events = Parser::new(latex, &storage).collect::<Result<Vec<_>, _>>();
    let events = events.map_err(|error| format!("formula {latex}: {error}"))?;
    let config = RenderConfig { display_mode: DisplayMode::Block, ..RenderConfig::default() };
    let mut out = String::new();
    let events = events.into_iter().map(Ok::<_, std::fmt::Error>);
    push_mathml(&mut out, events, config).map_err(|error| format!("formula {latex}: {error}"))?;
    let spoken = escape(spoken);
    Ok(escape_signs(&out).replacen(
        "<math",
        &format!("<math aria-label=\"{spoken}\" alttext=\"{spoken}\""),
        1,
    ))
}

/// The renderer writes the signs `<` and `&` as they are: what begins no tag is made an entity.
fn escape_signs(mathml: &str) -> String {
    let mut parts = mathml.split('<');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out += if part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') { "<" } else { "&lt;" };
        out += part;
    }
    out.replace(">&<", ">&amp;<")
}

#[cfg(test)]
mod tests {
    use super::mathml;

    #[test]
    fn a_formula_is_mathml_with_its_spoken_form() -> Result<(), String> {
        let sum = mathml(r"\frac{\partial L}{\partial w} < x_1", "the derivative is \"below\" x 1")?;
        assert!(sum.starts_with("<math "), "{sum}");
        assert!(
            sum.contains("<mfrac>") && sum.contains("<msub>") && sum.contains("display=\"block\""),
            "{sum}"
        );
        assert!(sum.contains("<mo>&lt;</mo>"), "{sum}");
        assert!(sum.contains("aria-label=\"the derivative is &quot;below&quot; x 1\""), "{sum}");
        Ok(())
    }

    #[test]
    fn signs_that_html_knows_are_escaped() -> Result<(), String> {
        let signs = mathml(r"a < b > c \& \text{d<e & f} \not< g", "signs")?;
        for text in
            ["<mo>&lt;</mo>", "<mi>&amp;</mi>", "<mo>&lt;\u{338}</mo>", "<mtext>d&lt;e &amp; f</mtext>"]
        {
            assert!(signs.contains(text), "{signs}");
        }
        Ok(())
    }

    #[test]
    fn what_the_lessons_use_can_be_set() {
        let formulas = [
            r"\operatorname{ReLU}(x) = \max(0, x)",
            r"f(x) = \begin{cases} x & x > 0 \\ \alpha (e^x - 1) & x \le 0 \end{cases}",
            r"\hat{x} = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}",
            r"H = \begin{pmatrix} 2 & 0 \\ 0 & -2 \end{pmatrix}",
            r"\begin{aligned} v_t &= \beta v_{t-1} + (1 - \beta)\,g_t \\ w_t &= w_{t-1} - \eta\,v_t \end{aligned}",
            r"\operatorname{Var}(w) = \frac{2}{n_{\text{in}}}, \quad \sum_{k=0}^{t} \beta^k \approx \tfrac{1}{1-\beta}",
            r"\nabla L = \left( \frac{\partial L}{\partial w}, \frac{\partial L}{\partial b} \right)^{\!\top}",
        ];
        for latex in formulas {
            assert!(mathml(latex, "it").is_ok_and(|mathml| !mathml.contains("merror")), "{latex}");
        }
    }

    #[test]
    fn a_malformed_formula_is_an_error_that_names_it() {
        for latex in [r"\frac{1", r"x}", r"\nosuchcommand x", r"\left( x", r"\begin{pmatrix} 1"] {
            let error = mathml(latex, "wrong").expect_err(latex);
            assert!(error.starts_with(&format!("formula {latex}: ")), "{error}");
        }
    }
}
