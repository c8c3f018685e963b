use alloc::string::String;

/// Louder.
pub fn shout(text: &str) -> String {
    let mut text = String::from(text);
    text.make_ascii_uppercase();
    text.push(super::super::voice::deep::MARK);
    text
}

pub(in crate::voice) const MARK: char = '!';
