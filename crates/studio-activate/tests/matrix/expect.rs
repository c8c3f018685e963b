//! How each cell must end: the phase of the record, the exit status, and a word that must have been said.

use crate::cell::{Answer, BOOT, Cell, Fault, PROFILES, Phase, RECORDS, Verb};
use crate::scene::{Others, Scene};

/// The end of a record: its phase and its exit status.
pub type End = (&'static str, i64);

pub const COMMITTED: End = ("committed", 0);
pub const AFTER_REBOOT: End = ("committed", 12);
pub const TESTED: End = ("tested", 0);
pub const REFUSED: End = ("refused", 1);
pub const REVERTED: End = ("reverted", 11);
pub const NOT_CONFIRMED: End = ("reverted", 13);
pub const SUPERSEDED: End = ("superseded", 14);

pub struct Expected {
    /// One of these. None at all: there is no record, because the order was refused with exit status 1.
    pub ends: Vec<End>,
    /// Is in what was said.
    pub says: &'static str,
}

/// What is written about an attempt that was interrupted in this phase.
fn interrupted(phase: Phase) -> &'static str {
    match phase {
        Phase::Prepared => "was interrupted before it changed anything",
        Phase::Testing | Phase::Activated => {
            "was interrupted while the new one was being activated"
        }
        Phase::Proving => "was interrupted while the new one was being proved",
        Phase::Awaiting => "was interrupted before it was confirmed",
        phase if phase.committing() => "was interrupted while it set what starts at boot",
        phase if phase.back() => "was interrupted while the old one was being put back",
        _ => "",
    }
}

/// The end of an attempt that nobody disturbs in this phase.
fn undisturbed(cell: Cell) -> End {
    match cell.verb {
        _ if cell.phase.back() => REVERTED,
        Verb::Test => TESTED,
        Verb::Boot => AFTER_REBOOT,
        Verb::Switch | Verb::Rollback => COMMITTED,
    }
}

/// The end of one that was interrupted in this phase; the rules stand in `recovery`.
fn by_rule(cell: Cell, restarted: bool) -> End {
    match cell.phase {
        Phase::Prepared => REFUSED,
        Phase::Awaiting if !restarted => NOT_CONFIRMED,
        Phase::Testing | Phase::Activated | Phase::Proving | Phase::Awaiting => REVERTED,
        // Whatever was left to be done by a restart was done by this one.
        phase if phase.committing() && restarted => COMMITTED,
        _ => undisturbed(cell),
    }
}

impl Expected {
    pub fn of(scene: &Scene) -> Expected {
        let cell = scene.cell;
        let one = |end: End, says| Expected { ends: vec![end], says };
        match cell.fault {
            Fault::KillClient | Fault::KillGuard | Fault::CollectGarbage => {
                one(undisturbed(cell), "")
            }
            Fault::SecondOrder => one(undisturbed(cell), "is at work"),
            Fault::KillEngine
            | Fault::KillClientAndEngine
            | Fault::KillBothThenOrder
            | Fault::KillBothThenRecover
            | Fault::KillAll
            | Fault::ClockBack => one(by_rule(cell, false), interrupted(cell.phase)),
            Fault::OtherMachine => one(by_rule(cell, false), "was made on another machine"),
            Fault::Damaged("newer") => one(by_rule(cell, false), "has format 99"),
            Fault::Damaged(_) => one(by_rule(cell, false), "cannot be understood"),
            Fault::PowerLoss | Fault::PowerLossAfterTest | Fault::PowerLossTwice => {
                one(by_rule(cell, true), interrupted(cell.phase))
            }
            Fault::KillAllAndOthersSwitch if cell.phase == Phase::Prepared => {
                one(REFUSED, interrupted(cell.phase))
            }
            Fault::KillAllAndOthersSwitch => one(SUPERSEDED, "somebody else switched"),
            Fault::OthersTest | Fault::OthersSwitch => Expected::with_others(scene),
            Fault::Exit(how) => Expected::of_activation(cell.verb, how),
            Fault::NoEntry => one(REVERTED, "installing the boot entry failed with exit status 1"),
            Fault::Health(how) => Expected::of_health(cell.verb, how),
            Fault::Answer(answer) => Expected::of_answer(cell, answer),
            Fault::LinkDeleted(Answer::No) => one(NOT_CONFIRMED, "you said no"),
            // What was wanted is gone; for a switch it was what ran before, and the new one is good.
            Fault::LinkDeleted(_) if cell.verb == Verb::Rollback => {
                one(REVERTED, "could not be set")
            }
            Fault::LinkDeleted(_) => one(COMMITTED, "confirmed"),
            Fault::Full(folder) | Fault::ReadOnly(folder) => Expected::of_disk(cell, folder),
            Fault::Collected if cell.phase == Phase::BeforeOrder => {
                Expected { ends: vec![], says: "does not exist" }
            }
            Fault::Collected => one(REFUSED, "is not valid in the store"),
        }
    }

