//! The docket of one vehicle, or of one person without a motor vehicle: its records, so that one act is not fined twice,
//! five unhandled records are seen, and many drivers for one vehicle are noticed.

use super::conduct::Conduct;
use super::ground::Ground;
use super::oversize::OversizePermit;
use super::standards::Standards;
use super::values::CaseId;
use super::violation::event::Filing;
use chassis::domain::values::{DocumentNumber, PlateNumber, Text};
use chassis::domain::{Aggregate, Halt, PersonRef, Transaction};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Open records that one docket holds at most; a vehicle beyond it must be stopped, not photographed.
pub const MOST_OPEN: usize = 1_000;
/// Closed records are kept for a year, at most so many; beyond that a fine for each open record that may be its act.
const MOST_CLOSED: usize = 200;
/// Records further apart in time are two acts, whatever the city's standards say.
pub(super) const MOST_APART: SignedDuration = SignedDuration::from_hours(2);
/// Permits of one vehicle: permits grants fewer at a time, and a run takes days.
const MOST_TRANSPORTS: usize = 200;
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 366);

/// Five or more unhandled records allow a decision in absence (Order 157 art. 54(1)).
pub const DEFAULT_FROM: usize = 5;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Docket {
    pub entries: Vec<Entry>,
    pub trading_suspected: bool,
    /// Transports that permits has granted to this vehicle, by the permit.
    pub transports: Vec<(DocumentNumber, OversizePermit)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub case: CaseId,
    pub conduct: Conduct,
    pub road: Text<100>,
    pub acted_at: Timestamp,
    pub standing: Standing,
    /// Who took the record, and when.
    pub handled_by: Option<(PersonRef, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Open,
    /// The party was told and has not come by this time.
    HandleBy(Timestamp),
    /// A fine was imposed and stands.
    Fined,
    /// Decided without a fine, cancelled, or not punished.
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocketEvent {
    CaseFiled {
        case: CaseId,
        conduct: Conduct,
        road: Text<100>,
        acted_at: Timestamp,
    },
    CaseMoved {
        case: CaseId,
        standing: Standing,
        handled_by: Option<PersonRef>,
    },
    /// So many drivers have taken records of this vehicle within twelve months.
    TradingSuspected {
        plate: PlateNumber,
        drivers: Vec<PersonRef>,
    },
    SuspicionCleared,
    /// All that is known now of a permit that names this vehicle.
    TransportPermitted {
        permit: DocumentNumber,
        known: OversizePermit,
    },
}

impl Aggregate for Docket {
    const TYPE: &'static str = "docket";
    type Event = DocketEvent;

    fn evolve(state: Option<Self>, event: &DocketEvent, at: Timestamp) -> Option<Self> {
        let mut docket = state.unwrap_or_default();
        match event {
            DocketEvent::CaseFiled {
                case,
                conduct,
                road,
                acted_at,
            } => {
                docket.entries.push(Entry {
                    case: case.clone(),
                    conduct: *conduct,
                    road: road.clone(),
                    acted_at: *acted_at,
                    standing: Standing::Open,
                    handled_by: None,
                });
                docket.forget(at);
            }
            DocketEvent::CaseMoved {
                case,
                standing,
                handled_by,
            } => {
                if let Some(entry) = docket.entries.iter_mut().find(|e| e.case == *case) {
                    entry.standing = *standing;
                    if let Some(person) = handled_by {
                        entry.handled_by = Some((person.clone(), at));
                    }
                }
            }
            DocketEvent::TradingSuspected { .. } => docket.trading_suspected = true,
            DocketEvent::SuspicionCleared => docket.trading_suspected = false,
            DocketEvent::TransportPermitted { permit, known } => {
                docket.permit(permit, known, at);
            }
        }
        Some(docket)
    }
}

impl Docket {
    /// Drops closed records that no rule looks at any more.
    fn forget(&mut self, now: Timestamp) {
        let remembered = self.fines_of_open_acts();
        let stays = |entry: &Entry| entry.is_open() || remembered.contains(&entry.case);
        self.entries
            .retain(|entry| stays(entry) || entry.acted_at + KEPT > now);
        let closed = self.entries.iter().filter(|entry| !stays(entry)).count();
        let mut surplus = closed.saturating_sub(MOST_CLOSED);
        self.entries.retain(|entry| {
            let drop = surplus > 0 && !stays(entry);
            surplus -= usize::from(drop);
            !drop
        });
    }

    /// The fines without which an open record's act would be fined twice (Administrative Penalty Law art. 29): for each open
    /// record the one nearest in time, if it may be for the same act.
    fn fines_of_open_acts(&self) -> BTreeSet<CaseId> {
        let fines = self.entries.iter();
        let fines: Vec<&Entry> = fines
            .filter(|entry| entry.standing == Standing::Fined)
            .collect();
        let open = self.entries.iter().filter(|entry| entry.is_open());
        open.filter_map(|entry| {
            let twins = fines.iter().filter(|fine| {
                fine.conduct == entry.conduct
                    && fine.road == entry.road
                    && fine.apart_from(entry.acted_at) <= MOST_APART
            });
            twins.min_by_key(|fine| fine.apart_from(entry.acted_at))
        })
        .map(|fine| fine.case.clone())
        .collect()
    }

    /// Keeps what is known of a permit; drops those that ended before any record that can still be filed.
    fn permit(&mut self, permit: &DocumentNumber, known: &OversizePermit, now: Timestamp) {
        self.transports.retain(|(other, known)| {
            let current = known.ends().is_none_or(|ends| ends + KEPT > now);
            other != permit && current
        });
        if self.transports.len() == MOST_TRANSPORTS {
            self.transports.remove(0);
        }
        self.transports.push((permit.clone(), known.clone()));
    }

    /// Another record of the same act: same conduct, same road, close in time.
    fn same_act(&self, filing: &Filing, within: SignedDuration) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            entry.conduct == filing.act.conduct
                && entry.road == filing.place.road
                && entry.apart_from(filing.acted_at) <= within
        })
    }

    /// Records of overload, open or closed.
    pub fn overloads(&self) -> impl Iterator<Item = CaseId> {
        let overloads = self.entries.iter();
        overloads
            .filter(|entry| entry.conduct == Conduct::Overloading)
            .map(|entry| entry.case.clone())
    }

    /// Records whose thirty days have passed at `now`.
    pub fn overdue(&self, now: Timestamp) -> usize {
        self.entries
            .iter()
            .filter(|entry| matches!(entry.standing, Standing::HandleBy(by) if by <= now))
            .count()
    }

    /// Drivers who took records of this vehicle since `since`, each once.
    fn handlers(&self, since: Timestamp) -> Vec<PersonRef> {
        let mut handlers: Vec<PersonRef> = self
            .entries
            .iter()
            .filter_map(|entry| entry.handled_by.as_ref())
            .filter(|(_, at)| *at > since)
            .map(|(person, _)| person.clone())
            .collect();
        handlers.sort();
        handlers.dedup();
        handlers
    }
}

