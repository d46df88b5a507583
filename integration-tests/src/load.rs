//! Load: clients that give realistic commands, repeat each until its outcome is known, and keep account of every acknowledgement.

use crate::replica::{Client, Counter, GLANCE, PATIENCE, Replica};
use crate::status;
use chassis::server::POSITION;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_stream::StreamExt;
use tonic::{Code, Response, Status};

/// Who gives a load's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Applies, pays.
    Partner = 0,
    /// Decides what others applied for.
    Officer = 1,
    /// Tells what it sees; what it sets off is not counted.
    Device = 2,
}

impl Role {
    const ALL: [Self; 3] = [Self::Partner, Self::Officer, Self::Device];

    /// The account of this role.
    pub fn account(self) -> &'static str {
        match self {
            Self::Partner => "partner:load",
            Self::Officer => "officer:load",
            Self::Device => "device:load",
        }
    }

    /// Whether each of an account's commits belongs to an acknowledged command of the load.
    pub fn is_counted(account: &str) -> bool {
        account == Self::Partner.account() || account == Self::Officer.account()
    }
}

/// Pause of a client whose command was interrupted: short, so that it is there the moment the service is back.
const BACK_OFF: Duration = Duration::from_millis(20);
/// Surprises that are kept; one is enough to fail a test.
const MOST_SURPRISES: usize = 20;

/// What one service's clients do.
pub trait Workload: Send + Sync + 'static {
    /// What must be there before the first story, made through one replica.
    fn prepare(&self, _: &Replica) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// One short story of one or a few commands, different for every number and the same for the same seed.
    fn story(&self, desk: &mut Desk, number: u64) -> impl Future<Output = ()> + Send;
}

/// A command that was carried out, as its client knows it.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub request_id: String,
    /// What it changed, each `<type>/<id>`.
    pub aggregates: Vec<String>,
    /// The position of its last commit.
    pub position: u64,
}

/// What all clients together have seen.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub acknowledged: Vec<Acknowledged>,
    /// Final refusals by reason.
    pub refused: BTreeMap<String, u64>,
    /// Answers `UNAVAILABLE` with a time to retry after.
    pub unavailable: u64,
    /// Calls whose connection broke.
    pub broken: u64,
    /// Answers that no client should ever get.
    pub surprises: Vec<String>,
}

/// A client in the middle of its story.
#[derive(Debug)]
pub struct Desk {
    counters: Arc<[[Counter; 3]]>,
    at: usize,
    /// What this client has been told of in its story. Another replica may not know it yet.
    position: u64,
    /// Seeded by the load's seed and the story's number.
    pub rng: StdRng,
    record: Arc<Mutex<Record>>,
    acknowledged: watch::Sender<usize>,
}

impl Desk {
    /// A connection to one of the replicas: in one story the same until it fails.
    fn client(&self, role: Role) -> Client {
        self.counters[self.at % self.counters.len()][role as usize].client_at(self.position)
    }

