//! Files: what their endings mean, and how they are written.

use std::fs;
use std::path::Path;

use crate::PlotError;

/// What a file's ending says it holds, in small letters; empty without an ending.
pub(crate) fn ending(path: &Path) -> String {
    path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

/// The file appears whole or not at all: it is written beside its place and then renamed.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), PlotError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        // What is left of a failed attempt, if anything is: the error that counts is the first one.
        let _ = fs::remove_file(&beside);
        PlotError::Write { path: path.to_owned(), source }
    })
}

/// The error for a file whose ending nothing here is written to.
pub(crate) fn unknown(path: &Path, advice: &'static str) -> PlotError {
    PlotError::Ending { path: path.to_owned(), advice }
}

/// What to do where pixels are asked for and can't be made.
#[cfg(not(feature = "raster"))]
pub(crate) const NO_RASTER: &str = "PNG and GIF need the cargo feature `raster` of `chainrule`, or of \
                                    `chainrule-plot`; a picture's file ending in .svg needs no feature";
