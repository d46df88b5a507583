//! Cases: each stands on its docket as open as it is, brings its points to one licence once, and costs what was decided.

use super::facts::Folded;
use chassis::commit::Commit;
use chassis::journal::Stored;
use enforcement::domain::docket::{self, Docket};
use enforcement::domain::licence::Licence;
use enforcement::domain::licence::reductions::MOST_REDUCED;
use enforcement::domain::violation::{Stage, Violation};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default)]
pub(super) struct Cases {
    pub(super) violations: Folded<Violation>,
    dockets: Folded<Docket>,
    licences: Folded<Licence>,
}

impl Cases {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        self.violations.enter(stored, commit)?;
        self.dockets.enter(stored, commit)?;
        self.licences.enter(stored, commit)
    }

    /// What must hold whenever one looks.
    pub(super) fn hold(&self) -> Result<(), String> {
        self.dockets_know_what_is_open()?;
        self.points_are_posted_once()?;
        for (id, case) in &self.violations.0 {
            costs_what_was_decided(case)
                .map_err(|why| format!("fines are conserved: case {id}, {why}"))?;
        }
        Ok(())
    }

    fn dockets_know_what_is_open(&self) -> Result<(), String> {
        let undecided: BTreeSet<(String, String)> = self
            .violations
            .0
            .iter()
            .filter(|(_, case)| is_undecided(case.stage))
            .filter_map(|(id, case)| Some((docket::of_filing(&case.filing)?, id.clone())))
            .collect();
        let mut open = BTreeSet::new();
        for (id, docket) in &self.dockets.0 {
            let entries = docket.entries.iter().filter(|entry| entry.is_open());
            open.extend(entries.map(|entry| (id.clone(), entry.case.to_string())));
        }
        if open == undecided {
            return Ok(());
        }
        Err(format!(
            "dockets know what is open: open {open:?}, undecided {undecided:?}"
        ))
    }

    /// Of a decision that stands, and as many as stand of it. Cycles and study clear points, so not every decision has some.
    fn points_are_posted_once(&self) -> Result<(), String> {
        let mut posted = BTreeMap::<String, &String>::new();
        for (person, licence) in &self.licences.0 {
            for entry in &licence.entries {
                let case = entry.case.to_string();
                let stands = self
                    .violations
                    .0
                    .get(&case)
                    .is_some_and(|case| stands_against(case, person, entry.points));
                if !stands {
                    return Err(format!(
                        "points are those that stand: {person} has {} of {case}",
                        entry.points
                    ));
                }
                if let Some(other) = posted.insert(case.clone(), person) {
                    return Err(format!(
                        "points are posted once: those of {case} to {other} and to {person}"
                    ));
                }
            }
            if licence.reduced > MOST_REDUCED {
                return Err(format!(
                    "points are earned back within bounds: {person} has got {}",
                    licence.reduced
                ));
            }
        }
        Ok(())
    }
}

fn is_undecided(stage: Stage) -> bool {
    matches!(
        stage,
        Stage::Recorded
            | Stage::Entered
            | Stage::Notified
            | Stage::Stopped
            | Stage::Summoned
            | Stage::Handling
            | Stage::Intended
    )
}

/// Whether a decision against this person stands, with so many points.
fn stands_against(case: &Violation, person: &str, points: u8) -> bool {
    let stands = matches!(case.stage, Stage::Decided | Stage::Served | Stage::Settled);
    let decision = case.decision.as_ref();
    let party = decision.and_then(|decision| decision.party.as_ref());
    let is_theirs = party.is_some_and(|party| party.person.person.as_str() == person);
    let has_points = case
        .standing()
        .is_some_and(|(_, standing)| standing == points);
    stands && is_theirs && has_points
}

/// Who has settled a case has paid the fine and its surcharge, no more and no less; nobody gets back more than came in.
fn costs_what_was_decided(case: &Violation) -> Result<(), String> {
    let account = &case.account;
    let came: i64 = account
        .payments
        .iter()
        .map(|payment| payment.amount.signed())
        .sum();
    let back = account.refunded.signed();
    if back > came {
        return Err(format!("{came} fen came in and {back} went back"));
    }
    let due = account.fine.signed() + case.surcharge_paid.signed();
    if case.stage == Stage::Settled && came - back != due {
        return Err(format!(
            "{due} fen were due, {came} came in, {back} went back"
        ));
    }
    Ok(())
}
