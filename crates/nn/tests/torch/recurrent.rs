//! Recurrent layers and cells. Both forms of the loop over time are compared with each case.

use crate::Torch;
use chainrule_nn::{Gru, GruCell, Layer, Lstm, LstmCell, RecurrentConfig, Rnn, RnnCell};
use chainrule_tape::{DType, Params, Scope, Tape, Var};
use std::path::Path;

const ONE: RecurrentConfig = RecurrentConfig::new();
const BOTH: RecurrentConfig = ONE.bidirectional();
const DEEP: RecurrentConfig = BOTH.layers(2);

/// A layer of each kind, with these widths, and the kind's case.
macro_rules! layer {
    ($torch:ident, $case:literal, $kind:ident($inputs:literal, $hidden:literal, $settings:expr) $(.$setting:ident($($value:literal)?))*, $apply:expr) => {
        let make = |at: &mut Scope| $kind::with(at, $inputs, $hidden, $settings)$(.$setting($($value)?))*;
        $torch.check($case, |at| make(at).step_by_step(), $apply);
        Torch::read("recurrent").check($case, |at| make(at).scanned(), $apply);
    };
}

/// Outputs, and the state's parts.
fn all<'t>((y, (h, c)): (Var<'t>, (Var<'t>, Var<'t>))) -> Vec<Var<'t>> {
    vec![y, h, c]
}

fn both<'t>(pair: (Var<'t>, Var<'t>)) -> Vec<Var<'t>> {
    vec![pair.0, pair.1]
}

#[test]
fn all_cases() {
    let torch = Torch::read("recurrent");
    layer!(torch, "rnn", Rnn(3, 2, ONE), |rnn, x| both(rnn.forward_with(x[0], None)));
    layer!(torch, "rnn_relu", Rnn(2, 3, ONE.layers(2).without_bias()).relu(), |rnn, x| {
        both(rnn.forward_with(x[0], None))
    });
    layer!(torch, "rnn_deep", Rnn(2, 2, DEEP.without_bias()), |rnn, x| both(rnn.forward_with(x[0], x[1])));
    layer!(torch, "rnn_packed", Rnn(2, 2, BOTH.without_bias()), |rnn, x| {
        both(rnn.forward_packed(x[0], x[1], x[2]))
    });

    layer!(torch, "gru", Gru(3, 2, ONE), |gru, x| both(gru.forward_with(x[0], None)));
    layer!(torch, "gru_deep", Gru(2, 2, DEEP), |gru, x| both(gru.forward_with(x[0], x[1])));
    layer!(torch, "gru_packed", Gru(2, 2, BOTH.without_bias()), |gru, x| {
        both(gru.forward_packed(x[0], x[1], x[2]))
    });
    layer!(torch, "gru_packed_time_first", Gru(1, 2, ONE).time_first(), |gru, x| {
        both(gru.forward_packed(x[0], x[1], None))
    });

    layer!(torch, "lstm", Lstm(3, 2, ONE), |lstm, x| all(lstm.forward_with(x[0], None)));
    layer!(torch, "lstm_one_step", Lstm(2, 2, ONE), |lstm, x| all(lstm.forward_with(x[0], None)));
    layer!(torch, "lstm_time_first", Lstm(2, 2, ONE.without_bias()).time_first(), |lstm, x| {
        all(lstm.forward_with(x[0], None))
    });
    layer!(torch, "lstm_dropout", Lstm(1, 2, ONE.layers(2)).dropout(1.0), |lstm, x| {
        all(lstm.forward_with(x[0], None))
    });
    layer!(torch, "lstm_deep", Lstm(2, 2, DEEP), |lstm, x| all(lstm.forward_with(x[0], (x[1], x[2]))));
    layer!(torch, "lstm_packed", Lstm(2, 2, DEEP.without_bias()), |lstm, x| {
        all(lstm.forward_packed(x[0], x[1], (x[2], x[3])))
    });
    layer!(torch, "lstm_projected", Lstm(1, 3, BOTH.projection(2)), |lstm, x| {
        all(lstm.forward_with(x[0], None))
    });
    layer!(
        torch,
        "lstm_projected_deep",
        Lstm(1, 2, ONE.layers(2).projection(1).without_bias()),
        |lstm, x| { all(lstm.forward_with(x[0], (x[1], x[2]))) }
    );

    torch.check("rnn_cell", |at| RnnCell::new(at, 3, 2), |cell, x| vec![cell.forward_with(x[0], x[1])]);
    torch.check(
        "rnn_cell_relu",
        |at| RnnCell::without_bias(at, 3, 2).relu(),
        |cell, x| vec![cell.forward_with(x[0], x[1])],
    );
    torch.check("gru_cell", |at| GruCell::new(at, 3, 2), |cell, x| vec![cell.forward_with(x[0], x[1])]);
    torch.check(
        "gru_cell_without_bias",
        |at| GruCell::without_bias(at, 3, 2),
        |cell, x| vec![cell.forward_with(x[0], x[1])],
    );
    torch.check("gru_cell_from_zeros", |at| GruCell::new(at, 3, 2), |cell, x| vec![cell.forward(x[0])]);
    torch.check(
        "lstm_cell",
        |at| LstmCell::new(at, 3, 2),
        |cell, x| both(cell.forward_with(x[0], (x[1], x[2]))),
    );
    torch.check(
        "lstm_cell_without_bias",
        |at| LstmCell::without_bias(at, 2, 2),
        |cell, x| both(cell.forward_with(x[0], (x[1], x[2]))),
    );
    torch.check(
        "lstm_cell_from_zeros",
        |at| LstmCell::new(at, 3, 2),
        |cell, x| both(cell.forward_with(x[0], None)),
    );
    torch.finish();
}

/// A file of a state_dict that PyTorch has written.
#[test]
fn what_pytorch_saved_is_loaded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/nn");
    let saved = Params::read(folder.join("lstm_deep_state_dict.safetensors")).unwrap();
    let mut params = Params::seeded(7).with_dtype(DType::F64);
    let lstm = Lstm::with(&mut params.root(), 2, 2, DEEP);
    assert_eq!(saved.iter().count(), params.iter().count());
    for (name, _, tensor) in saved.iter() {
        params.set(name, tensor.clone()).unwrap();
    }
    let golden = Params::read(folder.join("recurrent.safetensors")).unwrap();
    let tape = Tape::with(&params).inference();
    let known = |name: &str| golden.get(&format!("lstm_deep/{name}")).unwrap();
    let state = (tape.var(known("in.1")), tape.var(known("in.2")));
    let (y, _) = lstm.forward_with(tape.var(known("in.0")), state);
    let (found, expected) = (y.value().unwrap().to_f64(), known("out.0").to_f64());
    assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?} is not {expected:?}");
}
