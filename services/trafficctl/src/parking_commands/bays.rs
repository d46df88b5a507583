//! Bays on their way into parking, piece by piece.

use crate::connect::Connection;
use crate::failure::Failure;
use serde::Serialize;
use tonic::Request;
use traffic_proto::parking::v1::ImportBaysRequest;
use traffic_proto::parking::v1::parking_management_service_client::ParkingManagementServiceClient;

/// Rows sent in one call, after which progress is known.
const CHUNK: usize = 500;
/// Most problems that are kept; the rest is counted.
const MOST_PROBLEMS: usize = 10_000;

/// What became of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) rows: i64,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) unchanged: i64,
    pub(crate) refused: i64,
    pub(crate) problems: Vec<Problem>,
}

/// Why a row was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// The bay, or the line of the file if it is none.
    pub(crate) row: String,
    pub(crate) reason: String,
    pub(crate) message: String,
}

/// Sends all bays, and tells after each piece how many rows have been looked at.
///
/// # Errors
/// Parking did not answer. What was sent is marked; sending all again changes nothing more.
pub(crate) async fn import(
    connection: Connection,
    bays: Vec<ImportBaysRequest>,
    progress: impl Fn(u64),
) -> Result<Summary, Failure> {
    let mut client = ParkingManagementServiceClient::new(connection);
    let mut summary = Summary::default();
    for chunk in bays.chunks(CHUNK) {
        let rows = tokio_stream::iter(chunk.to_vec());
        let answer = client
            .import_bays(Request::new(rows))
            .await
            .map_err(|status| {
                let before = format!("after {} rows (send the file again to go on)", summary.rows);
                Failure::of(&before, &status)
            })?
            .into_inner();
        summary.rows += answer.row_count;
        summary.created += answer.created_count;
        summary.updated += answer.updated_count;
        summary.unchanged += answer.unchanged_count;
        summary.refused += answer.problem_count;
        for problem in answer.problems {
            if summary.problems.len() == MOST_PROBLEMS {
                break;
            }
            let row = usize::try_from(problem.row).unwrap_or(usize::MAX);
            summary.problems.push(Problem {
                row: chunk
                    .get(row)
                    .map_or_else(String::new, |row| row.bay_id.clone()),
                reason: problem.reason,
                message: match problem.field.as_str() {
                    "" => problem.message,
                    field => format!("{field}: {}", problem.message),
                },
            });
        }
        progress(summary.rows.unsigned_abs());
    }
    Ok(summary)
}
