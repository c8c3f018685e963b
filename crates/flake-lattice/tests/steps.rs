//! The steps of a component: a branch, a studio and a snapshot each; the user's checkout and the remote stay as they are.

mod scene;

use insta::assert_snapshot;
use scene::Scene;
use testkit::Sandbox;

/// A checkout of the flake in `mine`, with work that is not committed, and all that may not change of it and of upstream.
fn checkout() -> (Sandbox, impl Fn(&Sandbox) -> String) {
    let sandbox = Sandbox::new();
    sandbox.upstream();
    sandbox.sh("", "git clone -q upstream.git mine").ok();
    sandbox.write("mine/hosts/demo.nix", "{ hostName = \"changed\"; }\n");
    let look = |sandbox: &Sandbox| {
        let script = "git -C upstream.git for-each-ref; cd mine; git for-each-ref; git status --porcelain=v2 --branch; \
            git stash list; git reflog";
        format!("{}\n{}", sandbox.sh("", script).ok(), sandbox.picture("mine").join("\n"))
    };
    (sandbox, look)
}

fn step(sandbox: &Sandbox, step: &str, options: &[&str], script: &str) -> testkit::Outcome {
    let mut words = vec!["flake-lattice", "step", step];
    words.extend(options);
    words.extend(["--", "sh", "-c", script]);
    sandbox.run_words("mine", &words)
}

