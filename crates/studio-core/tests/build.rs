//! Which target is meant, and what is built for it, by a real Nix.
//!
//! The environment of a sandbox holds for a process, so each case runs this test program once more, inside of it.

use camino::Utf8PathBuf;
use studio_core::config::{Environment, Settings};
use studio_core::context::Context;
use studio_core::nix::Nix;
use studio_core::ui::{Color, Ui, Verbosity};
use studio_core::{build, snapshot};
use testkit::{RealNix, Sandbox};

/// Runs in the sandbox, in a snapshot: builds what the settings mean, and writes what became of it to `~/result`.
#[test]
#[ignore = "it is the inner half of the others"]
fn inside() {
    let env = Environment::capture().expect("environment");
    let ui = Ui::new(Verbosity::Normal, Color::Never, true);
    let cx = Context { ui, env, command: "test".to_owned() };
    let snapshot = snapshot::here(&cx).expect("a snapshot");
    let nix = Nix::find(&cx).expect("nix");
    let settings = Settings::load(&cx.env).expect("settings");
    let result = build::resolve(&cx, &nix, &snapshot, &settings).and_then(|target| {
        let built = build::build(&cx, &nix, &snapshot, &target)?;
        assert!(built.stands(), "{built:?}");
        assert!(nix.is_valid(&built.out).expect("valid or not"));
        keep_and_install(&cx, &nix, &built.out);
        Ok(format!("{target}: {} at {}", built.out.name(), built.root.file_name().expect("a name")))
    });
    let result = match result {
        Ok(line) => line,
        Err(error) => {
            let parts = [&[error.message().to_owned()], error.causes(), error.hints()].concat();
            parts.join("\n")
        }
    };
    let home = cx.env.home().expect("home");
    studio_core::fs::write_atomic(&home.join("result"), result.as_bytes()).expect("write");
}

/// What else is asked of Nix: a root, a profile, and a generation of it by number.
fn keep_and_install(cx: &Context, nix: &Nix, out: &studio_core::store_path::StorePath) {
    let home = cx.env.home().expect("home");
    let leads_to = |link: &str| home.join(link).canonicalize_utf8().expect("a link");
    nix.add_root(out, &home.join("kept")).expect("a root");
    assert_eq!(leads_to("kept"), out.path());
    let registered = nix.registered(&[out]).expect("registered");
    assert!(
        registered.iter().any(|one| one.path == out.path().as_str() && one.size > 0),
        "{registered:?}"
    );
    let profile = home.join("profile");
    let set = nix.set_profile(&profile, out).expect("a command line");
    assert!(set.program.is_absolute(), "{set:?}");
    set.to_program().run().expect("set");
    assert_eq!(leads_to("profile"), out.path());
    let back = nix.switch_generation(&profile, 1).expect("a command line");
    back.to_program().run().expect("switched");
    assert_eq!(home.join("profile").read_link_utf8().expect("a link"), "profile-1-link");
}

struct Scene {
    sandbox: Sandbox,
    snapshot: Utf8PathBuf,
}

impl Scene {
    fn new() -> Scene {
        let nix = RealNix::find();
        let sandbox = Sandbox::new().with_nix(&nix);
        let snapshot = sandbox.small_snapshot(&nix, &[]);
        Scene { sandbox, snapshot }
    }

    fn build(&mut self, target: &str, host: &str) -> String {
        self.sandbox.set("STUDIO_TARGET", target);
        self.sandbox.set("STUDIO_HOST", host);
        let me = std::env::current_exe().expect("a test knows its path");
        let me = me.to_str().expect("utf-8");
        let inner = [me, "--ignored", "--exact", "inside"];
        self.sandbox.run_words(&self.snapshot, &inner).ok();
        self.sandbox.read("home/result")
    }
}

#[test]
fn each_kind_is_built_and_its_name_is_found() {
    let mut scene = Scene::new();
    assert_eq!(scene.build("nixos", "demo"), "host `demo`: nixos-system-demo at nixos-demo");
    // The user's own name, because the flake has no `ada@HOST`.
    assert_eq!(scene.build("home", ""), "home `ada`: home-of-ada at home-ada");
    assert_eq!(scene.build("profile", ""), "package `default`: hello at profile-default");
    // The attribute stands for the first output, whatever it is called.
    assert_eq!(scene.build("profile", "tool"), "package `tool`: tool-bin at profile-tool-bin");
}

#[test]
fn a_name_that_the_flake_has_not_is_answered_with_those_that_it_has() {
    let mut scene = Scene::new();
    assert_eq!(
        scene.build("profile", "tol"),
        "the flake has no package `tol`\nit has `default` and `tool`\ndid you mean `--host tool`?"
    );
    assert_eq!(
        scene.build("darwin", "mac"),
        "the flake has no host `mac`\nit has nothing in `darwinConfigurations`\n\
         add one to `darwinConfigurations` in `flake.nix`, or choose another `--target`"
    );
    scene.sandbox.set("USER", "eve");
    let answer = scene.build("home", "");
    assert!(answer.starts_with("the flake has no home `eve@"), "{answer}");
    assert!(answer.contains("it has `ada`"), "{answer}");
}
