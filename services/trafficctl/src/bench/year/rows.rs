//! Streams in which stories send commands as rows: who sends much keeps one stream open, and each row is answered by itself.

use crate::connect::Connection;
use prost::Message;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Code, Response, Status, Streaming};
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::ViolationRowAnswer;
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;

/// How long to wait before a stream that broke off is begun again.
const PAUSE: Duration = Duration::from_millis(500);

type Client = ViolationServiceClient<Connection>;
type Answers = Result<Response<Streaming<ViolationRowAnswer>>, Status>;
type Rows<R> = UnboundedReceiverStream<R>;

/// A command that may be sent as a row.
pub(super) trait Command: Clone + Send + 'static {
    type Row: Send + 'static;

    fn row(self, number: i64) -> Self::Row;

    fn open(client: Client, rows: Rows<Self::Row>) -> impl Future<Output = Answers> + Send;
}

macro_rules! commands {
    ($($command:ident as $row:ident by $method:ident;)*) => {$(
        impl Command for proto::$command {
            type Row = proto::$row;

            fn row(self, number: i64) -> Self::Row {
                proto::$row {
                    row: number,
                    request: Some(self),
                }
            }

            async fn open(mut client: Client, rows: Rows<Self::Row>) -> Answers {
                client.$method(rows).await
            }
        }
    )*};
}

commands! {
    RecordViolationRequest as RecordViolationsRequest by record_violations;
    PassReviewRequest as PassReviewsRequest by pass_reviews;
    SendNoticeRequest as SendNoticesRequest by send_notices;
    AcceptHandlingRequest as AcceptHandlingsRequest by accept_handlings;
    DecideViolationRequest as DecideViolationsRequest by decide_violations;
    ServeDecisionRequest as ServeDecisionsRequest by serve_decisions;
    RecordPaymentRequest as RecordPaymentsRequest by record_payments;
}

/// One stream, begun again whenever it breaks off. Ends when this is dropped.
pub(super) struct RowStream<C> {
    // Unbounded, because a story has one row in it at a time, and there are only so many stories.
    rows: mpsc::UnboundedSender<Sent<C>>,
}

/// A row, and who waits for its answer.
struct Sent<C> {
    command: C,
    answer: oneshot::Sender<Result<ViolationRowAnswer, Status>>,
}

impl<C: Command> RowStream<C> {
    pub(super) fn begin(client: Client) -> Self {
        let (rows, given) = mpsc::unbounded_channel();
        let running = Running {
            client,
            given,
            next: 0,
            unanswered: BTreeMap::new(),
        };
        tokio::spawn(running.run());
        Self { rows }
    }

    /// Sends a row and waits for its answer: as the single call would be answered, but shorter.
    ///
    /// # Errors
    /// The row's status, or the stream's if it cannot be had.
    pub(super) async fn send(&self, command: C) -> Result<Response<ViolationRowAnswer>, Status> {
        let gone = || Status::unavailable("the stream has ended");
        let (answer, answered) = oneshot::channel();
        let sent = Sent { command, answer };
        self.rows.send(sent).map_err(|_| gone())?;
        let answer = answered.await.map_err(|_| gone())??;
        match answer.status {
            None => Ok(Response::new(answer)),
            Some(status) => {
                let details = status.encode_to_vec().into();
                let code = Code::from_i32(status.code);
                Err(Status::with_details(code, status.message, details))
            }
        }
    }
}

struct Running<C> {
    client: Client,
    given: mpsc::UnboundedReceiver<Sent<C>>,
    next: i64,
    /// What is sent again when the stream breaks off.
    unanswered: BTreeMap<i64, Sent<C>>,
}

impl<C: Command> Running<C> {
    /// Until nobody can send any more.
    async fn run(mut self) {
        while !self.given.is_closed() {
            let (rows, sent) = mpsc::unbounded_channel();
            for (number, unanswered) in &self.unanswered {
                // The other end is held by the stream to be opened.
                let _ = rows.send(unanswered.command.clone().row(*number));
            }
            let why = match C::open(self.client.clone(), sent.into()).await {
                Ok(answers) => match self.stream(&rows, answers.into_inner()).await {
                    Some(why) => why,
                    None => return,
                },
                Err(status) => status,
            };
            if !matches!(why.code(), Code::Unavailable | Code::Cancelled) {
                for (_, sent) in std::mem::take(&mut self.unanswered) {
                    // A story that ended needs no answer.
                    let _ = sent.answer.send(Err(why.clone()));
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sends and answers until the stream breaks off, and answers why it did; `None` once nobody can send any more.
    async fn stream(
        &mut self,
        rows: &mpsc::UnboundedSender<C::Row>,
        mut answers: Streaming<ViolationRowAnswer>,
    ) -> Option<Status> {
        loop {
            tokio::select! {
                answer = answers.message() => match answer {
                    Ok(Some(answer)) => {
                        if let Some(sent) = self.unanswered.remove(&answer.row) {
                            let _ = sent.answer.send(Ok(answer));
                        }
                    }
                    Ok(None) => return Some(Status::unavailable("the stream ended early")),
                    Err(status) => return Some(status),
                },
                sent = self.given.recv() => {
                    let sent = sent?;
                    let _ = rows.send(sent.command.clone().row(self.next));
                    self.unanswered.insert(self.next, sent);
                    self.next += 1;
                }
            }
        }
    }
}
