//! What a browser prefers: `Accept`, `Accept-Language` and `Accept-Encoding`,
//! with their weights (RFC 9110, 12.5).
//!
//! ```
//! use edgedeploy_guest::accept;
//!
//! let offers = ["image/avif", "image/webp", "image/jpeg"];
//! assert_eq!(accept::media_type("image/webp,image/*;q=0.5", &offers), Some("image/webp"));
//! assert_eq!(accept::language("de-AT, en;q=0.8", &["en", "de"]), Some("de"));
//! assert_eq!(accept::encoding("br;q=0, gzip", &["br", "gzip"]), Some("gzip"));
//! ```
//!
//! What decides has to be in the cache key, or the first visitor decides for
//! all. These headers have hundreds of forms: choose at viewer-request, write
//! the choice into a header or the path, and put that into the key.

/// A weight: thousandths from 0, not acceptable, to 1000.
pub type Weight = u16;

/// Iterates over what a header lists, with its weights, in order. Parameters but
/// `q` stay with the item. A weight that is none counts as 0.
///
/// ```
/// let all: Vec<_> = edgedeploy_guest::accept::weights("de-AT, en;q=0.8,").collect();
/// assert_eq!(all, [("de-AT", 1000), ("en", 800)]);
/// ```
#[inline]
pub fn weights(header: &str) -> impl Iterator<Item = (&str, Weight)> {
    items(header).map(|item| (item.value, item.weight))
}

struct Item<'h> {
    value: &'h str, // with what stands before q
    weight: Weight,
}

#[inline]
fn items(header: &str) -> impl Iterator<Item = Item<'_>> {
    header
        .split(',')
        .map(item)
        .filter(|item| !item.value.is_empty())
}

#[inline]
fn item(text: &str) -> Item<'_> {
    let mut end = 0;
    for parameter in text.split(';') {
        let start = end;
        end += parameter.len() + 1;
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        if start > 0 && name.trim().eq_ignore_ascii_case("q") {
            return Item {
                value: text[..start - 1].trim(),
                weight: weight(value.trim()).unwrap_or(0),
            };
        }
    }
    Item {
        value: text.trim(),
        weight: 1000,
    }
}

/// Reads `0.815`; at most three digits follow the point.
#[inline]
fn weight(text: &str) -> Option<Weight> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || rest.len() > 3 {
        return None;
    }
    let mut weight = Weight::from(whole == "1");
    for i in 0..3 {
        let digit = rest.as_bytes().get(i).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        weight = weight * 10 + Weight::from(digit - b'0');
    }
    if weight <= 1000 {
        Some(weight)
    } else {
        None
    }
}

/// Chooses a media type for an `Accept` header: of those offered the one with
/// the highest weight, of equals the first offered. The most specific item of the
/// header says an offer's weight: `text/html` before `text/*` before `*/*`.
/// `None` if nothing offered is acceptable.
///
/// Without the header everything is acceptable: give `"*/*"` then. Browsers say
/// `*/*` for what they do not name, so offer first what everybody can read, or
/// ask [`names`].
#[inline]
pub fn media_type<'o>(header: &str, offers: &[&'o str]) -> Option<&'o str> {
    best(offers, |offer| media_weight(header, offer))
}

/// Reports whether an `Accept` header names a media type, with a weight above 0.
/// `image/*` and `*/*` are not enough: browsers say them of formats that they cannot
/// read.
///
/// ```
/// use edgedeploy_guest::accept::names;
///
/// assert!(names("image/avif,image/webp,*/*;q=0.8", "image/avif"));
/// assert!(!names("image/png,image/*;q=0.8,*/*;q=0.5", "image/avif"));
/// ```
#[inline]
pub fn names(header: &str, media_type: &str) -> bool {
    matches!(media_match(header, media_type), Some((2, weight)) if weight > 0)
}

#[inline]
fn media_weight(header: &str, offer: &str) -> Weight {
    media_match(header, offer).map_or(0, |(_, weight)| weight)
}

