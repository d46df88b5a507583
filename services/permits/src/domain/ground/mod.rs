//! Every ground on which a command on permits is refused: its name, its provision, and its words.

mod application;
mod oversize;
#[cfg(test)]
mod tests;
mod toxic;
mod works;

use super::road_occupation::Direction;
use chassis::domain::values::PlateNumber;
use chassis::domain::{LegalBasis, PersonRef, Refusal, RefusalKind};
use jiff::Timestamp;
use jiff::civil::Date;
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ground {
    // What is asked of the one who asks
    UnknownPermit,
    OutsideDistrict,
    OwnApplication,
    NotTheApplicant,
    NotTheHolder,
    FiledByAnother,
    ApplicantBarred {
        until: Date,
        fraud: bool,
    },

    // Where the permit stands
    WrongState {
        is: &'static str,
        needs: &'static str,
    },
    WrongKind,
    KindChanged,
    HolderChanged,
    AlreadyInUse,
    CorrectionAlreadyRequested,
    CorrectionTooLate {
        due: Timestamp,
    },
    Suspended,
    NotSuspendedByOrder,
    AlreadySuspendedByOrder,
    OutsideValidity {
        from: Timestamp,
        until: Timestamp,
    },
    NothingUsed,

    // Road occupation
    OccupationOver,
    SignTooClose {
        given: u32,
        least: u32,
    },
    NightSignTooClose {
        given: u32,
        least: u32,
    },
    NoticeTooLate {
        given: Option<Date>,
        latest: Date,
    },
    EmergencyNotBegun,
    EmergencyFiledLate {
        hours: i64,
    },
    ConsentMissing,
    RoadTaken {
        permit: String,
        road: String,
        direction: Direction,
        shared_m: u32,
    },
    RoadTooBusy {
        road: String,
    },
    WorkNotFinished,
    WorkAlreadyFinished,
    AlreadyAccepted,
    HolderAccepts,
    OneAccountForBoth,
    NotReopened,

    // Toxic transport
    WrongCounty {
        basis: LegalBasis,
    },
    TripAlreadyBegun {
        basis: LegalBasis,
    },
    TripBeyondValidity {
        days: u16,
        basis: LegalBasis,
    },
    CarrierLicenceExpires {
        on: Date,
        basis: LegalBasis,
    },
    InspectionExpires {
        plate: PlateNumber,
        on: Date,
        basis: LegalBasis,
    },
    QualificationExpires {
        person: PersonRef,
        on: Date,
        basis: LegalBasis,
    },
    PersonNamedTwice {
        basis: LegalBasis,
    },
    TimetableTooFast {
        leg: usize,
        needed: u32,
        highest: u32,
    },
    RestrictedZone {
        leg: usize,
        zone: String,
        basis: LegalBasis,
    },
    DriverSuspended {
        person: PersonRef,
    },
    VehicleCancelled {
        plate: PlateNumber,
    },
    PlateGivenUp {
        plate: PlateNumber,
    },
    NoGoodsVehicle {
        plate: PlateNumber,
    },
    DriverTooBusy {
        person: PersonRef,
    },
    VehicleTooBusy {
        plate: PlateNumber,
    },
    TripDone {
        basis: LegalBasis,
    },
    NotUnderWay,
    ReportInTheFuture,
    ReportOutOfOrder,
    CheckpointOutOfOrder {
        next: u8,
    },
    NoSuchCheckpoint {
        legs: usize,
    },
    AlreadyStopped,
    NotStopped,
    NotArrived,

    // Oversize transport
    DivisibleCargo,
    NotOversize,
    OutlineDrawingMissing {
        basis: LegalBasis,
    },
    EscortPlanMissing {
        basis: LegalBasis,
    },
    RunInThePast,
    ValidityTooLong {
        longest: i64,
        basis: LegalBasis,
    },
    RunOrderMissing,
    RunOrderNotOversize,
    RunOrderOutsideValidity,
    EscortRequired,
    NoEscortOrdered,
    EscortNotAssigned,
    EscortAlreadyStarted,
    EscortNotStarted,
    EscortNotDone,
    EscortDone,
    SameDistrict,
    TooManyHandovers,
}

/// What a ground says.
struct Wording {
    reason: &'static str,
    kind: RefusalKind,
    basis: Option<LegalBasis>,
    en: String,
    zh: String,
}

fn says(
    reason: &'static str,
    basis: Option<LegalBasis>,
    en: impl Into<String>,
    zh: impl Into<String>,
) -> Wording {
    Wording {
        reason,
        kind: RefusalKind::Forbidden,
        basis,
        en: en.into(),
        zh: zh.into(),
    }
}

