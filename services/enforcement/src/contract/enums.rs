//! Enumerations of the contract and of the domain, value by value: they have the same names.

use crate::domain::conduct::{Conduct, Road, Use as VehicleUse};
use crate::domain::detention::{DetentionGround, DetentionStage as DetentionState, Disposal};
use crate::domain::hazard::{HazardKind, HazardStage as HazardState};
use crate::domain::licence::education::{StudyKind, Test};
use crate::domain::licence::reductions::Method as ReductionMethod;
use crate::domain::persuasion::Behaviour;
use crate::domain::rules::{Compared, Revocation};
use crate::domain::violation::Stage as ViolationState;
use crate::domain::violation::decision::DecisionPart;
use crate::domain::violation::event::{
    Afterwards, CancellationGround, CollectionGround, DecisionError, Duty, LegalReviewGround,
    Mitigation, NoPenaltyGround, NoticeChannel, Procedure, Remedy, Service,
};
use traffic_proto::enforcement::v1 as proto;

/// Both ways between an enumeration of the domain and that of the contract; `UNSPECIFIED` means nothing to the domain.
macro_rules! same {
    ($($name:ident, $to:ident, $from:ident: $($value:ident)*;)*) => {$(
        pub fn $to(value: $name) -> proto::$name {
            match value {
                $($name::$value => proto::$name::$value,)*
            }
        }

        pub fn $from(value: proto::$name) -> Option<$name> {
            match value {
                $(proto::$name::$value => Some($name::$value),)*
                proto::$name::Unspecified => None,
            }
        }
    )*};
}

same! {
    Conduct, conduct, read_conduct: DrinkDriving FleeingInjuryAccident ForgedPlateOrDocument
        OtherVehiclesPlateOrDocument Overcrowding Speeding ExpresswayReversing PointsSelling ExpresswayIllegalStop
        PlateMissing PlateObscured WrongLicenceClass SchoolBusWithoutQualification FatiguedPassengerDriving Overloading
        HazmatOffRoute OversizeOffRoute HazmatRestrictedArea RedLight DrivingWhileWithheld FleeingMinorAccident
        EmergencyLane ExpresswayWrongLane ImproperOvertakingOrYielding WrongWay QueueJumping PhoneUse CrosswalkYield
        SchoolBusYield TruckCarryingPassengers PlateFittedWrongly BreakdownWithoutWarning Uninspected
        SchoolBusUnchecked FatiguedTruckDriving ExpresswayTooSlow ImproperMeeting ImproperReversing LightsMisuse
        ProhibitorySign OversizedLoad AlteredTruck SeatBelt MotorcycleHelmet IllegalParking DrivingUnlicensed
        EntrustingToUnlicensed DocumentsNotCarried NoInsurance IllegalSiren ScrappedVehicle BreakingTrafficControl
        PointsBuying PointsBrokering StudyFraud StudySubstitution PedestrianOffence PassengerOffence RiderOffence
        ForgedMark ForcingDriver DamagingTrafficFacility BlockingVehicles CoachCarryingGoods FalseInspection
        SellingScrappedVehicle StudyBrokering StudyBrokeringForGain ParkingFeeUnpaid
        DrivingWhileSuspended ForgedPlate;
    Road, road, read_road: Expressway UrbanExpressway Other;
    VehicleUse, vehicle_use, read_vehicle_use: SchoolBus HighwayCoach TourCoach OtherPassenger Truck Motorcycle
        OtherMotor NonMotor;
    Mitigation, mitigation, read_mitigation: FourteenToEighteen PartlyIncapable HarmRemoved CoercedOrDeceived
        Confessed Merit;
    Revocation, revocation, read_revocation: None May Must;
    Compared, compared, read_compared: ExcessPercent AlcoholMgPer100ml;
    DecisionPart, decision_part, read_decision_part: Assessment Sanction Points;
    ViolationState, violation_state, read_violation_state: Recorded Entered Notified Stopped Summoned Handling Intended
        Decided Served Settled Cancelled NotPunished OrallyWarned Referred Revoked;
    Procedure, procedure, read_procedure: Simple General Default;
    Remedy, remedy, read_remedy: Reconsideration Lawsuit;
    Duty, duty, read_duty: Review Notice Objection FilePapers Decide Serve FileSummons;
    CancellationGround, cancellation_ground, read_cancellation_ground: EmergencyVehicle StolenOrClonedPlate Rescue
        HandledOnTheSpot ConflictingSignals UnclearRecord PlateMisread Other;
    NoticeChannel, notice_channel, read_notice_channel: App TextMessage Post InPerson;
    LegalReviewGround, legal_review_ground, read_legal_review_ground: PublicInterest AfterHearing Complex
        OtherProvision;
    NoPenaltyGround, no_penalty_ground, read_no_penalty_ground: UnderFourteen Incapable MinorAndCorrected
        FirstAndCorrected NoFault NotProven;
    Service, service, read_service: HandedOver Refused Post Electronic Announced;
    DecisionError, decision_error, read_decision_error: Facts Procedure Basis Powers;
    Afterwards, afterwards, read_afterwards: Reopened Closed;
    CollectionGround, collection_ground, read_collection_ground: WithoutMotor ExpresswayHardship;
    StudyKind, study_kind, read_study_kind: SelfStudy Online Classroom;
    Test, test, read_test: Theory Yard Road;
    ReductionMethod, reduction_method, read_reduction_method: Online Classroom Volunteering;
    DetentionState, detention_state, read_detention_state: Detained Verifying Released Unclaimed Disposed;
    DetentionGround, detention_ground, read_detention_ground: PlateOrDocumentsMissing ForgedOrBorrowedDocuments
        NoInsurance Overloaded SuspectedStolen SuspectedScrap ToxicWithoutPermit RiderRefusesFine AccidentEvidence;
    Disposal, disposal, read_disposal: Auctioned Dismantled Scrapped Transferred;
    HazardState, hazard_state, read_hazard_state: Found Assigned Rectified Verified;
    HazardKind, hazard_kind, read_hazard_kind: Surface Sign Signal Marking Barrier Lighting Sight Junction Other;
    Behaviour, behaviour, read_behaviour: NoHelmet RedLight WrongWay WrongLane Overloaded PhoneUse Canopy;
}
