//! One line of Nix's log as a machine may read it (`--log-format internal-json`).
//!
//! Lines begin with `@nix ` and go on with JSON; the numbers of what they may hold are Nix's own (`logging.hh`), the same
//! from 2.18 on and in Lix. Whatever is not known here is no event: a later Nix may say more. Not here: what follows from it.

use serde::Deserialize;
use std::borrow::Cow;

/// What one line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something begins.
    Start(Id, Activity),
    /// It is over, however it ended.
    Stop(Id),
    /// A build is in another phase.
    Phase(Id, String),
    /// A build said a line.
    Line(Id, String),
    /// How far something is, in units of its own: bytes, builds, paths.
    Progress(Id, Progress),
    /// So many of a kind are to be expected because of this.
    Expected(Id, Total, u64),
    /// Words, and how important they are.
    Message(Level, String),
}

/// The number of an activity; new ones are larger.
pub type Id = u64;

/// What is being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A derivation is built, here or on a builder.
    Build {
        /// The derivation's path.
        derivation: String,
        /// Where, if not here.
        machine: Option<String>,
    },
    /// A path is copied from one store to another.
    Copy(String),
    /// A path is fetched from a binary cache.
    Substitute(String),
    /// A file comes over the network.
    Transfer(String),
    /// What the sums of one kind belong to.
    Sum(Total),
    /// Something that Nix has words for and no number, and that is worth a line: `copying '…' to the store`.
    Words(String),
}

/// What there are sums of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Total {
    /// Bytes of files that come over the network.
    Transfers,
    /// Paths that are copied.
    Copies,
    /// Derivations that are built.
    Builds,
}

/// How far something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Done.
    pub done: u64,
    /// Of so many, as far as that is known.
    pub expected: u64,
    /// At work.
    pub running: u64,
    /// Failed.
    pub failed: u64,
}

/// How important words are; Nix has eight levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What failed, and what an expression wants to be seen (`builtins.trace`).
    Error,
    /// A warning.
    Warning,
    /// What Nix says without being asked.
    Info,
    /// That something begins which may take long: a build, a copy. Not a level of Nix's.
    Begun,
    /// What it says with `-v`.
    Verbose,
}

/// How a line begins that is meant for machines.
const MARK: &str = "@nix ";

/// What a line says; `None` if that is nothing that is known here.
///
/// # Errors
/// If it is no line of Nix's: what a program that Nix started said by itself, or JSON that is broken.
pub fn parse(line: &str) -> Result<Option<Event>, NotNix> {
    let json = line.strip_prefix(MARK).ok_or(NotNix)?;
    let raw: Raw<'_> = serde_json::from_str(json).map_err(|_| NotNix)?;
    Ok(raw.event())
}

/// A line that is not from Nix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotNix;

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    action: Cow<'a, str>,
    #[serde(default)]
    id: Id,
    #[serde(default)]
    level: u64,
    #[serde(default, rename = "type")]
    kind: u64,
    #[serde(default, borrow)]
    text: Cow<'a, str>,
    #[serde(default, borrow)]
    msg: Cow<'a, str>,
    #[serde(default)]
    fields: Vec<Field>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Field {
    Number(u64),
    Text(String),
    Other(serde::de::IgnoredAny),
}

