//! What each method demands of its caller, read from the contracts when the server starts.

use prost_reflect::{DescriptorPool, MethodDescriptor, Value};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// A watch of health ends after it and is begun anew, as when its connection ends.
const LONGEST_WATCH: Duration = Duration::from_secs(600);
/// Everything else that health and reflection are asked is answered at once.
const LONGEST_QUESTION: Duration = Duration::from_secs(10);

/// Whether a call is one question and one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MethodKind {
    Unary,
    /// Either side, or both, sends many messages.
    Streaming,
}

/// One method that is served.
#[derive(Debug)]
pub struct Method {
    /// `/traffic.permits.v1.PermitService/GetPermit`.
    pub path: Arc<str>,
    pub kind: MethodKind,
    /// Whether it may be called without a token.
    pub public: bool,
    /// All of these are needed.
    pub required_scopes: Vec<String>,
    /// Of health and reflection: how long a call lasts at most. They are served while the server has no room for others
    /// or drains.
    pub infrastructure: Option<Duration>,
}

/// A served method that does not say who may call it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndeclaredMethod {
    #[error("method {0} declares neither required scopes nor `public`: it cannot be served")]
    Undeclared(String),
    #[error("method {0} declares both required scopes and `public`: it cannot be served")]
    Contradictory(String),
    #[error("service {0} is not in the contracts: it cannot be served")]
    UnknownService(String),
    #[error("the contracts cannot be read: {0}")]
    Contracts(String),
}

/// The methods that are served, by path.
#[derive(Debug, Default)]
pub struct Methods(HashMap<Arc<str>, Arc<Method>>);

impl Methods {
    /// The methods of `services` (full names) as the contracts in `descriptors` declare them.
    ///
    /// # Errors
    /// A method that declares nothing, or too much.
    pub fn declared<'a>(
        descriptors: &[u8],
        services: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, UndeclaredMethod> {
        let pool = DescriptorPool::decode(descriptors)
            .map_err(|error| UndeclaredMethod::Contracts(error.to_string()))?;
        let mut methods = HashMap::new();
        for name in services {
            let service = pool
                .get_service_by_name(name)
                .ok_or_else(|| UndeclaredMethod::UnknownService(name.to_owned()))?;
            for method in service.methods() {
                let method = read(&pool, &method)?;
                methods.insert(Arc::clone(&method.path), Arc::new(method));
            }
        }
        Ok(Self(methods))
    }

    /// Adds health and reflection, which are public.
    #[must_use]
    pub fn with_infrastructure(mut self) -> Self {
        const METHODS: [(&str, MethodKind, Duration); 5] = [
            (
                "/grpc.health.v1.Health/Check",
                MethodKind::Unary,
                LONGEST_QUESTION,
            ),
            (
                "/grpc.health.v1.Health/List",
                MethodKind::Unary,
                LONGEST_QUESTION,
            ),
            (
                "/grpc.health.v1.Health/Watch",
                MethodKind::Streaming,
                LONGEST_WATCH,
            ),
            (
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                MethodKind::Streaming,
                LONGEST_QUESTION,
            ),
            (
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                MethodKind::Streaming,
                LONGEST_QUESTION,
            ),
        ];
        for (path, kind, longest) in METHODS {
            let path: Arc<str> = path.into();
            let method = Method {
                path: Arc::clone(&path),
                kind,
                public: true,
                required_scopes: Vec::new(),
                infrastructure: Some(longest),
            };
            self.0.insert(path, Arc::new(method));
        }
        self
    }

    pub fn get(&self, path: &str) -> Option<&Arc<Method>> {
        self.0.get(path)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Method>> {
        self.0.values()
    }
}

fn read(pool: &DescriptorPool, method: &MethodDescriptor) -> Result<Method, UndeclaredMethod> {
    let options = method.options();
    let option = |name: &str| {
        pool.get_extension_by_name(&format!("traffic.options.v1.{name}"))
            .map(|extension| options.get_extension(&extension).into_owned())
    };
    let required_scopes: Vec<String> = match option("required_scopes") {
        Some(Value::List(scopes)) => scopes
            .iter()
            .filter_map(|scope| scope.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    let public = matches!(option("public"), Some(Value::Bool(true)));
    let name = method.full_name().to_owned();
    match (public, required_scopes.is_empty()) {
        (false, true) => return Err(UndeclaredMethod::Undeclared(name)),
        (true, false) => return Err(UndeclaredMethod::Contradictory(name)),
        _ => {}
    }
    let streaming = method.is_client_streaming() || method.is_server_streaming();
    Ok(Method {
        path: format!("/{}/{}", method.parent_service().full_name(), method.name()).into(),
        kind: if streaming {
            MethodKind::Streaming
        } else {
            MethodKind::Unary
        },
        public,
        required_scopes,
        infrastructure: None,
    })
}
