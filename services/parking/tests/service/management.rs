//! Managing zones, tariffs, bays and waivers, and what officers decide.

use crate::world::{World, at, bay, plate_seen, reading, sample_version, stamp, zone};
use jiff::SignedDuration;
use tonic::Code;
use tonic_types::StatusExt;
use traffic_proto::parking::v1 as proto;
use traffic_proto::parking::v1::ReadingKind::{Arrived, Left};

#[tokio::test(flavor = "multi_thread")]
async fn zones_tariffs_and_bays_are_managed_with_etags_masks_pages_and_rehearsals() {
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 5).await;
    let manage = &mut replica.manage;

    let rehearsed = proto::CreateZoneRequest {
        zone_id: "other".into(),
        zone: Some(zone()),
        validate_only: true,
        ..Default::default()
    };
    manage
        .create_zone(world.officer(rehearsed))
        .await
        .expect("would do");
    let get = proto::GetZoneRequest {
        name: "zones/other".into(),
    };
    assert_eq!(
        manage.get_zone(get).await.unwrap_err().code(),
        Code::NotFound
    );

    let stale = proto::UpdateZoneRequest {
        zone: Some(proto::Zone {
            name: "zones/z".into(),
            etag: "0".into(),
            display_name: "X".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let stale = manage.update_zone(world.officer(stale)).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
    let renamed = proto::UpdateZoneRequest {
        zone: Some(proto::Zone {
            name: "zones/z".into(),
            display_name: "New".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let renamed = manage
        .update_zone(world.officer(renamed))
        .await
        .expect("renamed")
        .into_inner();
    assert_eq!(
        (renamed.display_name.as_str(), renamed.grade()),
        ("New", proto::ZoneGrade::I)
    );

    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = proto::ListBaysRequest {
            page_size: 2,
            page_token,
            zone: "zones/z".into(),
            ..Default::default()
        };
        let page = manage
            .list_bays(request)
            .await
            .expect("a page")
            .into_inner();
        assert!(page.bays.len() <= 2);
        names.extend(page.bays.into_iter().map(|bay| bay.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(
        names,
        ["bays/b0", "bays/b1", "bays/b2", "bays/b3", "bays/b4"]
    );

    let mut tomorrow = sample_version();
    tomorrow.effective_from = "2026-03-03".into();
    let publish = |version| proto::PublishTariffVersionRequest {
        name: "tariffs/class-1".into(),
        version: Some(version),
        ..Default::default()
    };
    let tariff = manage
        .publish_tariff_version(world.officer(publish(tomorrow)))
        .await
        .expect("published");
    assert_eq!(tariff.get_ref().versions.len(), 2);
    let late = manage
        .publish_tariff_version(world.officer(publish(sample_version())))
        .await
        .unwrap_err();
    let info = late.get_error_details().error_info().expect("info").clone();
    assert_eq!(
        (late.code(), info.reason.as_str()),
        (Code::InvalidArgument, "TARIFF_IN_THE_PAST")
    );
    assert_eq!(
        info.metadata["legal_basis"],
        "Beijing Motor Vehicle Parking Regulations art. 32(1)(2)"
    );

    let taken = proto::DeleteZoneRequest {
        name: "zones/z".into(),
        ..Default::default()
    };
    let taken = manage.delete_zone(world.officer(taken)).await.unwrap_err();
    let info = taken
        .get_error_details()
        .error_info()
        .expect("info")
        .clone();
    assert_eq!(
        (taken.code(), info.reason.as_str()),
        (Code::FailedPrecondition, "ZONE_HAS_BAYS")
    );
    assert_eq!(info.metadata["bays"], "5");
    let requests = (5..8)
        .map(|number| proto::CreateBayRequest {
            bay_id: format!("b{number}"),
            bay: Some(bay(number, 5.0)),
            ..Default::default()
        })
        .collect::<Vec<_>>();
    let batch = proto::BatchCreateBaysRequest {
        requests: requests.clone(),
        ..Default::default()
    };
    let made = manage
        .batch_create_bays(world.officer(batch.clone()))
        .await
        .expect("made")
        .into_inner();
    assert_eq!(made.bays.len(), 3);
    let again = manage
        .batch_create_bays(world.officer(batch))
        .await
        .unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    for number in 0..8 {
        let gone = proto::DeleteBayRequest {
            name: format!("bays/b{number}"),
            ..Default::default()
        };
        manage
            .delete_bay(world.officer(gone))
            .await
            .expect("retired");
    }
    let empty = proto::DeleteZoneRequest {
        name: "zones/z".into(),
        ..Default::default()
    };
    let rehearsed = proto::DeleteZoneRequest {
        validate_only: true,
        ..empty.clone()
    };
    for request in [rehearsed, empty] {
        manage
            .delete_zone(world.officer(request))
            .await
            .expect("no bay is left");
    }
    let get = proto::GetZoneRequest {
        name: "zones/z".into(),
    };
    replica
        .until(|| {
            let (mut client, get) = (replica.manage.clone(), get.clone());
            async move {
                client
                    .get_zone(get)
                    .await
                    .err()
                    .map(|status| assert_eq!(status.code(), Code::NotFound))
            }
        })
        .await;
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_sent_again_changes_nothing_and_tells_each_bad_row() {
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 150).await;
    let row = |id: &str, bay: proto::Bay| proto::ImportBaysRequest {
        bay_id: id.into(),
        bay: Some(bay),
    };
    let mut rows: Vec<_> = (0..150)
        .map(|number| row(&format!("b{number}"), bay(number, 5.0)))
        .collect();
    rows.push(row("b.1", bay(0, 5.0)));
    rows.push(row(
        "b200",
        proto::Bay {
            zone: "zones/none".into(),
            ..bay(0, 5.0)
        },
    ));
    rows.push(row(
        "b0",
        proto::Bay {
            label: "new".into(),
            ..bay(0, 5.0)
        },
    ));
    let answer = replica
        .manage
        .import_bays(world.officer(futures::stream::iter(rows)))
        .await
        .expect("imported");
    let answer = answer.into_inner();
    assert_eq!(
        (answer.row_count, answer.created_count, answer.updated_count),
        (153, 0, 1),
        "{answer:?}"
    );
    assert_eq!((answer.unchanged_count, answer.problem_count), (150, 2));
    let told: Vec<_> = answer
        .problems
        .iter()
        .map(|problem| (problem.row, problem.reason.as_str()))
        .collect();
    assert_eq!(told, [(150, "INVALID_FIELD"), (151, "ZONE_NOT_FOUND")]);
    assert_eq!(answer.problems[0].field, "bay_id");
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bays_that_are_new_to_a_zone_come_there_together() {
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 1).await;
    let core = replica.service.core.clone();
    core.caught_up().await.expect("the journal is there");
    let before = core.projection.applied();
    let row = |number: usize, label: &str| proto::ImportBaysRequest {
        bay_id: format!("b{number}"),
        bay: Some(proto::Bay {
            label: label.into(),
            ..bay(number, 5.0)
        }),
    };
    let mut rows: Vec<_> = (0..63).map(|number| row(number, "1")).collect();
    rows.push(row(5, "2"));
    let answer = replica
        .manage
        .import_bays(world.officer(futures::stream::iter(rows)))
        .await
        .expect("imported")
        .into_inner();
    assert_eq!((answer.created_count, answer.updated_count), (62, 2));
    assert_eq!((answer.row_count, answer.problem_count), (64, 0));
    core.caught_up().await.expect("the journal is there");
    // Those that are new, their zone once, and the two that changed.
    assert_eq!(core.projection.applied() - before, 62 + 1 + 2);
    let get = proto::GetZoneRequest {
        name: "zones/z".into(),
    };
    let zone = replica.manage.get_zone(get).await.expect("it is there");
    assert_eq!(zone.get_ref().bay_count, 63);
    assert_eq!(replica.bay("b5").await.details.label, "2");
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn officers_of_the_district_grant_waivers_waive_charges_and_correct_sessions() {
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 1).await;
    world.clock.set(at("10:31:00"));
    let rows = vec![
        reading("b0", 1, "09:00:00", Arrived),
        plate_seen("b0", 1, "09:01:00", "鲁R12345"),
        reading("b0", 2, "10:00:00", Left),
    ];
    let summary = world.ingest(&mut replica, rows).await;
    replica
        .service
        .core
        .projection
        .reached(summary.position)
        .await;
    let listed = replica
        .sessions
        .list_sessions(world.officer(by_plate()))
        .await
        .expect("listed");
    let session = listed.into_inner().sessions.remove(0);

    let correction = proto::CorrectSessionRequest {
        session: session.name.clone(),
        arrive_time: stamp(at("09:00:00")),
        leave_time: stamp(at("09:30:00")),
        plate: "鲁R12345".into(),
        note: "objection 1".into(),
        etag: session.etag.clone(),
        ..Default::default()
    };
    let corrected = replica
        .sessions
        .correct_session(world.officer(correction.clone()))
        .await
        .expect("corrected");
    assert_eq!(corrected.get_ref().outstanding_fen, 150);
    let stale = replica
        .sessions
        .correct_session(world.officer(correction))
        .await
        .unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);

    let waive = proto::WaiveChargeRequest {
        session: session.name.clone(),
        ground: proto::WaiveGround::Mistake.into(),
        ..Default::default()
    };
    let elsewhere = world.with_token(
        waive.clone(),
        "officer:H2",
        "parking.officer",
        vec![371_721],
    );
    let refused = replica.sessions.waive_charge(elsewhere).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let waived = replica
        .sessions
        .waive_charge(world.officer(waive))
        .await
        .expect("waived");
    assert_eq!(waived.get_ref().state(), proto::SessionState::Settled);

    let grant = proto::GrantWaiverRequest {
        waiver: Some(proto::Waiver {
            plate: "鲁R54321".into(),
            ground: proto::FreeGround::Ambulance.into(),
            valid_from: stamp(at("10:00:00")),
            valid_until: stamp(at("10:00:00") + SignedDuration::from_hours(24)),
            document: "order 1".into(),
            ..Default::default()
        }),
        ..Default::default()
    };
    let waiver = replica
        .manage
        .grant_waiver(world.officer(grant))
        .await
        .expect("granted")
        .into_inner();
    let revoke = proto::RevokeWaiverRequest {
        name: waiver.name.clone(),
        ..Default::default()
    };
    let revoked = replica
        .manage
        .revoke_waiver(world.officer(revoke))
        .await
        .expect("revoked")
        .into_inner();
    assert!(revoked.revoke_time.is_some());
    replica.service.stop().await;
}

fn by_plate() -> proto::ListSessionsRequest {
    proto::ListSessionsRequest {
        plate: "鲁R12345".into(),
        ..Default::default()
    }
}
