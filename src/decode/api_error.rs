//! The body of an error response, in any shape.

use alloc::borrow::Cow;
use alloc::string::String;

use super::find::{find_code, find_value};
use crate::error::{ApiError, MAX_ID_CHARS, Responder};
use crate::json::{self, Cursor, ErrorCode};
use crate::redact::{Redactor, is_harmless};

/// The maximum number of characters of a message.
const MAX_MESSAGE: usize = 1000;
/// The maximum number of characters of the excerpt of a body without a message.
const MAX_EXCERPT: usize = 200;
/// The maximum number of characters of a body that an excerpt is made of.
const MAX_EXCERPTED: usize = 16_000;
/// The maximum number of characters of an encoded message, which can only be used as a whole.
const MAX_ENCODED: usize = 16_000;

/// The maximum number of bytes of a body that are read: the body is copied, and a body of 16 MiB is
/// not an error response.
const MAX_BODY: usize = 1 << 20;

impl ApiError {
    /// Parses the body of an error response: the service's shape, the gateway's, IAM's and those of
    /// similar services, flat or nested; the outer value takes precedence.
    ///
    /// Damaged JSON keeps what can be read: raw line breaks, a byte order mark, trailing bytes and
    /// lone surrogates are tolerated, and in a body that is truncated or is not JSON, code, message
    /// and request id are searched for, unless `status` is a success. A body without any of them
    /// leaves an excerpt of at most 200 characters as the message, without the tags of HTML.
    /// Control characters become spaces; a message is cut to 1 000 characters.
    ///
    /// Never fails: at worst, only the status is known.
    ///
    /// ```
    /// use drs_backup_jobs::ApiError;
    ///
    /// let error = ApiError::parse(400, br#"{"error_code": "DRS.10000001", "error_msg": "Failed."}"#);
    /// assert_eq!(error.code.as_deref(), Some("DRS.10000001"));
    /// assert_eq!(error.message, "Failed.");
    /// ```
    #[must_use]
    pub fn parse(status: u16, body: &[u8]) -> Self {
        Self::parse_redacted(status, body, &Redactor::default())
    }

    /// Like [`parse`](Self::parse), with secrets masked in each text after it was decoded and before
    /// it is trimmed and cut: an escape could hide a secret, a cut could leave half of one.
    pub(crate) fn parse_redacted(status: u16, body: &[u8], redactor: &Redactor) -> Self {
        let text = printable(&json::text(body.get(..MAX_BODY).unwrap_or(body)));
        let text = text.trim_start_matches(|ch: char| ch.is_whitespace() || !is_text(ch));
        let mut found = Found::read(text);
        // A page of jobs can quote any code, so only an error response is searched.
        if status >= 300 && !found.is_complete {
            found.search(text);
        }
        let shown = |text: &str, most| String::from(redactor.clean(text, most).trim());
        let short = |text: Option<Cow<'_, str>>| {
            let text = shown(&text?, MAX_ID_CHARS);
            (!text.is_empty()).then_some(text)
        };
        let message = match (found.message.or(found.title), &found.code) {
            (Some(message), _) => shown(&message, MAX_MESSAGE),
            (None, Some(_)) if found.is_object => String::new(),
            (None, _) => {
                // An excerpt leaves out text that resembles a tag, and with it possibly a part of a
                // secret.
                let text = redactor.clean(text, MAX_EXCERPTED);
                cut(&excerpt(&text), MAX_EXCERPT)
            }
        };
        let code = short(found.code);
        Self {
            responder: Responder::classify(Responder::Drs, code.as_deref(), body),
            status,
            code,
            message,
            request_id: short(found.request_id),
            encoded_authorization_message: found
                .encoded_authorization_message
                .map(|text| shown(&text, MAX_ENCODED)),
        }
    }
}

/// The text with a space for every control character, so that raw ones in JSON strings do no harm.
/// NUL is left out: what remains of ASCII in UTF-16 can then be read.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|ch| *ch != '\0')
        .map(|ch| if ch.is_control() { ' ' } else { ch })
        .collect()
}

fn is_text(ch: char) -> bool {
    is_harmless(ch) && ch != char::REPLACEMENT_CHARACTER
}

/// At most `most` characters of a text.
fn cut(text: &str, most: usize) -> String {
    let mut cut = String::from(text);
    if cut.chars().nth(most).is_some() {
        let end = cut.char_indices().nth(most.saturating_sub(1));
        cut.truncate(end.map_or(0, |(at, _)| at));
        cut.push('…');
    }
    cut
}

