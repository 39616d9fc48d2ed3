//! Training steps of neighbouring sizes: no cliff between them.
//!
//! `cargo bench --bench sweep` prints a table of `2-N-N-N-N-1` networks with ReLU and Adam, and draws `benches/sweep.svg`:
//! microseconds over widths 40 to 64 and 250 to 260, and over batches 1 to 256.

use chainrule::nn::Linear;
use chainrule::plot::{Chart, Panels};
use chainrule::prelude::*;
use std::time::Instant;

/// Microseconds of a step: the best of several short blocks, which leaves out what else the machine does.
fn step(width: usize, batch: usize) -> chainrule::Result<f64> {
    let mut params = Params::seeded(1);
    let mut at = params.root();
    let sizes = [2, width, width, width, width, 1];
    let net: Vec<Linear> =
        sizes.windows(2).enumerate().map(|(i, pair)| Linear::new(&mut at.sub(i), pair[0], pair[1])).collect();
    let mut train = TrainStep::new(optim::adam(1e-3), |[x, y]| {
        let hidden = net[..4].iter().fold(x, |x, linear| linear.forward(x).relu());
        net[4].forward(hidden).mse(y)
    });
    let random = Tape::new();
    let x = random.normal([batch, 2], DType::F32).value()?;
    let y = random.normal([batch, 1], DType::F32).value()?;
    let mut best = f64::INFINITY;
    for _ in 0..12 {
        let (start, mut count) = (Instant::now(), 0);
        while start.elapsed().as_secs_f64() < 0.01 {
            train.run(&mut params, [&x, &y])?;
            count += 1;
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e6 / count as f64);
    }
    Ok(best)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut narrow = Vec::new();
    let mut wide = Vec::new();
    println!("width (batch 128)   us");
    for (widths, times) in [(40..=64, &mut narrow), (250..=260, &mut wide)] {
        for width in widths {
            let time = step(width, 128)?;
            println!("{width:17} {time:8.1}");
            times.push((width as f64, time));
        }
    }
    let batches: Vec<usize> = vec![
        1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 96, 127, 128, 129, 192, 255,
        256,
    ];
    let mut by_batch = Vec::new();
    println!("batch (width 50)    us");
    for batch in batches {
        let time = step(50, batch)?;
        println!("{batch:17} {time:8.1}");
        by_batch.push((batch as f64, time));
    }
    let curve = |title: &str, label: &str, points: &[(f64, f64)]| {
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        Chart::new(title).x_label(label).y_label("microseconds").line_at("", &x, &y)
    };
    let panels = Panels::column([
        curve("Width 40 to 64, batch 128", "width", &narrow),
        curve("Width 250 to 260, batch 128", "width", &wide),
        curve("Batch 1 to 256, width 50", "batch", &by_batch),
    ]);
    panels.save(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/sweep.svg"))?;
    Ok(())
}
