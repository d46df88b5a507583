//! Methods on cases.

use super::Api;
use super::case_commands::{CaseCommand, Outcome};
use super::input::{act, case_id, day, fen, filing, officers, party, remarks, sanction};
use super::people::people;
use super::rows::Answers;
use crate::contract::{self, enums};
use crate::domain::assessment::assess;
use crate::domain::codes::Codes;
use crate::domain::rules::Rules;
use crate::domain::values::CaseId;
use crate::domain::violation::account::{Account, Instalment};
use crate::domain::violation::correction::{self, Correction};
use crate::domain::violation::default::{self, Warning};
use crate::domain::violation::event::{Filing, Party, Remedy, RemedyOutcome, Sanction};
use crate::domain::violation::{
    Violation, capture, decision, handling, legal_review, objection, payment, referral, remedy,
    roadside,
};
use chassis::commands::{Call, Done};
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{Halt, Invalid, Rejection, Transaction};
use chassis::server::{Caller, Failure, Fields};
use prost::{Message, Name};
use tonic::{Request, Response, Status, Streaming};
use traffic_proto::Step;
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::violation_service_server::ViolationService;

type Answer = Result<Response<proto::Violation>, Status>;

pub(super) fn named<M: Step>(message: &M, fields: &mut Fields) -> Option<CaseId> {
    case_id(
        "name",
        Step::name(message),
        "violations/{violation}",
        fields,
    )
}

impl Api {
    fn answer(&self, done: &Done<Violation>) -> Answer {
        let id = CaseId::parse(&done.id).map_err(Failure::internal)?;
        let shown = self.show(&id, &done.state, &done.revision, self.core.clock.now());
        Ok(done.respond(shown))
    }

    /// A command that comes by itself.
    async fn one<C: CaseCommand>(&self, request: &Request<C>) -> Answer {
        let caller = Caller::of(request)?;
        let done = request.get_ref().carry_out(self, &caller).await?;
        self.answer(&done)
    }

