//! Pages built from bytes: nearly valid ones, which random changes seldom give.

/// Choices read from bytes; 0 once they are used up, and every first choice ends something.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, end: u8) -> u8 {
        self.0.next().copied().unwrap_or_default() % end
    }

    fn one_of(&mut self, texts: &[&'static str]) -> &'static str {
        let index = self.0.next().copied().unwrap_or_default();
        texts[usize::from(index) % texts.len()]
    }
}

const SPACES: &[&str] = &["", "", " ", "\n  ", "\t", "\r\n        "];
const KEYS: &[&str] = &[
    "id",
    "name",
    "status",
    "description",
    "engine_type",
    "create_time",
    "finish_time",
    "enterprise_project_id",
    "error_log",
    "i\\u0064",
    "\\u006eame",
    "x",
    "数据",
    "",
    "a key of more than thirty-two bytes, as some are",
];
const TEXTS: &[&str] = &[
    "a",
    "",
    "SUCCESS",
    "failed",
    "PRECHECK FAILED",
    "sqlserver",
    "2024-08-19T02:27:15Z",
    "0667845a-6291-4e2a-95b0-190c0abjb703",
    "0123456789abcde",
    "0123456789abcdef",
    "0123456789abcdefg",
    "备份迁移任务",
    "\\n",
    "\\\"",
    "\\\\",
    "\\u5907",
    "\\ud83d\\ude00",
    "\\ud800",
    "\\udc00",
    "\u{1f}",
    "\u{7f}",
    "\\x",
    "\\ud83d\\ud83d\\ude00",
    CUT,
];
/// Stands for a character of which the last byte is missing.
const CUT: &str = "\u{e000}";
const SCALARS: &[&str] = &[
    "null",
    "0",
    "35",
    "-5",
    "-0",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "1.5",
    "1e400",
    "01",
    "true",
    "false",
    "[]",
    "{}",
    "nul",
    "1.7E12",
    "{\"a\": [\"\\ud83d\", {}]}",
    "[1,]",
];

pub(crate) fn build(choices: &[u8]) -> Vec<u8> {
    let mut choices = Choices(choices.iter());
    let mut text = String::from("{");
    let jobs_first = choices.below(2) == 0;
    for jobs in [jobs_first, !jobs_first] {
        space(&mut text, &mut choices);
        if jobs {
            text.push_str("\"jobs\":[");
            jobs_of(&mut text, &mut choices);
            text.push(']');
        } else {
            text.push_str("\"count\":");
            value(
                &mut text,
                &mut choices,
                &["35", "0", "\"35\"", "35.0", "-1"],
            );
        }
        if jobs == jobs_first {
            text.push(',');
        }
    }
    space(&mut text, &mut choices);
    text.push('}');
    space(&mut text, &mut choices);
    let mut body = Vec::new();
    if choices.below(16) == 1 {
        body.extend(b"\xef\xbb\xbf");
    }
    for (at, part) in text.split(CUT).enumerate() {
        if at > 0 {
            body.extend(b"\xe5\xa4");
        }
        body.extend(part.bytes());
    }
    body
}

fn space(text: &mut String, choices: &mut Choices<'_>) {
    text.push_str(choices.one_of(SPACES));
}

fn jobs_of(text: &mut String, choices: &mut Choices<'_>) {
    // The same order and white space in most jobs, which the parser learns and has to unlearn.
    let order: Vec<u8> = (0..choices.below(10)).map(|_| choices.below(15)).collect();
    let between = choices.one_of(SPACES);
    // Half of the pages have one comma too many, or too few.
    let odd_comma = (choices.below(2) == 1).then(|| (choices.below(6), choices.below(11).into()));
    for index in 0..choices.below(6) {
        if index > 0 {
            text.push(',');
        }
        text.push_str(between);
        text.push('{');
        // Mostly first; further on, unknown members may come before it.
        let id_at = match choices.below(8) {
            at @ 1..3 => usize::from(at),
            _ => 0,
        };
        for member in 0..=order.len() {
            let is_odd = odd_comma == Some((index, member));
            text.push_str(match (member, is_odd) {
                (0, false) => "",
                (0, true) | (_, false) => ",",
                (_, true) => choices.one_of(&["", ",,"]),
            });
            if member == id_at.min(order.len()) {
                text.push_str("\"id\":\"i\"");
                continue;
            }
            let key = match choices.below(16) {
                0 => choices.below(15),
                _ => order[member - usize::from(member > id_at)],
            };
            text.push_str(between);
            text.push('"');
            text.push_str(KEYS[usize::from(key)]);
            text.push_str("\":");
            value(text, choices, &[]);
        }
        text.push_str(between);
        text.push('}');
    }
}

fn value(text: &mut String, choices: &mut Choices<'_>, instead: &[&'static str]) {
    space(text, choices);
    if !instead.is_empty() {
        text.push_str(choices.one_of(instead));
    } else if choices.below(4) == 3 {
        text.push_str(choices.one_of(SCALARS));
    } else {
        text.push('"');
        for _ in 0..=choices.below(3) {
            text.push_str(choices.one_of(TEXTS));
        }
        text.push('"');
    }
    space(text, choices);
}
