//! Watching an attempt that an engine carries out: its log as it grows, the question that it asks, and how it ends.
//!
//! Nothing depends on who watches: a watcher may be killed, there may be several, and one may come back later. Everything
//! that is read here is readable by all; the answer is a file in the user's own folder. Not here: what the engine does.

use crate::clock;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fs::{self, Lock};
use crate::transaction::{Id, Phase, Record, Records};
use crate::ui::Verbosity;
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::File;
use std::io::{Read, Seek};
use std::time::{Duration, Instant};

/// How often is looked, and for how long nobody may work on an open record before it counts as left alone: its guard
/// needs a moment to take over.
const PAUSE: Duration = Duration::from_millis(4);
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// Whether the user is asked on this terminal when the engine waits for a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// If somebody is there to answer.
    OnTerminal,
    /// The answer is on its way by another route.
    No,
}

/// From where on the log is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// From its start.
    Start,
    /// What comes after so many bytes.
    After(u64),
}

/// Shows what an attempt says until it ends, and returns how it ended.
pub(super) fn watch(
    cx: &Context,
    records: &Records,
    id: &Id,
    begin: Begin,
    asking: Asking,
) -> Result<Exit> {
    let mut log = Log::at(records.log(id));
    if let Begin::After(bytes) = begin {
        log.skip(bytes);
    }
    let mut asked = asking == Asking::No;
    let mut alone: Option<Instant> = None;
    let mut seen = None;
    loop {
        let path = records.path(id);
        let now = fs::identity(&path);
        if now.is_none() || now != seen {
            seen = now;
            let record = records.read(id)?.ok_or_else(|| {
                Error::new(format!("the transaction `{id}` is gone from `{}`", records.folder()))
            })?;
            log.show(cx);
            if let Some(exit) = ended(&record) {
                log.show_rest(cx);
                return conclude(cx, &record, exit, &log);
            }
            if record.phase == Phase::AwaitingConfirmation && !asked {
                asked = true;
                ask(cx, &record);
            }
            alone = None;
        }
        log.show(cx);
        // Asked only now and then: it takes a look at a process and a lock.
        match alone {
            Some(since) if since.elapsed() > LEFT_ALONE => {
                let Some(record) = records.read(id)? else { continue };
                if ended(&record).is_none() && !is_worked_on(&record) {
                    return Err(left_alone(&record, &log));
                }
                alone = None;
            }
            Some(_) => {}
            None => alone = Some(Instant::now()),
        }
        std::thread::sleep(PAUSE);
    }
}

fn ended(record: &Record) -> Option<Exit> {
    record.phase.ended().then(|| record.exit.and_then(|code| Exit::from_code(code.into())))?
}

/// Whether some process works on an open record: the one that wrote it last, or one that is taking over from it.
pub fn is_worked_on(record: &Record) -> bool {
    is_alive(record.process) || Lock::is_held(&record.call.place.lock)
}

/// Whether a process is there and is an engine. Its number may belong to another program by now.
fn is_alive(process: u32) -> bool {
    let Some(pid) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else {
        return false;
    };
    // One of another user cannot be asked, but it is there.
    if matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH)) {
        return false;
    }
    // `PID (NAME) STATE …`, see proc_pid_stat(5). One that has ended and that nobody waited for is `Z`.
    let stat = fs::read_optional(format!("/proc/{pid}/stat").as_str().into()).ok().flatten();
    stat.is_none_or(|stat| {
        stat.rsplit_once(')').is_some_and(|(before, after)| {
            before.ends_with("(studio-activate") && !after.trim_start().starts_with(['Z', 'X'])
        })
    })
}

fn conclude(cx: &Context, record: &Record, exit: Exit, log: &Log) -> Result<Exit> {
    let quiet = cx.ui.verbosity() == Verbosity::Quiet;
    if quiet && !matches!(exit, Exit::Done | Exit::RebootNeeded) {
        return Err(Error::new(format!("{} could not be switched", record.call.target))
            .because(log.tail())
            .hint(format!("the whole log is in `{}`", log.path))
            .exit(exit));
    }
    cx.ui.detail(format!("the log is in `{}`", log.path));
    Ok(exit)
}

fn left_alone(record: &Record, log: &Log) -> Error {
    Error::new(format!("the switch of {} was interrupted", record.call.target))
        .because(format!("nobody works on it any more; it ended {}", record.phase.interrupted()))
        .hint("the next switching command finishes it or puts back what ran before")
        .hint("to go back now: `git flake-rollback`")
        .hint(format!("the whole log is in `{}`", log.path))
}

/// Asks whether the new one is good, in a thread of its own: the engine does not wait for ever.
fn ask(cx: &Context, record: &Record) {
    if !cx.ui.interactive() {
        return;
    }
    let left =
        record.deadline.unwrap_or_default().saturating_sub(clock::milliseconds_since_start());
    let question = format!("keep it? It is put back in {} s", left.div_ceil(1000));
    let answer = record.call.answer.clone();
    let ui = cx.ui.clone();
    std::thread::spawn(move || {
        let said = ui.confirm(&question, false);
        let word = if said == Some(true) { Answer::Yes } else { Answer::No };
        if let Err(error) = write(&answer, word) {
            ui.error(&error);
        }
    });
}

/// How many bytes the log of an attempt has.
pub(super) fn length(records: &Records, id: &Id) -> u64 {
    records.log(id).metadata().map_or(0, |meta| meta.len())
}

/// What the user says to the engine's question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Keep it.
    Yes,
    /// Put back what ran before.
    No,
}

/// Where an answer lies.
fn place(answer: &Utf8Path, word: Answer) -> Utf8PathBuf {
    format!("{answer}.{}", if word == Answer::Yes { "yes" } else { "no" }).into()
}

/// Gives the engine its answer.
pub(super) fn write(answer: &Utf8Path, word: Answer) -> Result<()> {
    fs::write_atomic(&place(answer, word), b"")
}

/// Removes answers, so that none is there before it was asked for.
pub(super) fn forget(answer: &Utf8Path) -> Result<()> {
    fs::remove_file(&place(answer, Answer::Yes))?;
    fs::remove_file(&place(answer, Answer::No))
}

/// A log that grows while it is shown.
struct Log {
    path: Utf8PathBuf,
    file: Option<File>,
    /// What was read and is no whole line yet.
    pending: Vec<u8>,
}

impl Log {
    fn at(path: Utf8PathBuf) -> Log {
        Log { path, file: None, pending: vec![] }
    }

    /// Leaves out what was there before.
    fn skip(&mut self, bytes: u64) {
        self.file = fs::open(&self.path).ok();
        if let Some(file) = &mut self.file {
            let _ = file.seek(std::io::SeekFrom::Start(bytes));
        }
    }

    /// Shows the lines that came since.
    fn show(&mut self, cx: &Context) {
        if self.file.is_none() {
            self.file = fs::open(&self.path).ok();
        }
        if let Some(file) = &mut self.file {
            // What cannot be read now is perhaps read the next time; the record says how it ended.
            let _ = file.read_to_end(&mut self.pending);
        }
        while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            cx.ui.relay(&String::from_utf8_lossy(&line));
        }
    }

    /// Shows the last line too, if its end never came.
    fn show_rest(&mut self, cx: &Context) {
        self.show(cx);
        cx.ui.relay(&String::from_utf8_lossy(&std::mem::take(&mut self.pending)));
    }

    /// Its last lines.
    fn tail(&self) -> String {
        let text = fs::read_optional(&self.path).ok().flatten().unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}
