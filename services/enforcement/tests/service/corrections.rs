//! The police put right what was wrong, and take back what was referred: over real gRPC, once, and by officers who decide.

use crate::city::{Account, City, driver, red_light};
use crate::stories::{cases, served};
use tonic::Code;
use traffic_proto::enforcement::v1 as proto;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_decision_is_revoked_once_and_the_record_is_open_again() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let mut citizen = cases(&city, &replica, Account::Citizen).await;
    let case = served(&mut camera, &mut officer).await;
    let revoke = proto::RevokeDecisionRequest {
        name: case.name,
        error: proto::DecisionError::Facts.into(),
        reason: "the photograph shows another car".into(),
        afterwards: proto::Afterwards::Reopened.into(),
        request_id: "01890a5d-ac96-774b-bcce-b302099a8058".into(),
        ..proto::RevokeDecisionRequest::default()
    };
    let refused = citizen.revoke_decision(revoke.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let first = officer.revoke_decision(revoke.clone()).await.unwrap();
    let first = first.into_inner();
    assert_eq!(first.state(), proto::ViolationState::Notified);
    assert_eq!((&first.decision, &first.account), (&None, &None));
    let again = officer.revoke_decision(revoke).await.unwrap();
    assert_eq!(again.into_inner().etag, first.etag);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_was_referred_as_a_crime_comes_back_and_goes_on() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let stop = proto::StopOnTheSpotRequest {
        violation: Some(proto::Violation {
            source: Some(proto::Source {
                kind: Some(proto::source::Kind::OnTheSpot(proto::OnTheSpot {})),
            }),
            party: driver(),
            ..red_light()
        }),
        ..proto::StopOnTheSpotRequest::default()
    };
    let stopped = officer.stop_on_the_spot(stop).await.unwrap().into_inner();
    let refer = proto::ReferAsCrimeRequest {
        name: stopped.name.clone(),
        authority: "Sample Procuratorate".into(),
        ..proto::ReferAsCrimeRequest::default()
    };
    let referred = officer.refer_as_crime(refer).await.unwrap().into_inner();
    assert_eq!(referred.state(), proto::ViolationState::Referred);
    let referral = referred.referral.unwrap();
    assert_eq!(referral.authority, "Sample Procuratorate");
    assert!(referral.resting);
    let take_back = proto::TakeBackReferralRequest {
        name: stopped.name,
        reason: "not prosecuted".into(),
        reference: "P-2026-1".into(),
        ..proto::TakeBackReferralRequest::default()
    };
    let back = officer.take_back_referral(take_back).await.unwrap();
    let back = back.into_inner();
    assert_eq!(back.state(), proto::ViolationState::Stopped);
    assert_eq!(back.referral, None);
}
