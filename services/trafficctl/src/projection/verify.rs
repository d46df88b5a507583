//! `projection verify`: replicas must have equal rows at the same position, and so must a fresh rebuild.
//!
//! Digests can only be compared at the same position, while writes go on. So all are asked for a position a little ahead;
//! whoever has passed it tells where it is, and the next try aims further. When nothing is written the position ahead
//! never comes, and the next try aims at the present one.

use super::Which;
use super::replica::{Answer, Replica};
use crate::connect::Target;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::progress;
use chassis::journal::{JetStreamJournal, Journal, StreamConfig};
use chassis::projection::{Options, Phase, Projection};
use chassis::service::Blueprint;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use traffic_proto::operations::v1::Digest;

/// Tries to find a position that all pass through while asked.
const TRIES: u32 = 8;
/// How long a fresh rebuild is waited for at a position, a little longer than a replica's own deadline.
const WAIT: Duration = Duration::from_secs(12);

#[derive(Debug, Serialize)]
struct Verdict {
    service: &'static str,
    equal: bool,
    position: u64,
    digests: Vec<Taken>,
}

#[derive(Debug, Serialize)]
struct Taken {
    of: String,
    rows: u64,
    hash: String,
}

pub(super) async fn run(target: &Target, format: Format, which: &Which) -> Result<(), Failure> {
    let mut services: BTreeMap<&'static str, Vec<Side>> = BTreeMap::new();
    for replica in Replica::all(target, which).await? {
        let sides = services.entry(replica.service.name).or_default();
        sides.push(Side::Replica(replica));
    }
    let mut different = Vec::new();
    for (service, mut sides) in services {
        if let [Side::Replica(replica)] = sides.as_slice() {
            let fresh = Fresh::build(target, (replica.service.blueprint)()).await?;
            sides.push(Side::Fresh(fresh));
        }
        let verdict = compare(service, &sides).await?;
        format.print(&verdict, text)?;
        for side in sides {
            side.end().await;
        }
        if !verdict.equal {
            different.push(describe(&verdict));
        }
    }
    if different.is_empty() {
        Ok(())
    } else {
        Err(Failure::failed(different.join("; ")))
    }
}

async fn compare(service: &'static str, sides: &[Side]) -> Result<Verdict, Failure> {
    let mut ahead = 0;
    let mut floor = 0;
    for attempt in 0..TRIES {
        for side in sides {
            floor = floor.max(side.position().await?);
        }
        let position = floor + ahead;
        let answers =
            futures::future::try_join_all(sides.iter().map(|side| side.digest(position))).await?;
        let mut digests = Vec::new();
        let mut not_reached = false;
        for (side, answer) in sides.iter().zip(answers) {
            match answer {
                Answer::At(digest) => digests.push(Taken {
                    of: side.label(),
                    rows: digest.rows,
                    hash: digest.hash,
                }),
                Answer::Passed(at) => floor = floor.max(at),
                Answer::NotReached => not_reached = true,
            }
        }
        if digests.len() == sides.len() {
            let equal = digests
                .windows(2)
                .all(|pair| (pair[0].rows, &pair[0].hash) == (pair[1].rows, &pair[1].hash));
            return Ok(Verdict {
                service,
                equal,
                position,
                digests,
            });
        }
        ahead = if not_reached { 0 } else { 16 << attempt };
    }
    Err(Failure::failed(format!(
        "{service}: no position found at which all could be compared; try again when less is written"
    )))
}

fn text(verdict: &Verdict) -> String {
    let mut table = output::table(["service", "of", "position", "rows", "digest"]);
    for taken in &verdict.digests {
        table.add_row([
            verdict.service.to_owned(),
            taken.of.clone(),
            verdict.position.to_string(),
            taken.rows.to_string(),
            taken.hash.clone(),
        ]);
    }
    let outcome = if verdict.equal { "equal" } else { "DIFFERENT" };
    format!("{table}\n{}: {outcome}", verdict.service)
}

fn describe(verdict: &Verdict) -> String {
    let sides: Vec<String> = verdict
        .digests
        .iter()
        .map(|taken| {
            format!(
                "{} has {} rows, digest {}",
                taken.of, taken.rows, taken.hash
            )
        })
        .collect();
    format!(
        "{} differs at position {}: {}",
        verdict.service,
        verdict.position,
        sides.join(", ")
    )
}

