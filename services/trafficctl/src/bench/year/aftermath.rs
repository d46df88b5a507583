//! What is measured once the year is over: rebuilding a projection, restarting a service, reads of two replicas.

use crate::bench::measure::{Plan, Sample, measure};
use crate::bench::permits_load::Reads;
use crate::bench::processes::Process;
use crate::bench::stage::{Stage, connections};
use crate::bench::watched;
use crate::connect::Connection;
use crate::failure::Failure;
use crate::projection::{Fresh, journal};
use crate::suite;
use async_nats::Client;
use futures::StreamExt;
use serde::Serialize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use traffic_proto::permits::v1::ListPermitsRequest;
use traffic_proto::permits::v1::permit_service_client::PermitServiceClient;

/// Reads in flight, on each replica.
const READS: usize = 32;
/// How often either is measured.
const TURNS: u32 = 5;
/// Permits that are read: few enough to stay hot.
const HOT: i32 = 64;

/// A projection made anew, against nothing done with the same commits.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Rebuild {
    pub(super) service: &'static str,
    pub(super) commits: u64,
    pub(super) rebuilt_per_second: f64,
    pub(super) drained_per_second: f64,
    /// The first of the second.
    pub(super) ratio: f64,
}

/// Rebuilds a projection, then reads the same commits through the same reader with an empty handler.
pub(super) async fn rebuild(bus: &Client, service: &'static str) -> Result<Rebuild, Failure> {
    let blueprint = (suite::named(service)?.blueprint)();
    let begun = Instant::now();
    let fresh = Fresh::build(bus.clone(), blueprint).await?;
    let rebuilding = begun.elapsed();
    let commits = fresh.applied();
    fresh.end().await;

    let journal = journal(bus.clone(), service).await?;
    let begun = Instant::now();
    let mut following = journal.follow(0);
    while let Some(commit) = following.next().await {
        if commit.map_err(Failure::failed)?.position >= commits {
            break;
        }
    }
    let draining = begun.elapsed();
    let rate = |lasted: Duration| commits as f64 / lasted.as_secs_f64();
    Ok(Rebuild {
        service,
        commits,
        rebuilt_per_second: rate(rebuilding),
        drained_per_second: rate(draining),
        ratio: draining.as_secs_f64() / rebuilding.as_secs_f64(),
    })
}

/// A service that was stopped in order and started again, with its projection as it left it.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Restart {
    pub(super) service: &'static str,
    /// From the start of the process until it serves, caught up with its journal.
    pub(super) ready_after_ms: u64,
}

/// Restarts a service. Answers its new process.
pub(super) async fn restart(
    stage: &Stage,
    service: &'static str,
    running: Process,
) -> Result<(Process, Restart), Failure> {
    running.end().await;
    let begun = Instant::now();
    let process = stage.start(service, crate::bench::PROJECTIONS).await?;
    let ready_after_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok((
        process,
        Restart {
            service,
            ready_after_ms,
        },
    ))
}

/// What a core of permits' processes serves, with one replica and with two.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Replicas {
    /// Reads in a second of a core's time.
    pub(super) one: f64,
    pub(super) two: f64,
    /// The second of the first.
    pub(super) ratio: f64,
}

/// Reads permits from the running replica, and from it and a second one beside it with as many readers each, by turns:
/// what else the machine does meanwhile then tells in both.
pub(super) async fn replicas(
    stage: &Stage,
    permits: &Process,
    lasting: Duration,
) -> Result<Replicas, Failure> {
    let token = &stage.tokens.reviewer;
    let second = stage
        .start("permits", "projections-of-a-second-replica")
        .await?;
    let first_connections = connections(permits, token).await?;
    let hot = hot(&first_connections[0]).await?;
    let both: Vec<_> = first_connections
        .iter()
        .cloned()
        .chain(connections(&second, token).await?)
        .collect();
    let turn = lasting / TURNS;
    let (mut one, mut two) = (OfACore::default(), OfACore::default());
    for _ in 0..TURNS {
        one.add(&reads(&[permits], &first_connections, READS, &hot, turn).await?);
        two.add(&reads(&[permits, &second], &both, READS * 2, &hot, turn).await?);
    }
    second.end().await;
    Ok(Replicas {
        one: one.per_second(),
        two: two.per_second(),
        ratio: two.per_second() / one.per_second(),
    })
}

/// Reads in a second of a core, over turns of the same length.
#[derive(Default)]
struct OfACore {
    reads: f64,
    cores: f64,
}

impl OfACore {
    fn add(&mut self, sample: &Sample) {
        self.reads += sample.per_second;
        self.cores += sample.cpu.service;
    }

    fn per_second(&self) -> f64 {
        self.reads / self.cores
    }
}

async fn reads(
    processes: &[&Process],
    connections: &[Connection],
    in_flight: usize,
    hot: &Arc<[String]>,
    lasting: Duration,
) -> Result<Sample, Failure> {
    let plan = Plan {
        in_flight,
        warm_up: Duration::from_millis(500),
        lasting,
    };
    let reader = |number: usize| {
        let connection = connections[number % connections.len()].clone();
        Reads::new(
            PermitServiceClient::new(connection),
            Arc::clone(hot),
            number,
        )
    };
    watched(processes, measure(&plan, reader)).await
}

/// The names of permits to read.
async fn hot(connection: &Connection) -> Result<Arc<[String]>, Failure> {
    let request = ListPermitsRequest {
        page_size: HOT,
        ..ListPermitsRequest::default()
    };
    let page = PermitServiceClient::new(connection.clone())
        .list_permits(request)
        .await
        .map_err(|status| Failure::of("permits", &status))?
        .into_inner();
    Ok(page.permits.into_iter().map(|permit| permit.name).collect())
}
