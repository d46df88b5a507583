//! What must hold before anything is decided, business by business: checked when it is filed, and again at the decision.

use super::event::Late;
use super::request::{Business, Change, Destination, OwnerFiling, Request, TemporaryUse};
use crate::domain::blocks::{self, Blocked};
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::party::Party;
use crate::domain::plate::PlateWish;
use crate::domain::vehicle::class::{Particulars, PlateCategory, UseNature};
use crate::domain::vehicle::event::{
    CancellationCause, Document, EncumbranceKind, HoldKind, TemporaryGround,
};
use crate::domain::vehicle::school_bus::SchoolBusUse;
use crate::domain::vehicle::{MOST_ENTRIES, Vehicle, VehicleStage, scrapping};
use chassis::domain::values::Vin;
use chassis::domain::{District, Halt, LegalBasis, TimeLimit, Transaction};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

/// What is asked, by whom.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    pub vin: &'a Vin,
    pub district: District,
    pub request: &'a Request,
    pub applicants: &'a [Party],
    pub by_agent: bool,
    pub wish: Option<&'a PlateWish>,
}

/// # Errors
/// The first ground on which the law leaves nothing to decide.
pub fn check(tx: &mut Transaction, case: &Case<'_>) -> Result<(), Halt> {
    let today = tx.context.calendar.date(tx.now());
    let known = tx.load::<Vehicle>(case.vin.as_str())?;
    let vehicle = known.as_deref();
    check_agent(case)?;
    check_stage(case, vehicle)?;
    check_competence(case, vehicle)?;
    check_applicants(case, vehicle)?;
    let blocked = match vehicle {
        Some(vehicle) => blocks::of_vehicle(tx, vehicle)?,
        None => Blocked::default(),
    };
    if let Some(vehicle) = vehicle {
        check_holds(case, vehicle, blocked)?;
        check_violations(case, vehicle, blocked)?;
    }
    check_age(case, vehicle, today)?;
    check_wish(tx, case, vehicle)?;
    check_business(tx, case, vehicle, today)
}

/// An agent may apply for everything but these (art. 86(1)).
fn check_agent(case: &Case<'_>) -> Result<(), Ground> {
    let in_person = matches!(
        case.request,
        Request::JointOwner { .. }
            | Request::DocumentReissue {
                document: Document::Certificate
            }
            | Request::Cancellation {
                cause: CancellationCause::Destroyed
            }
    );
    if case.by_agent && in_person {
        return Err(Ground::AgentNotAllowed);
    }
    Ok(())
}

fn check_stage(case: &Case<'_>, vehicle: Option<&Vehicle>) -> Result<(), Ground> {
    use VehicleStage as Stage;
    let stage = vehicle.map_or(Stage::Unregistered, |vehicle| vehicle.stage);
    let unknown = vehicle.is_none() && case.request.particulars().is_none();
    if unknown {
        return Err(Ground::UnknownVehicle);
    }
    let (fits, needs) = match case.request {
        Request::InitialRegistration(_) if stage == Stage::Registered => {
            return Err(Ground::VinTaken);
        }
        // Cancelled because it went abroad or was given back, it may come back; scrapped, it may not, and that its papers show.
        Request::InitialRegistration(_) => (
            matches!(stage, Stage::Unregistered | Stage::Cancelled),
            "unregistered",
        ),
        Request::MoveIn(_) if stage == Stage::Registered => return Err(Ground::VinTaken),
        Request::MoveIn(_) => (
            matches!(stage, Stage::Unregistered | Stage::MovedOut),
            "moved_out",
        ),
        Request::TemporaryPlate(temporary) => match temporary.ground {
            TemporaryGround::PlatesInMaking => (stage == Stage::Registered, "registered"),
            _ => (
                matches!(stage, Stage::Unregistered | Stage::MovedOut),
                "unregistered",
            ),
        },
        Request::Cancellation { .. } => (
            matches!(stage, Stage::Registered | Stage::AwaitingExport),
            "registered",
        ),
        _ => (stage == Stage::Registered, "registered"),
    };
    if fits {
        return Ok(());
    }
    Err(Ground::WrongStage {
        is: stage.as_str(),
        needs,
    })
}

