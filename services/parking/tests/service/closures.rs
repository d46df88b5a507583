//! Road occupations published by permits close and free bays: in both orders, repeated, on two replicas.

use crate::world::{Replica, World, at, bay, point, stamp};
use futures::StreamExt;
use traffic_proto::parking::v1 as proto;
use traffic_proto::permits::v1 as permits;

const BAYS: usize = 30;

fn reference() -> Option<permits::PermitRef> {
    reference_of("permits/p1")
}

fn reference_of(permit: &str) -> Option<permits::PermitRef> {
    Some(permits::PermitRef {
        permit: permit.into(),
        kind: permits::PermitKind::RoadOccupation.into(),
        district: "371702".into(),
    })
}

/// Closes the street from metre 30 to metre 90, 6 metres to each side, from eight o'clock on.
fn approved() -> permits::RoadOccupationApproved {
    let at_metre = |east: f64| {
        let point = point(east, 0.0);
        permits::Point {
            longitude: point.longitude,
            latitude: point.latitude,
        }
    };
    permits::RoadOccupationApproved {
        r#ref: reference(),
        stretch: Some(permits::RoadStretch {
            roads: vec!["Sample Street".into()],
            line: Some(permits::Line {
                points: vec![at_metre(30.0), at_metre(90.0)],
            }),
            side: permits::RoadSide::Both.into(),
            width_cm: 600,
            ..Default::default()
        }),
        time: Some(permits::OccupationTime {
            start_time: stamp(at("08:00:00")),
            end_time: stamp(at("20:00:00")),
            daily_hours: None,
        }),
        grant_version: 1,
        ..Default::default()
    }
}

/// The same, from ten to eleven o'clock only.
fn approved_for_an_hour_a_day() -> permits::RoadOccupationApproved {
    let mut approved = approved();
    approved.time.as_mut().expect("set").daily_hours = Some(permits::DailyHours {
        from_minute: 10 * 60,
        until_minute: 11 * 60,
    });
    approved
}

/// Bays stand every 6 metres, 5 metres beside the line: those from metre 30 to 90 are touched, no other within 3 metres.
fn touched() -> Vec<usize> {
    (5..=15).collect()
}

