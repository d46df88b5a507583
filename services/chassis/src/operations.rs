//! What every service offers to its operators: the state of its projection, and the recorded history of anything.

use crate::commit::{self, Commit};
use crate::domain::{AggregateKey, Invalid, LegalBasis, Refusal, Revision};
use crate::journal::{Journal, Position, Stored, Unavailable};
use crate::projection::{Phase, Projection};
use crate::server::Failure;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tonic::{Request, Response, Status};
use traffic_proto::operations::v1 as proto;
use traffic_proto::operations::v1::operations_service_server::OperationsService;

/// How long a digest waits for its position.
const DIGEST_WAIT: Duration = Duration::from_secs(30);
/// How far beyond the journal's head that position may be: what the fastest of streams takes in that time. Replicas that
/// are written to can only be compared at a position that is still to come.
const DIGEST_AHEAD: Position = 3_000_000;
const RETRY_AFTER: Duration = Duration::from_secs(1);
const DEFAULT_PAGE: usize = 50;
const LARGEST_PAGE: i32 = 1000;
/// Commits read at once where none of them is shown.
const LONGEST_READ: usize = 1000;
/// No stream comes this far; a larger number is a mistake, such as a negative one.
const LAST_POSITION: Position = i64::MAX as Position;

#[derive(Clone, Debug)]
pub(crate) struct Operations {
    pub(crate) projection: Projection,
    pub(crate) journal: Arc<dyn Journal>,
}

/// The replica has already passed the position that a digest was asked for.
#[derive(Debug)]
struct PositionPassed {
    asked: Position,
    applied: Position,
}

impl fmt::Display for PositionPassed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the projection is at {}, already beyond {}; ask for a later position",
            self.applied, self.asked
        )
    }
}

impl Refusal for PositionPassed {
    fn reason(&self) -> &'static str {
        "POSITION_PASSED"
    }

    fn basis(&self) -> Option<LegalBasis> {
        None
    }

    fn zh(&self) -> String {
        format!("投影已到达位置{}，请指定更后的位置", self.applied)
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("applied_position", self.applied.to_string())]
    }
}

impl Operations {
    async fn state(&self) -> proto::Projection {
        let status = self.projection.status().await;
        let (phase, why) = match status.phase {
            Phase::Held => (proto::projection::Phase::Opening, Phase::HELD.to_owned()),
            Phase::Opening => (proto::projection::Phase::Opening, String::new()),
            Phase::CatchingUp { .. } => (proto::projection::Phase::CatchingUp, String::new()),
            Phase::Live => (proto::projection::Phase::Live, String::new()),
            Phase::Halted(why) => (proto::projection::Phase::Halted, why),
        };
        let head = self.journal.extent().await.map_or(0, |extent| extent.last);
        proto::Projection {
            phase: phase.into(),
            why,
            applied_position: status.applied,
            head_position: head,
            rebuilds: status.rebuilds,
            broken_chains: status.broken_chains,
            bytes_on_disk: status.bytes_on_disk.unwrap_or(0),
        }
    }

    async fn digest(&self, position: Position) -> Result<proto::Digest, Failure> {
        if position > LAST_POSITION {
            let why = Invalid::new("is no position", "不是有效的位置");
            return Err(Failure::field("position", why));
        }
        if position > self.projection.applied() {
            let head = self.journal.extent().await.map_err(away)?.last;
            if position > head.saturating_add(DIGEST_AHEAD) {
                let en = format!("is too far ahead: the journal ends at {head}");
                let zh = format!("位置过于靠后：日志目前到{head}为止");
                return Err(Failure::field("position", Invalid::new(en, zh)));
            }
        }
        let at = (position > 0).then_some(position);
        let digest = tokio::time::timeout(DIGEST_WAIT, self.projection.digest(at))
            .await
            .map_err(|_| {
                Failure::unavailable("the position was not reached in time", RETRY_AFTER)
            })??
            .map_err(|passed| {
                let refusal = PositionPassed {
                    asked: position,
                    applied: passed.0,
                };
                Failure::Rejected(Box::new(refusal.into()))
            })?;
        Ok(proto::Digest {
            position: digest.position,
            rows: digest.rows,
            hash: format!("{:032x}", digest.hash),
        })
    }

