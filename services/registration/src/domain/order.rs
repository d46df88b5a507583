//! An order (缴费单): what somebody owes for plates and documents, what was paid, and what goes back.
//!
//! ```text
//!   opened ──paid in full──> paid ──what was paid for is done──> used
//!      └─────────────────────┴──cancelled──> everything paid is to be refunded
//! ```
//!
//! A provider's reference pays once: it is claimed by an aggregate of its own, so that a notification that comes again,
//! through whatever replica, changes nothing, and none pays for two orders. Money that comes too late or twice is kept
//! and due for refund; nothing is lost because it was not expected.

use super::fees::{FeeItem, FeeTable};
use super::instruments::{order_164, traffic_law};
use super::wording::{Wording, refusal_in_words, says, says_plainly};
use chassis::domain::values::{Fen, Text};
use chassis::domain::{Aggregate, District, Halt, Invalid, LegalBasis, RefusalKind, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

chassis::uuid_id! {
    /// An order.
    OrderId
}

/// Lines of one order, at most.
pub const MOST_LINES: usize = 20;
/// How the subject of an order begins that a decision has opened.
pub const OF_DECISIONS: &str = "applications/";
/// Payments and refunds of one order, at most.
const MOST_TRANSFERS: usize = 64;

/// A payment provider and its reference of one transfer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderReference(Arc<str>);

impl ProviderReference {
    /// `provider`: 1 to 15 lower-case letters and digits. `reference`: 1 to 48 letters, digits and `-`.
    ///
    /// # Errors
    /// If one of them is not.
    pub fn new(provider: &str, reference: &str) -> Result<Self, Invalid> {
        let provider_is_valid = (1..=15).contains(&provider.len())
            && provider
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let reference_is_valid = (1..=48).contains(&reference.len())
            && reference
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !provider_is_valid || !reference_is_valid {
            return Err(Invalid::new(
                "must be a provider of 1 to 15 lower-case letters and digits, and a reference of 1 to 48 letters, digits and `-`",
                "支付机构应为 1 至 15 位小写字母和数字，流水号应为 1 至 48 位字母、数字和 -",
            ));
        }
        Ok(Self(format!("{provider}_{reference}").into()))
    }

    /// Provider and reference, as an aggregate id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn provider(&self) -> &str {
        self.0.split_once('_').map_or("", |(provider, _)| provider)
    }

    pub fn reference(&self) -> &str {
        self.0
            .split_once('_')
            .map_or("", |(_, reference)| reference)
    }
}

impl TryFrom<String> for ProviderReference {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        let (provider, reference) = text.split_once('_').unwrap_or(("", ""));
        Self::new(provider, reference)
    }
}

impl From<ProviderReference> for String {
    fn from(reference: ProviderReference) -> Self {
        reference.0.as_ref().to_owned()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub item: FeeItem,
    pub count: u16,
    pub unit: Fen,
    /// What sets the fee, or frees from it.
    pub basis: LegalBasis,
}

/// Money that came or went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    pub reference: ProviderReference,
    pub amount: Fen,
    pub at: Timestamp,
}

