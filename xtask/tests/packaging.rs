//! The Nix files of this repository: all can be parsed, the flake's outputs evaluate against a
//! stand-in for nixpkgs (`nix/stand-in.nix`), and what they name is there in the programs. A unit
//! of the module is run by a real systemd. That the package builds is seen in `nix_build`.

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::{Value, json};
use testkit::{RealNix, Sandbox, Systemd};

fn root() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask has a parent").to_owned()
}

fn nix_files(folder: &Utf8Path, found: &mut Vec<String>) {
    for entry in folder.read_dir_utf8().expect("the folder can be read").flatten() {
        let path = entry.path();
        if entry.file_type().expect("its type").is_dir() {
            // A template is no Nix before it is filled; the generator's own tests look at that.
            if !matches!(entry.file_name(), "target" | ".git" | "templates") {
                nix_files(path, found);
            }
        } else if path.extension() == Some("nix") {
            found.push(path.to_string());
        }
    }
}

#[test]
fn every_nix_file_can_be_parsed() {
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    let mut files = Vec::new();
    nix_files(&root(), &mut files);
    assert!(files.len() > 10, "{files:?}");
    let mut words = vec!["nix-instantiate", "--parse"];
    words.extend(files.iter().map(String::as_str));
    sandbox.run_words("", &words).ok();
}

