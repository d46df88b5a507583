//! Enforcement bars and restores drivers; permits suspends the toxic transports that name them, and gives them back.

use crate::cases::{DRIVER, fined, revoked};
use crate::haulage::{TRACTOR, get, grant, toxic, until};
use crate::herald::{Herald, Told, heard, published, tell_again_backwards};
use integration_tests::replica::eventually;
use integration_tests::{Service, Suite, audit, status};
use jiff::Timestamp;
use traffic_proto::enforcement::v1::{BarCause, DriverBarred, DriverRestored};
use traffic_proto::permits::v1::{PermitState, SuspensionCause};

const POLICY: &str = "permits-drivers";
const EVENTS: &str = "events.enforcement.driver_barred.>";
/// Whom nobody bars.
const OTHER_DRIVER: &str = "37170219900101003X";
const CAR: &str = "鲁R12345";

#[tokio::test(flavor = "multi_thread")]
async fn a_barred_drivers_transports_are_suspended_and_given_back_on_every_replica() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let mut police = [
        suite.replica(Service::Enforcement).await,
        suite.replica(Service::Enforcement).await,
    ];
    let offices = [
        suite.replica(Service::Permits).await,
        suite.replica(Service::Permits).await,
    ];
    let all = [&offices[0], &offices[1]];
    let permit = grant(&offices[0], toxic(TRACTOR, DRIVER)).await.unwrap();
    let other = toxic("鲁R99999", OTHER_DRIVER);
    let other = grant(&offices[1], other).await.unwrap();

    // Twice six points.
    let first = fined(&police[0], "Sample Road 1", CAR, DRIVER).await;
    fined(&police[1], "Sample Road 2", CAR, DRIVER).await;
    let suspended = until(&all, &permit.name, PermitState::Suspended).await;
    assert_eq!(suspended.suspensions[0].cause(), SuspensionCause::Driver);
    let other = get(&offices[1], &other.name).await;
    assert_eq!(other.state(), PermitState::Approved, "of another driver");

    revoked(&police[0], &first).await;
    until(&all, &permit.name, PermitState::Approved).await;

    // Everything once more, the newest first, while enforcement is away.
    police
        .iter_mut()
        .for_each(integration_tests::Replica::kill9);
    tell_again_backwards(&client, "enforcement").await;
    heard(&client, POLICY).await;
    until(&all, &permit.name, PermitState::Approved).await;
    audit::agree(&all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_enforcement_decides_while_permits_is_away_is_made_up_for() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let police = suite.replica(Service::Enforcement).await;
    let mut office = suite.replica(Service::Permits).await;
    let permit = grant(&office, toxic(TRACTOR, DRIVER)).await.unwrap();
    office.kill9();
    fined(&police, "Sample Road 1", CAR, DRIVER).await;
    let second = fined(&police, "Sample Road 2", CAR, DRIVER).await;
    published(&client, EVENTS, 1).await;
    office.restart().await;
    until(&[&office], &permit.name, PermitState::Suspended).await;

    // Who is barred is refused from the start.
    let refused = grant(&office, toxic("鲁R88888", DRIVER)).await.unwrap_err();
    assert_eq!(
        status::reason(&refused).as_deref(),
        Some("DRIVER_SUSPENDED")
    );
    let basis = status::fact(&refused, "legal_basis").unwrap_or_default();
    assert_eq!(basis, "Road Traffic Safety Law art. 19(1)");

    office.kill9();
    revoked(&police, &second).await;
    office.restart().await;
    until(&[&office], &permit.name, PermitState::Approved).await;
    eventually("the driver is taken again", || async {
        grant(&office, toxic("鲁R88888", DRIVER)).await.ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restoration_that_comes_before_its_bar_wins_in_whatever_order_they_come() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let office = suite.replica(Service::Permits).await;
    let permit = grant(&office, toxic(TRACTOR, DRIVER)).await.unwrap();
    let person = crate::persons::driver_of(&permit);
    let herald = Herald::of("enforcement", &client);
    let told = |position| Told {
        position,
        at: Timestamp::UNIX_EPOCH,
    };
    let bar = DriverBarred {
        person_ref: person.clone(),
        cause: BarCause::Suspension.into(),
        until: None,
    };
    let restore = DriverRestored {
        person_ref: person.clone(),
    };
    let about = format!("licences/{person}");

    herald.tell(told(9), &about, &restore).await;
    herald.tell(told(7), &about, &bar).await;
    herald.tell(told(7), &about, &bar).await;
    heard(&client, POLICY).await;
    until(&[&office], &permit.name, PermitState::Approved).await;
    let before = get(&office, &permit.name).await;
    assert!(before.suspensions.is_empty(), "never suspended: {before:?}");

    herald.tell(told(12), &about, &bar).await;
    herald.tell(told(9), &about, &restore).await;
    heard(&client, POLICY).await;
    until(&[&office], &permit.name, PermitState::Suspended).await;
    herald.tell(told(15), &about, &restore).await;
    until(&[&office], &permit.name, PermitState::Approved).await;
}
