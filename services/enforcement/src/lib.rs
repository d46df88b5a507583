//! Enforcement of traffic law (交通执法): violations from the record to the last payment, the points of drivers, road
//! hazards, persuasion of riders, and detained vehicles.
//!
//! `domain/` is the law and needs nothing but itself; the rest puts it on the wire, into the projection and on the bus.

pub mod api;
pub mod contract;
pub mod domain;
pub mod policies;
pub mod published;
pub mod read_model;

use api::Api;
use chassis::clock::Clock;
use chassis::config::{Config, NoSettings};
use chassis::domain::{Halt, Transaction};
use chassis::projection::Due;
use chassis::published::Publications;
use chassis::service::{Blueprint, Core, Service};
use chassis::telemetry::Telemetry;
use domain::detention::Detention;
use domain::docket::Docket;
use domain::hazard::Hazard;
use domain::licence::Licence;
use domain::persuasion::Company;
use domain::violation::Violation;
use policies::{IllegalParking, OversizePermits, ParkingArrears, Plates};
use std::error::Error;
use std::sync::Arc;
use traffic_proto::enforcement::v1::detention_service_server::DetentionServiceServer;
use traffic_proto::enforcement::v1::docket_service_server::DocketServiceServer;
use traffic_proto::enforcement::v1::hazard_service_server::HazardServiceServer;
use traffic_proto::enforcement::v1::licence_service_server::LicenceServiceServer;
use traffic_proto::enforcement::v1::persuasion_service_server::PersuasionServiceServer;
use traffic_proto::enforcement::v1::violation_service_server::ViolationServiceServer;

/// Name of the service: of its stream, its subjects, its error domain.
pub const SERVICE: &str = "enforcement";

/// Starts the service: connects, opens the projection, serves.
///
/// # Errors
/// A configuration that cannot be used, a stream that differs from it, or an address that is taken.
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
        .service(ViolationServiceServer::new(api.clone()))
        .service(LicenceServiceServer::new(api.clone()))
        .service(DetentionServiceServer::new(api.clone()))
        .service(DocketServiceServer::new(api.clone()))
        .service(HazardServiceServer::new(api.clone()))
        .service(PersuasionServiceServer::new(api))
        .start()
        .await?;
    Ok(Service { core, running })
}

/// Starts the reactions to other services' events; what clients call.
pub fn assemble(core: &Core) -> Api {
    core.run_policy(Arc::new(IllegalParking::new(core.clone())));
    core.run_policy(Arc::new(ParkingArrears::new(core.clone())));
    core.run_policy(Arc::new(OversizePermits::new(core.clone())));
    core.run_policy(Arc::new(Plates::new(core.clone())));
    Api::new(core.clone())
}

/// What makes this service the one it is.
pub fn blueprint() -> Blueprint {
    Blueprint {
        service: SERVICE,
        projection: read_model::definition(),
        timer: Some(on_due),
        publications: Publications::new()
            .of::<Violation>(published::violation)
            .of::<Licence>(published::licence)
            .of::<Docket>(published::docket)
            .of::<Hazard>(published::hazard)
            .of::<Company>(published::company)
            .of::<Detention>(published::detention),
    }
}

fn on_due(tx: &mut Transaction, due: &Due) -> Result<(), Halt> {
    domain::timers::pass_time(tx, &due.kind, &due.id)
}
