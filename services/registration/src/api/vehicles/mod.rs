//! Vehicles, their numbers and their applications over gRPC.

mod input;
mod queries;
mod watch;

use crate::contract;
use crate::contract::enums::{
    read_bar_ground, read_cancellation_cause, read_hold_kind, read_material, read_plate_kind,
    read_refusal_ground, read_sign_return_cause,
};
use crate::domain::application::event::{ElectronicCheck, Examination};
use crate::domain::application::review::{Approve, Refuse};
use crate::domain::application::{Application, ApplicationId, delivery, filing, review};
use crate::domain::party::PartyRef;
use crate::domain::plate::PlateClaim;
use crate::domain::plate::offer::{self, OfferId, PlateOffer};
use crate::domain::plate::series::Pools;
use crate::domain::standing::{self, ApplicantStanding};
use crate::domain::vehicle::class::PlateCategory;
use crate::domain::vehicle::notices::Fraud;
use crate::domain::vehicle::{Vehicle, notices, school_bus};
use chassis::commands::{Call, Done};
use chassis::domain::values::{DocumentNumber, PlateNumber, Text, Vin};
use chassis::domain::{Halt, Invalid, Transaction};
use chassis::random;
use chassis::server::{Failure, Fields};
use chassis::service::Core;
use futures::stream::BoxStream;
pub(super) use input::vin;
use input::{MOST_APPLICANTS, Reader, read_evidence};
use tonic::{Request, Response, Status};
use traffic_proto::Step;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::vehicle_service_server::VehicleService;

/// Numbers that are looked at to find an offer's.
const MOST_LOOKED_AT: u32 = 1_000;

/// The methods for vehicles.
#[derive(Clone, Debug)]
pub struct VehicleApi {
    core: Core,
}

type Answer = Result<Response<proto::Application>, Status>;

impl VehicleApi {
    pub fn new(core: Core) -> Self {
        Self { core }
    }

    /// Free numbers of a kind, as the lot draws them: fewer than an offer has if the series is nearly given out.
    async fn lot(&self, category: PlateCategory) -> Result<Vec<PlateNumber>, Failure> {
        let seed = random::id();
        let today = self.core.calendar.date(self.core.clock.now());
        self.core
            .projection
            .read(move |view| {
                let pools = Pools::shipped();
                let series = pools.series(category);
                let mut numbers: Vec<PlateNumber> = Vec::with_capacity(pools.offer_size);
                for turn in 0..MOST_LOOKED_AT {
                    if numbers.len() == pools.offer_size {
                        break;
                    }
                    let Some(number) = series.drawn(seed, turn) else {
                        break;
                    };
                    let claim = view.aggregate::<PlateClaim>(&number.key())?;
                    let free = claim.is_none_or(|(_, claim)| claim.is_free(today));
                    if free && !numbers.contains(&number) {
                        numbers.push(number);
                    }
                }
                Ok(numbers)
            })
            .await
            .map_err(Failure::from)
    }

