//! Which requests go through a proxy.

use alloc::string::String;
use alloc::vec::Vec;
use std::ffi::OsString;

use self::no_proxy::{NoProxyEntry, Target};
pub(super) use self::proxy::Proxy;
use super::{TransportError, TransportErrorKind};
use crate::clean::clean;
use crate::error::Error;

mod no_proxy;
mod proxy;

/// Proxy settings: which requests go through which proxy.
///
/// A proxy's URL has the form `http://user:password@proxy.example.com:3128`. The scheme, the user
/// info and the port (default 80) may be omitted; `%` and `:` in a user or password are
/// percent-encoded. Every request goes through a tunnel (`CONNECT`), also for `http` URLs: the
/// proxy learns host and port, and of an `https` request nothing else. User and password are sent
/// only to the proxy, as Basic authentication, without encryption. If the proxy refuses the tunnel,
/// the request fails with [`TransportErrorKind::Proxy`] and takes no other route; statuses 502, 503
/// and 504 are retried.
///
/// Not supported: SOCKS proxies, proxies that are reached over TLS, NTLM and Negotiate.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Setting,
    https: Setting,
    no_proxy: Vec<NoProxyEntry>,
    skips_loopback: bool,
}

#[derive(Clone, Debug, Default)]
enum Setting {
    #[default]
    Direct,
    Through(Proxy),
    /// The name of an environment variable that holds no usable proxy, and the rule that it breaks.
    Invalid(&'static str, &'static str),
}

impl Proxies {
    /// Uses no proxy, whatever the environment says.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Uses this proxy for every request, including those to this machine.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if `url` is not a usable proxy.
    /// The error says why, and does not repeat the URL, which may hold a password.
    pub fn all(url: &str) -> Result<Self, Error> {
        let proxy = Setting::Through(Proxy::parse(url).map_err(|why| Error::input("proxy", why))?);
        Ok(Self {
            http: proxy.clone(),
            https: proxy,
            ..Self::default()
        })
    }

