//! Reactions to published events of parking: illegal parking and unpaid fees become cases.

use crate::domain::arrears;
use crate::domain::conduct::{Act, Conduct, Road};
use crate::domain::ground::Ground;
use crate::domain::values::Place;
use crate::domain::violation::capture::record_violation;
use crate::domain::violation::event::{Filing, Source};
use async_trait::async_trait;
use chassis::commands::Call;
use chassis::domain::values::{DocumentNumber, PlateNumber, Text};
use chassis::domain::{Channel, District, Invalid, Refusal};
use chassis::policies::{Policy, Reaction};
use chassis::published::ReceivedEvent;
use chassis::server::{Failure, resource_id};
use chassis::service::Core;
use jiff::Timestamp;
use traffic_proto::parking::v1 as parking;

/// Opens a case for each act of illegal parking that parking reports.
#[derive(Debug)]
pub struct IllegalParking {
    core: Core,
}

impl IllegalParking {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Policy for IllegalParking {
    fn name(&self) -> &'static str {
        "enforcement-illegal-parking"
    }

    fn subjects(&self) -> Vec<String> {
        vec!["events.parking.illegal_parking_seen.>".into()]
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        if !event.is::<parking::IllegalParkingSeen>() {
            return Ok(());
        }
        let seen = event.decode::<parking::IllegalParkingSeen>()?;
        let acted_at = timestamp(seen.act_time.as_ref())?;
        let bay = &place(seen.place.as_ref())?.bay;
        let act = format!("{bay}|{}|{}|{acted_at}", seen.plate, seen.ground);
        let reference = bay.strip_prefix("bays/").unwrap_or(bay);
        let filing = filing(
            Conduct::IllegalParking,
            seen.place.as_ref(),
            &seen.plate,
            acted_at,
            reference,
        )?;
        // Parking reports one act as often as it is seen: the act is the cause, not the event.
        let call = Call::because("illegal-parking", Channel::Policy, &act);
        self.core
            .commands
            .perform(call, move |tx| {
                record_violation(tx, filing.clone()).map(|_| ())
            })
            .await
            .map_err(unless_early)?;
        Ok(())
    }
}

/// Opens a case for each debt that parking refers, and ends it when the debt is paid before anybody has come.
#[derive(Debug)]
pub struct ParkingArrears {
    core: Core,
}

impl ParkingArrears {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Policy for ParkingArrears {
    fn name(&self) -> &'static str {
        "enforcement-parking-arrears"
    }

    fn subjects(&self) -> Vec<String> {
        ["arrears_referred", "arrears_settled"]
            .map(|event| format!("events.parking.{event}.>"))
            .to_vec()
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let revision = event.revision()?;
        let call = Call::reaction("parking-arrears", event);
        if event.is::<parking::ArrearsReferred>() {
            let referred = event.decode::<parking::ArrearsReferred>()?;
            let session = session(&referred.session)?;
            // The duty is broken when the second reminder's period has passed unused.
            let filing = filing(
                Conduct::ParkingFeeUnpaid,
                referred.place.as_ref(),
                &referred.plate,
                timestamp(referred.reminded_until_time.as_ref())?,
                &session,
            )?;
            self.core
                .commands
                .perform(call, move |tx| {
                    arrears::refer(tx, &session, revision, filing.clone())
                })
                .await
                .map_err(unless_early)?;
        } else if event.is::<parking::ArrearsSettled>() {
            let settled = event.decode::<parking::ArrearsSettled>()?;
            let session = session(&settled.session)?;
            let remarks: Text<500> = text(
                "parking claims the fee no longer from this vehicle (停车费已缴清或者不再向该车收取)",
            )?;
            self.core
                .commands
                .perform(call, move |tx| {
                    arrears::settle(tx, &session, revision, remarks.clone())
                })
                .await?;
        }
        Ok(())
    }
}

/// What parking has seen by a clock that is ahead of this one's is refused until this one gets there, not for good.
fn unless_early(failure: Failure) -> Reaction {
    match &failure {
        Failure::Rejected(rejection) if rejection.reason == Ground::ActInTheFuture.reason() => {
            Reaction::Again(failure.to_string())
        }
        _ => failure.into(),
    }
}

fn session(name: &str) -> Result<String, Reaction> {
    resource_id(name, "sessions/{session}")
        .map(str::to_owned)
        .ok_or_else(|| not_understood("its session is no resource name"))
}

/// A case that parking passes on.
fn filing(
    conduct: Conduct,
    seen_at: Option<&parking::PlaceRef>,
    plate: &str,
    acted_at: Timestamp,
    reference: &str,
) -> Result<Filing, Reaction> {
    let seen_at = place(seen_at)?;
    let district = District::parse(&seen_at.district).map_err(invalid)?;
    // A plate of the armed forces is none of this register's.
    let plate =
        PlateNumber::parse(plate).map_err(|invalid| Reaction::Refused(invalid.to_string()))?;
    Ok(Filing {
        source: Source::Referral {
            from: text("parking")?,
            reference: DocumentNumber::parse(reference).map_err(invalid)?,
        },
        place: Place {
            district,
            road: text(&seen_at.bay)?,
            point: None,
        },
        act: Act {
            conduct,
            road: Road::Other,
            vehicle: None,
            measure: None,
            repeated: false,
        },
        code: None,
        acted_at,
        harmed_health: false,
        plate: Some(plate),
        registration: None,
        evidence: Vec::new(),
        party: None,
        filed_by: String::new(),
        same_act_as: None,
        due: None,
    })
}

fn place(place: Option<&parking::PlaceRef>) -> Result<&parking::PlaceRef, Reaction> {
    place.ok_or_else(|| not_understood("it has no place"))
}

fn timestamp(time: Option<&pbjson_types::Timestamp>) -> Result<Timestamp, Reaction> {
    time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok())
        .ok_or_else(|| not_understood("it has no time"))
}

fn text<const MAX: usize>(text: &str) -> Result<Text<MAX>, Reaction> {
    Text::parse(text).map_err(invalid)
}

fn invalid(why: Invalid) -> Reaction {
    Reaction::NotUnderstood(why.to_string())
}

fn not_understood(why: &str) -> Reaction {
    Reaction::NotUnderstood(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use chassis::domain::Rejection;

    #[test]
    fn what_lies_ahead_of_this_clock_is_tried_again_and_what_is_refused_is_not() {
        let refused = |ground: Ground| Failure::Rejected(Box::new(Rejection::from(ground)));
        let early = unless_early(refused(Ground::ActInTheFuture));
        assert!(matches!(early, Reaction::Again(_)), "{early:?}");
        let late = unless_early(refused(Ground::LimitationPassed));
        assert!(matches!(late, Reaction::Refused(_)), "{late:?}");
    }
}