impl Entry {
    /// Not decided, cancelled or let go.
    pub fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Open | Standing::HandleBy(_))
    }

    /// How far in time it is from another act.
    fn apart_from(&self, acted_at: Timestamp) -> SignedDuration {
        self.acted_at.duration_since(acted_at).abs()
    }
}

/// The id of a vehicle's docket.
pub fn of_vehicle(plate: &PlateNumber) -> String {
    format!("v-{}", plate.key())
}

/// The docket that a case belongs to: the vehicle's, else the person's. Records that name neither have none.
pub fn of_filing(filing: &Filing) -> Option<String> {
    match (&filing.plate, &filing.party) {
        (Some(plate), _) => Some(of_vehicle(plate)),
        (None, Some(party)) => Some(format!("p-{}", party.person.person)),
        (None, None) => None,
    }
}

/// Enters a new case, and answers an earlier one of the same act.
pub(super) fn enter(
    tx: &mut Transaction,
    case: &CaseId,
    filing: &Filing,
) -> Result<Option<CaseId>, Halt> {
    let Some(id) = of_filing(filing) else {
        return Ok(None);
    };
    let docket = tx.load::<Docket>(&id)?.unwrap_or_default();
    if docket.entries.iter().filter(|e| e.is_open()).count() >= MOST_OPEN {
        return Err(Ground::DocketFull.into());
    }
    let standards = Standards::on(tx.context.calendar.date(filing.acted_at));
    let within = standards.same_act_within(filing.act.conduct);
    let earlier = docket.same_act(filing, within).map(|e| e.case.clone());
    tx.record::<Docket>(&id, [filed(case, filing)])?;
    Ok(earlier)
}

