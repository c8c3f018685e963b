//! Builds that cannot begin on this machine, and packages that cannot be in one environment.

use super::complaint::{Complaint, between};
use super::{Diagnosis, Source, at};

/// Two packages have the same file.
pub fn collision(complaint: &Complaint, _: Option<Source<'_>>) -> Option<Diagnosis> {
    // The words of nixpkgs, of `builtin:buildenv`, and those of nixpkgs before 2024.
    let lines = &complaint.log;
    let known = [
        "two given paths contain a conflicting subpath:",
        "There is a conflict for the following files:",
        "collision between `",
    ];
    let at = lines.iter().position(|line| known.iter().any(|known| line.contains(known)))?;
    let paths = lines[at..].iter().flat_map(|line| line.split(['`', '\'', '"', ' ']));
    let mut in_store = paths.filter_map(split_store_path);
    let ((one, file), (other, _)) = (in_store.next()?, in_store.next()?);
    // The order in which they come is that of their hashes.
    let (one, other) = (one.min(other), one.max(other));
    let both = if one == other {
        format!("two versions or outputs of `{one}` have `{file}`")
    } else {
        format!("`{one}` and `{other}` both have `{file}`")
    };
    Some(Diagnosis::of_flake([format!(
        "{both}: take one out of the list, or say which of them wins: `(lib.hiPrio PACKAGE)`"
    )]))
}

/// `one-1.0` and `bin/x` of `/STORE/HASH-one-1.0/bin/x`.
fn split_store_path(path: &str) -> Option<(&str, &str)> {
    let hash = |part: &str| {
        part.len() > 33
            && part.as_bytes()[32] == b'-'
            && part.as_bytes()[..32].iter().all(u8::is_ascii_alphanumeric)
    };
    let part = path.strip_prefix('/')?.split('/').find(|part| hash(part))?;
    let (_, file) = path.split_once(part)?;
    Some((&part[33..], file.strip_prefix('/')?))
}

/// Something is to be built for another kind of machine.
pub fn other_system(complaint: &Complaint, _: Option<Source<'_>>) -> Option<Diagnosis> {
    let message = &complaint.message;
    let (wanted, here) = if message.contains("is required to build '") {
        (between(message, "a '", "' with features")?, between(message, "but I am a '", "'")?)
    } else {
        let of = |name: &str| complaint.own_words().find_map(|line| between(line, name, "'"));
        (of("Required system: '")?, of("Current system: '")?)
    };
    if wanted == here {
        return None;
    }
    Some(Diagnosis::of_flake([format!(
        "this machine is {here} and builds nothing for {wanted} by itself: name a builder in `nix.conf` \
         (`builders = …`), or on NixOS emulate one: `boot.binfmt.emulatedSystems = [ \"{wanted}\" ];`"
    )]))
}

/// Something is to be built before the evaluation can go on, which is forbidden.
pub fn import_from_derivation(
    complaint: &Complaint,
    source: Option<Source<'_>>,
) -> Option<Diagnosis> {
    let line = complaint.message.lines().next()?;
    if !line.ends_with("because the option 'allow-import-from-derivation' is disabled") {
        return None;
    }
    Some(Diagnosis::of_flake([format!(
        "what is imported{} must be built first; to allow that, in your `nix.conf`: \
         `allow-import-from-derivation = true`",
        at(source, complaint)
    )]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_a_store_are_taken_apart() {
        let hash = "0lbagnzv9xbd7hpjdpiyh8kvy97haiil";
        let path = format!("/nix/store/{hash}-one-1.0/bin/x");
        assert_eq!(split_store_path(&path), Some(("one-1.0", "bin/x")));
        assert_eq!(split_store_path(&format!("/nix/store/{hash}-one")), None);
        assert_eq!(split_store_path("/usr/bin/x"), None);
    }
}
