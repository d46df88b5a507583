//! The metrics of a service's runtime: what an operator is woken for. Their names are listed in `deploy/metrics.yaml`.

use super::Core;
use crate::journal::appender::Counts;
use crate::projection::Phase;
use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the bus is asked for what only it knows.
const PERIOD: Duration = Duration::from_secs(5);
/// Overdue timers counted at most.
const MOST_OVERDUE: usize = 1000;

/// What is not known at the moment of asking, as last sampled.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    head: AtomicU64,
    /// The last commit that this replica's relay has looked at.
    pub(crate) relayed: AtomicU64,
    /// Whether this replica relays, or was the last to; only then is its lag of any meaning.
    pub(crate) relaying: AtomicBool,
    pub(crate) relay_halted: AtomicBool,
    overdue: AtomicU64,
    overdue_seconds: AtomicU64,
    policies: Mutex<BTreeMap<&'static str, PolicySample>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct PolicySample {
    lag: u64,
    failures: u64,
    not_understood: u64,
}

impl Samples {
    pub(crate) fn add_policy(&self, name: &'static str) {
        self.policies.lock().entry(name).or_default();
    }

    pub(crate) fn policy_failed(&self, name: &'static str) {
        self.policies.lock().entry(name).or_default().failures += 1;
    }

    pub(crate) fn policy_did_not_understand(&self, name: &'static str) {
        self.policies.lock().entry(name).or_default().not_understood += 1;
    }
}

/// Registers instruments that are read when the metrics are.
pub(super) fn register(meter: &Meter, core: &Core) {
    projection(meter, core);
    appends(meter, core);

    let samples = core.samples.clone();
    meter
        .u64_observable_gauge("traffic.relay.lag")
        .with_description("own commits not yet looked at for publication")
        .with_callback(move |gauge| {
            if samples.relaying.load(Relaxed) {
                let lag = samples
                    .head
                    .load(Relaxed)
                    .saturating_sub(samples.relayed.load(Relaxed));
                gauge.observe(lag, &[]);
            }
        })
        .build();
    let samples = core.samples.clone();
    meter
        .u64_observable_gauge("traffic.relay.halted")
        .with_description("1 while an operator has to act before anything is published")
        .with_callback(move |gauge| {
            gauge.observe(u64::from(samples.relay_halted.load(Relaxed)), &[]);
        })
        .build();
    let samples = core.samples.clone();
    meter
        .u64_observable_gauge("traffic.policy.lag")
        .with_description("published events that a policy has not worked off")
        .with_callback(move |gauge| {
            for (name, sample) in &*samples.policies.lock() {
                gauge.observe(sample.lag, &[KeyValue::new("policy", *name)]);
            }
        })
        .build();
    let samples = core.samples.clone();
    meter
        .u64_observable_counter("traffic.policy.failures")
        .with_description("failures that a policy tries again")
        .with_callback(move |counter| {
            for (name, sample) in &*samples.policies.lock() {
                counter.observe(sample.failures, &[KeyValue::new("policy", *name)]);
            }
        })
        .build();
    let samples = core.samples.clone();
    meter
        .u64_observable_counter("traffic.policy.not_understood")
        .with_description(
            "deliveries of events that a policy put off because it does not understand them",
        )
        .with_callback(move |counter| {
            for (name, sample) in &*samples.policies.lock() {
                counter.observe(sample.not_understood, &[KeyValue::new("policy", *name)]);
            }
        })
        .build();
    let samples = core.samples.clone();
    meter
        .u64_observable_gauge("traffic.timers.overdue")
        .with_description("timers past their due time")
        .with_callback(move |gauge| gauge.observe(samples.overdue.load(Relaxed), &[]))
        .build();
    let samples = core.samples.clone();
    meter
        .u64_observable_gauge("traffic.timers.overdue.seconds")
        .with_description("how far the oldest timer is past its due time")
        .with_callback(move |gauge| gauge.observe(samples.overdue_seconds.load(Relaxed), &[]))
        .build();
    let bus = std::sync::Arc::clone(&core.bus);
    meter
        .u64_observable_gauge("traffic.bus.connected")
        .with_description("1 while the bus is connected")
        .with_callback(move |gauge| gauge.observe(u64::from(bus.is_connected()), &[]))
        .build();
}

