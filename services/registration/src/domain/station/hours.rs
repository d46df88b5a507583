//! When a station is open, in slots of equal length.

use chassis::domain::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Minutes of a day.
const DAY: u16 = 24 * 60;

/// Part of a day, in minutes after midnight: `from` is in it, `until` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    pub from: u16,
    pub until: u16,
}

/// The windows of working days and of other days (weekends and public holidays), each a list in order without overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpeningHours {
    slot_minutes: u16,
    working_days: Vec<Window>,
    other_days: Vec<Window>,
}

/// A slot of a day, by the minute after midnight at which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot(u16);

impl Slot {
    pub fn begins_minute(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl OpeningHours {
    /// Windows of one kind of day, at most.
    pub const MOST_WINDOWS: usize = 4;

    /// `slot_minutes` divides an hour; each window is a whole number of slots.
    ///
    /// # Errors
    /// Otherwise; or if windows overlap, or are out of order.
    pub fn new(
        slot_minutes: u16,
        working_days: Vec<Window>,
        other_days: Vec<Window>,
    ) -> Result<Self, Invalid> {
        if !matches!(slot_minutes, 10 | 15 | 20 | 30 | 60) {
            return Err(Invalid::new(
                "a slot must have 10, 15, 20, 30 or 60 minutes",
                "每个时段应为 10、15、20、30 或 60 分钟",
            ));
        }
        for windows in [&working_days, &other_days] {
            let in_order = windows.windows(2).all(|w| w[0].until <= w[1].from);
            let whole = windows.iter().all(|window| {
                window.from < window.until
                    && window.until <= DAY
                    && window.from.is_multiple_of(slot_minutes)
                    && window.until.is_multiple_of(slot_minutes)
            });
            if windows.len() > Self::MOST_WINDOWS || !in_order || !whole {
                return Err(Invalid::new(
                    "a day has at most 4 windows, in order, apart, each of whole slots within the day",
                    "每日至多 4 个营业时段，应按先后排列、互不重叠，且为预约时段的整数倍",
                ));
            }
        }
        Ok(Self {
            slot_minutes,
            working_days,
            other_days,
        })
    }

    pub fn slot_minutes(&self) -> u16 {
        self.slot_minutes
    }

    pub fn of_day(&self, is_working_day: bool) -> &[Window] {
        if is_working_day {
            &self.working_days
        } else {
            &self.other_days
        }
    }

    /// All slots of a day, in order: at most 144.
    pub fn slots(&self, is_working_day: bool) -> impl Iterator<Item = Slot> {
        let step = usize::from(self.slot_minutes);
        self.of_day(is_working_day)
            .iter()
            .flat_map(move |window| (window.from..window.until).step_by(step))
            .map(Slot)
    }

    /// The slot that begins at a minute; `None` if none does.
    pub fn slot_at(&self, is_working_day: bool, minute: u16) -> Option<Slot> {
        self.slots(is_working_day).find(|slot| slot.0 == minute)
    }

    /// The slot that a minute lies in.
    pub fn slot_around(&self, is_working_day: bool, minute: u16) -> Option<Slot> {
        self.slots(is_working_day)
            .find(|slot| (slot.0..slot.0 + self.slot_minutes).contains(&minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: u16, until: u16) -> Window {
        Window { from, until }
    }

    #[test]
    fn a_day_is_cut_into_slots_that_lie_in_its_windows() {
        let hours = OpeningHours::new(
            30,
            vec![window(510, 570), window(840, 900)],
            vec![window(540, 600)],
        )
        .unwrap();
        let slots =
            |working| -> Vec<String> { hours.slots(working).map(|s| s.to_string()).collect() };
        assert_eq!(slots(true), ["08:30", "09:00", "14:00", "14:30"]);
        assert_eq!(slots(false), ["09:00", "09:30"]);
        assert_eq!(hours.slot_at(true, 570), None, "closed from here");
        assert_eq!(hours.slot_around(true, 569).unwrap().begins_minute(), 540);
        assert_eq!(hours.slot_around(true, 570), None);
    }

    #[test]
    fn windows_are_apart_in_order_and_of_whole_slots() {
        for bad in [
            vec![window(600, 600)],
            vec![window(0, 1_470)],
            vec![window(545, 605)],
            vec![window(600, 660), window(540, 600)],
            vec![window(540, 630), window(600, 660)],
        ] {
            assert!(
                OpeningHours::new(30, bad.clone(), vec![]).is_err(),
                "{bad:?}"
            );
        }
        assert!(OpeningHours::new(25, vec![], vec![]).is_err());
        let round_the_clock = OpeningHours::new(10, vec![window(0, 1_440)], vec![]).unwrap();
        assert_eq!(round_the_clock.slots(true).count(), 144);
    }
}
