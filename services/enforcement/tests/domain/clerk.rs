//! The ledger of points against a clerk who keeps it by hand, day by day, over random histories (Order 163 arts. 13 to 27).
//!
//! The clerk knows no events and none of the service's types but dates and methods: cards in a box, read by the articles.

use crate::fixtures::*;
use chassis::domain::{LegalCalendar, Transaction};
use chassis::testing::Scenario;
use enforcement::domain::conduct::Conduct;
use enforcement::domain::licence::education::{StudyKind, Test, record_study, record_test};
use enforcement::domain::licence::reductions::{Application, Method, reduce};
use enforcement::domain::licence::{
    Effect, Licence, LicenceEvent, decision_revoked, decision_varied, fine_paid, post,
    served as take_effect,
};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::Violation;
use enforcement::domain::violation::decision::decide;
use enforcement::domain::violation::event::{Decision, LicenceFacts, Party};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;

/// The licence is issued on this day; all histories begin a year and a half later, after the probation.
const ISSUED: Date = date(2021, 6, 1);
const BEGIN: Date = date(2022, 12, 1);

#[derive(Clone, Copy, Debug)]
enum Happening {
    /// A decision is made and served; its fine is due so many days later.
    Decide {
        points: u8,
        due_after: u16,
    },
    /// Of the decisions so far, one is paid, lowered or revoked.
    Pay(usize),
    Lower(usize, u8),
    Revoke(usize),
    Reduce(Method),
    /// All study and tests that are asked for, day after day.
    Learn,
}

fn happenings() -> impl Strategy<Value = Vec<(u16, Happening)>> {
    let points = prop::sample::select(vec![1_u8, 3, 3, 6, 6, 9, 12]);
    let methods = prop::sample::select(vec![
        Method::Online,
        Method::Classroom,
        Method::Volunteering,
    ]);
    let one = prop_oneof![
        5 => (points, 15_u16..60).prop_map(|(points, due_after)| Happening::Decide { points, due_after }),
        4 => (0_usize..20).prop_map(Happening::Pay),
        1 => (0_usize..20, 0_u8..6).prop_map(|(case, points)| Happening::Lower(case, points)),
        1 => (0_usize..20).prop_map(Happening::Revoke),
        2 => methods.prop_map(Happening::Reduce),
        2 => Just(Happening::Learn),
    ];
    prop::collection::vec((0_u16..90, one), 1..25)
}

/// A card in the clerk's box.
#[derive(Debug)]
struct Card {
    case: usize,
    points: u32,
    due: Date,
    paid: bool,
}

#[derive(Debug, Default)]
struct Learned {
    days: u32,
    theory: bool,
    road: bool,
    yard: bool,
}

#[derive(Debug)]
struct Clerk {
    cycle_ends: Date,
    cards: Vec<Card>,
    /// Taken off from the cards in the box.
    off: u32,
    /// Taken off in this cycle, whatever became of the cards.
    off_in_cycle: u32,
    learning: Option<Learned>,
    /// Educations ended in this cycle and in the last.
    educations: u32,
    educations_before: u32,
}

impl Clerk {
    fn new() -> Self {
        Self {
            cycle_ends: ISSUED + 2.years(),
            cards: Vec::new(),
            off: 0,
            off_in_cycle: 0,
            learning: None,
            educations: 0,
            educations_before: 0,
        }
    }

    fn points(&self) -> u32 {
        let posted: u32 = self.cards.iter().map(|card| card.points).sum();
        posted.saturating_sub(self.off)
    }

    /// Art. 15, at each anniversary of the licence up to `day`.
    fn turn_to(&mut self, day: Date) {
        while self.cycle_ends <= day {
            let before = self.points();
            let end = self.cycle_ends;
            let full = before >= 12 || self.learning.is_some();
            let late = self.cards.iter().any(|card| !card.paid && card.due <= end);
            self.cards.retain(|card| full || late && !card.paid);
            let carried: u32 = self.cards.iter().map(|card| card.points).sum();
            self.off = carried - carried.min(before);
            self.off_in_cycle = 0;
            self.educations_before = self.educations;
            self.educations = 0;
            self.cycle_ends = end + 1.year();
        }
    }

