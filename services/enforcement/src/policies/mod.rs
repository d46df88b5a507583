//! Reactions to published events of other services.
//!
//! ```text
//!   parking        illegal parking and unpaid fees become cases
//!   permits        a permitted oversize transport is no overload
//!   registration   which vehicle is behind a plate
//! ```

mod parking;
mod permits;
mod registration;

pub use parking::{IllegalParking, ParkingArrears};
pub use permits::OversizePermits;
pub use registration::Plates;
