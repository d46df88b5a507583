//! Readings of sources, in one stream.

use super::import::Problems;
use super::{Api, read};
use crate::domain::bay::{Bay, Reading, Seen, SourceKind};
use crate::domain::ids::{BayId, SourceId};
use crate::domain::vehicle::Vehicle;
use crate::domain::watch::{self, MAX_READINGS, Outcome};
use chassis::commands::Call;
use chassis::domain::Invalid;
use chassis::domain::values::PlateNumber;
use chassis::server::{Caller, Failure, Fields, set_position};
use futures::StreamExt;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tonic::{Request, Response, Streaming};
use traffic_proto::parking::v1 as proto;

/// Rows read ahead and sorted by bay: bounds the memory of a stream.
const ROUND: usize = 512;
/// Bays under way at once.
const AT_ONCE: usize = 64;

/// Some readings of one bay, with the numbers of their rows.
struct Piece {
    bay: BayId,
    rows: Vec<i64>,
    readings: Vec<Reading>,
}

impl Api {
    pub(super) async fn ingest_readings(
        &self,
        request: Request<Streaming<proto::IngestReadingsRequest>>,
    ) -> Result<Response<proto::IngestReadingsResponse>, Failure> {
        let caller = Caller::of(&request)?;
        let mut rows = request.into_inner().ready_chunks(ROUND);
        let mut answer = proto::IngestReadingsResponse::default();
        let mut problems = Problems::default();
        while let Some(chunk) = rows.next().await {
            let mut pieces: BTreeMap<BayId, Vec<(i64, Reading)>> = BTreeMap::new();
            for row in chunk {
                let number = answer.row_count;
                answer.row_count += 1;
                match read_row(&row?) {
                    Ok((bay, reading)) => pieces.entry(bay).or_default().push((number, reading)),
                    Err(failure) => problems.take(number, failure)?,
                }
            }
            let pieces: Vec<Piece> = pieces
                .into_iter()
                .flat_map(|(bay, rows)| cut(&bay, rows))
                .collect();
            // Pieces of one bay are taken one after another: the bay's lock sees to that.
            let mut taking = futures::stream::iter(pieces)
                .map(|piece| {
                    let caller = Arc::clone(&caller);
                    async move {
                        let taken = self.take(&caller, &piece).await;
                        (piece.rows, taken)
                    }
                })
                .buffer_unordered(AT_ONCE);
            while let Some((numbers, taken)) = taking.next().await {
                match taken {
                    Ok((outcomes, position)) => {
                        answer.position = answer.position.max(position);
                        for (number, outcome) in numbers.into_iter().zip(outcomes) {
                            count(&mut answer, &mut problems, number, outcome);
                        }
                    }
                    Err(Failure::Rejected(rejection)) => {
                        for number in numbers {
                            problems.add(number, "bay", rejection.reason, &rejection.message);
                        }
                    }
                    Err(other) => return Err(other),
                }
            }
        }
        answer.problem_count = problems.count;
        answer.problems = problems.in_order();
        let position = answer.position;
        let mut response = Response::new(answer);
        set_position(&mut response, position);
        Ok(response)
    }

    async fn take(&self, caller: &Caller, piece: &Piece) -> Result<(Vec<Outcome>, u64), Failure> {
        let about = proto::IngestReadingsRequest::default();
        let call = Call::of_item(caller, &about, "", "bay")?;
        let outcomes = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&outcomes);
        let (bay, readings) = (piece.bay.clone(), piece.readings.clone());
        let done = self
            .core
            .commands
            .execute::<Bay>(call, move |tx| {
                *told.lock() = watch::ingest(tx, &bay, &readings)?;
                Ok(bay.as_str().to_owned())
            })
            .await?;
        let outcomes = std::mem::take(&mut *outcomes.lock());
        let position = if outcomes.contains(&Outcome::Accepted) {
            done.position
        } else {
            0
        };
        Ok((outcomes, position))
    }
}

