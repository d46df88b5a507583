//! Persuasion (智慧劝导): e-bike riders at a junction on a day, what they were told and given; delivery companies whose riders
//! are too many are summoned.

use super::ground::Ground;
use super::standards::Standards;
use chassis::domain::values::CreditCode;
use chassis::domain::{Aggregate, District, Halt, Transaction};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A junction where riders are persuaded: 1 to 40 ASCII letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Junction(Box<str>);

impl Junction {
    /// # Errors
    /// If it is empty, too long or holds other characters.
    pub fn parse(text: &str) -> Result<Self, chassis::domain::Invalid> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        if (1..=40).contains(&text.len()) && text.bytes().all(allowed) {
            return Ok(Self(text.into()));
        }
        Err(chassis::domain::Invalid::new(
            "must have 1 to 40 ASCII letters, digits or `-`",
            "应为 1 至 40 个英文字母、数字或 - 字符",
        ))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Junction {
    type Error = chassis::domain::Invalid;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Junction> for String {
    fn from(junction: Junction) -> Self {
        junction.0.into()
    }
}

/// What a rider did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    NoHelmet,
    RedLight,
    WrongWay,
    WrongLane,
    Overloaded,
    PhoneUse,
    Canopy,
}

/// One junction on one day. Id: junction and day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JunctionDay {
    /// `None`: nobody was counted or persuaded.
    pub district: Option<District>,
    pub riders_seen: u32,
    pub riders_with_helmet: u32,
    pub persuaded: BTreeMap<Behaviour, u32>,
    pub helmets_given: u32,
}

impl JunctionDay {
    /// Part of the riders seen who wore a helmet; 0 if none was seen.
    pub fn helmet_rate(&self) -> f64 {
        f64::from(self.riders_with_helmet) / f64::from(self.riders_seen.max(1))
    }
}

/// A fact about one junction's day, with the district that routes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersuasionEvent {
    pub district: District,
    pub fact: PersuasionFact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersuasionFact {
    RiderPersuaded {
        behaviour: Behaviour,
        helmet_given: bool,
        company: Option<CreditCode>,
    },
    /// A count of riders, by camera or by hand.
    RidersCounted { seen: u32, with_helmet: u32 },
}

impl Aggregate for JunctionDay {
    const TYPE: &'static str = "persuasion";
    type Event = PersuasionEvent;

    fn evolve(state: Option<Self>, event: &PersuasionEvent, _: Timestamp) -> Option<Self> {
        let mut day = state.unwrap_or_default();
        day.district = Some(event.district);
        match &event.fact {
            PersuasionFact::RiderPersuaded {
                behaviour,
                helmet_given,
                ..
            } => {
                let count = day.persuaded.entry(*behaviour).or_insert(0);
                *count = count.saturating_add(1);
                day.helmets_given += u32::from(*helmet_given);
            }
            PersuasionFact::RidersCounted { seen, with_helmet } => {
                day.riders_seen = day.riders_seen.saturating_add(*seen);
                day.riders_with_helmet = day.riders_with_helmet.saturating_add(*with_helmet);
            }
        }
        Some(day)
    }
}

/// A delivery company (外卖、快递企业): its riders recorded in the running month. Id: the credit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    /// First day of the month counted.
    pub month: Date,
    pub riders: u32,
    pub summoned: bool,
    /// Summonses so far that wait for the talk.
    pub talk_due: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompanyEvent {
    RiderRecorded {
        month: Date,
    },
    /// The threshold is reached: the company is summoned for a talk (约谈).
    CompanySummoned {
        district: District,
        month: Date,
        riders: u32,
    },
    TalkHeld,
}

impl Aggregate for Company {
    const TYPE: &'static str = "company";
    type Event = CompanyEvent;

