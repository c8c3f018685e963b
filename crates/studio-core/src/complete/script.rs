//! The files that make a shell ask: one for the command by its own name, and for `git NAME`, which the shell completes by
//! what git brings along for it.

use super::VARIABLE;
use clap_complete::env::{Bash, EnvCompleter, Fish, Zsh};

/// For bash: what clap has for the command, and the function that git's own completion calls for `git NAME`.
///
/// git's completion looks for `_git_NAME` where `git-NAME` would be completed, and has the line in `words` and `cword`; it
/// is registered so that no space is put behind a word (`__git_complete_command`, git 2.18 and later).
const GIT_BASH: &str = r#"
_git_NAME_() {
    local at
    for ((at = 1; at < cword; at++)); do
        [[ ${words[at]} == NAME ]] && break
    done
    local IFS=$'\013'
    COMPREPLY=($(
        _CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX=$((cword - at)) VAR=bash NAME -- NAME "${words[@]:at+1}" 2>/dev/null
    ))
    for at in "${!COMPREPLY[@]}"; do
        [[ ${COMPREPLY[at]} == *[=/:] ]] || COMPREPLY[at]+=' '
    done
}
"#;

/// zsh loads the file as a function when it is asked for the first time, and expects to be answered then too. The same
/// function is called for `git NAME`, with the line from NAME on.
const AT_ONCE_ZSH: &str = r#"
if [[ $funcstack[1] == (_NAME|_git-NAME) ]]; then
    _clap_dynamic_completer_NAME_ "$@"
fi
"#;

/// fish's own completion of git has the function that tells which command is meant.
const GIT_FISH: &str = r#"complete --command git --condition "__fish_git_using_command NAME" --keep-order --no-files --arguments "(VAR=fish NAME -- (commandline --current-process --tokenize --cut-at-cursor)[2..] (commandline --current-token))"
"#;

/// A shell that can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash, with bash-completion.
    Bash,
    /// The Z shell.
    Zsh,
    /// The friendly interactive shell.
    Fish,
}

/// What a shell has to read so that it asks the command of this name, which is on PATH then.
pub fn script(shell: Shell, name: &str) -> String {
    let mut script = Vec::new();
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &Bash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
    };
    // Writing into memory does not fail.
    let _ = completer.write_registration(VARIABLE, name, name, name, &mut script);
    let mut text = String::from_utf8_lossy(&script).trim().to_owned();
    text.push('\n');
    let fill = |more: &str| {
        more.replace("NAME_", &name.replace('-', "_"))
            .replace("NAME", name)
            .replace("VAR", VARIABLE)
    };
    match shell {
        Shell::Bash => text.push_str(&fill(GIT_BASH)),
        Shell::Zsh => text.push_str(&fill(AT_ONCE_ZSH)),
        Shell::Fish => text.push_str(&fill(GIT_FISH)),
    }
    text
}
