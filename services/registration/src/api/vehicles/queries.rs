//! Reading: one vehicle, application or number, lists, histories, and what a business needs.

use super::input::{Reader, vin};
use super::{VehicleApi, application_id};
use crate::api::days;
use crate::contract;
use crate::contract::enums::{material, read_application_state};
use crate::domain::application::event::ApplicationEvent;
use crate::domain::application::materials::{self, Needed};
use crate::domain::application::rules::Rules;
use crate::domain::application::{Application, ApplicationId};
use crate::domain::blocks::{self, Blocked, PlateRecord};
use crate::domain::ground::Ground;
use crate::domain::party::PartyRef;
use crate::domain::plate::PlateClaim;
use crate::domain::vehicle::Vehicle;
use crate::domain::vehicle::event::VehicleEvent;
use crate::read_model::vehicles::{self as read_model, Applications};
use chassis::commit::Commit;
use chassis::domain::values::{PlateNumber, Vin};
use chassis::domain::{Aggregate, Invalid, Rejection};
use chassis::journal::Stored;
use chassis::projection::{Key, Versioned};
use chassis::server::{Failure, Fields};
use std::time::Duration;
use tonic::{Response, Status};
use traffic_proto::registration::v1 as proto;

/// Commits of one page of a history, at most.
const LARGEST_HISTORY_PAGE: usize = 500;

impl VehicleApi {
    pub(super) async fn vehicle(
        &self,
        request: &proto::GetVehicleRequest,
    ) -> Result<Response<proto::Vehicle>, Status> {
        let mut fields = Fields::new();
        let vin = vin("name", &request.name, &mut fields);
        let vin = fields.finish(vin)?;
        let found = self.find_vehicle(&vin).await?;
        let blocked = self.blocked(&found.state).await?;
        let vehicle = contract::vehicle(&vin, &found.state, &found.revision, blocked);
        Ok(Response::new(vehicle))
    }

    async fn find_vehicle(&self, vin: &Vin) -> Result<Versioned<Vehicle>, Failure> {
        let found = self.core.projection.get::<Vehicle>(vin.as_str()).await?;
        found.ok_or_else(|| Rejection::from(Ground::UnknownVehicle).into())
    }

    /// What stands against a vehicle's number.
    pub(super) async fn blocked(&self, vehicle: &Vehicle) -> Result<Blocked, Failure> {
        let Some(plate) = &vehicle.plate else {
            return Ok(Blocked::default());
        };
        let record = self
            .core
            .projection
            .get::<PlateRecord>(&plate.number.key())
            .await?;
        let since = self.core.calendar.start_of(plate.since);
        Ok(record.map_or_else(Blocked::default, |record| {
            blocks::since(&record.state, since)
        }))
    }

