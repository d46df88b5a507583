//! Permits grants oversize transports; what weigh stations capture within the limits is no violation.

use crate::cases::{get, record, weighed};
use crate::haulage::{PERMITTED_KG, TRACTOR, TRAILER, grant, oversize, resume, revoke, suspend};
use crate::herald::{Herald, Told, heard, tell_again_backwards};
use chassis::clock::{Clock, SystemClock};
use chassis::server::to_timestamp;
use integration_tests::replica::eventually;
use integration_tests::{Replica, Service, Suite, audit};
use jiff::{Timestamp, ToSpan};
use traffic_proto::enforcement::v1::{Violation, ViolationState};
use traffic_proto::permits::v1::{
    Masses, OversizeTransportApproved, PermitKind, PermitRef, PermitResumed, PermitRevoked,
    PermitSuspended,
};

const POLICY: &str = "enforcement-oversize-permits";
const BASIS: &str = "Road Traffic Safety Law art. 48(2)";

fn now() -> Timestamp {
    SystemClock.now()
}

/// Captures a truck on a weigh station now.
async fn capture(replica: &Replica, plate: &str, mass_kg: u32) -> Violation {
    record(replica, weighed(plate, mass_kg, now()))
        .await
        .unwrap()
}

#[track_caller]
fn is_excused(case: &Violation, permit: &str) {
    assert_eq!(case.state(), ViolationState::Cancelled, "{case:?}");
    assert_eq!(
        (case.permit.as_str(), case.closing_basis.as_str()),
        (permit, BASIS)
    );
}

#[track_caller]
fn stands(case: &Violation) {
    assert_eq!(case.state(), ViolationState::Recorded, "{case:?}");
    assert_eq!(case.permit, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn within_a_permits_masses_and_days_a_capture_is_no_violation_while_it_may_be_used() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let mut offices = [
        suite.replica(Service::Permits).await,
        suite.replica(Service::Permits).await,
    ];
    let mut police = [
        suite.replica(Service::Enforcement).await,
        suite.replica(Service::Enforcement).await,
    ];
    let permit = grant(&offices[0], oversize()).await.unwrap().name;
    excused_soon(&police[0], &permit).await;
    // By the tractor's plate or the trailer's, through whichever replica; not heavier, and no other vehicle.
    is_excused(&capture(&police[1], TRAILER, PERMITTED_KG).await, &permit);
    stands(&capture(&police[0], TRACTOR, PERMITTED_KG + 1).await);
    stands(&capture(&police[1], "鲁R77777", PERMITTED_KG).await);

    // Suspended while enforcement is away: what is captured afterwards stands.
    police.iter_mut().for_each(Replica::kill9);
    suspend(&offices[1], &permit).await;
    for replica in &mut police {
        replica.restart().await;
    }
    heard_after(&client, "events.permits.permit_suspended.>").await;
    stands(&capture(&police[0], TRACTOR, PERMITTED_KG).await);
    resume(&offices[0], &permit).await;
    excused_soon(&police[1], &permit).await;
    revoke(&offices[1], &permit).await;
    heard_after(&client, "events.permits.permit_revoked.>").await;
    stands(&capture(&police[1], TRACTOR, PERMITTED_KG).await);

    // Everything once more, the newest first, while permits is away.
    offices.iter_mut().for_each(Replica::kill9);
    tell_again_backwards(&client, "permits").await;
    heard(&client, POLICY).await;
    stands(&capture(&police[0], TRACTOR, PERMITTED_KG).await);
    audit::agree(&[&police[0], &police[1]]).await;
}

/// Waits until a capture is excused at once: enforcement has heard of the permit.
async fn excused_soon(replica: &Replica, permit: &str) {
    let case = eventually("a capture is excused", || async {
        let case = capture(replica, TRACTOR, PERMITTED_KG).await;
        (case.state() == ViolationState::Cancelled).then_some(case)
    })
    .await;
    is_excused(&case, permit);
}

async fn heard_after(client: &async_nats::Client, filter: &str) {
    crate::herald::published(client, filter, 1).await;
    heard(client, POLICY).await;
}

/// What permits tells of one permit, at any position and time.
struct Permit<'a> {
    herald: &'a Herald,
    name: String,
}

