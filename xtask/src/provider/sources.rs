//! The machine's own apt sources: which archive of the distribution it uses, and with which key.
//! Both formats (`*.sources` and one line each) are read; nothing here knows a host name.

use std::fs;

use camino::Utf8Path;

use super::release::{Distro, Release};

/// One archive that the machine trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub uris: String,
    suites: Vec<String>,
    components: Vec<String>,
    /// As it stands in the file: a path, or a whole key with its line breaks.
    pub signed_by: Option<String>,
}

impl Source {
    /// The sources of the distribution itself that are switched on in `etc` (`/etc/apt`),
    /// the ones signed with the archive's own key first.
    pub fn of(release: &Release, etc: &Utf8Path) -> Vec<Self> {
        let mut files: Vec<_> = etc
            .join("sources.list.d")
            .read_dir_utf8()
            .into_iter()
            .flatten()
            .flatten()
            .map(camino::Utf8DirEntry::into_path)
            .collect();
        files.sort();
        files.insert(0, etc.join("sources.list"));
        let mut sources = Vec::new();
        for file in files {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            match file.extension() {
                Some("sources") => sources.extend(deb822(&text)),
                Some("list") => sources.extend(text.lines().filter_map(one_line)),
                _ => {}
            }
        }
        sources.retain(|source| source.serves(release));
        let key = format!("{}-archive", release.distro.name());
        sources.sort_by_key(|source| {
            !source.signed_by.as_ref().is_some_and(|path| path.contains(&key))
        });
        sources.dedup_by(|a, b| a.uris == b.uris && a.signed_by == b.signed_by);
        sources
    }

    /// The distribution's main archive, not its security updates and not a third party.
    fn serves(&self, release: &Release) -> bool {
        const ALIASES: &[&str] = &["stable", "oldstable", "testing", "unstable", "sid"];
        let suite = |name: &String| {
            *name == release.codename
                || release.distro == Distro::Debian && ALIASES.contains(&name.as_str())
        };
        self.suites.iter().any(suite) && self.components.iter().any(|component| component == "main")
    }

    /// The same archive with another suite, as a file that apt reads.
    pub fn stanza(&self, suite: &str, components: &str, check_valid_until: bool) -> String {
        let mut text =
            format!("Types: deb\nURIs: {}\nSuites: {suite}\nComponents: {components}\n", self.uris);
        if !check_valid_until {
            text.push_str("Check-Valid-Until: no\n");
        }
        if let Some(key) = &self.signed_by {
            text.extend(["Signed-By: ", key, "\n"]);
        }
        text
    }
}

