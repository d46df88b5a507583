//! From parking's own events to what other agencies see (`proto/traffic/parking/v1/published.proto`).
//!
//! A plate goes out only where the law makes another authority find its holder: arrears referred (Beijing parking
//! regulations art. 41(2)) and illegal parking (Road Traffic Safety Law arts. 56, 93).

use crate::api::{availability, bay_kind, grade, point};
use crate::domain::bay::{Bay, BayDetails, BayEvent, IllegalGround, Place};
use crate::domain::session::{Session, SessionEvent};
use crate::domain::zone::{Zone, ZoneDetails, ZoneEvent};
use chassis::published::{Origin, Publications, PublishedEvent};
use chassis::server::to_timestamp;
use traffic_proto::parking::v1 as proto;

/// Everything that parking publishes.
pub fn publications() -> Publications {
    Publications::new()
        .of::<Zone>(zone)
        .of::<Bay>(bay)
        .of::<Session>(session)
}

fn place(place: &Place) -> proto::PlaceRef {
    proto::PlaceRef {
        bay: format!("bays/{}", place.bay),
        zone: format!("zones/{}", place.zone),
        district: place.district.to_string(),
    }
}

fn zone(event: &ZoneEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let name = format!("zones/{}", origin.id);
    let event = match event {
        ZoneEvent::ZoneOpened { details } | ZoneEvent::ZoneChanged { details } => {
            PublishedEvent::of(
                name.clone(),
                details.district,
                &zone_published(name, details),
            )
        }
        ZoneEvent::ZoneRetired { district } => {
            PublishedEvent::of(name.clone(), *district, &proto::ZoneRetired { zone: name })
        }
        // The bay's own events tell it.
        ZoneEvent::BayAdded { .. } | ZoneEvent::BayRemoved { .. } => return Vec::new(),
    };
    vec![event]
}

fn zone_published(zone: String, details: &ZoneDetails) -> proto::ZonePublished {
    proto::ZonePublished {
        zone,
        display_name: details.display_name.clone(),
        grade: grade(details.grade).into(),
        district: details.district.to_string(),
        tariff: format!("tariffs/{}", details.tariff),
    }
}

fn bay(event: &BayEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let name = format!("bays/{}", origin.id);
    let event = match event {
        BayEvent::BayMarked { details } | BayEvent::BayChanged { details } => PublishedEvent::of(
            name.clone(),
            details.district,
            &bay_published(name, details),
        ),
        BayEvent::BayRetired { place: at } => PublishedEvent::of(
            name,
            at.district,
            &proto::BayRetired {
                place: Some(place(at)),
            },
        ),
        BayEvent::AvailabilityChanged {
            place: at,
            from,
            to,
            since,
        } => {
            let message = proto::AvailabilityChanged {
                place: Some(place(at)),
                was: availability(*from).into(),
                is: availability(*to).into(),
                since_time: Some(to_timestamp(*since)),
            };
            PublishedEvent::of(name, at.district, &message)
        }
        BayEvent::BayClosed {
            place: at,
            since,
            occupations,
        } => {
            let message = proto::BayClosed {
                place: Some(place(at)),
                since_time: Some(to_timestamp(*since)),
                permits: occupations
                    .iter()
                    .map(|id| format!("permits/{id}"))
                    .collect(),
            };
            PublishedEvent::of(name, at.district, &message)
        }
        BayEvent::BayReopened { place: at, since } => {
            let message = proto::BayReopened {
                place: Some(place(at)),
                since_time: Some(to_timestamp(*since)),
            };
            PublishedEvent::of(name, at.district, &message)
        }
        BayEvent::IllegalParkingSeen {
            place: at,
            plate,
            ground,
            observed_at,
            occupations,
            act,
        } => {
            let (ground, legal_basis) = illegal_ground(*ground);
            let message = proto::IllegalParkingSeen {
                place: Some(place(at)),
                plate: plate.as_str().to_owned(),
                ground: ground.into(),
                observe_time: Some(to_timestamp(*observed_at)),
                permits: occupations
                    .iter()
                    .map(|id| format!("permits/{id}"))
                    .collect(),
                legal_basis: legal_basis.to_owned(),
                act_time: Some(to_timestamp(*act)),
            };
            PublishedEvent::of(name, at.district, &message)
        }
        BayEvent::ReadingAccepted { .. }
        | BayEvent::SessionTracked { .. }
        | BayEvent::SessionDropped { .. }
        | BayEvent::SuspensionScheduled { .. }
        | BayEvent::SuspensionWithdrawn { .. } => return Vec::new(),
    };
    vec![event]
}

