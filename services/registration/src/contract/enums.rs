//! Enumerations of the contract and the domain's own: one name for each value on both sides.

use crate::domain::application::Stage;
use crate::domain::application::event::{PlateStep, RefusalGround};
use crate::domain::application::materials::Material;
use crate::domain::vehicle::VehicleStage;
use crate::domain::vehicle::class::{PlateCategory, UseNature, VehicleClass};
use crate::domain::vehicle::event::{
    CancellationCause, Document, EncumbranceKind, HoldKind, PlateChangeCause, TemporaryGround,
};
use crate::domain::vehicle::school_bus::SignReturnCause;
use traffic_proto::registration::v1 as proto;

macro_rules! both_ways {
    ($to:ident, $from:ident: $domain:ident <-> $contract:ident { $($variant:ident),+ $(,)? }) => {
        pub fn $to(value: $domain) -> proto::$contract {
            match value {
                $($domain::$variant => proto::$contract::$variant,)+
            }
        }

        pub fn $from(value: proto::$contract) -> Option<$domain> {
            match value {
                $(proto::$contract::$variant => Some($domain::$variant),)+
                proto::$contract::Unspecified => None,
            }
        }
    };
}

both_ways!(vehicle_class, read_vehicle_class: VehicleClass <-> VehicleClass {
    LargePassenger, MediumPassenger, SmallPassenger, MiniPassenger, HeavyTruck, MediumTruck, LightTruck, MiniTruck,
    Tractor, Trailer, SpecialWork, Motorcycle,
});
both_ways!(use_nature, read_use_nature: UseNature <-> UseNature {
    NonOperating, Freight, HazardousGoods, HighwayCoach, TourCoach, PublicBus, Taxi, Rental, Training, SchoolBus,
    Fire, Ambulance, EngineeringRescue,
});
both_ways!(plate_kind, read_plate_kind: PlateCategory <-> PlateKind {
    Small, Large, SmallNewEnergy, LargeNewEnergy, Trailer, Training, Motorcycle,
});
both_ways!(encumbrance_kind, read_encumbrance_kind: EncumbranceKind <-> EncumbranceKind { Mortgage, Pledge });
both_ways!(hold_kind, read_hold_kind: HoldKind <-> HoldKind { Seizure, Theft, Accident, Inquiry });
both_ways!(document, read_document: Document <-> VehicleDocument { Certificate, Licence });
both_ways!(cancellation_cause, read_cancellation_cause: CancellationCause <-> CancellationCause {
    ScrapAge, VoluntaryScrapping, Destroyed, Abroad, Returned, Revoked, ForcedScrapping,
});
both_ways!(temporary_ground, read_temporary_ground: TemporaryGround <-> TemporaryGround {
    Unsold, AwaitingRegistration, NewForExport, Testing, OversizeSpecial, IntelligentTesting, PlatesInMaking, Leaving,
});
both_ways!(refusal_ground, read_refusal_ground: RefusalGround <-> RegistrationRefusalGround {
    InvalidProof, AlteredOrigin, ProofMismatch, UnlicensedModel, ModelMismatch, VinBelowStandard, ScrapAge, Seized,
    Stolen, OtherProvision, ModelChanged, ShapeChanged, RecordMismatch, CustomsNotReleased, FalsePapers,
    RequirementsNotMet,
});
both_ways!(material, read_material: Material <-> Material {
    Origin, FactoryCertificate, CompulsoryInsurance, PurchaseTax, VehicleTax, SafetyInspection, TransportLicence,
    RegistrationCertificate, VehicleLicence, Plates, OwnershipTransfer, CustomsRelease, JointOwnership, IdentityChange,
    FittingCertificate, MortgageContract, CourtRuling, AssistanceNotice, ScrapReceipt, DismantlingRecord, LossPledge,
    ExportProof, ReturnProof, CustomsPlateNotice, WrittenApplication, TestApproval, Mandate,
    DriverLicence, SchoolBusLicence, SchoolBusPlan,
});
both_ways!(sign_return_cause, read_sign_return_cause: SignReturnCause <-> SignReturnCause {
    ScrapAge, UseEnded, LicenceEnded,
});
both_ways!(application_state, read_application_state: Stage <-> ApplicationState {
    Incomplete, Accepted, Approved, Refused, Withdrawn,
});

/// Whether the bar is one after fraud (Order 164 art. 81(1)), or after false papers (art. 80(1)).
pub fn read_bar_ground(ground: proto::BarGround) -> Option<bool> {
    match ground {
        proto::BarGround::FalsePapers => Some(false),
        proto::BarGround::Fraud => Some(true),
        proto::BarGround::Unspecified => None,
    }
}

pub fn vehicle_state(stage: VehicleStage) -> proto::VehicleState {
    match stage {
        VehicleStage::Unregistered => proto::VehicleState::Unregistered,
        VehicleStage::Registered => proto::VehicleState::Registered,
        VehicleStage::MovedOut => proto::VehicleState::MovedOut,
        VehicleStage::AwaitingExport => proto::VehicleState::AwaitingExport,
        VehicleStage::Cancelled => proto::VehicleState::Cancelled,
    }
}

pub fn plate_step(step: PlateStep) -> proto::PlateOrderState {
    match step {
        PlateStep::Ordered => proto::PlateOrderState::Ordered,
        PlateStep::Made => proto::PlateOrderState::Made,
        PlateStep::Shipped => proto::PlateOrderState::Shipped,
        PlateStep::Delivered => proto::PlateOrderState::Delivered,
    }
}

pub fn plate_change_cause(cause: PlateChangeCause) -> proto::PlateChangeCause {
    match cause {
        PlateChangeCause::Swap => proto::PlateChangeCause::Swap,
        PlateChangeCause::Change => proto::PlateChangeCause::Change,
        PlateChangeCause::JointOwner => proto::PlateChangeCause::JointOwner,
        PlateChangeCause::Correction => proto::PlateChangeCause::Correction,
    }
}
