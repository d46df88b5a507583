//! Stories over real gRPC: a red light from camera to payment, its whole record, its past, its points; races and repeats.

use crate::city::{Account, City, Line, Replica, day, driver, place, reason, red_light, time};
use chassis::testing::Bus;
use futures::StreamExt;
use tonic::Code;
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::detention_service_client::DetentionServiceClient;
use traffic_proto::enforcement::v1::hazard_service_client::HazardServiceClient;
use traffic_proto::enforcement::v1::licence_service_client::LicenceServiceClient;
use traffic_proto::enforcement::v1::persuasion_service_client::PersuasionServiceClient;
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;

pub(crate) type Cases = ViolationServiceClient<Line>;

pub(crate) async fn cases(city: &City, replica: &Replica, account: Account) -> Cases {
    let line = city.line(replica, account).await;
    ViolationServiceClient::new(line)
}

pub(crate) fn record(request_id: &str) -> proto::RecordViolationRequest {
    proto::RecordViolationRequest {
        violation: Some(red_light()),
        request_id: request_id.into(),
        validate_only: false,
    }
}

/// A red light, reviewed, notified, handled, fined 200 yuan and served.
pub(crate) async fn served(camera: &mut Cases, officer: &mut Cases) -> proto::Violation {
    let serve = proto::ServeDecisionRequest {
        name: decided(camera, officer).await,
        service: proto::Service::Electronic.into(),
        ..proto::ServeDecisionRequest::default()
    };
    officer.serve_decision(serve).await.unwrap().into_inner()
}

/// The same, not served yet: its name.
pub(crate) async fn decided(camera: &mut Cases, officer: &mut Cases) -> String {
    let name = notified(camera, officer, red_light()).await;
    let accept = proto::AcceptHandlingRequest {
        name: name.clone(),
        party: driver(),
        ..proto::AcceptHandlingRequest::default()
    };
    officer.accept_handling(accept).await.unwrap();
    let decide = proto::DecideViolationRequest {
        name: name.clone(),
        sanction: Some(proto::Sanction {
            fine_fen: 20_000,
            ..proto::Sanction::default()
        }),
        told_and_heard: true,
        ..proto::DecideViolationRequest::default()
    };
    officer.decide_violation(decide).await.unwrap();
    name
}

/// A record, reviewed and notified: its name.
pub(crate) async fn notified(
    camera: &mut Cases,
    officer: &mut Cases,
    violation: proto::Violation,
) -> String {
    let record = proto::RecordViolationRequest {
        violation: Some(violation),
        ..proto::RecordViolationRequest::default()
    };
    let recorded = camera.record_violation(record).await.unwrap();
    let name = recorded.into_inner().name;
    for review in [proto::Review::Technical, proto::Review::Legal] {
        let request = proto::PassReviewRequest {
            name: name.clone(),
            review: review.into(),
            ..proto::PassReviewRequest::default()
        };
        officer.pass_review(request).await.unwrap();
    }
    let notice = proto::SendNoticeRequest {
        name: name.clone(),
        channel: proto::NoticeChannel::App.into(),
        ..proto::SendNoticeRequest::default()
    };
    officer.send_notice(notice).await.unwrap();
    name
}

