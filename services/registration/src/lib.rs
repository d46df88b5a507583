//! Registration (机动车和电动自行车登记): vehicles and their plates, applications, e-bikes, stations, fees and kiosks.
//!
//! `domain/` is the law and needs nothing but itself; the rest puts it on the wire, into the projection and on the bus.

pub mod api;
pub mod contract;
pub mod domain;
pub mod ebike_file;
pub mod plate_stock;
pub mod policies;
pub mod published;
pub mod read_model;

use api::ebikes::EbikeApi;
use api::kiosks::KioskApi;
use api::orders::OrderApi;
use api::stations::StationApi;
use api::vehicles::VehicleApi;
use chassis::clock::Clock;
use chassis::config::{Config, NoSettings};
use chassis::domain::{Halt, Transaction};
use chassis::projection::Due;
use chassis::published::Publications;
use chassis::service::{Blueprint, Core, Service};
use chassis::telemetry::Telemetry;
use domain::application::Application;
use domain::ebike::Ebike;
use domain::vehicle::Vehicle;
use plate_stock::PlateStock;
use policies::OpenCases;
use std::error::Error;
use std::sync::Arc;
use traffic_proto::registration::v1::ebike_service_server::EbikeServiceServer;
use traffic_proto::registration::v1::kiosk_service_server::KioskServiceServer;
use traffic_proto::registration::v1::order_service_server::OrderServiceServer;
use traffic_proto::registration::v1::station_service_server::StationServiceServer;
use traffic_proto::registration::v1::vehicle_service_server::VehicleServiceServer;

/// Name of the service: of its stream, its subjects, its error domain.
pub const SERVICE: &str = "registration";

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
    let apis = assemble(&core);
    let running = core
        .server(config, telemetry)
        .service(VehicleServiceServer::new(apis.vehicles))
        .service(EbikeServiceServer::new(apis.ebikes))
        .service(StationServiceServer::new(apis.stations))
        .service(OrderServiceServer::new(apis.orders))
        .service(KioskServiceServer::new(apis.kiosks))
        .start()
        .await?;
    Ok(Service { core, running })
}

/// What clients call.
#[derive(Clone, Debug)]
pub struct Apis {
    pub vehicles: VehicleApi,
    pub ebikes: EbikeApi,
    pub stations: StationApi,
    pub orders: OrderApi,
    pub kiosks: KioskApi,
}

/// Starts the reactions to other services' events; what clients call.
pub fn assemble(core: &Core) -> Apis {
    core.run_policy(Arc::new(OpenCases::new(core.clone())));
    let plates = PlateStock::new(core.clone());
    Apis {
        vehicles: VehicleApi::new(core.clone()),
        ebikes: EbikeApi::new(core.clone(), plates.clone()),
        stations: StationApi::new(core.clone()),
        orders: OrderApi::new(core.clone()),
        kiosks: KioskApi::new(core.clone(), plates),
    }
}

/// What makes this service the one it is.
pub fn blueprint() -> Blueprint {
    Blueprint {
        service: SERVICE,
        projection: read_model::definition(),
        timer: Some(on_due),
        publications: Publications::new()
            .of::<Vehicle>(published::vehicle)
            .of::<Application>(published::application)
            .of::<Ebike>(published::ebike),
    }
}

fn on_due(tx: &mut Transaction, due: &Due) -> Result<(), Halt> {
    domain::timers::pass_time(tx, &due.kind, &due.id)
}
