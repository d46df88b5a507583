//! Vehicles: one plate each, one open application each, numbers reserved for what is undecided, and nothing against what
//! authorities and creditors hold.

use super::facts::{Folded, read};
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use chassis::journal::Stored;
use registration::domain::application::Application;
use registration::domain::plate::{PlateClaim, PlateWish};
use registration::domain::vehicle::event::{
    CancellationCause, HoldKind, PlateChangeCause, VehicleEvent, VehicleFact,
};
use registration::domain::vehicle::{Vehicle, VehicleStage};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(super) struct Vehicles {
    vehicles: Folded<Vehicle>,
    applications: Folded<Application>,
    claims: Folded<PlateClaim>,
    /// Which vehicle a temporary plate was issued for.
    temporary: BTreeMap<String, String>,
}

impl Vehicles {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        if stored.kind == Vehicle::TYPE {
            for event in &commit.events {
                let event: VehicleEvent = read(event)?;
                self.may_happen(&stored.id, &event.fact).map_err(|why| {
                    let fact = event.fact.name();
                    format!(
                        "nothing is done that others hold up: {fact} of {}, {why}",
                        stored.id
                    )
                })?;
            }
        }
        self.vehicles.enter(stored, commit)?;
        self.applications.enter(stored, commit)?;
        self.claims.enter(stored, commit)
    }

    fn may_happen(&mut self, vin: &str, fact: &VehicleFact) -> Result<(), String> {
        if let VehicleFact::TemporaryPlateIssued(plate) = fact {
            let number = plate.number.as_str().to_owned();
            if let Some(other) = self.temporary.insert(number, vin.to_owned()) {
                return Err(format!("which {other} has"));
            }
        }
        let Some(vehicle) = self.vehicles.0.get(vin) else {
            return Ok(());
        };
        if is_decided_for_its_owner(fact) && vehicle.is_held(HoldKind::Theft) {
            return Err("which is stolen".into());
        }
        if changes_whose_it_is(fact) && vehicle.is_held(HoldKind::Seizure) {
            return Err("which is sealed".into());
        }
        if is_given_up(fact) && !vehicle.encumbrances.is_empty() {
            return Err("which is mortgaged".into());
        }
        Ok(())
    }

    /// What must hold whenever one looks.
    pub(super) fn hold(&self) -> Result<(), String> {
        self.no_plate_is_on_two_vehicles()?;
        self.each_vehicle_has_one_open_application()?;
        self.numbers_are_reserved_for_what_is_undecided()?;
        for (vin, vehicle) in &self.vehicles.0 {
            if vehicle.school_bus_sign.is_some() && vehicle.stage != VehicleStage::Registered {
                let stage = vehicle.stage.as_str();
                return Err(format!(
                    "school buses are registered: {vin} is {stage}, and has the sign of one"
                ));
            }
        }
        Ok(())
    }

    fn no_plate_is_on_two_vehicles(&self) -> Result<(), String> {
        let mut carriers: BTreeMap<String, &String> = BTreeMap::new();
        for (vin, vehicle) in &self.vehicles.0 {
            let Some(carried) = &vehicle.plate else {
                continue;
            };
            let key = carried.number.key();
            let claim = self.claims.0.get(&key);
            let claimed =
                matches!(claim, Some(PlateClaim::Assigned { vin: of }) if of.as_str() == vin);
            if !claimed {
                return Err(format!(
                    "plates are claimed by who carries them: {vin} carries {key}, which is {claim:?}"
                ));
            }
            if let Some(other) = carriers.insert(key, vin) {
                return Err(format!(
                    "no plate is on two vehicles: {vin} and {other} carry one"
                ));
            }
        }
        for (key, claim) in &self.claims.0 {
            if let PlateClaim::Assigned { vin } = claim
                && carriers
                    .get(key)
                    .is_none_or(|of| of.as_str() != vin.as_str())
            {
                return Err(format!(
                    "plates are carried by who claims them: {key} is {vin}'s, which does not"
                ));
            }
        }
        Ok(())
    }

    /// A number that was chosen, or that the owner had before, waits for the one application that wishes it.
    fn numbers_are_reserved_for_what_is_undecided(&self) -> Result<(), String> {
        let undecided = self.applications.0.iter();
        let wished: BTreeSet<(String, String)> = undecided
            .filter(|(_, application)| application.stage.is_undecided())
            .filter_map(|(id, application)| match &application.wish {
                Some(PlateWish::Held(number) | PlateWish::Former(number)) => {
                    Some((number.key(), id.clone()))
                }
                _ => None,
            })
            .collect();
        let claims = self.claims.0.iter();
        let reserved: BTreeSet<(String, String)> = claims
            .filter_map(|(number, claim)| match claim {
                PlateClaim::Reserved { application } => {
                    Some((number.clone(), application.to_string()))
                }
                _ => None,
            })
            .collect();
        if reserved == wished {
            return Ok(());
        }
        Err(format!(
            "numbers are reserved for what is undecided: reserved {reserved:?}, wished {wished:?}"
        ))
    }

    /// What is undecided holds its vehicles, and nothing else does.
    fn each_vehicle_has_one_open_application(&self) -> Result<(), String> {
        let mut held = BTreeSet::new();
        for (id, application) in &self.applications.0 {
            if !application.stage.is_undecided() {
                continue;
            }
            let other = application.request.other_vehicle();
            for vin in std::iter::once(&application.vin).chain(other) {
                held.insert((vin.as_str().to_owned(), id.clone()));
            }
        }
        let vehicles = self.vehicles.0.iter();
        let open: BTreeSet<(String, String)> = vehicles
            .filter_map(|(vin, vehicle)| {
                let open = vehicle.open_application.as_ref()?;
                Some((vin.clone(), open.as_str().to_owned()))
            })
            .collect();
        if open == held {
            return Ok(());
        }
        Err(format!(
            "each vehicle has one open application: undecided {held:?}, open {open:?}"
        ))
    }
}

