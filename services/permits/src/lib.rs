//! Permits of the city traffic police: road occupation, transport of highly toxic chemicals, oversize transport.
//!
//! `domain/` is the law and needs nothing but itself; the rest puts it on the wire, into the projection and on the bus.

pub mod api;
pub mod contract;
pub mod credential;
pub mod domain;
pub mod policies;
pub mod published;
pub mod read_model;
pub mod wzdx;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chassis::clock::Clock;
use chassis::config::{AuthMode, Config, ConfigError};
use chassis::domain::{Halt, Transaction};
use chassis::projection::Due;
use chassis::published::Publications;
use chassis::service::{Blueprint, Core, Service};
use chassis::telemetry::Telemetry;
use credential::Signer;
use domain::permit::Permit;
use domain::remedies::{Instances, Remedies};
use domain::values::PermitId;
use policies::{Drivers, Vehicles};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::error::Error;
use std::sync::Arc;
use traffic_proto::permits::v1::permit_service_server::PermitServiceServer;

/// Name of the service: of its stream, its subjects, its error domain.
pub const SERVICE: &str = "permits";

/// Settings of this service alone, the table `service` of its configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Who publishes the WZDx feed.
    pub feed_publisher: String,
    /// To whom decisions can be taken, one entry a district: `[[service.remedies]]` with `district`, `government`, `court`.
    /// Whoever is not named is told by role.
    pub remedies: Vec<Instances>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            feed_publisher: "City Traffic Police".into(),
            remedies: Vec::new(),
        }
    }
}

/// Starts the service: connects, opens the projection, serves.
///
/// # Errors
/// A configuration that cannot be used, a stream that differs from it, or an address that is taken.
pub async fn start(
    config: &Config,
    telemetry: &Telemetry,
    clock: Arc<dyn Clock>,
) -> Result<Service, Box<dyn Error + Send + Sync>> {
    let settings: Settings = config.service_settings()?;
    let remedies = Remedies::new(settings.remedies).map_err(|district| {
        let twice = format!("names district {district} twice: keep one of the two");
        ConfigError::key("service.remedies", twice)
    })?;
    let signer = Arc::new(signer(config)?);
    let core = Core::start(blueprint(), config, clock).await?;
    let api = assemble(&core, signer).with_remedies(remedies);
    let feed = feed_route(core.clone(), settings.feed_publisher);
    let running = core
        .server(config, telemetry)
        .service(PermitServiceServer::new(api))
        .http(feed)
        .start()
        .await?;
    Ok(Service { core, running })
}

/// Starts the reactions to other services' events; what clients call.
pub fn assemble(core: &Core, signer: Arc<Signer>) -> api::Api {
    core.run_policy(Arc::new(Drivers::new(core.clone())));
    core.run_policy(Arc::new(Vehicles::new(core.clone())));
    api::Api::new(core.clone(), signer)
}

/// What makes this service the one it is.
pub fn blueprint() -> Blueprint {
    Blueprint {
        service: SERVICE,
        projection: read_model::definition(),
        timer: Some(on_due),
        publications: Publications::new().of::<Permit>(published::publish),
    }
}

fn on_due(tx: &mut Transaction, due: &Due) -> Result<(), Halt> {
    match PermitId::parse(&due.id) {
        Ok(id) => domain::deadlines::pass_time(tx, &id),
        // Only permits have deadlines, and all their ids are made here.
        Err(_) => Ok(()),
    }
}

/// The key of credentials. In development it may be absent: then one follows from the key of person references, the
/// same on all replicas and after each start.
fn signer(config: &Config) -> Result<Signer, Box<dyn Error + Send + Sync>> {
    if let Some(pem) = config.credentials.pem()? {
        return Ok(Signer::from_pem(pem.expose())?);
    }
    if config.auth.mode != AuthMode::Development {
        let missing = "is required (or its `_file`): an Ed25519 private key in PKCS#8 PEM";
        return Err(ConfigError::key("credentials.signing_key", missing).into());
    }
    tracing::warn!("development mode: credentials are signed with a derived key");
    let mut seed = Sha256::new();
    seed.update(b"credentials of a development suite");
    seed.update(*config.sealing.keys()?.person);
    Ok(Signer::from_seed(&seed.finalize().into())?)
}

/// The WZDx feed: what occupies a road, or will.
fn feed_route(core: Core, publisher: String) -> axum::Router {
    let info = Arc::new(wzdx::FeedInfo { publisher });
    axum::Router::new().route(
        wzdx::PATH,
        get(move || {
            let (core, info) = (core.clone(), Arc::clone(&info));
            async move { feed(&core, &info).await }
        }),
    )
}

async fn feed(core: &Core, info: &Arc<wzdx::FeedInfo>) -> Response {
    let (now, info) = (core.clock.now(), Arc::clone(info));
    let feed = core
        .projection
        .read(move |view| {
            let occupations = read_model::occupying(view, wzdx::MOST_FEATURES)?;
            Ok(wzdx::feed(&occupations, &info, now))
        })
        .await;
    match feed {
        Ok(feed) => ([(header::CONTENT_TYPE, "application/geo+json")], feed).into_response(),
        Err(error) => {
            let why = format!("{error}\n");
            (axum::http::StatusCode::SERVICE_UNAVAILABLE, why).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::domain::District;

    #[test]
    fn configuration_may_name_the_government_and_the_court_of_each_district() {
        let settings = "remedies = [{ district = 371702, government = \"示例区人民政府\" }]";
        let settings: Settings = toml::from_str(settings).unwrap();
        let remedies = Remedies::new(settings.remedies).unwrap();
        let notice = remedies.notice_zh(District::new(371_702).unwrap());
        assert!(notice.contains("向示例区人民政府申请行政复议"), "{notice}");
        for wrong in [
            "remedies = [{ government = \"示例区人民政府\" }]",
            "remedies = [{ district = 371702, government = \" \" }]",
            "remedies = [{ district = 371702, judge = \"示例\" }]",
        ] {
            assert!(toml::from_str::<Settings>(wrong).is_err(), "{wrong}");
        }
    }
}
