//! Losses of numbers, distributions, yes or no, and classes.

use crate::Torch;
use chainrule_nn::{
    BceWithLogits, BinaryFocal, CrossEntropy, Focal, GaussianNll, KlDiv, Losses, PoissonNll, Reduction,
};
use chainrule_tape::{Tensor, Var};

/// What the names of the cases end with.
pub(crate) const REDUCTIONS: [(&str, Reduction); 3] =
    [("mean", Reduction::Mean), ("sum", Reduction::Sum), ("none", Reduction::None)];

/// An input that is a setting.
pub(crate) fn setting(x: Var<'_>) -> Tensor {
    x.value().expect("a constant")
}

#[test]
fn all_cases() {
    let torch = Torch::read("loss");
    numbers(&torch);
    distributions(&torch);
    yes_or_no(&torch);
    classes(&torch);
    torch.finish();
}

fn numbers(torch: &Torch) {
    for (name, reduction) in REDUCTIONS {
        torch.function(&format!("mse_{name}"), |x| x[0].mse_each(x[1]).reduce(reduction));
    }
    torch.function("mse_batch_mean", |x| x[0].mse_each(x[1]).reduce(Reduction::BatchMean));
    torch.function("mae", |x| x[0].mae(x[1]));
    torch.function("huber", |x| x[0].huber(x[1], 1.5));
    torch.function("smooth_l1_each", |x| x[0].smooth_l1_each(x[1], 0.7));
    torch.function("log_cosh", |x| x[0].log_cosh(x[1]));
    torch.function("log_cosh_each", |x| x[0].log_cosh_each(x[1]));
    torch.function("quantile", |x| x[0].quantile_loss(x[1], 0.9));
    torch.function("quantile_each", |x| x[0].quantile_loss_each(x[1], 0.25));
    torch.function("mape", |x| x[0].mape(x[1]));
    torch.function("msle", |x| x[0].msle(x[1]));
    torch.function("msle_each", |x| x[0].msle_each(x[1]));
    torch.function("weighted_mean", |x| x[0].mse_each(x[1]).weighted_mean(x[2]));
    torch.function("weighted", |x| x[0].mse_each(x[1]).weighted(x[2]).reduce(Reduction::Mean));
}

fn distributions(torch: &Torch) {
    for (name, reduction) in REDUCTIONS.into_iter().chain([("batchmean", Reduction::BatchMean)]) {
        let settings = KlDiv::new().reduction(reduction);
        torch.function(&format!("kl_div_{name}"), |x| x[0].kl_div_with(x[1], &settings));
    }
    torch.function("kl_div_zero", |x| x[0].kl_div_each(x[1]).sum(..));
    let log = KlDiv::new().log_target().reduction(Reduction::BatchMean);
    torch.function("kl_div_log", |x| x[0].kl_div_with(x[1], &log));
    let log = log.reduction(Reduction::None);
    torch.function("kl_div_log_each", |x| x[0].kl_div_with(x[1], &log));

    for (log_input, full) in [(true, true), (true, false), (false, true), (false, false)] {
        for (name, reduction) in REDUCTIONS.into_iter().take(if log_input == full { 3 } else { 1 }) {
            let settings = PoissonNll::new().log_input(log_input).eps(1e-3).reduction(reduction);
            let settings = if full { settings.full() } else { settings };
            let [log, full] =
                [(log_input, "_log"), (full, "_full")].map(|(is, name)| if is { name } else { "" });
            let case = format!("poisson{log}{full}_{name}");
            torch.function(&case, |x| x[0].poisson_nll_with(x[1], &settings));
        }
    }
    torch.function("poisson_by_target", |x| x[0].poisson_nll_with(x[1], PoissonNll::new().full()));
    for (name, reduction) in REDUCTIONS {
        let settings = GaussianNll::new().full().reduction(reduction);
        torch.function(&format!("gaussian_full_{name}"), |x| x[0].gaussian_nll_with(x[1], x[2], &settings));
    }
    torch.function("gaussian_mean", |x| x[0].gaussian_nll(x[1], x[2]));
    torch.function("gaussian_row", |x| x[0].gaussian_nll(x[1], x[2]));
    torch.function("gaussian_column", |x| x[0].gaussian_nll(x[1], x[2]));
    let least = GaussianNll::new().eps(0.5);
    torch.function("gaussian_least", |x| x[0].gaussian_nll_with(x[1], x[2], &least));
}

