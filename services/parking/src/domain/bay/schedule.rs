//! When a road occupation closes what it touches: from when, until when, at which hours of the day.

use crate::domain::rates::LOCAL;
use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// The time a closure holds. It does not end by itself with its planned end: a road is given back to traffic only when
/// road authority and police have accepted the works (Road Traffic Safety Law art. 32(2)), so it goes on until the
/// permit's reopening is published. As long as nobody has said that the works are overdue, it goes on in its daily hours, and no
/// longer than [`ClosureSchedule::LONGEST_OVERRUN`], so that a lost message does not close a bay for ever. Once they are known to
/// be overdue, it has no end: whatever hours were permitted are over, and the road is taken round the clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosureSchedule {
    from: Timestamp,
    planned_until: Timestamp,
    daily: Option<DailyHours>,
    /// The planned end has passed, and the works are known to go on.
    #[serde(default)]
    overdue: bool,
}

/// Hours of the local day; from later than until means over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyHours {
    pub from: Time,
    pub until: Time,
}

/// A stretch of time without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub from: Timestamp,
    /// [`Timestamp::MAX`]: nobody knows yet.
    pub until: Timestamp,
}

impl Window {
    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

impl ClosureSchedule {
    pub const LONGEST_OVERRUN: SignedDuration = SignedDuration::from_hours(30 * 24);
    /// Two years: longer works are permitted anew. Bounds the search for the next change.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(2 * 366 * 24);

    /// Equal daily hours mean the whole day. `None` if it ends before it begins or is longer than [`Self::LONGEST`].
    pub fn new(
        from: Timestamp,
        planned_until: Timestamp,
        daily: Option<DailyHours>,
    ) -> Option<Self> {
        let length = planned_until.duration_since(from);
        let daily = daily.filter(|hours| hours.from != hours.until);
        (length > SignedDuration::ZERO && length <= Self::LONGEST).then_some(Self {
            from,
            planned_until,
            daily,
            overdue: false,
        })
    }

    /// Whether the works are known to go on after the planned end.
    pub fn set_overdue(&mut self, overdue: bool) {
        self.overdue = overdue;
    }

    /// The window that holds `at`.
    pub fn window_at(&self, at: Timestamp) -> Option<Window> {
        if let Some(overrun) = self.overrun().filter(|overrun| overrun.holds(at)) {
            return Some(overrun);
        }
        let today = LOCAL.to_datetime(at).date();
        [today - 1.day(), today]
            .into_iter()
            .filter_map(|day| self.window_of(day))
            .find(|window| window.holds(at))
    }

    /// The first start of a window at or after `at`.
    pub fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        let first = LOCAL.to_datetime(at.max(self.from)).date() - 1.day();
        // Yesterday's window may begin after midnight only by clipping, today's may have begun already: three days suffice.
        (0..4_i64)
            .filter_map(|days| self.window_of(first + days.days()))
            .chain(self.overrun())
            .map(|window| window.from)
            .filter(|start| *start >= at)
            .min()
    }

    /// The time after the planned end of works that are known to be overdue.
    fn overrun(&self) -> Option<Window> {
        self.overdue.then_some(Window {
            from: self.planned_until,
            until: Timestamp::MAX,
        })
    }

    /// The window that begins on a local day, or for the whole time if there are no daily hours.
    fn window_of(&self, day: Date) -> Option<Window> {
        let last = if self.overdue {
            self.planned_until
        } else {
            self.planned_until + Self::LONGEST_OVERRUN
        };
        let (from, until) = match self.daily {
            None => (self.from, last),
            Some(hours) => {
                let end_day = if hours.until > hours.from {
                    day
                } else {
                    day + 1.day()
                };
                let from = local(day, hours.from).max(self.from);
                (from, local(end_day, hours.until).min(last))
            }
        };
        (from < until).then_some(Window { from, until })
    }
}

