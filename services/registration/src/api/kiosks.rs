//! Kiosks' sessions over gRPC.

use super::days::district;
use super::ebikes::{EbikeDraft, check_station, ebike_frame, read_ebike};
use super::parties::{Unsealed, resident};
use super::vehicles::vin;
use crate::domain::ebike::{FrameNumber, filing};
use crate::domain::kiosk::blank::BlankNumber;
use crate::domain::kiosk::ground::KioskGround;
use crate::domain::kiosk::{KioskBusiness, KioskId, KioskSession, SessionId, Stage, steps};
use crate::domain::order::Order;
use crate::plate_stock::{PlateStock, Taken};
use chassis::commands::{Call, Done};
use chassis::domain::values::Vin;
use chassis::domain::{Halt, Invalid, Rejection, Revision, Transaction};
use chassis::projection::Versioned;
use chassis::server::{Failure, Fields, to_timestamp};
use chassis::service::Core;
use tonic::{Request, Response, Status};
use traffic_proto::Step;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::kiosk_service_server::KioskService;

/// The methods for kiosks.
#[derive(Clone, Debug)]
pub struct KioskApi {
    core: Core,
    plates: PlateStock,
}

type Answer = Result<Response<proto::KioskSession>, Status>;

/// What is wanted, before the applicant is sealed.
enum Draft {
    Registration(EbikeDraft),
    PlateReissue(FrameNumber, Unsealed),
    LicenceReissue(Vin, Unsealed),
}

impl KioskApi {
    pub fn new(core: Core, plates: PlateStock) -> Self {
        Self { core, plates }
    }

    /// The session as a command left it, with its order as it stands.
    async fn respond(&self, done: &Done<KioskSession>) -> Answer {
        // The order was opened or changed by the same command.
        let seen = self.core.projection.catch_up(done.position).await;
        seen.map_err(Failure::from)?;
        let session = self.resource(&done.id, &done.state, &done.revision).await?;
        Ok(done.respond(session))
    }

    async fn resource(
        &self,
        id: &str,
        session: &KioskSession,
        revision: &Revision,
    ) -> Result<proto::KioskSession, Failure> {
        let order = match &session.order {
            None => None,
            Some(order) => self.core.projection.get::<Order>(order.as_str()).await?,
        };
        let order = order.as_ref().map(|order| &*order.state);
        let blank = |blank: Option<&BlankNumber>| blank.map(ToString::to_string);
        Ok(proto::KioskSession {
            name: format!("kioskSessions/{id}"),
            kiosk: session.kiosk.to_string(),
            district: session.district.to_string(),
            person_ref: session.person.to_string(),
            step: kiosk_step(session.stage).into(),
            resource: session
                .business
                .as_ref()
                .map(KioskBusiness::resource)
                .unwrap_or_default(),
            order: session
                .order
                .as_ref()
                .map(|order| format!("orders/{order}"))
                .unwrap_or_default(),
            outstanding_fen: order.map_or(0, |order| order.outstanding().signed()),
            refund_due_fen: order.map_or(0, |order| order.refund_due().signed()),
            carried_out: session.carried_out,
            blank: blank(session.blank.as_ref()).unwrap_or_default(),
            printed_blank: blank(session.printed.as_ref()).unwrap_or_default(),
            expire_time: (!session.stage.is_over()).then(|| to_timestamp(session.waits_until)),
            etag: revision.etag(),
        })
    }

