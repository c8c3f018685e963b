//! Homes and packages: the same transaction, proof and way back as a system, without any root.

use camino::Utf8PathBuf;
use testkit::Scene;

/// Takes a snapshot of a home with one file in it.
fn home(scene: &Scene, text: &str) -> Utf8PathBuf {
    let user = scene.sandbox.home();
    let text = format!(
        "{{ home.username = \"ada\"; home.homeDirectory = \"{user}\"; home.file.greeting.text = \"{text}\"; }}\n"
    );
    scene.snapshot("home/ada.nix", &text)
}

/// What is in the home, and the generation of its profile.
fn state(scene: &Scene) -> String {
    let profile = scene.sandbox.home().join(".local/state/nix/profiles/home-manager");
    let generation = profile.read_link_utf8().map_or("none".into(), |link| link.to_string());
    format!("{}, {generation}", scene.sandbox.read("home/greeting"))
}

const SWITCH: &str = "flake-switch --yes --target home --host ada";

#[test]
fn a_home_that_is_not_confirmed_or_not_healthy_is_put_back() {
    let scene = Scene::new();
    scene.sandbox.run(home(&scene, "first"), SWITCH).ok();
    let second = home(&scene, "second");
    scene.sandbox.run(&second, &format!("{SWITCH} --confirm-within 1s")).fails(13);
    assert_eq!(state(&scene), "first, home-manager-1-link");
    let check = "[[health]]\nname = \"greeting\"\ncommand = [\"grep\", \"-q\", \"first\", \"HOME/greeting\"]\n";
    let unhealthy =
        scene.snapshot("studio.toml", &check.replace("HOME", scene.sandbox.home().as_str()));
    scene.sandbox.run(&unhealthy, SWITCH).fails(11);
    assert_eq!(state(&scene), "first, home-manager-1-link");
    scene.sandbox.run(&second, SWITCH).ok();
    assert_eq!(state(&scene), "second, home-manager-2-link");
}

#[test]
fn a_home_that_a_power_cut_left_half_way_is_put_back_by_the_user() {
    let scene = Scene::new();
    scene.sandbox.run(home(&scene, "first"), SWITCH).ok();
    let second = home(&scene, "second");
    let records = scene.sandbox.studio_home().join("transactions");
    let awaits = "grep -l '\"phase\": \"awaiting-confirmation\"' *.json";
    let script = format!(
        "flake-switch --yes --target home --host ada --confirm-within 60s 2> /dev/null &
         client=$!
         cd {records}
         until record=$({awaits}); do sleep 0.05; done
         kill -9 $client
         while pids=$(pgrep -f '[s]tudio-activate.*--records={records}') ; do kill -9 $pids; sleep 0.05; done
         # Another start of the machine than the one in which it was written.
         sed -i 's/\"boot_id\": \"[^\"]*/&0/' $record"
    );
    scene.sandbox.sh(&second, &script).ok();
    // Files stay where they were put: no start of a machine takes them back.
    assert_eq!(state(&scene), "second, home-manager-1-link");
    scene.sandbox.run("home", "studio-activate recover --user").ok();
    assert_eq!(state(&scene), "first, home-manager-1-link");
    let attached = scene.sandbox.run("home", "flake-switch --attach --target home");
    attached.fails(11);
    assert!(attached.stderr.contains("was interrupted before it was confirmed"), "{attached}");
}

#[test]
fn a_package_is_not_taken_into_use_before_it_is_confirmed() {
    let scene = Scene::new();
    let snapshot = home(&scene, "first");
    let switch = "flake-switch --yes --target profile --host hello";
    let unconfirmed = scene.sandbox.run(&snapshot, &format!("{switch} --confirm-within 1s"));
    unconfirmed.fails(13);
    let profile = scene.sandbox.home().join(".local/state/nix/profiles/studio-hello");
    assert!(!profile.is_symlink());
    scene.sandbox.run(&snapshot, switch).ok();
    assert!(profile.is_symlink());
}
