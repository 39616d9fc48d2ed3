//! Films of the main optimizers on the elongated bowl: ground truth and model, weights and loss.

use super::problems::Problem;
use super::racers::*;
use super::stochastic;
use crate::page::Page;
use crate::shared::descent::{descend, distance};
use crate::shared::sparse::{ROWS, Sparse, TRUTH};
use crate::words::count;
use chainrule::plot::{Animation, Chart, Panels};
use std::error::Error;

/// The frames of each film, and how many are shown in a second.
const FRAMES: usize = 30;
const PER_SECOND: f64 = 8.0;
/// The epochs of a film.
const EPOCHS: usize = 150;
/// The epochs of the stochastic film, in which much happens.
const STOCHASTIC_EPOCHS: usize = 4;
const STOCHASTIC_RATE: f64 = 0.1;
/// Every so many rows are drawn of those without the sparse feature.
const EVERY: usize = 8;
/// The dense feature's values that are drawn.
const WIDTH: f64 = 3.0;

/// What a film shows.
struct Film {
    name: &'static str,
    /// The file's name.
    file: &'static str,
    rate: f64,
    /// The weights after each update.
    places: Vec<[f64; 2]>,
    /// The updates of an epoch.
    updates: usize,
}

impl Film {
    fn new(
        problem: &Problem,
        racer: Racer,
        name: &'static str,
        file: &'static str,
        rate: f64,
    ) -> chainrule::Result<Film> {
        let path = descend(&problem.loss, (racer.at)(rate), problem.start, EPOCHS)?;
        Ok(Film { name, file, rate, places: path.places, updates: 1 })
    }

    /// The updates that are shown: close together at first, when most happens.
    fn shown(&self) -> impl Iterator<Item = usize> {
        let last = self.places.len().saturating_sub(1);
        (0..FRAMES).map(move |frame| {
            let part = frame as f64 / (FRAMES - 1).max(1) as f64;
            (part * part * last as f64).round() as usize
        })
    }

    fn left(&self, problem: &Problem) -> f64 {
        self.places.last().map_or(f64::NAN, |&end| distance(end, problem.minima[0])) / problem.length()
    }

    /// The whole film.
    fn animation(&self, data: &Sparse, problem: &Problem) -> Result<Animation, Box<dyn Error>> {
        let landscape = problem.chart("Weights and loss")?;
        let truth = rows(data)?;
        let mut film = Animation::new(PER_SECOND);
        for update in self.shown() {
            let way = &self.places[..=update];
            let (xs, ys): (Vec<f64>, Vec<f64>) = way.iter().map(|place| (place[0], place[1])).unzip();
            let map = landscape.clone().path("weights", &xs, &ys);
            let model = lines(truth.clone(), "model", self.places[update]);
            let epoch = match self.updates {
                1 => update.to_string(),
                updates => format!("{:.2}", update as f64 / updates as f64),
            };
            film = film.frame(Panels::row([model, map]).title(format!("{}: epoch {epoch}", self.name)));
        }
        Ok(film)
    }
}

/// A chart of the rows, with the two lines of the truth.
fn rows(data: &Sparse) -> Result<Chart, Box<dyn Error>> {
    let (x, y) = (data.inputs.as_slice::<f64>()?, data.targets.as_slice::<f64>()?);
    let of = |ones: bool| -> (Vec<f64>, Vec<f64>) {
        let all = x.chunks_exact(2).zip(y).filter(|(x, _)| (x[1] != 0.0) == ones).map(|(x, y)| (x[0], *y));
        all.step_by(if ones { 1 } else { EVERY }).unzip()
    };
    let (without, with) = (of(false), of(true));
    let chart = Chart::new("Ground truth and model")
        .x_label("dense feature")
        .y_label("target")
        .size(420.0, 380.0)
        .x_range(-WIDTH, WIDTH)
        .y_range(-8.0, 10.0)
        .points("sparse feature 0", &without.0, &without.1)
        .points("sparse feature 1", &with.0, &with.1);
    Ok(lines(chart, "truth", TRUTH))
}

/// The two lines of a model: for rows without the sparse feature, and for rows with it.
fn lines(chart: Chart, name: &str, [dense, sparse]: [f64; 2]) -> Chart {
    let ends = [-WIDTH, WIDTH];
    [0.0, sparse]
        .into_iter()
        .fold(chart, |chart, level| chart.line_at(name, &ends, &ends.map(|x| dense * x + level)))
}

pub fn section(page: &mut Page, data: &Sparse, elongated: &Problem, seed: u64) -> Result<(), Box<dyn Error>> {
    let sgd = stochastic::train(data, 1, STOCHASTIC_RATE, STOCHASTIC_EPOCHS, seed)?;
    let films = [
        Film::new(elongated, GRADIENT_DESCENT, "Batch gradient descent", "film_batch", 0.5)?,
        Film {
            name: "Stochastic gradient descent",
            file: "film_stochastic",
            rate: STOCHASTIC_RATE,
            places: sgd.places,
            updates: ROWS,
        },
        Film::new(elongated, MOMENTUM_9, "Momentum 0.9", "film_momentum", 0.2)?,
        Film::new(elongated, NAG, "NAG 0.9", "film_nag", 0.2)?,
        Film::new(elongated, ADAGRAD, "Adagrad", "film_adagrad", 0.1)?,
        Film::new(elongated, RMSPROP, "RMSProp", "film_rmsprop", 0.1)?,
        Film::new(elongated, ADAM, "Adam", "film_adam", 0.1)?,
    ];

    page.heading("Watch them");
    page.text(&format!(
        "The elongated bowl once more. Left are the rows, the two lines of the truth (for rows without and with the sparse feature) and those of \
         the model; right are the weights on their way. The number is that of the epoch: up to {EPOCHS}, in the stochastic film up to \
         {STOCHASTIC_EPOCHS}. Frames are closer together at the beginning."
    ));
    for film in &films {
        page.animation(
            film.file,
            &film.animation(data, elongated)?,
            &format!(
                "Film: {}. Left, two parallel lines of the model turn and part until they cover those of the truth, or come near. Right, the path of \
                 the weights from 0 towards the cross at (2, 2.9) on upright, elongated contours.",
                film.name
            ),
            &format!("{} with rate {}.", film.name, film.rate),
        );
    }
    let left: Vec<f64> = films.iter().map(|film| film.left(elongated)).collect();
    page.claim(
        [2, 3, 5, 6].iter().all(|&i| left[i] < 0.03) && [0, 4].iter().all(|&i| left[i] > 0.1),
        format!(
            "At the end of their films, momentum, NAG, RMSProp and Adam have at most {:.1}% of the way left, gradient descent {:.0}% and \
             Adagrad {:.0}%.",
            100.0 * [2, 3, 5, 6].iter().map(|&i| left[i]).fold(0.0, f64::max),
            100.0 * left[0],
            100.0 * left[4]
        ),
    );
    page.claim(
        left[1] < 0.1,
        format!(
            "Stochastic gradient descent is within {:.0}% after {STOCHASTIC_EPOCHS} epochs, which are {} updates.",
            (100.0 * left[1]).ceil(),
            count(STOCHASTIC_EPOCHS * ROWS)
        ),
    );
    page.setting(
        "rates of the films",
        films.iter().map(|film| format!("{} {}", film.name, film.rate)).collect::<Vec<_>>().join(", "),
    );
    Ok(())
}