/// Reads a `.sources` file: stanzas of `Key: value`, a value goes on in lines that start with a
/// blank.
fn deb822(text: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut stanza: Vec<(String, String)> = Vec::new();
    // The empty line at the end closes the last stanza.
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            sources.extend(source(&std::mem::take(&mut stanza)));
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = stanza.last_mut() {
                value.push('\n');
                value.push_str(line);
            }
        } else if let Some((key, value)) = line.split_once(':') {
            stanza.push((key.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    sources
}

fn source(stanza: &[(String, String)]) -> Option<Source> {
    let value =
        |key: &str| stanza.iter().find(|(found, _)| found == key).map(|(_, value)| value.as_str());
    let words = |key: &str| -> Vec<String> {
        value(key).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let off = value("enabled")
        .is_some_and(|on| matches!(on.to_ascii_lowercase().as_str(), "no" | "false" | "0"));
    let uris = words("uris")
        .into_iter()
        .filter(|uri| !uri.starts_with("cdrom:"))
        .collect::<Vec<_>>()
        .join(" ");
    if off || uris.is_empty() || !words("types").iter().any(|kind| kind == "deb") {
        return None;
    }
    Some(Source {
        uris,
        suites: words("suites"),
        components: words("components"),
        signed_by: value("signed-by").map(str::to_owned),
    })
}

/// Reads a line of a `.list` file: `deb [signed-by=KEY] URI SUITE COMPONENT...`.
fn one_line(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb").filter(|rest| rest.starts_with([' ', '\t']))?.trim_start();
    let (options, rest) = match rest.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => ("", rest),
    };
    let signed_by = options
        .split_whitespace()
        .find_map(|option| option.strip_prefix("signed-by="))
        .map(|keys| keys.replace(',', " "));
    let mut words = rest.split_whitespace().map(str::to_owned);
    let uris = words.next().filter(|uri| !uri.starts_with("cdrom:"))?;
    let suite = words.next()?;
    Some(Source { uris, suites: vec![suite], components: words.collect(), signed_by })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

    fn bookworm() -> Release {
        Release { distro: Distro::Debian, codename: "bookworm".into() }
    }

    #[test]
    fn reads_stanzas() {
        let text = format!(
            "Types: deb\n# a comment within\nURIs: http://mirror.example/debian\n\
             Suites: bookworm bookworm-updates\nComponents: main\nSigned-By: {KEYRING}\n\n\
             Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\nComponents: main\n\n\
             Types: deb-src\nURIs: http://mirror.example/src\nSuites: bookworm\nComponents: main\n\n\
             Enabled: no\nTypes: deb\nURIs: http://mirror.example/off\nSuites: bookworm\nComponents: main\n"
        );
        let sources = deb822(&text);
        assert_eq!(sources.len(), 2);
        assert!(sources[0].serves(&bookworm()));
        assert!(!sources[1].serves(&bookworm()), "security updates are not the archive");
        assert_eq!(
            sources[0].stanza("forky", "main", false),
            format!(
                "Types: deb\nURIs: http://mirror.example/debian\nSuites: forky\nComponents: main\n\
                 Check-Valid-Until: no\nSigned-By: {KEYRING}\n"
            )
        );
    }

    #[test]
    fn a_key_within_the_file_stays_whole() {
        let text = "Types: deb\nURIs: http://mirror.example\nSuites: bookworm\nComponents: main\n\
                    Signed-By:\n -----BEGIN\n .\n mQ\n -----END\n";
        let sources = deb822(text);
        assert_eq!(sources[0].signed_by.as_deref(), Some("\n -----BEGIN\n .\n mQ\n -----END"));
    }

    #[test]
    fn reads_lines() {
        let with = one_line(
            "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/d bookworm main contrib # x",
        );
        let with = with.expect("a source");
        assert_eq!(
            (with.uris.as_str(), with.signed_by.as_deref()),
            ("http://mirror.example/d", Some("/k.gpg"))
        );
        assert!(with.serves(&bookworm()));
        assert!(one_line("deb http://mirror.example/d bookworm main").is_some());
        assert_eq!(one_line("deb-src http://mirror.example/d bookworm main"), None);
        assert_eq!(one_line("# deb http://mirror.example/d bookworm main"), None);
        assert_eq!(one_line("deb cdrom:[x]/ bookworm main"), None);
        assert_eq!(one_line("deb [broken http://mirror.example"), None);
        assert_eq!(one_line(""), None);
    }

    #[test]
    fn third_parties_are_not_the_distribution() {
        for line in [
            "deb http://third.example/node nodistro main",
            "deb http://third.example/docker bookworm stable",
            "deb http://third.example/pg bookworm-pgdg main",
        ] {
            assert!(!one_line(line).expect("a source").serves(&bookworm()), "{line}");
        }
    }

    #[test]
    fn the_archives_own_key_comes_first() {
        let temp = tempfile::tempdir().expect("temp");
        let etc = Utf8Path::from_path(temp.path()).expect("utf8");
        fs::create_dir(etc.join("sources.list.d")).expect("mkdir");
        fs::write(etc.join("sources.list"), "deb http://other.example/x bookworm main\n")
            .expect("write");
        let own = format!("deb [signed-by={KEYRING}] http://mirror.example/debian bookworm main\n");
        fs::write(etc.join("sources.list.d/own.list"), own).expect("write");
        fs::write(etc.join("sources.list.d/x.sources.disabled"), "Types: deb\n").expect("write");
        let uris: Vec<_> =
            Source::of(&bookworm(), etc).into_iter().map(|source| source.uris).collect();
        assert_eq!(uris, ["http://mirror.example/debian", "http://other.example/x"]);
    }
}
