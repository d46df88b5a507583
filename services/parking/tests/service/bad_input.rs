//! Whatever is sent: a precise answer that names the field, never a panic, never `INTERNAL`.

use crate::world::{
    Replica, World, at, bay, plate_seen, point, reading, sample_version, stamp, zone,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;
use traffic_proto::parking::v1 as proto;

#[track_caller]
fn invalid<T: std::fmt::Debug>(answer: Result<T, Status>, fields: &[&str]) {
    let status = answer.expect_err("refused");
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    assert!(details.error_info().is_some(), "{status:?}");
    let named: Vec<String> = details
        .bad_request()
        .expect("violations")
        .field_violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect();
    for field in fields {
        assert!(
            named.iter().any(|named| named == field),
            "{field} is not among {named:?}"
        );
    }
}

async fn world() -> (World, Replica) {
    let world = World::new().await;
    let mut replica = world.replica().await;
    world.street(&mut replica, 1).await;
    (world, replica)
}

#[tokio::test(flavor = "multi_thread")]
async fn management_names_every_field_that_is_wrong() {
    let (world, replica) = world().await;
    let mut manage = replica.manage.clone();
    invalid(
        manage
            .create_zone(world.officer(proto::CreateZoneRequest::default()))
            .await,
        &["zone_id", "zone"],
    );
    let absurd = proto::CreateZoneRequest {
        zone_id: "ä".repeat(100),
        zone: Some(proto::Zone {
            display_name: "x".repeat(101),
            grade: 99,
            district: "37170".into(),
            tariff: "tariffs/../x".into(),
            ..Default::default()
        }),
        request_id: "not a uuid".into(),
        validate_only: false,
    };
    invalid(
        manage.create_zone(world.officer(absurd.clone())).await,
        &["request_id"],
    );
    let absurd = proto::CreateZoneRequest {
        request_id: String::new(),
        ..absurd
    };
    let fields = [
        "zone_id",
        "zone.display_name",
        "zone.grade",
        "zone.district",
        "zone.tariff",
    ];
    invalid(manage.create_zone(world.officer(absurd)).await, &fields);

    for (latitude, longitude, field) in [
        (f64::NAN, 0.0, "bay.position.latitude"),
        (0.0, f64::INFINITY, "bay.position.longitude"),
        (-90.1, 0.0, "bay.position.latitude"),
    ] {
        let bay = proto::Bay {
            position: Some(proto::GeoPoint {
                latitude,
                longitude,
            }),
            ..bay(0, 0.0)
        };
        let request = proto::CreateBayRequest {
            bay_id: "x".into(),
            bay: Some(bay),
            ..Default::default()
        };
        invalid(manage.create_bay(world.officer(request)).await, &[field]);
    }
    let too_many = proto::BatchCreateBaysRequest {
        requests: vec![proto::CreateBayRequest::default(); 101],
        ..Default::default()
    };
    invalid(
        manage.batch_create_bays(world.officer(too_many)).await,
        &["requests"],
    );
    let none = proto::BatchCreateBaysRequest::default();
    invalid(
        manage.batch_create_bays(world.officer(none)).await,
        &["requests"],
    );

    let page = |page_size, page_token: &str| proto::ListBaysRequest {
        page_size,
        page_token: page_token.into(),
        ..Default::default()
    };
    invalid(manage.list_bays(page(-1, "")).await, &["page_size"]);
    invalid(
        manage.list_bays(page(i32::MIN, "garbage")).await,
        &["page_size", "page_token"],
    );
    manage
        .list_bays(page(i32::MAX, ""))
        .await
        .expect("cut to the largest page");

    let update = |mask: &[&str]| proto::UpdateZoneRequest {
        zone: Some(proto::Zone {
            name: "zones/z".into(),
            ..zone()
        }),
        update_mask: Some(pbjson_types::FieldMask {
            paths: mask.iter().map(ToString::to_string).collect(),
        }),
        ..Default::default()
    };
    invalid(
        manage
            .update_zone(world.officer(update(&["district"])))
            .await,
        &["update_mask"],
    );
    invalid(
        manage.update_zone(world.officer(update(&[]))).await,
        &["update_mask"],
    );
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tariffs_with_gaps_overflows_and_absurd_days_are_refused_by_field() {
    let (world, replica) = world().await;
    let mut manage = replica.manage.clone();
    let mut publish = async |change: &dyn Fn(&mut proto::TariffVersion), field: &str| {
        let mut version = sample_version();
        version.effective_from = "2026-03-03".into();
        change(&mut version);
        let request = proto::PublishTariffVersionRequest {
            name: "tariffs/class-1".into(),
            version: Some(version),
            ..Default::default()
        };
        invalid(
            manage.publish_tariff_version(world.officer(request)).await,
            &[field],
        );
    };
    publish(
        &|version| version.day.as_mut().unwrap().steps[1].from_minutes = 16,
        "version.day.steps",
    )
    .await;
    publish(&|version| version.night = None, "version.night").await;
    publish(
        &|version| version.cap_per_24_hours_fen = -1,
        "version.cap_per_24_hours_fen",
    )
    .await;
    publish(
        &|version| version.cap_per_24_hours_fen = i64::MAX,
        "version.cap_per_24_hours_fen",
    )
    .await;
    publish(
        &|version| version.large_vehicle_percent = u32::MAX,
        "version.large_vehicle_percent",
    )
    .await;
    publish(
        &|version| version.maximum_stay_minutes = u32::MAX,
        "version.maximum_stay_minutes",
    )
    .await;
    publish(
        &|version| version.day.as_mut().unwrap().begins_minute = 1_440,
        "version.day.begins_minute",
    )
    .await;
    publish(
        &|version| version.day.as_mut().unwrap().steps[0].price_fen = i64::MIN,
        "version.day.steps[0].price_fen",
    )
    .await;
    publish(
        &|version| version.effective_from = "2026-02-30".into(),
        "version.effective_from",
    )
    .await;
    publish(
        &|version| version.effective_from = "9999-12-31".into(),
        "version.effective_from",
    )
    .await;
    publish(
        &|version| version.source = "x".repeat(201),
        "version.source",
    )
    .await;
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_readings_are_told_by_row_and_field_and_the_good_ones_taken() {
    let (world, mut replica) = world().await;
    world.clock.set(at("10:00:00"));
    let good = || reading("b0", 1, "09:00:00", proto::ReadingKind::Arrived);
    let far = |seconds, nanos| Some(pbjson_types::Timestamp { seconds, nanos });
    let rows = vec![
        proto::IngestReadingsRequest::default(),
        proto::IngestReadingsRequest {
            bay: "b0".into(),
            ..good()
        },
        proto::IngestReadingsRequest {
            source: "a b".into(),
            ..good()
        },
        proto::IngestReadingsRequest {
            source_kind: 17,
            ..good()
        },
        proto::IngestReadingsRequest {
            observe_time: far(i64::MIN, -1),
            ..good()
        },
        proto::IngestReadingsRequest {
            observe_time: far(-62_135_596_800, 0),
            ..good()
        },
        proto::IngestReadingsRequest {
            observe_time: far(253_402_300_799, 999_999_999),
            ..good()
        },
        proto::IngestReadingsRequest { kind: -1, ..good() },
        proto::IngestReadingsRequest {
            plate: "nonsense".into(),
            ..good()
        },
        proto::IngestReadingsRequest {
            plate: "鲁R12345".into(),
            kind: proto::ReadingKind::Left.into(),
            ..good()
        },
        plate_seen("b0", 2, "09:00:00", ""),
        proto::IngestReadingsRequest {
            observe_time: stamp(at("10:02:01")),
            sequence: 5,
            ..good()
        },
        proto::IngestReadingsRequest {
            source: "officer".into(),
            ..good()
        },
        good(),
    ];
    let answer = world.ingest(&mut replica, rows).await;
    assert_eq!(
        (
            answer.row_count,
            answer.accepted_count,
            answer.problem_count
        ),
        (14, 1, 13),
        "{answer:?}"
    );
    let told: Vec<_> = answer
        .problems
        .iter()
        .map(|problem| (problem.row, problem.field.as_str()))
        .collect();
    let expected = [
        (0, "bay"),
        (1, "bay"),
        (2, "source"),
        (3, "source_kind"),
        (4, "observe_time"),
        (5, "observe_time"),
        (6, "observe_time"),
        (7, "kind"),
        (8, "plate"),
        (9, "plate"),
        (10, "plate"),
        (11, "observe_time"),
        (12, "source"),
    ];
    assert_eq!(told, expected);
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_and_money_name_every_field_that_is_wrong() {
    let (world, replica) = world().await;
    let mut sessions = replica.sessions.clone();
    let pay = proto::RecordPaymentRequest::default();
    invalid(
        sessions.record_payment(world.officer(pay)).await,
        &["session", "payment"],
    );
    let transfer = |amount_fen, reference: &str| proto::RecordPaymentRequest {
        session: "sessions/x".into(),
        payment: Some(proto::Transfer {
            provider: "p q".into(),
            reference: reference.into(),
            amount_fen,
            transfer_time: stamp(at("23:00:00")),
        }),
        ..Default::default()
    };
    for amount in [0, -1, i64::MIN, i64::MAX, 10_000_000_001] {
        let fields = [
            "payment.provider",
            "payment.reference",
            "payment.amount_fen",
            "payment.transfer_time",
        ];
        invalid(
            sessions
                .record_payment(world.officer(transfer(amount, "a\u{7}")))
                .await,
            &fields,
        );
    }
    let two = proto::ListSessionsRequest {
        bay: "bays/b0".into(),
        zone: "zones/z".into(),
        ..Default::default()
    };
    invalid(sessions.list_sessions(world.officer(two)).await, &["plate"]);
    let bad = proto::ListSessionsRequest {
        plate: "x".repeat(1_000_000),
        state: 99,
        ..Default::default()
    };
    invalid(
        sessions.list_sessions(world.officer(bad)).await,
        &["plate", "state"],
    );
    let correct = proto::CorrectSessionRequest {
        note: "\u{0}".into(),
        ..Default::default()
    };
    let fields = ["session", "arrive_time", "leave_time", "note"];
    invalid(
        sessions.correct_session(world.officer(correct)).await,
        &fields,
    );
    let unknown = proto::GetSessionRequest {
        name: "sessions/none".into(),
    };
    assert_eq!(
        sessions
            .get_session(world.officer(unknown))
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
    let unknown = proto::ListSessionHistoryRequest {
        parent: "sessions/none".into(),
        ..Default::default()
    };
    assert_eq!(
        sessions
            .list_session_history(world.officer(unknown))
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
    replica.service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_drivers_ask_is_checked_too() {
    let (_world, replica) = world().await;
    let mut ask = replica.availability.clone();
    let quote = |minutes| proto::QuoteRequest {
        zone: "zones/z".into(),
        minutes,
        ..Default::default()
    };
    invalid(ask.quote(quote(0)).await, &["minutes"]);
    invalid(ask.quote(quote(u32::MAX)).await, &["minutes"]);
    invalid(
        ask.quote(proto::QuoteRequest {
            bay: "bays/b0".into(),
            ..quote(60)
        })
        .await,
        &["zone"],
    );
    invalid(
        ask.quote(proto::QuoteRequest {
            arrive_time: stamp(jiff::Timestamp::MAX),
            ..quote(60)
        })
        .await,
        &["arrive_time"],
    );
    let good = ask
        .quote(proto::QuoteRequest {
            arrive_time: stamp(at("09:00:00")),
            ..quote(60)
        })
        .await
        .expect("a quote");
    assert_eq!(
        good.get_ref().charge.as_ref().expect("priced").amount_fen,
        450
    );

    let near = |radius_metres, page_size| proto::FindFreeBaysRequest {
        near: Some(point(0.0, 0.0)),
        radius_metres,
        page_size,
        kind: 0,
    };
    invalid(
        ask.find_free_bays(near(5_001, -1)).await,
        &["radius_metres", "page_size"],
    );
    invalid(
        ask.find_free_bays(proto::FindFreeBaysRequest::default())
            .await,
        &["near"],
    );
    let hours = |from: &str, to: &str| proto::ListOccupancyRequest {
        zone: "zones/z".into(),
        start_time: stamp(from.parse().expect("a time")),
        end_time: stamp(to.parse().expect("a time")),
    };
    invalid(
        ask.list_occupancy(hours("2026-03-03T00:00:00Z", "2026-03-02T00:00:00Z"))
            .await,
        &["start_time"],
    );
    invalid(
        ask.list_occupancy(hours("2026-03-01T00:00:00Z", "2026-04-01T00:00:01Z"))
            .await,
        &["start_time"],
    );
    let watch = proto::WatchAvailabilityRequest {
        zone: "z".into(),
        bay: "bays/".into(),
        ..Default::default()
    };
    invalid(
        ask.watch_availability(watch).await.map(drop),
        &["zone", "bay"],
    );
    replica.service.stop().await;
}
