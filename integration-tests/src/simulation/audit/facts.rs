//! What the journals say of the city: aggregates folded from their commits, and what must hold between them.

use super::book::Expected;
use super::cases::Cases;
use super::ebikes::Ebikes;
use super::grants::Grants;
use super::named;
use super::orders::Orders;
use super::parked::Parked;
use super::roads::Roads;
use super::stations::Stations;
use super::streets::Streets;
use super::vehicles::Vehicles;
use super::zones::Zones;
use crate::simulation::host::Service;
use crate::simulation::users::{Notes, agree};
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use chassis::domain::values::PlateNumber;
use chassis::journal::Stored;
use enforcement::domain::arrears::Arrears;
use enforcement::domain::conduct::Conduct;
use enforcement::domain::oversize::OversizePermit;
use enforcement::domain::registered::{RegisteredPlate, Registration as Known};
use enforcement::domain::violation::event::{Fact as CaseFact, Source, ViolationEvent};
use enforcement::domain::violation::{Closed, Stage as CaseStage, Violation};
use jiff::Timestamp;
use permits::domain::application::Application as Applied;
use permits::domain::event::SuspensionCause;
use permits::domain::permit::{Permit, Stage};
use permits::domain::progress::Progress;
use permits::domain::registers::{DriverStanding, Registration as Noted, VehicleRecord};
use permits::domain::road_occupation::RoadOccupation;
use prost::Name;
use registration::domain::blocks::PlateRecord;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::parking::v1 as parking_v1;
use traffic_proto::plates::{PlateNews, plate_news};

/// The aggregates of one type, by id, each after its last commit.
#[derive(Debug)]
pub(super) struct Folded<A>(pub(super) BTreeMap<String, A>);

impl<A> Default for Folded<A> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<A: Aggregate> Folded<A> {
    /// Takes a commit in, if it is on an aggregate of this type.
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        if stored.kind != A::TYPE {
            return Ok(());
        }
        let mut state = self.0.remove(&stored.id);
        for event in &commit.events {
            let event = read(event)?;
            state = A::evolve(state, &event, commit.metadata.time);
        }
        let state = state.ok_or_else(|| {
            let (kind, id) = (&stored.kind, &stored.id);
            format!("what has a history has a state: {kind}/{id} has none")
        })?;
        self.0.insert(stored.id.clone(), state);
        Ok(())
    }
}

/// The city as its journals tell it.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The services whose commits have been taken in since one looked last.
    changed: BTreeSet<Service>,
    permits: Folded<Permit>,
    roads: Roads,
    grants: Grants,
    plates_in_permits: Folded<VehicleRecord>,
    drivers_in_permits: Folded<DriverStanding>,
    cases: Cases,
    plates_in_enforcement: Folded<RegisteredPlate>,
    oversize_in_enforcement: Folded<OversizePermit>,
    arrears: Folded<Arrears>,
    pub(super) streets: Streets,
    pub(super) zones: Zones,
    pub(super) parked: Parked,
    /// By the reference: for which case, and how much.
    fines: BTreeMap<String, (String, i64)>,
    vehicles: Vehicles,
    plate_records: Folded<PlateRecord>,
    pub(super) ebikes: Ebikes,
    pub(super) orders: Orders,
    stations: Stations,
}

impl Facts {
    /// Takes in the next commit of a service, which a glance sees.
    pub(super) fn enter(
        &mut self,
        service: Service,
        stored: &Stored,
        commit: &Commit,
        glance: u64,
    ) -> Result<(), String> {
        self.changed.insert(service);
        match service {
            Service::Permits => {
                self.permits.enter(stored, commit)?;
                self.roads.enter(stored, commit)?;
                self.grants.enter(stored, commit, glance)?;
                self.plates_in_permits.enter(stored, commit)?;
                self.drivers_in_permits.enter(stored, commit)
            }
            Service::Parking => {
                self.zones.enter(stored, commit)?;
                self.parked.enter(stored, commit)
            }
            Service::Enforcement => {
                self.fines(stored, commit)?;
                self.cases.enter(stored, commit)?;
                self.plates_in_enforcement.enter(stored, commit)?;
                self.oversize_in_enforcement.enter(stored, commit)?;
                self.arrears.enter(stored, commit)?;
                self.streets.enter(stored, commit)
            }
            Service::Registration => {
                self.vehicles.enter(stored, commit)?;
                self.plate_records.enter(stored, commit)?;
                self.ebikes.enter(stored, commit)?;
                self.stations.enter(stored, commit)?;
                self.orders.enter(stored, commit)
            }
        }
    }

