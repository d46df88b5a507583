//! What officers do: ask once for what is missing, approve, refuse.

use super::charges;
use super::conditions::{self, Case};
use super::effects;
use super::event::{
    ApplicationFact, Approval, ElectronicCheck, Examination, RefusalGround, RefusedApplication,
};
use super::materials::{self, Material};
use super::request::Business;
use super::steps::{as_reviewer, category, close, end, in_stage, load, record};
use super::{Application, ApplicationId, Stage};
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::party::{Party, PartyRef};
use crate::domain::standing::{self, Bar};
use crate::domain::vehicle::Vehicle;
use chassis::domain::values::Text;
use chassis::domain::{Halt, LegalBasis, Transaction};
use jiff::ToSpan;

/// Asks, once, for what a confirmation did not bring or what is not in legal form (art. 3(2)). The time limit runs anew once it
/// is there.
///
/// # Errors
/// If it was asked before, or is not needed for this business.
pub fn request_materials(
    tx: &mut Transaction,
    id: &ApplicationId,
    missing: Vec<Material>,
) -> Result<(), Halt> {
    let application = load(tx, id)?;
    as_reviewer(tx, &application)?;
    in_stage(&application, Stage::Accepted)?;
    if application.requested {
        return Err(Ground::AlreadyRequested.into());
    }
    let vehicle = tx.load::<Vehicle>(application.vin.as_str())?;
    let today = tx.context.calendar.date(tx.now());
    let needed = materials::needed(
        &application.request,
        vehicle.as_deref(),
        application.agent.is_some(),
        today,
    );
    let is_needed = |material: &Material| {
        let mut all = needed.submitted.iter().chain(&needed.electronic);
        all.any(|needed| needed.material == *material)
    };
    if !missing.iter().all(is_needed) {
        return Err(Ground::MaterialNotNeeded.into());
    }
    let requested = ApplicationFact::MaterialsRequested { missing };
    record(tx, id, &application, None, requested)
}

#[derive(Clone, Debug)]
pub struct Approve {
    pub checks: Vec<ElectronicCheck>,
    pub examination: Option<Examination>,
}

/// Decides as applied for: the vehicle changes in the same transaction, and what is charged for plates and documents is fixed.
///
/// # Errors
/// As filing; and if a confirmation or the examination is missing.
pub fn approve(tx: &mut Transaction, id: &ApplicationId, command: Approve) -> Result<(), Halt> {
    let application = load(tx, id)?;
    as_reviewer(tx, &application)?;
    in_stage(&application, Stage::Accepted)?;
    conditions::check(
        tx,
        &Case {
            vin: &application.vin,
            district: application.district,
            request: &application.request,
            applicants: &application.applicants,
            by_agent: application.agent.is_some(),
            wish: application.wish.as_ref(),
        },
    )?;
    check_proofs(tx, &application, &command)?;
    // Closed first, so that the vehicle's own events tell of a vehicle that is free again.
    close(tx, id, &application)?;
    let outcome = effects::carry_out(tx, &application)?;
    let vehicle = tx.load::<Vehicle>(application.vin.as_str())?;
    let category = category(&application.request, vehicle.as_deref());
    let order = charges::open(tx, id, &application, category, &outcome)?;
    let approval = Approval {
        at: tx.now(),
        checks: command.checks,
        examination: command.examination,
        number: outcome.number.clone(),
        plates_to_make: outcome.plates_to_make,
        order,
    };
    let approved = ApplicationFact::ApplicationApproved(Box::new(approval));
    record(tx, id, &application, outcome.number.as_ref(), approved)
}

/// Everything electronic is confirmed or was handed in, and the vehicle examined where the law asks for it.
fn check_proofs(
    tx: &mut Transaction,
    application: &Application,
    command: &Approve,
) -> Result<(), Halt> {
    let vehicle = tx.load::<Vehicle>(application.vin.as_str())?;
    let today = tx.context.calendar.date(tx.now());
    let needed = materials::needed(
        &application.request,
        vehicle.as_deref(),
        application.agent.is_some(),
        today,
    );
    for needed in needed.electronic {
        let confirmed = command
            .checks
            .iter()
            .any(|check| check.material == needed.material);
        let handed_in = application
            .evidence
            .iter()
            .any(|evidence| evidence.material == needed.material);
        if !confirmed && !handed_in {
            return Err(Ground::NotConfirmed {
                material: needed.material,
                basis: needed.basis,
            }
            .into());
        }
    }
    match conditions::examination_basis(&application.request) {
        Some(basis) if command.examination.is_none() => Err(Ground::NotExamined { basis }.into()),
        _ => Ok(()),
    }
}

