//! A lesson's page as HTML.

use crate::html::{document, escape, inline};
use crate::index;
use crate::lessons::{self, Lesson};
use crate::page::{Block, Claim, Figure, Page};
use std::path::Path;
use std::time::Duration;

/// Writes `NAME.html`, and the lesson's card for the contents.
///
/// # Errors
///
/// A file that can't be written, with its path.
pub fn write(lesson: &Lesson, page: &Page, seed: u64, time: Duration, out: &Path) -> Result<(), String> {
    let mut body = String::new();
    let number = lessons::number(lesson);
    body += &nav(lesson, "Lessons");
    body += &format!(
        "<main>\n<header>\n<p class=\"number\">Lesson {number} of {}</p>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n</header>\n",
        lessons::ALL.len(),
        escape(lesson.title),
        inline(&page.lead)
    );
    let mut figures = 0;
    for block in &page.blocks {
        if matches!(block, Block::Figure(_)) {
            figures += 1;
        }
        body += &self::block(block, lesson, &format!("{number}.{figures}"));
    }
    body += &how_it_was_made(lesson, page, seed, time);
    body += "</main>\n";
    body += &nav(lesson, "More lessons");
    let title = format!("{} · Deep learning’s first lessons", lesson.title);
    let html = document(&title, &page.lead, "lesson", "", &body);
    index::save(&out.join(format!("{}.html", lesson.name)), &html)?;
    index::save_card(lesson, page, time, out)
}

/// The page of a lesson that has not run: it says how.
pub fn placeholder(lesson: &Lesson) -> String {
    let body = format!(
        "{}<main>\n<header>\n<p class=\"number\">Lesson {} of {}</p>\n<h1>{}</h1>\n<p class=\"lead\">This lesson has not run yet.</p>\n\
         </header>\n<p>To compute and draw it:</p>\n<pre><code>{}</code></pre>\n</main>\n",
        nav(lesson, "Lessons"),
        lessons::number(lesson),
        lessons::ALL.len(),
        escape(lesson.title),
        command(lesson)
    );
    document(lesson.title, "This lesson has not run yet.", "lesson", "", &body)
}

/// The command that runs one lesson.
fn command(lesson: &Lesson) -> String {
    format!("cargo run --release --example gallery -- --only {}", lesson.name)
}

/// The way to the contents, the previous and the next lesson.
fn nav(lesson: &Lesson, label: &str) -> String {
    let at = lessons::number(lesson) - 1;
    let link = |to: Option<&Lesson>, rel: &str, arrow: &str| match to {
        Some(to) => {
            let title = escape(to.title);
            let text = if rel == "prev" { format!("{arrow} {title}") } else { format!("{title} {arrow}") };
            format!("<a rel=\"{rel}\" href=\"{}.html\">{text}</a>\n", to.name)
        }
        None => "<span></span>\n".to_owned(),
    };
    format!(
        "<nav aria-label=\"{label}\">\n{}<a class=\"contents\" href=\"index.html\">Contents</a>\n{}</nav>\n",
        link(at.checked_sub(1).map(|at| &lessons::ALL[at]), "prev", "←"),
        link(lessons::ALL.get(at + 1), "next", "→")
    )
}

fn block(block: &Block, lesson: &Lesson, number: &str) -> String {
    match block {
        Block::Text(text) => format!("<p>{}</p>\n", inline(text)),
        Block::Heading(text) => format!("<h2>{}</h2>\n", inline(text)),
        Block::Formula(mathml) => format!("<div class=\"formula\" tabindex=\"0\">{mathml}</div>\n"),
        Block::Figure(figure) => self::figure(figure, lesson, number),
        Block::Table { caption, header, rows } => table(caption, header, rows),
        Block::Claims(claims) => self::claims(claims),
    }
}

fn figure(figure: &Figure, lesson: &Lesson, number: &str) -> String {
    let picture = picture(figure, lesson, figure.moves, "lazy");
    let caption = inline(&figure.caption);
    format!(
        "<figure>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Figure {number}\">{picture}</div>\n\
         <figcaption><b>Figure {number}</b> {caption}</figcaption>\n</figure>\n"
    )
}

