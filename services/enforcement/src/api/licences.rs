//! Methods on licences.

use super::Api;
use super::input::{day, person};
use crate::contract::{self, enums};
use crate::domain::licence::reductions::Application;
use crate::domain::licence::{Licence, education, ledger, reductions};
use chassis::domain::{Halt, PersonRef, Transaction};
use chassis::server::Fields;
use tonic::{Request, Response, Status};
use traffic_proto::Step;
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::licence_service_server::LicenceService;

type Answer = Result<Response<proto::Licence>, Status>;

impl Api {
    async fn on_licence<M: Step>(
        &self,
        request: &Request<M>,
        person: PersonRef,
        handler: impl Fn(&mut Transaction, &PersonRef) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let key = person.as_str().to_owned();
        let done = self
            .core
            .commands
            .step::<Licence, M>(request, key, move |tx| handler(tx, &person))
            .await?;
        let calendar = &self.core.calendar;
        let shown = contract::licence(&done.id, &done.state, &done.revision, calendar);
        Ok(done.respond(shown))
    }

    async fn plain_on_licence<M: Step>(
        &self,
        request: &Request<M>,
        handler: fn(&mut Transaction, &PersonRef) -> Result<(), Halt>,
    ) -> Answer {
        let mut fields = Fields::new();
        let who = person("name", Step::name(request.get_ref()), &mut fields);
        let who = fields.finish(who)?;
        self.on_licence(request, who, handler).await
    }
}

#[tonic::async_trait]
impl LicenceService for Api {
    async fn get_licence(&self, request: Request<proto::GetLicenceRequest>) -> Answer {
        let mut fields = Fields::new();
        let who = person("name", &request.get_ref().name, &mut fields);
        let who = fields.finish(who)?;
        let found = self.found_for::<Licence, _>(&request, who.as_str()).await?;
        Ok(Response::new(contract::licence(
            who.as_str(),
            &found.state,
            &found.revision,
            &self.core.calendar,
        )))
    }

    async fn list_licence_history(
        &self,
        request: Request<proto::ListLicenceHistoryRequest>,
    ) -> Result<Response<proto::ListHistoryResponse>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let who = person("parent", &message.parent, &mut fields);
        let who = fields.finish(who)?;
        let page = (message.page_size, message.page_token.as_str());
        self.history_page::<Licence, _>(&request, who.as_str(), page)
            .await
    }

    async fn record_study_day(&self, request: Request<proto::RecordStudyDayRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let who = person("name", &message.name, &mut fields);
        let kind = fields.choice("kind", message.kind, enums::read_study_kind);
        let on = day("day", message.day.as_ref(), &mut fields);
        let minutes = fields.number("minutes", message.minutes, 0..=1_440);
        let (who, kind, on, minutes) = fields.finish((who, kind, on, minutes))?;
        self.on_licence(&request, who, move |tx, who| {
            education::record_study(tx, who, kind, on, minutes)
        })
        .await
    }

    async fn record_test(&self, request: Request<proto::RecordTestRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let who = person("name", &message.name, &mut fields);
        let test = fields.choice("test", message.test, enums::read_test);
        let (who, test) = fields.finish((who, test))?;
        let passed = message.passed;
        self.on_licence(&request, who, move |tx, who| {
            education::record_test(tx, who, test, passed)
        })
        .await
    }

    async fn record_study_fraud(&self, request: Request<proto::RecordStudyFraudRequest>) -> Answer {
        self.plain_on_licence(&request, education::record_fraud)
            .await
    }

    async fn reduce_points(&self, request: Request<proto::ReducePointsRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let who = person("name", &message.name, &mut fields);
        let method = fields.choice("method", message.method, enums::read_reduction_method);
        let minutes = fields.number("minutes", message.minutes, 0..=10_000);
        let first_day = day("first_day", message.first_day.as_ref(), &mut fields);
        let last_day = day("last_day", message.last_day.as_ref(), &mut fields);
        let (who, method, minutes, first_day, last_day) =
            fields.finish((who, method, minutes, first_day, last_day))?;
        let application = Application {
            method,
            minutes,
            first_day,
            last_day,
            test_passed: message.test_passed,
            records_handled: message.records_handled,
            probation_or_unreviewed: message.probation_or_unreviewed,
            uninspected_vehicle: message.uninspected_vehicle,
        };
        self.on_licence(&request, who, move |tx, who| {
            reductions::reduce(tx, who, application)
        })
        .await
    }

    async fn take_back_reduction(
        &self,
        request: Request<proto::TakeBackReductionRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let who = person("name", &message.name, &mut fields);
        let points = fields.number("points", message.points, 1..=reductions::MOST_REDUCED);
        let (who, points) = fields.finish((who, points))?;
        self.on_licence(&request, who, move |tx, who| {
            reductions::take_back(tx, who, points)
        })
        .await
    }

    async fn clear_driver_suspicion(
        &self,
        request: Request<proto::ClearDriverSuspicionRequest>,
    ) -> Answer {
        self.plain_on_licence(&request, ledger::clear_suspicion)
            .await
    }
}
