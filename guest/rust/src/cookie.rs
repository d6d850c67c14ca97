//! Cookies of a request.

/// Finds a cookie in one `Cookie` header: pairs separated by `;`, spaces around
/// a name or value are not part of it (RFC 6265, 5.4). Names have a case.
pub(crate) fn find<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    line.split(';').find_map(|pair| {
        let at = pair.find('=')?;
        if pair[..at].trim() == name {
            Some(pair[at + 1..].trim())
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let line = "xid=0; id=1;sid=a=b==; empty=; ID=2;id=3; naked";
        for (name, want) in [
            ("id", Some("1")),
            ("sid", Some("a=b==")),
            ("empty", Some("")),
            ("ID", Some("2")),
            ("d", None),
            ("naked", None),
            ("", None),
        ] {
            assert_eq!(find(line, name), want, "{name}");
        }
    }
}