    /// A step of a case, whether it comes by itself or as a row.
    pub(super) async fn step<M: Step>(
        &self,
        caller: &Caller,
        message: &M,
        id: CaseId,
        handler: impl Fn(&mut Transaction, &CaseId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Outcome {
        let key = id.as_str().to_owned();
        self.core
            .commands
            .step_by::<Violation, M>(caller, message, key, move |tx| handler(tx, &id))
            .await
    }

    async fn on_case<M: Step>(
        &self,
        request: &Request<M>,
        id: CaseId,
        handler: impl Fn(&mut Transaction, &CaseId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let caller = Caller::of(request)?;
        let done = self.step(&caller, request.get_ref(), id, handler).await?;
        self.answer(&done)
    }

    /// A step that says nothing but which case.
    async fn plain<M: Step>(
        &self,
        request: &Request<M>,
        handler: fn(&mut Transaction, &CaseId) -> Result<(), Halt>,
    ) -> Answer {
        let mut fields = Fields::new();
        let id = named(request.get_ref(), &mut fields);
        let id = fields.finish(id)?;
        self.on_case(request, id, handler).await
    }

    /// A step with one text of up to `MAX` characters.
    async fn with_text<M: Step, const MAX: usize>(
        &self,
        request: &Request<M>,
        (field, text): (&str, &str),
        handler: fn(&mut Transaction, &CaseId, Text<MAX>) -> Result<(), Halt>,
    ) -> Answer {
        let mut fields = Fields::new();
        let id = named(request.get_ref(), &mut fields);
        let text = remarks::<MAX>(field, text, &mut fields);
        let (id, text) = fields.finish((id, text))?;
        self.on_case(request, id, move |tx, id| handler(tx, id, text.clone()))
            .await
    }

    /// A step with a party, sealed before it.
    pub(super) async fn step_with_party<M: Step>(
        &self,
        caller: &Caller,
        message: &M,
        given: Option<&proto::Party>,
        handler: fn(&mut Transaction, &CaseId, Party) -> Result<(), Halt>,
    ) -> Outcome {
        let mut people = people(&self.core.sealer);
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let who = fields.message("party", given, |given, fields| {
            party(given, &mut people, fields)
        });
        let (id, mut who) = fields.finish((id, who))?;
        if !message.validate_only() {
            people.seal(&mut who.person, "party").await?;
        }
        self.step(caller, message, id, move |tx, id| {
            handler(tx, id, who.clone())
        })
        .await
    }

    async fn with_sanction<M: Step>(
        &self,
        request: &Request<M>,
        given: Option<&proto::Sanction>,
        handler: fn(&mut Transaction, &CaseId, Sanction) -> Result<(), Halt>,
    ) -> Answer {
        let mut fields = Fields::new();
        let id = named(request.get_ref(), &mut fields);
        let imposed = fields.message("sanction", given, sanction);
        let (id, imposed) = fields.finish((id, imposed))?;
        self.on_case(request, id, move |tx, id| handler(tx, id, imposed))
            .await
    }

    /// A new case, whether it comes by itself or as a row.
    pub(super) async fn file<M: Message + Name>(
        &self,
        caller: &Caller,
        message: &M,
        (request_id, validate_only): (&str, bool),
        given: Option<&proto::Violation>,
        handler: fn(&mut Transaction, Filing) -> Result<CaseId, Halt>,
    ) -> Outcome {
        let call = Call::of_item(caller, message, request_id, "request_id")?;
        let mut people = people(&self.core.sealer);
        let mut fields = Fields::new();
        let read = fields.message("violation", given, |violation, fields| {
            filing(violation, &mut people, fields)
        });
        let mut filed = fields.finish(read)?;
        if let Some(party) = filed.party.as_mut().filter(|_| !validate_only) {
            people.seal(&mut party.person, "party").await?;
        }
        self.core
            .commands
            .run::<Violation>(validate_only, call, move |tx| {
                handler(tx, filed.clone()).map(Into::into)
            })
            .await
    }
}

#[tonic::async_trait]
impl ViolationService for Api {
    async fn record_violation(&self, request: Request<proto::RecordViolationRequest>) -> Answer {
        self.one(&request).await
    }

    type RecordViolationsStream = Answers;

    async fn record_violations(
        &self,
        request: Request<Streaming<proto::RecordViolationsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        self.carry_out_rows(request)
    }

    async fn stop_on_the_spot(&self, request: Request<proto::StopOnTheSpotRequest>) -> Answer {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let ask = (message.request_id.as_str(), message.validate_only);
        let given = message.violation.as_ref();
        let done = self
            .file(&caller, message, ask, given, roadside::stop)
            .await?;
        self.answer(&done)
    }

    async fn get_violation(&self, request: Request<proto::GetViolationRequest>) -> Answer {
        self.get(&request).await
    }

    async fn list_violations(
        &self,
        request: Request<proto::ListViolationsRequest>,
    ) -> Result<Response<proto::ListViolationsResponse>, Status> {
        self.list_violations_page(&request).await
    }

    async fn list_violation_history(
        &self,
        request: Request<proto::ListViolationHistoryRequest>,
    ) -> Result<Response<proto::ListHistoryResponse>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = case_id(
            "parent",
            &message.parent,
            "violations/{violation}",
            &mut fields,
        );
        let id = fields.finish(id)?;
        let page = (message.page_size, message.page_token.as_str());
        self.history_page::<Violation, _>(&request, id.as_str(), page)
            .await
    }

    async fn recompute_decision(
        &self,
        request: Request<proto::RecomputeDecisionRequest>,
    ) -> Result<Response<proto::RecomputeDecisionResponse>, Status> {
        self.recompute(&request).await
    }

    async fn assess_act(
        &self,
        request: Request<proto::AssessActRequest>,
    ) -> Result<Response<proto::Assessment>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let established = fields.message("act", message.act.as_ref(), act);
        let acted_on = day("acted_on", message.acted_on.as_ref(), &mut fields);
        let decided_on = day("decided_on", message.decided_on.as_ref(), &mut fields);
        if let (Some(acted), Some(decided)) = (acted_on, decided_on)
            && decided < acted
        {
            let early = Invalid::new("must not be before `acted_on`", "不得早于 acted_on");
            fields.refuse("decided_on", early);
        }
        let (established, acted, decided) = fields.finish((established, acted_on, decided_on))?;
        let assessed = assess(Rules::shipped(), &established, acted, decided)
            .map_err(|ground| Failure::from(Rejection::from(ground)))?;
        Ok(Response::new(contract::assessment(&assessed)))
    }

    async fn list_violation_codes(
        &self,
        request: Request<proto::ListViolationCodesRequest>,
    ) -> Result<Response<proto::ListViolationCodesResponse>, Status> {
        let mut fields = Fields::new();
        let on = day("day", request.get_ref().day.as_ref(), &mut fields);
        let on = fields.finish(on)?;
        let codes = Codes::shipped().valid_on(on);
        Ok(Response::new(proto::ListViolationCodesResponse {
            codes: codes.map(contract::violation_code).collect(),
        }))
    }

    async fn pass_review(&self, request: Request<proto::PassReviewRequest>) -> Answer {
        self.one(&request).await
    }

    type PassReviewsStream = Answers;

    async fn pass_reviews(
        &self,
        request: Request<Streaming<proto::PassReviewsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        self.carry_out_rows(request)
    }

    async fn fail_review(&self, request: Request<proto::FailReviewRequest>) -> Answer {
        let text = ("remarks", request.get_ref().remarks.as_str());
        self.with_text(&request, text, capture::fail_review).await
    }

    async fn send_notice(&self, request: Request<proto::SendNoticeRequest>) -> Answer {
        self.one(&request).await
    }

    type SendNoticesStream = Answers;

    async fn send_notices(
        &self,
        request: Request<Streaming<proto::SendNoticesRequest>>,
    ) -> Result<Response<Answers>, Status> {
        self.carry_out_rows(request)
    }

    async fn extend_handling(&self, request: Request<proto::ExtendHandlingRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let until = fields.timestamp("handle_by", message.handle_by.as_ref());
        let (id, until) = fields.finish((id, until))?;
        self.on_case(&request, id, move |tx, id| {
            capture::extend_handling(tx, id, until)
        })
        .await
    }

    async fn identify_driver(&self, request: Request<proto::IdentifyDriverRequest>) -> Answer {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let given = message.party.as_ref();
        let done = self
            .step_with_party(&caller, message, given, capture::identify_driver)
            .await?;
        self.answer(&done)
    }

    async fn raise_objection(&self, request: Request<proto::RaiseObjectionRequest>) -> Answer {
        let text = ("reason", request.get_ref().reason.as_str());
        self.with_text(&request, text, objection::object).await
    }

    async fn reject_objection(&self, request: Request<proto::RejectObjectionRequest>) -> Answer {
        let text = ("reason", request.get_ref().reason.as_str());
        self.with_text(&request, text, objection::reject_objection)
            .await
    }

    async fn cancel_violation(&self, request: Request<proto::CancelViolationRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let ground = fields.choice("ground", message.ground, enums::read_cancellation_ground);
        let why = remarks::<500>("remarks", &message.remarks, &mut fields);
        let (id, ground, why) = fields.finish((id, ground, why))?;
        self.on_case(&request, id, move |tx, id| {
            objection::cancel(tx, id, ground, why.clone())
        })
        .await
    }

    async fn warn_orally(&self, request: Request<proto::WarnOrallyRequest>) -> Answer {
        let text = ("remarks", request.get_ref().remarks.as_str());
        self.with_text(&request, text, roadside::warn_orally).await
    }

    async fn summon_party(&self, request: Request<proto::SummonPartyRequest>) -> Answer {
        self.plain(&request, roadside::summon).await
    }

    async fn file_papers(&self, request: Request<proto::FilePapersRequest>) -> Answer {
        self.plain(&request, roadside::file_papers).await
    }

    async fn accept_handling(&self, request: Request<proto::AcceptHandlingRequest>) -> Answer {
        self.one(&request).await
    }

    type AcceptHandlingsStream = Answers;

    async fn accept_handlings(
        &self,
        request: Request<Streaming<proto::AcceptHandlingsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        self.carry_out_rows(request)
    }

    async fn tell_intention(&self, request: Request<proto::TellIntentionRequest>) -> Answer {
        let given = request.get_ref().sanction.as_ref();
        self.with_sanction(&request, given, handling::tell_intention)
            .await
    }

    async fn hear_defence(&self, request: Request<proto::HearDefenceRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let said = remarks::<1000>("statement", &message.statement, &mut fields);
        let (id, said) = fields.finish((id, said))?;
        let adopted = message.adopted;
        self.on_case(&request, id, move |tx, id| {
            handling::hear_defence(tx, id, said.clone(), adopted)
        })
        .await
    }

    async fn request_hearing(&self, request: Request<proto::RequestHearingRequest>) -> Answer {
        self.plain(&request, handling::request_hearing).await
    }

    async fn waive_hearing(&self, request: Request<proto::WaiveHearingRequest>) -> Answer {
        self.plain(&request, handling::waive_hearing).await
    }

    async fn schedule_hearing(&self, request: Request<proto::ScheduleHearingRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let at = fields.timestamp("hearing_time", message.hearing_time.as_ref());
        let chair = remarks::<64>("chair", &message.chair, &mut fields);
        let (id, at, chair) = fields.finish((id, at, chair))?;
        self.on_case(&request, id, move |tx, id| {
            handling::schedule_hearing(tx, id, at, chair.clone())
        })
        .await
    }

    async fn hold_hearing(&self, request: Request<proto::HoldHearingRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = named(request.get_ref(), &mut fields);
        let id = fields.finish(id)?;
        let abandoned = request.get_ref().abandoned;
        self.on_case(&request, id, move |tx, id| {
            handling::hold_hearing(tx, id, abandoned)
        })
        .await
    }

    async fn require_legal_review(
        &self,
        request: Request<proto::RequireLegalReviewRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let ground = fields.choice("ground", message.ground, |ground| match ground {
            // It follows from the hearing, and from nothing that anybody says.
            proto::LegalReviewGround::AfterHearing => None,
            ground => enums::read_legal_review_ground(ground),
        });
        let (id, ground) = fields.finish((id, ground))?;
        self.on_case(&request, id, move |tx, id| {
            legal_review::require(tx, id, ground)
        })
        .await
    }

    async fn record_legal_review(
        &self,
        request: Request<proto::RecordLegalReviewRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let opinion = remarks::<1000>("opinion", &message.opinion, &mut fields);
        let (id, opinion) = fields.finish((id, opinion))?;
        let passed = message.passed;
        self.on_case(&request, id, move |tx, id| {
            legal_review::review(tx, id, passed, opinion.clone())
        })
        .await
    }

    async fn decide_violation(&self, request: Request<proto::DecideViolationRequest>) -> Answer {
        self.one(&request).await
    }

    type DecideViolationsStream = Answers;

    async fn decide_violations(
        &self,
        request: Request<Streaming<proto::DecideViolationsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        self.carry_out_rows(request)
    }

    async fn decide_no_penalty(&self, request: Request<proto::DecideNoPenaltyRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let ground = fields.choice("ground", message.ground, enums::read_no_penalty_ground);
        let why = remarks::<500>("remarks", &message.remarks, &mut fields);
        let (id, ground, why) = fields.finish((id, ground, why))?;
        self.on_case(&request, id, move |tx, id| {
            decision::decide_no_penalty(tx, id, ground, why.clone())
        })
        .await
    }

    async fn refer_as_crime(&self, request: Request<proto::ReferAsCrimeRequest>) -> Answer {
        let text = ("authority", request.get_ref().authority.as_str());
        self.with_text(&request, text, referral::refer_as_crime)
            .await
    }

    async fn take_back_referral(&self, request: Request<proto::TakeBackReferralRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let reason = remarks::<500>("reason", &message.reason, &mut fields);
        let reference = fields.required("reference", &message.reference, DocumentNumber::parse);
        let (id, reason, reference) = fields.finish((id, reason, reference))?;
        self.on_case(&request, id, move |tx, id| {
            referral::take_back(tx, id, reason.clone(), reference.clone())
        })
        .await
    }

    async fn announce_decision(&self, request: Request<proto::AnnounceDecisionRequest>) -> Answer {
        self.plain(&request, decision::announce).await
    }

    async fn serve_decision(&self, request: Request<proto::ServeDecisionRequest>) -> Answer {
        self.one(&request).await
    }

    type ServeDecisionsStream = Answers;

    async fn serve_decisions(
        &self,
        request: Request<Streaming<proto::ServeDecisionsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        self.carry_out_rows(request)
    }

    async fn record_payment(&self, request: Request<proto::RecordPaymentRequest>) -> Answer {
        self.one(&request).await
    }

    type RecordPaymentsStream = Answers;

    async fn record_payments(
        &self,
        request: Request<Streaming<proto::RecordPaymentsRequest>>,
    ) -> Result<Response<Answers>, Status> {
        self.carry_out_rows(request)
    }

    async fn collect_fine(&self, request: Request<proto::CollectFineRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let receipt = fields.required("receipt", &message.receipt, DocumentNumber::parse);
        let ground = fields.choice("ground", message.ground, enums::read_collection_ground);
        let (id, receipt, ground) = fields.finish((id, receipt, ground))?;
        self.on_case(&request, id, move |tx, id| {
            payment::collect_on_the_spot(tx, id, receipt.clone(), ground)
        })
        .await
    }

    async fn grant_instalments(&self, request: Request<proto::GrantInstalmentsRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let most = Account::MOST_INSTALMENTS;
        let plan = fields.each(
            "instalments",
            &message.instalments,
            1..=most,
            |part, fields| {
                let amount = fen("amount_fen", part.amount_fen, fields);
                let due = fields.timestamp("due_time", part.due_time.as_ref());
                Some(Instalment {
                    amount: amount?,
                    due: due?,
                })
            },
        );
        let (id, plan) = fields.finish((id, plan))?;
        self.on_case(&request, id, move |tx, id| {
            payment::grant_instalments(tx, id, plan.clone())
        })
        .await
    }

    async fn seek_enforcement(&self, request: Request<proto::SeekEnforcementRequest>) -> Answer {
        let text = ("court", request.get_ref().court.as_str());
        self.with_text(&request, text, payment::seek_enforcement)
            .await
    }

    async fn seek_remedy(&self, request: Request<proto::SeekRemedyRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let kind = fields.choice("remedy", message.remedy, enums::read_remedy);
        let at = fields.timestamp("seek_time", message.seek_time.as_ref());
        let late = fields.optional("late_reason", &message.late_reason, Text::<500>::parse);
        let (id, kind, at, late) = fields.finish((id, kind, at, late))?;
        self.on_case(&request, id, move |tx, id| match &late {
            Some(reason) if kind == Remedy::Reconsideration => {
                remedy::seek_late(tx, id, at, reason.clone())
            }
            _ => remedy::seek(tx, id, kind, at),
        })
        .await
    }

    async fn end_remedy(&self, request: Request<proto::EndRemedyRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let varied = message.outcome == i32::from(proto::RemedyOutcome::Varied);
        let imposed = if varied {
            fields
                .message("sanction", message.sanction.as_ref(), sanction)
                .map(Some)
        } else {
            Some(None)
        };
        let points = fields
            .number("points", message.points, 0..=12)
            .and_then(|points| u8::try_from(points).ok());
        let outcome = fields.choice("outcome", message.outcome, |outcome| match outcome {
            proto::RemedyOutcome::Unspecified => None,
            other => Some(other),
        });
        let (id, imposed, points, outcome) = fields.finish((id, imposed, points, outcome))?;
        let outcome = match (outcome, imposed) {
            (proto::RemedyOutcome::Varied, Some(sanction)) => {
                RemedyOutcome::Varied { sanction, points }
            }
            (proto::RemedyOutcome::Revoked, _) => RemedyOutcome::Revoked,
            (proto::RemedyOutcome::Withdrawn, _) => RemedyOutcome::Withdrawn,
            _ => RemedyOutcome::Upheld,
        };
        self.on_case(&request, id, move |tx, id| {
            remedy::end(tx, id, outcome.clone())
        })
        .await
    }

    async fn revoke_for_trading(&self, request: Request<proto::RevokeForTradingRequest>) -> Answer {
        self.plain(&request, remedy::revoke_for_trading).await
    }

    async fn revoke_decision(&self, request: Request<proto::RevokeDecisionRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let error = fields.choice("error", message.error, enums::read_decision_error);
        let reason = remarks::<500>("reason", &message.reason, &mut fields);
        let afterwards = fields.choice("afterwards", message.afterwards, enums::read_afterwards);
        let (id, error, reason, afterwards) = fields.finish((id, error, reason, afterwards))?;
        let correction = Correction {
            error,
            reason,
            afterwards,
        };
        self.on_case(&request, id, move |tx, id| {
            correction::revoke(tx, id, correction.clone())
        })
        .await
    }

    async fn warn_of_default(&self, request: Request<proto::WarnOfDefaultRequest>) -> Answer {
        let caller = Caller::of(&request)?;
        let message = request.get_ref();
        let mut people = people(&self.core.sealer);
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let imposed = fields.message("sanction", message.sanction.as_ref(), sanction);
        let who = fields.optional_message("party", message.party.as_ref(), |given, fields| {
            party(given, &mut people, fields)
        });
        let through = fields.choice("channel", message.channel, enums::read_notice_channel);
        let receipt = fields.required("receipt", &message.receipt, DocumentNumber::parse);
        let (id, sanction, mut party, through, receipt) =
            fields.finish((id, imposed, who, through, receipt))?;
        if let Some(party) = party.as_mut().filter(|_| !message.validate_only) {
            people.seal(&mut party.person, "party").await?;
        }
        let warning = Warning {
            sanction,
            party,
            through,
            receipt,
        };
        let done = self
            .step(&caller, message, id, move |tx, id| {
                default::warn(tx, id, warning.clone())
            })
            .await?;
        self.answer(&done)
    }

    async fn announce_default(&self, request: Request<proto::AnnounceDefaultRequest>) -> Answer {
        self.plain(&request, default::announce).await
    }

    async fn decide_by_default(&self, request: Request<proto::DecideByDefaultRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = named(message, &mut fields);
        let co_officers = officers(&message.co_officers, &mut fields);
        let (id, co_officers) = fields.finish((id, co_officers))?;
        self.on_case(&request, id, move |tx, id| {
            default::decide(tx, id, co_officers.clone())
        })
        .await
    }
}
