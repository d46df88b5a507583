//! A case as it stood: what was known then, which rules applied, who did what, when, why, and on what it rested.

use crate::city::{Account, City, red_light, time};
use crate::stories::{Cases, cases, served};
use tonic::Code;
use traffic_proto::enforcement::v1 as proto;

fn at(case: &str, position: u64) -> proto::GetViolationRequest {
    proto::GetViolationRequest {
        name: case.to_owned(),
        position,
        ..proto::GetViolationRequest::default()
    }
}

async fn history(officer: &mut Cases, case: &str) -> Vec<proto::HistoryEntry> {
    let request = proto::ListViolationHistoryRequest {
        parent: case.to_owned(),
        ..proto::ListViolationHistoryRequest::default()
    };
    let answer = officer.list_violation_history(request).await;
    answer.unwrap().into_inner().entries
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_a_remedy_changed_is_read_and_made_again_as_it_stood() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let mut driver = cases(&city, &replica, Account::Citizen).await;
    let case = served(&mut camera, &mut officer).await;
    let seek = proto::SeekRemedyRequest {
        name: case.name.clone(),
        remedy: proto::Remedy::Reconsideration.into(),
        seek_time: time("2026-03-02T09:00:00"),
        ..proto::SeekRemedyRequest::default()
    };
    driver.seek_remedy(seek).await.unwrap();
    city.clock.set("2026-03-10T09:00:00+08:00".parse().unwrap());
    let end = proto::EndRemedyRequest {
        name: case.name.clone(),
        outcome: proto::RemedyOutcome::Varied.into(),
        sanction: Some(proto::Sanction {
            fine_fen: 10_000,
            ..proto::Sanction::default()
        }),
        points: 3,
        ..proto::EndRemedyRequest::default()
    };
    officer.end_remedy(end).await.unwrap();
    replica.caught_up().await;

    let now = officer.get_violation(at(&case.name, 0)).await.unwrap();
    let now = now.into_inner();
    let decision = now.decision.unwrap();
    assert_eq!(
        (decision.sanction.unwrap().fine_fen, decision.points),
        (20_000, 6)
    );
    let varied = decision.varied.unwrap();
    assert_eq!(
        (varied.sanction.unwrap().fine_fen, varied.points),
        (10_000, 3)
    );
    assert_eq!(now.account.unwrap().fine_fen, 10_000);

    // As it stood on the day before.
    let then = proto::GetViolationRequest {
        read_time: time("2026-03-09T09:00:00"),
        ..at(&case.name, 0)
    };
    let then = officer.get_violation(then).await.unwrap().into_inner();
    assert_eq!(then.remedy(), proto::Remedy::Reconsideration);
    assert_eq!(then.decision.unwrap().varied, None);
    assert_eq!(then.account.unwrap().fine_fen, 20_000);

    // Made again, before and after the remedy: what was decided is still what the rules give.
    for read_time in [None, time("2026-03-09T09:00:00")] {
        let request = proto::RecomputeDecisionRequest {
            name: case.name.clone(),
            read_time,
            ..proto::RecomputeDecisionRequest::default()
        };
        let again = officer.recompute_decision(request).await.unwrap();
        let again = again.into_inner();
        assert!(again.agrees && again.differs.is_empty());
        let decided = again.decision.unwrap();
        assert_eq!(decided.assessment, again.assessment);
        assert_eq!(decided.act, case.act);
    }
    let undecided = proto::RecomputeDecisionRequest {
        name: case.name.clone(),
        position: history(&mut officer, &case.name).await[2].position,
        ..proto::RecomputeDecisionRequest::default()
    };
    let refused = officer.recompute_decision(undecided).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);

    let tomorrow = proto::GetViolationRequest {
        read_time: time("2026-03-11T09:00:00"),
        ..at(&case.name, 0)
    };
    let refused = officer.get_violation(tomorrow).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(crate::city::fields(&refused), ["read_time"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_it_is_decided_a_case_shows_what_the_rules_provide_and_where_the_measure_falls() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut record = red_light();
    if let Some(proto::source::Kind::Device(device)) = record
        .source
        .as_mut()
        .and_then(|source| source.kind.as_mut())
    {
        device.warned = true;
    }
    record.act = Some(proto::Act {
        conduct: proto::Conduct::Speeding.into(),
        road: proto::Road::Other.into(),
        vehicle: Some(proto::Vehicle {
            vehicle_use: proto::VehicleUse::OtherPassenger.into(),
            seats: 5,
            ..proto::Vehicle::default()
        }),
        measure: Some(proto::act::Measure::Speed(proto::Speed {
            limit_kmh: 60,
            measured_kmh: 84,
        })),
        repeated: false,
    });
    let request = proto::RecordViolationRequest {
        violation: Some(record),
        ..proto::RecordViolationRequest::default()
    };
    let recorded = camera.record_violation(request).await.unwrap().into_inner();
    let provided = recorded.provided.unwrap();
    assert_eq!((provided.most_fine_fen, provided.points), (20_000, 3));
    let rule = &provided.penalty_rules[0];
    assert_eq!(rule.legal_basis, "Shandong Measures art. 77");
    assert_eq!(rule.effective.as_ref().unwrap().value, "2009-03-01");
    let band = rule.band.unwrap();
    assert_eq!((band.allowed, band.measured), (60, 84));
    assert_eq!(
        (band.lower.unwrap(), band.upper.unwrap()),
        (
            proto::Bound {
                value: 30,
                included: false
            },
            proto::Bound {
                value: 50,
                included: true
            }
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_record_says_who_when_why_through_what_and_on_which_provision_penalty_law_art_47()
{
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let case = served(&mut camera, &mut officer).await;
    let mut applied = replica.service.core.projection.watch_applied();
    // Fifteen days later nobody has paid.
    city.clock.set("2026-03-18T00:00:00+08:00".parse().unwrap());
    let overdue = loop {
        let entries = history(&mut officer, &case.name).await;
        if entries.len() == 8 {
            break entries;
        }
        applied.changed().await.unwrap();
    };
    let told: Vec<(&str, &str, &str)> = overdue
        .iter()
        .map(|entry| {
            (
                entry.actor.as_str(),
                entry.channel.as_str(),
                entry.legal_bases[0].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("device:CAM1", "api", "Order 157 art. 15(1)"),
            ("officer:A1", "api", "Order 157 art. 19"),
            ("officer:A1", "api", "Order 157 art. 19"),
            ("officer:A1", "api", "Order 157 art. 20(1)"),
            ("officer:A1", "api", "Order 157 art. 51"),
            ("officer:A1", "api", "Road Traffic Safety Law art. 90"),
            ("officer:A1", "api", "Order 157 art. 55"),
            ("system:timer", "timer", "Order 157 art. 60(1)"),
        ]
    );
    assert!(overdue.iter().all(|entry| entry.time.is_some()));
    assert!(
        overdue[7].cause.contains("violation/"),
        "the deadline is the cause: {}",
        overdue[7].cause
    );
    // With the second review the record was entered, in one step.
    assert_eq!(overdue[2].events.len(), 2);
    assert_eq!(overdue[2].legal_bases.len(), 2);
}
