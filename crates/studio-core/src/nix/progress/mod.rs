//! Watching Nix at work on a terminal: its log for machines is read, what is under way stands at the foot of the screen,
//! and words that matter scroll above it. Everything, the lines of builds too, goes into a log file as plain text.
//!
//! Where nobody looks at a terminal, Nix speaks for itself. Not here: what Nix is asked to do.

mod event;
mod picture;
mod work;

use crate::process::{Failure, Program, Said};
use crate::ui::{Ui, Verbosity};
use event::{Level, NotNix, Total};
use std::fs::File;
use std::io::Write;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use work::Work;

pub(super) use work::plain;

/// Between two pictures; a clock that shows seconds needs no more, an eye not many more.
const PAUSE: Duration = Duration::from_millis(100);

/// How many lines at most stand at the foot of the screen, and the part of its height that they may take.
const MOST: usize = 12;
const PART: usize = 3;

/// Whether somebody would see it.
pub(super) fn is_seen(ui: &Ui) -> bool {
    ui.verbosity() == Verbosity::Normal && ui.on_terminal()
}

/// Runs a program of Nix's, shows what it does, and writes what it says to `log`.
pub(super) fn run(ui: &Ui, program: Program, log: &mut File) -> Result<Said, Failure> {
    // With `-v` Nix names the files that it evaluates.
    let program = program.args(["--log-format", "internal-json", "-v"]);
    let work = Mutex::new(Work::new(Instant::now()));
    let foot = ui.foot();
    let (over, ended) = mpsc::channel::<()>();
    let outcome = std::thread::scope(|scope| {
        let (work, foot) = (&work, &foot);
        scope.spawn(move || {
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                let (width, height) = foot.size();
                let work = work.lock().unwrap_or_else(PoisonError::into_inner);
                let lines = picture::lines(&work, Instant::now(), MOST.min(height / PART));
                drop(work);
                foot.show(&lines, width);
            }
        });
        let mut log_error = None;
        let outcome = program.listen(&mut |line| {
            let line = String::from_utf8_lossy(line);
            for (text, shown) in read(work, &line) {
                if log_error.is_none() {
                    log_error = writeln!(log, "{text}").err();
                }
                if shown {
                    ui.relay(&text);
                }
            }
        });
        drop(over);
        (outcome, log_error)
    });
    drop(foot);
    let (outcome, log_error) = outcome;
    if let Some(cause) = log_error {
        ui.warn(format!("the log is incomplete: {cause}"));
    }
    let said = outcome?;
    let work = work.into_inner().unwrap_or_else(PoisonError::into_inner);
    if work.total(Total::Builds).done + work.total(Total::Copies).done > 0 {
        ui.step(picture::summary(&work, Instant::now()));
    }
    Ok(said)
}

/// What a line says in words, and whether the user sees them now.
fn read(work: &Mutex<Work>, line: &str) -> Vec<(String, bool)> {
    match event::parse(line) {
        Ok(None) => vec![],
        Ok(Some(event)) => {
            let mut work = work.lock().unwrap_or_else(PoisonError::into_inner);
            let said = work.take(event, Instant::now());
            said.into_iter().map(|said| (said.text, said.level <= Level::Warning)).collect()
        }
        // What Nix started may speak for itself: ssh, git.
        Err(NotNix) => vec![(plain(line), true)],
    }
}
