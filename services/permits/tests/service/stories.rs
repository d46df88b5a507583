//! Permits from application to end, as applicants, officers and agencies live them.

use crate::city::{Account, City, Client, reason};
use crate::samples::{
    IDENTITY, NAME, PHONE, create, day, oversize, permit, run_order, time, toxic, works,
};
use futures::StreamExt;
use permits::credential;
use tonic::Code;
use traffic_proto::permits::v1 as proto;
use traffic_proto::permits::v1::permit::Application;

fn approve(name: &str) -> proto::ApprovePermitRequest {
    proto::ApprovePermitRequest {
        name: name.into(),
        ..Default::default()
    }
}

fn accept(name: &str) -> proto::AcceptPermitRequest {
    proto::AcceptPermitRequest {
        name: name.into(),
        ..Default::default()
    }
}

/// Files and accepts; answers the name.
pub(crate) async fn accepted(
    applicant: &mut Client,
    reviewer: &mut Client,
    permit: proto::Permit,
) -> String {
    let name = applicant
        .create_permit(create(permit))
        .await
        .unwrap()
        .into_inner()
        .name;
    reviewer.accept_permit(accept(&name)).await.unwrap();
    name
}

#[tokio::test(flavor = "multi_thread")]
async fn an_occupation_lives_from_its_application_to_its_reopening() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let mut authority = city.client(&replica, Account::RoadAuthority).await;

    let filed = applicant
        .create_permit(create(works("Sample Road")))
        .await
        .unwrap();
    let position: u64 = filed
        .metadata()
        .get("traffic-position")
        .unwrap()
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(position > 0);
    let filed = filed.into_inner();
    let name = filed.name.clone();
    assert_eq!(filed.state(), proto::PermitState::Submitted);
    assert_eq!(filed.filed_by, "partner:works");
    let contact = filed.contact.clone().unwrap();
    assert!(
        contact.name.is_empty() && contact.identity_number.is_empty() && contact.phone.is_empty()
    );
    assert_eq!(contact.person_ref.len(), 26);
    let limits = filed.limits.clone().unwrap();
    assert_eq!(limits.promised_due_time, time("2026-03-03T09:00:00"));

    let accepted = reviewer
        .accept_permit(accept(&name))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(accepted.state(), proto::PermitState::Accepted);
    assert_ne!(accepted.etag, filed.etag);
    let approved = reviewer
        .approve_permit(proto::ApprovePermitRequest {
            conditions: vec!["keep the bus stop open".into()],
            etag: accepted.etag,
            ..approve(&name)
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(approved.state(), proto::PermitState::Approved);
    assert_eq!(
        approved.decision.as_ref().unwrap().conditions,
        ["keep the bus stop open"]
    );

    city.clock.set("2026-03-10T08:00:00+08:00".parse().unwrap());
    let step = |name: &str| proto::StartWorkRequest {
        name: name.into(),
        ..Default::default()
    };
    applicant.start_work(step(&name)).await.unwrap();
    let reopened = reopen(&name, &mut applicant, &mut authority, &mut reviewer).await;
    assert!(reopened.occupation.unwrap().reopened_at.is_some());
    let complete = proto::CompletePermitRequest {
        name: name.clone(),
        ..Default::default()
    };
    let completed = reviewer.complete_permit(complete).await.unwrap();
    assert_eq!(completed.get_ref().state(), proto::PermitState::Completed);

    // Read at the position at which it was completed.
    let position = completed
        .metadata()
        .get("traffic-position")
        .unwrap()
        .clone();
    let mut read = tonic::Request::new(proto::ListPermitHistoryRequest {
        parent: name.clone(),
        ..Default::default()
    });
    read.metadata_mut().insert("traffic-min-position", position);
    let history = reviewer
        .list_permit_history(read)
        .await
        .unwrap()
        .into_inner()
        .events;
    let happened: Vec<&str> = history.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(
        happened,
        [
            "permit_submitted",
            "permit_accepted",
            "permit_approved",
            "road_work_started",
            "road_work_finished",
            "road_accepted",
            "road_accepted",
            "road_reopened",
            "permit_completed"
        ]
    );
    let approval = &history[2];
    assert_eq!(
        (approval.actor.as_str(), approval.channel.as_str()),
        ("officer:A1", "api")
    );
    assert_eq!(approval.event_time, time("2026-03-02T09:00:00"));
    assert!(approval.details.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_is_read_page_by_page() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;
    let approved = reviewer.approve_permit(approve(&name)).await.unwrap();
    let position = approved.metadata().get("traffic-position").unwrap().clone();
    let mut happened = Vec::new();
    let mut page_token = String::new();
    loop {
        let mut read = tonic::Request::new(proto::ListPermitHistoryRequest {
            parent: name.clone(),
            page_size: 1,
            page_token,
        });
        read.metadata_mut()
            .insert("traffic-min-position", position.clone());
        let page = reviewer
            .list_permit_history(read)
            .await
            .unwrap()
            .into_inner();
        happened.extend(page.events.into_iter().map(|event| event.r#type));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(
        happened,
        ["permit_submitted", "permit_accepted", "permit_approved"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_toxic_transport_is_followed_to_its_arrival() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let application = permit(Application::ToxicTransport(toxic()));
    let name = accepted(&mut applicant, &mut reviewer, application).await;
    reviewer.approve_permit(approve(&name)).await.unwrap();
    city.clock.set("2026-03-06T10:30:00+08:00".parse().unwrap());
    applicant
        .record_departure(proto::RecordDepartureRequest {
            name: name.clone(),
            depart_time: time("2026-03-06T09:00:00"),
            ..Default::default()
        })
        .await
        .unwrap();
    applicant
        .record_stop(proto::RecordStopRequest {
            name: name.clone(),
            stop_time: time("2026-03-06T09:20:00"),
            reason: "rest".into(),
            reported_to_police: true,
            ..Default::default()
        })
        .await
        .unwrap();
    applicant
        .record_moving_on(proto::RecordMovingOnRequest {
            name: name.clone(),
            move_time: time("2026-03-06T09:30:00"),
            ..Default::default()
        })
        .await
        .unwrap();
    applicant
        .record_checkpoint(proto::RecordCheckpointRequest {
            name: name.clone(),
            leg: 1,
            pass_time: time("2026-03-06T10:00:00"),
            ..Default::default()
        })
        .await
        .unwrap();
    let arrived = applicant
        .record_arrival(proto::RecordArrivalRequest {
            name: name.clone(),
            arrive_time: time("2026-03-06T10:05:00"),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    let trip = arrived.trip.unwrap();
    assert_eq!(trip.arrived_at, time("2026-03-06T10:05:00"));
    assert_eq!(trip.checkpoints_passed, 1);
    let complete = proto::CompletePermitRequest {
        name,
        ..Default::default()
    };
    let completed = reviewer
        .complete_permit(complete)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(completed.state(), proto::PermitState::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversize_transport_is_escorted_across_the_district_border() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let application = permit(Application::OversizeTransport(oversize()));
    let name = accepted(&mut applicant, &mut reviewer, application).await;
    let without = reviewer.approve_permit(approve(&name)).await.unwrap_err();
    assert_eq!(without.code(), Code::FailedPrecondition);
    assert_eq!(
        reason(&without),
        (
            "RUN_ORDER_MISSING".into(),
            Some("Road Traffic Safety Law art. 48(2)".into())
        )
    );
    let approved = reviewer
        .approve_permit(proto::ApprovePermitRequest {
            run_order: Some(run_order()),
            ..approve(&name)
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(approved.oversize_class(), proto::OversizeClass::Two);
    let slower = reviewer
        .set_run_order(proto::SetRunOrderRequest {
            name: name.clone(),
            run_order: Some(proto::RunOrder {
                max_speed_kmh: 20,
                ..run_order()
            }),
            reason: "ice".into(),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (
            slower.grant_version,
            slower.run_order.unwrap().max_speed_kmh
        ),
        (2, 20)
    );
    reviewer
        .assign_escort(proto::AssignEscortRequest {
            name: name.clone(),
            unit: "371702-1".into(),
            vehicles: 2,
            district: "371702".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    city.clock.set("2026-03-06T06:00:00+08:00".parse().unwrap());
    let start = proto::StartEscortRequest {
        name: name.clone(),
        ..Default::default()
    };
    reviewer.start_escort(start).await.unwrap();
    reviewer
        .hand_over_escort(proto::HandOverEscortRequest {
            name: name.clone(),
            to_district: "371721".into(),
            unit: "371721-1".into(),
            ..Default::default()
        })
        .await
        .unwrap();
    let done = proto::CompleteEscortRequest {
        name: name.clone(),
        ..Default::default()
    };
    let done = reviewer.complete_escort(done).await.unwrap().into_inner();
    let escort = done.escort.unwrap();
    assert_eq!(escort.state(), proto::EscortState::Done);
    assert_eq!(escort.handed_over_to, ["371721"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_verified_offline_until_the_permit_is_suspended() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;
    let ask = || proto::GetCredentialRequest {
        name: format!("{name}/credential"),
    };
    replica.caught_up().await;
    let early = applicant.get_credential(ask()).await.unwrap_err();
    assert_eq!(reason(&early).0, "WRONG_STATE");
    reviewer.approve_permit(approve(&name)).await.unwrap();
    replica.caught_up().await;
    let credential = applicant.get_credential(ask()).await.unwrap().into_inner();
    let keys = applicant
        .get_key_set(proto::GetKeySetRequest {})
        .await
        .unwrap()
        .into_inner()
        .jwks;
    let noon = "2026-03-10T12:00:00+08:00".parse().unwrap();
    let claims = credential::verify(&credential.jws, &keys, noon).unwrap();
    assert_eq!((claims.sub.as_str(), claims.version), (name.as_str(), 1));
    assert_eq!(claims.roads, ["Sample Road"]);
    assert_eq!(credential.expire_time, time("2026-03-20T00:00:00"));

    let suspend = proto::SuspendPermitRequest {
        name: name.clone(),
        reason: "gas leak".into(),
        ..Default::default()
    };
    let suspended = reviewer.suspend_permit(suspend).await.unwrap().into_inner();
    assert_eq!(suspended.state(), proto::PermitState::Suspended);
    replica.caught_up().await;
    let refused = applicant.get_credential(ask()).await.unwrap_err();
    assert_eq!(reason(&refused).0, "PERMIT_SUSPENDED");
    let resume = proto::ResumePermitRequest {
        name: name.clone(),
        reason: "all clear".into(),
        ..Default::default()
    };
    reviewer.resume_permit(resume).await.unwrap();
    replica.caught_up().await;
    applicant.get_credential(ask()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_law_remedy_and_who_may_not() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let mut elsewhere = city.client(&replica, Account::ReviewerElsewhere).await;
    let mut late = works("Sample Road");
    if let Some(Application::RoadOccupation(works)) = &mut late.application {
        works.public_notice_on = day("2026-03-06");
    }
    let refused = applicant.create_permit(create(late)).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(
        reason(&refused),
        (
            "PUBLIC_NOTICE_TOO_LATE".into(),
            Some("Shandong Road Traffic Measures art. 44(1)".into())
        )
    );

    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;
    let foreign = elsewhere.approve_permit(approve(&name)).await.unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).0.as_str()),
        (Code::PermissionDenied, "OUTSIDE_DISTRICT")
    );
    let unscoped = applicant.approve_permit(approve(&name)).await.unwrap_err();
    assert_eq!(unscoped.code(), Code::PermissionDenied);
    let decision = reviewer
        .refuse_permit(proto::RefusePermitRequest {
            name: name.clone(),
            ground: proto::RefusalGround::TrafficSafety.into(),
            reason: "the detour crosses a school gate".into(),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner()
        .decision
        .unwrap();
    assert!(!decision.approved);
    assert_eq!(decision.legal_basis, "Road Traffic Safety Law art. 32(1)");
    assert!(decision.remedies_zh.contains("行政复议"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_government_and_the_court_of_its_district_art_24() {
    let city = City::start().await;
    let replica = city.replica_with_remedies().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;
    let refuse = proto::RefusePermitRequest {
        name: name.clone(),
        ground: proto::RefusalGround::TrafficSafety.into(),
        reason: "the detour crosses a school gate".into(),
        ..Default::default()
    };
    let refused = reviewer.refuse_permit(refuse).await.unwrap().into_inner();
    replica.caught_up().await;
    let read = applicant
        .get_permit(proto::GetPermitRequest { name })
        .await
        .unwrap()
        .into_inner();
    for permit in [refused, read] {
        let told = permit.decision.unwrap().remedies_zh;
        assert!(told.contains("向示例区人民政府申请行政复议"), "{told}");
        assert!(told.contains("向示例区人民法院提起行政诉讼"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_repair_that_is_granted_after_its_time_is_reopened_art_32() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let mut authority = city.client(&replica, Account::RoadAuthority).await;
    let mut repair = works("Sample Road");
    if let Some(Application::RoadOccupation(works)) = &mut repair.application {
        works.public_notice_on = None;
        works.time = Some(proto::OccupationTime {
            start_time: time("2026-03-01T09:00:00"),
            end_time: time("2026-03-01T15:00:00"),
            daily_hours: None,
        });
        works.emergency = Some(proto::Emergency {
            started_at: time("2026-03-01T09:00:00"),
            cause: "burst main".into(),
        });
    }
    let name = accepted(&mut applicant, &mut reviewer, repair).await;
    let granted = reviewer
        .approve_permit(approve(&name))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(granted.state(), proto::PermitState::InUse);
    let progress = granted.occupation.unwrap();
    assert_eq!(progress.started_at, time("2026-03-01T09:00:00"));
    assert!(progress.reopening_overdue);
    let reopened = reopen(&name, &mut applicant, &mut authority, &mut reviewer).await;
    assert!(reopened.occupation.unwrap().reopened_at.is_some());
    let jetstream = city.bus.jetstream().await;
    let published = everything(&jetstream, "EVENTS", "events.permits.road_reopened.>").await;
    let is_told = |event: &str| published.iter().any(|text| text.starts_with(event));
    assert!(is_told("events.permits.road_work_started."));
    assert!(!is_told("events.permits.permit_expired."));
}

#[tokio::test(flavor = "multi_thread")]
async fn time_alone_warns_and_expires_and_frees_the_road() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let name = accepted(&mut applicant, &mut reviewer, works("Sample Road")).await;
    reviewer.approve_permit(approve(&name)).await.unwrap();
    replica.caught_up().await;
    let check = || proto::CheckRoadRequest {
        stretch: crate::samples::occupation("Sample Road").stretch,
        time: crate::samples::occupation("Sample Road").time,
        ..Default::default()
    };
    let conflicts = applicant
        .check_road(check())
        .await
        .unwrap()
        .into_inner()
        .conflicts;
    assert_eq!(conflicts.len(), 1);
    assert_eq!(conflicts[0].permit, name);
    assert!(
        (450..460).contains(&conflicts[0].shared_m),
        "{}",
        conflicts[0].shared_m
    );

    let mut changes = applicant
        .watch_permits(proto::WatchPermitsRequest {
            after_position: Some(0),
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
    city.clock.set("2026-03-20T00:00:00+08:00".parse().unwrap());
    loop {
        let change = changes.next().await.unwrap().unwrap();
        if change
            .event
            .is_some_and(|event| event.r#type == "permit_expired")
        {
            break;
        }
    }
    replica.caught_up().await;
    let expired = applicant
        .get_permit(proto::GetPermitRequest { name: name.clone() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(expired.state(), proto::PermitState::Expired);
    assert!(
        applicant
            .check_road(check())
            .await
            .unwrap()
            .into_inner()
            .conflicts
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn personal_data_reach_neither_journal_nor_events_in_the_clear() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let application = permit(Application::ToxicTransport(toxic()));
    let name = accepted(&mut applicant, &mut reviewer, application).await;
    reviewer.approve_permit(approve(&name)).await.unwrap();
    let jetstream = city.bus.jetstream().await;
    let driver = crate::samples::nth_person(1).unwrap().identity_number;
    for (stream, last) in [
        ("PERMITS", "permits.log.>"),
        ("EVENTS", "events.permits.toxic_transport_approved.>"),
    ] {
        let texts = everything(&jetstream, stream, last).await;
        assert!(!texts.is_empty());
        for text in texts {
            for secret in [NAME, IDENTITY, PHONE, driver.as_str()] {
                assert!(!text.contains(secret), "{stream}: {text}");
            }
        }
    }
}

/// The works are finished, and road authority and police accept the road.
pub(crate) async fn reopen(
    name: &str,
    applicant: &mut Client,
    authority: &mut Client,
    police: &mut Client,
) -> proto::Permit {
    let finish = proto::FinishWorkRequest {
        name: name.into(),
        ..Default::default()
    };
    applicant.finish_work(finish).await.unwrap();
    let acceptance = |by: proto::AcceptanceBy| proto::RecordReopeningAcceptanceRequest {
        name: name.into(),
        by: by.into(),
        passed: true,
        ..Default::default()
    };
    authority
        .record_reopening_acceptance(acceptance(proto::AcceptanceBy::RoadAuthority))
        .await
        .unwrap();
    police
        .record_reopening_acceptance(acceptance(proto::AcceptanceBy::Police))
        .await
        .unwrap()
        .into_inner()
}

/// All messages of a stream, once one of the subject `awaited` is there.
pub(crate) async fn everything(
    jetstream: &async_nats::jetstream::Context,
    stream: &str,
    awaited: &str,
) -> Vec<String> {
    use async_nats::jetstream::consumer::pull::OrderedConfig;
    let stream = jetstream.get_stream(stream).await.unwrap();
    let first = stream.create_consumer(OrderedConfig {
        filter_subject: awaited.to_owned(),
        ..OrderedConfig::default()
    });
    let mut first = first.await.unwrap().messages().await.unwrap();
    first.next().await.unwrap().unwrap();
    let mut all = stream
        .create_consumer(OrderedConfig::default())
        .await
        .unwrap()
        .messages()
        .await
        .unwrap();
    let mut texts = Vec::new();
    loop {
        let message = all.next().await.unwrap().unwrap();
        let headers = format!("{:?}", message.headers);
        texts.push(format!(
            "{} {headers} {}",
            message.subject,
            String::from_utf8_lossy(&message.payload)
        ));
        if message.info().unwrap().pending == 0 {
            return texts;
        }
    }
}
