//! The exponentially weighted moving average, on two years of daily temperatures.
//!
//! *Asked*: how far does the average `v ← β·v + (1 - β)·θ` look back, how much noise does it take away, how late does it come,
//! and what does the correction of its start change? *Found*: it looks back some `1/(1 - β)` days, comes later the longer it looks,
//! and without the correction begins near 0 °C, whatever the weather.
//!
//! Optimizers keep such averages of gradients (momentum) and of their squares (RMSProp), and Adam corrects both.

mod claims;
mod figures;
mod weather;

use crate::page::Page;
use std::error::Error;
use weather::{Weather, variances};

/// How much of the average stays from day to day.
const BETAS: [f64; 3] = [0.5, 0.9, 0.98];
/// Two years of a place with warm summers, from the first of June: the season's mean and swing in °C, and its warmest day.
const DAYS: usize = 730;
const YEAR: f64 = 365.0;
const MEAN: f64 = 11.0;
const SWING: f64 = 9.0;
const WARMEST: f64 = 50.0;
/// The weather around the season: its standard deviation in °C, and how much of it stays until the next day.
const NOISE: f64 = 3.0;
const STAYS: f64 = 0.6;
/// The first days, looked at closely.
const EARLY: usize = 60;
const _: () = assert!(EARLY < DAYS, "the first days are some of all days");
/// The days of noise without a season from which its variance is measured.
const LONG: usize = 400_000;

pub fn lesson(page: &mut Page, seed: u64) -> Result<(), Box<dyn Error>> {
    let weather = Weather::new(seed)?;
    let (white, red) = (variances(seed, 0.0)?, variances(seed, STAYS)?);

    page.lead(
        "How far does an average that forgets look back, and why does Adam correct its start? It looks back some 1/(1 − β) days, \
         comes later the longer it looks, and without the correction it begins at 0, whatever the weather.",
    );
    page.setting("days", DAYS);
    page.setting("season", format!("{MEAN} ± {SWING} °C"));
    page.setting(
        "weather",
        format!("standard deviation {NOISE} °C, of which {STAYS} stays until the next day"),
    );
    page.formula(
        r"v_t = \beta\,v_{t-1} + (1 - \beta)\,\theta_t, \qquad v_0 = 0",
        "v at t is beta times v at t minus 1, plus, 1 minus beta, times theta at t; v at 0 is 0",
    );
    page.text(
        "The average of day `t` keeps the part β of yesterday's and takes the part 1 − β of today's temperature θ. It needs one \
         number of memory, however far it looks back.",
    );
    page.figure(
        "years",
        &figures::years(&weather),
        "Three charts, day on the horizontal axis and temperature on the vertical one: two years of dots that rise and fall with the \
         season, and a line through them, the smoother and the later the larger β is.",
        "Two years of daily temperatures, from the first of June, and their averages (with the correction that is explained \
         below).",
    );
    claims::years(page, &weather);

    page.heading("The weights");
    page.formula(
        r"v_t = \sum_{k=0}^{t-1} (1 - \beta)\,\beta^k\,\theta_{t-k}, \qquad \sum_{k=0}^{t-1} (1 - \beta)\,\beta^k = 1 - \beta^t",
        "v at t is the sum, over k from 0 to t minus 1, of 1 minus beta times beta to the k times theta at t minus k; \
         the weights add up to 1 minus beta to the t",
    );
    page.text(
        "The weights are taken by the engine: they are the gradient of the last average by each day's temperature, back through \
         the loop.",
    );
    page.figure(
        "weights",
        &figures::weights(&weather),
        "Days ago on the horizontal axis, weight on the vertical, logarithmic one: three straight lines that fall, the one for \
         β = 0.5 from the highest start and the most steeply.",
        "How much a day counts that is k days ago. On a logarithmic axis, βᵏ is a straight line. The dots are where the windows end.",
    );
    claims::weights(page, &weather);

    page.heading("The start");
    page.formula(r"\hat v_t = \frac{v_t}{1 - \beta^t}", "v hat at t is v at t over, 1 minus beta to the t");
    page.text(
        "The average begins at 0, and on day `t` its weights add up to 1 − βᵗ only. Divided by that sum, they add up to 1.",
    );
    page.figure(
        "start",
        &figures::start(&weather),
        "Two charts of the first sixty days, for β = 0.9 and β = 0.98: dots around 20 °C, a line that starts near 0 and climbs to \
         them, and a corrected line that is among them from the first day.",
        "The first sixty days: the average as it is, which begins at 0 °C, and corrected.",
    );
    claims::start(page, &weather);

    page.heading("Smooth or soon");
    page.text(
        "An average adds up, so what it makes of the temperature is what it makes of the season plus what it makes of the weather. \
         The weather should go and the season should stay. *White* noise is new every day; this weather stays for some days.",
    );
    page.figure(
        "lag",
        &figures::lag(&weather),
        "Day of the second year on the horizontal axis, temperature on the vertical one: the season's wave, and its averages, each \
         later and lower than the one before.",
        "The season without weather, and its averages, in the second year.",
    );
    claims::smooth_or_soon(page, &weather, &white, &red);
    Ok(())
}
