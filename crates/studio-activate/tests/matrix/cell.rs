//! The cells: where an attempt is, what goes wrong there, and what was asked for; and the list of all of them.
//!
//! Not here: what is done in a cell (`run`), and what must have come of it (`expect`).

use std::fmt;

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verb {
    Switch,
    Test,
    Rollback,
    Boot,
}

impl Verb {
    pub const ALL: [Verb; 4] = [Verb::Switch, Verb::Test, Verb::Rollback, Verb::Boot];

    /// The word for it on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Verb::Switch => "switch",
            Verb::Test => "test",
            Verb::Rollback => "rollback",
            Verb::Boot => "boot",
        }
    }

    /// The system that is to be put in place.
    pub fn new_system(self) -> &'static str {
        if self == Verb::Rollback { "zero" } else { "two" }
    }
}

/// Where an attempt is when something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    BeforeOrder,
    Prepared,
    Testing,
    Activated,
    Proving,
    Awaiting,
    BeforeProfile,
    AfterProfile,
    BeforeEntry,
    AfterEntry,
    Ended,
    BackActivating,
    BackBeforeProfile,
    BackAfterProfile,
    BackBeforeEntry,
}

use Phase::{
    Activated, AfterEntry, AfterProfile, Awaiting, BackActivating, BackAfterProfile,
    BackBeforeEntry, BackBeforeProfile, BeforeEntry, BeforeOrder, BeforeProfile, Ended, Prepared,
    Proving, Testing,
};

impl Phase {
    /// Those in which the engine is at work and can be made to stand still.
    const AT_WORK: [Phase; 13] = [
        Prepared,
        Testing,
        Activated,
        Proving,
        Awaiting,
        BeforeProfile,
        AfterProfile,
        BeforeEntry,
        AfterEntry,
        BackActivating,
        BackBeforeProfile,
        BackAfterProfile,
        BackBeforeEntry,
    ];

    /// Those that an attempt comes through.
    fn of(verb: Verb) -> impl Iterator<Item = Phase> {
        Phase::AT_WORK.into_iter().filter(move |phase| match verb {
            Verb::Switch | Verb::Rollback => true,
            Verb::Test => *phase <= Awaiting || *phase == BackActivating,
            Verb::Boot => *phase == Prepared || phase.permanent(),
        })
    }

    /// Whether what starts at boot is being changed, or changed back.
    pub fn permanent(self) -> bool {
        self.committing() || (self.back() && self != BackActivating)
    }

    pub fn committing(self) -> bool {
        matches!(self, BeforeProfile | AfterProfile | BeforeEntry | AfterEntry)
    }