    fn decided(&mut self, case: usize, points: u8, due: Date) {
        if points > 0 {
            self.cards.push(Card {
                case,
                points: points.into(),
                due,
                paid: false,
            });
        }
        // Art. 17.
        if self.points() >= 12 && self.learning.is_none() {
            self.learning = Some(Learned::default());
        }
    }

    fn paid(&mut self, case: usize) {
        for card in self.cards.iter_mut().filter(|card| card.case == case) {
            card.paid = true;
        }
        self.give_back();
    }

    /// Art. 16.
    fn changed(&mut self, case: usize, points: u32) {
        for card in self.cards.iter_mut().filter(|card| card.case == case) {
            card.points = points;
        }
        self.cards.retain(|card| card.points > 0);
        if self.points() < 12 {
            self.learning = None;
        }
    }

    /// Arts. 18 and 22: days, road test, yard test.
    fn asked(&self) -> (u32, bool, bool) {
        let dozens = self.points() / 12;
        let times = self.educations + dozens.max(1);
        let second = self.educations >= 1 || dozens >= 2;
        let third = self.educations >= 2 || dozens >= 3;
        ((7 * times).min(60), second, third)
    }

    /// Art. 23.
    fn give_back(&mut self) {
        let (days, road, yard) = self.asked();
        let Some(learned) = &self.learning else {
            return;
        };
        let done = learned.days >= days
            && learned.theory
            && (learned.road || !road)
            && (learned.yard || !yard);
        if done && self.cards.iter().all(|card| card.paid) {
            self.cards.clear();
            self.off = 0;
            self.learning = None;
            self.educations += 1;
        }
    }

    /// Arts. 25 to 27; whether it is granted.
    fn reduced(&mut self, by: u32) -> bool {
        let barred = self.educations >= 2 || self.educations_before >= 2 || self.learning.is_some();
        let points = self.points();
        let by = by.min(6 - self.off_in_cycle).min(points);
        if barred || points >= 12 || by == 0 {
            return false;
        }
        self.off += by;
        self.off_in_cycle += by;
        true
    }
}

/// The service beside the clerk.
struct Office {
    scenario: Option<Scenario>,
    /// A case and a decision that every posting copies.
    violation: Violation,
    decision: Decision,
    party: Party,
}

fn case_id(number: usize) -> CaseId {
    CaseId::parse(&format!("00000000-0000-8000-8000-{number:012}")).unwrap()
}

fn start_of(day: Date) -> jiff::Timestamp {
    LegalCalendar::default().start_of(day)
}

impl Office {
    fn new() -> Self {
        let (scenario, id) = stopped(roadside(act(Conduct::PhoneUse)));
        let decided = scenario.when(|tx| decide(tx, &id, simply(fine(200)))).and();
        let violation = case(&decided, &id);
        let decision = violation.decision.clone().unwrap();
        let facts = LicenceFacts {
            first_issued: ISSUED,
            large_vehicles: false,
        };
        let opened = LicenceEvent::LicenceOpened {
            facts,
            cycle: 1,
            cycle_ends: start_of(ISSUED + 2.years()),
        };
        let scenario = Scenario::at(&start_of(BEGIN).to_string())
            .by(officer())
            .given::<Licence>(person('a').as_str(), [opened]);
        Self {
            scenario: Some(scenario),
            violation,
            decision,
            party: Party {
                licence: Some(facts),
                ..driver('a')
            },
        }
    }

    /// Carries out a command on a day; whether it was granted.
    fn on(
        &mut self,
        day: Date,
        command: impl FnOnce(&mut Transaction) -> Result<(), chassis::domain::Halt>,
    ) -> bool {
        let at = (start_of(day) + 10.hours()).to_string();
        let scenario = self.scenario.take().unwrap().later(&at);
        let mut granted = false;
        let outcome = scenario.when(|tx| {
            let outcome = command(tx);
            granted = outcome.is_ok();
            match outcome {
                // What is refused records nothing.
                Err(chassis::domain::Halt::Rejected(_)) => Ok(()),
                other => other,
            }
        });
        self.scenario = Some(if granted {
            outcome.and()
        } else {
            outcome.then_nothing()
        });
        granted
    }

