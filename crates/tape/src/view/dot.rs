//! Graphs in Graphviz's language.

use super::language::Language;
use super::{GraphNode, GraphView, NodeKind};
use std::fmt::Write as _;

impl GraphView<'_> {
    /// The graph in Graphviz's language: names, ops, shapes and layers in the boxes, source lines as tooltips. Parameters are filled,
    /// data and constants round, outputs drawn in bold; what belongs to one composition is framed.
    ///
    /// ```
    /// # use chainrule_tape::Tape;
    /// let tape = Tape::new();
    /// let x = tape.var([1.0, 2.0]).named("x");
    /// let dot = tape.graph(&[x.sin()])?.to_dot(); // for `dot -Tsvg`
    /// assert!(dot.contains("n0 [label=\"x\\nvar\\n[2] f64\""));
    /// # Ok::<(), chainrule_tape::Error>(())
    /// ```
    pub fn to_dot(&self) -> String {
        self.write(&DOT)
    }
}

const DOT: Language = Language {
    begin: "digraph {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n",
    node: write_node,
    open: |group, name| format!("  subgraph cluster_{group} {{\n  label=\"{}\";\n", escape(name)),
    close: "  }\n",
    arrow: [" -> ", ";"],
    end: "}\n",
};

fn write_node(text: &mut String, node: &GraphNode<'_>, is_output: bool) {
    let lines: Vec<String> = node.lines().iter().map(|line| escape(line)).collect();
    let at = escape(&node.at.to_string());
    let _ = write!(text, "  n{} [label=\"{}\", tooltip=\"{at}\"", node.id, lines.join("\\n"));
    text.push_str(match node.kind {
        NodeKind::Op => "",
        NodeKind::Param => ", style=\"rounded,filled\"",
        NodeKind::Input | NodeKind::Data | NodeKind::Constant(_) => ", shape=ellipse, style=\"\"",
    });
    text.push_str(if is_output { ", penwidth=2];\n" } else { "];\n" });
}

/// Text between quotes. Graphviz knows escapes of its own there (`\N` is the node's name), and HTML's names of characters.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
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
    fn what_means_something_to_graphviz_is_escaped() {
        assert_eq!(escape(r#"a "b" \N"#), r#"a \"b\" \\N"#);
        assert_eq!(escape("x & y\nz\u{7}"), "x &amp; y z\u{fffd}");
        assert_eq!(escape("∂L/∂w′₁₁ <b>"), "∂L/∂w′₁₁ <b>");
    }
}
