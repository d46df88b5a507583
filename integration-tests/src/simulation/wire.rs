//! What lies between a host and the models: delays, losses, and the moment in which its process ends.

use async_trait::async_trait;
use chassis::bus::{
    self, Away, Bus, Delivery, LeaseEntry, Message, Newest, PublishError, Receipt, Subscription,
};
use chassis::domain::{AggregateKey, PersonRef};
use chassis::journal::model::Model as JournalModel;
use chassis::journal::{AppendError, Entry, Extent, Journal, Position, Stored, Unavailable};
use chassis::sealing::{KeyEntry, KeyStore, KeyStoreError, MemoryKeyStore};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use parking_lot::Mutex;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

/// How long an answer is waited for before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(2);

/// A promise of the runtime that is broken on purpose, to see that a simulation notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// Commits are stored whatever their guards say.
    NoGuards,
    /// Events are published whatever the fence says.
    NoFence,
    /// Users repeat requests under new ids.
    NewRequestIds,
    /// Acknowledged commits are sometimes not stored.
    LostCommits,
}

/// One process's connection to everything outside it.
#[derive(Debug)]
pub(super) struct Wire {
    state: Mutex<State>,
    changed: Notify,
    faults: Arc<AtomicU64>,
    sabotage: Option<Sabotage>,
}

#[derive(Debug)]
struct State {
    alive: bool,
    /// Up to when it is cut off, late, or gets nothing.
    cut_until: Instant,
    slow_until: Instant,
    held_until: Instant,
    /// Connections there were before this one: what one of them had brought is thrown away.
    connections: u64,
    /// Awaits left before the process ends.
    ends_in: Option<u32>,
    /// How often a request or an answer is lost or very late, from 0 to 1.
    rate: f64,
    random: SmallRng,
}

/// What becomes of a request.
enum Fate {
    Arrives,
    /// It never arrives, and its sender will hear nothing.
    Lost,
    /// It arrives when its sender has given up on it.
    Late(Duration),
    /// There is no connection.
    Refused,
}

