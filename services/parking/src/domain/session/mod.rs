//! A parking session: one stay of one vehicle in one bay, what it costs, and how the money comes in.
//!
//! ```text
//!   started ──> ended, charged ──> paid                          (a late reading may correct times, vehicle and charge)
//!                     └─> noticed ─> 30 days ─> reminded ─> reminded again ─> referred to enforcement
//! ```
//!
//! A correction may make another owe, or one who had paid: collecting then begins anew, with the notice or the first reminder.

mod arrears;
mod billing;
mod stay;

pub use arrears::{CollectionRules, due};
pub use billing::{Money, pay, refund, waive};
pub use stay::{Correction, correct};
pub(super) use stay::{adjust, start, void};

use super::bay::{Place, Sighting};
use super::ids::{ProviderId, SessionId, TariffId};
use super::rates::Charge;
use super::vehicle::Vehicle;
use super::waiver::FreeGround;
use chassis::domain::Aggregate;
use chassis::domain::values::{Fen, PlateNumber};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a session has no or another price than its tariff says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Exemption {
    /// The vehicle parks free.
    Free(FreeGround),
    /// No version of the tariff was in force at arrival: what has no displayed price is not charged.
    NoTariff,
}

/// A sum that came in or went back, as its provider names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub provider: ProviderId,
    /// The provider's own number for it, 1 to 64 printable ASCII characters; with the provider unique.
    pub reference: String,
    pub amount: Fen,
    pub made_at: Timestamp,
}

/// How far the collection of an unpaid charge has come (Beijing parking regulations art. 41).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Collection {
    /// Nothing was sent to whoever owes now.
    Due,
    /// The notice to pay was given.
    Noticed,
    /// So many reminders were given: 1 or 2.
    Reminded(u8),
    /// Handed to enforcement.
    Referred,
    /// Handed to enforcement, and no longer owed by that vehicle since.
    ReferralSettled,
    /// Nobody knows which vehicle it was.
    Uncollectable,
}

/// A charge, and by when it is to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bill {
    pub charge: Charge,
    pub exemption: Option<Exemption>,
    /// End of the thirty days after the day on which the vehicle left.
    pub pay_by: Timestamp,
}