/// What the members of one object, or of two, say about an error.
#[derive(Default)]
struct Found<'a> {
    code: Option<Cow<'a, str>>,
    message: Option<Cow<'a, str>>,
    title: Option<Cow<'a, str>>,
    request_id: Option<Cow<'a, str>>,
    encoded_authorization_message: Option<Cow<'a, str>>,
    /// Whether the text begins with an object.
    is_object: bool,
    /// Whether the object could be read to its end, and has a code.
    is_complete: bool,
    /// Whether it has jobs: then it is a page, whatever else it says.
    is_page: bool,
}

impl<'a> Found<'a> {
    /// Reads the object at the start of a text, as far as possible. What follows it is ignored.
    fn read(text: &'a str) -> Self {
        let mut outer = Self::default();
        let mut nested = Self::default();
        let is_valid = outer
            .read_object(&mut Cursor::new(text), Some(&mut nested))
            .is_ok();
        let mut found = outer.or(nested);
        if found.is_page {
            found.code = None;
        }
        found.is_object = text.starts_with('{');
        found.is_complete = is_valid && found.code.is_some();
        found
    }

    /// Reads the object under the cursor; the members of objects in it go to `nested`.
    fn read_object(
        &mut self,
        cursor: &mut Cursor<'a>,
        mut nested: Option<&mut Self>,
    ) -> Result<(), ErrorCode> {
        cursor.expect("{", ErrorCode::ExpectedObject)?;
        let mut first = true;
        while cursor.next_member(&mut first)? {
            let key = cursor.key()?;
            let is_title = matches!(&*key, "error" | "title");
            let slot = match &*key {
                "error_code" | "errorCode" | "code" => Some(&mut self.code),
                "error_msg" | "errorMsg" | "message" => Some(&mut self.message),
                // In OAuth's format it is a text.
                "error" | "title" => Some(&mut self.title),
                "request_id" | "requestId" => Some(&mut self.request_id),
                "encoded_authorization_message" => Some(&mut self.encoded_authorization_message),
                "jobs" => {
                    self.is_page = true;
                    None
                }
                _ => None,
            };
            match (cursor.byte(), slot, nested.as_deref_mut()) {
                (Some(b'{'), _, Some(nested)) => nested.read_object(cursor, None)?,
                (Some(b'"'), Some(slot), _) => keep(slot, cursor.string()?),
                (Some(byte), Some(slot), _) if byte != b'n' && !is_title => {
                    let start = *cursor;
                    cursor.skip_value()?;
                    keep(slot, Cow::Borrowed(start.until(*cursor)));
                }
                _ => cursor.skip_value()?,
            }
        }
        Ok(())
    }

    /// Searches the text for what was not found in an object.
    fn search(&mut self, text: &'a str) {
        let value = |keys: &[&str]| keys.iter().find_map(|key| find_value(text, key));
        if self.code.is_none() {
            self.code = value(&["error_code", "errorCode", "code"]).or_else(|| find_code(text));
        }
        if self.message.is_none() {
            self.message = value(&["error_msg", "errorMsg", "message"]);
        }
        if self.request_id.is_none() {
            self.request_id = value(&["request_id", "requestId"]);
        }
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
            ..self
        }
    }
}

/// Keeps the first text that is not empty.
fn keep<'a>(slot: &mut Option<Cow<'a, str>>, text: Cow<'a, str>) {
    if slot.is_none() && !text.trim().is_empty() {
        *slot = Some(text);
    }
}

/// The words of a body in an unknown format, in one line, without HTML tags.
fn excerpt(text: &str) -> String {
    let mut words = String::new();
    let mut push = |text: &str| {
        for word in text.split(|ch: char| ch.is_whitespace() || !is_text(ch)) {
            if !word.is_empty() {
                if !words.is_empty() {
                    words.push(' ');
                }
                words.push_str(word);
            }
        }
    };
    if !text.starts_with('<') {
        push(text);
        return words;
    }
    let mut rest = text;
    while let Some((before, tag)) = rest.split_once('<') {
        push(before);
        rest = behind_tag(tag);
    }
    push(rest);
    words
}

/// What follows the tag whose `<` was read; style, script and comment include their content.
fn behind_tag(html: &str) -> &str {
    for (open, close) in [("style", "</style"), ("script", "</script"), ("!--", "--")] {
        let Some((head, content)) = html.split_at_checked(open.len()) else {
            continue;
        };
        if head.eq_ignore_ascii_case(open) {
            let end = content
                .as_bytes()
                .windows(close.len())
                .position(|window| window.eq_ignore_ascii_case(close.as_bytes()));
            return behind(end.and_then(|at| content.get(at..)).unwrap_or_default());
        }
    }
    behind(html)
}

fn behind(html: &str) -> &str {
    html.split_once('>').map_or("", |(_, behind)| behind)
}
