//! Ctrl-C.

use chainrule_tape::{Error, Result};
use signal_hook::SigId;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The exit status after a second signal: what a shell says of a program that Ctrl-C ended.
const ENDED: i32 = 130;

/// Notes that a signal came, as long as it lives; a second one ends the program.
pub(crate) struct Interrupt {
    came: Arc<AtomicBool>,
    registered: Vec<SigId>,
}

impl Interrupt {
    pub fn listen() -> Result<Interrupt> {
        let mut interrupt = Interrupt { came: Arc::default(), registered: Vec::new() };
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal finds the flag unset, and sets it.
            let end = flag::register_conditional_shutdown(signal, ENDED, interrupt.came.clone());
            let note = flag::register(signal, interrupt.came.clone());
            for id in [end, note] {
                let id = id.map_err(|e| Error::Input(format!("can't listen for Ctrl-C: {e}")))?;
                interrupt.registered.push(id);
            }
        }
        Ok(interrupt)
    }

    pub fn came(&self) -> bool {
        self.came.load(Ordering::Relaxed)
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        for id in self.registered.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}
