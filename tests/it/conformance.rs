//! The grammar of JSON: what separates strict parsers from lenient ones, in a skipped value and in a
//! documented field, for all decoders. The cases are of the kinds of the public JSON test suites:
//! every valid text is accepted, every invalid one rejected.

use drs_backup_jobs::JobPage;

use super::decode_tolerance::DECODERS;

/// The text that a field keeps of a value; `None` if the value is invalid JSON.
type Kept<'a> = Option<&'a str>;

#[track_caller]
fn assert_value(value: &[u8], kept: Kept<'_>) {
    let around = |head: &str, tail: &str| [head.as_bytes(), value, tail.as_bytes()].concat();
    for decoder in DECODERS {
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
            (
                "object",
                around(r#"{"jobs":[{"id":"a","x":{"y":"#, r#"}}],"count":0}"#),
            ),
        ] {
            let decoded = decoder.decode(&body);
            let text = String::from_utf8_lossy(&body);
            assert_eq!(
                decoded.is_ok(),
                kept.is_some(),
                "{decoder:?}, skipped in {place}: {text} {decoded:?}"
            );
        }
        // In the first job, and in the third, whose layout is predicted.
        for before in ["", r#"{"id":"i","name":"n"},{"id":"i","name":"n"},"#] {
            let head = format!(r#"{{"count":0,"jobs":[{before}{{"id":"a","name":"#);
            let body = around(&head, "}]}");
            let decoded = decoder.decode(&body);
            let name = decoded
                .as_ref()
                .ok()
                .map(|page| &*page.jobs.last().unwrap().name);
            let text = String::from_utf8_lossy(&body);
            assert_eq!(name, kept, "{decoder:?}, as a name: {text} {decoded:?}");
        }
    }
}

/// A value that is not a string, kept as it is written.
#[track_caller]
fn assert_valid(value: &str) {
    assert_value(value.as_bytes(), Some(value));
}

#[track_caller]
fn assert_invalid(value: impl AsRef<[u8]>) {
    assert_value(value.as_ref(), None);
}

#[test]
fn numbers_follow_the_grammar() {
    for number in [
        "0",
        "-0",
        "-1",
        "10",
        "123456789",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "0.0",
        "-0.0",
        "1.5",
        "-10.25",
        "0e0",
        "0E+1",
        "1E+2",
        "1e-2",
        "1.5e3",
        "1e400",
        "-1e400",
        "1e-400",
        "0.1000000000000000055511151231257827",
        "100000000000000000000000000000000000000000000000000000000",
    ] {
        assert_valid(number);
    }
    for number in [
        "00",
        "01",
        "-01",
        "-00",
        "-",
        "+1",
        "++1",
        "-+1",
        ".5",
        "-.5",
        "1.",
        "-1.",
        "1.e1",
        "0.e1",
        "1.5.5",
        "1e",
        "1e+",
        "1e-",
        "1e1.5",
        "1ee1",
        "1e+-1",
        "e1",
        "--1",
        "1-1",
        "1 000",
        "1_000",
        "1,5e",
        "0x1",
        "0b1",
        "1f",
        "1a",
        "1.5a",
        "-a",
        "NaN",
        "-NaN",
        "Infinity",
        "-Infinity",
        "Inf",
        "１",
        "٣",
        "1\u{0}",
    ] {
        assert_invalid(number);
    }
}

#[test]
fn literals_are_the_three_of_json() {
    assert_valid("true");
    assert_valid("false");
    assert_value(b"null", Some(""));
    assert_value(b"\t\r\n 0\t\r\n ", Some("0"));
    for literal in [
        "True",
        "TRUE",
        "NULL",
        "nul",
        "nulll",
        "tru",
        "truee",
        "fals",
        "undefined",
        "'a'",
        "a",
        "",
        " ",
        "/**/0",
        "0//",
        "0/**/",
        "0#",
        "\u{a0}0",
        "\u{feff}0",
        "\u{b}0",
        "\u{c}0",
        "\u{2028}0",
        "\u{85}0",
        "*",
        "&",
        "\\",
        "\\u0030",
        "(0)",
        "<null>",
        "0;",
        "true false",
        "\u{0}",
    ] {
        assert_invalid(literal);
    }
}

#[test]
fn escapes_are_the_nine_of_json() {
    for (text, kept) in [
        (r#""""#, ""),
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""\u0000""#, "\0"),
        (r#""\uFfFf""#, "\u{ffff}"),
        (r#""\ufdd0\uffff""#, "\u{fdd0}\u{ffff}"),
        (r#""\ud7ff\ue000""#, "\u{d7ff}\u{e000}"),
        (r#""\ud800\udc00""#, "\u{10000}"),
        (r#""\ud800\udfff""#, "\u{103ff}"),
        (r#""\udbff\udc00""#, "\u{10fc00}"),
        (r#""\udbff\udfff""#, "\u{10ffff}"),
        (r#""\u005c\u0022\u0027""#, "\\\"'"),
        (r#""/ \\u0041 {[,:]} //x""#, "/ \\u0041 {[,:]} //x"),
    ] {
        assert_value(text.as_bytes(), Some(kept));
    }
    for text in [
        r#""\ud800\u""#,
        r#""\ud800\udc0""#,
        r#""\ud800\""#,
        r#""\ud800\x""#,
        r#""\u""#,
        r#""\u1""#,
        r#""\u123""#,
        r#""\u123g""#,
        r#""\u+123""#,
        r#""\u 123""#,
        r#""\u00e""#,
        r#""\u00é0""#,
        r#""\u{61}""#,
        r#""\U0061""#,
        r#""\x61""#,
        r#""\0""#,
        r#""\a""#,
        r#""\v""#,
        r#""\'""#,
        r#""\ ""#,
        r#""\😀""#,
        "\"\\\n\"",
        r#""\"#,
        r#""\""#,
        r#""\\\""#,
        r#""a"#,
        r#"a""#,
        r#"""""#,
        r#""a" "b""#,
        r#""a"b"#,
        r#"\"a""#,
    ] {
        assert_invalid(text);
    }
}

#[test]
fn rejects_unescaped_control_characters_at_every_position() {
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
        assert_invalid([b'"', byte, b'"']);
        if !b"\t\n\r".contains(&byte) {
            assert_invalid([byte, b'0']);
            assert_invalid([b'0', byte]);
        }
    }
    assert_value(
        "\"\u{7f}\u{80}\u{9f}\u{2028}\"".as_bytes(),
        Some("\u{7f}\u{80}\u{9f}\u{2028}"),
    );
}

#[test]
fn invalid_utf_8_is_invalid_outside_of_strings() {
    for bytes in [
        &b"\xff"[..],
        b"\xe5",
        b"0\xff",
        b"\x80null",
        b"[\xff]",
        b"[0\xe5]",
        b"{\xff\"a\":0}",
        b"{\"a\"\xff:0}",
        b"\xef\xbb\xbf0",
        b"\xff\xfe0\0",
    ] {
        assert_invalid(bytes);
    }
    let text = r#"{"count":0,"jobs":[]}"#;
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for decoder in DECODERS {
        assert!(decoder.decode(&utf_16).is_err(), "{decoder:?}");
    }
}

#[test]
fn containers_are_complete_with_commas_between() {
    for value in [
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[[],{}]",
        "[[[[0]]]]",
        "[1,2, 3 ,4]",
        r#"["a",null,true,-0.5e1]"#,
        r#"{"a":1,"a":2}"#,
        r#"{"a":1,"b":{"a":[]}}"#,
        r#"{"":{"":[]}}"#,
        r#"{"a\u0000b":0}"#,
        "{\"a\"\t:\n0 }",
    ] {
        assert_valid(value);
    }
    for value in [
        "[1,]",
        "[,1]",
        "[,]",
        "[1,,2]",
        "[1 2]",
        "[1",
        "[1,",
        "[",
        "[[]",
        "[1}",
        "[}",
        "]",
        "[]]",
        "[\"a\"",
        "[\"a\":1]",
        "[1:2]",
        "[1;2]",
        "[a]",
        "[-]",
        "[\"a",
        "[1]x",
        "[*]",
        "{",
        "{{}}",
        "{[]}",
        "{,}",
        "{]",
        "{}}",
        "{ \"a\"",
        r#"{"a":1,}"#,
        r#"{"a":1,,"b":2}"#,
        r#"{"a":1 "b":2}"#,
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a" 1}"#,
        r#"{"a"::1}"#,
        r#"{"a",1}"#,
        r#"{"a":1:2}"#,
        r#"{"a":1]"#,
        r#"{"a":1"#,
        r#"{"a":"#,
        r#"{"a":"b"#,
        r#"{"a":1}}"#,
        r#"{"a":1}x"#,
        r#"{"a":1}//"#,
        r#"{"a":/**/1}"#,
        r"{:1}",
        "{a:1}",
        "{'a':1}",
        "{1:1}",
        "{null:1}",
        "{\"\t\":1}",
        r#"{"\x":1}"#,
        r#"{"a":x}"#,
        r#"{"a":[1}"#,
        r#"[{"a":1]}"#,
        "[1]]",
        "[\"\\\"]",
    ] {
        assert_invalid(value);
    }
}

#[test]
fn skipped_values_nest_at_most_128_deep() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for (depth, is_accepted) in [(128, true), (129, false), (5_000, false)] {
            let value = format!("{}0{}", open.repeat(depth), close.repeat(depth));
            for body in [
                format!(r#"{{"x":{value},"jobs":[],"count":0}}"#),
                format!(r#"{{"jobs":[{{"id":"a","x":{value}}}],"count":0}}"#),
            ] {
                assert_eq!(
                    JobPage::parse(body.as_bytes()).is_ok(),
                    is_accepted,
                    "{depth}"
                );
            }
        }
    }
}

#[test]
fn only_white_space_may_follow_a_page() {
    let page = r#"{"jobs":[],"count":0}"#;
    for (tail, is_accepted) in [
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
        for decoder in DECODERS {
            let body = format!("{page}{tail}");
            assert_eq!(
                decoder.decode(body.as_bytes()).is_ok(),
                is_accepted,
                "{decoder:?}: {tail:?}"
            );
        }
    }
}

#[test]
fn rejects_every_prefix_of_a_page() {
    let page = super::decode::SEED;
    for length in 0..page.len() {
        for decoder in DECODERS {
            let error = decoder.decode(&page.as_bytes()[..length]).unwrap_err();
            assert_eq!(error.offset(), length, "{decoder:?}: {error}");
        }
    }
}

#[test]
fn all_decoders_give_the_same_error() {
    for body in [
        r#"{"count":1,"jobs":[{"id":"a","name":[1,]}]}"#,
        r#"{"count":1,"jobs":[{"id":"a","x":"\u"}]}"#,
        r#"{"count":1,"jobs":[{"id":"a"},{"id":""}]}"#,
        r#"{"count":-1,"jobs":[]}"#,
        r#"{"count":1,"jobs":[["a","n"]]}"#,
        "[1,[]]",
        r#"{"count":1,"jobs":[{"id":"a","id":"b"}]}"#,
        r#"{"count":1,"count":1,"jobs":[]}"#,
    ] {
        let error = JobPage::parse(body.as_bytes()).unwrap_err();
        for decoder in DECODERS {
            let found = decoder.decode(body.as_bytes());
            assert_eq!(found.as_ref(), Err(&error), "{decoder:?}");
        }
    }
}
