//! A tariff: rate tables that take effect on their dates, published ahead and never changed afterwards.

use super::ids::TariffId;
use super::rates::{LOCAL, RateTable};
use super::refusal::ParkingRefusal;
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A rate table with the first local day on which arrivals are charged by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TariffVersion {
    pub effective_from: Date,
    pub rates: RateTable,
    /// Where the prices come from: the order of the pricing authority (Beijing parking regulations art. 28: government
    /// pricing on roads). At most 200 characters.
    pub source: String,
}

/// A tariff with all its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    pub display_name: String,
    /// By date of effect, at most [`Tariff::MAX_VERSIONS`].
    pub versions: Vec<TariffVersion>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TariffEvent {
    TariffPublished {
        display_name: String,
        version: TariffVersion,
    },
    TariffVersionPublished {
        version: TariffVersion,
    },
}

impl Tariff {
    pub const MAX_VERSIONS: usize = 100;

    /// The version by which an arrival at `at` is charged: the one announced for that local day. `None` before the first.
    pub fn version_at(&self, at: Timestamp) -> Option<&TariffVersion> {
        let day = LOCAL.to_datetime(at).date();
        self.versions
            .iter()
            .rev()
            .find(|version| version.effective_from <= day)
    }
}

impl Aggregate for Tariff {
    const TYPE: &'static str = "tariff";
    type Event = TariffEvent;

    fn evolve(state: Option<Self>, event: &TariffEvent, _: Timestamp) -> Option<Self> {
        match (state, event) {
            (
                _,
                TariffEvent::TariffPublished {
                    display_name,
                    version,
                },
            ) => Some(Self {
                display_name: display_name.clone(),
                versions: vec![version.clone()],
            }),
            (Some(mut tariff), TariffEvent::TariffVersionPublished { version }) => {
                tariff.versions.push(version.clone());
                tariff
                    .versions
                    .sort_by_key(|version| version.effective_from);
                Some(tariff)
            }
            (None, _) => None,
        }
    }
}

/// Publishes a new tariff with its first version, which may be effective from a day in the past (a tariff already in
/// force when this system is introduced).
///
/// # Errors
/// `TARIFF_EXISTS`.
pub fn create(
    tx: &mut Transaction,
    id: &TariffId,
    display_name: String,
    version: TariffVersion,
) -> Result<(), Halt> {
    if tx.load::<Tariff>(id.as_str())?.is_some() {
        return Err(ParkingRefusal::TariffExists { tariff: id.clone() }.into());
    }
    tx.record::<Tariff>(
        id.as_str(),
        [TariffEvent::TariffPublished {
            display_name,
            version,
        }],
    )
}

/// Publishes a further version. It takes effect tomorrow at the earliest: nobody pays by a price that was not on the
/// sign when he arrived (Beijing parking regulations art. 32(1)(1), (2)).
///
/// # Errors
/// `TARIFF_NOT_FOUND`, `TARIFF_IN_THE_PAST`, `TARIFF_DATE_TAKEN`, `TOO_MANY_TARIFF_VERSIONS`.
pub fn publish_version(
    tx: &mut Transaction,
    id: &TariffId,
    version: TariffVersion,
) -> Result<(), Halt> {
    let Some(tariff) = tx.load::<Tariff>(id.as_str())? else {
        return Err(ParkingRefusal::TariffNotFound { tariff: id.clone() }.into());
    };
    let today = tx.context.calendar.date(tx.now());
    if version.effective_from <= today {
        return Err(ParkingRefusal::TariffInThePast {
            effective_from: version.effective_from,
            today,
        }
        .into());
    }
    if tariff
        .versions
        .iter()
        .any(|known| known.effective_from == version.effective_from)
    {
        return Err(ParkingRefusal::TariffDateTaken {
            effective_from: version.effective_from,
        }
        .into());
    }
    if tariff.versions.len() >= Tariff::MAX_VERSIONS {
        return Err(ParkingRefusal::TooManyTariffVersions.into());
    }
    tx.record::<Tariff>(
        id.as_str(),
        [TariffEvent::TariffVersionPublished { version }],
    )
}

/// The tariff that ships as a sample: no official tariff of Heze is known.
///
/// # Errors
/// A sentence that says what is wrong with the text.
pub fn parse_sample(toml: &str) -> Result<(String, TariffVersion), String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        display_name: String,
        version: TariffVersion,
    }
    let sample: Sample = toml::from_str(toml).map_err(|error| error.to_string())?;
    Ok((sample.display_name, sample.version))
}

/// Text of the shipped sample tariff, to be read by [`parse_sample`].
pub const SAMPLE_TARIFF: &str = include_str!("../../data/sample-tariff.toml");
