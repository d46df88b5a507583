//! What the methods that change something share: which resource, on which state, told once or rehearsed.

use chassis::commands::{Call, Done};
use chassis::domain::{Aggregate, Halt, LegalBasis, Refusal, RefusalKind, Revision, Transaction};
use chassis::server::Failure;
use chassis::service::Core;
use prost::{Message, Name};
use std::fmt;
use tonic::Request;
use traffic_proto::registration::v1 as proto;

/// The fields that every request for a step has.
pub(super) trait Step: Message + Name {
    fn etag(&self) -> &str;
    fn request_id(&self) -> &str;
    fn validate_only(&self) -> bool;
}

macro_rules! steps {
    ($($request:ident),* $(,)?) => {$(
        impl Step for proto::$request {
            fn etag(&self) -> &str {
                &self.etag
            }
            fn request_id(&self) -> &str {
                &self.request_id
            }
            fn validate_only(&self) -> bool {
                self.validate_only
            }
        }
    )*};
}

steps! {
    ChoosePlateNumberRequest, SupplyMaterialsRequest, RequestMaterialsRequest,
    ApproveApplicationRequest, RefuseApplicationRequest, WithdrawApplicationRequest,
    RecordPlatesMadeRequest, RecordPlatesShippedRequest, RecordPlatesDeliveredRequest,
    PlaceHoldRequest, LiftHoldRequest, CancelVehicleOfOfficeRequest,
    ChangeEbikeOwnerParticularsRequest, TransferEbikeRequest, ReissueEbikePlateRequest,
    RenewTransitionalPlateRequest, CancelEbikeRequest,
    SuspendStationRequest, ResumeStationRequest, EndStationRequest,
    RecordOrderPaymentRequest, RecordOrderRefundRequest, UseOrderRequest, CancelOrderRequest,
    FileKioskBusinessRequest, ConfirmKioskReviewRequest, StartKioskPrintRequest,
    ReportKioskPrintRequest, ResumeKioskSessionRequest, AbandonKioskSessionRequest,
}

/// Changes with every change of the resource.
pub(super) fn etag(revision: &Revision) -> String {
    revision.position.to_string()
}

/// The resource has changed since the caller read it.
#[derive(Debug)]
struct StaleEtag;

impl fmt::Display for StaleEtag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it has changed since it was read; read it again")
    }
}

impl Refusal for StaleEtag {
    fn reason(&self) -> &'static str {
        "STALE_ETAG"
    }
    fn kind(&self) -> RefusalKind {
        RefusalKind::Stale
    }
    fn basis(&self) -> Option<LegalBasis> {
        None
    }
    fn zh(&self) -> String {
        "该资源已被更改，请重新读取".into()
    }
}

/// # Errors
/// If the aggregate is there and stands elsewhere than `etag` says; an empty `etag` fits all.
pub(super) fn check_etag<A: Aggregate>(
    tx: &mut Transaction,
    id: &str,
    expected: &str,
) -> Result<(), Halt> {
    if expected.is_empty() {
        return Ok(());
    }
    // What is unknown is the handler's to refuse.
    let revision = tx.revision::<A>(id)?;
    if revision.position > 0 && etag(&revision) != expected {
        return Err(StaleEtag.into());
    }
    Ok(())
}

/// Carries out one step on one aggregate, or only checks it.
pub(super) async fn step<A: Aggregate, M: Step>(
    core: &Core,
    request: &Request<M>,
    id: String,
    handler: impl Fn(&mut Transaction) -> Result<(), Halt> + Send + Sync + 'static,
) -> Result<Done<A>, Failure> {
    let message = request.get_ref();
    let call = Call::of(request, message.request_id())?;
    let expected = message.etag().to_owned();
    core.commands
        .run(message.validate_only(), call, move |tx| {
            check_etag::<A>(tx, &id, &expected)?;
            handler(tx)?;
            Ok(id.clone())
        })
        .await
}
