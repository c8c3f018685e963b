//! What tokens mention, where nobody but a macro knows what they mean: everything that looks like a path, a method or a
//! name in a format string.

use crate::item::Space;
use proc_macro2::{Literal, Spacing, TokenStream, TokenTree};
use std::collections::BTreeSet;

/// Something that looks like a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// Its names; `$crate` first where it stands there.
    pub path: Vec<String>,
    /// Whether it begins with `::`.
    pub leading_colon: bool,
    /// Whether it is followed by `!`.
    pub is_macro: bool,
}

/// All that some tokens mention.
#[derive(Clone, Debug, Default)]
pub struct Mentions {
    /// Paths.
    pub paths: BTreeSet<Mention>,
    /// Paths that `::*` follows, `$crate` first where it stands there.
    pub globs: BTreeSet<Vec<String>>,
    /// Paths that a macro's variable goes on with: `$crate` of `$crate::$name`.
    pub open: BTreeSet<Vec<String>>,
    /// Names behind a dot or behind `::`.
    pub members: BTreeSet<String>,
    /// Every word.
    pub words: BTreeSet<String>,
    /// What follows a word that begins an item: `fn NAME`, `struct NAME`; and whether it is public.
    pub items: BTreeSet<(String, bool, Space)>,
    /// Whether such a word is followed by a macro's variable: `struct $name`.
    pub makes_variables: bool,
    /// What follows `impl … for`, as its first word or variable (`$t`), where there is one; else what follows `impl`.
    pub implements: Vec<Header>,
}

/// The beginning of an `impl` in tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The trait's words, if there is a trait.
    pub of_trait: Option<Vec<String>>,
    /// The words of the type.
    pub of_type: Vec<String>,
}

const BEGINS_ITEM: [&str; 9] =
    ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod"];

const KEYWORDS: [&str; 37] = [
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false",
    "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref",
    "return", "static", "struct", "trait", "true", "type", "unsafe", "use", "where", "while", "_",
    "default", "union",
];

/// Whether tokens may be items of a module.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    /// They may.
    Items,
    /// They are inside of one.
    Inside,
}

impl Mentions {
    /// What these tokens mention.
    pub fn of(tokens: TokenStream) -> Mentions {
        let mut mentions = Mentions::default();
        mentions.scan(tokens);
        mentions
    }

    /// Adds what these tokens mention.
    pub fn scan(&mut self, tokens: TokenStream) {
        self.scan_at(Level::Items, tokens);
    }

    fn scan_at(&mut self, level: Level, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < trees.len() {
            match &trees[at] {
                TokenTree::Group(group) => {
                    // What a macro repeats or is given may be items; what is in braces belongs to one.
                    let before = at.checked_sub(1).and_then(|at| punct(trees.get(at)));
                    let same = matches!(before, Some('$' | '!'));
                    self.scan_at(if same { level } else { Level::Inside }, group.stream());
                }
                TokenTree::Literal(literal) => self.literal(literal),
                TokenTree::Punct(_) => {}
                TokenTree::Ident(_) => {
                    at = self.ident(level, &trees, at);
                    continue;
                }
            }
            at += 1;
        }
    }