/// The blocks of Nix in a document.
fn nix_blocks(text: &str) -> impl Iterator<Item = &str> {
    text.split("```nix\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0))
}

#[test]
fn what_documents_say_in_nix_is_nix() {
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    let docs = root().join("docs");
    let pages = docs.read_dir_utf8().expect("docs").flatten().map(|entry| entry.path().to_owned());
    let pages =
        pages.filter(|path| path.extension() == Some("md")).chain([root().join("README.md")]);
    let mut files = vec![];
    for page in pages {
        let text = std::fs::read_to_string(&page).expect("readable");
        for block in nix_blocks(&text) {
            let name = format!("{}.{}.nix", page.file_name().expect("a name"), files.len());
            // Lines of a module stand in braces, and know what modules are given.
            let (open, close) =
                if block.trim_start().starts_with('{') { ("", "") } else { ("{\n", "}\n") };
            let given = "{ config, inputs, lib, pkgs, ... }:\n";
            sandbox.write(&name, format!("{given}{open}{block}{close}"));
            files.push(name);
        }
    }
    assert!(files.len() >= 5, "{files:?}");
    let mut words = vec!["nix-instantiate", "--parse"];
    words.extend(files.iter().map(String::as_str));
    sandbox.run_words("", &words).ok();
}

#[test]
fn the_flake_of_the_readme_takes_the_modules() {
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    let readme = std::fs::read_to_string(root().join("README.md")).expect("readable");
    let blocks: Vec<&str> = nix_blocks(&readme).collect();
    let [flake, home] = blocks.as_slice() else { panic!("{blocks:?}") };
    sandbox.write("flake.nix", flake);
    sandbox.write("home.nix", home);
    sandbox.write(
        "both.nix",
        format!(
            "let
               studio = (import {}/flake.nix).outputs {{ self = studio; nixpkgs.lib.genAttrs = _: _: {{ }}; }};
               flake = import ./flake.nix;
               outputs = flake.outputs {{ inherit studio; nixpkgs.lib.nixosSystem = system: system; }};
               home = import ./home.nix {{ inputs = {{ inherit studio; }}; }};
               called = module: builtins.attrNames (builtins.functionArgs module);
             in {{
               inputs = builtins.attrNames flake.inputs;
               modules = map (m: if builtins.isFunction m then called m else m) outputs.nixosConfigurations.demo.modules;
               home = home // {{ imports = map called home.imports; }};
             }}",
            root()
        ),
    );
    let words = ["nix-instantiate", "--eval", "--strict", "--json", "both.nix"];
    let text = sandbox.run_words("", &words).ok();
    let found: Value = serde_json::from_str(&text).expect("JSON");
    let module = serde_json::json!(["config", "lib", "pkgs"]);
    assert_eq!(found["inputs"], serde_json::json!(["nixpkgs", "studio"]));
    assert_eq!(
        found["modules"],
        serde_json::json!([module, { "programs": { "studio": { "enable": true } } }])
    );
    assert_eq!(found["home"]["imports"], serde_json::json!([module]));
    assert_eq!(found["home"]["programs"]["studio"]["enable"], true);
}

/// What `nix/stand-in.nix` gives.
fn evaluated() -> Value {
    let sandbox = Sandbox::new().with_nix(&RealNix::find());
    let file = root().join("nix/stand-in.nix");
    let words = ["nix-instantiate", "--eval", "--strict", "--json", file.as_str()];
    let text = sandbox.run_words("", &words).ok();
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_flake_gives_what_is_promised_on_four_systems() {
    let flake = evaluated();
    let keys = |value: &Value| -> Vec<String> {
        value.as_object().expect("an attribute set").keys().cloned().collect()
    };
    assert_eq!(
        flake["outputs"],
        json!([
            "apps",
            "checks",
            "devShells",
            "formatter",
            "homeModules",
            "nixosModules",
            "overlays",
            "packages",
            "templates"
        ])
    );
    let systems = ["aarch64-darwin", "aarch64-linux", "x86_64-darwin", "x86_64-linux"];
    assert_eq!(keys(&flake["install"]), systems);
    assert_eq!(flake["checks"]["x86_64-linux"], json!(["package", "suite"]));
    assert_eq!(flake["checks"]["aarch64-darwin"], json!(["package"]));
    assert_eq!(flake["skipped"], json!(["--skip=systemd_"]));
    assert_eq!(flake["version"], env!("CARGO_PKG_VERSION"));
    let install = flake["install"]["x86_64-linux"].as_str().expect("a script");
    assert!(install.contains("xtask dist --prefix \"$out\""), "{install}");
}

#[test]
fn each_program_that_is_typed_is_an_app_and_says_what_it_is_for() {
    let sandbox = Sandbox::new();
    let flake = evaluated();
    let apps = flake["apps"].as_object().expect("an attribute set");
    let mut named: Vec<&str> = apps.keys().map(String::as_str).collect();
    named.retain(|name| *name != "default");
    let folder = Utf8Path::new(env!("CARGO_BIN_EXE_xtask")).parent().expect("a folder");
    let mut built = programs(folder);
    built.retain(|name| name != "xtask" && name != "studio-activate");
    assert_eq!(named, built);
    for name in named {
        let page = sandbox.run_words("", &[name, "--generate", "markdown"]).ok();
        let about = page.lines().nth(2).expect("a sentence");
        let app = json!({
            "type": "app",
            "program": format!("/stand-in/studio/bin/{name}"),
            "meta": { "description": about },
        });
        assert_eq!(apps[name], app);
    }
    assert_eq!(apps["default"], apps["studio"]);
}

/// The programs in a folder that cargo builds into.
fn programs(folder: &Utf8Path) -> Vec<String> {
    let script =
        "find . -maxdepth 1 -type f -perm -u+x ! -name '*.*' -printf '%f\\n' | LC_ALL=C sort";
    let found = Sandbox::new().sh(folder, script).ok();
    found.lines().map(str::to_owned).collect()
}

#[test]
fn a_template_says_what_it_is_for_and_has_its_settings() {
    let templates = &evaluated()["templates"];
    let home = json!({
        "description": "a home directory, managed by home-manager",
        "files": ["flake.nix", "home.nix", "studio.toml"],
    });
    let nixos = json!({
        "description": "a NixOS host, reached by ssh with a key",
        "files": ["configuration.nix", "flake.nix", "hardware-configuration.nix", "studio.toml"],
    });
    assert_eq!(*templates, json!({ "default": nixos, "home": home, "nixos": nixos }));
}

#[test]
fn the_modules_change_nothing_until_they_are_enabled() {
    let flake = evaluated();
    for module in ["nixos", "home"] {
        assert_eq!(flake[module]["off"], json!({}), "{module}");
    }
}

/// What stands in the module of NixOS when all of its options are at their examples.
#[test]
fn the_module_of_nixos_makes_what_it_says() {
    let nixos = &evaluated()["nixos"];
    let (on, full) = (&nixos["on"], &nixos["full"]);
    assert_eq!(on["environment"]["systemPackages"], json!(["/stand-in/studio"]));
    let aliases = "/stand-in/studio/share/studio/aliases.gitconfig";
    let git = json!({ "enable": true, "config": [{ "include": { "path": aliases } }] });
    assert_eq!(on["programs"]["git"], git);
    assert_eq!(nixos["plain"]["programs"]["git"], json!({}));
    // Nobody has privilege, and nothing is removed, unless that is said.
    assert_eq!(on["security"]["sudo"]["extraRules"], json!({}));
    assert_eq!(on["systemd"]["user"], json!({}));
    assert_eq!(
        full["security"]["sudo"]["extraRules"],
        json!([{
            "users": ["ada"],
            "groups": ["wheel"],
            "runAs": "root",
            "commands": [{
                "command": "/run/current-system/sw/bin/studio-activate",
                "options": ["NOPASSWD"],
            }],
        }])
    );
    assert_eq!(
        full["systemd"]["user"],
        json!({
            "services": { "studio-clean": {
                "description": "remove snapshots that nothing needs",
                "path": ["/stand-in/nix", "/stand-in/git"],
                "serviceConfig": {
                    "Type": "oneshot",
                    "ExecStart": "/stand-in/studio/bin/studio --clean --yes",
                },
            } },
            "timers": { "studio-clean": {
                "description": "remove snapshots that nothing needs",
                "wantedBy": ["timers.target"],
                "timerConfig": { "OnCalendar": "Sun 03:00", "Persistent": true },
            } },
        })
    );
}

#[test]
fn the_module_of_home_manager_makes_what_it_says() {
    let home = &evaluated()["home"];
    let (on, full) = (&home["on"], &home["full"]);
    assert_eq!(on["home"]["packages"], json!(["/stand-in/studio"]));
    assert_eq!(on["xdg"]["configFile"], json!({}));
    let source = full["xdg"]["configFile"]["studio/config.toml"]["source"].as_str();
    assert!(source.is_some_and(|path| path.ends_with("-studio-config.toml")), "{source:?}");
    let aliases = "/stand-in/studio/share/studio/aliases.gitconfig";
    assert_eq!(full["programs"]["git"]["includes"], json!([{ "path": aliases }]));
    assert_eq!(on["systemd"]["user"]["services"]["studio-clean"], json!({}));
    let services = &full["systemd"]["user"]["services"];
    let clean = &services["studio-clean"]["Service"];
    assert_eq!(clean["ExecStart"], "/stand-in/studio/bin/studio --clean --yes");
    assert_eq!(
        full["systemd"]["user"]["timers"],
        json!({ "studio-clean": {
            "Unit": { "Description": "remove snapshots that nothing needs" },
            "Timer": { "OnCalendar": "Sun 03:00", "Persistent": true },
            "Install": { "WantedBy": ["timers.target"] },
        } })
    );
    // home-manager refuses units on a machine without systemd.
    let mac = &home["mac"]["systemd"]["user"];
    assert_eq!((&mac["services"], &mac["timers"]), (&json!({}), &json!({})));
}

/// Everything in an evaluated module that begins with this.
fn texts<'a>(value: &'a Value, start: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.starts_with(start) => found.push(text),
        Value::Array(list) => list.iter().for_each(|one| texts(one, start, found)),
        Value::Object(set) => set.values().for_each(|one| texts(one, start, found)),
        _ => {}
    }
}

