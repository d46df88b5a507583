//! Smart parking: zones, bays, tariffs, readings of sensors, cameras and wardens, sessions, billing, arrears and availability.
//!
//! ```text
//! readings ─> domain::watch ─> sessions ─> charges, payments, arrears ─> published events
//! permits' events, bays marked ─> policies ─> closures ─> bays closed and reopened
//! ```

pub mod api;
pub mod bays;
pub mod closures;
pub mod domain;
pub mod http;
pub mod policies;
pub mod published;
pub mod read_model;

use crate::api::Api;
use crate::domain::bay::Bay;
use crate::domain::ids::{BayId, SessionId};
use crate::domain::session::{self, CollectionRules, Session};
use crate::domain::watch;
use crate::policies::{MarkedBays, RoadOccupations};
use crate::read_model::Places;
use chassis::clock::Clock;
use chassis::config::{Config, NoSettings};
use chassis::domain::{Aggregate, Halt, Transaction};
use chassis::projection::Due;
use chassis::service::{Blueprint, Core, Service};
use chassis::telemetry::Telemetry;
use std::error::Error;
use std::sync::Arc;
use traffic_proto::parking::v1::parking_availability_service_server::ParkingAvailabilityServiceServer;
use traffic_proto::parking::v1::parking_management_service_server::ParkingManagementServiceServer;
use traffic_proto::parking::v1::parking_session_service_server::ParkingSessionServiceServer;

/// Name of the service: of its stream, its subjects, its error domain.
pub const SERVICE: &str = "parking";

/// What makes this service parking.
pub fn blueprint() -> Blueprint {
    Blueprint {
        service: SERVICE,
        projection: read_model::definition(),
        timer: Some(on_due),
        publications: published::publications(),
    }
}

/// Bays close and reopen by the clock; sessions overstay, and are collected step by step.
fn on_due(tx: &mut Transaction, due: &Due) -> Result<(), Halt> {
    if due.kind == Bay::TYPE
        && let Ok(id) = BayId::parse(&due.id)
    {
        return watch::due(tx, &id);
    }
    if due.kind == Session::TYPE
        && let Ok(id) = SessionId::parse(&due.id)
    {
        return session::due(tx, &id, &CollectionRules::default());
    }
    Ok(())
}

/// Starts the service.
///
/// # Errors
/// A configuration that cannot be used, a stream that differs from it, an address that is taken.
pub async fn start(
    config: &Config,
    telemetry: &Telemetry,
    clock: Arc<dyn Clock>,
) -> Result<Service, Box<dyn Error + Send + Sync>> {
    let NoSettings {} = config.service_settings()?;
    let core = Core::start(blueprint(), config, clock).await?;
    let api = assemble(&core);
    let running = core
        .server(config, telemetry)
        .service(ParkingManagementServiceServer::new(api.clone()))
        .service(ParkingSessionServiceServer::new(api.clone()))
        .service(ParkingAvailabilityServiceServer::new(api))
        .http(http::routes(core.clone()))
        .start()
        .await?;
    Ok(Service { core, running })
}

/// Starts the reactions to published events; what clients call.
pub fn assemble(core: &Core) -> Api {
    let places = Places::default();
    core.run_policy(Arc::new(RoadOccupations::new(core.clone(), places.clone())));
    core.run_policy(Arc::new(MarkedBays::new(core.clone())));
    Api::new(core.clone(), places)
}
