//! What stands between the network and a service's handlers: admission, errors, fields, paging, and the listeners.
//!
//! ```text
//! connection ─> listener ─> guard ───────────────────────────────────────────> handler ─> answer
//!               (bounds)    method known? caller? scopes? rate? room? deadline?  │
//!                           position reached? span, metrics, panic            Fields, Failure
//! ```

mod auth;
mod backlog;
mod body;
mod errors;
mod fields;
mod guard;
mod headers;
mod history;
mod http;
mod listener;
mod names;
mod paging;
mod people;
mod position;
mod rate;
mod runtime;
mod scopes;
mod shares;
mod signals;
mod tokens;

pub use auth::{AuthError, Authenticated, Authenticator, Caller, Scopes};
pub use errors::{Failure, FieldViolation};
pub use fields::{Complete, Fields, to_timestamp};
pub use guard::{MIN_POSITION, POSITION, set_position};
pub use history::show_references;
pub(crate) use http::Waiting;
pub use names::{resource_id, resource_ids};
pub use paging::{Cursor, DEFAULT_SIZE, LARGEST_SIZE, Page, PageTokens};
pub use people::{NamedPerson, People, read_identity};
pub use position::{Positions, Readiness};
pub use runtime::{Running, Server, StartError};
pub use scopes::{Method, MethodKind, Methods, UndeclaredMethod};
pub use signals::Signals;
pub use tokens::{Audience, Claims, SigningError, TokenIssuer};