#[test]
fn what_the_modules_call_is_there() {
    let sandbox = Sandbox::new();
    let flake = evaluated();
    let mut called = vec![];
    for start in ["/stand-in/studio/bin/", "/run/current-system/sw/bin/"] {
        texts(&flake["nixos"]["full"], start, &mut called);
        texts(&flake["home"]["full"], start, &mut called);
    }
    let mut lines: Vec<&str> =
        called.iter().map(|line| line.rsplit_once("/bin/").expect("a program").1).collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(
        lines,
        [
            "studio --clean --yes",
            "studio-activate",
            "studio-activate recover --root /",
            "studio-activate recover --user"
        ]
    );
    for line in lines {
        // A word that is not known is refused before help is given.
        let help = sandbox.run("", &format!("{line} -h")).ok();
        assert!(help.contains("Usage: "), "{help}");
    }
    // Cleaning does nothing to a user who has no studio, and says so.
    let outcome = sandbox.run("", "studio --clean --yes");
    outcome.ok();
    assert_eq!(outcome.stderr, "there is nothing to remove\n");
    assert_eq!(sandbox.sh("home", "ls -A").ok(), ".gitconfig");
}

#[test]
fn each_option_is_in_the_documents() {
    let text = std::fs::read_to_string(root().join("docs/flake.md")).expect("the page");
    let flake = evaluated();
    for (module, heading) in [("nixos", "## NixOS\n"), ("home", "## home-manager\n")] {
        let part = text.split(heading).nth(1).expect("its part");
        let table = part.split("| `programs.studio.` |").nth(1).expect("its table");
        let rows = table.lines().skip(2).map_while(|line| line.strip_prefix("| "));
        // What stands between backticks in the first column.
        let named = rows.flat_map(|row| {
            row.split(" | ").next().expect("a column").split('`').skip(1).step_by(2)
        });
        let mut named: Vec<&str> = named.collect();
        named.sort_unstable();
        assert_eq!(json!(named), flake["options"][module], "{module}");
    }
}

