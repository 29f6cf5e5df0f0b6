//! Error responses in the shapes and with the codes of the service and its gateway.

use alloc::borrow::Cow;
use alloc::format;
use core::time::Duration;

use serde_json::json;

use super::message::Response;
use crate::header;
use crate::job::Language;

type Text = Cow<'static, str>;

/// An error of the service, or of the gateway if its code begins with `APIG`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ErrorResponse {
    status: u16,
    code: Text,
    english: Text,
    chinese: Text,
    /// The method that the path accepts, if another was sent.
    allow: Option<&'static str>,
}

impl ErrorResponse {
    pub(crate) fn new(
        status: u16,
        code: impl Into<Text>,
        english: impl Into<Text>,
        chinese: impl Into<Text>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            english: english.into(),
            chinese: chinese.into(),
            allow: None,
        }
    }

    pub(crate) fn unauthenticated(why: &str) -> Self {
        Self::new(
            401,
            "APIGW.0301",
            format!("Incorrect IAM authentication information: {why}"),
            format!("IAM认证信息不正确：{why}"),
        )
    }

    pub(crate) fn no_such_path() -> Self {
        Self::new(
            404,
            "APIGW.0101",
            "The API does not exist or has not been published in the environment",
            "API不存在或未发布到环境",
        )
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..Self::new(
                405,
                "APIGW.0201",
                "The method is not allowed",
                "请求方法不允许",
            )
        }
    }

    pub(crate) fn bad_request(status: u16, why: &str) -> Self {
        Self::new(
            status,
            "APIGW.0201",
            format!("Bad request: {why}"),
            format!("请求不合法：{why}"),
        )
    }

    pub(crate) fn invalid_query() -> Self {
        Self::bad_request(400, "the query is not percent-encoded UTF-8")
    }

    /// More requests than the quota within its period.
    pub(crate) fn throttled(limit: u32, period: Duration) -> Self {
        let seconds = period.as_secs();
        let (time, unit) = match seconds {
            0 => (period.as_millis(), "millisecond"),
            _ if seconds.is_multiple_of(3600) => (u128::from(seconds / 3600), "hour"),
            _ if seconds.is_multiple_of(60) => (u128::from(seconds / 60), "minute"),
            _ => (u128::from(seconds), "second"),
        };
        let why = format!("policy user over ratelimit,limit:{limit},time:{time} {unit}");
        Self::new(
            429,
            "APIGW.0308",
            format!("The throttling threshold has been reached: {why}"),
            format!("已达到流控阈值：{why}"),
        )
    }

    /// A project that is unknown, or not the token's.
    pub(crate) fn wrong_project() -> Self {
        Self::new(
            403,
            "DRS.M00261",
            "The project ID does not match the token.",
            "项目ID与token不匹配。",
        )
    }

    pub(crate) fn parameter(name: &str, english: &str, chinese: &str) -> Self {
        let code = match name {
            "limit" => "DRS.M00210",
            "offset" => "DRS.M00211",
            _ => "DRS.10000009",
        };
        Self::new(
            400,
            code,
            format!("Parameter error: {name} {english}."),
            format!("参数错误：{name}{chinese}。"),
        )
    }

    /// The response; the gateway's shape holds the request id, the service's does not.
    pub(crate) fn to_response(&self, language: &Language, request_id: &str) -> Response {
        let message = match language {
            Language::ZhCn => &self.chinese,
            _ => &self.english,
        };
        let body = if self.code.starts_with("APIG") {
            json!({"error_code": self.code, "error_msg": message, "request_id": request_id})
        } else {
            json!({"error_code": self.code, "error_msg": message})
        };
        let mut response = Response::json(self.status, &body);
        if let Some(allow) = self.allow {
            response.push_header(header::ALLOW, allow);
        }
        response
    }
}
