//! Bundle adjustment, as in ADBench: cameras look at points.

use crate::{Problem, normal, row};
use chainrule::prelude::*;
use chainrule::{grad, jacobian, vmap};

/// Each observation is of one point by one camera, with a weight `w`. Its residual is `w` times the distance of the
/// point's picture from the place observed, in two coordinates; that of the weight is `1 - w²`. A camera has 11
/// numbers: rotation (3), center (3), focal length, principal point (2), radial distortion (2).
pub struct Bundle {
    pub cameras: usize,
    pub points: usize,
    pub observations: usize,
}

type Vector<'t> = [Var<'t>; 3];

fn dot<'t>(a: Vector<'t>, b: Vector<'t>) -> Var<'t> {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Rodrigues' formula: `x·cos θ + (r × x)·sin θ / θ + r·(r·x)·(1 - cos θ) / θ²`, where `θ` is the length of `r`.
fn rotate<'t>(r: Vector<'t>, x: Vector<'t>) -> Vector<'t> {
    let square = dot(r, r);
    // Without rotation both quotients have limits, and the branch not taken must not divide by 0.
    let some = square.gt(0.0);
    let square = some.select(square, 1.0);
    let theta = square.sqrt();
    let (sin, cos) = (some.select(theta.sin() / theta, 1.0), some.select(theta.cos(), 1.0));
    let along = dot(r, x) * some.select((1.0 - cos) / square, 0.5);
    let cross = |i: usize, j: usize| r[i] * x[j] - r[j] * x[i];
    let cross = [cross(1, 2), cross(2, 0), cross(0, 1)];
    std::array::from_fn(|i| x[i] * cos + cross[i] * sin + r[i] * along)
}

/// The residual of one observation, `[2]`, from the camera's, the point's and the weight's 15 numbers.
fn residual<'t>(all: Var<'t>, observed: Var<'t>) -> Var<'t> {
    let at = |i| row(all, i);
    let point = std::array::from_fn(|i| at(11 + i) - at(3 + i));
    let [x, y, z] = rotate([at(0), at(1), at(2)], point);
    let (x, y) = (x / z, y / z);
    let square = x * x + y * y;
    let scale = at(6) * (1.0 + at(9) * square + at(10) * square * square);
    let seen = all.tape().stack(&[x * scale + at(7), y * scale + at(8)], 0);
    (seen - observed) * at(14)
}

impl Bundle {
    /// The 15 numbers and the place of each observation.
    fn gathered<'t>(x: &[Var<'t>]) -> (Var<'t>, Var<'t>) {
        let &[cameras, points, weights, places, camera, point] = x else { unreachable!("six inputs") };
        let all = [cameras.index_select(0, camera), points.index_select(0, point), weights.unsqueeze(1)];
        (weights.tape().concat(&all, 1), places)
    }
}

impl Problem for Bundle {
    fn name(&self) -> String {
        format!("bundle n={} m={} p={}", self.cameras, self.points, self.observations)
    }

    fn inputs(&self) -> chainrule::Result<Vec<Tensor>> {
        let &Bundle { cameras, points, observations } = self;
        let mut camera = normal(1, &[cameras, 11], 0.1)?;
        camera.as_mut_slice::<f64>()?.chunks_mut(11).for_each(|camera| camera[6] += 1.0);
        camera.as_mut_slice::<f64>()?[..3].fill(0.0); // one that is not rotated
        let mut point = normal(2, &[points, 3], 0.5)?;
        point.as_mut_slice::<f64>()?.chunks_mut(3).for_each(|point| point[2] += 4.0);
        let index = |n: usize| -> Vec<i64> { (0..observations).map(|i| (i % n) as i64).collect() };
        Ok(vec![
            camera,
            point,
            normal(3, &[observations], 1.0)?,
            normal(4, &[observations, 2], 1.0)?,
            Tensor::from_vec(index(cameras), observations)?,
            Tensor::from_vec(index(points), observations)?,
        ])
    }

    fn variables(&self) -> usize {
        3
    }

    fn function<'t>(&self, x: &[Var<'t>]) -> Var<'t> {
        let residuals = vmap(|(all, observed)| residual(all, observed), Bundle::gathered(x));
        x[0].tape().concat(&[residuals.flatten(0), 1.0 - x[2].square()], 0)
    }

    /// The blocks that are not 0: `[p, 2, 15]` of the places, `[p]` of the weights. (Each of the two rows costs what a
    /// gradient does.)
    fn derivative<'t>(&self, x: &[Var<'t>]) -> Vec<Var<'t>> {
        let block = |(all, observed)| jacobian(|all| residual(all, observed), all);
        vec![vmap(block, Bundle::gathered(x)), grad(|w| (1.0 - w.square()).sum(..), x[2])]
    }

    fn jacobian(&self, x: &[Vec<f64>], derivative: &[Vec<f64>]) -> Vec<f64> {
        let (cameras, points, p) = (11 * self.cameras, 3 * self.points, self.observations);
        let columns = cameras + points + p;
        let mut all = vec![0.0; 3 * p * columns];
        for (i, block) in derivative[0].chunks(30).enumerate() {
            let (camera, point) = (11 * x[4][i] as usize, cameras + 3 * x[5][i] as usize);
            for (row, block) in block.chunks(15).enumerate() {
                let row = &mut all[(2 * i + row) * columns..][..columns];
                row[camera..camera + 11].copy_from_slice(&block[..11]);
                row[point..point + 3].copy_from_slice(&block[11..14]);
                row[cameras + points + i] = block[14];
            }
            all[(2 * p + i) * columns + cameras + points + i] = derivative[1][i];
        }
        all
    }

    fn plain(&self, x: &[Vec<f64>]) -> Vec<f64> {
        let mut residuals = Vec::new();
        for i in 0..self.observations {
            let camera = &x[0][11 * x[4][i] as usize..][..11];
            let point = &x[1][3 * x[5][i] as usize..][..3];
            let (r, v): (&[f64], [f64; 3]) =
                (&camera[..3], std::array::from_fn(|j| point[j] - camera[3 + j]));
            let theta = r.iter().map(|r| r * r).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
            let unit = [r[0] / theta, r[1] / theta, r[2] / theta];
            let along = (unit[0] * v[0] + unit[1] * v[1] + unit[2] * v[2]) * (1.0 - theta.cos());
            let turned = |i: usize, j: usize, k: usize| {
                v[i] * theta.cos() + (unit[j] * v[k] - unit[k] * v[j]) * theta.sin() + unit[i] * along
            };
            let z = turned(2, 0, 1);
            let (x0, y0) = (turned(0, 1, 2) / z, turned(1, 2, 0) / z);
            let square = x0 * x0 + y0 * y0;
            let scale = camera[6] * (1.0 + camera[9] * square + camera[10] * square * square);
            residuals.push((x0 * scale + camera[7] - x[3][2 * i]) * x[2][i]);
            residuals.push((y0 * scale + camera[8] - x[3][2 * i + 1]) * x[2][i]);
        }
        residuals.extend(x[2].iter().map(|w| 1.0 - w * w));
        residuals
    }
}
