//! Many e-bikes in one stream, a result for each row.
//!
//! ```text
//!   rows ──in chunks──> read ──> what is known of frames and stations (one look a chunk)
//!                                   ├─ known: compare, answer
//!                                   └─ new: seal the owner, take a plate, register     } all rows of a chunk at once,
//!   results <──────────────────────────────────────────────────────────────────────┘    and some chunks at once
//! ```
//!
//! Rows beside each other share their trips to the disk: new keys and commits are stored in groups. Rows on one frame number
//! wait for each other, so that of two the first one wins, whenever the file is sent.

use super::resource::{Draft, read_draft};
use super::{EbikeApi, check_station};
use crate::domain::ebike::ground::EbikeGround;
use crate::domain::ebike::plate::EbikePlate;
use crate::domain::ebike::{Application, Ebike, FrameNumber, Stage, filing};
use chassis::commands::{Call, Done};
use chassis::domain::{Halt, Rejection};
use chassis::projection::{Broken, View};
use chassis::rows::{Turn, Turns, keep_up};
use chassis::server::{Caller, Failure, Fields};
use futures::stream::{BoxStream, FuturesUnordered};
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status, Streaming};
use traffic_proto::registration::v1 as proto;

/// Rows of a chunk, and chunks under way at once: bound the memory of a stream, and are enough for large groups.
const CHUNK: usize = 256;
const CHUNKS_AT_ONCE: usize = 4;
/// Results that wait for the caller to read them; then no more rows are read.
const UNREAD: usize = 1_024;
/// How often a row is tried again while the bus is away, and how long it waits each time.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);

type Results = mpsc::Sender<Result<proto::ImportEbikesResponse, Failure>>;

/// A row in its turn among those on the same frame number.
struct Row {
    message: proto::ImportEbikesRequest,
    turn: Turn,
}

/// What a row is about. A row without a frame number is refused soon enough.
fn frame_of(message: &proto::ImportEbikesRequest) -> Option<FrameNumber> {
    let ebike = message.ebike.as_ref()?;
    FrameNumber::parse(&ebike.frame_number).ok()
}

/// Starts to carry out a stream of rows; it ends with the stream, or when the caller goes away.
///
/// # Errors
/// If the caller is not known.
pub(super) fn import(
    api: EbikeApi,
    request: Request<Streaming<proto::ImportEbikesRequest>>,
) -> Result<BoxStream<'static, Result<proto::ImportEbikesResponse, Status>>, Failure> {
    let caller = Caller::of(&request)?;
    let (results, answers) = mpsc::channel(UNREAD);
    let import = Import { api, caller };
    tokio::spawn(async move {
        if let Err(failure) = import.run(request.into_inner(), &results).await {
            // A caller that has gone needs no answer.
            let _ = results.send(Err(failure)).await;
        }
    });
    Ok(ReceiverStream::new(answers).map_err(Status::from).boxed())
}

#[derive(Clone)]
struct Import {
    api: EbikeApi,
    caller: Arc<Caller>,
}

impl Import {
    async fn run(
        &self,
        rows: Streaming<proto::ImportEbikesRequest>,
        results: &Results,
    ) -> Result<(), Failure> {
        let mut rows = rows.ready_chunks(CHUNK);
        let mut turns = Turns::default();
        let mut under_way = FuturesUnordered::new();
        let mut more = true;
        while more || !under_way.is_empty() {
            tokio::select! {
                biased;
                Some(position) = under_way.next() => {
                    keep_up(&self.api.core.projection, position?).await;
                }
                chunk = rows.next(), if more && under_way.len() < CHUNKS_AT_ONCE => {
                    match chunk {
                        None => more = false,
                        Some(chunk) => {
                            let chunk = chunk
                                .into_iter()
                                .map(|row| {
                                    row.map(|message| Row {
                                        turn: turns.give(frame_of(&message)),
                                        message,
                                    })
                                })
                                .collect::<Result<Vec<_>, Status>>()?;
                            under_way.push(self.clone().take_chunk(chunk, results.clone()));
                        }
                    }
                }
                () = results.closed() => return Ok(()),
            }
        }
        Ok(())
    }