/// What an officer decided by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WaiveGround {
    /// Charged by mistake, whatever the machines say.
    Mistake,
    /// The parking place could not be used as marked.
    Unusable,
    /// Any other reason an officer answers for.
    Goodwill,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EndCause {
    VehicleLeft,
    /// A road occupation closed the bay; from then on there is nothing to charge for.
    BayClosed,
    /// An officer entered it.
    Officer,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub place: Place,
    pub tariff: TariffId,
    pub arrived_at: Timestamp,
    pub left_at: Option<Timestamp>,
    /// When the stay reaches what the tariff allows; `None` without a tariff in force.
    pub overstays_at: Option<Timestamp>,
    pub overstayed: bool,
    pub sighting: Option<Sighting>,
    pub bill: Option<Bill>,
    /// The charge was waived by an officer: nothing is owed whatever the bill says.
    pub waived: Option<WaiveGround>,
    pub payments: Vec<Transfer>,
    pub refunds: Vec<Transfer>,
    pub collection: Collection,
    /// When the next step of collecting is due.
    pub next_step_at: Option<Timestamp>,
    /// For which vehicle enforcement has the debt, while it has it.
    pub referred: Option<PlateNumber>,
    /// An officer corrected times or vehicle: readings no longer change them.
    pub settled_by_officer: bool,
    pub void: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEvent {
    SessionStarted {
        place: Place,
        tariff: TariffId,
        arrived_at: Timestamp,
        overstays_at: Option<Timestamp>,
    },
    /// `None`: the sighting belonged to another stay.
    VehicleIdentified {
        sighting: Option<Sighting>,
    },
    /// `tariff`: the one of that time, if it is another than the session had.
    ArrivalCorrected {
        arrived_at: Timestamp,
        overstays_at: Option<Timestamp>,
        #[serde(default)]
        tariff: Option<TariffId>,
    },
    SessionEnded {
        place: Place,
        arrived_at: Timestamp,
        left_at: Timestamp,
        cause: EndCause,
    },
    /// What was taken for the end was none: the vehicle still stands there.
    SessionResumed {
        place: Place,
    },
    /// `replaced`: what was charged before a correction.
    SessionCharged {
        place: Place,
        arrived_at: Timestamp,
        left_at: Timestamp,
        bill: Bill,
        replaced: Option<Fen>,
        next_step_at: Option<Timestamp>,
    },
    SessionVoided {
        place: Place,
    },
    OverstayNoted {
        place: Place,
        arrived_at: Timestamp,
    },
    /// An officer entered the facts; `note` names the ground, without personal data.
    SessionCorrected {
        officer: String,
        note: String,
    },
    ChargeWaived {
        ground: WaiveGround,
        officer: String,
    },
    PaymentReceived {
        place: Place,
        payment: Transfer,
        outstanding: Fen,
    },
    PaymentRefunded {
        place: Place,
        refund: Transfer,
    },
    PaymentNoticeIssued {
        place: Place,
        outstanding: Fen,
        pay_by: Timestamp,
        next_step_at: Timestamp,
    },
    ReminderIssued {
        place: Place,
        number: u8,
        outstanding: Fen,
        pay_by: Timestamp,
    },
    /// Two reminders went unheeded. With the plate, because enforcement decides on a fine against its holder.
    ArrearsReferred {
        place: Place,
        plate: PlateNumber,
        arrived_at: Timestamp,
        left_at: Timestamp,
        outstanding: Fen,
        reminded_until: Timestamp,
    },
    /// What was referred is paid or gone, or owed for another vehicle; `plate` is the one that was referred.
    ReferralSettled {
        place: Place,
        plate: PlateNumber,
    },
    FoundUncollectable {
        place: Place,
        outstanding: Fen,
    },
    /// After a correction somebody owes to whom nothing has been sent: it begins with the first step again.
    CollectionRestarted {
        next_step_at: Timestamp,
    },
}

/// What a session's money comes to, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SessionState {
    /// The vehicle stands in the bay.
    Open,
    /// Left, and nothing is owed.
    Settled,
    /// Left, and something is owed within the thirty days.
    Payable,
    /// The thirty days are over.
    InArrears,
    Referred,
    /// More was paid than is owed.
    RefundDue,
    Uncollectable,
    Void,
}

impl Session {
    /// Most payments and refunds of one session together.
    pub const MAX_TRANSFERS: usize = 64;

    pub fn vehicle(&self) -> Option<&Vehicle> {
        self.sighting.as_ref().map(|sighting| &sighting.vehicle)
    }

    /// What the stay costs after waivers; zero while it goes on.
    pub fn due_amount(&self) -> Fen {
        match &self.bill {
            Some(bill) if self.waived.is_none() && !self.void && self.left_at.is_some() => {
                bill.charge.amount
            }
            _ => Fen::ZERO,
        }
    }

    /// What came in, less what went back.
    pub fn paid(&self) -> Fen {
        sum(&self.payments).less(sum(&self.refunds))
    }

    pub fn outstanding(&self) -> Fen {
        self.due_amount().less(self.paid())
    }

    /// What was paid too much. While the vehicle stands there, nothing is: it was paid ahead.
    pub fn overpaid(&self) -> Fen {
        if self.left_at.is_none() && !self.void && self.waived.is_none() {
            Fen::ZERO
        } else {
            self.paid().less(self.due_amount())
        }
    }

    pub fn state(&self) -> SessionState {
        if !self.overpaid().is_zero() {
            SessionState::RefundDue
        } else if self.void {
            SessionState::Void
        } else if self.left_at.is_none() {
            SessionState::Open
        } else if self.outstanding().is_zero() {
            SessionState::Settled
        } else {
            match self.collection {
                Collection::Due | Collection::Noticed => SessionState::Payable,
                Collection::Reminded(_) => SessionState::InArrears,
                Collection::Referred | Collection::ReferralSettled => SessionState::Referred,
                Collection::Uncollectable => SessionState::Uncollectable,
            }
        }
    }
}

