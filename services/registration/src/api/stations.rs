//! Stations and appointments over gRPC.

use super::days::{self, district};
use super::parties::resident;
use crate::domain::station::day::{
    self, Appointment, AppointmentId, AppointmentState, DayKey, StationDay,
};
use crate::domain::station::ground::StationGround;
use crate::domain::station::hours::{OpeningHours, Window};
use crate::domain::station::{
    self, Business, Details, MOST_CLOSED_DAYS, MOST_COUNTERS, Standing, Station, StationId,
    StationKind,
};
use crate::read_model::stations;
use chassis::commands::check_etag;
use chassis::commands::{Call, Done};
use chassis::domain::values::Text;
use chassis::domain::{Halt, Invalid, Rejection, Revision, Transaction};
use chassis::projection::{Key, Versioned};
use chassis::server::{Failure, Fields, to_timestamp};
use chassis::service::Core;
use jiff::civil::Date;
use std::collections::BTreeSet;
use tonic::{Request, Response, Status};
use traffic_proto::Step;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::station_service_server::StationService;

const PATTERN: &str = "stations/{station}";
const APPOINTMENT: &str = "stations/{station}/days/{day}/appointments/{appointment}";

/// The methods for stations and appointments.
#[derive(Clone, Debug)]
pub struct StationApi {
    core: Core,
}

type Answer = Result<Response<proto::Station>, Status>;
type AppointmentAnswer = Result<Response<proto::Appointment>, Status>;

impl StationApi {
    pub fn new(core: Core) -> Self {
        Self { core }
    }

    async fn find(&self, id: &StationId) -> Result<Versioned<Station>, Failure> {
        let found = self.core.projection.get::<Station>(id.as_str()).await?;
        found.ok_or_else(|| Rejection::from(StationGround::Unknown).into())
    }

    async fn step<M: Step>(
        &self,
        request: &Request<M>,
        id: StationId,
        handler: impl Fn(&mut Transaction, &StationId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let key = id.as_str().to_owned();
        let done = self
            .core
            .commands
            .step::<Station, M>(request, key, move |tx| handler(tx, &id))
            .await?;
        Ok(respond(&done))
    }

    async fn day(&self, key: &DayKey) -> Result<StationDay, Failure> {
        let day = self
            .core
            .projection
            .get::<StationDay>(&key.to_string())
            .await?;
        Ok(day.map_or_else(StationDay::default, |day| (*day.state).clone()))
    }
}

fn respond(done: &Done<Station>) -> Response<proto::Station> {
    done.respond(resource(&done.id, &done.state, &done.revision))
}

/// The appointment that a command was about, in the day as the command left it.
fn respond_appointment(done: &Done<StationDay>, id: &AppointmentId) -> AppointmentAnswer {
    let key = DayKey::of_id(&done.id).map_err(Failure::internal)?;
    let appointment = done
        .state
        .appointments
        .get(id)
        .ok_or_else(|| Failure::internal("a command's appointment is not in its day"))?;
    Ok(done.respond(appointment_resource(&key, id, appointment)))
}

#[tonic::async_trait]
impl StationService for StationApi {
    async fn commission_station(
        &self,
        request: Request<proto::CommissionStationRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let id = fields.required("station_id", &message.station_id, station_id);
        let details = fields.message("station", message.station.as_ref(), read_details);
        let (id, details) = fields.finish((id, details))?;
        let done = self
            .core
            .commands
            .run::<Station>(message.validate_only, call, move |tx| {
                station::commission(tx, &id, details.clone())?;
                Ok(id.clone().into())
            })
            .await?;
        Ok(respond(&done))
    }

    async fn update_station(&self, request: Request<proto::UpdateStationRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let read = fields.message("station", message.station.as_ref(), |station, fields| {
            let id = named("name", &station.name, fields);
            let details = read_details(station, fields);
            Some((id?, details?, station.etag.clone()))
        });
        let (id, details, expected) = fields.finish(read)?;
        let done = self
            .core
            .commands
            .run::<Station>(message.validate_only, call, move |tx| {
                check_etag::<Station>(tx, id.as_str(), &expected)?;
                station::change(tx, &id, details.clone())?;
                Ok(id.clone().into())
            })
            .await?;
        Ok(respond(&done))
    }