async fn street(world: &World) -> Replica {
    let mut replica = world.replica().await;
    world.street(&mut replica, BAYS).await;
    replica
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_closes_exactly_the_touched_bays_and_the_reopening_frees_them() {
    let world = World::new().await;
    let mut replica = street(&world).await;
    world.publish(10, &approved()).await;
    replica.until_closed(BAYS, &touched()).await;
    let closed = replica
        .manage
        .get_bay(proto::GetBayRequest {
            name: "bays/b7".into(),
        })
        .await
        .expect("a bay");
    assert_eq!(closed.get_ref().closed_by, ["permits/p1"]);
    assert_eq!(closed.get_ref().availability(), proto::Availability::Closed);

    // A bay marked while the works go on is closed at once.
    let request = proto::CreateBayRequest {
        bay_id: "late".into(),
        bay: Some(bay(8, -5.0)),
        ..Default::default()
    };
    let late = replica
        .manage
        .create_bay(world.officer(request))
        .await
        .expect("marked");
    assert_eq!(late.get_ref().closed_by, ["permits/p1"]);

    world
        .publish(20, &permits::RoadReopened { r#ref: reference() })
        .await;
    replica.until_closed(BAYS, &[]).await;
    replica
        .until(|| async { (!replica.bay("late").await.is_closed()).then_some(()) })
        .await;
    let events = world.published_until(".BayReopened").await;
    let closed = events
        .iter()
        .filter(|(kind, _)| kind.ends_with(".BayClosed"))
        .count();
    assert_eq!(closed, touched().len() + 1);
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn works_revoked_while_under_way_keep_their_bays_until_the_road_is_reopened() {
    let world = World::new().await;
    let replica = street(&world).await;
    let revoked = |use_goes_on| permits::PermitRevoked {
        r#ref: reference(),
        use_goes_on,
        ..Default::default()
    };
    world.publish(10, &approved()).await;
    replica.until_closed(BAYS, &touched()).await;
    let suspended = permits::PermitSuspended {
        r#ref: reference(),
        ..Default::default()
    };
    world.publish(11, &suspended).await;
    replica.until_closed(BAYS, &[]).await;
    world.publish(12, &revoked(true)).await;
    replica.until_closed(BAYS, &touched()).await;
    world
        .publish(13, &permits::RoadReopened { r#ref: reference() })
        .await;
    replica.until_closed(BAYS, &[]).await;

    // Revoked before they began: there is nothing to wait for.
    let other = || reference_of("permits/p2");
    let granted = permits::RoadOccupationApproved {
        r#ref: other(),
        ..approved()
    };
    world.publish(20, &granted).await;
    replica.until_closed(BAYS, &touched()).await;
    let gone = permits::PermitRevoked {
        r#ref: other(),
        ..revoked(false)
    };
    world.publish(21, &gone).await;
    replica.until_closed(BAYS, &[]).await;
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn works_suspended_while_under_way_keep_their_bays_until_the_road_is_reopened() {
    let world = World::new().await;
    let replica = street(&world).await;
    let suspended = |use_goes_on| permits::PermitSuspended {
        r#ref: reference(),
        use_goes_on,
        ..Default::default()
    };
    world.publish(10, &approved()).await;
    replica.until_closed(BAYS, &touched()).await;
    // Before they began, an order keeps them off the road; after that, it does not clear the road.
    world.publish(11, &suspended(false)).await;
    replica.until_closed(BAYS, &[]).await;
    world
        .publish(12, &permits::PermitResumed { r#ref: reference() })
        .await;
    replica.until_closed(BAYS, &touched()).await;
    world.publish(13, &suspended(true)).await;
    // Events about one permit are handled in order: when the other has been closed and freed, this one has been handled.
    let granted = permits::RoadOccupationApproved {
        r#ref: reference_of("permits/p2"),
        ..approved()
    };
    world.publish(14, &granted).await;
    replica
        .until(|| async {
            let bay = replica.bay("b7").await;
            (bay.suspensions.len() == 2).then_some(())
        })
        .await;
    let bay = replica.bay("b7").await;
    let asking = bay.suspensions.values();
    assert_eq!(
        asking.filter(|asked| asked.schedule.is_some()).count(),
        2,
        "the suspended works still take the road"
    );
    for (position, permit) in [(15, "permits/p1"), (16, "permits/p2")] {
        let reopened = permits::RoadReopened {
            r#ref: reference_of(permit),
        };
        world.publish(position, &reopened).await;
    }
    replica.until_closed(BAYS, &[]).await;
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn works_over_time_keep_their_bays_beyond_their_hours_until_the_road_is_reopened_art_32_2() {
    let world = World::new().await;
    let replica = street(&world).await;
    world.publish(10, &approved_for_an_hour_a_day()).await;
    replica
        .until(|| async {
            let bay = replica.bay("b7").await;
            (bay.suspensions.len() == 1).then_some(())
        })
        .await;
    // Their time ends at eight in the evening, nine hours after that of the day.
    world.clock.set(at("20:00:00"));
    let overdue = permits::ReopeningOverdue {
        r#ref: reference(),
        due_time: stamp(at("20:00:00")),
    };
    world.publish(11, &overdue).await;
    replica.until_closed(BAYS, &touched()).await;
    world
        .publish(12, &permits::RoadReopened { r#ref: reference() })
        .await;
    replica.until_closed(BAYS, &[]).await;
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reopening_that_overtakes_its_approval_wins_and_repetitions_change_nothing() {
    let world = World::new().await;
    let replica = street(&world).await;
    for _ in 0..2 {
        world
            .publish(20, &permits::RoadReopened { r#ref: reference() })
            .await;
        world.publish(10, &approved()).await;
    }
    // Events about one permit are handled in order: when the last has been, all have.
    let marker = permits::RoadOccupationApproved {
        r#ref: reference_of("permits/p2"),
        ..approved()
    };
    world.publish(30, &marker).await;
    replica.until_closed(BAYS, &touched()).await;
    for number in touched() {
        let bay = replica.bay(&format!("b{number}")).await;
        let asking: Vec<String> = bay.suspensions.keys().map(ToString::to_string).collect();
        assert_eq!(asking, ["p2"], "b{number}");
    }
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_close_each_bay_once_and_one_goes_on_when_the_other_ends() {
    let world = World::new().await;
    let one = street(&world).await;
    let two = world.replica().await;
    for _ in 0..3 {
        world.publish(10, &approved()).await;
    }
    one.until_closed(BAYS, &touched()).await;
    two.until_closed(BAYS, &touched()).await;
    one.service.stop().await;
    let suspended = permits::PermitSuspended {
        r#ref: reference(),
        ..Default::default()
    };
    world.publish(11, &suspended).await;
    two.until_closed(BAYS, &[]).await;
    world
        .publish(12, &permits::PermitResumed { r#ref: reference() })
        .await;
    two.until_closed(BAYS, &touched()).await;
    let commits = two
        .service
        .core
        .history::<parking::domain::bay::Bay>("b7", 0, 100)
        .await
        .expect("history");
    let closings = commits
        .iter()
        .filter(|stored| String::from_utf8_lossy(&stored.payload).contains("bay_closed"));
    assert_eq!(
        closings.count(),
        2,
        "once for the approval, once for the resumption"
    );
    two.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn daily_hours_close_and_free_by_the_clock() {
    let world = World::new().await;
    let replica = street(&world).await;
    world.publish(10, &approved_for_an_hour_a_day()).await;
    replica
        .until(|| async {
            replica
                .bay("b7")
                .await
                .suspensions
                .values()
                .next()
                .map(drop)
        })
        .await;
    replica.until_closed(BAYS, &[]).await;
    world.clock.set(at("10:00:00"));
    replica.until_closed(BAYS, &touched()).await;
    world.clock.set(at("11:00:00"));
    replica.until_closed(BAYS, &[]).await;
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_makes_no_sense_is_passed_over() {
    let world = World::new().await;
    let replica = street(&world).await;
    let nowhere = permits::RoadOccupationApproved {
        stretch: None,
        ..approved()
    };
    world.publish(10, &nowhere).await;
    let mut absurd = approved();
    absurd.stretch.as_mut().expect("set").line = Some(permits::Line {
        points: vec![
            permits::Point {
                longitude: f64::NAN,
                latitude: 91.0
            };
            3
        ],
    });
    world.publish(11, &absurd).await;
    let toxic = permits::PermitRevoked {
        r#ref: Some(permits::PermitRef {
            kind: permits::PermitKind::ToxicTransport.into(),
            ..reference().expect("set")
        }),
        ..Default::default()
    };
    world.publish(12, &toxic).await;
    world.publish(13, &approved()).await;
    replica.until_closed(BAYS, &touched()).await;
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_bays_of_melbourne_are_imported_and_an_occupation_closes_those_it_touches() {
    // Beside the repository, however deep this checkout lies.
    let beside = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut files = beside.map(|folder| folder.join("shared/data/melbourne/parking_bays.csv"));
    let Some(text) = files.find_map(|file| std::fs::read(file).ok()) else {
        println!("skipped: no sample of real bays beside the repository");
        return;
    };
    let columns = parking::bays::Columns::default();
    let bays = parking::bays::parse(text.as_slice(), &columns, Some("unzoned")).expect("a csv");
    assert_eq!((bays.rows.len(), bays.problems.len()), (3_296, 0));
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 0).await;
    for zone in &bays.zones {
        let request = proto::CreateZoneRequest {
            zone_id: zone.clone(),
            zone: Some(crate::world::zone()),
            ..Default::default()
        };
        replica
            .manage
            .create_zone(world.officer(request))
            .await
            .expect("a zone");
    }
    let rows = futures::stream::iter(bays.rows.clone()).boxed();
    let answer = replica
        .manage
        .import_bays(world.officer(rows))
        .await
        .expect("imported")
        .into_inner();
    assert_eq!(
        (answer.created_count, answer.problem_count),
        (3_296, 0),
        "{:?}",
        answer.problems.first()
    );

    // 200 m of road northwards where that crosses most bays, judged by plain trigonometry.
    let metres_per_degree = 111_195.0;
    let places: Vec<(String, proto::GeoPoint)> = bays
        .rows
        .iter()
        .map(|row| {
            let position = row.bay.as_ref().and_then(|bay| bay.position);
            (
                format!("bays/{}", row.bay_id),
                position.expect("a position"),
            )
        })
        .collect();
    let along = |start: &proto::GeoPoint| -> Vec<String> {
        let shrink = start.latitude.to_radians().cos();
        places
            .iter()
            .filter(|(_, place)| {
                let north = (place.latitude - start.latitude) * metres_per_degree;
                let east = (place.longitude - start.longitude) * metres_per_degree * shrink;
                (-3.0..=203.0).contains(&north) && east.abs() <= 21.25
            })
            .map(|(name, _)| name.clone())
            .collect()
    };
    let (_, middle) = places
        .iter()
        .max_by_key(|(_, place)| along(place).len())
        .expect("bays");
    let mut expected = along(middle);
    let mut occupation = approved();
    let end = middle.latitude + 200.0 / metres_per_degree;
    let stretch = occupation.stretch.as_mut().expect("set");
    stretch.width_cm = 2_000;
    stretch.line = Some(permits::Line {
        points: vec![
            permits::Point {
                longitude: middle.longitude,
                latitude: middle.latitude,
            },
            permits::Point {
                longitude: middle.longitude,
                latitude: end,
            },
        ],
    });
    expected.sort();
    assert!(expected.len() > 3, "a street with bays");
    world.publish(10, &occupation).await;
    let client = &replica.manage;
    replica
        .until(|| async {
            let request = proto::ListBaysRequest {
                page_size: 1_000,
                availability: proto::Availability::Closed.into(),
                ..Default::default()
            };
            let mut closed = Vec::new();
            let mut page_token = String::new();
            loop {
                let request = proto::ListBaysRequest {
                    page_token,
                    ..request.clone()
                };
                let page = client
                    .clone()
                    .list_bays(request)
                    .await
                    .expect("listed")
                    .into_inner();
                closed.extend(page.bays.into_iter().map(|bay| bay.name));
                page_token = page.next_page_token;
                if page_token.is_empty() {
                    break;
                }
            }
            closed.sort();
            (closed == expected).then_some(())
        })
        .await;
    replica.service.stop().await;
}
