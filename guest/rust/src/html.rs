//! Texts in pages.
//!
//! ```
//! use edgedeploy_guest::html::escape;
//!
//! let page = ["<h1>No ", &escape("<script>"), " here</h1>"].concat();
//! assert_eq!(page, "<h1>No &lt;script&gt; here</h1>");
//! ```

use alloc::borrow::Cow;
use alloc::string::String;

/// Escapes a text for HTML: between tags, and as the value of an attribute in
/// quotes of either kind. It is not enough for scripts, styles, attributes
/// without quotes, and addresses (`href`), which may be `javascript:`.
#[inline]
pub fn escape(text: &str) -> Cow<'_, str> {
    let first = match text.bytes().position(|b| code(b).is_some()) {
        Some(at) => at,
        None => return Cow::Borrowed(text),
    };
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        match u8::try_from(u32::from(c)).ok().and_then(code) {
            Some(code) => out.push_str(code),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[inline]
fn code(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&#34;",
        b'\'' => "&#39;",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;

    #[test]
    fn what_browsers_read_as_markup_is_coded() {
        for (text, want) in [
            ("", ""),
            ("grüße 𝄞", "grüße 𝄞"),
            ("a<b>&\"c\"='d'", "a&lt;b&gt;&amp;&#34;c&#34;=&#39;d&#39;"),
            ("ü&lt;", "ü&amp;lt;"),
        ] {
            assert_eq!(escape(text), want);
        }
        assert!(matches!(escape("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn nothing_but_codes_is_left_and_they_read_back() {
        let mut dice = Dice::new(8);
        let parts = [
            "<", ">", "&", "\"", "'", "a", "ü", "&amp;", "&#34;", "\0", ";", "\u{26}", "¼",
        ];
        for _ in 0..2000 {
            let text = dice.text(&parts, 10);
            let coded = escape(&text);
            assert!(!coded.contains(&['<', '>', '"', '\''][..]), "{coded}");
            let read = [
                ("&lt;", "<"),
                ("&gt;", ">"),
                ("&#34;", "\""),
                ("&#39;", "'"),
                ("&amp;", "&"),
            ]
            .iter()
            .fold(String::from(&*coded), |text, (code, plain)| {
                text.replace(code, plain)
            });
            assert_eq!(read, text);
        }
    }
}
