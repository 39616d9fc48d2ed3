//! A training that is stopped, by itself, by a signal or by force, and goes on.

mod common;

use chainrule_tape::{Params, Result};
use chainrule_train::{Callback, CsvLog, EarlyStopping, Event, History};
use common::{Net, bits, folder, iris};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const EPOCHS: usize = 12;
/// Steps are slowed down, so that a signal finds the training at work.
struct Slowly(Duration);

impl Callback for Slowly {
    fn step_end(&mut self, _: &mut Event<'_>) -> Result<()> {
        std::thread::sleep(self.0);
        Ok(())
    }
}

/// Trains to the end, from a checkpoint if there is one.
fn train(checkpoint: Option<&Path>, slowly: Duration) -> (Params, History) {
    let ((train, test), (net, mut params)) = (iris(), Net::new(7));
    let mut trainer = net.trainer();
    let mut fit = trainer
        .fit(&mut params, &train)
        .epochs(EPOCHS)
        .batch_size(16)
        .validation(&test)
        .callback(EarlyStopping::new("val_loss").patience(1000).restore_best())
        .callback(Slowly(slowly))
        .silent();
    if let Some(path) = checkpoint {
        let log = CsvLog::new(path.with_extension("csv"));
        fit = fit.callback(log).checkpoint(path).checkpoint_every(5).resume().stop_on_ctrl_c();
    }
    let history = fit.run().expect("a training");
    (params, history)
}

/// The part of the child in the tests below: the same program, told so by its environment.
#[test]
fn child() {
    if let Some(path) = std::env::var_os("CHAINRULE_TRAIN_CHILD") {
        let (_, history) = train(Some(Path::new(&path)), Duration::from_millis(3));
        println!("interrupted: {}", history.interrupted);
    }
}

/// Runs the training in another process, ends it by this signal after a while, and gives what it said.
fn run_child(path: &Path, signal: &str, after: Duration) -> String {
    let child = Command::new(std::env::current_exe().expect("this program"))
        .args(["child", "--exact", "--nocapture"])
        .env("CHAINRULE_TRAIN_CHILD", path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("a child");
    // Not before the first checkpoint is there.
    while !path.exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(after);
    Command::new("kill").args([signal, &child.id().to_string()]).status().expect("the command kill");
    let output = child.wait_with_output().expect("its output");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn assert_same(found: (Params, History), expected: &(Params, History)) {
    assert_eq!(bits(&found.0), bits(&expected.0));
    assert_eq!(found.1, expected.1);
}

fn checkpoint(name: &str) -> PathBuf {
    folder(name).join("training.safetensors")
}

#[cfg(unix)]
#[test]
fn a_killed_training_goes_on_with_the_same_bits() {
    let (path, expected) = (checkpoint("killed"), train(None, Duration::ZERO));
    // Killed again and again, at other places.
    for after in [0, 23, 41, 12] {
        run_child(&path, "-KILL", Duration::from_millis(after));
    }
    assert_same(train(Some(&path), Duration::ZERO), &expected);
    let csv = std::fs::read_to_string(path.with_extension("csv")).unwrap();
    assert_eq!(csv, expected.1.to_csv());
    // Once more: there is nothing left to do.
    let (_, history) = train(Some(&path), Duration::ZERO);
    assert_eq!(history, expected.1);
    std::fs::remove_dir_all(path.parent().unwrap()).ok();
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_everything() {
    let (path, expected) = (checkpoint("interrupted"), train(None, Duration::ZERO));
    let said = run_child(&path, "-INT", Duration::from_millis(30));
    assert!(said.contains("interrupted: true"), "{said}");
    assert_same(train(Some(&path), Duration::ZERO), &expected);
    std::fs::remove_dir_all(path.parent().unwrap()).ok();
}

#[test]
fn a_checkpoint_of_another_training_is_refused() {
    let path = checkpoint("other");
    let ((train, _), (net, mut params)) = (iris(), Net::new(7));
    let mut trainer = net.trainer();
    trainer.fit(&mut params, &train).checkpoint(&path).silent().run().unwrap();
    let mut refuses = |params: &mut Params, rows: usize, text: &str| {
        let before = bits(params);
        let fit = trainer.fit(params, &train).epochs(2).batch_size(rows).checkpoint(&path).resume();
        let error = fit.silent().run().unwrap_err().to_string();
        assert!(error.contains(text) && error.contains("training.safetensors"), "{error}");
        assert_eq!(bits(params), before);
    };
    refuses(&mut params, 16, "in batches of 32, not 16");
    refuses(&mut Net::new(8).1, 32, "other seeds");
    refuses(&mut Params::seeded(7), 32, "`hidden.weight` is unexpected");
    params.save(&path).unwrap();
    refuses(&mut params, 32, "no checkpoint");
    std::fs::write(&path, "not a file of tensors").unwrap();
    refuses(&mut params, 32, "training.safetensors");
    std::fs::remove_dir_all(path.parent().unwrap()).ok();
}

/// The parameters of a checkpoint load like those of any file.
#[test]
fn a_checkpoint_is_a_file_of_params() {
    let path = checkpoint("params");
    let ((train, _), (net, mut params)) = (iris(), Net::new(7));
    net.trainer().fit(&mut params, &train).checkpoint(&path).silent().run().unwrap();
    let (_, mut loaded) = Net::new(1);
    loaded.load(&path).unwrap();
    assert_eq!(loaded.get("hidden.weight"), params.get("hidden.weight"));
    std::fs::remove_dir_all(path.parent().unwrap()).ok();
}
