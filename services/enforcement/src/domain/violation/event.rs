//! What can happen to a case. Each event says enough to be published by itself, and a case read in its order is the whole
//! record that Administrative Penalty Law art. 47 asks for.

use super::super::assessment::Assessment;
use super::super::codes::ViolationCode;
use super::super::conduct::Act;
use super::super::registered::Registration;
use super::super::values::{CaseId, Place};
use super::account::Instalment;
use chassis::domain::values::{DocumentNumber, Fen, PlateNumber, Text};
use chassis::domain::{District, LegalBasis, Sealed};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A fact about one case, with what routes it: where it happened, and the vehicle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViolationEvent {
    pub district: District,
    pub plate: Option<PlateNumber>,
    pub fact: Fact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A device, a citizen or another service has recorded an act.
    ViolationRecorded(Filing),
    /// An officer has stopped somebody.
    StoppedOnTheSpot(Filing),
    RecordReviewed {
        review: Review,
        officer: Text<64>,
    },
    /// Both reviews passed: in the system, open to queries (Order 157 arts. 19, 20).
    ViolationEntered {
        acted_at: Timestamp,
        notice_due: Timestamp,
    },
    NoticeSent {
        through: NoticeChannel,
        handle_by: Timestamp,
    },
    HandlingExtended {
        handle_by: Timestamp,
    },
    DriverIdentified {
        party: Party,
    },
    ObjectionRaised {
        reason: Text<500>,
        due: Timestamp,
    },
    ObjectionRejected {
        reason: Text<500>,
    },
    ViolationCancelled {
        ground: CancellationGround,
        basis: LegalBasis,
        remarks: Text<500>,
    },
    /// A permit covers the transport: no violation.
    TransportPermitted {
        permit: DocumentNumber,
    },
    /// It did not, as is known now: recorded again, to be reviewed.
    TransportNotPermitted {
        review_due: Timestamp,
    },

    OrallyWarned {
        remarks: Text<500>,
    },
    /// Notice of handling on the spot (违法行为处理通知书).
    Summoned {
        handle_by: Timestamp,
        file_by: Timestamp,
    },
    /// The party has come: the time limit of the decision runs.
    HandlingAccepted {
        party: Party,
        decision_due: Timestamp,
        /// It had rested, referred as a crime; what is left to the police beside the crime goes on.
        #[serde(default)]
        resumed: bool,
    },
    /// What is to be decided has been told, with facts, reasons, basis, points and rights.
    PenaltyIntended {
        officer: Text<64>,
        sanction: Sanction,
        assessment: Assessment,
        hearing: bool,
        request_by: Option<Timestamp>,
        decision_due: Timestamp,
    },
    DefenceHeard {
        statement: Text<1000>,
        adopted: bool,
    },
    HearingRequested,
    HearingWaived,
    HearingScheduled {
        at: Timestamp,
        chair: Text<64>,
    },
    /// `abandoned`: the party did not come or left (Administrative Penalty Law art. 64(6)).
    HearingHeld {
        abandoned: bool,
        decision_due: Timestamp,
    },
    /// A legal review precedes the decision (Administrative Penalty Law art. 58(1)).
    LegalReviewRequired {
        ground: LegalReviewGround,
    },
    LegallyReviewed {
        reviewer: Text<64>,
        passed: bool,
        opinion: Text<1000>,
    },
    PenaltyDecided(Decision),
    NotPunished {
        ground: NoPenaltyGround,
        basis: LegalBasis,
        remarks: Text<500>,
    },
    /// Before a decision the procedure rests (`beside` is false, as earlier versions knew it); a decision stands beside it.
    ReferredAsCrime {
        to: Text<100>,
        #[serde(default)]
        beside: bool,
    },
    /// Given back without a crime, under the number of the paper that says so (Administrative Penalty Law art. 27(1)).
    ReferralTakenBack {
        reason: Text<500>,
        reference: DocumentNumber,
        /// The procedure had rested, and goes on.
        reopened: bool,
        /// From now on anew, where they run: the time limit of the decision, and the days to ask for a hearing.
        decision_due: Option<Timestamp>,
        request_by: Option<Timestamp>,
    },
    /// The decision of the simple procedure is with the station (Order 157 art. 44(2)); before a decision, as earlier
    /// versions recorded it, the summons.
    PapersFiled,
    /// The summons is with the station (Order 157 art. 46(2)).
    SummonsFiled,
    /// Delivery failed; announced, and served when the announcement ends (Order 157 arts. 55, 56(2)).
    DecisionAnnounced {
        ends: Timestamp,
    },
    DecisionServed {
        how: Service,
        /// When it reached the party; `None`, as in earlier versions: when this was recorded.
        #[serde(default)]
        served_at: Option<Timestamp>,
        pay_by: Option<Timestamp>,
        reconsider_by: Timestamp,
    },

    InstalmentsGranted {
        plan: Vec<Instalment>,
        /// What was late until then has cost so much already.
        #[serde(default)]
        accrued: Fen,
    },
    PaymentReceived {
        amount: Fen,
        reference: DocumentNumber,
        paid_at: Timestamp,
    },
    FineCollectedOnTheSpot {
        receipt: DocumentNumber,
        ground: CollectionGround,
    },
    /// Everything is paid, or nothing was to be paid.
    ViolationSettled {
        surcharge: Fen,
    },
    /// The court is asked to enforce it (Order 157 art. 60(2)).
    EnforcementSought {
        court: Text<100>,
    },
    PaymentOverdue,

    RemedySought {
        remedy: Remedy,
        at: Timestamp,
        /// Why it was accepted although the sixty days had passed (Administrative Reconsideration Law art. 20(2)).
        #[serde(default)]
        late: Option<Text<500>>,
    },
    /// `refund`: what was paid beyond what now stands, the surcharge included, and not ordered back before.
    RemedyEnded {
        outcome: RemedyOutcome,
        refund: Fen,
    },
    /// Another had taken the penalty for money: revoked, and open again for the real driver (Order 163 art. 30(2)).
    DecisionRevokedForTrading {
        refund: Fen,
        handle_by: Timestamp,
    },
    /// The police have found their own decision wrong, and put it right (Administrative Penalty Law art. 75(2)).
    DecisionRevokedByPolice {
        error: DecisionError,
        reason: Text<500>,
        afterwards: Afterwards,
        /// What was paid, the surcharge included, and not ordered back before.
        refund: Fen,
        /// Of a record that is open again: by when the party is to come.
        handle_by: Option<Timestamp>,
    },

    /// Five or more unhandled records: what is intended has been told (Order 157 art. 54(1)).
    DefaultWarned {
        sanction: Sanction,
        assessment: Assessment,
        announce_from: Timestamp,
        /// Who was told, if that was not known of the case before.
        #[serde(default)]
        party: Option<Party>,
        /// `None`: told by an earlier version, which did not note how.
        #[serde(default)]
        telling: Option<Telling>,
        /// A hearing may be asked for (Administrative Penalty Law art. 63(1)).
        #[serde(default)]
        hearing: bool,
    },
    DefaultAnnounced {
        ends: Timestamp,
    },
    /// A time limit has passed unused.
    DutyMissed {
        duty: Duty,
        due: Timestamp,
    },
}