fn sum(transfers: &[Transfer]) -> Fen {
    transfers
        .iter()
        .fold(Fen::ZERO, |sum, transfer| sum.plus(transfer.amount))
}

impl Aggregate for Session {
    const TYPE: &'static str = "session";
    type Event = SessionEvent;

    fn evolve(state: Option<Self>, event: &SessionEvent, _: Timestamp) -> Option<Self> {
        let Some(mut session) = state else {
            let SessionEvent::SessionStarted {
                place,
                tariff,
                arrived_at,
                overstays_at,
            } = event
            else {
                return None;
            };
            return Some(Self {
                place: place.clone(),
                tariff: tariff.clone(),
                arrived_at: *arrived_at,
                left_at: None,
                overstays_at: *overstays_at,
                overstayed: false,
                sighting: None,
                bill: None,
                waived: None,
                payments: Vec::new(),
                refunds: Vec::new(),
                collection: Collection::Due,
                next_step_at: None,
                referred: None,
                settled_by_officer: false,
                void: false,
            });
        };
        match event {
            SessionEvent::SessionStarted { .. } => {}
            SessionEvent::VehicleIdentified { sighting } => session.sighting.clone_from(sighting),
            SessionEvent::ArrivalCorrected {
                arrived_at,
                overstays_at,
                tariff,
            } => {
                session.arrived_at = *arrived_at;
                session.overstays_at = *overstays_at;
                if let Some(tariff) = tariff {
                    session.tariff = tariff.clone();
                }
            }
            SessionEvent::SessionEnded { left_at, .. } => session.left_at = Some(*left_at),
            SessionEvent::SessionResumed { .. } => {
                session.left_at = None;
                session.bill = None;
                session.next_step_at = None;
            }
            SessionEvent::SessionCharged {
                bill, next_step_at, ..
            } => {
                session.bill = Some(bill.clone());
                session.next_step_at = *next_step_at;
                if session.collection == Collection::Uncollectable {
                    session.collection = Collection::Due;
                }
            }
            SessionEvent::SessionVoided { .. } => session.void = true,
            SessionEvent::OverstayNoted { .. } => session.overstayed = true,
            SessionEvent::SessionCorrected { .. } => session.settled_by_officer = true,
            SessionEvent::ChargeWaived { ground, .. } => session.waived = Some(*ground),
            SessionEvent::PaymentReceived { payment, .. } => session.payments.push(payment.clone()),
            SessionEvent::PaymentRefunded { refund, .. } => session.refunds.push(refund.clone()),
            SessionEvent::PaymentNoticeIssued { next_step_at, .. } => {
                session.collection = Collection::Noticed;
                session.next_step_at = Some(*next_step_at);
            }
            SessionEvent::ReminderIssued { number, pay_by, .. } => {
                session.collection = Collection::Reminded(*number);
                session.next_step_at = Some(*pay_by);
            }
            SessionEvent::ArrearsReferred { plate, .. } => {
                session.collection = Collection::Referred;
                session.next_step_at = None;
                session.referred = Some(plate.clone());
            }
            SessionEvent::ReferralSettled { .. } => {
                session.collection = Collection::ReferralSettled;
                session.referred = None;
            }
            SessionEvent::FoundUncollectable { .. } => {
                session.collection = Collection::Uncollectable;
                session.next_step_at = None;
            }
            SessionEvent::CollectionRestarted { next_step_at } => {
                session.collection = Collection::Due;
                session.next_step_at = Some(*next_step_at);
            }
        }
        Some(session)
    }

    fn next_due(&self) -> Option<Timestamp> {
        if self.void {
            return None;
        }
        if self.left_at.is_none() {
            return self.overstays_at.filter(|_| !self.overstayed);
        }
        self.next_step_at.filter(|_| !self.outstanding().is_zero())
    }
}

/// The session's id as an aggregate id.
pub(super) fn key(session: &SessionId) -> &str {
    session.as_str()
}
