//! What somebody did (违法行为), as the law describes it: the kind of conduct, the vehicle, the road, and what was measured.

use chassis::domain::values::Fen;
use serde::{Deserialize, Serialize};

/// A kind of conduct that traffic law forbids. What it costs stands in the rule tables, never here.
///
/// In the order of Order 163 arts. 8 to 12; then what carries no points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conduct {
    /// Driving after drinking (饮酒后驾驶), measured in mg of alcohol per 100 ml of blood.
    DrinkDriving,
    /// Flight after an accident with slight injury or worse, no crime yet.
    FleeingInjuryAccident,
    /// Forged or altered vehicle licence, driving licence or school bus sign; of old records also a plate. Plates have
    /// [`Self::ForgedPlate`].
    ForgedPlateOrDocument,
    /// Plate or vehicle licence of another vehicle.
    OtherVehiclesPlateOrDocument,
    /// More people than approved, measured.
    Overcrowding,
    /// Faster than allowed, measured.
    Speeding,
    /// Reversing, driving against the traffic or crossing the median on an expressway or urban expressway.
    ExpresswayReversing,
    /// Taking another driver's penalty and points for money (卖分).
    PointsSelling,
    ExpresswayIllegalStop,
    PlateMissing,
    PlateObscured,
    WrongLicenceClass,
    SchoolBusWithoutQualification,
    /// More than four hours without a rest of 20 minutes: medium or larger bus, dangerous goods.
    FatiguedPassengerDriving,
    /// Heavier than allowed, measured.
    Overloading,
    HazmatOffRoute,
    OversizeOffRoute,
    HazmatRestrictedArea,
    RedLight,
    /// Driving while the licence is withheld (扣留) or the points have reached 12: Regulations art. 28. Of old records also while
    /// it is suspended, which is [`Self::DrivingWhileSuspended`].
    DrivingWhileWithheld,
    FleeingMinorAccident,
    EmergencyLane,
    ExpresswayWrongLane,
    ImproperOvertakingOrYielding,
    /// Against the traffic outside expressways.
    WrongWay,
    QueueJumping,
    PhoneUse,
    CrosswalkYield,
    SchoolBusYield,
    TruckCarryingPassengers,
    PlateFittedWrongly,
    BreakdownWithoutWarning,
    /// Safety inspection overdue.
    Uninspected,
    SchoolBusUnchecked,
    FatiguedTruckDriving,
    ExpresswayTooSlow,
    ImproperMeeting,
    ImproperReversing,
    LightsMisuse,
    /// Against a prohibitory sign or marking (禁令标志、禁止标线).
    ProhibitorySign,
    OversizedLoad,
    AlteredTruck,
    SeatBelt,
    MotorcycleHelmet,

    /// Stopping or parking where it is forbidden, outside expressways: Road Traffic Safety Law art. 93.
    IllegalParking,
    /// Driving without a licence, or with one revoked.
    DrivingUnlicensed,
    /// Handing the vehicle to somebody without a licence.
    EntrustingToUnlicensed,
    DocumentsNotCarried,
    /// No compulsory insurance; the lowest premium is what is measured.
    NoInsurance,
    IllegalSiren,
    ScrappedVehicle,
    BreakingTrafficControl,
    /// Having another take one's penalty and points for money (买分); the sum paid is what is measured.
    PointsBuying,
    /// Organising that; the gain is what is measured.
    PointsBrokering,
    /// Fraud in study or tests after 12 points: Order 163 art. 31(1).
    StudyFraud,
    /// Studying or sitting a test for another: art. 31(3).
    StudySubstitution,
    PedestrianOffence,
    PassengerOffence,
    /// Riders of vehicles without motor, e-bikes among them.
    RiderOffence,
    /// Forged or altered mark of inspection or insurance (检验合格标志、保险标志).
    ForgedMark,
    /// Forcing a driver to drive against the rules, with an accident.
    ForcingDriver,
    DamagingTrafficFacility,
    /// Stopping or seizing vehicles unlawfully, with a heavy jam or loss.
    BlockingVehicles,
    /// A highway coach that carries goods against the rules.
    CoachCarryingGoods,
    /// A false result of a safety inspection; the fee taken for it is what is measured.
    FalseInspection,
    /// Selling a vehicle that should be scrapped; the price is what is measured.
    SellingScrappedVehicle,
    /// Organising fraud in study, tests or reductions without a gain: Order 163 art. 31(4).
    StudyBrokering,
    /// The same with a gain, which is what is measured.
    StudyBrokeringForGain,
    /// A parking fee not paid after two reminders.
    ParkingFeeUnpaid,
    /// Driving while the licence is suspended (暂扣): Road Traffic Safety Law art. 99(1)(1).
    DrivingWhileSuspended,
    /// Forged or altered number plate (伪造、变造的机动车号牌).
    ForgedPlate,
}

impl Conduct {
    /// What must have been measured for the law to say what it costs.
    pub fn measured_by(self) -> Option<MeasureKind> {
        match self {
            Self::Speeding => Some(MeasureKind::Speed),
            Self::Overloading => Some(MeasureKind::Load),
            Self::Overcrowding => Some(MeasureKind::Occupancy),
            Self::DrinkDriving => Some(MeasureKind::Alcohol),
            Self::NoInsurance
            | Self::PointsSelling
            | Self::PointsBuying
            | Self::PointsBrokering
            | Self::FalseInspection
            | Self::SellingScrappedVehicle
            | Self::StudyBrokeringForGain => Some(MeasureKind::Money),
            _ => None,
        }
    }