impl Field {
    fn text(&self) -> Option<&str> {
        match self {
            Field::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self) -> Option<u64> {
        match self {
            Field::Number(number) => Some(*number),
            _ => None,
        }
    }
}

impl Raw<'_> {
    fn event(self) -> Option<Event> {
        let id = self.id;
        match &*self.action {
            "start" => Some(Event::Start(id, self.activity()?)),
            "stop" => Some(Event::Stop(id)),
            "msg" => Some(Event::Message(level(self.level), self.msg.into_owned())),
            "result" => match self.kind {
                101 | 107 => Some(Event::Line(id, self.text_at(0)?)),
                104 => Some(Event::Phase(id, self.text_at(0)?)),
                105 => {
                    let number = |at: usize| self.fields.get(at)?.number();
                    Some(Event::Progress(
                        id,
                        Progress {
                            done: number(0)?,
                            expected: number(1)?,
                            running: number(2).unwrap_or_default(),
                            failed: number(3).unwrap_or_default(),
                        },
                    ))
                }
                106 => {
                    let kind = total(self.fields.first()?.number()?)?;
                    Some(Event::Expected(id, kind, self.fields.get(1)?.number()?))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn activity(&self) -> Option<Activity> {
        Some(match self.kind {
            105 => Activity::Build {
                derivation: self.text_at(0)?,
                machine: self.text_at(1).filter(|machine| !machine.is_empty()),
            },
            100 => Activity::Copy(self.text_at(0)?),
            101 => Activity::Transfer(self.text_at(0)?),
            108 => Activity::Substitute(self.text_at(0)?),
            103 | 104 => Activity::Sum(total(self.kind)?),
            // Of what has no kind, a part only says what Nix does within itself; that has a high level.
            0 | 112 if !self.text.is_empty() && self.level < 6 => {
                Activity::Words(self.text.clone().into_owned())
            }
            _ => return None,
        })
    }

    fn text_at(&self, at: usize) -> Option<String> {
        self.fields.get(at)?.text().map(str::to_owned)
    }
}

fn total(kind: u64) -> Option<Total> {
    match kind {
        101 => Some(Total::Transfers),
        103 => Some(Total::Copies),
        104 => Some(Total::Builds),
        _ => None,
    }
}

fn level(number: u64) -> Level {
    match number {
        0 => Level::Error,
        1 => Level::Warning,
        2 | 3 => Level::Info,
        _ => Level::Verbose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nix_says_is_understood() {
        let start = r#"@nix {"action":"start","fields":["/nix/store/x-hello-2.12.drv","",1,1],"id":7,"level":3,"parent":0,"text":"building","type":105}"#;
        let build =
            Activity::Build { derivation: "/nix/store/x-hello-2.12.drv".into(), machine: None };
        assert_eq!(parse(start), Ok(Some(Event::Start(7, build))));
        let remote = start.replace(r#""","#, r#""ssh://big","#);
        let Ok(Some(Event::Start(_, Activity::Build { machine, .. }))) = parse(&remote) else {
            panic!("{remote}")
        };
        assert_eq!(machine.as_deref(), Some("ssh://big"));
        assert_eq!(parse(r#"@nix {"action":"stop","id":7}"#), Ok(Some(Event::Stop(7))));
        assert_eq!(
            parse(r#"@nix {"action":"result","fields":[1,4,2,1],"id":9,"type":105}"#),
            Ok(Some(Event::Progress(9, Progress { done: 1, expected: 4, running: 2, failed: 1 })))
        );
        assert_eq!(
            parse(r#"@nix {"action":"result","fields":[101,4000],"id":9,"type":106}"#),
            Ok(Some(Event::Expected(9, Total::Transfers, 4000)))
        );
        assert_eq!(
            parse(r#"@nix {"action":"msg","level":1,"msg":"warning: dirty","raw_msg":"dirty"}"#),
            Ok(Some(Event::Message(Level::Warning, "warning: dirty".into())))
        );
    }

    #[test]
    fn what_is_unknown_is_nothing_and_what_is_broken_is_not_from_nix() {
        for line in [
            r#"@nix {"action":"dance","id":7}"#,
            r#"@nix {"action":"start","id":7,"type":999,"fields":[]}"#,
            r#"@nix {"action":"start","id":7,"type":105,"fields":[3]}"#,
            r#"@nix {"action":"result","id":7,"type":105,"fields":["x",-1,1.5,null]}"#,
            r#"@nix {"action":"result","id":7,"type":106,"fields":[100,{}]}"#,
        ] {
            assert_eq!(parse(line), Ok(None), "{line}");
        }
        for line in ["", "hello", "@nix", "@nix {", r#"@nix {"action":"stop","id":"x"}"#, "@nix []"]
        {
            assert_eq!(parse(line), Err(NotNix), "{line}");
        }
    }
}
