//! What separates strict JSON readers from lenient ones, as a skipped value and in the place of a
//! documented field, for all three decoders.

use drs_backup_jobs::{DecodeError, JobPage};

type Decoder = (&'static str, fn(&[u8]) -> Result<JobPage<'_>, DecodeError>);

const DECODERS: &[Decoder] = &[
    ("built-in", |body| JobPage::parse(body)),
    #[cfg(feature = "serde_json")]
    ("serde_json", drs_backup_jobs::decode::serde_json),
    #[cfg(feature = "miniserde")]
    ("miniserde", |body| drs_backup_jobs::decode::miniserde(body)),
];

/// What a value is good for.
#[derive(Clone, Copy, PartialEq)]
enum Taken {
    /// Nowhere.
    Never,
    /// As the value of a key that is skipped.
    Skipped,
    /// Also in the place of a text.
    AsText(&'static str),
}

use Taken::{AsText, Never, Skipped};

#[track_caller]
fn assert_taken(value: &[u8], taken: Taken) {
    let around = |head: &str, tail: &str| [head.as_bytes(), value, tail.as_bytes()].concat();
    for (decoder, decode) in DECODERS {
        // The one difference allowed: miniserde holds no number beyond an f64.
        let skipped = taken != Never && !(*decoder == "miniserde" && value.ends_with(b"1e400"));
        for (place, body) in [
            ("page", around(r#"{"x":"#, r#","jobs":[],"count":0}"#)),
            (
                "job",
                around(r#"{"jobs":[{"x":"#, r#","id":"a"}],"count":0}"#),
            ),
            (
                "array",
                around(r#"{"jobs":[{"id":"a","x":[0,"#, r#"]}],"count":0}"#),
            ),
        ] {
            let decoded = decode(&body);
            let text = String::from_utf8_lossy(&body);
            assert_eq!(
                decoded.is_ok(),
                skipped,
                "{decoder}, skipped in {place}: {text} {decoded:?}"
            );
        }
        // In the first job, and in the third, where what was learned reads it.
        for before in ["", r#"{"id":"i","name":"n"},{"id":"i","name":"n"},"#] {
            let head = format!(r#"{{"count":0,"jobs":[{before}{{"id":"a","name":"#);
            let body = around(&head, "}]}");
            let decoded = decode(&body);
            let name = decoded
                .as_ref()
                .ok()
                .map(|page| &*page.jobs.last().unwrap().name);
            let expected = match taken {
                AsText(text) => Some(text),
                Never | Skipped => None,
            };
            let text = String::from_utf8_lossy(&body);
            assert_eq!(name, expected, "{decoder}, as a name: {text} {decoded:?}");
        }
    }
}

#[test]
fn numbers_keep_to_the_grammar_and_integers_to_64_bits() {
    for (number, taken) in [
        ("0", AsText("0")),
        ("-1", AsText("-1")),
        ("18446744073709551615", AsText("18446744073709551615")),
        ("-9223372036854775808", AsText("-9223372036854775808")),
        ("18446744073709551616", Skipped),
        ("-9223372036854775809", Skipped),
        ("-0", Skipped),
        ("0.0", Skipped),
        ("-0.0", Skipped),
        ("1.5", Skipped),
        ("0e0", Skipped),
        ("1E+2", Skipped),
        ("1e-2", Skipped),
        ("1e400", Skipped),
        ("-1e400", Skipped),
        ("1e-400", Skipped),
        ("0.1000000000000000055511151231257827", Skipped),
        ("00", Never),
        ("01", Never),
        ("-01", Never),
        ("-", Never),
        ("+1", Never),
        (".5", Never),
        ("1.", Never),
        ("1.e1", Never),
        ("1e", Never),
        ("1e+", Never),
        ("--1", Never),
        ("1_000", Never),
        ("0x1", Never),
        ("1f", Never),
        ("NaN", Never),
        ("Infinity", Never),
        ("-Infinity", Never),
        ("１", Never),
    ] {
        assert_taken(number.as_bytes(), taken);
    }
}

#[test]
fn literals_are_the_three_of_json() {
    for (literal, taken) in [
        ("null", AsText("")),
        ("true", Skipped),
        ("false", Skipped),
        ("True", Never),
        ("NULL", Never),
        ("nul", Never),
        ("nulll", Never),
        ("undefined", Never),
        ("'a'", Never),
        ("a", Never),
        ("", Never),
        ("/**/0", Never),
        ("0//", Never),
        ("\u{a0}0", Never),
        ("\u{feff}0", Never),
        ("\u{b}0", Never),
        ("\u{c}0", Never),
        ("\t\r\n 0\t\r\n ", AsText("0")),
    ] {
        assert_taken(literal.as_bytes(), taken);
    }
}

#[test]
fn escapes_are_the_nine_of_json_and_surrogates_come_in_pairs() {
    for (text, taken) in [
        (r#""""#, AsText("")),
        (r#""\"\\\/\b\f\n\r\t""#, AsText("\"\\/\u{8}\u{c}\n\r\t")),
        (r#""\u0000""#, AsText("\0")),
        (r#""\uFfFf""#, AsText("\u{ffff}")),
        (r#""\ud7ff\ue000""#, AsText("\u{d7ff}\u{e000}")),
        (r#""\ud800\udc00""#, AsText("\u{10000}")),
        (r#""\ud800\udfff""#, AsText("\u{103ff}")),
        (r#""\udbff\udc00""#, AsText("\u{10fc00}")),
        (r#""\udbff\udfff""#, AsText("\u{10ffff}")),
        (r#""\ud800""#, Never),
        (r#""\udbff""#, Never),
        (r#""\udc00""#, Never),
        (r#""\udfff""#, Never),
        (r#""\udc00\ud800""#, Never),
        (r#""\ud800\ud800""#, Never),
        (r#""\ud800\udbff""#, Never),
        (r#""\ud800\ue000""#, Never),
        (r#""\ud800x""#, Never),
        (r#""\ud800\n""#, Never),
        (r#""\ud800\u""#, Never),
        (r#""\ud800\udc0""#, Never),
        (r#""\u""#, Never),
        (r#""\u123""#, Never),
        (r#""\u123g""#, Never),
        (r#""\u+123""#, Never),
        (r#""\u 123""#, Never),
        (r#""\u00e""#, Never),
        (r#""\u{61}""#, Never),
        (r#""\U0061""#, Never),
        (r#""\x61""#, Never),
        (r#""\0""#, Never),
        (r#""\a""#, Never),
        (r#""\v""#, Never),
        (r#""\'""#, Never),
        ("\"\\\n\"", Never),
        (r#""\"#, Never),
        (r#""a"#, Never),
    ] {
        assert_taken(text.as_bytes(), taken);
    }
}

#[test]
fn control_characters_are_escaped_wherever_in_a_string_they_stand() {
    for byte in 0..0x20_u8 {
        for before in 0..40 {
            for after in [0, 1, 7, 8, 15, 16, 31] {
                let mut text = vec![b'"'];
                text.resize(1 + before, b'a');
                text.push(byte);
                text.resize(2 + before + after, b'a');
                text.push(b'"');
                let body = [br#"{"count":0,"jobs":[{"id":"#, &text[..], b"}]}"].concat();
                assert!(
                    JobPage::parse(&body).is_err(),
                    "{byte:#04x} behind {before}"
                );
                let body = [br#"{"count":0,"jobs":[],"x":"#, &text[..], b"}"].concat();
                let offset = JobPage::parse(&body).map_err(|error| error.offset());
                assert_eq!(offset, Err(26 + before), "{byte:#04x} behind {before}");
            }
        }
        assert_taken(&[b'"', byte, b'"'], Never);
    }
    assert_taken(
        "\"\u{7f}\u{80}\u{9f}\u{2028}\"".as_bytes(),
        AsText("\u{7f}\u{80}\u{9f}\u{2028}"),
    );
}

#[test]
fn bodies_are_utf_8() {
    for (bytes, taken) in [
        (&b"\"\xc2\x80\""[..], AsText("\u{80}")),
        (b"\"\xed\x9f\xbf\"", AsText("\u{d7ff}")),
        (b"\"\xf4\x8f\xbf\xbf\"", AsText("\u{10ffff}")),
        (b"\"\x80\"", Never),
        (b"\"\xc0\x80\"", Never),
        (b"\"\xc1\xbf\"", Never),
        (b"\"\xe0\x80\x80\"", Never),
        (b"\"\xed\xa0\x80\"", Never),
        (b"\"\xed\xbf\xbf\"", Never),
        (b"\"\xf0\x80\x80\x80\"", Never),
        (b"\"\xf4\x90\x80\x80\"", Never),
        (b"\"\xf5\x80\x80\x80\"", Never),
        (b"\"\xe5\xa4\"", Never),
        (b"\"\xff\"", Never),
        (b"\xff", Never),
    ] {
        assert_taken(bytes, taken);
    }
    let text = r#"{"count":0,"jobs":[]}"#;
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (decoder, decode) in DECODERS {
        assert!(decode(&utf_16).is_err(), "{decoder}");
        assert!(
            decode(&[b"\xef\xbb\xbf", text.as_bytes()].concat()).is_err(),
            "{decoder}"
        );
    }
}

#[test]
fn containers_are_whole_and_their_commas_stand_between() {
    for (value, taken) in [
        ("[]", Skipped),
        ("{}", Skipped),
        ("[[],{}]", Skipped),
        (r#"{"a":1,"a":2}"#, Skipped),
        (r#"{"":{"":[]}}"#, Skipped),
        ("[1,]", Never),
        ("[,1]", Never),
        ("[,]", Never),
        ("[1,,2]", Never),
        ("[1 2]", Never),
        ("[1", Never),
        ("[1}", Never),
        ("]", Never),
        ("{,}", Never),
        (r#"{"a":1,}"#, Never),
        (r#"{"a":1,,"b":2}"#, Never),
        (r#"{"a":1 "b":2}"#, Never),
        (r#"{"a"}"#, Never),
        (r#"{"a":}"#, Never),
        (r#"{"a" 1}"#, Never),
        (r#"{"a"::1}"#, Never),
        ("{a:1}", Never),
        ("{1:1}", Never),
        ("{null:1}", Never),
        (r#"{"a":1]"#, Never),
        (r#"{"\ud800":1}"#, Never),
        ("{\"\t\":1}", Never),
    ] {
        assert_taken(value.as_bytes(), taken);
    }
}

#[test]
fn nesting_ends_at_128_in_what_is_skipped() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for (depth, sound) in [(128, true), (129, false), (5_000, false)] {
            let value = format!("{}0{}", open.repeat(depth), close.repeat(depth));
            for body in [
                format!(r#"{{"x":{value},"jobs":[],"count":0}}"#),
                format!(r#"{{"jobs":[{{"id":"a","x":{value}}}],"count":0}}"#),
            ] {
                for (decoder, decode) in DECODERS {
                    assert_eq!(
                        decode(body.as_bytes()).is_ok(),
                        sound,
                        "{decoder} at {depth}"
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_but_white_space_follows_a_page() {
    let page = r#"{"jobs":[],"count":0}"#;
    for (tail, sound) in [
        ("", true),
        (" \t\r\n", true),
        ("\0", false),
        ("x", false),
        ("{}", false),
        ("}", false),
        (",", false),
        ("//", false),
        ("\u{a0}", false),
        ("\u{feff}", false),
    ] {
        for (decoder, decode) in DECODERS {
            let body = format!("{page}{tail}");
            assert_eq!(
                decode(body.as_bytes()).is_ok(),
                sound,
                "{decoder}: {tail:?}"
            );
        }
    }
}

#[test]
fn every_prefix_of_a_page_is_refused() {
    let page = super::decode::SEED;
    for length in 0..page.len() {
        for (decoder, decode) in DECODERS {
            let refusal = decode(&page.as_bytes()[..length]).unwrap_err();
            assert_eq!(refusal.offset(), length, "{decoder}: {refusal}");
        }
    }
}

#[test]
fn three_decoders_give_one_refusal() {
    for body in [
        r#"{"count":1,"jobs":[{"id":"a","name":[]}]}"#,
        r#"{"count":1,"jobs":[{"id":"a","x":"\ud800"}]}"#,
        r#"{"count":1,"jobs":[{"id":"a"},{"id":""}]}"#,
        r#"{"count":-1,"jobs":[]}"#,
        r#"{"count":1,"jobs":[["a","n"]]}"#,
        "[1,[]]",
        r#"{"count":1,"jobs":[{"id":"a","id":"b"}]}"#,
        r#"{"count":1,"count":1,"jobs":[]}"#,
    ] {
        let refusal = JobPage::parse(body.as_bytes()).unwrap_err();
        for (decoder, decode) in DECODERS {
            assert_eq!(decode(body.as_bytes()).as_ref(), Err(&refusal), "{decoder}");
        }
    }
}