fn yes_or_no(torch: &Torch) {
    torch.function("bce", |x| x[0].bce(x[1]));
    torch.function("bce_each", |x| x[0].bce_each(x[1]));
    let weighted = |x: Var| BceWithLogits::new().pos_weight(setting(x));
    for (name, reduction) in REDUCTIONS {
        torch.function(&format!("bce_pos_weight_{name}"), |x| {
            x[0].bce_with_logits_with(x[1], weighted(x[2]).reduction(reduction))
        });
    }
    torch.function("bce_pos_weight_one", |x| x[0].bce_with_logits_with(x[1], weighted(x[2])));
    let smoothed = BceWithLogits::new().label_smoothing(0.2);
    torch.function("bce_smoothed", |x| x[0].bce_with_logits_with(x[1], &smoothed));
    torch.function("binary_focal", |x| x[0].binary_focal(x[1]));
    torch.function("binary_focal_each", |x| x[0].binary_focal_each(x[1]));
    let root = BinaryFocal::new().alpha(0.6).gamma(0.5).reduction(Reduction::Sum);
    torch.function("binary_focal_sum", |x| x[0].binary_focal_with(x[1], &root));
    let plain = BinaryFocal::new().without_alpha().gamma(3.0);
    torch.function("binary_focal_plain", |x| x[0].binary_focal_with(x[1], &plain));
}

fn classes(torch: &Torch) {
    let (plain, images) = (CrossEntropy::new(), CrossEntropy::new().axis(1));
    let weighted = |x: Var| CrossEntropy::new().weight(setting(x));
    let ignoring = CrossEntropy::new().ignore_index(-100);
    for (name, reduction) in REDUCTIONS {
        let with = |settings: CrossEntropy| settings.reduction(reduction);
        let case = |loss: &str| format!("{loss}_{name}");
        torch.function(&case("ce"), |x| x[0].cross_entropy_with(x[1], with(plain.clone())));
        torch.function(&case("ce_weight"), |x| x[0].cross_entropy_with(x[2], with(weighted(x[1]))));
        torch.function(&case("ce_ignore"), |x| x[0].cross_entropy_with(x[1], with(ignoring.clone())));
        torch.function(&case("ce_all"), |x| {
            x[0].cross_entropy_with(x[2], with(weighted(x[1]).ignore_index(-100).label_smoothing(0.2)))
        });
        torch.function(&case("ce_soft"), |x| {
            x[0].cross_entropy_with(x[1], with(weighted(x[2]).label_smoothing(0.2)))
        });
        torch.function(&case("nll"), |x| x[0].nll_each(x[1]).reduce(reduction));
        torch.function(&case("nll_all"), |x| x[0].nll_with(x[2], with(weighted(x[1]).ignore_index(1))));
    }
    let smoothed = |share: f64| CrossEntropy::new().label_smoothing(share);
    torch.function("ce_smooth", |x| x[0].cross_entropy_with(x[1], smoothed(0.1)));
    torch.function("ce_smooth_fully", |x| x[0].cross_entropy_with(x[1], smoothed(1.0)));
    torch.function("ce_soft", |x| x[0].cross_entropy_with(x[1], &plain));
    torch.function("ce_images", |x| x[0].cross_entropy_with(x[1], &images));
    torch.function("ce_images_each", |x| {
        x[0].cross_entropy_with(x[1], images.clone().reduction(Reduction::None))
    });
    torch.function("ce_images_ignore", |x| {
        x[0].cross_entropy_with(x[1], images.clone().ignore_index(1).label_smoothing(0.1))
    });
    torch.function("ce_images_soft", |x| x[0].cross_entropy_with(x[1], &images));
    torch.function("ce_row", |x| x[0].cross_entropy(x[1]));
    torch.function("nll_images", |x| x[0].nll_with(x[1], &images));

    torch.function("focal", |x| x[0].focal(x[1]));
    torch.function("focal_each", |x| x[0].focal_each(x[1]));
    torch.function("focal_alpha", |x| {
        let settings = Focal::new().alpha(setting(x[1])).gamma(1.5).reduction(Reduction::Sum);
        x[0].focal_with(x[2], settings)
    });
    torch.function("focal_soft", |x| x[0].focal_with(x[1], Focal::new().alpha(setting(x[2])).gamma(3.0)));
    torch.function("focal_plain", |x| x[0].focal_with(x[1], Focal::new().alpha(1.0).gamma(0.0)));
    torch.function("focal_images", |x| x[0].focal_with(x[1], Focal::new().axis(1)));
}
