//! Study and tests after twelve points (满分学习、考试): Order 163 arts. 17 to 24, 29, 31.

use super::super::ground::Ground;
use super::super::limits;
use super::ledger::known;
use super::standing::restore_if_free;
use super::{FULL, Fine, Licence, LicenceEvent, id_of};
use chassis::domain::{Halt, PersonRef, Transaction};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StudyKind {
    SelfStudy,
    Online,
    Classroom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// Laws and safety (art. 21).
    Theory,
    /// 场地驾驶技能 (art. 22(2)).
    Yard,
    /// 道路驾驶技能 (art. 22).
    Road,
}

/// One education, from the notice to the return of the licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Education {
    /// When the driver was called: what was studied before does not count.
    pub called_at: Timestamp,
    /// Who has not begun by then is announced as barred (art. 29).
    pub respond_by: Timestamp,
    /// One kind a day: who studied in two ways on one day studied one day (art. 19(3)).
    pub days: BTreeMap<Date, StudyKind>,
    pub theory: bool,
    pub yard: bool,
    pub road: bool,
    /// After a failed test.
    pub retest_from: Option<Timestamp>,
}

impl Education {
    pub(super) fn called(called_at: Timestamp, respond_by: Timestamp) -> Self {
        Self {
            called_at,
            respond_by,
            days: BTreeMap::new(),
            theory: false,
            yard: false,
            road: false,
            retest_from: None,
        }
    }

    pub(super) fn study(&mut self, kind: StudyKind, on: Date) {
        let day = self.days.entry(on).or_insert(kind);
        *day = kind.max(*day);
    }

    pub(super) fn tested(&mut self, test: Test, passed: bool, retest_from: Option<Timestamp>) {
        self.retest_from = retest_from;
        match test {
            Test::Theory => self.theory = passed,
            Test::Yard => self.yard = passed,
            Test::Road => self.road = passed,
        }
    }

    /// Fraud: records of study and results of tests are void (art. 31(1)).
    pub(super) fn void(&mut self) {
        self.days.clear();
        (self.theory, self.yard, self.road) = (false, false, false);
    }

    fn count(&self, kind: StudyKind) -> u32 {
        let days = self.days.values().filter(|day| **day == kind).count();
        u32::try_from(days).unwrap_or(u32::MAX)
    }

    fn studied(&self, required: &Required) -> bool {
        let classroom = self.count(StudyKind::Classroom);
        let taught = classroom + self.count(StudyKind::Online);
        let all = taught + self.count(StudyKind::SelfStudy);
        all >= required.days
            && taught >= required.taught_days
            && classroom >= required.classroom_days
    }
}

/// What the law asks before the licence is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Required {
    pub days: u32,
    /// Of these in a classroom or online.
    pub taught_days: u32,
    /// Of these in a classroom.
    pub classroom_days: u32,
    pub road: bool,
    pub yard: bool,
}

/// Arts. 18, 19(2), 22: by the educations already completed in the cycle, the points accumulated, and what the licence admits.
pub fn required(educations: u32, points: u32, large_vehicles: bool) -> Required {
    let (base, most, taught_days, classroom_days) = if large_vehicles {
        (30, 120, 10, 5)
    } else {
        (7, 60, 5, 2)
    };
    let further_dozens = (points / FULL).saturating_sub(1);
    let days = (base * (1 + educations + further_dozens)).min(most);
    let third = educations >= 2 || points >= 3 * FULL;
    let second = educations >= 1 || points >= 2 * FULL;
    Required {
        days,
        taught_days,
        classroom_days,
        road: second || third,
        yard: third,
    }
}

impl Licence {
    /// What this driver must do; `None` unless called to study.
    pub fn required(&self) -> Option<Required> {
        self.education.as_ref()?;
        Some(required(
            self.educations,
            self.points(),
            self.facts.large_vehicles,
        ))
    }
}

/// More than three hours of classroom or online study make a day (art. 19(3)).
pub const MINUTES_A_DAY: u32 = 180;

/// Records a day of study.
///
/// # Errors
/// If the person is not called to study, the day lies before that or in the future, or three hours were not exceeded.
pub fn record_study(
    tx: &mut Transaction,
    person: &PersonRef,
    kind: StudyKind,
    on: Date,
    minutes: u32,
) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    let Some(education) = &licence.education else {
        return Err(Ground::NotCalledToStudy.into());
    };
    let called_on = tx.context.calendar.date(education.called_at);
    if on < called_on {
        return Err(Ground::StudyBeforeCall { called_on }.into());
    }
    if on > tx.context.calendar.date(tx.now()) {
        return Err(Ground::StudyInTheFuture.into());
    }
    if kind != StudyKind::SelfStudy && minutes <= MINUTES_A_DAY {
        return Err(Ground::StudyTooShort { minutes }.into());
    }
    tx.record::<Licence>(id_of(person), [LicenceEvent::StudyDayRecorded { kind, on }])
}

/// Records a test; the last one that is needed returns the licence if the fines are paid.
///
/// # Errors
/// Before the study is complete, out of order, a test that is not asked for, or within ten days after failing.
pub fn record_test(
    tx: &mut Transaction,
    person: &PersonRef,
    test: Test,
    passed: bool,
) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    let (Some(education), Some(required)) = (&licence.education, licence.required()) else {
        return Err(Ground::NotCalledToStudy.into());
    };
    if !education.studied(&required) {
        return Err(Ground::StudyIncomplete {
            days: required.days,
        }
        .into());
    }
    if let Some(from) = education.retest_from.filter(|from| tx.now() < *from) {
        return Err(Ground::RetestTooEarly { from }.into());
    }
    let asked = match test {
        Test::Theory => true,
        Test::Road => required.road,
        Test::Yard => required.yard,
    };
    if !asked {
        return Err(Ground::TestNotAsked.into());
    }
    if test != Test::Theory && !education.theory {
        return Err(Ground::TheoryFirst.into());
    }
    let retest_from =
        (!passed).then(|| tx.context.calendar.deadline(tx.now(), limits::RETEST.time));
    tx.record::<Licence>(
        id_of(person),
        [LicenceEvent::TestTaken {
            test,
            passed,
            retest_from,
        }],
    )?;
    return_licence(tx, person)
}

/// Clears the points and returns the licence once all is done and paid (art. 23). Withheld or revoked it stays away longer.
///
/// # Errors
/// [`Halt`] if something cannot be read.
pub fn return_licence(tx: &mut Transaction, person: &PersonRef) -> Result<(), Halt> {
    let licence = known(tx, person)?;
    let (Some(education), Some(required)) = (&licence.education, licence.required()) else {
        return Ok(());
    };
    let tested = education.theory
        && (education.road || !required.road)
        && (education.yard || !required.yard);
    let paid = licence
        .entries
        .iter()
        .all(|entry| entry.fine == Fine::Settled);
    if !tested || !education.studied(&required) || !paid {
        return Ok(());
    }
    tx.record::<Licence>(id_of(person), [LicenceEvent::PointsCleared])?;
    restore_if_free(tx, person)
}

/// Notes fraud in study or tests: they are void (art. 31(1)). The fine for it is a case of its own.
///
/// # Errors
/// If the licence is unknown.
pub fn record_fraud(tx: &mut Transaction, person: &PersonRef) -> Result<(), Halt> {
    known(tx, person)?;
    let on = tx.context.calendar.date(tx.now());
    tx.record::<Licence>(id_of(person), [LicenceEvent::FraudRecorded { on }])
}
