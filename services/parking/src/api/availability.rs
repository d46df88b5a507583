//! `ParkingAvailabilityService`: what drivers and map providers ask.

use super::{Api, convert, read, watch};
use crate::domain::bay::{Availability, Bay};
use crate::domain::refusal::ParkingRefusal;
use crate::domain::tariff::Tariff;
use crate::domain::vehicle::VehicleClass;
use crate::domain::zone::Zone;
use crate::read_model::{self, ZoneCounts};
use chassis::domain::{Invalid, Rejection};
use chassis::server::{Failure, Fields, to_timestamp};
use futures::Stream;
use jiff::SignedDuration;
use std::pin::Pin;
use tonic::{Request, Response, Status};
use traffic_proto::parking::v1 as proto;
use traffic_proto::parking::v1::parking_availability_service_server::ParkingAvailabilityService;

type Answer<M> = Result<Response<M>, Status>;

const LONGEST_OCCUPANCY: SignedDuration = SignedDuration::from_hours(31 * 24);

fn zone_availability(zone: &str, counts: ZoneCounts, position: u64) -> proto::ZoneAvailability {
    proto::ZoneAvailability {
        zone: format!("zones/{zone}"),
        bay_count: convert::count(counts.bays()),
        free_count: convert::count(counts.free),
        taken_count: convert::count(counts.taken),
        closed_count: convert::count(counts.closed),
        unknown_count: convert::count(counts.unknown),
        position,
    }
}

impl Api {
    async fn zone_counts(&self, name: String) -> Result<proto::ZoneAvailability, Failure> {
        let mut fields = Fields::new();
        let id = fields.resource("zone", &name, "zones/{zone}");
        let id = fields.finish(id)?;
        // Before the read: a watch from here on may tell again what was read, but misses nothing.
        let position = self.core.projection.applied();
        let found = self
            .core
            .projection
            .read(move |view| {
                let exists = view
                    .aggregate::<Zone>(&id)?
                    .is_some_and(|(_, zone)| !zone.retired);
                let counts = read_model::zone_counts(view, &id)?;
                Ok(exists.then(|| zone_availability(&id, counts, position)))
            })
            .await?;
        found.ok_or(Failure::NotFound(name))
    }

    async fn all_zones(
        &self,
        message: proto::ListZoneAvailabilitiesRequest,
    ) -> Result<proto::ListZoneAvailabilitiesResponse, Failure> {
        let query: [&[u8]; 1] = [b"zone availabilities"];
        let mut fields = Fields::new();
        let page = self.page(&mut fields, message.page_size, &message.page_token, &query);
        let page = fields.finish(page)?;
        let position = self.core.projection.applied();
        let (zones, next) = self
            .core
            .projection
            .read(move |view| {
                let after = page.after.as_ref().map(|cursor| cursor.0.as_slice());
                let found = read_model::list_zones(view, None, after, page.size)?;
                let mut zones = Vec::with_capacity(found.items.len());
                for (id, _, _) in &found.items {
                    zones.push(zone_availability(
                        id,
                        read_model::zone_counts(view, id)?,
                        position,
                    ));
                }
                Ok((zones, found.next))
            })
            .await?;
        Ok(proto::ListZoneAvailabilitiesResponse {
            zones,
            next_page_token: self.next_token(next.as_deref(), &query)?,
        })
    }

    async fn free_bays(
        &self,
        message: proto::FindFreeBaysRequest,
    ) -> Result<proto::FindFreeBaysResponse, Failure> {
        let mut fields = Fields::new();
        let near = fields.message("near", message.near.as_ref(), read::point);
        let radius = match message.radius_metres {
            0 => Some(500),
            metres => fields.number("radius_metres", metres, 1..=5_000),
        };
        let most = match message.page_size {
            0 => Some(20),
            size => fields.number("page_size", size, 1..=100),
        };
        let kind = match message.kind {
            0 => Some(None),
            kind => fields.choice("kind", kind, read::bay_kind).map(Some),
        };
        let (near, radius, most, kind) = fields.finish((near, radius, most, kind))?;
        let most = usize::try_from(most).unwrap_or(20);
        let (places, now) = (self.places.clone(), self.core.clock.now());
        let bays = self
            .core
            .projection
            .read(move |view| {
                let mut found = Vec::new();
                for (id, distance_metres) in places.near(near, f64::from(radius), kind, view)? {
                    if found.len() == most {
                        break;
                    }
                    if let Some((revision, bay)) = view.aggregate::<Bay>(id.as_str())?
                        && bay.availability == Availability::Free
                    {
                        let bay = Some(convert::bay(id.as_str(), &bay, revision, now));
                        found.push(proto::NearbyBay {
                            bay,
                            distance_metres,
                        });
                    }
                }
                Ok(found)
            })
            .await?;
        Ok(proto::FindFreeBaysResponse { bays })
    }

