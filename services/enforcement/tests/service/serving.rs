//! Decisions that reach the party: noted with their own time, or announced until the timer finds that they count as served.

use crate::city::{Account, City, reason, time};
use crate::stories::{cases, decided};
use tonic::Code;
use traffic_proto::enforcement::v1 as proto;

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_is_noted_later_shows_its_own_time_and_how_to_seek_a_remedy() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let name = decided(&mut camera, &mut officer).await;
    city.clock.set("2026-03-10T09:00:00+08:00".parse().unwrap());
    let serve = |at: &str| proto::ServeDecisionRequest {
        name: name.clone(),
        service: proto::Service::Post.into(),
        serve_time: time(at),
        ..proto::ServeDecisionRequest::default()
    };
    let early = serve("2026-03-01T09:00:00");
    let refused = officer.serve_decision(early).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(reason(&refused).0, "SERVE_TIME");

    let served = officer.serve_decision(serve("2026-03-05T15:00:00")).await;
    let served = served.unwrap().into_inner();
    let account = served.account.unwrap();
    assert_eq!(account.instalments[0].due_time, time("2026-03-21T00:00:00"));
    let decision = served.decision.unwrap();
    assert_eq!(decision.serve_time, time("2026-03-05T15:00:00"));
    let redress = decision.redress.unwrap();
    assert_eq!(redress.authority_district, "371702");
    assert_eq!(redress.reconsideration_days, 60);
    assert_eq!(redress.reconsider_by, served.reconsider_by);
    assert_eq!(redress.sue_by, time("2026-09-08T00:00:00"));
    assert_eq!(redress.lawsuit_months, 6);
    assert!(redress.remedies_zh.contains("行政复议"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_timer_serves_a_decision_whose_announcement_has_ended() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut camera = cases(&city, &replica, Account::Camera).await;
    let mut officer = cases(&city, &replica, Account::Officer).await;
    let name = decided(&mut camera, &mut officer).await;
    let announce = proto::AnnounceDecisionRequest {
        name: name.clone(),
        ..proto::AnnounceDecisionRequest::default()
    };
    let announced = officer.announce_decision(announce).await.unwrap();
    let ends = time("2026-05-02T00:00:00");
    assert_eq!(announced.into_inner().announcement_end_time, ends);
    replica.caught_up().await;
    let mut applied = replica.service.core.projection.watch_applied();
    city.clock.set("2026-05-06T09:00:00+08:00".parse().unwrap());
    loop {
        let get = proto::GetViolationRequest {
            name: name.clone(),
            ..proto::GetViolationRequest::default()
        };
        let case = officer.get_violation(get).await.unwrap().into_inner();
        if case.state() == proto::ViolationState::Served {
            assert_eq!(case.decision.unwrap().serve_time, ends);
            break;
        }
        applied.changed().await.unwrap();
    }
}
