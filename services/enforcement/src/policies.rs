//! Reactions to published events of other services: illegal parking that parking has seen becomes a case.

use crate::domain::conduct::{Act, Conduct, Road};
use crate::domain::values::Place;
use crate::domain::violation::capture::record_violation;
use crate::domain::violation::event::{Filing, Source};
use async_trait::async_trait;
use chassis::commands::Call;
use chassis::domain::values::{DocumentNumber, PlateNumber, Text};
use chassis::domain::{Channel, District};
use chassis::policies::{Policy, Reaction};
use chassis::published::ReceivedEvent;
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
        let (filing, act) = understand(&seen)?;
        // Parking reports one act as often as it is seen: the act is the cause, not the event.
        let call = Call::because("illegal-parking", Channel::Policy, &act);
        self.core
            .commands
            .perform(call, move |tx| {
                record_violation(tx, filing.clone()).map(|_| ())
            })
            .await?;
        Ok(())
    }
}

/// The case, and what makes the act the one it is.
fn understand(seen: &parking::IllegalParkingSeen) -> Result<(Filing, String), Reaction> {
    let missing = |what: &str| Reaction::NotUnderstood(format!("no {what}"));
    let place = seen.place.as_ref().ok_or_else(|| missing("place"))?;
    let district = place.district.parse().ok().and_then(District::new);
    let time = seen.act_time.as_ref().ok_or_else(|| missing("act time"))?;
    let acted_at =
        Timestamp::new(time.seconds, time.nanos).map_err(|_| missing("valid act time"))?;
    // A plate of the armed forces is none of this register's.
    let plate = PlateNumber::parse(&seen.plate)
        .map_err(|invalid| Reaction::Refused(invalid.to_string()))?;
    let bay = place.bay.strip_prefix("bays/").unwrap_or(&place.bay);
    let text = |text: &str| {
        Text::parse(text).map_err(|invalid| Reaction::NotUnderstood(invalid.to_string()))
    };
    let reference = DocumentNumber::parse(bay)
        .map_err(|invalid| Reaction::NotUnderstood(invalid.to_string()))?;
    let act = format!("{}|{}|{}|{acted_at}", place.bay, seen.plate, seen.ground);
    let filing = Filing {
        source: Source::Referral {
            from: text("parking")?,
            reference,
        },
        place: Place {
            district: district.ok_or_else(|| missing("district"))?,
            road: text(&place.bay)?,
            point: None,
        },
        act: Act {
            conduct: Conduct::IllegalParking,
            road: Road::Other,
            vehicle: None,
            measure: None,
            repeated: false,
        },
        code: None,
        acted_at,
        harmed_health: false,
        plate: Some(plate),
        evidence: Vec::new(),
        party: None,
        filed_by: String::new(),
        same_act_as: None,
        due: None,
    };
    Ok((filing, act))
}