    async fn application_step<M: Step>(
        &self,
        request: &Request<M>,
        id: ApplicationId,
        handler: impl Fn(&mut Transaction, &ApplicationId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let key = id.to_string();
        let done = self
            .core
            .commands
            .step::<Application, M>(request, key, move |tx| handler(tx, &id))
            .await?;
        respond(&done)
    }

    async fn vehicle_step<M: Step>(
        &self,
        request: &Request<M>,
        vin: Vin,
        handler: impl Fn(&mut Transaction, &Vin) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Result<Response<proto::Vehicle>, Status> {
        let (key, own) = (vin.to_string(), vin.clone());
        let done = self
            .core
            .commands
            .step::<Vehicle, M>(request, key, move |tx| handler(tx, &own))
            .await?;
        let blocked = self.blocked(&done.state).await?;
        let vehicle = contract::vehicle(&vin, &done.state, &done.revision, blocked);
        Ok(done.respond(vehicle))
    }
}

/// The application as the command left it.
fn respond(done: &Done<Application>) -> Answer {
    let id = ApplicationId::parse(&done.id).map_err(Failure::internal)?;
    let application = contract::application(&id, &done.state, &done.revision);
    Ok(done.respond(application))
}

fn respond_offer(done: &Done<PlateOffer>) -> Result<Response<proto::PlateOffer>, Status> {
    let id = OfferId::parse(&done.id).map_err(Failure::internal)?;
    Ok(done.respond(contract::offer(&id, &done.state)))
}

fn application_id(field: &str, name: &str, fields: &mut Fields) -> Option<ApplicationId> {
    let id = fields.resource(field, name, "applications/{application}")?;
    fields.value(field, id, |id| ApplicationId::parse(&id))
}

fn only_id(name: &str) -> Result<ApplicationId, Failure> {
    let mut fields = Fields::new();
    let id = application_id("name", name, &mut fields);
    fields.finish(id)
}

/// Whom a decision bars, among those who applied.
fn read_barred(barred: &[String], fields: &mut Fields) -> Option<Vec<PartyRef>> {
    fields.list("barred", barred, 0..=MOST_APPLICANTS, |who| {
        PartyRef::parse(who)
    })
}

/// `Some(None)`: nobody obtained it by fraud.
fn read_fraud(
    message: &proto::CancelVehicleOfOfficeRequest,
    fields: &mut Fields,
) -> Option<Option<Fraud>> {
    const FIELD: &str = "fraudulent_application";
    let by = read_barred(&message.barred, fields);
    let application = match message.fraudulent_application.as_str() {
        "" => None,
        name => Some(application_id(FIELD, name, fields)?),
    };
    let by = by?;
    match application {
        Some(application) => Some(Some(Fraud { application, by })),
        None if by.is_empty() => Some(None),
        None => {
            let missing = Invalid::new("is required with `barred`", "填写 barred 时必填");
            fields.refuse(FIELD, missing);
            None
        }
    }
}

#[tonic::async_trait]
impl VehicleService for VehicleApi {
    async fn offer_plate_numbers(
        &self,
        request: Request<proto::OfferPlateNumbersRequest>,
    ) -> Result<Response<proto::PlateOffer>, Status> {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let category = fields.choice("plate_kind", message.plate_kind, read_plate_kind);
        let category = fields.finish(category)?;
        let numbers = self.lot(category).await?;
        let done = self
            .core
            .commands
            .run::<PlateOffer>(message.validate_only, call, move |tx| {
                offer::offer(tx, category, numbers.clone()).map(|id| id.to_string())
            })
            .await?;
        respond_offer(&done)
    }

    async fn choose_plate_number(
        &self,
        request: Request<proto::ChoosePlateNumberRequest>,
    ) -> Result<Response<proto::PlateOffer>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = fields
            .resource("name", &message.name, "plateOffers/{plate_offer}")
            .and_then(|id| fields.value("name", id, |id| OfferId::parse(&id)));
        let number = fields.required("number", &message.number, PlateNumber::parse);
        let (id, number) = fields.finish((id, number))?;
        let key = id.to_string();
        let done = self
            .core
            .commands
            .step::<PlateOffer, _>(&request, key, move |tx| offer::choose(tx, &id, &number))
            .await?;
        respond_offer(&done)
    }

    async fn get_plate(
        &self,
        request: Request<proto::GetPlateRequest>,
    ) -> Result<Response<proto::Plate>, Status> {
        self.plate(request.get_ref()).await
    }

    async fn create_application(
        &self,
        request: Request<proto::CreateApplicationRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut reader = Reader::new(&self.core.sealer);
        let mut fields = Fields::new();
        let file = fields.message(
            "application",
            message.application.as_ref(),
            |own, fields| reader.application(own, fields),
        );
        let mut file = fields.finish(file)?;
        if !message.validate_only {
            reader.seal(&mut file).await?;
        }
        let done = self
            .core
            .commands
            .run::<Application>(message.validate_only, call, move |tx| {
                filing::file(tx, file.clone()).map(|id| id.to_string())
            })
            .await?;
        respond(&done)
    }

    async fn get_application(&self, request: Request<proto::GetApplicationRequest>) -> Answer {
        self.application(request.get_ref()).await
    }

    async fn list_applications(
        &self,
        request: Request<proto::ListApplicationsRequest>,
    ) -> Result<Response<proto::ListApplicationsResponse>, Status> {
        self.applications(request.get_ref()).await
    }

    type WatchApplicationsStream =
        BoxStream<'static, Result<proto::WatchApplicationsResponse, Status>>;

    async fn watch_applications(
        &self,
        request: Request<proto::WatchApplicationsRequest>,
    ) -> Result<Response<Self::WatchApplicationsStream>, Status> {
        self.watch(request.get_ref())
    }

    async fn list_application_history(
        &self,
        request: Request<proto::ListApplicationHistoryRequest>,
    ) -> Result<Response<proto::ListApplicationHistoryResponse>, Status> {
        self.application_history(request.get_ref()).await
    }

    async fn list_materials(
        &self,
        request: Request<proto::ListMaterialsRequest>,
    ) -> Result<Response<proto::ListMaterialsResponse>, Status> {
        self.materials(request.get_ref()).await
    }

    async fn supply_materials(&self, request: Request<proto::SupplyMaterialsRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = application_id("name", &message.name, &mut fields);
        let evidence = fields.each("evidence", &message.evidence, 1..=30, read_evidence);
        let (id, evidence) = fields.finish((id, evidence))?;
        self.application_step(&request, id, move |tx, id| {
            filing::supply(tx, id, evidence.clone())
        })
        .await
    }

    async fn request_materials(&self, request: Request<proto::RequestMaterialsRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = application_id("name", &message.name, &mut fields);
        let materials = fields.list("materials", &message.materials, 1..=30, |number| {
            proto::Material::try_from(*number)
                .ok()
                .and_then(read_material)
                .ok_or_else(|| Invalid::new("not a value of this enumeration", "不是有效的枚举值"))
        });
        let (id, materials) = fields.finish((id, materials))?;
        self.application_step(&request, id, move |tx, id| {
            review::request_materials(tx, id, materials.clone())
        })
        .await
    }

    async fn approve_application(
        &self,
        request: Request<proto::ApproveApplicationRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = application_id("name", &message.name, &mut fields);
        let checks = fields.each("checks", &message.checks, 0..=30, |check, fields| {
            let material = fields.choice("material", check.material, read_material);
            let reference = fields.required("reference", &check.reference, DocumentNumber::parse);
            Some(ElectronicCheck {
                material: material?,
                reference: reference?,
            })
        });
        let examination = fields.optional_message(
            "examination",
            message.examination.as_ref(),
            |own, fields| {
                let examiner = fields.required("examiner", &own.examiner, DocumentNumber::parse);
                let recording = fields.required("recording", &own.recording, DocumentNumber::parse);
                Some(Examination {
                    examiner: examiner?,
                    recording: recording?,
                })
            },
        );
        let (id, checks, examination) = fields.finish((id, checks, examination))?;
        let command = Approve {
            checks,
            examination,
        };
        self.application_step(&request, id, move |tx, id| {
            review::approve(tx, id, command.clone())
        })
        .await
    }

    async fn refuse_application(
        &self,
        request: Request<proto::RefuseApplicationRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = application_id("name", &message.name, &mut fields);
        let ground = fields.choice("ground", message.ground, read_refusal_ground);
        let reason = fields.required("reason", &message.reason, Text::parse);
        let barred = read_barred(&message.barred, &mut fields);
        let (id, ground, reason, barred) = fields.finish((id, ground, reason, barred))?;
        let command = Refuse {
            ground,
            reason,
            barred,
        };
        self.application_step(&request, id, move |tx, id| {
            review::refuse(tx, id, command.clone())
        })
        .await
    }

    async fn withdraw_application(
        &self,
        request: Request<proto::WithdrawApplicationRequest>,
    ) -> Answer {
        let id = only_id(&request.get_ref().name)?;
        self.application_step(&request, id, filing::withdraw).await
    }

    async fn record_plates_made(&self, request: Request<proto::RecordPlatesMadeRequest>) -> Answer {
        let id = only_id(&request.get_ref().name)?;
        self.application_step(&request, id, delivery::plates_made)
            .await
    }

    async fn record_plates_shipped(
        &self,
        request: Request<proto::RecordPlatesShippedRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = application_id("name", &message.name, &mut fields);
        let carrier = fields.required("carrier", &message.carrier, Text::parse);
        let tracking = fields.required(
            "tracking_number",
            &message.tracking_number,
            DocumentNumber::parse,
        );
        let (id, carrier, tracking) = fields.finish((id, carrier, tracking))?;
        self.application_step(&request, id, move |tx, id| {
            delivery::plates_shipped(tx, id, carrier.clone(), tracking.clone())
        })
        .await
    }

    async fn record_plates_delivered(
        &self,
        request: Request<proto::RecordPlatesDeliveredRequest>,
    ) -> Answer {
        let id = only_id(&request.get_ref().name)?;
        self.application_step(&request, id, delivery::plates_delivered)
            .await
    }

    async fn get_vehicle(
        &self,
        request: Request<proto::GetVehicleRequest>,
    ) -> Result<Response<proto::Vehicle>, Status> {
        self.vehicle(request.get_ref()).await
    }

    async fn list_vehicles(
        &self,
        request: Request<proto::ListVehiclesRequest>,
    ) -> Result<Response<proto::ListVehiclesResponse>, Status> {
        self.vehicles(request.get_ref()).await
    }

    async fn list_vehicle_history(
        &self,
        request: Request<proto::ListVehicleHistoryRequest>,
    ) -> Result<Response<proto::ListVehicleHistoryResponse>, Status> {
        self.vehicle_history(request.get_ref()).await
    }

    async fn place_hold(
        &self,
        request: Request<proto::PlaceHoldRequest>,
    ) -> Result<Response<proto::Vehicle>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let vin = vin("name", &message.name, &mut fields);
        let kind = fields.choice("kind", message.kind, read_hold_kind);
        let agency = fields.required("agency", &message.agency, Text::parse);
        let notice = fields.required("notice", &message.notice, DocumentNumber::parse);
        let (vin, kind, agency, notice) = fields.finish((vin, kind, agency, notice))?;
        self.vehicle_step(&request, vin, move |tx, vin| {
            notices::place_hold(tx, vin, kind, agency.clone(), notice.clone())
        })
        .await
    }