#[test]
fn a_step_is_a_branch_a_studio_and_a_snapshot() {
    let (sandbox, look) = checkout();
    let before = look(&sandbox);
    let script = "echo generating; mkdir -p out; echo $LATTICE_COMPONENT $LATTICE_ARCH $LATTICE_PHASE $LATTICE_STEP >out/name";
    assert_snapshot!(step(&sandbox, "demo/x86_64/phase0/step1", &[], script), @r"
    [SANDBOX]/home/.local/share/studio/snapshots/dd25416251760ae4ec7c03dc7e77a3441f4b8ad2
    ------- stderr -------
    getting `[SANDBOX]/mine` ...
    made the studio `demo+x86_64+phase0+step1` of `[SANDBOX]/mine`
    generating
    committed out/name on `feature/demo/x86_64/phase0/step1` as dd2541625176
    ");
    // The same again is the same snapshot.
    assert_snapshot!(step(&sandbox, "feature/demo/x86_64/phase0/step1", &[], script), @r"
    [SANDBOX]/home/.local/share/studio/snapshots/dd25416251760ae4ec7c03dc7e77a3441f4b8ad2
    ------- stderr -------
    generating
    nothing changed; this is the snapshot dd2541625176
    ");
    // Another one on top of it has what it has.
    let on = ["--on", "demo/x86_64/phase0/step1", "-m", "the second"];
    let second = step(&sandbox, "demo/x86_64/phase0/step2", &on, "cat out/name >out/second");
    assert_snapshot!(second, @r"
    [SANDBOX]/home/.local/share/studio/snapshots/9875f47c0bc0e3e2473294358a591d5e17fe1005
    ------- stderr -------
    made the studio `demo+x86_64+phase0+step2` of `[SANDBOX]/mine`
    committed out/second on `feature/demo/x86_64/phase0/step2` as 9875f47c0bc0
    ");
    let snapshot = second.ok();
    assert_eq!(sandbox.read(format!("{snapshot}/out/second")), "demo x86_64 phase0 step1\n");
    assert_snapshot!(sandbox.run(&snapshot, "git log --format=%s%d"), @r"
    the second (HEAD)
    lattice: demo/x86_64/phase0/step1
    first
    ");
    assert_snapshot!(sandbox.run("mine", "flake-lattice steps"), @r"
    demo/x86_64/phase0/step1  dd2541625176  [SANDBOX]/home/.local/share/studio/snapshots/dd25416251760ae4ec7c03dc7e77a3441f4b8ad2
    demo/x86_64/phase0/step2  9875f47c0bc0  [SANDBOX]/home/.local/share/studio/snapshots/9875f47c0bc0e3e2473294358a591d5e17fe1005
    ");
    assert_eq!(look(&sandbox), before);
    let studio = sandbox.studio_home().join("studios/demo+x86_64+phase0+step2");
    assert_snapshot!(sandbox.run(&studio, "git branch --list feature/*"), @"* feature/demo/x86_64/phase0/step2");
}

#[test]
fn a_generator_that_fails_gives_no_snapshot_and_its_studio_is_named() {
    let (sandbox, look) = checkout();
    let before = look(&sandbox);
    assert_snapshot!(step(&sandbox, "demo/a/b/c", &[], "echo half >half; echo no idea >&2; exit 7"), @r"
    ------- stderr -------
    getting `[SANDBOX]/mine` ...
    made the studio `demo+a+b+c` of `[SANDBOX]/mine`
    no idea
    error: `sh -c 'echo half >half; echo no idea >&2; exit 7'` failed with exit status 7, so the step has no new snapshot
    hint: what it left is in `[SANDBOX]/home/.local/share/studio/studios/demo+a+b+c`
    [exit status: 1]
    ");
    assert_snapshot!(step(&sandbox, "demo/a/b/d", &["--on", "demo/a/b/c"], "true"), @r"
    ------- stderr -------
    error: the step `demo/a/b/c` has no snapshot of what it is now
    hint: make it first: `flake-lattice step demo/a/b/c -- COMMAND`
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("mine", "flake-lattice steps"), @"demo/a/b/c  2a52b31a66f9  no snapshot");
    // The next run goes on with what is there.
    let snapshot = step(&sandbox, "demo/a/b/c", &[], "echo rest >>half").ok();
    assert_eq!(sandbox.read(format!("{snapshot}/half")), "half\nrest\n");
    assert_snapshot!(sandbox.run_words("mine", &["flake-lattice", "step", "demo/a/b/e", "--", "no-such-program"]), @r"
    ------- stderr -------
    made the studio `demo+a+b+e` of `[SANDBOX]/mine`
    error: `no-such-program` was not found
    hint: install `no-such-program`, or put the folder that has it on PATH
    [exit status: 1]
    ");
    assert_eq!(look(&sandbox), before);
}

#[test]
fn a_step_stays_on_its_branch_and_on_what_it_was_built_on() {
    let (sandbox, _) = checkout();
    step(&sandbox, "demo/a/b/one", &[], "echo 1 >one").ok();
    step(&sandbox, "demo/a/b/two", &[], "echo 2 >two").ok();
    assert_snapshot!(step(&sandbox, "demo/a/b/two", &["--on", "demo/a/b/one"], "true"), @r"
    ------- stderr -------
    error: the step `demo/a/b/two` is there and does not build on 4e5ee1b8eab2
    hint: make it anew: `studio --remove demo+a+b+two`; its snapshots stay
    hint: or leave `--on` away, to go on with what it builds on
    [exit status: 1]
    ");
    let studio = sandbox.studio_home().join("studios/demo+a+b+two");
    sandbox.run(&studio, "git mutable-scratch").ok();
    assert_snapshot!(step(&sandbox, "demo/a/b/two", &[], "true"), @r"
    ------- stderr -------
    error: the studio `demo+a+b+two` is not on `feature/demo/a/b/two`
      it is on `scratch/20260102-030405-9bbe` at 5c6c9f69c250
    hint: bring it back: `git -C [SANDBOX]/home/.local/share/studio/studios/demo+a+b+two switch feature/demo/a/b/two`
    [exit status: 1]
    ");
}

#[test]
fn names_that_are_no_steps_are_refused_before_anything_is_made() {
    let (sandbox, look) = checkout();
    let before = look(&sandbox);
    assert_snapshot!(step(&sandbox, "demo/a/b", &[], "true"), @r"
    ------- stderr -------
    error: invalid value 'demo/a/b' for '<STEP>': a step has four parts, COMPONENT/ARCH/PHASE/STEP, and this has 3

    For more information, try '--help'.
    [exit status: 2]
    ");
    assert_snapshot!(step(&sandbox, "demo/../b/c", &[], "true"), @r"
    ------- stderr -------
    error: invalid value 'demo/../b/c' for '<STEP>': `..` cannot be the name of a branch: it starts with a dot

    For more information, try '--help'.
    [exit status: 2]
    ");
    assert_snapshot!(step(&sandbox, "demo/a/b/c", &["--on", "demo/a/b/x"], "true"), @r"
    ------- stderr -------
    error: there is no step `demo/a/b/x`
    hint: list them: `flake-lattice steps`
    [exit status: 1]
    ");
    assert_snapshot!(sandbox.run("mine", "flake-lattice steps"), @r"
    ------- stderr -------
    there is no step yet
    ");
    assert_eq!(look(&sandbox), before);
    assert!(!sandbox.studio_home().join("studios").exists());
}

#[test]
fn a_lattice_is_generated_as_a_step() {
    let scene = Scene::new();
    let sandbox = &scene.sandbox;
    sandbox.upstream();
    sandbox.sh("", "git clone -q upstream.git mine").ok();
    scene.krate("mine/crate", "pub fn one() -> u32 { 1 }\npub fn two() -> u32 { one() + one() }\n");
    sandbox.sh("mine", "git add . && git commit -qm 'a crate' && git push -q").ok();
    let line = "flake-lattice step small/x86_64/phase0/step1 -- flake-lattice generate crate --output generated/small";
    let snapshot = sandbox.run("mine", line).ok();
    assert_snapshot!(sandbox.run(&snapshot, "ls generated/small/nodes"), @r"
    small__one
    small__two
    ");
    assert!(!sandbox.root().join("mine/generated").exists());
}

#[test]
fn two_runs_of_one_step_come_one_after_the_other() {
    let (sandbox, _) = checkout();
    let script = "test ! -e lock && touch lock && sleep 0.3 && echo $$ >>ran && rm lock";
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| step(&sandbox, "demo/a/b/c", &[], script).ok());
        }
    });
    let studio = sandbox.studio_home().join("studios/demo+a+b+c");
    assert_eq!(sandbox.sh(&studio, "wc -l <ran").ok(), "3");
    assert_eq!(sandbox.sh(&studio, "git status --porcelain").ok(), "");
}
