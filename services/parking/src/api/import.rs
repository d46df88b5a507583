//! Many bays in one stream: each row is taken or refused by itself, but those that are new to a zone come there together.

use super::Api;
use super::bays::new_bay;
use crate::domain::bay::Bay;
use crate::domain::ids::{BayId, OccupationId};
use crate::domain::marking::{self, Marking};
use crate::domain::works::Works;
use crate::read_model;
use chassis::commands::Call;
use chassis::domain::{Halt, Transaction};
use chassis::server::{Caller, Failure, Fields};
use futures::StreamExt;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tonic::{Request, Response, Streaming};
use traffic_proto::parking::v1 as proto;

/// Rows under way at once: enough for their commits to be grouped. Those of one zone also make one command, which touches
/// one aggregate more.
const AT_ONCE: usize = 64;
/// Problems told in an answer, at most.
pub(super) const MAX_PROBLEMS: usize = 1_000;

const CREATED: u8 = 1;
const UPDATED: u8 = 2;
const UNCHANGED: u8 = 3;

/// A row that can be read.
#[derive(Clone, Debug)]
struct Row {
    number: i64,
    call: Call,
    id: BayId,
    marking: Marking,
    /// Those in force that touch it.
    occupations: Vec<OccupationId>,
}

impl Row {
    fn read(
        caller: &Caller,
        number: i64,
        row: &proto::ImportBaysRequest,
        in_force: &[(OccupationId, Works)],
    ) -> Result<Self, Failure> {
        let call = Call::of_item(caller, row, "", "bay_id")?;
        let mut fields = Fields::new();
        let parsed = new_bay(&row.bay_id, row.bay.as_ref(), &mut fields);
        let (id, marking) = fields.finish(parsed)?;
        let occupations = in_force
            .iter()
            .filter(|(_, works)| works.touches(marking.position))
            .map(|(id, _)| id.clone())
            .collect();
        Ok(Self {
            number,
            call,
            id,
            marking,
            occupations,
        })
    }
}

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
            let in_force = self
                .core
                .projection
                .read(read_model::occupations_in_force)
                .await?;
            let mut readable = Vec::with_capacity(round.len());
            for (number, row) in round {
                match Row::read(&caller, number, &row, &in_force) {
                    Ok(row) => readable.push(row),
                    Err(failure) => problems.take(number, failure)?,
                }
            }
            let readable_count = readable.len();
            let (left, position) = self.mark_together(readable).await?;
            answer.created_count += i64::try_from(readable_count - left.len()).unwrap_or(0);
            last_position = last_position.max(position);
            let mut taking = futures::stream::iter(left)
                .map(|row| async move { (row.number, self.import_row(row).await) })
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
        }
        // Whoever imports bays looks at them next.
        self.core.projection.catch_up(last_position).await?;
        answer.problem_count = problems.count;
        answer.problems = problems.in_order();
        let mut response = Response::new(answer);
        chassis::server::set_position(&mut response, last_position);
        Ok(response)
    }

    /// Marks the bays that are new and that no occupation touches, those of one zone in one command: each is recorded on
    /// the zone too, so one by one they would wait for each other. Answers the rows that are left, and the position of
    /// what was done.
    async fn mark_together(&self, rows: Vec<Row>) -> Result<(Vec<Row>, u64), Failure> {
        let mut by_zone = BTreeMap::<String, Vec<Row>>::new();
        let mut left = Vec::new();
        for row in rows {
            if row.occupations.is_empty() {
                let zone = row.marking.zone.as_str().to_owned();
                by_zone.entry(zone).or_default().push(row);
            } else {
                left.push(row);
            }
        }
        let mut position = 0;
        let mut marking = futures::stream::iter(by_zone.into_values())
            .map(|rows| self.mark_in_one_zone(rows))
            .buffer_unordered(AT_ONCE);
        while let Some(marked) = marking.next().await {
            let (others, marked_at) = marked?;
            left.extend(others);
            position = position.max(marked_at);
        }
        Ok((left, position))
    }

    async fn mark_in_one_zone(&self, rows: Vec<Row>) -> Result<(Vec<Row>, u64), Failure> {
        let Some(call) = rows.first().map(|row| row.call.clone()) else {
            return Ok((rows, 0));
        };
        let rows: Arc<[Row]> = rows.into();
        // Set by each run of the handler; the last run is the one that was committed.
        let marked = Arc::new(Mutex::new(BTreeSet::new()));
        let (all, told) = (Arc::clone(&rows), Arc::clone(&marked));
        let done = self
            .core
            .commands
            .perform(call, move |tx| {
                *told.lock() = mark_new(tx, &all)?;
                Ok(())
            })
            .await;
        let position = match done {
            Ok(position) => position.unwrap_or(0),
            // Taken one by one, they tell which of them is refused.
            Err(Failure::Rejected(_)) => return Ok((rows.to_vec(), 0)),
            Err(failure) => return Err(failure),
        };
        let marked = marked.lock();
        let left = rows.iter().filter(|row| !marked.contains(&row.number));
        Ok((left.cloned().collect(), position))
    }

    async fn import_row(&self, row: Row) -> Result<(u8, u64), Failure> {
        let Row {
            call,
            id,
            marking,
            occupations,
            ..
        } = row;
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

/// Marks the bays that there never were; answers their rows by number.
fn mark_new(tx: &mut Transaction, rows: &[Row]) -> Result<BTreeSet<i64>, Halt> {
    let mut marked = BTreeSet::new();
    for row in rows {
        if tx.load::<Bay>(row.id.as_str())?.is_none() {
            marking::mark(tx, &row.id, row.marking.clone(), &[])?;
            marked.insert(row.number);
        }
    }
    Ok(marked)
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
