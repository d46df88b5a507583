//! The year's e-bikes: filed by service stations, each in a stream of its own.

use super::desk::Done;
use super::drive::{Part, Plan};
use super::found::pages;
use super::tally::{Tally, event};
use crate::connect::Connection;
use crate::failure::Failure;
use crate::registration_commands::ebikes;
use crate::registration_commands::samples::Samples;
use prost::Name;
use registration::ebike_file::{self, Line};
use std::time::Instant;
use tokio::task::JoinSet;
use traffic_proto::registration::v1::ebike_service_client::EbikeServiceClient;
use traffic_proto::registration::v1::{EbikeRegistered, ListEbikesRequest};

const EBIKES: &str = "e-bikes registered";

/// Sends all e-bikes, divided among the connections. A row takes as long as it waits for those before it in its stream.
///
/// # Errors
/// A row is refused, or registration does not answer.
pub(super) async fn register(
    stations: Vec<Connection>,
    plan: Plan,
) -> Result<(Part, Tally), Failure> {
    let samples = Samples::new(plan.stories, 0, plan.seed);
    let count = stations.len() as u64;
    let begun = Instant::now();
    let mut streams = JoinSet::new();
    for (station, first) in stations.into_iter().zip(0_u64..) {
        let bar = plan.progress.clone();
        let rows = (first..plan.stories).step_by(count as usize);
        let lines = rows.map(move |row| line(&samples, row));
        streams.spawn(async move {
            let mut done = Done::nothing()?;
            let summary = ebikes::import(station, lines, |_, took| {
                done.answered(1, took);
                bar.inc(1);
            })
            .await?;
            match summary.problems.first() {
                None => Ok::<_, Failure>(done),
                Some(problem) => Err(Failure::failed(problem.sentence())),
            }
        });
    }
    let mut done = Done::nothing()?;
    while let Some(ended) = streams.join_next().await {
        done.merge(&ended.map_err(Failure::failed)??)?;
    }
    let mut sent = Tally::default();
    sent.add(EBIKES, plan.stories);
    sent.add(event(&EbikeRegistered::full_name()), plan.stories);
    plan.progress.finish_and_clear();
    Ok((Part::of(&plan, &done, begun.elapsed()), sent))
}

fn line(samples: &Samples, row: u64) -> Line {
    let values = samples.values(row);
    Line {
        number: row,
        row: ebike_file::row(row, &values.each_ref().map(String::as_str)).map(Box::new),
    }
}

pub(super) async fn count(connection: Connection, found: &mut Tally) -> Result<(), Failure> {
    let client = &EbikeServiceClient::new(connection);
    pages(
        async |page_token| {
            let request = ListEbikesRequest {
                page_size: 1_000,
                page_token,
                ..ListEbikesRequest::default()
            };
            let page = client.clone().list_ebikes(request).await?.into_inner();
            Ok((page.ebikes, page.next_page_token))
        },
        |_| found.add(EBIKES, 1),
    )
    .await
}
