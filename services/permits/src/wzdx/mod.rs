//! Granted road occupations as a Work Zone Data Exchange (WZDx) 4.2 feed, and such feeds as applications.

mod export;
mod import;

pub use export::{FeedInfo, feed};
pub use import::{Import, Imported, NotAFeed, parse};

/// Path at which the feed is served.
pub const PATH: &str = "/wzdx/v4.2/feed.geojson";

/// Features of one feed, served or read.
pub const MOST_FEATURES: usize = 20_000;