fn count(
    answer: &mut proto::IngestReadingsResponse,
    problems: &mut Problems,
    row: i64,
    outcome: Outcome,
) {
    match outcome {
        Outcome::Accepted => answer.accepted_count += 1,
        Outcome::Repeated => answer.repeated_count += 1,
        Outcome::SequenceReused => {
            problems.add(
                row,
                "sequence",
                "SEQUENCE_REUSED",
                "the source used this number for another reading",
            );
        }
        Outcome::TooLate => {
            problems.add(
                row,
                "observe_time",
                "TOO_LATE",
                "older than what can still change; what was charged stands",
            );
        }
        Outcome::FromTheFuture => {
            problems.add(
                row,
                "observe_time",
                "FROM_THE_FUTURE",
                "the source's clock is ahead by more than 2 minutes",
            );
        }
    }
}

fn cut(bay: &BayId, rows: Vec<(i64, Reading)>) -> Vec<Piece> {
    rows.chunks(MAX_READINGS)
        .map(|rows| Piece {
            bay: bay.clone(),
            rows: rows.iter().map(|(number, _)| *number).collect(),
            readings: rows.iter().map(|(_, reading)| reading.clone()).collect(),
        })
        .collect()
}

fn read_row(row: &proto::IngestReadingsRequest) -> Result<(BayId, Reading), Failure> {
    let mut fields = Fields::new();
    let bay = fields
        .resource("bay", &row.bay, "bays/{bay}")
        .and_then(|id| BayId::parse(&id).ok());
    let source = fields.required("source", &row.source, device);
    let kind = fields.choice(
        "source_kind",
        row.source_kind,
        |kind: proto::SourceKind| match kind {
            proto::SourceKind::Unspecified => None,
            proto::SourceKind::Sensor => Some(SourceKind::Sensor),
            proto::SourceKind::Camera => Some(SourceKind::Camera),
            proto::SourceKind::Handheld => Some(SourceKind::Handheld),
        },
    );
    let observed_at = fields.timestamp("observe_time", row.observe_time.as_ref());
    let observed_at = observed_at.and_then(|at| fields.value("observe_time", at, read::sane_time));
    let class = read::vehicle_class(&mut fields, row.vehicle_class);
    let plate = fields.optional("plate", &row.plate, PlateNumber::parse);
    let vehicle = plate
        .zip(class)
        .map(|(plate, class)| plate.map(|plate| Vehicle::new(plate, class)));
    let what = fields.choice("kind", row.kind, |kind: proto::ReadingKind| {
        (kind != proto::ReadingKind::Unspecified).then_some(kind)
    });
    let seen = what
        .zip(vehicle)
        .and_then(|(kind, vehicle)| seen(&mut fields, kind, vehicle));
    let (bay, source, kind, observed_at, seen) =
        fields.finish((bay, source, kind, observed_at, seen))?;
    Ok((
        bay,
        Reading {
            source,
            kind,
            sequence: row.sequence,
            observed_at,
            seen,
        },
    ))
}

/// The name of a device; what officers enter is told from it by a name of its own.
fn device(name: &str) -> Result<SourceId, Invalid> {
    let source = SourceId::parse(name)?;
    if source == SourceId::officer() {
        return Err(Invalid::new(
            "must not be `officer`, which stands for what officers enter",
            "不得为 officer，该名称专用于民警录入",
        ));
    }
    Ok(source)
}

fn seen(fields: &mut Fields, kind: proto::ReadingKind, vehicle: Option<Vehicle>) -> Option<Seen> {
    let seen = match (kind, vehicle) {
        (proto::ReadingKind::Arrived, vehicle) => Seen::Arrived { vehicle },
        (proto::ReadingKind::PlateSeen, Some(vehicle)) => Seen::Plate { vehicle },
        (proto::ReadingKind::PlateSeen, None) => {
            fields.refuse(
                "plate",
                Invalid::new("is required where a plate was seen", "识别号牌时必填"),
            );
            return None;
        }
        (_, Some(_)) => {
            let why = Invalid::new(
                "goes only with an arrival or a plate seen",
                "仅可用于驶入或识别号牌",
            );
            fields.refuse("plate", why);
            return None;
        }
        (proto::ReadingKind::Left, None) => Seen::Left,
        (proto::ReadingKind::SourceLost, None) => Seen::SourceLost,
        (proto::ReadingKind::SourceRestored, None) => Seen::SourceRestored,
        (proto::ReadingKind::Unspecified, None) => return None,
    };
    Some(seen)
}
