//! Graphs in Mermaid's language.

use super::language::Language;
use super::{GraphNode, GraphView, NodeKind};
use std::fmt::Write as _;

impl GraphView<'_> {
    /// The graph in Mermaid's language, for Markdown that is shown by a browser: names, ops, shapes and layers in the boxes. Parameters
    /// are slanted, data and constants round, outputs have a double frame; what belongs to one composition is framed.
    ///
    /// (Mermaid itself refuses texts above its settings `maxTextSize` and `maxEdges`: 500 edges unless set.)
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]).named("x");
    /// let text = tape.graph(&[x.sin()])?.to_mermaid();
    /// assert_eq!(text, "flowchart LR\n  n0([\"x<br/>var<br/>[2] f64\"])\n  n1[[\"sin<br/>[2] f64\"]]\n  n0 --> n1\n");
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn to_mermaid(&self) -> String {
        self.write(&MERMAID)
    }
}

const MERMAID: Language = Language {
    begin: "flowchart LR\n",
    node: write_node,
    open: |group, name| format!("  subgraph g{group}[\"{}\"]\n", escape(name)),
    close: "  end\n",
    arrow: [" --> ", ""],
    end: "",
};

fn write_node(text: &mut String, node: &GraphNode<'_>, is_output: bool) {
    let lines: Vec<String> = node.lines().iter().map(|line| escape(line)).collect();
    let (open, close) = match node.kind {
        _ if is_output => ("[[", "]]"),
        NodeKind::Op => ("[", "]"),
        NodeKind::Param => ("[/", "/]"),
        NodeKind::Input | NodeKind::Data | NodeKind::Constant(_) => ("([", "])"),
    };
    let _ = writeln!(text, "  n{}{open}\"{}\"{close}", node.id, lines.join("<br/>"));
}

/// Text between quotes. What could be markup, Markdown's included, is written by its number.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let first = text.chars().position(|c| !c.is_whitespace());
    for (i, c) in text.chars().enumerate() {
        match c {
            // At the beginning of a line, these would make a list or a heading of it.
            '+' | '-' if Some(i) == first => {
                let _ = write!(out, "#{};", c as u32);
            }
            '"' | '#' | '&' | '<' | '>' | '`' | '*' | '\\' | ';' => {
                let _ = write!(out, "#{};", c as u32);
            }
            '.' if text.chars().nth(i + 1).is_some_and(char::is_whitespace) => out.push_str("#46;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\x1f' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_means_something_to_mermaid_is_escaped() {
        assert_eq!(escape(r#"a "b" <i>"#), "a #34;b#34; #60;i#62;");
        assert_eq!(escape("#1; `x` & *y*"), "#35;1#59; #96;x#96; #38; #42;y#42;");
        assert_eq!(escape("1. list\nnext"), "1#46; list next");
        assert_eq!(escape("- 2.5 - 1"), "#45; 2.5 - 1");
        assert_eq!(escape("encoder.0.weight"), "encoder.0.weight");
    }
}
