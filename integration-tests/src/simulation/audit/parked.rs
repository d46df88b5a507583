//! Stays and what they cost: one at a time in each bay, one waiver at a time for each vehicle, and each transfer booked once.

use super::facts::{Folded, read};
use super::named;
use chassis::commit::Commit;
use chassis::domain::Aggregate;
use chassis::journal::Stored;
use parking::domain::session::{Money, Session};
use parking::domain::waiver::{Waiver, WaiverEvent};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Parked {
    sessions: Folded<Session>,
    waivers: Folded<Waiver>,
    claims: Folded<Money>,
}

impl Parked {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        if stored.kind == Waiver::TYPE {
            for event in &commit.events {
                let event: WaiverEvent = read(event)?;
                named(
                    "vehicles have one waiver at a time",
                    self.may_follow(&event, stored, commit),
                )?;
            }
        }
        self.sessions.enter(stored, commit)?;
        self.waivers.enter(stored, commit)?;
        self.claims.enter(stored, commit)
    }

    fn may_follow(
        &self,
        event: &WaiverEvent,
        stored: &Stored,
        commit: &Commit,
    ) -> Result<(), String> {
        let Some(before) = self.waivers.0.get(&stored.id) else {
            return Ok(());
        };
        let is_over = before.revoked_at.is_some() || before.valid_until <= commit.metadata.time;
        let granted = matches!(event, WaiverEvent::WaiverGranted { .. });
        if granted && !is_over {
            return Err(format!("another is granted beside {before:?}"));
        }
        if !granted && before.revoked_at.is_some() {
            return Err(format!("revoked again: {before:?}"));
        }
        Ok(())
    }

    /// What must hold whenever one looks.
    pub(super) fn hold(&self) -> Result<(), String> {
        let mut open = BTreeMap::<String, &String>::new();
        let sessions = self.sessions.0.iter();
        for (id, session) in sessions.filter(|(_, it)| it.left_at.is_none() && !it.void) {
            let bay = session.place.bay.to_string();
            if let Some(other) = open.insert(bay.clone(), id) {
                return Err(format!(
                    "one vehicle stands in a bay: {id} and {other} are open in {bay}"
                ));
            }
        }
        Ok(())
    }

    /// As many references of providers are taken as transfers are booked.
    pub(super) fn transfers_are_claimed(&self) -> Result<(), String> {
        let sessions = self.sessions.0.values();
        let booked: usize = sessions
            .map(|session| session.payments.len() + session.refunds.len())
            .sum();
        let claimed = self.claims.0.len();
        if booked == claimed {
            return Ok(());
        }
        Err(format!("{booked} transfers booked, {claimed} claimed"))
    }

    /// The readings do not support it any more: nothing is owed for it.
    pub(super) fn is_void(&self, session: &str) -> bool {
        let id = session.replacen("sessions/", "", 1);
        self.sessions.0.get(&id).is_some_and(|it| it.void)
    }
}