    async fn step<M: Step>(
        &self,
        request: &Request<M>,
        id: SessionId,
        handler: impl Fn(&mut Transaction, &SessionId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let key = id.as_str().to_owned();
        let done = self
            .core
            .commands
            .step::<KioskSession, M>(request, key, move |tx| handler(tx, &id))
            .await?;
        self.respond(&done).await
    }

    async fn find(&self, id: &SessionId) -> Result<Versioned<KioskSession>, Failure> {
        let found = self
            .core
            .projection
            .get::<KioskSession>(id.as_str())
            .await?;
        found.ok_or_else(|| Rejection::from(KioskGround::Unknown).into())
    }

    /// A plate for what is filed, if it needs one. Looks as a command does, which knows what this replica has just written.
    async fn plate_for(
        &self,
        request: &Request<proto::ConfirmKioskReviewRequest>,
        id: &SessionId,
    ) -> Result<Option<Taken>, Failure> {
        let looking = Call::of(request, "")?;
        let id = id.clone();
        let session = self
            .core
            .commands
            .rehearse::<KioskSession>(looking, move |tx| {
                steps::look(tx, &id)?;
                Ok(id.clone().into())
            })
            .await?;
        let Some(KioskBusiness::EbikeRegistration(application)) = &session.state.business else {
            return Ok(None);
        };
        let today = self.core.calendar.date(self.core.clock.now());
        let series = filing::series(application, today).map_err(Rejection::from)?;
        self.plates.take(series).await.map(Some)
    }

    async fn seal(&self, draft: Draft) -> Result<KioskBusiness, Failure> {
        let sealer = &self.core.sealer;
        match draft {
            Draft::Registration(draft) => {
                let bare = draft.bare();
                let checked = self
                    .core
                    .projection
                    .read(move |view| check_station(view, &bare))
                    .await?;
                checked.map_err(Rejection::from)?;
                let application = draft.seal(sealer).await?;
                // Told while it can still be corrected, not once it is paid.
                let today = self.core.calendar.date(self.core.clock.now());
                filing::series(&application, today).map_err(Rejection::from)?;
                Ok(KioskBusiness::EbikeRegistration(application))
            }
            Draft::PlateReissue(frame, owner) => Ok(KioskBusiness::EbikePlateReissue {
                frame,
                owner: owner.bare(),
            }),
            Draft::LicenceReissue(vin, owner) => Ok(KioskBusiness::LicenceReissue {
                vin,
                owner: owner.bare(),
            }),
        }
    }
}

#[tonic::async_trait]
impl KioskService for KioskApi {
    async fn open_kiosk_session(&self, request: Request<proto::OpenKioskSessionRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        fields.required("request_id", &message.request_id, |_| Ok(()));
        let kiosk = fields.required("kiosk", &message.kiosk, KioskId::parse);
        let district = fields.required("district", &message.district, district);
        let person = resident(
            &self.core.sealer,
            "identity_number",
            &message.identity_number,
            &mut fields,
        );
        let (kiosk, district, person) = fields.finish((kiosk, district, person))?;
        let done = self
            .core
            .commands
            .execute::<KioskSession>(call, move |tx| {
                steps::open(tx, &kiosk, district, &person).map(Into::into)
            })
            .await?;
        self.respond(&done).await
    }

    async fn get_kiosk_session(&self, request: Request<proto::GetKioskSessionRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = session_id(&request.get_ref().name, &mut fields);
        let id = fields.finish(id)?;
        let found = self.find(&id).await?;
        let session = self
            .resource(id.as_str(), &found.state, &found.revision)
            .await?;
        Ok(Response::new(session))
    }

    async fn file_kiosk_business(
        &self,
        request: Request<proto::FileKioskBusinessRequest>,
    ) -> Answer {
        use proto::kiosk_business::Kind;
        let message = request.get_ref();
        let sealer = &self.core.sealer;
        let mut fields = Fields::new();
        let id = session_id(&message.name, &mut fields);
        let draft =
            fields.message(
                "business",
                message.business.as_ref(),
                |business, fields| match &business.kind {
                    Some(Kind::EbikeRegistration(ebike)) => fields
                        .within("ebike_registration", |fields| {
                            read_ebike(sealer, ebike, fields)
                        })
                        .map(Draft::Registration),
                    Some(Kind::EbikePlateReissue(reissue)) => {
                        fields.within("ebike_plate_reissue", |fields| {
                            let frame = ebike_frame("ebike", &reissue.ebike, fields);
                            let owner =
                                Unsealed::read(sealer, "owner", reissue.owner.as_ref(), fields);
                            Some(Draft::PlateReissue(frame?, owner?))
                        })
                    }
                    Some(Kind::VehicleLicenceReissue(reissue)) => {
                        fields.within("vehicle_licence_reissue", |fields| {
                            let vin = vin("vehicle", &reissue.vehicle, fields);
                            let owner =
                                Unsealed::read(sealer, "owner", reissue.owner.as_ref(), fields);
                            Some(Draft::LicenceReissue(vin?, owner?))
                        })
                    }
                    None => {
                        fields.refuse("kind", Invalid::new("is required", "必填"));
                        None
                    }
                },
            );
        let (id, draft) = fields.finish((id, draft))?;
        let business = self.seal(draft).await?;
        self.step(&request, id, move |tx, id| steps::file(tx, id, &business))
            .await
    }