    pub(super) async fn vehicles(
        &self,
        request: &proto::ListVehiclesRequest,
    ) -> Result<Response<proto::ListVehiclesResponse>, Status> {
        let mut fields = Fields::new();
        let owner = fields.required("owner", &request.owner, PartyRef::parse);
        let query: [&[u8]; 2] = [b"vehicles", request.owner.as_bytes()];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, request.page_size, &request.page_token, &query);
        let (owner, page) = fields.finish((owner, page))?;
        let found = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                read_model::of_owner(view, owner.as_str(), after, page.size)
            })
            .await
            .map_err(Failure::from)?;
        let mut vehicles = Vec::with_capacity(found.found.len());
        for (id, revision, vehicle) in &found.found {
            let vin = Vin::parse(id).map_err(Failure::internal)?;
            let blocked = self.blocked(vehicle).await?;
            vehicles.push(contract::vehicle(&vin, vehicle, revision, blocked));
        }
        let next_page_token = match &found.next {
            Some(last) => tokens.token(last, &query)?,
            None => String::new(),
        };
        Ok(Response::new(proto::ListVehiclesResponse {
            vehicles,
            next_page_token,
        }))
    }

    pub(super) async fn plate(
        &self,
        request: &proto::GetPlateRequest,
    ) -> Result<Response<proto::Plate>, Status> {
        let mut fields = Fields::new();
        let number = fields
            .resource("name", &request.name, "plates/{plate}")
            .and_then(|key| fields.value("name", key, |key| read_plate_key(&key)));
        let number = fields.finish(number)?;
        let claim = self
            .core
            .projection
            .get::<PlateClaim>(&number.key())
            .await
            .map_err(Failure::from)?;
        let claim = claim.map_or(PlateClaim::Free, |claim| (*claim.state).clone());
        Ok(Response::new(contract::plate(
            &number,
            &claim,
            &self.core.calendar,
        )))
    }

    pub(super) async fn application(
        &self,
        request: &proto::GetApplicationRequest,
    ) -> Result<Response<proto::Application>, Status> {
        let mut fields = Fields::new();
        let id = application_id("name", &request.name, &mut fields);
        let id = fields.finish(id)?;
        let found = self.find_application(&id).await?;
        let application = contract::application(&id, &found.state, &found.revision);
        Ok(Response::new(application))
    }

    async fn find_application(
        &self,
        id: &ApplicationId,
    ) -> Result<Versioned<Application>, Failure> {
        let found = self.core.projection.get::<Application>(id.as_str()).await?;
        found.ok_or_else(|| Rejection::from(Ground::UnknownApplication).into())
    }

    pub(super) async fn applications(
        &self,
        request: &proto::ListApplicationsRequest,
    ) -> Result<Response<proto::ListApplicationsResponse>, Status> {
        let mut fields = Fields::new();
        let which = if request.vehicle.is_empty() {
            let district = fields.required("district", &request.district, days::district);
            let state = fields.choice("state", request.state, read_application_state);
            district
                .zip(state)
                .map(|(district, state)| Applications::OfDistrict(district.code(), state))
        } else {
            vin("vehicle", &request.vehicle, &mut fields)
                .map(|vin| Applications::OfVehicle(vin.to_string()))
        };
        let state = request.state.to_be_bytes();
        let query: [&[u8]; 4] = [
            b"applications",
            request.vehicle.as_bytes(),
            request.district.as_bytes(),
            &state,
        ];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, request.page_size, &request.page_token, &query);
        let (which, page) = fields.finish((which, page))?;
        let found = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                read_model::applications(view, &which, after, page.size)
            })
            .await
            .map_err(Failure::from)?;
        let mut applications = Vec::with_capacity(found.found.len());
        for (id, revision, application) in &found.found {
            let id = ApplicationId::parse(id).map_err(Failure::internal)?;
            applications.push(contract::application(&id, application, revision));
        }
        let next_page_token = match &found.next {
            Some(last) => tokens.token(last, &query)?,
            None => String::new(),
        };
        Ok(Response::new(proto::ListApplicationsResponse {
            applications,
            next_page_token,
        }))
    }

    pub(super) async fn materials(
        &self,
        request: &proto::ListMaterialsRequest,
    ) -> Result<Response<proto::ListMaterialsResponse>, Status> {
        let mut fields = Fields::new();
        let mut reader = Reader::new(&self.core.sealer);
        let file = fields.message(
            "application",
            request.application.as_ref(),
            |own, fields| reader.application(own, fields),
        );
        let file = fields.finish(file)?;
        let vehicle = self
            .core
            .projection
            .get::<Vehicle>(file.vin.as_str())
            .await
            .map_err(Failure::from)?;
        let today = self.core.calendar.date(self.core.clock.now());
        let needed = materials::needed(
            &file.request,
            vehicle.as_ref().map(|vehicle| &*vehicle.state),
            file.agent.is_some(),
            today,
        );
        let limit = Rules::on(today).limit(file.request.business());
        let list = |needed: Vec<Needed>| {
            needed
                .into_iter()
                .map(|needed| proto::NeededMaterial {
                    material: material(needed.material).into(),
                    legal_basis: needed.basis.to_string(),
                })
                .collect()
        };
        Ok(Response::new(proto::ListMaterialsResponse {
            submitted: list(needed.submitted),
            electronic: list(needed.electronic),
            limit_days: limit.days.into(),
            limit_basis: limit.basis().to_string(),
        }))
    }

    pub(super) async fn application_history(
        &self,
        request: &proto::ListApplicationHistoryRequest,
    ) -> Result<Response<proto::ListApplicationHistoryResponse>, Status> {
        let mut fields = Fields::new();
        let id = application_id("parent", &request.parent, &mut fields);
        let query: [&[u8]; 2] = [b"application history", request.parent.as_bytes()];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, request.page_size, &request.page_token, &query);
        let (id, page) = fields.finish((id, page))?;
        self.find_application(&id).await?;
        let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
        let size = history_size(request.page_size, page.size);
        let commits = self
            .commits::<Application>(id.as_str(), after, size)
            .await?;
        let mut events = Vec::new();
        for stored in &commits {
            events.extend(application_events(&id, stored)?);
        }
        let next_page_token = match next(&commits, size) {
            Some(key) => tokens.token(&key, &query)?,
            None => String::new(),
        };
        Ok(Response::new(proto::ListApplicationHistoryResponse {
            events,
            next_page_token,
        }))
    }

    pub(super) async fn vehicle_history(
        &self,
        request: &proto::ListVehicleHistoryRequest,
    ) -> Result<Response<proto::ListVehicleHistoryResponse>, Status> {
        let mut fields = Fields::new();
        let vin = vin("parent", &request.parent, &mut fields);
        let query: [&[u8]; 2] = [b"vehicle history", request.parent.as_bytes()];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, request.page_size, &request.page_token, &query);
        let (vin, page) = fields.finish((vin, page))?;
        self.find_vehicle(&vin).await?;
        let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
        let size = history_size(request.page_size, page.size);
        let commits = self.commits::<Vehicle>(vin.as_str(), after, size).await?;
        let mut events = Vec::new();
        for stored in &commits {
            let name = contract::vehicle_name(&vin);
            events.extend(read_events::<VehicleEvent>(&name, stored, |event| {
                (event.fact.name(), serde_json::to_value(&event.fact))
            })?);
        }
        let next_page_token = match next(&commits, size) {
            Some(key) => tokens.token(&key, &query)?,
            None => String::new(),
        };
        Ok(Response::new(proto::ListVehicleHistoryResponse {
            events,
            next_page_token,
        }))
    }

    async fn commits<A: Aggregate>(
        &self,
        id: &str,
        after: Option<&[u8]>,
        size: usize,
    ) -> Result<Vec<Stored>, Failure> {
        let after = after
            .and_then(|mut key| u64::decode(&mut key))
            .unwrap_or_default();
        self.core
            .history::<A>(id, after, size)
            .await
            .map_err(|away| Failure::unavailable(away.to_string(), Duration::from_secs(1)))
    }
}

