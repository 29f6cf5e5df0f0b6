//! Decodes saved files: any number of responses of the service, arrays and single jobs, one after
//! the other or one per line, in UTF-8 or UTF-16.

use std::borrow::Cow;

use drs_backup_jobs::{ApiError, DecodeError, Job, JobPage};

/// The jobs of a file, and what in it could not be decoded.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) jobs: Vec<Job<'static>>,
    pub(crate) problems: Vec<Problem>,
    counts: Vec<u64>,
}

impl Saved {
    /// The service's count, if the file has one and its responses agree.
    pub(crate) fn count(&self) -> Option<u64> {
        let (first, others) = self.counts.split_first()?;
        others.iter().all(|count| count == first).then_some(*first)
    }
}

/// A part of a file that could not be decoded. Line and column count from 1, a column is a
/// character.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The index in the array around it.
    pub(crate) element: Option<usize>,
    pub(crate) cause: Cause,
}

#[derive(Debug)]
pub(crate) enum Cause {
    /// An error response of the service.
    Refusal(ApiError),
    /// Neither a response of the service, nor an array of jobs, nor a job.
    Invalid(DecodeError),
}

/// Decodes all of a file; an invalid part does not affect the others.
pub(crate) fn read(file: &[u8]) -> Saved {
    let mut reader = Reader {
        text: &utf_8(file),
        saved: Saved::default(),
        counted: (0, 1),
        failed_searches: 0,
    };
    let mut at = 0;
    while let Some(start) = reader.next_start(at) {
        at = reader.value(start);
    }
    reader.saved
}

/// The file in UTF-8. `PowerShell` writes UTF-16 with a byte order mark; without one, JSON in UTF-16
/// begins with an ASCII character and thus with one zero byte.
fn utf_8(file: &[u8]) -> Cow<'_, [u8]> {
    let decode = |file: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = file.chunks_exact(2).filter_map(|pair| pair.try_into().ok());
        let text: String = char::decode_utf16(units.map(unit))
            .map(|ch| ch.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        Cow::Owned(text.into_bytes())
    };
    match file {
        [0xff, 0xfe, text @ ..] => decode(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] => decode(text, u16::from_be_bytes),
        [1..=0xff, 0, ..] => decode(file, u16::from_le_bytes),
        [0, 1..=0xff, ..] => decode(file, u16::from_be_bytes),
        _ => Cow::Borrowed(file),
    }
}

struct Reader<'a> {
    text: &'a [u8],
    saved: Saved,
    /// The offset up to which lines were counted, and the line there.
    counted: (usize, usize),
    failed_searches: usize,
}

/// The maximum number of failed searches for the end of a value beyond its line: otherwise a long
/// file of damaged lines would be searched to its end for each line.
const MAX_FAILED_SEARCHES: usize = 16;

