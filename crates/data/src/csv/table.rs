//! A table's rows, and the place of a mistake in them.

use super::labels::Labels;
use super::{Column, CsvOptions};
use crate::error::quoted;
use crate::{DataError, Dataset};
use chainrule_tape::{Element, Tensor};
use csv::{ByteRecord, Reader, ReaderBuilder};
use std::path::Path;
use std::str::FromStr;

/// A table while it is read: row after row, the current one in `record`.
pub(super) struct Table<'a> {
    path: &'a Path,
    text: &'a [u8],
    pub(super) options: &'a CsvOptions,
    reader: Reader<&'a [u8]>,
    names: Vec<String>,
    /// The next row to read; the first one, after opening.
    record: ByteRecord,
    width: usize,
    pub(super) label: Option<usize>,
}

impl<'a> Table<'a> {
    pub(super) fn open(
        path: &'a Path,
        text: &'a [u8],
        options: &'a CsvOptions,
    ) -> Result<Table<'a>, DataError> {
        // The header is a record as any other, and lengths are compared here, for the sake of the errors.
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(options.delimiter)
            .from_reader(text);
        let (names, record) = (Vec::new(), ByteRecord::new());
        let mut table = Table { path, text, options, reader, names, record, width: 0, label: None };
        let mut more = table.next()?;
        table.width = table.record.len();
        if more {
            table.label = table.label_column()?;
        }
        if more && options.has_header {
            table.names =
                table.record.iter().map(|name| String::from_utf8_lossy(name).trim().into()).collect();
            more = table.next()?;
        }
        if !more {
            let what = match options.has_header {
                true => "the file ends, and has no row after the header",
                false => "the file ends, and has no row",
            };
            return Err(table.error_at(table.text.len(), None, what.into()));
        }
        Ok(table)
    }

    fn label_column(&self) -> Result<Option<usize>, DataError> {
        let width = self.width;
        let column = match &self.options.label {
            Column::Absent => return Ok(None),
            Column::Last => width - 1,
            Column::Index(index) if *index < width => *index,
            Column::Index(index) => {
                let what =
                    format!("there is no column with the index {index} for the label, but {width} columns");
                return Err(self.error(None, what));
            }
            Column::Name(_) if !self.options.has_header => {
                let what = "the label's column has a name, but the file is read without a header".into();
                return Err(self.error(None, what));
            }
            Column::Name(name) => {
                let found = self.record.iter().position(|field| field.trim_ascii() == name.as_bytes());
                let names: Vec<String> = self.record.iter().take(20).map(quoted).collect();
                let what = || format!("no column is named {name:?} for the label, but {}", names.join(", "));
                found.ok_or_else(|| self.error(None, what()))?
            }
        };
        if width == 1 {
            return Err(self.error(None, "the only column is the label's, and no input is left".into()));
        }
        Ok(Some(column))
    }

    pub(super) fn read<T: Element + FromStr + Into<f64>>(mut self) -> Result<Dataset, DataError>
    where
        Tensor: From<Vec<T>>,
    {
        let mut inputs: Vec<T> = Vec::new();
        let mut labels = Labels::new(&self)?;
        let mut rows = 0;
        loop {
            if !self.is_even() {
                let what =
                    format!("found {} columns; the lines before have {}", self.record.len(), self.width);
                return Err(self.error(None, what));
            }
            for column in 0..self.width {
                if Some(column) == self.label {
                    labels.push(&self, column)?;
                } else {
                    inputs.push(self.number(column)?);
                }
            }
            rows += 1;
            if !self.next()? {
                break;
            }
        }
        let inputs = Tensor::from(inputs).reshape([rows, self.width - usize::from(self.label.is_some())]);
        let inputs = inputs.expect("all rows have the same length");
        let (labels, classes) = labels.finish(rows);
        let mut data = Dataset::new(inputs, labels)?;
        if !classes.is_empty() {
            data = data.with_classes(classes)?;
        }
        if self.options.has_header {
            let is_input = |column: &usize| Some(*column) != self.label;
            data = data.with_features((0..self.width).filter(is_input).map(|column| &*self.names[column]))?;
        }
        Ok(data)
    }

    /// Whether the current row is as long as the first line.
    pub(super) fn is_even(&self) -> bool {
        self.record.len() == self.width
    }

    /// Reads a record; false at the end.
    fn next(&mut self) -> Result<bool, DataError> {
        let read = self.reader.read_byte_record(&mut self.record);
        read.map_err(|error| self.error(None, error.to_string()))
    }

    /// The text of a field, without the white space around it.
    pub(super) fn field(&self, column: usize) -> Result<&str, DataError> {
        let bytes = &self.record[column];
        let text = std::str::from_utf8(bytes)
            .map_err(|_| self.error(Some(column), format!("{} is not UTF-8", quoted(bytes))))?;
        match text.trim() {
            "" => Err(self.error(Some(column), "the field is empty".into())),
            text => Ok(text),
        }
    }

    pub(super) fn number<T: FromStr + Copy + Into<f64>>(&self, column: usize) -> Result<T, DataError> {
        let text = self.field(column)?;
        let wrong =
            |what| Err(self.error(Some(column), format!("{} is not {what}", quoted(text.as_bytes()))));
        match text.parse::<T>() {
            Ok(number) if number.into().is_finite() => Ok(number),
            Ok(_) => wrong("a finite number"),
            Err(_) => wrong("a number"),
        }
    }

    /// An error in the current record.
    pub(super) fn error(&self, column: Option<usize>, what: String) -> DataError {
        let start = self.record.position().map_or(0, |position| position.byte() as usize);
        self.error_at(start, column, what)
    }

    fn error_at(&self, byte: usize, column: Option<usize>, mut what: String) -> DataError {
        if let Some(name) = column.and_then(|column| self.names.get(column)) {
            what += &format!(" (of {})", name.escape_debug());
        }
        let line = line(self.text, byte);
        DataError::Csv { path: self.path.to_owned(), line, column: column.map(|column| column + 1), what }
    }
}

/// The line, from 1, of the record that starts after byte `start` and any empty lines there.
///
/// Lines are counted anew, as the reader's own position is where the last record ended: before empty lines,
/// and between the two bytes of a line end.
fn line(text: &[u8], start: usize) -> u64 {
    let start = start.min(text.len());
    let empty = text[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let before = &text[..start + empty];
    let ends = (0..before.len()).filter(|&i| match before[i] {
        b'\n' => true,
        b'\r' => text.get(i + 1) != Some(&b'\n'),
        _ => false,
    });
    1 + ends.count() as u64
}
