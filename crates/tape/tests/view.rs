//! Recordings as graphs that are read: structure, names, text for Graphviz and Mermaid.

use chainrule_tape::{DType, GraphView, NodeKind, Params, Tape, Tensor, Var};

fn ops<'a>(graph: &'a GraphView<'_>) -> Vec<&'a str> {
    graph.nodes().iter().map(|node| node.op).collect()
}

/// `½·Σ(w·x)²`, with a name that has everything in it that needs escaping.
fn small<'t>(tape: &'t Tape, params: &Params) -> Var<'t> {
    let x = tape.var([1.0, 2.0]).named("x <\"&\"> \\N");
    let w = tape.param(params.id("layer.w").unwrap());
    let y = w * x;
    tape.note_layer(y, &"layer".into(), "Scale");
    (y.square().sum(..) * 0.5).named("L")
}

fn params() -> Params {
    let mut params = Params::seeded(0);
    params.root().sub("layer").param("w", Tensor::from([3.0, 4.0]));
    params
}

#[test]
fn a_graph_has_the_nodes_that_its_outputs_need_in_the_order_of_recording() {
    let params = params();
    let tape = Tape::with(&params);
    let loss = small(&tape, &params);
    let _unused = loss.exp();
    let graph = tape.graph(&[loss]).unwrap();
    assert_eq!(ops(&graph), ["var", "param", "mul", "mul", "sum", "constant", "mul"]);
    let inputs: Vec<Vec<usize>> = graph.nodes().iter().map(|node| node.inputs.clone()).collect();
    assert_eq!(inputs, [vec![], vec![], vec![1, 0], vec![2, 2], vec![3], vec![], vec![4, 5]]);
    let names: Vec<_> = graph.nodes().iter().map(|node| node.name.as_deref()).collect();
    assert_eq!(names, [Some("x <\"&\"> \\N"), Some("layer.w"), None, None, None, None, Some("L")]);
    assert_eq!(graph.nodes()[5].kind, NodeKind::Constant(0.5));
    assert_eq!(
        graph.nodes()[2].layer.as_ref().map(|layer| (&*layer.name, layer.kind)),
        Some(("layer", "Scale"))
    );
    assert_eq!((graph.nodes()[3].shape.dims(), graph.nodes()[4].shape.rank()), (&[2][..], 0));
    assert_eq!(graph.outputs(), [6]);
    assert!(graph.nodes().iter().all(|node| node.at.0.file() == file!() && !node.derived));
    // A node is a value of the tape.
    assert_eq!(graph.node(4).unwrap().var.item().unwrap(), 73.0);
    assert!(graph.node(7).is_none());

    let whole = tape.whole_graph().unwrap();
    assert_eq!((whole.nodes().len(), whole.outputs()), (8, &[7][..]));
    assert_eq!(ops(&tape.graph(&[]).unwrap()), [""; 0]);
}

#[test]
fn what_derivative_rules_record_is_told() {
    let tape = Tape::new();
    let x = tape.var(2.0);
    let graph = tape.graph(&[tape.grad(x.sin(), x)]).unwrap();
    let derived: Vec<_> = graph.nodes().iter().filter(|node| node.derived).map(|node| node.op).collect();
    assert!(derived.contains(&"cos"), "{derived:?}");
}

#[test]
fn a_graph_in_graphviz_and_mermaid() {
    let params = params();
    let tape = Tape::with(&params);
    let graph = tape.graph(&[small(&tape, &params)]).unwrap();
    let mut dot = graph.to_dot();
    for node in graph.nodes() {
        dot = dot.replace(&format!(", tooltip=\"{}\"", node.at), "");
    }
    let expected = r#"digraph {
  rankdir=LR;
  node [shape=box, style=rounded];
  n0 [label="x <\"&amp;\"> \\N\nvar\n[2] f64", shape=ellipse, style=""];
  n1 [label="layer.w\nparam\n[2] f64", style="rounded,filled"];
  n2 [label="mul\n[2] f64\nlayer: Scale"];
  n3 [label="mul\n[2] f64"];
  n4 [label="sum\nf64"];
  n5 [label="0.5\nf64", shape=ellipse, style=""];
  n6 [label="L\nmul\nf64", penwidth=2];
  n1 -> n2;
  n0 -> n2;
  n2 -> n3;
  n2 -> n3;
  n3 -> n4;
  n4 -> n6;
  n5 -> n6;
}
"#;
    assert_eq!(dot, expected);
    let expected = r#"flowchart LR
  n0(["x #60;#34;#38;#34;#62; #92;N<br/>var<br/>[2] f64"])
  n1[/"layer.w<br/>param<br/>[2] f64"/]
  n2["mul<br/>[2] f64<br/>layer: Scale"]
  n3["mul<br/>[2] f64"]
  n4["sum<br/>f64"]
  n5(["0.5<br/>f64"])
  n6[["L<br/>mul<br/>f64"]]
  n1 --> n2
  n0 --> n2
  n2 --> n3
  n2 --> n3
  n3 --> n4
  n4 --> n6
  n5 --> n6