/// What is known when a case begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    pub source: Source,
    pub place: Place,
    pub act: Act,
    /// As who recorded it wrote it (GA/T 16.31).
    pub code: Option<ViolationCode>,
    /// When it happened; when it ended, if it went on.
    pub acted_at: Timestamp,
    pub harmed_health: bool,
    pub plate: Option<PlateNumber>,
    /// What registration had told of the plate when this was filed.
    pub registration: Option<Registration>,
    /// Hashes (SHA-256, hexadecimal) of photographs, videos and papers: the evidence itself is kept elsewhere. At most 20.
    pub evidence: Vec<Text<64>>,
    pub party: Option<Party>,
    pub filed_by: String,
    /// A case of the same act filed before this one.
    pub same_act_as: Option<CaseId>,
    /// Reviews are due (camera, report), or the filing of the summons (on the spot).
    pub due: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Device(Device),
    /// A member of the public has sent pictures (Order 157 art. 23).
    PublicReport,
    /// Another authority or service has passed it on (Order 157 art. 14).
    Referral {
        from: Text<100>,
        reference: DocumentNumber,
    },
    OnTheSpot,
}

/// A device of traffic technical monitoring (交通技术监控设备).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub number: DocumentNumber,
    /// Last day of its verification (检定).
    pub verified_until: Date,
    pub mobile: bool,
    /// Its place has been made public (fixed devices).
    pub published: bool,
    /// Signs warn of speed measuring (fixed devices that measure speed).
    pub warned: bool,
    /// The officer who operated it (mobile devices that measure speed).
    pub operator: Option<Text<64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Review {
    TechnicalPassed,
    LegalPassed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeChannel {
    App,
    TextMessage,
    Post,
    /// Handed over or told at the counter.
    InPerson,
}

/// How somebody was told, and by which record that is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    pub through: NoticeChannel,
    /// Number of the message in the system that sent it, of the item of mail, or of the signed receipt.
    pub receipt: DocumentNumber,
}