/// County offices do not register these (art. 2(3)); signs of school buses they give out all the same (art. 60(1)).
fn check_competence(case: &Case<'_>, vehicle: Option<&Vehicle>) -> Result<(), Ground> {
    if matches!(
        case.request,
        Request::SchoolBusSign(_) | Request::SchoolBusSignReissue
    ) {
        return Ok(());
    }
    let told = case.request.particulars();
    let Some(particulars) = told.or_else(|| vehicle.map(|vehicle| &vehicle.particulars)) else {
        return Ok(());
    };
    let changed = match case.request {
        Request::ParticularsChange { change, .. } => match &**change {
            Change::Use(use_nature) => Some(*use_nature),
            _ => None,
        },
        _ => None,
    };
    let reserved = particulars.is_reserved_to_the_city()
        || matches!(
            changed,
            Some(UseNature::HazardousGoods | UseNature::SchoolBus)
        );
    let is_city = case.district.is_city_of(case.district);
    if reserved && !is_city {
        return Err(Ground::CityOfficeOnly);
    }
    let owner = case
        .request
        .new_owner()
        .or_else(|| vehicle.and_then(|vehicle| vehicle.owner.as_ref()));
    let hazardous = changed.unwrap_or(particulars.use_nature) == UseNature::HazardousGoods;
    if hazardous && matches!(owner, Some(Party::Person(_))) {
        return Err(Ground::HazardousOwnerMustBeOrganisation);
    }
    Ok(())
}

/// The article by which the owner, or whoever becomes it, applies.
fn applicant_basis(business: Business) -> LegalBasis {
    order_164(match business {
        Business::InitialRegistration => "art. 10",
        Business::ParticularsChange => "art. 16(1)",
        Business::OwnerFiling => "art. 23",
        Business::JointOwner => "art. 19(1)",
        Business::PlateSwap => "art. 20(1)",
        Business::MoveOut | Business::MoveIn => "art. 18",
        Business::Transfer | Business::TransferOut | Business::TransferForExport => "art. 25(1)",
        Business::Mortgage => "art. 32(1)",
        Business::MortgageRelease => "art. 33(1)",
        Business::Pledge | Business::PledgeRelease => "art. 34(2)",
        Business::Scrapping | Business::Cancellation => "art. 37(1)",
        Business::Correction => "art. 53",
        Business::PlateReissue => "art. 51(1)",
        Business::DocumentReissue => "art. 52(1)",
        Business::InspectionMark => "art. 54(1)",
        Business::TemporaryPlate => "art. 46",
        Business::IntelligentTestPlate => "art. 48(1)",
        Business::SchoolBusSign => "art. 60(1)(1)",
        Business::SchoolBusSignReissue => "art. 66",
    })
}

fn check_applicants(case: &Case<'_>, vehicle: Option<&Vehicle>) -> Result<(), Ground> {
    let applies = |party: &Party| case.applicants.iter().any(|own| own.is_same(party));
    let business = case.request.business();
    let not_owner = || Ground::NotTheOwner {
        basis: applicant_basis(business),
    };
    let owner_applies = vehicle.is_some_and(|vehicle| vehicle.owner.as_ref().is_some_and(applies));
    match case.request {
        Request::InitialRegistration(_) | Request::MoveIn(_) | Request::Transfer(_) => {
            if !case.request.new_owner().is_some_and(applies) {
                return Err(not_owner());
            }
        }
        Request::JointOwner { new_owner, .. } => {
            if !(owner_applies && applies(new_owner)) {
                return Err(not_owner());
            }
        }
        // Who has another identity number proves it by the papers that the business asks for.
        Request::OwnerFiling { filing, .. } => {
            let renamed = match &**filing {
                OwnerFiling::Identity(party) => applies(party),
                _ => false,
            };
            if !owner_applies && !renamed {
                return Err(not_owner());
            }
        }
        Request::Encumber { holder, .. }
        | Request::Release {
            holder,
            by_court: false,
            ..
        } => {
            if !(owner_applies && applies(holder)) {
                return Err(not_owner());
            }
        }
        Request::Release {
            holder,
            by_court: true,
            ..
        } => {
            if !(owner_applies || applies(holder)) {
                return Err(not_owner());
            }
        }
        Request::TemporaryPlate(_) => {}
        _ => {
            if !owner_applies {
                return Err(not_owner());
            }
        }
    }
    match vehicle {
        Some(vehicle) => check_holders(case, vehicle, applies),
        None => Ok(()),
    }
}