    /// Reads on from a word; returns where to go on.
    fn ident(&mut self, level: Level, trees: &[TokenTree], at: usize) -> usize {
        let word = word(trees.get(at)).unwrap_or_default();
        let mark = |at: Option<usize>| at.and_then(|at| punct(trees.get(at)));
        let before = mark(at.checked_sub(1));
        let dollar = before == Some('$');
        if dollar && word != "crate" {
            return at + 1;
        }
        self.words.insert(word.clone());
        if word == "impl" {
            self.header(&trees[at + 1..]);
        }
        let begins = BEGINS_ITEM.contains(&word.as_str()) || word == "macro_rules";
        if begins && level == Level::Items {
            self.item(trees, at);
        }
        if KEYWORDS.contains(&word.as_str()) {
            return at + 1;
        }
        if before == Some('\'') {
            return at + 1;
        }
        let start = if dollar { at - 1 } else { at };
        let two = |end: usize| {
            end >= 2
                && punct(trees.get(end - 1)) == Some(':')
                && punct(trees.get(end - 2)) == Some(':')
        };
        let mut leading_colon = false;
        if two(start) {
            // `<T>::name`, `$t::name`: a member of something that is no path.
            let ahead = start.checked_sub(3).and_then(|at| trees.get(at));
            leading_colon = match ahead {
                None => true,
                Some(TokenTree::Punct(mark)) => mark.as_char() != '>',
                Some(_) => false,
            };
            if !leading_colon {
                self.members.insert(word);
                return at + 1;
            }
        } else if before == Some('.') && mark(at.checked_sub(2)) != Some('.') {
            self.members.insert(word);
            return at + 1;
        }
        let mut path = vec![if dollar { "$crate".to_owned() } else { word }];
        let mut end = at + 1;
        while punct(trees.get(end)) == Some(':') && punct(trees.get(end + 1)) == Some(':') {
            // `a::{b, c}`: a `use`, or something like it.
            if let Some(TokenTree::Group(group)) = trees.get(end + 2) {
                self.tree(&path, leading_colon, group.stream());
                return end + 3;
            }
            let Some(next) = word_of(trees.get(end + 2)) else { break };
            self.words.insert(next.clone());
            path.push(next);
            end += 3;
        }
        if path.len() > 1 {
            self.members.extend(path.last().cloned());
        }
        match [0, 1, 2].map(|more| punct(trees.get(end + more))) {
            [Some(':'), Some(':'), Some('*')] => drop(self.globs.insert(path.clone())),
            [Some(':'), Some(':'), Some('$')] => drop(self.open.insert(path.clone())),
            _ => {}
        }
        let is_macro = punct(trees.get(end)) == Some('!')
            && matches!(trees.get(end + 1), Some(TokenTree::Group(_) | TokenTree::Ident(_)));
        // `name: value`, a field.
        let field = path.len() == 1
            && punct(trees.get(end)) == Some(':')
            && punct(trees.get(end + 1)) != Some(':')
            && path[0].starts_with(|c: char| c.is_lowercase() || c == '_');
        if !field {
            self.paths.insert(Mention { path, leading_colon, is_macro });
        }
        end
    }

    /// The leaves of `prefix::{…}`.
    fn tree(&mut self, prefix: &[String], leading_colon: bool, tokens: TokenStream) {
        let mut inner = Mentions::default();
        inner.scan(tokens);
        self.words.extend(inner.words);
        self.members.extend(inner.members);
        self.globs.extend(inner.globs.into_iter().map(|path| [prefix, &path].concat()));
        for one in inner.paths {
            let mut path = prefix.to_vec();
            path.extend(one.path.into_iter().filter(|name| name != "self"));
            self.paths.insert(Mention { path, leading_colon, is_macro: false });
        }
    }

