//! The students: a table of twenty, and a generator of more.

use chainrule::prelude::*;

/// `cgpa`, `iq`, `lpa` of twenty students.
pub const TABLE: [[f64; 3]; 20] = [
    [5.1, 88.0, 2.1],
    [5.6, 97.0, 3.4],
    [5.9, 104.0, 2.9],
    [6.1, 92.0, 3.8],
    [6.3, 110.0, 4.4],
    [6.5, 95.0, 3.6],
    [6.7, 101.0, 4.9],
    [6.8, 86.0, 4.1],
    [7.0, 107.0, 5.6],
    [7.1, 99.0, 4.7],
    [7.3, 118.0, 6.2],
    [7.4, 93.0, 5.0],
    [7.6, 105.0, 5.5],
    [7.8, 112.0, 6.9],
    [8.0, 98.0, 5.9],
    [8.2, 121.0, 7.6],
    [8.4, 103.0, 6.4],
    [8.7, 109.0, 7.7],
    [9.0, 115.0, 7.9],
    [9.4, 124.0, 9.0],
];

/// Columns of numbers, one for each student.
#[derive(Debug)]
pub struct Students {
    pub cgpa: Tensor,
    pub iq: Tensor,
    /// The package in lakhs per annum.
    pub lpa: Tensor,
    /// 1 for a place, 0 for none.
    pub placed: Tensor,
}

/// The students of [`TABLE`]. Placed are those with a package of at least 5.
///
/// # Errors
/// Those of the engine.
pub fn table() -> chainrule::Result<Students> {
    let [cgpa, iq, lpa] =
        [0, 1, 2].map(|i| Tensor::from(TABLE.iter().map(|row| row[i]).collect::<Vec<f64>>()));
    let tape = Tape::new();
    let placed = tape.var(&lpa).ge(5.0).cast(DType::F64).value()?;
    Ok(Students { cgpa, iq, lpa, placed })
}

impl Students {
    /// So many students of a made-up university: `iq` goes a little with `cgpa`, the package grows with both, and so does the chance of a
    /// place.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn generated(count: usize, seed: u64) -> chainrule::Result<Students> {
        let tape = Tape::new();
        tape.seed(seed);
        let [a, b, noise] = [(); 3].map(|()| tape.normal(count, DType::F64));
        let cgpa = (a * 1.1 + 7.2).clamp(4.0, 10.0);
        let iq = (a * 0.5 + b * 0.75) * 12.0 + 102.0;
        let lpa = (cgpa - 7.2) * 1.4 + (iq - 102.0) * 0.04 + 5.4 + noise * 0.5;
        let chance = ((cgpa - 7.0) * 1.6 + (iq - 102.0) * 0.08).sigmoid();
        let placed = tape.uniform(count, DType::F64).lt(chance).cast(DType::F64);
        let [cgpa, iq, lpa, placed] = [cgpa, iq, lpa, placed].map(|column| column.value());
        Ok(Students { cgpa: cgpa?, iq: iq?, lpa: lpa?, placed: placed? })
    }
}

/// A column less its mean, and that divided by its deviation.
///
/// # Errors
/// Those of the engine.
pub fn centred_and_standard(column: &Tensor) -> chainrule::Result<(Tensor, Tensor)> {
    let tape = Tape::new();
    let x = tape.var(column);
    let centred = x - x.mean(..);
    Ok((centred.value()?, x.normalize(-1, 0.0).value()?))
}
