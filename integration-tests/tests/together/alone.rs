//! A service alone does everything that is its own.

use crate::cases::{DRIVER, fined, revoked};
use crate::haulage::{TRACTOR, grant, oversize, toxic};
use integration_tests::workloads::enforcement::{cases, payment};
use integration_tests::workloads::parking::{ZONE, bay, city, mark, sessions, stay};
use integration_tests::workloads::permits::{Stretch, reopen, repair};
use integration_tests::{Service, Suite};
use traffic_proto::enforcement::v1::{RecordPaymentRequest, ViolationState};
use traffic_proto::permits::v1::PermitState;

#[tokio::test(flavor = "multi_thread")]
async fn permits_grants_and_ends_permits_while_nobody_else_is_there() {
    let suite = Suite::start().await;
    let office = suite.replica(Service::Permits).await;
    for permit in [toxic(TRACTOR, DRIVER), oversize()] {
        let granted = grant(&office, permit).await.unwrap();
        assert_eq!(granted.state(), PermitState::Approved);
    }
    let works = repair("Sample Road", Stretch::default());
    let works = integration_tests::workloads::permits::grant(&office, works)
        .await
        .unwrap();
    let reopened = reopen(&office, &works.name).await.unwrap();
    assert!(reopened.occupation.unwrap().reopened_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn enforcement_decides_and_takes_fines_while_nobody_else_is_there() {
    let suite = Suite::start().await;
    let police = suite.replica(Service::Enforcement).await;
    let first = fined(&police, "Sample Road 1", "鲁R12345", DRIVER).await;
    let second = fined(&police, "Sample Road 2", "鲁R12345", DRIVER).await;
    let request = RecordPaymentRequest {
        amount_fen: 20_000,
        ..payment(&first, "BANK-1")
    };
    let paid = cases(&police, "officer:cases")
        .record_payment(request)
        .await;
    assert_eq!(paid.unwrap().into_inner().state(), ViolationState::Settled);
    revoked(&police, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parking_charges_stays_while_nobody_else_is_there() {
    let suite = Suite::start().await;
    let garage = suite.replica(Service::Parking).await;
    city(&garage, &[ZONE]).await;
    mark(&garage, vec![("n1".to_owned(), bay(50.0, -3.0))]).await;
    let readings = tokio_stream::iter(stay("bays/n1"));
    let taken = sessions(&garage).ingest_readings(readings).await;
    let taken = taken.unwrap().into_inner();
    assert_eq!(taken.problem_count, 0, "{taken:?}");
}
