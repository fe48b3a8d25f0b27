//! Which call a request is for, by its path.

use http::{HeaderMap, Method, header};

use super::plain;

const CLASSIFIER: &str = "/copydesk.v1.ClassifierService/";
const HEALTH: &str = "/grpc.health.v1.Health/";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/";
const REFLECTION_ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/";

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Classify,
    BatchClassify,
    StreamClassify,
    GetModel,
    Health,
    Reflection,
    ReflectionAlpha,
    /// A gRPC call that is not here.
    Unknown,
    JsonClassify,
    JsonBatch,
    JsonModel,
    OpenApi,
    /// A browser's question whether a page may call one of the above.
    Preflight,
    Metrics,
    Healthz,
    Readyz,
    /// Plain HTTP that is not here.
    NotFound,
}

/// Which of the server's ports a request came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// The only one.
    All,
    /// The one for calls.
    Calls,
    /// The one for metrics and probes.
    Admin,
}

impl Route {
    /// The route of a request that came by a door: behind another one there is nothing.
    pub(super) fn through(door: Door, method: &Method, path: &str, headers: &HeaderMap) -> Self {
        let route = Self::of(path, headers);
        match door {
            Door::Calls if route.is_admin() => Self::NotFound,
            Door::Admin if !route.is_admin() => Self::NotFound,
            _ if method == Method::OPTIONS && route.is_for_pages() => Self::Preflight,
            _ => route,
        }
    }

    /// The route of a request.
    fn of(path: &str, headers: &HeaderMap) -> Self {
        if let Some(call) = path.strip_prefix(CLASSIFIER) {
            return Self::of_call(call);
        }
        match path {
            "/v1/classify" => Self::JsonClassify,
            "/v1/classify:batch" => Self::JsonBatch,
            "/v1/model" => Self::JsonModel,
            "/v1/openapi.json" => Self::OpenApi,
            "/metrics" => Self::Metrics,
            "/healthz" => Self::Healthz,
            "/readyz" => Self::Readyz,
            _ if path.starts_with(HEALTH) => Self::Health,
            _ if path.starts_with(REFLECTION) => Self::Reflection,
            _ if path.starts_with(REFLECTION_ALPHA) => Self::ReflectionAlpha,
            _ if content_type(headers).starts_with("application/grpc") => Self::Unknown,
            _ => Self::NotFound,
        }
    }

    fn of_call(call: &str) -> Self {
        match call {
            "Classify" => Self::Classify,
            "BatchClassify" => Self::BatchClassify,
            "StreamClassify" => Self::StreamClassify,
            "GetModel" => Self::GetModel,
            _ => Self::Unknown,
        }
    }

    /// The name in metrics and logs: one of few, whatever is asked for.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Classify => "Classify",
            Self::BatchClassify => "BatchClassify",
            Self::StreamClassify => "StreamClassify",
            Self::GetModel => "GetModel",
            Self::Health => "Health",
            Self::Reflection | Self::ReflectionAlpha => "Reflection",
            Self::Unknown => "unknown",
            Self::JsonClassify => "POST /v1/classify",
            Self::JsonBatch => "POST /v1/classify:batch",
            Self::JsonModel => "GET /v1/model",
            Self::OpenApi => "GET /v1/openapi.json",
            Self::Preflight => "preflight",
            Self::Metrics => "GET /metrics",
            Self::Healthz => "GET /healthz",
            Self::Readyz => "GET /readyz",
            Self::NotFound => "not found",
        }
    }

    /// Whether the answer is plain HTTP rather than gRPC.
    pub(super) fn is_plain_http(self) -> bool {
        matches!(
            self,
            Self::JsonClassify
                | Self::JsonBatch
                | Self::JsonModel
                | Self::OpenApi
                | Self::Preflight
                | Self::Metrics
                | Self::Healthz
                | Self::Readyz
                | Self::NotFound
        )
    }

    /// Whether it is for those who look after the server.
    fn is_admin(self) -> bool {
        matches!(self, Self::Metrics | Self::Healthz | Self::Readyz)
    }

    /// Whether the scripts of pages may ask for it.
    pub(super) fn is_for_pages(self) -> bool {
        !self.is_admin() && self != Self::NotFound
    }

    /// How it has to be asked for, if it is here.
    pub(super) fn method(self) -> Option<Method> {
        match self {
            Self::Preflight | Self::NotFound => None,
            Self::JsonModel | Self::OpenApi | Self::Metrics | Self::Healthz | Self::Readyz => {
                Some(Method::GET)
            }
            _ => Some(Method::POST),
        }
    }

    /// The encodings that its messages may have, if it is here.
    pub(super) fn encodings(self) -> Option<&'static str> {
        match self {
            Self::Preflight | Self::NotFound | Self::Unknown => None,
            Self::Classify | Self::BatchClassify | Self::StreamClassify | Self::GetModel => {
                Some("gzip,zstd,identity")
            }
            _ => Some(plain::IDENTITY),
        }
    }

    /// Whether it is asked for by machines again and again, and of no interest in a log.
    pub(super) fn is_probe(self) -> bool {
        matches!(
            self,
            Self::Health | Self::Preflight | Self::Metrics | Self::Healthz | Self::Readyz
        )
    }

    /// Whether its requests may go on without end.
    pub(super) fn is_stream(self) -> bool {
        matches!(self, Self::StreamClassify | Self::JsonBatch)
    }

    /// Whether it is one article that is answered or refused at once.
    pub(super) fn is_single(self) -> bool {
        matches!(self, Self::Classify | Self::JsonClassify)
    }
}

/// What a request says its body is.
pub(super) fn content_type(headers: &HeaderMap) -> &str {
    let value = headers.get(header::CONTENT_TYPE);
    value.and_then(|v| v.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_calls() {
        let route = |path: &str| Route::of(path, &HeaderMap::new());
        assert_eq!(
            route("/copydesk.v1.ClassifierService/Classify"),
            Route::Classify
        );
        assert_eq!(
            route("/copydesk.v1.ClassifierService/classify"),
            Route::Unknown
        );
        assert_eq!(
            route("/grpc.reflection.v1.ServerReflection/X"),
            Route::Reflection
        );
        assert_eq!(route("/v1/classify:batch"), Route::JsonBatch);
        assert_eq!(route("/"), Route::NotFound);
    }
}
