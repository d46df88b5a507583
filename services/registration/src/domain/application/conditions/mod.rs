//! What must hold before anything is decided, business by business: checked when it is filed, and again at the decision.

mod applicants;
mod business;
mod holds;
mod temporary;

use super::event::Late;
use super::request::{Business, Change, Destination, OwnerFiling, Request};
use super::steps;
use crate::domain::blocks::{self, Blocked};
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::party::Party;
use crate::domain::plate::{self, PlateWish};
use crate::domain::vehicle::class::{Particulars, PlateCategory, UseNature};
use crate::domain::vehicle::event::{CancellationCause, Document, TemporaryGround};
use crate::domain::vehicle::{Vehicle, VehicleStage, scrapping};
use applicants::check_applicants;
use business::check_business;
use chassis::domain::values::{PlateNumber, Vin};
use chassis::domain::{District, Halt, LegalBasis, TimeLimit, Transaction};
use holds::{check_holds, check_violations, uncleared};
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
        check_holds(case.request.business(), vehicle, blocked)?;
        check_violations(case, vehicle, blocked)?;
    }
    check_age(case, vehicle, today)?;
    check_wish(tx, case, vehicle)?;
    check_business(tx, case, vehicle, today)
}

/// What stands against a vehicle's leaving for another office that has been applied to there (arts. 18(3), 21(1)(3)).
///
/// # Errors
/// As the same grounds against an application to move out.
pub fn check_leaving(tx: &mut Transaction, vehicle: &Vehicle) -> Result<(), Halt> {
    let blocked = blocks::of_vehicle(tx, vehicle)?;
    check_holds(Business::MoveOut, vehicle, blocked)?;
    Ok(uncleared(vehicle, blocked, order_164("art. 18(3)"))?)
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
        Request::InitialRegistration(_) if vehicle.is_some_and(Vehicle::was_scrapped) => {
            return Err(Ground::VehicleScrapped);
        }
        // Cancelled because it went abroad or was given back, it may come back.
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

/// Arts. 15(7), 21, 29, 36, 41(1), 63(1).
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
            // What is void is neither extended nor made again.
            Business::InspectionMark | Business::PlateReissue | Business::DocumentReissue => {
                "art. 41(1)"
            }
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
                category_in_use(vehicle, *use_nature) != vehicle.category()
            }
            _ => false,
        },
        _ => false,
    }
}

/// The kind of plates that a vehicle gets in another use.
fn category_in_use(vehicle: &Vehicle, use_nature: UseNature) -> PlateCategory {
    PlateCategory::of(&Particulars {
        use_nature,
        ..vehicle.particulars.clone()
    })
}

/// A number is of the kind of plates that the vehicle has once it is decided (art. 43(1)).
fn check_kind(
    request: &Request,
    vehicle: Option<&Vehicle>,
    number: &PlateNumber,
) -> Result<(), Ground> {
    let category = match (request, vehicle) {
        (Request::ParticularsChange { change, .. }, Some(vehicle)) => match **change {
            Change::Use(use_nature) => category_in_use(vehicle, use_nature),
            _ => vehicle.category(),
        },
        _ => steps::category(request, vehicle),
    };
    plate::check_series(category, number)
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
        Some(PlateWish::Any) => Ok(()),
        Some(PlateWish::Held(number)) => Ok(check_kind(case.request, vehicle, number)?),
        Some(PlateWish::Unchanged) => Ok(check_spouses(tx, case.request)?),
        // Art. 44(2)(3): also what concerns the vehicle that had the number before.
        Some(PlateWish::Former(number)) => {
            check_kind(case.request, vehicle, number)?;
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
