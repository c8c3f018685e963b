//! What keeps an engine: how it is started so that neither its client nor a terminal can take it along, and what acts
//! when it dies before its time.
//!
//! | where | started as | if it dies | if everything of ours dies |
//! |---|---|---|---|
//! | systemd | the transient unit `studio-activate-ID` | `ExecStopPost` of that unit | a timer of systemd |
//! | elsewhere | a session of its own | a guard that waits for its lock | the next command, or the next start |
//!
//! Its output goes into its log and into the journal, never into a pipe or a terminal of the client. Not here: what the
//! engine does.

use crate::attempt::Attempt;
use camino::{Utf8Path, Utf8PathBuf};
use std::process::Child;
use studio_core::process::{Failure, Program};
use studio_core::switch::{Call, Keeper};
use studio_core::transaction::Phase;
use studio_core::{Error, OrSay, Result, fs};

/// How the name of the unit begins that an engine is. The rest is the name of the attempt: systemd keeps a name for as
/// long as anything that was started there lives, and what an activation leaves behind must not bar the next one.
const UNIT: &str = "studio-activate";

/// Where the programs of systemd are: on NixOS, and elsewhere.
const FOLDERS: [&str; 3] = ["/run/current-system/sw/bin", "/usr/bin", "/bin"];

/// How many seconds after a time limit the timer fires: whoever is alive acts before.
const GRACE: u64 = 5;

/// Starts the engine of a recorded order.
pub fn launch(call: &Call) -> Result<()> {
    match call.keeper {
        Keeper::Session => {
            let null = fs::null()?;
            ours(call, "engine")?.detached(&null)?;
            Ok(())
        }
        Keeper::Systemd | Keeper::SystemdUser => {
            let engine = ours(call, "engine")?;
            let recover = quoted(&recover(call)?.words());
            let run = systemd(call, "systemd-run")?
                .args(["--quiet", "--collect", "--no-ask-password", "--service-type=exec"])
                .arg(format!("--unit={UNIT}-{}", call.id))
                .arg(format!("--description={}", call.verb.command()))
                // What it started is not killed with it: an activation that was begun comes to its end.
                .args(["--property=KillMode=process", "--property=TimeoutStopSec=infinity"])
                .arg(format!("--property=ExecStopPost={recover}"))
                .arg("--")
                .args(undollared(&engine));
            run.run().map(|_| ()).map_err(|failure| not_started(failure, call))
        }
    }
}

fn not_started(failure: Failure, call: &Call) -> Error {
    let scope = if call.keeper == Keeper::SystemdUser { " --user" } else { "" };
    let unit = format!("{UNIT}-{}", call.id);
    let taken = failure.output().contains("already");
    let error = Error::new("systemd did not start the engine; nothing was changed")
        .because(failure.output());
    if taken {
        return error
            .hint(format!("look at the unit that is there: `systemctl{scope} status {unit}`"))
            .hint("run the same command once more");
    }
    error.hint(format!("look at what systemd says: `journalctl{scope} -e -u {unit}`"))
}

/// Starts what takes over when the engine dies, where systemd does not.
pub fn guard(call: &Call) -> Result<Option<Child>> {
    match call.keeper {
        Keeper::Session => Ok(Some(ours(call, "guard")?.detached(&fs::null()?)?)),
        Keeper::Systemd | Keeper::SystemdUser => Ok(None),
    }
}

/// Lets systemd put the old one back by itself, should nothing of ours be alive when the time is up.
///
/// It is the last of three safeguards, so that it cannot be armed is said and is no reason to stop.
pub fn arm(attempt: &Attempt<'_>) {
    let call = attempt.call();
    if call.keeper == Keeper::Session {
        return;
    }
    let (what, seconds) = match attempt.record.phase {
        Phase::AwaitingConfirmation => ("confirmation", call.confirm_within.unwrap_or_default()),
        _ => ("activation", call.limit + health_seconds(call)),
    };
    let armed = systemd(call, "systemd-run").and_then(|program| {
        let recover = recover(call)?;
        program
            .args([
                "--quiet",
                "--collect",
                "--no-ask-password",
                "--timer-property=AccuracySec=100ms",
            ])
            .arg(format!("--on-active={}s", seconds + GRACE))
            .arg(format!("--unit={}", timer(call, what)))
            .arg("--")
            .args(undollared(&recover))
            .run()
            .map_err(Error::from)
    });
    if let Err(error) = armed {
        attempt.ui.warn(format!("no timer of systemd guards it: {}", error.message()));
    }
}

