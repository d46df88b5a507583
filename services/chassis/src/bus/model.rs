//! A bus in memory that behaves as JetStream does, for tests and simulations.
//!
//! It uses no threads and no clock but the runtime's, and wakes those that wait in the order in which they came. Faults
//! are not its business: whoever wants some puts them between it and its user.

use super::{
    Away, Bus, Delivery, LeaseEntry, Message, Newest, PublishError, Receipt, Subscription,
};
use async_trait::async_trait;
use futures::stream::{self, BoxStream};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The bus. Clones are the connections of several replicas to it.
#[derive(Clone, Debug, Default)]
pub struct Model {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    /// Something has been published, acknowledged or given up.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// A message's sequence is its index + 1.
    messages: Vec<Message>,
    subscriptions: BTreeMap<String, Place>,
    subscribers: u64,
    leases: BTreeMap<String, LeaseEntry>,
    revision: u64,
}

/// Where a subscription stands.
#[derive(Clone, Debug)]
struct Place {
    subscription: Subscription,
    /// Messages up to this sequence have been delivered, or do not match.
    looked_at: u64,
    /// Delivered and not acknowledged: when to deliver again.
    pending: BTreeMap<u64, Instant>,
    pinned: Option<(u64, Instant)>,
}

/// What a bus held at a moment, to set it back to.
#[derive(Clone, Debug)]
pub struct Backup {
    messages: usize,
    subscriptions: BTreeMap<String, Place>,
}

impl Backup {
    /// Sequence of the last message in it; 0: there is none.
    pub fn last(&self) -> u64 {
        self.messages as u64
    }
}

impl Model {
    pub fn new() -> Self {
        Self::default()
    }

    /// Messages and subscriptions as they are now.
    pub fn backup(&self) -> Backup {
        let state = self.inner.state.lock();
        Backup {
            messages: state.messages.len(),
            subscriptions: state.subscriptions.clone(),
        }
    }

    /// The bus holds again what it held at the backup, as when an operator restores it. What has subscribed since then begins
    /// anew, what was handed out is handed out again, and no lease is held. A backup from before a bus was set back is
    /// worth nothing.
    pub fn set_back(&self, backup: &Backup) {
        let now = Instant::now();
        let mut state = self.inner.state.lock();
        state.messages.truncate(backup.messages);
        state.leases.clear();
        for (name, place) in &mut state.subscriptions {
            match backup.subscriptions.get(name) {
                Some(then) => place.clone_from(then),
                None => (place.looked_at, place.pending) = (0, BTreeMap::new()),
            }
            place.pending.values_mut().for_each(|due| *due = now);
            place.pinned = None;
        }
        drop(state);
        self.inner.changed.notify_waiters();
    }

    /// The messages after this sequence, in order.
    pub fn messages_after(&self, sequence: u64) -> Vec<Message> {
        let state = self.inner.state.lock();
        let after = usize::try_from(sequence).unwrap_or(usize::MAX);
        state.messages.get(after..).unwrap_or_default().to_vec()
    }

    /// What each subscription has not worked off.
    pub fn backlogs(&self) -> BTreeMap<String, u64> {
        let state = self.inner.state.lock();
        let places = state.subscriptions.iter();
        places
            .map(|(name, place)| (name.clone(), state.backlog(place)))
            .collect()
    }

    fn acknowledge(&self, name: &str, sequence: u64) {
        if let Some(place) = self.inner.state.lock().subscriptions.get_mut(name) {
            place.pending.remove(&sequence);
        }
        self.inner.changed.notify_waiters();
    }

    /// Delivers again after this time, or after that of the subscription, what is not acknowledged until then.
    fn deliver_again(&self, delivered: &Delivered, after: Option<Duration>) {
        let mut state = self.inner.state.lock();
        if let Some(place) = state.subscriptions.get_mut(&delivered.name)
            && let Some(due) = place.pending.get_mut(&delivered.sequence)
        {
            *due = Instant::now() + after.unwrap_or(place.subscription.ack_wait);
        }
    }
}

impl Place {
    fn wants(&self, subject: &str) -> bool {
        let filters = &self.subscription.subjects;
        filters.iter().any(|filter| matches(filter, subject))
    }
}

impl State {
    /// Writes a lease that is still at `after`, and answers its new revision.
    fn write_lease(&mut self, job: &str, after: u64, held: bool) -> Option<u64> {
        let lease = self.leases.entry(job.to_owned()).or_default();
        if lease.revision != after {
            return None;
        }
        self.revision += 1;
        *lease = LeaseEntry {
            revision: self.revision,
            held,
        };
        Some(self.revision)
    }

    fn backlog(&self, place: &Place) -> u64 {
        let waiting = self.messages.iter().skip(place.looked_at as usize);
        let waiting = waiting.filter(|message| place.wants(&message.subject));
        (waiting.count() + place.pending.len()) as u64
    }

    fn newest(&self, fence: &str) -> Option<(u64, &Message)> {
        let newest = self
            .messages
            .iter()
            .rposition(|message| matches(fence, &message.subject))?;
        Some((newest as u64 + 1, &self.messages[newest]))
    }