"#;
    assert_eq!(graph.to_mermaid(), expected);
}

#[test]
fn compositions_are_framed_or_one_node() {
    let tape = Tape::new();
    let (x, b) = (tape.var([[1.0, 2.0], [3.0, 4.0]]), tape.var([1.0, 2.0]));
    let y = ((x + b).softmax(-1) * 2.0).sum(..);
    let graph = tape.graph(&[y]).unwrap();
    let inside = |name| graph.nodes().iter().filter(|node| node.composition == Some(name)).count();
    assert!(inside("softmax") >= 3 && inside("add") == 2, "{:?}", ops(&graph));
    assert_eq!(graph.to_dot().matches("subgraph cluster_").count(), 2);
    assert_eq!(graph.to_mermaid().matches("subgraph g").count(), 2);
    assert_eq!(graph.to_mermaid().matches("  end\n").count(), 2);

    let short = graph.collapsed();
    assert_eq!(ops(&short), ["var", "var", "add", "softmax", "constant", "mul", "sum"]);
    assert_eq!(ops(&tape.graph(&[x.square()]).unwrap().collapsed()), ["var", "square"]);
    let id = |op: &str| short.nodes().iter().find(|node| node.op == op).unwrap().id;
    assert_eq!(short.node(id("softmax")).unwrap().inputs, [id("add")]);
    assert_eq!(short.node(id("add")).unwrap().inputs, [0, 1]);
    assert!(!short.to_dot().contains("subgraph"));
    // It stands for its own value.
    let rows = short.node(id("softmax")).unwrap().var.sum(-1).value().unwrap();
    assert!(rows.to_f64().iter().all(|sum| (sum - 1.0).abs() < 1e-15), "{rows}");
}

#[test]
fn a_composition_of_several_results_stays_as_it_is() {
    let tape = Tape::new();
    let x = tape.var([1.0, 2.0, 4.0]);
    let (a, b) = {
        let _op = tape.within("both", &[x]);
        let a = x.square();
        (a, a + 1.0)
    };
    let both = tape.graph(&[a, b]).unwrap().collapsed();
    assert_eq!(ops(&both), ["var", "mul", "constant", "add"]);
    assert_eq!(ops(&tape.graph(&[b]).unwrap().collapsed()), ["var", "both"]);
    // What is recorded after it is not part of it.
    assert_eq!(ops(&tape.graph(&[b.sin()]).unwrap().collapsed()), ["var", "both", "sin"]);
}

#[test]
fn a_mistake_is_returned_and_another_tapes_value_is_one() {
    let tape = Tape::new();
    let bad = tape.var([1.0, 2.0]) + tape.var([1.0, 2.0, 3.0]);
    for error in
        [tape.graph(&[bad]).unwrap_err(), tape.whole_graph().unwrap_err(), tape.to_dot().unwrap_err()]
    {
        assert!(error.to_string().starts_with("add: these shapes don't broadcast"), "{error}");
    }
    let (one, other) = (Tape::new(), Tape::new());
    assert!(one.graph(&[other.var(1.0)]).unwrap_err().to_string().contains("another tape"));
    assert!(one.to_mermaid().is_err() && other.to_mermaid().is_ok());
}

#[test]
fn a_recording_forgets_the_names_of_the_one_before() {
    let mut tape = Tape::new();
    tape.var(1.0).named("first").softplus().exp();
    tape.clear();
    tape.var(1.0).softplus().named("second").exp();
    let graph = tape.whole_graph().unwrap();
    let names: Vec<_> = graph.nodes().iter().filter_map(|node| node.name.as_deref()).collect();
    assert_eq!(names, ["second"]);
    assert_eq!(graph.collapsed().nodes().len(), 3);
}

#[test]
fn inputs_are_numbered() {
    let tape = Tape::new();
    let (x, y) = (tape.input([2], DType::F32), tape.input(3, DType::I64));
    tape.graph(&[x, y.named("labels")]).unwrap();
    let graph = tape.whole_graph().unwrap();
    let names: Vec<_> = graph.nodes().iter().filter_map(|node| node.name.as_deref()).collect();
    assert_eq!(names, ["input 0", "labels"]);
    assert!(graph.to_dot().contains("label=\"input 0\\n[2] f32\""));
}

#[test]
fn a_graph_of_a_hundred_thousand_nodes() {
    let tape = Tape::new();
    let x = tape.var(0.5);
    let y = (0..25_000).fold(x, |y, _| (y.softplus() * x).sin());
    let graph = tape.graph(&[y]).unwrap();
    assert!(graph.nodes().len() > 100_000, "{}", graph.nodes().len());
    assert_eq!(graph.collapsed().nodes().len(), 75_001);
    let edges: usize = graph.nodes().iter().map(|node| node.inputs.len()).sum();
    assert_eq!(graph.to_dot().matches(" -> ").count(), edges);
    assert_eq!(graph.to_mermaid().matches(" --> ").count(), edges);
}