impl Wire {
    pub(super) fn new(
        seed: u64,
        rate: f64,
        faults: Arc<AtomicU64>,
        sabotage: Option<Sabotage>,
    ) -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                alive: true,
                cut_until: now,
                slow_until: now,
                held_until: now,
                connections: 0,
                ends_in: None,
                rate,
                random: SmallRng::seed_from_u64(seed),
            }),
            changed: Notify::new(),
            faults,
            sabotage,
        }
    }

    pub(super) fn end_after(&self, awaits: u32) {
        self.state.lock().ends_in = Some(awaits);
    }

    pub(super) fn cut(&self, length: Duration) {
        self.state.lock().cut_until = Instant::now() + length;
    }

    pub(super) fn slow(&self, length: Duration) {
        self.state.lock().slow_until = Instant::now() + length;
    }

    pub(super) fn hold(&self, length: Duration) {
        self.state.lock().held_until = Instant::now() + length;
    }

    /// The other side is another one from now on, and reached.
    pub(super) fn reconnect(&self) {
        {
            let mut state = self.state.lock();
            state.connections += 1;
            state.cut_until = Instant::now();
        }
        self.changed.notify_waiters();
    }

    /// Returns when the connection that there is now has been replaced by another.
    fn broken(self: &Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        let wire = Arc::clone(self);
        let connection = wire.state.lock().connections;
        async move {
            loop {
                let changed = wire.changed.notified();
                if wire.state.lock().connections != connection {
                    return;
                }
                changed.await;
            }
        }
    }

    /// From now on nothing is lost or late any more.
    pub(super) fn heal(&self) {
        let mut state = self.state.lock();
        let now = Instant::now();
        (state.cut_until, state.slow_until, state.held_until) = (now, now, now);
        state.rate = 0.0;
    }

    pub(super) fn is_alive(&self) -> bool {
        self.state.lock().alive
    }

    /// The process ends now.
    pub(super) fn end(&self) {
        self.state.lock().alive = false;
        self.changed.notify_waiters();
    }

    /// Returns when the process has ended.
    pub(super) async fn ended(&self) {
        loop {
            let changed = self.changed.notified();
            if !self.is_alive() {
                return;
            }
            changed.await;
        }
    }

    fn is_connected(&self) -> bool {
        let state = self.state.lock();
        state.alive && state.cut_until <= Instant::now()
    }

    fn count(&self) {
        self.faults.fetch_add(1, Relaxed);
    }

    /// An await on the wire: takes its time, and may be the process's last.
    async fn step(&self) {
        let (ends, delay) = {
            let mut state = self.state.lock();
            let ends = match &mut state.ends_in {
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => false,
            };
            let slow = state.slow_until > Instant::now();
            let milliseconds = match state.random.random_range(0..100) {
                _ if slow => state.random.random_range(300..3_000),
                0 if state.rate > 0.0 => state.random.random_range(20..800),
                1..50 => state.random.random_range(1..4),
                _ => 0,
            };
            (ends, milliseconds)
        };
        if ends {
            self.count();
            self.end();
        }
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        } else {
            tokio::task::yield_now().await;
        }
        if !self.is_alive() {
            std::future::pending::<()>().await;
        }
    }

    async fn send(&self) -> Fate {
        if !self.is_connected() && self.is_alive() {
            return Fate::Refused;
        }
        self.step().await;
        if !self.is_connected() {
            return Fate::Lost;
        }
        let mut state = self.state.lock();
        let (rate, dice) = (state.rate, state.random.random::<f64>());
        if dice >= rate {
            return Fate::Arrives;
        }
        self.count();
        if dice < rate / 2.0 {
            return Fate::Lost;
        }
        Fate::Late(Duration::from_millis(
            state.random.random_range(1_000..9_000),
        ))
    }

    /// Whether the answer comes through.
    async fn receive(&self) -> bool {
        self.step().await;
        let connected = self.is_connected();
        let mut state = self.state.lock();
        let lost = !connected || state.random.random::<f64>() < state.rate;
        if lost {
            self.count();
        }
        !lost
    }

    /// Waits until something pushed by the other side comes through; `false`: its connection broke.
    async fn pushed(&self) -> bool {
        let connection = self.state.lock().connections;
        self.step().await;
        loop {
            let until = {
                let state = self.state.lock();
                if state.connections != connection {
                    return false;
                }
                state.cut_until.max(state.held_until)
            };
            if until <= Instant::now() {
                return true;
            }
            // Healing may end it earlier.
            let nap = Duration::from_millis(200);
            tokio::time::sleep_until(until.min(Instant::now() + nap)).await;
            if !self.is_alive() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// A question that changes nothing.
    async fn ask<T>(&self, answer: impl Future<Output = T>) -> Result<T, String> {
        match self.send().await {
            Fate::Refused => return Err("not connected".into()),
            Fate::Arrives => {
                let answer = answer.await;
                if self.receive().await {
                    return Ok(answer);
                }
            }
            Fate::Lost | Fate::Late(_) => {}
        }
        self.hear_nothing().await;
        Err("no answer in time".into())
    }

    async fn hear_nothing(&self) {
        tokio::time::sleep(PATIENCE).await;
        if !self.is_alive() {
            std::future::pending::<()>().await;
        }
    }

    /// A request that changes something, also if its sender hears nothing of it or is no more.
    async fn tell<T, F>(&self, change: F) -> Result<T, Untold>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        match self.send().await {
            Fate::Refused => return Err(Untold::Refused),
            Fate::Arrives => {
                let answer = change.await;
                if self.receive().await {
                    return Ok(answer);
                }
            }
            Fate::Late(delay) => {
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    change.await;
                });
            }
            Fate::Lost => {}
        }
        self.hear_nothing().await;
        Err(Untold::Unknown)
    }
}

/// What is known of a request that was not answered.
enum Untold {
    Refused,
    Unknown,
}

