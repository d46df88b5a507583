//! What the clients of each service do all day.

pub mod enforcement;
mod ledger;
pub mod parking;
pub mod permits;
pub mod registration;

pub use enforcement::Enforcement;
pub use ledger::Ledger;
pub use parking::Parking;
pub use permits::Permits;
pub use registration::Registration;

use jiff::Timestamp;

/// A timestamp of the contracts, to the second, so many minutes from now.
#[expect(
    clippy::disallowed_methods,
    reason = "the services run on the machine's clock"
)]
pub fn in_minutes(minutes: i64) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: Timestamp::now().as_second() + minutes * 60,
        nanos: 0,
    }
}

/// A place in a city: so many metres east and north of its centre. Longitude and latitude in degrees.
pub fn place(east: f64, north: f64) -> (f64, f64) {
    const LATITUDE: f64 = 35.24;
    const LONGITUDE: f64 = 115.47;
    const METRES_A_DEGREE: f64 = 111_195.0;
    let shrunk = METRES_A_DEGREE * LATITUDE.to_radians().cos();
    (
        LONGITUDE + east / shrunk,
        LATITUDE + north / METRES_A_DEGREE,
    )
}
