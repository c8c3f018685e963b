//! Nodes of the lattice.

use crate::scene::{rustc, scene};
use insta::assert_snapshot;

#[test]
fn a_node_has_a_folder_of_its_own() {
    let sandbox = scene();
    rustc(&sandbox, "store/any/bin/rustc", "1.89.0");
    let line =
        "bootstrap-config-generator --build-rustc-version 1.89.0 --architecture aarch64-linux";
    assert_snapshot!(sandbox.run("project", line).to_string(), @"
    flakes/1.89.0/aarch64-linux/stage0/step1-configure/config.toml
    ------- stderr -------
    made `flakes/1.89.0/aarch64-linux/stage0/step1-configure/config.toml`
    hint: make its flake: `flake-template-generator --config-path flakes/1.89.0/aarch64-linux/stage0/step1-configure/config.toml --output-dir flakes/1.89.0/aarch64-linux/stage0/step1-configure`
    ");
    let place = "project/flakes/1.89.0/aarch64-linux/stage0/step1-configure";
    let text = sandbox.read(format!("{place}/config.toml"));
    assert!(text.contains("# System: aarch64-linux\n"), "{text}");
    assert!(
        text.contains(&format!("rustc = \"{}/store/any/bin/rustc\"\n", sandbox.root())),
        "{text}"
    );
    assert!(text.contains("channel = \"stable\"\n") && text.contains("stage = \"0\"\n"), "{text}");
    let here = sandbox.root().join(place).read_dir_utf8().expect("a folder").count();
    assert_eq!(here, 1, "nothing half done lies there");
    assert!(!sandbox.root().join("project/config.toml").exists());
    // From below the same place is meant.
    sandbox.write("project/src/x", "");
    let again = sandbox.run("project/src", line);
    assert_eq!(again.ok(), sandbox.root().join(place).join("config.toml"));
    let other = format!("{line} --stage 1 --step build");
    sandbox.run("project", &other).ok();
    sandbox.read("project/flakes/1.89.0/aarch64-linux/stage1/build/config.toml");
}

#[test]
fn a_node_has_the_rustc_that_it_is_called_after() {
    let sandbox = scene();
    rustc(&sandbox, "store/any-rustc-1.89.0/bin/rustc", "1.88.0");
    let line = "bootstrap-config-generator --build-rustc-version 1.89.0";
    assert_snapshot!(sandbox.run("project", line).fails(1), @"
    ------- stderr -------
    error: no rustc 1.89.0 was found
      `[SANDBOX]/tools/rustc` is version 1.90.0-nightly
      `[SANDBOX]/store` has no `rustc` of version 1.89.0 that answers, among 1
    hint: name it: `--rustc-path FILE`
    [exit status: 1]
    ");
    let named = format!("{line} --rustc-path {}/tools/rustc", sandbox.root());
    assert_snapshot!(sandbox.run("project", &named).fails(1), @"
    ------- stderr -------
    error: no rustc 1.89.0 was found
      `[SANDBOX]/tools/rustc` is 1.90.0-nightly
      it comes from --rustc-path
    hint: name it: `--rustc-path FILE`
    [exit status: 1]
    ");
    let named = format!("{line} --rustc-path /nowhere/rustc");
    assert_snapshot!(sandbox.run("project", &named).fails(1), @"
    ------- stderr -------
    error: no rustc 1.89.0 was found
      `/nowhere/rustc` was not found
      it comes from --rustc-path
    hint: name it: `--rustc-path FILE`
    [exit status: 1]
    ");
    assert!(!sandbox.root().join("project/flakes").exists());
    // The one on PATH is good if it is the right one.
    let own = "bootstrap-config-generator --build-rustc-version 1.90.0-nightly --dry-run";
    assert!(sandbox.run("project", own).ok().contains("/tools/rustc\"\n"));
}
