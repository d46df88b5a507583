//! What applicants do: file, supply what is missing, withdraw.

use super::conditions;
use super::event::{ApplicationFact, Delivery, Filing};
use super::materials::Evidence;
use super::request::Request;
use super::steps::{as_applicant, end, in_stage, limits, load, missing, record};
use super::{Application, ApplicationId, Stage};
use crate::domain::ground::Ground;
use crate::domain::party::Party;
use crate::domain::plate::{self, PlateWish};
use crate::domain::standing;
use crate::domain::vehicle::event::VehicleFact;
use crate::domain::vehicle::{self, Vehicle};
use chassis::domain::values::Vin;
use chassis::domain::{District, Halt, Transaction};

/// Files an application (art. 7).
#[derive(Clone, Debug)]
pub struct File {
    pub vin: Vin,
    pub district: District,
    pub request: Request,
    /// 1 to 10.
    pub applicants: Vec<Party>,
    pub agent: Option<Party>,
    pub wish: Option<PlateWish>,
    pub delivery: Option<Delivery>,
    pub evidence: Vec<Evidence>,
}

/// Files an application. It is accepted at once if nothing is missing; else everything that is missing is told, once (art. 3(2)).
///
/// # Errors
/// Any ground on which the law leaves nothing to decide.
pub fn file(tx: &mut Transaction, command: File) -> Result<ApplicationId, Halt> {
    let id = ApplicationId::new(tx.context.new_id("application"));
    let known = tx.load::<Vehicle>(command.vin.as_str())?;
    // Arts. 80(1), 81(1) bar from registrations and from nothing else.
    if command.request.business().is_registration() {
        for applicant in &command.applicants {
            standing::check(tx, applicant)?;
        }
    }
    let other = match command.request.other_vehicle() {
        Some(other) => tx.load::<Vehicle>(other.as_str())?,
        None => None,
    };
    let mut vehicles = known.iter().chain(&other);
    if vehicles.any(|vehicle| vehicle.open_application.is_some()) {
        return Err(Ground::ApplicationOpen.into());
    }
    let case = conditions::Case {
        vin: &command.vin,
        district: command.district,
        request: &command.request,
        applicants: &command.applicants,
        by_agent: command.agent.is_some(),
        wish: command.wish.as_ref(),
    };
    conditions::check(tx, &case)?;
    let former = match &command.wish {
        Some(wish) => plate::former_of(tx, wish)?,
        None => None,
    };
    if let Some(wish) = &command.wish {
        let owner = conditions::owner_to_be(&case, known.as_deref())?;
        plate::reserve(tx, &id, wish, owner)?;
    }
    let late = conditions::lateness(tx, &command.request);
    let missing = missing(
        tx,
        &command.request,
        known.as_deref(),
        command.agent.is_some(),
        &command.evidence,
    );
    open(tx, &id, &command)?;
    let limits = missing.is_empty().then(|| limits(tx, &command.request));
    let File {
        vin,
        district,
        request,
        applicants,
        agent,
        wish,
        delivery,
        evidence,
    } = command;
    let filing = Filing {
        request,
        applicants,
        agent,
        filed_by: tx.context.actor.id.clone(),
        wish,
        former,
        delivery,
        evidence,
        missing,
        late,
        limits,
    };
    record_filing(tx, &id, vin, district, filing)?;
    Ok(id)
}

fn record_filing(
    tx: &mut Transaction,
    id: &ApplicationId,
    vin: Vin,
    district: District,
    filing: Filing,
) -> Result<(), Halt> {
    let vehicle = tx.load::<Vehicle>(vin.as_str())?;
    let carried = vehicle.as_ref().and_then(|vehicle| vehicle.number());
    let event = super::event::ApplicationEvent {
        number: carried.cloned(),
        category: super::steps::category(&filing.request, vehicle.as_deref()),
        vin,
        district,
        fact: ApplicationFact::ApplicationFiled(Box::new(filing)),
    };
    tx.record::<Application>(id.as_str(), [event])
}

/// The vehicles are taken by this application; one that nobody knew enters the register's memory.
fn open(tx: &mut Transaction, id: &ApplicationId, command: &File) -> Result<(), Halt> {
    let known = tx.load::<Vehicle>(command.vin.as_str())?.is_some();
    let mut facts = Vec::with_capacity(2);
    if let Some(particulars) = command.request.particulars().filter(|_| !known) {
        facts.push(VehicleFact::VehicleEntered {
            district: command.district,
            particulars: particulars.clone(),
        });
    }
    let opened = VehicleFact::ApplicationOpened {
        application: id.clone(),
    };
    facts.push(opened.clone());
    vehicle::record(tx, &command.vin, facts)?;
    match command.request.other_vehicle() {
        Some(other) => vehicle::record(tx, other, [opened]),
        None => Ok(()),
    }
}

/// Hands in what was missing. Once nothing is, the time limit runs.
///
/// # Errors
/// If nothing is missing, or it is another's application.
pub fn supply(
    tx: &mut Transaction,
    id: &ApplicationId,
    evidence: Vec<Evidence>,
) -> Result<(), Halt> {
    let application = load(tx, id)?;
    as_applicant(tx, &application)?;
    in_stage(&application, Stage::Incomplete)?;
    let missing: Vec<_> = application
        .missing
        .iter()
        .copied()
        .filter(|material| !evidence.iter().any(|own| own.material == *material))
        .collect();
    let limits = missing.is_empty().then(|| limits(tx, &application.request));
    let supplied = ApplicationFact::MaterialsSupplied {
        evidence,
        missing,
        limits,
    };
    record(tx, id, &application, None, supplied)
}

/// Withdraws an application that is not decided yet; a number that it reserved is free again.
///
/// # Errors
/// If it is decided, or another's.
pub fn withdraw(tx: &mut Transaction, id: &ApplicationId) -> Result<(), Halt> {
    let application = load(tx, id)?;
    as_applicant(tx, &application)?;
    if !application.stage.is_undecided() {
        return Err(Ground::WrongStage {
            is: application.stage.as_str(),
            needs: "undecided",
        }
        .into());
    }
    end(tx, id, &application, ApplicationFact::ApplicationWithdrawn)
}