/// Who holds a mortgage or pledge applies together with the owner (arts. 26(3), (4), 32(3)).
fn check_holders(
    case: &Case<'_>,
    vehicle: &Vehicle,
    applies: impl Fn(&Party) -> bool,
) -> Result<(), Ground> {
    let all_apply = |kind| vehicle.holders(kind).all(&applies);
    let business = case.request.business();
    if business.is_transfer() {
        let former_applies = vehicle.owner.as_ref().is_none_or(&applies);
        for (kind, article) in [
            (EncumbranceKind::Mortgage, "art. 26(3)"),
            (EncumbranceKind::Pledge, "art. 26(4)"),
        ] {
            let encumbered = vehicle.holders(kind).next().is_some();
            if encumbered && !(former_applies && all_apply(kind)) {
                return Err(Ground::HolderMustApply {
                    kind,
                    basis: order_164(article),
                });
            }
        }
        return Ok(());
    }
    let whole_vehicle = match case.request {
        Request::ParticularsChange { change, .. } => {
            matches!(**change, Change::WholeVehicle { .. })
        }
        Request::DocumentReissue { document } => *document == Document::Certificate,
        _ => false,
    };
    let together = whole_vehicle
        || matches!(
            business,
            Business::MoveOut | Business::MoveIn | Business::JointOwner
        );
    if together && !all_apply(EncumbranceKind::Mortgage) {
        return Err(Ground::HolderMustApply {
            kind: EncumbranceKind::Mortgage,
            basis: order_164("art. 32(3)"),
        });
    }
    Ok(())
}

/// Where the law says that nothing is done for a sealed or a stolen vehicle.
pub fn hold_basis(business: Business, hold: HoldKind) -> Option<LegalBasis> {
    let article = match hold {
        HoldKind::Seizure => match business {
            Business::InitialRegistration => "art. 15(8)",
            business if business.is_change() => "art. 21(1)(3)",
            business if business.is_transfer() => "art. 29(4)",
            business if business.is_cancellation() => "art. 42",
            Business::Mortgage
            | Business::MortgageRelease
            | Business::Pledge
            | Business::PledgeRelease => "art. 36",
            _ => return None,
        },
        // All registration and business stops (art. 76(1)), whatever the section says besides.
        HoldKind::Theft => match business {
            Business::InitialRegistration => "art. 15(9)",
            business if business.is_change() => "art. 21(1)(3)",
            business if business.is_transfer() => "art. 29(4)",
            business if business.is_cancellation() => "art. 42",
            Business::Mortgage | Business::Pledge => "art. 36",
            _ => "art. 76(1)",
        },
        HoldKind::Accident => return violation_basis(business),
        HoldKind::Inquiry => "art. 74(1)",
    };
    Some(order_164(article))
}

fn check_holds(case: &Case<'_>, vehicle: &Vehicle, blocked: Blocked) -> Result<(), Ground> {
    let business = case.request.business();
    for kind in [HoldKind::Theft, HoldKind::Seizure, HoldKind::Inquiry] {
        let detained = kind == HoldKind::Seizure && blocked.detained;
        if !vehicle.is_held(kind) && !detained {
            continue;
        }
        if let Some(basis) = hold_basis(business, kind) {
            return Err(Ground::VehicleHeld { kind, basis });
        }
    }
    Ok(())
}

/// Where the law asks that violations and accidents are dealt with first.
pub fn violation_basis(business: Business) -> Option<LegalBasis> {
    let article = match business {
        Business::MoveOut | Business::MoveIn => "art. 18(3)",
        Business::PlateSwap => "art. 20(2)",
        Business::Transfer | Business::TransferOut | Business::TransferForExport => "art. 25(2)",
        Business::Cancellation => "art. 37(2)",
        Business::InspectionMark => "art. 54(2)",
        _ => return None,
    };
    Some(order_164(article))
}

