//! Event files for TensorBoard.

use crate::{Callback, Event};
use chainrule_tape::{Error, Kind, Params, Result};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes the values of each epoch as scalars that TensorBoard shows, and if asked for the loss of steps and the distribution of
/// parameters: `tensorboard --logdir FOLDER`.
///
/// Scalars have the names of the history (`loss`, `val_accuracy`), and the number of the epoch as their step; the loss of steps is
/// `step_loss`. Each training, also one that is resumed, writes a file of its own in the folder.
///
/// ```
/// use chainrule_train::TensorBoard;
/// let board = TensorBoard::new("runs/first").every_steps(100).histograms();
/// ```
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    every: Option<u64>,
    histograms: bool,
    file: Option<(PathBuf, File)>,
}

impl TensorBoard {
    /// Writes to this folder, which is made if it isn't there.
    pub fn new(folder: impl Into<PathBuf>) -> TensorBoard {
        TensorBoard { folder: folder.into(), every: None, histograms: false, file: None }
    }

    /// Writes the loss of every so manieth step too.
    pub fn every_steps(self, steps: u64) -> Self {
        TensorBoard { every: Some(steps.max(1)), ..self }
    }

    /// Writes the distribution of each parameter's elements after each epoch.
    pub fn histograms(self) -> Self {
        TensorBoard { histograms: true, ..self }
    }

    /// Writes the values of one step.
    fn write(&mut self, step: u64, values: &[Vec<u8>]) -> Result<()> {
        if self.file.is_none() {
            self.file = Some(open(&self.folder)?);
        }
        let Some((path, file)) = &mut self.file else { return Ok(()) };
        let mut event = Message::default();
        event.double(1, now());
        event.integer(2, step);
        let mut summary = Message::default();
        values.iter().for_each(|value| summary.bytes(1, value));
        event.bytes(5, &summary.0);
        file.write_all(&record(&event.0)).map_err(|e| failed(path, e))
    }
}

impl Callback for TensorBoard {
    fn step_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        match self.every {
            Some(every) if event.step.is_multiple_of(every) => {
                self.write(event.step, &[scalar("step_loss", event.loss)])
            }
            _ => Ok(()),
        }
    }

    fn epoch_end(&mut self, event: &mut Event<'_>) -> Result<()> {
        let history = event.history;
        let mut values: Vec<Vec<u8>> =
            history.names().filter_map(|name| Some(scalar(name, history.last(name)?))).collect();
        if self.histograms {
            values.extend(histograms(event.params));
        }
        self.write(event.epoch as u64, &values)
    }
}

/// A new file whose name no other has, with the record that says what it is.
fn open(folder: &Path) -> Result<(PathBuf, File)> {
    std::fs::create_dir_all(folder).map_err(|e| failed(folder, e))?;
    let seconds = now() as u64;
    let name =
        |number: u64| format!("events.out.tfevents.{seconds}.chainrule.{}.{number}", std::process::id());
    let mut number = 0;
    loop {
        let path = folder.join(name(number));
        match File::create_new(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => number += 1,
            Err(e) => return Err(failed(&path, e)),
            Ok(mut file) => {
                let mut event = Message::default();
                event.double(1, now());
                event.bytes(3, b"brain.Event:2");
                file.write_all(&record(&event.0)).map_err(|e| failed(&path, e))?;
                return Ok((path, file));
            }
        }
    }
}

fn failed(path: &Path, e: std::io::Error) -> Error {
    Error::File { path: path.to_owned(), what: e.to_string() }
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}

/// A named number, a `Summary.Value` with a `simple_value`.
fn scalar(name: &str, value: f64) -> Vec<u8> {
    let mut message = Message::default();
    message.bytes(1, name.as_bytes());
    message.float(2, value as f32);
    message.0
}

