//! Reading: one resource, as it stands or stood, lists, histories.

use super::Api;
use super::input::{case_id, parse_person};
use crate::contract::{self, enums};
use crate::domain::detention::Detention;
use crate::domain::ground::Ground;
use crate::domain::hazard::Hazard;
use crate::domain::licence::Licence;
use crate::domain::rules::Rules;
use crate::domain::values::CaseId;
use crate::domain::violation::Violation;
use crate::domain::violation::decision::recompute;
use crate::domain::violation::event::ViolationEvent;
use crate::read_model::Facet;
use chassis::commit::{Commit, hash};
use chassis::domain::values::PlateNumber;
use chassis::domain::{Aggregate, District, Invalid, LegalBasis, PersonRef, Rejection, Revision};
use chassis::projection::{Faceted, Listing, list};
use chassis::projection::{Key, Versioned};
use chassis::server::{Caller, Failure, Fields};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status};
use traffic_proto::enforcement::v1 as proto;

/// Commits of one page of a history, at most; and how many are read at a time to find a past state.
const HISTORY_PAGE: usize = 500;
/// Pages that are read to find a past state: ten times what the longest procedure fills.
const MOST_PAGES: usize = 4;

/// What is about one person, who may read it.
pub(super) trait Personal: Aggregate {
    const UNKNOWN: Ground;
    /// Whether the aggregate of this id is about this person.
    fn belongs_to(&self, id: &str, person: &PersonRef) -> bool;
    /// The provision on which an event rests, where the record names it.
    fn basis(_: &Self::Event) -> Option<LegalBasis> {
        None
    }
}

impl Personal for Violation {
    const UNKNOWN: Ground = Ground::UnknownViolation;
    fn belongs_to(&self, _: &str, person: &PersonRef) -> bool {
        self.is_of(person)
    }
    fn basis(event: &ViolationEvent) -> Option<LegalBasis> {
        Some(event.fact.basis())
    }
}

impl Personal for Detention {
    const UNKNOWN: Ground = Ground::UnknownDetention;
    fn belongs_to(&self, _: &str, person: &PersonRef) -> bool {
        self.is_of(person)
    }
}

impl Personal for Licence {
    const UNKNOWN: Ground = Ground::UnknownLicence;
    fn belongs_to(&self, id: &str, person: &PersonRef) -> bool {
        id == person.as_str()
    }
}

/// As of when a case is asked for.
#[derive(Clone, Copy, Debug)]
enum AsOf {
    Now,
    Position(u64),
    Time(Timestamp),
}

impl Api {
    pub(super) async fn found<A: Aggregate>(
        &self,
        id: &str,
        unknown: Ground,
    ) -> Result<Versioned<A>, Failure> {
        let found = self.core.projection.get::<A>(id).await?;
        found.ok_or_else(|| Rejection::from(unknown).into())
    }

    /// As [`Api::found`], but a citizen finds only what is their own.
    pub(super) async fn found_for<A: Personal, M>(
        &self,
        request: &Request<M>,
        id: &str,
    ) -> Result<Versioned<A>, Failure> {
        let found = self.found::<A>(id, A::UNKNOWN).await?;
        match Caller::of(request)?.actor.person() {
            Some(reader) if !found.state.belongs_to(id, &reader) => {
                Err(Rejection::from(Ground::NotTheParty).into())
            }
            _ => Ok(found),
        }
    }

    pub(super) fn show(
        &self,
        id: &CaseId,
        case: &Violation,
        revision: &Revision,
        at: Timestamp,
    ) -> proto::Violation {
        contract::violation(id, case, revision, &self.core.calendar, at)
    }

    pub(super) async fn get(
        &self,
        asked: &Request<proto::GetViolationRequest>,
    ) -> Result<Response<proto::Violation>, Status> {
        let request = asked.get_ref();
        let mut fields = Fields::new();
        let id = case_id("name", &request.name, "violations/{violation}", &mut fields);
        let now = self.core.clock.now();
        let as_of = as_of(
            request.position,
            request.read_time.as_ref(),
            now,
            &mut fields,
        );
        let (id, as_of) = fields.finish((id, as_of))?;
        let (case, revision, at) = self.case_as_of(asked, &id, as_of).await?;
        Ok(Response::new(self.show(&id, &case, &revision, at)))
    }

    /// A case as it stood, and the time for which it is shown. Whose case it is now decides who reads its past.
    async fn case_as_of<M>(
        &self,
        asked: &Request<M>,
        id: &CaseId,
        as_of: AsOf,
    ) -> Result<(Arc<Violation>, Revision, Timestamp), Failure> {
        let found = self.found_for::<Violation, _>(asked, id.as_str()).await?;
        match as_of {
            AsOf::Now => Ok((found.state, found.revision, self.core.clock.now())),
            _ => self.past(id, as_of).await,
        }
    }