fn pay(name: &str, yuan: i64) -> proto::RecordPaymentRequest {
    proto::RecordPaymentRequest {
        name: name.into(),
        amount_fen: yuan * 100,
        reference: "BANK-1".into(),
        pay_time: time("2026-03-02T09:00:00"),
        ..proto::RecordPaymentRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_red_light_goes_from_the_camera_to_the_last_payment_and_can_be_read_back() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let case = served(&mut camera, &mut officer).await;
    assert_eq!(case.state(), proto::ViolationState::Served);
    assert_eq!(case.account.as_ref().unwrap().owed_fen, 20_000);
    let decision = case.decision.clone().unwrap();
    assert_eq!(decision.points, 6);
    let party = case.party.clone().unwrap();
    assert_eq!(
        (party.name.as_str(), party.identity_number.as_str()),
        ("", ""),
        "sealed"
    );

    replica.caught_up().await;
    let line = city.line(&replica, Account::Citizen).await;
    let mut licences = LicenceServiceClient::new(line);
    let name = format!("licences/{}", party.person_ref);
    let get = proto::GetLicenceRequest { name };
    let licence = licences.get_licence(get).await.unwrap().into_inner();
    assert_eq!((licence.points, licence.may_drive), (6, true));

    let paid = officer
        .record_payment(pay(&case.name, 200))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(paid.state(), proto::ViolationState::Settled);

    replica.caught_up().await;
    let history = officer
        .list_violation_history(proto::ListViolationHistoryRequest {
            parent: case.name.clone(),
            ..proto::ListViolationHistoryRequest::default()
        })
        .await
        .unwrap()
        .into_inner()
        .entries;
    let actors: Vec<_> = history.iter().map(|entry| entry.actor.as_str()).collect();
    assert_eq!(actors[0], "device:CAM1");
    assert_eq!(history.len(), 8);

    // As it stood: after the notice it was neither handled nor decided.
    let get = |position, read_time| proto::GetViolationRequest {
        name: case.name.clone(),
        position,
        read_time,
    };
    let then = officer
        .get_violation(get(history[3].position, None))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(then.state(), proto::ViolationState::Notified);
    assert_eq!(then.decision, None);
    let before = officer
        .get_violation(get(0, time("2026-03-02T08:59:59")))
        .await
        .unwrap_err();
    assert_eq!(before.code(), Code::NotFound);
    let now = officer
        .get_violation(get(0, time("2026-03-02T09:00:00")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(now.state(), proto::ViolationState::Settled);

    let again = proto::RecomputeDecisionRequest {
        name: case.name.clone(),
        ..proto::RecomputeDecisionRequest::default()
    };
    let again = officer
        .recompute_decision(again)
        .await
        .unwrap()
        .into_inner();
    assert!(again.agrees);
    assert_eq!(again.assessment, decision.assessment);

    let list = proto::ListViolationsRequest {
        plate: "鲁R12345".into(),
        state: proto::ViolationState::Settled.into(),
        person_ref: party.person_ref,
        ..proto::ListViolationsRequest::default()
    };
    let found = officer.list_violations(list).await.unwrap().into_inner();
    assert_eq!(found.violations.len(), 1);
    assert_eq!(found.next_page_token, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_fine_is_noted_by_the_timer_and_grows() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let case = served(&mut camera, &mut officer).await;
    replica.caught_up().await;
    let mut applied = replica.service.core.projection.watch_applied();
    city.clock.set("2026-03-19T12:00:00+08:00".parse().unwrap());
    loop {
        let get = proto::GetViolationRequest {
            name: case.name.clone(),
            ..proto::GetViolationRequest::default()
        };
        let account = officer
            .get_violation(get)
            .await
            .unwrap()
            .into_inner()
            .account
            .unwrap();
        if account.overdue {
            assert_eq!(account.surcharge_fen, 1_200);
            assert_eq!(account.owed_fen, 21_200);
            break;
        }
        applied.changed().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_sent_many_times_to_two_replicas_files_one_case() {
    let city = City::start().await;
    let (one, two) = (city.replica().await, city.replica().await);
    let clients = [
        cases(&city, &one, Account::Camera).await,
        cases(&city, &two, Account::Camera).await,
    ];
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let names: Vec<String> = futures::stream::iter(0..20)
        .map(|number| {
            let mut client = clients[number % 2].clone();
            async move {
                client
                    .record_violation(record(id))
                    .await
                    .unwrap()
                    .into_inner()
                    .name
            }
        })
        .buffer_unordered(20)
        .collect()
        .await;
    assert!(names.iter().all(|name| *name == names[0]));
    let mut other = record(id);
    other.violation.as_mut().unwrap().plate = "鲁R54321".into();
    let mut client = clients[0].clone();
    let reused = client.record_violation(other).await.unwrap_err();
    assert_eq!(reason(&reused).0, "REQUEST_ID_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_name_their_article_and_scopes_and_etags_are_kept() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let mut citizen = cases(&city, &replica, Account::Citizen).await;
    let denied = citizen.record_violation(record("")).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);

    let case = served(&mut camera, &mut officer).await;
    let too_much = officer
        .record_payment(pay(&case.name, 201))
        .await
        .unwrap_err();
    assert_eq!(too_much.code(), Code::FailedPrecondition);
    let basis = Some("Road Traffic Safety Law art. 108(1)".to_owned());
    assert_eq!(reason(&too_much), ("PAYMENT_AMOUNT".into(), basis));

    let stale = proto::RecordPaymentRequest {
        etag: "1".into(),
        ..pay(&case.name, 200)
    };
    let aborted = officer.record_payment(stale).await.unwrap_err();
    assert_eq!(aborted.code(), Code::Aborted);
    let rehearsed = proto::RecordPaymentRequest {
        etag: case.etag,
        validate_only: true,
        ..pay(&case.name, 200)
    };
    let shown = officer
        .record_payment(rehearsed)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(shown.state(), proto::ViolationState::Settled);
    replica.caught_up().await;
    let get = proto::GetViolationRequest {
        name: case.name,
        ..proto::GetViolationRequest::default()
    };
    let kept = officer.get_violation(get).await.unwrap().into_inner();
    assert_eq!(
        kept.state(),
        proto::ViolationState::Served,
        "a rehearsal changes nothing"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_law_answers_what_an_act_costs_without_a_case() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut citizen = cases(&city, &replica, Account::Citizen).await;
    let request = proto::AssessActRequest {
        act: Some(proto::Act {
            conduct: proto::Conduct::Speeding.into(),
            road: proto::Road::Expressway.into(),
            vehicle: Some(proto::Vehicle {
                vehicle_use: proto::VehicleUse::OtherPassenger.into(),
                seats: 5,
                ..proto::Vehicle::default()
            }),
            measure: Some(proto::act::Measure::Speed(proto::Speed {
                limit_kmh: 100,
                measured_kmh: 151,
            })),
            repeated: false,
        }),
        acted_on: day("2026-03-01"),
        decided_on: day("2026-03-02"),
    };
    let assessed = citizen.assess_act(request).await.unwrap().into_inner();
    assert_eq!((assessed.most_fine_fen, assessed.points), (200_000, 12));
    assert_eq!(assessed.revocation(), proto::Revocation::May);
    assert_eq!(
        assessed.penalty_rules[0].legal_basis,
        "Shandong Expressway Regulations art. 55"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_may_know_is_published_in_order_without_a_person() {
    let city = City::start().await;
    let replica = city.replica().await;
    let jetstream = city.bus.jetstream().await;
    let stream = jetstream.get_stream("EVENTS").await.unwrap();
    let consumer = stream
        .create_consumer(async_nats::jetstream::consumer::pull::OrderedConfig {
            filter_subject: "events.enforcement.>".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    let mut events = consumer.messages().await.unwrap();
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let case = served(&mut camera, &mut officer).await;
    officer.record_payment(pay(&case.name, 200)).await.unwrap();
    for expected in [
        "violation_entered",
        "violation_decided",
        "violation_settled",
    ] {
        let event = events.next().await.unwrap().unwrap();
        let subject = format!("events.enforcement.{expected}.371702");
        assert_eq!(event.subject.as_str(), subject);
        let data = String::from_utf8(event.payload.to_vec()).unwrap();
        assert!(data.contains("鲁R12345"));
        assert!(!data.contains(&case.party.as_ref().unwrap().person_ref));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hazards_riders_and_detained_vehicles_have_their_methods() {
    let city = City::start().await;
    let replica = city.replica().await;
    let line = city.line(&replica, Account::Officer).await;
    let mut hazards = HazardServiceClient::new(line.clone());
    let found = hazards
        .find_hazard(proto::FindHazardRequest {
            hazard: Some(proto::Hazard {
                place: place(),
                kind: proto::HazardKind::Sight.into(),
                description: "hedge hides the sign".into(),
                ..proto::Hazard::default()
            }),
            ..proto::FindHazardRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.state(), proto::HazardState::Found);
    replica.caught_up().await;
    let rate = hazards
        .get_rectification(proto::GetRectificationRequest {
            district: "371702".into(),
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!((rate.found, rate.verified), (1, 0));
    let list = hazards
        .list_hazards(proto::ListHazardsRequest::default())
        .await
        .unwrap();
    assert_eq!(list.into_inner().hazards.len(), 1);

    let mut riders = PersuasionServiceClient::new(line.clone());
    let persuaded = riders
        .persuade_rider(proto::PersuadeRiderRequest {
            junction: "J-1".into(),
            district: "371702".into(),
            behaviour: proto::Behaviour::NoHelmet.into(),
            helmet_given: true,
            company: "91110000600037341L".into(),
            ..proto::PersuadeRiderRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(persuaded.helmets_given, 1);
    replica.caught_up().await;
    for (junction, district) in [("J-0", "371702"), ("J-2", "371702"), ("J-3", "371703")] {
        let count = proto::CountRidersRequest {
            junction: junction.into(),
            district: district.into(),
            seen: 10,
            with_helmet: 8,
            ..proto::CountRidersRequest::default()
        };
        let counted = riders.count_riders(count).await;
        assert_eq!(
            counted.is_ok(),
            district == "371702",
            "an officer's own district"
        );
    }
    replica.caught_up().await;
    let mut list = proto::ListJunctionDaysRequest {
        day: day("2026-03-02"),
        district: "371702".into(),
        page_size: 2,
        page_token: String::new(),
    };
    let first = riders.list_junction_days(list.clone()).await.unwrap();
    let first = first.into_inner();
    let names = |days: &[proto::JunctionDay]| -> Vec<String> {
        days.iter().map(|day| day.junction.clone()).collect()
    };
    assert_eq!(names(&first.junction_days), ["J-0", "J-1"]);
    assert!((first.junction_days[0].helmet_rate - 0.8).abs() < f64::EPSILON);
    list.page_token = first.next_page_token;
    let rest = riders.list_junction_days(list).await.unwrap().into_inner();
    assert_eq!(names(&rest.junction_days), ["J-2"]);
    assert_eq!(rest.next_page_token, "");

    let name = "companies/91110000600037341L".to_owned();
    let company = riders
        .get_company(proto::GetCompanyRequest { name })
        .await
        .unwrap();
    assert_eq!(company.into_inner().riders, 1);

    let mut detentions = DetentionServiceClient::new(line);
    let detained = detentions
        .detain_vehicle(proto::DetainVehicleRequest {
            detention: Some(proto::Detention {
                certificate: "370000-1".into(),
                ground: proto::DetentionGround::Overloaded.into(),
                place: place(),
                plate: "鲁R12345".into(),
                party: driver(),
                told_and_heard: true,
                ..proto::Detention::default()
            }),
            ..proto::DetainVehicleRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(detained.legal_basis, "Order 157 art. 27(1)(4)");
    let cure = proto::CureViolationRequest {
        name: detained.name,
        remarks: "unloaded".into(),
        ..proto::CureViolationRequest::default()
    };
    let released = detentions.cure_violation(cure).await.unwrap().into_inner();
    assert_eq!(released.state(), proto::DetentionState::Released);
}

/// What parking publishes of one act, seen for the `time`th time.
async fn see_illegal_parking(bus: &Bus, time: u32) {
    let mut headers = async_nats::HeaderMap::new();
    for (name, value) in [
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", format!("parking-{time}-1")),
        ("ce-source", "/traffic/parking".to_owned()),
        (
            "ce-type",
            "traffic.parking.v1.IllegalParkingSeen".to_owned(),
        ),
        ("ce-subject", "bays/B1".to_owned()),
        ("ce-time", format!("2026-03-02T00:0{time}:00Z")),
        ("ce-datacontenttype", "application/json".to_owned()),
        ("ce-sequence", format!("{time:016}-001")),
    ] {
        headers.insert(name, value.as_str());
    }
    let data = serde_json::json!({
        "place": { "bay": "bays/B1", "zone": "zones/Z1", "district": "371702" },
        "plate": "鲁R77777",
        "ground": "ILLEGAL_PARKING_GROUND_DISABLED",
        "observeTime": format!("2026-03-02T00:0{time}:00Z"),
        "actTime": "2026-03-02T00:00:00Z",
    });
    bus.jetstream()
        .await
        .publish_with_headers(
            "events.parking.illegal_parking_seen.371702",
            headers,
            data.to_string().into(),
        )
        .await
        .unwrap()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_act_of_illegal_parking_that_parking_sees_thrice_is_one_case() {
    let city = City::start().await;
    let (_one, two) = (city.replica().await, city.replica().await);
    for time in 1..=3 {
        see_illegal_parking(&city.bus, time).await;
    }
    let mut officer = cases(&city, &two, Account::Officer).await;
    let list = proto::ListViolationsRequest {
        plate: "鲁R77777".into(),
        ..proto::ListViolationsRequest::default()
    };
    let mut applied = two.service.core.projection.watch_applied();
    let jetstream = city.bus.jetstream().await;
    let handled = || async {
        let events = jetstream.get_stream("EVENTS").await.unwrap();
        let policy = events
            .get_consumer::<async_nats::jetstream::consumer::pull::Config>(
                "enforcement-illegal-parking",
            )
            .await;
        // Not there before a replica has begun to listen.
        let Ok(mut policy) = policy else {
            return false;
        };
        let info = policy.info().await.unwrap();
        info.num_pending == 0 && info.num_ack_pending == 0
    };
    while !handled().await {
        tokio::task::yield_now().await;
    }
    loop {
        let found = officer
            .list_violations(list.clone())
            .await
            .unwrap()
            .into_inner();
        if let [case] = &found.violations[..] {
            assert_eq!(
                case.act.as_ref().unwrap().conduct(),
                proto::Conduct::IllegalParking
            );
            assert_eq!(case.state(), proto::ViolationState::Recorded);
            break;
        }
        assert_eq!(found.violations.len(), 0);
        applied.changed().await.unwrap();
    }
}
