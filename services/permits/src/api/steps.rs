//! What the methods for the steps of a permit's life share: whose step, on which state, told once or rehearsed.

use super::{Answer, Api, Permitted};
use crate::contract;
use crate::domain::permit::Permit;
use crate::domain::values::PermitId;
use chassis::commands::Call;
use chassis::domain::{Halt, LegalBasis, Refusal, RefusalKind, Transaction};
use chassis::server::{Failure, Fields};
use prost::{Message, Name};
use std::fmt;
use tonic::Request;
use traffic_proto::permits::v1 as proto;

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
    RequestCorrectionRequest, CorrectPermitRequest, AcceptPermitRequest, ApprovePermitRequest,
    RefusePermitRequest, WithdrawPermitRequest, AmendPermitRequest, SuspendPermitRequest,
    ResumePermitRequest, RevokePermitRequest, StartWorkRequest, FinishWorkRequest,
    RecordReopeningAcceptanceRequest, CompletePermitRequest, RecordDepartureRequest,
    RecordCheckpointRequest, RecordStopRequest, RecordMovingOnRequest, RecordArrivalRequest,
    SetRunOrderRequest, AssignEscortRequest, StartEscortRequest, HandOverEscortRequest,
    CompleteEscortRequest,
}

/// The permit that a request names.
pub(super) fn permit_id(request: &impl Step, fields: &mut Fields) -> Option<PermitId> {
    read_id("name", Step::name(request), "permits/{permit}", fields)
}

pub(super) fn read_id(
    field: &str,
    name: &str,
    pattern: &str,
    fields: &mut Fields,
) -> Option<PermitId> {
    let id = fields.resource(field, name, pattern)?;
    fields.value(field, id, |id| PermitId::parse(&id))
}

/// The permit has changed since the caller read it.
#[derive(Debug)]
struct StaleEtag;

impl fmt::Display for StaleEtag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the permit has changed since it was read; read it again")
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
        "该许可已被更改，请重新读取".into()
    }
}

impl Api {
    /// Carries out a step that says nothing but which permit.
    pub(super) async fn plain_step<M: Step>(
        &self,
        request: &Request<M>,
        handler: fn(&mut Transaction, &PermitId) -> Result<(), Halt>,
    ) -> Answer {
        let mut fields = Fields::new();
        let id = permit_id(request.get_ref(), &mut fields);
        let id = fields.finish(id)?;
        self.step(request, id, handler).await
    }

    /// Carries out one step of a permit's life, or only checks it.
    pub(super) async fn step<M: Step>(
        &self,
        request: &Request<M>,
        id: PermitId,
        handler: impl Fn(&mut Transaction, &PermitId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let message = request.get_ref();
        let call = Call::of(request, message.request_id())?;
        let etag = message.etag().to_owned();
        let done = self
            .core
            .commands
            .run(message.validate_only(), call, move |tx| {
                if !etag.is_empty() {
                    // An unknown permit is the handler's to refuse.
                    let revision = tx.revision::<Permit>(id.as_str())?;
                    if revision.position > 0 && contract::etag(&revision) != etag {
                        return Err(StaleEtag.into());
                    }
                }
                handler(tx, &id)?;
                Ok(id.clone().into())
            })
            .await?;
        respond(&done)
    }
}

/// The permit as the command left it.
pub(super) fn respond(done: &Permitted) -> Answer {
    let id = PermitId::parse(&done.id).map_err(Failure::internal)?;
    Ok(done.respond(contract::permit(&id, &done.state, &done.revision)))
}
