//! Convolutions, pooling and resampling.

use crate::golden::Args;
use chainrule_tape::{Conv, ConvTranspose, Interpolation, Pool, Var};

crate::golden::table! { |tape, x, a|
    conv1d: biased(x[0].conv1d(x[1], conv(a)), x),
    conv2d: biased(x[0].conv2d(x[1], conv(a)), x),
    conv3d: biased(x[0].conv3d(x[1], conv(a)), x),
    conv_transpose1d: biased(x[0].conv_transpose1d(x[1], transposed(a)), x),
    conv_transpose2d: biased(x[0].conv_transpose2d(x[1], transposed(a)), x),
    conv_transpose3d: biased(x[0].conv_transpose3d(x[1], transposed(a)), x),
    max_pool1d: x[0].max_pool1d(pool(a)),
    max_pool2d: x[0].max_pool2d(pool(a)),
    max_pool3d: x[0].max_pool3d(pool(a)),
    avg_pool1d: x[0].avg_pool1d(pool(a)),
    avg_pool2d: x[0].avg_pool2d(pool(a)),
    avg_pool3d: x[0].avg_pool3d(pool(a)),
    adaptive_avg_pool1d: x[0].adaptive_avg_pool1d(a.array("size")),
    adaptive_avg_pool2d: x[0].adaptive_avg_pool2d(a.array("size")),
    adaptive_avg_pool3d: x[0].adaptive_avg_pool3d(a.array("size")),
    adaptive_max_pool1d: x[0].adaptive_max_pool1d(a.array("size")),
    adaptive_max_pool2d: x[0].adaptive_max_pool2d(a.array("size")),
    adaptive_max_pool3d: x[0].adaptive_max_pool3d(a.array("size")),
    interpolate: match x[0].rank() {
        3 => x[0].interpolate::<1>(a.array("size"), how(a)),
        4 => x[0].interpolate::<2>(a.array("size"), how(a)),
        _ => x[0].interpolate::<3>(a.array("size"), how(a)),
    },
    interpolate_by: match x[0].rank() {
        3 => x[0].interpolate_by::<1>(a.array("factor"), how(a)),
        4 => x[0].interpolate_by::<2>(a.array("factor"), how(a)),
        _ => x[0].interpolate_by::<3>(a.array("factor"), how(a)),
    },
    pixel_shuffle: x[0].pixel_shuffle(a.size("r")),
    pixel_unshuffle: x[0].pixel_unshuffle(a.size("r")),
    channel_shuffle: x[0].channel_shuffle(a.size("groups")),
    unfold2d: x[0].unfold2d(a.array("window"), ungrouped(a)),
    fold2d: x[0].fold2d(a.array("size"), a.array("window"), ungrouped(a)),
}

fn conv<const N: usize>(a: &Args) -> Conv<N> {
    Conv {
        stride: a.array("stride"),
        padding: a.array("padding"),
        dilation: a.array("dilation"),
        groups: a.size("groups"),
    }
}

fn transposed<const N: usize>(a: &Args) -> ConvTranspose<N> {
    ConvTranspose {
        stride: a.array("stride"),
        padding: a.array("padding"),
        output_padding: a.array("output_padding"),
        dilation: a.array("dilation"),
        groups: a.size("groups"),
    }
}

fn pool<const N: usize>(a: &Args) -> Pool<N> {
    Pool {
        window: a.array("window"),
        stride: a.array("stride"),
        padding: a.array("padding"),
        dilation: if a.has("dilation") { a.array("dilation") } else { [1; N] },
        ceil_mode: a.has("ceil") && a.flag("ceil"),
        count_include_pad: !a.has("include") || a.flag("include"),
    }
}

fn ungrouped(a: &Args) -> Conv<2> {
    Conv { stride: a.array("stride"), padding: a.array("padding"), dilation: a.array("dilation"), groups: 1 }
}

fn how(a: &Args) -> Interpolation {
    match a.text("mode") {
        "nearest" => Interpolation::Nearest,
        "nearest-exact" => Interpolation::NearestExact,
        "bicubic" => Interpolation::Cubic { align_corners: a.flag("corners") },
        _ => Interpolation::Linear { align_corners: a.flag("corners") },
    }
}

/// With the third input, if there is one, added to each channel.
fn biased<'t>(y: Var<'t>, x: &[Var<'t>]) -> Var<'t> {
    x.get(2).map_or(y, |bias| y + bias.reshape([&[bias.numel()][..], &vec![1; y.rank() - 2]].concat()))
}
