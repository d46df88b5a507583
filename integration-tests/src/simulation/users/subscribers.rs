//! Clients that watch what becomes of permits or applications: whichever replicas they listen to, and wherever lines break off,
//! they are told of every change once and in order.
//!
//! A commit is told event by event. Who resumes resumes after the last position of which all is known to be told: what was told
//! of the next one in part is told again.

use super::{Methods, PermitsApi, User, Users, VehicleApi, by, is_passing};
use crate::simulation::host::Service;
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use futures::{Stream, StreamExt};
use permits::domain::permit::Permit;
use rand::RngExt;
use rand::seq::IndexedRandom;
use registration::domain::application::Application;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Response, Status};
use traffic_proto::permits::v1 as permits_v1;
use traffic_proto::permits::v1::permit_service_server::PermitService;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::vehicle_service_server::VehicleService;

const WATCHER: &str = "officer:watch";
/// Before a client listens again.
const PAUSE: Duration = Duration::from_millis(300);

/// What a watch tells at once.
#[derive(Debug)]
struct Change {
    position: u64,
    /// Where it stands and what it happened to; `None`: a sign of life.
    event: Option<(u64, String)>,
}

/// What a client has been told.
#[derive(Debug)]
struct Heard {
    from: u64,
    /// Up to here nothing is missing.
    complete: u64,
    last: u64,
    /// Each with its position.
    events: Vec<(u64, String)>,
}

impl Users {
    /// A client watches for some minutes.
    pub(in crate::simulation) async fn subscribe(self, number: u64) -> Result<(), String> {
        let mut user = self.user(number);
        if user.random.random_bool(0.5) {
            user.watch_permits().await
        } else {
            user.watch_applications().await
        }
    }
}

impl User {
    async fn watch_permits(&mut self) -> Result<(), String> {
        let open = |api: PermitsApi, after| async move {
            let request = permits_v1::WatchPermitsRequest {
                after_position: Some(after),
                ..Default::default()
            };
            api.watch_permits(by(WATCHER, request)).await
        };
        let read = |change: permits_v1::WatchPermitsResponse| Change {
            position: change.position,
            event: change.event.map(|event| (event.position, event.permit)),
        };
        match self.watch(open, read).await? {
            Some(heard) => self.is_in_the_journal::<Permit>(Service::Permits, "permits", heard),
            None => Ok(()),
        }
    }

    async fn watch_applications(&mut self) -> Result<(), String> {
        let open = |api: VehicleApi, after| async move {
            let request = registration_v1::WatchApplicationsRequest {
                after_position: Some(after),
                ..Default::default()
            };
            api.watch_applications(by(WATCHER, request)).await
        };
        let read = |change: registration_v1::WatchApplicationsResponse| Change {
            position: change.position,
            event: change.event.map(|event| (event.position, event.resource)),
        };
        match self.watch(open, read).await? {
            Some(heard) => {
                let service = Service::Registration;
                self.is_in_the_journal::<Application>(service, "applications", heard)
            }
            None => Ok(()),
        }
    }

    /// What one replica after the other tells; `None`: it may be lost since, or nobody was there to ask.
    async fn watch<A: Methods, C, S, Sent>(
        &mut self,
        open: impl Fn(A, u64) -> Sent + Send + Sync,
        read: impl Fn(C) -> Change + Send + Sync,
    ) -> Result<Option<Heard>, String>
    where
        C: Send,
        S: Stream<Item = Result<C, Status>> + Send + Unpin,
        Sent: Future<Output = Result<Response<S>, Status>> + Send,
    {
        let generation = self.city.generation();
        let until = Instant::now() + Duration::from_secs(self.random.random_range(20..200));
        let mut heard: Option<Heard> = None;
        while Instant::now() < until {
            tokio::time::sleep(PAUSE).await;
            if self.city.generation() != generation {
                return Ok(None);
            }
            let serving = self.city.serving(A::SERVICE);
            let Some(process) = serving.choose(&mut self.random) else {
                continue;
            };
            let Some(api) = A::of(&process.face).cloned() else {
                return Err("a replica of another service was asked".into());
            };
            let is_late = self.random.random_bool(0.7);
            let heard = heard.get_or_insert_with(|| {
                let applied = process.core.projection.applied();
                Heard::after(if is_late { applied } else { 0 })
            });
            heard.resume();
            let patience = Duration::from_millis(self.random.random_range(1_000..60_000));
            let hangs_up = until.min(Instant::now() + patience);
            let ended = tokio::select! {
                biased;
                () = process.wire.ended() => Ok(()),
                () = tokio::time::sleep_until(hangs_up) => Ok(()),
                ended = listen(open(api, heard.complete), &read, heard) => ended,
            };
            if self.city.generation() != generation {
                return Ok(None);
            }
            ended?;
        }
        Ok(heard)
    }

    fn is_in_the_journal<A: Aggregate>(
        &self,
        service: Service,
        collection: &str,
        mut heard: Heard,
    ) -> Result<(), String> {
        heard.resume();
        let mut expected = Vec::new();
        let journal = self.city.ground.journal(service);
        for stored in journal.commits_after(heard.from) {
            if stored.position > heard.complete {
                break;
            }
            if stored.kind != A::TYPE {
                continue;
            }
            let commit = Commit::decode(&stored.payload).map_err(|why| why.to_string())?;
            let name = format!("{collection}/{}", stored.id);
            let told = commit.events.iter();
            expected.extend(told.map(|_| (stored.position, name.clone())));
        }
        if heard.events == expected {
            return Ok(());
        }
        Err(format!(
            "watches tell every change once: {heard:?}, expected {expected:?}"
        ))
    }
}

impl Heard {
    fn after(position: u64) -> Self {
        Self {
            from: position,
            complete: position,
            last: position,
            events: Vec::new(),
        }
    }

    /// Forgets what was told of a commit in part.
    fn resume(&mut self) {
        let complete = self.complete;
        self.last = complete;
        self.events.retain(|(position, _)| *position <= complete);
    }

    fn take(&mut self, change: Change) -> Result<(), String> {
        let position = change.position;
        let is_known = change.event.is_some() && position <= self.complete;
        if position < self.last || is_known {
            return Err(format!(
                "watches tell in order: {change:?} after {}, complete up to {}",
                self.last, self.complete
            ));
        }
        match change.event {
            None => self.complete = position,
            Some((at, about)) if at == position => {
                if position > self.last {
                    self.complete = position - 1;
                }
                self.events.push((position, about));
            }
            Some((at, about)) => {
                return Err(format!(
                    "watches tell where changes stand: {about} at {at}, told at {position}"
                ));
            }
        }
        self.last = position;
        Ok(())
    }
}

/// Until the line breaks off.
async fn listen<C, S>(
    opened: impl Future<Output = Result<Response<S>, Status>>,
    read: &impl Fn(C) -> Change,
    heard: &mut Heard,
) -> Result<(), String>
where
    S: Stream<Item = Result<C, Status>> + Unpin,
{
    let mut changes = match opened.await {
        Ok(changes) => changes.into_inner(),
        Err(status) if is_passing(&status) => return Ok(()),
        Err(status) => return Err(format!("a watch is refused: {status}")),
    };
    while let Some(change) = changes.next().await {
        match change {
            Ok(change) => heard.take(read(change))?,
            Err(status) if is_passing(&status) => return Ok(()),
            Err(status) => return Err(format!("a watch breaks off: {status}")),
        }
    }
    Ok(())
}
