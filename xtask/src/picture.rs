//! The README's tour as a picture: a terminal in which one chapter after the other is seen, in the colours that the programs
//! have there. It is drawn from the tour that the README tells, which is what the real programs showed.
//!
//! Not here: how the tour comes about ([`crate::demo`]).

use anstyle_svg::Term;

/// Columns of the terminal; longer lines go on in the next one, as they do there.
const COLUMNS: usize = 100;

/// Seconds for which a chapter is seen, and for each of its lines.
const CHAPTER: f64 = 1.5;
const LINE: f64 = 0.35;

/// Pixels of a line, as they are drawn.
const LINE_PIXELS: usize = 18;

/// What Markdown has around the tour.
const BEGIN: &str = "<!-- tour -->";
const END: &str = "<!-- /tour -->";

/// Draws the tour of this README; nothing, if it has none.
pub fn picture(readme: &str) -> String {
    let tour = readme.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let chapters: Vec<Vec<String>> = tour.map(|(tour, _)| chapters(tour)).unwrap_or_default();
    let most = chapters.iter().map(Vec::len).max().unwrap_or_default();
    let term = Term::new();
    let all: f64 = chapters.iter().map(|lines| time(lines)).sum();
    let (mut frames, mut style, mut begin) = (String::new(), String::new(), 0.0);
    let (mut width, mut height) = (0, 0);
    for (number, lines) in chapters.iter().enumerate() {
        // All have the same size: what is shorter has empty lines, and the first one is as wide as the terminal.
        let mut text = lines.join("\n");
        text.push_str(&"\n".repeat(most - lines.len()));
        let frame = term.min_width_px(8 * COLUMNS + 20).render_svg(&text);
        width = width.max(pixels(&frame, "width"));
        height = height.max(pixels(&frame, "height")).max(most * LINE_PIXELS);
        let end = begin + time(lines);
        let (from, to) = (100.0 * begin / all, 100.0 * end / all);
        let before =
            if number == 0 { String::new() } else { format!("0%,{from:.2}%{{opacity:0}}") };
        style.push_str(&format!(
            "@keyframes c{number}{{{before}{:.2}%,{to:.2}%{{opacity:1}}{:.2}%,100%{{opacity:0}}}}\n\
             .c{number}{{opacity:{};animation:c{number} {all:.1}s infinite}}\n",
            from + 0.01,
            (to + 0.01).min(100.0),
            u8::from(number == 0)
        ));
        frames.push_str(&format!("<g class=\"c{number}\">\n{}\n</g>\n", frame.trim()));
        begin = end;
    }
    format!(
        "<svg width=\"{width}px\" height=\"{height}px\" viewBox=\"0 0 {width} {height}\" \
         xmlns=\"http://www.w3.org/2000/svg\">\n<title>the demo of studio</title>\n<style>\n{style}\
         @media (prefers-reduced-motion:reduce){{g{{animation-play-state:paused}}}}\n</style>\n{frames}</svg>\n"
    )
}

fn time(lines: &[String]) -> f64 {
    CHAPTER + LINE * lines.len() as f64
}

/// Each chapter with its title as a comment, as lines of the terminal.
fn chapters(tour: &str) -> Vec<Vec<String>> {
    let chapter = |text: &str| {
        let (title, body) = text.split_once("**\n\n```console\n")?;
        let (body, _) = body.split_once("\n```")?;
        let title = format!("\x1b[2m# {title}\x1b[m");
        Some(std::iter::once(title).chain(body.lines().flat_map(wrapped)).collect())
    };
    tour.split("\n**").filter_map(chapter).collect()
}

/// A line with its colours, as lines that fit.
fn wrapped(line: &str) -> Vec<String> {
    let letters: Vec<char> = line.chars().collect();
    let pieces = letters.chunks(COLUMNS).map(|piece| piece.iter().collect::<String>());
    let mut pieces: Vec<String> = pieces.collect();
    if pieces.is_empty() {
        pieces.push(String::new());
    }
    if line.starts_with("$ ") {
        return pieces.into_iter().map(|piece| format!("\x1b[1m{piece}\x1b[m")).collect();
    }
    // As `studio_core::ui` has them.
    for (label, style) in [("error:", "1;31"), ("warning:", "1;33"), ("hint:", "1;36")] {
        if let Some(rest) = pieces[0].strip_prefix(label) {
            pieces[0] = format!("\x1b[{style}m{label}\x1b[m{rest}");
        }
    }
    pieces
}

/// The number of pixels that an attribute of the outermost element says.
fn pixels(svg: &str, attribute: &str) -> usize {
    let rest = svg.split_once(&format!("{attribute}=\"")).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_once("px\""))
        .and_then(|(number, _)| number.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_shows_the_tour_of_the_readme() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let read = |path: &str| std::fs::read_to_string(format!("{root}/{path}")).unwrap();
        let hint = "run `cargo xtask demo --write` and commit what it wrote";
        assert!(read("docs/demo.svg") == picture(&read("README.md")), "{hint}");
    }

    #[test]
    fn lines_are_as_long_as_the_terminal_and_signs_mean_themselves() {
        let long = "x".repeat(COLUMNS + 5);
        let drawn = picture(&format!(
            "{BEGIN}\n**One & two**\n\n```console\n$ echo '<b>'\nhint: {long}\n```\n\n{END}"
        ));
        assert!(drawn.contains("# One &amp; two") && drawn.contains("&lt;b"), "{drawn}");
        assert!(!drawn.contains(&"x".repeat(COLUMNS + 1)), "{drawn}");
        assert!(drawn.contains(&"x".repeat(COLUMNS - "hint: ".len())), "{drawn}");
    }
}
