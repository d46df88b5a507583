//! Stations, appointments, orders and kiosks over real gRPC, with two replicas and with power cuts.

use crate::at_kiosk::AtKiosk;
use crate::world::{
    Account, City, Replica, day, ebike, fields, identity, owner, reason, request_id, time,
};
use futures::future::join_all;
use tonic::Code;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::kiosk_business::Kind;

const STATION: &str = "stations/mudan-01";

fn station(counters: u32) -> proto::Station {
    let window = |from_minute, until_minute| proto::OpeningWindow {
        from_minute,
        until_minute,
    };
    proto::Station {
        display_name: "示例服务站".into(),
        kind: proto::StationKind::Dealer.into(),
        district: "371702".into(),
        address: "示例路 1 号".into(),
        phone: "0530-0000000".into(),
        businesses: vec![proto::Business::Ebike.into()],
        hours: Some(proto::OpeningHours {
            slot_minutes: 30,
            working_days: vec![window(510, 690), window(810, 1_020)],
            other_days: vec![],
        }),
        counters,
        ..proto::Station::default()
    }
}

async fn commission(city: &City, replica: &Replica, counters: u32) -> proto::Station {
    let mut officer = city.stations(replica, Account::Officer).await;
    let request = proto::CommissionStationRequest {
        station_id: "mudan-01".into(),
        station: Some(station(counters)),
        ..proto::CommissionStationRequest::default()
    };
    officer
        .commission_station(request)
        .await
        .unwrap()
        .into_inner()
}

