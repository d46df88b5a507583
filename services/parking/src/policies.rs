//! Reactions to published events of permits: road occupations close and free the bays that they touch.

mod marked_bays;

pub use marked_bays::MarkedBays;

use crate::closures;
use crate::domain::bay::{ClosureSchedule, DailyHours};
use crate::domain::geometry::{ClosedSegment, Position, Side};
use crate::domain::ids::OccupationId;
use crate::domain::works::{Notice, Occupation, Works, take_note};
use crate::read_model::Places;
use async_trait::async_trait;
use chassis::commands::Call;
use chassis::policies::{Policy, Reaction};
use chassis::published::ReceivedEvent;
use chassis::server::{Failure, resource_id};
use chassis::service::Core;
use jiff::Timestamp;
use jiff::civil::Time;
use traffic_proto::permits::v1 as permits;

/// Half the width of a bay in metres: a bay is touched if its nearer half is.
const HALF_A_BAY: f64 = 1.25;

/// Closes and frees bays as road occupations are granted, amended, suspended, resumed, overdue and ended.
#[derive(Debug)]
pub struct RoadOccupations {
    core: Core,
    places: Places,
}

impl RoadOccupations {
    pub fn new(core: Core, places: Places) -> Self {
        Self { core, places }
    }
}

#[async_trait]
impl Policy for RoadOccupations {
    fn name(&self) -> &'static str {
        "parking-road-occupations"
    }

    fn subjects(&self) -> Vec<String> {
        [
            "road_occupation_approved",
            "road_reopened",
            "reopening_overdue",
            "permit_suspended",
            "permit_resumed",
            "permit_revoked",
            "permit_expired",
            "permit_completed",
        ]
        .map(|event| format!("events.permits.{event}.>"))
        .to_vec()
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let Some((occupation, notice)) = understand(event)? else {
            return Ok(());
        };
        let revision = event.revision()?;
        let id = occupation.clone();
        let call = Call::reaction("road-works", event);
        let cause = call.clone();
        let noted = self
            .core
            .commands
            .perform(call, move |tx| take_note(tx, &id, revision, notice.clone()))
            .await?;
        // Aligned in any case: an earlier attempt may have noted it and gone no further.
        self.see_note(&occupation, revision, noted).await?;
        closures::align(&self.core, &self.places, &occupation, &cause).await?;
        Ok(())
    }
}

impl RoadOccupations {
    /// Waits until this replica's projection holds what is known of the occupation up to `revision`.
    async fn see_note(
        &self,
        id: &OccupationId,
        revision: u64,
        noted: Option<u64>,
    ) -> Result<(), Reaction> {
        let behind = || Reaction::Again("the projection is behind".into());
        if let Some(position) = noted {
            let seen = self.core.projection.catch_up(position).await;
            return seen.map_err(|behind| Failure::from(behind).into());
        }
        let known = self
            .core
            .projection
            .get::<Occupation>(id.as_str())
            .await
            .map_err(Failure::from)?;
        match known {
            Some(known) if known.state.revision() >= revision => Ok(()),
            _ => Err(behind()),
        }
    }
}

