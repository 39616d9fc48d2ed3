//! The characters of a text, numbered.

use crate::DataError;
use crate::error::in_memory;
use std::collections::BTreeSet;

/// Characters, numbered from 0 in the order of their code points.
///
/// ```
/// use chainrule_data::Vocabulary;
///
/// let vocabulary = Vocabulary::of("hello");
/// assert_eq!(vocabulary.characters(), ['e', 'h', 'l', 'o']);
/// let numbers = vocabulary.encode("hole")?;
/// assert_eq!(numbers, [1, 3, 2, 0]);
/// assert_eq!(vocabulary.decode(&numbers)?, "hole");
/// assert_eq!(vocabulary.encode("help").unwrap_err().to_string(), "(bytes): byte 3: 'p' is not in the vocabulary");
/// # Ok::<(), chainrule_data::DataError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Vocabulary {
    characters: Vec<char>,
}

impl Vocabulary {
    /// All characters that occur in a text, each once.
    pub fn of(text: &str) -> Vocabulary {
        let characters: BTreeSet<char> = text.chars().collect();
        Vocabulary { characters: characters.into_iter().collect() }
    }

    /// The characters: each one's number is its place.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The number of characters: of classes that a model of the text tells apart.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// A character's number, if it has one.
    pub fn number(&self, character: char) -> Option<i64> {
        self.characters.binary_search(&character).ok().map(|place| place as i64)
    }

    /// The numbers of a text's characters.
    ///
    /// # Errors
    /// [`DataError::Text`] with the first character that is not in the vocabulary.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>, DataError> {
        let number = |(byte, character): (usize, char)| {
            self.number(character).ok_or_else(|| DataError::Text {
                path: in_memory().to_owned(),
                byte,
                what: format!("{character:?} is not in the vocabulary"),
            })
        };
        text.char_indices().map(number).collect()
    }

    /// The text that numbers stand for.
    ///
    /// # Errors
    /// [`DataError::Mismatch`] with the first number that no character has.
    pub fn decode(&self, numbers: &[i64]) -> Result<String, DataError> {
        let character = |(place, &number): (usize, &i64)| {
            let found = usize::try_from(number).ok().and_then(|number| self.characters.get(number));
            found.copied().ok_or_else(|| {
                let count = self.len();
                DataError::Mismatch(format!(
                    "number {number}, at {place}, is none of the {count} characters'"
                ))
            })
        };
        numbers.iter().enumerate().map(character).collect()
    }
}