/// One of those that are compared.
enum Side {
    Replica(Replica),
    Fresh(Fresh),
}

impl Side {
    fn label(&self) -> String {
        match self {
            Self::Replica(replica) => replica.label(),
            Self::Fresh(_) => "a fresh rebuild".to_owned(),
        }
    }

    /// A position that it has come to.
    async fn position(&self) -> Result<u64, Failure> {
        match self {
            Self::Replica(replica) => Ok(replica.state().await?.applied_position),
            Self::Fresh(fresh) => Ok(fresh.projection.applied()),
        }
    }

    async fn digest(&self, position: u64) -> Result<Answer, Failure> {
        match self {
            Self::Replica(replica) => replica.digest(position).await,
            Self::Fresh(fresh) => fresh.digest(position).await,
        }
    }

    async fn end(self) {
        if let Self::Fresh(fresh) = self {
            fresh.end().await;
        }
    }
}

/// A projection made anew from the journal, in this process and a folder of its own.
struct Fresh {
    projection: Projection,
    projecting: tokio::task::JoinHandle<()>,
    _folder: TempDir,
}

impl Fresh {
    async fn build(target: &Target, blueprint: Blueprint) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let service = blueprint.service;
        let client = target.bus().await?;
        let stream = StreamConfig::new(&service.to_uppercase(), service);
        let name = service.to_uppercase();
        let existing = async_nats::jetstream::new(client.clone())
            .get_stream(&name)
            .await
            .map_err(|error| Failure::failed(format!("no stream {name} on the bus: {error}")))?;
        let stream = StreamConfig {
            replicas: existing.cached_info().config.num_replicas,
            ..stream
        };
        let journal = JetStreamJournal::open(client, stream)
            .await
            .map_err(Failure::failed)?;
        let journal: Arc<dyn Journal> = Arc::new(journal);
        let head = journal.extent().await.map_err(Failure::failed)?.last;
        let (projection, projecting) = Projection::start(
            blueprint.projection,
            journal,
            Options::in_folder(folder.path()),
        )?;
        let fresh = Self {
            projection,
            projecting,
            _folder: folder,
        };
        fresh.caught_up(head).await?;
        Ok(fresh)
    }

    /// Waits until everything up to the head is replayed.
    async fn caught_up(&self, head: u64) -> Result<(), Failure> {
        let bar = progress::bar(head, "rebuilding");
        let mut phases = self.projection.watch_phase();
        let mut applied = self.projection.watch_applied();
        loop {
            match self.projection.phase() {
                Phase::Live => break,
                Phase::Halted(why) => {
                    return Err(Failure::failed(format!("the rebuild halted: {why}")));
                }
                Phase::Opening | Phase::CatchingUp { .. } => {}
            }
            bar.set_position(self.projection.applied());
            tokio::select! {
                _ = phases.changed() => {}
                _ = applied.changed() => {}
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    async fn digest(&self, position: u64) -> Result<Answer, Failure> {
        let at = (position > 0).then_some(position);
        let Ok(answer) = tokio::time::timeout(WAIT, self.projection.digest(at)).await else {
            return Ok(Answer::NotReached);
        };
        Ok(match answer.map_err(Failure::failed)? {
            Ok(digest) => Answer::At(Digest {
                position: digest.position,
                rows: digest.rows,
                hash: format!("{:032x}", digest.hash),
            }),
            Err(passed) => Answer::Passed(passed.0),
        })
    }

    async fn end(self) {
        self.projection.stop();
        // Its folder goes after it.
        let _ = self.projecting.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(other: &str) -> Verdict {
        let digests = [("permits at 127.0.0.1:1", "aa"), ("a fresh rebuild", other)];
        Verdict {
            service: "permits",
            equal: other == "aa",
            position: 7,
            digests: digests
                .map(|(of, hash)| Taken {
                    of: of.into(),
                    rows: 3,
                    hash: hash.into(),
                })
                .into(),
        }
    }

    #[test]
    fn a_difference_is_named_with_both_sides() {
        insta::assert_snapshot!(describe(&verdict("bb")), @"permits differs at position 7: permits at 127.0.0.1:1 has 3 rows, digest aa, a fresh rebuild has 3 rows, digest bb");
        assert!(text(&verdict("bb")).ends_with("permits: DIFFERENT"));
        assert!(text(&verdict("aa")).ends_with("permits: equal"));
    }
}
