//! Pools.

use crate::Torch;
use chainrule_nn::*;
use chainrule_tape::Pool;

fn check<L: Layer>(torch: &Torch, case: &str, layer: L) {
    torch.function(case, |x| layer.forward(x[0]));
}

#[test]
fn all_cases() {
    let torch = Torch::read("pool");
    let t = &torch;
    check(t, "max1d", MaxPool1d::new(2));
    check(t, "max1d_all", MaxPool1d::new(3).stride(2).padding(1).dilation(2).ceil_mode());
    check(t, "max2d", MaxPool2d::new(2));
    check(t, "max2d_all", MaxPool2d::new([2, 3]).stride([1, 2]).padding(1).dilation([2, 1]).ceil_mode());
    check(t, "max2d_one", MaxPool2d::new(Pool { stride: [1, 1], ..Pool::from(2) }));
    check(t, "max3d", MaxPool3d::new(2));
    let pool = MaxPool3d::new([1, 2, 2]).stride([2, 1, 2]).padding([0, 1, 1]);
    check(t, "max3d_all", pool.dilation([1, 2, 1]).ceil_mode());
    check(t, "avg1d", AvgPool1d::new(2));
    let pool = AvgPool1d::new(3).stride(2).padding(1);
    check(t, "avg1d_all", pool.ceil_mode().count_include_pad(false));
    check(t, "avg2d", AvgPool2d::new(2));
    check(t, "avg2d_all", AvgPool2d::new([2, 3]).stride([1, 2]).padding(1).ceil_mode());
    let pool = AvgPool2d::new(3).stride(2).padding(1);
    check(t, "avg2d_without_pad", pool.ceil_mode().count_include_pad(false));
    check(t, "avg2d_one", AvgPool2d::new(2).stride(1));
    check(t, "avg3d", AvgPool3d::new(2));
    let pool = AvgPool3d::new([1, 2, 2]).stride([2, 1, 2]);
    check(t, "avg3d_all", pool.padding([0, 1, 1]).ceil_mode());
    check(t, "adaptive_avg1d", AdaptiveAvgPool1d::new(3));
    check(t, "adaptive_avg2d", AdaptiveAvgPool2d::new([2, 3]));
    check(t, "adaptive_avg3d", AdaptiveAvgPool3d::new([1, 2, 2]));
    check(t, "adaptive_max1d", AdaptiveMaxPool1d::new(3));
    check(t, "adaptive_max2d", AdaptiveMaxPool2d::new([2, 3]));
    check(t, "adaptive_max3d", AdaptiveMaxPool3d::new([1, 2, 2]));
    for case in ["global_avg1d", "global_avg2d", "global_avg3d"] {
        check(t, case, GlobalAvgPool);
    }
    check(t, "global_max2d", GlobalMaxPool);
    check(t, "lp1d", LpPool1d::new(3.0, 2));
    check(t, "lp1d_all", LpPool1d::new(1.5, 3).stride(2).ceil_mode());
    check(t, "lp1d_sum", LpPool1d::new(1.0, 2));
    check(t, "lp2d", LpPool2d::new(2.0, 2));
    check(t, "lp2d_all", LpPool2d::new(2.0, [2, 3]).stride([1, 2]).ceil_mode());
    check(t, "lp3d", LpPool3d::new(2.0, [1, 2, 2]).stride(1));
    torch.finish();
}
