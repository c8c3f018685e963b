//! Whether a system is activated now or only set for the next start.
//!
//! Not here: what differs ([`Changes`]).

use crate::switch::{Changes, NewKernel};
use crate::transaction::Verb;
use crate::ui;

/// The way that a switch takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Course {
    /// All of it is activated now.
    Now,
    /// It is activated now but for these parts, which follow at the next start.
    NowBut(String),
    /// It is set for the next start because these take one.
    AtBoot {
        /// What takes it, as a sentence.
        why: String,
        /// Whether the user can have it activated all the same, and by what.
        otherwise: Option<&'static str>,
    },
}

/// The way of `verb`. What cannot change while the system runs leaves no choice; a new kernel does.
pub fn course(changes: &Changes, verb: Verb, new_kernel: NewKernel) -> Course {
    let inhibitors = ui::names(&changes.inhibitors, 5);
    let parts = ui::names(&changes.at_reboot, 5);
    match (verb, new_kernel) {
        (Verb::Boot, _) => Course::Now,
        _ if !changes.inhibitors.is_empty() => Course::AtBoot {
            why: format!("{inhibitors} cannot change while it runs"),
            otherwise: None,
        },
        _ if changes.at_reboot.is_empty() => Course::Now,
        (Verb::Test, _) | (_, NewKernel::Later) => Course::NowBut(parts),
        (_, NewKernel::TakesReboot) => Course::AtBoot {
            why: format!("the new {parts} cannot be used before that"),
            otherwise: Some("to activate now what can be: `--live`"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_kernel_waits_unless_told_otherwise_and_inhibitors_always_do() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let kernel = Changes { at_reboot: names(&["kernel", "initrd"]), ..Changes::default() };
        let bus = Changes { inhibitors: names(&["dbus"]), ..kernel.clone() };
        let at_boot = |course: &Course| matches!(course, Course::AtBoot { .. });
        use NewKernel::{Later, TakesReboot};
        assert_eq!(course(&Changes::default(), Verb::Switch, TakesReboot), Course::Now);
        assert!(at_boot(&course(&kernel, Verb::Switch, TakesReboot)));
        let but = Course::NowBut("`kernel` and `initrd`".to_owned());
        assert_eq!(course(&kernel, Verb::Switch, Later), but);
        assert_eq!(course(&kernel, Verb::Test, TakesReboot), but);
        for (verb, new_kernel) in
            [(Verb::Switch, TakesReboot), (Verb::Switch, Later), (Verb::Test, TakesReboot)]
        {
            assert!(at_boot(&course(&bus, verb, new_kernel)));
        }
        assert_eq!(course(&bus, Verb::Boot, TakesReboot), Course::Now);
    }
}
