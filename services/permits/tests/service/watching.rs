//! Watching permits, and what other agencies receive.

use crate::city::{Account, City};
use crate::samples::{create, works};
use crate::stories::accepted;
use futures::StreamExt;
use traffic_proto::permits::v1 as proto;

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_shows_every_change_once_and_resumes_where_it_broke_off() {
    let city = City::start().await;
    let (one, two) = (city.replica().await, city.replica().await);
    let mut applicant = city.client(&one, Account::Applicant).await;
    let mut reviewer = city.client(&one, Account::Reviewer).await;
    let mut agency = city.client(&two, Account::Agency).await;
    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;

    let watch = |after: u64| proto::WatchPermitsRequest {
        after_position: Some(after),
        kind: proto::PermitKind::RoadOccupation.into(),
        district: "371702".into(),
    };
    let mut stream = agency.watch_permits(watch(0)).await.unwrap().into_inner();
    let first = next_event(&mut stream).await;
    assert_eq!(
        (first.1.r#type.as_str(), first.1.permit.as_str()),
        ("permit_submitted", name.as_str())
    );
    drop(stream);

    // Resumed after the first; goes on while new things happen.
    let mut stream = agency
        .watch_permits(watch(first.0))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(next_event(&mut stream).await.1.r#type, "permit_accepted");
    let approve = proto::ApprovePermitRequest {
        name: name.clone(),
        ..Default::default()
    };
    reviewer.approve_permit(approve).await.unwrap();
    let approved = next_event(&mut stream).await;
    assert_eq!(approved.1.r#type, "permit_approved");
    assert_eq!(approved.1.actor, "officer:A1");
    assert!(approved.0 > first.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_leaves_out_what_is_not_asked_for() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut agency = city.client(&replica, Account::Agency).await;
    applicant
        .create_permit(create(works("Sample Road")))
        .await
        .unwrap();
    let mut elsewhere = works("Other Road");
    elsewhere.district = "371721".into();
    let other = applicant
        .create_permit(create(elsewhere))
        .await
        .unwrap()
        .into_inner()
        .name;
    let watch = proto::WatchPermitsRequest {
        after_position: Some(0),
        kind: 0,
        district: "371721".into(),
    };
    let mut stream = agency.watch_permits(watch).await.unwrap().into_inner();
    assert_eq!(next_event(&mut stream).await.1.permit, other);
}

async fn next_event(
    stream: &mut tonic::Streaming<proto::WatchPermitsResponse>,
) -> (u64, proto::PermitEvent) {
    loop {
        let change = stream.next().await.unwrap().unwrap();
        if let Some(event) = change.event {
            return (change.position, event);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agencies_receive_an_approved_occupation_as_a_cloud_event() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;
    let approve = proto::ApprovePermitRequest {
        name: name.clone(),
        ..Default::default()
    };
    reviewer.approve_permit(approve).await.unwrap();

    let jetstream = city.bus.jetstream().await;
    let events = jetstream.get_stream("EVENTS").await.unwrap();
    let config = async_nats::jetstream::consumer::pull::OrderedConfig {
        filter_subject: "events.permits.>".into(),
        ..Default::default()
    };
    let mut events = events
        .create_consumer(config)
        .await
        .unwrap()
        .messages()
        .await
        .unwrap();
    let mut subjects = Vec::new();
    let approved = loop {
        let message = events.next().await.unwrap().unwrap();
        subjects.push(message.subject.to_string());
        if message.subject.contains("approved") {
            break message;
        }
    };
    assert_eq!(
        subjects,
        [
            "events.permits.permit_submitted.371702",
            "events.permits.permit_accepted.371702",
            "events.permits.road_occupation_approved.371702"
        ]
    );
    let event = chassis::published::ReceivedEvent::parse(
        approved.headers.as_ref(),
        approved.payload.clone(),
    )
    .unwrap();
    assert!(event.is::<proto::RoadOccupationApproved>());
    assert_eq!(event.subject, name);
    let published: proto::RoadOccupationApproved = event.decode().unwrap();
    let asked = crate::samples::occupation("Sample Road");
    assert_eq!(
        (published.stretch, published.time),
        (asked.stretch, asked.time)
    );
    assert_eq!(published.grant_version, 1);
}
