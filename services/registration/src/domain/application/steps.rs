//! What the steps of an application share: reading it, who may, recording, and ending it.

use super::event::{ApplicationEvent, ApplicationFact, Limits};
use super::materials::{self, Evidence, Material};
use super::request::Request;
use super::rules::Rules;
use super::{Application, ApplicationId, Stage};
use crate::domain::ground::Ground;
use crate::domain::plate;
use crate::domain::vehicle::class::PlateCategory;
use crate::domain::vehicle::event::VehicleFact;
use crate::domain::vehicle::{self, Vehicle};
use chassis::domain::values::{PlateNumber, Vin};
use chassis::domain::{Halt, TimeLimit, Transaction};
use std::sync::Arc;

/// # Errors
/// [`Ground::UnknownApplication`].
pub fn load(tx: &mut Transaction, id: &ApplicationId) -> Result<Arc<Application>, Halt> {
    tx.load::<Application>(id.as_str())?
        .ok_or_else(|| Ground::UnknownApplication.into())
}

/// Records facts on an application, with the vehicle, district and number that each event carries.
///
/// # Errors
/// [`Halt`] if it cannot be read.
pub fn record(
    tx: &mut Transaction,
    id: &ApplicationId,
    application: &Application,
    number: Option<&PlateNumber>,
    fact: ApplicationFact,
) -> Result<(), Halt> {
    let vehicle = tx.load::<Vehicle>(application.vin.as_str())?;
    let category = category(&application.request, vehicle.as_deref());
    let carried = vehicle.as_ref().and_then(|vehicle| vehicle.number());
    let event = ApplicationEvent {
        vin: application.vin.clone(),
        district: application.district,
        number: number.or(carried).cloned(),
        category,
        fact,
    };
    tx.record::<Application>(id.as_str(), [event])
}

/// The kind of plates that the business is about.
pub fn category(request: &Request, vehicle: Option<&Vehicle>) -> PlateCategory {
    match (request.particulars(), vehicle) {
        (Some(particulars), _) => PlateCategory::of(particulars),
        (None, Some(vehicle)) => vehicle.category(),
        // A business that tells of no vehicle is about one that is known.
        (None, None) => PlateCategory::Small,
    }
}

/// # Errors
/// [`Ground::NotTheApplicant`] unless this account filed it.
pub fn as_applicant(tx: &Transaction, application: &Application) -> Result<(), Ground> {
    if tx.context.actor.id == application.filed_by {
        Ok(())
    } else {
        Err(Ground::NotTheApplicant)
    }
}

/// An officer of the district or the city, who did not file it.
///
/// # Errors
/// [`Ground::OwnApplication`], [`Ground::OutsideDistrict`].
pub fn as_reviewer(tx: &Transaction, application: &Application) -> Result<(), Ground> {
    if tx.context.actor.id == application.filed_by {
        return Err(Ground::OwnApplication);
    }
    super::as_officer_of(tx, application.district)
}

/// # Errors
/// [`Ground::WrongStage`].
pub fn in_stage(application: &Application, stage: Stage) -> Result<(), Ground> {
    if application.stage == stage {
        return Ok(());
    }
    Err(Ground::WrongStage {
        is: application.stage.as_str(),
        needs: stage.as_str(),
    })
}

/// What is needed and was not handed in.
pub fn missing(
    tx: &Transaction,
    request: &Request,
    vehicle: Option<&Vehicle>,
    by_agent: bool,
    evidence: &[Evidence],
) -> Vec<Material> {
    let today = tx.context.calendar.date(tx.now());
    materials::needed(request, vehicle, by_agent, today)
        .submitted
        .into_iter()
        .map(|needed| needed.material)
        .filter(|material| !evidence.iter().any(|own| own.material == *material))
        .collect()
}

/// The limit of the decision on an application that is complete now (art. 92(1)).
pub fn limits(tx: &Transaction, request: &Request) -> Limits {
    let (now, calendar) = (tx.now(), tx.context.calendar);
    let limit = Rules::on(calendar.date(now)).limit(request.business());
    Limits {
        accepted: now,
        due: calendar.deadline(now, TimeLimit::WorkingDays(limit.days)),
        basis: limit.basis(),
    }
}

/// The vehicles that an application is open for.
pub fn vehicles(application: &Application) -> impl Iterator<Item = &Vin> {
    std::iter::once(&application.vin).chain(application.request.other_vehicle())
}

/// Frees the vehicles for another application.
///
/// # Errors
/// [`Halt`] if one cannot be read.
pub fn close(
    tx: &mut Transaction,
    id: &ApplicationId,
    application: &Application,
) -> Result<(), Halt> {
    for vin in vehicles(application) {
        let closed = VehicleFact::ApplicationClosed {
            application: id.clone(),
        };
        vehicle::record(tx, vin, [closed])?;
    }
    Ok(())
}

/// Ends an undecided application without what it asked for, and gives its number back.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn end(
    tx: &mut Transaction,
    id: &ApplicationId,
    application: &Application,
    fact: ApplicationFact,
) -> Result<(), Halt> {
    if let Some(wish) = &application.wish {
        plate::give_back(tx, wish, application.former.as_ref())?;
    }
    record(tx, id, application, None, fact)?;
    close(tx, id, application)
}

/// The office ends the registration itself: what is open for the vehicle has lost its object.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn close_for_office(tx: &mut Transaction, id: &ApplicationId) -> Result<(), Halt> {
    let application = load(tx, id)?;
    if application.stage.is_undecided() {
        end(tx, id, &application, ApplicationFact::ApplicationWithdrawn)?;
    }
    Ok(())
}
