//! The reader of MNIST's folder, with small files of its form and, where they are, with the real ones.

use chainrule_data::{DataError, mnist};
use flate2::{Compression, write::GzEncoder};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A folder that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("chainrule-mnist-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    /// Writes the four files: `count` images of 2×3, gzip or not, with `join` between `images` and `idx3`.
    fn write(&self, count: u8, packed: bool, join: &str) {
        for set in ["train", "t10k"] {
            let images: Vec<u8> = (0..6 * count).map(|i| i * 5).collect();
            let labels: Vec<u8> = (0..count).map(|i| i % 10).collect();
            let images = [&[0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 2, 0, 0, 0, 3][..], &images].concat();
            let labels = [&[0, 0, 8, 1, 0, 0, 0, count][..], &labels].concat();
            self.put(&format!("{set}-images{join}idx3-ubyte"), &images, packed);
            self.put(&format!("{set}-labels{join}idx1-ubyte"), &labels, packed);
        }
    }

    fn put(&self, name: &str, bytes: &[u8], packed: bool) {
        if !packed {
            return fs::write(self.0.join(name), bytes).unwrap();
        }
        let file = fs::File::create(self.0.join(format!("{name}.gz"))).unwrap();
        let mut encoder = GzEncoder::new(file, Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn all_spellings_are_found() {
    for (case, (packed, join)) in
        [(false, "-"), (true, "-"), (false, "."), (true, ".")].into_iter().enumerate()
    {
        let folder = Folder::new(&format!("spelling-{case}"));
        folder.write(7, packed, join);
        let (train, test) = mnist(&folder.0).unwrap();
        assert_eq!(train, test);
        assert_eq!(train.inputs().shape().dims(), [7, 6]);
        let pixels = train.inputs().as_slice::<f32>().unwrap();
        assert_eq!((pixels[0], pixels[1], pixels[41]), (0.0, 5.0 / 255.0, 205.0 / 255.0));
        assert_eq!(train.labels().to_vec::<i64>().unwrap(), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(train.classes().len(), 10);
    }
}

#[test]
fn mistakes_are_named() {
    let folder = Folder::new("mistakes");
    let error = mnist(&folder.0).unwrap_err();
    assert!(matches!(error, DataError::NoFile { .. }));
    assert!(error.to_string().contains("train-labels-idx1-ubyte, train-labels.idx1-ubyte"), "{error}");

    folder.write(3, false, "-");
    let labels = |bytes: &[u8]| {
        folder.put("t10k-labels-idx1-ubyte", bytes, false);
        mnist(&folder.0).unwrap_err().to_string()
    };
    let error = labels(&[0, 0, 8, 1, 0, 0, 0, 3, 1, 10, 2]);
    assert!(
        error.contains("t10k-labels") && error.contains("byte 9") && error.contains("image 1 is 10"),
        "{error}"
    );
    let error = labels(&[0, 0, 8, 1, 0, 0, 0, 2, 1, 2]);
    assert!(error.contains("t10k-images") && error.contains("the same number of rows"), "{error}");
    let error = labels(&[0, 0, 9, 1, 0, 0, 0, 1, 1]);
    assert!(error.contains("expected 1 axes of u8, found 1 of I8"), "{error}");
    let error = labels(&[0, 0, 8, 1, 0, 0, 0, 3, 1, 2]);
    assert!(error.contains("the file ends"), "{error}");
}

#[test]
fn the_real_files_are_read() {
    let Some(folder) = std::env::var_os("CHAINRULE_DATA").map(|folder| Path::new(&folder).join("mnist"))
    else {
        println!("skipped: CHAINRULE_DATA names no folder with mnist/ in it");
        return;
    };
    let (train, test) = mnist(folder).unwrap();
    assert_eq!(train.inputs().shape().dims(), [60_000, 784]);
    assert_eq!(test.inputs().shape().dims(), [10_000, 784]);
    let count =
        |labels: &[i64]| (0..10).map(|digit| labels.iter().filter(|&&x| x == digit).count()).collect();
    let counts: Vec<usize> = count(train.labels().as_slice().unwrap());
    assert_eq!(counts, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    let counts: Vec<usize> = count(test.labels().as_slice().unwrap());
    assert_eq!(counts, [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    assert_eq!(train.labels().as_slice::<i64>().unwrap()[..5], [5, 0, 4, 1, 9]);
    let pixels = train.inputs().as_slice::<f32>().unwrap();
    assert!(pixels.iter().all(|x| (0.0..=1.0).contains(x)));
    // The published mean and deviation of the training images.
    let mean = pixels.iter().map(|&x| f64::from(x)).sum::<f64>() / pixels.len() as f64;
    let square = pixels.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / pixels.len() as f64;
    assert!((mean - 0.1307).abs() < 1e-4 && (square.sqrt() - 0.3081).abs() < 1e-4, "{mean} {square}");
}
