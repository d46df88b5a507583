//! The event-sourcing runtime that every service of the traffic suite stands on.
//!
//! It knows nothing of permits or parking: a service brings its domain, read model, api, policies and published
//! events, and the chassis does the rest.
//!
//! ```text
//! request ─> server ─> commands ─> domain (pure) ─> journal ─> projection ─> answer, with its position
//!                                                      └─> relay ─> EVENTS ─> policies of other services, agencies
//! ```

pub mod bus;
pub mod clock;
pub mod commands;
pub mod commit;
pub mod config;
pub mod domain;
pub mod journal;
mod lease;
pub mod operations;
pub mod policies;
pub mod projection;
pub mod published;
pub mod random;
mod relay;
pub mod rows;
pub mod sealing;
pub mod server;
pub mod service;
pub mod telemetry;
pub mod timers;

#[cfg(feature = "local-bus")]
pub mod nats_server;
#[cfg(feature = "testing")]
pub mod testing;

/// Every program of the suite allocates with mimalloc: glibc's allocator took a quarter of a command's processor time
/// (trees of small strings, made on one thread and freed on another).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
