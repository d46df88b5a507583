//! Every parser of bytes from outside as a fuzz target: a function of any bytes that panics if a rule is broken.
//!
//! ```text
//!   journal   commits, published events          files    feeds of road works, bays, e-bikes, tariffs
//!   tokens    credentials, tokens of callers     values   plates, numbers, names
//!             and of pages
//!   seeds/    valid inputs of each target
//! ```
//!
//! Each target is driven twice. `tests/damaged`, a part of `cargo test`, tries each on some hundred damaged seeds.
//! `examples/guided.rs` runs the same functions under libFuzzer, which keeps and varies the inputs that reach new code,
//! for as long as one likes:
//!
//! ```sh
//! integration-tests/fuzz/run 300             # all targets, 300 seconds each
//! integration-tests/fuzz/run 3600 tariffs    # one of them
//! ```
//!
//! An input that breaks a rule goes into `seeds/`, from where every further run takes it first.

#![allow(
    clippy::missing_panics_doc,
    reason = "to panic is how a target tells that a rule is broken"
)]

mod files;
mod journal;
mod tokens;
mod values;

pub use files::{bays, ebikes, tariffs, work_zones};
pub use journal::{commits, published_events};
pub use tokens::{callers, credentials, page_tokens};
pub use values::values;

/// Tries a parser on any bytes, and says whether it understood them.
pub type Check = fn(&[u8]) -> bool;

/// All targets by the name of their seeds' folder.
pub const TARGETS: [(&str, Check); 10] = [
    ("bays", bays),
    ("callers", callers),
    ("commits", commits),
    ("credentials", credentials),
    ("ebikes", ebikes),
    ("page_tokens", page_tokens),
    ("published_events", published_events),
    ("tariffs", tariffs),
    ("values", values),
    ("work_zones", work_zones),
];
