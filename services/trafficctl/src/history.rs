//! `history RESOURCE`: the recorded commits of one thing, and whether their chain is whole.

use crate::connect::Target;
use crate::failure::Failure;
use crate::output::{self, Format};
use crate::suite::SERVICES;
use chassis::domain::AggregateKey;
use clap::Args;
use traffic_proto::operations::v1::operations_service_client::OperationsServiceClient;
use traffic_proto::operations::v1::{Commit, ListCommitsRequest};

/// Commits asked for at once; the services' own limit.
const PAGE: i32 = 1000;

#[derive(Debug, Args)]
pub(crate) struct HistoryOptions {
    /// permits/ID, bays/ID, violations/ID and so on; with the service before it if it is not clear: parking/zones/ID
    resource: String,
}

pub(crate) async fn run(
    target: &Target,
    format: Format,
    options: &HistoryOptions,
) -> Result<(), Failure> {
    let (service, aggregate) = locate(&options.resource)?;
    let connection = target.service(service).await?;
    let mut client = OperationsServiceClient::new(connection);
    let mut after_position = 0;
    let mut seen = 0_u64;
    let mut broken = Vec::new();
    loop {
        let request = ListCommitsRequest {
            aggregate: aggregate.clone(),
            page_size: PAGE,
            after_position,
        };
        let page = client
            .list_commits(request)
            .await
            .map_err(|status| Failure::of(service, &status))?
            .into_inner();
        for commit in &page.commits {
            seen += 1;
            after_position = commit.position;
            if !commit.chained {
                broken.push(commit.position);
            }
            format.print(commit, text)?;
        }
        if !page.more || page.commits.is_empty() {
            break;
        }
    }
    if seen == 0 {
        return Err(Failure::failed(format!(
            "nothing is recorded about {}",
            options.resource
        )));
    }
    if let Some(first) = broken.first() {
        return Err(Failure::failed(format!(
            "the chain of commits is broken at position {first} ({} places): something was lost or altered",
            broken.len()
        )));
    }
    if !format.is_json() {
        output::line(&format!("{seen} commits, their chain is whole"))?;
    }
    Ok(())
}

fn text(commit: &Commit) -> String {
    let time = commit
        .time
        .as_ref()
        .and_then(|time| jiff::Timestamp::new(time.seconds, time.nanos).ok())
        .map_or_else(String::new, |time| time.to_string());
    let mut text = format!(
        "{}  {time}  {} via {}",
        commit.position, commit.actor, commit.channel
    );
    if !commit.causation_id.is_empty() {
        text += &format!(", because of {}", commit.causation_id);
    }
    if !commit.chained {
        text += "  CHAIN BROKEN HERE";
    }
    for event in &commit.events {
        text += &format!("\n    {} {}", event.r#type, event.data_json);
    }
    text
}

/// The service that holds a resource, and the aggregate's key there.
fn locate(resource: &str) -> Result<(&'static str, String), Failure> {
    let parts: Vec<&str> = resource.split('/').collect();
    let service = |name: &str| {
        SERVICES
            .iter()
            .map(|service| service.name)
            .find(|service| *service == name)
    };
    let found = match parts.as_slice() {
        // A service whose main collection bears its name.
        [collection @ "permits", id] => Some(("permits", *collection, *id)),
        [
            collection @ ("violations" | "licences" | "detentions" | "hazards" | "dockets"),
            id,
        ] => Some(("enforcement", *collection, *id)),
        ["kioskSessions", id] => Some(("registration", "kiosk-sessions", *id)),
        [collection @ ("ebikes" | "stations" | "orders"), id] => {
            Some(("registration", *collection, *id))
        }
        // Everything else that has a short name is parking's.
        [
            collection @ ("zones" | "bays" | "tariffs" | "sessions" | "waivers"),
            id,
        ] => Some(("parking", *collection, *id)),
        [name, collection, id] => service(name).map(|name| (name, *collection, *id)),
        _ => None,
    };
    match found {
        Some((service, collection, id)) if AggregateKey::is_valid_id(id) => {
            let kind = collection.strip_suffix('s').unwrap_or(collection);
            Ok((service, format!("{kind}/{id}")))
        }
        _ => Err(Failure::usage(format!(
            "`{resource}` is no resource; want permits/ID, bays/ID, violations/ID, or SERVICE/COLLECTION/ID"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use traffic_proto::operations::v1::Event;

    #[test]
    fn a_resource_names_its_service_and_aggregate() {
        for (resource, service, aggregate) in [
            ("permits/p1", "permits", "permit/p1"),
            ("bays/8729", "parking", "bay/8729"),
            ("parking/sessions/s1", "parking", "session/s1"),
            ("violations/v1", "enforcement", "violation/v1"),
            ("permits/road-calendar/r", "permits", "road-calendar/r"),
            (
                "ebikes/119901800123456",
                "registration",
                "ebike/119901800123456",
            ),
            ("kioskSessions/k1", "registration", "kiosk-session/k1"),
        ] {
            assert_eq!(
                locate(resource).unwrap(),
                (service, aggregate.to_owned()),
                "{resource}"
            );
        }
        for bad in ["", "permits", "permits/", "x/y/z", "permits/a.b", "bays/>"] {
            assert_eq!(locate(bad).unwrap_err().exit_code(), 64, "{bad}");
        }
    }

    #[test]
    fn a_commit_is_shown_with_who_when_why_and_what() {
        let commit = Commit {
            position: 12,
            time: Some(chassis::operations::timestamp(
                "2026-03-02T09:00:00Z".parse().unwrap(),
            )),
            actor: "system:timer".into(),
            channel: "timer".into(),
            causation_id: "permit/p1@2026-03-02T09:00:00Z".into(),
            events: vec![Event {
                r#type: "Expired".into(),
                data_json: "{}".into(),
            }],
            chained: false,
            ..Commit::default()
        };
        insta::assert_snapshot!(text(&commit), @r"
        12  2026-03-02T09:00:00Z  system:timer via timer, because of permit/p1@2026-03-02T09:00:00Z  CHAIN BROKEN HERE
            Expired {}
        ");
    }
}
