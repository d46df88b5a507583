//! A case: from the record of an act to the last payment (Order 157).
//!
//! ```text
//!   capture -> objection -> handling -> hearing -> legal_review -> decision -> serving -> payment
//!   roadside ------------------^                                                  └-> remedy, correction
//!   default (nobody came) -----------------------------^
//!   referral: as a crime, beside it.   deadlines: what time does
//!   event, basis, account: what happened, on what it rests, what is owed
//! ```

pub mod account;
mod basis;
pub mod capture;
pub mod correction;
pub mod deadlines;
pub mod decision;
pub mod default;
pub mod event;
pub mod excuse;
pub mod handling;
pub mod legal_review;
pub mod objection;
pub mod payment;
pub mod referral;
pub mod remedy;
pub mod roadside;
mod steps;

use super::assessment::Assessment;
use account::{Account, Pause, Payment};
use chassis::domain::values::{DocumentNumber, Fen, Text};
use chassis::domain::{Aggregate, District, LegalBasis, PersonRef};
use event::{
    Afterwards, CancellationGround, Decision, Duty, Fact, Filing, NoPenaltyGround, Party, Remedy,
    RemedyOutcome, Review, Sanction, Telling, ViolationEvent,
};
use jiff::Timestamp;
use legal_review::LegalReview;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    pub filing: Filing,
    pub filed_at: Timestamp,
    pub updated: Timestamp,
    pub stage: Stage,
    pub technical_review: Option<Timestamp>,
    pub legal_review: Option<Timestamp>,
    pub entered_at: Option<Timestamp>,
    pub notified_at: Option<Timestamp>,
    /// Until when the party is to come; extended at most once.
    pub handle_by: Option<Timestamp>,
    pub extended: bool,
    /// An objection that waits for its answer.
    pub objection_due: Option<Timestamp>,
    /// Objections raised so far.
    pub objections: u8,
    pub party: Option<Party>,
    pub intended: Option<Intended>,
    /// What this party was told when it was last heard, on this telling or on one before: nothing heavier may follow
    /// (Administrative Penalty Law art. 45(2)).
    pub ceiling: Option<Sanction>,
    pub hearing: Hearing,
    /// Set if a legal review precedes the decision.
    pub decision_review: Option<LegalReview>,
    pub default: Option<DefaultNotice>,
    /// As it was decided.
    pub decision: Option<Decision>,
    /// What a remedy left of it.
    pub varied: Option<Variation>,
    pub announcement_ends: Option<Timestamp>,
    pub served_at: Option<Timestamp>,
    pub reconsider_by: Option<Timestamp>,
    pub account: Account,
    pub surcharge_paid: Fen,
    /// A remedy under way.
    pub remedy: Option<Remedy>,
    pub reconsidered: bool,
    /// A court took a lawsuit against the decision.
    #[serde(default)]
    pub sued: bool,
    pub closed: Option<Closed>,
    /// With the authority that prosecutes crimes.
    pub referral: Option<Referral>,
    /// The duties whose time limits run now, and when each has passed.
    pub duties: BTreeMap<Duty, Timestamp>,
    pub missed: Vec<Duty>,
    /// Of the papers of the roadside those that are with the station, in time or late.
    pub papers_filed: BTreeSet<Duty>,
    pub payment_overdue: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Recorded, to be reviewed.
    Recorded,
    /// In the system, open to queries, to be notified.
    Entered,
    Notified,
    /// Stopped by an officer; nothing decided yet.
    Stopped,
    Summoned,
    /// The party has come.
    Handling,
    /// What is intended has been told.
    Intended,
    Decided,
    /// Served; to be paid.
    Served,
    Settled,
    Cancelled,
    NotPunished,
    OrallyWarned,
    /// As a crime, before anything was decided: the procedure rests.
    Referred,
    /// The decision was revoked by reconsideration, court or police.
    Revoked,
}

