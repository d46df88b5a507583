//! Detained vehicles (扣留车辆): why, handed over, cured or proven, verified in time, given back; or nobody comes (Order 157
//! arts. 25 to 30; Road Traffic Safety Law art. 112; Regulations art. 107).

use super::ground::Ground;
use super::instruments::order_157;
use super::limits;
use super::values::{CaseId, Place};
use chassis::domain::values::{DocumentNumber, PlateNumber, Text};
use chassis::domain::{Aggregate, District, Halt, LegalBasis, PersonRef, Sealed, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a vehicle is detained: Order 157 art. 27, item by item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetentionGround {
    PlateOrDocumentsMissing,
    ForgedOrBorrowedDocuments,
    NoInsurance,
    /// Highway coach or truck beyond its limit: until cured, and no longer (art. 29).
    Overloaded,
    SuspectedStolen,
    SuspectedScrap,
    ToxicWithoutPermit,
    RiderRefusesFine,
    /// Evidence of an accident.
    AccidentEvidence,
}

impl DetentionGround {
    pub fn basis(self) -> LegalBasis {
        match self {
            Self::PlateOrDocumentsMissing => order_157("art. 27(1)(1)"),
            Self::ForgedOrBorrowedDocuments => order_157("art. 27(1)(2)"),
            Self::NoInsurance => order_157("art. 27(1)(3)"),
            Self::Overloaded => order_157("art. 27(1)(4)"),
            Self::SuspectedStolen => order_157("art. 27(1)(5)"),
            Self::SuspectedScrap => order_157("art. 27(1)(6)"),
            Self::ToxicWithoutPermit => order_157("art. 27(1)(7)"),
            Self::RiderRefusesFine => order_157("art. 27(1)(8)"),
            Self::AccidentEvidence => order_157("art. 27(2)"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detention {
    pub order: Order,
    pub detained_at: Timestamp,
    pub stage: DetentionStage,
    pub approved: bool,
    pub handed_over: bool,
    /// When approval and handover are due.
    pub formalities_due: Timestamp,
    pub formalities_missed: bool,
    pub proof_brought_at: Option<Timestamp>,
    pub verify_by: Option<Timestamp>,
    pub verification_extended: bool,
    pub verification_missed: bool,
    /// From when it may be announced that nobody comes.
    pub unclaimed_from: Timestamp,
    pub announcement_ends: Option<Timestamp>,
}

/// The certificate of the measure (行政强制措施凭证).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub certificate: DocumentNumber,
    pub ground: DetentionGround,
    pub place: Place,
    pub plate: Option<PlateNumber>,
    pub party: Sealed,
    pub violation: Option<CaseId>,
    /// Facts, kind, basis and rights were told, and the party heard (Order 157 art. 25(1)(1)(2)).
    pub told_and_heard: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetentionStage {
    Detained,
    /// The party has brought proof or papers; being verified.
    Verifying,
    Released,
    /// Announced: nobody has come.
    Unclaimed,
    Disposed,
}

impl DetentionStage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Detained => "detained",
            Self::Verifying => "verifying",
            Self::Released => "released",
            Self::Unclaimed => "unclaimed",
            Self::Disposed => "disposed",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetentionEvent {
    pub district: District,
    pub plate: Option<PlateNumber>,
    pub fact: DetentionFact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DetentionFact {
    VehicleDetained {
        order: Order,
        formalities_due: Timestamp,
        unclaimed_from: Timestamp,
    },
    HandedOver,
    DetentionApproved,
    /// The head of the unit does not approve: lifted at once (Order 157 art. 25(2)).
    DetentionNotApproved,
    /// People or load beyond the limit have been moved, under supervision (Order 157 art. 29).
    ViolationCured {
        remarks: Text<500>,
    },
    ProofBrought {
        remarks: Text<500>,
        verify_by: Timestamp,
    },
    VerificationExtended {
        verify_by: Timestamp,
    },
    ProofRejected {
        remarks: Text<500>,
    },
    VehicleReleased,
    AnnouncedUnclaimed {
        ends: Timestamp,
    },
    VehicleDisposed {
        how: Disposal,
    },
    FormalitiesMissed,
    VerificationMissed,
}

/// Regulations art. 107.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposal {
    Auctioned,
    Dismantled,
    Scrapped,
    Transferred,
}

impl Aggregate for Detention {
    const TYPE: &'static str = "detention";
    type Event = DetentionEvent;

    fn evolve(state: Option<Self>, event: &DetentionEvent, at: Timestamp) -> Option<Self> {
        let mut detention = match (&event.fact, state) {
            (
                DetentionFact::VehicleDetained {
                    order,
                    formalities_due,
                    unclaimed_from,
                },
                None,
            ) => {
                return Some(Self {
                    order: order.clone(),
                    detained_at: at,
                    stage: DetentionStage::Detained,
                    approved: false,
                    handed_over: false,
                    formalities_due: *formalities_due,
                    formalities_missed: false,
                    proof_brought_at: None,
                    verify_by: None,
                    verification_extended: false,
                    verification_missed: false,
                    unclaimed_from: *unclaimed_from,
                    announcement_ends: None,
                });
            }
            (_, state) => state?,
        };
        detention.apply(&event.fact, at);
        Some(detention)
    }

    fn next_due(&self) -> Option<Timestamp> {
        let open = matches!(
            self.stage,
            DetentionStage::Detained | DetentionStage::Verifying | DetentionStage::Unclaimed
        );
        let formalities =
            (open && !self.formalities_missed && !(self.approved && self.handed_over))
                .then_some(self.formalities_due);
        let verification = self
            .verify_by
            .filter(|_| self.stage == DetentionStage::Verifying && !self.verification_missed);
        formalities.into_iter().chain(verification).min()
    }
}

impl Detention {
    /// Whether the vehicle was taken from this person.
    pub fn is_of(&self, person: &PersonRef) -> bool {
        self.order.party.person == *person
    }

    fn apply(&mut self, fact: &DetentionFact, at: Timestamp) {
        match fact {
            DetentionFact::VehicleDetained { .. } | DetentionFact::ViolationCured { .. } => {}
            DetentionFact::HandedOver => self.handed_over = true,
            DetentionFact::DetentionApproved => self.approved = true,
            DetentionFact::DetentionNotApproved | DetentionFact::VehicleReleased => {
                self.stage = DetentionStage::Released;
            }
            DetentionFact::ProofBrought { verify_by, .. } => {
                self.stage = DetentionStage::Verifying;
                self.proof_brought_at = Some(at);
                self.verify_by = Some(*verify_by);
                self.verification_extended = false;
                self.verification_missed = false;
                self.announcement_ends = None;
            }
            DetentionFact::VerificationExtended { verify_by } => {
                self.verify_by = Some(*verify_by);
                self.verification_extended = true;
            }
            DetentionFact::ProofRejected { .. } => {
                self.stage = DetentionStage::Detained;
                self.verify_by = None;
            }
            DetentionFact::AnnouncedUnclaimed { ends } => {
                self.stage = DetentionStage::Unclaimed;
                self.announcement_ends = Some(*ends);
            }
            DetentionFact::VehicleDisposed { .. } => self.stage = DetentionStage::Disposed,
            DetentionFact::FormalitiesMissed => self.formalities_missed = true,
            DetentionFact::VerificationMissed => self.verification_missed = true,
        }
    }
}

/// Detains a vehicle on the spot.
///
/// # Errors
/// By an officer of another district; without telling and hearing the party (Order 157 art. 25(1)).
pub fn detain(tx: &mut Transaction, order: Order) -> Result<CaseId, Halt> {
    if !tx.context.actor.decides_for(order.place.district) {
        return Err(Ground::OutsideDistrict.into());
    }
    if !order.told_and_heard {
        return Err(Ground::MeasureNotTold.into());
    }
    let id = CaseId::new(tx.context.new_id("detention"));
    let calendar = tx.context.calendar;
    let event = DetentionEvent {
        district: order.place.district,
        plate: order.plate.clone(),
        fact: DetentionFact::VehicleDetained {
            formalities_due: calendar.deadline(tx.now(), limits::DETENTION_HANDOVER.time),
            unclaimed_from: calendar.deadline(tx.now(), limits::UNCLAIMED.time),
            order,
        },
    };
    tx.record::<Detention>(id.as_str(), [event])?;
    Ok(id)
}

/// The vehicle is at the station (within 24 hours, Order 157 art. 28(1)).
///
/// # Errors
/// If it was handed over, or is gone.
pub fn hand_over(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let detention = open(tx, id)?;
    if detention.handed_over {
        return Err(Ground::AlreadyDone.into());
    }
    record(tx, id, &detention, [DetentionFact::HandedOver])
}

/// The head of the unit approves the measure, or not; then the vehicle is free at once (Order 157 art. 25(2)).
///
/// # Errors
/// If it was decided.
pub fn approve(tx: &mut Transaction, id: &CaseId, approved: bool) -> Result<(), Halt> {
    let detention = open(tx, id)?;
    if detention.approved {
        return Err(Ground::AlreadyDone.into());
    }
    let fact = if approved {
        DetentionFact::DetentionApproved
    } else {
        DetentionFact::DetentionNotApproved
    };
    record(tx, id, &detention, [fact])
}

/// The overload is gone: the vehicle is given back at once (Order 157 art. 29(2), Road Traffic Safety Law art. 92(3)).
///
/// # Errors
/// If it is detained on another ground.
pub fn cure(tx: &mut Transaction, id: &CaseId, remarks: Text<500>) -> Result<(), Halt> {
    let detention = open(tx, id)?;
    if detention.order.ground != DetentionGround::Overloaded {
        return Err(Ground::NotCurable.into());
    }
    record(
        tx,
        id,
        &detention,
        [
            DetentionFact::ViolationCured { remarks },
            DetentionFact::VehicleReleased,
        ],
    )
}

/// The party brings proof, makes up papers, or accepts handling: verified within ten working days (Order 157 art. 30(2)).
///
/// # Errors
/// If the vehicle is gone, or proof is being verified.
pub fn bring_proof(tx: &mut Transaction, id: &CaseId, remarks: Text<500>) -> Result<(), Halt> {
    let detention = open(tx, id)?;
    if detention.stage == DetentionStage::Verifying {
        return Err(Ground::AlreadyDone.into());
    }
    let verify_by = tx
        .context
        .calendar
        .deadline(tx.now(), limits::VERIFICATION.time);
    record(
        tx,
        id,
        &detention,
        [DetentionFact::ProofBrought { remarks, verify_by }],
    )
}

/// Up to fifteen working days in all (Order 157 art. 30(2)).
///
/// # Errors
/// If nothing is being verified, or twice.
pub fn extend_verification(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let detention = verifying(tx, id)?;
    let Some(brought_at) = detention
        .proof_brought_at
        .filter(|_| !detention.verification_extended)
    else {
        return Err(Ground::AlreadyDone.into());
    };
    let verify_by = tx
        .context
        .calendar
        .deadline(brought_at, limits::VERIFICATION_EXTENDED.time);
    record(
        tx,
        id,
        &detention,
        [DetentionFact::VerificationExtended { verify_by }],
    )
}

/// The proof holds, and the vehicle is given back; or it does not.
///
/// # Errors
/// If nothing is being verified.
pub fn verify(
    tx: &mut Transaction,
    id: &CaseId,
    holds: bool,
    remarks: Text<500>,
) -> Result<(), Halt> {
    let detention = verifying(tx, id)?;
    let fact = if holds {
        DetentionFact::VehicleReleased
    } else {
        DetentionFact::ProofRejected { remarks }
    };
    record(tx, id, &detention, [fact])
}

/// Nobody has come in thirty days: announced for three months.
///
/// # Errors
/// Before the thirty days have passed, or while proof is verified.
pub fn announce_unclaimed(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let detention = open(tx, id)?;
    if detention.stage != DetentionStage::Detained || tx.now() < detention.unclaimed_from {
        return Err(Ground::NotUnclaimed.into());
    }
    let ends = limits::announcement_of_detained(tx.context.calendar, tx.now());
    record(
        tx,
        id,
        &detention,
        [DetentionFact::AnnouncedUnclaimed { ends }],
    )
}

/// # Errors
/// Before the three months have passed.
pub fn dispose(tx: &mut Transaction, id: &CaseId, how: Disposal) -> Result<(), Halt> {
    let detention = open(tx, id)?;
    if detention
        .announcement_ends
        .is_none_or(|ends| tx.now() < ends)
    {
        return Err(Ground::NotUnclaimed.into());
    }
    record(tx, id, &detention, [DetentionFact::VehicleDisposed { how }])
}

/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    for _ in 0..2 {
        let detention = load(tx, id)?;
        if detention.next_due().is_none_or(|due| due > tx.now()) {
            return Ok(());
        }
        let fact = if detention.verify_by == detention.next_due() {
            DetentionFact::VerificationMissed
        } else {
            DetentionFact::FormalitiesMissed
        };
        record(tx, id, &detention, [fact])?;
    }
    Ok(())
}

fn load(tx: &mut Transaction, id: &CaseId) -> Result<std::sync::Arc<Detention>, Halt> {
    tx.load::<Detention>(id.as_str())?
        .ok_or_else(|| Ground::UnknownDetention.into())
}

fn open(tx: &mut Transaction, id: &CaseId) -> Result<std::sync::Arc<Detention>, Halt> {
    let detention = load(tx, id)?;
    if !tx.context.actor.decides_for(detention.order.place.district) {
        return Err(Ground::OutsideDistrict.into());
    }
    match detention.stage {
        DetentionStage::Released | DetentionStage::Disposed => Err(Ground::WrongState {
            is: detention.stage.as_str(),
            needs: "detained, verifying or unclaimed",
        }
        .into()),
        _ => Ok(detention),
    }
}

fn verifying(tx: &mut Transaction, id: &CaseId) -> Result<std::sync::Arc<Detention>, Halt> {
    let detention = open(tx, id)?;
    if detention.stage == DetentionStage::Verifying {
        return Ok(detention);
    }
    Err(Ground::WrongState {
        is: detention.stage.as_str(),
        needs: "verifying",
    }
    .into())
}

fn record(
    tx: &mut Transaction,
    id: &CaseId,
    detention: &Detention,
    facts: impl IntoIterator<Item = DetentionFact>,
) -> Result<(), Halt> {
    let district = detention.order.place.district;
    let plate = detention.order.plate.clone();
    let events = facts.into_iter().map(|fact| DetentionEvent {
        district,
        plate: plate.clone(),
        fact,
    });
    tx.record::<Detention>(id.as_str(), events)
}