fn illegal_ground(ground: IllegalGround) -> (proto::IllegalParkingGround, &'static str) {
    match ground {
        IllegalGround::Closed => (
            proto::IllegalParkingGround::Closed,
            "Road Traffic Safety Law art. 56(1)",
        ),
        IllegalGround::Disabled => (
            proto::IllegalParkingGround::Disabled,
            "Shandong Road Traffic Safety Measures art. 37(4)",
        ),
        IllegalGround::Electric => (
            proto::IllegalParkingGround::Electric,
            "Beijing Motor Vehicle Parking Regulations art. 26(3)",
        ),
    }
}

fn bay_published(bay: String, details: &BayDetails) -> proto::BayPublished {
    proto::BayPublished {
        place: Some(proto::PlaceRef {
            bay,
            zone: format!("zones/{}", details.zone),
            district: details.district.to_string(),
        }),
        position: Some(point(details.position)),
        kind: bay_kind(details.kind).into(),
        label: details.label.clone(),
    }
}

fn session(event: &SessionEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let name = format!("sessions/{}", origin.id);
    let session = name.clone();
    let event = match event {
        SessionEvent::SessionCharged {
            place: at,
            arrived_at,
            left_at,
            bill,
            replaced,
            ..
        } => {
            let message = proto::SessionCharged {
                session,
                place: Some(place(at)),
                arrive_time: Some(to_timestamp(*arrived_at)),
                leave_time: Some(to_timestamp(*left_at)),
                amount_fen: bill.charge.amount.signed(),
                replaced_amount_fen: replaced.map(chassis::domain::values::Fen::signed),
            };
            PublishedEvent::of(name, at.district, &message)
        }
        SessionEvent::SessionVoided { place: at } => PublishedEvent::of(
            name,
            at.district,
            &proto::SessionVoided {
                session,
                place: Some(place(at)),
            },
        ),
        SessionEvent::OverstayNoted {
            place: at,
            arrived_at,
        } => {
            let arrive_time = Some(to_timestamp(*arrived_at));
            let message = proto::OverstayNoted {
                session,
                place: Some(place(at)),
                arrive_time,
            };
            PublishedEvent::of(name, at.district, &message)
        }
        SessionEvent::PaymentReceived {
            place: at,
            payment,
            outstanding,
        } => {
            let message = proto::PaymentReceived {
                session,
                place: Some(place(at)),
                amount_fen: payment.amount.signed(),
                outstanding_fen: outstanding.signed(),
            };
            PublishedEvent::of(name, at.district, &message)
        }
        SessionEvent::PaymentRefunded { place: at, refund } => {
            let amount_fen = refund.amount.signed();
            let message = proto::PaymentRefunded {
                session,
                place: Some(place(at)),
                amount_fen,
            };
            PublishedEvent::of(name, at.district, &message)
        }
        SessionEvent::ArrearsReferred {
            place: at,
            plate,
            arrived_at,
            left_at,
            outstanding,
            reminded_until,
        } => {
            let message = proto::ArrearsReferred {
                session,
                place: Some(place(at)),
                plate: plate.as_str().to_owned(),
                arrive_time: Some(to_timestamp(*arrived_at)),
                leave_time: Some(to_timestamp(*left_at)),
                outstanding_fen: outstanding.signed(),
                reminded_until_time: Some(to_timestamp(*reminded_until)),
                legal_basis: "Beijing Motor Vehicle Parking Regulations art. 41(2)".to_owned(),
            };
            PublishedEvent::of(name, at.district, &message)
        }
        SessionEvent::ReferralSettled { place: at, plate } => {
            let plate = plate.as_str().to_owned();
            let message = proto::ArrearsSettled {
                session,
                place: Some(place(at)),
                plate,
            };
            PublishedEvent::of(name, at.district, &message)
        }
        SessionEvent::SessionStarted { .. }
        | SessionEvent::VehicleIdentified { .. }
        | SessionEvent::ArrivalCorrected { .. }
        | SessionEvent::SessionEnded { .. }
        | SessionEvent::SessionResumed { .. }
        | SessionEvent::SessionCorrected { .. }
        | SessionEvent::ChargeWaived { .. }
        | SessionEvent::PaymentNoticeIssued { .. }
        | SessionEvent::ReminderIssued { .. }
        | SessionEvent::FoundUncollectable { .. }
        | SessionEvent::CollectionRestarted { .. } => return Vec::new(),
    };
    vec![event]
}
