//! Text as numbers, and windows of it.

use chainrule_data::{DataError, Text, Vocabulary, Windows, permutation};
use chainrule_tape::{DType, Tensor};

fn file(name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("chainrule-text-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_text_is_its_characters_numbers() {
    let source = "Grüße, 世界!\n";
    let text = Text::new(source);
    assert_eq!(text.len(), source.chars().count());
    assert_eq!(text.vocabulary().decode(text.numbers()).unwrap(), source);
    assert_eq!(text.vocabulary().encode(source).unwrap(), text.numbers());
    assert!(text.vocabulary().characters().is_sorted_by(|a, b| a < b));
    assert_eq!(text.vocabulary().number('世'), Some(text.numbers()[7]));

    let path = file("read.txt", source.as_bytes());
    assert_eq!(Text::read(&path).unwrap(), text);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn an_empty_text_is_one() {
    let text = Text::new("");
    assert!(text.is_empty() && text.vocabulary().len() == 0);
    assert_eq!(text.vocabulary().decode(&[]).unwrap(), "");
    assert!(text.split(0.5).unwrap().1.is_empty());
    assert!(matches!(text.windows(1), Err(DataError::Mismatch(_))));
}

#[test]
fn files_that_are_no_text_are_reported() {
    let path = file("latin1.txt", b"Gr\xFC\xDFe");
    let error = Text::read(&path).unwrap_err();
    assert!(matches!(error, DataError::Text { byte: 2, .. }), "{error}");
    assert!(error.to_string().ends_with("latin1.txt: byte 2: this is not UTF-8"), "{error}");
    std::fs::remove_file(&path).unwrap();
    let error = Text::read(&path).unwrap_err();
    assert!(matches!(error, DataError::Io { .. }) && error.to_string().contains("latin1.txt"), "{error}");
}

#[test]
fn what_is_not_in_a_vocabulary_is_reported() {
    let vocabulary = Vocabulary::of("üab");
    let error = vocabulary.encode("üx").unwrap_err();
    assert_eq!(error.to_string(), "(bytes): byte 2: 'x' is not in the vocabulary");
    for number in [3, -1, i64::MAX, i64::MIN] {
        let error = vocabulary.decode(&[0, number]).unwrap_err();
        assert_eq!(error.to_string(), format!("number {number}, at 1, is none of the 3 characters'"));
    }
}

#[test]
fn a_split_takes_the_end() {
    let text = Text::new("abcdefghij");
    for (fraction, last) in [(0.0, 0), (0.1, 1), (0.25, 3), (0.5, 5), (1.0, 10)] {
        let (train, valid) = text.split(fraction).unwrap();
        assert_eq!(valid.len(), last);
        assert_eq!([train.numbers(), valid.numbers()].concat(), text.numbers());
        assert_eq!((train.vocabulary(), valid.vocabulary()), (text.vocabulary(), text.vocabulary()));
    }
    for fraction in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(text.split(fraction), Err(DataError::Fraction(_))));
    }
}

#[test]
fn targets_are_one_place_later() {
    let numbers: Vec<i64> = (0..100).map(|i| i * i).collect();
    let windows = Windows::new(&numbers, 7).unwrap();
    assert_eq!(windows.len(), 93);
    let check = |x: &Tensor, y: &Tensor| {
        let (x, y) = (x.as_slice::<i64>().unwrap(), y.as_slice::<i64>().unwrap());
        for (x, y) in x.chunks(7).zip(y.chunks(7)) {
            let start = numbers.iter().position(|n| *n == x[0]).unwrap();
            assert_eq!((x, y), (&numbers[start..start + 7], &numbers[start + 1..start + 8]));
        }
    };
    let (x, y) = windows.random(50, 3, 4);
    assert_eq!((x.shape().dims(), x.dtype()), (&[50, 7][..], DType::I64));
    check(&x, &y);
    let (x, y) = windows.at(&[92, 0]).unwrap();
    assert_eq!(y.as_slice::<i64>().unwrap()[6], 99 * 99);
    check(&x, &y);
    let set = windows.in_a_row();
    // Of 99 targets, 14 windows take 98.
    assert_eq!(set.len(), 14);
    check(set.inputs(), set.labels());
    assert_eq!(windows.random(0, 3, 4).0.shape().dims(), [0, 7]);
}

#[test]
fn windows_that_do_not_exist_are_reported() {
    let text = |result: Result<Windows<'_>, DataError>| result.unwrap_err().to_string();
    assert_eq!(text(Windows::new(&[1, 2], 0)), "a window has a length of 1 or more");
    assert_eq!(
        text(Windows::new(&[1, 2, 3], 3)),
        "a sequence of 3 has no window of 3 with one more after it"
    );
    assert_eq!(text(Windows::new(&[], 1)), "a sequence of 0 has no window of 1 with one more after it");
    assert!(Windows::new(&[], usize::MAX).is_err());
    let windows = Windows::new(&[1, 2, 3], 2).unwrap();
    assert_eq!(windows.in_a_row().len(), 1);
    let error = windows.at(&[0, 1]).unwrap_err().to_string();
    assert_eq!(error, "there is no window at 1: 1 windows of 2 begin at 0 and after");
}

/// The first draw of a permutation decides its last number.
#[test]
fn random_places_are_the_specified_ones() {
    let numbers: Vec<i64> = (0..1001).collect();
    let windows = Windows::new(&numbers, 1).unwrap();
    for (seed, step) in [(7, 0), (7, 1), (42, 1), (u64::MAX, u64::MAX)] {
        let (x, _) = windows.random(1, seed, step);
        assert_eq!(x.item().unwrap() as usize, permutation(1000, seed, step)[999]);
    }
}

#[test]
fn all_places_are_equally_likely() {
    let windows = Windows::new(&[0, 1, 2, 3, 4], 1).unwrap();
    let mut counts = [0; 4];
    for step in 0..400 {
        let (x, _) = windows.random(10, 1, step);
        x.as_slice::<i64>().unwrap().iter().for_each(|&place| counts[place as usize] += 1);
    }
    // 1000 are expected of each, with a standard deviation of 27.
    assert!(counts.iter().all(|count| (890..1110).contains(count)), "{counts:?}");
}
