//! A session at an unmanned kiosk (无人车管所): identify, file, review, pay, print; and the power may fail between any two.
//!
//! ```text
//!   identified ──file──> filed ──confirm──> confirmed ──pay──> (the order is paid) ──start print──> printing ──printed──> done
//!        │                 └── again until confirmed             what was filed is carried out here ─┘ │ spoiled: another blank
//!        └──────────────── abandoned, or nothing for 30 minutes: expired; what was paid for nothing goes back
//!                          (money that has just come is a step too: the session waits anew)
//! ```
//!
//! Each step is one command with a request id that the kiosk keeps before it sends it, so it may send it again after a
//! power cut. The three things that must not happen twice have each their own guard:
//!
//! - **filed twice**: what was filed is carried out in the transaction that starts the first print, once a session;
//! - **charged twice**: one order a session, and a provider's reference pays once ([`super::order`]);
//! - **printed twice**: every sheet is a numbered blank, claimed when its print starts. While it is not told what became
//!   of a blank, no other is printed on; which of both it was, the kiosk reads from its printer's counter.
//!
//! A session that broke off is resumed at any kiosk by its name and the same identity document.

pub mod blank;
pub mod ground;
mod licence;
pub mod steps;

use super::ebike::plate::EbikePlate;
use super::ebike::{Application, FrameNumber};
use super::fees::FeeItem;
use super::order::OrderId;
use super::party::Party;
use blank::BlankNumber;
use chassis::domain::values::Vin;
use chassis::domain::{Aggregate, District, PersonRef};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

chassis::uuid_id! {
    /// A session, and the token by which it is resumed.
    SessionId
}

chassis::named_id! {
    /// A kiosk, e.g. `mudan-hall-3`.
    KioskId
}

/// How long a session waits for its next step.
pub const IDLE: SignedDuration = SignedDuration::from_mins(30);
/// Blanks that one session may spoil; then a station prints it.
pub const MOST_SPOILED: u8 = 3;

/// What can be done at a kiosk.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum KioskBusiness {
    EbikeRegistration(Application),
    EbikePlateReissue {
        frame: FrameNumber,
        owner: Party,
    },
    /// 补领、换领行驶证 (Order 164 art. 52): carries a fee.
    LicenceReissue {
        vin: Vin,
        owner: Party,
    },
}

impl KioskBusiness {
    pub fn fees(&self) -> Vec<(FeeItem, u16)> {
        match self {
            Self::EbikeRegistration(_) | Self::EbikePlateReissue { .. } => {
                vec![(FeeItem::EbikePlate, 1)]
            }
            Self::LicenceReissue { .. } => vec![(FeeItem::VehicleLicence, 1)],
        }
    }

    pub fn applicant(&self) -> &Party {
        match self {
            Self::EbikeRegistration(application) => &application.owner,
            Self::EbikePlateReissue { owner, .. } | Self::LicenceReissue { owner, .. } => owner,
        }
    }

    /// Resource name of what it is about.
    pub fn resource(&self) -> String {
        match self {
            Self::EbikeRegistration(application) => format!("ebikes/{}", application.frame),
            Self::EbikePlateReissue { frame, .. } => format!("ebikes/{frame}"),
            Self::LicenceReissue { vin, .. } => format!("vehicles/{vin}"),
        }
    }
}

/// Where a session stands. What is paid stands in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    Identified,
    Filed,
    Confirmed,
    /// Carried out; its sheet is being printed, or waits for another blank.
    Printing,
    Done,
    /// Ended without it; what was carried out is fetched at a station.
    Expired,
    Abandoned,
}

impl Stage {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identified => "identified",
            Self::Filed => "filed",
            Self::Confirmed => "confirmed",
            Self::Printing => "printing",
            Self::Done => "done",
            Self::Expired => "expired",
            Self::Abandoned => "abandoned",
        }
    }

    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Expired | Self::Abandoned)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KioskSession {
    pub kiosk: KioskId,
    pub district: District,
    pub person: PersonRef,
    pub stage: Stage,
    pub business: Option<KioskBusiness>,
    pub order: Option<OrderId>,
    /// The number that an e-bike will bear, this session's alone. If nothing comes of it, it is never used.
    pub plate: Option<EbikePlate>,
    /// What was filed has taken effect.
    pub carried_out: bool,
    /// The blank in the printer, of which it is not known yet what became of it.
    pub blank: Option<BlankNumber>,
    /// The blank that was printed.
    pub printed: Option<BlankNumber>,
    pub spoiled: u8,
    /// Without another step until then it expires.
    pub waits_until: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum KioskEvent {
    SessionOpened {
        kiosk: KioskId,
        district: District,
        person: PersonRef,
    },
    BusinessFiled {
        business: KioskBusiness,
    },
    /// The applicant has read the summary and confirmed it (Order 164 arts. 7, 12 确认申请信息).
    ReviewConfirmed {
        order: OrderId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plate: Option<EbikePlate>,
    },
    /// What is owed has just come in: the session waits anew.
    PaymentNoticed,
    /// What was filed takes effect.
    BusinessCarriedOut {
        resource: String,
    },
    PrintStarted {
        blank: BlankNumber,
    },
    BlankSpoiled {
        blank: BlankNumber,
    },
    SheetPrinted {
        blank: BlankNumber,
    },
    SessionResumed {
        kiosk: KioskId,
    },
    SessionAbandoned,
    SessionExpired,
}

impl Aggregate for KioskSession {
    const TYPE: &'static str = "kiosk-session";
    type Event = KioskEvent;

    fn evolve(state: Option<Self>, event: &KioskEvent, at: Timestamp) -> Option<Self> {
        if let KioskEvent::SessionOpened {
            kiosk,
            district,
            person,
        } = event
        {
            return Some(Self {
                kiosk: kiosk.clone(),
                district: *district,
                person: person.clone(),
                stage: Stage::Identified,
                business: None,
                order: None,
                plate: None,
                carried_out: false,
                blank: None,
                printed: None,
                spoiled: 0,
                waits_until: at + IDLE,
            });
        }
        let mut session = state?;
        match event {
            // Handled above.
            KioskEvent::SessionOpened { .. } => {}
            KioskEvent::BusinessFiled { business } => {
                session.business = Some(business.clone());
                session.stage = Stage::Filed;
            }
            KioskEvent::ReviewConfirmed { order, plate } => {
                session.order = Some(order.clone());
                session.plate = *plate;
                session.stage = Stage::Confirmed;
            }
            // Like every step it moves the end, below.
            KioskEvent::PaymentNoticed => {}
            KioskEvent::BusinessCarriedOut { .. } => session.carried_out = true,
            KioskEvent::PrintStarted { blank } => {
                session.blank = Some(blank.clone());
                session.stage = Stage::Printing;
            }
            KioskEvent::BlankSpoiled { .. } => {
                session.blank = None;
                session.spoiled = session.spoiled.saturating_add(1);
            }
            KioskEvent::SheetPrinted { blank } => {
                session.blank = None;
                session.printed = Some(blank.clone());
                session.stage = Stage::Done;
            }
            KioskEvent::SessionResumed { kiosk } => session.kiosk = kiosk.clone(),
            KioskEvent::SessionAbandoned => session.stage = Stage::Abandoned,
            KioskEvent::SessionExpired => session.stage = Stage::Expired,
        }
        session.waits_until = at + IDLE;
        Some(session)
    }

    fn next_due(&self) -> Option<Timestamp> {
        (!self.stage.is_over()).then_some(self.waits_until)
    }
}
