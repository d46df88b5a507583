//! Which e-bikes conform, and which of the others may have a dated plate: by date, from `data/ebikes.toml`.

use super::ground::EbikeGround;
use super::{Certificate, Origin};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

/// What kind of plate an e-bike bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Conformity {
    Conforming,
    /// It meets no standard, but was bought before there was one: a plate until the end of this day.
    Transitional {
        valid_until: Date,
    },
}

/// A technical standard (GB 17761) in one of its versions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standard {
    pub name: String,
    pub made_from: Date,
    pub made_until: Option<Date>,
    /// Last day on which what was made in time could be bought new.
    pub sold_until: Option<Date>,
}

impl Standard {
    fn covers(&self, made_on: Date, bought_on: Date) -> bool {
        let until = |limit: Option<Date>, day: Date| limit.is_none_or(|limit| day <= limit);
        self.made_from <= made_on
            && until(self.made_until, made_on)
            && until(self.sold_until, bought_on)
    }
}

/// The rules for what was bought before a standard was in force.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transition {
    pub name: String,
    pub bought_before: Date,
    /// Last day to apply for a dated plate.
    pub apply_until: Date,
    pub valid_until: Date,
    /// Last day to renew it.
    pub renew_until: Date,
    pub renewed_until: Date,
}

/// What a city has decided about e-bikes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EbikeRules {
    #[serde(rename = "standard")]
    standards: Vec<Standard>,
    #[serde(rename = "transition")]
    transitions: Vec<Transition>,
}

impl EbikeRules {
    /// # Errors
    /// A sentence that says what is wrong and where.
    pub fn parse(toml: &str) -> Result<Self, String> {
        toml::from_str(toml).map_err(|error| error.to_string())
    }

    /// The rules that ship with the service.
    ///
    /// # Panics
    /// Never: a test reads the file.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<EbikeRules> = LazyLock::new(|| {
            EbikeRules::parse(include_str!("../../../data/ebikes.toml"))
                .expect("the shipped rules are valid")
        });
        &SHIPPED
    }

    /// Which plate an e-bike gets that is filed on `today`.
    ///
    /// A certificate counts if it names a standard that covered the day on which the e-bike was made; who bought it used
    /// shows when it was made, not when it was sold new, so the last day of sale is asked of invoices only.
    ///
    /// # Errors
    /// It conforms to nothing and was bought too late for a dated plate, or is filed too late.
    pub fn assess(
        &self,
        certificate: Option<&Certificate>,
        origin: &Origin,
        today: Date,
    ) -> Result<Conformity, EbikeGround> {
        if let Some(certificate) = certificate {
            let bought_new = match origin.kind {
                super::OriginKind::Invoice => origin.on,
                _ => certificate.made_on,
            };
            let covered = self.standards.iter().any(|standard| {
                standard.name == certificate.standard.as_str()
                    && standard.covers(certificate.made_on, bought_new)
            });
            if covered {
                return Ok(Conformity::Conforming);
            }
        }
        let transition = self
            .transitions
            .iter()
            .find(|transition| origin.on < transition.bought_before)
            .ok_or(EbikeGround::NotConforming)?;
        if today > transition.apply_until {
            return Err(EbikeGround::TransitionClosed {
                until: transition.apply_until,
            });
        }
        Ok(Conformity::Transitional {
            valid_until: transition.valid_until,
        })
    }

    /// Until when a dated plate that runs to `valid_until` may be prolonged on `today`.
    ///
    /// # Errors
    /// The time for renewals is over, or it has been renewed.
    pub fn renewal(&self, valid_until: Date, today: Date) -> Result<Date, EbikeGround> {
        let transition = self
            .transitions
            .iter()
            .find(|transition| transition.valid_until == valid_until)
            .ok_or(EbikeGround::RenewedAlready { until: valid_until })?;
        if today > transition.renew_until {
            return Err(EbikeGround::RenewalOver {
                until: transition.renew_until,
            });
        }
        Ok(transition.renewed_until)
    }
}
