//! Citizens act in and read their own cases, and nobody else's.

use crate::city::{Account, City, reason, time};
use crate::stories::{cases, served};
use tonic::Code;
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::licence_service_client::LicenceServiceClient;

fn denied<T: std::fmt::Debug>(answer: Result<T, tonic::Status>) {
    let refused = answer.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let basis = Some("Administrative Penalty Law art. 7(1)".to_owned());
    assert_eq!(reason(&refused), ("NOT_THE_PARTY".to_owned(), basis));
}

#[tokio::test(flavor = "multi_thread")]
async fn citizens_read_their_own_cases_and_no_others() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let mut driver = cases(&city, &replica, Account::Citizen).await;
    let mut stranger = cases(&city, &replica, Account::Stranger).await;
    let case = served(&mut camera, &mut officer).await;
    let party = case.party.clone().unwrap().person_ref;
    replica.caught_up().await;

    let get = proto::GetViolationRequest {
        name: case.name.clone(),
        ..proto::GetViolationRequest::default()
    };
    let own = driver.get_violation(get.clone()).await.unwrap();
    assert_eq!(own.into_inner(), case);
    denied(stranger.get_violation(get.clone()).await);
    // Nor its past.
    let past = proto::GetViolationRequest {
        read_time: time("2026-03-02T09:00:00"),
        ..get
    };
    assert!(driver.get_violation(past.clone()).await.is_ok());
    denied(stranger.get_violation(past).await);
    let again = proto::RecomputeDecisionRequest {
        name: case.name.clone(),
        ..proto::RecomputeDecisionRequest::default()
    };
    assert!(driver.recompute_decision(again.clone()).await.is_ok());
    denied(stranger.recompute_decision(again).await);
    let history = proto::ListViolationHistoryRequest {
        parent: case.name.clone(),
        ..proto::ListViolationHistoryRequest::default()
    };
    assert!(driver.list_violation_history(history.clone()).await.is_ok());
    denied(stranger.list_violation_history(history).await);

    // Whatever a list asks for, it holds the caller's own cases.
    for person_ref in [String::new(), party.clone()] {
        let list = proto::ListViolationsRequest {
            plate: case.plate.clone(),
            person_ref,
            ..proto::ListViolationsRequest::default()
        };
        let own = driver.list_violations(list.clone()).await.unwrap();
        assert_eq!(own.into_inner().violations.len(), 1);
        let none = stranger.list_violations(list.clone()).await.unwrap();
        assert_eq!(none.into_inner().violations.len(), 0);
        let all = officer.list_violations(list).await.unwrap();
        assert_eq!(all.into_inner().violations.len(), 1);
    }

    let name = format!("licences/{party}");
    for (account, may_read) in [(Account::Citizen, true), (Account::Stranger, false)] {
        let line = city.line(&replica, account).await;
        let mut licences = LicenceServiceClient::new(line);
        let get = proto::GetLicenceRequest { name: name.clone() };
        let history = proto::ListLicenceHistoryRequest {
            parent: name.clone(),
            ..proto::ListLicenceHistoryRequest::default()
        };
        let answers = (
            licences.get_licence(get).await,
            licences.list_licence_history(history).await,
        );
        if may_read {
            assert_eq!(answers.0.unwrap().into_inner().points, 6);
            assert!(answers.1.is_ok());
        } else {
            denied(answers.0);
            denied(answers.1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remedy_is_the_partys_own_to_seek() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let case = served(&mut camera, &mut officer).await;
    let seek = proto::SeekRemedyRequest {
        name: case.name,
        remedy: proto::Remedy::Reconsideration.into(),
        seek_time: time("2026-03-02T09:00:00"),
        ..proto::SeekRemedyRequest::default()
    };
    let mut stranger = cases(&city, &replica, Account::Stranger).await;
    denied(stranger.seek_remedy(seek.clone()).await);
    let mut driver = cases(&city, &replica, Account::Citizen).await;
    let sought = driver.seek_remedy(seek).await.unwrap().into_inner();
    assert_eq!(sought.remedy(), proto::Remedy::Reconsideration);
}