    async fn commits(
        &self,
        request: proto::ListCommitsRequest,
    ) -> Result<proto::ListCommitsResponse, Failure> {
        let limit = match request.page_size {
            0 => DEFAULT_PAGE,
            size if size < 0 => {
                let why = Invalid::new("must not be negative", "不得为负数");
                return Err(Failure::field("page_size", why));
            }
            size => usize::try_from(size.min(LARGEST_PAGE)).unwrap_or(DEFAULT_PAGE),
        };
        if request.after_position > LAST_POSITION {
            let why = Invalid::new("is no position", "不是有效的位置");
            return Err(Failure::field("after_position", why));
        }
        let key = self.key(&request.aggregate)?;
        let mut revision = self.revision_at(&key, request.after_position).await?;
        let stored = self.page(&key, request.after_position, limit).await?;
        let more = stored.len() == limit;
        let mut commits = Vec::with_capacity(stored.len());
        for stored in stored {
            let commit = Commit::decode(&stored.payload).map_err(Failure::internal)?;
            let chained = commit.metadata.continues(&revision).is_ok();
            revision.hash = commit::hash(&stored.payload);
            commits.push(to_proto(stored.position, &commit, chained));
        }
        Ok(proto::ListCommitsResponse { commits, more })
    }

    fn key(&self, aggregate: &str) -> Result<AggregateKey, Failure> {
        let named = aggregate.split_once('/').and_then(|(kind, id)| {
            let kind = self.projection.kind_name(kind)?;
            AggregateKey::is_valid_id(id).then(|| AggregateKey {
                kind,
                id: id.into(),
            })
        });
        named.ok_or_else(|| {
            let kinds = self.projection.kind_names().join(", ");
            let en = format!("must be <type>/<id> with a type of this service: {kinds}");
            let zh = format!("应为“类型/编号”，类型为本服务的类型之一：{kinds}");
            Failure::field("aggregate", Invalid::new(en, zh))
        })
    }

    /// Where the chain of an aggregate stands at `position`: what the first commit after it must continue.
    async fn revision_at(
        &self,
        key: &AggregateKey,
        position: Position,
    ) -> Result<Revision, Failure> {
        let revision_of = |stored: &Stored| Revision {
            position: stored.position,
            hash: commit::hash(&stored.payload),
        };
        let Some(before) = position.checked_sub(1) else {
            return Ok(Revision::default());
        };
        // Whoever pages names the last commit seen.
        if let [there] = self.page(key, before, 1).await?.as_slice()
            && there.position == position
        {
            return Ok(revision_of(there));
        }
        // The journal is only read forwards, so the last commit before any other position is found from the start.
        let mut revision = Revision::default();
        loop {
            let page = self.page(key, revision.position, LONGEST_READ).await?;
            let upto = page.partition_point(|stored| stored.position <= position);
            if let Some(last) = page[..upto].last() {
                revision = revision_of(last);
            }
            if upto < LONGEST_READ {
                return Ok(revision);
            }
        }
    }

    async fn page(
        &self,
        key: &AggregateKey,
        after: Position,
        limit: usize,
    ) -> Result<Vec<Stored>, Failure> {
        self.journal.history(key, after, limit).await.map_err(away)
    }
}

fn away(unavailable: Unavailable) -> Failure {
    Failure::unavailable(unavailable.to_string(), RETRY_AFTER)
}

fn to_proto(position: Position, commit: &Commit, chained: bool) -> proto::Commit {
    let metadata = &commit.metadata;
    let channel = serde_json::to_value(metadata.channel).unwrap_or_default();
    proto::Commit {
        position,
        time: Some(timestamp(metadata.time)),
        actor: metadata.actor.id.clone(),
        channel: channel.as_str().unwrap_or_default().to_owned(),
        command_id: metadata.command_id.to_string(),
        correlation_id: metadata.correlation_id.to_string(),
        causation_id: metadata.causation_id.clone().unwrap_or_default(),
        traceparent: metadata.traceparent.clone().unwrap_or_default(),
        events: commit.events.iter().map(|json| event(json.get())).collect(),
        chained,
    }
}

/// The contract's form of an instant.
pub fn timestamp(at: jiff::Timestamp) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    }
}

/// An event is stored as `"Name"` or `{"Name": {...}}`; or as a record whose field `fact` is one of these.
fn event(json: &str) -> proto::Event {
    let named = |name: String, data: String| proto::Event {
        r#type: name,
        data_json: data,
    };
    match serde_json::from_str(json) {
        Ok(Value::String(name)) => named(name, "{}".to_owned()),
        Ok(Value::Object(record)) => match (record.get("fact").map(name_of), record.len()) {
            (Some(Some(name)), _) => named(name, json.to_owned()),
            (None, 1) => record
                .into_iter()
                .next()
                .map_or_else(Default::default, |(name, data)| {
                    named(name, data.to_string())
                }),
            _ => named(String::new(), json.to_owned()),
        },
        _ => named(String::new(), json.to_owned()),
    }
}