impl Stage {
    /// In words of refusals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Entered => "entered",
            Self::Notified => "notified",
            Self::Stopped => "stopped",
            Self::Summoned => "summoned",
            Self::Handling => "handling",
            Self::Intended => "intended",
            Self::Decided => "decided",
            Self::Served => "served",
            Self::Settled => "settled",
            Self::Cancelled => "cancelled",
            Self::NotPunished => "not_punished",
            Self::OrallyWarned => "orally_warned",
            Self::Referred => "referred",
            Self::Revoked => "revoked",
        }
    }
}

/// What the party was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intended {
    /// Who investigated and told: never the chair of the hearing.
    pub officer: Text<64>,
    pub sanction: Sanction,
    pub assessment: Assessment,
    /// A hearing may be asked for.
    pub hearing: bool,
    pub request_by: Option<Timestamp>,
    pub defence_heard: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hearing {
    #[default]
    None,
    Waived,
    Requested,
    Scheduled(Timestamp),
    Held,
}

/// What stands of a decision after a remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variation {
    pub remedy: Remedy,
    pub sanction: Sanction,
    pub points: u8,
    pub at: Timestamp,
}

/// The notice to who leaves five records unhandled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultNotice {
    pub sanction: Sanction,
    /// Who was told, on record; `None`: an earlier version did not note it.
    pub told: Option<PersonRef>,
    pub telling: Option<Telling>,
    /// A hearing may be asked for.
    pub hearing: bool,
    pub announce_from: Timestamp,
    pub announcement_ends: Option<Timestamp>,
    /// Who was told has objected, defended itself or asked for a hearing since.
    pub spoken_up: bool,
}

/// That a case was passed on as a crime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    pub to: Text<100>,
    pub at: Timestamp,
    /// Where the procedure rests, and goes on from if the case comes back; `None`: it does not rest.
    pub rests_at: Option<Stage>,
}

/// Why a case ended without a standing penalty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    Cancelled(CancellationGround, LegalBasis),
    /// A permit covers the transport.
    Permitted(DocumentNumber),
    NotPunished(NoPenaltyGround, LegalBasis),
    OrallyWarned,
    ReferredAsCrime,
    DecisionRevoked,
    /// By the police themselves.
    DecisionCorrected,
}

impl Violation {
    pub fn district(&self) -> District {
        self.filing.place.district
    }

    /// The penalty and the points that stand; `None`: nothing was decided.
    pub fn standing(&self) -> Option<(Sanction, u8)> {
        let decision = self.decision.as_ref()?;
        Some(match self.varied {
            Some(varied) => (varied.sanction, varied.points),
            None => (decision.sanction, decision.points),
        })
    }

    /// Whether this person answers for it.
    pub fn is_of(&self, person: &PersonRef) -> bool {
        let party = self.party.as_ref();
        party.is_some_and(|party| party.person.person == *person)
    }

    /// The duty whose time limit ends first.
    pub fn nearest_duty(&self) -> Option<(Duty, Timestamp)> {
        let running = self.duties.iter().map(|(duty, due)| (*duty, *due));
        running.min_by_key(|(_, due)| *due)
    }

    /// Whether these papers of the roadside had to be filed, in time or late, and are not.
    fn lacks(&self, papers: Duty) -> bool {
        let due = self.duties.contains_key(&papers) || self.missed.contains(&papers);
        // Those of a decision that fell are to be filed no more.
        let fell = papers == Duty::FilePapers && self.decision.is_none();
        due && !fell && !self.papers_filed.contains(&papers)
    }

    /// Which papers were filed, or not in time, if the event does not tell: earlier versions spoke of a summons and of a
    /// decision in the same words, and before there is a decision it can only be the summons.
    fn papers_meant(&self) -> Duty {
        match self.decision {
            None => Duty::FileSummons,
            Some(_) => Duty::FilePapers,
        }
    }

    fn file(&mut self, papers: Duty) {
        self.duties.remove(&papers);
        self.papers_filed.insert(papers);
    }

