//! What a lesson puts on its page.

use crate::{figure, math};
use chainrule::plot::{Animation, Picture};
use std::collections::HashSet;
use std::fmt::Display;
use std::fs;
use std::panic::Location;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The page of one lesson: what it is told, in that order.
///
/// Methods never fail: what is wrong (no alt text, a malformed formula, a picture without data, …) is kept for [`problems`](Self::problems),
/// so that a lesson reads as a text.
#[derive(Default)]
pub struct Page {
    /// The folder of the figures; without one they are checked, and not drawn.
    folder: Option<PathBuf>,
    pub source: String,
    pub lead: String,
    pub blocks: Vec<Block>,
    pub settings: Vec<(String, String)>,
    /// The time spent on drawing.
    pub drawing: Duration,
    names: HashSet<String>,
    problems: Vec<String>,
}

/// A part of a page.
pub enum Block {
    Text(String),
    Heading(String),
    /// MathML.
    Formula(String),
    Figure(Figure),
    Table {
        caption: String,
        header: Vec<String>,
        rows: Vec<Vec<String>>,
    },
    Claims(Vec<Claim>),
}

/// A picture or animation, whose files are named after it.
pub struct Figure {
    pub name: String,
    pub alt: String,
    pub caption: String,
    /// In pixels, as drawn.
    pub size: (f64, f64),
    pub moves: bool,
}

/// A sentence, and whether the numbers behind it say so.
pub struct Claim {
    pub holds: bool,
    pub text: String,
}

impl Page {
    /// An empty page whose figures are checked, and not drawn.
    #[cfg(test)]
    pub fn new() -> Page {
        Page::default()
    }

    /// An empty page that draws its figures into a folder, in both themes.
    ///
    /// # Errors
    ///
    /// The folder can't be made; its path.
    pub fn drawn_in(folder: PathBuf) -> Result<Page, String> {
        fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        Ok(Page { folder: Some(folder), ..Page::default() })
    }

    /// The lesson's question and its answer, in a sentence or two. The file that says it is the lesson's source.
    #[track_caller]
    pub fn lead(&mut self, text: &str) {
        if !self.lead.is_empty() {
            self.problems.push("there are two leads".into());
        }
        self.source = Location::caller().file().replace('\\', "/");
        self.lead = text.to_owned();
    }

    /// A paragraph, with `` `code` `` and `*emphasis*`.
    pub fn text(&mut self, paragraph: &str) {
        self.blocks.push(Block::Text(paragraph.to_owned()));
    }

    /// The title of a section.
    pub fn heading(&mut self, text: &str) {
        self.blocks.push(Block::Heading(text.to_owned()));
    }

    /// A formula on a line of its own, from LaTeX; `spoken` is what a screen reader says.
    pub fn formula(&mut self, latex: &str, spoken: &str) {
        if spoken.trim().is_empty() {
            self.problems.push(format!("formula {latex}: it has no spoken form"));
        }
        match math::mathml(latex, spoken) {
            Ok(mathml) => self.blocks.push(Block::Formula(mathml)),
            Err(error) => self.problems.push(error),
        }
    }

    /// A picture. Its name, unique in the lesson, names its files; `alt` is for those who don't see it: what is on the axes, and the
    /// shape.
    pub fn figure(&mut self, name: &str, picture: &impl Picture, alt: &str, caption: &str) {
        self.check_labels(name, alt, caption);
        let began = Instant::now();
        let size = match &self.folder {
            Some(folder) => figure::draw(picture, folder, name),
            None => picture.check().map(|()| (0.0, 0.0)).map_err(|e| e.to_string()),
        };
        self.drawing += began.elapsed();
        self.push_figure(name, size, alt, caption, false);
    }

    /// A moving picture. Those who want nothing to move see its last frame.
    pub fn animation(&mut self, name: &str, animation: &Animation, alt: &str, caption: &str) {
        self.check_labels(name, alt, caption);
        let began = Instant::now();
        let drawn = match &self.folder {
            Some(folder) => figure::animate(animation, folder, name),
            None => animation.check().map(|()| (0.0, 0.0)).map_err(|e| e.to_string()),
        };
        self.drawing += began.elapsed();
        self.push_figure(name, drawn, alt, caption, true);
    }

