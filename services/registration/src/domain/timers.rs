//! What time alone does, by the kind of aggregate that it does it to.

use super::application::{self, Application, ApplicationId};
use super::plate::{self, PlateClaim};
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
        _ => Ok(()),
    }
}