    async fn lift_hold(
        &self,
        request: Request<proto::LiftHoldRequest>,
    ) -> Result<Response<proto::Vehicle>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let vin = vin("name", &message.name, &mut fields);
        let kind = fields.choice("kind", message.kind, read_hold_kind);
        let notice = fields.required("notice", &message.notice, DocumentNumber::parse);
        let lifting = fields.required(
            "lifting_notice",
            &message.lifting_notice,
            DocumentNumber::parse,
        );
        let (vin, kind, notice, lifting) = fields.finish((vin, kind, notice, lifting))?;
        self.vehicle_step(&request, vin, move |tx, vin| {
            notices::lift_hold(tx, vin, kind, notice.clone(), lifting.clone())
        })
        .await
    }

    async fn return_school_bus_sign(
        &self,
        request: Request<proto::ReturnSchoolBusSignRequest>,
    ) -> Result<Response<proto::Vehicle>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let vin = vin("name", &message.name, &mut fields);
        let cause = fields.choice("cause", message.cause, read_sign_return_cause);
        let (vin, cause) = fields.finish((vin, cause))?;
        self.vehicle_step(&request, vin, move |tx, vin| {
            school_bus::take_back(tx, vin, cause)
        })
        .await
    }

    async fn cancel_vehicle_of_office(
        &self,
        request: Request<proto::CancelVehicleOfOfficeRequest>,
    ) -> Result<Response<proto::Vehicle>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let vin = vin("name", &message.name, &mut fields);
        let cause = fields.choice("cause", message.cause, read_cancellation_cause);
        let fraud = read_fraud(message, &mut fields);
        let (vin, cause, fraud) = fields.finish((vin, cause, fraud))?;
        self.vehicle_step(&request, vin, move |tx, vin| {
            notices::cancel_of_office(tx, vin, cause, fraud.as_ref())
        })
        .await
    }

    async fn record_moved_away(
        &self,
        request: Request<proto::RecordMovedAwayRequest>,
    ) -> Result<Response<proto::Vehicle>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let vin = vin("name", &message.name, &mut fields);
        let to = fields.required("to", &message.to, Text::parse);
        let notice = fields.required("notice", &message.notice, DocumentNumber::parse);
        let (vin, to, notice) = fields.finish((vin, to, notice))?;
        self.vehicle_step(&request, vin, move |tx, vin| {
            notices::record_moved_away(tx, vin, to.clone(), notice.clone())
        })
        .await
    }

    async fn lift_applicant_bar(
        &self,
        request: Request<proto::LiftApplicantBarRequest>,
    ) -> Result<Response<proto::ApplicantStanding>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let who = fields
            .resource("name", &message.name, "applicants/{applicant}")
            .and_then(|id| fields.value("name", id, |id| PartyRef::parse(&id)));
        let fraud = fields.choice("ground", message.ground, read_bar_ground);
        let decision = fields.required("decision", &message.decision, DocumentNumber::parse);
        let (who, fraud, decision) = fields.finish((who, fraud, decision))?;
        let (key, own) = (who.as_str().to_owned(), who.clone());
        let done = self
            .core
            .commands
            .step::<ApplicantStanding, _>(&request, key, move |tx| {
                standing::lift(tx, &own, fraud, decision.clone())
            })
            .await?;
        let applicant = contract::applicant(&who, &done.state, &done.revision);
        Ok(done.respond(applicant))
    }
}
