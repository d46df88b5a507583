//! What the steps of a case share: reading it, who may act, at which stage, and recording.

use super::super::ground::Ground;
use super::super::values::{CaseId, city_of};
use super::event::{Fact, Sanction, ViolationEvent};
use super::{Stage, Violation};
use chassis::domain::values::Text;
use chassis::domain::{District, Halt, Transaction};
use jiff::civil::Date;
use std::sync::Arc;

pub(super) fn load(tx: &mut Transaction, id: &CaseId) -> Result<Arc<Violation>, Halt> {
    match tx.load::<Violation>(id.as_str())? {
        Some(case) => Ok(case),
        None => Err(Ground::UnknownViolation.into()),
    }
}

pub(super) fn record(
    tx: &mut Transaction,
    id: &CaseId,
    case: &Violation,
    facts: impl IntoIterator<Item = Fact>,
) -> Result<(), Halt> {
    let district = case.district();
    let plate = case.filing.plate.clone();
    let events = facts.into_iter().map(|fact| ViolationEvent {
        district,
        plate: plate.clone(),
        fact,
    });
    tx.record::<Violation>(id.as_str(), events)
}

/// An officer of the district in which it happened, or of the city (Order 157 art. 4(1)).
pub(super) fn as_officer(tx: &Transaction, case: &Violation) -> Result<(), Ground> {
    if tx.context.actor.decides_for(case.district()) {
        Ok(())
    } else {
        Err(Ground::OutsideDistrict)
    }
}

/// The party through an account of its own, or an officer who takes down what it says (Administrative Penalty Law art. 7(1)).
pub(super) fn as_party(tx: &Transaction, case: &Violation) -> Result<(), Ground> {
    let actor = &tx.context.actor;
    let is_party = actor.person().is_some_and(|person| case.is_of(&person));
    if is_party || actor.decides_for(case.district()) {
        Ok(())
    } else {
        Err(Ground::NotTheParty)
    }
}

/// An officer of the city itself, who alone may revoke a licence (Order 157 art. 6(2)).
pub(super) fn as_city(tx: &Transaction, case: &Violation) -> Result<(), Ground> {
    let city = |own: &chassis::domain::District| own.is_city_of(case.district());
    if tx.context.actor.districts.iter().any(city) {
        Ok(())
    } else {
        Err(Ground::RevocationByCity)
    }
}

/// The county or the city whose police this decision is: of an officer of both the county's, unless only the city may decide it.
pub(super) fn authority(tx: &Transaction, case: &Violation, sanction: &Sanction) -> District {
    let district = case.district();
    if sanction.revocation || !tx.context.actor.districts.contains(&district) {
        city_of(district)
    } else {
        district
    }
}

pub(super) fn in_stage(
    case: &Violation,
    stages: &[Stage],
    needs: &'static str,
) -> Result<(), Ground> {
    if stages.contains(&case.stage) {
        Ok(())
    } else {
        Err(Ground::WrongState {
            is: case.stage.as_str(),
            needs,
        })
    }
}

pub(super) fn today(tx: &Transaction) -> Date {
    tx.context.calendar.date(tx.now())
}

/// The acting account, as the record names it. Accounts have at most 64 bytes.
pub(super) fn actor(tx: &Transaction) -> Result<Text<64>, Ground> {
    Text::parse(&tx.context.actor.id).map_err(|_| Ground::OutsideDistrict)
}