    /// What was known then: the commits up to it. What was owed is reckoned to the time asked for, or to the last of them.
    async fn past(
        &self,
        id: &CaseId,
        as_of: AsOf,
    ) -> Result<(Arc<Violation>, Revision, Timestamp), Failure> {
        let mut state: Option<Violation> = None;
        let mut revision = Revision::default();
        let mut at = Timestamp::UNIX_EPOCH;
        let mut pages = 0;
        'pages: loop {
            let page = self
                .commits::<Violation>(id.as_str(), revision.position)
                .await?;
            for stored in &page {
                let commit = Commit::decode(&stored.payload).map_err(Failure::internal)?;
                let time = commit.metadata.time;
                let beyond = match as_of {
                    AsOf::Now => false,
                    AsOf::Position(position) => stored.position > position,
                    AsOf::Time(until) => time > until,
                };
                if beyond {
                    break 'pages;
                }
                for json in &commit.events {
                    let event = serde_json::from_str(json.get()).map_err(Failure::internal)?;
                    state = Violation::evolve(state, &event, time);
                }
                revision = Revision {
                    position: stored.position,
                    hash: hash(&stored.payload),
                };
                at = time;
            }
            pages += 1;
            if page.len() < HISTORY_PAGE {
                break;
            }
            if pages == MOST_PAGES {
                let why = "a case has more commits than any procedure makes";
                return Err(Failure::internal(why));
            }
        }
        if let AsOf::Time(until) = as_of {
            at = until;
        }
        let case = state.ok_or_else(|| Failure::from(Rejection::from(Ground::UnknownViolation)))?;
        Ok((Arc::new(case), revision, at))
    }

    async fn commits<A: Aggregate>(
        &self,
        id: &str,
        after: u64,
    ) -> Result<Vec<chassis::journal::Stored>, Failure> {
        self.core
            .history::<A>(id, after, HISTORY_PAGE)
            .await
            .map_err(|away| Failure::unavailable(away.to_string(), Duration::from_secs(1)))
    }

    pub(super) async fn recompute(
        &self,
        request: &Request<proto::RecomputeDecisionRequest>,
    ) -> Result<Response<proto::RecomputeDecisionResponse>, Status> {
        let mut fields = Fields::new();
        let message = request.get_ref();
        let id = case_id("name", &message.name, "violations/{violation}", &mut fields);
        let now = self.core.clock.now();
        let as_of = as_of(
            message.position,
            message.read_time.as_ref(),
            now,
            &mut fields,
        );
        let (id, as_of) = fields.finish((id, as_of))?;
        let (case, _, _) = self.case_as_of(request, &id, as_of).await?;
        let Some(decision) = &case.decision else {
            let undecided = Ground::WrongState {
                is: case.stage.as_str(),
                needs: "decided, served or settled",
            };
            return Err(Failure::from(Rejection::from(undecided)).into());
        };
        let again = recompute(Rules::shipped(), decision)
            .map_err(|ground| Failure::from(Rejection::from(ground)))?;
        let differs = again.differs.iter();
        Ok(Response::new(proto::RecomputeDecisionResponse {
            agrees: again.agrees(),
            assessment: Some(contract::assessment(&again.assessment)),
            decision: Some(contract::decision(decision, &case, &self.core.calendar)),
            differs: differs
                .map(|part| enums::decision_part(*part).into())
                .collect(),
        }))
    }

    pub(super) async fn list_violations_page(
        &self,
        asked: &Request<proto::ListViolationsRequest>,
    ) -> Result<Response<proto::ListViolationsResponse>, Status> {
        let request = asked.get_ref();
        let mut fields = Fields::new();
        let mut facets = violation_facets(request, &mut fields);
        // Citizens see their own cases, whatever else they ask for.
        let reader = Caller::of(asked)?.actor.person();
        if let (Some(facets), Some(reader)) = (&mut facets, &reader) {
            facets.push(Facet::Person(reader.to_string()));
        }
        let state = request.state.to_be_bytes();
        let query: [&[u8]; 6] = [
            b"violations",
            &state,
            request.district.as_bytes(),
            request.plate.as_bytes(),
            request.person_ref.as_bytes(),
            reader.as_ref().map_or("", PersonRef::as_str).as_bytes(),
        ];
        let page = (request.page_size, request.page_token.as_str());
        let (listing, next_page_token) =
            self.page::<Violation>(fields, facets, page, &query).await?;
        let now = self.core.clock.now();
        let mut violations = Vec::with_capacity(listing.found.len());
        for found in &listing.found {
            let id = CaseId::parse(&found.id).map_err(Failure::internal)?;
            violations.push(self.show(&id, &found.state, &found.revision, now));
        }
        Ok(Response::new(proto::ListViolationsResponse {
            violations,
            next_page_token,
        }))
    }

    pub(super) async fn list_hazards_page(
        &self,
        request: &proto::ListHazardsRequest,
    ) -> Result<Response<proto::ListHazardsResponse>, Status> {
        let mut fields = Fields::new();
        let mut facets = Vec::new();
        if request.state != 0 {
            let state = fields.choice("state", request.state, enums::read_hazard_state);
            facets.push(state.map(|state| Facet::State(state.as_str())));
        }
        if !request.district.is_empty() {
            let own = fields.required("district", &request.district, District::parse);
            facets.push(own.map(|own| Facet::District(own.code())));
        }
        let state = request.state.to_be_bytes();
        let query: [&[u8]; 3] = [b"hazards", &state, request.district.as_bytes()];
        let page = (request.page_size, request.page_token.as_str());
        let facets = facets.into_iter().collect();
        let (listing, next_page_token) = self.page::<Hazard>(fields, facets, page, &query).await?;
        let hazards = listing
            .found
            .iter()
            .map(|found| contract::hazard(&found.id, &found.state, &found.revision))
            .collect();
        Ok(Response::new(proto::ListHazardsResponse {
            hazards,
            next_page_token,
        }))
    }

    async fn page<A: Faceted<Facet = Facet>>(
        &self,
        mut fields: Fields,
        facets: Option<Vec<Facet>>,
        (size, token): (i32, &str),
        query: &[&[u8]],
    ) -> Result<(Listing<A>, String), Failure> {
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, size, token, query);
        let (facets, page) = fields.finish((facets, page))?;
        let listing = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                list::<A>(view, &facets, after, page.size)
            })
            .await?;
        let next = match &listing.next {
            Some(last) => tokens.token(last, query)?,
            None => String::new(),
        };
        Ok((listing, next))
    }

    /// One page of the history of an aggregate that exists.
    pub(super) async fn history_page<A: Personal, M>(
        &self,
        request: &Request<M>,
        id: &str,
        (size, token): (i32, &str),
    ) -> Result<Response<proto::ListHistoryResponse>, Status> {
        let query: [&[u8]; 3] = [b"history", A::TYPE.as_bytes(), id.as_bytes()];
        let mut fields = Fields::new();
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, size, token, &query);
        let page = fields.finish(page)?;
        self.found_for::<A, M>(request, id).await?;
        let after = page
            .after
            .and_then(|cursor| u64::decode(&mut cursor.0.as_slice()))
            .unwrap_or_default();
        let commits = self
            .core
            .history::<A>(id, after, page.size.min(HISTORY_PAGE))
            .await
            .map_err(|away| Failure::unavailable(away.to_string(), Duration::from_secs(1)))?;
        let entries: Result<Vec<_>, Failure> = commits
            .iter()
            .map(|stored| contract::history_entry::<A>(stored, A::basis))
            .collect();
        let next_page_token = match commits.last() {
            Some(last) if commits.len() == page.size.min(HISTORY_PAGE) => {
                let mut key = Vec::new();
                last.position.encode(&mut key);
                tokens.token(&key, &query)?
            }
            _ => String::new(),
        };
        Ok(Response::new(proto::ListHistoryResponse {
            entries: entries?,
            next_page_token,
        }))
    }
}

