//! A nats-server on this machine for tests and for `trafficctl up`: finds or installs it, starts it, and never leaves it behind.

mod child;
mod cluster;
mod install;

pub use child::{NatsServer, Options};
pub use cluster::Cluster;
pub use install::find_or_install;

use std::path::PathBuf;

/// Why there is no nats-server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// Neither found nor installed. The text tells what to do.
    #[error(
        "no nats-server >= 2.12 found and none could be installed ({0}); put one on PATH or into {1}, see https://github.com/nats-io/nats-server/releases"
    )]
    NotInstalled(String, PathBuf),
    #[error("nats-server did not come up: {0}")]
    NotStarted(String),
    #[error("nats-server: {0}")]
    Io(#[from] std::io::Error),
}
