//! Orders and the kiosks that wait for them: nothing is charged, paid, carried out or printed twice.

use super::ebikes::Ebikes;
use super::facts::Folded;
use super::named;
use crate::simulation::users::{Notes, agree};
use chassis::commit::Commit;
use chassis::journal::Stored;
use registration::domain::kiosk::blank::Blank;
use registration::domain::kiosk::{KioskBusiness, KioskSession, Stage};
use registration::domain::order::{Ending, Order, UsedReference};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Orders {
    orders: Folded<Order>,
    references: Folded<UsedReference>,
    sessions: Folded<KioskSession>,
    blanks: Folded<Blank>,
}

impl Orders {
    pub(super) fn enter(&mut self, stored: &Stored, commit: &Commit) -> Result<(), String> {
        self.orders.enter(stored, commit)?;
        self.references.enter(stored, commit)?;
        self.sessions.enter(stored, commit)?;
        self.blanks.enter(stored, commit)
    }

    /// What must hold whenever one looks.
    pub(super) fn hold(&self) -> Result<(), String> {
        for (id, order) in &self.orders.0 {
            let conserved = money_is_conserved(order);
            let conserved = conserved.map_err(|why| format!("order {id}: {why}"));
            named("fees are conserved", conserved)?;
        }
        for (id, session) in &self.sessions.0 {
            let fits = self.is_carried_out_once_paid(session);
            let fits = fits.map_err(|why| format!("session {id}: {why}"));
            named("kiosks carry out what is paid", fits)?;
        }
        Ok(())
    }

    fn is_carried_out_once_paid(&self, session: &KioskSession) -> Result<(), String> {
        let order = session.order.as_ref();
        let order = order.and_then(|order| self.orders.0.get(order.as_str()));
        let ending = order.and_then(|order| order.ending);
        let fits = match (session.carried_out, session.stage) {
            (true, _) => ending == Some(Ending::Used),
            (false, Stage::Expired | Stage::Abandoned) => {
                session.order.is_none() || ending == Some(Ending::Cancelled)
            }
            (false, _) => ending.is_none(),
        };
        if fits {
            return Ok(());
        }
        Err(format!("{session:?} has the order {order:?}"))
    }

    /// What must hold at rest.
    pub(super) fn agree(&self, told: &Notes, ebikes: &Ebikes) -> Result<(), String> {
        named("fees are paid as told", self.are_paid_as_told(told))?;
        for (id, session) in &self.sessions.0 {
            for blank in session.printed.iter().chain(&session.blank) {
                let taken = self.blanks.0.get(blank.as_str());
                if taken.is_none_or(|taken| taken.session.as_str() != id) {
                    return Err(format!(
                        "blanks are taken by who prints on them: session {id} on {blank}, which is {taken:?}"
                    ));
                }
            }
            if session.carried_out
                && let Some(KioskBusiness::EbikeRegistration(application)) = &session.business
                && let Some(plate) = session.plate
                && let Some(other) = ebikes.bearing(plate)
                && other != application.frame.as_str()
            {
                return Err(format!(
                    "kiosks give free numbers: session {id} was to give {plate}, which {other} has"
                ));
            }
        }
        for (blank, (session, _)) in &told.printed {
            let id = session.replacen("kioskSessions/", "", 1);
            let printed = self.sessions.0.get(&id).and_then(|it| it.printed.as_ref());
            if printed.is_none_or(|printed| printed.as_str() != blank) {
                return Err(format!(
                    "blanks are printed as told: {blank} was told to be for {session}"
                ));
            }
        }
        Ok(())
    }

    /// Each transfer that a user was told of is booked once, and no other is.
    fn are_paid_as_told(&self, told: &Notes) -> Result<(), String> {
        let mut booked = BTreeMap::new();
        for (id, order) in &self.orders.0 {
            let paid = order.payments.iter().map(|it| (it, it.amount.signed()));
            let back = order.refunds.iter().map(|it| (it, -it.amount.signed()));
            for (transfer, amount) in paid.chain(back) {
                let reference = transfer.reference.reference().to_owned();
                let transfer = (format!("orders/{id}"), amount);
                if let Some(before) = booked.insert(reference.clone(), transfer) {
                    return Err(format!("{reference} is booked twice, first on {before:?}"));
                }
            }
        }
        if booked.len() != self.references.0.len() {
            let claimed = self.references.0.len();
            return Err(format!(
                "{} transfers booked, {claimed} claimed",
                booked.len()
            ));
        }
        agree(&booked, &told.fees)
    }
}

/// Charged is paid and outstanding, less what was given back or is due back.
fn money_is_conserved(order: &Order) -> Result<(), String> {
    let charged = match order.ending {
        Some(Ending::Cancelled) => 0,
        _ => order.total().signed(),
    };
    let sum = |transfers: &[registration::domain::order::Transfer]| {
        transfers.iter().map(|it| it.amount.signed()).sum::<i64>()
    };
    let kept = sum(&order.payments) - sum(&order.refunds);
    if charged - kept == order.outstanding().signed() - order.refund_due().signed() {
        return Ok(());
    }
    Err(format!("money is not conserved: {order:?}"))
}