    fn literal(&mut self, literal: &Literal) {
        let text = literal.to_string();
        if !text.contains('"') {
            return;
        }
        for part in text.split('{').skip(1) {
            let name: String =
                part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
                self.words.insert(name.clone());
                let path = vec![name];
                self.paths.insert(Mention { path, leading_colon: false, is_macro: false });
            }
        }
    }

    fn item(&mut self, trees: &[TokenTree], at: usize) {
        let mut next = at + 1;
        while matches!(word_of(trees.get(next)).as_deref(), Some("mut" | "unsafe" | "ref" | "fn"))
            || punct(trees.get(next)) == Some('!')
        {
            next += 1;
        }
        if punct(trees.get(next)) == Some('$') {
            self.makes_variables = true;
        } else if let Some(name) = word(trees.get(next)) {
            let mut before = at;
            while before > 0
                && matches!(
                    word(trees.get(before - 1)).as_deref(),
                    Some("unsafe" | "const" | "extern" | "async" | "ref")
                )
            {
                before -= 1;
            }
            let public = before > 0 && word(trees.get(before - 1)).as_deref() == Some("pub");
            let space = match word_of(trees.get(at)).as_deref() {
                Some("fn" | "const" | "static") => Space::Value,
                Some("macro_rules") => Space::Macro,
                _ => Space::Type,
            };
            self.items.insert((name, public, space));
        }
    }

    /// The words after `impl`, up to its body.
    fn header(&mut self, trees: &[TokenTree]) {
        let mut header = Header { of_trait: None, of_type: vec![] };
        let mut depth = 0i32;
        let mut at = 0;
        while let Some(tree) = trees.get(at) {
            match tree {
                TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
                TokenTree::Punct(mark) if mark.as_char() == '>' => {
                    let arrow = at > 0
                        && matches!(&trees[at - 1], TokenTree::Punct(before)
                            if before.as_char() == '-' && before.spacing() == Spacing::Joint);
                    depth -= i32::from(!arrow);
                }
                TokenTree::Ident(ident) if ident == "for" && depth <= 0 => {
                    header.of_trait = Some(std::mem::take(&mut header.of_type));
                }
                TokenTree::Ident(ident) if ident == "where" && depth <= 0 => break,
                TokenTree::Ident(ident) => {
                    let variable = at > 0 && punct(trees.get(at - 1)) == Some('$');
                    let generic =
                        depth > 0 && header.of_type.is_empty() && header.of_trait.is_none();
                    if variable {
                        header.of_type.push(format!("${ident}"));
                    } else if !generic {
                        header.of_type.push(ident.to_string());
                    }
                }
                TokenTree::Group(group)
                    if group.delimiter() == proc_macro2::Delimiter::Brace && depth <= 0 =>
                {
                    break;
                }
                _ => {}
            }
            at += 1;
        }
        self.implements.push(header);
    }
}

fn word(tree: Option<&TokenTree>) -> Option<String> {
    match tree {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string()),
        _ => None,
    }
}

fn word_of(tree: Option<&TokenTree>) -> Option<String> {
    word(tree)
}

fn punct(tree: Option<&TokenTree>) -> Option<char> {
    match tree {
        Some(TokenTree::Punct(mark)) => Some(mark.as_char()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> (Vec<String>, Vec<String>) {
        let mentions = Mentions::of(text.parse().expect("tokens"));
        let path = |one: &Mention| {
            let lead = if one.leading_colon { "::" } else { "" };
            format!("{lead}{}{}", one.path.join("::"), if one.is_macro { "!" } else { "" })
        };
        (mentions.paths.iter().map(path).collect(), mentions.members.into_iter().collect())
    }

    #[test]
    fn what_looks_like_a_path_is_one() {
        let (paths, members) = shown(
            "a::b(x.len(), ::core::mem::swap, $crate::c::D, $v.e, <T>::f, y!{z}, 'l, K { k: 1..n })",
        );
        let expected = ["$crate::c::D", "K", "T", "a::b", "::core::mem::swap", "n", "x", "y!", "z"];
        assert_eq!(paths, expected);
        assert_eq!(members, ["D", "b", "e", "f", "len", "swap"]);
        assert_eq!(shown("use a::{b, c::d};").0, ["a::b", "a::c::d"]);
        assert_eq!(shown(r#""{A} {b:?} {}""#).0, ["A", "b"]);
    }

    #[test]
    fn paths_that_do_not_say_where_they_end_are_kept() {
        let text = "use $crate::a::*; use b::{c::*, d}; e * f; $crate::$g! {} h::$i; $j::k";
        let mentions = Mentions::of(text.parse().expect("tokens"));
        let path = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(mentions.globs, [path(&["$crate", "a"]), path(&["b", "c"])].into());
        assert_eq!(mentions.open, [path(&["$crate"]), path(&["h"])].into());
    }

    #[test]
    fn items_and_impls_in_tokens_are_seen() {
        let mentions = Mentions::of(
            "pub struct A; fn b() {} struct $c; impl<T> X<T> for $d<T> where T: Y {} impl E {}"
                .parse()
                .expect("tokens"),
        );
        assert_eq!(
            mentions.items,
            [("A".into(), true, Space::Type), ("b".into(), false, Space::Value)].into()
        );
        assert!(mentions.makes_variables);
        let words =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let expected = [
            Header { of_trait: Some(words(&["X", "T"])), of_type: words(&["$d", "T"]) },
            Header { of_trait: None, of_type: words(&["E"]) },
        ];
        assert_eq!(mentions.implements, expected);
    }
}