    /// Where others have no lock to respect, the later one wins, and nothing of theirs is taken back.
    fn with_others(scene: &Scene) -> Expected {
        let cell = scene.cell;
        let undisturbed = undisturbed(cell);
        let ends = match (scene.others, cell.phase) {
            (Others::Nothing, _) => return Expected { ends: vec![undisturbed], says: "" },
            // They came before anything of ours: ours comes after, or does not come at all.
            (_, Phase::Prepared | Phase::Testing) => vec![undisturbed, SUPERSEDED],
            // Two that set the profile at once come one after the other.
            (_, Phase::BeforeProfile | Phase::BackBeforeProfile) => vec![undisturbed, SUPERSEDED],
            // What runs is not looked at any more.
            (Others::Activated, phase) if phase.committing() => vec![undisturbed, SUPERSEDED],
            // It never activates, so what runs is none of its business.
            (Others::Activated, phase) if cell.verb == Verb::Boot && phase.back() => {
                vec![undisturbed]
            }
            // What is activated back in the same moment is what runs in the end.
            (Others::Switched, Phase::BackActivating) => vec![undisturbed, SUPERSEDED],
            _ => vec![SUPERSEDED],
        };
        let says = if ends == [SUPERSEDED] { "somebody else switched" } else { "" };
        Expected { ends, says }
    }

    fn of_activation(verb: Verb, how: &str) -> Expected {
        let test = verb == Verb::Test;
        let (end, says) = match how {
            "1" => (REVERTED, "activation failed with exit status 1"),
            "2" => (REVERTED, "activation failed with exit status 2"),
            "101" => (REVERTED, "activation failed with exit status 101"),
            "hang" => (REVERTED, "did not end within 1 s and was killed"),
            "100" if test => (REFUSED, "without a reboot"),
            "100" => (AFTER_REBOOT, "reboot to finish"),
            "4 old" if test => (TESTED, ""),
            "4 old" => (COMMITTED, ""),
            "4 new" | "4 accepted" if test => (("tested", 10), "web.service"),
            "4 accepted" => (("committed", 10), "web.service"),
            _ => (REVERTED, "web.service"),
        };
        Expected { ends: vec![end], says }
    }

    fn of_health(verb: Verb, how: &str) -> Expected {
        let says = match how {
            "fails" => "health check `web`: failed with exit status 3",
            "hangs" => "health check `web`: did not end within 1 s",
            "does not exist" => "was not found",
            _ => "",
        };
        let end = match (says, verb) {
            ("", Verb::Test) => TESTED,
            ("", _) => COMMITTED,
            // It stays, so that it can be looked at.
            (_, Verb::Test) => ("tested", 10),
            _ => REVERTED,
        };
        Expected { ends: vec![end], says }
    }

    fn of_answer(cell: Cell, answer: Answer) -> Expected {
        let (end, says) = match answer {
            Answer::Yes | Answer::YesAfterKill | Answer::YesAfterKillOfBoth => {
                (undisturbed(cell), "confirmed")
            }
            Answer::No => (NOT_CONFIRMED, "you said no"),
            Answer::Nothing | Answer::Late => (NOT_CONFIRMED, "it was not confirmed in time"),
            Answer::YesThenPowerLoss => (REVERTED, "the machine was started again"),
        };
        Expected { ends: vec![end], says }
    }

    fn of_disk(cell: Cell, folder: &str) -> Expected {
        if cell.phase == Phase::BeforeOrder && folder == RECORDS {
            return Expected { ends: vec![], says: "cannot write" };
        }
        let undisturbed = undisturbed(cell);
        let mut ends = vec![REVERTED];
        match folder {
            // What cannot be written down is not done; when the end alone cannot be, it follows by rule.
            RECORDS if cell.phase == Phase::Prepared => ends = vec![REFUSED],
            RECORDS => ends.extend([undisturbed, NOT_CONFIRMED]),
            // It is set already.
            PROFILES if cell.phase.committing() => ends.push(undisturbed),
            BOOT => ends.push(undisturbed),
            _ => {}
        }
        // A log on a full disk cannot say so; where what was needed is written already, there is nothing to say.
        let says = match (cell.fault, folder) {
            _ if folder == RECORDS || ends.contains(&undisturbed) => "",
            (Fault::ReadOnly(_), _) => "Read-only file system",
            _ => "No space left on device",
        };
        Expected { ends, says }
    }
}