fn check_violations(case: &Case<'_>, vehicle: &Vehicle, blocked: Blocked) -> Result<(), Ground> {
    let asked = match case.request {
        // Art. 37(2) is about vehicles that leave or are given back, not about those that were destroyed.
        Request::Cancellation { cause } => matches!(
            cause,
            CancellationCause::Abroad | CancellationCause::Returned
        ),
        // A lost mark is replaced whatever happened (art. 57).
        Request::InspectionMark { valid_until } => valid_until.is_some(),
        _ => true,
    };
    match violation_basis(case.request.business()).filter(|_| asked) {
        Some(basis) => uncleared(vehicle, blocked, basis),
        None => Ok(()),
    }
}

fn uncleared(vehicle: &Vehicle, blocked: Blocked, basis: LegalBasis) -> Result<(), Ground> {
    let accident = vehicle.is_held(HoldKind::Accident);
    if blocked.violations > 0 || accident {
        return Err(Ground::NotCleared {
            violations: blocked.violations,
            accident,
            basis,
        });
    }
    Ok(())
}

/// Arts. 15(7), 21, 29, 36.
fn check_age(case: &Case<'_>, vehicle: Option<&Vehicle>, today: Date) -> Result<(), Ground> {
    let business = case.request.business();
    let too_old = |article| Ground::ScrapAge {
        basis: order_164(article),
    };
    if let Request::InitialRegistration(new) = case.request {
        let last = scrapping::last_day(&new.particulars, today);
        return match last {
            Some(last) if last < today => Err(too_old("art. 15(7)")),
            _ => Ok(()),
        };
    }
    if let Request::MoveIn(arrival) = case.request {
        let last = scrapping::last_day(&arrival.particulars, arrival.first_registered_on);
        return match last {
            Some(last) if last < today => Err(too_old("art. 21(1)(3)")),
            Some(last) if last <= today + 1.year() => Err(Ground::NearScrapAge {
                basis: order_164("art. 21(2)"),
            }),
            _ => Ok(()),
        };
    }
    let Some(vehicle) = vehicle else {
        return Ok(());
    };
    if vehicle.is_of_scrap_age(today) {
        let article = match business {
            business if business.is_change() => "art. 21(1)(3)",
            business if business.is_transfer() => "art. 29(4)",
            Business::Mortgage | Business::Pledge => "art. 36",
            Business::SchoolBusSign | Business::SchoolBusSignReissue => "art. 63(1)",
            _ => return Ok(()),
        };
        return Err(too_old(article));
    }
    if !vehicle.is_near_scrap_age(today) {
        return Ok(());
    }
    let changes_use = match case.request {
        Request::ParticularsChange { change, .. } => matches!(**change, Change::Use(_)),
        _ => false,
    };
    let article = if business.is_transfer() {
        "art. 29(3)"
    } else if changes_use || business == Business::MoveOut {
        "art. 21(2)"
    } else {
        return Ok(());
    };
    Err(Ground::NearScrapAge {
        basis: order_164(article),
    })
}

/// Who will have the number that is wished.
///
/// # Errors
/// Nobody will: the business gives none.
pub fn owner_to_be<'a>(case: &Case<'a>, vehicle: Option<&'a Vehicle>) -> Result<&'a Party, Ground> {
    case.request
        .new_owner()
        .or_else(|| vehicle.and_then(|vehicle| vehicle.owner.as_ref()))
        .ok_or(Ground::NoNumberHere)
}

/// Whether the decision gives a number.
pub fn gives_number(request: &Request, vehicle: Option<&Vehicle>) -> bool {
    match request {
        Request::InitialRegistration(_) | Request::MoveIn(_) | Request::JointOwner { .. } => true,
        Request::Transfer(transfer) => transfer.destination == Destination::Here,
        Request::Correction { new_number, .. } => *new_number,
        Request::ParticularsChange { change, .. } => match (&**change, vehicle) {
            (Change::Use(use_nature), Some(vehicle)) => {
                let changed = Particulars {
                    use_nature: *use_nature,
                    ..vehicle.particulars.clone()
                };
                PlateCategory::of(&changed) != vehicle.category()
            }
            _ => false,
        },
        _ => false,
    }
}

