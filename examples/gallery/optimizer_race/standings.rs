//! Who arrives first: five landscapes, everyone with its own best learning rate.

use super::problems::{Problem, STAY, WITHIN};
use super::racers::*;
use crate::page::Page;
use crate::words::{count, three_digits};
use chainrule::plot::{Chart, Panels};
use std::error::Error;

/// All runs on one landscape.
struct Standing<'p> {
    problem: &'p Problem,
    runs: Vec<Best>,
}

impl Standing<'_> {
    fn run(&self, racer: Racer) -> Result<&Best, String> {
        let found = self.runs.iter().find(|run| run.racer.name == racer.name);
        found.ok_or_else(|| format!("{} did not race on {}", racer.name, self.problem.name))
    }

    /// The epochs to the minimum: more than any number where it is not reached.
    fn epochs(&self, racer: Racer) -> Result<usize, String> {
        Ok(self.run(racer)?.epochs.unwrap_or(usize::MAX))
    }
}

pub fn section(page: &mut Page, problems: &[Problem; 5]) -> Result<(), Box<dyn Error>> {
    let standings = problems
        .iter()
        .map(|problem| {
            let runs = ALL.iter().map(|racer| racer.best(problem)).collect::<chainrule::Result<_>>()?;
            Ok(Standing { problem, runs })
        })
        .collect::<chainrule::Result<Vec<_>>>()?;

    page.heading("Who arrives first");
    page.text(&format!(
        "Five losses of two weights. Everyone starts at the same place, tries the same {RATES} learning rates from {LOWEST} to 10, and \
         keeps the one that arrives first. *Arrived* means to be within {:.0}% of the start's distance from a minimum and to stay \
         there for good, for {STAY} epochs at least. An epoch is one gradient of the whole loss.",
        100.0 * WITHIN
    ));
    page.formula(
        r"\begin{aligned} \text{round bowl:} \quad & x^2 + 2 y^2 \\ \text{elongated bowl:} \quad & \tfrac{1}{n} \textstyle\sum_i (w_1 x_{i1} + w_2 x_{i2} - y_i)^2, \quad x_{i2} \in \{0, 1\} \text{ and rarely } 1 \\ \text{saddle:} \quad & x^2 - y^2 + \tfrac{1}{2} y^4 \\ \text{Rosenbrock:} \quad & (1 - x)^2 + 100 (y - x^2)^2 \\ \text{network:} \quad & \tfrac{1}{n} \textstyle\sum_i (v \tanh(w x_i) - y_i)^2, \quad y_i = 1.5 \tanh(2 x_i) \end{aligned}",
        "the round bowl is x squared plus 2 y squared; the elongated bowl is the mean squared error of a linear model of two features of which the second is 0 or 1, and rarely 1; the saddle is x squared minus y squared plus half of y to the fourth; Rosenbrock's valley is 1 minus x, squared, plus 100 times y minus x squared, squared; the network is v times tanh of w x, on 1.5 tanh of 2 x",
    );
    tables(page, &standings);
    drawn(page, &standings)?;
    order(page, &standings)?;
    Ok(())
}

