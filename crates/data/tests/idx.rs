//! The IDX reader: every element type, and every way in which a file can be wrong.

use chainrule_data::{DataError, idx, permutation};
use chainrule_tape::{DType, Tensor};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

fn file(code: u8, lengths: &[u32], body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, lengths.len() as u8];
    bytes.extend(lengths.iter().flat_map(|length| length.to_be_bytes()));
    bytes.extend(body);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The byte and the text of the error.
fn mistake(bytes: &[u8]) -> (u64, String) {
    match idx::parse(bytes).unwrap_err() {
        DataError::Idx { byte, what, .. } => (byte, what),
        other => panic!("{other}"),
    }
}

#[test]
fn every_element_type_is_read() {
    let floats = [1.5f32, -2.25, f32::MAX];
    let doubles = [0.1f64, -1e300, f64::MIN_POSITIVE];
    let cases: [(u8, Vec<u8>, Tensor); 6] = [
        (0x08, vec![0, 128, 255], Tensor::from([0i64, 128, 255])),
        (0x09, vec![0, 127, 128], Tensor::from([0i64, 127, -128])),
        (0x0B, vec![0x01, 0x02, 0xFF, 0xFE, 0x80, 0x00], Tensor::from([258i64, -2, -32768])),
        (
            0x0C,
            vec![0, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0],
            Tensor::from([65536, -1, -(1i64 << 31)]),
        ),
        (0x0D, floats.iter().flat_map(|x| x.to_be_bytes()).collect(), Tensor::from(floats)),
        (0x0E, doubles.iter().flat_map(|x| x.to_be_bytes()).collect(), Tensor::from(doubles)),
    ];
    for (code, body, expected) in cases {
        let bytes = file(code, &[3], &body);
        assert_eq!(idx::parse(&bytes).unwrap(), expected, "{code:02X}");
        assert_eq!(idx::parse(&gzip(&bytes)).unwrap(), expected, "{code:02X}, packed");
    }
}

#[test]
fn any_rank_is_read() {
    for lengths in [&[][..], &[6], &[2, 3], &[1, 2, 3], &[1, 1, 2, 1, 3, 1], &[0], &[0, 28, 28], &[5, 0, 2]] {
        let shape: Vec<usize> = lengths.iter().map(|&length| length as usize).collect();
        let count = shape.iter().product::<usize>();
        let tensor = idx::parse(&file(8, lengths, &vec![7; count])).unwrap();
        assert_eq!((tensor.shape().dims(), tensor.numel()), (&*shape, count));
        tensor.shape().strides();
    }
    assert_eq!(idx::parse(&file(8, &[1; 255], &[9])).unwrap().item().unwrap(), 9.0);
}

#[test]
fn elements_are_converted_on_request() {
    let path = std::env::temp_dir().join(format!("chainrule-idx-{}", std::process::id()));
    std::fs::write(&path, gzip(&file(0x09, &[2], &[0, 0xFE]))).unwrap();
    assert_eq!(idx::read(&path).unwrap(), Tensor::from([0i64, -2]));
    assert_eq!(idx::read_as(&path, DType::F32).unwrap(), Tensor::from([0.0f32, -2.0]));
    assert_eq!(idx::read_as(&path, DType::F64).unwrap(), Tensor::from([0.0f64, -2.0]));
    assert_eq!(idx::read_as(&path, DType::Bool).unwrap(), Tensor::from([false, true]));
    std::fs::write(&path, file(0x0D, &[1], &2.75f32.to_be_bytes())).unwrap();
    assert_eq!(idx::read_as(&path, DType::I64).unwrap(), Tensor::from([2i64]));
    std::fs::write(&path, [1, 2, 3, 4]).unwrap();
    let error = idx::read(&path).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}: byte 0", path.display())), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = idx::read(&path).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }) && error.to_string().contains("chainrule-idx"), "{error}");
}