impl<'a> Reader<'a> {
    fn rest(&self, at: usize) -> &'a [u8] {
        self.text.get(at..).unwrap_or_default()
    }

    /// The first byte that is neither white space nor part of a byte order mark, of which files
    /// that were joined have several.
    fn next_start(&self, mut at: usize) -> Option<usize> {
        loop {
            let rest = self.rest(at);
            at = self.text.len() - rest.trim_ascii_start().len();
            match self.rest(at) {
                [] => return None,
                [0xef, 0xbb, 0xbf, ..] => at += 3,
                _ => return Some(at),
            }
        }
    }

    /// Decodes the value that starts here, and returns where to continue.
    fn value(&mut self, start: usize) -> usize {
        let rest = self.rest(start);
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or(rest);
        let line_end = start + line.len();
        if !matches!(rest.first(), Some(b'{' | b'[')) {
            self.invalid(start, None, Job::parse(line).err());
            // A page of HTML is wrong as a whole; its scripts begin lines with braces.
            let is_html = rest.starts_with(b"<");
            return if is_html {
                self.text.len()
            } else {
                self.next_line_with_value(line_end)
            };
        }
        // In a file with a value a line, what is missing in one must not swallow the next.
        let is_line = rest.starts_with(b"{")
            && self.next_line_with_value(line_end)
                == self.next_start(line_end).unwrap_or(self.text.len());
        let (problems, jobs) = (self.saved.problems.len(), self.saved.jobs.len());
        let mut length = length_of_value(line);
        if length.is_none() && (!is_line || self.failed_searches < MAX_FAILED_SEARCHES) {
            length = length_of_value(rest);
        }
        if let Some(length) = length {
            self.decode(start, rest.get(..length).unwrap_or_default());
            if self.saved.problems.len() == problems || !is_line || length <= line.len() {
                return start + length;
            }
            self.saved.problems.truncate(problems);
            self.saved.jobs.truncate(jobs);
        }
        if is_line && line_end < self.text.len() {
            self.failed_searches += 1;
            self.object(start, None, line);
            return line_end;
        }
        self.decode(start, rest);
        self.text.len()
    }

    /// The start of the next line that begins with a value; the end of the text if there is none.
    fn next_line_with_value(&self, at: usize) -> usize {
        let mut lines = self.rest(at).split(|byte| *byte == b'\n');
        let mut start = at + lines.next().map_or(0, <[u8]>::len) + 1;
        for line in lines {
            if matches!(line.first(), Some(b'{' | b'[')) {
                return start;
            }
            start += line.len() + 1;
        }
        self.text.len()
    }

    /// Decodes a value, which may lack its end.
    fn decode(&mut self, start: usize, value: &[u8]) {
        if value.starts_with(b"{") {
            return self.object(start, None, value);
        }
        match Job::parse_array(value) {
            Ok(jobs) => self.keep(jobs),
            Err(error) => match elements(value) {
                // Responses, or jobs of which one is damaged.
                Some(elements) => {
                    for (index, (at, element)) in elements.into_iter().enumerate() {
                        self.object(start + at, Some(index), element);
                    }
                }
                None => self.invalid(start, None, Some(error)),
            },
        }
    }

    /// Decodes a response, a job or an error of the service.
    fn object(&mut self, start: usize, element: Option<usize>, object: &[u8]) {
        let of_page = match JobPage::parse(object) {
            Ok(page) => {
                self.saved.counts.push(page.count);
                return self.keep(page.jobs);
            }
            Err(error) => error,
        };
        let of_job = match Job::parse(object) {
            Ok(job) => return self.keep(vec![job]),
            Err(error) => error,
        };
        let refusal = ApiError::parse(0, object);
        if refusal.code.is_some() {
            return self.problem(start, element, Cause::Refusal(refusal));
        }
        // What lacks its jobs only at its very end may be a job with an error before that.
        let lacks_jobs = object.get(of_page.offset()) == Some(&b'}');
        let is_job = lacks_jobs && of_job.offset() < of_page.offset();
        self.invalid(start, element, Some(if is_job { of_job } else { of_page }));
    }

    fn keep(&mut self, jobs: Vec<Job<'_>>) {
        let jobs = jobs.into_iter().map(Job::into_owned);
        self.saved.jobs.extend(jobs);
    }

    fn invalid(&mut self, start: usize, element: Option<usize>, error: Option<DecodeError>) {
        if let Some(error) = error {
            self.problem(start + error.offset(), element, Cause::Invalid(error));
        }
    }

    fn problem(&mut self, offset: usize, element: Option<usize>, cause: Cause) {
        let (from, line) = self.counted;
        let line_starts = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').skip(1).count();
        let (from, line) = if from <= offset { (from, line) } else { (0, 1) };
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = line + line_starts(before.get(from..).unwrap_or_default());
        self.counted = (before.len(), line);
        let start = before.iter().rposition(|byte| *byte == b'\n');
        let in_line = before.get(start.map_or(0, |at| at + 1)..);
        let column = String::from_utf8_lossy(in_line.unwrap_or_default())
            .trim_start_matches('\u{feff}')
            .chars()
            .count();
        self.saved.problems.push(Problem {
            line,
            column: column + 1,
            element,
            cause,
        });
    }
}

