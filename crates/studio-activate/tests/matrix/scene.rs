//! A machine on which one cell takes place: two generations that were proved good, and an order that comes to a phase.
//!
//! Not here: what goes wrong then (`strike`).

use crate::cell::{Answer, BOOT, Cell, Fault, PROFILES, Phase, RECORDS, Verb};
use std::process::Child;
use std::time::{Duration, Instant};
use testkit::{Machine, Outcome, Role};

/// The machine-id of the machine.
const MACHINE_ID: &str = "00000000000000000000000000000001";

/// What others did meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    Nothing,
    /// `three` was activated.
    Activated,
    /// `three` runs, is the profile and the boot entry.
    Switched,
}

pub struct Scene {
    pub machine: Machine,
    pub cell: Cell,
    systems: [(&'static str, String); 4],
    /// The name of the attempt.
    pub id: String,
    /// All that was said by commands; what engines say is in the logs.
    pub said: String,
    pub others: Others,
    /// The system that was started after a loss of power.
    pub booted: Option<String>,
    /// Whether a next order (`test three`) was given.
    pub next: bool,
    /// Links of generations that others deleted.
    pub deleted: Vec<String>,
    client: Option<Child>,
}

impl Scene {
    /// `zero` is generation 1, `one` is generation 2 and runs; `two` and `three` are built.
    pub fn new(cell: Cell) -> Scene {
        let machine = match cell.fault {
            Fault::Full(_) | Fault::ReadOnly(_) => Machine::with_disks(&[RECORDS, PROFILES, BOOT]),
            _ => Machine::new(),
        };
        machine.sandbox.write("machine/etc/machine-id", MACHINE_ID);
        let systems = ["zero", "one", "two", "three"].map(|name| (name, machine.system(name, &[])));
        for (_, system) in &systems[..2] {
            machine.activate("switch", system).ok();
        }
        if cell.fault == Fault::PowerLossAfterTest {
            machine.activate("test", &systems[3].1).ok();
        }
        Scene {
            machine,
            systems,
            cell,
            id: String::new(),
            said: String::new(),
            others: Others::Nothing,
            booted: None,
            next: false,
            deleted: vec![],
            client: None,
        }
    }

    /// The store path of a system.
    pub fn system(&self, name: &str) -> &str {
        let found = self.systems.iter().find(|(known, _)| *known == name);
        &found.expect("one of the four").1
    }

    /// The point at which the attempt stands still in the phase of this cell.
    pub fn point(&self) -> Option<String> {
        let new = self.cell.verb.new_system();
        Some(match self.cell.phase {
            Phase::BeforeOrder | Phase::Awaiting | Phase::Ended => return None,
            Phase::Prepared => "roots".into(),
            Phase::Testing => format!("test-{new}"),
            Phase::Activated => format!("after-test-{new}"),
            Phase::Proving => "health".into(),
            Phase::BeforeProfile => "before-profile-1".into(),
            Phase::AfterProfile => "after-profile-1".into(),
            Phase::BeforeEntry => format!("boot-{new}"),
            Phase::AfterEntry => format!("after-boot-{new}"),
            Phase::BackActivating if self.cell.fault == Fault::PowerLossAfterTest => {
                "test-three".into()
            }
            Phase::BackActivating => "test-one".into(),
            Phase::BackBeforeProfile => "before-profile-2".into(),
            Phase::BackAfterProfile => "after-profile-2".into(),
            Phase::BackBeforeEntry => "boot-one".into(),
        })
    }

    /// Makes the attempt go the way that leads to the phase.
    fn arrange(&self) {
        let new = self.cell.verb.new_system();
        let write = |file: &str, text: &str| {
            self.machine.sandbox.write(format!("machine/{file}"), text);
        };
        match self.cell.phase {
            Phase::BackActivating => write(&format!("exit-test-{new}"), "2"),
            // The worst case: it fails after the new entry is there.
            phase if phase.back() => write(&format!("exit-boot-{new}"), "late 1"),
            _ => {}
        }
        match self.cell.fault {
            Fault::NoEntry => write(&format!("exit-boot-{new}"), "1"),
            Fault::Exit(how) => {
                let unit = if how == "4 old" { "old.service" } else { "web.service" };
                if how.starts_with('4') {
                    write(&format!("units-of-{new}/{unit}"), "failed");
                }
                if how == "4 old" {
                    write(&format!("run/units/{unit}"), "failed");
                }
                let word = how.split(' ').next().unwrap_or(how);
                write(&format!("exit-test-{new}"), word);
            }
            _ => {}
        }
        let health = match self.cell.fault {
            Fault::Health("fails") => "exit 3",
            Fault::Health("hangs") => "while :; do sleep 0.05; done",
            Fault::Health("fails once") => {
                "[ -e \"$STUDIO_ROOT/run/asked\" ] || { touch \"$STUDIO_ROOT/run/asked\"; exit 3; }"
            }
            _ => {
                "touch \"$STUDIO_ROOT/run/reached-health\"; while [ -e \"$STUDIO_ROOT/stop-in-health\" ]; do sleep 0.02; done"
            }
        };
        self.machine.sandbox.write("health", health);
        if let Some(point) = self.point() {
            let only_words =
                matches!(self.cell.fault, Fault::Exit(_) | Fault::Health(_) | Fault::NoEntry);
            if !only_words {
                self.machine.stop_at(&point);
            }
        }
    }

    /// The arguments of the order.
    fn args(&self) -> Vec<String> {
        let verb = self.cell.verb;
        let what = match verb {
            Verb::Rollback => "--generation=1".to_owned(),
            _ => format!("--toplevel={}", self.system("two")),
        };
        let mut args = self.machine.args(verb.word(), &what);
        if self.cell.phase == Phase::Proving {
            let script = self.machine.sandbox.root().join("health");
            let program = match self.cell.fault {
                Fault::Health("does not exist") => "/nowhere/health",
                _ => "/bin/sh",
            };
            let hangs = self.cell.fault == Fault::Health("hangs");
            let retries = u8::from(self.cell.fault == Fault::Health("fails once"));
            args.push(format!(
                r#"--health={{"name":"web","command":["{program}","{script}"],"timeout":{},"retries":{retries},"pause":0}}"#,
                if hangs { 1 } else { 60 }
            ));
        }
        if self.cell.phase == Phase::Awaiting {
            args.push(format!("--confirm-within={}", self.patience()));
        }
        match self.cell.fault {
            Fault::Exit("4 accepted") => args.push("--accept-failed-units".into()),
            Fault::Exit("hang") => {
                args.retain(|arg| !arg.starts_with("--limit="));
                args.push("--limit=1".into());
            }
            _ => {}
        }
        args
    }

    /// How many seconds the user has: few where nobody will answer.
    fn patience(&self) -> u32 {
        match self.cell.fault {
            Fault::KillEngine
            | Fault::KillClientAndEngine
            | Fault::KillBothThenRecover
            | Fault::KillAll
            | Fault::OtherMachine
            | Fault::Damaged(_)
            | Fault::Answer(Answer::Nothing | Answer::Late) => 1,
            _ => 60,
        }
    }

    /// Gives the order, and waits until the attempt is in the phase.
    pub fn come_to_the_phase(&mut self) {
        self.arrange();
        if self.has_client() {
            self.start_client();
        } else {
            let args = self.args();
            let outcome = self.machine.order(&args);
            self.id = args.iter().find_map(|arg| arg.strip_prefix("--id=")).expect("id").into();
            self.hear(&outcome);
        }
        match (self.cell.phase, self.point()) {
            (Phase::Awaiting, _) => {
                self.machine.wait_for_phase(&self.id, "awaiting-confirmation");
            }
            (Phase::Ended, _) => self.wait_for_the_very_end(),
            (_, Some(point)) if self.machine.root().join(format!("stop-in-{point}")).exists() => {
                self.machine.wait_for_stop(&point);
            }
            _ => {}
        }
    }

    /// Whether the order is given by a real client, which is then at work as well. That of a rollback needs no flake and
    /// asks for neither health nor confirmation; that of a switch does, and takes some seconds.
    fn has_client(&self) -> bool {
        let killed = matches!(
            self.cell.fault,
            Fault::KillClient | Fault::KillClientAndEngine | Fault::KillAll | Fault::PowerLoss
        );
        let asks = matches!(self.cell.phase, Phase::Proving | Phase::Awaiting);
        killed && self.cell.verb == if asks { Verb::Switch } else { Verb::Rollback }
    }

    fn start_client(&mut self) {
        let root = self.machine.root();
        let sandbox = self.machine.sandbox.root();
        let (dir, command) = match self.cell.verb {
            Verb::Rollback => (sandbox.to_owned(), "flake-rollback 1".to_owned()),
            _ => {
                let asks = if self.cell.phase == Phase::Awaiting {
                    format!(" --confirm-within {}s", self.patience())
                } else {
                    String::new()
                };
                (self.snapshot(), format!("flake-switch --yes{asks}"))
            }
        };
        let script = format!(
            "cd {dir}; STUDIO_NIX={sandbox}/bin/nix exec {command} --host demo --root {root}"
        );
        let known = self.machine.records().len();
        self.client = Some(self.machine.start(&["sh", "-euc", &script].map(str::to_owned)));
        let until = Instant::now() + Duration::from_secs(60);
        while self.machine.records().len() == known {
            assert!(Instant::now() < until, "the client gave no order");
            std::thread::sleep(Duration::from_millis(3));
        }
        let records = self.machine.records();
        let id = records.last().and_then(|record| record["call"]["id"].as_str());
        self.id = id.expect("an id").to_owned();
    }

    /// A snapshot of a flake whose system is `two`.
    fn snapshot(&self) -> camino::Utf8PathBuf {
        let flake = format!(
            r#"{{ outputs = {{ self }}: {{
                nixosConfigurations.demo.config.system.build.toplevel = derivation {{
                  name = "two"; system = "{}-linux"; builder = "${{self}}/busybox/busybox";
                  args = [ "sh" "-euc" "busybox cp -r {} $out" ]; PATH = "${{self}}/busybox";
                }}; }}; }}"#,
            std::env::consts::ARCH,
            self.system("two"),
        );
        let mut toml = String::from("host = \"demo\"\n");
        if self.cell.phase == Phase::Proving {
            let script = self.machine.sandbox.root().join("health");
            toml += &format!("[[health]]\nname = \"web\"\ncommand = [\"/bin/sh\", \"{script}\"]\n");
        }
        let files = [("flake.nix", flake.as_str()), ("studio.toml", toml.as_str())];
        self.machine.sandbox.small_snapshot(&testkit::RealNix::find(), &files)
    }

    /// Until the record says that it ended, but perhaps not until the engine did: no moment is lost here.
    fn wait_for_the_very_end(&self) {
        let path = self.machine.file(&format!("{RECORDS}/{}.json", self.id));
        loop {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if text.contains("\"phase\": \"committed\"") || text.contains("\"phase\": \"tested\"") {
                return;
            }
            assert!(!text.contains("\"phase\": \"revert"), "it failed:\n{}", self.story());
        }
    }

    /// Keeps what a command said.
    pub fn hear(&mut self, outcome: &Outcome) {
        self.said += &outcome.to_string();
    }

    /// The answer of the user.
    pub fn answer(&self, word: &str) {
        let record = self.machine.record(&self.id).expect("a record");
        let place = record["call"]["answer"].as_str().expect("a path");
        self.machine.sandbox.write(format!("{place}.{word}"), "");
    }

    /// Lets the attempt go on.
    pub fn let_go(&self) {
        if let Some(point) = self.point() {
            self.machine.let_go(&point);
        }
    }

    /// Lets it go on, with a yes if it waits for one.
    pub fn go_on(&self) {
        if self.cell.phase == Phase::Awaiting {
            self.answer("yes");
        }
        self.let_go();
    }

    /// Waits until nobody of ours is at work any more.
    pub fn wait_until_quiet(&mut self) {
        let until = Instant::now() + Duration::from_secs(60);
        let at_work = |machine: &Machine| {
            machine.processes().iter().any(|(role, ..)| matches!(role, Role::Engine | Role::Guard))
        };
        while at_work(&self.machine) {
            assert!(Instant::now() < until, "it never became quiet:\n{}", self.story());
            std::thread::sleep(Duration::from_millis(5));
        }
        if let Some(client) = self.client.take() {
            let output = client.wait_with_output().expect("it is ours");
            self.said += &String::from_utf8_lossy(&output.stderr);
        }
    }

    /// Everything that there is to tell.
    pub fn story(&self) -> String {
        let mut story = format!("{}\n--- commands\n{}", self.machine.state(), self.said);
        for record in self.machine.records() {
            let id = record["call"]["id"].as_str().unwrap_or("?");
            let part = |name: &str| record[name].to_string();
            story += &format!(
                "--- {id}: {} {}, exit {}, {}\n{}",
                record["call"]["verb"],
                part("phase"),
                part("exit"),
                part("reason"),
                self.machine.log(id)
            );
        }
        story
    }
}
