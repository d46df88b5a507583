//! E-bikes in bulk: a result for each row, once each, whatever is sent again, broken off or sent to another replica.

use crate::world::{City, Line, Replica, ebike, request_id};
use std::collections::{BTreeMap, BTreeSet};
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::ImportEbikesOutcome as Outcome;
use traffic_proto::registration::v1::ebike_service_client::EbikeServiceClient;

fn row(number: u32, ebike: proto::Ebike) -> proto::ImportEbikesRequest {
    proto::ImportEbikesRequest {
        row: i64::from(number),
        ebike: Some(ebike),
        request_id: request_id(u128::from(number)),
    }
}

/// Sends rows and reads all results.
async fn send(
    client: &mut EbikeServiceClient<Line>,
    rows: Vec<proto::ImportEbikesRequest>,
) -> BTreeMap<i64, proto::ImportEbikesResponse> {
    let stream = client.import_ebikes(futures::stream::iter(rows)).await;
    let mut stream = stream.unwrap().into_inner();
    let mut results = BTreeMap::new();
    while let Some(result) = stream.message().await.unwrap() {
        let before = results.insert(result.row, result);
        assert!(before.is_none(), "a result for each row");
    }
    results
}

fn count(results: &BTreeMap<i64, proto::ImportEbikesResponse>, outcome: Outcome) -> usize {
    results
        .values()
        .filter(|result| result.outcome() == outcome)
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn good_rows_are_taken_bad_ones_named_and_a_repetition_changes_nothing() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut client = city.ebikes(&replica).await;
    let mut rows: Vec<_> = (0..1_000).map(|n| row(n, ebike(n, n % 700))).collect();
    // No check character; not conforming; a frame number of somebody else; a station that is none.
    if let Some(proto::party::Kind::Person(person)) = &mut rows[10]
        .ebike
        .as_mut()
        .unwrap()
        .owner
        .as_mut()
        .unwrap()
        .kind
    {
        person.identity_number.replace_range(17.., "?");
    }
    rows[20].ebike.as_mut().unwrap().certificate = None;
    rows[30] = row(30, ebike(0, 650));
    rows[40].ebike.as_mut().unwrap().station = "stations/nowhere".into();
    let first = send(&mut client, rows.clone()).await;
    assert_eq!(first.len(), 1_000);
    assert_eq!(count(&first, Outcome::Registered), 996);
    let problem = |row: i64| {
        let result = &first[&row];
        assert_eq!(result.outcome(), Outcome::Refused);
        let problem = &result.problems[0];
        (
            problem.field.as_str(),
            problem.reason.as_str(),
            problem.legal_basis.as_str(),
        )
    };
    assert_eq!(
        problem(10),
        ("ebike.owner.person.identity_number", "INVALID_FIELDS", "")
    );
    assert_eq!(
        problem(20),
        (
            "",
            "NOT_CONFORMING",
            "Shandong Road Traffic Measures art. 25"
        )
    );
    assert_eq!(
        problem(30),
        (
            "",
            "FRAME_NUMBER_TAKEN",
            "Shandong Road Traffic Measures art. 27"
        )
    );
    assert_eq!(
        problem(40),
        ("ebike.station", "STATION_NOT_FOUND", "Order 164 art. 69")
    );
    let plates: BTreeSet<_> = first.values().map(|result| &result.plate).collect();
    assert_eq!(
        plates.len(),
        997,
        "a plate each, and none for those refused"
    );

    let again = send(&mut client, rows.clone()).await;
    assert_eq!(count(&again, Outcome::Unchanged), 996);
    assert_eq!(plates_of(&again), plates_of(&first));
    for row in [10, 20, 30, 40] {
        assert_eq!(again[&row], first[&row]);
    }
    // Under other request ids the e-bikes stand as they are applied for.
    for row in &mut rows {
        row.request_id.clear();
    }
    let renamed = send(&mut client, rows).await;
    assert_eq!(count(&renamed, Outcome::Unchanged), 996);
    assert_eq!(plates_of(&renamed), plates_of(&first));
}

fn plates_of(results: &BTreeMap<i64, proto::ImportEbikesResponse>) -> Vec<&str> {
    results.values().map(|result| &*result.plate).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_rows_on_one_frame_number_the_first_one_wins_however_many_there_are() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut client = city.ebikes(&replica).await;
    // Ten owners want each of a hundred e-bikes.
    let rows = (0..1_000)
        .map(|n| row(n, ebike(n % 100, n / 100)))
        .collect();
    let results = send(&mut client, rows).await;
    for (row, result) in results {
        let expected = if row < 100 {
            Outcome::Registered
        } else {
            Outcome::Refused
        };
        assert_eq!(result.outcome(), expected, "row {row}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_given_the_same_rows_at_once_register_each_once() {
    let city = City::start().await;
    let (one, other) = (city.replica().await, city.replica().await);
    let (mut left, mut right) = (city.ebikes(&one).await, city.ebikes(&other).await);
    let rows = || (0..600).map(|n| row(n, ebike(n, n))).collect::<Vec<_>>();
    let mut backwards = rows();
    backwards.reverse();
    let (left, right) = tokio::join!(send(&mut left, rows()), send(&mut right, backwards));
    assert_eq!(plates_of(&left), plates_of(&right));
    let registered = count(&left, Outcome::Registered) + count(&right, Outcome::Registered);
    assert_eq!(registered, 600, "each by one of the two");
    let plates: BTreeSet<_> = left.values().map(|result| &result.plate).collect();
    assert_eq!(plates.len(), 600);
    one.caught_up().await;
    other.caught_up().await;
    assert_eq!(digest(&one).await, digest(&other).await);
}

async fn digest(replica: &Replica) -> String {
    let digest = replica.service.core.projection.digest(None).await;
    format!("{:?}", digest.unwrap().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_and_comes_back_finds_everything_once() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut client = city.ebikes(&replica).await;
    let rows = || (0..2_000).map(|n| row(n, ebike(n, n)));
    for given_up_after in [1, 50, 300] {
        let stream = client.import_ebikes(futures::stream::iter(rows())).await;
        let mut stream = stream.unwrap().into_inner();
        for _ in 0..given_up_after {
            stream.message().await.unwrap();
        }
    }
    let results = send(&mut client, rows().collect()).await;
    assert_eq!(count(&results, Outcome::Refused), 0);
    let plates: BTreeSet<_> = results.values().map(|result| &result.plate).collect();
    assert_eq!(plates.len(), 2_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_goes_away_in_the_middle_costs_time_and_no_row() {
    let mut city = City::start().await;
    let replica = city.replica().await;
    let mut client = city.ebikes(&replica).await;
    let rows = (0..3_000).map(|n| row(n, ebike(n, n)));
    let stream = client.import_ebikes(futures::stream::iter(rows)).await;
    let mut stream = stream.unwrap().into_inner();
    let mut results = BTreeMap::new();
    while let Some(result) = stream.message().await.unwrap() {
        results.insert(result.row, result);
        if results.len() == 500 {
            city.bus.server.restart().await.unwrap();
        }
    }
    assert_eq!(count(&results, Outcome::Registered), 3_000);
    let plates: BTreeSet<_> = results.values().map(|result| &result.plate).collect();
    assert_eq!(plates.len(), 3_000);
}
