//! The configuration of one service in a suite on one machine.

use super::keys::Keys;
use super::{Ports, UpOptions};
use crate::failure::Failure;
use chassis::config::Config;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

/// The ports of the service at place 0; each further place has the next.
const FIRST_GRPC: u16 = 50_051;
const FIRST_HTTP: u16 = 8_081;

/// The configuration of the service at this place.
///
/// # Errors
/// An option that the services' configuration does not take, named by its key.
pub(super) fn of(
    options: &UpOptions,
    folder: &Path,
    keys: &Keys,
    place: u16,
) -> Result<Config, Failure> {
    let mut overrides = vec![("TRAFFIC_TELEMETRY__LOG".to_owned(), options.log.clone())];
    if let Some(otlp) = &options.otlp {
        overrides.push(("TRAFFIC_TELEMETRY__OTLP_ENDPOINT".to_owned(), otlp.clone()));
    }
    overrides.push(("TRAFFIC_AUTH__MODE".to_owned(), "development".to_owned()));
    let mut config = Config::parse("", overrides).map_err(Failure::usage)?;
    config.data_dir = folder.join("projections");
    let port = |first: u16| match options.ports {
        Ports::Fixed => first + place,
        Ports::Auto => 0,
    };
    config.grpc.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port(FIRST_GRPC)));
    config.http.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port(FIRST_HTTP)));
    keys.put_into(&mut config);
    Ok(config)
}
