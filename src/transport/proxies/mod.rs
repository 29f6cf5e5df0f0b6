//! Which requests go through a proxy.

use alloc::string::String;
use alloc::vec::Vec;
use std::ffi::OsString;

use self::exceptions::{Exception, Target};
pub(super) use self::proxy::Proxy;
use super::{TransportError, TransportErrorKind};
use crate::clean::clean;
use crate::error::Error;

mod exceptions;
mod proxy;

/// Which requests go through a proxy, and through which.
///
/// A proxy is named by a URL like `http://user:password@proxy.example.com:3128`; the scheme and
/// the login may be left out, and the port is 80 unless given. It is always asked for a tunnel to
/// the service (`CONNECT`), for `http` URLs too, so that it is never handed a request to read: of
/// an `https` request it learns the host and the port, and nothing else. Its login goes to the
/// proxy alone, and unencrypted, as the connection to the proxy is. A tunnel that the proxy
/// refuses is [`TransportErrorKind::Proxy`]: the request does not go out another way.
///
/// SOCKS proxies, and proxies that are themselves reached over TLS, are refused.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Setting,
    https: Setting,
    exceptions: Vec<Exception>,
    spares_loopback: bool,
}

#[derive(Clone, Debug, Default)]
enum Setting {
    #[default]
    Direct,
    Through(Proxy),
    /// What this environment variable holds names no proxy.
    Unreadable(&'static str),
}

impl Proxies {
    /// No proxy at all, whatever the environment says.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// This proxy for every request, those to this machine included.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when `url` names no proxy that
    /// can be used. The text of the error does not repeat it, since it may hold a password.
    pub fn all(url: &str) -> Result<Self, Error> {
        let proxy = Setting::Through(Proxy::parse(url).map_err(|why| Error::input("proxy", why))?);
        Ok(Self {
            http: proxy.clone(),
            https: proxy,
            ..Self::default()
        })
    }

    /// What the environment says: see [`from_variables`](Self::from_fn).
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_os_variables(|name| std::env::var_os(name))
    }

    /// What the usual environment variables say, as `lookup` gives them.
    ///
    /// For `https` URLs `https_proxy`, `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`; for `http` URLs
    /// `http_proxy`, `HTTP_PROXY`, `all_proxy`, `ALL_PROXY`: the first that is set and not empty.
    /// `HTTP_PROXY` does not count where `REQUEST_METHOD` is set: to a CGI program it is a header
    /// that any client can send (nor does `http_proxy` on Windows, where it is the same variable).
    /// `no_proxy` or `NO_PROXY` names [exceptions](Self::except), and
    /// hosts that are this machine (`localhost`, `127.0.0.0/8`, `[::1]`) are always reached
    /// directly.
    ///
    /// A variable whose proxy cannot be used fails the requests that would go through it.
    #[must_use]
    pub fn from_fn(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Self::from_os_variables(|name| lookup(name).map(OsString::from))
    }