impl From<Untold> for Away {
    fn from(untold: Untold) -> Self {
        match untold {
            Untold::Refused => Self("not connected".into()),
            Untold::Unknown => Self("no answer in time".into()),
        }
    }
}

/// A journal at the other end of a wire.
#[derive(Debug)]
pub(super) struct WiredJournal {
    pub(super) wire: Arc<Wire>,
    pub(super) model: JournalModel,
}

#[async_trait]
impl Journal for WiredJournal {
    async fn append(&self, entries: &[Entry]) -> Result<Position, AppendError> {
        let (model, entries) = (self.model.clone(), entries.to_vec());
        let sabotage = self.wire.sabotage;
        let told = self
            .wire
            .tell(async move { store(&model, entries, sabotage).await })
            .await;
        match told {
            Ok(stored) => stored,
            Err(Untold::Refused) => Err(AppendError::Refused("not connected".into())),
            Err(Untold::Unknown) => Err(AppendError::Unknown("no answer in time".into())),
        }
    }

    async fn successor(
        &self,
        key: &AggregateKey,
        after: Position,
    ) -> Result<Option<Stored>, Unavailable> {
        let asked = self.wire.ask(self.model.successor(key, after)).await;
        asked.map_err(Unavailable)?
    }

    async fn history(
        &self,
        key: &AggregateKey,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, Unavailable> {
        let asked = self.wire.ask(self.model.history(key, after, limit)).await;
        asked.map_err(Unavailable)?
    }

    async fn extent(&self) -> Result<Extent, Unavailable> {
        self.wire
            .ask(self.model.extent())
            .await
            .map_err(Unavailable)?
    }

    async fn commit_at(&self, position: Position) -> Result<Option<Uuid>, Unavailable> {
        let asked = self.wire.ask(self.model.commit_at(position)).await;
        asked.map_err(Unavailable)?
    }

    fn follow(&self, after: Position) -> BoxStream<'static, Result<Stored, Unavailable>> {
        let wire = Arc::clone(&self.wire);
        let model = self.model.clone();
        self.model
            .follow(after)
            .then(move |commit| {
                let (wire, model) = (Arc::clone(&wire), model.clone());
                async move {
                    let broken = !wire.pushed().await;
                    let commit = commit?;
                    if broken && model.commit_at(commit.position).await? != Some(commit.commit_id) {
                        return Err(Unavailable("the stream was set back".into()));
                    }
                    Ok(commit)
                }
            })
            .boxed()
    }

    fn is_connected(&self) -> bool {
        self.wire.is_connected()
    }
}

async fn store(
    model: &JournalModel,
    mut entries: Vec<Entry>,
    sabotage: Option<Sabotage>,
) -> Result<Position, AppendError> {
    match sabotage {
        Some(Sabotage::NoGuards) => {
            for entry in &mut entries {
                let history = model.history(&entry.key, 0, usize::MAX).await;
                let last = history.ok().and_then(|history| history.last().cloned());
                entry.expected = last.map_or(0, |last| last.position);
            }
        }
        Some(Sabotage::LostCommits) => {
            let last = model.extent().await.map_or(0, |extent| extent.last);
            if last % 10 == 9 {
                return Ok(last + entries.len() as Position);
            }
        }
        _ => {}
    }
    model.append(&entries).await
}

/// The bus at the other end of a wire.
#[derive(Debug)]
pub(super) struct WiredBus {
    pub(super) wire: Arc<Wire>,
    pub(super) model: bus::model::Model,
}

#[async_trait]
impl Bus for WiredBus {
    async fn newest(&self, fence: &str) -> Result<Option<Newest>, Away> {
        self.wire
            .ask(self.model.newest(fence))
            .await
            .map_err(Away)?
    }

    async fn publish(
        &self,
        fence: &str,
        after: u64,
        messages: Vec<Message>,
    ) -> Result<u64, PublishError> {
        let (model, fence) = (self.model.clone(), fence.to_owned());
        let fenced = self.wire.sabotage != Some(Sabotage::NoFence);
        let publishing = async move {
            let mut after = after;
            if !fenced {
                let newest = model.newest(&fence).await.ok().flatten();
                after = newest.map_or(0, |newest| newest.sequence);
            }
            model.publish(&fence, after, messages).await
        };
        self.wire.tell(publishing).await.map_err(Away::from)?
    }

