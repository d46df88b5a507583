//! Tariffs.

use super::{Api, convert, read};
use crate::domain::ids::TariffId;
use crate::domain::tariff::{self, Tariff};
use crate::read_model;
use chassis::commands::{Call, check_etag};
use chassis::server::{Failure, Fields};
use tonic::{Request, Response};
use traffic_proto::parking::v1 as proto;

impl Api {
    pub(super) async fn create_tariff(
        &self,
        request: Request<proto::CreateTariffRequest>,
    ) -> Result<Response<proto::Tariff>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let id = fields.required("tariff_id", &message.tariff_id, |text| {
            TariffId::parse(text)
        });
        let parsed = fields.message("tariff", message.tariff.as_ref(), |tariff, fields| {
            let name = fields.text("display_name", &tariff.display_name, 1..=100);
            let versions = fields.each("versions", &tariff.versions, 1..=1, read::tariff_version);
            Some((name?, versions?.pop()?))
        });
        let (id, (display_name, version)) = fields.finish((id, parsed))?;
        let done = self
            .core
            .commands
            .run::<Tariff>(message.validate_only, call, move |tx| {
                tariff::create(tx, &id, display_name.clone(), version.clone())?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        Ok(done.respond(convert::tariff(&done.id, &done.state, done.revision)))
    }

    pub(super) async fn get_tariff(
        &self,
        request: Request<proto::GetTariffRequest>,
    ) -> Result<Response<proto::Tariff>, Failure> {
        let name = request.into_inner().name;
        let mut fields = Fields::new();
        let id = fields.resource("name", &name, "tariffs/{tariff}");
        let id = fields.finish(id)?;
        match self.core.projection.get::<Tariff>(&id).await? {
            Some(found) => Ok(Response::new(convert::tariff(
                &id,
                &found.state,
                found.revision,
            ))),
            None => Err(Failure::NotFound(name)),
        }
    }

    pub(super) async fn list_tariffs(
        &self,
        request: Request<proto::ListTariffsRequest>,
    ) -> Result<Response<proto::ListTariffsResponse>, Failure> {
        let message = request.into_inner();
        let query: [&[u8]; 1] = [b"tariffs"];
        let mut fields = Fields::new();
        let page = self.page(&mut fields, message.page_size, &message.page_token, &query);
        let page = fields.finish(page)?;
        let found = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                read_model::list_tariffs(view, after, page.size)
            })
            .await?;
        Ok(Response::new(proto::ListTariffsResponse {
            tariffs: found
                .items
                .iter()
                .map(|(id, revision, tariff)| convert::tariff(id, tariff, *revision))
                .collect(),
            next_page_token: self.next_token(found.next.as_deref(), &query)?,
        }))
    }

    pub(super) async fn publish_tariff_version(
        &self,
        request: Request<proto::PublishTariffVersionRequest>,
    ) -> Result<Response<proto::Tariff>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let id = fields
            .resource("name", &message.name, "tariffs/{tariff}")
            .and_then(|id| TariffId::parse(&id).ok());
        let version = fields.message("version", message.version.as_ref(), read::tariff_version);
        let (id, version) = fields.finish((id, version))?;
        let done = self
            .core
            .commands
            .run::<Tariff>(message.validate_only, call, move |tx| {
                check_etag::<Tariff>(tx, id.as_str(), &message.etag)?;
                tariff::publish_version(tx, &id, version.clone())?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        Ok(done.respond(convert::tariff(&done.id, &done.state, done.revision)))
    }
}