/// How specific the best item of a header is for an offer, and its weight. Items
/// with parameters (`text/html;level=1`) are about no offer without them.
#[inline]
fn media_match(header: &str, offer: &str) -> Option<(u8, Weight)> {
    let kind = offer.split('/').next().unwrap_or("");
    let rank = |range: &str| match range.split_once('/') {
        _ if range.eq_ignore_ascii_case(offer) => Some(2),
        Some(("*", "*")) => Some(0),
        Some((of, "*")) if of.eq_ignore_ascii_case(kind) => Some(1),
        _ => None,
    };
    let found = items(header).filter_map(|item| Some((rank(item.value)?, item.weight)));
    found.reduce(|a, b| if b.0 > a.0 { b } else { a })
}

/// Chooses a language for an `Accept-Language` header: of those offered the one
/// that fits the item with the highest weight, of equals the first in the
/// header. `de-AT` takes `de-AT`, else `de` (RFC 4647, 3.4), unless the header
/// refuses that one. `None` if nothing fits; `*` fits nothing, so that your
/// default decides.
#[inline]
pub fn language<'o>(header: &str, offers: &[&'o str]) -> Option<&'o str> {
    let mut chosen = None;
    let mut highest = 0;
    for item in items(header) {
        if item.weight > highest {
            if let Some(offer) = lookup(header, item.value, offers) {
                (chosen, highest) = (Some(offer), item.weight);
            }
        }
    }
    chosen
}

#[inline]
fn lookup<'o>(header: &str, range: &str, offers: &[&'o str]) -> Option<&'o str> {
    let mut tag = range;
    loop {
        let offer = offers.iter().find(|offer| offer.eq_ignore_ascii_case(tag));
        let refused =
            || items(header).any(|item| item.weight == 0 && item.value.eq_ignore_ascii_case(tag));
        match offer {
            Some(offer) if !refused() => return Some(offer),
            _ => tag = &tag[..tag.rfind('-')?],
        }
    }
}

/// Chooses a content coding for an `Accept-Encoding` header: of those offered
/// the one with the highest weight, of equals the first offered. `None` if none
/// is acceptable, or if the header prefers what is not coded (`identity`): send
/// it as it is.
///
/// CloudFront normalizes the header of behaviors that compress.
#[inline]
pub fn encoding<'o>(header: &str, offers: &[&'o str]) -> Option<&'o str> {
    let named = |coding: &str| {
        items(header)
            .find(|item| item.value.eq_ignore_ascii_case(coding))
            .map(|item| item.weight)
    };
    let of = |coding: &str| named(coding).or_else(|| named("*")).unwrap_or(0);
    let plain = named("identity").unwrap_or(0);
    best(offers, of).filter(|chosen| of(chosen) >= plain)
}