    async fn price(&self, message: proto::QuoteRequest) -> Result<proto::QuoteResponse, Failure> {
        let mut fields = Fields::new();
        let (of_zone, of_bay) = (!message.zone.is_empty(), !message.bay.is_empty());
        let place = match (of_zone, of_bay) {
            (true, false) => fields
                .resource("zone", &message.zone, "zones/{zone}")
                .map(|id| (Some(id), None)),
            (false, true) => fields
                .resource("bay", &message.bay, "bays/{bay}")
                .map(|id| (None, Some(id))),
            _ => {
                fields.refuse(
                    "zone",
                    Invalid::new(
                        "set exactly one of zone and bay",
                        "区域与泊位须填且仅填一项",
                    ),
                );
                None
            }
        };
        let arrival = fields.optional_timestamp("arrive_time", message.arrive_time.as_ref());
        let arrival = arrival.and_then(|arrival| match arrival {
            None => Some(self.core.clock.now()),
            Some(arrival) => fields.value("arrive_time", arrival, read::sane_time),
        });
        let minutes = fields.number("minutes", message.minutes, 1..=44_640);
        let class = read::vehicle_class(&mut fields, message.vehicle_class);
        let (place, arrival, minutes, class) = fields.finish((place, arrival, minutes, class))?;
        let (named_zone, named_bay) = place;
        let not_found = if of_zone { message.zone } else { message.bay };

        let zone_id = match (named_zone, named_bay) {
            (Some(zone), _) => Some(zone),
            (None, Some(bay)) => self
                .core
                .projection
                .get::<Bay>(&bay)
                .await?
                .filter(|found| !found.state.retired)
                .map(|found| found.state.details.zone.as_str().to_owned()),
            (None, None) => None,
        };
        let Some(zone_id) = zone_id else {
            return Err(Failure::NotFound(not_found));
        };
        let zone = self
            .core
            .projection
            .get::<Zone>(&zone_id)
            .await?
            .filter(|found| !found.state.retired);
        let Some(zone) = zone else {
            return Err(Failure::NotFound(not_found));
        };
        let tariff_id = zone.state.tariff_at(arrival).clone();
        let tariff = self
            .core
            .projection
            .get::<Tariff>(tariff_id.as_str())
            .await?;
        let version = tariff
            .as_ref()
            .and_then(|tariff| tariff.state.version_at(arrival));
        let Some(version) = version else {
            return Err(
                Rejection::from(ParkingRefusal::TariffNotInForce { tariff: tariff_id }).into(),
            );
        };
        let departure = arrival + SignedDuration::from_mins(i64::from(minutes));
        let charge = version
            .rates
            .charge(arrival, departure, class.unwrap_or(VehicleClass::Small));
        Ok(proto::QuoteResponse {
            charge: Some(convert::charge(&charge, None)),
            maximum_stay_minutes: version.rates.draft().maximum_stay_minutes,
            tariff_effective_from: version.effective_from.to_string(),
        })
    }

