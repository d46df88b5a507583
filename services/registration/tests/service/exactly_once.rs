//! One request, one effect; one VIN, one vehicle; one number, one claim; whatever replica is asked, and however often.

use crate::city::{Account, City, reason};
use crate::samples::{IDENTITY, approve, create, initial, vin};
use futures::future::join_all;
use std::collections::HashSet;
use tonic::Code;
use traffic_proto::registration::v1 as proto;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_many_times_to_two_replicas_is_one_application_and_one_answer() {
    let city = City::start().await;
    let (one, two) = (city.replica().await, city.replica().await);
    let clients = [
        city.client(&one, Account::Dealer).await,
        city.client(&two, Account::Dealer).await,
    ];
    let request = create(initial(&vin(), IDENTITY));
    let answers = join_all((0..40).map(|n| {
        let mut client = clients[n % 2].clone();
        let request = request.clone();
        async move {
            client
                .create_application(request)
                .await
                .unwrap()
                .into_inner()
        }
    }))
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));

    let mut other = request;
    other.application = Some(initial(&vin(), IDENTITY));
    let reused = clients[0]
        .clone()
        .create_application(other)
        .await
        .unwrap_err();
    assert_eq!(reason(&reused).0, "REQUEST_ID_REUSED");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_register_one_vin_on_two_replicas_one_succeeds() {
    let city = City::start().await;
    let (one, two) = (city.replica().await, city.replica().await);
    let clients = [
        city.client(&one, Account::Dealer).await,
        city.client(&two, Account::Owner).await,
    ];
    for _ in 0..5 {
        let vin = vin();
        let outcomes = join_all((0..10).map(|n| {
            let mut client = clients[n % 2].clone();
            let request = create(initial(&vin, IDENTITY));
            async move { client.create_application(request).await }
        }))
        .await;
        let filed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(filed, 1, "{outcomes:?}");
        for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
            assert_eq!(reason(refused).0, "APPLICATION_OPEN");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_choose_one_number_on_two_replicas_one_has_it() {
    let city = City::start().await;
    let (one, two) = (city.replica().await, city.replica().await);
    let clients = [
        city.client(&one, Account::Dealer).await,
        city.client(&two, Account::Owner).await,
    ];
    let outcomes = join_all((0..16).map(|n| {
        let mut client = clients[n % 2].clone();
        async move {
            let offer = client
                .offer_plate_numbers(proto::OfferPlateNumbersRequest {
                    plate_kind: proto::PlateKind::Small.into(),
                    ..Default::default()
                })
                .await
                .unwrap()
                .into_inner();
            client
                .choose_plate_number(proto::ChoosePlateNumberRequest {
                    name: offer.name,
                    number: "鲁R88888".into(),
                    request_id: Uuid::now_v7().to_string(),
                    ..Default::default()
                })
                .await
        }
    }))
    .await;
    let held = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(held, 1, "{outcomes:?}");
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(refused.code(), Code::AlreadyExists);
        assert_eq!(
            reason(refused),
            ("NUMBER_TAKEN".into(), Some("Order 164 art. 43(2)".into()))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_given_on_two_replicas_at_once_are_all_different() {
    let city = City::start().await;
    let (one, two) = (city.replica().await, city.replica().await);
    let dealers = [
        city.client(&one, Account::Dealer).await,
        city.client(&two, Account::Dealer).await,
    ];
    let officers = [
        city.client(&one, Account::Officer).await,
        city.client(&two, Account::Officer).await,
    ];
    let plates = join_all((0..60).map(|n| {
        let (mut dealer, mut officer) = (dealers[n % 2].clone(), officers[n % 2].clone());
        let request = create(initial(&vin(), IDENTITY));
        async move {
            let filed = dealer
                .create_application(request)
                .await
                .unwrap()
                .into_inner();
            let approved = officer.approve_application(approve(&filed.name)).await;
            approved.unwrap().into_inner().plate
        }
    }))
    .await;
    let different: HashSet<&String> = plates.iter().collect();
    assert_eq!(different.len(), plates.len());
}
