//! What a decision does to the vehicle, its number and its owner, in the same transaction.

use super::Application;
use super::conditions::gives_number;
use super::request::{Arrival, Change, Corrected, Destination, NewVehicle, OwnerFiling, Request};
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::party::Party;
use crate::domain::plate::{self, PlateWish};
use crate::domain::vehicle::class::{Particulars, PlateCategory};
use crate::domain::vehicle::event::{
    CancellationCause, Encumbrance, PlateChangeCause, Registration, TemporaryGround,
    TemporaryPlate, VehicleFact,
};
use crate::domain::vehicle::school_bus::SchoolBusSign;
use crate::domain::vehicle::{self, Vehicle, scrapping};
use chassis::domain::values::{DocumentNumber, PlateNumber, Vin};
use chassis::domain::{Halt, Transaction};
use jiff::ToSpan;
use jiff::civil::Date;
use std::sync::Arc;

/// What came of a decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub number: Option<PlateNumber>,
    pub plates_to_make: bool,
}

impl Outcome {
    fn with_plates(number: PlateNumber) -> Self {
        Self {
            number: Some(number),
            plates_to_make: true,
        }
    }
}

/// One decision as it is carried out.
struct Decision<'a> {
    application: &'a Application,
    vehicle: Arc<Vehicle>,
    today: Date,
}

/// # Errors
/// No number is free, or something cannot be read.
pub fn carry_out(tx: &mut Transaction, application: &Application) -> Result<Outcome, Halt> {
    let vehicle = tx
        .load::<Vehicle>(application.vin.as_str())?
        .ok_or(Ground::UnknownVehicle)?;
    let decision = Decision {
        application,
        vehicle,
        today: tx.context.calendar.date(tx.now()),
    };
    match &application.request {
        Request::InitialRegistration(new) => decision.register(tx, new),
        Request::MoveIn(arrival) => decision.move_in(tx, arrival),
        Request::ParticularsChange { change, .. } => decision.change(tx, change),
        Request::OwnerFiling { filing, .. } => decision.file(tx, filing),
        Request::JointOwner { new_owner, .. } => decision.replace_owner(tx, new_owner),
        Request::PlateSwap { other } => decision.swap(tx, other),
        Request::MoveOut { to } => {
            plate::release_of(tx, &decision.vehicle)?;
            decision.record(
                tx,
                [VehicleFact::VehicleMovedOut {
                    to: to.clone(),
                    on: decision.today,
                    previous: decision.vehicle.number().cloned(),
                    notice: None,
                }],
            )
        }
        Request::Transfer(transfer) => {
            decision.transfer(tx, &transfer.new_owner, &transfer.destination)
        }
        Request::Encumber { kind, holder } => decision.record(
            tx,
            [VehicleFact::Encumbered(Encumbrance {
                kind: *kind,
                holder: (**holder).clone(),
                since: decision.today,
            })],
        ),
        Request::Release { kind, holder, .. } => decision.record(
            tx,
            [VehicleFact::EncumbranceReleased {
                kind: *kind,
                holder: (**holder).clone(),
                on: decision.today,
            }],
        ),
        Request::Cancellation { cause } => decision.cancel(tx, *cause),
        Request::Correction {
            corrected,
            new_number,
        } => decision.correct(tx, corrected, *new_number),
        Request::PlateReissue => {
            decision.record(tx, [VehicleFact::PlatesReissued])?;
            Ok(Outcome {
                number: decision.vehicle.number().cloned(),
                plates_to_make: true,
            })
        }
        Request::DocumentReissue { document } => decision.record(
            tx,
            [VehicleFact::DocumentReissued {
                document: *document,
            }],
        ),
        Request::InspectionMark { valid_until } => {
            let last = valid_until.or(decision.vehicle.inspection_valid_until);
            let issued = last.map(|valid_until| VehicleFact::InspectionMarkIssued { valid_until });
            // Art. 62(3): the sign of a school bus goes with it, as long as the licence lasts (art. 61(2)).
            let sign = decision.vehicle.school_bus_sign.as_ref();
            let renewed = sign.zip(*valid_until).map(|(sign, last)| {
                let valid_until = last.min(sign.licensed.licensed_until);
                VehicleFact::SchoolBusSignRenewed { valid_until }
            });
            decision.record(tx, issued.into_iter().chain(renewed))
        }
        Request::SchoolBusSign(licensed) => {
            let valid_until = licensed.valid_until(decision.today)?;
            let sign = SchoolBusSign {
                licensed: (**licensed).clone(),
                district: application.district,
                issued_on: decision.today,
                valid_until,
            };
            decision.record(tx, [VehicleFact::SchoolBusSignIssued(Box::new(sign))])
        }
        Request::SchoolBusSignReissue => decision.record(tx, [VehicleFact::SchoolBusSignReissued]),
        Request::TemporaryPlate(temporary) => {
            let valid_until = decision.today + i64::from(temporary.days).days();
            decision.issue_temporary_plate(tx, temporary.ground, valid_until)
        }
    }
}

