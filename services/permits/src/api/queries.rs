//! Reading: one permit, lists, histories, credentials.

use super::readers::Reader;
use super::steps::read_id;
use super::{Answer, Api};
use crate::contract;
use crate::domain::application::PermitKind;
use crate::domain::event::PermitEvent;
use crate::domain::ground::Ground;
use crate::domain::permit::Permit;
use crate::domain::road_calendar::RoadCalendar;
use crate::domain::values::PermitId;
use crate::read_model::Facet;
use chassis::commit::Commit;
use chassis::domain::values::{CreditCode, PlateNumber, Text};
use chassis::domain::{District, Rejection};
use chassis::journal::Stored;
use chassis::projection::{Key, Versioned};
use chassis::server::{Failure, Fields, to_timestamp};
use std::time::Duration;
use tonic::{Request, Response, Status};
use traffic_proto::permits::v1 as proto;

/// Commits of one page of a history, at most.
const LARGEST_HISTORY_PAGE: usize = 500;

impl Api {
    pub(super) async fn get(&self, asked: &Request<proto::GetPermitRequest>) -> Answer {
        let mut fields = Fields::new();
        let name = &asked.get_ref().name;
        let id = read_id("name", name, "permits/{permit}", &mut fields);
        let id = fields.finish(id)?;
        let found = self.find(asked, &id).await?;
        Ok(Response::new(self.show(&id, &found.state, &found.revision)))
    }

    /// The permit, if whoever asks may read it.
    async fn find<M>(
        &self,
        asked: &Request<M>,
        id: &PermitId,
    ) -> Result<Versioned<Permit>, Failure> {
        let found = self.core.projection.get::<Permit>(id.as_str()).await?;
        let Some(found) = found else {
            return Err(Rejection::from(Ground::UnknownPermit).into());
        };
        if !Reader::of(asked)?.may_read(&found.state) {
            return Err(Rejection::from(Ground::FiledByAnother).into());
        }
        Ok(found)
    }

    pub(super) async fn list(
        &self,
        asked: &Request<proto::ListPermitsRequest>,
    ) -> Result<Response<proto::ListPermitsResponse>, Status> {
        let request = asked.get_ref();
        let reader = Reader::of(asked)?;
        let mut fields = Fields::new();
        let mut facets = facets(request, &mut fields);
        if let Some(facets) = &mut facets {
            // Whatever else they ask for.
            facets.extend(reader.facet());
        }
        let (state, kind) = (request.state.to_be_bytes(), request.kind.to_be_bytes());
        let query: [&[u8]; 8] = [
            b"permits",
            &state,
            &kind,
            request.district.as_bytes(),
            request.road.as_bytes(),
            request.plate.as_bytes(),
            request.applicant.as_bytes(),
            reader.account().unwrap_or_default().as_bytes(),
        ];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, request.page_size, &request.page_token, &query);
        let (facets, page) = fields.finish((facets, page))?;
        let found = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                chassis::projection::list(view, &facets, after, page.size)
            })
            .await
            .map_err(Failure::from)?;
        let mut permits = Vec::with_capacity(found.found.len());
        for found in &found.found {
            let id = PermitId::parse(&found.id).map_err(Failure::internal)?;
            permits.push(self.show(&id, &found.state, &found.revision));
        }
        let next_page_token = match &found.next {
            Some(last) => tokens.token(last, &query)?,
            None => String::new(),
        };
        Ok(Response::new(proto::ListPermitsResponse {
            permits,
            next_page_token,
        }))
    }

    pub(super) async fn history(
        &self,
        asked: &Request<proto::ListPermitHistoryRequest>,
    ) -> Result<Response<proto::ListPermitHistoryResponse>, Status> {
        let request = asked.get_ref();
        let mut fields = Fields::new();
        let id = read_id("parent", &request.parent, "permits/{permit}", &mut fields);
        let query: [&[u8]; 2] = [b"history", request.parent.as_bytes()];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, request.page_size, &request.page_token, &query);
        let (id, page) = fields.finish((id, page))?;
        self.find(asked, &id).await?;
        let after = page
            .after
            .and_then(|cursor| u64::decode(&mut cursor.0.as_slice()))
            .unwrap_or_default();
        let size = match request.page_size {
            0 => 100,
            _ => page.size.min(LARGEST_HISTORY_PAGE),
        };
        let commits = self
            .core
            .history::<Permit>(id.as_str(), after, size)
            .await
            .map_err(|away| Failure::unavailable(away.to_string(), Duration::from_secs(1)))?;
        let mut events = Vec::new();
        for stored in &commits {
            events.extend(read_commit(&id, stored)?);
        }
        // A commit is never cut in two: a page holds so many commits, each with a few events.
        let next_page_token = match commits.last() {
            Some(last) if commits.len() == size => {
                let mut key = Vec::new();
                last.position.encode(&mut key);
                tokens.token(&key, &query)?
            }
            _ => String::new(),
        };
        Ok(Response::new(proto::ListPermitHistoryResponse {
            events,
            next_page_token,
        }))
    }

    pub(super) async fn credential(
        &self,
        asked: &Request<proto::GetCredentialRequest>,
    ) -> Result<Response<proto::Credential>, Status> {
        let mut fields = Fields::new();
        let name = &asked.get_ref().name;
        let id = read_id("name", name, "permits/{permit}/credential", &mut fields);
        let id = fields.finish(id)?;
        let found = self.find(asked, &id).await?;
        let claims = crate::credential::claims(&id, &found.state, self.core.clock.now())
            .map_err(Rejection::from)
            .map_err(Failure::from)?;
        let jws = self.signer.sign(&claims).map_err(Failure::internal)?;
        let expires = jiff::Timestamp::from_second(claims.exp).map_err(Failure::internal)?;
        Ok(Response::new(proto::Credential {
            name: format!("{}/credential", contract::name(&id)),
            jws,
            expire_time: Some(to_timestamp(expires)),
        }))
    }
}

