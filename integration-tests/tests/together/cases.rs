//! Cases of enforcement: a red light from the camera to the decision, a truck on a weigh station.

use chassis::clock::{Clock, SystemClock};
use integration_tests::Replica;
use integration_tests::replica::eventually;
use integration_tests::workloads::enforcement;
pub(crate) use integration_tests::workloads::enforcement::weighed;
use integration_tests::workloads::enforcement::{cases, review, service};
use jiff::ToSpan;
use tonic::{Code, Status};
use traffic_proto::enforcement::v1::{
    AcceptHandlingRequest, Day, DecideViolationRequest, EndRemedyRequest, GetViolationRequest,
    LicenceFacts, Party, RecordViolationRequest, Remedy, RemedyOutcome, Review, Sanction,
    SeekRemedyRequest, Violation,
};

/// A driver who does not exist; the check character is right.
pub(crate) const DRIVER: &str = "360426199101010071";

pub(crate) fn day(text: &str) -> Option<Day> {
    Some(Day { value: text.into() })
}

/// A photograph of a red light run a minute ago.
pub(crate) fn red_light(road: &str, plate: &str) -> Violation {
    let minute_ago = SystemClock.now() - 1.minute();
    enforcement::red_light(road, plate, minute_ago)
}

/// Records an act that a device has seen.
pub(crate) async fn record(replica: &Replica, violation: Violation) -> Result<Violation, Status> {
    let request = RecordViolationRequest {
        violation: Some(violation),
        ..RecordViolationRequest::default()
    };
    let recorded = cases(replica, "device:camera")
        .record_violation(request)
        .await;
    Ok(recorded?.into_inner())
}

/// A case, once the replica can see it: who has just recorded it may be ahead of its projection.
pub(crate) async fn get(replica: &Replica, name: &str) -> Violation {
    eventually(name, || async {
        let request = GetViolationRequest {
            name: name.to_owned(),
            ..GetViolationRequest::default()
        };
        match cases(replica, "officer:cases").get_violation(request).await {
            Ok(found) => Some(found.into_inner()),
            Err(status) if status.code() == Code::NotFound => None,
            Err(status) => panic!("{status:?}"),
        }
    })
    .await
}

/// Both reviews are passed: the record is open.
pub(crate) async fn enter(replica: &Replica, name: &str) {
    for one in [Review::Technical, Review::Legal] {
        let passed = cases(replica, "officer:cases")
            .pass_review(review(name, one))
            .await;
        passed.unwrap();
    }
}

/// A case that this party comes to have handled.
pub(crate) async fn handled(replica: &Replica, violation: Violation, party: Party) -> Violation {
    let name = record(replica, violation).await.unwrap().name;
    enter(replica, &name).await;
    let accept = AcceptHandlingRequest {
        name,
        party: Some(party),
        ..AcceptHandlingRequest::default()
    };
    let accepted = cases(replica, "officer:cases")
        .accept_handling(accept)
        .await;
    accepted.unwrap().into_inner()
}

/// A red light of this driver, decided with 200 yuan and six points, and served.
pub(crate) async fn fined(replica: &Replica, road: &str, plate: &str, driver: &str) -> Violation {
    let driver = Party {
        name: "Sample Driver".into(),
        identity_number: driver.into(),
        licence: Some(LicenceFacts {
            first_issued: day("2015-06-01"),
            large_vehicles: false,
        }),
        ..Party::default()
    };
    let name = handled(replica, red_light(road, plate), driver).await.name;
    let mut officer = cases(replica, "officer:cases");
    let decide = DecideViolationRequest {
        name: name.clone(),
        sanction: Some(Sanction {
            fine_fen: 20_000,
            ..Sanction::default()
        }),
        told_and_heard: true,
        ..DecideViolationRequest::default()
    };
    officer.decide_violation(decide).await.unwrap();
    let served = officer.serve_decision(service(&name)).await;
    served.unwrap().into_inner()
}

/// The decision falls on reconsideration: its points are gone.
pub(crate) async fn revoked(replica: &Replica, served: &Violation) {
    let mut officer = cases(replica, "officer:cases");
    let seek = SeekRemedyRequest {
        name: served.name.clone(),
        remedy: Remedy::Reconsideration.into(),
        seek_time: served.decision.as_ref().and_then(|it| it.serve_time),
        ..SeekRemedyRequest::default()
    };
    officer.seek_remedy(seek).await.unwrap();
    let end = EndRemedyRequest {
        name: served.name.clone(),
        outcome: RemedyOutcome::Revoked.into(),
        ..EndRemedyRequest::default()
    };
    officer.end_remedy(end).await.unwrap();
}
