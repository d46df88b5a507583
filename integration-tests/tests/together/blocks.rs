//! Enforcement opens and closes cases and detains vehicles; registration transfers nothing while they are open.

use crate::cases::{enter, fined, record, red_light};
use crate::herald::{Herald, Told, heard, tell_again_backwards};
use crate::registry::{get, register, transfer};
use chassis::clock::{Clock, SystemClock};
use integration_tests::replica::eventually;
use integration_tests::workloads::enforcement::{cases, payment};
use integration_tests::{Replica, Service, Suite, audit, status};
use traffic_proto::enforcement::v1::{
    Disposal, RecordPaymentRequest, VehicleDetained, VehicleDisposed, VehicleReleased,
    ViolationEntered, ViolationRef, ViolationSettled,
};
use traffic_proto::registration::v1::VehicleClass;

const POLICY: &str = "registration-open-cases";
const VIN: &str = "vehicles/1M8GDM9AXKP042788";

async fn until_open(replicas: &[&Replica], count: u32) {
    for replica in replicas {
        eventually(&format!("{count} open violations"), || async {
            (get(replica, VIN).await.open_violations == count).then_some(())
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_waits_until_the_fine_is_paid_on_every_replica() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let mut police = [
        suite.replica(Service::Enforcement).await,
        suite.replica(Service::Enforcement).await,
    ];
    let mut offices = [
        suite.replica(Service::Registration).await,
        suite.replica(Service::Registration).await,
    ];
    let plate = register(&offices[0], VIN, VehicleClass::SmallPassenger).await;

    // Photographed and reviewed while registration is away.
    offices.iter_mut().for_each(Replica::kill9);
    let photograph = record(&police[0], red_light("Sample Road 1", &plate))
        .await
        .unwrap();
    enter(&police[1], &photograph.name).await;
    let decided = fined(&police[0], "Sample Road 2", &plate, crate::cases::DRIVER).await;
    for replica in &mut offices {
        replica.restart().await;
    }
    until_open(&[&offices[0], &offices[1]], 2).await;
    let refused = transfer(&offices[1], VIN).await.unwrap_err();
    let basis = status::fact(&refused, "legal_basis").unwrap_or_default();
    assert_eq!(
        basis,
        "Order 164 art. 25(2)",
        "{}",
        status::describe(&refused)
    );

    let pay = RecordPaymentRequest {
        amount_fen: 20_000,
        ..payment(&decided, "BANK-1")
    };
    cases(&police[1], "officer:cases")
        .record_payment(pay)
        .await
        .unwrap();
    until_open(&[&offices[0], &offices[1]], 1).await;
    cancel(&police[0], &photograph.name).await;
    until_open(&[&offices[0], &offices[1]], 0).await;

    // Everything once more, the newest first, while enforcement is away.
    police.iter_mut().for_each(Replica::kill9);
    tell_again_backwards(&client, "enforcement").await;
    heard(&client, POLICY).await;
    until_open(&[&offices[0], &offices[1]], 0).await;
    transfer(&offices[0], VIN).await.unwrap();
    audit::agree(&[&offices[0], &offices[1]]).await;
}

/// An officer finds that the plate was misread.
async fn cancel(replica: &Replica, name: &str) {
    use traffic_proto::enforcement::v1::{CancelViolationRequest, CancellationGround};
    let request = CancelViolationRequest {
        name: name.into(),
        ground: CancellationGround::PlateMisread.into(),
        remarks: "misread".into(),
        ..CancelViolationRequest::default()
    };
    cases(replica, "officer:cases")
        .cancel_violation(request)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_was_settled_before_it_was_opened_blocks_nothing() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let office = suite.replica(Service::Registration).await;
    let plate = register(&office, VIN, VehicleClass::SmallPassenger).await;
    let herald = Herald::of("enforcement", &client);
    let name = "violations/0195c9a0-0000-7000-8000-000000000001";
    let told = |position| Told {
        position,
        at: SystemClock.now(),
    };
    let r#ref = || {
        Some(ViolationRef {
            violation: name.into(),
            plate: plate.clone(),
            district: "371702".into(),
        })
    };
    let entered = ViolationEntered {
        r#ref: r#ref(),
        act_time: Some(chassis::server::to_timestamp(SystemClock.now())),
    };
    let settled = ViolationSettled { r#ref: r#ref() };
    herald.tell(told(20), name, &settled).await;
    herald.tell(told(10), name, &entered).await;
    heard(&client, POLICY).await;
    until_open(&[&office], 0).await;
    // Its decision fell, and it is open again: that is news.
    herald.tell(told(30), name, &entered).await;
    until_open(&[&office], 1).await;

    let detention = "detentions/0195c9a0-0000-7000-8000-000000000002";
    let detained = VehicleDetained {
        detention: detention.into(),
        plate: plate.clone(),
        ..VehicleDetained::default()
    };
    let released = VehicleReleased {
        detention: detention.into(),
        plate: plate.clone(),
    };
    herald.tell(told(40), detention, &detained).await;
    heard(&client, POLICY).await;
    assert!(get(&office, VIN).await.detained);
    transfer(&office, VIN).await.unwrap_err();
    herald.tell(told(50), detention, &released).await;
    herald.tell(told(40), detention, &detained).await;
    heard(&client, POLICY).await;
    assert!(!get(&office, VIN).await.detained);

    // Detained again and never fetched: auctioned, it can be registered on who bought it.
    herald.tell(told(60), detention, &detained).await;
    let disposed = VehicleDisposed {
        detention: detention.into(),
        plate: plate.clone(),
        disposal: Disposal::Auctioned.into(),
    };
    herald.tell(told(70), detention, &disposed).await;
    heard(&client, POLICY).await;
    assert!(!get(&office, VIN).await.detained);
}
