//! Commands about cases that are asked for by a call each or, by who sends many, as rows of a stream: the same either way.

use super::Api;
use super::input::{fen, officers, optional_day, sanction};
use super::violations::named;
use crate::contract::enums;
use crate::domain::violation::decision::Decide;
use crate::domain::violation::event::Review;
use crate::domain::violation::{Violation, capture, decision, handling, payment};
use chassis::commands::Done;
use chassis::domain::values::DocumentNumber;
use chassis::server::{Caller, Failure, Fields};
use traffic_proto::enforcement::v1 as proto;

/// What became of a command: the case as it left it.
pub(super) type Outcome = Result<Done<Violation>, Failure>;

/// A request that may come by itself or as a row.
pub(super) trait CaseCommand: Send + Sync + 'static {
    /// AIP-155; empty: it must not be repeated.
    fn request_id(&self) -> &str;

    /// What commands are about that keep their order; `None`: about nothing that is known yet.
    fn about(&self) -> Option<&str>;

    fn carry_out(&self, api: &Api, caller: &Caller) -> impl Future<Output = Outcome> + Send;
}

/// A step of a case that exists: steps of one case keep their order.
macro_rules! step {
    () => {
        fn request_id(&self) -> &str {
            &self.request_id
        }

        fn about(&self) -> Option<&str> {
            Some(&self.name)
        }
    };
}

impl CaseCommand for proto::RecordViolationRequest {
    fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The docket of its vehicle notices the same act seen twice, whichever was seen first.
    fn about(&self) -> Option<&str> {
        let plate = self.violation.as_ref().map(|case| case.plate.as_str());
        plate.filter(|plate| !plate.is_empty())
    }

    async fn carry_out(&self, api: &Api, caller: &Caller) -> Outcome {
        let ask = (self.request_id.as_str(), self.validate_only);
        let given = self.violation.as_ref();
        api.file(caller, self, ask, given, capture::record_violation)
            .await
    }
}

impl CaseCommand for proto::PassReviewRequest {
    step!();

    async fn carry_out(&self, api: &Api, caller: &Caller) -> Outcome {
        let mut fields = Fields::new();
        let id = named(self, &mut fields);
        let review = fields.choice("review", self.review, |review| match review {
            proto::Review::Technical => Some(Review::TechnicalPassed),
            proto::Review::Legal => Some(Review::LegalPassed),
            proto::Review::Unspecified => None,
        });
        let (id, review) = fields.finish((id, review))?;
        api.step(caller, self, id, move |tx, id| {
            capture::pass_review(tx, id, review)
        })
        .await
    }
}

impl CaseCommand for proto::SendNoticeRequest {
    step!();

    async fn carry_out(&self, api: &Api, caller: &Caller) -> Outcome {
        let mut fields = Fields::new();
        let id = named(self, &mut fields);
        let through = fields.choice("channel", self.channel, enums::read_notice_channel);
        let (id, through) = fields.finish((id, through))?;
        api.step(caller, self, id, move |tx, id| {
            capture::notify(tx, id, through)
        })
        .await
    }
}

impl CaseCommand for proto::AcceptHandlingRequest {
    step!();

    async fn carry_out(&self, api: &Api, caller: &Caller) -> Outcome {
        let party = self.party.as_ref();
        api.step_with_party(caller, self, party, handling::accept)
            .await
    }
}

impl CaseCommand for proto::DecideViolationRequest {
    step!();

    async fn carry_out(&self, api: &Api, caller: &Caller) -> Outcome {
        let mut fields = Fields::new();
        let id = named(self, &mut fields);
        let imposed = fields.message("sanction", self.sanction.as_ref(), sanction);
        let co_officers = officers(&self.co_officers, &mut fields);
        let withheld_on = optional_day("withheld_on", self.withheld_on.as_ref(), &mut fields);
        let (id, sanction, co_officers, withheld_on) =
            fields.finish((id, imposed, co_officers, withheld_on))?;
        let command = Decide {
            sanction,
            co_officers,
            told_and_heard: self.told_and_heard,
            withheld_on,
        };
        api.step(caller, self, id, move |tx, id| {
            decision::decide(tx, id, command.clone())
        })
        .await
    }
}

impl CaseCommand for proto::ServeDecisionRequest {
    step!();

    async fn carry_out(&self, api: &Api, caller: &Caller) -> Outcome {
        let mut fields = Fields::new();
        let id = named(self, &mut fields);
        let how = fields.choice("service", self.service, enums::read_service);
        let at = fields.optional_timestamp("serve_time", self.serve_time.as_ref());
        let (id, how, at) = fields.finish((id, how, at))?;
        api.step(caller, self, id, move |tx, id| {
            decision::serve(tx, id, how, at)
        })
        .await
    }
}

impl CaseCommand for proto::RecordPaymentRequest {
    step!();

    async fn carry_out(&self, api: &Api, caller: &Caller) -> Outcome {
        let mut fields = Fields::new();
        let id = named(self, &mut fields);
        let amount = fen("amount_fen", self.amount_fen, &mut fields);
        let reference = fields.required("reference", &self.reference, DocumentNumber::parse);
        let paid_at = fields.timestamp("pay_time", self.pay_time.as_ref());
        let (id, amount, reference, paid_at) = fields.finish((id, amount, reference, paid_at))?;
        api.step(caller, self, id, move |tx, id| {
            payment::pay(tx, id, amount, reference.clone(), paid_at)
        })
        .await
    }
}