#[derive(Clone, Debug)]
pub struct Refuse {
    pub ground: RefusalGround,
    pub reason: Text<500>,
    /// Whose the false papers are; empty: the only applicant's.
    pub barred: Vec<PartyRef>,
}

/// Refuses, with reasons (art. 3(2)). False papers bar those whose they are for a year (art. 80(1)).
///
/// # Errors
/// If the ground is none of this business, or it is not clear who is barred.
pub fn refuse(tx: &mut Transaction, id: &ApplicationId, command: Refuse) -> Result<(), Halt> {
    let application = load(tx, id)?;
    as_reviewer(tx, &application)?;
    if !application.stage.is_undecided() {
        return Err(Ground::WrongStage {
            is: application.stage.as_str(),
            needs: "undecided",
        }
        .into());
    }
    let Some(basis) = refusal_basis(application.business(), command.ground) else {
        return Err(Ground::GroundOfOtherBusiness.into());
    };
    let barred = barred(&application, &command)?;
    let refused = RefusedApplication {
        ground: command.ground,
        reason: command.reason,
        basis,
        at: tx.now(),
    };
    end(
        tx,
        id,
        &application,
        ApplicationFact::ApplicationRefused(refused),
    )?;
    let bar = Bar {
        until: tx.context.calendar.date(tx.now()) + 1.year(),
        fraud: false,
        district: Some(application.district),
    };
    for party in barred {
        standing::bar(tx, party, bar)?;
    }
    Ok(())
}

/// Whom a refusal bars: art. 80(1) is about false papers in an application for a registration, and about nothing else.
fn barred<'a>(application: &'a Application, command: &Refuse) -> Result<Vec<&'a Party>, Ground> {
    let basis = order_164("art. 80(1)");
    let bars =
        command.ground == RefusalGround::FalsePapers && application.business().is_registration();
    if bars {
        return standing::named(&application.applicants, &command.barred, &basis);
    }
    if command.barred.is_empty() {
        return Ok(Vec::new());
    }
    Err(Ground::NobodyIsBarred { basis })
}

/// Where a ground stands for a business; `None`: the law does not give it.
pub fn refusal_basis(business: Business, ground: RefusalGround) -> Option<LegalBasis> {
    use RefusalGround as G;
    let common = match ground {
        G::FalsePapers => Some("art. 80(1)"),
        G::RequirementsNotMet => Some("art. 3(2)"),
        _ => None,
    };
    let shared = matches!(
        ground,
        G::InvalidProof | G::ScrapAge | G::Seized | G::Stolen
    );
    let own = match business {
        Business::InitialRegistration => match ground {
            G::InvalidProof => Some("art. 15(1)"),
            G::AlteredOrigin => Some("art. 15(2)"),
            G::ProofMismatch => Some("art. 15(3)"),
            G::UnlicensedModel => Some("art. 15(4)"),
            G::ModelMismatch => Some("art. 15(5)"),
            G::VinBelowStandard => Some("art. 15(6)"),
            G::ScrapAge => Some("art. 15(7)"),
            G::Seized => Some("art. 15(8)"),
            G::Stolen => Some("art. 15(9)"),
            G::OtherProvision => Some("art. 15(10)"),
            _ => None,
        },
        business if business.is_change() => match ground {
            G::ModelChanged => Some("art. 21(1)(1)"),
            G::ShapeChanged => Some("art. 21(1)(2)"),
            _ if shared => Some("art. 21(1)(3)"),
            _ => None,
        },
        business if business.is_transfer() => match ground {
            G::RecordMismatch => Some("art. 29(1)"),
            G::CustomsNotReleased => Some("art. 29(2)"),
            G::AlteredOrigin => Some("art. 29(4)"),
            _ if shared => Some("art. 29(4)"),
            _ => None,
        },
        Business::Mortgage | Business::Pledge => match ground {
            G::CustomsNotReleased => Some("art. 36"),
            _ if shared => Some("art. 36"),
            _ => None,
        },
        Business::MortgageRelease | Business::PledgeRelease => {
            matches!(ground, G::InvalidProof | G::Seized).then_some("art. 36")
        }
        business if business.is_cancellation() => matches!(
            ground,
            G::InvalidProof | G::Seized | G::Stolen | G::RecordMismatch
        )
        .then_some("art. 42"),
        _ => None,
    };
    own.or(common).map(order_164)
}