    async fn confirm_kiosk_review(
        &self,
        request: Request<proto::ConfirmKioskReviewRequest>,
    ) -> Answer {
        let mut fields = Fields::new();
        let id = session_id(&request.get_ref().name, &mut fields);
        let id = fields.finish(id)?;
        let taken = self.plate_for(&request, &id).await?;
        let plate = taken.map(|taken| taken.plate);
        let key = id.as_str().to_owned();
        let done = self
            .core
            .commands
            .step::<KioskSession, _>(&request, key, move |tx| steps::confirm(tx, &id, plate))
            .await;
        if let Some(taken) = taken {
            let unused = match &done {
                Ok(done) => request.get_ref().validate_only || done.state.plate != plate,
                // It may have been carried out nevertheless.
                Err(failure) => !matches!(failure, Failure::Unavailable { .. }),
            };
            if unused {
                self.plates.give_back(taken);
            }
        }
        self.respond(&done?).await
    }

    async fn start_kiosk_print(&self, request: Request<proto::StartKioskPrintRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = session_id(&message.name, &mut fields);
        let blank = fields.required("blank", &message.blank, BlankNumber::parse);
        let (id, blank) = fields.finish((id, blank))?;
        self.step(&request, id, move |tx, id| {
            steps::start_print(tx, id, &blank)
        })
        .await
    }

    async fn report_kiosk_print(&self, request: Request<proto::ReportKioskPrintRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = session_id(&message.name, &mut fields);
        let blank = fields.required("blank", &message.blank, BlankNumber::parse);
        let printed = fields.choice("outcome", message.outcome, |outcome| match outcome {
            proto::BlankOutcome::Unspecified => None,
            proto::BlankOutcome::Printed => Some(true),
            proto::BlankOutcome::Spoiled => Some(false),
        });
        let (id, blank, printed) = fields.finish((id, blank, printed))?;
        self.step(&request, id, move |tx, id| {
            if printed {
                steps::report_printed(tx, id, &blank)
            } else {
                steps::report_spoiled(tx, id, &blank)
            }
        })
        .await
    }

    async fn resume_kiosk_session(
        &self,
        request: Request<proto::ResumeKioskSessionRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = session_id(&message.name, &mut fields);
        let kiosk = fields.required("kiosk", &message.kiosk, KioskId::parse);
        let person = resident(
            &self.core.sealer,
            "identity_number",
            &message.identity_number,
            &mut fields,
        );
        let (id, kiosk, person) = fields.finish((id, kiosk, person))?;
        self.step(&request, id, move |tx, id| {
            steps::resume(tx, id, &kiosk, &person)
        })
        .await
    }

    async fn abandon_kiosk_session(
        &self,
        request: Request<proto::AbandonKioskSessionRequest>,
    ) -> Answer {
        let mut fields = Fields::new();
        let id = session_id(&request.get_ref().name, &mut fields);
        let id = fields.finish(id)?;
        self.step(&request, id, steps::abandon).await
    }
}

fn session_id(name: &str, fields: &mut Fields) -> Option<SessionId> {
    let id = fields.resource("name", name, "kioskSessions/{session}")?;
    fields.value("name", id, |id| SessionId::parse(&id))
}

fn kiosk_step(stage: Stage) -> proto::KioskStep {
    match stage {
        Stage::Identified => proto::KioskStep::Identified,
        Stage::Filed => proto::KioskStep::Filed,
        Stage::Confirmed => proto::KioskStep::Confirmed,
        Stage::Printing => proto::KioskStep::Printing,
        Stage::Done => proto::KioskStep::Done,
        Stage::Expired => proto::KioskStep::Expired,
        Stage::Abandoned => proto::KioskStep::Abandoned,
    }
}