fn check_wish(
    tx: &mut Transaction,
    case: &Case<'_>,
    vehicle: Option<&Vehicle>,
) -> Result<(), Halt> {
    let gives = gives_number(case.request, vehicle);
    match case.wish {
        None if gives => Err(Ground::NumberMissing.into()),
        None => Ok(()),
        Some(_) if !gives => Err(Ground::NoNumberHere.into()),
        Some(PlateWish::Any | PlateWish::Held(_)) => Ok(()),
        Some(PlateWish::Unchanged) => Ok(check_spouses(tx, case.request)?),
        // Art. 44(2)(3): also what concerns the vehicle that had the number before.
        Some(PlateWish::Former(number)) => {
            let blocked = blocks::of_number(tx, number)?;
            if blocked.violations > 0 {
                return Err(Ground::NotCleared {
                    violations: blocked.violations,
                    accident: false,
                    basis: order_164("art. 44(2)(3)"),
                }
                .into());
            }
            Ok(())
        }
    }
}

/// Spouses who have been married a year keep the number (art. 45).
fn check_spouses(tx: &Transaction, request: &Request) -> Result<(), Ground> {
    let today = tx.context.calendar.date(tx.now());
    match request {
        Request::JointOwner {
            married_on: Some(married_on),
            ..
        } if *married_on + 1.year() <= today => Ok(()),
        _ => Err(Ground::NumberNotKept),
    }
}

fn check_business(
    tx: &mut Transaction,
    case: &Case<'_>,
    vehicle: Option<&Vehicle>,
    today: Date,
) -> Result<(), Halt> {
    match (case.request, vehicle) {
        (Request::ParticularsChange { change, .. }, Some(vehicle)) => {
            Ok(check_change(change, vehicle)?)
        }
        (Request::PlateSwap { other }, Some(vehicle)) => {
            let other_vehicle = tx
                .load::<Vehicle>(other.as_str())?
                .ok_or(Ground::UnknownVehicle)?;
            if other == case.vin {
                return Err(Ground::SameVehicle.into());
            }
            check_swap(tx, vehicle, &other_vehicle, today)
        }
        (Request::MoveOut { .. }, Some(vehicle)) => {
            let class = vehicle.particulars.class;
            if class.is_small_passenger() || is_motorcycle(vehicle) {
                return Err(Ground::AppliesAtDestination.into());
            }
            Ok(())
        }
        (Request::Encumber { kind, holder }, Some(vehicle)) => {
            if vehicle.encumbrances.len() >= MOST_ENTRIES {
                return Err(Ground::TooManyEntries.into());
            }
            if vehicle.holders(*kind).any(|own| own.is_same(holder)) {
                return Err(Ground::AlreadyEncumbered.into());
            }
            Ok(())
        }
        (Request::Release { kind, holder, .. }, Some(vehicle)) => {
            if vehicle.holders(*kind).any(|own| own.is_same(holder)) {
                Ok(())
            } else {
                Err(Ground::NotEncumbered.into())
            }
        }
        (Request::Cancellation { cause }, Some(vehicle)) => {
            Ok(check_cancellation(*cause, vehicle)?)
        }
        (
            Request::InspectionMark {
                valid_until: Some(_),
            },
            Some(vehicle),
        ) => Ok(check_mark(vehicle, today)?),
        (Request::SchoolBusSign(licensed), Some(vehicle)) => {
            Ok(check_school_bus(case, licensed, vehicle, today)?)
        }
        (Request::SchoolBusSignReissue, Some(vehicle)) if vehicle.school_bus_sign.is_none() => {
            Err(Ground::NoSchoolBusSign {
                basis: order_164("art. 66"),
            }
            .into())
        }
        (Request::TemporaryPlate(temporary), vehicle) => {
            Ok(check_temporary(tx, temporary, vehicle)?)
        }
        _ => Ok(()),
    }
}

fn is_motorcycle(vehicle: &Vehicle) -> bool {
    vehicle.category() == PlateCategory::Motorcycle
}

