//! Learns the learning rates of a training: twenty steps of Adam are recorded on one tape, and the loss at their end is
//! differentiated by the two rates with which they were made.
//!
//! ```text
//! cargo run --release --example learned_rate
//! ```
//!
//! prints
//!
//! ```text
//! rates 0.010 0.010: loss 0.497 after 20 steps
//! rates 0.013 0.013: loss 0.488 after 20 steps
//! rates 0.015 0.014: loss 0.487 after 20 steps
//! rates 0.017 0.014: loss 0.486 after 20 steps
//! ```

use chainrule::prelude::*;

/// Two spirals, which a small network is to tell apart.
fn spirals() -> chainrule::Result<(Tensor, Tensor)> {
    let points = 60;
    let angle = |i: usize| 0.4 + 5.0 * (i / 2) as f64 / (points / 2) as f64;
    let side = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
    let x = (0..points).flat_map(|i| {
        let (radius, angle) = (side(i) * angle(i) / 3.0, angle(i));
        [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
    });
    let y = (0..points).map(|i| (i % 2) as i64);
    Ok((Tensor::from_vec(x.collect(), [points, 2])?, Tensor::from_vec(y.collect(), points)?))
}

fn main() -> chainrule::Result<()> {
    let (x, labels) = spirals()?;
    let mut params = Params::seeded(7);
    let hidden = nn::Linear::new(&mut params.root().sub("hidden"), 2, 16);
    let out = nn::Linear::new(&mut params.root().sub("out"), 16, 2);
    let optimizer = optim::adam(0.0);
    optimizer.prepare(&mut params)?;

    // The rates of the first ten steps and of the last ten, as logarithms.
    let mut logs = [0.01f64.ln(), 0.01f64.ln()];
    let mut tape = Tape::with(&params);
    for round in 0..=60 {
        {
            let (x, labels) = (tape.var(&x), tape.var(&labels));
            let loss = || out.forward(hidden.forward(x).tanh()).cross_entropy(labels);
            let logs_now = logs.map(|log| tape.var(log as f32));
            let mut steps = optimizer.unroll(&tape);
            for step in 0..20 {
                steps.step(tape.param_grads(loss())?, logs_now[step / 10].exp())?;
            }
            let end = loss();
            let slopes = tape.grads(end, &logs_now);
            if round % 20 == 0 {
                println!(
                    "rates {:.3} {:.3}: loss {:.3} after 20 steps",
                    logs[0].exp(),
                    logs[1].exp(),
                    end.item()?
                );
            }
            for (log, slope) in logs.iter_mut().zip(&slopes) {
                *log -= slope.item()?.clamp(-0.5, 0.5);
            }
        }
        tape.clear_with(&params); // The same start again.
    }
    Ok(())
}
