//! What goes over the wire: headers of a commit, acknowledgements, stored messages.

use crate::journal::{AppendError, Entry, Extent, Position, Stored, Unavailable};
use async_nats::header::{self, HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;
use uuid::Uuid;

pub(super) const COMMIT_ID: HeaderName = HeaderName::from_static("Commit-Id");
/// [`Entry::following`]; absent: 0.
pub(super) const COMMIT_FOLLOWING: HeaderName = HeaderName::from_static("Commit-Following");

/// No message matches (answer to a read).
pub(super) const NO_MESSAGE: u32 = 10037;
/// There is no such stream.
pub(super) const NO_STREAM: u32 = 10059;
/// A guard does not hold; the second says so of a commit that is still on its way to the replicas.
const WRONG_LAST_SEQUENCE: [u32; 2] = [10071, 10164];
/// Refusals that surely stored nothing: limits, no leader, batch incomplete (10176), too many batches (10210), ...
/// Codes that are not here count as unknown, which is always safe.
/// 10077 (the store failed) is one of those: a disk that fails may have written.
const NOT_STORED: [u32; 11] = [
    10002, 10008, 10009, 10023, 10047, 10054, 10076, 10174, 10175, 10176, 10210,
];

/// The headers of a commit published by itself.
pub(super) fn guarded(entry: &Entry) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        header::NATS_EXPECTED_LAST_SUBJECT_SEQUENCE,
        HeaderValue::from(entry.expected),
    );
    let mut buffer = Uuid::encode_buffer();
    let id: &str = entry.commit_id.simple().encode_lower(&mut buffer);
    headers.insert(COMMIT_ID, id);
    if entry.following > 0 {
        headers.insert(
            COMMIT_FOLLOWING,
            HeaderValue::from(u64::from(entry.following)),
        );
    }
    headers
}

/// The headers of the commit that is number `number`, from 1, of an atomic batch.
pub(super) fn batched(entry: &Entry, batch: &str, number: u64) -> HeaderMap {
    let mut headers = guarded(entry);
    headers.insert(header::NATS_BATCH_ID, batch);
    headers.insert(header::NATS_BATCH_SEQUENCE, HeaderValue::from(number));
    headers
}

/// An error in an answer of JetStream.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ApiError {
    #[serde(default)]
    pub(super) err_code: u32,
    #[serde(default)]
    pub(super) description: String,
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.description, self.err_code)
    }
}

#[derive(Deserialize)]
struct Acknowledgement {
    #[serde(default)]
    seq: Position,
    error: Option<ApiError>,
}

/// What the answer to a publish means.
pub(super) fn acknowledgement(payload: &[u8]) -> Result<Position, AppendError> {
    let answer: Acknowledgement = serde_json::from_slice(payload)
        .map_err(|error| AppendError::Unknown(format!("unreadable answer: {error}")))?;
    match answer.error {
        None if answer.seq > 0 => Ok(answer.seq),
        None => Err(AppendError::Unknown("answer without a position".into())),
        Some(error) if WRONG_LAST_SEQUENCE.contains(&error.err_code) => Err(AppendError::Conflict),
        Some(error) if NOT_STORED.contains(&error.err_code) => {
            Err(AppendError::Refused(error.to_string()))
        }
        Some(error) => Err(AppendError::Unknown(error.to_string())),
    }
}

/// An answer of the API: what was asked for, or an error of the server.
pub(super) fn parse<T: DeserializeOwned>(
    payload: &[u8],
) -> Result<Result<T, ApiError>, Unavailable> {
    #[derive(Deserialize)]
    struct Failure {
        error: Option<ApiError>,
    }
    let unreadable = |error: serde_json::Error| Unavailable(format!("unreadable answer: {error}"));
    let failure: Failure = serde_json::from_slice(payload).map_err(unreadable)?;
    match failure.error {
        Some(error) => Ok(Err(error)),
        None => serde_json::from_slice(payload).map(Ok).map_err(unreadable),
    }
}

#[derive(Deserialize)]
pub(super) struct StreamInfo {
    pub(super) config: serde_json::Map<String, serde_json::Value>,
    pub(super) created: Timestamp,
    state: StreamState,
    /// Absent where the server stands alone.
    cluster: Option<Copies>,
}

/// Who keeps the stream, as the member knows it that answers.
#[derive(Deserialize)]
struct Copies {
    #[serde(default)]
    leader: String,
    /// The others.
    #[serde(default)]
    replicas: Vec<Peer>,
}

#[derive(Deserialize)]
struct Peer {
    /// Nanoseconds since the leader heard of it.
    active: u64,
}

/// A leader hears of each follower every second. Followers that do not hear of it elect another after four seconds at the
/// earliest; the server itself takes ten before a leader without a majority steps down.
const SILENT: Duration = Duration::from_secs(3);

