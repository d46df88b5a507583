//! `projection status` and `projection rebuild`.

use super::Which;
use super::replica::Replica;
use crate::connect::Target;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::progress;
use crate::suite::Listed;
use serde::Serialize;
use std::time::Duration;
use traffic_proto::operations::v1::Projection;
use traffic_proto::operations::v1::projection::Phase;

/// How often a projection that catches up is asked where it is.
const POLL: Duration = Duration::from_millis(250);

/// [`Phase::Halted`] as it is printed.
const HALTED: &str = "halted";

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
    fn of(service: &Listed, address: &str, state: Projection) -> Self {
        let phase = state.phase().as_str_name();
        Self {
            service: service.name,
            address: address.to_owned(),
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
        rows.push(Row::of(replica.service, &replica.address, state));
    }
    print(format, &rows)?;
    let alarms: Vec<String> = rows.iter().flat_map(alarms).collect();
    if alarms.is_empty() {
        Ok(())
    } else {
        Err(Failure::failed(alarms.join("; ")))
    }
}

/// What is wrong with a replica beyond lagging behind.
fn alarms(row: &Row) -> Vec<String> {
    let mut alarms = Vec::new();
    let replica = format!("{} at {}", row.service, row.address);
    if row.phase == HALTED {
        alarms.push(format!("{replica} halted: {}", row.why));
    }
    if row.broken_chains > 0 {
        alarms.push(format!(
            "{replica}: {} commits do not continue their aggregate's chain: something was lost or altered",
            row.broken_chains
        ));
    }
    alarms
}

pub(super) async fn rebuild(
    target: &Target,
    format: Format,
    which: &Which,
    wait: bool,
) -> Result<(), Failure> {
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
        rows.push(Row::of(replica.service, &replica.address, state));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite;

    fn row(phase: Phase, broken_chains: u64, why: &str) -> Row {
        let state = Projection {
            phase: phase.into(),
            broken_chains,
            why: why.into(),
            ..Projection::default()
        };
        Row::of(suite::named("permits").unwrap(), "127.0.0.1:1", state)
    }

    #[test]
    fn a_halted_projection_is_an_alarm_and_so_is_a_broken_chain_but_not_a_lag() {
        assert!(alarms(&row(Phase::Live, 0, "")).is_empty());
        assert!(alarms(&row(Phase::CatchingUp, 0, "")).is_empty());
        assert_eq!(
            alarms(&row(Phase::Halted, 0, "commit 7 cannot be read")),
            ["permits at 127.0.0.1:1 halted: commit 7 cannot be read"]
        );
        let both = alarms(&row(Phase::Halted, 2, "commit 7 cannot be read"));
        assert_eq!(both.len(), 2, "{both:?}");
    }
}
