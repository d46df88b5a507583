//! `projection verify`: replicas must have equal rows at the same position, and so must a fresh rebuild.
//!
//! Digests can only be compared at the same position, while writes go on. So all are asked for a position a little ahead;
//! whoever has passed it tells where it is, and the next try aims further. When nothing is written the position ahead
//! never comes, and the next try aims at the present one.

use super::Which;
use super::fresh::Fresh;
use super::replica::{Answer, Replica};
use crate::connect::Target;
use crate::failure::Failure;
use crate::output::{self, Format};
use serde::Serialize;
use std::collections::BTreeMap;

/// Tries to find a position that all pass through while asked.
const TRIES: u32 = 8;

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
            let fresh = Fresh::build(target.bus().await?, (replica.service.blueprint)()).await?;
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
            Self::Fresh(fresh) => Ok(fresh.applied()),
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
