//! A lesson's page as HTML.

use crate::html::{document, escape, inline};
use crate::index;
use crate::lessons::{self, Lesson};
use crate::page::{Block, Claim, Figure, Page};
use std::path::Path;
use std::time::Duration;

/// The most characters of a table's cell that stays on one line.
const LONG_CELL: usize = 28;

/// Writes `NAME.html`, and the lesson's card for the contents.
///
/// # Errors
///
/// A file that can't be written, with its path.
pub fn write(lesson: &Lesson, page: &Page, seed: u64, time: Duration, out: &Path) -> Result<(), String> {
    index::save(&out.join(format!("{}.html", lesson.name)), &html(lesson, page, seed, time))?;
    index::save_card(lesson, page, time, out)
}

fn html(lesson: &Lesson, page: &Page, seed: u64, time: Duration) -> String {
    let number = lessons::number(lesson);
    let mut main = head(lesson, &page.lead);
    let mut figures = 0;
    for part in &page.blocks {
        figures += usize::from(matches!(part, Block::Figure(_)));
        main += &block(part, lesson, &format!("{number}.{figures}"));
    }
    main += &how_it_was_made(lesson, page, seed, time);
    around(lesson, &page.lead, &main)
}

/// The page of a lesson that has not run: it says how.
pub fn placeholder(lesson: &Lesson) -> String {
    let lead = "This lesson has not run yet.";
    let how = format!("<p>To compute and draw it:</p>\n<pre><code>{}</code></pre>\n", command(lesson));
    around(lesson, lead, &(head(lesson, lead) + &how))
}

/// Number, title and lead.
fn head(lesson: &Lesson, lead: &str) -> String {
    format!(
        "<header>\n<p class=\"number\">Lesson {} of {}</p>\n<h1>{}</h1>\n<p class=\"lead\">{}</p>\n</header>\n",
        lessons::number(lesson),
        lessons::ALL.len(),
        escape(lesson.title),
        inline(lead)
    )
}

/// The whole page, with the ways to its neighbours above and below.
fn around(lesson: &Lesson, lead: &str, main: &str) -> String {
    let (above, below) = (nav(lesson, "Lessons"), nav(lesson, "More lessons"));
    let title = format!("{} · {}", lesson.title, index::TITLE);
    document(&title, lead, "lesson", &format!("{above}<main>\n{main}</main>\n{below}"))
}

/// The command that runs one lesson.
fn command(lesson: &Lesson) -> String {
    format!("cargo run --release --example gallery -- --only {}", lesson.name)
}

/// The way to the contents, the previous and the next lesson.
fn nav(lesson: &Lesson, label: &str) -> String {
    let at = lessons::number(lesson) - 1;
    // A phone has no room for the neighbours' titles.
    let link = |to: Option<&Lesson>, rel: &str, word: &str| match to {
        Some(to) => {
            let text = format!(
                "<span class=\"title\">{}</span><span class=\"word\">{word}</span>",
                escape(to.title)
            );
            let text = if rel == "prev" { format!("← {text}") } else { format!("{text} →") };
            format!("<a rel=\"{rel}\" href=\"{}.html\">{text}</a>\n", to.name)
        }
        None => "<span></span>\n".to_owned(),
    };
    format!(
        "<nav aria-label=\"{label}\">\n{}<a class=\"contents\" href=\"index.html\">Contents</a>\n{}</nav>\n",
        link(at.checked_sub(1).map(|at| &lessons::ALL[at]), "prev", "Previous"),
        link(lessons::ALL.get(at + 1), "next", "Next")
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

/// A column of numbers is set flush right, and only long cells are broken into lines.
fn table(caption: &str, header: &[String], rows: &[Vec<String>]) -> String {
    let numbers: Vec<bool> =
        (0..header.len()).map(|column| rows.iter().all(|row| is_number(&row[column]))).collect();
    let class = |column: usize, cell: &str| match () {
        () if numbers[column] => " class=\"number\"",
        () if cell.chars().count() > LONG_CELL => " class=\"long\"",
        () => "",
    };
    let mut out = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\">\n<table>\n<caption><span>{1}</span></caption>\n<thead><tr>",
        escape(caption),
        inline(caption)
    );
    for (column, cell) in header.iter().enumerate() {
        // A corner without a word is no header.
        out += &match cell.is_empty() {
            true => "<td></td>".to_owned(),
            false => format!("<th scope=\"col\"{}>{}</th>", class(column, cell), inline(cell)),
        };
    }
    out += "</tr></thead>\n<tbody>\n";
    for row in rows {
        out += "<tr>";
        for (column, cell) in row.iter().enumerate() {
            let element = if column == 0 { "th" } else { "td" };
            let scope = if column == 0 { " scope=\"row\"" } else { "" };
            out += &format!("<{element}{scope}{}>{}</{element}>", class(column, cell), inline(cell));
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
    let place = match page.source.strip_suffix("/mod.rs") {
        Some(folder) => format!("the files in <code>{}</code>", escape(folder)),
        None => format!("<code>{}</code>", escape(&page.source)),
    };
    out += &format!(
        "</dl>\n<p>The settings stand on top of {place}. To change one and see what it does:</p>\n\
         <pre><code>{}</code></pre>\n</section>\n",
        command(lesson)
    );
    out
}

#[cfg(test)]
mod tests {
    use super::{html, is_number};
    use crate::lessons::Lesson;
    use crate::page::Page;
    use chainrule::plot::Chart;
    use std::time::Duration;

    #[test]
    fn a_page_tells_all_and_escapes_it() {
        let lesson = Lesson { name: "loss", title: "Loss & <gain>", run: |_, _| Ok(()) };
        let mut page = Page::new();
        page.lead("Is *a* < b?");
        page.figure("line", &Chart::new("").line("", &[1.0]), "from \"1\" & on", "It is < 2.");
        page.claim(true, "`a` & b");
        page.claim(false, "a > b");
        page.table("T", &["name", "value"], &[vec!["<x>".into(), "−1.5".into()]]);
        page.setting("rate <", 0.1);
        let html = html(&lesson, &page, 11, Duration::from_millis(1250));
        for part in [
            "<title>Loss &amp; &lt;gain&gt; · ",
            "<p class=\"lead\">Is <em>a</em> &lt; b?</p>",
            "srcset=\"loss/line-dark.svg\"><img src=\"loss/line.svg\" alt=\"from &quot;1&quot; &amp; on\"",
            "</b> It is &lt; 2.</figcaption>",
            "<li><code>a</code> &amp; b</li>",
            "<li class=\"broken\"><strong>Does not hold in this run:</strong> a &gt; b</li>",
            "<th scope=\"row\">&lt;x&gt;</th><td class=\"number\">−1.5</td>",
            "<dt>rate &lt;</dt><dd>0.1</dd>",
            "<dt>seed</dt><dd>11</dd>",
            "<dt>run time</dt><dd>1.2 s, of which drawing takes 0.0 s</dd>",
            "<code>examples/gallery/render.rs</code>",
            "<code>cargo run --release --example gallery -- --only loss</code>",
        ] {
            assert!(html.contains(part), "{part}\n\n{html}");
        }
    }

    #[test]
    fn numbers_are_told_from_words() {
        assert!(["0", "-1", "−0.170", "≈ 3", "1.2e-5", "12 %", "∞", "–", ""].into_iter().all(is_number));
        assert!(["x", "(0, 1)", "no", "e-5", "- none"].into_iter().all(|cell| !is_number(cell)));
    }
}
