//! Zones.

use super::{Api, convert, read};
use crate::domain::ids::{TariffId, ZoneId};
use crate::domain::zone::{self, Zone, ZoneDetails};
use crate::read_model;
use chassis::commands::{Call, check_etag};
use chassis::domain::{District, Invalid};
use chassis::server::{Failure, Fields};
use tonic::{Request, Response};
use traffic_proto::parking::v1 as proto;

impl Api {
    pub(super) async fn create_zone(
        &self,
        request: Request<proto::CreateZoneRequest>,
    ) -> Result<Response<proto::Zone>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let id = fields.required("zone_id", &message.zone_id, ZoneId::parse);
        let details = fields.message("zone", message.zone.as_ref(), read::zone);
        let (id, details) = fields.finish((id, details))?;
        let done = self
            .core
            .commands
            .run::<Zone>(message.validate_only, call, move |tx| {
                zone::open(tx, &id, details.clone())?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        let resource = convert::zone(&done.id, &done.state, done.revision);
        Ok(done.respond(resource))
    }

    pub(super) async fn get_zone(
        &self,
        request: Request<proto::GetZoneRequest>,
    ) -> Result<Response<proto::Zone>, Failure> {
        let name = request.into_inner().name;
        let mut fields = Fields::new();
        let id = fields.resource("name", &name, "zones/{zone}");
        let id = fields.finish(id)?;
        match self.core.projection.get::<Zone>(&id).await? {
            Some(found) if !found.state.retired => Ok(Response::new(convert::zone(
                &id,
                &found.state,
                found.revision,
            ))),
            _ => Err(Failure::NotFound(name)),
        }
    }

    pub(super) async fn list_zones(
        &self,
        request: Request<proto::ListZonesRequest>,
    ) -> Result<Response<proto::ListZonesResponse>, Failure> {
        let message = request.into_inner();
        let query: [&[u8]; 2] = [b"zones", message.district.as_bytes()];
        let mut fields = Fields::new();
        let district = fields.optional("district", &message.district, District::parse);
        let page = self.page(&mut fields, message.page_size, &message.page_token, &query);
        let (district, page) = fields.finish((district, page))?;
        let found = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                read_model::list_zones(view, district, after, page.size)
            })
            .await?;
        Ok(Response::new(proto::ListZonesResponse {
            zones: found
                .items
                .iter()
                .map(|(id, revision, zone)| convert::zone(id, zone, *revision))
                .collect(),
            next_page_token: self.next_token(found.next.as_deref(), &query)?,
        }))
    }

    pub(super) async fn update_zone(
        &self,
        request: Request<proto::UpdateZoneRequest>,
    ) -> Result<Response<proto::Zone>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let patch = fields.message("zone", message.zone.as_ref(), |zone, fields| {
            Some((
                fields.resource("name", &zone.name, "zones/{zone}")?,
                zone.clone(),
            ))
        });
        let (id, zone) = fields.finish(patch)?;
        let set = |name: &str| match name {
            "display_name" => !zone.display_name.is_empty(),
            "grade" => zone.grade != 0,
            "tariff" => !zone.tariff.is_empty(),
            _ => false,
        };
        let mask = update_mask(
            message.update_mask.as_ref(),
            &["display_name", "grade", "tariff"],
            set,
        )?;
        let mut fields = Fields::new();
        let changes = fields.within("zone", |fields| {
            let wants = |name: &str| mask.contains(&name);
            let display_name = wants("display_name")
                .then(|| fields.text("display_name", &zone.display_name, 1..=100));
            let grade = wants("grade").then(|| fields.choice("grade", zone.grade, read::grade));
            let tariff = wants("tariff")
                .then(|| fields.resource("tariff", &zone.tariff, "tariffs/{tariff}"));
            let id = fields.value("name", id.as_str(), ZoneId::parse);
            // A wanted field that is wrong has been noted; `flatten` below then never matters.
            Some((
                id?,
                display_name.flatten(),
                grade.flatten(),
                tariff.flatten().and_then(|id| TariffId::parse(&id).ok()),
            ))
        });
        let (id, display_name, grade, tariff) = fields.finish(changes)?;
        let etag = zone.etag;
        let done = self
            .core
            .commands
            .run::<Zone>(message.validate_only, call, move |tx| {
                check_etag::<Zone>(tx, id.as_str(), &etag)?;
                let details = zone::require(tx, &id)?.details.clone();
                let details = ZoneDetails {
                    display_name: display_name.clone().unwrap_or(details.display_name),
                    grade: grade.unwrap_or(details.grade),
                    tariff: tariff.clone().unwrap_or(details.tariff),
                    district: details.district,
                };
                zone::change(tx, &id, details)?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        let resource = convert::zone(&done.id, &done.state, done.revision);
        Ok(done.respond(resource))
    }

    pub(super) async fn delete_zone(
        &self,
        request: Request<proto::DeleteZoneRequest>,
    ) -> Result<Response<pbjson_types::Empty>, Failure> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let message = request.into_inner();
        let mut fields = Fields::new();
        let id = fields.resource("name", &message.name, "zones/{zone}");
        let id = fields.finish(id)?;
        let id = ZoneId::parse(&id).map_err(|_| Failure::NotFound(message.name.clone()))?;
        let done = self
            .core
            .commands
            .run::<Zone>(message.validate_only, call, move |tx| {
                check_etag::<Zone>(tx, id.as_str(), &message.etag)?;
                zone::retire(tx, &id)?;
                Ok(id.as_str().to_owned())
            })
            .await?;
        Ok(done.respond(pbjson_types::Empty {}))
    }
}

/// The paths of an update: those of the mask, or without one those that are set. At least one, all known.
pub(super) fn update_mask(
    mask: Option<&pbjson_types::FieldMask>,
    known: &[&'static str],
    is_set: impl Fn(&str) -> bool,
) -> Result<Vec<&'static str>, Failure> {
    let allowed = known.join(", ");
    let unknown = || {
        Failure::field(
            "update_mask",
            Invalid::new(
                format!("must name fields among {allowed}"),
                format!("只能包含 {allowed}"),
            ),
        )
    };
    let paths: Vec<&'static str> = match mask {
        None => known.iter().copied().filter(|path| is_set(path)).collect(),
        Some(mask) => {
            let mut paths = Vec::new();
            // A mask longer than what is known repeats itself or names what is not known.
            for path in mask.paths.iter().take(known.len() + 1) {
                let path = known
                    .iter()
                    .find(|known| *known == path)
                    .ok_or_else(unknown)?;
                paths.push(*path);
            }
            paths
        }
    };
    if paths.is_empty() {
        return Err(unknown());
    }
    Ok(paths)
}