    fn filed(filing: &Filing, stage: Stage, at: Timestamp) -> Self {
        let duty = if stage == Stage::Recorded {
            Duty::Review
        } else {
            Duty::Decide
        };
        Self {
            filing: filing.clone(),
            filed_at: at,
            updated: at,
            stage,
            technical_review: None,
            legal_review: None,
            entered_at: None,
            notified_at: None,
            handle_by: None,
            extended: false,
            objection_due: None,
            objections: 0,
            party: filing.party.clone(),
            intended: None,
            ceiling: None,
            hearing: Hearing::None,
            decision_review: None,
            default: None,
            decision: None,
            varied: None,
            announcement_ends: None,
            served_at: None,
            reconsider_by: None,
            account: Account::default(),
            surcharge_paid: Fen::ZERO,
            remedy: None,
            reconsidered: false,
            sued: false,
            closed: None,
            referral: None,
            duties: filing.due.map(|due| (duty, due)).into_iter().collect(),
            missed: Vec::new(),
            papers_filed: BTreeSet::new(),
            payment_overdue: false,
        }
    }

    /// As it was recorded: both reviews are to be passed again.
    fn begin_again(&mut self, review_due: Timestamp) {
        self.stage = Stage::Recorded;
        self.closed = None;
        self.technical_review = None;
        self.legal_review = None;
        self.entered_at = None;
        self.notified_at = None;
        self.handle_by = None;
        self.duties.insert(Duty::Review, review_due);
    }

    fn close(&mut self, stage: Stage, why: Closed) {
        self.stage = stage;
        self.closed = Some(why);
        self.duties.clear();
        self.objection_due = None;
    }

    /// Who answers for the act. What another was told when heard, or has asked for, is nothing to this one.
    fn answers(&mut self, party: &Party) {
        if !self.is_of(&party.person.person) {
            self.ceiling = None;
            self.hearing = Hearing::None;
        }
        self.party = Some(party.clone());
    }

    fn refer(&mut self, to: &Text<100>, beside: bool, at: Timestamp) {
        self.referral = Some(Referral {
            to: to.clone(),
            at,
            rests_at: (!beside).then_some(self.stage),
        });
        if !beside {
            // The time that was set for a hearing passes meanwhile; that it was asked for does not.
            if let Hearing::Scheduled(_) = self.hearing {
                self.hearing = Hearing::Requested;
            }
            self.close(Stage::Referred, Closed::ReferredAsCrime);
        }
    }

    fn take_back(&mut self, decision_due: Option<Timestamp>, request_by: Option<Timestamp>) {
        let rested_at = self.referral.take().and_then(|referral| referral.rests_at);
        let Some(stage) = rested_at else {
            return;
        };
        self.stage = stage;
        self.closed = None;
        if let (Some(told), Some(by)) = (&mut self.intended, request_by) {
            told.request_by = Some(by);
        }
        if let Some(due) = decision_due {
            self.duties.insert(Duty::Decide, due);
        }
    }
}

impl Aggregate for Violation {
    const TYPE: &'static str = "violation";
    type Event = ViolationEvent;

    fn evolve(state: Option<Self>, event: &ViolationEvent, at: Timestamp) -> Option<Self> {
        let mut case = match (&event.fact, state) {
            (Fact::ViolationRecorded(filing), None) => {
                return Some(Self::filed(filing, Stage::Recorded, at));
            }
            (Fact::StoppedOnTheSpot(filing), None) => {
                return Some(Self::filed(filing, Stage::Stopped, at));
            }
            (_, state) => state?,
        };
        case.updated = at;
        case.decision_review = legal_review::after(case.decision_review, &event.fact, at);
        case.apply(&event.fact, at);
        Some(case)
    }

    fn next_due(&self) -> Option<Timestamp> {
        deadlines::next_due(self)
    }
}