fn check_change(change: &Change, vehicle: &Vehicle) -> Result<(), Ground> {
    match change {
        // A school bus stays one (art. 63(2)).
        Change::Use(_) if vehicle.particulars.use_nature == UseNature::SchoolBus => {
            Err(Ground::SchoolBusStays)
        }
        Change::Use(use_nature) if *use_nature == vehicle.particulars.use_nature => {
            Err(Ground::NothingChanges)
        }
        Change::Colour(colour) if *colour == vehicle.particulars.colour => {
            Err(Ground::NothingChanges)
        }
        _ => Ok(()),
    }
}

/// Art. 20.
fn check_swap(
    tx: &mut Transaction,
    vehicle: &Vehicle,
    other: &Vehicle,
    today: Date,
) -> Result<(), Halt> {
    if other.stage != VehicleStage::Registered {
        return Err(Ground::WrongStage {
            is: other.stage.as_str(),
            needs: "registered",
        }
        .into());
    }
    if let Some(owner) = &vehicle.owner
        && !other.is_owned_by(owner)
    {
        return Err(Ground::SwapOfTwoOwners.into());
    }
    if vehicle.district != other.district {
        return Err(Ground::SwapOfTwoOffices.into());
    }
    if vehicle.category() != other.category() {
        return Err(Ground::SwapOfTwoKinds.into());
    }
    for vehicle in [vehicle, other] {
        if vehicle.particulars.use_nature != UseNature::NonOperating {
            return Err(Ground::SwapOfOperatingVehicle.into());
        }
        // Once a year: again on the day a year later.
        if vehicle
            .swapped_on
            .is_some_and(|swapped| today < swapped + 1.year())
        {
            return Err(Ground::SwappedWithinAYear.into());
        }
    }
    let blocked = blocks::of_vehicle(tx, other)?;
    Ok(uncleared(other, blocked, order_164("art. 20(2)"))?)
}

/// Arts. 37, 42.
fn check_cancellation(cause: CancellationCause, vehicle: &Vehicle) -> Result<(), Ground> {
    if let Some(encumbrance) = vehicle.encumbrances.first() {
        return Err(Ground::StillEncumbered {
            kind: encumbrance.kind,
        });
    }
    match cause {
        // The office does these of its own motion (art. 40).
        CancellationCause::Revoked | CancellationCause::ForcedScrapping => {
            Err(Ground::OfficeCancels)
        }
        _ => Ok(()),
    }
}

/// Schools and those who run buses for them fetch signs (arts. 58, 60(1)), for vehicles that carry passengers.
fn check_school_bus(
    case: &Case<'_>,
    licensed: &SchoolBusUse,
    vehicle: &Vehicle,
    today: Date,
) -> Result<(), Ground> {
    let organised = case
        .applicants
        .iter()
        .any(|party| matches!(party, Party::Organisation(_)));
    if !organised {
        return Err(Ground::SchoolBusByOrganisation);
    }
    if !vehicle.particulars.class.carries_passengers() {
        return Err(Ground::NoSchoolBus);
    }
    licensed.valid_until(today).map(|_| ())
}

/// From three months before the inspection ends (art. 54(1)); of a bus with a sign, from one month (art. 62(2)).
fn check_mark(vehicle: &Vehicle, today: Date) -> Result<(), Ground> {
    let (months, article) = match vehicle.school_bus_sign {
        Some(_) => (1, "art. 62(2)"),
        None => (3, "art. 54(1)"),
    };
    match vehicle.inspection_valid_until {
        Some(last) if today + months.months() < last => Err(Ground::MarkTooEarly {
            from: last - months.months(),
            months,
            basis: order_164(article),
        }),
        _ => Ok(()),
    }
}

/// How long a temporary plate may be valid (arts. 47(2), (3), 48(2)): months as such, all others in days.
fn longest(ground: TemporaryGround, today: Date) -> (Date, LegalBasis) {
    let (last, article) = match ground {
        TemporaryGround::Unsold
        | TemporaryGround::AwaitingRegistration
        | TemporaryGround::NewForExport => (today + 30.days(), "art. 47(2)"),
        TemporaryGround::Testing => (today + 6.months(), "art. 47(2)"),
        TemporaryGround::OversizeSpecial => (today + 90.days(), "art. 47(2)"),
        TemporaryGround::IntelligentTesting => (today + 6.months(), "art. 48(2)"),
        TemporaryGround::PlatesInMaking => (today + 15.days(), "art. 47(3)"),
        TemporaryGround::Leaving => (today + 60.days(), "art. 28"),
    };
    (last, order_164(article))
}

