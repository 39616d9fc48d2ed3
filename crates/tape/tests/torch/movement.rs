//! Movement of elements: shapes, orders of axes, pieces, padding, triangles and diagonals.

use crate::golden::Args;
use chainrule_tape::{DType, PadMode, Var};

crate::golden::table! { |tape, x, a|
    reshape: x[0].reshape(a.sizes("shape")),
    flatten: x[0].flatten(a.size("start")),
    flatten_axes: x[0].flatten_axes(a.int("start"), a.int("end")),
    unflatten: x[0].unflatten(a.int("axis"), &a.sizes("lengths")),
    permute: x[0].permute(&a.sizes("order")),
    transpose: x[0].transpose(a.int("a"), a.int("b")),
    move_axis: x[0].move_axis(a.int("a"), a.int("b")),
    t: x[0].t(),
    expand: x[0].expand(a.sizes("shape")),
    flip: x[0].flip(&*a.ints("axes")),
    unsqueeze: x[0].unsqueeze(a.int("axis")),
    squeeze: x[0].squeeze(a.int("axis")),
    squeeze_all: x[0].squeeze_all(),
    slice: x[0].slice(a.int("axis"), a.size("start")..a.size("end")),
    slice_step: x[0].slice_step(a.int("axis"), a.size("start")..a.size("end"), a.size("step")),
    narrow: x[0].narrow(a.int("axis"), a.size("start"), a.size("length")),
    at: x[0].at(a.int("axis"), a.int("index")),
    roll: x[0].roll(a.int("shift"), a.int("axis")),
    roll_axes: x[0].roll_axes(&a.ints("shifts"), &a.ints("axes")),
    rot90: x[0].rot90(a.int("k"), [a.ints("axes")[0], a.ints("axes")[1]]),
    split: x[0].split(a.int("axis"), &a.sizes("lengths")),
    chunk: x[0].chunk(a.int("axis"), a.size("n")),
    tile: x[0].tile(&a.sizes("repeats")),
    repeat_interleave: x[0].repeat_interleave(a.int("axis"), a.size("n")),
    unfold: x[0].unfold(a.int("axis"), a.size("size"), a.size("step")),
    fold: x[0].fold(a.int("axis"), a.size("length"), a.size("step")),
    pad_with: pad_with(x[0], a),
    pad: x[0].pad(a.int("axis"), a.size("before"), a.size("after")),
    pad_step: x[0].pad_step(a.int("axis"), a.size("before"), a.size("after"), a.size("step")),
    tril: x[0].tril(a.int("k")),
    triu: x[0].triu(a.int("k")),
    diagonal: x[0].diagonal(a.int("offset"), a.int("axis1"), a.int("axis2")),
    diag_embed: x[0].diag_embed(a.int("offset"), a.int("axis1"), a.int("axis2")),
    diag: x[0].diag(a.int("offset")),
    trace: x[0].trace(),
    block_diag: tape.block_diag(x),
    meshgrid: tape.meshgrid(x),
    meshgrid_xy: tape.meshgrid_xy(x),
    concat: tape.concat(x, a.int("axis")),
    stack: tape.stack(x, a.int("axis")),
    linspace: tape.linspace(a.float("start"), a.float("end"), a.size("n"), DType::F64),
    arange: tape.arange(a.float("start"), a.float("end"), a.float("step"), DType::F64),
    eye: tape.eye(a.size("n"), DType::F64),
    iota: tape.iota(a.size("n"), DType::I64),
}

fn pad_with<'t>(x: Var<'t>, a: &Args) -> Var<'t> {
    let pads: Vec<_> =
        a.ints("pads").chunks_exact(3).map(|p| (p[0], [p[1] as usize, p[2] as usize])).collect();
    let mode = match a.text("mode") {
        "reflect" => PadMode::Reflect,
        "replicate" => PadMode::Replicate,
        "circular" => PadMode::Circular,
        _ => PadMode::Constant(a.float("value")),
    };
    x.pad_with(&pads, mode)
}
