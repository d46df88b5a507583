//! What is owed on a fine: the fifteen days, the surcharge of three percent a day, instalments, the days that do not count.

use chassis::domain::LegalCalendar;
use chassis::domain::values::{DocumentNumber, Fen};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// One part of a fine, and by when it is to be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    pub amount: Fen,
    /// The first instant at which it is late.
    pub due: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    pub amount: Fen,
    pub reference: DocumentNumber,
    pub paid_at: Timestamp,
}

/// Days on which no surcharge runs: reconsideration and lawsuit (Administrative Penalty Law art. 73(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// The account of one fine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub fine: Fen,
    /// In the order of their dates; they add up to the fine. One, unless instalments were granted.
    pub instalments: Vec<Instalment>,
    pub payments: Vec<Payment>,
    /// Ordered back to the party, because the fine was lowered or fell.
    pub refunded: Fen,
    pub pauses: Vec<Pause>,
    /// Surcharge of the days before instalments were granted.
    #[serde(default)]
    pub accrued: Fen,
}

impl Account {
    /// Instalments that can be granted.
    pub const MOST_INSTALMENTS: usize = 24;
    /// Payments that one fine can take.
    pub const MOST_PAYMENTS: usize = 200;

    pub fn of(fine: Fen, due: Timestamp) -> Self {
        Self {
            fine,
            instalments: vec![Instalment { amount: fine, due }],
            payments: Vec::new(),
            refunded: Fen::ZERO,
            pauses: Vec::new(),
            accrued: Fen::ZERO,
        }
    }

    /// What was paid and not ordered back.
    pub fn paid(&self) -> Fen {
        sum(self.payments.iter().map(|payment| payment.amount)).less(self.refunded)
    }

    /// What had been paid by the start of a day. Refunds make no day late: they leave the fine and its surcharge paid.
    fn paid_before(&self, start: Timestamp) -> Fen {
        sum(self
            .payments
            .iter()
            .filter(|payment| payment.paid_at < start)
            .map(|payment| payment.amount))
    }

    /// Three percent of what is late, for each day begun after it was due, at most the fine (Administrative Penalty Law art.
    /// 72(1)(1), Order 157 art. 60(1)). Payments count towards the fine before the surcharge.
    pub fn surcharge(&self, calendar: &LegalCalendar, at: Timestamp) -> Fen {
        let mut surcharge = self.accrued.min(self.fine);
        let Some(first_due) = self.instalments.iter().map(|part| part.due).min() else {
            return surcharge;
        };
        let today = calendar.date(at);
        let mut day = calendar.date(first_due);
        // At most the days since the fine was due; the cap usually ends it after 34.
        while day <= today && surcharge < self.fine {
            surcharge = surcharge
                .plus(self.surcharge_of(calendar, day))
                .min(self.fine);
            day += 1.day();
        }
        surcharge
    }

    fn surcharge_of(&self, calendar: &LegalCalendar, day: Date) -> Fen {
        if self.is_paused(calendar, day) {
            return Fen::ZERO;
        }
        let start = calendar.start_of(day);
        let late = self.instalments.iter().filter(|part| part.due <= start);
        let due = sum(late.map(|part| part.amount));
        due.less(self.paid_before(start)).percent(3)
    }

    fn is_paused(&self, calendar: &LegalCalendar, day: Date) -> bool {
        self.pauses.iter().any(|pause| {
            calendar.date(pause.from) <= day
                && pause.until.is_none_or(|until| day <= calendar.date(until))
        })
    }

    /// What is still to be paid at `at`, surcharge included.
    pub fn owed(&self, calendar: &LegalCalendar, at: Timestamp) -> Fen {
        self.fine
            .plus(self.surcharge(calendar, at))
            .less(self.paid())
    }

    /// What was paid beyond what is to be paid at `at`, surcharge included.
    pub fn overpaid(&self, calendar: &LegalCalendar, at: Timestamp) -> Fen {
        self.paid()
            .less(self.fine.plus(self.surcharge(calendar, at)))
    }

    /// The instant at which the first part not yet covered by payments is late; `None` if all is covered.
    pub fn next_due(&self) -> Option<Timestamp> {
        let mut covered = self.paid();
        for part in &self.instalments {
            if covered < part.amount {
                return Some(part.due);
            }
            covered = covered.less(part.amount);
        }
        None
    }
}

fn sum(amounts: impl Iterator<Item = Fen>) -> Fen {
    amounts.fold(Fen::ZERO, Fen::plus)
}

/// As much of `amount` as `part` is of `whole`, rounded down to the fen (in the payer's favour); never more than `amount`.
fn share(amount: Fen, part: Fen, whole: Fen) -> Fen {
    if part >= whole {
        return amount;
    }
    // 128 bits: the product of two amounts does not fit 64.
    let share = u128::from(amount.get()) * u128::from(part.get()) / u128::from(whole.get());
    u64::try_from(share)
        .ok()
        .and_then(Fen::new)
        .unwrap_or(amount)
}

impl Account {
    /// The fine is lowered: the last instalments fall away first, and the surcharge, three percent of the fine a day, falls
    /// with the fine (Administrative Penalty Law art. 72(1)(1)).
    pub fn vary(&mut self, fine: Fen) {
        self.accrued = share(self.accrued, fine, self.fine);
        let mut rest = fine;
        for part in &mut self.instalments {
            part.amount = part.amount.min(rest);
            rest = rest.less(part.amount);
        }
        self.instalments.retain(|part| !part.amount.is_zero());
        self.fine = fine;
    }
}