    /// The same of variables that need not be UTF-8: one that is not names no proxy.
    fn from_os_variables(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let get = |name: &str| {
            let value = lookup(name)?;
            (!clean(&value.to_string_lossy()).text.is_empty()).then_some(value)
        };
        let is_cgi = lookup("REQUEST_METHOD").is_some();
        let is_header = |name: &str| {
            name == "HTTP_PROXY" || (cfg!(windows) && name.eq_ignore_ascii_case("HTTP_PROXY"))
        };
        let first = |names: &[&'static str]| {
            names
                .iter()
                .filter(|name| !(is_cgi && is_header(name)))
                .find_map(|&name| Some((name, get(name)?)))
                .map_or(Setting::Direct, |(name, url)| {
                    url.to_str()
                        .and_then(|url| Proxy::parse(clean(url).text).ok())
                        .map_or(Setting::Unreadable(name), Setting::Through)
                })
        };
        let proxies = Self {
            http: first(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            exceptions: Vec::new(),
            spares_loopback: true,
        };
        match get("no_proxy").or_else(|| get("NO_PROXY")) {
            // No host is named by what is not UTF-8: the others are.
            Some(hosts) => proxies.no_proxy(&hosts.to_string_lossy()),
            None => proxies,
        }
    }

    /// Reaches these hosts directly: what `NO_PROXY` holds, separated by commas or spaces.
    ///
    /// `example.com`, `.example.com` and `*.example.com` all mean the domain and what is under it;
    /// `10.1.2.3` and `10.0.0.0/8` (IPv6 likewise) mean URLs with such an address: names are not
    /// looked up for this. Each may end in `:port`. `*` means every host.
    #[must_use]
    pub fn no_proxy(mut self, hosts: &str) -> Self {
        let hosts = clean(hosts)
            .text
            .split(|ch: char| ch == ',' || ch.is_whitespace())
            .map(|host| clean(host).text)
            .filter(|host| !host.is_empty());
        self.exceptions.extend(hosts.map(Exception::parse));
        self
    }

    /// The proxy for a request to `url`, if it goes through one.
    pub(super) fn choose(&self, url: &str) -> Result<Option<&Proxy>, TransportError> {
        let Some(target) = Target::of(url) else {
            // The transport says what is wrong with the URL.
            return Ok(None);
        };
        let setting = if target.is_https {
            &self.https
        } else {
            &self.http
        };
        if matches!(setting, Setting::Direct)
            || (self.spares_loopback && target.is_loopback())
            || self
                .exceptions
                .iter()
                .any(|exception| exception.covers(&target))
        {
            return Ok(None);
        }
        match setting {
            Setting::Direct => Ok(None),
            Setting::Through(proxy) => Ok(Some(proxy)),
            Setting::Unreadable(variable) => Err(TransportError::new(
                TransportErrorKind::InvalidRequest,
                alloc::format!(
                    "the environment variable {variable} names no proxy that can be used; \
                     expected a form like http://user:password@host:port"
                ),
            )),
        }
    }
}

/// What to say when a proxy answers the request for a tunnel with this status.
pub(super) fn refusal(status: u16) -> TransportError {
    let text = match status {
        // Some proxies answer a wrong login with 401, which is meant for servers.
        401 | 407 => "the proxy asks for a login, or does not accept the one it was given",
        _ => "the proxy refused to pass the request on",
    };
    let text = alloc::format!("{text} (status {status})");
    TransportError::new(TransportErrorKind::Proxy, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    fn environment(variables: &'static [(&str, &str)]) -> Proxies {
        Proxies::from_fn(|name| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.into())
        })
    }

    #[track_caller]
    fn assert_route(proxies: &Proxies, url: &str, expected: Option<&str>) {
        let proxy = proxies.choose(url).unwrap();
        let shown = proxy.map(|proxy| alloc::format!("{}:{}", proxy.host(), proxy.port()));
        assert_eq!(shown.as_deref(), expected, "{url}");
    }

    #[test]
    fn each_scheme_has_its_variable_and_all_proxy_stands_in() {
        let proxies = environment(&[("HTTPS_PROXY", "http://s:1"), ("http_proxy", "h:2")]);
        assert_route(&proxies, "https://drs.test/", Some("s:1"));
        assert_route(&proxies, "http://drs.test/", Some("h:2"));

        let https_alone = environment(&[("HTTPS_PROXY", "http://s:1")]);
        assert_route(&https_alone, "http://drs.test/", None);

        let all = environment(&[("ALL_PROXY", "a:3/"), ("https_proxy", " ")]);
        assert_route(&all, "https://drs.test/", Some("a:3"));
        assert_route(&all, "http://drs.test/", Some("a:3"));
        assert_route(&environment(&[]), "https://drs.test/", None);
    }

