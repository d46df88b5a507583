//! gRPC: requests become commands and queries, states become resources, refusals become statuses.

mod applications;
mod check;
mod people;
mod places;
mod queries;
mod readers;
mod steps;
mod watch;

use crate::contract;
use crate::credential::Signer;
use crate::domain::event::{Acceptor, Correction, RefusalGround, RevocationGround};
use crate::domain::filing::{Correct, Submit};
use crate::domain::remedies::Remedies;
use crate::domain::review::{Amend, Approve, Refuse};
use crate::domain::standing::Revoke;
use crate::domain::values::PermitId;
use crate::domain::works::Finding;
use crate::domain::{closing, escort, filing, review, standing, trip, works};
use applications::{draft, permit_district};
use chassis::commands::{Call, Done};
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{District, Invalid};
use chassis::server::{Failure, Fields};
use chassis::service::Core;
use places::{instant, run_order};
use std::pin::Pin;
use std::sync::Arc;
use steps::permit_id;
use tonic::{Request, Response, Status};
use traffic_proto::Step;
use traffic_proto::permits::v1 as proto;
use traffic_proto::permits::v1::permit_service_server::PermitService;

/// The service's methods.
#[derive(Clone, Debug)]
pub struct Api {
    core: Core,
    signer: Arc<Signer>,
    remedies: Arc<Remedies>,
}

impl Api {
    /// With notices of remedies that name nobody.
    pub fn new(core: Core, signer: Arc<Signer>) -> Self {
        Self {
            core,
            signer,
            remedies: Arc::default(),
        }
    }

    /// Tells whoever does not agree with a decision of these governments and courts.
    #[must_use]
    pub fn with_remedies(mut self, remedies: Remedies) -> Self {
        self.remedies = Arc::new(remedies);
        self
    }
}

type Answer = Result<Response<proto::Permit>, Status>;

#[tonic::async_trait]
impl PermitService for Api {
    async fn create_permit(&self, request: Request<proto::CreatePermitRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut people = people::people(&self.core.sealer);
        let mut fields = Fields::new();
        let read = fields.message("permit", message.permit.as_ref(), |permit, fields| {
            let district = permit_district(permit, fields);
            let draft = draft(permit, &mut people, fields);
            Some((district?, draft?))
        });
        let (district, mut draft) = fields.finish(read)?;
        if !message.validate_only {
            people::seal(&people, &mut draft.contact, &mut draft.application).await?;
        }
        let command = Submit {
            district,
            applicant: draft.applicant,
            contact: draft.contact,
            application: draft.application,
        };
        let done = self
            .core
            .commands
            .run(message.validate_only, call, move |tx| {
                filing::submit(tx, command.clone()).map(Into::into)
            })
            .await?;
        self.respond(&done)
    }

    async fn get_permit(&self, request: Request<proto::GetPermitRequest>) -> Answer {
        self.get(&request).await
    }

    async fn list_permits(
        &self,
        request: Request<proto::ListPermitsRequest>,
    ) -> Result<Response<proto::ListPermitsResponse>, Status> {
        self.list(&request).await
    }

    type WatchPermitsStream =
        Pin<Box<dyn futures::Stream<Item = Result<proto::WatchPermitsResponse, Status>> + Send>>;

    async fn watch_permits(
        &self,
        request: Request<proto::WatchPermitsRequest>,
    ) -> Result<Response<Self::WatchPermitsStream>, Status> {
        self.watch(&request)
    }

    async fn list_permit_history(
        &self,
        request: Request<proto::ListPermitHistoryRequest>,
    ) -> Result<Response<proto::ListPermitHistoryResponse>, Status> {
        self.history(&request).await
    }