    async fn suspend_station(&self, request: Request<proto::SuspendStationRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named("name", &message.name, &mut fields);
        let reason = fields.required("reason", &message.reason, Text::parse);
        let (id, reason) = fields.finish((id, reason))?;
        self.step(&request, id, move |tx, id| {
            station::suspend(tx, id, reason.clone())
        })
        .await
    }

    async fn resume_station(&self, request: Request<proto::ResumeStationRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = named("name", &request.get_ref().name, &mut fields);
        let id = fields.finish(id)?;
        self.step(&request, id, station::resume).await
    }

    async fn end_station(&self, request: Request<proto::EndStationRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named("name", &message.name, &mut fields);
        let reason = fields.required("reason", &message.reason, Text::parse);
        let (id, reason) = fields.finish((id, reason))?;
        self.step(&request, id, move |tx, id| {
            station::end(tx, id, reason.clone())
        })
        .await
    }

    async fn get_station(&self, request: Request<proto::GetStationRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = named("name", &request.get_ref().name, &mut fields);
        let id = fields.finish(id)?;
        let found = self.find(&id).await?;
        Ok(Response::new(resource(
            id.as_str(),
            &found.state,
            &found.revision,
        )))
    }

    async fn list_stations(
        &self,
        request: Request<proto::ListStationsRequest>,
    ) -> Result<Response<proto::ListStationsResponse>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let query: [&[u8]; 2] = [b"stations", message.district.as_bytes()];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, message.page_size, &message.page_token, &query);
        let own = fields.optional("district", &message.district, district);
        let (page, own) = fields.finish((page, own))?;
        let after = page
            .after
            .and_then(|cursor| String::decode(&mut cursor.0.as_slice()));
        let found = self
            .core
            .projection
            .read(move |view| {
                let own = own.map(chassis::domain::District::code);
                stations::list(view, own, after.as_ref(), page.size)
            })
            .await
            .map_err(Failure::from)?;
        let next_page_token = match &found.next {
            Some(last) => {
                let mut key = Vec::new();
                last.encode(&mut key);
                tokens.token(&key, &query)?
            }
            None => String::new(),
        };
        Ok(Response::new(proto::ListStationsResponse {
            stations: found
                .found
                .iter()
                .map(|(id, revision, station)| resource(id, station, revision))
                .collect(),
            next_page_token,
        }))
    }

    async fn list_slots(
        &self,
        request: Request<proto::ListSlotsRequest>,
    ) -> Result<Response<proto::ListSlotsResponse>, Status> {
        let message = request.get_ref();
        let key = day_of(&message.parent, message.day.as_ref())?;
        let found = self.find(&key.station).await?;
        let calendar = &self.core.calendar;
        if !found.state.is_open_on(key.date, calendar) || found.state.may_act().is_err() {
            return Ok(Response::new(proto::ListSlotsResponse::default()));
        }
        let day = self.day(&key).await?;
        let counters = usize::from(found.state.details.counters);
        let slots = found
            .state
            .details
            .hours
            .slots(calendar.is_working_day(key.date))
            .map(|slot| proto::Slot {
                begin_minute: slot.begins_minute().into(),
                places: found.state.details.counters.into(),
                free: count(counters.saturating_sub(day.taken(slot))),
            })
            .collect();
        Ok(Response::new(proto::ListSlotsResponse { slots }))
    }

    async fn book_appointment(
        &self,
        request: Request<proto::BookAppointmentRequest>,
    ) -> AppointmentAnswer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let key = read_day("parent", &message.parent, message.day.as_ref(), &mut fields);
        let minute = fields
            .number("begin_minute", message.begin_minute, 0..=1_439)
            .and_then(|minute| u16::try_from(minute).ok());
        let business = fields.choice("business", message.business, read_business);
        let person = resident(
            &self.core.sealer,
            "identity_number",
            &message.identity_number,
            &mut fields,
        );
        let (key, minute, business, person) = fields.finish((key, minute, business, person))?;
        let made = made_by(&call);
        let done = self
            .core
            .commands
            .run::<StationDay>(message.validate_only, call, move |tx| {
                day::book(tx, &key, minute, &person, business)?;
                Ok(key.to_string())
            })
            .await?;
        respond_appointment(&done, &made)
    }

    async fn cancel_appointment(
        &self,
        request: Request<proto::CancelAppointmentRequest>,
    ) -> AppointmentAnswer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let name = appointment_name(&message.name, &mut fields);
        let person = resident(
            &self.core.sealer,
            "identity_number",
            &message.identity_number,
            &mut fields,
        );
        let ((key, id), person) = fields.finish((name, person))?;
        let about = id.clone();
        let done = self
            .core
            .commands
            .run::<StationDay>(message.validate_only, call, move |tx| {
                day::cancel(tx, &key, &id, &person)?;
                Ok(key.to_string())
            })
            .await?;
        respond_appointment(&done, &about)
    }

    async fn get_appointment(
        &self,
        request: Request<proto::GetAppointmentRequest>,
    ) -> AppointmentAnswer {
        let mut fields = Fields::new();
        let name = appointment_name(&request.get_ref().name, &mut fields);
        let (key, id) = fields.finish(name)?;
        let day = self.day(&key).await?;
        let appointment = day
            .appointments
            .get(&id)
            .ok_or_else(|| Failure::from(Rejection::from(StationGround::UnknownAppointment)))?;
        Ok(Response::new(appointment_resource(&key, &id, appointment)))
    }

    async fn list_appointments(
        &self,
        request: Request<proto::ListAppointmentsRequest>,
    ) -> Result<Response<proto::ListAppointmentsResponse>, Status> {
        let message = request.get_ref();
        let key = day_of(&message.parent, message.day.as_ref())?;
        let day = self.day(&key).await?;
        let mut appointments: Vec<_> = day.appointments.iter().collect();
        appointments.sort_by_key(|(id, appointment)| (appointment.slot, (*id).clone()));
        Ok(Response::new(proto::ListAppointmentsResponse {
            appointments: appointments
                .into_iter()
                .map(|(id, appointment)| appointment_resource(&key, id, appointment))
                .collect(),
        }))
    }

    async fn arrive_for_appointment(
        &self,
        request: Request<proto::ArriveForAppointmentRequest>,
    ) -> AppointmentAnswer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let name = appointment_name(&message.name, &mut fields);
        let (key, id) = fields.finish(name)?;
        let about = id.clone();
        let done = self
            .core
            .commands
            .run::<StationDay>(message.validate_only, call, move |tx| {
                day::arrive(tx, &key, &id)?;
                Ok(key.to_string())
            })
            .await?;
        respond_appointment(&done, &about)
    }

    async fn take_walk_in(&self, request: Request<proto::TakeWalkInRequest>) -> AppointmentAnswer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let id = named("parent", &message.parent, &mut fields);
        let business = fields.choice("business", message.business, read_business);
        let person = resident(
            &self.core.sealer,
            "identity_number",
            &message.identity_number,
            &mut fields,
        );
        let (id, business, person) = fields.finish((id, business, person))?;
        let made = made_by(&call);
        let done = self
            .core
            .commands
            .run::<StationDay>(message.validate_only, call, move |tx| {
                let (key, _) = day::walk_in(tx, &id, &person, business)?;
                Ok(key.to_string())
            })
            .await?;
        respond_appointment(&done, &made)
    }
}