    /// Asks or tells something that is no command of its own, until it is answered.
    ///
    /// # Errors
    /// A refusal.
    ///
    /// # Panics
    /// If no answer comes within [`PATIENCE`].
    pub async fn ask<T, Sent>(
        &mut self,
        role: Role,
        send: impl Fn(Client) -> Sent,
    ) -> Result<Response<T>, Status>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = match send(self.client(role)).await {
                Ok(response) => return Ok(response),
                Err(status) => status,
            };
            if !self.note_failure(&status) {
                return Err(status);
            }
            assert!(Instant::now() < deadline, "no answer in time: {status:?}");
            self.at += 1;
            tokio::time::sleep(BACK_OFF).await;
        }
    }

    /// Gives one command under a new request id and repeats it until it is carried out or refused. `about` tells from
    /// the answer which aggregates it changed.
    ///
    /// # Errors
    /// A refusal.
    ///
    /// # Panics
    /// If no outcome is reached within [`PATIENCE`], or an acknowledgement carries no position.
    pub async fn command<T, Sent>(
        &mut self,
        role: Role,
        send: impl Fn(Client, String) -> Sent,
        about: impl Fn(&T) -> Vec<String>,
    ) -> Result<T, Status>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        let request_id = self.request_id();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = match send(self.client(role), request_id.clone()).await {
                Ok(response) => {
                    let position = position_of(&response);
                    self.position = self.position.max(position);
                    let answer = response.into_inner();
                    self.note(|record| {
                        record.acknowledged.push(Acknowledged {
                            request_id,
                            aggregates: about(&answer),
                            position,
                        });
                    });
                    self.acknowledged.send_modify(|count| *count += 1);
                    return Ok(answer);
                }
                Err(status) => status,
            };
            if !self.note_failure(&status) {
                return Err(status);
            }
            assert!(Instant::now() < deadline, "no outcome in time: {status:?}");
            self.at += 1;
            tokio::time::sleep(BACK_OFF).await;
        }
    }

    /// Notes what went wrong; whether to try again.
    fn note_failure(&self, status: &Status) -> bool {
        let reason = status::reason(status);
        let transient = match (&reason, status.code()) {
            // Not from the service: its answers all carry a reason.
            (None, _) => true,
            (_, Code::Unavailable | Code::Aborted | Code::DeadlineExceeded) => true,
            _ => false,
        };
        self.note(|record| match (reason, status.code()) {
            (None, _) => record.broken += 1,
            (_, Code::Unavailable) if status::retry_after(status).is_some() => {
                record.unavailable += 1;
            }
            (Some(reason), Code::Aborted) => *record.refused.entry(reason).or_default() += 1,
            (Some(reason), code) if status::is_refusal(code) => {
                *record.refused.entry(reason).or_default() += 1;
            }
            _ if record.surprises.len() < MOST_SURPRISES => {
                record.surprises.push(status::describe(status));
            }
            _ => {}
        });
        transient
    }

    /// A version 4 UUID: the same for the same seed and story.
    fn request_id(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.rng.random())
            .into_uuid()
            .to_string()
    }

    fn note<T>(&self, note: impl FnOnce(&mut Record) -> T) -> T {
        note(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The position that an answer carries.
///
/// # Panics
/// If it carries none.
pub fn position_of<T>(response: &Response<T>) -> u64 {
    let position = response.metadata().get(POSITION);
    position
        .and_then(|position| position.to_str().ok()?.parse().ok())
        .expect("every answer carries its position")
}

/// What the clients of a load are asked to do, between two stories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Work,
    Rest,
    Stop,
}

/// Clients at work.
#[derive(Debug)]
pub struct Load {
    workers: JoinSet<()>,
    order: watch::Sender<Order>,
    /// Clients in the middle of a story.
    busy: watch::Sender<usize>,
    acknowledged: watch::Receiver<usize>,
    record: Arc<Mutex<Record>>,
}

/// A client ended that nobody told to.
fn went_home(ended: Result<(), JoinError>) {
    ended.expect("a client does not panic");
    panic!("a client went home early");
}

/// Waits for the next story to begin; `false` if there is none.
async fn begin_story(orders: &mut watch::Receiver<Order>, busy: &watch::Sender<usize>) -> bool {
    match orders.wait_for(|order| *order != Order::Rest).await {
        Ok(order) if *order == Order::Work => {
            // While the order is held: who orders a rest next will see it.
            busy.send_modify(|busy| *busy += 1);
            true
        }
        _ => false,
    }
}

impl Load {
    /// `workers` clients beside each other, spread over the replicas, each telling one story after another.
    pub fn start<W: Workload>(
        workload: W,
        replicas: &[&Replica],
        workers: usize,
        seed: u64,
    ) -> Self {
        let counters = |replica: &&Replica| Role::ALL.map(|role| replica.counter(role.account()));
        let counters: Arc<[[Counter; 3]]> = replicas.iter().map(counters).collect();
        let workload = Arc::new(workload);
        let stories = Arc::new(AtomicU64::new(0));
        let record = Arc::<Mutex<Record>>::default();
        let (sender, acknowledged) = watch::channel(0);
        let (order, orders) = watch::channel(Order::Work);
        let busy = watch::Sender::new(0);
        let mut set = JoinSet::new();
        for worker in 0..workers {
            let workload = Arc::clone(&workload);
            let stories = Arc::clone(&stories);
            let mut orders = orders.clone();
            let busy = busy.clone();
            let mut desk = Desk {
                counters: Arc::clone(&counters),
                at: worker,
                position: 0,
                rng: StdRng::seed_from_u64(seed),
                record: Arc::clone(&record),
                acknowledged: sender.clone(),
            };
            set.spawn(async move {
                while begin_story(&mut orders, &busy).await {
                    let number = stories.fetch_add(1, Ordering::Relaxed);
                    desk.position = 0;
                    // Home again: where everybody stays with the replica that never failed, nobody sees the others fail.
                    desk.at = worker;
                    desk.rng = StdRng::seed_from_u64(seed ^ number.rotate_left(32));
                    workload.story(&mut desk, number).await;
                    busy.send_modify(|busy| *busy -= 1);
                }
            });
        }
        Self {
            workers: set,
            order,
            busy,
            acknowledged,
            record,
        }
    }

    /// How many commands have been acknowledged so far.
    pub fn count(&self) -> usize {
        *self.acknowledged.borrow()
    }

    /// Waits until so many more commands have been acknowledged.
    ///
    /// # Panics
    /// If that takes longer than [`PATIENCE`], or a client has panicked.
    pub async fn more(&mut self, more: usize) {
        let target = self.count() + more;
        let waited = tokio::time::timeout(PATIENCE, async {
            tokio::select! {
                _ = self.acknowledged.wait_for(|count| *count >= target) => {}
                Some(ended) = self.workers.join_next() => went_home(ended),
            }
        });
        if waited.await.is_err() {
            let record = self.record();
            panic!(
                "work does not go on: {} told to retry, {} connections broken, {:#?}",
                record.unavailable, record.broken, record.surprises
            );
        }
    }

    /// Waits until one more client has been told to retry.
    ///
    /// # Panics
    /// If that takes longer than [`PATIENCE`].
    pub async fn turned_away(&self) {
        let told = || {
            self.record
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .unavailable
        };
        let (before, deadline) = (told(), Instant::now() + PATIENCE);
        while told() == before {
            assert!(Instant::now() < deadline, "nobody is told to retry");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The last so many acknowledgements, or all if there are fewer.
    pub fn last(&self, most: usize) -> Vec<Acknowledged> {
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let first = record.acknowledged.len().saturating_sub(most);
        record.acknowledged[first..].to_vec()
    }

    /// Lets every client end its story and wait, so that the outcome of every command is known.
    ///
    /// # Panics
    /// If a client did, or they do not come to an end within twice [`PATIENCE`].
    pub async fn rest(&mut self) {
        self.order.send_replace(Order::Rest);
        let mut busy = self.busy.subscribe();
        let rested = tokio::time::timeout(PATIENCE * 2, async {
            tokio::select! {
                _ = busy.wait_for(|busy| *busy == 0) => {}
                Some(ended) = self.workers.join_next() => went_home(ended),
            }
        });
        rested.await.expect("stories come to an end");
    }

    /// Ends a rest.
    pub fn resume(&self) {
        self.order.send_replace(Order::Work);
    }

    /// What the clients have seen, as of now.
    pub fn record(&self) -> Record {
        self.record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes note that the journal was set back: what came after `position` is gone with it, for it is known that it is.
    pub fn forget_after(&self, position: u64) {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record
            .acknowledged
            .retain(|acknowledged| acknowledged.position <= position);
    }

    /// Lets every client end its story, so that the outcome of every command is known.
    ///
    /// # Panics
    /// If a client did.
    pub async fn finish(mut self) -> Record {
        self.order.send_replace(Order::Stop);
        while let Some(ended) = self.workers.join_next().await {
            ended.expect("a client does not panic");
        }
        std::mem::take(&mut *self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Runs `send` so many times at once and collects the outcomes.
pub async fn at_once<T, Sent>(times: usize, send: impl Fn(usize) -> Sent) -> Vec<T>
where
    Sent: Future<Output = T>,
{
    let all = (0..times).map(send);
    futures::stream::StreamExt::buffer_unordered(tokio_stream::iter(all), times.max(1))
        .collect()
        .await
}
