//! The entries of `NO_PROXY`: hosts that are connected to directly.

use alloc::string::String;
use core::net::IpAddr;

use crate::url::{Authority, SplitUrl};

/// One entry of `NO_PROXY`.
#[derive(Clone, Debug)]
pub(super) struct NoProxyEntry {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Hosts {
    All,
    /// The addresses that share this many leading bits.
    Network(IpAddr, u32),
    /// The domain and its subdomains.
    Domain(String),
}

impl NoProxyEntry {
    pub(super) fn parse(text: &str) -> Self {
        let network = |text: &str| {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits.parse().ok()?)),
                None => (text, None),
            };
            let address = Authority {
                host: address,
                port: None,
            }
            .address()?;
            let all = if address.is_ipv4() { 32 } else { 128 };
            let bits: u32 = bits.unwrap_or(all).min(all);
            // `::ffff:10.0.0.0/104` is 10.0.0.0/8: the first 96 bits mark IPv4.
            Some(match (address.to_canonical(), bits.checked_sub(96)) {
                (v4 @ IpAddr::V4(_), Some(bits)) if address.is_ipv6() => Hosts::Network(v4, bits),
                _ => Hosts::Network(address, bits),
            })
        };
        if let Some(hosts) = network(text) {
            return Self { hosts, port: None };
        }
        let Authority { host, port } = Authority::parse(text).unwrap_or(Authority {
            host: text,
            port: None,
        });
        let hosts = network(host).unwrap_or_else(|| match host {
            "*" => Hosts::All,
            domain => {
                let domain = domain.strip_prefix('*').unwrap_or(domain);
                Hosts::Domain(domain.trim_matches('.').to_ascii_lowercase())
            }
        });
        Self { hosts, port }
    }

    pub(super) fn matches(&self, target: &Target<'_>) -> bool {
        if self.port.is_some_and(|port| port != target.port) {
            return false;
        }
        match &self.hosts {
            Hosts::All => true,
            Hosts::Network(network, bits) => target
                .authority
                .address()
                .is_some_and(|address| shares_prefix(*network, address, *bits)),
            Hosts::Domain(domain) => {
                let host = target
                    .authority
                    .bare_host()
                    .trim_end_matches('.')
                    .to_ascii_lowercase();
                !domain.is_empty()
                    && host
                        .strip_suffix(domain.as_str())
                        .is_some_and(|under| under.is_empty() || under.ends_with('.'))
            }
        }
    }
}

fn shares_prefix(a: IpAddr, b: IpAddr, bits: u32) -> bool {
    let (difference, width) = match (a.to_canonical(), b.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits() ^ b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits(), 128),
        _ => return false,
    };
    // A shift by the whole width would overflow: zero bits match every address.
    difference.checked_shr(width - bits.min(width)).unwrap_or(0) == 0
}

/// Scheme, host and port of a request.
pub(super) struct Target<'a> {
    pub(super) is_https: bool,
    authority: Authority<'a>,
    port: u16,
}

impl<'a> Target<'a> {
    pub(super) fn of(url: &'a str) -> Option<Self> {
        let url = SplitUrl::new(url)?;
        let is_https = url.is_https();
        let authority = url.host_and_port()?;
        Some(Self {
            is_https,
            authority,
            port: authority.port.unwrap_or(if is_https { 443 } else { 80 }),
        })
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.authority.is_loopback()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_hosts_domains_networks_and_ports() {
        for (entry, url, is_direct) in [
            ("example.com", "https://example.com/", true),
            ("example.com", "https://drs.Example.COM./", true),
            ("example.com", "https://badexample.com/", false),
            ("example.com", "https://example.com.evil.test/", false),
            (".example.com", "https://a.example.com/", true),
            ("*.example.com", "https://a.b.example.com/", true),
            ("example.com:8443", "https://example.com:8443/", true),
            ("example.com:8443", "https://example.com/", false),
            ("example.com:443", "https://example.com/", true),
            ("10.0.0.0/8", "https://10.200.3.4/", true),
            ("10.0.0.0/8", "https://11.0.0.1/", false),
            ("10.0.0.0/8", "https://10.example.com/", false),
            ("10.0.0.0/8", "https://[::ffff:10.1.1.1]/", true),
            ("::ffff:10.0.0.0/104", "https://10.200.3.4/", true),
            ("::ffff:10.0.0.0/104", "https://[::ffff:10.1.1.1]/", true),
            ("::ffff:10.0.0.0/104", "https://11.0.0.1/", false),
            ("[::ffff:10.1.1.1]", "https://10.1.1.1/", true),
            ("192.168.1.7", "http://192.168.1.7:81/", true),
            ("192.168.1.7:80", "http://192.168.1.7:81/", false),
            ("192.168.1.128/25", "http://192.168.1.127/", false),
            ("0.0.0.0/0", "http://8.8.8.8/", true),
            ("0.0.0.0/0", "http://[2001:db8::1]/", false),
            ("::/0", "http://[2001:db8::1]/", true),
            ("2001:db8::/32", "https://[2001:db8:1::2]:8443/", true),
            ("[2001:db8::1]:80", "http://[2001:db8::1]/", true),
            ("10.0.0.0/99", "https://10.0.0.0/", true),
            ("10.0.0.0/x", "https://10.0.0.1/", false),
            ("*", "https://anything.test/", true),
            (".", "https://b.test/", false),
        ] {
            let target = Target::of(url).unwrap();
            let matched = NoProxyEntry::parse(entry).matches(&target);
            assert_eq!(matched, is_direct, "{entry}: {url}");
        }
    }
}
