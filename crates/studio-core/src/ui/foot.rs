//! Lines at the foot of the terminal that are drawn again and again, while others scroll above them.
//!
//! Drawing, clearing and what a resized terminal makes of it are indicatif's. Not here: what the lines say.

use super::Ui;
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::PoisonError;

/// The lines at the foot of the terminal; gone when it is dropped.
#[derive(Debug)]
pub struct Foot<'a> {
    ui: &'a Ui,
    bar: ProgressBar,
}

impl Ui {
    /// Takes the foot of the terminal. From now on what this voice says scrolls above it.
    pub fn foot(&self) -> Foot<'_> {
        let style =
            ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::no_length().with_style(style);
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(20));
        *self.foot.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Foot { ui: self, bar }
    }
}

impl Foot<'_> {
    /// Columns and rows of the terminal as it is now.
    pub fn size(&self) -> (usize, usize) {
        let (rows, columns) = Term::stderr().size();
        (columns.into(), rows.into())
    }

    /// Draws these lines in the place of those that are there; what is wider than `width` is cut.
    pub fn show(&self, lines: &[String], width: usize) {
        let cut = |line: &String| console::truncate_str(line, width, "…").into_owned();
        self.bar.set_message(lines.iter().map(cut).collect::<Vec<_>>().join("\n"));
    }
}

impl Drop for Foot<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        *self.ui.foot.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
