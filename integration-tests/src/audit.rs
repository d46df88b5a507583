//! What must hold after any fault: nothing acknowledged is missing, nothing happened twice, every chain is whole, and
//! all replicas come to the same projection.

use crate::bus;
use crate::load::{Acknowledged, Record, Role};
use crate::replica::{GLANCE, PATIENCE, Replica, eventually};
use crate::status;
use async_nats::jetstream;
use futures::StreamExt;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use tokio::time::Instant;
use tonic::Code;
use traffic_proto::operations::v1::projection::Phase;
use traffic_proto::operations::v1::{
    Commit, Digest, DigestProjectionRequest, GetProjectionRequest, ListCommitsRequest, Projection,
};
use uuid::Uuid;

/// Histories and commits that are asked for at once.
const AT_ONCE: usize = 8;
/// Commits in one page of a history.
const PAGE: i32 = 200;

/// All of a load's acknowledgements against the histories that a replica tells, and against the journal itself.
///
/// # Panics
/// If one is missing or anything is there twice.
pub async fn accounts_for(record: &Record, replica: &Replica, bus: &async_nats::Client) {
    assert!(record.surprises.is_empty(), "{:#?}", record.surprises);
    let histories = accounts_for_these(&record.acknowledged, replica, bus).await;
    for (aggregate, commits) in &histories {
        let given = record
            .acknowledged
            .iter()
            .filter(|one| one.aggregates.contains(aggregate))
            .count();
        let done = commits
            .iter()
            .filter(|c| Role::is_counted(&c.actor))
            .count();
        assert_eq!(done, given, "commands carried out on {aggregate}");
    }
    journal_is_whole(replica, bus).await;
}

/// Some acknowledgements against the histories: each is there, at its position, once. Answers the histories, by aggregate.
///
/// # Panics
/// If not.
pub async fn accounts_for_these(
    acknowledged: &[Acknowledged],
    replica: &Replica,
    bus: &async_nats::Client,
) -> HashMap<String, Vec<Commit>> {
    let requests: HashSet<&str> = acknowledged.iter().map(|a| a.request_id.as_str()).collect();
    assert_eq!(
        requests.len(),
        acknowledged.len(),
        "a request id was used twice"
    );
    let histories = histories(acknowledged, replica).await;
    for (aggregate, commits) in &histories {
        assert!(
            commits.is_sorted_by(|a, b| a.position < b.position),
            "{aggregate}: positions grow"
        );
        assert!(
            commits.iter().all(|commit| commit.chained),
            "{aggregate}: the chain is unbroken"
        );
        let commands: HashSet<&str> = commits.iter().map(|c| c.command_id.as_str()).collect();
        assert_eq!(
            commands.len(),
            commits.len(),
            "{aggregate}: a command did its work twice"
        );
    }
    let stream = replica.service().stream();
    let journal = jetstream::new(bus.clone())
        .get_stream_no_info(&stream)
        .await
        .expect("the journal is there");
    let mut written = futures::stream::iter(acknowledged)
        .map(async |one| (one, journal.get_raw_message(one.position).await))
        .buffer_unordered(AT_ONCE);
    while let Some((one, written)) = written.next().await {
        let written = written.unwrap_or_else(|why| panic!("missing: {one:?}: {why}"));
        let commit = chassis::commit::Commit::decode(&written.payload).expect("a commit");
        let command = commit.metadata.command_id.to_string();
        for aggregate in &one.aggregates {
            let done = histories[aggregate].iter().any(|c| c.command_id == command);
            assert!(done, "acknowledged but missing on {aggregate}: {one:?}");
        }
    }
    histories
}

