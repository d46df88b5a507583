//! The police find their own decision wrong, and put it right without waiting for a remedy (Administrative Penalty Law art.
//! 75(2)).

use super::super::docket::{self, Standing};
use super::super::ground::Ground;
use super::super::licence;
use super::super::limits;
use super::super::values::CaseId;
use super::Stage;
use super::event::{Afterwards, DecisionError, Fact, Source};
use super::steps::{as_city, as_officer, in_stage, load, record};
use chassis::domain::values::Text;
use chassis::domain::{Halt, Transaction};

/// Revokes a decision.
#[derive(Clone, Debug)]
pub struct Correction {
    pub error: DecisionError,
    pub reason: Text<500>,
    pub afterwards: Afterwards,
}

/// The decision falls, and with it what it did, as after a remedy: points and measures on the licence (Order 163 art. 16), the
/// fine, and what was paid is ordered back. A record that is open again gives the party thirty days to come, anybody else who
/// was stopped is to be handled anew; what is decided then is open to every remedy. A remedy under way ends with what it was
/// about.
///
/// # Errors
/// If nothing was decided; if a remedy has varied the decision, which is not the police's own any more; a revocation of the
/// licence by anybody but the city (Order 157 art. 6(2)).
pub fn revoke(tx: &mut Transaction, id: &CaseId, correction: Correction) -> Result<(), Halt> {
    let case = load(tx, id)?;
    as_officer(tx, &case)?;
    in_stage(
        &case,
        &[Stage::Decided, Stage::Served, Stage::Settled],
        "decided, served or settled",
    )?;
    let decision = case.decision.as_ref();
    if decision.is_some_and(|decision| decision.sanction.revocation) {
        as_city(tx, &case)?;
    }
    if case.varied.is_some() {
        return Err(Ground::DecisionVaried.into());
    }
    let driver = decision.and_then(|decision| decision.party.clone());
    let Correction {
        error,
        reason,
        afterwards,
    } = correction;
    let from_record = case.filing.source != Source::OnTheSpot;
    let handle_by = (afterwards == Afterwards::Reopened && from_record).then(|| {
        tx.context
            .calendar
            .deadline(tx.now(), limits::HANDLING.time)
    });
    record(
        tx,
        id,
        &case,
        [Fact::DecisionRevokedByPolice {
            error,
            reason,
            afterwards,
            refund: case.account.paid(),
            handle_by,
        }],
    )?;
    if let Some(party) = driver {
        licence::decision_revoked(tx, id, &party.person.person)?;
    }
    match afterwards {
        Afterwards::Reopened => {
            let standing = handle_by.map_or(Standing::Open, Standing::HandleBy);
            docket::reopen(tx, id, &case.filing, standing)
        }
        Afterwards::Closed => docket::move_case(tx, id, &case.filing, Standing::Closed, None),
    }
}
