//! The two numbers of a nix version that matter. Not a general version type.

/// Major and minor: `2.26.3+dfsg-1` is `Version(2, 26)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32);

impl Version {
    /// Reads what nix says (`2.35pre20260101_abc`) and what packages are called
    /// (`1:2.26.3+dfsg-1`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split_once(':').map_or(text, |(_epoch, rest)| rest);
        let (major, rest) = text.split_once('.')?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        Some(Self(major.parse().ok()?, rest[..end].parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn reads_and_orders() {
        assert_eq!(Version::parse("2.26.3+dfsg-1"), Some(Version(2, 26)));
        assert_eq!(Version::parse("1:2.8"), Some(Version(2, 8)));
        assert_eq!(Version::parse("2.35pre20260101_abc"), Some(Version(2, 35)));
        assert_eq!(Version::parse("2"), None);
        assert_eq!(Version::parse("two.one"), None);
        assert_eq!(Version::parse("2.x"), None);
        assert!(Version(2, 8) < Version(2, 18));
        assert!(Version(3, 0) > Version(2, 99));
    }
}
