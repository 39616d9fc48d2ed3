//! Files that NumPy wrote (`numpy/make.py`), and files for it.

use chainrule_data::{npy, npz};
use chainrule_tape::{DType, Tensor};
use std::path::PathBuf;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/numpy").join(name)
}

fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("chainrule-numpy-{}-{name}", std::process::id()))
}

#[test]
fn every_dtype_is_read() {
    let arrays = npz::read(file("arrays.npz")).unwrap();
    let x: Vec<f64> = (0..6).map(|i| i as f64 - 2.0).collect();
    let thirds: Vec<f64> = x.iter().map(|x| x / 3.0).collect();
    let singles: Vec<f64> = thirds.iter().map(|x| *x as f32 as f64).collect();
    let plus = |n: f64| x.iter().map(|x| x + n).collect::<Vec<f64>>();
    let expected: Vec<(&str, DType, &[usize], Vec<f64>)> = vec![
        (
            "f2",
            DType::F32,
            &[2, 3],
            vec![-0.666_503_906_25, -0.333_251_953_125, 0.0, 0.333_251_953_125, 0.666_503_906_25, 1.0],
        ),
        ("f4", DType::F32, &[2, 3], singles),
        ("f8", DType::F64, &[2, 3], thirds.clone()),
        ("big", DType::F64, &[2, 3], thirds),
        ("i1", DType::I64, &[2, 3], x.clone()),
        ("i2", DType::I64, &[2, 3], x.clone()),
        ("i4", DType::I64, &[2, 3], x.clone()),
        ("i8", DType::I64, &[2, 3], x.clone()),
        ("u1", DType::I64, &[2, 3], plus(250.0)),
        ("u2", DType::I64, &[2, 3], plus(65_530.0)),
        ("u4", DType::I64, &[2, 3], plus(4_294_967_290.0)),
        ("b1", DType::Bool, &[2, 3], vec![0.0, 0.0, 0.0, 1.0, 1.0, 1.0]),
        ("fortran", DType::F64, &[2, 3, 4], (0..24).map(|i| i as f64 / 2.0).collect()),
        ("scalar", DType::F64, &[], vec![2.5]),
        ("vector", DType::F64, &[3], vec![1.5, f64::NAN, f64::NEG_INFINITY]),
        ("empty", DType::F32, &[0, 3], vec![]),
    ];
    assert_eq!(arrays.len(), expected.len());
    for ((name, tensor), (wanted, dtype, shape, values)) in arrays.iter().zip(&expected) {
        assert_eq!((name.as_str(), tensor.dtype(), tensor.shape().dims()), (*wanted, *dtype, *shape));
        let bits = |values: &[f64]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&tensor.to_f64()), bits(values), "{name}");
    }
    assert_eq!(npy::read(file("fortran.npy")).unwrap(), arrays[12].1);
    let plain = npz::read(file("plain.npz")).unwrap();
    assert_eq!(plain[0], ("x".to_owned(), arrays[1].1.clone()));
    assert_eq!(plain[1], ("labels".to_owned(), arrays[7].1.clone()));
}

/// Headers are NumPy's, byte for byte.
#[test]
fn headers_are_numpys() {
    let path = scratch("same.npy");
    let tensor = npy::read(file("fortran.npy")).unwrap();
    npy::write(&path, &tensor).unwrap();
    let (own, theirs) = (std::fs::read(&path).unwrap(), std::fs::read(file("fortran.npy")).unwrap());
    // But for the order, of which the header tells.
    let text = |bytes: &[u8]| String::from_utf8_lossy(&bytes[10..128]).trim_end().to_owned();
    assert_eq!(text(&own), text(&theirs).replace("True", "False"));
    assert_eq!(own[..10], theirs[..10]);
    std::fs::remove_file(path).ok();
}

#[test]
fn what_is_written_is_read() {
    let tensors = [
        Tensor::from(2.5f32),
        Tensor::from([1i64, -2]),
        Tensor::from([[true], [false]]),
        Tensor::from([[1.0, f64::INFINITY]]).reshape([1, 1, 2]).unwrap(),
        Tensor::zeros([2, 0, 3], DType::F32),
    ];
    let path = scratch("all.npz");
    let named: Vec<(String, &Tensor)> =
        tensors.iter().enumerate().map(|(i, t)| (format!("a/{i}"), t)).collect();
    npz::write(&path, named.iter().map(|(name, tensor)| (name, *tensor))).unwrap();
    for ((name, tensor), (own, wanted)) in npz::read(&path).unwrap().iter().zip(&named) {
        assert_eq!((name, tensor), (own, *wanted));
        assert_eq!(tensor.dtype(), wanted.dtype());
    }
    let twice = npz::write(&path, [("x", &tensors[0]), ("x", &tensors[1])]).unwrap_err().to_string();
    assert!(twice.contains("`x`"), "{twice}");
    std::fs::remove_file(path).ok();
}

#[test]
fn what_is_no_array_is_told() {
    let with = |header: &str, body: &[u8]| {
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), body].concat()
    };
    let header = |descr: &str, shape: &str| {
        format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n")
    };
    for (bytes, text) in [
        (b"PK\x03\x04 a zip".to_vec(), "begins with 93 'NUMPY'"),
        (b"\x93NUMPY\x07\x00".to_vec(), "version 7"),
        (b"\x93NUMPY\x01\x00\xff\x00{'descr'".to_vec(), "ends within its header"),
        (with(&header("'<f8'", "(2,)"), &[0; 15]), "16 bytes of elements"),
        (with(&header("'<f8'", "(1,)"), &[0; 9]), "8 bytes of elements"),
        (with(&header("'<c16'", "(1,)"), &[0; 16]), "dtype '<c16'"),
        (with(&header("'|O'", "(1,)"), &[0; 8]), "dtype '|O'"),
        (with(&header("[('a', '<f4')]", "(1,)"), &[0; 4]), "arrays of records"),
        (with(&header("'<f8'", "(-1,)"), &[]), "something else than lengths"),
        (with(&header("'<f8'", "(99999999999, 99999999999)"), &[]), "more elements than can be addressed"),
        (with(&header("'<u8'", "()"), &[0xff; 8]), "18446744073709551615 is too large"),
        (with("{'descr': '<f8'}", &[]), "no 'fortran_order'"),
        (vec![], "begins with"),
    ] {
        let error = npy::parse(&bytes).unwrap_err().to_string();
        assert!(error.starts_with("(bytes): ") && error.contains(text), "{error}");
    }
    let path = scratch("none.npz");
    std::fs::write(&path, "no archive").unwrap();
    let error = npz::read(&path).unwrap_err().to_string();
    assert!(error.contains("none.npz: is no zip archive"), "{error}");
    std::fs::remove_file(&path).ok();
    assert!(matches!(npy::read(&path), Err(chainrule_data::DataError::Io { .. })));
}