impl Decision<'_> {
    fn record(
        &self,
        tx: &mut Transaction,
        facts: impl IntoIterator<Item = VehicleFact>,
    ) -> Result<Outcome, Halt> {
        vehicle::record(tx, &self.application.vin, facts)?;
        Ok(Outcome::default())
    }

    fn assign(&self, tx: &mut Transaction, category: PlateCategory) -> Result<PlateNumber, Halt> {
        let wish = self.application.wish.as_ref().unwrap_or(&PlateWish::Any);
        let vehicle = (&self.application.vin, self.vehicle.number());
        plate::assign(tx, category, wish, vehicle)
    }

    fn register(&self, tx: &mut Transaction, new: &NewVehicle) -> Result<Outcome, Halt> {
        let number = self.assign(tx, PlateCategory::of(&new.particulars))?;
        let registration = Registration {
            district: self.application.district,
            particulars: new.particulars.clone(),
            owner: new.owner.clone(),
            number: number.clone(),
            since: self.today,
            first_registered_on: self.today,
            scrap_on: scrapping::last_day(&new.particulars, self.today),
            inspection_valid_until: new.inspection_valid_until,
        };
        self.record(tx, [VehicleFact::VehicleRegistered(Box::new(registration))])?;
        Ok(Outcome::with_plates(number))
    }

    fn move_in(&self, tx: &mut Transaction, arrival: &Arrival) -> Result<Outcome, Halt> {
        let number = self.assign(tx, PlateCategory::of(&arrival.particulars))?;
        let first = arrival.first_registered_on;
        let registration = Registration {
            district: self.application.district,
            particulars: arrival.particulars.clone(),
            owner: arrival.owner.clone(),
            number: number.clone(),
            since: self.today,
            first_registered_on: first,
            scrap_on: scrapping::last_day(&arrival.particulars, first),
            inspection_valid_until: arrival.inspection_valid_until,
        };
        self.record(tx, [VehicleFact::VehicleMovedIn(Box::new(registration))])?;
        Ok(Outcome::with_plates(number))
    }

    fn particulars_changed(&self, particulars: Particulars) -> VehicleFact {
        // The age of a vehicle that once carried for hire stays the shorter one.
        let first = self.vehicle.first_registered_on.unwrap_or(self.today);
        let now = scrapping::last_day(&particulars, first);
        let scrap_on = match (self.vehicle.scrap_on, now) {
            (Some(before), Some(now)) => Some(before.min(now)),
            (before, now) => before.or(now),
        };
        VehicleFact::ParticularsChanged {
            particulars,
            scrap_on,
        }
    }

    fn change(&self, tx: &mut Transaction, change: &Change) -> Result<Outcome, Halt> {
        let mut particulars = self.vehicle.particulars.clone();
        match change {
            Change::Colour(colour) => particulars.colour = colour.clone(),
            Change::Engine(number) => particulars.engine_number = Some(number.clone()),
            Change::Body => {}
            Change::Use(use_nature) => particulars.use_nature = *use_nature,
            Change::WholeVehicle { vin, vehicle } => {
                return self.replace_vehicle(tx, vin, vehicle);
            }
        }
        let category = PlateCategory::of(&particulars);
        let new_number = gives_number(&self.application.request, Some(&self.vehicle));
        self.record(tx, [self.particulars_changed(particulars)])?;
        if new_number {
            return self.change_number(tx, category, PlateChangeCause::Change);
        }
        Ok(Outcome::default())
    }

    /// The vehicle gets another number.
    fn change_number(
        &self,
        tx: &mut Transaction,
        category: PlateCategory,
        cause: PlateChangeCause,
    ) -> Result<Outcome, Halt> {
        let number = self.assign(tx, category)?;
        let previous = self.vehicle.number().cloned();
        if previous.as_ref() == Some(&number) {
            return Ok(Outcome {
                number: Some(number),
                plates_to_make: false,
            });
        }
        plate::release_of(tx, &self.vehicle)?;
        self.record(
            tx,
            [VehicleFact::PlateChanged {
                number: number.clone(),
                since: self.today,
                cause,
                previous,
            }],
        )?;
        Ok(Outcome::with_plates(number))
    }

    /// A vehicle given for a defective one takes its place, number, owner and burdens (art. 16(1)(4)).
    fn replace_vehicle(
        &self,
        tx: &mut Transaction,
        vin: &Vin,
        new: &NewVehicle,
    ) -> Result<Outcome, Halt> {
        if tx.load::<Vehicle>(vin.as_str())?.is_some() {
            return Err(Ground::VinTaken.into());
        }
        let (Some(carried), Some(owner)) = (&self.vehicle.plate, &self.vehicle.owner) else {
            return Err(Ground::UnknownVehicle.into());
        };
        let registration = Registration {
            district: self.vehicle.district,
            particulars: new.particulars.clone(),
            owner: owner.clone(),
            number: carried.number.clone(),
            since: carried.since,
            first_registered_on: self.today,
            scrap_on: scrapping::last_day(&new.particulars, self.today),
            inspection_valid_until: new.inspection_valid_until,
        };
        plate::put_on(tx, &carried.number, vin)?;
        self.record(
            tx,
            [VehicleFact::VehicleCancelled {
                cause: CancellationCause::Returned,
                basis: order_164("art. 16(1)(4)"),
                previous: None,
            }],
        )?;
        let mut facts = vec![
            VehicleFact::VehicleEntered {
                district: self.vehicle.district,
                particulars: new.particulars.clone(),
            },
            VehicleFact::VehicleRegistered(Box::new(registration)),
        ];
        let burdens = self.vehicle.encumbrances.iter().cloned();
        facts.extend(burdens.map(VehicleFact::Encumbered));
        vehicle::record(tx, vin, facts)?;
        Ok(Outcome::default())
    }

    fn file(&self, tx: &mut Transaction, filing: &OwnerFiling) -> Result<Outcome, Halt> {
        let fact = match filing {
            OwnerFiling::NameOrResidence(owner)
            | OwnerFiling::Identity(owner)
            | OwnerFiling::Contact(owner) => VehicleFact::OwnerChangedParticulars {
                owner: owner.clone(),
            },
            OwnerFiling::VinRestamped
            | OwnerFiling::DisabledAid
            | OwnerFiling::TailLift
            | OwnerFiling::Exterior => self.particulars_changed(self.vehicle.particulars.clone()),
        };
        self.record(tx, [fact])
    }

    fn replace_owner(&self, tx: &mut Transaction, new_owner: &Party) -> Result<Outcome, Halt> {
        let category = self.vehicle.category();
        let outcome = self.change_number(tx, category, PlateChangeCause::JointOwner)?;
        let owner = new_owner.clone();
        self.record(tx, [VehicleFact::OwnerReplaced { owner }])?;
        Ok(outcome)
    }

    fn swap(&self, tx: &mut Transaction, other_vin: &Vin) -> Result<Outcome, Halt> {
        let other = tx
            .load::<Vehicle>(other_vin.as_str())?
            .ok_or(Ground::UnknownVehicle)?;
        let (Some(own), Some(others)) = (self.vehicle.number(), other.number()) else {
            return Err(Ground::UnknownVehicle.into());
        };
        let changed = |number: &PlateNumber, previous: &PlateNumber| VehicleFact::PlateChanged {
            number: number.clone(),
            since: self.today,
            cause: PlateChangeCause::Swap,
            previous: Some(previous.clone()),
        };
        plate::put_on(tx, others, &self.application.vin)?;
        plate::put_on(tx, own, other_vin)?;
        self.record(tx, [changed(others, own)])?;
        vehicle::record(tx, other_vin, [changed(own, others)])?;
        Ok(Outcome::with_plates(others.clone()))
    }

    fn transfer(
        &self,
        tx: &mut Transaction,
        new_owner: &Party,
        destination: &Destination,
    ) -> Result<Outcome, Halt> {
        let previous = self.vehicle.number().cloned();
        let number = match destination {
            Destination::Here => Some(self.assign(tx, self.vehicle.category())?),
            Destination::OtherCity(_) | Destination::Export => None,
        };
        plate::release_of(tx, &self.vehicle)?;
        let transferred = VehicleFact::VehicleTransferred {
            owner: new_owner.clone(),
            number: number.clone(),
            since: self.today,
            previous: previous.clone(),
        };
        self.record(tx, [transferred])?;
        match (destination, number) {
            (Destination::Here, Some(number)) => Ok(Outcome::with_plates(number)),
            (Destination::OtherCity(to), _) => {
                let left = VehicleFact::VehicleMovedOut {
                    to: to.clone(),
                    on: self.today,
                    previous,
                    notice: None,
                };
                self.record(tx, [left])?;
                // Art. 27(1).
                let last = self.today + 30.days();
                self.issue_temporary_plate(tx, TemporaryGround::Leaving, last)
            }
            (Destination::Export, _) | (Destination::Here, None) => {
                let left = VehicleFact::VehicleSentForExport {
                    on: self.today,
                    previous,
                };
                self.record(tx, [left])?;
                // Art. 28.
                let last = self.today + 60.days();
                self.issue_temporary_plate(tx, TemporaryGround::Leaving, last)
            }
        }
    }

    fn cancel(&self, tx: &mut Transaction, cause: CancellationCause) -> Result<Outcome, Halt> {
        plate::release_of(tx, &self.vehicle)?;
        self.record(
            tx,
            [VehicleFact::VehicleCancelled {
                cause,
                basis: cause.basis(),
                previous: self.vehicle.number().cloned(),
            }],
        )
    }

    fn correct(
        &self,
        tx: &mut Transaction,
        corrected: &Corrected,
        new_number: bool,
    ) -> Result<Outcome, Halt> {
        let mut particulars = self.vehicle.particulars.clone();
        match corrected {
            Corrected::Colour(colour) => particulars.colour = colour.clone(),
            Corrected::Engine(number) => particulars.engine_number = Some(number.clone()),
            Corrected::Model(model) => particulars.model = model.clone(),
            Corrected::Seats(seats) => particulars.seats = *seats,
            Corrected::GrossMass(mass) => particulars.gross_mass_kg = *mass,
        }
        self.record(tx, [self.particulars_changed(particulars)])?;
        if new_number {
            let category = self.vehicle.category();
            return self.change_number(tx, category, PlateChangeCause::Correction);
        }
        Ok(Outcome::default())
    }

    fn issue_temporary_plate(
        &self,
        tx: &mut Transaction,
        ground: TemporaryGround,
        valid_until: Date,
    ) -> Result<Outcome, Halt> {
        let vin = &self.application.vin;
        // Unique because the VIN is, and because plates of one vehicle are counted.
        let count = self.vehicle.temporary_plates.len() + 1;
        let number = DocumentNumber::parse(&format!("T{count}-{vin}"))
            .map_err(|_| Ground::UnknownVehicle)?;
        self.record(
            tx,
            [VehicleFact::TemporaryPlateIssued(TemporaryPlate {
                ground,
                number,
                valid_until,
            })],
        )
    }
}
