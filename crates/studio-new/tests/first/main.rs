//! First contact: what a machine lacks is told, mended where the user says so, and typed where nobody is there to ask.

mod doctor;
mod setup;
mod told;

use testkit::Sandbox;

/// What a shell and git take.
const TOOLS: &str = "sh git mkdir ln id uname cat rm mv find sort env ls chmod cp rmdir cksum sed";

/// A sandbox whose PATH has the binaries of this workspace and these tools of the machine, and nothing else.
fn with_tools(tools: &str) -> Sandbox {
    let mut sandbox = Sandbox::new();
    let path = sandbox.environment().into_iter().find(|(name, _)| name == "PATH").expect("PATH").1;
    let (binaries, _) = path.split_once(':').expect("several folders");
    let links = format!(
        "mkdir tools; for tool in {tools}; do ln -s \"$(command -v $tool)\" tools/$tool; done"
    );
    sandbox.sh("", &links).ok();
    let path = format!("{binaries}:{}/tools", sandbox.root());
    sandbox.set("PATH", path);
    // Whoever runs the tests, nobody is to become root.
    sandbox.set("STUDIO_ELEVATE", "none");
    sandbox
}

/// Hides what differs from machine to machine, while the result lives.
fn hide() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_filters(testkit::filters());
    settings.add_filter(r"\b\d+(\.\d)? [KMGTP]iB\b", "[SIZE]");
    settings.add_filter(r"git \d+\.\d+", "git [VERSION]");
    settings.add_filter(r"Nix \d\.\d+\.\d+", "Nix [VERSION]");
    settings.add_filter(r"`/\S+/bin/nix`", "`[NIX]/bin/nix`");
    settings.add_filter(r"\(process \d+\)", "(process [NUMBER])");
    settings.bind_to_scope()
}
