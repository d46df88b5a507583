//! Smart parking: zones, bays, tariffs, sensor readings, sessions, billing, arrears and availability.

pub mod domain;
