//! `ParkingSessionService`: readings, sessions, money.

use super::{Api, convert, read};
use crate::domain::ids::SessionId;
use crate::domain::session::{self, Correction, Session};
use crate::domain::vehicle::Vehicle;
use crate::read_model::{self, SessionFilter};
use chassis::commands::{Call, Done, check_etag};
use chassis::commit::Commit;
use chassis::domain::Invalid;
use chassis::domain::values::PlateNumber;
use chassis::projection::{Key, prefix_of};
use chassis::server::{Failure, Fields, to_timestamp};
use tonic::{Request, Response, Status, Streaming};
use traffic_proto::parking::v1 as proto;
use traffic_proto::parking::v1::parking_session_service_server::ParkingSessionService;

type Answer<M> = Result<Response<M>, Status>;

fn respond(done: &Done<Session>) -> Response<proto::Session> {
    done.respond(convert::session(&done.id, &done.state, done.revision))
}

fn session_id(fields: &mut Fields, field: &str, name: &str) -> Option<SessionId> {
    fields
        .resource(field, name, "sessions/{session}")
        .and_then(|id| SessionId::parse(&id).ok())
}

impl Api {
    async fn list(
        &self,
        message: proto::ListSessionsRequest,
    ) -> Result<proto::ListSessionsResponse, Failure> {
        let state_bytes = message.state.to_be_bytes();
        // The plate itself must not stand in a token, which may be logged.
        let mut fields = Fields::new();
        let plate = fields.optional("plate", &message.plate, PlateNumber::parse);
        let token = plate
            .clone()
            .flatten()
            .map(|plate| plate.token())
            .unwrap_or_default();
        let query: [&[u8]; 5] = [
            b"sessions",
            message.bay.as_bytes(),
            message.zone.as_bytes(),
            token.as_bytes(),
            &state_bytes,
        ];
        let named = [&message.bay, &message.zone, &message.plate];
        let filter = if named.iter().filter(|text| !text.is_empty()).count() > 1 {
            let why = Invalid::new(
                "at most one of bay, zone and plate",
                "泊位、区域、号牌至多填写一项",
            );
            fields.refuse("plate", why);
            None
        } else if !message.bay.is_empty() {
            fields
                .resource("bay", &message.bay, "bays/{bay}")
                .map(SessionFilter::Bay)
        } else if !message.zone.is_empty() {
            fields
                .resource("zone", &message.zone, "zones/{zone}")
                .map(SessionFilter::Zone)
        } else {
            plate.map(|plate| {
                plate.map_or(SessionFilter::All, |plate| {
                    SessionFilter::Plate(plate.token())
                })
            })
        };
        let state = read::session_state(&mut fields, message.state);
        let page = self.page(&mut fields, message.page_size, &message.page_token, &query);
        let (filter, state, page) = fields.finish((filter, state, page))?;
        let found = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                read_model::list_sessions(view, &filter, state, after, page.size)
            })
            .await?;
        Ok(proto::ListSessionsResponse {
            sessions: found
                .items
                .iter()
                .map(|(id, revision, session)| convert::session(id, session, *revision))
                .collect(),
            next_page_token: self.next_token(found.next.as_deref(), &query)?,
        })
    }

    async fn history(
        &self,
        message: proto::ListSessionHistoryRequest,
    ) -> Result<proto::ListSessionHistoryResponse, Failure> {
        let query: [&[u8]; 2] = [b"session history", message.parent.as_bytes()];
        let mut fields = Fields::new();
        let id = session_id(&mut fields, "parent", &message.parent);
        let page = self.page(&mut fields, message.page_size, &message.page_token, &query);
        let (id, page) = fields.finish((id, page))?;
        let after = page
            .after
            .and_then(|cursor| u64::decode(&mut cursor.0.as_slice()))
            .unwrap_or(0);
        let commits = self
            .core
            .history::<Session>(id.as_str(), after, page.size)
            .await
            .map_err(|away| Failure::unavailable(away.to_string(), super::RETRY_AFTER))?;
        if commits.is_empty() && after == 0 {
            return Err(Failure::NotFound(message.parent));
        }
        let next = (commits.len() == page.size)
            .then(|| commits.last().map(|stored| prefix_of(&stored.position)))
            .flatten();
        let mut events = Vec::new();
        for stored in &commits {
            let commit = Commit::decode(&stored.payload).map_err(Failure::internal)?;
            for event in &commit.events {
                events.push(history_event(stored.position, &commit, event.get()));
            }
        }
        Ok(proto::ListSessionHistoryResponse {
            events,
            next_page_token: self.next_token(next.as_deref(), &query)?,
        })
    }

    async fn record_payment(
        &self,
        request: Request<proto::RecordPaymentRequest>,
    ) -> Result<Response<proto::Session>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let now = self.core.clock.now();
        let mut fields = Fields::new();
        let id = session_id(&mut fields, "session", &message.session);
        let payment = fields.message("payment", message.payment.as_ref(), |transfer, fields| {
            read::transfer(transfer, now, fields)
        });
        let (id, payment) = fields.finish((id, payment))?;
        let done = self
            .core
            .commands
            .run::<Session>(message.validate_only, call, move |tx| {
                session::pay(tx, &id, payment.clone())?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        Ok(respond(&done))
    }

    async fn record_refund(
        &self,
        request: Request<proto::RecordRefundRequest>,
    ) -> Result<Response<proto::Session>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let now = self.core.clock.now();
        let mut fields = Fields::new();
        let id = session_id(&mut fields, "session", &message.session);
        let refund = fields.message("refund", message.refund.as_ref(), |transfer, fields| {
            read::transfer(transfer, now, fields)
        });
        let (id, refund) = fields.finish((id, refund))?;
        let done = self
            .core
            .commands
            .run::<Session>(message.validate_only, call, move |tx| {
                session::refund(tx, &id, refund.clone())?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        Ok(respond(&done))
    }

    async fn waive_charge(
        &self,
        request: Request<proto::WaiveChargeRequest>,
    ) -> Result<Response<proto::Session>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let id = session_id(&mut fields, "session", &message.session);
        let ground = fields.choice("ground", message.ground, read::waive_ground);
        let (id, ground) = fields.finish((id, ground))?;
        let done = self
            .core
            .commands
            .run::<Session>(message.validate_only, call, move |tx| {
                check_etag::<Session>(tx, id.as_str(), &message.etag)?;
                session::waive(tx, &id, ground)?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        Ok(respond(&done))
    }

    async fn correct_session(
        &self,
        request: Request<proto::CorrectSessionRequest>,
    ) -> Result<Response<proto::Session>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let id = session_id(&mut fields, "session", &message.session);
        let mut time = |field, value| {
            let time = fields.timestamp(field, value)?;
            fields.value(field, time, read::sane_time)
        };
        let arrived_at = time("arrive_time", message.arrive_time.as_ref());
        let left_at = time("leave_time", message.leave_time.as_ref());
        let plate = fields.optional("plate", &message.plate, PlateNumber::parse);
        let class = read::vehicle_class(&mut fields, message.vehicle_class);
        let note = fields.text("note", &message.note, 1..=200);
        let (id, arrived_at, left_at, plate, class, note) =
            fields.finish((id, arrived_at, left_at, plate, class, note))?;
        let vehicle = plate.map(|plate| Vehicle::new(plate, class));
        let correction = Correction {
            arrived_at,
            left_at,
            vehicle,
            note,
        };
        let done = self
            .core
            .commands
            .run::<Session>(message.validate_only, call, move |tx| {
                check_etag::<Session>(tx, id.as_str(), &message.etag)?;
                session::correct(tx, &id, correction.clone())?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        Ok(respond(&done))
    }
}

/// An event is stored as `{"name": {...}}`.
fn history_event(position: u64, commit: &Commit, json: &str) -> proto::HistoryEvent {
    let metadata = &commit.metadata;
    let (name, details) = match serde_json::from_str(json) {
        Ok(serde_json::Value::Object(fields)) => fields
            .into_iter()
            .next()
            .map(|(name, details)| (name, details.to_string()))
            .unwrap_or_default(),
        _ => (String::new(), json.to_owned()),
    };
    let channel = serde_json::to_value(metadata.channel).unwrap_or_default();
    proto::HistoryEvent {
        position,
        r#type: name,
        event_time: Some(to_timestamp(metadata.time)),
        actor: metadata.actor.id.clone(),
        channel: channel.as_str().unwrap_or_default().to_owned(),
        details_json: details,
    }
}

#[tonic::async_trait]
impl ParkingSessionService for Api {
    async fn ingest_readings(
        &self,
        request: Request<Streaming<proto::IngestReadingsRequest>>,
    ) -> Answer<proto::IngestReadingsResponse> {
        Ok(self.ingest_readings(request).await?)
    }

    async fn get_session(
        &self,
        request: Request<proto::GetSessionRequest>,
    ) -> Answer<proto::Session> {
        let name = request.into_inner().name;
        let mut fields = Fields::new();
        let id = session_id(&mut fields, "name", &name);
        let id = fields.finish(id)?;
        let found = self
            .core
            .projection
            .get::<Session>(id.as_str())
            .await
            .map_err(Failure::from)?;
        match found {
            Some(found) => Ok(Response::new(convert::session(
                id.as_str(),
                &found.state,
                found.revision,
            ))),
            None => Err(Failure::NotFound(name).into()),
        }
    }

    async fn list_sessions(
        &self,
        request: Request<proto::ListSessionsRequest>,
    ) -> Answer<proto::ListSessionsResponse> {
        Ok(Response::new(self.list(request.into_inner()).await?))
    }

    async fn list_session_history(
        &self,
        request: Request<proto::ListSessionHistoryRequest>,
    ) -> Answer<proto::ListSessionHistoryResponse> {
        Ok(Response::new(self.history(request.into_inner()).await?))
    }

    async fn record_payment(
        &self,
        request: Request<proto::RecordPaymentRequest>,
    ) -> Answer<proto::Session> {
        Ok(self.record_payment(request).await?)
    }

    async fn record_refund(
        &self,
        request: Request<proto::RecordRefundRequest>,
    ) -> Answer<proto::Session> {
        Ok(self.record_refund(request).await?)
    }

    async fn waive_charge(
        &self,
        request: Request<proto::WaiveChargeRequest>,
    ) -> Answer<proto::Session> {
        Ok(self.waive_charge(request).await?)
    }

    async fn correct_session(
        &self,
        request: Request<proto::CorrectSessionRequest>,
    ) -> Answer<proto::Session> {
        Ok(self.correct_session(request).await?)
    }
}
