//! The route of a request, and its errors, with the same texts for every transport.

use alloc::format;
use alloc::string::String;

use super::{TransportError, TransportErrorKind as Kind};
use crate::url::{Authority, SplitUrl};

/// The host of a request and the proxy it goes through.
#[derive(Clone, Copy)]
pub(super) struct Route<'a> {
    host: Option<Authority<'a>>,
    proxy: Option<Authority<'a>>,
    #[cfg(feature = "ureq")]
    is_https: bool,
}

impl<'a> Route<'a> {
    /// The route to the host of `url`, through `proxy` if there is one.
    pub(super) fn new(url: &'a str, proxy: Option<Authority<'a>>) -> Self {
        let url = SplitUrl::new(url);
        Self {
            host: url.and_then(|url| url.host_and_port()),
            proxy,
            #[cfg(feature = "ureq")]
            is_https: url.is_some_and(|url| url.is_https()),
        }
    }

    #[cfg(feature = "ureq")]
    pub(super) fn is_https(&self) -> bool {
        self.is_https
    }

    /// Whether the host is an IP address without a proxy: no name must be resolved.
    #[cfg(feature = "ureq")]
    pub(super) fn needs_no_lookup(&self) -> bool {
        let is_address = |host: Authority<'_>| host.address().is_some();
        self.proxy.is_none() && self.host.is_some_and(is_address)
    }

    #[cfg(feature = "curl")]
    pub(super) fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    /// What the socket connects to, without user info.
    fn first_hop(&self) -> String {
        match self.proxy {
            Some(proxy) => format!("the proxy {}", shown(Some(proxy))),
            None => shown(self.host),
        }
    }

    pub(super) fn connect_failed(&self) -> TransportError {
        let text = format!("cannot connect to {}", self.first_hop());
        TransportError::new(Kind::Connect, text)
    }

    pub(super) fn connect_timed_out(&self) -> TransportError {
        let text = format!("cannot connect to {}: timed out", self.first_hop());
        TransportError::new(Kind::Timeout, text)
    }

    pub(super) fn lookup_failed(&self) -> TransportError {
        let host = self.proxy.or(self.host).map_or("", |hop| hop.host);
        let what = if self.proxy.is_some() {
            "the proxy "
        } else {
            ""
        };
        let text = format!("cannot look up the address of {what}{host}");
        TransportError::new(Kind::Connect, text)
    }

    pub(super) fn tls_failed(&self) -> TransportError {
        let text = format!("cannot establish a TLS connection to {}", shown(self.host));
        TransportError::new(Kind::Tls, text)
    }

    /// The proxy responded with `status` instead of opening the tunnel. `schemes` are the values
    /// of its `Proxy-Authenticate` headers, where the transport shows them.
    pub(super) fn tunnel_refused(&self, status: u16, schemes: &[String]) -> TransportError {
        let host = shown(self.host);
        let reason = match status {
            // Some proxies respond to a wrong password with 401, which is meant for servers.
            401 | 407 => login_reason(schemes),
            502..=504 => "it cannot reach the host at the moment",
            _ => "it refuses the tunnel",
        };
        let text = format!(
            "cannot connect to {host} through {}: {reason} (status {status})",
            self.first_hop()
        );
        TransportError::new(Kind::Proxy, text).with_proxy_status(status)
    }
}

fn login_reason(schemes: &[String]) -> &'static str {
    let mut names = schemes
        .iter()
        .flat_map(|value| value.split(','))
        .filter_map(|part| part.split_ascii_whitespace().next())
        // What is left are the parameters of a scheme.
        .filter(|word| !word.contains('='));
    let is_basic = |name: &str| name.eq_ignore_ascii_case("Basic");
    if names.clone().next().is_some() && !names.any(is_basic) {
        "it requires NTLM, Negotiate or another authentication that is not supported; use a local \
         forwarder such as cntlm or px, which logs in to it"
    } else {
        "it requires a user and password, or rejects the configured ones; set them in the proxy's \
         URL (Basic authentication; for NTLM or Negotiate use a local forwarder such as cntlm or \
         px)"
    }
}

/// Host and port, where there is one.
fn shown(authority: Option<Authority<'_>>) -> String {
    match authority {
        Some(Authority { host, port: None }) => host.into(),
        Some(Authority {
            host,
            port: Some(port),
        }) => format!("{host}:{port}"),
        None => "the host".into(),
    }
}

pub(super) fn timed_out() -> TransportError {
    let text = "cannot receive the response: timed out";
    TransportError::new(Kind::Timeout, text)
}

pub(super) fn connection_lost() -> TransportError {
    let text = "cannot receive the response: connection lost";
    TransportError::new(Kind::ConnectionLost, text)
}

pub(super) fn connection_closed() -> TransportError {
    let text = "cannot receive the response: connection closed before it was complete";
    TransportError::new(Kind::ConnectionLost, text)
}

pub(super) fn invalid_response(why: impl core::fmt::Display) -> TransportError {
    TransportError::new(Kind::Protocol, format!("invalid HTTP response: {why}"))
}

pub(super) const NOT_HTTP: &str = "not HTTP/1.x, or malformed";
pub(super) const HEADERS_TOO_LARGE: &str = "more than 64 KiB of headers";

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;
    use alloc::vec::Vec;

    const PROXY: Authority<'_> = Authority {
        host: "p.test",
        port: Some(3128),
    };

    #[test]
    fn errors_name_the_first_hop_without_user_info() {
        let direct = Route::new("https://me:hunter2@h.test:8443/x?y", None);
        let error = direct.connect_failed().to_string();
        assert_eq!(error, "cannot connect to h.test:8443");
        let proxied = Route::new("https://h.test/", Some(PROXY));
        let error = proxied.connect_failed().to_string();
        assert_eq!(error, "cannot connect to the proxy p.test:3128");
        let error = proxied.lookup_failed().to_string();
        assert_eq!(error, "cannot look up the address of the proxy p.test");
    }

    #[test]
    fn names_an_authentication_that_is_not_supported() {
        let route = Route::new("https://h.test/", Some(PROXY));
        for (schemes, is_supported) in [
            (&["NTLM"][..], false),
            (&["Negotiate", "NTLM TlRMTVNT"], false),
            (&["Negotiate, NTLM"], false),
            (&["Negotiate", "Basic realm=\"x, y\""], true),
            (&["Digest realm=\"x\", basic realm=\"x\""], true),
            (&[], true),
        ] {
            let schemes: Vec<String> = schemes.iter().map(|&scheme| scheme.into()).collect();
            let error = route.tunnel_refused(407, &schemes).to_string();
            assert_eq!(error.contains("requires NTLM"), !is_supported, "{error}");
            assert!(error.ends_with("(status 407)"), "{error}");
        }
    }
}