fn local(day: Date, time: Time) -> Timestamp {
    LOCAL
        .to_timestamp(day.to_datetime(time))
        .expect("closures lie within the years that a timestamp can hold")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn nightly() -> ClosureSchedule {
        ClosureSchedule::new(
            at("2026-03-02T00:00:00+08:00"),
            at("2026-03-05T00:00:00+08:00"),
            Some(DailyHours {
                from: time(22, 0, 0, 0),
                until: time(6, 0, 0, 0),
            }),
        )
        .unwrap()
    }

    #[test]
    fn nightly_hours_run_over_midnight() {
        let schedule = nightly();
        assert_eq!(schedule.window_at(at("2026-03-02T21:59:59+08:00")), None);
        assert_eq!(
            schedule.window_at(at("2026-03-03T02:00:00+08:00")),
            Some(Window {
                from: at("2026-03-02T22:00:00+08:00"),
                until: at("2026-03-03T06:00:00+08:00")
            })
        );
        assert_eq!(
            schedule.window_at(at("2026-03-03T06:00:00+08:00")),
            None,
            "the end is open"
        );
        assert_eq!(
            schedule.next_start(at("2026-03-03T06:00:00+08:00")),
            Some(at("2026-03-03T22:00:00+08:00"))
        );
    }

    #[test]
    fn the_first_day_clips_the_night_before() {
        let schedule = nightly();
        assert_eq!(
            schedule.window_at(at("2026-03-02T01:00:00+08:00")),
            Some(Window {
                from: at("2026-03-02T00:00:00+08:00"),
                until: at("2026-03-02T06:00:00+08:00")
            })
        );
        assert_eq!(
            schedule.next_start(at("2026-02-01T00:00:00+08:00")),
            Some(at("2026-03-02T00:00:00+08:00"))
        );
    }

    #[test]
    fn it_goes_on_after_its_planned_end_but_not_for_ever() {
        let schedule = nightly();
        assert!(
            schedule
                .window_at(at("2026-03-20T23:00:00+08:00"))
                .is_some()
        );
        assert!(
            schedule
                .window_at(at("2026-04-03T23:00:00+08:00"))
                .is_some()
        );
        assert_eq!(
            schedule.window_at(at("2026-04-04T00:00:00+08:00")),
            None,
            "30 days after the planned end"
        );
        assert_eq!(schedule.next_start(at("2026-04-04T00:00:00+08:00")), None);
    }

    #[test]
    fn overdue_works_close_round_the_clock_from_their_planned_end_on_and_nobody_knows_until_when() {
        let mut schedule = nightly();
        schedule.set_overdue(true);
        let planned_until = at("2026-03-05T00:00:00+08:00");
        let overrun = Window {
            from: planned_until,
            until: Timestamp::MAX,
        };
        for noon in ["2026-03-05T12:00:00+08:00", "2027-03-05T12:00:00+08:00"] {
            assert_eq!(schedule.window_at(at(noon)), Some(overrun), "{noon}");
        }
        assert_eq!(schedule.next_start(planned_until), Some(planned_until));
        // Until then its hours hold; the last night ends with the planned time and goes over into it.
        assert_eq!(schedule.window_at(at("2026-03-04T12:00:00+08:00")), None);
        assert_eq!(
            schedule.window_at(at("2026-03-04T23:00:00+08:00")),
            Some(Window {
                from: at("2026-03-04T22:00:00+08:00"),
                until: planned_until
            })
        );
        schedule.set_overdue(false);
        assert_eq!(schedule, nightly(), "more time was given");
    }

    #[test]
    fn without_daily_hours_it_is_one_window() {
        let schedule = ClosureSchedule::new(
            at("2026-03-02T08:00:00+08:00"),
            at("2026-03-03T08:00:00+08:00"),
            None,
        )
        .unwrap();
        assert_eq!(
            schedule.next_start(at("2026-03-01T00:00:00+08:00")),
            Some(at("2026-03-02T08:00:00+08:00"))
        );
        assert_eq!(schedule.next_start(at("2026-03-02T08:00:01+08:00")), None);
        assert!(
            schedule
                .window_at(at("2026-03-02T08:00:00+08:00"))
                .is_some()
        );
        assert!(
            schedule
                .window_at(at("2026-03-02T07:59:59+08:00"))
                .is_none()
        );
    }

    #[test]
    fn impossible_times_do_not_exist() {
        let now = at("2026-03-02T08:00:00+08:00");
        assert_eq!(ClosureSchedule::new(now, now, None), None);
        assert_eq!(
            ClosureSchedule::new(
                now,
                now + ClosureSchedule::LONGEST + SignedDuration::from_secs(1),
                None
            ),
            None
        );
    }
}