    async fn subscribe(
        &self,
        subscription: &Subscription,
    ) -> Result<BoxStream<'static, Result<Delivery, Away>>, Away> {
        let subscribed = self.wire.ask(self.model.subscribe(subscription)).await;
        let deliveries = subscribed.map_err(Away)??;
        let wire = Arc::clone(&self.wire);
        let broken = stream::once(wire.broken()).map(|()| Err(Away("the connection broke".into())));
        let deliveries = deliveries.then(move |delivery| {
            let wire = Arc::clone(&wire);
            async move {
                if !wire.pushed().await {
                    return Err(Away("the connection broke".into()));
                }
                let delivery = delivery?;
                let receipt = WiredReceipt {
                    wire,
                    receipt: delivery.receipt,
                };
                Ok::<_, Away>(Delivery {
                    receipt: Box::new(receipt),
                    ..delivery
                })
            }
        });
        Ok(stream::select(broken, deliveries).boxed())
    }

    async fn backlog(&self, subscription: &str) -> Result<u64, Away> {
        self.wire
            .ask(self.model.backlog(subscription))
            .await
            .map_err(Away)?
    }

    async fn lease(&self, job: &str) -> Result<LeaseEntry, Away> {
        self.wire.ask(self.model.lease(job)).await.map_err(Away)?
    }

    async fn claim_lease(&self, job: &str, holder: &str, after: u64) -> Result<Option<u64>, Away> {
        let (model, job, holder) = (self.model.clone(), job.to_owned(), holder.to_owned());
        let claiming = async move { model.claim_lease(&job, &holder, after).await };
        self.wire.tell(claiming).await.map_err(Away::from)?
    }

    async fn release_lease(&self, job: &str, held: u64) -> Result<(), Away> {
        let (model, job) = (self.model.clone(), job.to_owned());
        let releasing = async move { model.release_lease(&job, held).await };
        self.wire.tell(releasing).await.map_err(Away::from)?
    }

    fn is_connected(&self) -> bool {
        self.wire.is_connected()
    }

    async fn flush(&self) {}
}

#[derive(Debug)]
struct WiredReceipt {
    wire: Arc<Wire>,
    receipt: Box<dyn Receipt>,
}

#[async_trait]
impl Receipt for WiredReceipt {
    async fn done(&self) {
        if let Fate::Arrives = self.wire.send().await {
            self.receipt.done().await;
        }
    }

    async fn progress(&self) {
        if let Fate::Arrives = self.wire.send().await {
            self.receipt.progress().await;
        }
    }

    async fn put_off(&self, by: Duration) {
        if let Fate::Arrives = self.wire.send().await {
            self.receipt.put_off(by).await;
        }
    }

    async fn hopeless(&self) {
        if let Fate::Arrives = self.wire.send().await {
            self.receipt.hopeless().await;
        }
    }
}

/// The person keys at the other end of a wire.
#[derive(Debug)]
pub(super) struct WiredKeys {
    pub(super) wire: Arc<Wire>,
    pub(super) store: Arc<MemoryKeyStore>,
}

#[async_trait]
impl KeyStore for WiredKeys {
    async fn get(&self, person: &PersonRef) -> Result<Option<KeyEntry>, KeyStoreError> {
        let asked = self.wire.ask(self.store.get(person)).await;
        asked.map_err(KeyStoreError)?
    }

    async fn get_or_create(
        &self,
        person: &PersonRef,
        new: KeyEntry,
    ) -> Result<KeyEntry, KeyStoreError> {
        let (store, person) = (Arc::clone(&self.store), person.clone());
        let creating = async move { store.get_or_create(&person, new).await };
        match self.wire.tell(creating).await {
            Ok(entry) => entry,
            Err(_) => Err(KeyStoreError("no answer".into())),
        }
    }
}
