//! Watching an attempt that an engine carries out: its log as it grows, the question that it asks, and how it ends.
//!
//! Nothing depends on who watches: a watcher may be killed, there may be several, and one may come back later. Everything
//! that is read here is readable by all; the answer is a file in the user's own folder. An interrupt ends the watcher alone,
//! and says so. Not here: what the engine does, and how the question looks (`question`).

use super::question::{Question, Said};
use crate::clock;
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::fs::{self, Lock};
use crate::interrupt;
use crate::transaction::{Id, Phase, Record, Records};
use crate::ui::Verbosity;
use camino::{Utf8Path, Utf8PathBuf};
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often is looked at first, and for how long nobody may work on an open record before it counts as left alone: its guard
/// needs a moment to take over.
const PAUSE: Duration = Duration::from_millis(1);
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// After so long nobody waits for a millisecond any more, and looking less often spares the processor.
const SOON: Duration = Duration::from_secs(5);
const LONG_PAUSE: Duration = Duration::from_millis(20);

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
    // The engine leads a session of its own and does not hear of it.
    let interrupted = interrupt::taken()?;
    let began = Instant::now();
    let mut asked = asking == Asking::No;
    let mut question: Option<Question> = None;
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
            if record.phase != Phase::AwaitingConfirmation {
                // Answered, here or elsewhere, or too late.
                question = None;
            }
            log.show(cx, question.as_mut());
            if let Some(exit) = ended(&record) {
                log.show_rest(cx);
                return conclude(cx, &record, exit, &log);
            }
            if record.phase == Phase::AwaitingConfirmation && !asked {
                asked = true;
                question = ask(cx, &record);
            }
            alone = None;
        }
        log.show(cx, question.as_mut());
        if interrupted.load(Ordering::Relaxed) {
            let Some(record) = records.read(id)? else { continue };
            match question.take() {
                Some(mut question) => question.hide(),
                // The terminal has written `^C`, and a line of ours is to begin at its beginning.
                None if cx.ui.interactive() => cx.ui.in_place("\n"),
                None => {}
            }
            return Ok(leave(cx, &record));
        }
        question =
            question.map(|question| answered(cx, records, id, question)).transpose()?.flatten();
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
        std::thread::sleep(if began.elapsed() < SOON { PAUSE } else { LONG_PAUSE });
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
    // The answer has done its work; if it is not ours to remove, it does no harm.
    let _ = forget(&record.call.answer);
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
        .hint(format!("to go back now: `{}`", record.call.typed("git flake-rollback")))
        .hint(format!("the whole log is in `{}`", log.path))
}

/// Leaves an attempt that goes on, and says how to come back to it.
fn leave(cx: &Context, record: &Record) -> Exit {
    let call = &record.call;
    let command = call.verb.command();
    if record.phase == Phase::AwaitingConfirmation {
        cx.ui.warn(format!(
            "`{command}` waits without you: it is put back in {} s unless it is confirmed",
            seconds_left(record)
        ));
        cx.ui.hint(format!("to confirm it: `{}`", call.typed("git flake-switch --confirm")));
        cx.ui.hint(format!("to put it back now: `{}`", call.typed("git flake-rollback")));
    } else {
        cx.ui.warn(format!("`{command}` goes on without you: nothing is stopped half-way"));
        cx.ui.hint(format!("to watch it: `{}`", call.typed("git flake-switch --attach")));
        let back = call.typed("git flake-rollback");
        cx.ui.hint(format!("to go back once it has ended: `{back}`"));
    }
    Exit::Interrupted
}

fn seconds_left(record: &Record) -> u64 {
    let left = record.deadline.unwrap_or_default();
    left.saturating_sub(clock::milliseconds_since_start()).div_ceil(1000)
}

/// Asks whether the new one is good, if somebody is there to answer.
fn ask(cx: &Context, record: &Record) -> Option<Question> {
    cx.ui.interactive().then(|| Question::ask(cx, record.deadline.unwrap_or_default()))
}

/// Hands the answer on, if there is one; gives the question back while there is none.
fn answered(
    cx: &Context,
    records: &Records,
    id: &Id,
    mut question: Question,
) -> Result<Option<Question>> {
    let Some(said) = question.answer() else { return Ok(Some(question)) };
    let Some(record) = records.read(id)? else { return Ok(None) };
    let word = match said {
        Said::Yes => Answer::Yes,
        Said::No => Answer::No,
        Said::Nothing => {
            // A terminal that is gone is nobody's no: the way back is due when the time is up.
            let left = seconds_left(&record);
            cx.ui.step(format!("no answer: it is put back in {left} s unless it is confirmed"));
            return Ok(None);
        }
    };
    if let Err(error) = write(&record.call.answer, word) {
        cx.ui.error(&error);
    }
    Ok(None)
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

    /// Shows the lines that came since, above a question.
    fn show(&mut self, cx: &Context, question: Option<&mut Question>) {
        if self.file.is_none() {
            self.file = fs::open(&self.path).ok();
        }
        if let Some(file) = &mut self.file {
            // What cannot be read now is perhaps read the next time; the record says how it ended.
            let _ = file.read_to_end(&mut self.pending);
        }
        if let Some(question) = question
            && self.pending.contains(&b'\n')
        {
            question.hide();
        }
        while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            cx.ui.relay(&String::from_utf8_lossy(&line));
        }
    }

    /// Shows the last line too, if its end never came.
    fn show_rest(&mut self, cx: &Context) {
        self.show(cx, None);
        cx.ui.relay(&String::from_utf8_lossy(&std::mem::take(&mut self.pending)));
    }

    /// Its last lines.
    fn tail(&self) -> String {
        let text = fs::read_optional(&self.path).ok().flatten().unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}
