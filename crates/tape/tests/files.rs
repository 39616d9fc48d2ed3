//! Params in files: what is written to the byte, what is read, and what is wrong with bad files.

use chainrule_tape::{DType, Kind, Params, Tensor};
use std::path::PathBuf;

/// A file that goes when the test ends.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Temporary {
        Temporary(std::env::temp_dir().join(format!("chainrule-{}-{name}.safetensors", std::process::id())))
    }

    fn with(name: &str, bytes: &[u8]) -> Temporary {
        let file = Temporary::new(name);
        std::fs::write(&file.0, bytes).unwrap();
        file
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

/// A file with this header and these bytes after it.
fn file(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

fn model() -> Params {
    let mut params = Params::seeded(0);
    params.add("a.weight", Kind::Trainable, [[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    params.add("a.bias", Kind::Frozen, [7.0f32, 8.0]);
    params.add("norm.running_mean", Kind::State, [9.0f64]);
    params.add("steps", Kind::State, 3i64);
    params
}

#[test]
fn a_file_is_as_the_format_says_to_the_byte() {
    let mut params = model();
    let weight = params.id("a.weight").unwrap();
    params.alias("b.weight", weight);
    let path = Temporary::new("bytes");
    params.save(&path.0).unwrap();
    let bytes = std::fs::read(&path.0).unwrap();
    let header = concat!(
        r#"{"__metadata__":{"format":"pt","chainrule.frozen":"a.bias","#,
        r#""chainrule.state":"norm.running_mean\u000asteps","b.weight":"a.weight"},"#,
        r#""steps":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"#,
        r#""norm.running_mean":{"dtype":"F64","shape":[1],"data_offsets":[8,16]},"#,
        r#""a.bias":{"dtype":"F32","shape":[2],"data_offsets":[16,24]},"#,
        r#""a.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[24,48]}}"#,
    );
    let length = header.len().next_multiple_of(8);
    assert_eq!(bytes[..8], (length as u64).to_le_bytes());
    assert_eq!(std::str::from_utf8(&bytes[8..8 + length]).unwrap().trim_end(), header);
    let data: Vec<u8> = [3i64.to_le_bytes(), 9f64.to_le_bytes()]
        .concat()
        .into_iter()
        .chain([7f32, 8.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0].into_iter().flat_map(f32::to_le_bytes))
        .collect();
    assert_eq!(bytes[8 + length..], data);
    // The same bytes every time.
    params.save(&path.0).unwrap();
    assert_eq!(std::fs::read(&path.0).unwrap(), bytes);

    let read = Params::read(&path.0).unwrap();
    let kinds: Vec<_> = read.iter().map(|(name, kind, _)| (name, kind)).collect();
    let expected = [
        ("a.bias", Kind::Frozen),
        ("a.weight", Kind::Trainable),
        ("norm.running_mean", Kind::State),
        ("steps", Kind::State),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(read.aliases().collect::<Vec<_>>(), [("b.weight", "a.weight")]);
}

#[test]
fn any_name_and_any_shape_comes_back() {
    let mut params = Params::seeded(0);
    for name in ["a \"quoted\" \\ name", "tab\tand\u{1}", "ünïcode/層", "__metadata", "format", "x"] {
        params.add(name, Kind::Trainable, Tensor::zeros([2, 0, 3], DType::F32));
    }
    let x = params.id("x").unwrap();
    params.alias("other \"x\"", x);
    let path = Temporary::new("names");
    params.save(&path.0).unwrap();
    let mut loaded = params.clone();
    loaded.load(&path.0).unwrap();
    let read = Params::read(&path.0).unwrap();
    assert_eq!((read.len(), read.id("other \"x\"")), (6, read.id("x")));
    // Nothing at all is a file too.
    Params::seeded(0).save(&path.0).unwrap();
    assert!(Params::read(&path.0).unwrap().is_empty());
}

/// One tensor `w` of this dtype and number of elements, read.
fn read(dtype: &str, n: usize, data: &[u8]) -> Result<Tensor, String> {
    let end = data.len();
    let header = format!(r#"{{"w":{{"dtype":"{dtype}","shape":[{n}],"data_offsets":[0,{end}]}}}}"#);
    let path = Temporary::with(&format!("dtype-{dtype}-{n}-{end}"), &file(&header, data));
    let read = Params::read(&path.0).map_err(|e| e.to_string())?;
    Ok(read.get("w").unwrap().clone())
}

#[test]
fn dtypes_are_read_as_the_nearest_that_holds_all_their_numbers() {
    let f16 = [0x3c00u16, 0xc000, 0x0001, 0x7c00, 0x7e00].map(u16::to_le_bytes).concat();
    let half = read("F16", 5, &f16).unwrap();
    assert_eq!(half.dtype(), DType::F32);
    assert_eq!(half.to_f64()[..4], [1.0, -2.0, 2f64.powi(-24), f64::INFINITY]);
    assert!(half.to_f64()[4].is_nan());
    let bf16 = [0x3f80u16, 0xff80, 0x7fc0].map(u16::to_le_bytes).concat();
    let brain = read("BF16", 3, &bf16).unwrap();
    assert_eq!(brain.to_f64()[..2], [1.0, f64::NEG_INFINITY]);
    assert!(brain.to_f64()[2].is_nan());
    for (dtype, data) in [
        ("I8", vec![0xff, 7]),
        ("I16", [-1i16, 7].map(i16::to_le_bytes).concat()),
        ("I32", [-1i32, 7].map(i32::to_le_bytes).concat()),
        ("I64", [-1i64, 7].map(i64::to_le_bytes).concat()),
    ] {
        assert_eq!(read(dtype, 2, &data).unwrap(), Tensor::from([-1i64, 7]), "{dtype}");
    }
    for (dtype, data) in [
        ("U8", vec![200, 7]),
        ("U16", [200u16, 7].map(u16::to_le_bytes).concat()),
        ("U32", [200u32, 7].map(u32::to_le_bytes).concat()),
        ("U64", [200u64, 7].map(u64::to_le_bytes).concat()),
    ] {
        assert_eq!(read(dtype, 2, &data).unwrap(), Tensor::from([200i64, 7]), "{dtype}");
    }
    assert_eq!(read("BOOL", 2, &[1, 0]).unwrap(), Tensor::from([true, false]));
    let above = read("U64", 2, &[7, u64::MAX].map(u64::to_le_bytes).concat()).unwrap_err();
    assert!(above.contains("`w`: the number 18446744073709551615 is above all of i64"), "{above}");
    let eight = read("F8_E4M3", 2, &[0, 0]).unwrap_err();
    assert!(eight.contains("`w`: numbers of dtype F8_E4M3 can't be read"), "{eight}");
}

#[test]
fn a_nan_is_a_value() {
    let path = Temporary::with(
        "nan",
        &file(
            r#"{"a.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
            &[f32::NAN, f32::NEG_INFINITY].map(f32::to_le_bytes).concat(),
        ),
    );
    let mut params = model();
    let report = params.load_partial(&path.0).unwrap();
    assert_eq!(report.taken, ["a.bias"]);
    let bias = params.get("a.bias").unwrap().to_f64();
    assert!(bias[0].is_nan() && bias[1] == f64::NEG_INFINITY);
    params.save(&path.0).unwrap();
    assert!(Params::read(&path.0).unwrap().get("a.bias").unwrap().to_f64()[0].is_nan());
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name_and_the_tensors_and_nothing_changes() {
    let two = [1f32, 2.0].map(f32::to_le_bytes).concat();
    let w = |rest: &str| format!(r#"{{"w":{{"dtype":"F32","shape":[2],{rest}}}}}"#);
    let good = file(&w(r#""data_offsets":[0,8]"#), &two);
    let twice = r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    let gap = r#"{"v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"w":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#;
    let over = r#"{"v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#;
    let huge = r#"{"w":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#;
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("empty", Vec::new(), "is no safetensors file: it has 0 bytes"),
        ("short", good[..5].to_vec(), "is no safetensors file: it has 5 bytes"),
        ("header-cut", good[..30].to_vec(), "is cut off: of the 54 bytes of its header, there are 22"),
        (
            "data-cut",
            good[..good.len() - 3].to_vec(),
            "is cut off: `w` lies in bytes 0 to 8 of 5 after the header",
        ),
        ("longer", [good.clone(), vec![0; 4]].concat(), "has 4 bytes after its last tensor"),
        ("text", b"this is no such file".to_vec(), "is no safetensors file: it doesn't begin with a header"),
        ("zip", b"PK\x03\x04\x14\0\0\x08\x08\0".to_vec(), "torch.save"),
        ("pickle", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".to_vec(), "torch.save"),
        ("no-json", file("{nothing}", &[]), "header"),
        ("latin", file("{\"\u{0}\":1}", &[]), "header"),
        ("not-an-object", file("{\"w\": 3}", &[]), "header"),
        ("twice", file(twice, &two), "has two tensors `w`"),
        ("gap", file(gap, &two), "`v` begins at byte 4 after the header, not at 0"),
        ("overlap", file(over, &two), "`w` begins at byte 4 after the header, not at 8"),
        (
            "wrong-size",
            file(&w(r#""data_offsets":[0,4]"#), &two[..4]),
            "`w` is [2] F32, which takes 8 bytes, but lies in bytes 0 to 4",
        ),
        ("backwards", file(&w(r#""data_offsets":[8,0]"#), &two), "`w` is [2] F32, which takes 8 bytes"),
        (
            "beyond",
            file(&w(r#""data_offsets":[8000000000,8000000008]"#), &two),
            "`w` lies in bytes 8000000000 to 8000000008 of 8",
        ),
        ("negative", file(&w(r#""data_offsets":[-8,0]"#), &two), "header"),
        ("huge", file(huge, &two), "`w` is [4294967296, 4294967296] F32, which no file holds"),
        (
            "dtype",
            file(&w(r#""data_offsets":[0,8]"#).replace("F32", "F99"), &two),
            "`w`: numbers of dtype F99",
        ),
        (
            "complex",
            file(&w(r#""data_offsets":[0,8]"#).replace("F32", "C64"), &two),
            "dtype C64 can't be read",
        ),
    ];
    for (name, bytes, what) in cases {
        let path = Temporary::with(name, &bytes);
        let mut params = model();
        let error = params.load(&path.0).unwrap_err().to_string();
        assert!(error.contains(&*path.0.to_string_lossy()), "{name}: {error}");
        assert!(error.contains(what), "{name}: {error}");
        params.load_partial(&path.0).unwrap_err();
        for ((_, _, now), (_, _, before)) in params.iter().zip(model().iter()) {
            assert_eq!(now, before, "{name}");
        }
    }
    let error = model().load("/nowhere/at/all.safetensors").unwrap_err().to_string();
    assert!(error.starts_with("/nowhere/at/all.safetensors: "), "{error}");
}

#[test]
fn a_file_that_does_not_fit_changes_nothing_and_says_all_of_it() {
    let mut saved = Params::seeded(0);
    saved.add("a.weight", Kind::Trainable, Tensor::zeros([3, 2], DType::F32));
    saved.add("steps", Kind::State, 1.0f32);
    saved.add("c.bias", Kind::Trainable, [0.0f32]);
    saved.add("norm.running_mean", Kind::State, [0.5f32]);
    saved.add("norm.num_batches_tracked", Kind::State, 12i64);
    saved.add("lost.num_batches_tracked", Kind::State, 12i64);
    let path = Temporary::new("misfit");
    saved.save(&path.0).unwrap();
    let mut params = model();
    let error = params.load(&path.0).unwrap_err().to_string();
    let expected = "doesn't fit the model: 1 taken, 1 ignored\n  `a.bias` is missing\n  `c.bias` is unexpected\n  \
                    `lost.num_batches_tracked` is unexpected\n  `a.weight` is [3, 2] f32, not [2, 3] f32\n  \
                    `steps` is [] f32, not [] i64";
    assert!(error.ends_with(expected), "{error}");
    assert_eq!(params.get("norm.running_mean").unwrap().to_f64(), [9.0]);

    let report = params.load_partial(&path.0).unwrap();
    assert_eq!(report.taken, ["norm.running_mean"]);
    assert_eq!(report.ignored, ["norm.num_batches_tracked"]);
    assert!(!report.is_complete() && report.complete().unwrap_err().to_string() == expected);
    // As its own dtype, f64.
    assert_eq!(params.get("norm.running_mean").unwrap(), &Tensor::from([0.5f64]));
}

#[test]
fn a_tied_weight_is_found_by_either_name() {
    let tied = || {
        let mut params = Params::seeded(0);
        let words = params.add("words.weight", Kind::Trainable, [1.0f64, 2.0]);
        params.alias("head.weight", words);
        params.add("head.bias", Kind::Trainable, [0.0f64]);
        params
    };
    let saved = |names: &[(&str, [f32; 2])]| {
        let mut saved = Params::seeded(0);
        for (name, values) in names {
            saved.add(name, Kind::Trainable, *values);
        }
        saved.add("head.bias", Kind::Trainable, [5.0f32]);
        saved
    };
    for names in [
        &[("words.weight", [3.0, 4.0])][..],
        &[("head.weight", [3.0, 4.0])],
        &[("words.weight", [3.0, 4.0]), ("head.weight", [3.0, 4.0])],
        &[("words.weight", [f32::NAN, 4.0]), ("head.weight", [f32::NAN, 4.0])],
    ] {
        let mut params = tied();
        params.load_from(&saved(names)).complete().unwrap();
        assert_eq!(params.get("words.weight").unwrap().to_f64()[1], 4.0);
        assert_eq!((params.get("head.bias").unwrap().to_f64()[0], params.len()), (5.0, 2));
    }
    let mut params = tied();
    let report =
        params.load_from(&saved(&[("words.weight", [3.0, 4.0]), ("head.weight", [3.0, 4.5])])).to_string();
    assert_eq!(report, "1 taken\n  `words.weight` and `head.weight` are one tensor here, but differ");
    assert_eq!(params.get("words.weight").unwrap().to_f64(), [1.0, 2.0]);

    // From what was tied to what is not: both get the values.
    let path = Temporary::new("tied");
    tied().save(&path.0).unwrap();
    let mut apart = saved(&[("words.weight", [0.0; 2]), ("head.weight", [0.0; 2])]);
    apart.load(&path.0).unwrap();
    assert_eq!(apart.get("head.weight").unwrap().to_f64(), [1.0, 2.0]);
    assert_eq!(apart.get("words.weight").unwrap().to_f64(), [1.0, 2.0]);
    // Names are the model's, whatever an optimizer adds.
    let mut training = tied();
    training.add("optim.m.words.weight", Kind::Optimizer, [0.0f64; 2]);
    assert_eq!(training.without_optimizer().unwrap().id("head.weight"), tied().id("words.weight"));
}

#[test]
fn a_name_has_one_tensor() {
    let mut params = Params::seeded(0);
    let a = params.add("a", Kind::Trainable, [1.0f32]);
    let b = params.add("b", Kind::Trainable, [1.0f32]);
    params.alias("a", a);
    params.alias("c", a);
    params.alias("c", a);
    params.check().unwrap();
    // What a layer has registered is what it called so first.
    assert_eq!((params.root().find("a"), params.root().find("c")), (Some(a), None));
    let mistake = |change: &dyn Fn(&mut Params)| {
        let mut params = params.clone();
        change(&mut params);
        params.check().unwrap_err().to_string()
    };
    let two = "`b` can't be called `c` too: there is another parameter `c`";
    assert_eq!(mistake(&|params| params.alias("c", b)), two);
    assert!(mistake(&|params| params.alias("", b)).contains("no parameter can be called"));
    let added = mistake(&|params| {
        params.add("c", Kind::Trainable, [1.0f32]);
    });
    assert!(added.contains("two parameters `c`"));
    assert!(mistake(&|params| params.root().rename(b, "c")).contains("renamed to `c`"));
}

#[test]
fn names_and_layouts_of_others_become_the_models() {
    let mut saved = Params::seeded(0);
    let head = saved.add("module.head.weight", Kind::Trainable, [[1.0f32, 2.0, 3.0]]);
    saved.alias("module.words.weight", head);
    saved.add("module.mask", Kind::State, [true]);
    saved.add("modules.x", Kind::Trainable, [1.0f32]);
    let names = |params: &Params| params.iter().map(|(name, ..)| name.to_owned()).collect::<Vec<_>>();
    let under = saved.under("module");
    assert_eq!(names(&under), ["head.weight", "mask"]);
    assert_eq!(under.aliases().collect::<Vec<_>>(), [("words.weight", "head.weight")]);
    assert_eq!(under.kind(under.id("mask").unwrap()), Kind::State);
    // A tensor goes by the name that is left.
    assert_eq!(names(&saved.under("module.words")), ["weight"]);
    assert_eq!(names(&under.without("head")), ["words.weight", "mask"]);
    assert_eq!(names(&under.without("*.weight")), ["mask"]);
    assert!(under.renamed(|_| "same".into()).check().is_err());

    let turned = under.map("words", |w| w.t() * 2.0).unwrap();
    assert_eq!(turned.get("head.weight").unwrap(), &Tensor::from([[2.0f32], [4.0], [6.0]]));
    assert_ne!(turned.layout(), under.layout());
    let error = under.map("*.weight", |w| w.reshape([2, 2])).unwrap_err().to_string();
    assert!(error.starts_with("`head.weight`: ") && error.contains("files.rs"), "{error}");
    let mut apart = Params::seeded(0);
    for (name, rows) in [("l.0.q.w", 2), ("l.0.k.w", 1), ("l.1.k.w", 1), ("l.0.other", 3)] {
        apart.add(name, Kind::Trainable, Tensor::full([rows, 2], rows as f64));
    }
    let together = apart.joined(&[".q.", ".k."], ".qk_").unwrap();
    assert_eq!(names(&together), ["l.1.k.w", "l.0.other", "l.0.qk_w"]);
    assert_eq!(together.get("l.0.qk_w").unwrap(), &Tensor::from([[2.0, 2.0], [2.0, 2.0], [1.0, 1.0]]));
    let error = apart.joined(&[".k.", ".q."], ".kq_").unwrap_err().to_string();
    assert_eq!(error, "there is no `l.1.q.w` to be joined with `l.1.k.w`");

    // Mistakes of the source are the result's.
    saved.add("mask", Kind::State, [true]);
    saved.add("mask", Kind::State, [true]);
    assert!(
        saved.under("module").check().is_err() && saved.map("x", |x| x).is_ok_and(|p| p.check().is_err())
    );
}
