//! Watching Nix at work: its log for machines is read, and what is in it goes three ways. Everything, the lines of builds
//! too, goes into a log file as plain text. Words that matter go to the user. And what is under way stands at the foot of
//! the screen; or, where stderr is a pipe or a file, is said a line each, and again where nothing was said for long.
//!
//! Not here: what Nix is asked to do.

mod event;
mod picture;
mod work;

use crate::context::Context;
use crate::process::{Failure, Program, Said};
use crate::ui::{Foot, LogFormat, Ui, Verbosity};
use event::{Level, NotNix, Total};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use work::Work;

pub(super) use work::plain;

/// Between two pictures; a clock that shows seconds needs no more, an eye not many more.
const PAUSE: Duration = Duration::from_millis(100);

/// How many lines at most stand at the foot of the screen, and the part of its height that they may take.
const MOST: usize = 12;
const PART: usize = 3;

/// After so many seconds in which nothing was said it is said what goes on. Services that build for others give up after
/// ten minutes or more; people lose patience sooner.
const SILENCE: u64 = 30;

/// How many lines of a build that fails are shown: as many as Nix itself shows where all of it can be scrolled back to,
/// and more where the log file is gone with the machine.
const SHOWN: usize = 25;
const SHOWN_IN_LINES: usize = 500;

/// How Nix's work is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// At the foot of the terminal.
    Foot,
    /// Line by line; what goes on is said after so long a silence.
    Lines(Duration),
}

impl Manner {
    /// How it is shown to this user; `None` where Nix speaks for itself, or says nothing.
    pub(super) fn of(cx: &Context) -> Option<Manner> {
        let ours = cx.ui.verbosity() == Verbosity::Normal && cx.ui.log_format() == LogFormat::Auto;
        ours.then(|| {
            if cx.ui.on_terminal() {
                return Manner::Foot;
            }
            let said = cx.env.get("STUDIO_SILENCE").and_then(|seconds| seconds.parse().ok());
            Manner::Lines(Duration::from_secs(said.unwrap_or(SILENCE).max(1)))
        })
    }

    /// How important words must be at least so that the user sees them at once.
    fn heard(self) -> Level {
        match self {
            Manner::Foot => Level::Warning,
            Manner::Lines(_) => Level::Begun,
        }
    }

    fn shown(self) -> usize {
        match self {
            Manner::Foot => SHOWN,
            Manner::Lines(_) => SHOWN_IN_LINES,
        }
    }
}

/// Runs a program of Nix's, shows what it does, and writes what it says to `log`.
pub(super) fn run(
    ui: &Ui,
    manner: Manner,
    program: Program,
    log: &mut File,
) -> Result<Said, Failure> {
    // With `-v` Nix names the files that it evaluates.
    let program = program.args(["--log-format", "internal-json", "-v"]);
    let work = Mutex::new(Work::new(Instant::now(), manner.shown()));
    // A build may say thousands of lines a second, and a system call for each would show.
    let log = Mutex::new(Log { to: BufWriter::new(log), error: None });
    let voice = Mutex::new(Instant::now());
    let foot = (manner == Manner::Foot).then(|| ui.foot());
    let (over, ended) = mpsc::channel::<()>();
    let outcome = std::thread::scope(|scope| {
        let (work, foot, log, voice) = (&work, foot.as_ref(), &log, &voice);
        scope.spawn(move || {
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                taken(log).flush();
                match (manner, foot) {
                    (Manner::Lines(silence), _) => say_that_it_goes_on(ui, work, voice, silence),
                    (Manner::Foot, Some(foot)) => draw(foot, work),
                    (Manner::Foot, None) => {}
                }
            }
        });
        let outcome = program.listen(&mut |line| {
            let line = String::from_utf8_lossy(line);
            let said = read(work, &line, manner.heard());
            taken(log).write(&said);
            let mut shown = said.iter().filter(|(_, shown)| *shown).peekable();
            if shown.peek().is_some() {
                // What belongs together is said in one piece.
                let mut voice = taken(voice);
                shown.for_each(|(text, _)| ui.relay(text));
                *voice = Instant::now();
            }
        });
        drop(over);
        outcome
    });
    drop(foot);
    let mut log = log.into_inner().unwrap_or_else(PoisonError::into_inner);
    log.flush();
    if let Some(cause) = log.error {
        ui.warn(format!("the log is incomplete: {cause}"));
    }
    let said = outcome?;
    let work = work.into_inner().unwrap_or_else(PoisonError::into_inner);
    if work.total(Total::Builds).done + work.total(Total::Copies).done > 0 {
        ui.step(picture::summary(&work, Instant::now()));
    }
    Ok(said)
}

/// The log file, and the first thing that went wrong with it.
struct Log<'a> {
    to: BufWriter<&'a mut File>,
    error: Option<std::io::Error>,
}

impl Log<'_> {
    fn write(&mut self, said: &[(String, bool)]) {
        for (text, _) in said {
            self.then(|to| writeln!(to, "{text}"));
        }
    }

    fn flush(&mut self) {
        self.then(|to| to.flush());
    }

    fn then(&mut self, act: impl FnOnce(&mut BufWriter<&mut File>) -> std::io::Result<()>) {
        if self.error.is_none() {
            self.error = act(&mut self.to).err();
        }
    }
}

/// Nobody who dies with a lock leaves half a value behind here.
fn taken<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn draw(foot: &Foot<'_>, work: &Mutex<Work>) {
    let (width, height) = foot.size();
    let lines = picture::lines(&taken(work), Instant::now(), MOST.min(height / PART));
    foot.show(&lines, width);
}

/// Says what goes on, if nothing was said for so long.
fn say_that_it_goes_on(ui: &Ui, work: &Mutex<Work>, voice: &Mutex<Instant>, silence: Duration) {
    let mut voice = taken(voice);
    let now = Instant::now();
    if now.duration_since(*voice) >= silence {
        ui.step(picture::in_a_line(&taken(work), now));
        *voice = now;
    }
}

/// What a line says in words, and whether the user sees them now.
fn read(work: &Mutex<Work>, line: &str, heard: Level) -> Vec<(String, bool)> {
    match event::parse(line) {
        Ok(None) => vec![],
        Ok(Some(event)) => {
            let said = taken(work).take(event, Instant::now());
            said.into_iter()
                .map(|said| (said.text, said.level <= heard && said.level != Level::Info))
                .collect()
        }
        // What Nix started may speak for itself: ssh, git.
        Err(NotNix) => vec![(plain(line), true)],
    }
}
