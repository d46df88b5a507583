//! Methods on detained vehicles.

use super::Api;
use super::input::{case_id, place, remarks};
use super::people::{named, people};
use crate::contract::{self, enums};
use crate::domain::detention::{self, Detention, Order};
use crate::domain::values::CaseId;
use chassis::commands::{Call, Done};
use chassis::domain::values::{DocumentNumber, PlateNumber, Text};
use chassis::domain::{Halt, LegalCalendar, Transaction};
use chassis::server::{Failure, Fields, People};
use tonic::{Request, Response, Status};
use traffic_proto::Step;
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::detention_service_server::DetentionService;

type Answer = Result<Response<proto::Detention>, Status>;

const PATTERN: &str = "detentions/{detention}";

fn answer(done: &Done<Detention>, calendar: &LegalCalendar) -> Answer {
    let id = CaseId::parse(&done.id).map_err(Failure::internal)?;
    let shown = contract::detention(&id, &done.state, &done.revision, calendar);
    Ok(done.respond(shown))
}

fn order(given: &proto::Detention, people: &mut People<'_>, fields: &mut Fields) -> Option<Order> {
    let certificate = fields.required("certificate", &given.certificate, DocumentNumber::parse);
    let ground = fields.choice("ground", given.ground, enums::read_detention_ground);
    let place = fields.message("place", given.place.as_ref(), place);
    let plate = fields.optional("plate", &given.plate, PlateNumber::parse);
    let party = fields.message("party", given.party.as_ref(), |party, fields| {
        people.read(named(party), fields)
    });
    let violation = if given.violation.is_empty() {
        Some(None)
    } else {
        case_id(
            "violation",
            &given.violation,
            "violations/{violation}",
            fields,
        )
        .map(Some)
    };
    Some(Order {
        certificate: certificate?,
        ground: ground?,
        place: place?,
        plate: plate?,
        party: party?,
        violation: violation?,
        told_and_heard: given.told_and_heard,
    })
}

impl Api {
    async fn on_detention<M: Step>(
        &self,
        request: &Request<M>,
        id: CaseId,
        handler: impl Fn(&mut Transaction, &CaseId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let key = id.as_str().to_owned();
        let done = self
            .core
            .commands
            .step::<Detention, M>(request, key, move |tx| handler(tx, &id))
            .await?;
        answer(&done, &self.core.calendar)
    }

    async fn plain_on_detention<M: Step>(
        &self,
        request: &Request<M>,
        handler: fn(&mut Transaction, &CaseId) -> Result<(), Halt>,
    ) -> Answer {
        let mut fields = Fields::new();
        let id = case_id("name", Step::name(request.get_ref()), PATTERN, &mut fields);
        let id = fields.finish(id)?;
        self.on_detention(request, id, handler).await
    }

    async fn remarks_on_detention<M: Step>(
        &self,
        request: &Request<M>,
        text: &str,
        handler: impl Fn(&mut Transaction, &CaseId, Text<500>) -> Result<(), Halt>
        + Send
        + Sync
        + 'static,
    ) -> Answer {
        let mut fields = Fields::new();
        let id = case_id("name", Step::name(request.get_ref()), PATTERN, &mut fields);
        let text = remarks::<500>("remarks", text, &mut fields);
        let (id, text) = fields.finish((id, text))?;
        self.on_detention(request, id, move |tx, id| handler(tx, id, text.clone()))
            .await
    }
}

#[tonic::async_trait]
impl DetentionService for Api {
    async fn detain_vehicle(&self, request: Request<proto::DetainVehicleRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut people = people(&self.core.sealer);
        let mut fields = Fields::new();
        let read = fields.message("detention", message.detention.as_ref(), |given, fields| {
            order(given, &mut people, fields)
        });
        let mut order = fields.finish(read)?;
        if !message.validate_only {
            people.seal(&mut order.party, "party").await?;
        }
        let done = self
            .core
            .commands
            .run::<Detention>(message.validate_only, call, move |tx| {
                detention::detain(tx, order.clone()).map(Into::into)
            })
            .await?;
        answer(&done, &self.core.calendar)
    }

    async fn get_detention(&self, request: Request<proto::GetDetentionRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = case_id("name", &request.get_ref().name, PATTERN, &mut fields);
        let id = fields.finish(id)?;
        let found = self
            .found_for::<Detention, _>(&request, id.as_str())
            .await?;
        Ok(Response::new(contract::detention(
            &id,
            &found.state,
            &found.revision,
            &self.core.calendar,
        )))
    }

    async fn list_detention_history(
        &self,
        request: Request<proto::ListDetentionHistoryRequest>,
    ) -> Result<Response<proto::ListHistoryResponse>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = case_id("parent", &message.parent, PATTERN, &mut fields);
        let id = fields.finish(id)?;
        let page = (message.page_size, message.page_token.as_str());
        self.history_page::<Detention, _>(&request, id.as_str(), page)
            .await
    }

    async fn hand_over_vehicle(&self, request: Request<proto::HandOverVehicleRequest>) -> Answer {
        self.plain_on_detention(&request, detention::hand_over)
            .await
    }

    async fn approve_detention(&self, request: Request<proto::ApproveDetentionRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = case_id("name", &request.get_ref().name, PATTERN, &mut fields);
        let id = fields.finish(id)?;
        let approved = request.get_ref().approved;
        self.on_detention(&request, id, move |tx, id| {
            detention::approve(tx, id, approved)
        })
        .await
    }

    async fn cure_violation(&self, request: Request<proto::CureViolationRequest>) -> Answer {
        let text = &request.get_ref().remarks;
        self.remarks_on_detention(&request, text, detention::cure)
            .await
    }

    async fn bring_proof(&self, request: Request<proto::BringProofRequest>) -> Answer {
        let text = &request.get_ref().remarks;
        self.remarks_on_detention(&request, text, detention::bring_proof)
            .await
    }

    async fn extend_verification(
        &self,
        request: Request<proto::ExtendVerificationRequest>,
    ) -> Answer {
        self.plain_on_detention(&request, detention::extend_verification)
            .await
    }

    async fn verify_proof(&self, request: Request<proto::VerifyProofRequest>) -> Answer {
        let (text, holds) = (&request.get_ref().remarks, request.get_ref().holds);
        self.remarks_on_detention(&request, text, move |tx, id, remarks| {
            detention::verify(tx, id, holds, remarks)
        })
        .await
    }

    async fn announce_unclaimed(
        &self,
        request: Request<proto::AnnounceUnclaimedRequest>,
    ) -> Answer {
        self.plain_on_detention(&request, detention::announce_unclaimed)
            .await
    }

    async fn dispose_vehicle(&self, request: Request<proto::DisposeVehicleRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = case_id("name", &message.name, PATTERN, &mut fields);
        let how = fields.choice("disposal", message.disposal, enums::read_disposal);
        let (id, how) = fields.finish((id, how))?;
        self.on_detention(&request, id, move |tx, id| detention::dispose(tx, id, how))
            .await
    }
}
