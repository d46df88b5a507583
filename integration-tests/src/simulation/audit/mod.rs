//! What must hold, all along and when everything has come to rest.
//!
//! What does not is told as `<invariant>: <what shows it>`: see [`Violation`](super::Violation).

mod book;
mod cases;
mod ebikes;
mod facts;
mod grants;
mod orders;
mod parked;
mod roads;
mod stations;
mod streets;
mod vehicles;
mod zones;

use super::Report;
use super::city::City;
use super::host::{Face, Process, Service};
use super::plan::HOSTS;
use super::users::{Notes, agree, by};
use book::Book;
use chassis::commit::Commit;
use chassis::journal::Position;
use chassis::projection::{Digest, MemoryDisk, Options, Projection};
use facts::Facts;
use jiff::SignedDuration;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;
use traffic_proto::parking::v1 as parking_v1;
use traffic_proto::parking::v1::parking_session_service_server::ParkingSessionService;

/// A timer may be late by this much.
const LATE: SignedDuration = SignedDuration::from_secs(60);
/// How often a damaged projection may have to be rebuilt until it can be read.
const REBUILDS: usize = 3;
/// Nothing must happen for this long before everything counts as at rest.
const QUIET: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Audit {
    city: Arc<City>,
    /// In the order of [`Service::ALL`].
    books: [Book; 4],
    facts: Facts,
    glances: u64,
    messages: u64,
    acknowledged: usize,
    hasher: DefaultHasher,
}

impl Audit {
    pub(super) fn new(city: Arc<City>) -> Self {
        Self {
            city,
            books: Service::ALL.map(Book::new),
            facts: Facts::default(),
            glances: 0,
            messages: 0,
            acknowledged: 0,
            hasher: DefaultHasher::new(),
        }
    }

    fn book(&self, service: Service) -> &Book {
        &self.books[service as usize]
    }

    /// Looks at what has been committed, published and acknowledged since the last time.
    pub(super) fn glance(&mut self) -> Result<(), String> {
        self.glances += 1;
        for book in &mut self.books {
            let journal = self.city.ground.journal(book.service);
            for stored in journal.commits_after(book.looked_at) {
                let commit = named("every commit can be read", Commit::decode(&stored.payload))?;
                book.enter(&stored, &commit, self.glances)?;
                self.hasher.write(&stored.payload);
                self.facts
                    .enter(book.service, &stored, &commit, self.glances)?;
            }
        }
        self.facts.hold()?;
        self.published_once_and_in_order()?;
        self.acknowledged_is_there()
    }

    /// The streams were set back to these positions, in the order of [`Service::ALL`]: what came after them is lost, and
    /// whoever was told of it has been told so.
    pub(super) fn set_back(&mut self, kept: &[Position; 4]) -> Result<(), String> {
        {
            let mut told = self.city.told.lock();
            told.forget_after(kept);
            let registration = kept[Service::Registration as usize];
            let ebikes = &self.facts.ebikes;
            told.ebikes
                .retain(|plate, _| !ebikes.is_given_after(plate, registration));
            self.acknowledged = told.acknowledged.len();
        }
        self.books = Service::ALL.map(Book::new);
        self.facts = Facts::default();
        self.messages = 0;
        self.glance()
    }

    fn published_once_and_in_order(&mut self) -> Result<(), String> {
        for message in self.city.ground.bus.messages_after(self.messages) {
            self.messages += 1;
            self.hasher.write(&message.payload);
            let id = message.headers.get("ce-id");
            let id = id.ok_or("an event without an id")?.as_str();
            let of_service = |book: &&mut Book| id.starts_with(book.service.name());
            let book = self.books.iter_mut().find(of_service);
            book.ok_or("an event of no service")?
                .published(id, &message)?;
        }
        Ok(())
    }

    fn acknowledged_is_there(&mut self) -> Result<(), String> {
        let told = self.city.told.lock();
        for told in &told.acknowledged[self.acknowledged..] {
            let (service, command, position) = (told.service, told.command, told.position);
            let found = self.book(service).commands.get(&command).copied();
            if found != Some(position) && !(told.may_be_idle && found.is_none()) {
                return Err(format!(
                    "what is acknowledged is there: {service:?} told of {command} at {position}, has it at {found:?}"
                ));
            }
            self.acknowledged += 1;
        }
        Ok(())
    }

    /// Waits until nothing happens any more and nothing is left to be done.
    pub(super) async fn rest(&mut self) -> Result<(), String> {
        let mut quiet = None;
        loop {
            self.glance()?;
            let seen: Vec<Position> = self.books.iter().map(|book| book.looked_at).collect();
            if self.restless().await.is_empty() {
                if quiet.as_ref() == Some(&seen) {
                    return Ok(());
                }
                quiet = Some(seen);
            } else {
                quiet = None;
            }
            tokio::time::sleep(QUIET).await;
        }
    }

