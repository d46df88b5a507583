//! E-bikes on their way into registration: one stream, begun again where it broke off.

use crate::connect::Connection;
use crate::failure::{Failure, describe};
use registration::ebike_file::Line;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};
use traffic_proto::registration::v1::ebike_service_client::EbikeServiceClient;
use traffic_proto::registration::v1::{
    ImportEbikesOutcome, ImportEbikesRequest, ImportEbikesResponse,
};

/// Rows that are sent and not answered yet, at most: what must be sent again after a break.
const UNANSWERED: usize = 4_096;
/// How often the stream is begun again without a single answer, and how long to wait before.
const ATTEMPTS: u32 = 60;
const PAUSE: Duration = Duration::from_secs(1);

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) rows: u64,
    pub(crate) registered: u64,
    /// Stood registered just so, or had been registered when the row was sent before.
    pub(crate) unchanged: u64,
    pub(crate) refused: u64,
    /// Every row that was refused, by its line.
    pub(crate) problems: Vec<Problem>,
}

/// Why a row was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// From 1; the headings are line 1.
    pub(crate) line: i64,
    pub(crate) frame_number: String,
    pub(crate) field: String,
    pub(crate) reason: String,
    pub(crate) message: String,
    pub(crate) legal_basis: String,
}

impl Problem {
    /// What is wrong, where, and by which article.
    pub(crate) fn sentence(&self) -> String {
        let mut sentence = match self.field.as_str() {
            "" => self.message.clone(),
            field => format!("{field}: {}", self.message),
        };
        if !self.legal_basis.is_empty() {
            sentence += &format!(" ({})", self.legal_basis);
        }
        sentence
    }
}

/// Rows on their way.
struct Import<L> {
    lines: L,
    /// To be sent (again) before further lines.
    waiting: VecDeque<ImportEbikesRequest>,
    /// With when each was sent.
    unanswered: BTreeMap<i64, (Instant, ImportEbikesRequest)>,
    /// There are no more lines.
    read: bool,
    summary: Summary,
}

/// How a stream ended.
enum Ended {
    Done,
    /// What is unanswered must be sent again.
    Broken {
        /// Something was answered before.
        any: bool,
        why: String,
    },
}