    async fn request_correction(
        &self,
        request: Request<proto::RequestCorrectionRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let corrections = fields.each(
            "corrections",
            &message.corrections,
            1..=50,
            |one, fields| {
                let field = fields.required("field", &one.field, Text::parse);
                let request = fields.required("request", &one.request, Text::parse);
                Some(Correction {
                    field: field?,
                    request: request?,
                })
            },
        );
        let (id, corrections) = fields.finish((id, corrections))?;
        self.step(&request, id, move |tx, id| {
            review::request_correction(tx, id, corrections.clone())
        })
        .await
    }

    async fn correct_permit(&self, request: Request<proto::CorrectPermitRequest>) -> Answer {
        let message = request.get_ref();
        let mut people = people::people(&self.core.sealer);
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let read = fields.message("permit", message.permit.as_ref(), |permit, fields| {
            draft(permit, &mut people, fields)
        });
        let (id, mut draft) = fields.finish((id, read))?;
        if !message.validate_only {
            people::seal(&people, &mut draft.contact, &mut draft.application).await?;
        }
        let command = Correct {
            applicant: draft.applicant,
            contact: draft.contact,
            application: draft.application,
        };
        self.step(&request, id, move |tx, id| {
            filing::correct(tx, id, command.clone())
        })
        .await
    }

    async fn accept_permit(&self, request: Request<proto::AcceptPermitRequest>) -> Answer {
        self.plain_step(&request, review::accept).await
    }

    async fn approve_permit(&self, request: Request<proto::ApprovePermitRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let conditions = fields.list("conditions", &message.conditions, 0..=20, |text| {
            Text::parse(text)
        });
        let order = fields.optional_message("run_order", message.run_order.as_ref(), run_order);
        let (id, conditions, run_order) = fields.finish((id, conditions, order))?;
        let command = Approve {
            conditions,
            run_order,
            allow_restricted_zones: message.allow_restricted_zones,
        };
        self.step(&request, id, move |tx, id| {
            review::approve(tx, id, command.clone())
        })
        .await
    }

    async fn refuse_permit(&self, request: Request<proto::RefusePermitRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let ground = fields.choice("ground", message.ground, refusal_ground);
        let reason = fields.required("reason", &message.reason, Text::parse);
        let (id, ground, reason) = fields.finish((id, ground, reason))?;
        let command = Refuse { ground, reason };
        self.step(&request, id, move |tx, id| {
            review::refuse(tx, id, command.clone())
        })
        .await
    }

    async fn withdraw_permit(&self, request: Request<proto::WithdrawPermitRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let reason = fields.optional("reason", &message.reason, Text::parse);
        let (id, reason) = fields.finish((id, reason))?;
        self.step(&request, id, move |tx, id| {
            filing::withdraw(tx, id, reason.clone())
        })
        .await
    }

    async fn amend_permit(&self, request: Request<proto::AmendPermitRequest>) -> Answer {
        let message = request.get_ref();
        let mut people = people::people(&self.core.sealer);
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let read = fields.message("permit", message.permit.as_ref(), |permit, fields| {
            draft(permit, &mut people, fields)
        });
        let reason = fields.required("reason", &message.reason, Text::parse);
        let order = fields.optional_message("run_order", message.run_order.as_ref(), run_order);
        let (id, mut draft, reason, run_order) = fields.finish((id, read, reason, order))?;
        if !message.validate_only {
            people::seal(&people, &mut draft.contact, &mut draft.application).await?;
        }
        let command = Amend {
            applicant: draft.applicant,
            application: draft.application,
            reason,
            run_order,
        };
        self.step(&request, id, move |tx, id| {
            review::amend(tx, id, command.clone())
        })
        .await
    }

    async fn suspend_permit(&self, request: Request<proto::SuspendPermitRequest>) -> Answer {
        let (id, reason) = id_and_reason(request.get_ref(), &request.get_ref().reason)?;
        self.step(&request, id, move |tx, id| {
            standing::suspend(tx, id, reason.clone())
        })
        .await
    }

    async fn resume_permit(&self, request: Request<proto::ResumePermitRequest>) -> Answer {
        let (id, reason) = id_and_reason(request.get_ref(), &request.get_ref().reason)?;
        self.step(&request, id, move |tx, id| {
            standing::resume(tx, id, reason.clone())
        })
        .await
    }