/// The name of a fact in serde's form of an enum.
fn name_of(fact: &Value) -> Option<String> {
    match fact {
        Value::String(name) => Some(name.clone()),
        Value::Object(fields) if fields.len() == 1 => fields.keys().next().cloned(),
        _ => None,
    }
}

#[tonic::async_trait]
impl OperationsService for Operations {
    async fn get_projection(
        &self,
        _: Request<proto::GetProjectionRequest>,
    ) -> Result<Response<proto::Projection>, Status> {
        Ok(Response::new(self.state().await))
    }

    async fn rebuild_projection(
        &self,
        _: Request<proto::RebuildProjectionRequest>,
    ) -> Result<Response<proto::Projection>, Status> {
        self.projection.rebuild().await.map_err(Failure::from)?;
        Ok(Response::new(self.state().await))
    }

    async fn digest_projection(
        &self,
        request: Request<proto::DigestProjectionRequest>,
    ) -> Result<Response<proto::Digest>, Status> {
        Ok(Response::new(
            self.digest(request.get_ref().position).await?,
        ))
    }

    async fn list_commits(
        &self,
        request: Request<proto::ListCommitsRequest>,
    ) -> Result<Response<proto::ListCommitsResponse>, Status> {
        Ok(Response::new(self.commits(request.into_inner()).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::model::Model;
    use crate::projection::Work;
    use crate::projection::tests::{journal, project, write};

    async fn operations(journal: &Model) -> Operations {
        let projection = project(journal, Work::Inline);
        projection.ready().await;
        Operations {
            projection,
            journal: Arc::new(journal.clone()),
        }
    }

    async fn listed(operations: &Operations, after: Position) -> Vec<(Position, bool)> {
        let request = proto::ListCommitsRequest {
            aggregate: "tally/a".into(),
            page_size: 0,
            after_position: after,
        };
        let listed = operations.commits(request).await.expect("readable");
        let commits = listed.commits.into_iter();
        commits.map(|c| (c.position, c.chained)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_history_is_chained_from_whatever_position_it_is_read() {
        let journal = journal();
        write(&journal, "b", None).await;
        let first = write(&journal, "a", None).await;
        for other in ["c", "d"] {
            write(&journal, other, None).await;
        }
        let second = write(&journal, "a", Some(&first)).await;
        let operations = operations(&journal).await;
        for after in 0..=6 {
            let expected: Vec<_> = [first.position, second.position]
                .into_iter()
                .filter(|position| *position > after)
                .map(|position| (position, true))
                .collect();
            assert_eq!(listed(&operations, after).await, expected, "after {after}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_broken_chain_shows_from_whatever_position_it_is_read() {
        let journal = journal();
        let first = write(&journal, "a", None).await;
        let altered = Stored {
            payload: b"another".as_slice().into(),
            ..first
        };
        write(&journal, "b", None).await;
        write(&journal, "c", None).await;
        let second = write(&journal, "a", Some(&altered)).await;
        let operations = operations(&journal).await;
        for after in 1..second.position {
            let listed = listed(&operations, after).await;
            assert_eq!(listed, [(second.position, false)], "after {after}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_digest_can_be_asked_for_at_a_position_to_come_but_at_none_that_cannot_come_in_time()
    {
        let journal = journal();
        let first = write(&journal, "a", None).await;
        let operations = operations(&journal).await;
        for position in [first.position + DIGEST_AHEAD + 1, LAST_POSITION] {
            let refused = operations.digest(position).await;
            assert!(matches!(refused, Err(Failure::Invalid(_))), "{refused:?}");
        }
        let (ahead, ()) = tokio::join!(operations.digest(first.position + 1), async {
            write(&journal, "b", None).await;
        });
        assert_eq!(ahead.expect("reached").position, first.position + 1);
        let in_vain = operations.digest(first.position + DIGEST_AHEAD).await;
        assert!(
            matches!(in_vain, Err(Failure::Unavailable { .. })),
            "{in_vain:?}"
        );
    }

    #[test]
    fn an_event_is_named_whether_it_is_bare_or_in_a_record() {
        for (json, name, data) in [
            (r#""Opened""#, "Opened", "{}"),
            (r#"{"Opened":{"by":1}}"#, "Opened", r#"{"by":1}"#),
            (
                r#"{"kind":"k","fact":{"opened":{"by":1}}}"#,
                "opened",
                r#"{"kind":"k","fact":{"opened":{"by":1}}}"#,
            ),
            (r#"{"a":1,"b":2}"#, "", r#"{"a":1,"b":2}"#),
            ("{}", "", "{}"),
            ("7", "", "7"),
        ] {
            let event = event(json);
            assert_eq!(
                (event.r#type.as_str(), event.data_json.as_str()),
                (name, data)
            );
        }
    }
}