/// How long the array or object at the start of a text is; `None` if it has no end, or a line ends
/// in one of its strings.
fn length_of_value(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut bytes = text.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => loop {
                match bytes.next()?.1 {
                    b'"' => break,
                    b'\\' => drop(bytes.next()),
                    b'\n' => return None,
                    _ => {}
                }
            },
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// The objects in an array, each with its offset; `None` if it contains anything else.
fn elements(array: &[u8]) -> Option<Vec<(usize, &[u8])>> {
    let mut elements = Vec::new();
    let mut rest = array.strip_prefix(b"[")?.trim_ascii_start();
    while rest.starts_with(b"{") {
        let (element, behind) = rest.split_at_checked(length_of_value(rest)?)?;
        elements.push((array.len() - rest.len(), element));
        rest = behind.trim_ascii_start();
        match rest.strip_prefix(b",") {
            Some(behind) => rest = behind.trim_ascii_start(),
            None => return (rest == b"]").then_some(elements),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids of the jobs, and line and column of each problem.
    fn found(file: impl AsRef<[u8]>) -> (Vec<String>, Vec<(usize, usize)>) {
        let saved = read(file.as_ref());
        let ids = saved.jobs.iter().map(|job| job.id.to_string()).collect();
        let places = saved
            .problems
            .iter()
            .map(|problem| (problem.line, problem.column));
        (ids, places.collect())
    }

    #[track_caller]
    fn assert_jobs(file: impl AsRef<[u8]>, ids: &[&str]) {
        let (found, problems) = found(file);
        assert_eq!(
            (found, problems),
            (ids.iter().map(ToString::to_string).collect(), vec![])
        );
    }

    #[test]
    fn decodes_consecutive_values() {
        let page = |id: &str| format!(r#"{{"count":9,"jobs":[{{"id":"{id}"}}]}}"#);
        let (a, b) = (page("a"), page("b"));
        let pretty = "{\n  \"jobs\": [\n    {\n      \"id\": \"a\"\n    }\n  ],\n  \"count\": 9\n}";
        for file in [
            format!("{a}{b}"),
            format!("{a}\n{b}\n"),
            format!("{a}\r\n\r\n{b}\r\n"),
            format!("[{a},{b}]"),
            format!("[\n{a}\n,\n{b}\n]\n"),
            format!("\u{feff}{a}\u{feff}{b}"),
            format!("{pretty}\n{b}"),
            format!("{pretty}{b}"),
            format!("{a}{{\"id\":\"b\"}}"),
            format!("[{{\"id\":\"a\"}}]\n{b}"),
            "[{\"id\":\"a\"},\n{\"id\":\"b\"}]".to_string(),
            format!("[{{\"id\":\"a\"}},{b}]"),
        ] {
            assert_jobs(&file, &["a", "b"]);
            let saved = read(file.as_bytes());
            let has_page = file.contains("count");
            assert_eq!(saved.count(), has_page.then_some(9), "{file}");
        }
        let saved = read(format!("{a}{}", b.replace('9', "8")).as_bytes());
        assert_eq!(saved.count(), None);
        assert_jobs(r#"{"id":"} \" {","name":"]["}{"id":"b"}"#, &["} \" {", "b"]);
        assert_jobs("", &[]);
        assert_jobs(" \r\n\u{feff} ", &[]);
    }

    #[test]
    fn decodes_utf_16_with_and_without_a_byte_order_mark() {
        let text = "{\"id\":\"备😀\"}\r\n{\"id\":\"b\"}\r\n";
        for mark in ["", "\u{feff}"] {
            let marked = format!("{mark}{text}");
            let units = || marked.encode_utf16();
            assert_jobs(&marked, &["备😀", "b"]);
            assert_jobs(
                units().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
                &["备😀", "b"],
            );
            assert_jobs(
                units().flat_map(u16::to_be_bytes).collect::<Vec<_>>(),
                &["备😀", "b"],
            );
        }
        let cut: Vec<u8> = "\u{feff}{\"id\":\"a\"} "
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_jobs(&cut[..cut.len() - 1], &["a"]);
        let mut lone: Vec<u8> = "\u{feff}{\"id\":\"x"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        lone.extend([0x3d, 0xd8]);
        lone.extend("\"}".encode_utf16().flat_map(u16::to_le_bytes));
        assert_jobs(&lone, &["x\u{fffd}"]);
    }

    #[test]
    fn an_invalid_line_does_not_affect_the_others() {
        for bad in [
            "broken",
            "{\"id\":\"x\"",
            "{\"id\":\"x",
            "{\"id\":\"x\\",
            "{\"id\":\"x\",\"name\":[}",
            "{\"id\":\"x\",\"name\":[",
            "{\"id\":}",
            "{\"id\":\"x\"}}",
            "{\"name\":\"without id\"}",
            "[{\"id\":}]",
            "7",
            "null",
            "\u{0}",
            "{",
            "}",
        ] {
            for end in ["\n", "\r\n"] {
                let lines = [
                    "{\"id\":\"a\"}",
                    bad,
                    "{\"id\":\"b\"}",
                    "",
                    "{\"id\":\"c\"}",
                    "",
                ];
                let (ids, problems) = found(lines.join(end));
                let expected: &[&str] = match bad {
                    "{\"id\":\"x\"}}" => &["a", "x", "b", "c"],
                    _ => &["a", "b", "c"],
                };
                assert_eq!(ids, expected, "{bad}");
                assert_eq!(problems.len(), 1, "{bad}: {problems:?}");
                assert_eq!(problems[0].0, 2, "{bad}: {problems:?}");
            }
        }
        let (ids, problems) = found("[{\"id\":\"a\"},\n {\"id\":\"\"},\n {\"id\":\"c\"}]");
        assert_eq!(
            (ids, problems),
            (vec!["a".into(), "c".into()], vec![(2, 8)])
        );
    }

    #[test]
    fn one_damaged_value_is_one_problem() {
        for (file, place) in [
            (
                "{\n  \"jobs\": [\n    {\n      \"id\": 1.5\n    }\n  ]\n}\n",
                (4, 13),
            ),
            (
                "{\n  \"jobs\": [\n    {\n      \"id\": \"a\n    }\n  ]\n}\n",
                (4, 15),
            ),
            ("{\n  \"jobs\": [\n    {\"id\": \"a\"}", (3, 16)),
            ("<html>\n<script>\n{\n</script>\n", (1, 1)),
            ("\u{feff}备", (1, 1)),
            ("[{\"id\":\"a\"} x", (1, 13)),
        ] {
            assert_eq!(found(file), (vec![], vec![place]), "{file}");
        }
    }

    #[test]
    fn an_error_of_the_service_is_a_problem_of_its_own() {
        let saved = read(b"{\"id\":\"a\"}\n{\"error_code\":\"DRS.M00261\",\"error_msg\":\"m\"}\n");
        assert_eq!(saved.jobs.len(), 1);
        assert!(matches!(
            &saved.problems[..],
            [Problem { line: 2, cause: Cause::Refusal(error), .. }]
                if error.code.as_deref() == Some("DRS.M00261")
        ));
    }

    #[test]
    fn a_file_has_no_limit_of_jobs_and_any_bytes_are_decoded_to_the_end() {
        let file = format!("[{}{{\"id\":\"a\"}}]", "{\"id\":\"a\"},".repeat(99_999));
        assert_eq!(read(file.as_bytes()).jobs.len(), 100_000);
        for byte in 0..=255_u8 {
            for file in [
                vec![byte],
                vec![byte; 3],
                [b"{\"id\":\"a\"}\n", &[byte; 2][..]].concat(),
            ] {
                drop(read(&file));
            }
        }
        // Many lines, each of which could be the end of the one before.
        let saved = read("{\"id\":\n".repeat(50_000).as_bytes());
        assert_eq!(saved.problems.len(), 50_000);
    }
}
