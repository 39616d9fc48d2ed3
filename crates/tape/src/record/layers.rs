//! Layers: what they are called, and the line that called them.

use super::{Meta, Recording, Tape, Var};
use std::collections::HashMap;
use std::panic::Location;
use std::sync::Arc;

/// A layer's output.
#[derive(Clone, Debug)]
pub(crate) struct Noted {
    node: u32,
    /// None if the layer has no parameters and so no name, unless it is a [part](Tape::part).
    name: Option<Arc<str>>,
    kind: &'static str,
    tied: bool,
}

/// A layer that was recorded: see [`Tape::layers`].
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NotedLayer {
    /// Its name: the scope of its parameters, or its place in a container.
    pub name: Arc<str>,
    /// Its type.
    pub kind: &'static str,
    /// Shape and dtype of its output.
    pub output: Meta,
    /// Whether it uses a parameter of another layer.
    pub tied: bool,
}

/// The line that called a layer, and where the files are whose own lines say nothing to the user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    line: &'static Location<'static>,
    files: &'static str,
}

/// What [`Tape::calls_from_here`] returns: lines are their own again when it is dropped.
#[derive(Debug)]
#[must_use = "lines are their own again when this is dropped"]
pub struct CallsFromHere<'t> {
    tape: &'t Tape,
    before: Option<Caller>,
}

impl Drop for CallsFromHere<'_> {
    fn drop(&mut self) {
        self.tape.caller.set(self.before);
    }
}

impl Tape {
    /// Says that this line calls what is recorded while the result lives in source files whose path begins with `files`:
    /// nodes and mistakes are attributed to it. For libraries of layers: a call through a trait object does not pass on the
    /// caller's line (`#[track_caller]` has no effect there), and then it would be one inside of the library. Lines in other
    /// files, such as in a user's own layer, stay.
    ///
    /// ```
    /// use chainrule_tape::{Tape, Var};
    ///
    /// trait Layer {
    ///     fn forward<'t>(&self, x: Var<'t>) -> Var<'t>;
    /// }
    /// struct Rows;
    /// impl Layer for Rows {
    ///     fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
    ///         x.reshape([5, 5])
    ///     }
    /// }
    ///
    /// let tape = Tape::new();
    /// let layer: &dyn Layer = &Rows;
    /// let x = tape.var([1.0, 2.0]);
    /// let line = { let _calls = tape.calls_from_here(file!()); layer.forward(x); line!() };
    /// assert!(tape.check().unwrap_err().to_string().contains(&format!("{}:{line}:", file!())));
    /// ```
    #[track_caller]
    pub fn calls_from_here(&self, files: &'static str) -> CallsFromHere<'_> {
        // (Called from such a file itself, it is for the line that called that.)
        let line = self.seen_from(Location::caller());
        CallsFromHere { tape: self, before: self.caller.replace(Some(Caller { line, files })) }
    }

    /// This line, or the one that stands for it.
    pub(super) fn seen_from(&self, line: &'static Location<'static>) -> &'static Location<'static> {
        match self.caller.get() {
            Some(caller) if line.file().starts_with(caller.files) => caller.line,
            _ => line,
        }
    }

    /// Notes that a value is the output of the layer `name` of type `kind` (such as `Linear`).
    pub fn note_layer(&self, output: Var<'_>, name: &Arc<str>, kind: &'static str) {
        self.note(output, Some(name), kind);
    }

    /// Notes that a value is the output of a layer without parameters: it is called by its place, if it is a
    /// [part](Tape::part) of another, and else by its type.
    pub fn note_unnamed(&self, output: Var<'_>, kind: &'static str) {
        self.note(output, None, kind);
    }

    /// Notes that the layer noted last uses a parameter of another.
    pub fn note_tied(&self) {
        if let Some(last) = self.recording.borrow_mut().layers.last_mut() {
            last.tied = true;
        }
    }

    fn note(&self, output: Var<'_>, name: Option<&Arc<str>>, kind: &'static str) {
        if !output.is_poisoned() && std::ptr::eq(output.tape, self) {
            let noted = Noted { node: output.index, name: name.cloned(), kind, tied: false };
            self.recording.borrow_mut().layers.push(noted);
        }
    }

    /// Records a part of a model, of type `kind`, that its container calls `name`: layers without parameters have that name,
    /// and a part that notes nothing itself is noted.
    pub fn part<'t>(
        &'t self,
        name: &Arc<str>,
        kind: &'static str,
        record: impl FnOnce() -> Var<'t>,
    ) -> Var<'t> {
        let since = self.recording.borrow().layers.len();
        let output = record();
        let known = {
            let layers = &mut self.recording.borrow_mut().layers;
            let inside = layers.get_mut(since..).unwrap_or_default();
            match inside.last_mut() {
                Some(last) if last.node == output.index => {
                    last.name.get_or_insert_with(|| name.clone());
                    true
                }
                _ => inside.iter().any(|noted| noted.name.as_ref() == Some(name)),
            }
        };
        if !known {
            self.note(output, Some(name), kind);
        }
        output
    }

    /// The layers recorded so far, in order.
    pub fn layers(&self) -> Vec<NotedLayer> {
        let recording = self.recording.borrow();
        recording.layers.iter().map(|noted| recording.layer(noted)).collect()
    }
}

impl Recording {
    fn layer(&self, noted: &Noted) -> NotedLayer {
        NotedLayer {
            name: noted.name.clone().unwrap_or_else(|| snake_case(noted.kind).into()),
            kind: noted.kind,
            output: self.nodes[noted.node as usize].meta.clone(),
            tied: noted.tied,
        }
    }

    /// The layers by the nodes that are their outputs. Of layers within each other that have one output, the innermost.
    pub(crate) fn layers_by_node(&self) -> HashMap<u32, NotedLayer> {
        let mut found = HashMap::new();
        for noted in &self.layers {
            found.entry(noted.node).or_insert_with(|| self.layer(noted));
        }
        found
    }
}

/// `MaxPool2d` as `max_pool2d`.
fn snake_case(kind: &str) -> String {
    let mut text = String::new();
    for letter in kind.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_named_by_their_place() {
        let tape = Tape::new();
        let name: Arc<str> = "net.1".into();
        let x = tape.var([1.0, 2.0]);
        let noted = |y| {
            tape.note_unnamed(y, "Relu");
            y
        };
        let own = |y| {
            tape.note_layer(y, &"own".into(), "Linear");
            y
        };
        tape.part(&name, "Activation", || noted(x.relu()));
        tape.part(&name, "Linear", || own(x.exp()));
        tape.part(&name, "Block", || x + noted(x.sin()));
        noted(x);
        let layers = tape.layers();
        let found: Vec<(&str, &str)> = layers.iter().map(|layer| (&*layer.name, layer.kind)).collect();
        let expected =
            [("net.1", "Relu"), ("own", "Linear"), ("relu", "Relu"), ("net.1", "Block"), ("relu", "Relu")];
        assert_eq!(found, expected);
    }

    #[test]
    fn types_as_names() {
        let names = ["Relu", "MaxPool2d", "LogSoftmax"].map(snake_case);
        assert_eq!(names, ["relu", "max_pool2d", "log_softmax"]);
    }
}
