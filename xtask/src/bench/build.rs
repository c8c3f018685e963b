//! What the toolkit adds to `nix build`, beside what `nh os build` adds to it.
//!
//! Each run is of a commit of its own, so that it is really evaluated; then once more, when nothing
//! is left to do. Ours is `git flake-test` of a snapshot from its start to the end of its build: it
//! is told a specialisation that the system does not have, which it finds as soon as it is built,
//! and there it stops. The snapshot is made before, as the commit is for the others.

use super::ATTRIBUTE;
use super::times::{Times, shell};
use crate::error::Result;
use crate::example::Place;
use crate::test::Tools;
use crate::workspace::Workspace;
use camino::Utf8Path;

/// How often each way is gone.
const RUNS: usize = 15;

/// A change that makes another commit and hardly another system.
const COMMIT: &str = "echo >> README.md; git commit --quiet --all --message again";

/// One way to build: what it is called, what comes before, and what is measured.
struct Way {
    name: &'static str,
    prepare: &'static str,
    commit: &'static str,
    build: String,
    /// The way that it is compared with, by its place among them.
    beside: usize,
}

fn ways(nh: Option<&Utf8Path>) -> Vec<Way> {
    let mut ways = vec![
        Way {
            name: "`nix build`",
            prepare: "git clone --quiet ~/server/upstream.git ~/bare",
            commit: "cd ~/bare; sh ~/commit",
            build: format!("cd ~/bare; nix build --out-link ~/bare.out '.#{ATTRIBUTE}'"),
            beside: 0,
        },
        // The same files as ours, submodules too, which take nix some time to get into the store.
        Way {
            name: "`nix build` of a snapshot",
            prepare: "studio --upstream ~/server/upstream.git --yes --no-editor > ~/studio",
            commit: "cd \"$(cat ~/studio)\"; sh ~/commit; git mutable-snapshot > ~/snapshot",
            build: format!(
                "cd \"$(cat ~/snapshot)\"; \
                 nix build --out-link ~/snapshot.out \
                 \"git+file://$PWD?submodules=1&rev=$(git rev-parse HEAD)\"'#{ATTRIBUTE}'"
            ),
            beside: 1,
        },
        Way {
            name: "`git flake-test`, its build",
            prepare: "studio --upstream ~/server/upstream.git --yes --no-editor > ~/studio",
            commit: "cd \"$(cat ~/studio)\"; sh ~/commit; git mutable-snapshot > ~/snapshot",
            build: "cd \"$(cat ~/snapshot)\"; \
                    ! git flake-test --root ~/machine --specialisation none 2> ~/said; \
                    grep -q 'has no specialisation' ~/said || { cat ~/said >&2; exit 1; }"
                .to_owned(),
            beside: 1,
        },
    ];
    if let Some(nh) = nh {
        ways.push(Way {
            name: "`nh os build`",
            prepare: "git clone --quiet ~/server/upstream.git ~/nh",
            commit: "cd ~/nh; sh ~/commit",
            // Its checks of the machine and its comparison are no part of a build; CI is root.
            build: format!(
                "cd ~/nh; NH_NO_CHECKS=1 {nh} os build --bypass-root-check --no-nom --diff never \
                 --hostname demo --out-link ~/nh.out ."
            ),
            beside: 0,
        });
    }
    ways
}

/// All ways, again and again; gives what is more than promised.
pub fn build(
    workspace: &Workspace,
    programs: &Utf8Path,
    tools: &Tools,
    nh: Option<&Utf8Path>,
) -> Result<Vec<String>> {
    let place = Place::new(&workspace.target.join("bench/example"), tools, programs)?
        .with_example(workspace, tools)?;
    shell(&place, &format!("echo '{COMMIT}' > ~/commit"))?;
    let ways = ways(nh);
    let mut fresh = vec![Times::default(); ways.len()];
    let mut again = fresh.clone();
    for way in &ways {
        shell(&place, way.prepare)?;
        // What all commits have in common is built before.
        shell(&place, &way.build.replace("~/snapshot", "~/studio"))?;
    }
    for run in 0..RUNS {
        for number in 0..ways.len() {
            let number = (number + run) % ways.len();
            let way = &ways[number];
            shell(&place, way.commit)?;
            fresh[number].add(shell(&place, &way.build)?.1);
            again[number].add(shell(&place, &way.build)?.1);
        }
    }
    println!("\nNix {}: a build of a small host, median of {RUNS}\n", tools.nix.version);
    println!("| way | new commit | added | again | added |\n|---|---|---|---|---|");
    for (number, way) in ways.iter().enumerate() {
        let cell = |times: &[Times]| {
            let (own, bare) = (&times[number], &times[way.beside]);
            format!("{:.0} ms | {:.0} ms", own.median(), own.over(bare))
        };
        println!("| {} | {} | {} |", way.name, cell(&fresh), cell(&again));
    }
    let mut broken = Vec::new();
    for (case, times) in [("a new commit", &fresh), ("the same commit again", &again)] {
        if let [bare, bare_snapshot, ours, nh] = times.as_slice()
            && ours.over(bare_snapshot) > nh.over(bare)
        {
            broken.push(format!(
                "nix {}: a build of {case} adds no more to `nix build` than `nh os build` does; measured: {:.0} and {:.0} ms",
                tools.nix.version,
                ours.over(bare_snapshot),
                nh.over(bare)
            ));
        }
    }
    Ok(broken)
}
