//! One request, one effect; one road, one occupation; whatever replica is asked, and however often.

use crate::city::{Account, City, fields, reason};
use crate::samples::{create, works};
use crate::stories::accepted;
use futures::future::join_all;
use tonic::Code;
use traffic_proto::permits::v1 as proto;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_fifty_times_to_two_replicas_is_one_permit_and_one_answer() {
    let city = City::start().await;
    let (one, two) = (city.replica().await, city.replica().await);
    let clients = [
        city.client(&one, Account::Applicant).await,
        city.client(&two, Account::Applicant).await,
    ];
    let request = create(works("Sample Road"));
    let answers = join_all((0..50).map(|n| {
        let mut client = clients[n % 2].clone();
        let request = request.clone();
        async move { client.create_permit(request).await.unwrap() }
    }))
    .await;
    let newest = answers
        .iter()
        .map(|answer| answer.metadata().get("traffic-position").unwrap().clone())
        .next()
        .unwrap();
    let answers: Vec<proto::Permit> = answers
        .into_iter()
        .map(tonic::Response::into_inner)
        .collect();
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "50 equal answers"
    );

    for client in &clients {
        let mut list = tonic::Request::new(proto::ListPermitsRequest::default());
        list.metadata_mut()
            .insert("traffic-min-position", newest.clone());
        let found = client
            .clone()
            .list_permits(list)
            .await
            .unwrap()
            .into_inner()
            .permits;
        assert_eq!(found, answers[..1], "one permit");
    }

    let mut other = request;
    other.permit = Some(works("Another Road"));
    for client in &clients {
        let reused = client
            .clone()
            .create_permit(other.clone())
            .await
            .unwrap_err();
        assert_eq!(reused.code(), Code::InvalidArgument);
        assert_eq!(reason(&reused).0, "REQUEST_ID_REUSED");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_overlapping_occupations_approved_at_once_on_two_replicas_one_wins() {
    let city = City::start().await;
    let (one, two) = (city.replica().await, city.replica().await);
    let mut applicant = city.client(&one, Account::Applicant).await;
    let reviewers = [
        city.client(&one, Account::Reviewer).await,
        city.client(&two, Account::Reviewer).await,
    ];
    for round in 0..8 {
        let road = format!("Road {round}");
        let mut names = Vec::new();
        for _ in 0..4 {
            names.push(accepted(&mut applicant, &mut reviewers[0].clone(), works(&road)).await);
        }
        two.caught_up().await;
        let outcomes = join_all(names.iter().enumerate().map(|(n, name)| {
            let mut reviewer = reviewers[n % 2].clone();
            let approve = proto::ApprovePermitRequest {
                name: name.clone(),
                ..Default::default()
            };
            async move { reviewer.approve_permit(approve).await }
        }))
        .await;
        let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(won, 1, "round {round}: {outcomes:?}");
        for lost in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(lost.code(), Code::FailedPrecondition);
            assert_eq!(
                reason(&lost),
                (
                    "ROAD_TAKEN".into(),
                    Some("Road Traffic Safety Law art. 32(2)".into())
                )
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_etag_is_aborted_and_a_rehearsal_changes_nothing() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    let rehearsed = applicant
        .create_permit(proto::CreatePermitRequest {
            validate_only: true,
            ..create(works("Sample Road"))
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rehearsed.state(), proto::PermitState::Submitted);
    let unknown = applicant
        .get_permit(proto::GetPermitRequest {
            name: rehearsed.name,
        })
        .await
        .unwrap_err();
    assert_eq!(
        (unknown.code(), reason(&unknown).0.as_str()),
        (Code::NotFound, "PERMIT_NOT_FOUND")
    );

    let filed = applicant
        .create_permit(create(works("Sample Road")))
        .await
        .unwrap()
        .into_inner();
    let accept = |etag: &str, validate_only| proto::AcceptPermitRequest {
        name: filed.name.clone(),
        etag: etag.into(),
        validate_only,
        ..Default::default()
    };
    let rehearsed = reviewer
        .accept_permit(accept(&filed.etag, true))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(rehearsed.state(), proto::PermitState::Accepted);
    let stale = reviewer
        .accept_permit(accept("ffff", false))
        .await
        .unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).0.as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    reviewer
        .accept_permit(accept(&filed.etag, false))
        .await
        .unwrap();
    let stale = reviewer
        .accept_permit(accept(&filed.etag, false))
        .await
        .unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_answer_all_filters_page_by_page_newest_first() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut names = Vec::new();
    for n in 0..5 {
        let filed = applicant
            .create_permit(create(works(&format!("Road {}", n % 2))))
            .await
            .unwrap();
        names.push(filed.into_inner().name);
        city.clock.advance(jiff::SignedDuration::from_secs(1));
    }
    names.reverse();
    replica.caught_up().await;
    let list = |request: proto::ListPermitsRequest| {
        let mut client = applicant.clone();
        async move { client.list_permits(request).await }
    };
    let mut found = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = list(proto::ListPermitsRequest {
            page_size: 2,
            page_token,
            ..Default::default()
        })
        .await
        .unwrap()
        .into_inner();
        assert!(page.permits.len() <= 2);
        found.extend(page.permits.into_iter().map(|permit| permit.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found, names);

    let count = |request| {
        let answer = list(request);
        async move { answer.await.unwrap().into_inner().permits.len() }
    };
    assert_eq!(
        count(proto::ListPermitsRequest {
            road: "road  0".into(),
            ..Default::default()
        })
        .await,
        3
    );
    assert_eq!(
        count(proto::ListPermitsRequest {
            road: "Road 1".into(),
            state: proto::PermitState::Submitted.into(),
            kind: proto::PermitKind::RoadOccupation.into(),
            district: "371702".into(),
            applicant: "91110000600037341L".into(),
            ..Default::default()
        })
        .await,
        2
    );
    assert_eq!(
        count(proto::ListPermitsRequest {
            state: proto::PermitState::Approved.into(),
            ..Default::default()
        })
        .await,
        0
    );
    assert_eq!(
        count(proto::ListPermitsRequest {
            plate: "鲁R12345".into(),
            ..Default::default()
        })
        .await,
        0
    );
    let bad = list(proto::ListPermitsRequest {
        page_size: -1,
        page_token: "x".into(),
        district: "12".into(),
        plate: "x".into(),
        state: 99,
        ..Default::default()
    })
    .await
    .unwrap_err();
    assert_eq!(bad.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&bad),
        ["state", "district", "plate", "page_size", "page_token"]
    );
}
