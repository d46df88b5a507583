//! E-bikes over real gRPC, one by one.

use crate::world::{City, day, ebike, fields, owner, reason, request_id};
use tonic::Code;
use traffic_proto::registration::v1 as proto;

fn register(ebike: proto::Ebike, request: u128) -> proto::RegisterEbikeRequest {
    proto::RegisterEbikeRequest {
        ebike: Some(ebike),
        request_id: request_id(request),
        validate_only: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ebike_is_registered_found_transferred_and_cancelled() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut ebikes = city.ebikes(&replica).await;
    let registered = ebikes
        .register_ebike(register(ebike(1, 1), 1))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(registered.name, "ebikes/119901800000001");
    assert_eq!(registered.plate, "鲁RA000000");
    assert_eq!(registered.state(), proto::EbikeState::Registered);
    let Some(proto::party::Kind::Person(person)) = registered.owner.clone().unwrap().kind else {
        panic!("a person");
    };
    assert_eq!(
        (
            person.name.as_str(),
            person.identity_number.as_str(),
            person.phone.as_str()
        ),
        ("", "", ""),
        "sealed"
    );

    replica.caught_up().await;
    let plate = registered.plate.clone();
    let found = ebikes
        .look_up_ebike(proto::LookUpEbikeRequest { plate })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found, registered);
    let transfer = proto::TransferEbikeRequest {
        name: registered.name.clone(),
        from: owner(1),
        to: owner(2),
        origin: Some(proto::EbikeOrigin {
            kind: proto::EbikeOriginKind::Gift.into(),
            number: "ZY-1".into(),
            day: day("2026-03-01"),
        }),
        etag: registered.etag.clone(),
        ..proto::TransferEbikeRequest::default()
    };
    let transferred = ebikes
        .transfer_ebike(transfer.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(transferred.plate, registered.plate);
    let stale = ebikes.transfer_ebike(transfer).await.unwrap_err();
    assert_eq!(stale.code(), Code::Aborted);

    replica.caught_up().await;
    let of = |owner: String| proto::ListEbikesRequest {
        owner,
        ..proto::ListEbikesRequest::default()
    };
    let before = ebikes
        .list_ebikes(of(person.person_ref))
        .await
        .unwrap()
        .into_inner();
    assert!(before.ebikes.is_empty());
    let Some(proto::party::Kind::Person(now)) = transferred.owner.unwrap().kind else {
        panic!("a person");
    };
    let after = ebikes.list_ebikes(of(now.person_ref)).await.unwrap();
    assert_eq!(after.into_inner().ebikes.len(), 1);

    let cancelled = ebikes
        .cancel_ebike(proto::CancelEbikeRequest {
            name: registered.name,
            owner: owner(2),
            reason: proto::EbikeCancelReason::Scrapped.into(),
            ..proto::CancelEbikeRequest::default()
        })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(cancelled.state(), proto::EbikeState::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_sent_many_times_to_two_replicas_registers_once() {
    let city = City::start().await;
    let (one, other) = (city.replica().await, city.replica().await);
    let sends = (0..20).map(|number| {
        let (city, replica) = (&city, if number % 2 == 0 { &one } else { &other });
        async move {
            let mut ebikes = city.ebikes(replica).await;
            let answer = ebikes.register_ebike(register(ebike(1, 1), 1)).await;
            answer.unwrap().into_inner()
        }
    });
    let answers = futures::future::join_all(sends).await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_frame_number_filed_by_two_owners_at_two_replicas_becomes_one_owners() {
    let city = City::start().await;
    let (one, other) = (city.replica().await, city.replica().await);
    for frame in 0..10 {
        let (mut left, mut right) = (city.ebikes(&one).await, city.ebikes(&other).await);
        let (left, right) = tokio::join!(
            left.register_ebike(register(ebike(frame, 1), u128::from(frame) * 2)),
            right.register_ebike(register(ebike(frame, 2), u128::from(frame) * 2 + 1)),
        );
        let mut refused = [left, right].into_iter().filter_map(Result::err);
        let status = refused.next().expect("one is refused");
        assert_eq!(status.code(), Code::AlreadyExists);
        assert_eq!(reason(&status).0, "FRAME_NUMBER_TAKEN");
        assert!(refused.next().is_none(), "the other is not");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_never_give_out_one_plate_twice_not_even_after_a_crash() {
    let city = City::start().await;
    let (one, other) = (city.replica().await, city.replica().await);
    let mut plates = std::collections::BTreeSet::new();
    let (mut left, mut right) = (city.ebikes(&one).await, city.ebikes(&other).await);
    for frame in 0..20 {
        let ebikes = if frame % 2 == 0 {
            &mut left
        } else {
            &mut right
        };
        let answer = ebikes
            .register_ebike(register(ebike(frame, frame), u128::from(frame)))
            .await;
        assert!(plates.insert(answer.unwrap().into_inner().plate));
    }
    // Without its memory of what it has given out.
    let folder = one.stop().await;
    let again = city.replica_in(folder).await;
    let mut ebikes = city.ebikes(&again).await;
    for frame in 20..30 {
        let answer = ebikes
            .register_ebike(register(ebike(frame, frame), u128::from(frame)))
            .await;
        assert!(plates.insert(answer.unwrap().into_inner().plate));
    }
    again.caught_up().await;
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let page = ebikes
            .list_ebikes(proto::ListEbikesRequest {
                page_size: 7,
                page_token,
                ..proto::ListEbikesRequest::default()
            })
            .await
            .unwrap()
            .into_inner();
        listed.extend(page.ebikes.into_iter().map(|ebike| ebike.plate));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, Vec::from_iter(plates), "in the order of the plates");
}

#[tokio::test(flavor = "multi_thread")]
async fn plates_of_a_block_that_a_restored_stream_may_lack_are_not_given_out() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut ebikes = city.ebikes(&replica).await;
    let before = ebikes
        .register_ebike(register(ebike(1, 1), 1))
        .await
        .unwrap();
    assert_eq!(before.into_inner().plate, "鲁RA000000");
    // As when the stream turns out to have been set back: what was drawn since the backup, another replica draws again.
    let projection = &replica.service.core.projection;
    projection.rebuild().await.unwrap();
    while projection.status().await.rebuilds == 0 {
        tokio::task::yield_now().await;
    }
    projection.ready().await;
    let after = ebikes
        .register_ebike(register(ebike(2, 2), 2))
        .await
        .unwrap();
    assert_eq!(after.into_inner().plate, "鲁RA001000", "of another block");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_gives_no_plate_away() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut ebikes = city.ebikes(&replica).await;
    for _ in 0..3 {
        let mut rehearsal = register(ebike(1, 1), 1);
        rehearsal.validate_only = true;
        let answer = ebikes.register_ebike(rehearsal).await.unwrap().into_inner();
        assert!(!answer.plate.is_empty());
    }
    let answer = ebikes
        .register_ebike(register(ebike(1, 1), 1))
        .await
        .unwrap();
    // Given back plates go to the end of the block.
    assert_eq!(answer.into_inner().plate, "鲁RA000003");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_that_breaks_a_rule_is_named() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut ebikes = city.ebikes(&replica).await;
    let nothing = ebikes
        .register_ebike(proto::RegisterEbikeRequest {
            ebike: Some(proto::Ebike {
                owner: Some(proto::Party::default()),
                certificate: Some(proto::EbikeCertificate::default()),
                ..proto::Ebike::default()
            }),
            ..proto::RegisterEbikeRequest::default()
        })
        .await
        .unwrap_err();
    assert_eq!(nothing.code(), Code::InvalidArgument);
    assert_eq!(
        fields(&nothing),
        [
            "ebike.frame_number",
            "ebike.owner.person",
            "ebike.certificate.standard",
            "ebike.certificate.number",
            "ebike.certificate.make_day",
            "ebike.origin",
            "ebike.district",
        ]
    );
    let mut wrong = ebike(1, 1);
    wrong.frame_number = "车架".into();
    wrong.district = "37170".into();
    wrong.station = "stations/../x".into();
    wrong.origin.as_mut().unwrap().kind = 99;
    wrong.origin.as_mut().unwrap().day = day("2026-02-30");
    if let Some(proto::party::Kind::Person(person)) = &mut wrong.owner.as_mut().unwrap().kind {
        person.identity_number = "360426199101010072".into();
        person.phone = "call me".into();
    }
    let wrong = ebikes.register_ebike(register(wrong, 1)).await.unwrap_err();
    assert_eq!(
        fields(&wrong),
        [
            "ebike.frame_number",
            "ebike.owner.person.identity_number",
            "ebike.owner.person.phone",
            "ebike.origin.kind",
            "ebike.origin.day",
            "ebike.district",
            "ebike.station",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_what_is_not_there_is_told_so() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut ebikes = city.ebikes(&replica).await;
    let name = "ebikes/119901800000001".to_owned();
    let status = ebikes
        .get_ebike(proto::GetEbikeRequest { name })
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(reason(&status), ("EBIKE_NOT_FOUND".into(), None));
    let plate = "鲁RA000000".to_owned();
    let status = ebikes
        .look_up_ebike(proto::LookUpEbikeRequest { plate })
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let mut unknown = ebike(1, 1);
    unknown.station = "stations/nowhere".into();
    let status = ebikes
        .register_ebike(register(unknown, 1))
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(
        reason(&status),
        ("STATION_NOT_FOUND".into(), Some("Order 164 art. 69".into()))
    );
}