/// The file that fits the reader's theme; one that doesn't move for those who want no motion.
pub fn picture(figure: &Figure, lesson: &Lesson, moves: bool, loading: &str) -> String {
    let file = format!("{}/{}", lesson.name, figure.name);
    let source = |media: &str, file: String| format!("<source media=\"{media}\" srcset=\"{file}\">");
    let dark = "(prefers-color-scheme: dark)";
    let mut sources = String::new();
    let kind = if moves { "gif" } else { "svg" };
    if moves {
        let still = "(prefers-reduced-motion: reduce)";
        sources += &source(&format!("{still} and {dark}"), format!("{file}-dark.svg"));
        sources += &source(still, format!("{file}.svg"));
    }
    sources += &source(dark, format!("{file}-dark.{kind}"));
    let ((width, height), alt) = (figure.size, escape(&figure.alt));
    format!(
        "<picture>{sources}<img src=\"{file}.{kind}\" alt=\"{alt}\" width=\"{width:.0}\" height=\"{height:.0}\" \
         style=\"--width: {width:.0}\" loading=\"{loading}\"></picture>"
    )
}

/// A column of numbers is set flush right.
fn table(caption: &str, header: &[String], rows: &[Vec<String>]) -> String {
    let numbers: Vec<bool> =
        (0..header.len()).map(|column| rows.iter().all(|row| is_number(&row[column]))).collect();
    let class = |column: usize| if numbers[column] { " class=\"number\"" } else { "" };
    let mut out = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\">\n<table>\n<caption>{1}</caption>\n<thead><tr>",
        escape(caption),
        inline(caption)
    );
    for (column, cell) in header.iter().enumerate() {
        out += &format!("<th scope=\"col\"{}>{}</th>", class(column), inline(cell));
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        out += "<tr>";
        for (column, cell) in row.iter().enumerate() {
            let cell = inline(cell);
            out += &match column {
                0 => format!("<th scope=\"row\"{}>{cell}</th>", class(0)),
                _ => format!("<td{}>{cell}</td>", class(column)),
            };
        }
        out += "</tr>\n";
    }
    out + "</tbody>\n</table>\n</div>\n"
}

/// Whether a cell begins as a number does, or says that there is none.
fn is_number(cell: &str) -> bool {
    let digits = cell.trim_start_matches(['-', '−', '+', '±', '≈', '<', '>', '≤', '≥', ' ']);
    digits.starts_with(|c: char| c.is_ascii_digit())
        || matches!(cell, "" | "–" | "—" | "NaN" | "∞" | "-∞" | "−∞")
}

fn claims(claims: &[Claim]) -> String {
    let mut out = "<div class=\"see\">\n<p>What to see</p>\n<ul>\n".to_owned();
    for claim in claims {
        let text = inline(&claim.text);
        out += &match claim.holds {
            true => format!("<li>{text}</li>\n"),
            false => {
                format!("<li class=\"broken\"><strong>Does not hold in this run:</strong> {text}</li>\n")
            }
        };
    }
    out + "</ul>\n</div>\n"
}

/// Settings, seed, run time, and how to change them.
fn how_it_was_made(lesson: &Lesson, page: &Page, seed: u64, time: Duration) -> String {
    let mut out = "<section class=\"made\">\n<h2>Settings of this run</h2>\n<dl>\n".to_owned();
    let mut entry = |name: &str, value: &str| {
        out += &format!("<div><dt>{}</dt><dd>{}</dd></div>\n", inline(name), inline(value));
    };
    for (name, value) in &page.settings {
        entry(name, value);
    }
    entry("seed", &seed.to_string());
    let (drawing, all) = (page.drawing.as_secs_f64(), time.as_secs_f64());
    entry("run time", &format!("{all:.1} s, of which drawing takes {drawing:.1} s"));
    out += &format!(
        "</dl>\n<p>The settings stand on top of <code>{}</code>. To change one and see what it does:</p>\n\
         <pre tabindex=\"0\"><code>{}</code></pre>\n</section>\n",
        escape(&page.source),
        command(lesson)
    );
    out
}