fn history_size(asked: i32, size: usize) -> usize {
    match asked {
        0 => 100,
        _ => size.min(LARGEST_HISTORY_PAGE),
    }
}

/// A commit is never cut in two: a page holds so many commits, each with a few events.
fn next(commits: &[Stored], size: usize) -> Option<Vec<u8>> {
    let last = commits.last().filter(|_| commits.len() == size)?;
    let mut key = Vec::new();
    last.position.encode(&mut key);
    Some(key)
}

/// The events of a stored commit on an application, as the contract shows them.
pub(super) fn application_events(
    id: &ApplicationId,
    stored: &Stored,
) -> Result<Vec<proto::HistoryEvent>, Failure> {
    let name = contract::application_name(id);
    read_events::<ApplicationEvent>(&name, stored, |event| {
        (event.fact.name(), serde_json::to_value(&event.fact))
    })
}

type Told = (&'static str, serde_json::Result<serde_json::Value>);

fn read_events<E: serde::de::DeserializeOwned>(
    resource: &str,
    stored: &Stored,
    tell: impl Fn(&E) -> Told,
) -> Result<Vec<proto::HistoryEvent>, Failure> {
    let commit = Commit::decode(&stored.payload).map_err(Failure::internal)?;
    commit
        .events
        .iter()
        .map(|json| {
            let event: E = serde_json::from_str(json.get()).map_err(Failure::internal)?;
            let (name, fact) = tell(&event);
            Ok(contract::history_event(
                resource.to_owned(),
                stored.position,
                &commit.metadata,
                name,
                fact.map_err(Failure::internal)?,
            ))
        })
        .collect()
}

/// The number of an aggregate id: [`PlateNumber::key`] the other way round.
fn read_plate_key(key: &str) -> Result<PlateNumber, Invalid> {
    let mut number = String::with_capacity(key.len());
    for part in key.split('-') {
        let hex = part.len() == 4 && part.bytes().all(|b| b.is_ascii_hexdigit());
        let character = u32::from_str_radix(part, 16)
            .ok()
            .and_then(char::from_u32)
            .filter(|character| hex && !character.is_ascii());
        match character {
            Some(character) => number.push(character),
            None => number.push_str(part),
        }
    }
    let parsed = PlateNumber::parse(&number)?;
    if parsed.key() == key {
        return Ok(parsed);
    }
    Err(Invalid::new(
        "must be a plate number with the characters that are not ASCII in hexadecimal, e.g. `9c81-R12345`",
        "应为号牌号码，其中非 ASCII 字符以十六进制表示，如 9c81-R12345",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_from_its_key() {
        for number in ["鲁R12345", "鲁R1234挂", "鲁RD12345", "鲁RA1B2C"] {
            let number = PlateNumber::parse(number).unwrap();
            assert_eq!(read_plate_key(&number.key()), Ok(number));
        }
        for bad in ["", "R12345", "鲁R12345", "9c81-r12345", "9C81-R12345"] {
            assert!(read_plate_key(bad).is_err(), "{bad}");
        }
    }
}
