//! Time limits and electronic confirmations, from `data/order-164.toml`, by the date of the act.

use super::materials::Material;
use super::request::Business;
use chassis::domain::LegalBasis;
use jiff::civil::Date;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    effective: Date,
    electronic: Vec<Material>,
    limits: BTreeMap<Business, Limit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Working days.
    pub days: u16,
    article: String,
}

impl Limit {
    pub fn basis(&self) -> LegalBasis {
        LegalBasis {
            instrument: Cow::Borrowed("Order 164"),
            article: Cow::Owned(self.article.clone()),
        }
    }
}

fn versions() -> &'static [Rules] {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        version: Vec<Rules>,
    }
    static VERSIONS: LazyLock<Vec<Rules>> = LazyLock::new(|| {
        let file: File = toml::from_str(include_str!("../../../data/order-164.toml"))
            .expect("the shipped rules are valid: a test reads them");
        file.version
    });
    &VERSIONS
}

impl Rules {
    /// The rules for an act on `day`; before the first version, the first.
    pub fn on(day: Date) -> &'static Self {
        let versions = versions();
        versions
            .iter()
            .rev()
            .find(|rules| rules.effective <= day)
            .unwrap_or(&versions[0])
    }

    /// # Panics
    /// Never: a test finds every business in the shipped rules.
    pub fn limit(&self, business: Business) -> &Limit {
        self.limits
            .get(&business)
            .expect("every business has a time limit")
    }

    /// Whether another authority confirms it electronically.
    pub fn is_electronic(&self, material: Material) -> bool {
        self.electronic.contains(&material)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_in_the_order_of_its_dates_and_limits_every_business() {
        assert!(versions().is_sorted_by_key(|rules| rules.effective));
        for rules in versions() {
            for business in Business::ALL {
                assert!(
                    (1..=15).contains(&rules.limit(business).days),
                    "{business:?}"
                );
            }
        }
    }
}
