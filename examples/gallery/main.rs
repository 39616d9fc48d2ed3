//! Deep learning's first lessons, recomputed by the engine and drawn as a web page.
//!
//! Run: `cargo run --release --example gallery`

mod page;

use page::Page;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut page = Page::new();
    page.lead("");
    Ok(())
}