    async fn revoke_permit(&self, request: Request<proto::RevokePermitRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let ground = fields.choice("ground", message.ground, revocation_ground);
        let reason = fields.required("reason", &message.reason, Text::parse);
        let (id, ground, reason) = fields.finish((id, ground, reason))?;
        let command = Revoke { ground, reason };
        self.step(&request, id, move |tx, id| {
            standing::revoke(tx, id, command.clone())
        })
        .await
    }

    async fn start_work(&self, request: Request<proto::StartWorkRequest>) -> Answer {
        self.plain_step(&request, works::start_work).await
    }

    async fn finish_work(&self, request: Request<proto::FinishWorkRequest>) -> Answer {
        self.plain_step(&request, works::finish_work).await
    }

    async fn record_reopening_acceptance(
        &self,
        request: Request<proto::RecordReopeningAcceptanceRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let by = fields.choice("by", message.by, |by| match by {
            proto::AcceptanceBy::RoadAuthority => Some(Acceptor::RoadAuthority),
            proto::AcceptanceBy::Police => Some(Acceptor::Police),
            proto::AcceptanceBy::Unspecified => None,
        });
        let finding = if message.passed {
            fields
                .value("remarks", &message.remarks, |remarks| {
                    if remarks.is_empty() {
                        Ok(())
                    } else {
                        Err(Invalid::new(
                            "only for a road that is not accepted",
                            "仅在验收不合格时填写",
                        ))
                    }
                })
                .map(|()| Finding::Passed)
        } else {
            fields
                .required("remarks", &message.remarks, Text::parse)
                .map(Finding::Defects)
        };
        let (id, by, finding) = fields.finish((id, by, finding))?;
        self.step(&request, id, move |tx, id| {
            works::record_acceptance(tx, id, by, finding.clone())
        })
        .await
    }

    async fn complete_permit(&self, request: Request<proto::CompletePermitRequest>) -> Answer {
        self.plain_step(&request, closing::complete).await
    }

    async fn record_departure(&self, request: Request<proto::RecordDepartureRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let at = instant("depart_time", message.depart_time.as_ref(), &mut fields);
        let (id, at) = fields.finish((id, at))?;
        self.step(&request, id, move |tx, id| {
            trip::record_departure(tx, id, at)
        })
        .await
    }

    async fn record_checkpoint(&self, request: Request<proto::RecordCheckpointRequest>) -> Answer {
        let message = request.get_ref();
        let leg = message.leg;
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let at = instant("pass_time", message.pass_time.as_ref(), &mut fields);
        let (id, at) = fields.finish((id, at))?;
        self.step(&request, id, move |tx, id| {
            trip::record_checkpoint(tx, id, leg, at)
        })
        .await
    }

    async fn record_stop(&self, request: Request<proto::RecordStopRequest>) -> Answer {
        let message = request.get_ref();
        let reported = message.reported_to_police;
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let at = instant("stop_time", message.stop_time.as_ref(), &mut fields);
        let reason = fields.required("reason", &message.reason, Text::parse);
        let (id, at, reason) = fields.finish((id, at, reason))?;
        self.step(&request, id, move |tx, id| {
            trip::record_stop(tx, id, at, reason.clone(), reported)
        })
        .await
    }

    async fn record_moving_on(&self, request: Request<proto::RecordMovingOnRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let at = instant("move_time", message.move_time.as_ref(), &mut fields);
        let (id, at) = fields.finish((id, at))?;
        self.step(&request, id, move |tx, id| {
            trip::record_moving_on(tx, id, at)
        })
        .await
    }

    async fn record_arrival(&self, request: Request<proto::RecordArrivalRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let at = instant("arrive_time", message.arrive_time.as_ref(), &mut fields);
        let (id, at) = fields.finish((id, at))?;
        self.step(&request, id, move |tx, id| trip::record_arrival(tx, id, at))
            .await
    }

