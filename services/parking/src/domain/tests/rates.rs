//! What a stay costs: Beijing parking regulations arts. 28 and 32.

use super::super::rates::{Period, RateProblem, RateTable, RateTableDraft, Step};
use super::*;
use jiff::civil::time;

fn sample() -> RateTable {
    tariff::parse_sample(SAMPLE_TARIFF).expect("valid").1.rates
}

fn cost(from: &str, until: &str) -> u64 {
    sample()
        .charge(ts(from), ts(until), VehicleClass::Small)
        .amount
        .get()
}

fn day_cost(from: &str, until: &str) -> u64 {
    sample()
        .charge(at(from), at(until), VehicleClass::Small)
        .amount
        .get()
}

#[test]
fn only_completed_units_are_charged_to_the_last_second_art_32_1_3() {
    for (until, expected) in [
        ("09:00:00", 0),
        ("09:14:59", 0),
        ("09:15:00", 0),
        ("09:29:59", 0),
        ("09:30:00", 150),
        ("09:44:59", 150),
        ("09:45:00", 300),
        ("09:59:59", 300),
        ("10:00:00", 450),
        ("10:14:59", 450),
        ("10:15:00", 450 + 225),
        ("11:00:00", 450 + 4 * 225),
    ] {
        assert_eq!(day_cost("09:00:00", until), expected, "until {until}");
    }
}

#[test]
fn day_turns_into_night_to_the_second_and_the_unit_that_it_cuts_is_free() {
    // 20:50 is 4 minutes short of a quarter at 21:00; the night then counts in units of two hours.
    assert_eq!(day_cost("19:00:00", "20:59:59"), 450 + 3 * 225);
    assert_eq!(day_cost("19:00:00", "21:00:00"), 450 + 4 * 225);
    assert_eq!(
        day_cost("19:01:00", "21:00:00"),
        450 + 3 * 225,
        "the quarter cut at 21:00"
    );
    assert_eq!(day_cost("19:00:00", "22:59:59"), 450 + 4 * 225);
    assert_eq!(day_cost("19:00:00", "23:00:00"), 450 + 4 * 225 + 100);
}

#[test]
fn a_night_runs_over_midnight_without_a_break() {
    // Two hours begin at 21:15, after the free quarter: 23:15, 01:15, 03:15, 05:15.
    assert_eq!(
        cost("2026-03-02T21:00:00+08:00", "2026-03-03T01:14:59+08:00"),
        100
    );
    assert_eq!(
        cost("2026-03-02T21:00:00+08:00", "2026-03-03T01:15:00+08:00"),
        200
    );
    assert_eq!(
        cost("2026-03-02T21:00:00+08:00", "2026-03-03T07:00:00+08:00"),
        400
    );
    assert_eq!(
        cost("2026-03-02T21:00:00+08:00", "2026-03-03T07:15:00+08:00"),
        400 + 225
    );
}

#[test]
fn any_24_hours_cost_at_most_the_cap_and_the_next_begin_anew() {
    let table = sample();
    let arrival = at("09:00:00");
    let cost = |hours: i64, extra_seconds: i64| {
        let left = arrival + SignedDuration::from_secs(hours * 3600 + extra_seconds);
        table.charge(arrival, left, VehicleClass::Small)
    };
    // By day 12 h: 450 + 44 * 225 = 10,350, so the cap holds long before the day is over.
    assert_eq!(cost(12, 0).amount, fen(6_000));
    assert_eq!(cost(12, 0).capped, fen(450 + 44 * 225 - 6_000));
    assert_eq!(cost(24, -1).amount, fen(6_000));
    assert_eq!(cost(24, 0).amount, fen(6_000));
    assert_eq!(cost(24, 15 * 60 - 1).amount, fen(6_000));
    assert_eq!(cost(24, 15 * 60).amount, fen(6_225));
    assert_eq!(cost(48, 0).amount, fen(12_000));
}

#[test]
fn a_large_vehicle_pays_its_factor_of_price_and_cap() {
    let table = sample();
    let cost = |until: &str| {
        table
            .charge(at("09:00:00"), at(until), VehicleClass::Large)
            .amount
    };
    assert_eq!(cost("10:00:00"), fen(900));
    assert_eq!(cost("21:00:00"), fen(12_000));
}

