//! Many bays in one stream, each row by itself.

use super::Api;
use super::bays::new_bay;
use crate::closures;
use crate::domain::bay::Bay;
use crate::domain::ids::{BayId, OccupationId};
use crate::domain::marking::{self, Marking};
use crate::domain::works::Works;
use crate::read_model;
use chassis::commands::Call;
use chassis::domain::{Halt, Transaction};
use chassis::server::{Caller, Failure, Fields};
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tonic::{Request, Response, Streaming};
use traffic_proto::parking::v1 as proto;

/// Rows under way at once: enough for their commits to be grouped.
const AT_ONCE: usize = 64;
/// Problems told in an answer, at most.
pub(super) const MAX_PROBLEMS: usize = 1_000;

const CREATED: u8 = 1;
const UPDATED: u8 = 2;
const UNCHANGED: u8 = 3;

/// Rows that were not taken: a bounded list, and their number.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) told: Vec<proto::RowProblem>,
    pub(super) count: i64,
}

impl Problems {
    pub(super) fn add(&mut self, row: i64, field: &str, reason: &str, message: &str) {
        self.count += 1;
        if self.told.len() < MAX_PROBLEMS {
            self.told.push(proto::RowProblem {
                row,
                field: field.to_owned(),
                reason: reason.to_owned(),
                message: message.to_owned(),
            });
        }
    }

    /// Takes a failure that concerns one row; passes on what concerns all.
    pub(super) fn take(&mut self, row: i64, failure: Failure) -> Result<(), Failure> {
        match failure {
            Failure::Invalid(violations) => {
                let first = violations.first();
                let field = first
                    .map(|violation| violation.field.clone())
                    .unwrap_or_default();
                let message = first
                    .map(|violation| violation.reason.message.to_string())
                    .unwrap_or_default();
                self.add(row, &field, "INVALID_FIELD", &message);
                Ok(())
            }
            Failure::Rejected(rejection) => {
                self.add(row, "", rejection.reason, &rejection.message);
                Ok(())
            }
            other => Err(other),
        }
    }

    pub(super) fn in_order(mut self) -> Vec<proto::RowProblem> {
        self.told.sort_by_key(|problem| problem.row);
        self.told
    }
}

impl Api {
    pub(super) async fn import_bays(
        &self,
        request: Request<Streaming<proto::ImportBaysRequest>>,
    ) -> Result<Response<proto::ImportBaysResponse>, Failure> {
        let caller = Caller::of(&request)?;
        let mut in_force = Arc::new(
            self.core
                .projection
                .read(read_model::occupations_in_force)
                .await?,
        );
        let mut rows = request.into_inner().enumerate();
        let mut answer = proto::ImportBaysResponse::default();
        let mut problems = Problems::default();
        let mut last_position = 0;
        loop {
            // Rows of one round beside each other; the next round sees the occupations of its time.
            let mut round = Vec::with_capacity(AT_ONCE);
            while round.len() < AT_ONCE {
                match rows.next().await {
                    None => break,
                    Some((number, row)) => {
                        round.push((i64::try_from(number).unwrap_or(i64::MAX), row?))
                    }
                }
            }
            if round.is_empty() {
                break;
            }
            answer.row_count += i64::try_from(round.len()).unwrap_or(0);
            let mut taking = futures::stream::iter(round)
                .map(|(number, row)| {
                    let (caller, in_force) = (Arc::clone(&caller), Arc::clone(&in_force));
                    async move { (number, self.import_row(&caller, row, &in_force).await) }
                })
                .buffer_unordered(AT_ONCE);
            while let Some((number, taken)) = taking.next().await {
                match taken {
                    Ok((CREATED, position)) => {
                        answer.created_count += 1;
                        last_position = last_position.max(position);
                    }
                    Ok((UPDATED, position)) => {
                        answer.updated_count += 1;
                        last_position = last_position.max(position);
                    }
                    Ok(_) => answer.unchanged_count += 1,
                    Err(failure) => problems.take(number, failure)?,
                }
            }
            drop(taking);
            let now_in_force = self
                .core
                .projection
                .read(read_model::occupations_in_force)
                .await?;
            in_force = Arc::new(now_in_force);
        }
        self.meet_occupations(last_position).await?;
        answer.problem_count = problems.count;
        answer.problems = problems.in_order();
        let mut response = Response::new(answer);
        chassis::server::set_position(&mut response, last_position);
        Ok(response)
    }

    /// Brings together what came into force during the import with the bays that it did not see.
    async fn meet_occupations(&self, position: u64) -> Result<(), Failure> {
        if position == 0 {
            return Ok(());
        }
        self.core.projection.catch_up(position).await?;
        for (occupation, _) in self
            .core
            .projection
            .read(read_model::occupations_in_force)
            .await?
        {
            let cause = closures::cause(&format!("import until {position} meets {occupation}"));
            closures::align(&self.core, &self.places, &occupation, &cause).await?;
        }
        Ok(())
    }

    async fn import_row(
        &self,
        caller: &Caller,
        row: proto::ImportBaysRequest,
        in_force: &[(OccupationId, Works)],
    ) -> Result<(u8, u64), Failure> {
        let call = Call::of_item(caller, &row, "", "bay_id")?;
        let mut fields = Fields::new();
        let parsed = new_bay(&row.bay_id, row.bay.as_ref(), &mut fields);
        let (id, marking) = fields.finish(parsed)?;
        let occupations: Vec<OccupationId> = in_force
            .iter()
            .filter(|(_, works)| works.touches(marking.position))
            .map(|(id, _)| id.clone())
            .collect();
        // Set by each run of the handler; the last run is the one that was committed.
        let came_to = Arc::new(AtomicU8::new(UNCHANGED));
        let told = Arc::clone(&came_to);
        let done = self
            .core
            .commands
            .execute::<Bay>(call, move |tx| {
                told.store(
                    mark_or_change(tx, &id, &marking, &occupations)?,
                    Ordering::Relaxed,
                );
                Ok(id.as_str().to_owned())
            })
            .await?;
        Ok((came_to.load(Ordering::Relaxed), done.position))
    }
}

fn mark_or_change(
    tx: &mut Transaction,
    id: &BayId,
    marking: &Marking,
    occupations: &[OccupationId],
) -> Result<u8, Halt> {
    let known = tx.load::<Bay>(id.as_str())?.filter(|bay| !bay.retired);
    let Some(known) = known else {
        marking::mark(tx, id, marking.clone(), occupations)?;
        return Ok(CREATED);
    };
    marking::change(tx, id, marking.clone(), occupations)?;
    let after = tx.load::<Bay>(id.as_str())?;
    let changed = after.is_some_and(|after| after.details != known.details);
    Ok(if changed { UPDATED } else { UNCHANGED })
}