impl Copies {
    /// Without a leader every member answers from its own copy; a leader cut off answers until it steps down. Neither
    /// knows where the stream ends.
    fn led(&self) -> Result<(), Unavailable> {
        if self.leader.is_empty() {
            return Err(Unavailable("the stream has no leader now".into()));
        }
        let silent = u64::try_from(SILENT.as_nanos()).unwrap_or(u64::MAX);
        let heard = self.replicas.iter().filter(|peer| peer.active < silent);
        if 2 * (heard.count() + 1) <= self.replicas.len() + 1 {
            return Err(Unavailable("the stream's leader is cut off".into()));
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct StreamState {
    messages: u64,
    first_seq: Position,
    last_seq: Position,
}

impl StreamInfo {
    /// # Errors
    /// If the member that answers does not know: it has no leader, or is one without a majority.
    pub(super) fn extent(&self) -> Result<Extent, Unavailable> {
        if let Some(copies) = &self.cluster {
            copies.led()?;
        }
        let StreamState {
            messages,
            first_seq,
            last_seq,
        } = self.state;
        Ok(Extent {
            first: if messages == 0 {
                last_seq + 1
            } else {
                first_seq
            },
            last: last_seq,
            created: self.created,
        })
    }
}

/// The answer to `STREAM.MSG.GET`.
#[derive(Deserialize)]
pub(super) struct Found {
    pub(super) message: FoundMessage,
}

#[derive(Deserialize)]
pub(super) struct FoundMessage {
    subject: String,
    seq: Position,
    #[serde(default)]
    hdrs: String,
    #[serde(default)]
    data: String,
    time: Timestamp,
}

impl FoundMessage {
    pub(super) fn stored(self) -> Result<Stored, Unavailable> {
        let unreadable = |_| Unavailable("unreadable message".into());
        let headers = STANDARD.decode(&self.hdrs).map_err(unreadable)?;
        let payload = STANDARD.decode(&self.data).map_err(unreadable)?;
        let (kind, id) = kind_and_id(&self.subject);
        Ok(Stored {
            position: self.seq,
            kind,
            id,
            commit_id: named(&headers, &COMMIT_ID).unwrap_or_default(),
            following: named(&headers, &COMMIT_FOLLOWING).unwrap_or_default(),
            stored_at: self.time,
            payload: payload.into(),
        })
    }
}

/// A value among raw headers; `None` in a message that no journal wrote.
fn named<T: FromStr>(headers: &[u8], name: &HeaderName) -> Option<T> {
    let text = String::from_utf8_lossy(headers);
    let name: &str = name.as_ref();
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().parse().ok()
}

/// A message of a consumer or of a direct get as a stored commit.
pub(super) fn stored(
    subject: &str,
    headers: Option<&HeaderMap>,
    payload: Bytes,
    position: Position,
    stored_at: Timestamp,
) -> Stored {
    fn named<T: FromStr>(headers: Option<&HeaderMap>, name: HeaderName) -> Option<T> {
        headers?.get(name)?.as_str().parse().ok()
    }
    let (kind, id) = kind_and_id(subject);
    Stored {
        position,
        kind,
        id,
        commit_id: named(headers, COMMIT_ID).unwrap_or_default(),
        following: named(headers, COMMIT_FOLLOWING).unwrap_or_default(),
        stored_at,
        payload,
    }
}

fn kind_and_id(subject: &str) -> (String, String) {
    let (rest, id) = subject.rsplit_once('.').unwrap_or(("", subject));
    let kind = rest.rsplit_once('.').map_or(rest, |(_, kind)| kind);
    (kind.to_owned(), id.to_owned())
}

/// What the reply subject of a delivered message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) position: Position,
    /// Counts the consumer's deliveries from 1: a jump means that some were lost on the way.
    pub(super) number: u64,
    pub(super) stored_at: Timestamp,
}

/// Reads `$JS.ACK.<stream>.<consumer>.<times>.<position>.<number>.<nanoseconds>.<pending>` and its longer form with
/// domain and account before the stream and a token after the last.
pub(super) fn delivery(reply: &str) -> Option<Delivery> {
    let mut tokens = reply.strip_prefix("$JS.ACK.")?.split('.');
    let count = tokens.clone().count();
    let before_position = if count == 7 { 3 } else { 5 };
    let mut number = |skip: usize| -> Option<u64> { tokens.nth(skip)?.parse().ok() };
    let position = number(before_position)?;
    let delivered = number(0)?;
    let nanoseconds = number(0)?;
    Some(Delivery {
        position,
        number: delivered,
        stored_at: Timestamp::from_nanosecond(i128::from(nanoseconds)).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_guard_is_a_conflict_whatever_the_form_of_the_refusal() {
        for code in [10071, 10164] {
            let answer = format!(
                r#"{{"error":{{"code":400,"err_code":{code},"description":"x"}},"stream":"S","seq":0}}"#
            );
            assert!(matches!(
                acknowledgement(answer.as_bytes()),
                Err(AppendError::Conflict)
            ));
        }
    }

    #[test]
    fn an_answer_not_understood_leaves_the_outcome_unknown() {
        for answer in [
            r#"{"error":{"code":500,"err_code":99999,"description":"x"}}"#,
            r#"{"stream":"S","seq":0}"#,
            "not json",
            "",
        ] {
            assert!(matches!(
                acknowledgement(answer.as_bytes()),
                Err(AppendError::Unknown(_))
            ));
        }
        assert_eq!(acknowledgement(br#"{"stream":"S","seq":7}"#).unwrap(), 7);
    }

    #[test]
    fn both_forms_of_a_reply_subject_are_read() {
        let expected = Delivery {
            position: 22,
            number: 3,
            stored_at: Timestamp::from_nanosecond(1_700_000_000_000_000_001).unwrap(),
        };
        for reply in [
            "$JS.ACK.PERMITS.c1.1.22.3.1700000000000000001.5",
            "$JS.ACK.hub.Ab12.PERMITS.c1.1.22.3.1700000000000000001.5.token",
            "$JS.ACK._.Ab12.PERMITS.c1.1.22.3.1700000000000000001.5",
        ] {
            assert_eq!(delivery(reply), Some(expected), "{reply}");
        }
        assert_eq!(delivery("_INBOX.x.y"), None);
    }
}