/// Who answers for the act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    pub person: Sealed,
    /// The driver's licence; `None`: none is held, or the person did not drive.
    pub licence: Option<LicenceFacts>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LicenceFacts {
    /// Day on which the first licence was issued: the cycles of points run from it (Order 163 art. 3).
    pub first_issued: Date,
    /// Admits large buses, heavy trailers, city buses, medium buses or large trucks (A1, A2, A3, B1, B2).
    pub large_vehicles: bool,
}

/// The eight grounds of Order 157 art. 22.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancellationGround {
    EmergencyVehicle,
    StolenOrClonedPlate,
    Rescue,
    HandledOnTheSpot,
    ConflictingSignals,
    UnclearRecord,
    PlateMisread,
    Other,
}

impl CancellationGround {
    pub fn basis(self) -> LegalBasis {
        super::super::instruments::order_157(match self {
            Self::EmergencyVehicle => "art. 22(1)",
            Self::StolenOrClonedPlate => "art. 22(2)",
            Self::Rescue => "art. 22(3)",
            Self::HandledOnTheSpot => "art. 22(4)",
            Self::ConflictingSignals => "art. 22(5)",
            Self::UnclearRecord => "art. 22(6)",
            Self::PlateMisread => "art. 22(7)",
            Self::Other => "art. 22(8)",
        })
    }
}

/// Why a decision needs a legal review: the four cases of Administrative Penalty Law art. 58(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalReviewGround {
    /// 涉及重大公共利益
    PublicInterest,
    /// 经过听证程序
    AfterHearing,
    /// 案件情况疑难复杂、涉及多个法律关系
    Complex,
    /// 法律、法规规定的其他情形
    OtherProvision,
}

/// Why an act that happened is not punished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoPenaltyGround {
    UnderFourteen,
    Incapable,
    MinorAndCorrected,
    FirstAndCorrected,
    NoFault,
    NotProven,
}

impl NoPenaltyGround {
    pub fn basis(self) -> LegalBasis {
        super::super::instruments::penalty_law(match self {
            Self::UnderFourteen => "art. 30",
            Self::Incapable => "art. 31",
            Self::MinorAndCorrected | Self::FirstAndCorrected => "art. 33(1)",
            Self::NoFault => "art. 33(2)",
            Self::NotProven => "art. 57(1)(3)",
        })
    }
}

/// What is imposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sanction {
    pub warning: bool,
    pub fine: Fen,
    pub suspension_months: Option<u8>,
    pub revocation: bool,
    /// Why the fine is below what the rule provides.
    pub mitigation: Option<Mitigation>,
}

