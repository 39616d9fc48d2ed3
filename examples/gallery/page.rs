//! What a lesson puts on its page.
#![allow(dead_code)]

use std::fmt::Display;

use chainrule::plot::{Animation, Picture};

/// The page of one lesson.
#[derive(Default)]
pub struct Page {
    claims: Vec<(bool, String)>,
}

impl Page {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn lead(&mut self, _text: &str) {}
    pub fn text(&mut self, _paragraph: &str) {}
    pub fn heading(&mut self, _text: &str) {}
    pub fn formula(&mut self, _latex: &str, _spoken: &str) {}
    pub fn figure(&mut self, name: &str, picture: &impl Picture, _alt: &str, _caption: &str) {
        // Until pages are written: a file to look at.
        let _ = std::fs::create_dir_all("target/gallery");
        if let Err(error) = picture.save(format!("target/gallery/{name}.svg")) {
            println!("{name}: {error}");
        }
    }
    pub fn animation(&mut self, _name: &str, _animation: &Animation, _alt: &str, _caption: &str) {}
    pub fn table(&mut self, _caption: &str, _header: &[&str], _rows: &[Vec<String>]) {}
    pub fn claim(&mut self, holds: bool, text: impl Into<String>) {
        let text = text.into();
        println!("{} {text}", if holds { "holds:" } else { "DOES NOT HOLD:" });
        self.claims.push((holds, text));
    }
    pub fn setting(&mut self, _name: &str, _value: impl Display) {}
}