/// What applicants ask for: nothing of it is done for a stolen vehicle (Order 164 art. 76(1)).
fn is_decided_for_its_owner(fact: &VehicleFact) -> bool {
    use VehicleFact as Fact;
    changes_whose_it_is(fact)
        || is_given_up(fact)
        || matches!(
            fact,
            Fact::ParticularsChanged { .. }
                | Fact::PlateChanged { .. }
                | Fact::OwnerChangedParticulars { .. }
                | Fact::TemporaryPlateIssued(_)
                | Fact::InspectionMarkIssued { .. }
                | Fact::PlatesReissued
                | Fact::DocumentReissued { .. }
                | Fact::SchoolBusSignIssued(_)
        )
}

/// Nor what changes whose it is, where it is or under which number, for a sealed one (arts. 15(8), 21(1)(3), 29(4), 36).
fn changes_whose_it_is(fact: &VehicleFact) -> bool {
    use VehicleFact as Fact;
    matches!(
        fact,
        Fact::VehicleRegistered(_)
            | Fact::VehicleMovedIn(_)
            | Fact::OwnerReplaced { .. }
            | Fact::VehicleTransferred { .. }
            | Fact::VehicleMovedOut { .. }
            | Fact::VehicleSentForExport { .. }
            | Fact::Encumbered(_)
            | Fact::EncumbranceReleased { .. }
            | Fact::PlateChanged {
                cause: PlateChangeCause::Swap,
                ..
            }
    )
}

/// What its owner has cancelled is nobody's security any more (art. 42).
fn is_given_up(fact: &VehicleFact) -> bool {
    use CancellationCause as Cause;
    matches!(
        fact,
        VehicleFact::VehicleCancelled {
            cause: Cause::ScrapAge | Cause::VoluntaryScrapping | Cause::Destroyed | Cause::Abroad,
            ..
        }
    )
}
