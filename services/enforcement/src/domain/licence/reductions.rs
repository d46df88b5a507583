//! Points taken off for learning and volunteering (减免): Order 163 arts. 25 to 27, 31(2).

use super::super::ground::Ground;
use super::super::limits;
use super::ledger::known;
use super::{FULL, Licence, LicenceEvent, id_of};
use chassis::domain::{Halt, LegalCalendar, PersonRef, Transaction};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// At most this many points a cycle (art. 25).
pub const MOST_REDUCED: u32 = 6;

/// How points are earned back (art. 27).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Thirty minutes within three days, and a test: one point.
    Online,
    /// One hour, and a test: two points.
    Classroom,
    /// One hour of public service: one point.
    Volunteering,
}

impl Method {
    pub fn points(self) -> u32 {
        match self {
            Self::Classroom => 2,
            Self::Online | Self::Volunteering => 1,
        }
    }

    fn least_minutes(self) -> u32 {
        match self {
            Self::Online => 30,
            Self::Classroom | Self::Volunteering => 60,
        }
    }
}

/// What a driver applies with. What enforcement cannot know of a driver and their vehicles is stated by the office that can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Application {
    pub method: Method,
    pub minutes: u32,
    /// First and last day of online study.
    pub first_day: Date,
    pub last_day: Date,
    /// The test was passed; volunteering has none.
    pub test_passed: bool,
    /// All records of this driver's are handled (art. 25).
    pub records_handled: bool,
    /// In the year of probation, or overdue for review (art. 26(3)).
    pub probation_or_unreviewed: bool,
    /// Owns a vehicle whose inspection is overdue or that should have been deregistered (art. 26(4)).
    pub uninspected_vehicle: bool,
}

/// # Errors
/// Each ground of arts. 25 to 27.
pub fn reduce(
    tx: &mut Transaction,
    person: &PersonRef,
    application: Application,
) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    let today = tx.context.calendar.date(tx.now());
    check_refusals(&licence, &application, today)?;
    check_learning(&application, tx.context.calendar)?;
    let points = licence.points();
    if points == 0 || points >= FULL || !application.records_handled {
        return Err(Ground::NothingToReduce.into());
    }
    let left = MOST_REDUCED.saturating_sub(licence.reduced);
    let taken_off = application.method.points().min(left).min(points);
    if taken_off == 0 {
        return Err(Ground::ReductionsUsedUp.into());
    }
    tx.record::<Licence>(
        id_of(person),
        [LicenceEvent::PointsReduced {
            method: application.method,
            points: taken_off,
        }],
    )
}

/// Art. 26, ground by ground.
fn check_refusals(licence: &Licence, application: &Application, today: Date) -> Result<(), Ground> {
    if licence.educations >= 2 || licence.educations_before >= 2 {
        return Err(Ground::ReductionRefused { item: 1 });
    }
    let since = licence.reductions_look_back_to();
    if licence.grave.iter().any(|(_, on)| *on >= since) {
        return Err(Ground::ReductionRefused { item: 2 });
    }
    let probation_ends = licence.facts.first_issued + 12.months();
    if application.probation_or_unreviewed || today < probation_ends || !licence.may_drive() {
        return Err(Ground::ReductionRefused { item: 3 });
    }
    if application.uninspected_vehicle {
        return Err(Ground::ReductionRefused { item: 4 });
    }
    if licence.frauds.iter().any(|on| *on >= since) {
        return Err(Ground::ReductionRefused { item: 5 });
    }
    Ok(())
}

/// Art. 27.
fn check_learning(application: &Application, calendar: &LegalCalendar) -> Result<(), Ground> {
    let method = application.method;
    let enough = application.minutes >= method.least_minutes();
    let tested = application.test_passed || method == Method::Volunteering;
    let first = calendar.start_of(application.first_day);
    let until = calendar.deadline(first, limits::ONLINE_STUDY.time);
    let within = application.first_day <= application.last_day
        && (method != Method::Online || calendar.start_of(application.last_day) < until);
    if enough && tested && within {
        Ok(())
    } else {
        Err(Ground::LearningIncomplete { method })
    }
}

/// A reduction was won by fraud: taken back (art. 31(2)). The fine for it is a case of its own.
///
/// # Errors
/// If less was taken off in this cycle.
pub fn take_back(tx: &mut Transaction, person: &PersonRef, points: u32) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    if points == 0 || points > licence.reduced {
        return Err(Ground::NothingToReduce.into());
    }
    let on = tx.context.calendar.date(tx.now());
    tx.record::<Licence>(
        id_of(person),
        [LicenceEvent::ReductionRevoked { points, on }],
    )?;
    super::ledger::detain_if_full(tx, person, None)
}
