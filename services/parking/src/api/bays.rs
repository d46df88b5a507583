//! Bays.
//!
//! A command that marks, moves or changes a bay aligns it with the road occupations that this replica knows of. Those that it does
//! not know yet meet the bay when its published event is handled (`policies::MarkedBays`).

use super::zones::update_mask;
use super::{Api, convert, read};
use crate::domain::bay::{Bay, BayKind};
use crate::domain::geometry::Position;
use crate::domain::ids::{BayId, OccupationId, ZoneId};
use crate::domain::marking::{self, Marking};
use crate::domain::refusal::ParkingRefusal;
use crate::domain::watch;
use crate::read_model;
use chassis::commands::{Call, check_etag};
use chassis::domain::Transaction;
use chassis::server::{Failure, Fields, set_position};
use std::collections::BTreeSet;
use tonic::{Request, Response};
use traffic_proto::parking::v1 as proto;

/// Bays in one batch, at most. Leaves room for the occupations that touch them.
const MAX_BATCH: usize = 100;
/// Road occupations with which the bays of one batch are aligned, at most: what a transaction may touch beside each bay, its zone
/// and a few more. A bay that was retired and is marked again brings its own.
const MAX_OCCUPATIONS: usize = Transaction::MAX_AGGREGATES - 2 * MAX_BATCH - 8;

impl Api {
    pub(super) async fn create_bay(
        &self,
        request: Request<proto::CreateBayRequest>,
    ) -> Result<Response<proto::Bay>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let parsed = new_bay(&message.bay_id, message.bay.as_ref(), &mut fields);
        let (id, marking) = fields.finish(parsed)?;
        let occupations = self.occupations_at(marking.position).await?;
        let done = self
            .core
            .commands
            .run::<Bay>(message.validate_only, call, move |tx| {
                marking::mark(tx, &id, marking.clone(), &occupations)?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        if !message.validate_only {
            // Whoever marks a bay looks at it next.
            self.core.projection.catch_up(done.position).await?;
        }
        let resource = convert::bay(&done.id, &done.state, done.revision, self.core.clock.now());
        Ok(done.respond(resource))
    }

    pub(super) async fn batch_create_bays(
        &self,
        request: Request<proto::BatchCreateBaysRequest>,
    ) -> Result<Response<proto::BatchCreateBaysResponse>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let parsed = fields.each(
            "requests",
            &message.requests,
            1..=MAX_BATCH,
            |row, fields| new_bay(&row.bay_id, row.bay.as_ref(), fields),
        );
        let bays = fields.finish(parsed)?;
        let in_force = self
            .core
            .projection
            .read(read_model::occupations_in_force)
            .await?;
        let rows: Vec<(BayId, Marking, Vec<OccupationId>)> = bays
            .into_iter()
            .map(|(id, marking)| {
                let touching = in_force
                    .iter()
                    .filter(|(_, works)| works.touches(marking.position));
                let touching = touching.map(|(id, _)| id.clone()).collect();
                (id, marking, touching)
            })
            .collect();
        let ids: Vec<BayId> = rows.iter().map(|(id, _, _)| id.clone()).collect();
        let done = self
            .core
            .commands
            .run::<Bay>(message.validate_only, call, move |tx| {
                let mut aligned_with = BTreeSet::new();
                for (id, marking, occupations) in &rows {
                    aligned_with.extend(occupations.iter().cloned());
                    aligned_with.extend(marking::occupations_of(tx, id)?);
                    if aligned_with.len() > MAX_OCCUPATIONS {
                        return Err(ParkingRefusal::TooManySuspensions { bay: id.clone() }.into());
                    }
                    marking::mark(tx, id, marking.clone(), occupations)?;
                }
                // There is at least one row.
                Ok(rows
                    .last()
                    .map(|(id, _, _)| id.as_str().to_owned())
                    .unwrap_or_default())
            })
            .await?;
        if message.validate_only {
            return Ok(Response::new(proto::BatchCreateBaysResponse::default()));
        }
        self.core.projection.catch_up(done.position).await?;
        let now = self.core.clock.now();
        let mut created = Vec::with_capacity(ids.len());
        for id in &ids {
            if let Some(found) = self.core.projection.get::<Bay>(id.as_str()).await? {
                created.push(convert::bay(id.as_str(), &found.state, found.revision, now));
            }
        }
        Ok(done.respond(proto::BatchCreateBaysResponse { bays: created }))
    }

    pub(super) async fn get_bay(
        &self,
        request: Request<proto::GetBayRequest>,
    ) -> Result<Response<proto::Bay>, Failure> {
        let name = request.into_inner().name;
        let mut fields = Fields::new();
        let id = fields.resource("name", &name, "bays/{bay}");
        let id = fields.finish(id)?;
        let now = self.core.clock.now();
        match self.core.projection.get::<Bay>(&id).await? {
            Some(found) if !found.state.retired => Ok(Response::new(convert::bay(
                &id,
                &found.state,
                found.revision,
                now,
            ))),
            _ => Err(Failure::NotFound(name)),
        }
    }

