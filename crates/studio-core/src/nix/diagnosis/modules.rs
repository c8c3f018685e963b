//! What the module system of nixpkgs refuses: options that nobody declares, and values that do not fit.

use super::complaint::Complaint;
use super::{Diagnosis, Place, Source};

/// An option that does not exist.
pub fn unknown_option(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let option = quoted_option(&complaint.message, "The option `", "' does not exist")?;
    let mut hints = vec![];
    hints.extend(set_at(option, complaint, source));
    let knows_more = complaint.has_proposal() || complaint.message.contains("declare an option");
    if !knows_more && !complaint.message.contains("no options defined in") {
        hints.push(format!(
            "either its name is another (https://search.nixos.org/options?query={option}), or the module \
             that declares it is not among the `imports`"
        ));
    }
    Some(Diagnosis::of_flake(hints))
}

/// A value of the wrong type.
pub fn wrong_type(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let message = &complaint.message;
    let option = quoted_option(message, "A definition for option `", "' is not of type `")?;
    let wanted = message.split_once("' is not of type `")?.1.split_once("'. Definition values:")?.0;
    let (file, value) = definitions(complaint).next()?;
    let found = type_of(value);
    let place = source.and_then(|source| place(source, option, file));
    Some(Diagnosis::of_flake([match (place, found) {
        (Some(place), Some(found)) => format!("{place} gives it a {found}, wanted: {wanted}"),
        (Some(place), None) => format!("it is set at {place}"),
        (None, Some(found)) => format!("it was given a {found}, wanted: {wanted}"),
        (None, None) => return None,
    }]))
}

/// Two values for an option that takes one.
pub fn conflict(complaint: &Complaint, source: Option<Source<'_>>) -> Option<Diagnosis> {
    let message = &complaint.message;
    let option = quoted_option(message, "The option `", "' has conflicting definition values:")
        .or_else(|| quoted_option(message, "The option `", "' is defined multiple times"))?;
    let mut hints = vec![];
    hints.extend(set_at(option, complaint, source));
    if !message.contains("lib.mkForce") {
        hints.push(
            "say which one counts: `lib.mkForce VALUE` for the stronger, or `lib.mkDefault VALUE` for \
             the weaker"
                .to_owned(),
        );
    }
    Some(Diagnosis::of_flake(hints))
}

/// The name of an option, if the message begins so.
fn quoted_option<'a>(message: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (option, _) = message.strip_prefix(before)?.split_once(after)?;
    (!option.contains('\n')).then_some(option)
}

/// Where an option is set, of those places that are in the flake.
fn set_at(option: &str, complaint: &Complaint, source: Option<Source<'_>>) -> Option<String> {
    let source = source?;
    let mut places: Vec<String> = definitions(complaint)
        .filter_map(|(file, _)| Some(place(source, option, file)?.to_string()))
        .collect();
    places.dedup();
    (!places.is_empty()).then(|| format!("it is set at {}", places.join(" and ")))
}

/// The files and values in the lines of a message like `- In `FILE': VALUE`.
fn definitions(complaint: &Complaint) -> impl Iterator<Item = (&str, &str)> {
    complaint.own_words().filter_map(|line| {
        let (file, value) = line.trim_start().strip_prefix("- In `")?.split_once('\'')?;
        // Without a colon where the value cannot be shown.
        Some((file, value.strip_prefix(':').unwrap_or_default().trim()))
    })
}

/// The file of the flake in which an option is set, and its line, if its last name is there once only.
fn place(source: Source<'_>, option: &str, file: &str) -> Option<Place> {
    // A flake may say more than the file: `FILE, via option x`.
    let file = source.path(file.split(", via ").next()?)?;
    source.place_of_option(file, option)
}

/// What kind of value this is, as nixpkgs prints it.
fn type_of(value: &str) -> Option<&'static str> {
    let first = value.chars().next()?;
    Some(match value {
        "true" | "false" => "boolean",
        "null" => "`null`",
        "<function>" => "function",
        _ if value.starts_with("<derivation") => "package",
        _ if first == '"' || value.starts_with("''") => "string",
        _ if first == '[' => "list",
        _ if first == '{' => "set",
        _ if first == '/' => "path",
        _ if value.parse::<i64>().is_ok() => "integer",
        _ if value.parse::<f64>().is_ok() => "float",
        _ => return None,
    })
}