    fn evolve(state: Option<Self>, event: &CompanyEvent, _: Timestamp) -> Option<Self> {
        match (event, state) {
            (CompanyEvent::RiderRecorded { month }, Some(mut company)) => {
                if company.month == *month {
                    company.riders = company.riders.saturating_add(1);
                } else {
                    company.month = *month;
                    company.riders = 1;
                    company.summoned = false;
                }
                Some(company)
            }
            (CompanyEvent::RiderRecorded { month }, None) => Some(Self {
                month: *month,
                riders: 1,
                summoned: false,
                talk_due: false,
            }),
            (CompanyEvent::CompanySummoned { .. }, Some(mut company)) => {
                company.summoned = true;
                company.talk_due = true;
                Some(company)
            }
            (CompanyEvent::TalkHeld, Some(mut company)) => {
                company.talk_due = false;
                Some(company)
            }
            (_, None) => None,
        }
    }
}

/// The aggregate id of a junction's day.
pub fn id_of(junction: &Junction, day: Date) -> String {
    format!("{}_{day}", junction.as_str())
}

/// Records one rider who was persuaded, and counts it against the delivery company.
///
/// # Errors
/// By somebody of another district; a helmet is given only to who wears none.
pub fn persuade(
    tx: &mut Transaction,
    junction: &Junction,
    district: District,
    behaviour: Behaviour,
    helmet_given: bool,
    company: Option<CreditCode>,
) -> Result<String, Halt> {
    if !tx.context.actor.decides_for(district) {
        return Err(Ground::OutsideDistrict.into());
    }
    if helmet_given && behaviour != Behaviour::NoHelmet {
        return Err(Ground::HelmetNotNeeded.into());
    }
    let today = tx.context.calendar.date(tx.now());
    let id = id_of(junction, today);
    let fact = PersuasionFact::RiderPersuaded {
        behaviour,
        helmet_given,
        company: company.clone(),
    };
    tx.record::<JunctionDay>(&id, [PersuasionEvent { district, fact }])?;
    if let Some(company) = company {
        count_for(tx, &company, district, today)?;
    }
    Ok(id)
}

fn count_for(
    tx: &mut Transaction,
    company: &CreditCode,
    district: District,
    today: Date,
) -> Result<(), Halt> {
    let id = company.as_str();
    let month = today.first_of_month();
    tx.record::<Company>(id, [CompanyEvent::RiderRecorded { month }])?;
    let Some(counted) = tx.load::<Company>(id)? else {
        return Ok(());
    };
    let threshold = Standards::on(today).company_threshold;
    if counted.riders >= threshold && !counted.summoned {
        let riders = counted.riders;
        tx.record::<Company>(
            id,
            [CompanyEvent::CompanySummoned {
                district,
                month,
                riders,
            }],
        )?;
    }
    Ok(())
}

/// Records a count of riders and helmets.
///
/// # Errors
/// By somebody of another district; more helmets than riders.
pub fn count(
    tx: &mut Transaction,
    junction: &Junction,
    district: District,
    seen: u32,
    with_helmet: u32,
) -> Result<String, Halt> {
    if !tx.context.actor.decides_for(district) {
        return Err(Ground::OutsideDistrict.into());
    }
    if with_helmet > seen || seen == 0 {
        return Err(Ground::CountInvalid.into());
    }
    let id = id_of(junction, tx.context.calendar.date(tx.now()));
    let fact = PersuasionFact::RidersCounted { seen, with_helmet };
    tx.record::<JunctionDay>(&id, [PersuasionEvent { district, fact }])?;
    Ok(id)
}

/// The talk with a summoned company was held.
///
/// # Errors
/// If it was not summoned.
pub fn hold_talk(tx: &mut Transaction, company: &CreditCode) -> Result<(), Halt> {
    match tx.load::<Company>(company.as_str())? {
        Some(state) if state.talk_due => {
            tx.record::<Company>(company.as_str(), [CompanyEvent::TalkHeld])
        }
        _ => Err(Ground::NotSummoned.into()),
    }
}
