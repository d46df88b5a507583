//! A driver's licence as enforcement keeps it: the points of the running cycle, study and tests after twelve, reductions,
//! suspension and revocation (Order 163). Id: the person reference.
//!
//! ```text
//!   ledger: points, cycles     education: study and tests     reductions     standing: may the person drive
//! ```

pub mod education;
pub mod ledger;
pub mod reductions;
pub mod standing;

pub use ledger::{decision_revoked, decision_varied, fine_paid, may_take, post, served};
pub use standing::Effect;

use super::conduct::Conduct;
use super::values::CaseId;
use super::violation::event::LicenceFacts;
use chassis::domain::values::PlateNumber;
use chassis::domain::{Aggregate, LegalCalendar, PersonRef};
use education::{Education, StudyKind, Test};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use reductions::Method;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Entries of one cycle, and records taken within a year: more than any person collects; beyond it cases are refused.
pub const MOST_ENTRIES: usize = 1_000;

/// Points at which a licence is detained (Order 163 art. 3).
pub const FULL: u32 = 12;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    pub facts: LicenceFacts,
    /// Number of the running cycle: 0 begins on the day of first issue.
    pub cycle: u16,
    /// First instant after it.
    pub cycle_ends: Timestamp,
    pub entries: Vec<Entry>,
    /// Taken off in this cycle, also from points that study has cleared since: at most six (art. 25).
    pub reduced: u32,
    /// Taken off from the entries, in this cycle or an earlier one.
    pub relief: u32,
    /// The case of which vehicle made it twelve: only this vehicle's records may still be taken (art. 14(2)).
    pub full_with: Option<PlateNumber>,
    pub education: Option<Education>,
    /// Educations completed in this cycle, and in the one before.
    pub educations: u32,
    pub educations_before: u32,
    /// Withheld (暂扣) until, by case.
    pub suspensions: Vec<(CaseId, Timestamp)>,
    /// Revoked (吊销) since, by case.
    pub revocations: BTreeMap<CaseId, Timestamp>,
    /// Days of decisions that bar reductions for three cycles (art. 26(2)), by case.
    pub grave: Vec<(CaseId, Date)>,
    /// Days of frauds in study or tests (art. 26(5)).
    pub frauds: Vec<Date>,
    /// Others have been told that this person may not drive.
    pub barred: bool,
    /// Announced as out of use (art. 29).
    pub out_of_use: bool,
    /// Vehicles of which this person took records within a year, and when last.
    pub taken: Vec<(PlateNumber, Timestamp)>,
    pub trading_suspected: bool,
}