/// Sends all lines, and tells with each answer how many have been answered and how long this one took. A stream that breaks
/// is begun again.
///
/// # Errors
/// Registration does not answer for a minute, or refuses the caller. What was answered is registered; sending the file
/// again goes on.
pub(crate) async fn import(
    connection: Connection,
    lines: impl Iterator<Item = Line>,
    mut answered: impl FnMut(u64, Duration),
) -> Result<Summary, Failure> {
    let mut client = EbikeServiceClient::new(connection);
    let mut import = Import {
        lines,
        waiting: VecDeque::new(),
        unanswered: BTreeMap::new(),
        read: false,
        summary: Summary::default(),
    };
    let mut attempt = 0;
    loop {
        match import.stream(&mut client, &mut answered).await? {
            Ended::Done => break,
            Ended::Broken { any, why } => {
                attempt = if any { 0 } else { attempt + 1 };
                if attempt == ATTEMPTS {
                    let rows = import.summary.rows;
                    return Err(Failure::failed(format!(
                        "after {rows} rows (send the file again to go on): {why}"
                    )));
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    let mut summary = import.summary;
    summary.problems.sort_by_key(|problem| problem.line);
    Ok(summary)
}

impl<L: Iterator<Item = Line>> Import<L> {
    /// One stream, until everything is answered or it breaks.
    async fn stream(
        &mut self,
        client: &mut EbikeServiceClient<Connection>,
        answered: &mut impl FnMut(u64, Duration),
    ) -> Result<Ended, Failure> {
        let again = std::mem::take(&mut self.unanswered);
        self.waiting = again
            .into_values()
            .map(|(_, row)| row)
            .chain(self.waiting.drain(..))
            .collect();
        let before = self.summary.rows;
        let broken = |import: &Self, why: String| {
            Ok(Ended::Broken {
                any: import.summary.rows > before,
                why,
            })
        };
        let (rows, sent) = mpsc::channel(256);
        let mut rows = Some(rows);
        let mut answers: Streaming<ImportEbikesResponse> =
            match client.import_ebikes(ReceiverStream::new(sent)).await {
                Ok(answers) => answers.into_inner(),
                Err(status) if is_passing(status.code()) => {
                    return broken(self, describe(&status));
                }
                Err(status) => return Err(Failure::of("import", &status)),
            };
        loop {
            let may_send = self.unanswered.len() < UNANSWERED;
            tokio::select! {
                biased;
                permit = reserve(rows.as_ref()), if may_send => {
                    let next = self.next_row();
                    match (permit, next) {
                        (Some(permit), Some(row)) => {
                            self.unanswered.insert(row.row, (Instant::now(), row.clone()));
                            permit.send(row);
                        }
                        // The stream has broken: the answers say why.
                        (None, next) => {
                            self.waiting.extend(next);
                            rows = None;
                        }
                        (Some(_), None) => rows = None,
                    }
                }
                answer = answers.message() => match answer {
                    Ok(Some(answer)) => {
                        let sent = self.take(answer);
                        answered(self.summary.rows, sent.map(|at| at.elapsed()).unwrap_or_default());
                    }
                    Ok(None) if self.is_done() => return Ok(Ended::Done),
                    Ok(None) => return broken(self, "the stream ended early".into()),
                    Err(status) if is_passing(status.code()) => {
                        return broken(self, describe(&status));
                    }
                    Err(status) => {
                        let rows = self.summary.rows;
                        let after = format!("after {rows} rows (send the file again to go on)");
                        return Err(Failure::of(&after, &status));
                    }
                },
            }
        }
    }

    fn is_done(&self) -> bool {
        self.read && self.waiting.is_empty() && self.unanswered.is_empty()
    }

    /// The next row to send. A line that is none is a problem by itself.
    fn next_row(&mut self) -> Option<ImportEbikesRequest> {
        if let Some(row) = self.waiting.pop_front() {
            return Some(row);
        }
        for line in self.lines.by_ref() {
            match line.row {
                Ok(row) => return Some(*row),
                Err(message) => {
                    self.summary.rows += 1;
                    self.summary.refused += 1;
                    self.summary.problems.push(Problem {
                        line: i64::try_from(line.number).unwrap_or(i64::MAX),
                        frame_number: String::new(),
                        field: String::new(),
                        reason: "UNREADABLE".to_owned(),
                        message,
                        legal_basis: String::new(),
                    });
                }
            }
        }
        self.read = true;
        None
    }

    /// Answers when the row was sent; `None` of an answer to what was not sent, which is none of ours.
    fn take(&mut self, answer: ImportEbikesResponse) -> Option<Instant> {
        let (sent, row) = self.unanswered.remove(&answer.row)?;
        self.summary.rows += 1;
        match answer.outcome() {
            ImportEbikesOutcome::Registered => self.summary.registered += 1,
            ImportEbikesOutcome::Unchanged => self.summary.unchanged += 1,
            ImportEbikesOutcome::Refused | ImportEbikesOutcome::Unspecified => {
                self.summary.refused += 1;
            }
        }
        let frame_number = row
            .ebike
            .map(|ebike| ebike.frame_number)
            .unwrap_or_default();
        let problems = answer.problems.into_iter().map(|problem| Problem {
            line: answer.row,
            frame_number: frame_number.clone(),
            field: problem.field,
            reason: problem.reason,
            message: problem.message,
            legal_basis: problem.legal_basis,
        });
        self.summary.problems.extend(problems);
        Some(sent)
    }
}

/// Room for one row; never, once everything has been sent; `None` if the stream has broken.
async fn reserve(
    rows: Option<&mpsc::Sender<ImportEbikesRequest>>,
) -> Option<mpsc::OwnedPermit<ImportEbikesRequest>> {
    match rows {
        Some(rows) => rows.clone().reserve_owned().await.ok(),
        None => std::future::pending().await,
    }
}

/// Whether it may be another answer in a moment: a service that restarts, a connection that was cut.
fn is_passing(code: Code) -> bool {
    matches!(
        code,
        Code::Unavailable
            | Code::Cancelled
            | Code::Unknown
            | Code::Internal
            | Code::DeadlineExceeded
    )
}
