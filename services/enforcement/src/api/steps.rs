//! What the methods that change something share: which resource, on which state, told once or rehearsed.

use super::Api;
use crate::contract;
use chassis::commands::{Call, Done};
use chassis::domain::{Aggregate, Halt, LegalBasis, Refusal, RefusalKind, Transaction};
use chassis::server::Failure;
use prost::{Message, Name};
use std::fmt;
use tonic::Request;
use traffic_proto::enforcement::v1 as proto;

/// The fields that every request for a step has.
pub(super) trait Step: Message + Name {
    fn name(&self) -> &str;
    fn etag(&self) -> &str;
    fn request_id(&self) -> &str;
    fn validate_only(&self) -> bool;
}

macro_rules! steps {
    ($($request:ident),* $(,)?) => {$(
        impl Step for proto::$request {
            fn name(&self) -> &str {
                &self.name
            }
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
    PassReviewRequest, FailReviewRequest, SendNoticeRequest, ExtendHandlingRequest, IdentifyDriverRequest,
    RaiseObjectionRequest, RejectObjectionRequest, CancelViolationRequest, WarnOrallyRequest, SummonPartyRequest,
    FilePapersRequest, AcceptHandlingRequest, TellIntentionRequest, HearDefenceRequest, RequestHearingRequest,
    WaiveHearingRequest, ScheduleHearingRequest, HoldHearingRequest, DecideViolationRequest, DecideNoPenaltyRequest,
    ReferAsCrimeRequest, AnnounceDecisionRequest, ServeDecisionRequest, RecordPaymentRequest, CollectFineRequest,
    GrantInstalmentsRequest, SeekEnforcementRequest, SeekRemedyRequest, EndRemedyRequest, RevokeForTradingRequest,
    WarnOfDefaultRequest, AnnounceDefaultRequest, DecideByDefaultRequest,
    RecordStudyDayRequest, RecordTestRequest, RecordStudyFraudRequest, ReducePointsRequest, TakeBackReductionRequest,
    ClearDriverSuspicionRequest,
    HandOverVehicleRequest, ApproveDetentionRequest, CureViolationRequest, BringProofRequest,
    ExtendVerificationRequest, VerifyProofRequest, AnnounceUnclaimedRequest, DisposeVehicleRequest,
    AssignHazardRequest, RectifyHazardRequest, VerifyHazardRequest, RejectRectificationRequest,
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

impl Api {
    /// Carries out one step on one aggregate, or only checks it.
    pub(super) async fn step<A: Aggregate, M: Step>(
        &self,
        request: &Request<M>,
        id: String,
        handler: impl Fn(&mut Transaction) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Result<Done<A>, Failure> {
        let message = request.get_ref();
        let call = Call::of(request, message.request_id())?;
        let etag = message.etag().to_owned();
        self.core
            .commands
            .run(message.validate_only(), call, move |tx| {
                if !etag.is_empty() {
                    // What is unknown is the handler's to refuse.
                    let revision = tx.revision::<A>(&id)?;
                    if revision.position > 0 && contract::etag(&revision) != etag {
                        return Err(StaleEtag.into());
                    }
                }
                handler(tx)?;
                Ok(id.clone())
            })
            .await
    }
}