/// The points of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub case: CaseId,
    pub points: u8,
    pub fine: Fine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fine {
    /// Decided, not served.
    Unserved,
    Due(Timestamp),
    /// Paid, or there was none.
    Settled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LicenceEvent {
    /// Seen for the first time; or first issued after a revocation, which ends what was said of the licence before.
    LicenceOpened {
        facts: LicenceFacts,
        cycle: u16,
        cycle_ends: Timestamp,
    },
    /// The person holds another licence now, or one for other vehicles.
    LicenceFactsChanged {
        facts: LicenceFacts,
        cycle: u16,
        cycle_ends: Timestamp,
    },
    PointsPosted {
        case: CaseId,
        points: u8,
        conduct: Conduct,
        decided_on: Date,
        taken: Option<PlateNumber>,
    },
    FineServed {
        case: CaseId,
        due: Option<Timestamp>,
    },
    FinePaid {
        case: CaseId,
    },
    PointsChanged {
        case: CaseId,
        points: u8,
    },
    PointsReversed {
        case: CaseId,
    },
    /// `carried`: what goes into the new cycle; `relief`: what had been taken off from it.
    CycleEnded {
        cycle: u16,
        cycle_ends: Timestamp,
        carried: Vec<CaseId>,
        relief: u32,
    },
    PointsReduced {
        method: Method,
        points: u32,
    },
    ReductionRevoked {
        points: u32,
        on: Date,
    },
    FraudRecorded {
        on: Date,
    },
    /// Twelve points: detained, and called to study (art. 17).
    LicenceDetained {
        points: u32,
        full_with: Option<PlateNumber>,
        respond_by: Timestamp,
    },
    StudyDayRecorded {
        kind: StudyKind,
        on: Date,
    },
    TestTaken {
        test: Test,
        passed: bool,
        retest_from: Option<Timestamp>,
    },
    /// Studied, tested and paid: the points are gone (art. 23).
    PointsCleared,
    /// Points fell below twelve because a decision did not stand.
    DetentionLifted,
    LicenceOutOfUse,
    LicenceSuspended {
        case: CaseId,
        until: Timestamp,
    },
    SuspensionEnded {
        case: CaseId,
    },
    LicenceRevoked {
        case: CaseId,
    },
    RevocationLifted {
        case: CaseId,
    },
    /// The person may drive again: nothing stands in the way any more.
    DrivingRestored,
    TradingSuspected {
        vehicles: u32,
    },
    SuspicionCleared,
}

impl Licence {
    fn opened(facts: LicenceFacts, cycle: u16, cycle_ends: Timestamp) -> Self {
        Self {
            facts,
            cycle,
            cycle_ends,
            entries: Vec::new(),
            reduced: 0,
            relief: 0,
            full_with: None,
            education: None,
            educations: 0,
            educations_before: 0,
            suspensions: Vec::new(),
            revocations: BTreeMap::new(),
            grave: Vec::new(),
            frauds: Vec::new(),
            barred: false,
            out_of_use: false,
            taken: Vec::new(),
            trading_suspected: false,
        }
    }

    /// Points accumulated in the running cycle.
    pub fn points(&self) -> u32 {
        let posted: u32 = self.entries.iter().map(|e| u32::from(e.points)).sum();
        posted.saturating_sub(self.relief)
    }

    /// First day of a cycle: so many years after the first issue (art. 3).
    pub fn cycle_start(facts: &LicenceFacts, cycle: u16) -> Date {
        facts.first_issued + i64::from(cycle).years()
    }

    /// First day after the running cycle.
    pub fn cycle_end(&self) -> Date {
        Self::cycle_start(&self.facts, self.cycle + 1)
    }

    /// First day of the last three cycles, this one included (art. 26(2)(5)).
    pub fn reductions_look_back_to(&self) -> Date {
        Self::cycle_start(&self.facts, self.cycle.saturating_sub(2))
    }

    /// Nothing forbids driving.
    pub fn may_drive(&self) -> bool {
        self.education.is_none() && self.suspensions.is_empty() && self.revocations.is_empty()
    }

    /// Whether the person holds another licence, first issued after every revocation of the one that is kept here. How long
    /// they could not hold one is the issuing office's business (Order 162 art. 15).
    fn is_over(&self, held: &LicenceFacts, calendar: &LegalCalendar) -> bool {
        let mut revoked = self.revocations.values().map(|at| calendar.date(*at));
        !self.revocations.is_empty() && revoked.all(|day| held.first_issued > day)
    }
}

/// The aggregate id of a person's licence.
pub fn id_of(person: &PersonRef) -> &str {
    person.as_str()
}

impl Aggregate for Licence {
    const TYPE: &'static str = "licence";
    type Event = LicenceEvent;

    fn evolve(state: Option<Self>, event: &LicenceEvent, at: Timestamp) -> Option<Self> {
        let mut licence = match (event, state) {
            (
                LicenceEvent::LicenceOpened {
                    facts,
                    cycle,
                    cycle_ends,
                },
                before,
            ) => {
                let opened = Self::opened(*facts, *cycle, *cycle_ends);
                return Some(match before {
                    None => opened,
                    // Of the person, not of the licence: what others have been told, and what looks like trading.
                    Some(before) => Self {
                        barred: before.barred,
                        taken: before.taken,
                        trading_suspected: before.trading_suspected,
                        ..opened
                    },
                });
            }
            (_, state) => state?,
        };
        match event {
            LicenceEvent::PointsPosted { .. }
            | LicenceEvent::FineServed { .. }
            | LicenceEvent::FinePaid { .. }
            | LicenceEvent::PointsChanged { .. }
            | LicenceEvent::PointsReversed { .. }
            | LicenceEvent::CycleEnded { .. } => licence.apply_points(event, at),
            _ => licence.apply_standing(event, at),
        }
        Some(licence)
    }

    fn next_due(&self) -> Option<Timestamp> {
        standing::next_due(self)
    }
}

impl Licence {
    fn apply_points(&mut self, event: &LicenceEvent, at: Timestamp) {
        match event {
            LicenceEvent::PointsPosted {
                case,
                points,
                conduct,
                decided_on,
                taken,
            } => {
                if *points > 0 {
                    self.entries.push(Entry {
                        case: case.clone(),
                        points: *points,
                        fine: Fine::Unserved,
                    });
                }
                if conduct.bars_reduction() {
                    self.grave.push((case.clone(), *decided_on));
                }
                if let Some(plate) = taken {
                    let year_ago = at - jiff::SignedDuration::from_hours(24 * 366);
                    self.taken
                        .retain(|(other, when)| *when > year_ago && other != plate);
                    self.taken.push((plate.clone(), at));
                }
            }
            LicenceEvent::FineServed { case, due } => {
                self.set_fine(case, due.map_or(Fine::Settled, Fine::Due));
            }
            LicenceEvent::FinePaid { case } => self.set_fine(case, Fine::Settled),
            LicenceEvent::PointsChanged { case, points } => {
                if let Some(entry) = self.entries.iter_mut().find(|e| e.case == *case) {
                    entry.points = *points;
                }
                self.entries.retain(|entry| entry.points > 0);
            }
            LicenceEvent::PointsReversed { case } => {
                self.entries.retain(|entry| entry.case != *case);
                self.grave.retain(|(grave, _)| grave != case);
                // An earlier version lifted no other revocation than the last.
                self.revocations.remove(case);
            }
            LicenceEvent::CycleEnded {
                cycle,
                cycle_ends,
                carried,
                relief,
            } => {
                self.cycle = *cycle;
                self.cycle_ends = *cycle_ends;
                self.entries.retain(|entry| carried.contains(&entry.case));
                self.reduced = 0;
                self.relief = *relief;
                let since = self.reductions_look_back_to();
                self.grave.retain(|(_, on)| *on >= since);
                self.frauds.retain(|on| *on >= since);
                self.educations_before = self.educations;
                self.educations = 0;
            }
            _ => {}
        }
    }

    fn set_fine(&mut self, case: &CaseId, fine: Fine) {
        if let Some(entry) = self.entries.iter_mut().find(|e| e.case == *case) {
            entry.fine = fine;
        }
    }

    fn apply_standing(&mut self, event: &LicenceEvent, at: Timestamp) {
        match event {
            LicenceEvent::LicenceFactsChanged {
                facts,
                cycle,
                cycle_ends,
            } => {
                self.facts = *facts;
                self.cycle = *cycle;
                self.cycle_ends = *cycle_ends;
            }
            LicenceEvent::PointsReduced { points, .. } => {
                self.reduced += points;
                self.relief += points;
            }
            LicenceEvent::ReductionRevoked { points, on } => {
                self.reduced = self.reduced.saturating_sub(*points);
                self.relief = self.relief.saturating_sub(*points);
                self.frauds.push(*on);
            }
            LicenceEvent::FraudRecorded { on } => {
                self.frauds.push(*on);
                if let Some(education) = &mut self.education {
                    education.void();
                }
            }
            LicenceEvent::LicenceDetained {
                full_with,
                respond_by,
                ..
            } => {
                self.barred = true;
                self.full_with.clone_from(full_with);
                self.education = Some(Education::called(at, *respond_by));
            }
            LicenceEvent::StudyDayRecorded { kind, on } => {
                if let Some(education) = &mut self.education {
                    education.study(*kind, *on);
                }
            }
            LicenceEvent::TestTaken {
                test,
                passed,
                retest_from,
            } => {
                if let Some(education) = &mut self.education {
                    education.tested(*test, *passed, *retest_from);
                }
            }
            LicenceEvent::PointsCleared => {
                self.entries.clear();
                self.relief = 0;
                self.full_with = None;
                self.education = None;
                self.educations += 1;
                self.out_of_use = false;
            }
            LicenceEvent::DetentionLifted => {
                self.full_with = None;
                self.education = None;
                self.out_of_use = false;
            }
            LicenceEvent::LicenceOutOfUse => self.out_of_use = true,
            LicenceEvent::LicenceSuspended { case, until } => {
                self.barred = true;
                self.suspensions.retain(|(other, _)| other != case);
                self.suspensions.push((case.clone(), *until));
            }
            LicenceEvent::SuspensionEnded { case } => {
                self.suspensions.retain(|(other, _)| other != case);
            }
            LicenceEvent::LicenceRevoked { case } => {
                self.barred = true;
                self.revocations.insert(case.clone(), at);
            }
            LicenceEvent::DrivingRestored => self.barred = false,
            LicenceEvent::RevocationLifted { case } => {
                self.revocations.remove(case);
            }
            LicenceEvent::TradingSuspected { .. } => self.trading_suspected = true,
            LicenceEvent::SuspicionCleared => self.trading_suspected = false,
            _ => {}
        }
    }
}
