//! The ledger: the smallest service that exercises all of the runtime, so that faults of the runtime show without those of a domain.
//!
//! Accounts are opened once under a number of the caller's choice, money is paid in, and moves between accounts in one
//! transaction. Whatever happens, the sum of all balances is the sum of all deposits.

mod api;
mod domain;

use crate::ledger_v1::ledger_service_server::LedgerServiceServer;
use crate::ledger_v1::{DESCRIPTORS, MoneyDeposited};
use chassis::clock::Clock;
use chassis::config::Config;
use chassis::domain::District;
use chassis::projection::{Change, Definition, Rows};
use chassis::published::{Origin, Publications, PublishedEvent};
use chassis::service::{Blueprint, Core, Service, Started};
use chassis::telemetry::Telemetry;
use domain::{Account, Event};
use std::sync::Arc;

/// Layout of the projection.
const VERSION: u32 = 1;

/// What makes this service the one it is.
pub fn blueprint() -> Blueprint {
    Blueprint {
        service: "ledger",
        projection: Definition::new(VERSION).aggregate::<Account>(index),
        timer: None,
        publications: Publications::new().of::<Account>(publish),
    }
}

/// Accounts are only read by their numbers: no index.
fn index(_: &Change<'_, Account>, _: &mut Rows<'_>) -> Result<(), chassis::projection::Broken> {
    Ok(())
}

fn publish(event: &Event, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let Event::Deposited { amount } = event else {
        return Vec::new();
    };
    let account = api::name_of(origin.id);
    let message = MoneyDeposited {
        account: account.clone(),
        amount: *amount,
    };
    let city = District::new(371_700).expect("six digits");
    vec![PublishedEvent::of(account, city, &message)]
}

/// Connects, catches up and serves.
///
/// # Errors
/// A configuration that cannot be used, or a listener that cannot be bound.
pub async fn start(config: &Config, telemetry: &Telemetry, clock: Arc<dyn Clock>) -> Started {
    let core = Core::start(blueprint(), config, clock).await?;
    let api = LedgerServiceServer::new(api::Api { core: core.clone() });
    let running = core
        .server(config, telemetry)
        .descriptors(DESCRIPTORS)
        .service(api)
        .start()
        .await?;
    Ok(Service { core, running })
}