/// Position or time, not both.
fn as_of(
    position: u64,
    time: Option<&pbjson_types::Timestamp>,
    now: Timestamp,
    fields: &mut Fields,
) -> Option<AsOf> {
    if position > 0 && time.is_some() {
        let both = Invalid::new(
            "must not be set together with `position`",
            "不得与 position 同时填写",
        );
        fields.refuse("read_time", both);
    }
    let time = fields.optional_timestamp("read_time", time)?;
    if time.is_some_and(|time| time > now) {
        let future = Invalid::new("must not lie in the future", "不得晚于当前时间");
        fields.refuse("read_time", future);
    }
    Some(match (position, time) {
        (0, None) => AsOf::Now,
        (0, Some(time)) => AsOf::Time(time),
        (position, _) => AsOf::Position(position),
    })
}

fn violation_facets(
    request: &proto::ListViolationsRequest,
    fields: &mut Fields,
) -> Option<Vec<Facet>> {
    let mut facets = Vec::new();
    if request.state != 0 {
        let state = fields.choice("state", request.state, enums::read_violation_state);
        facets.push(state.map(|state| Facet::State(state.as_str())));
    }
    if !request.district.is_empty() {
        let own = fields.required("district", &request.district, District::parse);
        facets.push(own.map(|own| Facet::District(own.code())));
    }
    if !request.plate.is_empty() {
        let plate = fields.required("plate", &request.plate, PlateNumber::parse);
        facets.push(plate.map(|plate| Facet::Plate(plate.to_string())));
    }
    if !request.person_ref.is_empty() {
        let person = fields.required("person_ref", &request.person_ref, parse_person);
        facets.push(person.map(|person| Facet::Person(person.to_string())));
    }
    facets.into_iter().collect()
}
