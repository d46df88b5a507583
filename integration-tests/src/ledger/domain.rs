//! Accounts: opened once, never overdrawn.

use chassis::domain::{Aggregate, Halt, LegalBasis, Refusal, RefusalKind, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) balance: i64,
    pub(super) entries: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Event {
    Opened,
    Deposited { amount: i64 },
    Sent { amount: i64, to: String },
    Received { amount: i64, from: String },
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Event = Event;

    fn evolve(state: Option<Self>, event: &Event, _: Timestamp) -> Option<Self> {
        let change = match event {
            Event::Opened => {
                return Some(Self {
                    balance: 0,
                    entries: 0,
                });
            }
            Event::Deposited { amount } | Event::Received { amount, .. } => *amount,
            Event::Sent { amount, .. } => -*amount,
        };
        state.map(|account| Self {
            balance: account.balance.saturating_add(change),
            entries: account.entries.saturating_add(1),
        })
    }
}

/// Why the ledger says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    Taken,
    NoSuchAccount,
    Overdrawn,
    SameAccount,
}

impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Taken => "an account of this number exists",
            Self::NoSuchAccount => "no account of this number exists",
            Self::Overdrawn => "the balance is too small",
            Self::SameAccount => "must be another account",
        })
    }
}

impl Refusal for Ground {
    fn reason(&self) -> &'static str {
        match self {
            Self::Taken => "ACCOUNT_TAKEN",
            Self::NoSuchAccount => "ACCOUNT_UNKNOWN",
            Self::Overdrawn => "ACCOUNT_OVERDRAWN",
            Self::SameAccount => "SAME_ACCOUNT",
        }
    }

    fn kind(&self) -> RefusalKind {
        match self {
            Self::Taken => RefusalKind::Taken,
            Self::NoSuchAccount => RefusalKind::Unknown,
            Self::Overdrawn => RefusalKind::Forbidden,
            Self::SameAccount => RefusalKind::Field("to"),
        }
    }

    /// No law is involved.
    fn basis(&self) -> Option<LegalBasis> {
        None
    }

    fn zh(&self) -> String {
        match self {
            Self::Taken => "账户已存在",
            Self::NoSuchAccount => "账户不存在",
            Self::Overdrawn => "余额不足",
            Self::SameAccount => "转入账户应为另一账户",
        }
        .to_owned()
    }
}

pub(super) fn open(tx: &mut Transaction<'_>, id: &str) -> Result<(), Halt> {
    if tx.load::<Account>(id)?.is_some() {
        return Err(Ground::Taken.into());
    }
    tx.record::<Account>(id, [Event::Opened])
}

pub(super) fn deposit(tx: &mut Transaction<'_>, id: &str, amount: i64) -> Result<(), Halt> {
    tx.load::<Account>(id)?.ok_or(Ground::NoSuchAccount)?;
    tx.record::<Account>(id, [Event::Deposited { amount }])
}

pub(super) fn transfer(
    tx: &mut Transaction<'_>,
    from: &str,
    to: &str,
    amount: i64,
) -> Result<(), Halt> {
    if from == to {
        return Err(Ground::SameAccount.into());
    }
    let source = tx.load::<Account>(from)?.ok_or(Ground::NoSuchAccount)?;
    tx.load::<Account>(to)?.ok_or(Ground::NoSuchAccount)?;
    if source.balance < amount {
        return Err(Ground::Overdrawn.into());
    }
    let sent = Event::Sent {
        amount,
        to: to.to_owned(),
    };
    let received = Event::Received {
        amount,
        from: from.to_owned(),
    };
    tx.record::<Account>(from, [sent])?;
    tx.record::<Account>(to, [received])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_takes_from_one_what_it_gives_to_the_other() {
        let at = Timestamp::UNIX_EPOCH;
        let full = |balance| {
            Some(Account {
                balance,
                entries: 1,
            })
        };
        let sent = Event::Sent {
            amount: 30,
            to: "b".into(),
        };
        let received = Event::Received {
            amount: 30,
            from: "a".into(),
        };
        let from = Account::evolve(full(100), &sent, at).unwrap();
        let to = Account::evolve(full(5), &received, at).unwrap();
        assert_eq!((from.balance, to.balance), (70, 35));
    }
}
