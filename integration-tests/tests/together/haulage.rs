//! Permits of hauliers: highly toxic chemicals with a driver, oversize cargo within its masses.

use crate::cases::DRIVER;
use chassis::clock::{Clock, SystemClock};
use integration_tests::Replica;
pub(crate) use integration_tests::workloads::haulage::PERMITTED_KG;
use integration_tests::workloads::permits::{accept, file, methods};
use integration_tests::workloads::{haulage, permits};
use tonic::Status;
use traffic_proto::permits::v1::permit::Application;
use traffic_proto::permits::v1::{
    ApprovePermitRequest, Day, GetPermitRequest, Permit, PermitState, ResumePermitRequest,
    RevocationGround, RevokePermitRequest, SuspendPermitRequest,
};

pub(crate) const TRACTOR: &str = "鲁R54321";
pub(crate) const TRAILER: &str = "鲁R4321挂";

/// A day so many days from now, in China.
pub(crate) fn day(days: i64) -> Option<Day> {
    haulage::day(SystemClock.now(), days)
}

/// Sodium cyanide, by a vehicle with this plate and this main driver.
pub(crate) fn toxic(plate: &str, driver: &str) -> Permit {
    haulage::toxic(SystemClock.now(), plate, driver)
}

/// A transformer on [`TRACTOR`] and [`TRAILER`], of [`PERMITTED_KG`].
pub(crate) fn oversize() -> Permit {
    haulage::oversize(SystemClock.now(), TRACTOR, TRAILER, DRIVER)
}

/// Files, accepts and approves; a run may take place from an hour ago on.
pub(crate) async fn grant(replica: &Replica, permit: Permit) -> Result<Permit, Status> {
    let is_oversize = matches!(permit.application, Some(Application::OversizeTransport(_)));
    let filed = file(replica, permit).await?;
    accept(replica, &filed.name).await?;
    let approve = ApprovePermitRequest {
        name: filed.name,
        run_order: is_oversize.then(|| haulage::run_order(SystemClock.now())),
        ..ApprovePermitRequest::default()
    };
    let approved = methods(replica, "officer:works")
        .approve_permit(approve)
        .await;
    Ok(approved?.into_inner())
}

pub(crate) async fn get(replica: &Replica, name: &str) -> Permit {
    let request = GetPermitRequest { name: name.into() };
    let found = permits::methods(replica, "officer:works")
        .get_permit(request)
        .await;
    found.unwrap().into_inner()
}

/// Waits until all replicas show a permit in this state.
pub(crate) async fn until(replicas: &[&Replica], name: &str, state: PermitState) -> Permit {
    let mut permit = Permit::default();
    for replica in replicas {
        let what = format!("{name} {state:?}");
        permit = integration_tests::replica::eventually(&what, || async {
            let permit = get(replica, name).await;
            (permit.state() == state).then_some(permit)
        })
        .await;
    }
    permit
}

pub(crate) async fn suspend(replica: &Replica, name: &str) {
    let request = SuspendPermitRequest {
        name: name.into(),
        reason: "storm".into(),
        ..SuspendPermitRequest::default()
    };
    let suspended = methods(replica, "officer:works")
        .suspend_permit(request)
        .await;
    suspended.unwrap();
}

pub(crate) async fn resume(replica: &Replica, name: &str) {
    let request = ResumePermitRequest {
        name: name.into(),
        reason: "calm".into(),
        ..ResumePermitRequest::default()
    };
    let resumed = methods(replica, "officer:works")
        .resume_permit(request)
        .await;
    resumed.unwrap();
}

pub(crate) async fn revoke(replica: &Replica, name: &str) {
    let request = RevokePermitRequest {
        name: name.into(),
        ground: RevocationGround::PublicInterest.into(),
        reason: "a bridge has to be closed".into(),
        ..RevokePermitRequest::default()
    };
    let revoked = methods(replica, "officer:works")
        .revoke_permit(request)
        .await;
    revoked.unwrap();
}
