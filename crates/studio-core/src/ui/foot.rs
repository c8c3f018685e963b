//! Lines at the foot of the terminal that are drawn again and again, while others scroll above them.
//!
//! Drawing, clearing and what a resized terminal makes of it are indicatif's. Not here: what the lines say.

use super::{Ui, Verbosity};
use crate::interrupt;
use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
        interrupt::leave_nothing_of(&self.foot);
        Foot { ui: self, bar }
    }
}

/// What takes less is over before somebody could read what it is.
const PATIENCE: Duration = Duration::from_millis(400);

/// Between two pictures of what is at work.
const PAUSE: Duration = Duration::from_millis(100);

impl Ui {
    /// Whether somebody sees what stands at the foot of the terminal.
    pub fn is_watched(&self) -> bool {
        self.terminal && self.verbosity == Verbosity::Normal
    }

    /// Does a piece of work that may take its time; where somebody looks at a terminal, `what` stands at its foot with the
    /// time that has gone by, and with what the work says of how far it is.
    pub fn at_work<T>(&self, what: &str, work: impl FnOnce(&dyn Fn(&str)) -> T) -> T {
        if !self.is_watched() {
            return work(&|_| {});
        }
        let began = Instant::now();
        let far = Mutex::new(String::new());
        let (over, ended) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let far = &far;
            scope.spawn(move || {
                if ended.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
                let foot = self.foot();
                loop {
                    let far = far.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let parts = [what, &far, &clock(began.elapsed())];
                    let parts: Vec<&str> =
                        parts.into_iter().filter(|part| !part.is_empty()).collect();
                    foot.show(&[parts.join("  ")], foot.size().0);
                    if ended.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
                        return;
                    }
                }
            });
            let done = work(&|said| {
                said.clone_into(&mut far.lock().unwrap_or_else(PoisonError::into_inner));
            });
            drop(over);
            done
        })
    }
}

/// A length of time as a clock shows it: `4s`, `1:05`, `2:01:09`.
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}:{rest:02}"),
        _ => format!("{hours}:{minutes:02}:{rest:02}"),
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
        // Whoever clears the foot because the process is to end holds this to the end.
        let _drawn = self.ui.foot.lock().unwrap_or_else(PoisonError::into_inner);
        self.bar.set_message(lines.iter().map(cut).collect::<Vec<_>>().join("\n"));
    }
}

impl Drop for Foot<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        *self.ui.foot.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
