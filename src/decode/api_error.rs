//! The body of an error, in whichever shape it came.

use alloc::string::String;

use crate::error::{ApiError, Responder};
use crate::json::{self, Cursor, Expected};
use crate::redact::is_harmless;

impl ApiError {
    /// Reads the body of an answer that is an error: the service's shape, the gateway's, IAM's and
    /// those of sister services, flat or nested; the text before anything nested. A number in the
    /// place of a code is taken as it is written. A body in none of these shapes leaves a short
    /// excerpt, in one line and without tags, as the message. Control characters become spaces.
    ///
    /// This never fails: the worst body gives an error that knows its status alone.
    ///
    /// ```
    /// use drs_backup_jobs::ApiError;
    ///
    /// let error = ApiError::parse(400, br#"{"error_code": "DRS.10000001", "error_msg": "Failed."}"#);
    /// assert_eq!(error.code.as_deref(), Some("DRS.10000001"));
    /// assert_eq!(error.to_string(), "DRS responded 400 DRS.10000001: Failed.");
    /// ```
    #[must_use]
    pub fn parse(status: u16, body: &[u8]) -> Self {
        let found = json::whole(body, |cursor| {
            let mut outer = Found::default();
            let mut nested = Found::default();
            outer.read(cursor, Some(&mut nested))?;
            Ok(outer.or(nested))
        })
        .unwrap_or_default();
        let message = match (found.message.or(found.title), &found.code) {
            (Some(message), _) => message,
            (None, Some(_)) => String::new(),
            (None, None) => excerpt(body),
        };
        Self {
            responder: Responder::classify(Responder::Drs, found.code.as_deref(), body),
            status,
            code: found.code,
            message,
            request_id: found.request_id,
            encoded_authorization_message: found.encoded_authorization_message,
        }
    }
}

/// What the members of one object, or of two, say of an error.
#[derive(Default)]
struct Found {
    code: Option<String>,
    message: Option<String>,
    title: Option<String>,
    request_id: Option<String>,
    encoded_authorization_message: Option<String>,
}

impl Found {
    /// Reads the object under the cursor; what the objects in it say goes to `nested`.
    fn read(
        &mut self,
        cursor: &mut Cursor<'_>,
        mut nested: Option<&mut Self>,
    ) -> Result<(), Expected> {
        cursor.demand("{", Expected::Object)?;
        let mut first = true;
        while cursor.next_member(&mut first)? {
            let key = cursor.key()?;
            let place = match &*key {
                "error_code" | "errorCode" | "code" => Some(&mut self.code),
                "error_msg" | "errorMsg" | "message" => Some(&mut self.message),
                // OAuth's way to say it all in a text.
                "error" | "title" => Some(&mut self.title),
                "request_id" | "requestId" => Some(&mut self.request_id),
                "encoded_authorization_message" => Some(&mut self.encoded_authorization_message),
                _ => None,
            };
            match (cursor.byte(), place, nested.as_deref_mut()) {
                (Some(b'{'), _, Some(nested)) => nested.read(cursor, None)?,
                (Some(b'"'), Some(place), _) => {
                    let text = cursor.string()?;
                    keep(place, &text);
                }
                (Some(b'-' | b'0'..=b'9'), Some(place), _) => keep(place, cursor.number()?.text),
                _ => cursor.skip_value()?,
            }
        }
        Ok(())
    }

    fn or(self, nested: Self) -> Self {
        Self {
            code: self.code.or(nested.code),
            message: self.message.or(nested.message),
            title: self.title.or(nested.title),
            request_id: self.request_id.or(nested.request_id),
            encoded_authorization_message: self
                .encoded_authorization_message
                .or(nested.encoded_authorization_message),
        }
    }
}

/// The first text that says something stays.
fn keep(place: &mut Option<String>, text: &str) {
    if place.is_none() && !text.is_empty() {
        *place = Some(
            text.chars()
                .map(|ch| if is_harmless(ch) { ch } else { ' ' })
                .collect(),
        );
    }
}

/// The first words of a body that is in none of the shapes, without the tags of HTML.
fn excerpt(body: &[u8]) -> String {
    const LONGEST: usize = 200;
    let mut excerpt = Excerpt {
        text: String::new(),
        left: LONGEST,
        gap: false,
    };
    let mut rest = body;
    let is_html = rest.trim_ascii_start().starts_with(b"<");
    while !rest.is_empty() {
        if is_html && rest.starts_with(b"<") {
            rest = behind_tag(rest);
            excerpt.gap = true;
            continue;
        }
        let length = rest
            .iter()
            .skip(1)
            .position(|&byte| byte == b'<')
            .map_or(rest.len(), |at| at + 1);
        let (words, behind) = rest.split_at_checked(length).unwrap_or((rest, b""));
        if !excerpt.push(words) {
            break;
        }
        rest = behind;
    }
    excerpt.text
}

/// What follows the tag at the head of `html`; style and script go with their content.
fn behind_tag(html: &[u8]) -> &[u8] {
    for (open, close) in [
        ("<style", "</style"),
        ("<script", "</script"),
        ("<!--", "-->"),
    ] {
        if html
            .get(..open.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(open.as_bytes()))
        {
            let inner = html.get(open.len()..).unwrap_or_default();
            let content = inner
                .windows(close.len())
                .position(|window| window.eq_ignore_ascii_case(close.as_bytes()))
                .unwrap_or(inner.len());
            return behind(inner.get(content..).unwrap_or_default(), b'>');
        }
    }
    behind(html, b'>')
}

fn behind(bytes: &[u8], end: u8) -> &[u8] {
    bytes
        .iter()
        .position(|&byte| byte == end)
        .and_then(|at| bytes.get(at + 1..))
        .unwrap_or_default()
}

struct Excerpt {
    text: String,
    /// How many characters may still come.
    left: usize,
    /// Whether white space, a tag or something unprintable came since the last character.
    gap: bool,
}

impl Excerpt {
    /// Appends words in one line; `false` once the excerpt is full.
    fn push(&mut self, words: &[u8]) -> bool {
        for chunk in words.utf8_chunks() {
            for ch in chunk.valid().chars() {
                if ch.is_whitespace() || !is_harmless(ch) {
                    self.gap = true;
                    continue;
                }
                if self.left == 0 {
                    self.text.push('…');
                    return false;
                }
                if core::mem::take(&mut self.gap) && !self.text.is_empty() {
                    self.text.push(' ');
                    self.left = self.left.saturating_sub(1);
                }
                self.text.push(ch);
                self.left = self.left.saturating_sub(1);
            }
            self.gap |= !chunk.invalid().is_empty();
        }
        true
    }
}