async fn histories(
    acknowledged: &[Acknowledged],
    replica: &Replica,
) -> HashMap<String, Vec<Commit>> {
    let aggregates: BTreeSet<&String> = acknowledged.iter().flat_map(|a| &a.aggregates).collect();
    futures::stream::iter(aggregates)
        .map(async |aggregate| (aggregate.clone(), history(replica, aggregate).await))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

/// All commits of one aggregate, oldest first.
///
/// # Panics
/// If the replica does not tell.
pub async fn history(replica: &Replica, aggregate: &str) -> Vec<Commit> {
    let mut commits: Vec<Commit> = Vec::new();
    loop {
        let request = ListCommitsRequest {
            aggregate: aggregate.to_owned(),
            page_size: PAGE,
            after_position: commits.last().map_or(0, |commit| commit.position),
        };
        let page = eventually("a history is told", || async {
            match replica.operations().list_commits(request.clone()).await {
                Ok(page) => Some(page.into_inner()),
                // The stream may be without a leader just now, who alone knows where a history ends.
                Err(status) if status::retry_after(&status).is_some() => None,
                Err(status) => panic!("{aggregate}: {}", status::describe(&status)),
            }
        })
        .await;
        commits.extend(page.commits);
        if !page.more {
            return commits;
        }
    }
}

/// The journal as it lies on the bus, read past the service: every subject a whole chain, every command once on it, and what
/// answers a request done once altogether.
///
/// # Panics
/// If not.
pub async fn journal_is_whole(replica: &Replica, bus: &async_nats::Client) {
    let mut last: HashMap<String, [u8; 16]> = HashMap::new();
    let mut commands = HashSet::new();
    let mut commits = HashSet::new();
    let mut transactions: HashMap<Uuid, BTreeSet<u64>> = HashMap::new();
    let mut requests = HashSet::new();
    for message in bus::stream(bus, &replica.service().stream(), ">").await {
        let subject = message.subject.to_string();
        let commit = bus::commit(&message);
        let previous = last.entry(subject.clone()).or_default();
        assert_eq!(
            commit.metadata.previous, *previous,
            "{subject}: the chain is whole"
        );
        *previous = chassis::commit::hash(&message.payload);
        assert!(
            commits.insert(commit.metadata.commit_id),
            "{subject}: a commit twice"
        );
        assert!(
            commands.insert((subject.clone(), commit.metadata.command_id)),
            "{subject}: a command twice"
        );
        let command = commit.metadata.command_id;
        let ends = transactions.entry(command).or_default();
        ends.insert(bus::transaction(&message));
        // The last commit of a transaction alone carries what it answers. What nobody repeats, as timers' commands, carries
        // nothing: it may come again.
        if commit.metadata.request.is_some() {
            requests.insert(command);
        }
    }
    for command in requests {
        let ends = &transactions[&command];
        assert_eq!(
            ends.len(),
            1,
            "{command} was done in the transactions that end at {ends:?}"
        );
    }
}

/// The state of a replica's projection.
///
/// # Panics
/// If it does not tell.
pub async fn projection(replica: &Replica) -> Projection {
    replica
        .operations()
        .get_projection(GetProjectionRequest {})
        .await
        .unwrap_or_else(|status| panic!("no projection: {}", status::describe(&status)))
        .into_inner()
}

/// The digest on which all these replicas agree at one position. Timers may still be at work: asks again until nobody
/// has passed the position.
///
/// # Panics
/// If they differ, a chain is broken, or they do not come to rest within [`PATIENCE`].
pub async fn agree(replicas: &[&Replica]) -> Digest {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut position = 0;
        for replica in replicas {
            let projection = projection(replica).await;
            assert_eq!(projection.phase(), Phase::Live, "{projection:?}");
            assert_eq!(projection.broken_chains, 0, "{projection:?}");
            position = position.max(projection.head_position);
        }
        let asked = replicas.iter().map(async |replica| {
            let request = DigestProjectionRequest { position };
            replica.operations().digest_projection(request).await
        });
        let mut digests = BTreeMap::new();
        let mut passed = false;
        for (answer, replica) in futures::future::join_all(asked)
            .await
            .into_iter()
            .zip(replicas)
        {
            match answer {
                Ok(digest) => {
                    digests.insert(replica.grpc_address(), digest.into_inner());
                }
                Err(status) if status.code() == Code::FailedPrecondition => passed = true,
                Err(status) => panic!("no digest: {}", status::describe(&status)),
            }
        }
        if passed {
            assert!(
                Instant::now() < deadline,
                "the replicas do not come to rest"
            );
            tokio::time::sleep(GLANCE).await;
            continue;
        }
        let mut all = digests.values().cloned();
        let first = all.next().expect("at least one replica");
        assert!(
            all.all(|digest| digest == first),
            "replicas differ: {digests:#?}"
        );
        assert!(
            first.rows > 0 || position == 0,
            "a digest of nothing proves nothing"
        );
        return first;
    }
}
