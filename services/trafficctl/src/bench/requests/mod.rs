//! What partner systems and officers ask of the services in a bench: well-formed, and about nobody who exists.

pub(super) mod enforcement;
pub(super) mod permits;

use crate::time::now;
use jiff::ToSpan;
use uuid::Uuid;

/// A new request id. Time-ordered, as the ids of what it creates are to be.
pub(super) fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A time so many minutes from now, in the contracts' form.
pub(super) fn in_minutes(minutes: i64) -> pbjson_types::Timestamp {
    chassis::operations::timestamp(now() + minutes.minutes())
}

/// A day so many days from now, in China.
pub(super) fn in_days(days: i64) -> String {
    const CHINA: jiff::tz::Offset = jiff::tz::Offset::constant(8);
    let at = now() + (days * 24).hours();
    CHINA.to_datetime(at).date().to_string()
}