#[test]
fn mistakes_are_named_with_their_byte() {
    assert_eq!(mistake(b""), (0, "the file ends within its first four bytes, after \"\"".into()));
    let (byte, what) = mistake(b"PK\x03\x04");
    assert!(byte == 0 && what.contains("[50, 4B, 03, 04]"), "{what}");
    let (byte, what) = mistake(&[0, 0, 0x0A, 1, 0, 0, 0, 0]);
    assert!(byte == 2 && what.contains("element type 0A"), "{what}");
    let (byte, what) = mistake(&[0, 0, 8, 2, 0, 0, 0, 1, 0]);
    assert!(byte == 9 && what.contains("lengths of its axes"), "{what}");
    let (byte, what) = mistake(&file(0x0B, &[2, 2], &[0; 7]));
    assert!(byte == 19 && what.contains("[2, 2] elements of i16, 8 bytes from byte 12"), "{what}");
    let (byte, what) = mistake(&file(8, &[2], &[0; 3]));
    assert!(byte == 10 && what.contains("goes on after the last"), "{what}");
}

#[test]
fn a_header_alone_allocates_nothing() {
    for lengths in [&[u32::MAX][..], &[u32::MAX, 4096], &[1 << 31, 1 << 28]] {
        let bytes = file(0x08, lengths, &[1, 2, 3]);
        let header = 4 + 4 * lengths.len() as u64;
        assert_eq!(mistake(&bytes).0, header + 3);
        assert_eq!(mistake(&gzip(&bytes)).0, header + 3);
    }
    for lengths in
        [&[u32::MAX; 3][..], &[u32::MAX, u32::MAX, u32::MAX, 0], &[0, u32::MAX, u32::MAX], &[2; 255]]
    {
        let (byte, what) = mistake(&file(0x0E, lengths, &[]));
        assert!(byte == 4 && what.contains("than can be addressed"), "{what}");
    }
}

#[test]
fn bad_gzip_is_an_error() {
    let bytes = file(8, &[1000], &permutation(1000, 1, 0).iter().map(|&x| x as u8).collect::<Vec<_>>());
    let good = gzip(&bytes);
    for end in 2..good.len() {
        assert!(matches!(idx::parse(&good[..end]), Err(DataError::Gzip { .. })), "cut at {end}");
    }
    let mut bad = good.clone();
    *bad.iter_mut().nth_back(5).unwrap() ^= 1;
    assert!(matches!(idx::parse(&bad), Err(DataError::Gzip { .. })), "a wrong checksum");
    // A file may be packed in pieces.
    let pieces = [gzip(&bytes[..100]), gzip(&bytes[100..])].concat();
    assert_eq!(idx::parse(&pieces).unwrap(), idx::parse(&bytes).unwrap());
}

/// Cuts, changes, repeats and inserts bytes of valid files: whatever they are then, reading them returns.
#[test]
fn damaged_files_never_panic() {
    let good: [Vec<u8>; 4] = [
        file(0x08, &[3, 4], &[9; 12]),
        file(0x0E, &[2, 1, 2], &[0x40; 32]),
        gzip(&file(0x0C, &[5], &[1; 20])),
        gzip(&file(0x08, &[40, 40], &[3; 1600])),
    ];
    let mut read = 0;
    for round in 0..20_000u64 {
        let mut bytes = good[round as usize % good.len()].clone();
        // A list of random numbers to draw from.
        let random = permutation(64, round, 9);
        for change in random[1..].chunks_exact(3).take(1 + random[0] % 4) {
            let at = (change[0] * 64 + change[1]) % bytes.len();
            // Most changes hit the header, where they matter.
            let at = if change[1] % 3 > 0 { at % 24.min(bytes.len()) } else { at };
            match change[2] % 5 {
                0 => bytes[at] ^= 1 << (change[1] % 8),
                1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][change[1] % 5],
                2 => bytes.truncate(at.max(1)),
                3 => bytes.insert(at, change[1] as u8),
                _ => bytes.extend_from_within(at..),
            }
        }
        if let Ok(tensor) = idx::parse(&bytes) {
            assert!(tensor.numel() <= 1600);
            read += 1;
        }
    }
    assert!(read > 100, "only {read} were still valid");
}