    /// What must hold whenever one looks, as far as anything has changed.
    pub(super) fn hold(&mut self) -> Result<(), String> {
        for service in std::mem::take(&mut self.changed) {
            match service {
                Service::Permits => {
                    let granted = self.granted_occupations();
                    named("no road is granted twice", no_road_is_taken_twice(&granted))?;
                    self.roads.hold(&granted)?;
                }
                Service::Parking => {
                    self.zones.hold()?;
                    self.parked.hold()?;
                }
                Service::Enforcement => {
                    self.cases.hold()?;
                    self.streets.hold()?;
                }
                Service::Registration => {
                    self.vehicles.hold()?;
                    self.stations.hold()?;
                    self.orders.hold()?;
                }
            }
        }
        Ok(())
    }

    /// Those that take their road, by permit.
    fn granted_occupations(&self) -> Vec<(&String, &RoadOccupation)> {
        let granted = self.permits.0.iter();
        granted
            .filter(|(_, permit)| takes_its_road(permit))
            .filter_map(|(id, permit)| match &permit.application {
                Applied::RoadOccupation(occupation) => Some((id, &**occupation)),
                _ => None,
            })
            .collect()
    }

    pub(super) fn occupations_in_force(&self) -> BTreeSet<String> {
        let in_force = |permit: &Permit| {
            matches!(permit.application, Applied::RoadOccupation(_))
                && takes_its_road(permit)
                && (!permit.is_suspended() || permit.progress.is_under_way())
        };
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
        let detained = enforcement_v1::VehicleDetained::full_name();
        let released = enforcement_v1::VehicleReleased::full_name();
        let disposed = enforcement_v1::VehicleDisposed::full_name();
        let mut open = BTreeSet::new();
        for event in published {
            let name = &event.type_name;
            let data = || parse(event);
            let (is_open, about, kind) = if opened.contains(name) || closed.contains(name) {
                let case = data()?["ref"].take();
                (opened.contains(name), case, "violation")
            } else if *name == detained || *name == released {
                (*name == detained, data()?, "detention")
            } else if *name == disposed {
                // What was scrapped or dismantled waits under the same case for the office to cancel it.
                let about = data()?;
                let disposal = text(&about, "disposal");
                let destroyed = ["DISPOSAL_SCRAPPED", "DISPOSAL_DISMANTLED"];
                (destroyed.contains(&disposal.as_str()), about, "detention")
            } else {
                continue;
            };
            let (plate, case) = (text(&about, "plate"), text(&about, kind));
            if plate.is_empty() {
                continue;
            }
            let case = (key(&plate)?, case.replacen(&format!("{kind}s/"), "", 1));
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

    /// Permits knows which drivers may not drive, as enforcement last said, and no chemicals go with one of them.
    pub(super) fn barred_drivers_carry_nothing(
        &self,
        published: &[Expected],
    ) -> Result<(), String> {
        let barred_by = enforcement_v1::DriverBarred::full_name();
        let restored_by = enforcement_v1::DriverRestored::full_name();
        let mut barred = BTreeSet::new();
        for event in published {
            if event.type_name == barred_by {
                barred.insert(text(&parse(event)?, "personRef"));
            } else if event.type_name == restored_by {
                barred.remove(&text(&parse(event)?, "personRef"));
            }
        }
        let drivers = self.drivers_in_permits.0.iter();
        let known: BTreeSet<String> = drivers
            .filter(|(_, driver)| driver.suspended.is_some())
            .map(|(person, _)| person.clone())
            .collect();
        if known != barred {
            return Err(format!("barred {barred:?}, in permits {known:?}"));
        }
        for (id, permit) in &self.permits.0 {
            let Applied::ToxicTransport(transport) = &permit.application else {
                continue;
            };
            if !permit.stage.is_granted() {
                continue;
            }
            for driver in transport.drivers() {
                let person = driver.person_ref();
                let suspended = permit.is_suspended_for(&SuspensionCause::Driver(person.clone()));
                if suspended != barred.contains(person.as_str()) {
                    return Err(format!(
                        "{id} names {person}; suspended for it: {suspended}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// A weigh station's record is excused as long as nobody came for it, if a permit covered the act, and only then.
    pub(super) fn weigh_stations_respect_permits(&self) -> Result<(), String> {
        for (id, case) in &self.cases.violations.0 {
            let mut permits = self.oversize_in_enforcement.0.values();
            let covered = permits.any(|permit| permit.covers(&case.filing));
            let excused = matches!(case.closed, Some(Closed::Permitted(_)));
            let undecided = matches!(
                case.stage,
                CaseStage::Recorded | CaseStage::Entered | CaseStage::Notified
            );
            if (covered && undecided) || (excused && !covered) {
                return Err(format!(
                    "{id} is {:?}, and a permit covers it: {covered}",
                    case.stage
                ));
            }
        }
        Ok(())
    }

    /// Enforcement has a case for each debt that parking has referred and not seen paid.
    pub(super) fn debts_are_known_to_enforcement(
        &self,
        published: &[Expected],
    ) -> Result<(), String> {
        let referred_by = parking_v1::ArrearsReferred::full_name();
        let settled_by = parking_v1::ArrearsSettled::full_name();
        let mut owed = BTreeSet::new();
        for event in published {
            let session = || Ok::<_, String>(text(&parse(event)?, "session"));
            let id = |name: String| name.replacen("sessions/", "", 1);
            if event.type_name == referred_by {
                owed.insert(id(session()?));
            } else if event.type_name == settled_by {
                owed.remove(&id(session()?));
            }
        }
        let known = self.arrears.0.iter();
        let known: BTreeSet<String> = known
            .filter(|(_, arrears)| arrears.case.is_some())
            .map(|(session, _)| session.clone())
            .collect();
        if known != owed {
            return Err(format!("owed for {owed:?}, in enforcement {known:?}"));
        }
        Ok(())
    }

    /// Enforcement has opened one case for each act of illegal parking that parking has reported, however often it did, and no
    /// other. An act that lies ahead of enforcement's clock waits for it; none is refused, since no run takes as long as the
    /// limitation, and the city registers no vehicle without a motor.
    pub(super) fn illegal_parking_is_taken_up_once(
        &self,
        published: &[Expected],
    ) -> Result<(), String> {
        let seen_by = parking_v1::IllegalParkingSeen::full_name();
        let mut acts = BTreeSet::new();
        for event in published.iter().filter(|it| it.type_name == seen_by) {
            let seen = serde_json::from_slice::<parking_v1::IllegalParkingSeen>(&event.data);
            let seen = seen.map_err(|why| why.to_string())?;
            let (Some(place), Some(at)) = (seen.place, seen.act_time) else {
                return Err(format!("{} tells no place or no time", event.id));
            };
            let at = Timestamp::new(at.seconds, at.nanos).map_err(|why| why.to_string())?;
            acts.insert((place.bay, seen.plate, at, seen.ground));
        }
        let mut seen: BTreeMap<(String, String, Timestamp), usize> = BTreeMap::new();
        for (bay, plate, at, _) in acts {
            *seen.entry((bay, plate, at)).or_default() += 1;
        }
        let mut taken_up: BTreeMap<(String, String, Timestamp), usize> = BTreeMap::new();
        for case in self.cases.violations.0.values() {
            let filing = &case.filing;
            let is_parkings = matches!(
                &filing.source,
                Source::Referral { from, .. } if from.as_str() == Service::Parking.name()
            );
            if !is_parkings || filing.act.conduct != Conduct::IllegalParking {
                continue;
            }
            let bay = filing.place.road.as_str().to_owned();
            let plate = filing.plate.as_ref().map(|plate| plate.as_str().to_owned());
            let act = (bay, plate.unwrap_or_default(), filing.acted_at);
            *taken_up.entry(act).or_default() += 1;
        }
        if seen == taken_up {
            return Ok(());
        }
        Err(format!("seen {seen:?}, cases of {taken_up:?}"))
    }

    /// No transport is permitted with a plate that its vehicle has lost since.
    pub(super) fn permits_end_with_their_plates(
        &self,
        published: &[Expected],
    ) -> Result<(), String> {
        self.grants.end_with_their_plates(&self.permits, published)
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

    /// Each payment of a fine is booked once, whatever becomes of the decision later.
    fn fines(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        if stored.kind != Violation::TYPE {
            return Ok(());
        }
        for event in &commit.events {
            let event: ViolationEvent = read(event)?;
            let (reference, amount) = match event.fact {
                CaseFact::PaymentReceived {
                    amount, reference, ..
                } => (reference, amount),
                CaseFact::FineCollectedOnTheSpot { receipt, .. } => {
                    let case = self.cases.violations.0.get(&stored.id);
                    let case = case.ok_or("a fine is collected of a case that is none")?;
                    (receipt, case.account.fine)
                }
                _ => continue,
            };
            let paid = (format!("violations/{}", stored.id), amount.signed());
            let reference = reference.as_str().to_owned();
            if let Some(before) = self.fines.insert(reference.clone(), paid) {
                return Err(format!(
                    "each payment of a fine is booked once: {reference}, first on {before:?}"
                ));
            }
        }
        Ok(())
    }

    /// No other payments of fines are booked than those that users were told of.
    pub(super) fn fines_are_paid_as_told(&self, told: &Notes) -> Result<(), String> {
        agree(&self.fines, &told.fines)
    }
}

/// An event as a journal has it.
pub(super) fn read<E: DeserializeOwned>(event: &RawValue) -> Result<E, String> {
    named("every event can be read", serde_json::from_str(event.get()))
}

fn parse(event: &Expected) -> Result<Value, String> {
    serde_json::from_slice(&event.data).map_err(|why| why.to_string())
}

/// Empty if it has none.
fn text(of: &Value, field: &str) -> String {
    of[field].as_str().unwrap_or_default().to_owned()
}

pub(super) fn key(plate: &str) -> Result<String, String> {
    PlateNumber::parse(plate)
        .map(|plate| plate.key())
        .map_err(|why| why.to_string())
}

fn no_road_is_taken_twice(granted: &[(&String, &RoadOccupation)]) -> Result<(), String> {
    for (at, (id, occupation)) in granted.iter().enumerate() {
        for (other, before) in &granted[..at] {
            let roads = &before.stretch.roads;
            let mut own = occupation.stretch.roads.iter();
            let (hours, held) = (&occupation.hours, &before.hours);
            if own.any(|road| roads.contains(road))
                && hours.start() < held.end()
                && held.start() < hours.end()
            {
                return Err(format!(
                    "{id} and {other} were both granted {:?}",
                    occupation.stretch.roads
                ));
            }
        }
    }
    Ok(())
}

/// Granted, or revoked while its use is under way, and its road not reopened.
fn takes_its_road(permit: &Permit) -> bool {
    let goes_on = permit.stage == Stage::Revoked && permit.progress.is_under_way();
    (permit.stage.is_granted() || goes_on) && !is_reopened(permit)
}

/// From then on the road is free, though the permit is not closed yet.
fn is_reopened(permit: &Permit) -> bool {
    matches!(&permit.progress, Progress::Works(works) if works.reopened.is_some())
}