    async fn occupancy(
        &self,
        message: proto::ListOccupancyRequest,
    ) -> Result<proto::ListOccupancyResponse, Failure> {
        let mut fields = Fields::new();
        let zone = fields.resource("zone", &message.zone, "zones/{zone}");
        let mut time = |field, value| match fields.optional_timestamp(field, value)? {
            None => Some(None),
            Some(at) => fields.value(field, at, read::sane_time).map(Some),
        };
        let from = time("start_time", message.start_time.as_ref());
        let to = time("end_time", message.end_time.as_ref());
        let (zone, from, to) = fields.finish((zone, from, to))?;
        let to = to.unwrap_or_else(|| self.core.clock.now());
        let from = from.unwrap_or(to - SignedDuration::from_hours(24));
        if from > to || to.duration_since(from) > LONGEST_OCCUPANCY {
            let why = Invalid::new(
                "must be at most 31 days before end_time, and not after it",
                "应不晚于结束时间且相距不超过 31 天",
            );
            return Err(Failure::field("start_time", why));
        }
        let name = message.zone;
        let found = self
            .core
            .projection
            .read(move |view| {
                let Some((_, known)) = view.aggregate::<Zone>(&zone)? else {
                    return Ok(None);
                };
                Ok(Some((
                    known.bays,
                    read_model::hours(view, &zone, from, to)?,
                )))
            })
            .await?;
        let Some((bays, hours)) = found else {
            return Err(Failure::NotFound(name));
        };
        #[expect(clippy::cast_precision_loss, reason = "a share, for people to look at")]
        let share = |taken_seconds: u64| {
            if bays == 0 {
                0.0
            } else {
                (taken_seconds as f64 / (bays as f64 * 3_600.0)).min(1.0)
            }
        };
        Ok(proto::ListOccupancyResponse {
            hours: hours
                .into_iter()
                .map(|(hour, row)| proto::HourlyOccupancy {
                    hour_time: Some(to_timestamp(hour)),
                    arrival_count: convert::count(row.arrivals),
                    departure_count: convert::count(row.departures),
                    taken_seconds: convert::count(row.taken_seconds),
                    occupancy: share(row.taken_seconds),
                })
                .collect(),
        })
    }
}

#[tonic::async_trait]
impl ParkingAvailabilityService for Api {
    async fn get_zone_availability(
        &self,
        request: Request<proto::GetZoneAvailabilityRequest>,
    ) -> Answer<proto::ZoneAvailability> {
        Ok(Response::new(
            self.zone_counts(request.into_inner().zone).await?,
        ))
    }

    async fn list_zone_availabilities(
        &self,
        request: Request<proto::ListZoneAvailabilitiesRequest>,
    ) -> Answer<proto::ListZoneAvailabilitiesResponse> {
        Ok(Response::new(self.all_zones(request.into_inner()).await?))
    }

    async fn find_free_bays(
        &self,
        request: Request<proto::FindFreeBaysRequest>,
    ) -> Answer<proto::FindFreeBaysResponse> {
        Ok(Response::new(self.free_bays(request.into_inner()).await?))
    }

    type WatchAvailabilityStream =
        Pin<Box<dyn Stream<Item = Result<proto::WatchAvailabilityResponse, Status>> + Send>>;

    async fn watch_availability(
        &self,
        request: Request<proto::WatchAvailabilityRequest>,
    ) -> Answer<Self::WatchAvailabilityStream> {
        let message = request.into_inner();
        let mut fields = Fields::new();
        let mut filter = |field, name: &str, pattern| match name {
            "" => Some(None),
            name => fields.resource(field, name, pattern).map(Some),
        };
        let zone = filter("zone", &message.zone, "zones/{zone}");
        let bay = filter("bay", &message.bay, "bays/{bay}");
        let (zone, bay) = fields.finish((zone, bay))?;
        let read_until = message
            .after_position
            .unwrap_or_else(|| self.core.projection.applied());
        let changes = watch::changes(self.clone(), zone, bay, read_until);
        Ok(Response::new(Box::pin(changes)))
    }

    async fn quote(&self, request: Request<proto::QuoteRequest>) -> Answer<proto::QuoteResponse> {
        Ok(Response::new(self.price(request.into_inner()).await?))
    }

    async fn list_occupancy(
        &self,
        request: Request<proto::ListOccupancyRequest>,
    ) -> Answer<proto::ListOccupancyResponse> {
        Ok(Response::new(self.occupancy(request.into_inner()).await?))
    }
}