fn tables(page: &mut Page, standings: &[Standing<'_>]) {
    let names: Vec<&str> = std::iter::once("").chain(standings.iter().map(|s| s.problem.name)).collect();
    let table = |cell: &dyn Fn(&Best, &Problem) -> String| -> Vec<Vec<String>> {
        let row = |i: usize| {
            let cells = standings.iter().map(|standing| cell(&standing.runs[i], standing.problem));
            std::iter::once(ALL[i].name.to_owned()).chain(cells).collect()
        };
        (0..ALL.len()).map(row).collect()
    };
    let epochs = |run: &Best, _: &Problem| run.epochs.map_or("–".to_owned(), count);
    page.table(
        "Epochs to reach the minimum, each optimizer with its best rate; – where no rate arrives in time",
        &names,
        &table(&epochs),
    );
    page.table("The best rates", &names, &table(&|run, _| three_digits(run.rate)));
}

/// The paths on the landscapes, and the epochs as bars.
fn drawn(page: &mut Page, standings: &[Standing<'_>]) -> Result<(), Box<dyn Error>> {
    let mut maps = Vec::new();
    let mut bars = Vec::new();
    for standing in standings {
        let mut map = standing.problem.chart(standing.problem.name)?;
        for racer in [GRADIENT_DESCENT, MOMENTUM_9, ADAGRAD, RMSPROP, ADAM] {
            let run = standing.run(racer)?;
            // What comes after the arrival is a dot on the dot.
            let path = run.path.until(run.epochs.unwrap_or(usize::MAX)).thinned();
            map = map.path(racer.name, &path.xs(), &path.ys());
        }
        maps.push(map);
        let epochs: Vec<f64> =
            standing.runs.iter().map(|run| run.epochs.map_or(f64::NAN, |epochs| epochs as f64)).collect();
        let names = ALL.map(|racer| racer.name);
        bars.push(
            Chart::new(standing.problem.name)
                .x_label("epochs")
                .size(380.0, 320.0)
                .categories(names)
                .bars("", &epochs),
        );
    }
    page.figure(
        "paths",
        &Panels::grid(3, maps),
        "Contours of the five landscapes with the paths of five optimizers. Gradient descent steps straight across the contours; momentum swings \
         from side to side on the elongated bowl and the saddle; Adagrad, RMSProp and Adam set out along a diagonal; in Rosenbrock's valley gradient descent and momentum follow the bent floor, and Adagrad and Adam leap over its walls.",
        "The paths of five optimizers with their best rates, until they arrive. A cross marks a minimum.",
    );
    page.figure(
        "epochs",
        &Panels::grid(3, bars),
        "Bars of the epochs that each of ten optimizers takes on each of the five landscapes; the numbers are those of the first table.",
        "Epochs to reach the minimum, each optimizer with its best rate; `none` where no rate arrives.",
    );
    Ok(())
}

/// What the numbers say on who is first.
fn order(page: &mut Page, standings: &[Standing<'_>]) -> Result<(), Box<dyn Error>> {
    let [round, elongated, saddle, rosenbrock, network] = standings else {
        return Err("there are five landscapes".into());
    };

    let by_decay = |standing: &Standing<'_>| -> Result<[usize; 4], String> {
        let [a, b, c, d] =
            [GRADIENT_DESCENT, MOMENTUM_5, MOMENTUM_8, MOMENTUM_9].map(|racer| standing.epochs(racer));
        Ok([a?, b?, c?, d?])
    };
    let r = by_decay(round)?;
    page.claim(
        r.is_sorted_by(|a, b| a < b),
        format!(
            "On the round bowl momentum only delays: gradient descent takes {} epochs, momentum with decay 0.5, 0.8 and 0.9 takes \
             {}, {} and {}.",
            r[0], r[1], r[2], r[3]
        ),
    );
    let e = by_decay(elongated)?;
    page.claim(
        e[1..].iter().all(|&epochs| epochs < e[0]) && e[2] < e[1] && e[2] < e[3],
        format!(
            "On the elongated bowl momentum pays: {} epochs without, {}, {} and {} with decay 0.5, 0.8 and 0.9. More is not always \
             better: 0.8 is the best of the three.",
            e[0], e[1], e[2], e[3]
        ),
    );
    let nag = |standing: &Standing<'_>| -> Result<[usize; 2], String> {
        Ok([standing.epochs(NAG)?, standing.epochs(MOMENTUM_9)?])
    };
    let n = [nag(round)?, nag(elongated)?, nag(saddle)?];
    page.claim(
        n.iter().all(|[nag, momentum]| nag < momentum),
        format!(
            "With the same decay 0.9, NAG takes fewer epochs than momentum on both bowls and the saddle: {} against {}, {} against \
             {}, {} against {}.",
            n[0][0], n[0][1], n[1][0], n[1][1], n[2][0], n[2][1]
        ),
    );
    let [nag, momentum] = nag(rosenbrock)?;
    page.claim(
        nag > momentum && nag < usize::MAX && rosenbrock.run(NAG)?.rate < rosenbrock.run(MOMENTUM_9)?.rate,
        format!(
            "In Rosenbrock's valley it is the other way round: {nag} epochs with NAG, {momentum} with momentum. Its best rate \
             there is smaller, {:.4} against {:.4}.",
            rosenbrock.run(NAG)?.rate,
            rosenbrock.run(MOMENTUM_9)?.rate
        ),
    );
    let all_later = ALL
        .iter()
        .filter(|racer| racer.name != MOMENTUM_9.name)
        .all(|&racer| rosenbrock.epochs(racer).is_ok_and(|epochs| epochs > momentum));
    page.claim(
        all_later && rosenbrock.run(GRADIENT_DESCENT)?.epochs.is_none(),
        format!(
            "There momentum 0.9 is the first of all, and gradient descent does not arrive within {} epochs with any rate: its best \
             has {:.0}% of the way left.",
            count(rosenbrock.problem.budget),
            100.0 * rosenbrock.problem.left(&rosenbrock.run(GRADIENT_DESCENT)?.path)
        ),
    );
    let a = [round.epochs(ADAGRAD)?, elongated.epochs(ADAGRAD)?, rosenbrock.epochs(ADAGRAD)?];
    let first = [round, elongated].iter().all(|standing| {
        let others = ALL.iter().filter(|racer| racer.name != ADAGRAD.name);
        let adagrad = standing.epochs(ADAGRAD);
        others.into_iter().all(|&racer| standing.epochs(racer) > adagrad)
    });
    page.claim(
        first && a[2] > 1000,
        format!(
            "Adagrad, of which one hears that it stops early, is the first on both bowls, in {} and {} epochs, with \
             the large rates {:.1} and {:.1}. In Rosenbrock's valley, which begins at a steep wall, it takes {}.",
            a[0],
            a[1],
            round.run(ADAGRAD)?.rate,
            elongated.run(ADAGRAD)?.rate,
            if a[2] == usize::MAX { format!("more than {}", count(rosenbrock.problem.budget)) } else { count(a[2]) },
        ),
    );
    let everyone = ALL.iter().map(|&racer| network.epochs(racer)).collect::<Result<Vec<_>, _>>()?;
    page.claim(
        everyone.iter().all(|&epochs| epochs < usize::MAX),
        format!(
            "On the network everyone arrives, after {} to {} epochs.",
            everyone.iter().min().unwrap_or(&0),
            everyone.iter().max().unwrap_or(&0)
        ),
    );
    let rates = [elongated.run(GRADIENT_DESCENT)?.rate, rosenbrock.run(GRADIENT_DESCENT)?.rate];
    page.claim(
        rates[0] > 100.0 * rates[1],
        format!(
            "There is no good rate as such: the best of gradient descent is {} on the elongated bowl and {} in Rosenbrock's \
             valley.",
            three_digits(rates[0]),
            three_digits(rates[1])
        ),
    );
    Ok(())
}