fn projection(meter: &Meter, core: &Core) {
    let stream = [KeyValue::new("stream", core.service.to_uppercase())];
    let (projection, labels) = (core.projection.clone(), stream.clone());
    meter
        .u64_observable_gauge("traffic.projection.position")
        .with_description("position up to which the projection has applied the journal")
        .with_callback(move |gauge| gauge.observe(projection.applied(), &labels))
        .build();
    let (projection, samples) = (core.projection.clone(), core.samples.clone());
    meter
        .u64_observable_gauge("traffic.projection.lag")
        .with_description("commits between the head of the journal and the projection")
        .with_callback(move |gauge| {
            let lag = samples
                .head
                .load(Relaxed)
                .saturating_sub(projection.applied());
            gauge.observe(lag, &stream);
        })
        .build();
    let projection = core.projection.clone();
    meter
        .u64_observable_gauge("traffic.projection.broken_chains")
        .with_description("commits that do not follow from the one before: someone else has written to the journal")
        .with_callback(move |gauge| gauge.observe(projection.broken_chains(), &[]))
        .build();
    let projection = core.projection.clone();
    meter
        .u64_observable_gauge("traffic.projection.rebuilding")
        .with_description("1 while the projection is not live")
        .with_callback(move |gauge| {
            gauge.observe(u64::from(projection.phase() != Phase::Live), &[]);
        })
        .build();
}

type Read = fn(&Counts) -> u64;

fn appends(meter: &Meter, core: &Core) {
    let appender = core.appender.clone();
    meter
        .u64_observable_counter("traffic.appends")
        .with_description("transactions by outcome")
        .with_callback(move |counter| {
            let counts = appender.counts();
            for (outcome, count) in [
                ("committed", counts.committed),
                ("conflict", counts.conflicts),
                ("unavailable", counts.unavailable),
                ("unknown", counts.unknown),
            ] {
                counter.observe(count, &[KeyValue::new("outcome", outcome)]);
            }
        })
        .build();
    let counters: [(&'static str, Read); 4] = [
        ("traffic.append.singles", |counts| counts.singles),
        ("traffic.append.batches", |counts| counts.batches),
        ("traffic.append.batched_entries", |counts| {
            counts.batched_entries
        }),
        ("traffic.append.settled", |counts| counts.settled),
    ];
    for (name, read) in counters {
        let appender = core.appender.clone();
        meter
            .u64_observable_counter(name)
            .with_callback(move |counter| counter.observe(read(&appender.counts()), &[]))
            .build();
    }
    let appender = core.appender.clone();
    meter
        .u64_observable_gauge("traffic.append.outstanding")
        .with_description("transactions that wait or are under way")
        .with_callback(move |gauge| gauge.observe(appender.counts().outstanding as u64, &[]))
        .build();
}

/// Samples until stopped what the instruments cannot ask for themselves.
pub(super) async fn sample(core: Core, stopping: CancellationToken) {
    let mut ticks = tokio::time::interval(PERIOD);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stopping.cancelled() => return,
        }
        tokio::select! {
            () = sample_once(&core) => {}
            () = stopping.cancelled() => return,
        }
    }
}

async fn sample_once(core: &Core) {
    let samples = &core.samples;
    if let Ok(extent) = core.journal.extent().await {
        samples.head.store(extent.last, Relaxed);
    }
    let now = core.clock.now();
    if let Ok((due, _)) = core.projection.due(now, MOST_OVERDUE).await {
        samples.overdue.store(due.len() as u64, Relaxed);
        let oldest = due.first().map_or(0, |due| seconds_between(due.at, now));
        samples.overdue_seconds.store(oldest, Relaxed);
    }
    let names: Vec<&'static str> = samples.policies.lock().keys().copied().collect();
    for name in names {
        if let Ok(lag) = core.bus.backlog(name).await {
            samples.policies.lock().entry(name).or_default().lag = lag;
        }
    }
}

fn seconds_between(earlier: Timestamp, later: Timestamp) -> u64 {
    u64::try_from(later.duration_since(earlier).as_secs()).unwrap_or(0)
}
