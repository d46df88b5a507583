//! The smallest of domains, to prove the runtime with: counters that are added to and reset when their time comes.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test program uses a part of it"
)]

use chassis::bus::model::Model as BusModel;
use chassis::clock::{Clock, ManualClock};
use chassis::commands::Call;
use chassis::domain::{Actor, Aggregate, District, Halt, LegalBasis, Refusal, Transaction};
use chassis::journal::Journal;
use chassis::policies::{Policy, Reaction};
use chassis::projection::{Change, Definition, Due, MemoryDisk, Options, Rows, Table};
use chassis::published::{Origin, Publications, PublishedEvent, ReceivedEvent};
use chassis::sealing::MemoryKeyStore;
use chassis::server::Caller;
use chassis::service::{Blueprint, Core, Foundation};
use chassis::testing::{self, Bus};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use tonic::Request;
use traffic_proto::operations::v1::ListCommitsRequest;
use uuid::Uuid;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Counter {
    pub value: u64,
    pub reset_at: Option<Timestamp>,
    pub resets: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CounterEvent {
    Added { by: u64 },
    ResetPlanned { at: Timestamp },
    Reset,
}

impl Aggregate for Counter {
    const TYPE: &'static str = "counter";
    type Event = CounterEvent;

    fn evolve(state: Option<Self>, event: &CounterEvent, _: Timestamp) -> Option<Self> {
        let mut counter = state.unwrap_or_default();
        match event {
            CounterEvent::Added { by } => counter.value += by,
            CounterEvent::ResetPlanned { at } => counter.reset_at = Some(*at),
            CounterEvent::Reset => {
                counter.reset_at = None;
                counter.value = 0;
                counter.resets += 1;
            }
        }
        Some(counter)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.reset_at
    }
}

#[derive(Debug)]
pub struct TooMuch;

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a counter holds at most 1000")
    }
}

impl Refusal for TooMuch {
    fn reason(&self) -> &'static str {
        "TOO_MUCH"
    }
    fn basis(&self) -> Option<LegalBasis> {
        Some(LegalBasis::new("Counter Law", "art. 1"))
    }
    fn zh(&self) -> String {
        "计数不得超过1000".into()
    }
}

pub fn add(tx: &mut Transaction, id: &str, by: u64) -> Result<String, Halt> {
    let value = tx.load::<Counter>(id)?.map_or(0, |counter| counter.value);
    if value + by > 1000 {
        return Err(TooMuch.into());
    }
    tx.record::<Counter>(id, [CounterEvent::Added { by }])?;
    Ok(id.to_owned())
}

fn on_due(tx: &mut Transaction, due: &Due) -> Result<(), Halt> {
    let now = tx.now();
    let counter = tx.load::<Counter>(&due.id)?;
    if counter.is_some_and(|counter| counter.reset_at.is_some_and(|at| at <= now)) {
        tx.record::<Counter>(&due.id, [CounterEvent::Reset])?;
    }
    Ok(())
}

pub const BY_VALUE: Table<(u64, String), ()> = Table::new(0x10);

fn index(
    change: &Change<'_, Counter>,
    rows: &mut Rows<'_>,
) -> Result<(), chassis::projection::Broken> {
    let key = |counter: &Counter| (counter.value, change.id.to_owned());
    rows.reindex(&BY_VALUE, change.before.map(key), change.after.map(key));
    Ok(())
}

/// Any message of a contract will do.
fn publish(event: &CounterEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let CounterEvent::Added { by } = event else {
        return Vec::new();
    };
    let message = ListCommitsRequest {
        aggregate: format!("counter/{}", origin.id),
        page_size: 0,
        after_position: *by,
    };
    let district = District::new(371_700).expect("a district");
    vec![PublishedEvent::of(
        format!("counters/{}", origin.id),
        district,
        &message,
    )]
}

pub fn blueprint(service: &'static str) -> Blueprint {
    Blueprint {
        service,
        projection: Definition::new(1).aggregate::<Counter>(index),
        timer: Some(on_due),
        publications: Publications::new().of::<Counter>(publish),
    }
}

pub fn start_of_time() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().expect("a time")
}

pub async fn replica(bus: &Bus, folder: &Path, clock: &ManualClock) -> Core {
    replica_of("counting", bus, folder, clock).await
}

pub async fn replica_of(
    service: &'static str,
    bus: &Bus,
    folder: &Path,
    clock: &ManualClock,
) -> Core {
    let clock: Arc<dyn Clock> = Arc::new(clock.clone());
    let core = Core::start(blueprint(service), &bus.config(folder), clock)
        .await
        .expect("starts");
    core.projection.ready().await;
    core
}

/// A replica on this bus and journal, with a disk of its own in memory.
pub async fn replica_on_models(
    bus: &BusModel,
    journal: Arc<dyn Journal>,
    blueprint: Blueprint,
    clock: &ManualClock,
) -> Core {
    let foundation = Foundation {
        journal,
        bus: Arc::new(bus.clone()),
        person_keys: Arc::new(MemoryKeyStore::default()),
        projection: Options::in_memory(&MemoryDisk::new()),
        clock: Arc::new(clock.clone()),
    };
    // Nobody connects to this address and nothing is kept in this folder.
    let config = testing::config("nats://localhost:4222", Path::new("unused"));
    let core = Core::on(foundation, blueprint, &config).expect("starts");
    core.projection.ready().await;
    core
}

/// A call with a request id and a body, as the server makes it of a request.
pub fn call(request_id: Uuid, body: &str) -> Call {
    let mut request = Request::new(ListCommitsRequest {
        aggregate: body.to_owned(),
        page_size: 0,
        after_position: 0,
    });
    let mut caller = Caller::anonymous();
    caller.actor = Actor {
        id: "partner:test".into(),
        districts: Vec::new(),
    };
    request.extensions_mut().insert(Arc::new(caller));
    Call::of(&request, &request_id.to_string()).expect("a call")
}

/// Adds to a counter of its own what it is told of others'.
pub struct Echo(pub Core);

#[async_trait::async_trait]
impl Policy for Echo {
    fn name(&self) -> &'static str {
        "echoing-added"
    }
    fn subjects(&self) -> Vec<String> {
        vec!["events.counting.>".into()]
    }
    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let added: ListCommitsRequest = event.decode()?;
        let call = Call::reaction("echoing-added", event);
        let by = added.after_position;
        self.0
            .commands
            .perform(call, move |tx| add(tx, "c", by).map(drop))
            .await?;
        Ok(())
    }
}
