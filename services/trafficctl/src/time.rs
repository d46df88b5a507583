//! The present, from the same clock as the services'.

use chassis::clock::{Clock, SystemClock};
use jiff::Timestamp;

pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}
