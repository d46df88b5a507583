//! What the journals say of the city: aggregates folded from their commits, and what must hold between them.

use super::book::Expected;
use crate::simulation::host::Service;
use crate::simulation::users::Notes;
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use chassis::domain::values::PlateNumber;
use chassis::journal::Stored;
use enforcement::domain::registered::{RegisteredPlate, Registration as Known};
use enforcement::domain::violation::Violation;
use permits::domain::permit::Permit;
use permits::domain::registers::{Registration as Noted, VehicleRecord};
use prost::Name;
use registration::domain::blocks::PlateRecord;
use registration::domain::plate::PlateClaim;
use registration::domain::vehicle::Vehicle;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::plates::{PlateNews, plate_news};

/// The aggregates of one type, by id, each after its last commit.
#[derive(Debug)]
struct Folded<A>(BTreeMap<String, A>);

impl<A> Default for Folded<A> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<A: Aggregate> Folded<A> {
    /// Takes a commit in, if it is on an aggregate of this type.
    fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        if stored.kind != A::TYPE {
            return Ok(());
        }
        let mut state = self.0.remove(&stored.id);
        for event in &commit.events {
            let event = serde_json::from_str(event.get()).map_err(|why| why.to_string())?;
            state = A::evolve(state, &event, commit.metadata.time);
        }
        let state = state.ok_or_else(|| format!("{}/{} has no state", stored.kind, stored.id))?;
        self.0.insert(stored.id.clone(), state);
        Ok(())
    }
}

/// The city as its journals tell it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    permits: Folded<Permit>,
    plates_in_permits: Folded<VehicleRecord>,
    violations: Folded<Violation>,
    plates_in_enforcement: Folded<RegisteredPlate>,
    vehicles: Folded<Vehicle>,
    claims: Folded<PlateClaim>,
    plate_records: Folded<PlateRecord>,
}

impl Facts {
    pub(super) fn enter(
        &mut self,
        service: Service,
        stored: &Stored,
        commit: &Commit,
    ) -> Result<(), String> {
        match service {
            Service::Permits => {
                self.permits.enter(stored, commit)?;
                self.plates_in_permits.enter(stored, commit)
            }
            Service::Parking => Ok(()),
            Service::Enforcement => {
                self.violations.enter(stored, commit)?;
                self.plates_in_enforcement.enter(stored, commit)
            }
            Service::Registration => {
                self.vehicles.enter(stored, commit)?;
                self.claims.enter(stored, commit)?;
                self.plate_records.enter(stored, commit)
            }
        }
    }

    /// What must hold whenever one looks.
    pub(super) fn hold(&self, told: &Notes) -> Result<(), String> {
        self.no_road_is_granted_twice(told)?;
        self.no_plate_is_on_two_vehicles()
    }

    fn no_road_is_granted_twice(&self, told: &Notes) -> Result<(), String> {
        let granted: Vec<_> = self
            .permits
            .0
            .iter()
            .filter(|(_, permit)| permit.stage.is_granted())
            .filter_map(|(id, _)| Some((id, told.occupations.get(id)?)))
            .collect();
        for (at, (id, (road, starts, ends))) in granted.iter().enumerate() {
            for (other, (other_road, other_starts, other_ends)) in &granted[..at] {
                if road == other_road && starts < other_ends && other_starts < ends {
                    return Err(format!("{id} and {other} were both granted road {road}"));
                }
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
                return Err(format!("{vin} carries {key}, which is {claim:?}"));
            }
            if let Some(other) = carriers.insert(key, vin) {
                return Err(format!("{vin} and {other} carry one plate"));
            }
        }
        Ok(())
    }

