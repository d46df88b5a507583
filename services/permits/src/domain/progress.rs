//! How far the use of a permit has come: works, a trip, a run, and how each event moves it on.

use super::application::PermitKind;
use super::event::{Acceptor, ExpectedArrival, Fact};
use chassis::domain::District;
use chassis::domain::values::DocumentNumber;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far the use of the permit has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    Works(Works),
    Trip(Trip),
    Run(Run),
}

impl Progress {
    pub(super) fn of(kind: PermitKind) -> Self {
        match kind {
            PermitKind::RoadOccupation => Self::Works(Works::default()),
            PermitKind::ToxicTransport => Self::Trip(Trip::default()),
            PermitKind::OversizeTransport => Self::Run(Run::default()),
        }
    }

    /// Begun and not at its end: the road is not reopened, the load has not arrived, the escort is not done.
    pub fn is_under_way(&self) -> bool {
        match self {
            Self::Works(works) => works.started.is_some() && works.reopened.is_none(),
            Self::Trip(trip) => trip.departed.is_some() && trip.arrived.is_none(),
            Self::Run(run) => run.started.is_some() && run.done.is_none(),
        }
    }
}

/// Works on a road, up to its reopening.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Works {
    pub started: Option<Timestamp>,
    pub finished: Option<Timestamp>,
    pub road_authority: Option<Acceptance>,
    pub police: Option<Acceptance>,
    pub reopened: Option<Timestamp>,
    pub overdue: bool,
}

impl Works {
    pub fn acceptance(&self, by: Acceptor) -> Option<&Acceptance> {
        match by {
            Acceptor::RoadAuthority => self.road_authority.as_ref(),
            Acceptor::Police => self.police.as_ref(),
        }
    }
}

/// One of the two acceptances that a reopening needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    pub account: String,
    pub at: Timestamp,
}

/// The one trip of a toxic transport.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    pub departed: Option<Timestamp>,
    pub arrival: Option<ExpectedArrival>,
    pub legs_passed: u8,
    /// The time of the newest report: reports come in the order of their times.
    pub last_report: Option<Timestamp>,
    pub stopped: Option<Stop>,
    pub arrived: Option<Timestamp>,
    pub arrival_overdue: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    pub since: Timestamp,
    /// `None`: the local police know of it.
    pub alarm_at: Option<Timestamp>,
    pub alarmed: bool,
}

/// The escorted run of an oversize transport.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub escort: Option<Escort>,
    pub started: Option<Timestamp>,
    pub done: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escort {
    pub unit: DocumentNumber,
    pub vehicles: u8,
    pub district: District,
    pub handed_over_to: Vec<District>,
}

impl Works {
    pub(super) fn apply(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::RoadWorkStarted => self.started = Some(at),
            Fact::RoadWorkUnderWay { since } => self.started = Some(*since),
            Fact::RoadWorkFinished => self.finished = Some(at),
            Fact::RoadAccepted { by, account } => {
                let acceptance = Some(Acceptance {
                    account: account.clone(),
                    at,
                });
                match by {
                    Acceptor::RoadAuthority => self.road_authority = acceptance,
                    Acceptor::Police => self.police = acceptance,
                }
            }
            // The work goes on: both look again when it is finished anew.
            Fact::RoadNotAccepted { .. } => {
                self.finished = None;
                self.road_authority = None;
                self.police = None;
            }
            Fact::RoadReopened => self.reopened = Some(at),
            Fact::ReopeningOverdue { .. } => self.overdue = true,
            _ => {}
        }
    }
}

impl Trip {
    pub(super) fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::ToxicTransportDeparted { at, arrival } => {
                self.departed = Some(*at);
                self.arrival = Some(*arrival);
                self.last_report = Some(*at);
            }
            Fact::CheckpointPassed { leg, at } => {
                self.legs_passed = *leg;
                self.last_report = Some(*at);
            }
            Fact::VehicleStopped { at, alarm_at, .. } => {
                self.stopped = Some(Stop {
                    since: *at,
                    alarm_at: *alarm_at,
                    alarmed: false,
                });
                self.last_report = Some(*at);
            }
            Fact::LongStopAlarmed { .. } => {
                if let Some(stop) = &mut self.stopped {
                    stop.alarmed = true;
                }
            }
            Fact::VehicleMovedOn { at } => {
                self.stopped = None;
                self.last_report = Some(*at);
            }
            Fact::ToxicTransportArrived { at } => {
                self.stopped = None;
                self.arrived = Some(*at);
                self.last_report = Some(*at);
            }
            Fact::ArrivalOverdueAlarmed { .. } => self.arrival_overdue = true,
            _ => {}
        }
    }
}

impl Run {
    pub(super) fn apply(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::EscortAssigned {
                unit,
                vehicles,
                district,
            } => {
                self.escort = Some(Escort {
                    unit: unit.clone(),
                    vehicles: *vehicles,
                    district: *district,
                    handed_over_to: Vec::new(),
                });
            }
            Fact::EscortStarted { .. } => self.started = Some(at),
            Fact::EscortHandedOver { unit, to } => {
                if let Some(escort) = &mut self.escort {
                    escort.unit = unit.clone();
                    escort.district = *to;
                    escort.handed_over_to.push(*to);
                }
            }
            Fact::EscortCompleted { .. } => self.done = Some(at),
            _ => {}
        }
    }
}