/// Takes the timers away.
pub fn disarm(call: &Call) {
    if call.keeper == Keeper::Session {
        return;
    }
    let timers = ["activation", "confirmation"].map(|what| format!("{}.timer", timer(call, what)));
    // One that is not there, or fires now, finds nothing to do.
    let _ = systemd(call, "systemctl")
        .map(|program| program.args(["stop", "--quiet"]).args(timers).run());
}

fn timer(call: &Call, what: &str) -> String {
    format!("studio-recover-{}-{what}", call.id)
}

fn health_seconds(call: &Call) -> u64 {
    call.health
        .iter()
        .map(|check| (check.timeout + check.pause) * (u64::from(check.retries) + 1))
        .sum()
}

/// This program, with the words that make it the engine or the guard of an order.
fn ours(call: &Call, what: &str) -> Result<Program> {
    let records = &call.place.records;
    Ok(Program::new(own_path()?, Utf8Path::new("/"))
        .only_its_environment()
        .arg(what)
        .args([format!("--records={records}"), format!("--id={}", call.id)]))
}

/// This program, with the words that make it resolve what is open.
fn recover(call: &Call) -> Result<Program> {
    let program = Program::new(own_path()?, Utf8Path::new("/")).arg("recover");
    // Another order may have been given by then, which is nobody's to resolve before its own engine has begun.
    let program = program.arg(format!("--id={}", call.id));
    Ok(if call.target.kind.privileged() {
        program.arg(format!("--root={}", call.place.root))
    } else {
        program.arg(format!("--records={}", call.place.records))
    })
}

fn own_path() -> Result<Utf8PathBuf> {
    let path = std::env::current_exe().or_say(|| "the path of this program is not known")?;
    fs::utf8(&path)
}

/// A program of systemd.
fn systemd(call: &Call, name: &str) -> Result<Program> {
    let path =
        FOLDERS.iter().map(|folder| Utf8Path::new(folder).join(name)).find(|path| path.exists());
    let path = path.ok_or_else(|| {
        Error::new(format!("`{name}` was not found, although systemd is to keep the engine"))
            .hint("put it into `/run/current-system/sw/bin` or `/usr/bin`")
    })?;
    let mut program =
        Program::new(path, Utf8Path::new("/")).only_its_environment().env("LC_ALL", "C");
    if call.keeper == Keeper::SystemdUser {
        program = program.arg("--user");
        for (name, value) in &call.variables {
            if matches!(name.as_str(), "XDG_RUNTIME_DIR" | "DBUS_SESSION_BUS_ADDRESS" | "HOME") {
                program = program.env(name, value);
            }
        }
    }
    Ok(program)
}

/// The words of a program for systemd-run, which replaces variables in them (systemd.service(5), "COMMAND LINES").
fn undollared(program: &Program) -> Vec<String> {
    program.words().iter().map(|word| word.replace('$', "$$")).collect()
}

/// Words as systemd reads a command line in a unit (systemd.service(5), "COMMAND LINES").
fn quoted(words: &[String]) -> String {
    let quote = |word: &String| {
        let mut text = String::from("\"");
        for c in word.chars() {
            match c {
                '"' | '\\' => text.extend(['\\', c]),
                // `%` is no specifier in a property that systemd-run sets.
                '$' => text.extend([c, c]),
                c => text.push(c),
            }
        }
        text + "\""
    };
    words.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_can_say_more_to_systemd_than_itself() {
        let words = ["/a b/c", r#"x"y\z"#, "50%", "$HOME"].map(str::to_owned);
        assert_eq!(quoted(&words), r#""/a b/c" "x\"y\\z" "50%" "$$HOME""#);
    }
}
