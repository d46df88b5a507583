//! The services of the suite. A service more is a line more.

use crate::failure::Failure;
use chassis::clock::Clock;
use chassis::config::Config;
use chassis::service::Blueprint;
use chassis::telemetry::Telemetry;
use futures::future::BoxFuture;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

/// A service that can be started here.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) name: &'static str,
    /// Its place on one machine, which its ports follow from. Never given to another.
    pub(crate) place: u16,
    /// What its projection is made of.
    pub(crate) blueprint: fn() -> Blueprint,
    pub(crate) start: Start,
}

type Start = for<'a> fn(&'a Config, &'a Telemetry, Arc<dyn Clock>) -> Starting<'a>;
type Starting<'a> = BoxFuture<'a, Result<Started, Box<dyn Error + Send + Sync>>>;

/// A service that serves.
pub(crate) struct Started {
    pub(crate) name: &'static str,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    stop: Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send>,
}

impl Started {
    pub(crate) async fn stop(self) {
        (self.stop)().await;
    }
}

macro_rules! suite {
    ($($service:ident at $place:literal),+ $(,)?) => {
        pub(crate) const SERVICES: &[Listed] = &[$(Listed {
            name: stringify!($service),
            place: $place,
            blueprint: $service::blueprint,
            start: |config, telemetry, clock| Box::pin(async move {
                let service = $service::start(config, telemetry, clock).await?;
                service.core.projection.ready().await;
                Ok(Started {
                    name: stringify!($service),
                    grpc: service.running.grpc,
                    http: service.running.http,
                    stop: Box::new(move || Box::pin(service.stop())),
                })
            }),
        }),+];
    };
}

suite! {
    permits at 0,
    parking at 1,
    registration at 2,
    enforcement at 3,
}

/// # Errors
/// There is no service of this name; the text lists those there are.
pub(crate) fn named(name: &str) -> Result<&'static Listed, Failure> {
    SERVICES
        .iter()
        .find(|service| service.name == name)
        .ok_or_else(|| {
            let names: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
            Failure::usage(format!(
                "no service `{name}`; there are {}",
                names.join(", ")
            ))
        })
}