fn filed(case: &CaseId, filing: &Filing) -> DocketEvent {
    DocketEvent::CaseFiled {
        case: case.clone(),
        conduct: filing.act.conduct,
        road: filing.place.road.clone(),
        acted_at: filing.acted_at,
    }
}

/// A case that was closed or fined is open again, and entered anew if the docket has forgotten it since.
pub(super) fn reopen(
    tx: &mut Transaction,
    case: &CaseId,
    filing: &Filing,
    standing: Standing,
) -> Result<(), Halt> {
    if let Some(id) = of_filing(filing) {
        let docket = tx.load::<Docket>(&id)?.unwrap_or_default();
        if !docket.entries.iter().any(|entry| entry.case == *case) {
            tx.record::<Docket>(&id, [filed(case, filing)])?;
        }
    }
    move_case(tx, case, filing, standing, None)
}

/// A fine for this act stands already under another case: it is not fined twice (Administrative Penalty Law art. 29).
pub(super) fn not_fined_twice(
    tx: &mut Transaction,
    case: &CaseId,
    filing: &Filing,
) -> Result<(), Halt> {
    let Some(id) = of_filing(filing) else {
        return Ok(());
    };
    let docket = tx.load::<Docket>(&id)?.unwrap_or_default();
    let standards = Standards::on(tx.context.calendar.date(filing.acted_at));
    let within = standards.same_act_within(filing.act.conduct);
    let fined = docket.entries.iter().find(|entry| {
        entry.case != *case
            && entry.standing == Standing::Fined
            && entry.conduct == filing.act.conduct
            && entry.road == filing.place.road
            && entry.apart_from(filing.acted_at) <= within
    });
    match fined {
        Some(entry) => Err(Ground::AlreadyFined {
            case: entry.case.clone(),
        }
        .into()),
        None => Ok(()),
    }
}

/// Moves a case on its docket; notices when too many drivers take the records of one vehicle.
pub(super) fn move_case(
    tx: &mut Transaction,
    case: &CaseId,
    filing: &Filing,
    standing: Standing,
    handled_by: Option<PersonRef>,
) -> Result<(), Halt> {
    let Some(id) = of_filing(filing) else {
        return Ok(());
    };
    let suspect = filing.plate.as_ref().filter(|_| handled_by.is_some());
    tx.record::<Docket>(
        &id,
        [DocketEvent::CaseMoved {
            case: case.clone(),
            standing,
            handled_by,
        }],
    )?;
    if let Some(plate) = suspect {
        suspect_trading(tx, &id, plate)?;
    }
    Ok(())
}

fn suspect_trading(tx: &mut Transaction, id: &str, plate: &PlateNumber) -> Result<(), Halt> {
    let docket = tx.load::<Docket>(id)?.unwrap_or_default();
    let (now, calendar) = (tx.now(), tx.context.calendar);
    let since = calendar.instant(calendar.local(now) - 12.months());
    let drivers = docket.handlers(since);
    let threshold = Standards::on(calendar.date(now)).trading_drivers;
    if docket.trading_suspected || drivers.len() < threshold {
        return Ok(());
    }
    let plate = plate.clone();
    tx.record::<Docket>(id, [DocketEvent::TradingSuspected { plate, drivers }])
}

/// An officer has looked into it and found no trade.
///
/// # Errors
/// If nothing is suspected of this vehicle.
pub fn clear_suspicion(tx: &mut Transaction, plate: &PlateNumber) -> Result<(), Halt> {
    let id = of_vehicle(plate);
    match tx.load::<Docket>(&id)? {
        Some(docket) if docket.trading_suspected => {
            tx.record::<Docket>(&id, [DocketEvent::SuspicionCleared])
        }
        _ => Err(Ground::NothingSuspected.into()),
    }
}