fn booking(person: u32) -> proto::BookAppointmentRequest {
    proto::BookAppointmentRequest {
        parent: STATION.into(),
        day: day("2026-03-03"),
        begin_minute: 840,
        business: proto::Business::Ebike.into(),
        identity_number: identity(person),
        request_id: request_id(u128::from(person)),
        validate_only: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_people_at_two_replicas_get_the_three_places_there_are() {
    let city = City::start().await;
    let (one, other) = (city.replica().await, city.replica().await);
    commission(&city, &one, 3).await;
    other.caught_up().await;
    let bookings = (0..30).map(|person| {
        let (city, replica) = (&city, if person % 2 == 0 { &one } else { &other });
        async move {
            let mut stations = city.stations(replica, Account::Station).await;
            stations.book_appointment(booking(person)).await
        }
    });
    let (booked, refused): (Vec<_>, Vec<_>) = join_all(bookings)
        .await
        .into_iter()
        .partition(Result::is_ok);
    assert_eq!((booked.len(), refused.len()), (3, 27));
    for status in refused.into_iter().filter_map(Result::err) {
        assert_eq!(
            reason(&status),
            ("SLOT_FULL".into(), Some("Order 164 art. 4(3)".into()))
        );
    }
    one.caught_up().await;
    let mut stations = city.stations(&one, Account::Station).await;
    let slots = stations
        .list_slots(proto::ListSlotsRequest {
            parent: STATION.into(),
            day: day("2026-03-03"),
        })
        .await
        .unwrap()
        .into_inner()
        .slots;
    let free = |minute| {
        slots
            .iter()
            .find(|s| s.begin_minute == minute)
            .unwrap()
            .free
    };
    assert_eq!((free(840), free(870)), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_sent_again_is_the_same_and_who_does_not_come_is_a_no_show() {
    let city = City::start().await;
    let replica = city.replica().await;
    commission(&city, &replica, 1).await;
    let mut stations = city.stations(&replica, Account::Station).await;
    let first = stations
        .book_appointment(booking(1))
        .await
        .unwrap()
        .into_inner();
    let again = stations
        .book_appointment(booking(1))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, again);
    assert_eq!(first.state(), proto::AppointmentState::Booked);

    replica.caught_up().await;
    let mut applied = replica.service.core.projection.watch_applied();
    city.clock.set("2026-03-03T14:45:00+08:00".parse().unwrap());
    // The timer's commit is one more than what has been applied.
    let get = proto::GetAppointmentRequest {
        name: first.name.clone(),
    };
    loop {
        let now = stations
            .get_appointment(get.clone())
            .await
            .unwrap()
            .into_inner();
        if now.state() == proto::AppointmentState::NoShow {
            break;
        }
        applied.changed().await.unwrap();
    }
    let late = proto::CancelAppointmentRequest {
        name: first.name,
        identity_number: identity(1),
        ..proto::CancelAppointmentRequest::default()
    };
    let status = stations.cancel_appointment(late).await.unwrap_err();
    assert_eq!(reason(&status).0, "APPOINTMENT_OVER");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_station_files_nothing() {
    let city = City::start().await;
    let replica = city.replica().await;
    commission(&city, &replica, 1).await;
    let mut officer = city.stations(&replica, Account::Officer).await;
    officer
        .suspend_station(proto::SuspendStationRequest {
            name: STATION.into(),
            reason: "样本：信息安全".into(),
            ..proto::SuspendStationRequest::default()
        })
        .await
        .unwrap();
    replica.caught_up().await;
    let mut filed = ebike(1, 1);
    filed.station = STATION.into();
    let mut ebikes = city.ebikes(&replica).await;
    let status = ebikes
        .register_ebike(proto::RegisterEbikeRequest {
            ebike: Some(filed),
            ..proto::RegisterEbikeRequest::default()
        })
        .await
        .unwrap_err();
    assert_eq!(
        reason(&status),
        ("STATION_SUSPENDED".into(), Some("Order 164 art. 70".into()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn stations_are_listed_by_district_and_wrong_ones_named_field_by_field() {
    let city = City::start().await;
    let replica = city.replica().await;
    let made = commission(&city, &replica, 1).await;
    replica.caught_up().await;
    let mut stations = city.stations(&replica, Account::Officer).await;
    for (district, expected) in [("", 1), ("371702", 1), ("371721", 0)] {
        let list = proto::ListStationsRequest {
            district: district.into(),
            ..proto::ListStationsRequest::default()
        };
        let listed = stations.list_stations(list).await.unwrap().into_inner();
        assert_eq!(listed.stations.len(), expected, "{district}");
        assert!(listed.stations.iter().all(|station| *station == made));
    }
    let mut wrong = station(0);
    wrong.businesses = vec![99];
    wrong.hours.as_mut().unwrap().working_days[0].until_minute = 1_441;
    wrong.closed_days = vec![proto::Day::default()];
    let status = stations
        .commission_station(proto::CommissionStationRequest {
            station_id: "x.y".into(),
            station: Some(wrong),
            ..proto::CommissionStationRequest::default()
        })
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&status),
        [
            "station_id",
            "station.businesses[0]",
            "station.hours.working_days[0].until_minute",
            "station.closed_days[0].value",
            "station.counters",
        ]
    );
}

fn pay(order: &str, reference: &str, fen: i64) -> proto::RecordOrderPaymentRequest {
    proto::RecordOrderPaymentRequest {
        name: order.into(),
        transfer: Some(proto::OrderTransfer {
            provider: "bank".into(),
            reference: reference.into(),
            amount_fen: fen,
            transfer_time: time("2026-03-02T08:59:00"),
        }),
        ..proto::RecordOrderPaymentRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_notification_at_two_replicas_pays_once_and_never_two_orders() {
    let city = City::start().await;
    let (one, other) = (city.replica().await, city.replica().await);
    let (mut left, mut right) = (city.orders(&one).await, city.orders(&other).await);
    let open = |subject: &str| proto::OpenOrderRequest {
        order: Some(proto::Order {
            subject: subject.into(),
            district: "371702".into(),
            lines: vec![proto::OrderLine {
                item: proto::FeeItem::VehicleLicence.into(),
                count: 2,
                ..proto::OrderLine::default()
            }],
            ..proto::Order::default()
        }),
        ..proto::OpenOrderRequest::default()
    };
    let first = left
        .open_order(open("vehicles/a"))
        .await
        .unwrap()
        .into_inner();
    let second = left
        .open_order(open("vehicles/b"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((first.total_fen, first.outstanding_fen), (2_000, 2_000));
    other.caught_up().await;
    // Without request ids: the provider's reference alone must hold.
    let (by_one, by_other) = tokio::join!(
        left.record_order_payment(pay(&first.name, "T1", 2_000)),
        right.record_order_payment(pay(&first.name, "T1", 2_000)),
    );
    for paid in [by_one.unwrap().into_inner(), by_other.unwrap().into_inner()] {
        assert_eq!(
            (paid.payments.len(), paid.state()),
            (1, proto::OrderState::Paid)
        );
    }
    let status = right
        .record_order_payment(pay(&second.name, "T1", 2_000))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::AlreadyExists);
    assert_eq!(reason(&status).0, "PROVIDER_REFERENCE_TAKEN");
    let fees = left
        .list_fees(proto::ListFeesRequest {
            day: day("2026-03-02"),
        })
        .await
        .unwrap()
        .into_inner()
        .fees;
    let ebike = fees
        .iter()
        .find(|fee| fee.item() == proto::FeeItem::EbikePlate);
    assert_eq!(ebike.unwrap().amount_fen, 0, "free of charge");
}

/// One step of a kiosk, by the number of its request id, so that it can be sent again.
async fn kiosk_step(
    city: &City,
    replica: &Replica,
    session: &str,
    step: u128,
) -> proto::KioskSession {
    let mut kiosk = AtKiosk::of(city, replica, session).await;
    let id = request_id(step);
    let answer = match step {
        0 => kiosk.open(id).await,
        1 => kiosk.file(Kind::EbikeRegistration(ebike(1, 1)), id).await,
        2 => kiosk.confirm(id).await,
        3 => kiosk.print(id).await,
        _ => kiosk.printed(id).await,
    };
    answer.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_survives_a_power_cut_of_kiosk_and_service_after_every_step() {
    let city = City::start().await;
    let mut replica = city.replica().await;
    let mut session = proto::KioskSession::default();
    for step in 0..5 {
        session = kiosk_step(&city, &replica, &session.name, step).await;
        // The kiosk never saw the answer, and the service starts anew: the step is sent again, and again elsewhere.
        let folder = replica.stop().await;
        replica = city.replica_in(folder).await;
        let other = city.replica().await;
        for again in [&replica, &other] {
            let answer = kiosk_step(&city, again, &session.name, step).await;
            assert_eq!(answer, session, "step {step}");
        }
    }
    assert_eq!(session.step(), proto::KioskStep::Done);
    assert_eq!(session.printed_blank, "B1");
    assert_eq!((session.outstanding_fen, session.refund_due_fen), (0, 0));
    let mut ebikes = city.ebikes(&replica).await;
    let registered = ebikes
        .get_ebike(proto::GetEbikeRequest {
            name: session.resource,
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(registered.plate_reissues, 0);
    let all = ebikes
        .list_ebikes(proto::ListEbikesRequest::default())
        .await;
    assert_eq!(all.unwrap().into_inner().ebikes, [registered]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_left_alone_expires_and_what_was_not_carried_out_never_is() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut session = proto::KioskSession::default();
    for step in 0..3 {
        session = kiosk_step(&city, &replica, &session.name, step).await;
    }
    let mut applied = replica.service.core.projection.watch_applied();
    city.clock.set("2026-03-02T09:30:00+08:00".parse().unwrap());
    let mut kiosk = AtKiosk::of(&city, &replica, &session.name).await;
    while kiosk.look().await.unwrap().step() != proto::KioskStep::Expired {
        applied.changed().await.unwrap();
    }
    let status = kiosk.print(String::new()).await.unwrap_err();
    assert_eq!(reason(&status).0, "SESSION_OVER");
    // Paid too late: kept, and due back.
    let mut orders = city.orders(&replica).await;
    let paid = orders
        .record_order_payment(pay(&session.order, "T1", 500))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (paid.state(), paid.refund_due_fen),
        (proto::OrderState::Cancelled, 500)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_at_another_kiosk_for_the_same_person_only() {
    let city = City::start().await;
    let replica = city.replica().await;
    let session = kiosk_step(&city, &replica, "", 0).await;
    let mut kiosk = city.kiosk(&replica).await;
    let resume = |person| proto::ResumeKioskSessionRequest {
        name: session.name.clone(),
        kiosk: "k2".into(),
        identity_number: identity(person),
        ..proto::ResumeKioskSessionRequest::default()
    };
    let status = kiosk.resume_kiosk_session(resume(2)).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let resumed = kiosk
        .resume_kiosk_session(resume(1))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(resumed.kiosk, "k2");
    let mut for_another = ebike(1, 2);
    for_another.owner = owner(2);
    let status = AtKiosk::of(&city, &replica, &session.name)
        .await
        .file(Kind::EbikeRegistration(for_another), String::new())
        .await
        .unwrap_err();
    assert_eq!(
        reason(&status),
        ("NOT_THE_APPLICANT".into(), Some("Order 164 art. 86".into()))
    );
}
