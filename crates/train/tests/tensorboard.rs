//! Event files, read back record by record.

mod common;

use chainrule_train::TensorBoard;
use common::{Net, folder, iris};

/// The records of a file.
fn records(bytes: &[u8]) -> Vec<&[u8]> {
    let (mut rest, mut records) = (bytes, Vec::new());
    while !rest.is_empty() {
        let length = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        records.push(&rest[12..12 + length]);
        rest = &rest[12 + length + 4..];
    }
    records
}

fn holds(record: &[u8], text: &str) -> bool {
    record.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn every_epoch_is_a_record() {
    let ((train, test), (net, mut params)) = (iris(), Net::new(7));
    let folder = folder("board");
    for _ in 0..2 {
        let board = TensorBoard::new(&folder).every_steps(3).histograms();
        let mut trainer = net.trainer();
        trainer.fit(&mut params, &train).epochs(3).validation(&test).callback(board).silent().run().unwrap();
    }
    // CHAINRULE_KEEP=FOLDER leaves the files there, for TensorBoard itself to read.
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 2);
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let records = records(&bytes);
        assert!(holds(records[0], "brain.Event:2"));
        // Twelve steps, of which every third is told, and three epochs.
        assert_eq!(records.len(), 1 + 4 + 3);
        let epochs: Vec<_> = records.iter().filter(|record| holds(record, "val_accuracy")).collect();
        assert_eq!(epochs.len(), 3);
        assert!(epochs.iter().all(|record| holds(record, "hidden.weight")));
        assert_eq!(records.iter().filter(|record| holds(record, "step_loss")).count(), 4);
    }
    match std::env::var_os("CHAINRULE_KEEP") {
        Some(to) => std::fs::rename(&folder, to).unwrap(),
        None => std::fs::remove_dir_all(&folder).unwrap(),
    }
}
