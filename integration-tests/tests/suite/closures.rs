//! A granted road occupation closes exactly the bays that it touches, and frees them when the road reopens.

use integration_tests::replica::eventually;
use integration_tests::workloads::permits::Stretch;
use integration_tests::workloads::{parking, permits};
use integration_tests::{Replica, Service, Suite, audit};
use std::collections::BTreeSet;
use traffic_proto::parking::v1::{Availability, GetBayRequest, ListBaysRequest};
use traffic_proto::permits::v1::RoadSide;

/// Bays along the north (`n`) and the south (`s`) kerb of a road that leads east, 30 m apart.
fn street() -> Vec<(String, traffic_proto::parking::v1::Bay)> {
    let bays = (0..8).flat_map(|number| {
        let east = f64::from(number) * 30.0;
        let north = (format!("n{number}"), parking::bay(east, 5.0));
        let south = (format!("s{number}"), parking::bay(east, -5.0));
        [north, south]
    });
    bays.collect()
}

/// From halfway between two bays to halfway between two others.
fn between(first: u32, last: u32, side: RoadSide) -> Stretch {
    Stretch {
        from: (f64::from(first) * 30.0 - 15.0, 0.0),
        to: (f64::from(last) * 30.0 + 15.0, 0.0),
        side,
        width_cm: 600,
    }
}

/// The bays that a replica of parking says are closed.
async fn closed(replica: &Replica) -> BTreeSet<String> {
    let request = ListBaysRequest {
        page_size: 1_000,
        availability: Availability::Closed.into(),
        ..ListBaysRequest::default()
    };
    let listed = parking::management(replica)
        .list_bays(request)
        .await
        .expect("bays are listed");
    let bays = listed.into_inner().bays.into_iter();
    bays.map(|bay| bay.name.replacen("bays/", "", 1)).collect()
}

async fn until_closed(replicas: &[&Replica], wanted: &[&str]) {
    let wanted: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
    for replica in replicas {
        let what = format!("{wanted:?} closed");
        eventually(&what, || async {
            (closed(replica).await == wanted).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn exactly_the_touched_bays_close_and_reopen_on_every_replica() {
    let suite = Suite::start().await;
    let permit = suite.replica(Service::Permits).await;
    let one = suite.replica(Service::Parking).await;
    let two = suite.replica(Service::Parking).await;
    parking::city(&one, &[parking::ZONE]).await;
    parking::mark(&one, street()).await;
    let replicas = [&one, &two];

    let north = permits::repair("Long Street", between(1, 3, RoadSide::Left));
    let north = permits::grant(&permit, north).await.unwrap();
    until_closed(&replicas, &["n1", "n2", "n3"]).await;
    let named = parking::management(&two)
        .get_bay(GetBayRequest {
            name: "bays/n2".to_owned(),
        })
        .await
        .unwrap();
    assert_eq!(named.into_inner().closed_by, [north.name.clone()]);

    // Another beside it, on the other kerb and further along.
    let south = permits::repair("Short Street", between(3, 5, RoadSide::Right));
    let south = permits::grant(&permit, south).await.unwrap();
    until_closed(&replicas, &["n1", "n2", "n3", "s3", "s4", "s5"]).await;

    let reopened = permits::reopen(&permit, &north.name).await.unwrap();
    let progress = reopened.occupation.unwrap();
    assert!(progress.reopened_at.is_some(), "{progress:?}");
    until_closed(&replicas, &["s3", "s4", "s5"]).await;
    permits::reopen(&permit, &south.name).await.unwrap();
    until_closed(&replicas, &[]).await;
    audit::agree(&replicas).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bay_under_two_occupations_is_free_when_both_have_ended() {
    let suite = Suite::start().await;
    let permit = suite.replica(Service::Permits).await;
    let one = suite.replica(Service::Parking).await;
    parking::city(&one, &[parking::ZONE]).await;
    parking::mark(&one, street()).await;
    let first = permits::repair("Long Street", between(1, 3, RoadSide::Both));
    let first = permits::grant(&permit, first).await.unwrap();
    // Another road that meets it here.
    let second = permits::repair("Crossing Street", between(3, 4, RoadSide::Left));
    let second = permits::grant(&permit, second).await.unwrap();
    until_closed(&[&one], &["n1", "n2", "n3", "n4", "s1", "s2", "s3"]).await;
    permits::reopen(&permit, &first.name).await.unwrap();
    until_closed(&[&one], &["n3", "n4"]).await;
    permits::reopen(&permit, &second.name).await.unwrap();
    until_closed(&[&one], &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_granted_and_reopened_while_parking_was_away_is_made_up_for() {
    let suite = Suite::start().await;
    let permit = suite.replica(Service::Permits).await;
    let mut one = suite.replica(Service::Parking).await;
    parking::city(&one, &[parking::ZONE]).await;
    parking::mark(&one, street()).await;
    one.kill9();
    let ended = permits::repair("Long Street", between(1, 2, RoadSide::Left));
    let ended = permits::grant(&permit, ended).await.unwrap();
    permits::reopen(&permit, &ended.name).await.unwrap();
    let lasting = permits::repair("Long Street", between(5, 6, RoadSide::Left));
    permits::grant(&permit, lasting).await.unwrap();
    one.restart().await;
    until_closed(&[&one], &["n5", "n6"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closures_are_exact_though_parking_is_killed_in_the_middle_of_them() {
    let suite = Suite::start().await;
    let permit = suite.replica(Service::Permits).await;
    let mut one = suite.replica(Service::Parking).await;
    let mut two = suite.replica(Service::Parking).await;
    parking::city(&one, &[parking::ZONE]).await;
    parking::mark(&one, street()).await;
    for round in 0..4 {
        // Events that were handled but not acknowledged come again, to the other replica.
        let works = permits::repair(&format!("Street {round}"), between(1, 6, RoadSide::Left));
        let works = permits::grant(&permit, works).await.unwrap();
        one.kill9();
        one.restart().await;
        until_closed(&[&one, &two], &["n1", "n2", "n3", "n4", "n5", "n6"]).await;
        permits::reopen(&permit, &works.name).await.unwrap();
        two.kill9();
        two.restart().await;
        until_closed(&[&one, &two], &[]).await;
    }
    let fresh = suite.replica(Service::Parking).await;
    audit::agree(&[&one, &two, &fresh]).await;
}
