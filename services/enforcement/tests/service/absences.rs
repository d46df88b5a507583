//! What is told in absence over real gRPC: to somebody who is named and sealed, with the number that proves it.

use crate::city::{Account, City, driver, reason, red_light, time};
use crate::stories::{cases, notified};
use traffic_proto::enforcement::v1 as proto;

#[tokio::test(flavor = "multi_thread")]
async fn who_is_told_in_absence_is_named_and_shown_by_reference_only() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let mut last = String::new();
    for hour in 0..5 {
        let mut violation = red_light();
        violation.act_time = time(&format!("2026-03-01T{hour:02}:00:00"));
        last = notified(&mut camera, &mut officer, violation).await;
    }
    city.clock.set("2026-04-02T09:00:00+08:00".parse().unwrap());
    let warn = proto::WarnOfDefaultRequest {
        name: last,
        sanction: Some(proto::Sanction {
            fine_fen: 10_000,
            ..proto::Sanction::default()
        }),
        channel: proto::NoticeChannel::TextMessage.into(),
        receipt: "SMS-2026-1".into(),
        ..proto::WarnOfDefaultRequest::default()
    };
    let refused = officer.warn_of_default(warn.clone()).await.unwrap_err();
    let basis = Some("Administrative Penalty Law art. 59(1)(1)".to_owned());
    assert_eq!(reason(&refused), ("PARTY_NOT_IDENTIFIED".to_owned(), basis));

    let named = proto::WarnOfDefaultRequest {
        party: driver(),
        ..warn
    };
    let told = officer.warn_of_default(named).await.unwrap().into_inner();
    let party = told.party.unwrap();
    assert_eq!(
        (party.name.as_str(), party.identity_number.as_str()),
        ("", "")
    );
    let notice = told.absence_notice.unwrap();
    assert_eq!(notice.person_ref, party.person_ref);
    assert_eq!(notice.receipt, "SMS-2026-1");
    assert!(!notice.hearing && !notice.spoken_up);
    assert_eq!(notice.announce_from, time("2026-05-03T00:00:00"));
}
