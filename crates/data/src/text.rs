//! Text, as the numbers of its characters.

use crate::error::read_file;
use crate::split::part;
use crate::{DataError, Vocabulary, Windows};
use std::path::Path;

/// A text as numbers: each character's place in the [`Vocabulary`] of all that occur in it.
///
/// ```
/// use chainrule_data::Text;
///
/// let text = Text::new("to be or not to be");
/// assert_eq!(text.vocabulary().characters(), [' ', 'b', 'e', 'n', 'o', 'r', 't']);
/// assert_eq!(text.numbers()[..5], [6, 4, 0, 1, 2]);
///
/// let (train, valid) = text.split(0.3)?;
/// assert_eq!((train.len(), valid.len()), (13, 5));
/// // Six windows of four characters, each with the four that follow on its own.
/// let (x, y) = train.windows(4)?.random(6, 7, 0);
/// assert_eq!((x.shape().dims(), y.shape().dims()), (&[6, 4][..], &[6, 4][..]));
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    vocabulary: Vocabulary,
    numbers: Vec<i64>,
}

impl Text {
    /// A text with the vocabulary of its own characters.
    ///
    /// ```
    /// assert_eq!(chainrule_data::Text::new("abba").numbers(), [0, 1, 1, 0]);
    /// ```
    pub fn new(text: &str) -> Text {
        let vocabulary = Vocabulary::of(text);
        let numbers = text.chars().filter_map(|character| vocabulary.number(character)).collect();
        Text { vocabulary, numbers }
    }

    /// The text of a file, in UTF-8, as it is.
    ///
    /// # Errors
    /// [`DataError::Io`] if it can't be read, [`DataError::Text`] with the first byte that is not UTF-8.
    ///
    /// ```
    /// # let file = std::env::temp_dir().join("chainrule-doc-text.txt");
    /// # std::fs::write(&file, "to be")?;
    /// let text = chainrule_data::Text::read(&file)?;
    /// # assert_eq!(text.len(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(path: impl AsRef<Path>) -> Result<Text, DataError> {
        let path = path.as_ref();
        match String::from_utf8(read_file(path)?) {
            Ok(text) => Ok(Text::new(&text)),
            Err(error) => Err(DataError::Text {
                path: path.to_owned(),
                byte: error.utf8_error().valid_up_to(),
                what: "this is not UTF-8".into(),
            }),
        }
    }

    /// The characters that the numbers stand for.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The characters' numbers, in order.
    pub fn numbers(&self) -> &[i64] {
        &self.numbers
    }

    /// The number of characters.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The text without its last part, and that part: `fraction` of the characters, rounded. Both keep the whole text's
    /// vocabulary.
    ///
    /// What is used to judge comes from the end, and not from places here and there: otherwise most of what surrounds it
    /// would have been learned.
    ///
    /// # Errors
    /// [`DataError::Fraction`] if that is not between 0 and 1.
    ///
    /// ```
    /// let (train, valid) = chainrule_data::Text::new("abcabcabcd").split(0.1)?;
    /// assert_eq!((train.len(), valid.numbers()), (9, &[3][..]));
    /// # Ok::<(), chainrule_data::DataError>(())
    /// ```
    pub fn split(&self, fraction: f64) -> Result<(Text, Text), DataError> {
        let last = part(self.len(), fraction)?;
        let (first, last) = self.numbers.split_at(self.len() - last);
        let of = |numbers: &[i64]| Text { vocabulary: self.vocabulary.clone(), numbers: numbers.to_vec() };
        Ok((of(first), of(last)))
    }

    /// What a model of text learns from: windows of so many characters, each with the characters that follow.
    ///
    /// # Errors
    /// As [`Windows::new`].
    pub fn windows(&self, length: usize) -> Result<Windows<'_>, DataError> {
        Windows::new(&self.numbers, length)
    }
}
