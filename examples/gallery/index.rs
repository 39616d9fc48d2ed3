//! The contents: a card for each lesson.
//!
//! A lesson's card is kept beside its figures, so that running one lesson makes the contents anew without the others.

use crate::html::{document, escape, inline};
use crate::lessons::{self, Lesson};
use crate::page::{Block, Figure, Page};
use crate::render::{picture, placeholder};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The gallery's title.
pub const TITLE: &str = "Deep learning’s first lessons";
const LEAD: &str = "Computed and drawn by chainrule, from the first neuron to a race of optimizers. Each sentence under “What to see” is \
                    asserted on the numbers behind its figure.";

/// Writes a file; an error has its path.
pub fn save(file: &Path, text: &str) -> Result<(), String> {
    fs::write(file, text).map_err(|e| format!("{}: {e}", file.display()))
}

/// The style sheet, and a page for each lesson that has none: so that no link leads nowhere.
///
/// # Errors
///
/// A file that can't be written, with its path.
pub fn prepare(out: &Path) -> Result<(), String> {
    save(&out.join("style.css"), include_str!("style.css"))?;
    for lesson in lessons::ALL.iter().filter(|lesson| !card(lesson, out).exists()) {
        save(&out.join(format!("{}.html", lesson.name)), &placeholder(lesson))?;
    }
    Ok(())
}

/// Keeps the lesson's part of the contents.
pub fn save_card(lesson: &Lesson, page: &Page, time: Duration, out: &Path) -> Result<(), String> {
    let first = page.blocks.iter().find_map(|block| match block {
        Block::Figure(figure) => Some(figure),
        _ => None,
    });
    let broken = match page.broken_claims().len() {
        0 => String::new(),
        1 => " · 1 claim does not hold".to_owned(),
        n => format!(" · {n} claims do not hold"),
    };
    let foot = format!("{:.1} s{broken}", time.as_secs_f64());
    save(&card(lesson, out), &card_html(lesson, &page.lead, first, &foot))
}

/// Writes `index.html` from the cards there are.
///
/// # Errors
///
/// A file that can't be read or written, with its path.
pub fn write(out: &Path) -> Result<(), String> {
    let mut cards = String::new();
    for lesson in lessons::ALL {
        let file = card(lesson, out);
        cards += &match file.exists() {
            true => fs::read_to_string(&file).map_err(|e| format!("{}: {e}", file.display()))?,
            false => card_html(lesson, "This lesson has not run yet.", None, ""),
        };
    }
    let body = format!(
        "<main>\n<header>\n<h1>{TITLE}</h1>\n<p class=\"lead\">{LEAD}</p>\n</header>\n<ol class=\"cards\">\n{cards}</ol>\n</main>\n"
    );
    save(&out.join("index.html"), &document(TITLE, LEAD, "index", &body))
}

fn card(lesson: &Lesson, out: &Path) -> PathBuf {
    out.join(lesson.name).join("card.html")
}

/// The title is the link; the style sheet spreads it over the card.
fn card_html(lesson: &Lesson, lead: &str, first: Option<&Figure>, foot: &str) -> String {
    let thumbnail = first.map(|figure| picture(figure, lesson, false, "eager")).unwrap_or_default();
    format!(
        "<li>\n<div class=\"thumbnail\">{thumbnail}</div>\n<p class=\"number\">{}</p>\n<h2><a href=\"{}.html\">{}</a></h2>\n<p>{}</p>\n\
         <p class=\"foot\">{foot}</p>\n</li>\n",
        lessons::number(lesson),
        lesson.name,
        escape(lesson.title),
        inline(lead)
    )
}

#[cfg(test)]
mod tests {
    use super::{prepare, save_card, write};
    use crate::lessons;
    use crate::page::Page;
    use std::fs;
    use std::time::Duration;

    #[test]
    fn the_contents_list_lessons_that_have_run_and_those_that_have_not()
    -> Result<(), Box<dyn std::error::Error>> {
        let out = std::env::temp_dir().join(format!("chainrule-gallery-{}", std::process::id()));
        fs::create_dir_all(&out)?;
        prepare(&out)?;
        for lesson in lessons::ALL {
            let page = fs::read_to_string(out.join(format!("{}.html", lesson.name)))?;
            assert!(
                page.contains("has not run yet") && page.contains(&format!("--only {}<", lesson.name)),
                "{page}"
            );
        }
        let lesson = &lessons::ALL[0];
        let mut page = Page::drawn_in(out.join(lesson.name))?;
        page.lead("It has run.");
        page.claim(false, "2 is less than 1.");
        save_card(lesson, &page, Duration::from_millis(2500), &out)?;
        write(&out)?;
        let index = fs::read_to_string(out.join("index.html"))?;
        assert!(
            index.contains("<p>It has run.</p>") && index.contains("2.5 s · 1 claim does not hold"),
            "{index}"
        );
        assert!(
            lessons::ALL.iter().all(|lesson| index.contains(&format!("href=\"{}.html\"", lesson.name))),
            "{index}"
        );
        assert_eq!(index.matches("has not run yet").count(), lessons::ALL.len() - 1);
        fs::remove_dir_all(&out)?;

        let error = write(&out).expect_err("the folder is gone");
        assert!(error.contains("index.html"), "{error}");
        Ok(())
    }
}
