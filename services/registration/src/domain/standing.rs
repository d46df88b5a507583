//! Who may not apply: after false papers for a year (art. 80(1)), after a registration by fraud for three (art. 81(1)).

use super::ground::Ground;
use super::party::Party;
use chassis::domain::{Aggregate, Halt, Transaction};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// No application before this day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub until: Date,
    /// Art. 81, a registration obtained by fraud; else art. 80, false papers.
    pub fraud: bool,
}

/// Whether somebody may apply. Id: the person's reference, or the organisation's credit code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicantStanding {
    pub bar: Bar,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingEvent {
    ApplicantBarred(Bar),
}

impl Aggregate for ApplicantStanding {
    const TYPE: &'static str = "applicant";
    type Event = StandingEvent;

    fn evolve(state: Option<Self>, event: &StandingEvent, _: Timestamp) -> Option<Self> {
        let StandingEvent::ApplicantBarred(bar) = event;
        // The longer bar stays.
        match state {
            Some(own) if own.bar.until > bar.until => Some(own),
            _ => Some(Self { bar: *bar }),
        }
    }
}

/// The text that stands for a party: the person's reference, or the credit code.
pub fn key(party: &Party) -> &str {
    match party {
        Party::Person(sealed) => sealed.person.as_str(),
        Party::Organisation(organisation) => organisation.credit_code.as_str(),
    }
}

/// # Errors
/// [`Halt`] if it cannot be read.
pub fn bar(tx: &mut Transaction, party: &Party, bar: Bar) -> Result<(), Halt> {
    tx.record::<ApplicantStanding>(key(party), [StandingEvent::ApplicantBarred(bar)])
}

/// # Errors
/// [`Ground::ApplicantBarred`].
pub fn check(tx: &mut Transaction, party: &Party) -> Result<(), Halt> {
    let today = tx.context.calendar.date(tx.now());
    let standing = tx.load::<ApplicantStanding>(key(party))?;
    match standing.map(|standing| standing.bar) {
        Some(Bar { until, fraud }) if today < until => {
            Err(Ground::ApplicantBarred { until, fraud }.into())
        }
        _ => Ok(()),
    }
}