/// The appointment that a command makes, now or when it was sent before.
fn made_by(call: &Call) -> AppointmentId {
    day::appointment_of(call.command_id)
}

fn station_id(text: &str) -> Result<StationId, Invalid> {
    StationId::parse(text).and_then(|id| {
        if id.as_str().len() <= DayKey::LONGEST_STATION {
            Ok(id)
        } else {
            Err(Invalid::new(
                "must have at most 50 characters",
                "至多 50 个字符",
            ))
        }
    })
}

fn named(field: &str, name: &str, fields: &mut Fields) -> Option<StationId> {
    let id = fields.resource(field, name, PATTERN)?;
    fields.value(field, id, |id| StationId::parse(&id))
}

fn read_day(
    field: &str,
    parent: &str,
    day: Option<&proto::Day>,
    fields: &mut Fields,
) -> Option<DayKey> {
    let station = named(field, parent, fields);
    let date = days::required("day", day, fields);
    let (station, date) = (station?, date?);
    key(field, station, date, fields)
}

fn key(field: &str, station: StationId, date: Date, fields: &mut Fields) -> Option<DayKey> {
    fields.value(field, station, |station| {
        DayKey::new(station, date)
            .ok_or_else(|| Invalid::new("no station has so long an id", "没有如此长的服务站编号"))
    })
}