fn check_temporary(
    tx: &Transaction,
    temporary: &TemporaryUse,
    vehicle: Option<&Vehicle>,
) -> Result<(), Ground> {
    let today = tx.context.calendar.date(tx.now());
    let last = today + i64::from(temporary.days).days();
    let (longest, basis) = longest(temporary.ground, today);
    if last > longest {
        return Err(Ground::TemporaryTooLong { longest, basis });
    }
    if last > temporary.insurance_valid_until {
        return Err(Ground::TemporaryBeyondInsurance);
    }
    if temporary.approved_until.is_some_and(|until| last > until) {
        return Err(Ground::TemporaryTooLong {
            longest: temporary.approved_until.unwrap_or(longest),
            basis: order_164("art. 48(2)"),
        });
    }
    let issued = |grounds: &[TemporaryGround]| {
        vehicle.map_or(0, |vehicle| {
            vehicle
                .temporary_plates
                .iter()
                .filter(|plate| grounds.contains(&plate.ground))
                .count()
        })
    };
    use TemporaryGround::{AwaitingRegistration, NewForExport, Unsold};
    let most = match temporary.ground {
        Unsold | AwaitingRegistration => {
            3_usize.checked_sub(issued(&[Unsold, AwaitingRegistration]))
        }
        NewForExport => 1_usize.checked_sub(issued(&[NewForExport])),
        ground => MOST_ENTRIES.checked_sub(issued(&[ground])),
    };
    match most {
        Some(1..) => Ok(()),
        _ => Err(Ground::TooManyTemporaryPlates),
    }
}

/// Whether it came after the days that the law gives for it, and where a fine stands for that (art. 78).
pub fn lateness(tx: &Transaction, request: &Request) -> Option<Late> {
    let (from, limit, article) = match request {
        Request::ParticularsChange { change, changed_on } => match **change {
            Change::Colour(_) | Change::Engine(_) | Change::Body => {
                (*changed_on, TimeLimit::WorkingDays(10), "art. 78(5)")
            }
            Change::WholeVehicle { .. } | Change::Use(_) => return None,
        },
        Request::OwnerFiling { changed_on, .. } => (*changed_on, TimeLimit::Days(30), "art. 78(8)"),
        Request::Transfer(transfer) => (transfer.delivered_on, TimeLimit::Days(30), "art. 78(6)"),
        Request::MoveIn(arrival) => (arrival.moved_out_on?, TimeLimit::Days(30), "art. 78(7)"),
        _ => return None,
    };
    let calendar = tx.context.calendar;
    let due: Timestamp = calendar.deadline(calendar.start_of(from), limit);
    (tx.now() >= due).then(|| Late {
        due,
        basis: order_164(article),
    })
}

/// Where the law asks that the vehicle is examined (查验).
pub fn examination_basis(request: &Request) -> Option<LegalBasis> {
    let article = match request {
        // Cars whose examination in the factory is known are not shown again (art. 14(1)).
        Request::InitialRegistration(new)
            if new.factory_checked && new.particulars.is_private_car() =>
        {
            return None;
        }
        Request::InitialRegistration(_) => "art. 12(3)",
        Request::ParticularsChange { .. } => "art. 17(2)",
        Request::OwnerFiling { filing, .. } => match **filing {
            OwnerFiling::VinRestamped => "art. 24(4)",
            OwnerFiling::DisabledAid | OwnerFiling::TailLift => "art. 24(5)",
            OwnerFiling::Exterior => "art. 24(6)",
            _ => return None,
        },
        Request::MoveOut { .. } => "art. 18(1)",
        Request::MoveIn(_) => "art. 18(2)",
        Request::Transfer(transfer) => match transfer.destination {
            Destination::Here => "art. 26(2)",
            Destination::OtherCity(_) => "art. 27(1)",
            Destination::Export => "art. 28",
        },
        _ => return None,
    };
    Some(order_164(article))
}