    /// What to deliver to this subscriber now, or until when to wait for something to happen.
    fn next_for(&mut self, name: &str, subscriber: u64) -> Result<(u64, Message), Instant> {
        let now = Instant::now();
        let Some(place) = self.subscriptions.get_mut(name) else {
            return Err(now + Duration::from_secs(1));
        };
        // A subscriber that waits shows that it is there before its turn is over.
        let wait = now + place.subscription.pinned_for / 2;
        match &mut place.pinned {
            Some((pinned, seen)) if *pinned == subscriber => *seen = now,
            Some((_, seen)) if *seen + place.subscription.pinned_for > now => {
                return Err((*seen + place.subscription.pinned_for).min(wait));
            }
            other => *other = Some((subscriber, now)),
        }
        let again_at = now + place.subscription.ack_wait;
        if let Some((sequence, due)) = place.pending.iter_mut().find(|(_, due)| **due <= now) {
            *due = again_at;
            return Ok((*sequence, self.messages[*sequence as usize - 1].clone()));
        }
        if place.pending.len() < place.subscription.in_flight {
            while let Some(message) = self.messages.get(place.looked_at as usize) {
                place.looked_at += 1;
                if place.wants(&message.subject) {
                    place.pending.insert(place.looked_at, again_at);
                    return Ok((place.looked_at, message.clone()));
                }
            }
        }
        Err(place
            .pending
            .values()
            .min()
            .map_or(wait, |due| wait.min(*due)))
    }
}

#[async_trait]
impl Bus for Model {
    async fn newest(&self, fence: &str) -> Result<Option<Newest>, Away> {
        let state = self.inner.state.lock();
        Ok(state.newest(fence).map(|(sequence, message)| Newest {
            sequence,
            headers: message.headers.clone(),
        }))
    }

    async fn publish(
        &self,
        fence: &str,
        after: u64,
        messages: Vec<Message>,
    ) -> Result<u64, PublishError> {
        let mut state = self.inner.state.lock();
        let newest = state.newest(fence).map_or(0, |(sequence, _)| sequence);
        if newest != after {
            return Err(PublishError::Fenced);
        }
        state.messages.extend(messages);
        self.inner.changed.notify_waiters();
        Ok(state.messages.len() as u64)
    }

    async fn subscribe(
        &self,
        subscription: &Subscription,
    ) -> Result<BoxStream<'static, Result<Delivery, Away>>, Away> {
        let mut state = self.inner.state.lock();
        state.subscribers += 1;
        let subscriber = Subscriber {
            model: self.clone(),
            name: subscription.name.clone(),
            id: state.subscribers,
        };
        state
            .subscriptions
            .entry(subscription.name.clone())
            .or_insert_with(|| Place {
                subscription: subscription.clone(),
                looked_at: 0,
                pending: BTreeMap::new(),
                pinned: None,
            });
        let deliveries = stream::unfold(subscriber, |subscriber| async move {
            Some((Ok(subscriber.next().await), subscriber))
        });
        Ok(Box::pin(deliveries))
    }

    async fn backlog(&self, subscription: &str) -> Result<u64, Away> {
        let state = self.inner.state.lock();
        let Some(place) = state.subscriptions.get(subscription) else {
            return Err(Away("no such subscription".into()));
        };
        Ok(state.backlog(place))
    }

    async fn lease(&self, job: &str) -> Result<LeaseEntry, Away> {
        let state = self.inner.state.lock();
        Ok(state.leases.get(job).copied().unwrap_or_default())
    }

    async fn claim_lease(&self, job: &str, _holder: &str, after: u64) -> Result<Option<u64>, Away> {
        let written = self.inner.state.lock().write_lease(job, after, true);
        Ok(written)
    }

    async fn release_lease(&self, job: &str, held: u64) -> Result<(), Away> {
        let written = self.inner.state.lock().write_lease(job, held, false);
        match written {
            Some(_) => Ok(()),
            None => Err(Away("wrong last revision".into())),
        }
    }

    fn is_connected(&self) -> bool {
        true
    }

    async fn flush(&self) {}
}

#[derive(Debug)]
struct Subscriber {
    model: Model,
    name: String,
    id: u64,
}

impl Subscriber {
    async fn next(&self) -> Delivery {
        loop {
            let changed = self.model.inner.changed.notified();
            let next = self.model.inner.state.lock().next_for(&self.name, self.id);
            match next {
                Ok((sequence, message)) => {
                    return Delivery {
                        subject: message.subject,
                        headers: Some(message.headers),
                        payload: message.payload,
                        receipt: Box::new(Delivered {
                            model: self.model.clone(),
                            name: self.name.clone(),
                            sequence,
                        }),
                    };
                }
                Err(until) => {
                    let _ = tokio::time::timeout_at(until, changed).await;
                }
            }
        }
    }
}

#[derive(Debug)]
struct Delivered {
    model: Model,
    name: String,
    sequence: u64,
}

#[async_trait]
impl Receipt for Delivered {
    async fn done(&self) {
        self.model.acknowledge(&self.name, self.sequence);
    }

    async fn progress(&self) {
        self.model.deliver_again(self, None);
    }

    async fn put_off(&self, by: Duration) {
        self.model.deliver_again(self, Some(by));
        self.model.inner.changed.notify_waiters();
    }

    async fn hopeless(&self) {
        self.model.acknowledge(&self.name, self.sequence);
    }
}

/// Whether a subject is one of a filter's: `*` stands for one token, `>` at the end for one or more.
fn matches(filter: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for wanted in filter.split('.') {
        match (wanted, tokens.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (wanted, Some(token)) if wanted == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_takes_the_subjects_it_describes_and_no_others() {
        assert!(matches("events.a.>", "events.a.b"));
        assert!(matches("events.a.>", "events.a.b.c"));
        assert!(matches("events.*.c", "events.b.c"));
        assert!(matches("events.a", "events.a"));
        for other in ["events.a", "events.b.c", "events", "events.ab.c"] {
            assert!(!matches("events.a.>", other), "{other}");
        }
        assert!(!matches("events.*.c", "events.b.c.d"));
    }
}