    fn licence(&self) -> Licence {
        licence(self.scenario.as_ref().unwrap(), 'a')
    }
}

/// One happening on both sides; the day on which it ends.
fn happen(
    clerk: &mut Clerk,
    office: &mut Office,
    number: usize,
    day: Date,
    what: Happening,
) -> Date {
    let who = person('a');
    clerk.turn_to(day);
    // Looking brings the office's ledger up to the day, as any command does.
    office.on(day, |tx| {
        enforcement::domain::licence::standing::pass_time(tx, &person('a'))
    });
    match what {
        Happening::Decide { points, due_after } => {
            let due = day + i64::from(due_after).days();
            let (violation, party) = (office.violation.clone(), office.party.clone());
            let decision = Decision {
                points,
                ..office.decision.clone()
            };
            let case = case_id(number);
            office.on(day, |tx| {
                post(tx, &case, &violation, &party, &decision)?;
                let now = tx.now();
                take_effect(tx, &case, &who, &decision, Some(start_of(due)), now)
            });
            clerk.decided(number, points, due);
        }
        Happening::Pay(case) => {
            office.on(day, |tx| fine_paid(tx, &case_id(case), &who));
            clerk.paid(case);
        }
        Happening::Lower(case, points) => {
            let held = clerk.cards.iter().find(|card| card.case == case);
            if held.is_some_and(|card| u32::from(points) < card.points) {
                let effect = Effect {
                    since: start_of(day),
                    withheld_on: None,
                };
                office.on(day, |tx| {
                    decision_varied(tx, &case_id(case), &who, &fine(50), points, effect)
                });
                clerk.changed(case, points.into());
            }
        }
        Happening::Revoke(case) => {
            office.on(day, |tx| decision_revoked(tx, &case_id(case), &who));
            clerk.changed(case, 0);
        }
        Happening::Reduce(method) => {
            let application = Application {
                method,
                minutes: 60,
                first_day: day,
                last_day: day,
                test_passed: true,
                records_handled: true,
                probation_or_unreviewed: false,
                uninspected_vehicle: false,
            };
            let granted = office.on(day, |tx| reduce(tx, &who, application));
            let by = if method == Method::Classroom { 2 } else { 1 };
            assert_eq!(granted, clerk.reduced(by), "{clerk:?}");
        }
        Happening::Learn => return learn(clerk, office, day),
    }
    day
}

fn learn(clerk: &mut Clerk, office: &mut Office, mut day: Date) -> Date {
    let who = person('a');
    while let Some(learned) = &clerk.learning {
        if learned.days >= clerk.asked().0 {
            break;
        }
        assert!(office.on(day, |tx| {
            record_study(tx, &who, StudyKind::Classroom, day, 200)
        }));
        clerk.learning.as_mut().unwrap().days += 1;
        day = day.tomorrow().unwrap();
        clerk.turn_to(day);
    }
    if clerk.learning.is_none() {
        return day;
    }
    let (_, road, yard) = clerk.asked();
    for (test, asked) in [(Test::Theory, true), (Test::Yard, yard), (Test::Road, road)] {
        if !asked || clerk.learning.is_none() {
            continue;
        }
        assert!(office.on(day, |tx| record_test(tx, &who, test, true)));
        let learned = clerk.learning.as_mut().unwrap();
        match test {
            Test::Theory => learned.theory = true,
            Test::Yard => learned.yard = true,
            Test::Road => learned.road = true,
        }
        clerk.give_back();
    }
    // No further study on a day that has one.
    day.tomorrow().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn the_ledger_is_what_a_clerk_keeps_by_hand(history in happenings()) {
        let (mut clerk, mut office, mut day) = (Clerk::new(), Office::new(), BEGIN);
        for (number, (later, what)) in history.into_iter().enumerate() {
            day += i64::from(later).days();
            day = happen(&mut clerk, &mut office, number, day, what);
            clerk.turn_to(day);
            office.on(day, |tx| enforcement::domain::licence::standing::pass_time(tx, &person('a')));
            let kept = office.licence();
            prop_assert_eq!(kept.points(), clerk.points(), "on {} after {:?}: {:?}", day, what, clerk);
            prop_assert_eq!(kept.may_drive(), clerk.learning.is_none());
        }
    }
}
