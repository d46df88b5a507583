//! What the methods for the steps of a permit's life share: whose step, on which state, told once or rehearsed.

use super::{Answer, Api, Permitted};
use crate::contract;
use crate::domain::permit::Permit;
use crate::domain::values::PermitId;
use chassis::domain::{Halt, Revision, Transaction};
use chassis::server::{Failure, Fields};
use tonic::Request;
use traffic_proto::Step;
use traffic_proto::permits::v1 as proto;

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
        let key = id.to_string();
        let done = self
            .core
            .commands
            .step(request, key, move |tx| handler(tx, &id))
            .await?;
        self.respond(&done)
    }

    /// The permit as the command left it.
    pub(super) fn respond(&self, done: &Permitted) -> Answer {
        let id = PermitId::parse(&done.id).map_err(Failure::internal)?;
        Ok(done.respond(self.show(&id, &done.state, &done.revision)))
    }

    pub(super) fn show(
        &self,
        id: &PermitId,
        permit: &Permit,
        revision: &Revision,
    ) -> proto::Permit {
        contract::permit(id, permit, revision, &self.remedies)
    }
}
