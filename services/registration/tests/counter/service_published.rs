//! What another agency hears of e-bikes: each thing once, in order, and never whose they are.

use crate::world::{City, day, ebike, heard, owner, request_id};
use std::collections::BTreeSet;
use traffic_proto::registration::v1 as proto;

#[tokio::test(flavor = "multi_thread")]
async fn another_agency_hears_what_becomes_of_an_ebike_and_never_whose_it_is() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut ebikes = city.ebikes(&replica).await;
    let request = proto::RegisterEbikeRequest {
        ebike: Some(ebike(1, 1)),
        request_id: request_id(1),
        ..proto::RegisterEbikeRequest::default()
    };
    let registered = ebikes.register_ebike(request).await.unwrap().into_inner();
    let reissue = proto::ReissueEbikePlateRequest {
        name: registered.name.clone(),
        owner: owner(1),
        presented: true,
        ..proto::ReissueEbikePlateRequest::default()
    };
    ebikes.reissue_ebike_plate(reissue).await.unwrap();
    let transfer = proto::TransferEbikeRequest {
        name: registered.name.clone(),
        from: owner(1),
        to: owner(2),
        origin: Some(proto::EbikeOrigin {
            kind: proto::EbikeOriginKind::Gift.into(),
            number: "ZY-1".into(),
            day: day("2026-03-01"),
        }),
        ..proto::TransferEbikeRequest::default()
    };
    ebikes.transfer_ebike(transfer).await.unwrap();
    // The same owner by another name: nobody else's business.
    let rename = proto::ChangeEbikeOwnerParticularsRequest {
        name: registered.name.clone(),
        owner: owner(2),
        ..proto::ChangeEbikeOwnerParticularsRequest::default()
    };
    ebikes.change_ebike_owner_particulars(rename).await.unwrap();
    let cancel = proto::CancelEbikeRequest {
        name: registered.name.clone(),
        owner: owner(2),
        reason: proto::EbikeCancelReason::Lost.into(),
        ..proto::CancelEbikeRequest::default()
    };
    ebikes.cancel_ebike(cancel).await.unwrap();

    let heard = heard(&city.bus, "events.registration.>", 4).await;
    let subjects: Vec<&str> = heard.iter().map(|(subject, _)| subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "events.registration.ebike_registered.371702",
            "events.registration.ebike_plate_reissued.371702",
            "events.registration.ebike_transferred.371702",
            "events.registration.ebike_cancelled.371702",
        ]
    );
    for (_, event) in &heard {
        assert_eq!(event.subject, registered.name);
        let text = String::from_utf8(event.data.to_vec()).unwrap();
        assert!(!text.contains("样本") && !text.contains("person"), "{text}");
    }
    let cancelled: proto::EbikeCancelled = heard[3].1.decode().unwrap();
    assert_eq!(
        cancelled.r#ref,
        Some(proto::EbikeRef {
            ebike: registered.name,
            plate: registered.plate,
            plate_kind: proto::EbikePlateKind::Regular.into(),
            district: "371702".into(),
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_agency_hears_until_when_a_dated_plate_may_be_ridden() {
    let city = City::start_at("2022-06-01T10:00:00+08:00").await;
    let replica = city.replica().await;
    let mut ebikes = city.ebikes(&replica).await;
    let mut wanted = ebike(1, 1);
    wanted.certificate = None;
    wanted.origin.as_mut().unwrap().day = day("2018-05-01");
    let request = proto::RegisterEbikeRequest {
        ebike: Some(wanted),
        ..proto::RegisterEbikeRequest::default()
    };
    let registered = ebikes.register_ebike(request).await.unwrap().into_inner();
    city.clock.set("2025-12-30T10:00:00+08:00".parse().unwrap());
    let renew = proto::RenewTransitionalPlateRequest {
        name: registered.name,
        ..proto::RenewTransitionalPlateRequest::default()
    };
    ebikes.renew_transitional_plate(renew).await.unwrap();
    city.clock.set("2027-01-01T00:00:00+08:00".parse().unwrap());

    let heard = heard(&city.bus, "events.registration.>", 3).await;
    let first: proto::EbikeRegistered = heard[0].1.decode().unwrap();
    let kind = first.r#ref.unwrap().plate_kind;
    assert_eq!(kind, i32::from(proto::EbikePlateKind::Transitional));
    assert_eq!(first.valid_until, day("2025-12-31"));
    let renewed: proto::EbikePlateRenewed = heard[1].1.decode().unwrap();
    assert_eq!(renewed.valid_until, day("2026-12-31"));
    assert!(heard[2].1.is::<proto::EbikePlateExpired>());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_many_ebikes_is_heard_row_by_row_however_long_it_is() {
    const ROWS: u32 = 300;
    let city = City::start().await;
    let replica = city.replica().await;
    let mut ebikes = city.ebikes(&replica).await;
    // More than one commit may publish, and than the relay sends at once.
    const { assert!(ROWS as usize > chassis::published::MOST_PER_COMMIT) };
    let rows = (0..ROWS).map(|row| proto::ImportEbikesRequest {
        row: row.into(),
        ebike: Some(ebike(row, row)),
        request_id: request_id(row.into()),
    });
    let stream = ebikes.import_ebikes(futures::stream::iter(rows)).await;
    let mut results = stream.unwrap().into_inner();
    let mut plates = BTreeSet::new();
    while let Some(result) = results.message().await.unwrap() {
        plates.insert(result.plate);
    }
    assert_eq!(plates.len(), ROWS as usize);

    let heard = heard(
        &city.bus,
        "events.registration.ebike_registered.>",
        ROWS as usize,
    )
    .await;
    let told: BTreeSet<String> = heard
        .iter()
        .map(|(_, event)| {
            let registered: proto::EbikeRegistered = event.decode().unwrap();
            registered.r#ref.unwrap().plate
        })
        .collect();
    assert_eq!(told, plates);
    let ids: BTreeSet<&str> = heard.iter().map(|(_, event)| event.id.as_str()).collect();
    assert_eq!(ids.len(), ROWS as usize, "each once");
    assert!(
        ids.iter().all(|id| id.ends_with("-1")),
        "a commit publishes one event: {ids:?}"
    );
}
