//! Every mistake names the layer, what it wants and has, and the user's line.

mod common;
mod images;

use chainrule_tape::Tape;
use std::panic::Location;

/// The first mistake on a tape must name `line` of the file that asks, and hold all `parts`.
#[track_caller]
fn assert_mistake(tape: &Tape, line: u32, parts: &[&str]) {
    let message = tape.check().expect_err("there is a mistake").to_string();
    let place = format!("--> {}:{line}:", Location::caller().file());
    assert!(message.contains(&place), "`{place}` is not in:\n{message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
}
