//! Stations: commissioned, suspended and ended by the police; appointments with them, made for the same few slots, kept or not;
//! and orders that are paid at a counter.

use super::vehicles::OFFICER;
use super::{OrderApi, StationApi, User, Users, seconds};
use crate::workloads::registration::{day, identity};
use jiff::tz::Offset;
use rand::RngExt;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::order_service_server::OrderService;
use traffic_proto::registration::v1::station_service_server::StationService;
use traffic_proto::registration::v1::{
    Business, Day, FeeItem, OpeningHours, OpeningWindow, Order, OrderLine, Station, StationKind,
};

/// The account of all counters.
const COUNTER: &str = "station:one";
/// Who makes appointments for people.
const PORTAL: &str = "partner:portal";
const SLOT_MINUTES: u32 = 30;
/// Of the next day: everybody who does not come at once wants this slot.
const POPULAR_MINUTE: u32 = 600;

impl Users {
    /// Somebody has an appointment at a station, or comes without one, and pays for something at its counter.
    pub(in crate::simulation) async fn appoint(
        self,
        number: u64,
        person: u8,
    ) -> Result<(), String> {
        let mut user = self.user(number);
        let id = format!("s{}", number % 2);
        user.commission(&id).await?;
        user.supervise(&id, number).await?;
        let station = format!("stations/{id}");
        for _ in 0..user.random.random_range(1..3) {
            user.think().await;
            user.keep_appointment(&station, person.into()).await?;
        }
        if user.random.random_bool(0.5) {
            let request = registration_v1::TakeWalkInRequest {
                parent: station,
                business: Business::Ebike.into(),
                identity_number: identity(person.into()),
                ..Default::default()
            };
            let take = method!(StationApi, take_walk_in);
            user.does(COUNTER, request, take).await?;
        }
        user.think().await;
        user.order_at_counter(number).await
    }
}

impl User {
    /// Mostly another has done so before.
    async fn commission(&mut self, id: &str) -> Result<(), String> {
        let request = registration_v1::CommissionStationRequest {
            station_id: id.to_owned(),
            station: Some(station(0)),
            ..Default::default()
        };
        let commission = method!(StationApi, commission_station);
        self.does(OFFICER, request, commission).await?;
        Ok(())
    }

