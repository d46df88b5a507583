//! What cameras, officers and banks ask of enforcement about one case.

use super::{in_minutes, request_id};
use crate::invented;
use pbjson_types::Timestamp;
use traffic_proto::enforcement::v1::source::Kind;
use traffic_proto::enforcement::v1::{
    AcceptHandlingRequest, Act, Conduct, Day, DecideViolationRequest, Device, LicenceFacts,
    NoticeChannel, OnTheSpot, Party, PassReviewRequest, Place, RecordPaymentRequest,
    RecordViolationRequest, Review, Road, Sanction, SendNoticeRequest, ServeDecisionRequest,
    Service, Source, StopOnTheSpotRequest, Violation,
};

/// One act of one vehicle, on a piece of road of its own: an act that no other is the same as.
#[derive(Clone, Debug)]
pub(in crate::bench) struct Incident {
    pub(in crate::bench) number: u64,
    pub(in crate::bench) act: Act,
    /// Number of the vehicle, which [`invented::plate`] takes.
    pub(in crate::bench) vehicle: u64,
    pub(in crate::bench) district: &'static str,
}

impl Incident {
    fn violation(&self, source: Kind, party: Option<Party>) -> Violation {
        Violation {
            source: Some(Source { kind: Some(source) }),
            place: Some(Place {
                district: self.district.to_owned(),
                road: format!("示例路 {}", self.number),
                point: None,
            }),
            act: Some(self.act),
            act_time: Some(in_minutes(-60)),
            plate: invented::plate(self.vehicle),
            evidence: vec![format!("{:064x}", self.number)],
            party,
            ..Violation::default()
        }
    }

    /// A fixed camera has seen it.
    pub(in crate::bench) fn captured(&self, request_id: String) -> RecordViolationRequest {
        let camera = Device {
            number: "SAMPLE-CAM-1".to_owned(),
            verified_until: day("2099-12-31"),
            published: true,
            warned: true,
            ..Device::default()
        };
        RecordViolationRequest {
            violation: Some(self.violation(Kind::Device(camera), None)),
            request_id,
            validate_only: false,
        }
    }

    /// An officer has stopped the driver.
    pub(in crate::bench) fn stopped(
        &self,
        party: Party,
        request_id: String,
    ) -> StopOnTheSpotRequest {
        StopOnTheSpotRequest {
            violation: Some(self.violation(Kind::OnTheSpot(OnTheSpot {}), Some(party))),
            request_id,
            validate_only: false,
        }
    }
}

/// A car that stands where it must not.
pub(in crate::bench) fn illegal_parking() -> Act {
    Act {
        conduct: Conduct::IllegalParking.into(),
        road: Road::Other.into(),
        ..Act::default()
    }
}

/// A driver with a licence, by a number below 20 million.
pub(in crate::bench) fn driver(number: u64) -> Party {
    Party {
        name: "示例驾驶人".to_owned(),
        identity_number: invented::identity_number(number),
        licence: Some(LicenceFacts {
            first_issued: day("2015-06-01"),
            large_vehicles: false,
        }),
        ..Party::default()
    }
}

pub(in crate::bench) fn review(name: &str, review: Review) -> PassReviewRequest {
    PassReviewRequest {
        name: name.to_owned(),
        review: review.into(),
        request_id: request_id(),
        ..PassReviewRequest::default()
    }
}

pub(in crate::bench) fn notice(name: &str) -> SendNoticeRequest {
    SendNoticeRequest {
        name: name.to_owned(),
        channel: NoticeChannel::App.into(),
        request_id: request_id(),
        ..SendNoticeRequest::default()
    }
}

pub(in crate::bench) fn acceptance(name: &str, party: Party) -> AcceptHandlingRequest {
    AcceptHandlingRequest {
        name: name.to_owned(),
        party: Some(party),
        request_id: request_id(),
        ..AcceptHandlingRequest::default()
    }
}

/// In the simple procedure.
pub(in crate::bench) fn decision(name: &str, sanction: Sanction) -> DecideViolationRequest {
    DecideViolationRequest {
        name: name.to_owned(),
        sanction: Some(sanction),
        told_and_heard: true,
        request_id: request_id(),
        ..DecideViolationRequest::default()
    }
}

pub(in crate::bench) fn service(name: &str) -> ServeDecisionRequest {
    ServeDecisionRequest {
        name: name.to_owned(),
        service: Service::HandedOver.into(),
        request_id: request_id(),
        ..ServeDecisionRequest::default()
    }
}

/// A payment of so much for a served case, at a time not before it was served.
pub(in crate::bench) fn payment(
    name: &str,
    amount_fen: i64,
    pay_time: Option<Timestamp>,
) -> RecordPaymentRequest {
    RecordPaymentRequest {
        name: name.to_owned(),
        amount_fen,
        reference: name.replacen("violations/", "BENCH-", 1),
        pay_time,
        request_id: request_id(),
        ..RecordPaymentRequest::default()
    }
}

pub(in crate::bench) fn day(value: &str) -> Option<Day> {
    Some(Day {
        value: value.to_owned(),
    })
}
