//! The legal review over real gRPC: asked for by an officer, given by a qualified reviewer alone, and shown with its article.

use crate::city::{Account, City, driver, reason, red_light};
use crate::stories::cases;
use tonic::Code;
use traffic_proto::enforcement::v1 as proto;

#[tokio::test(flavor = "multi_thread")]
async fn a_complex_case_is_decided_once_a_qualified_reviewer_has_passed_it() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let mut reviewer = cases(&city, &replica, Account::LegalReviewer).await;
    let stopped = proto::StopOnTheSpotRequest {
        violation: Some(proto::Violation {
            source: Some(proto::Source {
                kind: Some(proto::source::Kind::OnTheSpot(proto::OnTheSpot {})),
            }),
            party: driver(),
            ..red_light()
        }),
        ..proto::StopOnTheSpotRequest::default()
    };
    let name = officer
        .stop_on_the_spot(stopped)
        .await
        .unwrap()
        .into_inner()
        .name;
    let require = proto::RequireLegalReviewRequest {
        name: name.clone(),
        ground: proto::LegalReviewGround::Complex.into(),
        ..proto::RequireLegalReviewRequest::default()
    };
    let required = officer.require_legal_review(require).await.unwrap();
    let review = required.into_inner().legal_review.unwrap();
    assert_eq!(review.ground(), proto::LegalReviewGround::Complex);
    assert_eq!(
        review.legal_basis,
        "Administrative Penalty Law art. 58(1)(3)"
    );
    assert_eq!(review.review_time, None);

    let decide = || proto::DecideViolationRequest {
        name: name.clone(),
        sanction: Some(proto::Sanction {
            fine_fen: 20_000,
            ..proto::Sanction::default()
        }),
        told_and_heard: true,
        ..proto::DecideViolationRequest::default()
    };
    let refused = officer.decide_violation(decide()).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(
        reason(&refused),
        (
            "LEGAL_REVIEW_OUTSTANDING".into(),
            Some("Administrative Penalty Law art. 58(1)(3)".into())
        )
    );
    let pass = || proto::RecordLegalReviewRequest {
        name: name.clone(),
        passed: true,
        opinion: "facts, evidence and provision agree".into(),
        ..proto::RecordLegalReviewRequest::default()
    };
    // Who may decide is not therefore qualified to review.
    let refused = officer.record_legal_review(pass()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    // After a hearing it is needed by itself; nobody says so.
    let by_hand = proto::RequireLegalReviewRequest {
        name: name.clone(),
        ground: proto::LegalReviewGround::AfterHearing.into(),
        ..proto::RequireLegalReviewRequest::default()
    };
    let refused = officer.require_legal_review(by_hand).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    // There is nothing to review before something is intended.
    let refused = reviewer.record_legal_review(pass()).await.unwrap_err();
    assert_eq!(reason(&refused).0, "WRONG_STATE");

    let accept = proto::AcceptHandlingRequest {
        name: name.clone(),
        party: driver(),
        ..proto::AcceptHandlingRequest::default()
    };
    officer.accept_handling(accept).await.unwrap();
    let tell = proto::TellIntentionRequest {
        name: name.clone(),
        sanction: decide().sanction,
        ..proto::TellIntentionRequest::default()
    };
    officer.tell_intention(tell).await.unwrap();
    let hear = proto::HearDefenceRequest {
        name: name.clone(),
        statement: "nothing to say".into(),
        ..proto::HearDefenceRequest::default()
    };
    officer.hear_defence(hear).await.unwrap();
    let passed = reviewer.record_legal_review(pass()).await.unwrap();
    let review = passed.into_inner().legal_review.unwrap();
    assert_eq!(
        (review.reviewer.as_str(), review.passed),
        ("officer:L2", true)
    );
    let by_two = proto::DecideViolationRequest {
        co_officers: vec!["officer:A2".into()],
        ..decide()
    };
    let decided = officer.decide_violation(by_two).await.unwrap();
    assert_eq!(decided.into_inner().state(), proto::ViolationState::Decided);
}
