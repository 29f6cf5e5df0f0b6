//! Dates of headers: HTTP's, and the signer's `X-Sdk-Date`.

#[cfg(any(feature = "aksk", feature = "emulator", test))]
use alloc::string::String;

#[cfg(any(feature = "aksk", feature = "emulator", test))]
use super::Civil;
use super::{Timestamp, digits, unix_seconds};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// From 1970-01-01 on.
#[cfg(any(feature = "emulator", test))]
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

impl Timestamp {
    /// Parses the date of an HTTP header in one of its three forms (RFC 9110, section 5.6.7):
    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and
    /// `Sun Nov  6 08:49:37 1994`. A year of two digits lies in 1970 to 2069.
    pub(crate) fn parse_http(text: &str) -> Option<Self> {
        let mut words = text.split([' ', ',', '-']).filter(|word| !word.is_empty());
        let mut next = || words.next();
        let (_weekday, second) = (next()?, next()?);
        let (day, month, year, time) = if let Some(month) = month_number(second) {
            let (day, time, year) = (next()?, next()?, next()?);
            (day, month, year, time)
        } else {
            let (month, year, time) = (month_number(next()?)?, next()?, next()?);
            if next()? != "GMT" {
                return None;
            }
            (second, month, year, time)
        };
        if next().is_some() {
            return None;
        }
        let year = match digits(year.as_bytes(), 2..=4)? {
            short @ 0..=69 if year.len() == 2 => short + 2000,
            short if year.len() == 2 => short + 1900,
            year => year,
        };
        let mut clock = time.split(':');
        let mut two = || digits(clock.next()?.as_bytes(), 2..=2);
        let time = (two()?, two()?, two()?);
        if clock.next().is_some() {
            return None;
        }
        let day = digits(day.as_bytes(), 1..=2)?;
        Self::from_unix_millis(unix_seconds((year, month, day), time)?.checked_mul(1000)?)
    }

    /// The date of an HTTP header: `Sun, 06 Nov 1994 08:49:37 GMT`.
    #[cfg(any(feature = "emulator", test))]
    pub(crate) fn to_http_date(self) -> String {
        let c = Civil::of(self);
        let nth = |names: &[&'static str], at: i64| {
            let at = usize::try_from(at).unwrap_or_default();
            names.get(at).copied().unwrap_or_default()
        };
        let days = self.unix_millis.div_euclid(86_400_000);
        alloc::format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
            nth(&WEEKDAYS, days.rem_euclid(7)),
            c.day,
            nth(&MONTHS, c.month - 1),
            c.year,
            c.hour,
            c.minute,
            c.second
        )
    }

    /// Reads the date of a signature (`X-Sdk-Date`): `20241216T013007Z`.
    #[cfg(any(all(feature = "aksk", feature = "emulator"), test))]
    pub(crate) fn parse_sdk_date(text: &str) -> Option<Self> {
        let [
            y1,
            y2,
            y3,
            y4,
            mon1,
            mon2,
            d1,
            d2,
            b'T',
            h1,
            h2,
            m1,
            m2,
            s1,
            s2,
            b'Z',
        ] = text.as_bytes()
        else {
            return None;
        };
        of_calendar(
            (
                &[*y1, *y2, *y3, *y4],
                digits(&[*mon1, *mon2], 2..=2)?,
                &[*d1, *d2],
            ),
            [&[*h1, *h2], &[*m1, *m2], &[*s1, *s2]],
        )
    }

    /// The date a signature carries (`X-Sdk-Date`): `20241216T013007Z`.
    #[cfg(any(feature = "aksk", test))]
    pub(crate) fn to_sdk_date(self) -> String {
        let c = Civil::of(self);
        alloc::format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            c.year,
            c.month,
            c.day,
            c.hour,
            c.minute,
            c.second
        )
    }
}

/// The number of a month, from 1, by its short English name.
fn month_number(name: &str) -> Option<i64> {
    let mut numbered = MONTHS.iter().zip(1..);
    numbered
        .find(|(month, _)| **month == name)
        .map(|(_, number)| number)
}

#[cfg(any(feature = "emulator", test))]
fn of_calendar(
    (year, month, day): (&[u8], i64, &[u8]),
    [hour, minute, second]: [&[u8]; 3],
) -> Option<Timestamp> {
    let two = |text| digits(text, 2..=2);
    let seconds = unix_seconds(
        (digits(year, 4..=4)?, month, two(day)?),
        (two(hour)?, two(minute)?, two(second)?),
    )?;
    Timestamp::from_unix_millis(seconds * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn the_dates_of_http_and_of_the_signer_have_their_forms() {
        let time = Timestamp::parse_http("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        assert_eq!(time.to_string(), "1994-11-06T08:49:37Z");
        assert_eq!(time.to_sdk_date(), "19941106T084937Z");
        for text in [
            "",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37:00 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun Nov 6 08:49:37 1994 GMT",
            "06 Nov 1994 08:49:37 GMT",
            "x, 31 Feb 1994 08:49:37 GMT",
        ] {
            assert_eq!(Timestamp::parse_http(text), None, "{text}");
        }
        for text in [
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun Nov 06 08:49:37 1994",
        ] {
            assert_eq!(Timestamp::parse_http(text), Some(time), "{text}");
        }
        let later = Timestamp::parse_http("Thursday, 26-Nov-26 08:49:37 GMT").unwrap();
        assert_eq!(later.to_string(), "2026-11-26T08:49:37Z");
        for text in [
            "",
            "19941106T084937",
            "19941106 084937Z",
            "19941306T084937Z",
            "1994110aT084937Z",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(Timestamp::parse_sdk_date(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_written_as_http_has_them() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Thu, 01 Jan 1970 00:00:00 GMT",
            "Thu, 29 Feb 2024 23:59:59 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
        ] {
            assert_eq!(Timestamp::parse_http(text).unwrap().to_http_date(), text);
        }
    }

    #[test]
    fn formatted_dates_parse_back_on_every_day_of_eight_centuries() {
        for day in -146_097..146_097_i64 {
            let millis = day * 86_400_000 + day.rem_euclid(86_400) * 1000;
            let time = Timestamp::from_unix_millis(millis).unwrap();
            assert_eq!(Timestamp::parse_http(&time.to_http_date()), Some(time));
            assert_eq!(Timestamp::parse_sdk_date(&time.to_sdk_date()), Some(time));
        }
    }
}
