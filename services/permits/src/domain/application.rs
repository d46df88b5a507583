//! What a permit is applied for: one of three kinds, each with its own conditions and time limit.

use super::ground::Ground;
use super::instruments::{OccupationRules, OversizeRules, ToxicProvision, ToxicRules};
use super::oversize_transport::OversizeTransport;
use super::road_occupation::RoadOccupation;
use super::toxic_transport::ToxicTransport;
use chassis::domain::values::PlateNumber;
use chassis::domain::{District, LegalBasis, LegalCalendar, TimeLimit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PermitKind {
    RoadOccupation,
    ToxicTransport,
    OversizeTransport,
}

impl PermitKind {
    /// As in events and credentials.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RoadOccupation => "road_occupation",
            Self::ToxicTransport => "toxic_transport",
            Self::OversizeTransport => "oversize_transport",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Application {
    RoadOccupation(Box<RoadOccupation>),
    ToxicTransport(Box<ToxicTransport>),
    OversizeTransport(Box<OversizeTransport>),
}

/// The statutory time limit of a decision, and the provision that sets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatutoryLimit {
    pub limit: TimeLimit,
    pub basis: LegalBasis,
}

impl Application {
    pub fn kind(&self) -> PermitKind {
        match self {
            Self::RoadOccupation(_) => PermitKind::RoadOccupation,
            Self::ToxicTransport(_) => PermitKind::ToxicTransport,
            Self::OversizeTransport(_) => PermitKind::OversizeTransport,
        }
    }

    /// # Errors
    /// The first ground of the law that stands against it at the time `now`, `filed` first in `district` then or before.
    pub fn check(
        &self,
        district: District,
        filed: Timestamp,
        now: Timestamp,
        calendar: &LegalCalendar,
    ) -> Result<(), Ground> {
        match self {
            Self::RoadOccupation(occupation) => occupation.check(filed, now, calendar),
            Self::ToxicTransport(transport) => transport.check(district, now, calendar),
            Self::OversizeTransport(transport) => transport.check(now, calendar),
        }
    }

    /// How long the authority may take. All limits count from the day the complete application was received: acceptance
    /// is due at once on that day (Administrative Licence Law art. 32(5)).
    pub fn statutory_limit(&self, received: Timestamp, calendar: &LegalCalendar) -> StatutoryLimit {
        let day = calendar.date(received);
        match self {
            Self::RoadOccupation(_) => {
                let rules = OccupationRules::on(day);
                StatutoryLimit {
                    limit: TimeLimit::WorkingDays(rules.decision_days),
                    basis: rules.decision_basis(),
                }
            }
            Self::ToxicTransport(_) => {
                let rules = ToxicRules::on(day);
                StatutoryLimit {
                    limit: TimeLimit::WorkingDays(rules.decision_days),
                    basis: rules.basis(ToxicProvision::Decision),
                }
            }
            Self::OversizeTransport(transport) => {
                let rules = OversizeRules::on(day);
                StatutoryLimit {
                    limit: TimeLimit::WorkingDays(transport.decision_days(rules)),
                    basis: rules.classes_basis(),
                }
            }
        }
    }

    /// Plates that it names.
    pub fn plates(&self) -> Vec<&PlateNumber> {
        match self {
            Self::RoadOccupation(_) => Vec::new(),
            Self::ToxicTransport(transport) => transport.vehicles().map(|v| &v.plate).collect(),
            Self::OversizeTransport(transport) => transport.vehicles().map(|v| &v.plate).collect(),
        }
    }
}