    /// Whether it is on its way back.
    pub fn back(self) -> bool {
        self >= BackActivating
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            BeforeOrder => "before the order",
            Prepared => "prepared",
            Testing => "testing: before it runs",
            Activated => "testing: it runs",
            Proving => "proving",
            Awaiting => "awaiting confirmation",
            BeforeProfile => "committing: before the profile",
            AfterProfile => "committing: after the profile",
            BeforeEntry => "committing: before the boot entry",
            AfterEntry => "committing: after the boot entry",
            Ended => "just ended",
            BackActivating => "reverting: the old one is activated",
            BackBeforeProfile => "reverting: before the profile",
            BackAfterProfile => "reverting: after the profile",
            BackBeforeEntry => "reverting: before the boot entry",
        })
    }
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of the client alone.
    KillClient,
    /// `kill -9` of the client and the engine; the guard takes over.
    KillClientAndEngine,
    /// `kill -9` of the engine; its guard takes over.
    KillEngine,
    /// `kill -9` of the guard.
    KillGuard,
    /// `kill -9` of both; the next order comes.
    KillBothThenOrder,
    /// `kill -9` of both; somebody asks for recovery.
    KillBothThenRecover,
    /// `kill -9` of client, engine, guard and all that they started; somebody asks for recovery.
    KillAll,
    /// The same, and a full switch by other tools before recovery.
    KillAllAndOthersSwitch,
    /// Everything ends, what is volatile is gone, the machine starts again.
    PowerLoss,
    /// The same, where what ran before was only being tried.
    PowerLossAfterTest,
    /// Power is lost, and once more while recovery is at work.
    PowerLossTwice,
    /// A second order.
    SecondOrder,
    /// Other tools activate another system, as they should: with the lock of `switch-to-configuration`.
    OthersTest,
    /// Other tools switch to another system with no regard for anybody.
    OthersSwitch,
    /// An activation that ends so.
    Exit(&'static str),
    /// The boot entry cannot be installed.
    NoEntry,
    /// A health check that does so.
    Health(&'static str),
    /// The user's answer.
    Answer(Answer),
    /// A full disk under a folder.
    Full(&'static str),
    /// A read-only disk under a folder.
    ReadOnly(&'static str),
    /// The garbage collector takes the new system.
    Collected,
    /// The garbage collector takes what it can.
    CollectGarbage,
    /// Somebody deletes the generation that is current, or wanted; the user's answer comes after.
    LinkDeleted(Answer),
    /// Both are killed and the next order comes from a clock that was set back by a year.
    ClockBack,
    /// All are killed, and the disk is found in another machine.
    OtherMachine,
    /// All are killed, and there is a record that cannot be understood, or one of a later version.
    Damaged(&'static str),
}

/// What the user says when they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Yes,
    No,
    Nothing,
    Late,
    YesAfterKill,
    YesAfterKillOfBoth,
    YesThenPowerLoss,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Answer::{Late, No, Nothing, Yes, YesAfterKill, YesAfterKillOfBoth, YesThenPowerLoss};
        f.write_str(match self {
            Fault::KillClient => "client killed",
            Fault::KillClientAndEngine => "client and engine killed",
            Fault::KillEngine => "engine killed",
            Fault::KillGuard => "guard killed",
            Fault::KillBothThenOrder => "engine and guard killed, then an order",
            Fault::KillBothThenRecover => "engine and guard killed, then `recover`",
            Fault::KillAll => "client, engine, guard and children killed",
            Fault::KillAllAndOthersSwitch => "all killed, then other tools switch",
            Fault::PowerLoss => "power lost",
            Fault::PowerLossAfterTest => "another one was tried before, power lost",
            Fault::PowerLossTwice => "power lost, and again in recovery",
            Fault::SecondOrder => "a second order",
            Fault::OthersTest => "other tools activate",
            Fault::OthersSwitch => "other tools switch, without a lock",
            Fault::Exit("4 old") => "activation: 4, failed before",
            Fault::Exit("4 new") => "activation: 4, newly failed",
            Fault::Exit("4 accepted") => "activation: 4, accepted",
            Fault::Exit("hang") => "activation hangs",
            Fault::Exit(code) => return write!(f, "activation: {code}"),
            Fault::NoEntry => "the boot entry fails",
            Fault::Health(how) => return write!(f, "health check {how}"),
            Fault::Answer(Yes) => "answer: yes",
            Fault::Answer(No) => "answer: no",
            Fault::Answer(Nothing) => "no answer",
            Fault::Answer(Late) => "answer: yes, too late",
            Fault::Answer(YesAfterKill) => "engine killed, then yes",
            Fault::Answer(YesAfterKillOfBoth) => "engine and guard killed, then yes",
            Fault::Answer(YesThenPowerLoss) => "yes after everything was killed, then power lost",
            Fault::Full(folder) => return write!(f, "disk full: {}", short(folder)),
            Fault::ReadOnly(folder) => return write!(f, "disk read-only: {}", short(folder)),
            Fault::Collected => "the new system is collected",
            Fault::CollectGarbage => "nix-collect-garbage",
            Fault::LinkDeleted(answer) => {
                return write!(f, "a generation is deleted, then {answer:?}");
            }
            Fault::ClockBack => "engine and guard killed, the clock goes back a year",
            Fault::OtherMachine => "the disk moves to another machine",
            Fault::Damaged(how) => return write!(f, "another record is {how}"),
        })
    }
}

fn short(folder: &str) -> &str {
    match folder {
        RECORDS => "records",
        PROFILES => "profiles",
        other => other,
    }
}

pub const RECORDS: &str = "var/lib/studio/transactions";
pub const PROFILES: &str = "nix/var/nix/profiles";
pub const BOOT: &str = "boot";

/// One place of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    pub phase: Phase,
    pub fault: Fault,
    pub verb: Verb,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {} / {}", self.phase, self.fault, self.verb.word())
    }
}

