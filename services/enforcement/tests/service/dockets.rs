//! What waits for a vehicle: entered the same day, unhandled after thirty days.

use crate::city::{Account, City, reason};
use crate::stories::{Cases, cases, record};
use tonic::Code;
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::docket_service_client::DocketServiceClient;

/// A camera's record, reviewed and notified this Monday.
async fn notified(camera: &mut Cases, officer: &mut Cases) -> proto::Violation {
    let recorded = camera.record_violation(record("")).await.unwrap();
    let name = recorded.into_inner().name;
    for review in [proto::Review::Technical, proto::Review::Legal] {
        let request = proto::PassReviewRequest {
            name: name.clone(),
            review: review.into(),
            ..proto::PassReviewRequest::default()
        };
        officer.pass_review(request).await.unwrap();
    }
    let notice = proto::SendNoticeRequest {
        name,
        channel: proto::NoticeChannel::App.into(),
        ..proto::SendNoticeRequest::default()
    };
    officer.send_notice(notice).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_open_to_queries_the_day_it_is_entered_and_unhandled_after_thirty_order_157_arts_20_57()
 {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let case = notified(&mut camera, &mut officer).await;
    replica.caught_up().await;

    let by_plate = proto::ListViolationsRequest {
        plate: case.plate.clone(),
        state: proto::ViolationState::Notified.into(),
        ..proto::ListViolationsRequest::default()
    };
    let listed = officer.list_violations(by_plate).await.unwrap();
    assert_eq!(listed.into_inner().violations.len(), 1);

    let line = city.line(&replica, Account::Officer).await;
    let mut dockets = DocketServiceClient::new(line);
    let get = proto::GetDocketRequest {
        plate: case.plate.clone(),
    };
    let docket = dockets.get_docket(get.clone()).await.unwrap().into_inner();
    assert_eq!(docket.open_violations, [case.name]);
    assert_eq!((docket.unhandled, docket.trading_suspected), (0, false));
    city.clock.set("2026-04-01T23:59:59+08:00".parse().unwrap());
    let docket = dockets.get_docket(get.clone()).await.unwrap().into_inner();
    assert_eq!(docket.unhandled, 0);
    city.clock.set("2026-04-02T00:00:00+08:00".parse().unwrap());
    let docket = dockets.get_docket(get.clone()).await.unwrap().into_inner();
    assert_eq!(docket.unhandled, 1);

    let other = proto::GetDocketRequest {
        plate: "鲁R99999".into(),
    };
    let empty = dockets.get_docket(other).await.unwrap().into_inner();
    assert_eq!(empty.open_violations.len(), 0);
    let clear = proto::ClearVehicleSuspicionRequest {
        plate: case.plate,
        ..proto::ClearVehicleSuspicionRequest::default()
    };
    let refused = dockets.clear_vehicle_suspicion(clear).await.unwrap_err();
    assert_eq!(reason(&refused).0, "NOTHING_SUSPECTED");

    let line = city.line(&replica, Account::Citizen).await;
    let mut dockets = DocketServiceClient::new(line);
    let refused = dockets.get_docket(get).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
