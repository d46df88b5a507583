//! School bus signs (校车标牌): what stands on one, until when it is valid, and how it comes back (Order 164 chapter 4).

use super::event::VehicleFact;
use super::notices::load;
use super::record;
use crate::domain::application;
use crate::domain::ground::Ground;
use crate::domain::instruments::order_164;
use crate::domain::party::Party;
use chassis::domain::values::{Text, Vin};
use chassis::domain::{District, Halt, LegalBasis, Transaction};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What the government has licensed and the bus is inspected for: what a sign is asked for (arts. 60, 61(1)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolBusUse {
    pub driver: Party,
    /// 行驶线路
    pub route: Text<200>,
    /// 开行时间
    pub hours: Text<100>,
    /// 停靠站点
    pub stops: Text<500>,
    /// Last day of the licence (校车使用许可).
    pub licensed_until: Date,
    /// Last day of the safety inspection as a school bus.
    pub inspected_until: Date,
}

impl SchoolBusUse {
    /// The sign ends with the inspection, and not after the licence (art. 61(2)).
    ///
    /// # Errors
    /// One of them is over, or the inspection is said to hold longer than the half year after which it is due again (art. 62(1)).
    pub fn valid_until(&self, today: Date) -> Result<Date, Ground> {
        if self.inspected_until > today + 6.months() {
            return Err(Ground::SchoolBusInspectionTooLong {
                longest: today + 6.months(),
            });
        }
        let last = self.inspected_until.min(self.licensed_until);
        if last < today {
            return Err(Ground::SchoolBusPapersOver);
        }
        Ok(last)
    }
}

/// The sign of one bus, in two pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolBusSign {
    pub licensed: SchoolBusUse,
    /// Of the office that has issued it: a county's as well as the city's, whichever keeps the vehicle (art. 60(1)).
    pub district: District,
    pub issued_on: Date,
    /// Last day.
    pub valid_until: Date,
}

/// Why a sign comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignReturnCause {
    /// It reached the age of scrapping.
    ScrapAge,
    /// It carries pupils no more.
    UseEnded,
    /// The licence was revoked, cancelled or withdrawn (吊销、注销、撤销).
    LicenceEnded,
}

impl SignReturnCause {
    pub fn basis(self) -> LegalBasis {
        order_164(match self {
            Self::ScrapAge | Self::UseEnded => "art. 63(1)",
            Self::LicenceEnded => "art. 63(3)",
        })
    }
}

/// The sign was given back to the office that had issued it; lights, stop arm and markings are removed.
///
/// # Errors
/// If the vehicle has none, or by an officer of another district.
pub fn take_back(tx: &mut Transaction, vin: &Vin, cause: SignReturnCause) -> Result<(), Halt> {
    let vehicle = load(tx, vin)?;
    let Some(sign) = &vehicle.school_bus_sign else {
        return Err(Ground::NoSchoolBusSign {
            basis: cause.basis(),
        }
        .into());
    };
    application::as_officer_of(tx, sign.district)?;
    record(tx, vin, [VehicleFact::SchoolBusSignReturned { cause }])
}