    #[test]
    fn a_cgi_programs_http_proxy_is_what_a_client_sent() {
        let cgi = environment(&[("HTTP_PROXY", "evil:1"), ("REQUEST_METHOD", "GET")]);
        assert_route(&cgi, "http://drs.test/", None);
        // Windows tells no case in the names of variables.
        let lower = environment(&[("http_proxy", "h:1"), ("REQUEST_METHOD", "GET")]);
        let expected = (!cfg!(windows)).then_some("h:1");
        assert_route(&lower, "http://drs.test/", expected);
        assert_route(
            &environment(&[("HTTP_PROXY", "h:1")]),
            "http://drs.test/",
            Some("h:1"),
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_utf_8_fails_what_would_go_through_it() {
        use std::os::unix::ffi::OsStringExt as _;
        let proxies = Proxies::from_os_variables(|name| match name {
            "https_proxy" => Some(OsString::from_vec(b"http://me:hunter2\xff@p:1".into())),
            "no_proxy" => Some(OsString::from_vec(b"\xff,direct.test".into())),
            _ => None,
        });
        let error = proxies.choose("https://drs.test/").unwrap_err();
        assert!(error.to_string().contains("https_proxy"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_route(&proxies, "https://direct.test/", None);
        assert_route(&proxies, "http://drs.test/", None);
    }

    #[test]
    fn this_machine_is_spared_by_the_environment_and_not_by_an_explicit_proxy() {
        let proxies = environment(&[("ALL_PROXY", "p:1")]);
        for url in [
            "http://localhost:8080/",
            "http://LOCALHOST/",
            "http://127.0.0.1:1/x",
            "https://127.9.9.9",
            "http://[::1]:8080/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert_route(&proxies, url, None);
            assert_route(&Proxies::all("p:1").unwrap(), url, Some("p:1"));
        }
        assert_route(&proxies, "http://localhost.test/", Some("p:1"));
        assert_route(&proxies, "http://127.0.0.1.test/", Some("p:1"));
    }

    #[test]
    fn no_proxy_names_exceptions() {
        for list in ["a.test", "x.test, a.test y.test", ",, a.test,"] {
            let listed = Proxies::all("p:1").unwrap().no_proxy(list);
            assert_route(&listed, "https://a.test/", None);
            assert_route(&listed, "https://b.test/", Some("p:1"));
        }
        let proxies = environment(&[("ALL_PROXY", "p:1"), ("NO_PROXY", "a.test")]);
        assert_route(&proxies, "https://a.test/", None);
        assert_route(&proxies, "https://b.test/", Some("p:1"));
    }

    #[test]
    fn a_url_that_names_no_proxy_is_refused_without_repeating_it() {
        for url in [
            "",
            "http://",
            "http://:3128",
            "socks5://hunter2@p:1",
            "https://me:hunter2@p:1",
            "http://me:hunter2@p:x",
            "http://me:hunter2@p:99999",
            "http://me:hunter2@p/path",
            "http://me:hunter2%zz@p:1",
            "http://me:hunter2%ff@p:1",
            "http://me:hunter2%0d%0aX@p:1",
            "http://p\r\nX: hunter2",
            "http://prox y:1",
        ] {
            let error = Proxies::all(url).unwrap_err();
            assert_eq!(error.parameter(), Some("proxy"), "{url:?}");
            assert!(!error.to_string().contains("hunter2"), "{url:?}: {error}");
        }
    }

    #[test]
    fn an_unreadable_variable_fails_only_what_would_go_through_it() {
        let proxies = environment(&[
            ("https_proxy", "socks5://me:hunter2@p:1"),
            ("no_proxy", "direct.test"),
        ]);
        let error = proxies.choose("https://drs.test/").unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidRequest);
        assert!(error.to_string().contains("https_proxy"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_route(&proxies, "https://direct.test/", None);
        assert_route(&proxies, "https://localhost/", None);
        assert_route(&proxies, "http://drs.test/", None);
    }

    #[test]
    fn a_login_is_not_printed() {
        let shown = alloc::format!("{:?}", Proxies::all("http://me:hunter2@p:1").unwrap());
        assert!(shown.contains("http://***@p:1"), "{shown}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("me:"),
            "{shown}"
        );
    }
}