impl Permit<'_> {
    fn reference(&self) -> Option<PermitRef> {
        Some(PermitRef {
            permit: self.name.clone(),
            kind: PermitKind::OversizeTransport.into(),
            district: "371702".into(),
        })
    }

    async fn granted(&self, position: u64, at: Timestamp, version: u32, total_kg: u32) {
        let event = OversizeTransportApproved {
            r#ref: self.reference(),
            plates: vec![TRACTOR.into(), TRAILER.into()],
            masses: Some(Masses {
                total_kg,
                ..Masses::default()
            }),
            valid_from: Some(to_timestamp(now() - 48.hours())),
            valid_until: Some(to_timestamp(now() + 48.hours())),
            grant_version: version,
            ..OversizeTransportApproved::default()
        };
        self.herald
            .tell(Told { position, at }, &self.name, &event)
            .await;
    }

    async fn suspended(&self, position: u64, at: Timestamp) {
        let r#ref = self.reference();
        let event = PermitSuspended {
            r#ref,
            cause: 1,
            ..PermitSuspended::default()
        };
        self.herald
            .tell(Told { position, at }, &self.name, &event)
            .await;
    }

    async fn resumed(&self, position: u64, at: Timestamp) {
        let event = PermitResumed {
            r#ref: self.reference(),
        };
        self.herald
            .tell(Told { position, at }, &self.name, &event)
            .await;
    }

    async fn revoked(&self, position: u64, at: Timestamp) {
        let event = PermitRevoked {
            r#ref: self.reference(),
            ..PermitRevoked::default()
        };
        self.herald
            .tell(Told { position, at }, &self.name, &event)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_act_is_judged_by_what_held_when_it_happened_in_whatever_order_the_news_comes() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let police = suite.replica(Service::Enforcement).await;
    let herald = Herald::of("permits", &client);
    let permit = Permit {
        herald: &herald,
        name: "permits/0195c9a0-0000-7000-8000-000000000001".into(),
    };
    let hours_ago = |hours: i64| now() - hours.hours();
    let weighed_ago = async |hours, kg| {
        let case = weighed(TRACTOR, kg, hours_ago(hours));
        record(&police, case).await.unwrap().name
    };
    // Nothing is known when these are captured.
    let (first, heavier) = (
        weighed_ago(18, PERMITTED_KG).await,
        weighed_ago(17, PERMITTED_KG + 1).await,
    );
    let while_suspended = weighed_ago(14, PERMITTED_KG).await;
    let (resumed, heavier_later) = (
        weighed_ago(10, PERMITTED_KG).await,
        weighed_ago(6, PERMITTED_KG + 1).await,
    );
    let (after, before) = (
        weighed_ago(2, PERMITTED_KG).await,
        weighed_ago(30, PERMITTED_KG).await,
    );
    // Granted, suspended, resumed, amended, revoked: told in no order at all, and twice.
    for _ in 0..2 {
        permit.revoked(50, hours_ago(4)).await;
        permit.resumed(30, hours_ago(12)).await;
        permit.granted(40, hours_ago(8), 2, PERMITTED_KG + 1).await;
        permit.suspended(20, hours_ago(16)).await;
        permit.granted(10, hours_ago(20), 1, PERMITTED_KG).await;
    }
    heard(&client, POLICY).await;
    for name in [&first, &resumed, &heavier_later] {
        is_excused(&get(&police, name).await, &permit.name);
    }
    for name in [&heavier, &while_suspended, &after, &before] {
        stands(&get(&police, name).await);
    }
    // The same acts, captured now that everything is known.
    is_excused(
        &get(&police, &weighed_ago(18, PERMITTED_KG - 1).await).await,
        &permit.name,
    );
    stands(&get(&police, &weighed_ago(14, PERMITTED_KG - 1).await).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_excused_too_soon_is_to_be_reviewed_again() {
    let suite = Suite::start().await;
    let client = suite.connect().await;
    let police = suite.replica(Service::Enforcement).await;
    let herald = Herald::of("permits", &client);
    let permit = Permit {
        herald: &herald,
        name: "permits/0195c9a0-0000-7000-8000-000000000002".into(),
    };
    permit
        .granted(10, now() - 20.hours(), 1, PERMITTED_KG)
        .await;
    heard(&client, POLICY).await;
    let case = record(&police, weighed(TRACTOR, PERMITTED_KG, now() - 2.hours()))
        .await
        .unwrap();
    is_excused(&case, &permit.name);
    // It had been suspended before; the news was late.
    permit.suspended(20, now() - 3.hours()).await;
    heard(&client, POLICY).await;
    let case = get(&police, &case.name).await;
    stands(&case);
    assert_eq!(case.closing_basis, "");
}
