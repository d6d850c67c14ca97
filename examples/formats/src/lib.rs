//! One address for every form of a picture.
//!
//! - viewer-request: the best format that the browser names, and the width that was
//!   asked for, rounded up to one that there is, become the path:
//!   `/photos/cat.jpg?w=300` is `/photos/cat.jpg/w320.avif` for the cache and the origin
//! - origin-response: `Vary: Accept`, for caches beyond CloudFront
//!
//! Because the path is the choice, the cache key needs neither the header nor the
//! query, and there are as many entries as forms.

use edgedeploy_guest::settings::{self, invalid, Error};
use edgedeploy_guest::{accept, handlers, path, query, OriginResponse, ViewerRequest};

edgedeploy_guest::allocator!();

handlers! {
    init: Forms = Forms::from_config,
    viewer_request: choose,
    origin_response: vary,
}

struct Forms {
    formats: Vec<String>,
    widths: Vec<u16>,
}

impl Forms {
    fn from_config() -> Result<Forms, Error> {
        Forms {
            formats: settings::get("formats")?,
            widths: settings::get("widths")?,
        }
        .checked()
    }

    fn checked(self) -> Result<Forms, Error> {
        let is_name = |format: &String| {
            !format.is_empty() && format.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        if !self.formats.iter().all(is_name) {
            return Err(invalid(
                "formats",
                "want names of media types as in image/avif: avif",
            ));
        }
        if self.widths.is_empty() || self.widths.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(invalid(
                "widths",
                "want widths, each larger than the one before",
            ));
        }
        Ok(self)
    }

    /// The path of the form that a request is answered with, `None` for what is no
    /// picture. Browsers that name no better format get the picture's own.
    fn path(&self, uri: &str, querystring: &str, accepts: &str) -> Option<String> {
        let own = path::extension(uri).filter(|e| matches!(*e, "jpg" | "jpeg" | "png" | "webp"))?;
        let named = |format: &&String| accept::names(accepts, &["image/", format].concat());
        let format = self.formats.iter().find(named).map_or(own, |format| format);
        let asked = query::get(querystring, "w").and_then(|w| w.parse().ok());
        let width = match asked {
            Some(asked) => self.width(asked).to_string(),
            None => return Some([uri, "/full.", format].concat()),
        };
        Some([uri, "/w", &width, ".", format].concat())
    }

    /// The least width there is for what was asked, so that nobody makes entries of
    /// the cache at will.
    fn width(&self, asked: u16) -> u16 {
        let wide = self.widths.iter().find(|width| **width >= asked);
        *wide.unwrap_or(&self.widths[self.widths.len() - 1])
    }
}

fn choose(event: ViewerRequest, forms: &Forms) {
    let accepts = event.header("accept").unwrap_or("");
    if let Some(form) = forms.path(event.uri(), event.querystring(), accepts) {
        event.set_uri(&form);
        event.set_querystring("");
    }
}

fn vary(event: OriginResponse, _: &Forms) {
    let names = |line: &str| {
        line.split(',')
            .any(|name| matches!(name.trim(), "*" | "Accept" | "accept"))
    };
    if !event.headers().get_all("vary").any(names) {
        event.headers().append("Vary", "Accept");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(formats: &[&str], widths: &[u16]) -> Result<Forms, Error> {
        let formats = formats.iter().map(|f| f.to_string()).collect();
        Forms {
            formats,
            widths: widths.to_vec(),
        }
        .checked()
    }

    const CHROME: &str = "image/avif,image/webp,image/apng,image/*,*/*;q=0.8";

    #[test]
    fn a_picture_has_one_path_for_each_form() {
        let forms = forms(&["avif", "webp"], &[160, 320, 640]).unwrap();
        for (uri, query, accepts, want) in [
            ("/a.jpg", "", CHROME, Some("/a.jpg/full.avif")),
            ("/a.jpg", "w=300", CHROME, Some("/a.jpg/w320.avif")),
            (
                "/a.jpg",
                "w=320&w=1",
                "image/webp,*/*",
                Some("/a.jpg/w320.webp"),
            ),
            (
                "/a.png",
                "w=9999",
                "image/avif;q=0,image/png",
                Some("/a.png/w640.png"),
            ),
            ("/a.png", "w=-1", "*/*", Some("/a.png/full.png")),
            ("/a.png", "w=99999", "", Some("/a.png/full.png")),
            ("/a.b/c.jpeg", "v=2", "", Some("/a.b/c.jpeg/full.jpeg")),
            ("/a.svg", "w=1", CHROME, None),
            ("/a", "", CHROME, None),
            ("/a.jpg/", "", CHROME, None),
        ] {
            assert_eq!(
                forms.path(uri, query, accepts).as_deref(),
                want,
                "{uri} {query} {accepts}"
            );
        }
    }

    #[test]
    fn whatever_is_asked_there_are_no_more_forms_than_widths() {
        let forms = forms(&[], &[160, 320]).unwrap();
        let mut all: Vec<_> = (0..=u16::MAX).map(|w| forms.width(w)).collect();
        all.dedup();
        assert_eq!(all, [160, 320]);
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        for (formats, widths, say) in [
            (&["image/avif"][..], &[1][..], "formats: want names"),
            (&[""], &[1], "formats: want names"),
            (&["avif"], &[], "widths: want widths"),
            (&["avif"], &[2, 1], "widths: want widths"),
            (&["avif"], &[1, 1], "widths: want widths"),
        ] {
            let err = forms(formats, widths).err().expect(say).to_string();
            assert!(err.contains(say), "{err}");
        }
    }
}