    pub(super) fn occupations_in_force(&self) -> BTreeSet<String> {
        let in_force = |permit: &Permit| permit.stage.is_granted() && !permit.is_suspended();
        let permits = self.permits.0.iter();
        permits
            .filter(|(_, permit)| in_force(permit))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Registration knows of each case on a plate whether it is open, as enforcement last said.
    pub(super) fn cases_are_known_to_registration(
        &self,
        published: &[Expected],
    ) -> Result<(), String> {
        let opened = [
            enforcement_v1::ViolationEntered::full_name(),
            enforcement_v1::ViolationDecided::full_name(),
            enforcement_v1::ViolationReopened::full_name(),
        ];
        let closed = [
            enforcement_v1::ViolationSettled::full_name(),
            enforcement_v1::ViolationClosed::full_name(),
        ];
        let mut open = BTreeSet::new();
        for event in published {
            let is_open = opened.contains(&event.type_name);
            if !is_open && !closed.contains(&event.type_name) {
                continue;
            }
            let data: Value = serde_json::from_slice(&event.data).map_err(|why| why.to_string())?;
            let text = |field: &str| data["ref"][field].as_str().unwrap_or_default().to_owned();
            let (plate, case) = (text("plate"), text("violation"));
            if plate.is_empty() {
                continue;
            }
            let case = (key(&plate)?, case.replacen("violations/", "", 1));
            if is_open {
                open.insert(case);
            } else {
                open.remove(&case);
            }
        }
        let mut known = BTreeSet::new();
        for (plate, record) in &self.plate_records.0 {
            let heard = record.cases.iter().filter(|heard| heard.open);
            let case = |case: &str| (plate.clone(), case.to_owned());
            known.extend(heard.map(|heard| case(heard.block.case.as_str())));
        }
        if known == open {
            return Ok(());
        }
        Err(format!("open {open:?}, in registration {known:?}"))
    }

    /// Enforcement and permits know which plates are on vehicles, as registration last said.
    pub(super) fn plates_are_known_everywhere(&self, published: &[Expected]) -> Result<(), String> {
        let mut taken = BTreeSet::new();
        for event in published {
            let news = plate_news(&event.type_name, &event.data);
            for news in news.map_err(|why| why.to_string())? {
                match news {
                    PlateNews::Taken { plate, .. } => {
                        taken.insert(key(&plate)?);
                    }
                    PlateNews::GivenUp { plate } | PlateNews::Cancelled { plate } => {
                        taken.remove(&key(&plate)?);
                    }
                    PlateNews::Swapped { .. } => {}
                }
            }
        }
        let enforced = self.plates_in_enforcement.0.iter();
        let in_enforcement: BTreeSet<String> = enforced
            .filter(|(_, plate)| matches!(plate.registration, Known::Registered(_)))
            .map(|(key, _)| key.clone())
            .collect();
        let permitted = self.plates_in_permits.0.iter();
        let in_permits: BTreeSet<String> = permitted
            .filter(|(_, plate)| matches!(plate.registration, Some(Noted::Registered(_))))
            .map(|(key, _)| key.clone())
            .collect();
        if in_enforcement != taken {
            return Err(format!(
                "on vehicles {taken:?}, in enforcement {in_enforcement:?}"
            ));
        }
        if in_permits != taken {
            return Err(format!("on vehicles {taken:?}, in permits {in_permits:?}"));
        }
        Ok(())
    }

    /// Each payment of a fine that a user was told of is booked once, and no other is.
    pub(super) fn fines_are_paid_once(&self, told: &Notes) -> Result<(), String> {
        let mut booked = BTreeMap::new();
        for (case, violation) in &self.violations.0 {
            for payment in &violation.account.payments {
                let amount = payment.amount.signed();
                let reference = payment.reference.as_str().to_owned();
                let paid = (format!("violations/{case}"), amount);
                if let Some(before) = booked.insert(reference.clone(), paid) {
                    return Err(format!("{reference} is booked twice, first on {before:?}"));
                }
            }
        }
        if booked == told.fines {
            return Ok(());
        }
        Err(format!("booked {booked:?}, told {:?}", told.fines))
    }
}

fn key(plate: &str) -> Result<String, String> {
    PlateNumber::parse(plate)
        .map(|plate| plate.key())
        .map_err(|why| why.to_string())
}