#[test]
fn the_settings_that_are_an_example_are_understood() {
    let sandbox = Sandbox::new();
    let settings = &evaluated()["home"]["settings"];
    let mut config = String::new();
    let mut tables = String::new();
    for (name, value) in settings.as_object().expect("settings") {
        match value.as_object() {
            None => config += &format!("{name} = {value}\n"),
            Some(table) => {
                tables += &format!("[{name}]\n");
                table.iter().for_each(|(name, value)| tables += &format!("{name} = {value}\n"));
            }
        }
    }
    sandbox.write("home/.config/studio/config.toml", config + &tables);
    let shown = sandbox.run("home", "studio --show-config").ok();
    let place = format!("({}/home/.config/studio/config.toml)", sandbox.root());
    let mut taken = shown.lines().filter_map(|line| line.strip_suffix(&place));
    assert!(taken.all(|line| line.split_whitespace().count() == 2), "{shown}");
    assert_eq!(shown.matches(&place).count(), 4, "{shown}");
}

#[test]
fn what_was_interrupted_is_seen_to_at_the_next_start() {
    let flake = evaluated();
    let system = &flake["nixos"]["on"]["systemd"]["services"]["studio-recover"];
    assert_eq!(system["wantedBy"], json!(["multi-user.target"]));
    assert_eq!(system["after"], json!(["local-fs.target", "nix-daemon.socket"]));
    assert_eq!(system["restartIfChanged"], false);
    assert_eq!(
        system["serviceConfig"],
        json!({
            "Type": "oneshot",
            "RemainAfterExit": false,
            "ExecStart": "/stand-in/studio/bin/studio-activate recover --root /",
        })
    );
    let user = &flake["home"]["on"]["systemd"]["user"]["services"]["studio-recover"];
    assert_eq!(user["Install"]["WantedBy"], json!(["default.target"]));
    assert_eq!(user["Service"]["Type"], "oneshot");
    assert_eq!(user["Service"]["ExecStart"], "/stand-in/studio/bin/studio-activate recover --user");
    // home-manager refuses units on a machine without systemd.
    assert_eq!(flake["home"]["mac"]["systemd"]["user"]["services"], json!({}));
}

/// Names as they stand in a unit.
fn list(value: &Value) -> String {
    let names = value.as_array().expect("a list").iter();
    names.map(|name| name.as_str().expect("a name")).collect::<Vec<_>>().join(" ")
}

/// What NixOS makes of the attributes of a section.
fn section(name: &str, settings: &Value) -> String {
    let mut text = format!("[{name}]\n");
    for (name, value) in settings.as_object().expect("settings") {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text += &format!("{name}={value}\n");
    }
    text
}