fn day_of(parent: &str, day: Option<&proto::Day>) -> Result<DayKey, Failure> {
    let mut fields = Fields::new();
    let key = read_day("parent", parent, day, &mut fields);
    fields.finish(key)
}

fn appointment_name(name: &str, fields: &mut Fields) -> Option<(DayKey, AppointmentId)> {
    let wrong = || {
        Invalid::new(
            format!("must be a resource name like {APPOINTMENT}"),
            format!("应为 {APPOINTMENT} 形式的资源名称"),
        )
    };
    let read = |name: &str| -> Result<(StationId, Date, AppointmentId), Invalid> {
        let [station, date, id] =
            chassis::server::resource_ids::<3>(name, APPOINTMENT).ok_or_else(wrong)?;
        let date = date.parse().map_err(|_| wrong())?;
        Ok((StationId::parse(station)?, date, AppointmentId::parse(id)?))
    };
    let (station, date, id) = fields.required("name", name, read)?;
    Some((key("name", station, date, fields)?, id))
}

fn read_details(station: &proto::Station, fields: &mut Fields) -> Option<Details> {
    let name = fields.required("display_name", &station.display_name, Text::parse);
    let kind = fields.choice("kind", station.kind, read_kind);
    let district = fields.required("district", &station.district, district);
    let address = fields.required("address", &station.address, Text::parse);
    let phone = fields.required("phone", &station.phone, Text::parse);
    let businesses = fields.list("businesses", &station.businesses, 1..=9, |number| {
        proto::Business::try_from(*number)
            .ok()
            .and_then(read_business)
            .ok_or_else(|| Invalid::new("not a value of this enumeration", "不是有效的枚举值"))
    });
    let hours = fields.message("hours", station.hours.as_ref(), read_hours);
    let closed = fields.each(
        "closed_days",
        &station.closed_days,
        0..=MOST_CLOSED_DAYS,
        |day, fields| days::required("value", Some(day), fields),
    );
    let counters = fields
        .number("counters", station.counters, 1..=u32::from(MOST_COUNTERS))
        .and_then(|counters| u16::try_from(counters).ok());
    Some(Details {
        name: name?,
        kind: kind?,
        district: district?,
        address: address?,
        phone: phone?,
        businesses: BTreeSet::from_iter(businesses?),
        hours: hours?,
        closed_days: BTreeSet::from_iter(closed?),
        counters: counters?,
    })
}

fn read_hours(hours: &proto::OpeningHours, fields: &mut Fields) -> Option<OpeningHours> {
    let slot = fields
        .number("slot_minutes", hours.slot_minutes, 1..=60)
        .and_then(|minutes| u16::try_from(minutes).ok());
    let most = OpeningHours::MOST_WINDOWS;
    let working = fields.each("working_days", &hours.working_days, 0..=most, read_window);
    let other = fields.each("other_days", &hours.other_days, 0..=most, read_window);
    let (slot, working, other) = (slot?, working?, other?);
    fields.value("working_days", (slot, working, other), |(slot, w, o)| {
        OpeningHours::new(slot, w, o)
    })
}

fn read_window(window: &proto::OpeningWindow, fields: &mut Fields) -> Option<Window> {
    let from = fields.number("from_minute", window.from_minute, 0..=1_439);
    let until = fields.number("until_minute", window.until_minute, 1..=1_440);
    Some(Window {
        from: u16::try_from(from?).ok()?,
        until: u16::try_from(until?).ok()?,
    })
}