/// A `Summary.Value` with a `HistogramProto` for each parameter.
fn histograms(params: &Params) -> impl Iterator<Item = Vec<u8>> {
    let of_model =
        params.iter().filter(|(_, kind, tensor)| *kind != Kind::Optimizer && tensor.dtype().is_float());
    of_model.map(|(name, _, tensor)| {
        let mut message = Message::default();
        message.bytes(1, name.as_bytes());
        message.bytes(5, &histogram(&tensor.to_f64()));
        message.0
    })
}

/// Counts in so many parts of equal width.
const PARTS: usize = 30;

fn histogram(values: &[f64]) -> Vec<u8> {
    let finite: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    let least = finite.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = finite.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut message = Message::default();
    if finite.is_empty() {
        return message.0;
    }
    let width = if largest > least { (largest - least) / PARTS as f64 } else { 1.0 };
    let mut counts = vec![0.0; PARTS];
    for x in &finite {
        counts[(((x - least) / width) as usize).min(PARTS - 1)] += 1.0;
    }
    message.double(1, least);
    message.double(2, largest);
    message.double(3, finite.len() as f64);
    message.double(4, finite.iter().sum());
    message.double(5, finite.iter().map(|x| x * x).sum());
    let limits: Vec<f64> = (1..=PARTS).map(|i| least + i as f64 * width).collect();
    message.doubles(6, &limits);
    message.doubles(7, &counts);
    message.0
}

/// The bytes of a protocol buffer's message.
///
/// Source: "Protocol buffers: encoding".
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn key(&mut self, field: u32, wire: u32) {
        self.varint((field << 3 | wire) as u64);
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn integer(&mut self, field: u32, value: u64) {
        self.key(field, 0);
        self.varint(value);
    }

    fn double(&mut self, field: u32, value: f64) {
        self.key(field, 1);
        self.0.extend(value.to_le_bytes());
    }

    fn bytes(&mut self, field: u32, value: &[u8]) {
        self.key(field, 2);
        self.varint(value.len() as u64);
        self.0.extend(value);
    }

    fn float(&mut self, field: u32, value: f32) {
        self.key(field, 5);
        self.0.extend(value.to_le_bytes());
    }

    fn doubles(&mut self, field: u32, values: &[f64]) {
        let packed: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.bytes(field, &packed);
    }
}

/// A record as TensorFlow frames it: length, its checksum, the bytes, their checksum.
fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut bytes = length.to_vec();
    bytes.extend(masked(&length).to_le_bytes());
    bytes.extend(data);
    bytes.extend(masked(data).to_le_bytes());
    bytes
}

/// A checksum that stays one if it is checked itself.
fn masked(data: &[u8]) -> u32 {
    crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The cyclic redundancy check by Castagnoli's polynomial.
fn crc32c(data: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ *byte as u32, |crc, _| (crc >> 1) ^ (POLYNOMIAL & (crc & 1).wrapping_neg()))
    };
    !data.iter().fold(u32::MAX, byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        // What TensorFlow writes before a record of 24 bytes, the first of each of its files.
        assert_eq!(record(&[0; 24])[..12], [24, 0, 0, 0, 0, 0, 0, 0, 163, 127, 75, 34]);
    }

    #[test]
    fn numbers_are_encoded_as_protocol_buffers_are() {
        let mut message = Message::default();
        message.integer(1, 150);
        message.bytes(2, b"testing");
        assert_eq!(message.0, b"\x08\x96\x01\x12\x07testing");
    }

    #[test]
    fn every_number_is_in_a_part() {
        let message = histogram(&[1.0, 2.0, 3.0, f64::NAN, 3.0]);
        let last: Vec<f64> = message[message.len() - 8 * PARTS..]
            .as_chunks::<8>()
            .0
            .iter()
            .map(|&x| f64::from_le_bytes(x))
            .collect();
        assert_eq!((last[0], last[15], last[29], last.iter().sum::<f64>()), (1.0, 1.0, 2.0, 4.0));
        assert!(histogram(&[f64::NAN]).is_empty() && !histogram(&[2.0, 2.0]).is_empty());
    }
}