/// A real systemd takes the unit as it is, but for the program, which tells its words; and it starts by itself.
#[test]
fn systemd_runs_the_unit_of_the_module_at_every_start() {
    let flake = evaluated();
    let unit = &flake["nixos"]["on"]["systemd"]["services"]["studio-recover"];
    let sandbox = Sandbox::new();
    let program = sandbox.root().join("studio-activate");
    sandbox.write(&program, format!("#!/bin/sh\necho \"$@\" >> {}/calls\n", sandbox.root()));
    sandbox.run("", "chmod +x studio-activate").ok();
    let text = format!("[Unit]\nAfter={}\n", list(&unit["after"]))
        + &section("Service", &unit["serviceConfig"]);
    let text = text.replace("/stand-in/studio/bin/studio-activate", program.as_str());
    sandbox.write("systemd/units/studio-recover.service", text);
    let wants = format!("systemd/units/{}.wants", list(&unit["wantedBy"]));
    let link = format!("mkdir -p {wants} && ln -s ../studio-recover.service {wants}");
    sandbox.sh("", &link).ok();
    for start in 1..=2 {
        let systemd = Systemd::start(&sandbox);
        assert_eq!(sandbox.read("calls"), "recover --root /\n".repeat(start));
        assert_eq!(systemd.run("", "systemctl is-system-running").ok(), "running");
        assert_eq!(systemd.state("studio-recover"), "inactive");
        let loaded =
            systemd.run("", "systemctl show --property=LoadError,After studio-recover").ok();
        assert!(
            loaded.contains("nix-daemon.socket") && !loaded.contains("LoadError=org"),
            "{loaded}"
        );
    }
}

/// A real systemd understands when it is to be cleaned, by the words of both modules and of their defaults, and what to do.
#[test]
fn systemd_understands_the_timers() {
    let flake = evaluated();
    let sandbox = Sandbox::new();
    let program = sandbox.root().join("studio");
    sandbox.write(&program, format!("#!/bin/sh\necho \"$@\" >> {}/calls\n", sandbox.root()));
    sandbox.run("", "chmod +x studio").ok();
    let nixos = &flake["nixos"]["full"]["systemd"]["user"];
    let home = &flake["home"]["full"]["systemd"]["user"];
    let units = [
        (
            "nixos",
            &nixos["services"]["studio-clean"]["serviceConfig"],
            &nixos["timers"]["studio-clean"]["timerConfig"],
        ),
        (
            "home",
            &home["services"]["studio-clean"]["Service"],
            &home["timers"]["studio-clean"]["Timer"],
        ),
    ];
    for (name, service, timer) in units {
        let mut service = service.clone();
        // A list is a line for each.
        if let Some(variables) = service.get_mut("Environment") {
            *variables = json!(list(variables));
        }
        let service = section("Service", &service);
        let service = service.replace("/stand-in/studio/bin/studio", program.as_str());
        sandbox.write(format!("systemd/units/{name}.service"), service);
        sandbox.write(format!("systemd/units/{name}.timer"), section("Timer", timer));
    }
    let systemd = Systemd::start(&sandbox);
    for (name, ..) in units {
        // Not started: one that is persistent leaves a mark on the machine.
        let shown = systemd.run("", &format!("systemctl show {name}.timer")).ok();
        for line in ["LoadState=loaded", "Persistent=yes"] {
            assert!(shown.lines().any(|found| found == line), "no `{line}`: {shown}");
        }
        assert!(shown.contains("TimersCalendar={ OnCalendar=Sun *-*-* 03:00:00 ;"), "{shown}");
        systemd.run("", &format!("systemctl start {name}.service")).ok();
    }
    assert_eq!(sandbox.read("calls"), "--clean --yes\n".repeat(2));
    let default = &flake["nixos"]["cleaned"]["systemd"]["user"]["timers"]["studio-clean"];
    let default = default["timerConfig"]["OnCalendar"].as_str().expect("a text");
    systemd.run_words("", &["systemd-analyze", "calendar", default]).ok();
}
