//! Losses of margins, likeness, regions and sequences.

use crate::Torch;
use crate::loss::{REDUCTIONS, setting};
use chainrule_nn::{Ctc, Losses, MultiMargin, MultilabelSoftMargin, Overlap, Reduction, TripletMargin};
use chainrule_tape::Var;

#[test]
fn all_cases() {
    let torch = Torch::read("loss_margin");
    margins(&torch);
    likeness(&torch);
    regions(&torch);
    sequences(&torch);
    torch.finish();
}

fn margins(torch: &Torch) {
    torch.function("hinge", |x| x[0].hinge(x[1]));
    torch.function("hinge_each", |x| x[0].hinge_each(x[1]));
    torch.function("squared_hinge", |x| x[0].squared_hinge(x[1]));
    torch.function("squared_hinge_each", |x| x[0].squared_hinge_each(x[1]));
    torch.function("soft_margin", |x| x[0].soft_margin(x[1]));
    torch.function("soft_margin_each", |x| x[0].soft_margin_each(x[1]));
    torch.function("categorical_hinge", |x| x[0].categorical_hinge(x[1]));
    torch.function("categorical_hinge_each", |x| x[0].categorical_hinge_each(x[1]));

    let squared = |x: Var| MultiMargin::new().p(2).margin(0.7).weight(setting(x));
    for (name, reduction) in REDUCTIONS {
        torch.function(&format!("multi_margin_all_{name}"), |x| {
            x[0].multi_margin_with(x[2], squared(x[1]).reduction(reduction))
        });
        torch.function(&format!("multilabel_margin_{name}"), |x| {
            x[0].multilabel_margin_each(x[1]).reduce(reduction)
        });
        torch.function(&format!("multilabel_soft_margin_{name}"), |x| {
            let settings = MultilabelSoftMargin::new().weight(setting(x[2])).reduction(reduction);
            x[0].multilabel_soft_margin_with(x[1], settings)
        });
    }
    torch.function("multi_margin", |x| x[0].multi_margin(x[1]));
    torch.function("multi_margin_one", |x| x[0].multi_margin_each(x[1]));
    torch.function("multi_margin_second", |x| {
        x[0].multi_margin_with(x[2], squared(x[1]).reduction(Reduction::None))
    });
    torch.function("multi_margin_cubed", |x| {
        x[0].multi_margin_with(x[2], MultiMargin::new().p(3).weight(setting(x[1])))
    });
    torch.function("multilabel_margin_one", |x| x[0].multilabel_margin(x[1]));
    torch.function("multilabel_soft_margin_plain", |x| x[0].multilabel_soft_margin(x[1]));
}

fn likeness(torch: &Torch) {
    let all = TripletMargin::new().margin(0.4).p(3.0).eps(1e-3).swap();
    for (name, reduction) in REDUCTIONS {
        let case = |loss: &str| format!("{loss}_{name}");
        torch.function(&case("margin_ranking"), |x| {
            x[0].margin_ranking_each(x[1], x[2], 0.3).reduce(reduction)
        });
        torch.function(&case("hinge_embedding"), |x| x[0].hinge_embedding_each(x[1], 1.2).reduce(reduction));
        torch.function(&case("cosine_embedding"), |x| {
            x[0].cosine_embedding_each(x[1], x[2], -0.2).reduce(reduction)
        });
        torch.function(&case("triplet"), |x| x[0].triplet_margin_each(x[1], x[2]).reduce(reduction));
        let settings = all.clone().reduction(reduction);
        torch.function(&case("triplet_all"), |x| x[0].triplet_margin_with(x[1], x[2], &settings));
    }
    torch.function("margin_ranking_zero", |x| x[0].margin_ranking(x[1], x[2], 0.0));
    torch
        .function("triplet_manhattan", |x| x[0].triplet_margin_with(x[1], x[2], TripletMargin::new().p(1.0)));
    let half = TripletMargin::new().margin(0.5);
    torch.function("triplet_distance", |x| {
        x[0].triplet_margin_with_distance(x[1], x[2], cosine_distance, &half)
    });
    torch.function("triplet_distance_swap", |x| {
        x[0].triplet_margin_with_distance(x[1], x[2], cosine_distance, half.clone().swap())
    });
    torch.function("cosine_similarity", |x| x[0].cosine_similarity_loss(x[1]));
    torch.function("cosine_similarity_each", |x| x[0].cosine_similarity_loss_each(x[1]));
    torch.function("nt_xent", |x| x[0].nt_xent(x[1], 0.5));
    torch.function("nt_xent_each", |x| x[0].nt_xent_each(x[1], 0.2));
}

fn cosine_distance<'t>(x: Var<'t>, y: Var<'t>) -> Var<'t> {
    1.0 - x.cosine_similarity(y, -1, 1e-8)
}

fn regions(torch: &Torch) {
    let of = |axes: &[isize], smooth: f64| Overlap::new().axes(axes).smooth(smooth);
    torch.function("dice", |x| x[0].dice(x[1]));
    torch.function("dice_rows", |x| x[0].dice_with(x[1], of(&[1, 2], 1.0)));
    torch.function("dice_each", |x| x[0].dice_with(x[1], of(&[2], 0.0).reduction(Reduction::None)));
    torch.function("dice_sum", |x| x[0].dice_with(x[1], of(&[-1], 0.5).reduction(Reduction::Sum)));
    torch.function("tversky", |x| x[0].tversky(x[1], 0.3, 0.7));
    torch.function("tversky_rows", |x| x[0].tversky_with(x[1], 0.2, 0.9, of(&[1, 2], 1.0)));
}

fn sequences(torch: &Torch) {
    let ctc = |case: &str, settings: Ctc| {
        torch.function(case, |x| x[0].log_softmax(-1).ctc_with(x[1], x[2], x[3], &settings));
    };
    for (name, reduction) in REDUCTIONS {
        ctc(&format!("ctc_{name}"), Ctc::new().reduction(reduction));
        ctc(&format!("ctc_impossible_{name}"), Ctc::new().zero_infinity().reduction(reduction));
    }
    torch.function("ctc_empty", |x| x[0].log_softmax(-1).ctc_each(x[1], x[2], x[3]));
    torch.function("ctc_empty_mean", |x| x[0].log_softmax(-1).ctc(x[1], x[2], x[3]));
    ctc("ctc_blank", Ctc::new().blank(3).reduction(Reduction::None));
    torch.function("ctc_one", |x| {
        let tape = x[0].tape();
        x[0].log_softmax(-1).ctc_each(x[1], tape.var(5i64), tape.var(3i64))
    });
    torch.function("ctc_exact", |x| {
        let tape = x[0].tape();
        let targets = tape.var([[1i64, 1], [2, 1], [0, 0]]);
        x[0].ctc_each(targets, tape.var([4i64, 3, 4]), tape.var([2i64, 2, 0]))
    });
}