    /// Who is not at rest, and why.
    pub(super) async fn restless(&self) -> String {
        let mut why = Vec::new();
        for (policy, left) in self.city.ground.bus.backlogs() {
            if left > 0 {
                why.push(format!("{policy} has left {left}"));
            }
        }
        for book in &self.books {
            let name = book.service.name();
            if book.published < book.expected.len() {
                let (done, all) = (book.published, book.expected.len());
                why.push(format!("{name} has published {done} of {all}"));
            }
            for process in self.city.serving(book.service) {
                let applied = process.core.projection.applied();
                if applied < book.looked_at {
                    why.push(format!("{name} is at {applied} of {}", book.looked_at));
                }
                let due = self.city.time.now() - LATE;
                match process.core.projection.due(due, 3).await {
                    Ok((due, _)) if due.is_empty() => {}
                    due => why.push(format!("{name} has overdue {due:?}")),
                }
            }
        }
        let serving: usize = Service::ALL
            .map(|service| self.city.serving(service).len())
            .iter()
            .sum();
        if serving < HOSTS {
            why.push(format!("{serving} of {HOSTS} hosts serve"));
        }
        why.join("; ")
    }

    /// What must hold at rest.
    pub(super) async fn complete(mut self) -> Result<Report, String> {
        self.glance()?;
        named(
            "what is refused leaves nothing",
            self.refused_left_nothing(),
        )?;
        for book in &self.books {
            let agree = self.projections_agree(book.service).await;
            named("projections agree", agree)?;
        }
        let conserved = self.money_is_conserved().await;
        named("parking fees are conserved and paid as told", conserved)?;
        let followed = self.closures_follow_permits().await;
        named("parking knows the occupations in force", followed)?;
        self.policies_have_their_effects()?;
        let told = self.city.told.lock();
        let paid = self.facts.fines_are_paid_as_told(&told);
        named("fines are paid as told", paid)?;
        let counted = self.facts.streets.are_counted_as_told(&told);
        named("riders are counted as told", counted)?;
        let borne = self.facts.ebikes.are_as_told(&told);
        named("e-bikes bear what was told", borne)?;
        self.facts.orders.agree(&told, &self.facts.ebikes)?;
        Ok(Report {
            acknowledged: told.acknowledged.len() as u64,
            refused: told.refused.len() as u64,
            commits: self.books.iter().map(|book| book.looked_at).sum(),
            published: self.messages,
            reached: self.reached(&told),
            digest: self.hasher.finish(),
            ..Report::default()
        })
    }

    /// What each policy is to bring about, it has: an event that was acknowledged without is lost for ever.
    fn policies_have_their_effects(&self) -> Result<(), String> {
        let facts = &self.facts;
        let published = |service: Service| self.book(service).expected.as_slice();
        named(
            "bays are closed for the occupations that touch them",
            facts.zones.bays_follow_occupations(),
        )?;
        named(
            "illegal parking is taken up once",
            facts.illegal_parking_is_taken_up_once(published(Service::Parking)),
        )?;
        named(
            "debts are known to enforcement",
            facts.debts_are_known_to_enforcement(published(Service::Parking)),
        )?;
        named(
            "weigh stations respect permits",
            facts.weigh_stations_respect_permits(),
        )?;
        named(
            "open cases are known to registration",
            facts.cases_are_known_to_registration(published(Service::Enforcement)),
        )?;
        named(
            "barred drivers carry nothing",
            facts.barred_drivers_carry_nothing(published(Service::Enforcement)),
        )?;
        named(
            "plates are known everywhere",
            facts.plates_are_known_everywhere(published(Service::Registration)),
        )?;
        named(
            "permits end with their plates",
            facts.permits_end_with_their_plates(published(Service::Registration)),
        )
    }

    /// How many events of each type were published, and requests of each type carried out.
    fn reached(&self, told: &Notes) -> BTreeMap<String, u64> {
        let mut reached = told.carried_out.clone();
        for event in self.books.iter().flat_map(|book| &book.expected) {
            *reached.entry(event.type_name.clone()).or_default() += 1;
        }
        reached
    }

    fn refused_left_nothing(&self) -> Result<(), String> {
        for (service, command) in &self.city.told.lock().refused {
            if let Some(position) = self.book(*service).commands.get(command) {
                return Err(format!("{service:?} refused {command}, done at {position}"));
            }
        }
        Ok(())
    }

