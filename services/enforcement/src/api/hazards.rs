//! Methods on road hazards.

use super::Api;
use super::input::{case_id, place, remarks};
use crate::contract::{self, enums};
use crate::domain::ground::Ground;
use crate::domain::hazard::{self, Hazard};
use crate::domain::values::CaseId;
use crate::read_model;
use chassis::commands::Call;
use chassis::domain::{District, Halt, Transaction};
use chassis::server::{Failure, Fields};
use tonic::{Request, Response, Status};
use traffic_proto::Step;
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::hazard_service_server::HazardService;

type Answer = Result<Response<proto::Hazard>, Status>;

const PATTERN: &str = "hazards/{hazard}";

impl Api {
    async fn on_hazard<M: Step>(
        &self,
        request: &Request<M>,
        id: CaseId,
        handler: impl Fn(&mut Transaction, &CaseId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let key = id.as_str().to_owned();
        let done = self
            .core
            .commands
            .step::<Hazard, M>(request, key, move |tx| handler(tx, &id))
            .await?;
        Ok(done.respond(contract::hazard(&done.id, &done.state, &done.revision)))
    }
}

#[tonic::async_trait]
impl HazardService for Api {
    async fn find_hazard(&self, request: Request<proto::FindHazardRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let read = fields.message("hazard", message.hazard.as_ref(), |given, fields| {
            let place = fields.message("place", given.place.as_ref(), place);
            let kind = fields.choice("kind", given.kind, enums::read_hazard_kind);
            let description = remarks::<500>("description", &given.description, fields);
            Some((place?, kind?, description?))
        });
        let (place, kind, description) = fields.finish(read)?;
        let done = self
            .core
            .commands
            .run::<Hazard>(message.validate_only, call, move |tx| {
                hazard::find(tx, place.clone(), kind, description.clone()).map(Into::into)
            })
            .await?;
        Ok(done.respond(contract::hazard(&done.id, &done.state, &done.revision)))
    }

    async fn get_hazard(&self, request: Request<proto::GetHazardRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = case_id("name", &request.get_ref().name, PATTERN, &mut fields);
        let id = fields.finish(id)?;
        let found = self
            .found::<Hazard>(id.as_str(), Ground::UnknownHazard)
            .await?;
        Ok(Response::new(contract::hazard(
            id.as_str(),
            &found.state,
            &found.revision,
        )))
    }

    async fn list_hazards(
        &self,
        request: Request<proto::ListHazardsRequest>,
    ) -> Result<Response<proto::ListHazardsResponse>, Status> {
        self.list_hazards_page(request.get_ref()).await
    }

    async fn get_rectification(
        &self,
        request: Request<proto::GetRectificationRequest>,
    ) -> Result<Response<proto::Rectification>, Status> {
        let mut fields = Fields::new();
        let own = fields.optional("district", &request.get_ref().district, District::parse);
        let own = fields
            .finish(own)?
            .map_or(0, chassis::domain::District::code);
        let (found, verified) = self
            .core
            .projection
            .read(move |view| read_model::rectification(view, own))
            .await
            .map_err(Failure::from)?;
        Ok(Response::new(proto::Rectification { found, verified }))
    }

    async fn assign_hazard(&self, request: Request<proto::AssignHazardRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = case_id("name", &message.name, PATTERN, &mut fields);
        let to = remarks::<100>("assignee", &message.assignee, &mut fields);
        let by = fields.timestamp("rectify_by", message.rectify_by.as_ref());
        let (id, to, by) = fields.finish((id, to, by))?;
        self.on_hazard(&request, id, move |tx, id| {
            hazard::assign(tx, id, to.clone(), by)
        })
        .await
    }

    async fn rectify_hazard(&self, request: Request<proto::RectifyHazardRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = case_id("name", &message.name, PATTERN, &mut fields);
        let what = remarks::<500>("remarks", &message.remarks, &mut fields);
        let (id, what) = fields.finish((id, what))?;
        self.on_hazard(&request, id, move |tx, id| {
            hazard::rectify(tx, id, what.clone())
        })
        .await
    }

    async fn verify_hazard(&self, request: Request<proto::VerifyHazardRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = case_id("name", &request.get_ref().name, PATTERN, &mut fields);
        let id = fields.finish(id)?;
        self.on_hazard(&request, id, hazard::verify).await
    }

    async fn reject_rectification(
        &self,
        request: Request<proto::RejectRectificationRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = case_id("name", &message.name, PATTERN, &mut fields);
        let defects = remarks::<500>("defects", &message.defects, &mut fields);
        let by = fields.timestamp("rectify_by", message.rectify_by.as_ref());
        let (id, defects, by) = fields.finish((id, defects, by))?;
        self.on_hazard(&request, id, move |tx, id| {
            hazard::reject(tx, id, defects.clone(), by)
        })
        .await
    }
}