#[test]
fn beyond_the_maximum_stay_nothing_is_added() {
    let table = sample();
    let arrival = at("09:00:00");
    let seven_days = table.charge(
        arrival,
        arrival + SignedDuration::from_hours(7 * 24),
        VehicleClass::Small,
    );
    let eight_days = table.charge(
        arrival,
        arrival + SignedDuration::from_hours(8 * 24),
        VehicleClass::Small,
    );
    assert_eq!(seven_days, eight_days);
    assert_eq!(seven_days.amount, fen(7 * 6_000));
    assert!(seven_days.lines.len() <= RateTable::MAX_LINES);
}

#[test]
fn a_stay_that_ends_before_it_began_costs_nothing() {
    assert_eq!(day_cost("09:00:00", "08:00:00"), 0);
}

#[test]
fn the_receipt_adds_up() {
    let charge = sample().charge(at("08:10:00"), at("23:59:00"), VehicleClass::Small);
    let lines: u64 = charge.lines.iter().map(|line| line.amount.get()).sum();
    assert_eq!(lines, charge.amount.get() + charge.capped.get());
    for line in &charge.lines {
        assert_eq!(
            line.amount.get(),
            u64::from(line.units) * line.unit_price.get()
        );
        let full_units =
            line.until.duration_since(line.from).as_mins() / i64::from(line.unit_minutes);
        assert_eq!(i64::from(line.units), full_units);
    }
}

fn step(from: u32, until: u32, unit: u32) -> Step {
    Step {
        from_minutes: from,
        until_minutes: until,
        unit_minutes: unit,
        price: fen(100),
    }
}

fn table(day: Vec<Step>) -> Result<RateTable, Vec<RateProblem>> {
    RateTable::new(RateTableDraft {
        day: Period {
            begins: time(7, 0, 0, 0),
            steps: day,
        },
        night: Period {
            begins: time(21, 0, 0, 0),
            steps: vec![step(0, 600, 60)],
        },
        cap_per_24_hours: fen(5_000),
        large_vehicle_percent: 150,
        maximum_stay_minutes: 600,
    })
}

#[test]
fn rates_must_cover_zero_to_the_maximum_stay_without_gap_or_overlap() {
    let day = "day";
    assert!(table(vec![step(0, 60, 15), step(60, 600, 15)]).is_ok());
    for (steps, problem) in [
        (vec![], RateProblem::NoStep { period: day }),
        (
            vec![step(1, 600, 15)],
            RateProblem::DoesNotBeginAtZero {
                period: day,
                from: 1,
            },
        ),
        (
            vec![step(0, 60, 15), step(61, 600, 15)],
            RateProblem::Gap {
                period: day,
                from: 60,
                until: 61,
            },
        ),
        (
            vec![step(0, 60, 15), step(59, 600, 15)],
            RateProblem::Overlap {
                period: day,
                from: 59,
                until: 60,
            },
        ),
        (
            vec![step(0, 599, 15)],
            RateProblem::DoesNotEndAtMaximum {
                period: day,
                until: 599,
                maximum: 600,
            },
        ),
        (
            vec![step(0, 601, 15)],
            RateProblem::DoesNotEndAtMaximum {
                period: day,
                until: 601,
                maximum: 600,
            },
        ),
        (
            vec![step(0, 600, 0)],
            RateProblem::BadStep {
                period: day,
                from: 0,
            },
        ),
        (
            vec![step(0, 10, 11), step(10, 600, 15)],
            RateProblem::BadStep {
                period: day,
                from: 0,
            },
        ),
        (
            vec![step(0, 1, 1); 25],
            RateProblem::TooManySteps { period: day },
        ),
    ] {
        assert_eq!(
            table(steps.clone()).unwrap_err(),
            vec![problem],
            "{steps:?}"
        );
    }
    let mut too_dear = vec![step(0, 600, 15)];
    too_dear[0].price = RateTable::MAX_PRICE.checked_plus(fen(1)).unwrap();
    assert_eq!(
        table(too_dear).unwrap_err(),
        vec![RateProblem::PriceTooHigh]
    );
}

