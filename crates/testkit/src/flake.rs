//! Small flakes for tests that need git but no Nix, and a studio of one.

use crate::Sandbox;
use camino::Utf8PathBuf;

/// A repository that passes for a flake: `flake.nix`, a host, a module.
const FLAKE: &str = "{\n  outputs = _: { };\n}\n";

impl Sandbox {
    /// A bare upstream at `upstream.git` with one commit on `main`.
    pub fn upstream(&self) -> Utf8PathBuf {
        self.write("seed/flake.nix", FLAKE);
        self.write("seed/hosts/demo.nix", "{ hostName = \"demo\"; }\n");
        self.write("seed/.gitignore", "*.log\n");
        let _: String = self
            .sh(
                "seed",
                "git init -q && git add . && git commit -qm 'first' && git clone -q --bare . ../upstream.git",
            )
            .ok();
        self.root().join("upstream.git")
    }

    /// The studio `name` of `upstream.git`, which is made if there is none yet.
    pub fn studio(&self, name: &str) -> Utf8PathBuf {
        if !self.root().join("upstream.git").is_dir() {
            self.upstream();
        }
        let upstream = self.root().join("upstream.git");
        Utf8PathBuf::from(
            self.run_words("", &["studio", name, "-q", "--upstream", upstream.as_str()]).ok(),
        )
    }

    /// Adds a commit to `main` of `upstream.git`, as if somebody else had pushed.
    pub fn push_upstream(&self, file: &str, text: &str) {
        self.write(format!("seed/{file}"), text);
        let script = format!(
            "git add . && git commit -qm 'upstream: {file}' && git push -q ../upstream.git HEAD:main"
        );
        let _: String = self.sh("seed", &script).ok();
    }

    /// Adds a submodule `inputs/NAME` to `upstream.git`, whose own repository is `NAME.git`.
    pub fn add_input(&self, name: &str) -> Utf8PathBuf {
        self.write(format!("{name}-seed/flake.nix"), FLAKE);
        self.write(format!("{name}-seed/message"), "hello\n");
        let script = format!(
            "git init -q && git add . && git commit -qm 'input' && git clone -q --bare . ../{name}.git"
        );
        let _: String = self.sh(format!("{name}-seed"), &script).ok();
        let url = self.root().join(format!("{name}.git"));
        let script = format!(
            "git submodule --quiet add {url} inputs/{name} && git commit -qam 'add {name}' && git push -q ../upstream.git HEAD:main"
        );
        let _: String = self.sh("seed", &script).ok();
        url
    }

    /// All files below a folder with mode and content, `.git` left out: for comparing what was with what is.
    pub fn picture(&self, dir: impl AsRef<camino::Utf8Path>) -> Vec<String> {
        // The names with their modes, and then the contents in the order of the names: one process for all of them.
        let script = "find . -path ./.git -prune -o \\( -type f -o -type l -o -type p \\) -printf '%p %y %m %l\\n' | LC_ALL=C sort
            find . -path ./.git -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0r git hash-object --no-filters --";
        self.sh(dir, script).ok().lines().map(str::to_owned).collect()
    }
}