    async fn set_run_order(&self, request: Request<proto::SetRunOrderRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let order = fields.message("run_order", message.run_order.as_ref(), run_order);
        let reason = fields.required("reason", &message.reason, Text::parse);
        let (id, order, reason) = fields.finish((id, order, reason))?;
        self.step(&request, id, move |tx, id| {
            escort::set_run_order(tx, id, order.clone(), reason.clone())
        })
        .await
    }

    async fn assign_escort(&self, request: Request<proto::AssignEscortRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let unit = fields.required("unit", &message.unit, DocumentNumber::parse);
        let vehicles = fields
            .number("vehicles", message.vehicles, 1..=10)
            .and_then(|vehicles| u8::try_from(vehicles).ok());
        let from = fields.required("district", &message.district, District::parse);
        let (id, unit, vehicles, from) = fields.finish((id, unit, vehicles, from))?;
        self.step(&request, id, move |tx, id| {
            escort::assign_escort(tx, id, unit.clone(), vehicles, from)
        })
        .await
    }

    async fn start_escort(&self, request: Request<proto::StartEscortRequest>) -> Answer {
        self.plain_step(&request, escort::start_escort).await
    }

    async fn hand_over_escort(&self, request: Request<proto::HandOverEscortRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = permit_id(message, &mut fields);
        let to = fields.required("to_district", &message.to_district, District::parse);
        let unit = fields.required("unit", &message.unit, DocumentNumber::parse);
        let (id, to, unit) = fields.finish((id, to, unit))?;
        self.step(&request, id, move |tx, id| {
            escort::hand_over_escort(tx, id, unit.clone(), to)
        })
        .await
    }

    async fn complete_escort(&self, request: Request<proto::CompleteEscortRequest>) -> Answer {
        self.plain_step(&request, escort::complete_escort).await
    }

    async fn get_credential(
        &self,
        request: Request<proto::GetCredentialRequest>,
    ) -> Result<Response<proto::Credential>, Status> {
        self.credential(&request).await
    }

    async fn get_key_set(
        &self,
        _: Request<proto::GetKeySetRequest>,
    ) -> Result<Response<proto::KeySet>, Status> {
        Ok(Response::new(proto::KeySet {
            jwks: self.signer.key_set().to_string(),
        }))
    }

    async fn check_road(
        &self,
        request: Request<proto::CheckRoadRequest>,
    ) -> Result<Response<proto::CheckRoadResponse>, Status> {
        self.check(request.get_ref()).await
    }
}

fn id_and_reason(request: &impl Step, reason: &str) -> Result<(PermitId, Text<500>), Failure> {
    let mut fields = Fields::new();
    let id = permit_id(request, &mut fields);
    let reason = fields.required("reason", reason, Text::parse);
    fields.finish((id, reason))
}

fn refusal_ground(ground: proto::RefusalGround) -> Option<RefusalGround> {
    [
        RefusalGround::NotRequired,
        RefusalGround::NotCompetent,
        RefusalGround::ConditionsNotMet,
        RefusalGround::FalseStatements,
        RefusalGround::TrafficSafety,
    ]
    .into_iter()
    .find(|own| contract::refusal_ground(*own) == ground)
}

fn revocation_ground(ground: proto::RevocationGround) -> Option<RevocationGround> {
    [
        RevocationGround::AbuseOfDuty,
        RevocationGround::BeyondPowers,
        RevocationGround::Procedure,
        RevocationGround::NotQualified,
        RevocationGround::Fraud,
        RevocationGround::PublicInterest,
        RevocationGround::ForceMajeure,
        RevocationGround::VehicleCancelled,
        RevocationGround::HolderDissolved,
    ]
    .into_iter()
    .find(|own| contract::revocation_ground(*own) == ground)
}

type Permitted = Done<crate::domain::permit::Permit>;
