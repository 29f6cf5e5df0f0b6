//! What the emulator refuses with: the shapes and codes of the service and its gateway.

use alloc::borrow::Cow;
use alloc::string::String;

use super::reply::Reply;
use super::write_json;
use crate::header;

/// The language of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    English,
    Chinese,
}

impl Tongue {
    /// What `X-Language` asks for; anything but Chinese is answered in English.
    pub(super) fn of(header: Option<&str>) -> Self {
        match header {
            Some(language) if language.trim().eq_ignore_ascii_case("zh-cn") => Self::Chinese,
            _ => Self::English,
        }
    }
}

/// An answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: u16,
    code: Cow<'static, str>,
    english: Cow<'static, str>,
    chinese: Cow<'static, str>,
    /// The method that the path takes, where another was asked for.
    allowed: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(
        status: u16,
        code: impl Into<Cow<'static, str>>,
        english: impl Into<Cow<'static, str>>,
        chinese: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            english: english.into(),
            chinese: chinese.into(),
            allowed: None,
        }
    }

    /// A token, key or signature that the gateway does not accept.
    pub(super) fn unauthenticated(why: impl Into<Cow<'static, str>>) -> Self {
        let why = why.into();
        Self::new(
            401,
            "APIGW.0301",
            alloc::format!("Incorrect IAM authentication information: {why}"),
            alloc::format!("IAM认证信息不正确：{why}"),
        )
    }

    /// A path at which nothing is.
    pub(super) fn no_such_path() -> Self {
        Self::new(
            404,
            "APIGW.0101",
            "The API does not exist or has not been published in the environment",
            "API不存在或未发布到环境",
        )
    }

    /// A method that a path does not take.
    pub(super) fn method(allowed: &'static str) -> Self {
        Self {
            allowed: Some(allowed),
            ..Self::new(
                405,
                "APIGW.0201",
                "The method is not allowed here",
                "请求方法不允许",
            )
        }
    }

    /// A request that the gateway cannot read.
    pub(super) fn unreadable(status: u16, why: &'static str) -> Self {
        Self::new(
            status,
            "APIGW.0201",
            alloc::format!("Bad request: {why}"),
            alloc::format!("请求不合法：{why}"),
        )
    }

    /// A project that the caller may not see.
    pub(super) fn project() -> Self {
        Self::new(
            403,
            "DRS.M00261",
            "The project ID does not match the token.",
            "项目ID与token不匹配。",
        )
    }

    /// A parameter whose value the service does not take.
    pub(super) fn parameter(name: &str, english: &str, chinese: &str) -> Self {
        Self::new(
            400,
            "DRS.10000009",
            alloc::format!("Parameter error: {name} {english}."),
            alloc::format!("参数错误：{name}{chinese}。"),
        )
    }

    /// A `limit` or `offset` that the service does not take.
    pub(super) fn paging(name: &'static str, english: &str, chinese: &str) -> Self {
        Self {
            code: if name == "limit" {
                "DRS.M00210".into()
            } else {
                "DRS.M00211".into()
            },
            ..Self::parameter(name, english, chinese)
        }
    }

    /// The answer, in the gateway's shape, which holds the request's id, or in the service's.
    pub(super) fn reply(&self, tongue: Tongue, request_id: &str) -> Reply {
        let message: &str = match tongue {
            Tongue::English => &self.english,
            Tongue::Chinese => &self.chinese,
        };
        let body: String = if self.code.starts_with("APIG") {
            write_json::object(&[
                ("error_msg", message),
                ("error_code", &self.code),
                ("request_id", request_id),
            ])
        } else {
            write_json::object(&[("error_code", &self.code), ("error_msg", message)])
        };
        let mut reply = Reply::json(self.status, body);
        if let Some(allowed) = self.allowed {
            reply.push_header(header::ALLOW, allowed);
        }
        reply
    }
}