const KINDS: [(StationKind, proto::StationKind); 9] = [
    (
        StationKind::VehicleOffice,
        proto::StationKind::VehicleOffice,
    ),
    (StationKind::Dealer, proto::StationKind::Dealer),
    (
        StationKind::UsedVehicleMarket,
        proto::StationKind::UsedVehicleMarket,
    ),
    (
        StationKind::InspectionBody,
        proto::StationKind::InspectionBody,
    ),
    (StationKind::Recycler, proto::StationKind::Recycler),
    (StationKind::PostOffice, proto::StationKind::PostOffice),
    (
        StationKind::FinancialInstitution,
        proto::StationKind::FinancialInstitution,
    ),
    (StationKind::Insurer, proto::StationKind::Insurer),
    (StationKind::KioskHall, proto::StationKind::KioskHall),
];

const BUSINESSES: [(Business, proto::Business); 9] = [
    (
        Business::FirstRegistration,
        proto::Business::FirstRegistration,
    ),
    (Business::Change, proto::Business::Change),
    (Business::Transfer, proto::Business::Transfer),
    (Business::Mortgage, proto::Business::Mortgage),
    (Business::Cancellation, proto::Business::Cancellation),
    (
        Business::PlatesAndDocuments,
        proto::Business::PlatesAndDocuments,
    ),
    (Business::TemporaryPlate, proto::Business::TemporaryPlate),
    (Business::InspectionMark, proto::Business::InspectionMark),
    (Business::Ebike, proto::Business::Ebike),
];

fn read_kind(kind: proto::StationKind) -> Option<StationKind> {
    let found = KINDS.iter().find(|(_, other)| *other == kind);
    found.map(|(own, _)| *own)
}

fn kind(own: StationKind) -> proto::StationKind {
    let found = KINDS.iter().find(|(kind, _)| *kind == own);
    found.map_or(proto::StationKind::Unspecified, |(_, kind)| *kind)
}

fn read_business(business: proto::Business) -> Option<Business> {
    let found = BUSINESSES.iter().find(|(_, other)| *other == business);
    found.map(|(own, _)| *own)
}

fn business(own: Business) -> proto::Business {
    let found = BUSINESSES.iter().find(|(business, _)| *business == own);
    found.map_or(proto::Business::Unspecified, |(_, business)| *business)
}

fn resource(id: &str, station: &Station, revision: &Revision) -> proto::Station {
    let details = &station.details;
    let windows = |is_working_day| {
        details
            .hours
            .of_day(is_working_day)
            .iter()
            .map(|window| proto::OpeningWindow {
                from_minute: window.from.into(),
                until_minute: window.until.into(),
            })
            .collect()
    };
    proto::Station {
        name: format!("stations/{id}"),
        display_name: details.name.to_string(),
        kind: kind(details.kind).into(),
        district: details.district.to_string(),
        address: details.address.to_string(),
        phone: details.phone.to_string(),
        businesses: details
            .businesses
            .iter()
            .map(|own| business(*own).into())
            .collect(),
        hours: Some(proto::OpeningHours {
            slot_minutes: details.hours.slot_minutes().into(),
            working_days: windows(true),
            other_days: windows(false),
        }),
        closed_days: details
            .closed_days
            .iter()
            .filter_map(|day| days::day(*day))
            .collect(),
        counters: details.counters.into(),
        state: match station.standing {
            Standing::Commissioned => proto::StationState::Commissioned,
            Standing::Suspended => proto::StationState::Suspended,
            Standing::Ended => proto::StationState::Ended,
        }
        .into(),
        etag: revision.etag(),
    }
}

fn appointment_resource(
    key: &DayKey,
    id: &AppointmentId,
    appointment: &Appointment,
) -> proto::Appointment {
    proto::Appointment {
        name: format!(
            "stations/{}/days/{}/appointments/{id}",
            key.station, key.date
        ),
        person_ref: appointment.person.to_string(),
        business: business(appointment.business).into(),
        day: days::day(key.date),
        begin_minute: appointment.slot.begins_minute().into(),
        state: match appointment.state {
            AppointmentState::Booked => proto::AppointmentState::Booked,
            AppointmentState::Arrived => proto::AppointmentState::Arrived,
            AppointmentState::Cancelled => proto::AppointmentState::Cancelled,
            AppointmentState::NoShow => proto::AppointmentState::NoShow,
        }
        .into(),
        walk_in: appointment.walk_in,
        wait_until_time: Some(to_timestamp(appointment.waits_until)),
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
