//! Every ground speaks.

use super::*;
use crate::domain::instruments::licence_law;
use std::collections::BTreeSet;

/// One of each, with sample facts.
fn all() -> Vec<Ground> {
    use Ground::*;
    let basis = || licence_law("art. 1");
    let day: Date = "2026-03-02".parse().unwrap();
    let at: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
    let plate = || PlateNumber::parse("鲁R12345").unwrap();
    let person = || PersonRef::parse(&"a".repeat(PersonRef::LENGTH)).unwrap();
    vec![
        UnknownPermit,
        OutsideDistrict,
        OwnApplication,
        NotTheApplicant,
        NotTheHolder,
        FiledByAnother,
        ApplicantBarred {
            until: day,
            fraud: true,
        },
        WrongState {
            is: "a",
            needs: "b",
        },
        WrongKind,
        KindChanged,
        HolderChanged,
        AlreadyInUse,
        CorrectionAlreadyRequested,
        CorrectionTooLate { due: at },
        Suspended,
        NotSuspendedByOrder,
        AlreadySuspendedByOrder,
        OutsideValidity {
            from: at,
            until: at,
        },
        NothingUsed,
        OccupationOver,
        SignTooClose { given: 1, least: 2 },
        NightSignTooClose { given: 1, least: 2 },
        NoticeTooLate {
            given: Some(day),
            latest: day,
        },
        NoticeTooLate {
            given: None,
            latest: day,
        },
        EmergencyNotBegun,
        EmergencyFiledLate { hours: 48 },
        ConsentMissing,
        RoadTaken {
            permit: "p".into(),
            road: "r".into(),
            direction: Direction::Eastbound,
            shared_m: 7,
        },
        RoadTooBusy { road: "r".into() },
        WorkNotFinished,
        WorkAlreadyFinished,
        AlreadyAccepted,
        HolderAccepts,
        OneAccountForBoth,
        NotReopened,
        WrongCounty { basis: basis() },
        TripAlreadyBegun { basis: basis() },
        TripBeyondValidity {
            days: 15,
            basis: basis(),
        },
        CarrierLicenceExpires {
            on: day,
            basis: basis(),
        },
        InspectionExpires {
            plate: plate(),
            on: day,
            basis: basis(),
        },
        QualificationExpires {
            person: person(),
            on: day,
            basis: basis(),
        },
        PersonNamedTwice { basis: basis() },
        TimetableTooFast {
            leg: 1,
            needed: 90,
            highest: 80,
        },
        RestrictedZone {
            leg: 1,
            zone: "z".into(),
            basis: basis(),
        },
        DriverSuspended { person: person() },
        VehicleCancelled { plate: plate() },
        PlateGivenUp { plate: plate() },
        NoGoodsVehicle { plate: plate() },
        DriverTooBusy { person: person() },
        VehicleTooBusy { plate: plate() },
        TripDone { basis: basis() },
        NotUnderWay,
        ReportInTheFuture,
        ReportOutOfOrder,
        CheckpointOutOfOrder { next: 1 },
        NoSuchCheckpoint { legs: 2 },
        AlreadyStopped,
        NotStopped,
        NotArrived,
        DivisibleCargo,
        NotOversize,
        OutlineDrawingMissing { basis: basis() },
        EscortPlanMissing { basis: basis() },
        RunInThePast,
        ValidityTooLong {
            longest: 90,
            basis: basis(),
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
    ]
}

#[test]
fn every_ground_has_a_name_of_its_own_a_provision_and_words_in_both_languages() {
    let mut names = BTreeSet::new();
    for ground in all() {
        assert!(
            names.insert(ground.reason()),
            "{} is used twice",
            ground.reason()
        );
        assert!(
            ground
                .reason()
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b == b'_'),
            "{}",
            ground.reason()
        );
        assert_eq!(
            ground.basis().is_none(),
            ground == Ground::UnknownPermit,
            "{ground:?}"
        );
        assert!(!ground.zh().is_ascii(), "{ground:?}");
        let words = ground.to_string();
        assert!(!words.is_empty() && !words.ends_with('.'), "{words}");
    }
}