    pub(super) async fn list_bays(
        &self,
        request: Request<proto::ListBaysRequest>,
    ) -> Result<Response<proto::ListBaysResponse>, Failure> {
        let message = request.into_inner();
        let filter = message.availability.to_be_bytes();
        let query: [&[u8]; 3] = [b"bays", message.zone.as_bytes(), &filter];
        let mut fields = Fields::new();
        let zone = match message.zone.as_str() {
            "" => Some(None),
            name => fields.resource("zone", name, "zones/{zone}").map(Some),
        };
        let availability = read::availability(&mut fields, "availability", message.availability);
        let page = self.page(&mut fields, message.page_size, &message.page_token, &query);
        let (zone, availability, page) = fields.finish((zone, availability, page))?;
        let found = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                read_model::list_bays(view, zone.as_deref(), availability, after, page.size)
            })
            .await?;
        let now = self.core.clock.now();
        Ok(Response::new(proto::ListBaysResponse {
            bays: found
                .items
                .iter()
                .map(|(id, revision, bay)| convert::bay(id, bay, *revision, now))
                .collect(),
            next_page_token: self.next_token(found.next.as_deref(), &query)?,
        }))
    }

    pub(super) async fn update_bay(
        &self,
        request: Request<proto::UpdateBayRequest>,
    ) -> Result<Response<proto::Bay>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let patch = fields.message("bay", message.bay.as_ref(), |bay, fields| {
            let id = fields
                .resource("name", &bay.name, "bays/{bay}")
                .and_then(|id| BayId::parse(&id).ok());
            Some((id?, bay.clone()))
        });
        let (id, bay) = fields.finish(patch)?;
        let set = |name: &str| match name {
            "zone" => !bay.zone.is_empty(),
            "position" => bay.position.is_some(),
            "kind" => bay.kind != 0,
            "label" => !bay.label.is_empty(),
            _ => false,
        };
        let known_paths = ["zone", "position", "kind", "label"];
        let mask = update_mask(message.update_mask.as_ref(), &known_paths, set)?;
        let mut fields = Fields::new();
        let changes = fields.within("bay", |fields| read_changes(&bay, &mask, fields));
        let changes = fields.finish(changes)?;

        let current = self.core.projection.get::<Bay>(id.as_str()).await?;
        let position = changes
            .position
            .or(current.map(|found| found.state.details.position));
        let occupations = match position {
            Some(position) => self.occupations_at(position).await?,
            None => Vec::new(),
        };
        let etag = bay.etag;
        let done = self
            .core
            .commands
            .run::<Bay>(message.validate_only, call, move |tx| {
                check_etag::<Bay>(tx, id.as_str(), &etag)?;
                let mut marking = watch::marking_of(tx, &id)?;
                changes.apply(&mut marking);
                marking::change(tx, &id, marking, &occupations)?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        if !message.validate_only {
            // Whoever marks a bay looks at it next.
            self.core.projection.catch_up(done.position).await?;
        }
        let resource = convert::bay(&done.id, &done.state, done.revision, self.core.clock.now());
        Ok(done.respond(resource))
    }

    pub(super) async fn delete_bay(
        &self,
        request: Request<proto::DeleteBayRequest>,
    ) -> Result<Response<pbjson_types::Empty>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let id = fields
            .resource("name", &message.name, "bays/{bay}")
            .and_then(|id| BayId::parse(&id).ok());
        let id = fields.finish(id)?;
        let done = self
            .core
            .commands
            .run::<Bay>(message.validate_only, call, move |tx| {
                check_etag::<Bay>(tx, id.as_str(), &message.etag)?;
                marking::retire(tx, &id)?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        let mut response = Response::new(pbjson_types::Empty {});
        set_position(&mut response, done.position);
        Ok(response)
    }
}

/// The fields of a bay that an update names.
#[derive(Clone, Debug, Default)]
struct Changes {
    zone: Option<ZoneId>,
    position: Option<Position>,
    kind: Option<BayKind>,
    label: Option<String>,
}

impl Changes {
    fn apply(&self, marking: &mut Marking) {
        if let Some(zone) = &self.zone {
            marking.zone = zone.clone();
        }
        if let Some(position) = self.position {
            marking.position = position;
        }
        if let Some(kind) = self.kind {
            marking.kind = kind;
        }
        if let Some(label) = &self.label {
            marking.label.clone_from(label);
        }
    }
}

/// A field that is wrong is noted in `fields`, and the changes then never used.
fn read_changes(bay: &proto::Bay, mask: &[&str], fields: &mut Fields) -> Option<Changes> {
    let mut changes = Changes::default();
    for path in mask {
        match *path {
            "zone" => {
                changes.zone = fields
                    .resource("zone", &bay.zone, "zones/{zone}")
                    .and_then(|id| ZoneId::parse(&id).ok())
            }
            "position" => {
                changes.position = fields.message("position", bay.position.as_ref(), read::point)
            }
            "kind" => changes.kind = fields.choice("kind", bay.kind, read::bay_kind),
            _ => changes.label = fields.text("label", &bay.label, 0..=40),
        }
    }
    Some(changes)
}

pub(super) fn new_bay(
    id: &str,
    bay: Option<&proto::Bay>,
    fields: &mut Fields,
) -> Option<(BayId, Marking)> {
    let id = fields.required("bay_id", id, BayId::parse);
    let marking = fields.message("bay", bay, read::marking);
    Some((id?, marking?))
}