    /// What the police do about stations while people come: rarely anything.
    async fn supervise(&mut self, id: &str, number: u64) -> Result<(), String> {
        let name = format!("stations/{id}");
        match self.random.random_range(0..10) {
            0 | 1 => {
                let request = registration_v1::UpdateStationRequest {
                    station: Some(Station {
                        name,
                        ..station(number % 3)
                    }),
                    ..Default::default()
                };
                let update = method!(StationApi, update_station);
                // It may be called so already.
                self.ensure(OFFICER, request, update).await?.ok();
            }
            2 => {
                let request = registration_v1::SuspendStationRequest {
                    name: name.clone(),
                    reason: "papers were lost".into(),
                    ..Default::default()
                };
                let suspend = method!(StationApi, suspend_station);
                self.does(OFFICER, request, suspend).await?;
                self.think().await;
                let request = registration_v1::ResumeStationRequest {
                    name,
                    ..Default::default()
                };
                let resume = method!(StationApi, resume_station);
                self.does(OFFICER, request, resume).await?;
            }
            3 => {
                let own = format!("own-{number}");
                self.commission(&own).await?;
                let request = registration_v1::EndStationRequest {
                    name: format!("stations/{own}"),
                    reason: "nobody came".into(),
                    ..Default::default()
                };
                let end = method!(StationApi, end_station);
                self.does(OFFICER, request, end).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Made for now or for tomorrow; kept, taken back, or forgotten.
    async fn keep_appointment(&mut self, station: &str, person: u32) -> Result<(), String> {
        let is_at_once = self.random.random_bool(0.5);
        let (day, begin_minute) = if is_at_once {
            self.next_slot()
        } else {
            (self.day_in(1), POPULAR_MINUTE)
        };
        let business = if self.random.random_bool(0.5) {
            Business::Ebike
        } else {
            Business::PlatesAndDocuments
        };
        let request = registration_v1::BookAppointmentRequest {
            parent: station.to_owned(),
            day,
            begin_minute,
            business: business.into(),
            identity_number: identity(person),
            ..Default::default()
        };
        let book = method!(StationApi, book_appointment);
        let Ok(booked) = self.command(PORTAL, request, book).await? else {
            return Ok(());
        };
        let name = booked.into_inner().name;
        self.think().await;
        match self.random.random_range(0..5) {
            0 | 1 => {
                // Of those who call some are not who made it.
                let caller = if self.random.random_bool(0.1) {
                    person + 1
                } else {
                    person
                };
                let request = registration_v1::CancelAppointmentRequest {
                    name,
                    identity_number: identity(caller),
                    ..Default::default()
                };
                let cancel = method!(StationApi, cancel_appointment);
                self.does(PORTAL, request, cancel).await?;
            }
            2 | 3 if is_at_once => {
                let request = registration_v1::ArriveForAppointmentRequest {
                    name,
                    ..Default::default()
                };
                let arrive = method!(StationApi, arrive_for_appointment);
                self.does(COUNTER, request, arrive).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Its day, and the minute of the day.
    fn next_slot(&self) -> (Option<Day>, u32) {
        let local = |at| Offset::constant(8).to_datetime(at);
        let minute_of = |at| {
            let at = local(at);
            u32::from(at.hour().unsigned_abs()) * 60 + u32::from(at.minute().unsigned_abs())
        };
        let now = self.now();
        let ahead = SLOT_MINUTES - minute_of(now) % SLOT_MINUTES;
        let begins = seconds(now, i64::from(ahead) * 60);
        (day(&local(begins).date().to_string()), minute_of(begins))
    }

    /// A licence is made again; some change their minds, and get back what they paid.
    async fn order_at_counter(&mut self, number: u64) -> Result<(), String> {
        let request = registration_v1::OpenOrderRequest {
            order: Some(Order {
                subject: format!("counters/{number}"),
                district: "371702".into(),
                lines: vec![OrderLine {
                    item: FeeItem::VehicleLicence.into(),
                    count: 1,
                    ..OrderLine::default()
                }],
                ..Order::default()
            }),
            ..Default::default()
        };
        let open = method!(OrderApi, open_order);
        let Ok(opened) = self.command(COUNTER, request, open).await? else {
            return Ok(());
        };
        let order = opened.into_inner().name;
        let reference = format!("o{number}");
        if self.random.random_bool(0.8) {
            self.pay_order(&order, &reference).await?;
        }
        self.think().await;
        if self.random.random_bool(0.7) {
            let request = registration_v1::UseOrderRequest {
                name: order.clone(),
                ..Default::default()
            };
            let use_up = method!(OrderApi, use_order);
            self.does(COUNTER, request, use_up).await?;
        } else {
            let request = registration_v1::CancelOrderRequest {
                name: order.clone(),
                reason: "it was found again".into(),
                ..Default::default()
            };
            let cancel = method!(OrderApi, cancel_order);
            self.does(COUNTER, request, cancel).await?;
        }
        self.refund_order(&order, &reference).await
    }
}

/// A station with one counter, round the clock. `version`: of what it is called.
fn station(version: u64) -> Station {
    let always = vec![OpeningWindow {
        from_minute: 0,
        until_minute: 1_440,
    }];
    Station {
        display_name: format!("Sample Station {version}"),
        kind: StationKind::KioskHall.into(),
        district: "371702".into(),
        address: "Sample Road 2".into(),
        phone: "0530-0000000".into(),
        businesses: vec![Business::Ebike.into(), Business::PlatesAndDocuments.into()],
        hours: Some(OpeningHours {
            slot_minutes: SLOT_MINUTES,
            working_days: always.clone(),
            other_days: always,
        }),
        counters: 1,
        ..Station::default()
    }
}