    /// Carries out rows beside each other. Answers the last position that they wrote.
    async fn take_chunk(self, rows: Vec<Row>, results: Results) -> Result<u64, Failure> {
        let mut read = Vec::with_capacity(rows.len());
        for row in rows {
            match self.read(&row.message) {
                Ok((call, draft)) => read.push((row, call, draft)),
                Err(failure) => send(&results, refused(row.message.row, failure)?).await,
            }
        }
        let applications: Vec<Application> = read.iter().map(|(_, _, d)| d.bare()).collect();
        let seen = self
            .api
            .core
            .projection
            .read(move |view| look(view, &applications))
            .await?;
        let mut last = 0;
        let mut taking: FuturesUnordered<_> = read
            .into_iter()
            .zip(seen)
            .map(|((row, call, draft), seen)| self.take_row(row, call, draft, seen))
            .collect();
        while let Some(taken) = taking.next().await {
            let (result, position) = taken?;
            last = last.max(position);
            send(&results, result).await;
        }
        Ok(last)
    }

    fn read(&self, message: &proto::ImportEbikesRequest) -> Result<(Call, Draft), Failure> {
        let call = Call::of_item(&self.caller, message, &message.request_id, "request_id")?;
        let mut fields = Fields::new();
        let draft = fields.message("ebike", message.ebike.as_ref(), |ebike, fields| {
            read_draft(&self.api.core.sealer, ebike, fields)
        });
        Ok((call, fields.finish(draft)?))
    }

    async fn take_row(
        &self,
        row: Row,
        call: Call,
        draft: Draft,
        seen: Result<Seen, EbikeGround>,
    ) -> Result<(proto::ImportEbikesResponse, u64), Failure> {
        // Held until this row is done.
        let _turn = row.turn.come().await;
        let number = row.message.row;
        let taken = match seen {
            Err(ground) => Err(Rejection::from(ground).into()),
            Ok(seen) => self.take_until_answered(&call, &draft, seen).await,
        };
        match taken {
            Ok((outcome, done)) => Ok((registered(number, outcome, &done), done.position)),
            Err(failure) => Ok((refused(number, failure)?, 0)),
        }
    }