/// What an event says of which occupation; `None` if it is about another kind of permit.
fn understand(event: &ReceivedEvent) -> Result<Option<(OccupationId, Notice)>, Reaction> {
    let (reference, notice) = if event.is::<permits::RoadOccupationApproved>() {
        let approved: permits::RoadOccupationApproved = event.decode()?;
        let works = works(&approved)?;
        // The first grant puts it in force; an amendment changes where and when, not whether.
        let notice = if approved.grant_version <= 1 {
            Notice::Granted(works)
        } else {
            Notice::Amended(works)
        };
        (approved.r#ref, notice)
    } else if event.is::<permits::RoadReopened>() {
        (
            event.decode::<permits::RoadReopened>()?.r#ref,
            Notice::Ended,
        )
    } else if event.is::<permits::ReopeningOverdue>() {
        (
            event.decode::<permits::ReopeningOverdue>()?.r#ref,
            Notice::Overdue,
        )
    } else if event.is::<permits::PermitRevoked>() {
        let revoked: permits::PermitRevoked = event.decode()?;
        let notice = if revoked.use_goes_on {
            Notice::Resumed
        } else {
            Notice::Ended
        };
        (revoked.r#ref, notice)
    } else if event.is::<permits::PermitExpired>() {
        (
            event.decode::<permits::PermitExpired>()?.r#ref,
            Notice::Ended,
        )
    } else if event.is::<permits::PermitCompleted>() {
        (
            event.decode::<permits::PermitCompleted>()?.r#ref,
            Notice::Ended,
        )
    } else if event.is::<permits::PermitSuspended>() {
        let suspended: permits::PermitSuspended = event.decode()?;
        // Works that have begun stay on the road whatever is ordered, until it is reopened.
        let notice = if suspended.use_goes_on {
            Notice::Resumed
        } else {
            Notice::Suspended
        };
        (suspended.r#ref, notice)
    } else if event.is::<permits::PermitResumed>() {
        (
            event.decode::<permits::PermitResumed>()?.r#ref,
            Notice::Resumed,
        )
    } else {
        return Ok(None);
    };
    let reference = reference.ok_or_else(|| not_understood("it names no permit"))?;
    if reference.kind != i32::from(permits::PermitKind::RoadOccupation) {
        return Ok(None);
    }
    let id = resource_id(&reference.permit, "permits/{permit}")
        .and_then(|id| OccupationId::parse(id).ok())
        .ok_or_else(|| not_understood("its permit is no resource name"))?;
    Ok(Some((id, notice)))
}

fn not_understood(why: &str) -> Reaction {
    Reaction::NotUnderstood(why.to_owned())
}

/// What a grant closes: nothing if it leaves the parking lane open.
fn works(approved: &permits::RoadOccupationApproved) -> Result<Works, Reaction> {
    let stretch = approved
        .stretch
        .as_ref()
        .ok_or_else(|| not_understood("it has no stretch"))?;
    let time = approved
        .time
        .as_ref()
        .ok_or_else(|| not_understood("it has no time"))?;
    let points = stretch.line.iter().flat_map(|line| &line.points);
    let points: Option<Vec<Position>> = points
        .map(|point| Position::new(point.latitude, point.longitude))
        .collect();
    let side = match stretch.side() {
        permits::RoadSide::Left => Side::Left,
        permits::RoadSide::Right => Side::Right,
        permits::RoadSide::Both | permits::RoadSide::Unspecified => Side::Both,
    };
    let width_metres = match stretch.width_cm {
        0 => ClosedSegment::DEFAULT_REACH_METRES,
        centimetres => f64::from(centimetres) / 100.0,
    };
    let reach = (width_metres + HALF_A_BAY).min(ClosedSegment::MAX_REACH_METRES);
    let segment = points
        .and_then(|points| ClosedSegment::new(points, side, reach))
        .ok_or_else(|| not_understood("its line is no line"))?;
    let schedule = schedule(time).ok_or_else(|| not_understood("its time is no time"))?;
    let segments = if leaves_parking_open(stretch) {
        Vec::new()
    } else {
        vec![segment]
    };
    Ok(Works { segments, schedule })
}

/// Whether the permit names the parking lanes and closes none of them.
fn leaves_parking_open(stretch: &permits::RoadStretch) -> bool {
    let mut parking = stretch
        .lanes
        .iter()
        .filter(|lane| lane.r#type() == permits::LaneType::Parking)
        .peekable();
    parking.peek().is_some() && parking.all(|lane| lane.status() == permits::LaneStatus::Open)
}

fn schedule(time: &permits::OccupationTime) -> Option<ClosureSchedule> {
    let instant = |at: Option<&pbjson_types::Timestamp>| {
        let at = at?;
        Timestamp::new(at.seconds, at.nanos).ok()
    };
    let from = instant(time.start_time.as_ref())?;
    let until = instant(time.end_time.as_ref())?;
    let daily = match &time.daily_hours {
        None => None,
        Some(hours) => Some(DailyHours {
            from: minute(hours.from_minute)?,
            until: minute(hours.until_minute)?,
        }),
    };
    ClosureSchedule::new(from, until, daily)
}

/// Minute 1440 is midnight at the day's end: the same time of day as minute 0.
fn minute(minute: u32) -> Option<Time> {
    let minute = match minute {
        1_440 => 0,
        minute => minute,
    };
    Time::new(
        i8::try_from(minute / 60).ok()?,
        i8::try_from(minute % 60).ok()?,
        0,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_may_be_written_as_the_end_of_the_day() {
        assert_eq!(minute(1_440), Some(Time::midnight()));
        assert_eq!(minute(1_439), Time::new(23, 59, 0, 0).ok());
        assert_eq!(minute(1_441).map(|time| time.hour()), None);
    }

    #[test]
    fn a_permit_that_keeps_the_parking_lane_open_closes_no_bay() {
        let lane = |kind: permits::LaneType, status: permits::LaneStatus| permits::LaneUse {
            order: 1,
            r#type: kind.into(),
            status: status.into(),
        };
        let stretch = |lanes| permits::RoadStretch {
            lanes,
            ..Default::default()
        };
        let (parking, general) = (permits::LaneType::Parking, permits::LaneType::General);
        let (open, closed) = (permits::LaneStatus::Open, permits::LaneStatus::Closed);
        assert!(leaves_parking_open(&stretch(vec![
            lane(general, closed),
            lane(parking, open)
        ])));
        assert!(!leaves_parking_open(&stretch(vec![
            lane(parking, closed),
            lane(parking, open)
        ])));
        assert!(
            !leaves_parking_open(&stretch(vec![lane(general, open)])),
            "nothing is said of parking"
        );
        assert!(!leaves_parking_open(&stretch(vec![])));
    }
}