    async fn projections_agree(&self, service: Service) -> Result<(), String> {
        let journal = self.city.ground.journal(service).clone();
        let fresh = Options::in_memory(&MemoryDisk::new());
        let definition = service.blueprint().projection;
        let (rebuilt, _running) = Projection::start(definition, Arc::new(journal), fresh)
            .map_err(|error| error.to_string())?;
        rebuilt.ready().await;
        let expected = digest(&rebuilt).await?;
        rebuilt.stop();
        for process in self.city.serving(service) {
            let found = digest(&process.core.projection).await?;
            if found != expected {
                return Err(format!(
                    "{service:?}: {found:?}, rebuilt from the journal {expected:?}"
                ));
            }
            let broken = process.core.projection.status().await.broken_chains;
            if broken > 0 {
                return Err(format!("{service:?} has seen {broken} broken chains"));
            }
        }
        Ok(())
    }

    /// Charged is paid and open less what was given back, and every transfer is on one session once. What is void or waived costs
    /// nothing, and what is paid while a vehicle stands there is paid ahead.
    async fn money_is_conserved(&self) -> Result<(), String> {
        self.facts.parked.transfers_are_claimed()?;
        let mut payments: BTreeMap<String, (String, i64)> = BTreeMap::new();
        for session in sessions(&self.city.serving(Service::Parking)).await? {
            let sum = |transfers: &[parking_v1::Transfer]| {
                transfers.iter().map(|one| one.amount_fen).sum::<i64>()
            };
            let is_free = session.waive_ground != 0 || self.facts.parked.is_void(&session.name);
            let charge = session.charge.as_ref().filter(|_| !is_free);
            let charged = charge.map_or(0, |charge| charge.amount_fen);
            let kept = sum(&session.payments) - sum(&session.refunds);
            let is_paid_ahead = session.leave_time.is_none() && !is_free;
            let balance = if is_paid_ahead { 0 } else { charged - kept };
            if balance != session.outstanding_fen - session.overpaid_fen {
                return Err(format!("money is not conserved: {session:?}"));
            }
            let paid = session.payments.iter().map(|it| (it, it.amount_fen));
            let back = session.refunds.iter().map(|it| (it, -it.amount_fen));
            for (transfer, amount_fen) in paid.chain(back) {
                let booked = (session.name.clone(), amount_fen);
                if let Some(before) = payments.insert(transfer.reference.clone(), booked) {
                    let reference = &transfer.reference;
                    return Err(format!("{reference} is booked twice, first on {before:?}"));
                }
            }
        }
        agree(&payments, &self.city.told.lock().payments)
    }

    async fn closures_follow_permits(&self) -> Result<(), String> {
        let granted = self.facts.occupations_in_force();
        for process in self.city.serving(Service::Parking) {
            let known = process
                .core
                .projection
                .read(parking::read_model::occupations_in_force)
                .await
                .map_err(|error| error.to_string())?;
            let known: BTreeSet<String> =
                known.iter().map(|(id, _)| id.as_str().to_owned()).collect();
            if known != granted {
                return Err(format!("in force {granted:?}, in parking {known:?}"));
            }
        }
        Ok(())
    }
}

/// Names the invariant that does not hold.
fn named<T>(invariant: &str, held: Result<T, impl Display>) -> Result<T, String> {
    held.map_err(|why| format!("{invariant}: {why}"))
}

/// Reading every row finds what is damaged, and has it rebuilt: then the digest is asked for again.
async fn digest(projection: &Projection) -> Result<Digest, String> {
    let mut why = String::new();
    for _ in 0..REBUILDS {
        projection.ready().await;
        match projection.digest(None).await {
            Ok(Ok(digest)) => return Ok(digest),
            Ok(Err(passed)) => why = format!("{passed:?}"),
            Err(error) => why = error.to_string(),
        }
        tokio::time::sleep(QUIET).await;
    }
    Err(why)
}

async fn sessions(parking: &[Process]) -> Result<Vec<parking_v1::Session>, String> {
    let Some(Face::Parking(api)) = parking.first().map(|process| &process.face) else {
        return Err("no replica of parking serves".into());
    };
    let mut sessions = Vec::new();
    let mut request = parking_v1::ListSessionsRequest {
        page_size: 100,
        ..Default::default()
    };
    loop {
        let page = ParkingSessionService::list_sessions(api, by("auditor", request.clone()))
            .await
            .map_err(|status| status.to_string())?
            .into_inner();
        sessions.extend(page.sessions);
        if page.next_page_token.is_empty() {
            return Ok(sessions);
        }
        request.page_token = page.next_page_token;
    }
}
