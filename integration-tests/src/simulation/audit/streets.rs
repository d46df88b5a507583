//! What becomes of streets: hazards are verified by others than who rectified them, each rider counts against a company once, and
//! counts of riders add up.

use super::facts::{Folded, read};
use crate::simulation::users::Notes;
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use chassis::journal::Stored;
use enforcement::domain::hazard::{Hazard, HazardEvent, HazardFact};
use enforcement::domain::persuasion::{
    Company, CompanyEvent, JunctionDay, PersuasionEvent, PersuasionFact,
};
use enforcement::domain::standards::Standards;
use jiff::civil::Date;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Streets {
    hazards: Folded<Hazard>,
    companies: Folded<Company>,
    junctions: Folded<JunctionDay>,
    /// Riders that junctions have recorded of a company, by the month.
    persuaded: BTreeMap<(String, Date), u32>,
    /// How often a company was summoned for a month.
    summoned: BTreeMap<(String, Date), u32>,
}

impl Streets {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        for event in &commit.events {
            match stored.kind.as_str() {
                Hazard::TYPE => self.hazard(stored, commit, &read(event)?)?,
                JunctionDay::TYPE => self.rider(stored, read(event)?)?,
                Company::TYPE => {
                    if let CompanyEvent::CompanySummoned { month, .. } = read(event)? {
                        let company = (stored.id.clone(), month);
                        *self.summoned.entry(company).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
        self.hazards.enter(stored, commit)?;
        self.companies.enter(stored, commit)?;
        self.junctions.enter(stored, commit)
    }

    fn hazard(&self, stored: &Stored, commit: &Commit, event: &HazardEvent) -> Result<(), String> {
        let verifier = &commit.metadata.actor.id;
        let rectifier = self.hazards.0.get(&stored.id);
        let rectifier = rectifier.and_then(|hazard| hazard.rectified_by.as_ref());
        if event.fact == HazardFact::HazardVerified && rectifier == Some(verifier) {
            let hazard = &stored.id;
            return Err(format!(
                "hazards are verified by others: {verifier} has verified what it did about {hazard}"
            ));
        }
        Ok(())
    }

    fn rider(&mut self, stored: &Stored, event: PersuasionEvent) -> Result<(), String> {
        if let PersuasionFact::RiderPersuaded {
            company: Some(company),
            ..
        } = event.fact
        {
            let day = stored.id.rsplit_once('_').map_or("", |(_, day)| day);
            let day: Date = day
                .parse()
                .map_err(|_| format!("a junction is recorded by the day: {}", stored.id))?;
            let company = (company.as_str().to_owned(), day.first_of_month());
            *self.persuaded.entry(company).or_default() += 1;
        }
        Ok(())
    }

    /// What must hold whenever one looks.
    pub(super) fn hold(&self) -> Result<(), String> {
        for (company, state) in &self.companies.0 {
            let of = (company.clone(), state.month);
            let persuaded = self.persuaded.get(&of).copied().unwrap_or_default();
            if state.riders != persuaded {
                let counted = state.riders;
                return Err(format!(
                    "riders are counted: {persuaded} of {company} in {}, counted {counted}",
                    state.month
                ));
            }
        }
        for (of, riders) in &self.persuaded {
            let (company, month) = of;
            let too_many = *riders >= Standards::on(*month).company_threshold;
            let summoned = self.summoned.get(of).copied().unwrap_or_default();
            if summoned != u32::from(too_many) {
                return Err(format!(
                    "companies are summoned once: {company} was {summoned} times for {riders} riders in {month}"
                ));
            }
        }
        Ok(())
    }

    /// Every count that users were told of is in its day's once, and no other is.
    pub(super) fn are_counted_as_told(&self, told: &Notes) -> Result<(), String> {
        let told: BTreeMap<&str, u32> = told
            .counted
            .iter()
            .map(|(day, counts)| {
                let seen = counts.iter().map(|(seen, _)| *seen);
                (day.as_str(), seen.sum::<u32>())
            })
            .filter(|(_, seen)| *seen > 0)
            .collect();
        let days = self.junctions.0.iter();
        let counted: BTreeMap<&str, u32> = days
            .map(|(day, counts)| (day.as_str(), counts.riders_seen))
            .filter(|(_, seen)| *seen > 0)
            .collect();
        if counted == told {
            return Ok(());
        }
        Err(format!("counted {counted:?}, told {told:?}"))
    }
}