    /// Tries again while the bus is away or others are faster: the row's request id makes that safe.
    async fn take_until_answered(
        &self,
        call: &Call,
        draft: &Draft,
        mut seen: Seen,
    ) -> Result<(proto::ImportEbikesOutcome, Done<Ebike>), Failure> {
        // Under one of these it is registered, if it is this row's doing.
        let mut plates = Vec::new();
        let mut attempt = 1;
        loop {
            let taken = match seen {
                Seen::New => self.take_new(call.clone(), draft, &mut plates).await,
                Seen::Known => self.take_known(call.clone(), draft).await,
            };
            match taken {
                Ok(done) if plates.contains(&done.state.plate) => {
                    return Ok((proto::ImportEbikesOutcome::Registered, done));
                }
                Ok(done) => return Ok((proto::ImportEbikesOutcome::Unchanged, done)),
                Err(Failure::Unavailable { .. } | Failure::Aborted(_)) if attempt < ATTEMPTS => {
                    attempt += 1;
                    tokio::time::sleep(PAUSE).await;
                    // Whatever it was, from here on nothing is taken for known.
                    seen = Seen::New;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    /// An e-bike that was not registered a moment ago. Adds the plate that it may now bear.
    async fn take_new(
        &self,
        call: Call,
        draft: &Draft,
        plates: &mut Vec<EbikePlate>,
    ) -> Result<Done<Ebike>, Failure> {
        let api = &self.api;
        let application = draft.seal(&api.core.sealer).await?;
        let taken = api.plate_for(&application).await?;
        let plate = taken.plate;
        plates.push(plate);
        let done = api
            .core
            .commands
            .execute::<Ebike>(call, move |tx| {
                filing::register(tx, &application, plate)?;
                Ok(application.frame.as_str().to_owned())
            })
            .await;
        api.settle(taken, &done, false);
        done
    }

    /// One that is registered: there is nothing to seal and no plate to take, only to compare.
    async fn take_known(&self, call: Call, draft: &Draft) -> Result<Done<Ebike>, Failure> {
        let application = draft.bare();
        self.api
            .core
            .commands
            .execute::<Ebike>(call, move |tx| {
                if !filing::stands(tx, &application)? {
                    return Err(Halt::Unavailable("it has just been cancelled".into()));
                }
                Ok(application.frame.as_str().to_owned())
            })
            .await
    }
}

/// What the projection knows of a row's frame number.
#[derive(Clone, Copy)]
enum Seen {
    New,
    Known,
}

/// Looks at all rows of a chunk at once: is the e-bike registered, may the station file it?
fn look(
    view: &View,
    applications: &[Application],
) -> Result<Vec<Result<Seen, EbikeGround>>, Broken> {
    applications
        .iter()
        .map(|application| {
            if let Err(ground) = check_station(view, application)? {
                return Ok(Err(ground));
            }
            let ebike = view.aggregate::<Ebike>(application.frame.as_str())?;
            let known = ebike.is_some_and(|(_, ebike)| {
                matches!(ebike.stage, Stage::Registered | Stage::Expired)
            });
            Ok(Ok(if known { Seen::Known } else { Seen::New }))
        })
        .collect()
}

async fn send(results: &Results, result: proto::ImportEbikesResponse) {
    // A caller that has gone is noticed by whoever reads the rows.
    let _ = results.send(Ok(result)).await;
}

fn registered(
    row: i64,
    outcome: proto::ImportEbikesOutcome,
    done: &Done<Ebike>,
) -> proto::ImportEbikesResponse {
    proto::ImportEbikesResponse {
        row,
        outcome: outcome.into(),
        ebike: format!("ebikes/{}", done.id),
        plate: done.state.plate.to_string(),
        problems: Vec::new(),
    }
}

/// What concerns one row; passes on what concerns all.
fn refused(row: i64, failure: Failure) -> Result<proto::ImportEbikesResponse, Failure> {
    let reason = failure.reason();
    let problems = match failure {
        Failure::Invalid(violations) => violations
            .iter()
            .map(|violation| proto::EbikeRowProblem {
                field: violation.field.clone(),
                reason: reason.to_owned(),
                message: violation.reason.message.to_string(),
                message_zh: violation.reason.zh.to_string(),
                legal_basis: basis(violation.reason.basis.as_ref()),
            })
            .collect(),
        Failure::Rejected(rejection) => vec![proto::EbikeRowProblem {
            field: match rejection.kind {
                chassis::domain::RefusalKind::Field(field) => field.to_owned(),
                _ => String::new(),
            },
            reason: rejection.reason.to_owned(),
            message: rejection.message,
            message_zh: rejection.zh,
            legal_basis: basis(rejection.basis.as_ref()),
        }],
        Failure::RequestIdReused => vec![proto::EbikeRowProblem {
            field: "request_id".to_owned(),
            reason: reason.to_owned(),
            message: "this request id was used for another row".to_owned(),
            message_zh: "该请求编号已用于其他行".to_owned(),
            legal_basis: String::new(),
        }],
        other => return Err(other),
    };
    Ok(proto::ImportEbikesResponse {
        row,
        outcome: proto::ImportEbikesOutcome::Refused.into(),
        problems,
        ..proto::ImportEbikesResponse::default()
    })
}

fn basis(basis: Option<&chassis::domain::LegalBasis>) -> String {
    basis.map(ToString::to_string).unwrap_or_default()
}
