//! The arguments of a case.

use std::collections::BTreeMap;

/// A case's arguments by name. One that is missing or of another kind is a mistake of the table: it panics.
#[derive(Debug)]
pub struct Args(pub(super) BTreeMap<String, String>);

#[allow(dead_code)] // each of the tests that include this file uses some of them
impl Args {
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("there is no argument `{name}` in {self:?}"))
    }

    /// Whether there is such an argument.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The arguments as name and text.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// These arguments with another text for one.
    pub fn with(&self, name: &str, text: String) -> Args {
        let mut args = self.0.clone();
        args.insert(name.to_owned(), text);
        Args(args)
    }

    fn parse<T: std::str::FromStr>(&self, name: &str, text: &str) -> T {
        text.parse().unwrap_or_else(|_| panic!("argument `{name}` is {text}"))
    }

    fn list<T: std::str::FromStr>(&self, name: &str) -> Vec<T> {
        let parts = self.text(name).split(',').filter(|part| !part.is_empty());
        parts.map(|part| self.parse(name, part)).collect()
    }

    pub fn int(&self, name: &str) -> isize {
        self.parse(name, self.text(name))
    }

    pub fn size(&self, name: &str) -> usize {
        self.parse(name, self.text(name))
    }

    pub fn float(&self, name: &str) -> f64 {
        self.parse(name, self.text(name))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.parse(name, self.text(name))
    }

    pub fn ints(&self, name: &str) -> Vec<isize> {
        self.list(name)
    }

    pub fn sizes(&self, name: &str) -> Vec<usize> {
        self.list(name)
    }

    /// Exactly `N` sizes or other numbers.
    pub fn array<T: std::str::FromStr + std::fmt::Debug, const N: usize>(&self, name: &str) -> [T; N] {
        self.list(name).try_into().unwrap_or_else(|list: Vec<T>| panic!("argument `{name}` is {list:?}"))
    }
}