impl Wording {
    fn kind(mut self, kind: RefusalKind) -> Self {
        self.kind = kind;
        self
    }
}

impl Ground {
    fn wording(&self) -> Wording {
        match self {
            Self::UnknownPermit
            | Self::OutsideDistrict
            | Self::OwnApplication
            | Self::NotTheApplicant
            | Self::NotTheHolder
            | Self::FiledByAnother
            | Self::ApplicantBarred { .. } => self.about_the_caller(),
            Self::WrongState { .. }
            | Self::WrongKind
            | Self::KindChanged
            | Self::HolderChanged
            | Self::AlreadyInUse
            | Self::CorrectionAlreadyRequested
            | Self::CorrectionTooLate { .. }
            | Self::Suspended
            | Self::NotSuspendedByOrder
            | Self::AlreadySuspendedByOrder
            | Self::OutsideValidity { .. }
            | Self::NothingUsed => self.about_the_state(),
            Self::OccupationOver
            | Self::SignTooClose { .. }
            | Self::NightSignTooClose { .. }
            | Self::NoticeTooLate { .. }
            | Self::EmergencyNotBegun
            | Self::EmergencyFiledLate { .. }
            | Self::ConsentMissing
            | Self::RoadTaken { .. }
            | Self::RoadTooBusy { .. }
            | Self::WorkNotFinished
            | Self::WorkAlreadyFinished
            | Self::AlreadyAccepted
            | Self::HolderAccepts
            | Self::OneAccountForBoth
            | Self::NotReopened => self.about_works(),
            Self::WrongCounty { .. }
            | Self::TripAlreadyBegun { .. }
            | Self::TripBeyondValidity { .. }
            | Self::CarrierLicenceExpires { .. }
            | Self::InspectionExpires { .. }
            | Self::QualificationExpires { .. }
            | Self::PersonNamedTwice { .. }
            | Self::TimetableTooFast { .. }
            | Self::RestrictedZone { .. }
            | Self::DriverSuspended { .. }
            | Self::VehicleCancelled { .. }
            | Self::PlateGivenUp { .. }
            | Self::NoGoodsVehicle { .. }
            | Self::DriverTooBusy { .. }
            | Self::VehicleTooBusy { .. } => self.about_toxic_transports(),
            Self::TripDone { .. }
            | Self::NotUnderWay
            | Self::ReportInTheFuture
            | Self::ReportOutOfOrder
            | Self::CheckpointOutOfOrder { .. }
            | Self::NoSuchCheckpoint { .. }
            | Self::AlreadyStopped
            | Self::NotStopped
            | Self::NotArrived => self.about_trips(),
            _ => self.about_oversize_transports(),
        }
    }
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wording().en)
    }
}

impl Refusal for Ground {
    fn reason(&self) -> &'static str {
        self.wording().reason
    }

    fn kind(&self) -> RefusalKind {
        self.wording().kind
    }

    fn basis(&self) -> Option<LegalBasis> {
        self.wording().basis
    }

    fn zh(&self) -> String {
        self.wording().zh
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::RoadTaken {
                permit,
                road,
                direction,
                shared_m,
            } => vec![
                ("conflicting_permit", format!("permits/{permit}")),
                ("road", road.clone()),
                ("direction", direction.as_str().to_owned()),
                ("shared_m", shared_m.to_string()),
            ],
            Self::WrongState { is, needs } => {
                vec![
                    ("state", (*is).to_owned()),
                    ("needed_state", (*needs).to_owned()),
                ]
            }
            Self::SignTooClose { given, least } | Self::NightSignTooClose { given, least } => {
                vec![
                    ("given_m", given.to_string()),
                    ("least_m", least.to_string()),
                ]
            }
            Self::NoticeTooLate { latest, .. } => vec![("latest", latest.to_string())],
            Self::TimetableTooFast {
                leg,
                needed,
                highest,
            } => vec![
                ("leg", leg.to_string()),
                ("needed_kmh", needed.to_string()),
                ("highest_kmh", highest.to_string()),
            ],
            Self::RestrictedZone { leg, zone, .. } => {
                vec![("leg", leg.to_string()), ("zone", zone.clone())]
            }
            Self::InspectionExpires { plate, .. }
            | Self::VehicleCancelled { plate }
            | Self::PlateGivenUp { plate }
            | Self::NoGoodsVehicle { plate } => vec![("plate", plate.to_string())],
            Self::DriverSuspended { person } | Self::QualificationExpires { person, .. } => {
                vec![("person_ref", person.to_string())]
            }
            Self::ApplicantBarred { until, .. } => vec![("until", until.to_string())],
            _ => Vec::new(),
        }
    }
}