/// All cells.
pub fn all() -> Vec<Cell> {
    let mut cells = vec![];
    let mut add = |phase, fault, verbs: &[Verb]| {
        cells.extend(verbs.iter().map(|verb| Cell { phase, fault, verb: *verb }));
    };
    let activating = [Verb::Switch, Verb::Test, Verb::Rollback];
    for verb in Verb::ALL {
        for phase in Phase::of(verb) {
            use Fault::{
                KillAll, KillAllAndOthersSwitch, KillBothThenOrder, KillBothThenRecover,
                KillEngine, KillGuard, OthersSwitch, OthersTest, PowerLoss, PowerLossTwice,
                SecondOrder,
            };
            for fault in [
                KillEngine,
                KillGuard,
                KillBothThenOrder,
                KillBothThenRecover,
                KillAll,
                KillAllAndOthersSwitch,
                PowerLoss,
                SecondOrder,
                OthersTest,
                OthersSwitch,
            ] {
                add(phase, fault, &[verb]);
            }
            if phase.permanent() {
                add(phase, PowerLossTwice, &[verb]);
            }
            if verb == Verb::Switch {
                add(phase, Fault::PowerLossAfterTest, &[verb]);
            }
        }
        for fault in [
            Fault::KillEngine,
            Fault::KillBothThenOrder,
            Fault::KillBothThenRecover,
            Fault::KillAll,
            Fault::PowerLoss,
        ] {
            add(Ended, fault, &[verb]);
        }
    }
    for fault in [Fault::KillClient, Fault::KillClientAndEngine] {
        for phase in Phase::of(Verb::Rollback) {
            let asks = matches!(phase, Proving | Awaiting);
            add(phase, fault, &[if asks { Verb::Switch } else { Verb::Rollback }]);
        }
    }
    for code in ["1", "2", "4 old", "4 new", "4 accepted", "100", "101", "hang"] {
        add(Testing, Fault::Exit(code), &activating);
    }
    add(BeforeEntry, Fault::NoEntry, &[Verb::Switch, Verb::Rollback, Verb::Boot]);
    for how in ["fails", "hangs", "does not exist", "fails once"] {
        add(Proving, Fault::Health(how), &activating);
    }
    for answer in [
        Answer::Yes,
        Answer::No,
        Answer::Nothing,
        Answer::Late,
        Answer::YesAfterKill,
        Answer::YesAfterKillOfBoth,
        Answer::YesThenPowerLoss,
    ] {
        add(Awaiting, Fault::Answer(answer), &activating);
    }
    for folder in [RECORDS, PROFILES, BOOT] {
        for verb in [Verb::Switch, Verb::Rollback, Verb::Boot] {
            for phase in std::iter::once(BeforeOrder).chain(Phase::of(verb)) {
                add(phase, Fault::Full(folder), &[verb]);
            }
        }
    }
    for phase in [Prepared, Testing, Activated, Awaiting] {
        add(phase, Fault::Full(RECORDS), &[Verb::Test]);
    }
    for phase in [BeforeOrder, Testing, BeforeProfile, BackBeforeProfile] {
        add(phase, Fault::ReadOnly(PROFILES), &[Verb::Switch]);
    }
    // Later the log is open, and the kernel lets nobody make its disk read-only.
    add(BeforeOrder, Fault::ReadOnly(RECORDS), &[Verb::Switch]);
    for phase in [BeforeOrder, Prepared] {
        add(phase, Fault::Collected, &[Verb::Switch, Verb::Test, Verb::Boot]);
    }
    for phase in [Testing, Awaiting, AfterProfile, BackActivating] {
        add(phase, Fault::CollectGarbage, &[Verb::Switch]);
    }
    for answer in [Answer::Yes, Answer::No] {
        add(Awaiting, Fault::LinkDeleted(answer), &[Verb::Switch, Verb::Rollback]);
    }
    for phase in [Testing, Awaiting, AfterProfile] {
        add(phase, Fault::ClockBack, &[Verb::Switch]);
        add(phase, Fault::OtherMachine, &[Verb::Switch]);
        add(phase, Fault::Damaged("damaged"), &[Verb::Switch]);
        add(phase, Fault::Damaged("newer"), &[Verb::Switch]);
    }
    cells
}

/// Some of them, spread over everything, for every day.
pub fn chosen() -> Vec<Cell> {
    let wanted: [(Phase, Fault, Verb); 25] = [
        (Prepared, Fault::KillAll, Verb::Switch),
        (Testing, Fault::KillEngine, Verb::Switch),
        (Testing, Fault::PowerLoss, Verb::Test),
        (Activated, Fault::KillBothThenOrder, Verb::Switch),
        (Proving, Fault::KillBothThenRecover, Verb::Rollback),
        (Awaiting, Fault::OthersSwitch, Verb::Switch),
        (BeforeProfile, Fault::PowerLoss, Verb::Switch),
        (AfterProfile, Fault::KillEngine, Verb::Boot),
        (AfterProfile, Fault::PowerLossTwice, Verb::Switch),
        (BeforeEntry, Fault::PowerLossAfterTest, Verb::Switch),
        (BeforeEntry, Fault::KillClient, Verb::Rollback),
        (AfterEntry, Fault::KillAll, Verb::Switch),
        (Ended, Fault::KillEngine, Verb::Switch),
        (BackActivating, Fault::KillEngine, Verb::Test),
        (BackAfterProfile, Fault::PowerLoss, Verb::Switch),
        (BackBeforeEntry, Fault::KillAllAndOthersSwitch, Verb::Switch),
        (AfterEntry, Fault::SecondOrder, Verb::Boot),
        (Testing, Fault::Exit("hang"), Verb::Switch),
        (Testing, Fault::Exit("4 new"), Verb::Test),
        (Proving, Fault::Health("hangs"), Verb::Switch),
        (Awaiting, Fault::Answer(Answer::YesAfterKill), Verb::Switch),
        (Awaiting, Fault::Answer(Answer::Late), Verb::Switch),
        (AfterProfile, Fault::Full(RECORDS), Verb::Switch),
        (BeforeEntry, Fault::Full(BOOT), Verb::Switch),
        (Prepared, Fault::Collected, Verb::Switch),
    ];
    let all = all();
    let chosen: Vec<Cell> =
        wanted.into_iter().map(|(phase, fault, verb)| Cell { phase, fault, verb }).collect();
    for cell in &chosen {
        assert!(all.contains(cell), "{cell} is no cell of the matrix");
    }
    chosen
}
