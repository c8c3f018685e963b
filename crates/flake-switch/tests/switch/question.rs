//! The question on a terminal whether what was activated is to stay.

use testkit::Scene;

const NEXT: &str = "runs next, profile system-2-link, boots nixos-generation-2.conf";

/// A machine that runs `good` as generation 1, and the snapshot of another system.
fn with_two() -> (Scene, camino::Utf8PathBuf) {
    let scene = Scene::new();
    let good = scene.with_demo(r#"motd.text = "good";"#);
    scene.on_machine(&good, "flake-switch --yes").ok();
    let next = scene.with_demo(r#"motd.text = "next";"#);
    (scene, next)
}

#[test]
fn it_is_the_last_line_and_only_a_word_answers_it() {
    let (scene, next) = with_two();
    let line = "flake-switch --yes --confirm-within 60s";
    let mut terminal = scene.start_on_terminal(&next, line);
    let said = terminal.until("[y/n] ");
    let at =
        |text: &str| said.find(text).unwrap_or_else(|| panic!("nobody wrote `{text}`: {said}"));
    assert!(at("best from a new connection") < at("keep it?"), "{said}");
    // The seconds run, and the cursor stays where it is.
    terminal.until("\x1b7\rkeep it? It is put back in 5");
    terminal.line("");
    terminal.until("please answer `y` or `n`");
    terminal.line("y");
    let (status, said) = terminal.ends();
    assert_eq!(status, Some(0), "{said}");
    assert_eq!(scene.state(), NEXT);
}

#[test]
fn a_terminal_that_is_gone_is_not_a_no() {
    let (scene, next) = with_two();
    let line = "flake-switch --yes --confirm-within 60s";
    let mut terminal = scene.start_on_terminal(&next, line);
    terminal.until("[y/n] ");
    let mut client = terminal.hang_up();
    std::thread::sleep(std::time::Duration::from_millis(500));
    let home = scene.sandbox.home().to_owned();
    scene.on_machine(&home, "flake-switch --confirm").ok();
    assert_eq!(client.wait().expect("it ends").code(), Some(0));
    assert_eq!(scene.state(), NEXT);
    let mut terminal = scene.start_on_terminal(&home, "flake-rollback --confirm-within 60s");
    terminal.until("[y/n] ");
    terminal.line("no");
    assert_eq!(terminal.ends().0, Some(13));
    assert_eq!(scene.state(), NEXT);
}
