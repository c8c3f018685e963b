//! Proof before permanence: health checks, the user's confirmation, and coming back to a switch that is under way.

use insta::assert_snapshot;
use std::process::Child;
use std::time::{Duration, Instant};
use testkit::{Outcome, Scene, shown};

/// A machine that runs `good` as generation 1, and the snapshot of another system.
fn with_two(options: &str) -> (Scene, camino::Utf8PathBuf) {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let next = scene.with_demo(&format!(r#"motd.text = "next"; {options}"#));
    (scene, next)
}

const GOOD: &str = "runs good, profile system-1-link, boots nixos-generation-1.conf";
const NEXT: &str = "runs next, profile system-2-link, boots nixos-generation-2.conf";

/// Waits until the newest record is in a phase.
fn until(scene: &Scene, phase: &str) {
    let began = Instant::now();
    let newest = format!(
        "grep -q '\"phase\": \"{phase}\"' $(ls -t machine/var/lib/studio/transactions/*.json | head -n 1)"
    );
    while scene.sandbox.sh(".", &newest).code != Some(0) {
        assert!(began.elapsed() < Duration::from_secs(60), "it never came to {phase}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A switch that waits for its confirmation.
fn waiting(scene: &Scene, snapshot: &camino::Utf8Path) -> Child {
    let child = scene.start_on_machine(snapshot, "flake-switch --yes --confirm-within 60s");
    until(scene, "awaiting-confirmation");
    child
}

fn ends(mut child: Child) -> Option<i32> {
    child.wait().expect("it ends").code()
}

/// Runs a command where there is no flake.
fn elsewhere(scene: &Scene, line: &str) -> Outcome {
    scene.on_machine(scene.sandbox.home(), line)
}

#[test]
fn a_health_check_of_the_flake_says_whether_it_stays() {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let check = |script: &str| {
        format!(
            "target = \"nixos\"\nhost = \"demo\"\n[[health]]\nname = \"motd\"\ntimeout = \"5s\"\nretries = 1\npause = \"1s\"\n\
             command = [\"sh\", \"-c\", '{script}']\n"
        )
    };
    scene.snapshot(
        "studio.toml",
        &check("echo looking; grep -q good $STUDIO_ROOT/run/current-system/etc/motd"),
    );
    let next = scene.with_demo(r#"motd.text = "next";"#);
    let outcome = scene.on_machine(&next, "flake-switch --yes");
    outcome.fails(11);
    assert_snapshot!(shown(&outcome), @r"
    host `demo` changes:
      units changed: `motd.service`
      commits: 2
        COMMIT wip: hosts/demo.nix
        COMMIT wip: studio.toml
      configuration: 2 files changed, 7 insertions(+), 7 deletions(-)
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    asking 1 health check ...
    looking
    health check `motd`: failed with exit status 1; trying again in 1 s
    looking
    warning: health check `motd`: failed with exit status 1
    putting generation 1 back ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    generation 1 runs again
    hint: to try it and look at it: `git flake-test`
    [exit status: 11]
    ");
    assert_eq!(scene.state(), GOOD);
    // A test leaves it running, so that one can look.
    scene.on_machine(&next, "flake-test").fails(10);
    assert_eq!(scene.state(), "runs next, profile system-1-link, boots nixos-generation-1.conf");
    let outcome = scene.on_machine(&next, "flake-switch --yes --accept-failed-units");
    outcome.fails(10);
    assert_eq!(scene.state(), NEXT);

    let fine = scene
        .snapshot("studio.toml", &check("grep -q next $STUDIO_ROOT/run/current-system/etc/motd"));
    elsewhere(&scene, "flake-rollback").ok();
    let outcome = scene.on_machine(&fine, "flake-switch --yes");
    assert_snapshot!(shown(&outcome), @r"
    host `demo` changes:
      units changed: `motd.service`
      commits: 3
        COMMIT wip: studio.toml
        COMMIT wip: hosts/demo.nix
        COMMIT wip: studio.toml
      configuration: 2 files changed, 7 insertions(+), 7 deletions(-)
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    asking 1 health check ...
    health check `motd` holds
    installing the boot entry ...
    host `demo` is at generation 3, `nixos-system-demo-26.05.example`
    ");
}

#[test]
fn what_is_confirmed_from_another_connection_stays() {
    let (scene, next) = with_two("");
    let client = waiting(&scene, &next);
    assert_eq!(scene.state(), "runs next, profile system-1-link, boots nixos-generation-1.conf");
    let second = elsewhere(&scene, "flake-switch --confirm");
    second.ok();
    assert_snapshot!(shown(&second), @"host `demo` is at generation 2, `nixos-system-demo-26.05.example`");
    assert_eq!(ends(client), Some(0));
    assert_eq!(scene.state(), NEXT);
    let late = elsewhere(&scene, "flake-switch --confirm");
    late.fails(1);
    assert_snapshot!(late.to_string(), @"
    ------- stderr -------
    error: host `demo` does not wait for a confirmation
      the last `git flake-switch` ended as committed
    [exit status: 1]
    ");
}

#[test]
fn what_is_not_confirmed_is_put_back_by_itself() {
    let (scene, next) = with_two("");
    let outcome = scene.on_machine(&next, "flake-switch --yes --confirm-within 1s");
    outcome.fails(13);
    assert_snapshot!(shown(&outcome), @r"
    host `demo` changes:
      units changed: `motd.service`
      commits: 1
        COMMIT wip: hosts/demo.nix
      configuration: 1 file changed, 1 insertion(+), 1 deletion(-)
    activating `nixos-system-demo-26.05.example` ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    it is put back in 1 s unless it is confirmed
    hint: to confirm it, best from a new connection: `git flake-switch --confirm --root [SANDBOX]/machine`
    warning: it was not confirmed in time
    putting generation 1 back ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    generation 1 runs again
    [exit status: 13]
    ");
    assert_eq!(scene.state(), GOOD);
    let late = elsewhere(&scene, "flake-switch --confirm");
    late.fails(13);
    assert_snapshot!(late.to_string(), @"
    ------- stderr -------
    error: host `demo` does not wait for a confirmation
      the last `git flake-switch` was not confirmed in time and put back
    hint: to try again: `git flake-switch`
    [exit status: 13]
    ");
}

#[test]
fn a_rollback_is_the_no_to_what_waits() {
    let (scene, next) = with_two("");
    let client = waiting(&scene, &next);
    let back = elsewhere(&scene, "flake-rollback");
    back.ok();
    assert_snapshot!(shown(&back), @"
    [SANDBOX]/nix/store/HASH-nixos-system-demo-26.05.example
    ------- stderr -------
    warning: it was not confirmed: you said no
    putting generation 1 back ...
    activating the configuration...
    setting up /etc...
    restarting the following units: motd.service
    generation 1 runs again
    ");
    assert_eq!(ends(client), Some(13));
    assert_eq!(scene.state(), GOOD);
}

#[test]
fn a_client_that_was_killed_is_not_missed_and_another_one_sees_the_whole_log() {
    let (scene, next) = with_two("");
    let mut client = waiting(&scene, &next);
    client.kill().expect("killed");
    client.wait().expect("ended");
    let attached = scene.start_on_machine(scene.sandbox.home(), "flake-switch --attach");
    elsewhere(&scene, "flake-switch --confirm").ok();
    assert_eq!(ends(attached), Some(0));
    assert_eq!(scene.state(), NEXT);
    let again = elsewhere(&scene, "flake-switch --attach");
    again.ok();
    assert_snapshot!(shown(&again), @"host `demo` is at generation 2, `nixos-system-demo-26.05.example`");
}

/// Interrupts a command, as Ctrl-C does, once it listens to that.
fn interrupt(scene: &Scene, child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    let listens = || {
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        caught.is_some_and(|mask| {
            u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 2 != 0)
        })
    };
    let began = Instant::now();
    while !listens() {
        assert!(began.elapsed() < Duration::from_secs(60), "it never listened");
        std::thread::sleep(Duration::from_millis(5));
    }
    scene.sandbox.sh(".", &format!("kill -INT {}", child.id())).ok();
}

#[test]
fn an_interrupt_ends_the_watcher_and_not_the_switch() {
    let (scene, next) = with_two("");
    let client = waiting(&scene, &next);
    interrupt(&scene, &client);
    assert_eq!(ends(client), Some(130));
    let attached = scene.start_on_machine(scene.sandbox.home(), "flake-switch --attach");
    interrupt(&scene, &attached);
    assert_eq!(ends(attached), Some(130));
    elsewhere(&scene, "flake-switch --confirm").ok();
    assert_eq!(scene.state(), NEXT);
}

#[test]
fn a_confirmation_counts_although_everything_that_waited_for_it_was_killed() {
    let (scene, next) = with_two("");
    let mut client = waiting(&scene, &next);
    client.kill().expect("killed");
    client.wait().expect("ended");
    // Engine and guard of this machine, until none is left.
    let kill = format!(
        "while pids=$(pgrep -f '[s]tudio-activate.*--records={}/' ) ; do kill -9 $pids; sleep 0.05; done",
        scene.machine()
    );
    scene.sandbox.sh(".", &kill).ok();
    let confirmed = elsewhere(&scene, "flake-switch --confirm");
    confirmed.ok();
    assert_snapshot!(shown(&confirmed), @"host `demo` is at generation 2, `nixos-system-demo-26.05.example`");
    assert_eq!(scene.state(), NEXT);
}

#[test]
fn a_specialisation_runs_while_the_system_itself_starts_at_boot() {
    let (scene, next) = with_two(r#"specialisation.silent.configuration.motd.text = "(silent)";"#);
    scene.on_machine(&next, "flake-switch --yes --specialisation silent").ok();
    assert_eq!(
        scene.state(),
        "runs (silent), profile system-2-link, boots nixos-generation-2.conf"
    );
    let entry = scene.sandbox.read("machine/boot/loader/entries/nixos-generation-2.conf");
    let system =
        scene.machine().join("nix/var/nix/profiles/system-2-link").read_link_utf8().expect("link");
    assert!(entry.contains(&format!("init={system}/init")), "{entry}");
    // The same snapshot without it is another thing to run.
    scene.on_machine(&next, "flake-switch --yes").ok();
    assert_eq!(scene.state(), NEXT);
    scene.on_machine(&next, "flake-test --specialisation silent").ok();
    elsewhere(&scene, "flake-rollback").ok();
    assert_eq!(scene.state(), NEXT);
}
