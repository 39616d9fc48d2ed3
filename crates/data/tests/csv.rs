//! The CSV reader: what it accepts, and what it says about the rest.

use chainrule_data::{Column, CsvOptions, DataError, Target, parse_csv, permutation, read_csv};
use chainrule_tape::{DType, Tensor};

fn options() -> CsvOptions {
    CsvOptions::default()
}

fn bare() -> CsvOptions {
    CsvOptions { has_header: false, ..options() }
}

/// Line, column and text of the error.
fn mistake(text: impl AsRef<[u8]>, options: &CsvOptions) -> (u64, Option<usize>, String) {
    match parse_csv(text, options).unwrap_err() {
        DataError::Csv { line, column, what, .. } => (line, column, what),
        other => panic!("{other}"),
    }
}

#[test]
fn a_table_is_read() {
    let text = "a,b,class\n1,2.5,0\n-3e2,.5,2\n";
    let data = parse_csv(text, &options()).unwrap();
    assert_eq!(data.inputs(), &Tensor::from([[1.0f32, 2.5], [-300.0, 0.5]]));
    assert_eq!(data.labels(), &Tensor::from([0i64, 2]));
    assert_eq!(
        (data.features(), data.classes().len(), data.class_count()),
        (&["a".into(), "b".into()][..], 0, 3)
    );
    let data = parse_csv(text, &CsvOptions { dtype: DType::F64, ..options() }).unwrap();
    assert_eq!(data.inputs(), &Tensor::from([[1.0, 2.5], [-300.0, 0.5]]));
}

#[test]
fn the_same_table_in_other_clothes() {
    let expected = parse_csv("x,y,kind\n1,2,cat\n3,4,dog\n", &options()).unwrap();
    for text in [
        "x,y,kind\r\n1,2,cat\r\n3,4,dog\r\n",
        "x,y,kind\n1,2,cat\n3,4,dog",
        "\n\nx,y,kind\n\n1,2,cat\n\n\n3,4,dog\n\n",
        " x , y\t,kind \n 1, 2 ,  cat\n3 ,\t4,dog \n",
        "\"x\",\"y\",kind\n\"1\",2,\"cat\"\n3,\"4\",\"dog\"\n",
        "\u{feff}x,y,kind\n1,2,cat\n3,4,dog\n",
        "x,y,kind\r1,2,cat\r3,4,dog\r",
    ] {
        assert_eq!(parse_csv(text, &options()).unwrap(), expected, "{text:?}");
    }
    let semicolons = CsvOptions { delimiter: b';', ..options() };
    assert_eq!(parse_csv("x;y;kind\n1;2;cat\n3;4;dog\n", &semicolons).unwrap(), expected);
}

#[test]
fn the_label_is_any_column() {
    let text = "a,b,c\n10,20,1\n30,40,0\n";
    let read = |label| parse_csv(text, &CsvOptions { label, ..options() }).unwrap();
    assert_eq!(read(Column::Last).labels().to_f64(), [1.0, 0.0]);
    assert_eq!(read(0.into()).labels().to_f64(), [10.0, 30.0]);
    assert_eq!(read("b".into()).labels().to_f64(), [20.0, 40.0]);
    assert_eq!(read("b".into()).inputs().to_f64(), [10.0, 1.0, 30.0, 0.0]);
    assert_eq!(read("b".into()).features(), ["a", "c"]);
    let all = read(Column::Absent);
    assert_eq!((all.inputs().shape().dims(), all.labels().shape().dims()), (&[2, 3][..], &[2, 0][..]));
    assert_eq!(all.batches(1).count(), 2);
}

#[test]
fn labels_are_numbered_or_kept() {
    let text = "x,kind\n1,virginica\n2,setosa\n3,versicolor\n4,setosa\n";
    let data = parse_csv(text, &options()).unwrap();
    assert_eq!(data.classes(), ["setosa", "versicolor", "virginica"]);
    assert_eq!(data.labels(), &Tensor::from([2i64, 0, 1, 0]));

    // A test set without one of the classes, or with another.
    let same = CsvOptions { classes: data.classes().to_vec(), ..options() };
    let test = parse_csv("x,kind\n1,virginica\n", &same).unwrap();
    assert_eq!((test.labels(), test.classes()), (&Tensor::from([2i64]), data.classes()));
    let (line, column, what) = mistake("x,kind\n1,setosa\n2,rose\n", &same);
    assert_eq!((line, column), (3, Some(2)));
    assert!(what.contains("\"rose\" is not one of the given classes"), "{what}");

    // Whole numbers stay what they are, unless they are the names of the classes.
    assert_eq!(parse_csv("1,-1\n2,7\n", &bare()).unwrap().labels(), &Tensor::from([-1i64, 7]));
    let named = CsvOptions { classes: vec!["7".into(), "-1".into(), "12".into()], ..bare() };
    let data = parse_csv("1,-1\n2,7\n", &named).unwrap();
    assert_eq!((data.labels(), data.classes()), (&Tensor::from([1i64, 0]), &*named.classes));

    let numbers = CsvOptions { target: Target::Numbers, ..bare() };
    assert_eq!(parse_csv("1,0.1\n2,7\n", &numbers).unwrap().labels(), &Tensor::from([0.1f32, 7.0]));
    let numbers = CsvOptions { dtype: DType::F64, ..numbers };
    assert_eq!(parse_csv("1,0.1\n2,7\n", &numbers).unwrap().labels(), &Tensor::from([0.1f64, 7.0]));
}

