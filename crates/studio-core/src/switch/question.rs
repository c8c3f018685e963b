//! The question whether what was activated is good: the last line of the terminal, on which the time runs, while the lines
//! of the log come above it.
//!
//! Not here: when it is asked and what follows from the answer (`watch`).

use crate::clock;
use crate::context::Context;
use crate::ui::Ui;
use std::io::BufRead;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

/// What somebody typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Keep it.
    Yes,
    /// Put back what ran before.
    No,
    /// The terminal is gone, or its user said that nothing more will come.
    Nothing,
}

/// A question on the terminal.
pub(super) struct Question {
    ui: Ui,
    /// When it is too late, in milliseconds since the machine was started.
    deadline: u64,
    /// What was typed, line by line; `None` at the end of input.
    lines: Receiver<Option<String>>,
    /// The text that stands on the last line.
    shown: Option<String>,
    /// How wide the number of seconds is, so that it can be written over.
    width: usize,
    /// Whether the terminal knows how to go back in a line.
    alive: bool,
}

impl Question {
    /// Asks it. What was typed before it was there is no answer to it.
    pub fn ask(cx: &Context, deadline: u64) -> Question {
        use rustix::termios::{QueueSelector, tcflush};
        let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
        let (send, lines) = channel();
        std::thread::spawn(move || {
            loop {
                let mut line = String::new();
                let read = std::io::stdin().lock().read_line(&mut line);
                let line = read.is_ok_and(|length| length > 0).then_some(line);
                let end = line.is_none();
                if send.send(line).is_err() || end {
                    return;
                }
            }
        });
        let terminal = cx.env.get("TERM");
        Question {
            ui: cx.ui.clone(),
            deadline,
            lines,
            shown: None,
            width: seconds_until(deadline).to_string().len(),
            alive: terminal.is_some_and(|name| name != "dumb"),
        }
    }

    /// What was said since, if anything was that is an answer; brings the question up to date.
    pub fn answer(&mut self) -> Option<Said> {
        match self.lines.try_recv() {
            Ok(Some(line)) => {
                // The terminal is on the next line now.
                self.shown = None;
                match line.trim().to_lowercase().as_str() {
                    "y" | "yes" => return Some(Said::Yes),
                    "n" | "no" => return Some(Said::No),
                    _ => self.ui.hint("please answer `y` or `n`"),
                }
            }
            Ok(None) | Err(TryRecvError::Disconnected) => {
                self.hide();
                return Some(Said::Nothing);
            }
            Err(TryRecvError::Empty) => {}
        }
        self.draw();
        None
    }

    /// Makes room for other lines; it comes back after them.
    pub fn hide(&mut self) {
        if self.shown.take().is_some() {
            self.ui.in_place(if self.alive { "\r\x1b[K" } else { "\n" });
        }
    }

    fn draw(&mut self) {
        let text = text(seconds_until(self.deadline), self.width);
        match &self.shown {
            None => self.ui.in_place(&text),
            // What is being typed behind it stays where it is.
            Some(shown) if *shown != text && self.alive => {
                self.ui.in_place(&format!("\x1b7\r{text}\x1b8"));
            }
            Some(_) => return,
        }
        self.shown = Some(text);
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.hide();
    }
}

fn seconds_until(deadline: u64) -> u64 {
    deadline.saturating_sub(clock::milliseconds_since_start()).div_ceil(1000)
}

fn text(seconds: u64, width: usize) -> String {
    format!("keep it? It is put back in {seconds:>width$} s [y/n] ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_takes_the_place_of_the_one_before() {
        assert_eq!(text(20, 2), "keep it? It is put back in 20 s [y/n] ");
        assert_eq!(text(20, 2).len(), text(9, 2).len());
    }
}