#[inline]
fn best<'o>(offers: &[&'o str], weight: impl Fn(&str) -> Weight) -> Option<&'o str> {
    let mut chosen = None;
    let mut highest = 0;
    for offer in offers {
        let weight = weight(offer);
        if weight > highest {
            (chosen, highest) = (Some(*offer), weight);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use std::vec::Vec;

    #[test]
    fn weights_are_thousandths_and_nothing_else_is_one() {
        for n in 0..=1000u16 {
            let text = std::format!("{}.{:03}", n / 1000, n % 1000);
            assert_eq!(weight(&text), Some(n), "{text}");
        }
        for (text, want) in [
            ("0", 0),
            ("1", 1000),
            ("0.", 0),
            ("1.", 1000),
            ("0.5", 500),
            ("0.05", 50),
            ("1.0", 1000),
        ] {
            assert_eq!(weight(text), Some(want), "{text}");
        }
        for text in [
            "", ".5", "2", "1.001", "1.1", "0.0001", "-0", "+1", "0,5", "NaN", "1e0", "0.5 ",
            "0.x", "00", "01", "٠",
        ] {
            assert_eq!(weight(text), None, "{text}");
        }
    }

    #[test]
    fn headers_are_read_item_by_item() {
        let all = |header| weights(header).collect::<Vec<_>>();
        assert_eq!(all(""), []);
        assert_eq!(all(" ,, "), []);
        assert_eq!(all("a;q=x, b;Q=0.4 ,c;q"), [("a", 0), ("b", 400), ("c", 0)]);
        assert_eq!(
            all("text/html;level=1;q=0.5, text/html; charset=utf-8"),
            [
                ("text/html;level=1", 500),
                ("text/html; charset=utf-8", 1000)
            ]
        );
        assert_eq!(all("q=1"), [("q=1", 1000)]);
        assert_eq!(all("a;q=0.5;q=1"), [("a", 500)]);
    }

    #[test]
    fn the_most_specific_item_says_a_types_weight() {
        let offers = ["text/html", "application/json", "image/webp"];
        for (header, want) in [
            ("*/*", Some("text/html")),
            ("application/*, text/html;q=0.9", Some("application/json")),
            ("TEXT/HTML;q=0.1", Some("text/html")),
            ("text/html;q=0, */*;q=0.1", Some("application/json")),
            (
                "*/*, text/*;q=0.5, application/json;q=0.6",
                Some("image/webp"),
            ),
            (
                "image/*;q=0.2, image/webp;q=0.9, text/html;q=0.5",
                Some("image/webp"),
            ),
            ("text/html;level=1", None),
            ("image/png", None),
            ("*/*;q=0", None),
            ("*", None),
            ("text", None),
            ("", None),
        ] {
            assert_eq!(media_type(header, &offers), want, "{header}");
        }
    }

    #[test]
    fn a_format_has_to_be_named() {
        for (header, want) in [
            ("image/avif", true),
            ("IMAGE/AVIF;q=0.1", true),
            ("image/*", false),
            ("*/*", false),
            ("image/avif;q=0,*/*", false),
            ("image/*,image/avif;q=0", false),
            ("image/avifs", false),
            ("", false),
        ] {
            assert_eq!(names(header, "image/avif"), want, "{header}");
        }
    }

    #[test]
    fn a_language_is_what_the_browser_likes_best_of_what_there_is() {
        let offers = ["en", "de", "pt-BR", "fr"];
        for (header, want) in [
            ("", None),
            ("fr, de", Some("fr")),
            ("en;q=0.3, de;q=0.7, fr;q=0.5", Some("de")),
            ("de;q=0.9,fr", Some("fr")),
            ("de-AT,en;q=0.5", Some("de")),
            ("pt-br;q=0.9, fr;q=0.8", Some("pt-BR")),
            ("pt-PT, fr;q=0.1", Some("fr")),
            ("de-Latn-AT", Some("de")),
            ("de;q=0, fr;q=0.1", Some("fr")),
            ("de-AT, de;q=0, fr;q=0.1", Some("fr")),
            ("de;q=0", None),
            ("*", None),
            ("de;q=2, fr;q=x, en;level=1;q=1", None),
            (" DE ; Q=0.4 , fr ; q=0.2 ", Some("de")),
            (",,;-,-,", None),
            ("-", None),
        ] {
            assert_eq!(language(header, &offers), want, "{header}");
        }
    }

    #[test]
    fn a_coding_has_to_be_asked_for() {
        let offers = ["br", "gzip"];
        for (header, want) in [
            ("", None),
            ("gzip, deflate, br", Some("br")),
            ("gzip;q=1.0, br;q=0.5", Some("gzip")),
            ("BR;q=0, gzip", Some("gzip")),
            ("*", Some("br")),
            ("br;q=0, *;q=0.5", Some("gzip")),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip", Some("gzip")),
            ("deflate", None),
            ("*;q=0", None),
        ] {
            assert_eq!(encoding(header, &offers), want, "{header}");
        }
    }

    #[test]
    fn what_is_chosen_was_offered_and_is_not_refused() {
        let mut dice = Dice::new(13);
        let parts = [
            "en", "de", "-AT", ",", ";", "q=", "0", "1", "0.5", "*", "/", " ", "image", "webp",
            "br", "gzip", "=", ";q=0,", "ü", "\t",
        ];
        let offers = [
            "en",
            "de-AT",
            "de",
            "image/webp",
            "image/en",
            "br",
            "gzip",
            "*",
        ];
        let mut chosen = 0;
        for _ in 0..20_000 {
            let header = dice.text(&parts, 14);
            let choices = [
                language(&header, &offers),
                media_type(&header, &offers),
                encoding(&header, &offers),
            ];
            for choice in choices.into_iter().flatten() {
                chosen += 1;
                let said = items(&header).filter(|item| item.value.eq_ignore_ascii_case(choice));
                let weights: Vec<_> = said.map(|item| item.weight).collect();
                assert!(
                    weights.iter().all(|w| *w == 0) == weights.is_empty(),
                    "{header}: {choice}"
                );
            }
        }
        assert!(chosen > 1000, "{chosen}");
    }
}