    /// Rows of cells under a header. The first cell of a row names it.
    pub fn table(&mut self, caption: &str, header: &[&str], rows: &[Vec<String>]) {
        if caption.trim().is_empty() {
            self.problems.push(format!("the table of {}: it has no caption", header.join(", ")));
        }
        if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != header.len()) {
            let (cells, columns) = (row.len(), header.len());
            self.problems.push(format!(
                "table `{caption}`: row {i} has {cells} cells, but there are {columns} columns"
            ));
        }
        let header = header.iter().map(|&cell| cell.to_owned()).collect();
        self.blocks.push(Block::Table { caption: caption.to_owned(), header, rows: rows.to_vec() });
    }

    /// One sentence of what to see in the last figure or table, asserted by `holds`.
    pub fn claim(&mut self, holds: bool, text: impl Into<String>) {
        let claim = Claim { holds, text: text.into() };
        let shown =
            |block: &Block| matches!(block, Block::Figure(_) | Block::Table { .. } | Block::Heading(_));
        let at = match self.blocks.iter().rposition(shown) {
            // Right below what it is about.
            Some(i) if !matches!(self.blocks[i], Block::Heading(_)) => i + 1,
            // Nothing is shown yet: where it is said.
            _ if matches!(self.blocks.last(), Some(Block::Claims(_))) => self.blocks.len() - 1,
            _ => self.blocks.len(),
        };
        match self.blocks.get_mut(at) {
            Some(Block::Claims(claims)) => claims.push(claim),
            _ => self.blocks.insert(at, Block::Claims(vec![claim])),
        }
    }

    /// A setting of the lesson, for the list at the end.
    pub fn setting(&mut self, name: &str, value: impl Display) {
        self.settings.push((name.to_owned(), value.to_string()));
    }

    /// All claims.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.blocks
            .iter()
            .filter_map(|block| match block {
                Block::Claims(claims) => Some(claims),
                _ => None,
            })
            .flatten()
    }

    /// The claims that do not hold.
    pub fn broken_claims(&self) -> Vec<&str> {
        self.claims().filter(|claim| !claim.holds).map(|claim| claim.text.as_str()).collect()
    }

    /// What is missing or wrong on the page, now that all is said.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = self.problems.clone();
        if self.lead.trim().is_empty() {
            problems.push("there is no lead".into());
        }
        if self.claims().next().is_none() {
            problems.push("there is no claim".into());
        }
        if self.claims().any(|claim| claim.text.trim().is_empty()) {
            problems.push("a claim has no text".into());
        }
        problems
    }

    fn check_labels(&mut self, name: &str, alt: &str, caption: &str) {
        let fit = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(fit) {
            self.problems.push(format!("figure `{name}`: a name is of a-z, 0-9, _ and -"));
        }
        if !self.names.insert(name.to_owned()) {
            self.problems.push(format!("figure `{name}`: there are two of this name"));
        }
        if alt.trim().is_empty() {
            self.problems.push(format!("figure `{name}`: it has no alt text"));
        }
        if caption.trim().is_empty() {
            self.problems.push(format!("figure `{name}`: it has no caption"));
        }
    }

    fn push_figure(
        &mut self,
        name: &str,
        size: Result<(f64, f64), String>,
        alt: &str,
        caption: &str,
        moves: bool,
    ) {
        match size {
            Ok(size) => {
                let (name, alt, caption) = (name.to_owned(), alt.to_owned(), caption.to_owned());
                self.blocks.push(Block::Figure(Figure { name, alt, caption, size, moves }));
            }
            Err(error) => self.problems.push(format!("figure `{name}`: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Page};
    use chainrule::plot::{Animation, Chart};

    fn line() -> Chart {
        Chart::new("Loss").line("train", &[2.0, 1.0])
    }

    /// A page with nothing wrong.
    fn whole() -> Page {
        let mut page = Page::new();
        page.lead("Does it fall? It falls.");
        page.figure("loss", &line(), "A line that falls from 2 to 1.", "The loss.");
        page.claim(true, "It falls.");
        page
    }

    /// What each block is, by a letter.
    fn kinds(page: &Page) -> String {
        let kind = |block: &Block| match block {
            Block::Text(_) => "t".to_owned(),
            Block::Heading(_) => "h".to_owned(),
            Block::Formula(_) => "m".to_owned(),
            Block::Figure(_) => "f".to_owned(),
            Block::Table { .. } => "r".to_owned(),
            Block::Claims(claims) => format!("c{}", claims.len()),
        };
        page.blocks.iter().map(kind).collect()
    }

    #[test]
    fn claims_stand_right_below_what_was_shown_last() {
        let mut page = whole();
        page.text("Between two claims of one figure.");
        page.claim(true, "It falls by 1.");
        page.table("Losses", &["epoch", "loss"], &[vec!["1".into(), "2".into()]]);
        page.claim(true, "It begins at 2.");
        page.heading("In words");
        page.text("No figure yet.");
        page.claim(true, "One.");
        page.claim(true, "Two.");
        page.text("Text.");
        page.claim(false, "Three.");
        assert_eq!(kinds(&page), "fc2trc1htc2tc1");
        assert_eq!(page.broken_claims(), ["Three."]);
        assert_eq!(page.source, "examples/gallery/page.rs");
        assert!(page.problems().is_empty());
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        type Change = fn(&mut Page);
        let cases: [(Change, &str); 12] = [
            (|page| page.figure("two", &line(), " ", "A caption."), "figure `two`: it has no alt text"),
            (|page| page.figure("two", &line(), "A line.", ""), "figure `two`: it has no caption"),
            (
                |page| page.figure("loss", &line(), "A line.", "Again."),
                "figure `loss`: there are two of this name",
            ),
            (
                |page| page.figure("../x", &line(), "A line.", "It."),
                "figure `../x`: a name is of a-z, 0-9, _ and -",
            ),
            (
                |page| page.figure("no", &Chart::new("No").line("", &[f64::NAN]), "No line.", "It."),
                "figure `no`: nothing to draw in `No`: no layer has a finite point",
            ),
            (
                |page| page.animation("no", &Animation::new(5.0), "Nothing.", "It."),
                "figure `no`: nothing to draw",
            ),
            (|page| page.formula(r"\frac{1", "one over"), r"formula \frac{1: "),
            (|page| page.formula("x", ""), "formula x: it has no spoken form"),
            (|page| page.lead("Another."), "there are two leads"),
            (|page| page.table("", &["a"], &[]), "the table of a: it has no caption"),
            (
                |page| page.table("T", &["a", "b"], &[vec![String::new()]]),
                "table `T`: row 0 has 1 cells, but there are 2 columns",
            ),
            (|page| page.claim(true, ""), "a claim has no text"),
        ];
        for (change, expected) in cases {
            let mut page = whole();
            change(&mut page);
            let problems = page.problems();
            assert!(problems.len() == 1 && problems[0].starts_with(expected), "{expected}: {problems:?}");
        }
        assert_eq!(Page::new().problems(), ["there is no lead", "there is no claim"]);
    }
}