#[test]
fn every_problem_of_a_table_is_told_at_once() {
    let mut draft = sample().draft().clone();
    draft.maximum_stay_minutes = 59;
    draft.large_vehicle_percent = 99;
    draft.night.begins = draft.day.begins;
    let problems = RateTable::new(draft).unwrap_err();
    assert!(problems.contains(&RateProblem::BadMaximum(59)));
    assert!(problems.contains(&RateProblem::BadFactor(99)));
    assert!(problems.contains(&RateProblem::NoNight));
}

#[test]
fn a_table_from_a_file_is_checked_like_any_other() {
    let broken = SAMPLE_TARIFF.replace("from_minutes = 60", "from_minutes = 61");
    assert!(
        tariff::parse_sample(&broken)
            .unwrap_err()
            .contains("nothing covers the minutes 60 to 61")
    );
}

#[test]
fn a_version_takes_effect_tomorrow_at_the_earliest_and_never_changes_art_32_1_2() {
    let (name, version) = tariff::parse_sample(SAMPLE_TARIFF).unwrap();
    let effective = |day: &str| {
        let mut version = version.clone();
        version.effective_from = day.parse().unwrap();
        version
    };
    let basis = Some("Beijing Motor Vehicle Parking Regulations art. 32(1)(2)");
    let id = tariff_id();
    Scenario::at("2026-03-02T23:59:59+08:00")
        .when(|tx| tariff::create(tx, &id, name.clone(), version.clone()))
        .and()
        .when(|tx| tariff::create(tx, &id, name.clone(), version.clone()))
        .then_refused("TARIFF_EXISTS", None)
        .when(|tx| tariff::publish_version(tx, &id, effective("2026-03-02")))
        .then_refused("TARIFF_IN_THE_PAST", basis)
        .when(|tx| tariff::publish_version(tx, &id, effective("2026-03-03")))
        .and()
        .when(|tx| tariff::publish_version(tx, &id, effective("2026-03-03")))
        .then_refused("TARIFF_DATE_TAKEN", basis)
        .when(|tx| {
            tariff::publish_version(
                tx,
                &TariffId::parse("other").unwrap(),
                effective("2026-03-04"),
            )
        })
        .then_refused("TARIFF_NOT_FOUND", None);
}

#[test]
fn an_arrival_is_charged_by_the_version_of_its_local_day() {
    let (name, version) = tariff::parse_sample(SAMPLE_TARIFF).unwrap();
    let mut dearer = version.clone();
    dearer.effective_from = "2026-03-03".parse().unwrap();
    let id = tariff_id();
    let story = Scenario::at("2026-03-02T08:00:00+08:00")
        .when(|tx| tariff::create(tx, &id, name, version))
        .and()
        .when(|tx| tariff::publish_version(tx, &id, dearer))
        .and();
    let tariff = story.state::<tariff::Tariff>("class-1");
    let day_of = |arrival: &str| {
        tariff
            .version_at(ts(arrival))
            .unwrap()
            .effective_from
            .to_string()
    };
    assert_eq!(day_of("2026-03-02T23:59:59+08:00"), "2024-01-01");
    assert_eq!(day_of("2026-03-03T00:00:00+08:00"), "2026-03-03");
    assert!(tariff.version_at(ts("2023-12-31T23:59:59+08:00")).is_none());
}

#[test]
fn a_tariff_takes_a_hundred_versions_and_no_more() {
    let (name, version) = tariff::parse_sample(SAMPLE_TARIFF).unwrap();
    let id = tariff_id();
    let mut story = Scenario::at("2026-03-02T08:00:00+08:00")
        .when(|tx| tariff::create(tx, &id, name, version.clone()))
        .and();
    let day = |number: i64| {
        let mut version = version.clone();
        version.effective_from =
            "2026-03-02".parse::<jiff::civil::Date>().unwrap() + jiff::Span::new().days(number);
        version
    };
    for number in 1..100 {
        story = story
            .when(|tx| tariff::publish_version(tx, &id, day(number)))
            .and();
    }
    story
        .when(|tx| tariff::publish_version(tx, &id, day(100)))
        .then_refused("TOO_MANY_TARIFF_VERSIONS", None);
}
