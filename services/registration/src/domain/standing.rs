//! Who may not apply for a registration: after false papers for a year (art. 80(1)), after a registration by fraud for three
//! (art. 81(1)). An officer names those who did it, because somebody who applied with them may be innocent of it.

use super::application::as_officer_of;
use super::ground::Ground;
use super::party::{Party, PartyRef};
use chassis::domain::values::DocumentNumber;
use chassis::domain::{Aggregate, District, Halt, LegalBasis, Transaction};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// No application for a registration before this day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub until: Date,
    /// Art. 81, a registration obtained by fraud; else art. 80, false papers.
    pub fraud: bool,
    /// Of the office that has ordered it; `None`: from before that was kept.
    #[serde(default)]
    pub district: Option<District>,
}

/// Whether somebody may apply. Id: the person's reference, or the organisation's credit code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicantStanding {
    /// The longest bar on either ground: one that is lifted leaves the other.
    pub false_papers: Option<Bar>,
    pub fraud: Option<Bar>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StandingEvent {
    ApplicantBarred(Bar),
    /// What barred somebody on this ground was set aside, or was another's doing.
    BarLifted {
        fraud: bool,
        /// Number of the decision that says so.
        decision: DocumentNumber,
    },
}

impl ApplicantStanding {
    fn on(&mut self, fraud: bool) -> &mut Option<Bar> {
        if fraud {
            &mut self.fraud
        } else {
            &mut self.false_papers
        }
    }

    /// The bar that ends last.
    fn last(&self) -> Option<Bar> {
        let bars = self.false_papers.into_iter().chain(self.fraud);
        bars.max_by_key(|bar| bar.until)
    }
}

impl Aggregate for ApplicantStanding {
    const TYPE: &'static str = "applicant";
    type Event = StandingEvent;

    fn evolve(state: Option<Self>, event: &StandingEvent, _: Timestamp) -> Option<Self> {
        let mut standing = state.unwrap_or_default();
        match event {
            StandingEvent::ApplicantBarred(bar) => {
                let own = standing.on(bar.fraud);
                // The longer bar stays.
                if own.is_none_or(|own| own.until <= bar.until) {
                    *own = Some(*bar);
                }
            }
            StandingEvent::BarLifted { fraud, .. } => *standing.on(*fraud) = None,
        }
        Some(standing)
    }
}

/// The text that stands for a party: the person's reference, or the credit code.
pub fn key(party: &Party) -> &str {
    match party {
        Party::Person(sealed) => sealed.person.as_str(),
        Party::Organisation(organisation) => organisation.credit_code.as_str(),
    }
}

/// Those of the applicants who did it: who are named, or the only one.
///
/// # Errors
/// Several have applied and nobody is named, or somebody who has not applied.
pub fn named<'a>(
    applicants: &'a [Party],
    names: &[PartyRef],
    basis: &LegalBasis,
) -> Result<Vec<&'a Party>, Ground> {
    match (applicants, names) {
        ([only], []) => return Ok(vec![only]),
        (_, []) => {
            return Err(Ground::BarredNotNamed {
                basis: basis.clone(),
            });
        }
        _ => {}
    }
    let mut parties = Vec::with_capacity(names.len());
    for name in names {
        let applicant = applicants.iter().find(|party| key(party) == name.as_str());
        parties.push(applicant.ok_or_else(|| Ground::BarredDidNotApply {
            basis: basis.clone(),
        })?);
    }
    Ok(parties)
}

/// # Errors
/// [`Halt`] if it cannot be read.
pub fn bar(tx: &mut Transaction, party: &Party, bar: Bar) -> Result<(), Halt> {
    tx.record::<ApplicantStanding>(key(party), [StandingEvent::ApplicantBarred(bar)])
}

/// Ends the bar on one ground, on the decision that says so.
///
/// # Errors
/// Nobody has ordered one, or another office.
pub fn lift(
    tx: &mut Transaction,
    who: &PartyRef,
    fraud: bool,
    decision: DocumentNumber,
) -> Result<(), Halt> {
    let standing = tx.load::<ApplicantStanding>(who.as_str())?;
    let bar = standing.and_then(|standing| {
        if fraud {
            standing.fraud
        } else {
            standing.false_papers
        }
    });
    let Some(bar) = bar else {
        return Err(Ground::NoSuchBar.into());
    };
    match bar.district {
        Some(district) => as_officer_of(tx, district)?,
        None => as_officer_of_a_city(tx)?,
    }
    let lifted = StandingEvent::BarLifted { fraud, decision };
    tx.record::<ApplicantStanding>(who.as_str(), [lifted])
}

/// Which office has ordered a bar was not kept at first: one of the city stands over all of them.
fn as_officer_of_a_city(tx: &Transaction) -> Result<(), Ground> {
    let mut districts = tx.context.actor.districts.iter();
    if districts.any(|own| own.is_city_of(*own)) {
        Ok(())
    } else {
        Err(Ground::OutsideDistrict)
    }
}

/// # Errors
/// [`Ground::ApplicantBarred`].
pub fn check(tx: &mut Transaction, party: &Party) -> Result<(), Halt> {
    let today = tx.context.calendar.date(tx.now());
    let standing = tx.load::<ApplicantStanding>(key(party))?;
    match standing.and_then(|standing| standing.last()) {
        Some(bar) if today < bar.until => Err(Ground::ApplicantBarred {
            until: bar.until,
            fraud: bar.fraud,
        }
        .into()),
        _ => Ok(()),
    }
}