#[test]
fn mistakes_are_named_with_line_and_column() {
    let cases: [(&str, u64, Option<usize>, &str); 17] = [
        ("", 1, None, "the file ends, and has no row"),
        ("\n\n", 3, None, "the file ends, and has no row"),
        ("a,b,c\n", 2, None, "no row after the header"),
        ("a,b,c\n1,2\n", 2, None, "found 2 columns; the lines before have 3"),
        ("a,b,c\n1,2,3\n1,2,3,4\n", 3, None, "found 4 columns; the lines before have 3"),
        ("a,b,c\n1,2,3\n1,x,3\n", 3, Some(2), "\"x\" is not a number (of b)"),
        ("a,b,c\r\n1,2,3\r\n\r\n1,x,3\r\n", 4, Some(2), "\"x\" is not a number (of b)"),
        ("a,b,c\r1,2,3\r1,x,3\r", 3, Some(2), "\"x\" is not a number (of b)"),
        ("a,b,c\n\"1\n\",2,3\n1,x,3\n", 4, Some(2), "\"x\" is not a number (of b)"),
        ("a,b,c\nNaN,2,3\n", 2, Some(1), "\"NaN\" is not a finite number (of a)"),
        ("a,b,c\n1,-inf,3\n", 2, Some(2), "\"-inf\" is not a finite number (of b)"),
        ("a,b,c\n1,1e39,3\n", 2, Some(2), "\"1e39\" is not a finite number (of b)"),
        ("a,b,c\n1,,3\n", 2, Some(2), "the field is empty (of b)"),
        ("a,b,c\n1,2, \n", 2, Some(3), "the field is empty (of c)"),
        (
            "a,b,c\n1,2,3\n1,2,3.5\n",
            3,
            Some(3),
            "\"3.5\" is not a whole number, as the first label is (of c)",
        ),
        ("a\n1\n", 1, None, "the only column is the label's, and no input is left"),
        ("a,b,c\n1,0x10,3\n", 2, Some(2), "\"0x10\" is not a number (of b)"),
    ];
    for (text, line, column, what) in cases {
        let found = mistake(text, &options());
        assert!(found.2.contains(what), "{text:?}: {found:?}");
        assert_eq!((found.0, found.1), (line, column), "{text:?}");
    }
    let (line, column, what) = mistake(b"1,2\n\xFF\xFE,2\n", &bare());
    assert_eq!((line, column), (2, Some(1)));
    assert!(what.contains("is not UTF-8"), "{what}");
    let (_, _, what) = mistake(format!("1,2\n{},2\n", "9x".repeat(10_000)), &bare());
    assert!(what.len() < 100 && what.contains("(20000 bytes)"), "{what}");
}

#[test]
fn a_label_column_that_is_not_there() {
    let text = "a,b\n1,2\n";
    let (line, _, what) = mistake(text, &CsvOptions { label: 2.into(), ..options() });
    assert!(line == 1 && what.contains("index 2") && what.contains("2 columns"), "{what}");
    let (_, _, what) = mistake(text, &CsvOptions { label: "kind".into(), ..options() });
    assert!(what.contains("no column is named \"kind\"") && what.contains("\"a\", \"b\""), "{what}");
    let (_, _, what) = mistake(text, &CsvOptions { label: "a".into(), ..bare() });
    assert!(what.contains("without a header"), "{what}");
    let integers = CsvOptions { dtype: DType::I64, ..options() };
    assert!(matches!(parse_csv(text, &integers), Err(DataError::DType { found: DType::I64, .. })));
}

#[test]
fn the_file_is_named() {
    let path = std::env::temp_dir().join(format!("chainrule-csv-{}.csv", std::process::id()));
    std::fs::write(&path, "a,b\n1,2\nx,3\n").unwrap();
    let error = read_csv(&path, &options()).unwrap_err().to_string();
    assert_eq!(error, format!("{}: line 3, column 1: \"x\" is not a number (of a)", path.display()));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(read_csv(&path, &options()), Err(DataError::Io { .. })));
}

/// Cuts, changes, repeats and inserts bytes of a valid table: whatever it is then, reading it returns.
#[test]
fn damaged_tables_never_panic() {
    let good = b"a,b,\"c d\",kind\n1,2.5,-3e4,cat\n4,5,6,dog\n7,8,9,\"a \"\"cat\"\"\"\n".to_vec();
    let bytes = b"\n\r,;\"'0x\x00\xFF\xEF e-+";
    let labels = [Column::Last, Column::Absent, 0.into(), 3.into(), "kind".into()];
    let mut read = 0;
    for round in 0..20_000u64 {
        let mut text = good.clone();
        // A list of random numbers to draw from.
        let random = permutation(64, round, 4);
        for change in random[4..].chunks_exact(3).take(random[0] % 5) {
            let at = (change[0] * 64 + change[1]) % text.len();
            match change[2] % 5 {
                0 => text[at] ^= 1 << (change[1] % 8),
                1 => text[at] = bytes[change[1] % bytes.len()],
                2 => text.truncate(at.max(1)),
                3 => text.insert(at, bytes[change[1] % bytes.len()]),
                _ => text.extend_from_within(at..),
            }
        }
        let options = CsvOptions {
            has_header: !random[1].is_multiple_of(4),
            delimiter: if !random[1].is_multiple_of(5) { b',' } else { round as u8 },
            dtype: if !random[1].is_multiple_of(2) { DType::F32 } else { DType::F64 },
            label: labels[random[2] % labels.len()].clone(),
            target: if !random[3].is_multiple_of(4) { Target::Classes } else { Target::Numbers },
            classes: if !random[3].is_multiple_of(7) {
                vec![]
            } else {
                vec!["cat".into(), "dog".into(), "cat".into()]
            },
        };
        read += usize::from(parse_csv(&text, &options).is_ok());
    }
    assert!(read > 100, "only {read} were still valid");
}
