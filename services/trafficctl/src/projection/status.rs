//! `projection status` and `projection rebuild`.

use super::Which;
use super::replica::Replica;
use crate::connect::Target;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::progress;
use serde::Serialize;
use std::time::Duration;
use traffic_proto::operations::v1::Projection;
use traffic_proto::operations::v1::projection::Phase;

/// How often a projection that catches up is asked where it is.
const POLL: Duration = Duration::from_millis(250);

/// A replica's projection as it is printed.
#[derive(Debug, Serialize)]
struct Row {
    service: &'static str,
    address: String,
    phase: String,
    applied: u64,
    head: u64,
    lag: u64,
    rebuilds: u64,
    broken_chains: u64,
    bytes_on_disk: u64,
    why: String,
}

impl Row {
    fn of(replica: &Replica, state: Projection) -> Self {
        let phase = state.phase().as_str_name();
        Self {
            service: replica.service.name,
            address: replica.address.clone(),
            phase: phase.trim_start_matches("PHASE_").to_lowercase(),
            applied: state.applied_position,
            head: state.head_position,
            lag: state.head_position.saturating_sub(state.applied_position),
            rebuilds: state.rebuilds,
            broken_chains: state.broken_chains,
            bytes_on_disk: state.bytes_on_disk,
            why: state.why,
        }
    }
}

pub(super) async fn show(target: &Target, format: Format, which: &Which) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for replica in Replica::all(target, which).await? {
        let state = replica.state().await?;
        rows.push(Row::of(&replica, state));
    }
    print(format, &rows)?;
    match rows.iter().find(|row| row.broken_chains > 0) {
        Some(row) => Err(Failure::failed(format!(
            "{} at {}: {} commits do not continue their aggregate's chain: something was lost or altered",
            row.service, row.address, row.broken_chains
        ))),
        None => Ok(()),
    }
}

pub(super) async fn rebuild(
    target: &Target,
    format: Format,
    which: &Which,
    wait: bool,
) -> Result<(), Failure> {
    if which.service.is_none() {
        return Err(Failure::usage("name the service to rebuild"));
    }
    let mut rows = Vec::new();
    // One after the other: the others serve meanwhile.
    for replica in Replica::all(target, which).await? {
        let before = replica.state().await?;
        let mut state = replica.rebuild().await?;
        if wait {
            let bar = progress::bar(before.head_position, "rebuilding");
            // It has begun once the count has grown, and is done when it is live again.
            while state.rebuilds == before.rebuilds || state.phase() != Phase::Live {
                if state.phase() == Phase::Halted {
                    return Err(Failure::failed(format!(
                        "{} halted: {}",
                        replica.label(),
                        state.why
                    )));
                }
                bar.set_position(state.applied_position);
                tokio::time::sleep(POLL).await;
                state = replica.state().await?;
            }
            bar.finish_and_clear();
        }
        rows.push(Row::of(&replica, state));
    }
    print(format, &rows)
}

fn print(format: Format, rows: &[Row]) -> Result<(), Failure> {
    if format.is_json() {
        for row in rows {
            output::line(&serde_json::to_string(row)?)?;
        }
        return Ok(());
    }
    let mut table = output::table([
        "service", "address", "phase", "applied", "head", "lag", "rebuilds", "broken", "on disk",
    ]);
    for row in rows {
        table.add_row([
            row.service.to_owned(),
            row.address.clone(),
            row.phase.clone(),
            row.applied.to_string(),
            row.head.to_string(),
            row.lag.to_string(),
            row.rebuilds.to_string(),
            row.broken_chains.to_string(),
            indicatif::HumanBytes(row.bytes_on_disk).to_string(),
        ]);
    }
    output::line(&table.to_string())?;
    for row in rows.iter().filter(|row| !row.why.is_empty()) {
        output::line(&format!("{} at {}: {}", row.service, row.address, row.why))?;
    }
    Ok(())
}
