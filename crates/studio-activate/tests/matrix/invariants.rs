//! What holds in every cell once all is over: one function, and nothing is excused from it.

use crate::cell::{Cell, Fault, Phase, Verb};
use crate::expect::Expected;
use crate::scene::{Others, Scene};

/// How a cell ended, for the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub word: &'static str,
    pub exit: i64,
}

/// Looks at everything; gives how it ended, or all that is wrong.
pub fn check(scene: &Scene) -> Result<Outcome, Vec<String>> {
    let mut faults = vec![];
    let record = scene.machine.record(&scene.id);
    let text = |name: &str| {
        record.as_ref().and_then(|record| record[name].as_str()).unwrap_or("none").to_owned()
    };
    let phase = text("phase");
    let exit = record.as_ref().and_then(|record| record["exit"].as_i64());

    let expected = Expected::of(scene);
    let as_expected = match exit {
        Some(exit) => expected.ends.contains(&(phase.as_str(), exit)),
        None => record.is_none() && expected.ends.is_empty(),
    };
    if !as_expected {
        faults.push(format!(
            "it ended as {phase} with {exit:?}, and not as one of {:?}",
            expected.ends
        ));
    }
    if !scene.story().contains(expected.says) {
        faults.push(format!("nobody said `{}`", expected.says));
    }
    faults.extend(of_every_machine(scene));
    faults.extend(boot_default(scene, &phase));
    faults.extend(what_runs(scene, &phase, exit));
    if !faults.is_empty() {
        return Err(faults);
    }
    let word = match phase.as_str() {
        "committed" => "committed",
        "tested" => "tested",
        "reverted" => "put back",
        "refused" | "none" => "refused",
        "superseded" => "left to others",
        _ => "way back failed",
    };
    Ok(Outcome { word, exit: exit.unwrap_or(1) })
}

/// What holds on a machine whatever was done to it.
fn of_every_machine(scene: &Scene) -> Vec<String> {
    let mut faults = crate::whole::faults(&scene.machine);
    let generations = scene.machine.generations();
    for (link, system) in [("system-1-link", "zero"), ("system-2-link", "one")] {
        let there =
            generations.iter().any(|(name, at)| name == link && at.as_deref() == Some(system));
        if !there && !scene.deleted.iter().any(|deleted| deleted == link) {
            faults.push(format!("{link} is lost: {generations:?}"));
        }
    }
    if scene.others == Others::Switched
        && !generations.iter().any(|(_, at)| at.as_deref() == Some("three"))
    {
        faults.push("the generation of others is lost".to_owned());
    }
    faults
}

/// What starts at boot is what the record says that it is.
fn boot_default(scene: &Scene, phase: &str) -> Option<String> {
    let new = scene.cell.verb.new_system();
    let mut good = match phase {
        "committed" => vec![new],
        "superseded" => vec![if scene.others == Others::Switched { "three" } else { "one" }],
        // It was said that one must look at it.
        "revert-failed" => vec!["one", new],
        _ if scene.others == Others::Switched => vec!["three"],
        _ => vec!["one"],
    };
    if at_once(scene) {
        // Either of the two came later, and no more than that can be asked for.
        good = if scene.cell.phase.back() { vec!["one", "three"] } else { vec![new, "three"] };
    }
    if phase == "superseded" && scene.cell.phase.committing() && scene.others == Others::Activated {
        good.push(new);
    }
    let at = scene.machine.name_of("nix/var/nix/profiles/system");
    let found = at.as_deref().unwrap_or("nothing");
    (!good.contains(&found)).then(|| format!("`{found}` starts at boot, and not {good:?}"))
}

/// Others set the profile without a lock while we do.
fn at_once(scene: &Scene) -> bool {
    scene.cell.fault == Fault::OthersSwitch
        && matches!(scene.cell.phase, Phase::BeforeProfile | Phase::BackBeforeProfile)
}

/// What runs is what the record says, where it says anything about it.
fn what_runs(scene: &Scene, phase: &str, exit: Option<i64>) -> Option<String> {
    let Cell { phase: at, verb, .. } = scene.cell;
    let new = verb.new_system();
    let runs = scene.machine.name_of("run/current-system").unwrap_or("nothing".into());
    let good = match (phase, &scene.booted) {
        _ if scene.next => vec!["three"],
        // A start does not activate a second time, but may have started what is then put back.
        (_, Some(booted)) if at.back() => vec![booted.as_str(), "one"],
        (_, Some(booted)) => vec![booted.as_str()],
        _ if scene.others != Others::Nothing => match at {
            // Theirs came before ours; or both in the same moment.
            Phase::Prepared | Phase::Testing => vec!["three", new],
            Phase::BackActivating => vec!["three", "one"],
            _ => vec!["three"],
        },
        ("committed", _) if verb == Verb::Boot || exit == Some(12) => vec!["one"],
        // The engine put it back and could not write that down; afterwards the new one was made what starts at boot.
        ("committed", _) if matches!(scene.cell.fault, Fault::Full(_) | Fault::ReadOnly(_)) => {
            vec![new, "one"]
        }
        ("committed" | "tested", _) => vec![new],
        ("revert-failed", _) => vec!["one", new],
        _ => vec!["one"],
    };
    (!good.contains(&runs.as_str())).then(|| format!("`{runs}` runs, and not {good:?}"))
}