/// The events of a stored commit, as the contract shows them.
pub(super) fn read_commit(
    id: &PermitId,
    stored: &Stored,
) -> Result<Vec<proto::PermitEvent>, Failure> {
    let commit = Commit::decode(&stored.payload).map_err(Failure::internal)?;
    commit
        .events
        .iter()
        .map(|json| {
            let event: PermitEvent = serde_json::from_str(json.get()).map_err(Failure::internal)?;
            Ok(contract::history_event(
                id,
                stored.position,
                &commit.metadata,
                &event,
            ))
        })
        .collect()
}

fn facets(request: &proto::ListPermitsRequest, fields: &mut Fields) -> Option<Vec<Facet>> {
    let mut facets = Vec::new();
    if request.state != 0 {
        facets.push(
            fields
                .choice("state", request.state, state_name)
                .map(Facet::State),
        );
    }
    if request.kind != 0 {
        facets.push(
            fields
                .choice("kind", request.kind, permit_kind)
                .map(Facet::Kind),
        );
    }
    let given = |text: &str| !text.is_empty();
    if given(&request.district) {
        let district = fields.required("district", &request.district, District::parse);
        facets.push(district.map(|district| Facet::District(district.to_string())));
    }
    if given(&request.road) {
        let road = fields.required("road", &request.road, Text::<100>::parse);
        facets.push(road.map(|road| Facet::Road(RoadCalendar::normal_name(road.as_str()))));
    }
    if given(&request.plate) {
        let plate = fields.required("plate", &request.plate, PlateNumber::parse);
        facets.push(plate.map(|plate| Facet::Plate(plate.to_string())));
    }
    if given(&request.applicant) {
        let code = fields.required("applicant", &request.applicant, CreditCode::parse);
        facets.push(code.map(|code| Facet::Applicant(code.to_string())));
    }
    facets.into_iter().collect()
}

pub(super) fn permit_kind(kind: proto::PermitKind) -> Option<PermitKind> {
    match kind {
        proto::PermitKind::RoadOccupation => Some(PermitKind::RoadOccupation),
        proto::PermitKind::ToxicTransport => Some(PermitKind::ToxicTransport),
        proto::PermitKind::OversizeTransport => Some(PermitKind::OversizeTransport),
        proto::PermitKind::Unspecified => None,
    }
}

/// As [`Permit::state_name`].
fn state_name(state: proto::PermitState) -> Option<&'static str> {
    Some(match state {
        proto::PermitState::Submitted => "submitted",
        proto::PermitState::CorrectionRequested => "correction_requested",
        proto::PermitState::Accepted => "accepted",
        proto::PermitState::Approved => "approved",
        proto::PermitState::InUse => "in_use",
        proto::PermitState::Suspended => "suspended",
        proto::PermitState::Refused => "refused",
        proto::PermitState::Withdrawn => "withdrawn",
        proto::PermitState::Completed => "completed",
        proto::PermitState::Expired => "expired",
        proto::PermitState::Revoked => "revoked",
        proto::PermitState::Unspecified => return None,
    })
}