impl Sanction {
    /// Whether the fine, or what happens to the licence, is heavier than that of `other`.
    pub fn is_heavier_than(&self, other: &Self) -> bool {
        self.fine > other.fine || self.on_the_licence() > other.on_the_licence()
    }

    /// Heavier measures compare greater: to revoke a licence is heavier than to suspend it for however long (Road Traffic
    /// Safety Law art. 88 names them in this order).
    fn on_the_licence(&self) -> (bool, Option<u8>) {
        (self.revocation, self.suspension_months)
    }

    /// A warning, or a fine of up to 200 yuan, and nothing on the licence (Order 157 art. 43(1)).
    pub fn admits_simple_procedure(&self) -> bool {
        self.fine <= Fen::yuan(200) && self.suspension_months.is_none() && !self.revocation
    }
}

/// Reasons for less than the rule provides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mitigation {
    /// Administrative Penalty Law art. 30.
    FourteenToEighteen,
    /// Art. 31.
    PartlyIncapable,
    /// Art. 32(1).
    HarmRemoved,
    /// Art. 32(2).
    CoercedOrDeceived,
    /// Art. 32(3).
    Confessed,
    /// Art. 32(4).
    Merit,
}

/// A decision, with everything that is needed to make it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub procedure: Procedure,
    pub sanction: Sanction,
    /// 0 with a warning (Order 163 art. 28), and where no driver is known.
    pub points: u8,
    pub assessment: Assessment,
    /// The act as it was established for the decision.
    pub act: Act,
    /// Local days whose rules were compared (Administrative Penalty Law art. 37).
    pub acted_on: Date,
    pub decided_on: Date,
    pub decided_at: Timestamp,
    /// The acting officer's account first.
    pub officers: Vec<Text<64>>,
    pub party: Option<Party>,
    /// When the decision of the simple procedure must be filed.
    pub file_by: Option<Timestamp>,
    /// By when it must reach a party that is not there.
    pub serve_by: Timestamp,
    /// Since when the licence has been withheld beforehand (Road Traffic Safety Law art. 110(1)): these days count.
    pub withheld_on: Option<Date>,
    /// The county or the city whose police decided, which says who reconsiders it; `None`: an earlier version did not note it.
    #[serde(default)]
    pub authority: Option<District>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Procedure {
    Simple,
    General,
    /// Order 157 art. 54(2): nobody came.
    Default,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    HandedOver,
    /// The party would not take it; noted, and served (Order 157 arts. 44(5), 48(6)).
    Refused,
    Post,
    Electronic,
    /// After 60 days of announcement (Order 157 arts. 55, 56(2)).
    Announced,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionGround {
    /// Pedestrian, passenger or rider who does not object (Road Traffic Safety Law art. 108(2)).
    WithoutMotor,
    /// On an expressway, at the party's own wish (Shandong Expressway Regulations art. 60).
    ExpresswayHardship,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    Reconsideration,
    Lawsuit,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RemedyOutcome {
    Upheld,
    Withdrawn,
    Varied { sanction: Sanction, points: u8 },
    Revoked,
}

/// What was wrong with a decision: that for which reconsideration would revoke it (Administrative Reconsideration Law art. 64(1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionError {
    /// 主要事实不清、证据不足
    Facts,
    /// 违反法定程序
    Procedure,
    /// 适用的依据不合法
    Basis,
    /// 超越职权或者滥用职权
    Powers,
}

/// What becomes of a case whose decision the police revoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Afterwards {
    /// To be handled and decided anew.
    Reopened,
    /// There is nothing to decide.
    Closed,
}

/// What the police must do within a time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    Review,
    Notice,
    Objection,
    /// The decision on the spot.
    FilePapers,
    Decide,
    /// A decision reaches the party.
    Serve,
    FileSummons,
}