/// How an order ended, if it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ending {
    Used,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Resource name of what it is for.
    pub subject: Text<120>,
    pub district: District,
    pub lines: Vec<Line>,
    pub payments: Vec<Transfer>,
    pub refunds: Vec<Transfer>,
    pub ending: Option<Ending>,
    pub opened_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderState {
    Open,
    Paid,
    Used,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderEvent {
    OrderOpened {
        subject: Text<120>,
        district: District,
        lines: Vec<Line>,
    },
    PaymentReceived {
        transfer: Transfer,
    },
    /// What it was paid for has been done.
    OrderUsed,
    OrderCancelled {
        reason: Text<500>,
    },
    RefundMade {
        transfer: Transfer,
    },
}

fn sum(transfers: &[Transfer]) -> Fen {
    transfers
        .iter()
        .fold(Fen::ZERO, |sum, transfer| sum.plus(transfer.amount))
}

impl Order {
    pub fn total(&self) -> Fen {
        self.lines.iter().fold(Fen::ZERO, |sum, line| {
            sum.plus(line.unit.times(u64::from(line.count)))
        })
    }

    /// What came, less what went back.
    pub fn held(&self) -> Fen {
        sum(&self.payments).less(sum(&self.refunds))
    }

    pub fn outstanding(&self) -> Fen {
        match self.ending {
            Some(Ending::Cancelled) => Fen::ZERO,
            _ => self.total().less(sum(&self.payments)),
        }
    }

    /// What must go back to the payer.
    pub fn refund_due(&self) -> Fen {
        match self.ending {
            Some(Ending::Cancelled) => self.held(),
            _ => self.held().less(self.total()),
        }
    }

    pub fn state(&self) -> OrderState {
        match self.ending {
            Some(Ending::Used) => OrderState::Used,
            Some(Ending::Cancelled) => OrderState::Cancelled,
            None if self.outstanding().is_zero() => OrderState::Paid,
            None => OrderState::Open,
        }
    }
}

impl Aggregate for Order {
    const TYPE: &'static str = "order";
    type Event = OrderEvent;

    fn evolve(state: Option<Self>, event: &OrderEvent, at: Timestamp) -> Option<Self> {
        if let OrderEvent::OrderOpened {
            subject,
            district,
            lines,
        } = event
        {
            return Some(Self {
                subject: subject.clone(),
                district: *district,
                lines: lines.clone(),
                payments: Vec::new(),
                refunds: Vec::new(),
                ending: None,
                opened_at: at,
            });
        }
        let mut order = state?;
        match event {
            // Handled above.
            OrderEvent::OrderOpened { .. } => {}
            OrderEvent::PaymentReceived { transfer } => order.payments.push(transfer.clone()),
            OrderEvent::OrderUsed => order.ending = Some(Ending::Used),
            OrderEvent::OrderCancelled { .. } => order.ending = Some(Ending::Cancelled),
            OrderEvent::RefundMade { transfer } => order.refunds.push(transfer.clone()),
        }
        Some(order)
    }
}

/// A provider's reference, once it has moved money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedReference {
    pub order: OrderId,
    pub amount: Fen,
    pub refund: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UsedReferenceEvent {
    ReferenceUsed {
        order: OrderId,
        amount: Fen,
        refund: bool,
    },
}

impl Aggregate for UsedReference {
    const TYPE: &'static str = "provider-reference";
    type Event = UsedReferenceEvent;

    fn evolve(state: Option<Self>, event: &UsedReferenceEvent, _: Timestamp) -> Option<Self> {
        let UsedReferenceEvent::ReferenceUsed {
            order,
            amount,
            refund,
        } = event;
        // Used once, for ever.
        Some(state.unwrap_or_else(|| Self {
            order: order.clone(),
            amount: *amount,
            refund: *refund,
        }))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderGround {
    Unknown,
    NoFee { item: FeeItem },
    ReferenceTaken,
    TooManyTransfers,
    NotPaid { outstanding: Fen },
    Ended { is: &'static str },
    RefundTooLarge { due: Fen },
    OfADecision,
}

impl OrderGround {
    fn wording(&self) -> Wording {
        // Fees are published, and only what is published is charged.
        let published = || order_164("art. 3(3)");
        match self {
            Self::Unknown => says_plainly(
                "ORDER_NOT_FOUND",
                RefusalKind::Unknown,
                "there is no such order",
                "没有该缴费单",
            ),
            Self::NoFee { item } => says(
                "NO_FEE",
                published(),
                format!("nothing is charged for {item:?} today"),
                "该项目目前不收费",
            ),
            Self::ReferenceTaken => says_plainly(
                "PROVIDER_REFERENCE_TAKEN",
                RefusalKind::Taken,
                "this reference moved another amount, or money of another order",
                "该支付流水号已用于其他金额或其他缴费单",
            ),
            Self::TooManyTransfers => says_plainly(
                "TOO_MANY_TRANSFERS",
                RefusalKind::Forbidden,
                "an order takes at most 64 payments and refunds",
                "一张缴费单至多 64 笔收退款",
            ),
            Self::NotPaid { outstanding } => says(
                "NOT_PAID",
                published(),
                format!("{outstanding} are still to be paid"),
                format!("尚有 {outstanding} 未缴"),
            ),
            Self::Ended { is } => says_plainly(
                "ORDER_ENDED",
                RefusalKind::Forbidden,
                format!("the order is {is}"),
                "该缴费单已使用或已取消",
            ),
            Self::OfADecision => says(
                "ORDER_OF_A_DECISION",
                traffic_law("art. 81"),
                "a decision has set it: it is paid, and what it is for handed over; nobody takes it back",
                "该缴费单由业务办结产生，应当缴费领取牌证，不得取消",
            ),
            Self::RefundTooLarge { due } => says(
                "REFUND_TOO_LARGE",
                published(),
                format!("only {due} are due back"),
                format!("应退金额仅为 {due}"),
            ),
        }
    }

    fn facts_of(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::NotPaid { outstanding } => {
                vec![("outstanding_fen", outstanding.get().to_string())]
            }
            Self::RefundTooLarge { due } => vec![("due_fen", due.get().to_string())],
            Self::Ended { is } => vec![("state", (*is).to_owned())],
            _ => Vec::new(),
        }
    }
}

refusal_in_words!(OrderGround);

/// Opens an order at today's fees.
///
/// # Errors
/// Nothing is charged for an item today.
pub fn open(
    tx: &mut Transaction,
    id: &OrderId,
    subject: Text<120>,
    district: District,
    items: &[(FeeItem, u16)],
) -> Result<(), Halt> {
    let today = tx.context.calendar.date(tx.now());
    let lines = items
        .iter()
        .map(|&(item, count)| {
            let fee = FeeTable::shipped()
                .fee(item, today)
                .ok_or(OrderGround::NoFee { item })?;
            Ok(Line {
                item,
                count,
                unit: fee.amount,
                basis: fee.legal_basis(),
            })
        })
        .collect::<Result<Vec<_>, OrderGround>>()?;
    let event = OrderEvent::OrderOpened {
        subject,
        district,
        lines,
    };
    tx.record::<Order>(id.as_str(), [event])
}

/// Money has come. The same notification again changes nothing.
///
/// # Errors
/// The reference moved other money before.
pub fn record_payment(tx: &mut Transaction, id: &OrderId, transfer: Transfer) -> Result<(), Halt> {
    let order = load(tx, id)?;
    if !claim(tx, id, &transfer, false)? {
        return Ok(());
    }
    has_room(&order)?;
    tx.record::<Order>(id.as_str(), [OrderEvent::PaymentReceived { transfer }])
}

/// Money has gone back.
///
/// # Errors
/// More than is due back, or the reference moved other money before.
pub fn record_refund(tx: &mut Transaction, id: &OrderId, transfer: Transfer) -> Result<(), Halt> {
    let order = load(tx, id)?;
    if !claim(tx, id, &transfer, true)? {
        return Ok(());
    }
    has_room(&order)?;
    let due = order.refund_due();
    if transfer.amount > due {
        return Err(OrderGround::RefundTooLarge { due }.into());
    }
    tx.record::<Order>(id.as_str(), [OrderEvent::RefundMade { transfer }])
}

/// What it was paid for is done, in the same transaction.
///
/// # Errors
/// Unless it is paid and not used yet.
pub fn mark_used(tx: &mut Transaction, id: &OrderId) -> Result<(), Halt> {
    let order = load(tx, id)?;
    is_not_ended(&order)?;
    let outstanding = order.outstanding();
    if !outstanding.is_zero() {
        return Err(OrderGround::NotPaid { outstanding }.into());
    }
    tx.record::<Order>(id.as_str(), [OrderEvent::OrderUsed])
}

/// Nothing will be done for it: what was paid is due back, also what comes later.
///
/// # Errors
/// It was used or cancelled before, or a decision has set it.
pub fn cancel(tx: &mut Transaction, id: &OrderId, reason: Text<500>) -> Result<(), Halt> {
    let order = load(tx, id)?;
    if order.subject.as_str().starts_with(OF_DECISIONS) {
        return Err(OrderGround::OfADecision.into());
    }
    is_not_ended(&order)?;
    tx.record::<Order>(id.as_str(), [OrderEvent::OrderCancelled { reason }])
}

pub(super) fn load(tx: &mut Transaction, id: &OrderId) -> Result<Arc<Order>, Halt> {
    tx.load::<Order>(id.as_str())?
        .ok_or_else(|| OrderGround::Unknown.into())
}

fn is_not_ended(order: &Order) -> Result<(), OrderGround> {
    match order.ending {
        None => Ok(()),
        Some(Ending::Used) => Err(OrderGround::Ended { is: "used" }),
        Some(Ending::Cancelled) => Err(OrderGround::Ended { is: "cancelled" }),
    }
}

fn has_room(order: &Order) -> Result<(), OrderGround> {
    if order.payments.len() + order.refunds.len() < MOST_TRANSFERS {
        Ok(())
    } else {
        Err(OrderGround::TooManyTransfers)
    }
}

/// Claims a reference for one transfer. `false`: this very transfer claimed it before.
fn claim(
    tx: &mut Transaction,
    order: &OrderId,
    transfer: &Transfer,
    refund: bool,
) -> Result<bool, Halt> {
    let id = transfer.reference.as_str();
    match tx.load::<UsedReference>(id)? {
        Some(used)
            if used.order == *order && used.amount == transfer.amount && used.refund == refund =>
        {
            Ok(false)
        }
        Some(_) => Err(OrderGround::ReferenceTaken.into()),
        None => {
            let event = UsedReferenceEvent::ReferenceUsed {
                order: order.clone(),
                amount: transfer.amount,
                refund,
            };
            tx.record::<UsedReference>(id, [event])?;
            Ok(true)
        }
    }
}
