//! What the laws leave to the city: thresholds as data, by date.

use super::conduct::Conduct;
use chassis::domain::values::Fen;
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standards {
    effective: Date,
    hearing_fine: u32,
    same_act_minutes: i64,
    same_parking_minutes: i64,
    /// Vehicles whose records one driver may take within twelve months before it looks like trading in points.
    pub trading_vehicles: usize,
    /// Drivers who may take the records of one vehicle within twelve months.
    pub trading_drivers: usize,
    /// Riders of one delivery company recorded in a calendar month before it is summoned.
    pub company_threshold: u32,
}

impl Standards {
    /// # Panics
    /// Never: a test reads the file.
    pub fn on(day: Date) -> &'static Self {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            version: Vec<Standards>,
        }
        static VERSIONS: LazyLock<Vec<Standards>> = LazyLock::new(|| {
            let file: File = toml::from_str(include_str!("../../data/city-standards.toml"))
                .expect("the shipped standards are valid: a test reads them");
            file.version
        });
        VERSIONS
            .iter()
            .rfind(|version| version.effective <= day)
            .unwrap_or(&VERSIONS[0])
    }

    /// The fine from which a hearing must be offered.
    pub fn hearing_fine(&self) -> Fen {
        Fen::yuan(self.hearing_fine)
    }

    /// How far apart in time two records of one act can be.
    pub fn same_act_within(&self, conduct: Conduct) -> SignedDuration {
        let minutes = match conduct {
            Conduct::IllegalParking | Conduct::ExpresswayIllegalStop => self.same_parking_minutes,
            _ => self.same_act_minutes,
        };
        SignedDuration::from_mins(minutes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_shipped_standards_are_valid() {
        let standards = Standards::on(date(2026, 3, 2));
        assert!(standards.trading_vehicles > 1 && standards.trading_drivers > 1);
        assert!(standards.company_threshold > 0);
        assert!(
            standards.same_act_within(Conduct::IllegalParking)
                > standards.same_act_within(Conduct::RedLight)
        );
        let most_apart = super::super::docket::MOST_APART;
        assert!(standards.same_act_within(Conduct::IllegalParking) <= most_apart);
    }
}