    /// Uses the proxies of this process's environment: see [`from_fn`](Self::from_fn).
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_os_variables(|name| std::env::var_os(name))
    }

    /// Uses the proxies of the usual environment variables, as returned by `lookup`.
    ///
    /// For `https` URLs `https_proxy`, `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`; for `http` URLs
    /// `http_proxy`, `HTTP_PROXY`, `all_proxy`, `ALL_PROXY`: the first that is set and not empty.
    /// Surrounding white space, a byte order mark and one pair of quotes are removed.
    /// `HTTP_PROXY` is ignored if `REQUEST_METHOD` is set: in a CGI program it is a header that
    /// any client can send (on Windows, where names have no case, `http_proxy` too).
    /// `no_proxy` or `NO_PROXY` lists hosts for [`no_proxy`](Self::no_proxy). Loopback hosts
    /// (`localhost`, `127.0.0.0/8`, `[::1]`) are always connected to directly.
    ///
    /// A variable with an unusable proxy fails only the requests that would go through it, with an
    /// error that names the variable.
    #[must_use]
    pub fn from_fn(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Self::from_os_variables(|name| lookup(name).map(OsString::from))
    }

    /// Like [`from_fn`](Self::from_fn), for variables that may not be UTF-8.
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
                        .ok_or("is not UTF-8")
                        .and_then(|url| Proxy::parse(clean(url).text))
                        .map_or_else(|why| Setting::Invalid(name, why), Setting::Through)
                })
        };
        let proxies = Self {
            http: first(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"]),
            https: first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
            no_proxy: Vec::new(),
            skips_loopback: true,
        };
        match get("no_proxy").or_else(|| get("NO_PROXY")) {
            // An entry that is not UTF-8 matches no host; the others still count.
            Some(hosts) => proxies.no_proxy(&hosts.to_string_lossy()),
            None => proxies,
        }
    }

    /// Connects to these hosts directly. `hosts` has the form of `NO_PROXY`: entries separated by
    /// commas or white space.
    ///
    /// `example.com`, `.example.com` and `*.example.com` all match the domain and its subdomains;
    /// `10.1.2.3` and `10.0.0.0/8` (IPv6 likewise) match URLs with such an address: names are not
    /// looked up for this. An entry may end in `:port`. `*` matches every host.
    #[must_use]
    pub fn no_proxy(mut self, hosts: &str) -> Self {
        // No host holds a quote or a byte order mark, which files of variables add.
        let is_separator =
            |c: char| c.is_whitespace() || matches!(c, ',' | '"' | '\'' | '\u{feff}');
        for entry in hosts.split(is_separator) {
            if !entry.is_empty() {
                self.no_proxy.push(NoProxyEntry::parse(entry));
            }
        }
        self
    }

    /// The proxy for a request to `url`, if it goes through one.
    pub(super) fn proxy_for(&self, url: &str) -> Result<Option<&Proxy>, TransportError> {
        let Some(target) = Target::of(url) else {
            // The transport says what is wrong with the URL.
            return Ok(None);
        };
        let setting = if target.is_https {
            &self.https
        } else {
            &self.http
        };
        let is_excepted = || self.no_proxy.iter().any(|entry| entry.matches(&target));
        match setting {
            Setting::Direct => Ok(None),
            _ if (self.skips_loopback && target.is_loopback()) || is_excepted() => Ok(None),
            Setting::Through(proxy) => Ok(Some(proxy)),
            Setting::Invalid(variable, why) => Err(TransportError::new(
                TransportErrorKind::InvalidRequest,
                alloc::format!("invalid environment variable {variable}: it {why}"),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::Authority;
    use alloc::string::ToString as _;

    fn environment(variables: &'static [(&str, &str)]) -> Proxies {
        Proxies::from_fn(|name| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.into())
        })
    }

    #[track_caller]
    fn assert_route(proxies: &Proxies, url: &str, expected: Option<&str>) {
        let proxy = proxies.proxy_for(url).unwrap();
        let shown = proxy.map(|proxy| {
            let Authority { host, port } = proxy.authority();
            alloc::format!("{host}:{}", port.unwrap())
        });
        assert_eq!(shown.as_deref(), expected, "{url}");
    }

    #[test]
    fn all_proxy_is_the_default_of_each_scheme() {
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
    fn ignores_http_proxy_in_a_cgi_program() {
        let cgi = environment(&[("HTTP_PROXY", "evil:1"), ("REQUEST_METHOD", "GET")]);
        assert_route(&cgi, "http://drs.test/", None);
        // Names of variables have no case on Windows.
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
    fn a_variable_that_is_not_utf_8_fails_its_requests_alone() {
        use std::os::unix::ffi::OsStringExt as _;
        let proxies = Proxies::from_os_variables(|name| match name {
            "https_proxy" => Some(OsString::from_vec(b"http://me:hunter2\xff@p:1".into())),
            "no_proxy" => Some(OsString::from_vec(b"\xff,direct.test".into())),
            _ => None,
        });
        let error = proxies.proxy_for("https://drs.test/").unwrap_err();
        assert!(error.to_string().contains("https_proxy"), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_route(&proxies, "https://direct.test/", None);
        assert_route(&proxies, "http://drs.test/", None);
    }

    #[test]
    fn loopback_skips_proxies_of_the_environment_and_not_an_explicit_one() {
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
    fn no_proxy_entries_are_connected_to_directly() {
        for list in [
            "a.test",
            "x.test, a.test y.test",
            ",, a.test,",
            "x.test,a.test\r",
            "x.test\r\na.test\n",
            "\"x.test,a.test\"",
            "'a.test', 'x.test'",
            "\u{feff}a.test,x.test",
        ] {
            let listed = Proxies::all("p:1").unwrap().no_proxy(list);
            assert_route(&listed, "https://a.test/", None);
            assert_route(&listed, "https://b.test/", Some("p:1"));
        }
        let proxies = environment(&[("ALL_PROXY", "p:1"), ("NO_PROXY", "a.test")]);
        assert_route(&proxies, "https://a.test/", None);
        assert_route(&proxies, "https://b.test/", Some("p:1"));
    }

    #[test]
    fn an_invalid_proxy_url_is_rejected_and_not_repeated() {
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
    fn an_invalid_variable_fails_its_requests_alone_and_says_why() {
        let proxies = environment(&[
            ("https_proxy", "socks5://me:hunter2@p:1"),
            ("no_proxy", "direct.test"),
        ]);
        let error = proxies.proxy_for("https://drs.test/").unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::InvalidRequest);
        let text = error.to_string();
        assert!(text.starts_with("invalid environment variable https_proxy: it names a SOCKS"));
        assert!(!text.contains("hunter2"), "{text}");
        assert_route(&proxies, "https://direct.test/", None);
        assert_route(&proxies, "https://localhost/", None);
        assert_route(&proxies, "http://drs.test/", None);
    }

    #[test]
    fn debug_does_not_show_user_info() {
        let shown = alloc::format!("{:?}", Proxies::all("http://me:hunter2@p:1").unwrap());
        assert!(shown.contains("http://***@p:1"), "{shown}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("me:"),
            "{shown}"
        );
    }

    #[test]
    fn values_are_cleaned_of_what_files_of_variables_add() {
        for value in [
            "http://p:1\r",
            "http://p:1\n",
            " http://p:1\t",
            "\u{feff}http://p:1",
            "\"http://p:1\"\r\n",
            "'p:1'",
        ] {
            let proxies = Proxies::from_fn(|name| (name == "ALL_PROXY").then(|| value.into()));
            assert_route(&proxies, "https://drs.test/", Some("p:1"));
        }
        for empty in ["", " \r\n", "\"\"", "\u{feff}"] {
            let proxies = Proxies::from_fn(|name| (name == "ALL_PROXY").then(|| empty.into()));
            assert_route(&proxies, "https://drs.test/", None);
        }
    }
}
