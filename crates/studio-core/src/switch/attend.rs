//! Coming back to an attempt that an engine carries out: watching it, confirming it, refusing it.
//!
//! No flake is needed and nothing is evaluated. Not here: how an attempt is watched (`watch`).

use super::elevation::engine;
use super::watch::{self, Answer, Asking, Begin};
use super::{Site, is_worked_on};
use crate::context::Context;
use crate::error::{Error, Exit, Result};
use crate::process::Failure;
use crate::transaction::{Phase, Record, Records};

/// Watches the attempt that is under way, or shows how the last one ended.
pub fn attach(cx: &Context, site: &Site) -> Result<Exit> {
    let records = Records::at(&site.place.records);
    let all = records.of(&site.place.profile)?;
    let open = all.iter().rev().find(|record| !record.phase.ended());
    let Some(record) = open.or(all.last()) else {
        return Err(Error::new(format!("{} was never switched", site.target))
            .hint("to switch it: `git flake-switch`"));
    };
    if open.is_none() {
        cx.ui.step(format!("the last `{}` has ended:", record.call.verb.command()));
    }
    watch::watch(cx, &records, &record.call.id, Begin::Start, Asking::OnTerminal)
}

/// Says that the system that waits for it is good.
pub fn confirm(cx: &Context, site: &Site) -> Result<Exit> {
    match waiting(site)? {
        Some(record) => answer(cx, site, &record, Answer::Yes),
        None => nothing_waits(site),
    }
}

/// Says no to the system that waits for a confirmation; `None` if none does.
pub(super) fn refuse(cx: &Context, site: &Site) -> Result<Option<Exit>> {
    match waiting(site)? {
        Some(record) => answer(cx, site, &record, Answer::No).map(Some),
        None => Ok(None),
    }
}

fn waiting(site: &Site) -> Result<Option<Record>> {
    let all = Records::at(&site.place.records).of(&site.place.profile)?;
    Ok(all.into_iter().rev().find(|record| record.phase == Phase::AwaitingConfirmation))
}

fn answer(cx: &Context, site: &Site, record: &Record, answer: Answer) -> Result<Exit> {
    let records = Records::at(&site.place.records);
    let said = watch::length(&records, &record.call.id);
    watch::write(&record.call.answer, answer).map_err(|error| {
        error.hint("it is for the user who gave the order to answer, or for root")
    })?;
    if !is_worked_on(record) {
        // Its engine and its guard are dead. What they would have done, recovery does.
        let args = if site.target.kind.privileged() {
            vec!["recover".to_owned(), format!("--root={}", site.place.root)]
        } else {
            vec!["recover".to_owned(), format!("--records={}", site.place.records)]
        };
        let program = site.elevation.program(&engine(&cx.env)?, &args);
        match program.watch(&cx.ui, None) {
            // How it ended is in the record.
            Ok(_) | Err(Failure::Status { code: Some(_), .. }) => {}
            Err(failure) => return Err(failure.into()),
        }
    }
    watch::watch(cx, &records, &record.call.id, Begin::After(said), Asking::No)
}

/// Nothing waits: perhaps it is too late, and then the exit status says so.
fn nothing_waits(site: &Site) -> Result<Exit> {
    let all = Records::at(&site.place.records).of(&site.place.profile)?;
    let error = Error::new(format!("{} does not wait for a confirmation", site.target));
    let Some(last) = all.last() else {
        return Err(error.because("it was never switched"));
    };
    let command = last.call.verb.command();
    Err(match last.phase {
        phase if !phase.ended() => error
            .because(format!("a `{command}` is at work"))
            .hint(format!("to watch it: `{}`", last.call.typed("git flake-switch --attach"))),
        _ if last.exit == Some(Exit::NotConfirmed as u8) => error
            .because(format!("the last `{command}` was not confirmed in time and put back"))
            .hint("to try again: `git flake-switch`")
            .exit(Exit::NotConfirmed),
        phase => error.because(format!("the last `{command}` ended as {}", phase.word())),
    })
}
