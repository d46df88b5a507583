//! Waivers: who parks free.

use super::{Api, convert, read};
use crate::domain::waiver::{self, Waiver};
use chassis::commands::Call;
use chassis::domain::values::PlateNumber;
use chassis::server::{Failure, Fields};
use tonic::{Request, Response};
use traffic_proto::parking::v1 as proto;

impl Api {
    pub(super) async fn grant_waiver(
        &self,
        request: Request<proto::GrantWaiverRequest>,
    ) -> Result<Response<proto::Waiver>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let parsed = fields.message("waiver", message.waiver.as_ref(), |waiver, fields| {
            let plate = fields.required("plate", &waiver.plate, PlateNumber::parse);
            let ground = fields.choice("ground", waiver.ground, read::free_ground);
            let mut time = |field, value| {
                let time = fields.timestamp(field, value)?;
                fields.value(field, time, read::sane_time)
            };
            let valid_from = time("valid_from", waiver.valid_from.as_ref());
            let valid_until = time("valid_until", waiver.valid_until.as_ref());
            let document = fields.text("document", &waiver.document, 1..=64);
            Some((plate?, ground?, valid_from?, valid_until?, document?))
        });
        let (plate, ground, valid_from, valid_until, document) = fields.finish(parsed)?;
        let done = self
            .core
            .commands
            .run::<Waiver>(message.validate_only, call, move |tx| {
                waiver::grant(
                    tx,
                    plate.clone(),
                    ground,
                    valid_from,
                    valid_until,
                    document.clone(),
                )?;
                Ok(plate.token())
            })
            .await?;
        Ok(done.respond(convert::waiver(&done.id, &done.state)))
    }

    pub(super) async fn revoke_waiver(
        &self,
        request: Request<proto::RevokeWaiverRequest>,
    ) -> Result<Response<proto::Waiver>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let id = fields.resource("name", &message.name, "waivers/{waiver}");
        let id = fields.finish(id)?;
        let done = self
            .core
            .commands
            .run::<Waiver>(message.validate_only, call, move |tx| {
                waiver::revoke(tx, &id)?;
                Ok(id.clone())
            })
            .await?;
        Ok(done.respond(convert::waiver(&done.id, &done.state)))
    }

    pub(super) async fn get_waiver(
        &self,
        request: Request<proto::GetWaiverRequest>,
    ) -> Result<Response<proto::Waiver>, Failure> {
        let name = request.into_inner().name;
        let mut fields = Fields::new();
        let id = fields.resource("name", &name, "waivers/{waiver}");
        let id = fields.finish(id)?;
        match self.core.projection.get::<Waiver>(&id).await? {
            Some(found) => Ok(Response::new(convert::waiver(&id, &found.state))),
            None => Err(Failure::NotFound(name)),
        }
    }
}
