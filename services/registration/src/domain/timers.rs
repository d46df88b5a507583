//! What time alone does, by the kind of aggregate that it does it to.

use super::application::{self, Application, ApplicationId};
use super::ebike::{self, Ebike, FrameNumber};
use super::kiosk::{self, KioskSession, SessionId};
use super::plate::{self, PlateClaim};
use super::station::day::{self, DayKey, StationDay};
use super::vehicle::{self, Vehicle};
use chassis::domain::values::Vin;
use chassis::domain::{Aggregate, Halt, Transaction};

/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, kind: &str, id: &str) -> Result<(), Halt> {
    // All ids are made by the value types of their aggregates: one that is none has no timer.
    match kind {
        Application::TYPE => match ApplicationId::parse(id) {
            Ok(id) => application::deadlines::pass_time(tx, &id),
            Err(_) => Ok(()),
        },
        Vehicle::TYPE => match Vin::parse(id) {
            Ok(vin) => vehicle::notices::pass_time(tx, &vin),
            Err(_) => Ok(()),
        },
        PlateClaim::TYPE => plate::pass_time(tx, id),
        Ebike::TYPE => match FrameNumber::parse(id) {
            Ok(frame) => ebike::filing::pass_time(tx, &frame),
            Err(_) => Ok(()),
        },
        KioskSession::TYPE => match SessionId::parse(id) {
            Ok(id) => kiosk::steps::pass_time(tx, &id),
            Err(_) => Ok(()),
        },
        StationDay::TYPE => match DayKey::of_id(id) {
            Ok(key) => day::pass_time(tx, &key),
            Err(_) => Ok(()),
        },
        _ => Ok(()),
    }
}
