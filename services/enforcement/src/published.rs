//! Own events as the rest of the world sees them: messages of `published.proto`, made of the event alone.

use crate::contract::enums::{conduct, disposal, violation_state};
use crate::contract::{day, place, sanction};
use crate::domain::conduct::Conduct;
use crate::domain::detention::{DetentionEvent, DetentionFact};
use crate::domain::docket::DocketEvent;
use crate::domain::hazard::{HazardEvent, HazardFact};
use crate::domain::licence::LicenceEvent;
use crate::domain::persuasion::CompanyEvent;
use crate::domain::values::city;
use crate::domain::violation::Stage;
use crate::domain::violation::event::{Afterwards, Fact, RemedyOutcome, ViolationEvent};
use chassis::published::{Origin, PublishedEvent};
use chassis::server::to_timestamp;
use prost::Name;
use serde::Serialize;
use traffic_proto::enforcement::v1 as proto;

/// What of a case is published: that it is open, decided, settled, closed. Never who.
pub fn violation(event: &ViolationEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let about = Case { event, origin };
    let r#ref = Some(about.reference());
    let published = match &event.fact {
        Fact::ViolationEntered { acted_at, .. } => about.event(&proto::ViolationEntered {
            r#ref,
            act_time: Some(to_timestamp(*acted_at)),
        }),
        Fact::PenaltyDecided(decision) => about.event(&proto::ViolationDecided {
            r#ref,
            sanction: Some(sanction(&decision.sanction)),
            points: decision.points.into(),
            conduct: conduct_number(decision.act.conduct),
        }),
        Fact::ViolationSettled { .. } => about.event(&proto::ViolationSettled { r#ref }),
        Fact::PaymentOverdue => about.event(&proto::FineOverdue { r#ref }),
        Fact::ViolationCancelled { basis, .. } => about.closed(Stage::Cancelled, basis.to_string()),
        Fact::TransportPermitted { .. } => {
            about.closed(Stage::Cancelled, event.fact.basis().to_string())
        }
        Fact::NotPunished { basis, .. } => about.closed(Stage::NotPunished, basis.to_string()),
        Fact::OrallyWarned { .. } => about.closed(Stage::OrallyWarned, String::new()),
        Fact::ReferredAsCrime { beside: false, .. } => about.closed(Stage::Referred, String::new()),
        Fact::ReferralTakenBack { reopened: true, .. }
        | Fact::HandlingAccepted { resumed: true, .. } => {
            about.event(&proto::ViolationReopened { r#ref })
        }
        Fact::RemedyEnded {
            outcome: RemedyOutcome::Revoked,
            ..
        } => about.closed(Stage::Revoked, String::new()),
        Fact::DecisionRevokedForTrading { .. }
        | Fact::DecisionRevokedByPolice {
            afterwards: Afterwards::Reopened,
            ..
        } => about.event(&proto::ViolationReopened { r#ref }),
        Fact::DecisionRevokedByPolice {
            afterwards: Afterwards::Closed,
            ..
        } => about.closed(Stage::Revoked, event.fact.basis().to_string()),
        _ => return Vec::new(),
    };
    vec![published]
}

fn conduct_number(of: Conduct) -> i32 {
    conduct(of).into()
}

struct Case<'a> {
    event: &'a ViolationEvent,
    origin: &'a Origin<'a>,
}

impl Case<'_> {
    fn name(&self) -> String {
        format!("violations/{}", self.origin.id)
    }

    fn reference(&self) -> proto::ViolationRef {
        proto::ViolationRef {
            violation: self.name(),
            plate: self
                .event
                .plate
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            district: self.event.district.to_string(),
        }
    }

    fn event<M: Name + Serialize>(&self, message: &M) -> PublishedEvent {
        PublishedEvent::of(self.name(), self.event.district, message)
    }

    fn closed(&self, state: Stage, legal_basis: String) -> PublishedEvent {
        self.event(&proto::ViolationClosed {
            r#ref: Some(self.reference()),
            state: violation_state(state).into(),
            legal_basis,
        })
    }
}

/// Whether a person may drive, under the reference that stands for the person.
pub fn licence(event: &LicenceEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let name = format!("licences/{}", origin.id);
    let person_ref = origin.id.to_owned();
    let barred = |cause: proto::BarCause, until: Option<jiff::Timestamp>| {
        let message = proto::DriverBarred {
            person_ref: person_ref.clone(),
            cause: cause.into(),
            until: until.map(to_timestamp),
        };
        PublishedEvent::of(name.clone(), city(), &message)
    };
    vec![match event {
        LicenceEvent::LicenceDetained { .. } => barred(proto::BarCause::Points, None),
        LicenceEvent::LicenceSuspended { until, .. } => {
            barred(proto::BarCause::Suspension, Some(*until))
        }
        LicenceEvent::LicenceRevoked { .. } => barred(proto::BarCause::Revocation, None),
        LicenceEvent::DrivingRestored => {
            PublishedEvent::of(name, city(), &proto::DriverRestored { person_ref })
        }
        LicenceEvent::TradingSuspected { vehicles } => {
            let message = proto::PointsTradingSuspected {
                person_ref,
                count: *vehicles,
                ..proto::PointsTradingSuspected::default()
            };
            PublishedEvent::of(name, city(), &message)
        }
        _ => return Vec::new(),
    }]
}

/// A vehicle whose records many drivers took. The docket's id tells the vehicle; who took them is not published.
pub fn docket(event: &DocketEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let DocketEvent::TradingSuspected { plate, drivers } = event else {
        return Vec::new();
    };
    let message = proto::PointsTradingSuspected {
        plate: plate.to_string(),
        count: u32::try_from(drivers.len()).unwrap_or(u32::MAX),
        ..proto::PointsTradingSuspected::default()
    };
    vec![PublishedEvent::of(
        format!("dockets/{}", origin.id),
        city(),
        &message,
    )]
}

pub fn hazard(event: &HazardEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let name = format!("hazards/{}", origin.id);
    let hazard = name.clone();
    vec![match &event.fact {
        HazardFact::HazardFound { place: found, .. } => {
            let place = Some(place(found));
            PublishedEvent::of(name, event.district, &proto::HazardFound { hazard, place })
        }
        HazardFact::HazardVerified => {
            PublishedEvent::of(name, event.district, &proto::HazardRectified { hazard })
        }
        _ => return Vec::new(),
    }]
}

pub fn company(event: &CompanyEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let CompanyEvent::CompanySummoned {
        district,
        month,
        riders,
    } = event
    else {
        return Vec::new();
    };
    let message = proto::CompanySummoned {
        company: origin.id.to_owned(),
        month: day(*month),
        riders: *riders,
    };
    vec![PublishedEvent::of(
        format!("companies/{}", origin.id),
        *district,
        &message,
    )]
}

pub fn detention(event: &DetentionEvent, origin: &Origin<'_>) -> Vec<PublishedEvent> {
    let name = format!("detentions/{}", origin.id);
    let detention = name.clone();
    let plate = event
        .plate
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    vec![match &event.fact {
        DetentionFact::VehicleDetained { order, .. } => {
            let message = proto::VehicleDetained {
                detention,
                plate,
                legal_basis: order.ground.basis().to_string(),
            };
            PublishedEvent::of(name, event.district, &message)
        }
        DetentionFact::VehicleReleased | DetentionFact::DetentionNotApproved => PublishedEvent::of(
            name,
            event.district,
            &proto::VehicleReleased { detention, plate },
        ),
        DetentionFact::VehicleDisposed { how } => {
            let message = proto::VehicleDisposed {
                detention,
                plate,
                disposal: disposal(*how).into(),
            };
            PublishedEvent::of(name, event.district, &message)
        }
        _ => return Vec::new(),
    }]
}
