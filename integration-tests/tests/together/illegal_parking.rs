//! Three services in a row: permits closes a road, parking its bays, and who parks there all the same is enforcement's.

use crate::herald::{heard, tell_again_backwards};
use chassis::clock::{Clock, SystemClock};
use chassis::server::to_timestamp;
use integration_tests::replica::eventually;
use integration_tests::workloads::enforcement::cases;
use integration_tests::workloads::parking::{ZONE, bay, city, management, mark, sessions};
use integration_tests::workloads::permits::{Stretch, grant, reopen, repair};
use integration_tests::{Replica, Service, Suite, audit};
use traffic_proto::enforcement::v1::{Conduct, ListViolationsRequest, Violation};
use traffic_proto::parking::v1::{
    Availability, GetBayRequest, IngestReadingsRequest, ReadingKind, SourceKind,
};

const PLATE: &str = "鲁R12345";
const BAY: &str = "bays/n1";

async fn until_bay_is(replica: &Replica, wanted: Availability) {
    eventually(&format!("{BAY} {wanted:?}"), || async {
        let request = GetBayRequest { name: BAY.into() };
        let found = management(replica)
            .get_bay(request)
            .await
            .ok()?
            .into_inner();
        (found.availability() == wanted).then_some(())
    })
    .await;
}

/// A warden sees the car in the bay.
async fn seen(replica: &Replica, sequence: u64) {
    let reading = IngestReadingsRequest {
        bay: BAY.into(),
        source: "handheld-1".into(),
        source_kind: SourceKind::Handheld.into(),
        sequence,
        // To the instant: in the second before its closure the bay was free.
        observe_time: Some(to_timestamp(SystemClock.now())),
        kind: ReadingKind::PlateSeen.into(),
        plate: PLATE.into(),
        ..IngestReadingsRequest::default()
    };
    let arrived = IngestReadingsRequest {
        sequence: sequence + 1,
        kind: ReadingKind::Arrived.into(),
        ..reading.clone()
    };
    let readings = tokio_stream::iter([
        arrived,
        IngestReadingsRequest {
            sequence: sequence + 2,
            ..reading
        },
    ]);
    sessions(replica).ingest_readings(readings).await.unwrap();
}

async fn of_plate(replica: &Replica) -> Vec<Violation> {
    let request = ListViolationsRequest {
        plate: PLATE.into(),
        ..ListViolationsRequest::default()
    };
    let listed = cases(replica, "officer:cases")
        .list_violations(request)
        .await;
    listed.unwrap().into_inner().violations
}

#[tokio::test(flavor = "multi_thread")]
async fn a_car_in_a_bay_that_works_have_closed_becomes_one_case_and_the_bay_is_free_again_afterwards()
 {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let office = suite.replica(Service::Permits).await;
    let mut garage = suite.replica(Service::Parking).await;
    let mut police = suite.replica(Service::Enforcement).await;
    city(&garage, &[ZONE]).await;
    mark(&garage, vec![("n1".to_owned(), bay(50.0, -3.0))]).await;
    let works = grant(&office, repair("Sample Road", Stretch::default()))
        .await
        .unwrap();
    until_bay_is(&garage, Availability::Closed).await;

    // Seen twice, while enforcement is away.
    police.kill9();
    seen(&garage, 1).await;
    seen(&garage, 11).await;
    police.restart().await;
    let found = eventually("a case", || async {
        let found = of_plate(&police).await;
        (!found.is_empty()).then_some(found)
    })
    .await;
    assert_eq!(
        found[0].act.as_ref().unwrap().conduct(),
        Conduct::IllegalParking
    );

    reopen(&office, &works.name).await.unwrap();
    eventually("no works close the bay any more", || async {
        let request = GetBayRequest { name: BAY.into() };
        let found = management(&garage)
            .get_bay(request)
            .await
            .ok()?
            .into_inner();
        found.closed_by.is_empty().then_some(())
    })
    .await;
    garage.kill9();
    tell_again_backwards(&client, "parking").await;
    heard(&client, "enforcement-illegal-parking").await;
    assert_eq!(of_plate(&police).await.len(), 1, "one act, one case");
    audit::agree(&[&police]).await;
}
