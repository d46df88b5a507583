//! Commands about cases in streams: from cameras, review desks, notice systems, portals and banks.

use super::Api;
use super::case_commands::CaseCommand;
use crate::contract::enums::violation_state;
use crate::domain::violation::Violation;
use chassis::commands::Done;
use chassis::rows;
use chassis::server::{Caller, Failure};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};
use traffic_proto::enforcement::v1 as proto;

/// The answers to a stream.
pub(super) type Answers = BoxStream<'static, Result<proto::ViolationRowAnswer, Status>>;

/// One row of a stream: a command with a number.
pub(super) trait Row: Send + 'static {
    type Command: CaseCommand;

    /// A row without a request is refused as an empty request is.
    fn open(self) -> (i64, Self::Command);
}

macro_rules! rows {
    ($($row:ident of $command:ident;)*) => {$(
        impl Row for proto::$row {
            type Command = proto::$command;

            fn open(self) -> (i64, Self::Command) {
                (self.row, self.request.unwrap_or_default())
            }
        }
    )*};
}

rows! {
    RecordViolationsRequest of RecordViolationRequest;
    PassReviewsRequest of PassReviewRequest;
    SendNoticesRequest of SendNoticeRequest;
    AcceptHandlingsRequest of AcceptHandlingRequest;
    DecideViolationsRequest of DecideViolationRequest;
    ServeDecisionsRequest of ServeDecisionRequest;
    RecordPaymentsRequest of RecordPaymentRequest;
}

impl Api {
    /// Carries out a stream of commands, each answered by itself.
    pub(super) fn carry_out_rows<R: Row>(
        &self,
        request: Request<Streaming<R>>,
    ) -> Result<Response<Answers>, Status> {
        let caller = Caller::of(&request)?;
        let api = Arc::new(self.clone());
        let given = request.into_inner().map_ok(R::open);
        let about = |(_, command): &(i64, R::Command)| command.about().map(str::to_owned);
        let answers = rows::carry_out(given, about, move |(row, command)| {
            let (api, caller) = (Arc::clone(&api), Arc::clone(&caller));
            async move {
                let repeatable = !command.request_id().is_empty();
                match rows::persist(repeatable, || command.carry_out(&api, &caller)).await {
                    Ok(done) => {
                        rows::keep_up(&api.core.projection, done.position).await;
                        carried_out(row, &done)
                    }
                    Err(failure) => refused(row, failure),
                }
            }
        });
        Ok(Response::new(answers))
    }
}

fn carried_out(row: i64, done: &Done<Violation>) -> proto::ViolationRowAnswer {
    proto::ViolationRowAnswer {
        row,
        violation: format!("violations/{}", done.id),
        state: violation_state(done.state.stage).into(),
        etag: done.revision.etag(),
        position: done.position,
        status: None,
    }
}

fn refused(row: i64, failure: Failure) -> proto::ViolationRowAnswer {
    proto::ViolationRowAnswer {
        row,
        status: Some(failure.into()),
        ..proto::ViolationRowAnswer::default()
    }
}
