//! Reactions to published events of permits: within a granted oversize transport's limits a weigh station finds no violation.

use crate::domain::docket::{self, Docket};
use crate::domain::oversize::{News, OversizePermit, Terms, Usable, note};
use crate::domain::values::CaseId;
use crate::domain::violation::excuse::judge_by_permits;
use async_trait::async_trait;
use chassis::commands::Call;
use chassis::domain::values::{DocumentNumber, PlateNumber};
use chassis::policies::{Policy, Reaction};
use chassis::published::ReceivedEvent;
use chassis::server::{Failure, resource_id};
use chassis::service::Core;
use jiff::Timestamp;
use traffic_proto::permits::v1 as permits;

/// Follows oversize permits from grant to end, and judges the captures of their vehicles anew.
#[derive(Debug)]
pub struct OversizePermits {
    core: Core,
}

impl OversizePermits {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Policy for OversizePermits {
    fn name(&self) -> &'static str {
        "enforcement-oversize-permits"
    }

    fn subjects(&self) -> Vec<String> {
        [
            "oversize_transport_approved",
            "permit_suspended",
            "permit_resumed",
            "permit_revoked",
            "permit_expired",
            "permit_completed",
        ]
        .map(|event| format!("events.permits.{event}.>"))
        .to_vec()
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let Some((permit, news)) = understand(event)? else {
            return Ok(());
        };
        let (revision, at) = (event.revision()?, event.time);
        let call = Call::reaction("oversize-permits", event);
        let id = permit.clone();
        let noted = self
            .core
            .commands
            .perform(call, move |tx| note(tx, &id, revision, at, news.clone()))
            .await?;
        if let Some(position) = noted {
            let seen = self.core.projection.catch_up(position).await;
            seen.map_err(Failure::from)?;
        }
        // In any case: an earlier attempt may have noted it and gone no further.
        for case in self.captures(&permit).await? {
            let call = Call::reaction("oversize-permits", event);
            let call = call.part(case.as_str());
            self.core
                .commands
                .perform(call, move |tx| judge_by_permits(tx, &case))
                .await?;
        }
        Ok(())
    }
}

impl OversizePermits {
    /// The records of overload, open or closed, of the vehicles that a permit names.
    async fn captures(&self, permit: &DocumentNumber) -> Result<Vec<CaseId>, Reaction> {
        let permit = permit.clone();
        let captures = self.core.projection.read(move |view| {
            let mut captures = Vec::new();
            let Some((_, known)) = view.aggregate::<OversizePermit>(permit.as_str())? else {
                return Ok(captures);
            };
            for plate in known.plates() {
                if let Some((_, docket)) = view.aggregate::<Docket>(&docket::of_vehicle(plate))? {
                    captures.extend(docket.overloads());
                }
            }
            Ok(captures)
        });
        Ok(captures.await.map_err(Failure::from)?)
    }
}

/// What an event says of which permit; `None` if it is about another kind.
fn understand(event: &ReceivedEvent) -> Result<Option<(DocumentNumber, News)>, Reaction> {
    let (reference, news) = if event.is::<permits::OversizeTransportApproved>() {
        let approved: permits::OversizeTransportApproved = event.decode()?;
        let terms = terms(&approved)?;
        // The first grant puts it in force; an amendment changes the terms, not whether it may be used.
        let news = if approved.grant_version <= 1 {
            News::Granted(terms)
        } else {
            News::Amended(terms)
        };
        (approved.r#ref, news)
    } else if event.is::<permits::PermitSuspended>() {
        let suspended: permits::PermitSuspended = event.decode()?;
        (suspended.r#ref, News::Usable(Usable::No))
    } else if event.is::<permits::PermitResumed>() {
        let resumed: permits::PermitResumed = event.decode()?;
        (resumed.r#ref, News::Usable(Usable::Yes))
    } else if event.is::<permits::PermitRevoked>() {
        let revoked: permits::PermitRevoked = event.decode()?;
        (revoked.r#ref, News::Usable(Usable::Ended))
    } else if event.is::<permits::PermitExpired>() {
        let expired: permits::PermitExpired = event.decode()?;
        (expired.r#ref, News::Usable(Usable::Ended))
    } else if event.is::<permits::PermitCompleted>() {
        let completed: permits::PermitCompleted = event.decode()?;
        (completed.r#ref, News::Usable(Usable::Ended))
    } else {
        return Ok(None);
    };
    let reference = reference.ok_or_else(|| not_understood("it names no permit"))?;
    if reference.kind() != permits::PermitKind::OversizeTransport {
        return Ok(None);
    }
    let permit = resource_id(&reference.permit, "permits/{permit}")
        .and_then(|id| DocumentNumber::parse(id).ok())
        .ok_or_else(|| not_understood("its permit is no resource name"))?;
    Ok(Some((permit, news)))
}

fn terms(approved: &permits::OversizeTransportApproved) -> Result<Terms, Reaction> {
    let plates: Result<Vec<PlateNumber>, _> = approved
        .plates
        .iter()
        .map(|plate| PlateNumber::parse(plate))
        .collect();
    let masses = approved
        .masses
        .as_ref()
        .ok_or_else(|| not_understood("it has no masses"))?;
    // The police order when the run takes place; without their order the whole validity counts.
    let (from, until) = match &approved.run_order {
        Some(order) => (order.start_time.as_ref(), order.end_time.as_ref()),
        None => (approved.valid_from.as_ref(), approved.valid_until.as_ref()),
    };
    let instant = |time: Option<&pbjson_types::Timestamp>| {
        time.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok())
            .ok_or_else(|| not_understood("it has no time"))
    };
    Ok(Terms {
        plates: plates.map_err(|invalid| not_understood(&invalid.to_string()))?,
        total_kg: masses.total_kg,
        from: instant(from)?,
        until: instant(until)?,
    })
}

fn not_understood(why: &str) -> Reaction {
    Reaction::NotUnderstood(why.to_owned())
}