    /// Order 163 art. 26(2): who was punished for one of these has no points taken off for three cycles.
    pub fn bars_reduction(self) -> bool {
        matches!(
            self,
            Self::FleeingInjuryAccident
                | Self::FleeingMinorAccident
                | Self::DrinkDriving
                | Self::ForgedPlateOrDocument
                | Self::ForgedPlate
                | Self::OtherVehiclesPlateOrDocument
                | Self::PointsSelling
                | Self::PointsBuying
        )
    }

    /// Whether only somebody on foot, a passenger or a rider does this.
    fn without_motor(self) -> bool {
        matches!(
            self,
            Self::PedestrianOffence | Self::PassengerOffence | Self::RiderOffence
        )
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureKind {
    Speed,
    Load,
    Occupancy,
    Alcohol,
    Money,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Speed {
        limit_kmh: u16,
        measured_kmh: u16,
    },
    /// Points go by the greatest mass allowed (最大允许总质量), fines by the load approved (核定载质量).
    Load {
        allowed_mass_kg: u32,
        mass_kg: u32,
        approved_load_kg: u32,
        load_kg: u32,
    },
    Occupancy {
        approved: u16,
        carried: u16,
    },
    /// Milligrams of alcohol in 100 ml of blood (GB 19522).
    Alcohol {
        mg_per_100ml: u16,
    },
    Money {
        amount: Fen,
    },
}

impl Measure {
    pub fn kind(self) -> MeasureKind {
        match self {
            Self::Speed { .. } => MeasureKind::Speed,
            Self::Load { .. } => MeasureKind::Load,
            Self::Occupancy { .. } => MeasureKind::Occupancy,
            Self::Alcohol { .. } => MeasureKind::Alcohol,
            Self::Money { .. } => MeasureKind::Money,
        }
    }

    /// Whether the figures can be: what is allowed is not zero, and it was exceeded.
    pub fn is_excess(self) -> bool {
        match self {
            Self::Speed {
                limit_kmh,
                measured_kmh,
            } => limit_kmh > 0 && measured_kmh > limit_kmh,
            Self::Load {
                allowed_mass_kg,
                mass_kg,
                approved_load_kg,
                load_kg,
            } => {
                allowed_mass_kg > 0
                    && approved_load_kg > 0
                    && (mass_kg > allowed_mass_kg || load_kg > approved_load_kg)
            }
            Self::Occupancy { approved, carried } => approved > 0 && carried > approved,
            Self::Alcohol { mg_per_100ml } => mg_per_100ml > 0,
            Self::Money { amount } => !amount.is_zero(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Road {
    /// 高速公路
    Expressway,
    /// 城市快速路
    UrbanExpressway,
    Other,
}

/// What a vehicle is used for, which decides the bands that apply to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    SchoolBus,
    /// 公路客运汽车
    HighwayCoach,
    /// 旅游客运汽车
    TourCoach,
    OtherPassenger,
    Truck,
    Motorcycle,
    OtherMotor,
    /// Bicycles, e-bikes and the like.
    NonMotor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vehicle {
    pub used_as: Use,
    /// Medium or larger (中型以上).
    pub medium_or_larger: bool,
    /// Carries dangerous goods (危险物品运输车辆).
    pub dangerous_goods: bool,
    /// Carries for hire (营运).
    pub for_hire: bool,
    /// Approved number of people, the driver included; 0 where none is approved.
    pub seats: u16,
}

impl Vehicle {
    /// School buses, medium or larger buses and trucks, vehicles of dangerous goods: Order 163 arts. 8(5), 9(2), 10(2), 12(1).
    pub fn is_heavy(&self) -> bool {
        self.used_as == Use::SchoolBus
            || self.dangerous_goods
            || self.medium_or_larger
                && matches!(
                    self.used_as,
                    Use::HighwayCoach | Use::TourCoach | Use::OtherPassenger | Use::Truck
                )
    }

    /// School buses, highway and tour coaches: Order 163 arts. 8(4), 10(1).
    pub fn is_coach(&self) -> bool {
        matches!(
            self.used_as,
            Use::SchoolBus | Use::HighwayCoach | Use::TourCoach
        )
    }

    pub fn has_motor(&self) -> bool {
        self.used_as != Use::NonMotor
    }
}

/// One act, as established: what the law is applied to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub conduct: Conduct,
    pub road: Road,
    /// `None`: on foot, or no vehicle is concerned.
    pub vehicle: Option<Vehicle>,
    pub measure: Option<Measure>,
    /// Punished before for the same conduct; the law asks it of driving after drinking (Road Traffic Safety Law art. 91(1)).
    pub repeated: bool,
}

impl Act {
    /// Whether the one who acts drives no motor vehicle: their fines may be collected on the spot (Road Traffic Safety Law
    /// art. 108(2)), and they have no points (Order 163).
    pub fn is_without_motor(&self) -> bool {
        self.conduct.without_motor()
            || self
                .vehicle
                .as_ref()
                .is_some_and(|vehicle| !vehicle.has_motor())
    }
}