impl Violation {
    fn apply(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::ViolationRecorded(_) | Fact::StoppedOnTheSpot(_) => {}
            Fact::RecordReviewed { review, .. } => match review {
                Review::TechnicalPassed => self.technical_review = Some(at),
                Review::LegalPassed => self.legal_review = Some(at),
            },
            Fact::ViolationEntered { notice_due, .. } => {
                self.stage = Stage::Entered;
                self.entered_at = Some(at);
                self.duties.remove(&Duty::Review);
                self.duties.insert(Duty::Notice, *notice_due);
            }
            Fact::NoticeSent { handle_by, .. } => {
                self.stage = Stage::Notified;
                self.notified_at = Some(at);
                self.handle_by = Some(*handle_by);
                self.duties.remove(&Duty::Notice);
            }
            Fact::HandlingExtended { handle_by } => {
                self.handle_by = Some(*handle_by);
                self.extended = true;
            }
            Fact::DriverIdentified { party } => self.answers(party),
            Fact::ObjectionRaised { due, .. } => {
                self.objection_due = Some(*due);
                self.objections = self.objections.saturating_add(1);
                self.duties.insert(Duty::Objection, *due);
                if let Some(notice) = &mut self.default {
                    notice.spoken_up = true;
                }
            }
            Fact::ObjectionRejected { .. } => {
                self.objection_due = None;
                self.duties.remove(&Duty::Objection);
            }
            Fact::ViolationCancelled { ground, basis, .. } => {
                self.close(Stage::Cancelled, Closed::Cancelled(*ground, basis.clone()));
            }
            Fact::TransportPermitted { permit } => {
                self.close(Stage::Cancelled, Closed::Permitted(permit.clone()));
            }
            Fact::TransportNotPermitted { review_due } => self.begin_again(*review_due),
            Fact::OrallyWarned { .. } => self.close(Stage::OrallyWarned, Closed::OrallyWarned),
            Fact::Summoned { handle_by, file_by } => {
                self.stage = Stage::Summoned;
                self.handle_by = Some(*handle_by);
                self.duties.insert(Duty::FileSummons, *file_by);
                self.papers_filed.remove(&Duty::FileSummons);
            }
            Fact::SummonsFiled => self.file(Duty::FileSummons),
            Fact::NotPunished { ground, basis, .. } => {
                self.close(
                    Stage::NotPunished,
                    Closed::NotPunished(*ground, basis.clone()),
                );
            }
            Fact::ReferredAsCrime { to, beside } => self.refer(to, *beside, at),
            Fact::ReferralTakenBack {
                decision_due,
                request_by,
                ..
            } => self.take_back(*decision_due, *request_by),
            Fact::DutyMissed { duty, .. } => {
                let duty = match duty {
                    Duty::FilePapers => self.papers_meant(),
                    other => *other,
                };
                self.missed.push(duty);
                self.duties.remove(&duty);
            }
            Fact::HandlingAccepted { .. }
            | Fact::PenaltyIntended { .. }
            | Fact::DefenceHeard { .. }
            | Fact::HearingRequested
            | Fact::HearingWaived
            | Fact::HearingScheduled { .. }
            | Fact::HearingHeld { .. }
            | Fact::DefaultWarned { .. }
            | Fact::DefaultAnnounced { .. } => self.apply_handling(fact),
            _ => self.apply_decision(fact, at),
        }
    }

    fn apply_handling(&mut self, fact: &Fact) {
        match fact {
            Fact::HandlingAccepted {
                party,
                decision_due,
                ..
            } => {
                self.stage = Stage::Handling;
                self.answers(party);
                // Who has come need not be told to come any more.
                self.duties.remove(&Duty::Notice);
                self.duties.insert(Duty::Decide, *decision_due);
                self.default = None;
                // What is left to the police beside a crime rests no longer.
                self.closed = None;
                if let Some(referral) = &mut self.referral {
                    referral.rests_at = None;
                }
            }
            Fact::PenaltyIntended {
                officer,
                sanction,
                assessment,
                hearing,
                request_by,
                decision_due,
            } => {
                // Who asked for a hearing before the party was taken into this procedure is still to have it.
                let asked = self.stage == Stage::Handling && self.hearing == Hearing::Requested;
                self.stage = Stage::Intended;
                self.intended = Some(Intended {
                    officer: officer.clone(),
                    sanction: *sanction,
                    assessment: assessment.clone(),
                    hearing: *hearing,
                    request_by: *request_by,
                    defence_heard: false,
                });
                if asked && *hearing {
                    self.duties.remove(&Duty::Decide);
                } else {
                    self.hearing = Hearing::None;
                    self.duties.insert(Duty::Decide, *decision_due);
                }
            }
            Fact::DefenceHeard { .. } => {
                if let Some(notice) = &mut self.default {
                    notice.spoken_up = true;
                    self.ceiling = Some(notice.sanction);
                } else if let Some(intended) = &mut self.intended {
                    intended.defence_heard = true;
                    self.ceiling = Some(intended.sanction);
                }
            }
            Fact::HearingRequested => {
                self.hearing = Hearing::Requested;
                // The decision waits for the hearing.
                self.duties.remove(&Duty::Decide);
                if let Some(notice) = &mut self.default {
                    notice.spoken_up = true;
                }
            }
            Fact::HearingWaived => self.hearing = Hearing::Waived,
            Fact::HearingScheduled { at, .. } => self.hearing = Hearing::Scheduled(*at),
            Fact::HearingHeld { decision_due, .. } => {
                self.hearing = Hearing::Held;
                if let Some(intended) = &self.intended {
                    self.ceiling = Some(intended.sanction);
                }
                self.duties.insert(Duty::Decide, *decision_due);
            }
            Fact::DefaultWarned {
                sanction,
                announce_from,
                party,
                telling,
                hearing,
                ..
            } => {
                if let Some(party) = party {
                    self.answers(party);
                }
                let told = self.party.as_ref().filter(|_| telling.is_some());
                self.default = Some(DefaultNotice {
                    sanction: *sanction,
                    told: told.map(|party| party.person.person.clone()),
                    telling: telling.clone(),
                    hearing: *hearing,
                    announce_from: *announce_from,
                    announcement_ends: None,
                    spoken_up: false,
                });
            }
            Fact::DefaultAnnounced { ends } => {
                if let Some(default) = &mut self.default {
                    default.announcement_ends = Some(*ends);
                }
            }
            _ => {}
        }
    }

    fn apply_decision(&mut self, fact: &Fact, at: Timestamp) {
        match fact {
            Fact::PenaltyDecided(decision) => {
                self.stage = Stage::Decided;
                self.duties.remove(&Duty::Decide);
                self.duties.insert(Duty::Serve, decision.serve_by);
                if let Some(due) = decision.file_by {
                    self.duties.insert(Duty::FilePapers, due);
                    self.papers_filed.remove(&Duty::FilePapers);
                }
                if decision.party.is_some() {
                    self.party.clone_from(&decision.party);
                }
                self.account.fine = decision.sanction.fine;
                self.decision = Some(decision.clone());
            }
            Fact::PapersFiled => self.file(self.papers_meant()),
            Fact::DecisionAnnounced { ends } => {
                self.announcement_ends = Some(*ends);
                self.duties.remove(&Duty::Serve);
            }
            Fact::DecisionServed {
                served_at,
                pay_by,
                reconsider_by,
                ..
            } => {
                self.stage = Stage::Served;
                self.reaches_the_party(served_at.unwrap_or(at));
                self.reconsider_by = Some(*reconsider_by);
                if let Some(pay_by) = pay_by {
                    let payments = std::mem::take(&mut self.account.payments);
                    self.account = Account::of(self.account.fine, *pay_by);
                    self.account.payments = payments;
                }
            }
            Fact::InstalmentsGranted { plan, accrued } => {
                self.account.instalments.clone_from(plan);
                self.account.accrued = *accrued;
                self.payment_overdue = false;
            }
            Fact::PaymentReceived {
                amount,
                reference,
                paid_at,
            } => self.account.payments.push(Payment {
                amount: *amount,
                reference: reference.clone(),
                paid_at: *paid_at,
            }),
            Fact::FineCollectedOnTheSpot { receipt, .. } => self.account.payments.push(Payment {
                amount: self.account.fine,
                reference: receipt.clone(),
                paid_at: at,
            }),
            Fact::ViolationSettled { surcharge } => {
                self.stage = Stage::Settled;
                self.surcharge_paid = *surcharge;
            }
            Fact::PaymentOverdue => self.payment_overdue = true,
            Fact::RemedySought { remedy, at, .. } => {
                self.remedy = Some(*remedy);
                self.account.pauses.push(Pause {
                    from: *at,
                    until: None,
                });
            }
            Fact::RemedyEnded { outcome, refund } => self.apply_outcome(outcome, *refund, at),
            Fact::DecisionRevokedForTrading { handle_by, .. } => {
                self.party = None;
                self.ceiling = None;
                self.decide_anew(Stage::Notified, Some(*handle_by));
            }
            Fact::DecisionRevokedByPolice {
                afterwards,
                refund,
                handle_by,
                ..
            } => match (afterwards, handle_by) {
                (Afterwards::Reopened, Some(_)) => self.decide_anew(Stage::Notified, *handle_by),
                (Afterwards::Reopened, None) => self.decide_anew(Stage::Stopped, None),
                (Afterwards::Closed, _) => {
                    // A remedy under way has nothing left to be about.
                    if self.remedy.take().is_some() {
                        self.resume_surcharge(at);
                    }
                    self.account.refunded = self.account.refunded.plus(*refund);
                    self.falls(Closed::DecisionCorrected);
                }
            },
            _ => {}
        }
    }

    fn reaches_the_party(&mut self, served_at: Timestamp) {
        self.served_at = Some(served_at);
        let noted_as_missed =
            self.duties.remove(&Duty::Serve).is_none() && self.announcement_ends.is_none();
        let decision = self.decision.as_ref();
        let in_time = decision.is_some_and(|decision| served_at < decision.serve_by);
        // Delivered in time and recorded late: nothing was missed.
        if noted_as_missed
            && in_time
            && let Some(last) = self.missed.iter().rposition(|duty| *duty == Duty::Serve)
        {
            self.missed.remove(last);
        }
    }

    /// The decision is gone as if it had not been: what is decided next is open to every remedy again.
    fn decide_anew(&mut self, stage: Stage, handle_by: Option<Timestamp>) {
        self.stage = stage;
        self.handle_by = handle_by;
        self.duties.clear();
        self.decision = None;
        self.varied = None;
        self.intended = None;
        self.hearing = Hearing::None;
        self.default = None;
        self.served_at = None;
        self.announcement_ends = None;
        self.remedy = None;
        self.reconsider_by = None;
        self.reconsidered = false;
        self.sued = false;
        self.account = Account::default();
        self.surcharge_paid = Fen::ZERO;
        self.payment_overdue = false;
    }

    /// The decision is revoked, and nothing follows it.
    fn falls(&mut self, why: Closed) {
        self.account.vary(Fen::ZERO);
        self.surcharge_paid = Fen::ZERO;
        self.close(Stage::Revoked, why);
    }

    fn resume_surcharge(&mut self, at: Timestamp) {
        if let Some(pause) = self.account.pauses.last_mut() {
            pause.until = Some(at);
        }
    }

    fn apply_outcome(&mut self, outcome: &RemedyOutcome, refund: Fen, at: Timestamp) {
        let Some(remedy) = self.remedy.take() else {
            return;
        };
        self.reconsidered |= remedy == Remedy::Reconsideration;
        self.sued |= remedy == Remedy::Lawsuit;
        self.resume_surcharge(at);
        self.account.refunded = self.account.refunded.plus(refund);
        match outcome {
            RemedyOutcome::Upheld | RemedyOutcome::Withdrawn => {}
            RemedyOutcome::Varied { sanction, points } => {
                self.varied = Some(Variation {
                    remedy,
                    sanction: *sanction,
                    points: *points,
                    at,
                });
                self.account.vary(sanction.fine);
                if self.stage == Stage::Settled {
                    // Nothing more is owed: what is left beyond the fine is its surcharge.
                    self.surcharge_paid = self.account.paid().less(self.account.fine);
                }
            }
            RemedyOutcome::Revoked => self.falls(Closed::DecisionRevoked),
        }
    }
}
