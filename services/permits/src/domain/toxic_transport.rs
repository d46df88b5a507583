//! Transport of highly toxic chemicals by road (剧毒化学品道路运输): Decree 591 art. 50 and what replaces it.

use super::ground::Ground;
use super::hours::Hours;
use super::instruments::{RestrictedZone, ToxicProvision, ToxicRules};
use super::route::{RoadClass, Route};
use super::values::{CasNumber, UnNumber};
use chassis::domain::values::{DocumentNumber, Organisation, PlateNumber, Text};
use chassis::domain::{District, LegalCalendar, PersonRef, Sealed};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A vehicle or trailer as the applicant declares it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vehicle {
    pub plate: PlateNumber,
    /// Last day on which its safety inspection is valid.
    pub inspection_valid_until: Date,
    /// Number of its transport operation certificate (营运证).
    pub operation_certificate: DocumentNumber,
}

/// A driver or an escort. Who it is only the sealed data say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualifiedPerson {
    pub person: Sealed,
    /// Last day on which the certificate of qualification is valid.
    pub qualified_until: Date,
}

impl QualifiedPerson {
    pub fn person_ref(&self) -> &PersonRef {
        &self.person.person
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    pub organisation: Organisation,
    pub licence_number: DocumentNumber,
    pub licence_valid_until: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chemical {
    pub name: Text<100>,
    pub un_number: UnNumber,
    pub cas_number: CasNumber,
    /// 1 to 50000.
    pub quantity_kg: u32,
}

/// What entitled the consignor to the chemical (Decree 591 art. 50(2)(4)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PurchaseDocument {
    BusinessLicence(DocumentNumber),
    PurchasePermit(DocumentNumber),
    Customs(DocumentNumber),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToxicTransport {
    pub carrier: Carrier,
    pub chemical: Chemical,
    pub purchase_document: PurchaseDocument,
    pub tractor: Vehicle,
    pub trailer: Option<Vehicle>,
    pub main_driver: QualifiedPerson,
    pub second_driver: QualifiedPerson,
    pub main_escort: QualifiedPerson,
    pub second_escort: Option<QualifiedPerson>,
    pub origin: District,
    pub destination: District,
    pub route: Route,
}

impl ToxicTransport {
    pub fn vehicles(&self) -> impl Iterator<Item = &Vehicle> {
        std::iter::once(&self.tractor).chain(&self.trailer)
    }

    pub fn drivers(&self) -> [&QualifiedPerson; 2] {
        [&self.main_driver, &self.second_driver]
    }

    pub fn crew(&self) -> impl Iterator<Item = &QualifiedPerson> {
        self.drivers()
            .into_iter()
            .chain(std::iter::once(&self.main_escort))
            .chain(&self.second_escort)
    }

    /// What the law asks of the trip, applied for in `district`, at the time `now`.
    ///
    /// # Errors
    /// The first ground that stands against it.
    pub fn check(
        &self,
        district: District,
        now: Timestamp,
        calendar: &LegalCalendar,
    ) -> Result<(), Ground> {
        let rules = ToxicRules::on(calendar.date(now));
        if district != self.origin && district != self.destination {
            return Err(Ground::WrongCounty {
                basis: rules.basis(ToxicProvision::Application),
            });
        }
        if self.route.departure() <= now {
            return Err(Ground::TripAlreadyBegun {
                basis: rules.basis(ToxicProvision::Materials),
            });
        }
        let last_day = calendar.date(self.route.arrival());
        if self.carrier.licence_valid_until < last_day {
            return Err(Ground::CarrierLicenceExpires {
                on: self.carrier.licence_valid_until,
                basis: rules.basis(ToxicProvision::Carrier),
            });
        }
        for vehicle in self.vehicles() {
            if vehicle.inspection_valid_until < last_day {
                return Err(Ground::InspectionExpires {
                    plate: vehicle.plate.clone(),
                    on: vehicle.inspection_valid_until,
                    basis: rules.basis(ToxicProvision::Inspection),
                });
            }
        }
        self.check_crew(rules, last_day)?;
        self.check_timetable(rules)
    }

    fn check_crew(&self, rules: &ToxicRules, last_day: Date) -> Result<(), Ground> {
        for person in self.crew() {
            if person.qualified_until < last_day {
                return Err(Ground::QualificationExpires {
                    person: person.person_ref().clone(),
                    on: person.qualified_until,
                    basis: rules.basis(ToxicProvision::Qualification),
                });
            }
        }
        let crew: Vec<&PersonRef> = self.crew().map(QualifiedPerson::person_ref).collect();
        for (at, person) in crew.iter().enumerate() {
            if crew[..at].contains(person) {
                return Err(Ground::PersonNamedTwice {
                    basis: rules.basis(ToxicProvision::Materials),
                });
            }
        }
        Ok(())
    }

    fn check_timetable(&self, rules: &ToxicRules) -> Result<(), Ground> {
        for (leg, number) in self.route.legs().iter().zip(1..) {
            let highest = match leg.class {
                RoadClass::Expressway => rules.expressway_kmh,
                RoadClass::Highway | RoadClass::CityRoad => rules.other_roads_kmh,
            };
            let needed = leg.needed_kmh();
            if needed > highest {
                return Err(Ground::TimetableTooFast {
                    leg: number,
                    needed,
                    highest,
                });
            }
        }
        Ok(())
    }

    /// # Errors
    /// The first zone closed to hazardous goods that the route enters at closed hours.
    pub fn check_zones(&self, now: Timestamp, calendar: &LegalCalendar) -> Result<(), Ground> {
        for (leg, number) in self.route.legs().iter().zip(1..) {
            for zone in RestrictedZone::all() {
                let closed = Hours::new(leg.enter, leg.leave, Some(zone.hours)).is_ok();
                if closed && zone.is_entered_by(&leg.line) {
                    return Err(Ground::RestrictedZone {
                        leg: number,
                        zone: zone.name.clone(),
                        basis: ToxicRules::on(calendar.date(now)).basis(ToxicProvision::Zone),
                    });
                }
            }
        }
        Ok(())
    }
}
