//! Methods on persuasion and delivery companies.

use super::Api;
use super::input::day;
use crate::contract::{self, enums};
use crate::domain::ground::Ground;
use crate::domain::persuasion::{self, Company, Junction, JunctionDay};
use crate::read_model;
use chassis::commands::{Call, Done};
use chassis::domain::values::CreditCode;
use chassis::domain::{District, Halt, Transaction};
use chassis::projection::{Key, prefix_of};
use chassis::server::{Failure, Fields};
use jiff::civil::Date;
use tonic::{Request, Response, Status};
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::persuasion_service_server::PersuasionService;

type Answer = Result<Response<proto::JunctionDay>, Status>;

/// The aggregate's id ends with the day.
fn answer(junction: &Junction, done: &Done<JunctionDay>) -> Answer {
    let (_, day) = done
        .id
        .rsplit_once('_')
        .ok_or_else(|| Failure::internal("a junction's day has another id"))?;
    let day: Date = day.parse().map_err(Failure::internal)?;
    Ok(done.respond(contract::junction_day(junction.as_str(), day, &done.state)))
}

fn company_code(name: &str, fields: &mut Fields) -> Option<CreditCode> {
    let id = fields.resource("name", name, "companies/{credit_code}")?;
    fields.value("name", id, |id| CreditCode::parse(&id))
}

impl Api {
    async fn on_junction(
        &self,
        call: Call,
        validate_only: bool,
        junction: Junction,
        handler: impl Fn(&mut Transaction, &Junction) -> Result<String, Halt> + Send + Sync + 'static,
    ) -> Answer {
        let own = junction.clone();
        let done = self
            .core
            .commands
            .run::<JunctionDay>(validate_only, call, move |tx| handler(tx, &own))
            .await?;
        answer(&junction, &done)
    }
}

#[tonic::async_trait]
impl PersuasionService for Api {
    async fn persuade_rider(&self, request: Request<proto::PersuadeRiderRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let junction = fields.required("junction", &message.junction, Junction::parse);
        let own = fields.required("district", &message.district, District::parse);
        let behaviour = fields.choice("behaviour", message.behaviour, enums::read_behaviour);
        let company = fields.optional("company", &message.company, CreditCode::parse);
        let (junction, own, behaviour, company) =
            fields.finish((junction, own, behaviour, company))?;
        let given = message.helmet_given;
        self.on_junction(
            call,
            message.validate_only,
            junction,
            move |tx, junction| {
                persuasion::persuade(tx, junction, own, behaviour, given, company.clone())
            },
        )
        .await
    }

    async fn count_riders(&self, request: Request<proto::CountRidersRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let junction = fields.required("junction", &message.junction, Junction::parse);
        let own = fields.required("district", &message.district, District::parse);
        let seen = fields.number("seen", message.seen, 1..=100_000);
        let with_helmet = fields.number("with_helmet", message.with_helmet, 0..=100_000);
        let (junction, own, seen, with_helmet) =
            fields.finish((junction, own, seen, with_helmet))?;
        self.on_junction(
            call,
            message.validate_only,
            junction,
            move |tx, junction| persuasion::count(tx, junction, own, seen, with_helmet),
        )
        .await
    }

    async fn get_junction_day(&self, request: Request<proto::GetJunctionDayRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let junction = fields.required("junction", &message.junction, Junction::parse);
        let on = day("day", message.day.as_ref(), &mut fields);
        let (junction, on) = fields.finish((junction, on))?;
        let id = persuasion::id_of(&junction, on);
        // A day without anybody persuaded is a day all the same.
        let found = self
            .core
            .projection
            .get::<JunctionDay>(&id)
            .await
            .map_err(Failure::from)?;
        let counts = found
            .map(|found| (*found.state).clone())
            .unwrap_or_default();
        Ok(Response::new(contract::junction_day(
            junction.as_str(),
            on,
            &counts,
        )))
    }

    async fn list_junction_days(
        &self,
        request: Request<proto::ListJunctionDaysRequest>,
    ) -> Result<Response<proto::ListJunctionDaysResponse>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let on = day("day", message.day.as_ref(), &mut fields);
        let own = fields.optional("district", &message.district, District::parse);
        let shown = message.day.as_ref().map_or("", |day| day.value.as_str());
        let query: [&[u8]; 3] = [
            b"junction days",
            shown.as_bytes(),
            message.district.as_bytes(),
        ];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, message.page_size, &message.page_token, &query);
        let (on, own, page) = fields.finish((on, own, page))?;
        let after = page
            .after
            .and_then(|cursor| String::decode(&mut cursor.0.as_slice()));
        let junctions = self
            .core
            .projection
            .read(move |view| read_model::junctions(view, on, own, after, page.size))
            .await
            .map_err(Failure::from)?;
        let next_page_token = match &junctions.next {
            Some(last) => tokens.token(&prefix_of(last), &query)?,
            None => String::new(),
        };
        let days = junctions.found.iter();
        Ok(Response::new(proto::ListJunctionDaysResponse {
            junction_days: days
                .map(|(junction, counts)| contract::junction_day(junction, on, counts))
                .collect(),
            next_page_token,
        }))
    }

    async fn get_company(
        &self,
        request: Request<proto::GetCompanyRequest>,
    ) -> Result<Response<proto::Company>, Status> {
        let mut fields = Fields::new();
        let code = company_code(&request.get_ref().name, &mut fields);
        let code = fields.finish(code)?;
        let found = self
            .found::<Company>(code.as_str(), Ground::UnknownCompany)
            .await?;
        Ok(Response::new(contract::company(
            code.as_str(),
            &found.state,
        )))
    }

    async fn hold_talk(
        &self,
        request: Request<proto::HoldTalkRequest>,
    ) -> Result<Response<proto::Company>, Status> {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let code = company_code(&message.name, &mut fields);
        let code = fields.finish(code)?;
        let done = self
            .core
            .commands
            .run::<Company>(message.validate_only, call, move |tx| {
                persuasion::hold_talk(tx, &code)?;
                Ok(code.as_str().to_owned())
            })
            .await?;
        Ok(done.respond(contract::company(&done.id, &done.state)))
    }
}
