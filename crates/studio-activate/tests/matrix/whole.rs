//! What holds on a machine that nobody works on, whatever was done to it.

use testkit::Machine;

/// All that is wrong with it.
pub fn faults(machine: &Machine) -> Vec<String> {
    let mut faults = vec![];
    let profile = machine.name_of("nix/var/nix/profiles/system");
    match machine.boot_default() {
        None => faults.push("there is no boot default".to_owned()),
        Some(entry) => {
            let link = format!("nix/var/nix/profiles/{entry}");
            let system = machine.name_of(&link);
            if !machine.can_start(&entry) {
                faults.push(format!("the boot default {entry} ({system:?}) cannot be started"));
            }
            if system != profile {
                faults.push(format!("the profile is {profile:?}, the boot entry {system:?}"));
            }
        }
    }
    for record in machine.records() {
        if record["exit"].is_null() {
            faults.push(format!("{} is still {}", record["call"]["id"], record["phase"]));
        }
    }
    for name in machine.beside_the_records() {
        if name.contains(".root") {
            faults.push(format!("{name} was left beside the records"));
        }
    }
    for (_, pid, line) in machine.processes() {
        faults.push(format!("process {pid} is left: {line}"));
    }
    faults
}
