//! A day of parking, from the tariff to the money, and two replicas that tell the same story.

use crate::world::{World, at, bay, patiently, plate_seen, point, reading, stamp};
use futures::StreamExt;
use tonic::{Code, Request};
use tonic_types::StatusExt;
use traffic_proto::parking::v1 as proto;
use traffic_proto::parking::v1::ReadingKind::{Arrived, Left};
use uuid::Uuid;

fn payment(session: &str, reference: &str, amount_fen: i64) -> proto::RecordPaymentRequest {
    proto::RecordPaymentRequest {
        session: session.into(),
        payment: Some(proto::Transfer {
            provider: "sample-pay".into(),
            reference: reference.into(),
            amount_fen,
            transfer_time: stamp(at("10:30:00")),
        }),
        ..Default::default()
    }
}

fn by_plate(plate: &str) -> proto::ListSessionsRequest {
    proto::ListSessionsRequest {
        plate: plate.into(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_is_seen_priced_paid_and_told() {
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 4).await;
    let watching = proto::WatchAvailabilityRequest {
        after_position: Some(0),
        ..Default::default()
    };
    let mut watch = replica
        .availability
        .watch_availability(watching)
        .await
        .expect("watching")
        .into_inner();

    world.clock.set(at("10:00:00"));
    let rows = vec![
        reading("b1", 1, "09:00:00", Arrived),
        plate_seen("b1", 1, "09:01:00", "鲁R12345"),
        reading("b1", 2, "10:00:00", Left),
        reading("b2", 3, "09:30:00", Arrived),
        reading("b1", 1, "09:00:00", Arrived),
        reading("b9", 4, "09:30:00", Arrived),
    ];
    let summary = world.ingest(&mut replica, rows).await;
    assert_eq!(
        (
            summary.row_count,
            summary.accepted_count,
            summary.repeated_count
        ),
        (6, 4, 1),
        "{summary:?}"
    );
    assert_eq!(summary.problems.len(), 1);
    assert_eq!(
        (summary.problems[0].row, summary.problems[0].reason.as_str()),
        (5, "BAY_NOT_FOUND")
    );

    replica
        .service
        .core
        .projection
        .reached(summary.position)
        .await;
    let listed = replica
        .sessions
        .list_sessions(world.officer(by_plate("鲁R·12345")))
        .await
        .expect("listed");
    let session = listed.into_inner().sessions.remove(0);
    assert_eq!(session.outstanding_fen, 450);
    assert_eq!(session.state(), proto::SessionState::Payable);
    assert_eq!(session.charge.as_ref().expect("priced").lines.len(), 1);

    world.clock.set(at("10:31:00"));
    let paid = replica
        .sessions
        .record_payment(world.officer(payment(&session.name, "r1", 450)))
        .await
        .expect("paid");
    assert_eq!(paid.get_ref().state(), proto::SessionState::Settled);
    let again = replica
        .sessions
        .record_payment(world.officer(payment(&session.name, "r1", 450)))
        .await
        .expect("known");
    assert_eq!(again.get_ref().payments.len(), 1);
    let other = replica
        .sessions
        .record_payment(world.officer(payment(&session.name, "r1", 449)))
        .await
        .unwrap_err();
    assert_eq!(other.code(), Code::AlreadyExists);

    let history = proto::ListSessionHistoryRequest {
        parent: session.name.clone(),
        ..Default::default()
    };
    let history = replica
        .sessions
        .list_session_history(world.officer(history))
        .await
        .expect("history")
        .into_inner();
    let kinds: Vec<&str> = history
        .events
        .iter()
        .map(|event| event.r#type.as_str())
        .collect();
    assert_eq!(
        kinds,
        [
            "session_started",
            "vehicle_identified",
            "session_ended",
            "session_charged",
            "payment_received"
        ]
    );

    let zone = proto::GetZoneAvailabilityRequest {
        zone: "zones/z".into(),
    };
    let room = replica
        .availability
        .get_zone_availability(zone)
        .await
        .expect("room")
        .into_inner();
    assert_eq!(
        (room.bay_count, room.free_count, room.taken_count),
        (4, 3, 1)
    );
    let change = patiently(watch.next())
        .await
        .expect("no end")
        .expect("a change");
    assert_eq!(
        change.change.expect("a change").bay,
        "bays/b2",
        "b1 came and went within one command"
    );

    let hours = proto::ListOccupancyRequest {
        zone: "zones/z".into(),
        ..Default::default()
    };
    let hours = replica
        .availability
        .list_occupancy(hours)
        .await
        .expect("hours")
        .into_inner()
        .hours;
    let nine = hours
        .iter()
        .find(|hour| hour.hour_time == stamp(at("09:00:00")))
        .expect("nine o'clock");
    assert_eq!(
        (nine.arrival_count, nine.departure_count, nine.taken_seconds),
        (2, 0, 3_600)
    );
    assert!((nine.occupancy - 0.25).abs() < 1e-9);

    let near = proto::FindFreeBaysRequest {
        near: Some(point(7.0, 5.0)),
        radius_metres: 8,
        ..Default::default()
    };
    let near = replica
        .availability
        .find_free_bays(near)
        .await
        .expect("found")
        .into_inner()
        .bays;
    let names: Vec<_> = near
        .iter()
        .map(|near| near.bay.as_ref().expect("a bay").name.as_str())
        .collect();
    assert_eq!(names, ["bays/b1", "bays/b0"], "b2 is taken, b3 too far");

    let (status, body) = replica.get("/availability?zone=z").await;
    let feed: serde_json::Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(status, 200);
    assert_eq!(feed["data"]["zones"][0]["available_spaces"], 3);
    assert_eq!(feed["data"]["spaces"][2]["status"], "taken");
    assert_eq!(replica.get("/availability?zone=none").await.0, 404);
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_goes_on_where_it_was_cut() {
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 2).await;
    world.clock.set(at("10:00:00"));
    let mut seen = Vec::new();
    let mut after = 0;
    for (sequence, kind) in [(1, Arrived), (2, Left), (3, Arrived)] {
        let clock = format!("09:0{sequence}:00");
        world
            .ingest(&mut replica, vec![reading("b0", sequence, &clock, kind)])
            .await;
        // Cut and resumed after every change.
        let request = proto::WatchAvailabilityRequest {
            after_position: Some(after),
            zone: "zones/z".into(),
            ..Default::default()
        };
        let mut watch = replica
            .availability
            .watch_availability(request)
            .await
            .expect("watching")
            .into_inner();
        let next = patiently(watch.next())
            .await
            .expect("no end")
            .expect("a change");
        assert!(next.position > after);
        after = next.position;
        seen.push(next.change.expect("a change").availability());
    }
    use proto::Availability::{Free, Taken};
    assert_eq!(seen, [Taken, Free, Taken]);
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_replica_wrote_the_other_reads_at_that_position() {
    let world = World::new().await;
    let mut one = world.replica().await;
    let mut two = world.replica().await;
    world.street(&mut one, 1).await;
    for round in 0..10_u32 {
        let mut changed = bay(0, 5.0);
        changed.name = "bays/b0".into();
        changed.label = format!("label {round}");
        let update = proto::UpdateBayRequest {
            bay: Some(changed),
            ..Default::default()
        };
        let written = one
            .manage
            .update_bay(world.officer(update))
            .await
            .expect("updated");
        let position = written
            .metadata()
            .get("traffic-position")
            .expect("a position")
            .clone();
        let mut read = Request::new(proto::GetBayRequest {
            name: "bays/b0".into(),
        });
        read.metadata_mut().insert("traffic-min-position", position);
        let read = two.manage.get_bay(read).await.expect("read").into_inner();
        assert_eq!(read.label, format!("label {round}"));
        assert_eq!(read.etag, written.into_inner().etag);
    }
    one.service.stop().await;
    two.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_payment_sent_many_times_to_two_replicas_counts_once() {
    let world = World::new().await;
    let mut one = world.replica().await;
    let mut two = world.replica().await;
    world.street(&mut one, 1).await;
    world.clock.set(at("10:31:00"));
    let rows = vec![
        reading("b0", 1, "09:00:00", Arrived),
        plate_seen("b0", 1, "09:01:00", "鲁R12345"),
        reading("b0", 2, "10:00:00", Left),
    ];
    let summary = world.ingest(&mut one, rows).await;
    one.service.core.projection.reached(summary.position).await;
    two.service.core.projection.reached(summary.position).await;
    let listed = two
        .sessions
        .list_sessions(world.officer(by_plate("鲁R12345")))
        .await
        .expect("listed");
    let name = listed.into_inner().sessions.remove(0).name;

    let mut request = payment(&name, "r1", 450);
    request.request_id = Uuid::now_v7().to_string();
    let answers = futures::future::join_all((0..50).map(|number| {
        let mut client = if number % 2 == 0 {
            one.sessions.clone()
        } else {
            two.sessions.clone()
        };
        let request = world.officer(request.clone());
        async move { client.record_payment(request).await }
    }))
    .await;
    for answer in answers {
        let answer = answer.expect("answered").into_inner();
        assert_eq!((answer.payments.len(), answer.outstanding_fen), (1, 0));
    }
    request.payment.as_mut().expect("set").amount_fen = 449;
    let reused = one
        .sessions
        .record_payment(world.officer(request))
        .await
        .unwrap_err();
    assert_eq!(reused.code(), Code::InvalidArgument);
    assert_eq!(
        reused
            .get_error_details()
            .error_info()
            .expect("info")
            .reason,
        "REQUEST_ID_REUSED"
    );
    one.service.stop().await;
    two.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unpaid_charge_is_noticed_reminded_twice_and_referred_with_its_plate_and_nothing_else_names_it()
 {
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 1).await;
    world.clock.set(at("10:00:00"));
    let rows = vec![
        reading("b0", 1, "09:00:00", Arrived),
        plate_seen("b0", 1, "09:01:00", "鲁R12345"),
        reading("b0", 2, "10:00:00", Left),
    ];
    world.ingest(&mut replica, rows).await;
    let steps = [
        ("2026-03-18T00:00:00+08:00", proto::CollectionState::Noticed),
        (
            "2026-04-02T00:00:00+08:00",
            proto::CollectionState::RemindedOnce,
        ),
        (
            "2026-04-18T00:00:00+08:00",
            proto::CollectionState::RemindedTwice,
        ),
        (
            "2026-05-04T00:00:00+08:00",
            proto::CollectionState::Referred,
        ),
    ];
    for (now, expected) in steps {
        world.clock.set(now.parse().expect("a time"));
        let client = &replica.sessions;
        replica
            .until(|| async {
                let listed = client
                    .clone()
                    .list_sessions(world.officer(by_plate("鲁R12345")))
                    .await
                    .expect("listed");
                let session = listed.get_ref().sessions.first()?;
                (session.collection() == expected).then_some(())
            })
            .await;
    }
    let events = world.published_until(".ArrearsReferred").await;
    let (last, before) = events.split_last().expect("events");
    assert_eq!(last.1["plate"], "鲁R12345");
    assert_eq!(last.1["outstandingFen"], "450");
    assert_eq!(
        last.1["legalBasis"],
        "Beijing Motor Vehicle Parking Regulations art. 41(2)"
    );
    for (kind, data) in before {
        assert!(!data.to_string().contains("12345"), "{kind}: {data}");
    }
    replica.service.stop().await;
}
