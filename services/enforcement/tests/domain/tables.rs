//! The tables of rules: which version of them decides an act, and which tables are refused.

use crate::fixtures::*;
use chassis::domain::values::Fen;
use enforcement::domain::assessment::assess;
use enforcement::domain::conduct::{Act, Conduct, Road};
use enforcement::domain::ground::Ground;
use enforcement::domain::rules::Rules;
use jiff::civil::date;

const OLD_AND_NEW: &str = r#"
instrument = "Sample Rules"
[[version]]
effective = "2020-01-01"
[[version.penalty]]
article = "art. 1"
when = { conduct = ["red_light", "phone_use"] }
fine = [100, 200]
[[version.points]]
article = "art. 2"
points = 6
when = { conduct = ["red_light"] }
[[version]]
effective = "2026-01-01"
[[version.penalty]]
article = "art. 1"
when = { conduct = ["red_light", "seat_belt"] }
fine = [FINE]
[[version.points]]
article = "art. 2"
points = POINTS
when = { conduct = ["red_light"] }
"#;

fn changed(fine: &str, points: &str) -> Rules {
    Rules::parse(&[&OLD_AND_NEW.replace("FINE", fine).replace("POINTS", points)]).unwrap()
}

#[test]
fn the_rules_of_the_act_decide_unless_the_later_are_milder_penalty_law_art_37() {
    let (before, after) = (date(2025, 12, 31), date(2026, 1, 1));
    let red = act(Conduct::RedLight);
    for (fine, points, acted, most, given, version) in [
        ("50, 150", "3", before, 150, 3, after),
        ("50, 300", "9", before, 200, 6, date(2020, 1, 1)),
        ("100, 200", "6", before, 200, 6, date(2020, 1, 1)),
        ("50, 300", "9", after, 300, 9, after),
    ] {
        let found = assess(&changed(fine, points), &red, acted, after).unwrap();
        assert_eq!(found.penalty.fine.unwrap().most, Fen::yuan(most), "{fine}");
        assert_eq!(found.points, given, "{fine}");
        assert_eq!(found.penalty.rules[0].effective, version, "{fine}");
        assert_eq!(found.points_rule.unwrap().effective, version, "{fine}");
    }
    // No offence any more; no offence then.
    let rules = changed("50, 150", "3");
    let judge = |conduct| assess(&rules, &act(conduct), before, after);
    assert_eq!(judge(Conduct::PhoneUse), Err(Ground::NoRuleInForce));
    assert_eq!(judge(Conduct::SeatBelt), Err(Ground::NoRuleInForce));
}

#[test]
fn acts_before_order_163_have_the_milder_points_of_both() {
    let (before, after) = (date(2022, 3, 31), date(2022, 4, 1));
    for (conduct, points, instrument) in [
        (Conduct::PlateMissing, 9, "Order 163"),
        (Conduct::PlateFittedWrongly, 3, "Order 163"),
        (Conduct::ProhibitorySign, 1, "Order 163"),
        (Conduct::PhoneUse, 2, "Order 139"),
        (Conduct::ExpresswayIllegalStop, 6, "Order 139"),
        (Conduct::RedLight, 6, "Order 139"),
    ] {
        let act = Act {
            road: Road::Expressway,
            ..act(conduct)
        };
        let found = assess(Rules::shipped(), &act, before, after).unwrap();
        assert_eq!(found.points, points, "{conduct:?}");
        let rule = found.points_rule.unwrap();
        assert_eq!(rule.basis.instrument, instrument, "{conduct:?}");
    }
}

#[test]
fn a_broken_table_is_refused_with_its_place() {
    for (broken, why) in [
        (
            OLD_AND_NEW
                .replace("FINE", "300, 200")
                .replace("POINTS", "3"),
            "least fine",
        ),
        (
            OLD_AND_NEW.replace("FINE", "1, 2").replace("POINTS", "5"),
            "never given",
        ),
        (
            OLD_AND_NEW
                .replace("2026-01-01", "2019-01-01")
                .replace("FINE", "1, 2")
                .replace("POINTS", "3"),
            "order of their dates",
        ),
        (
            OLD_AND_NEW
                .replace("fine =", "fnie =")
                .replace("FINE", "1, 2")
                .replace("POINTS", "3"),
            "fnie",
        ),
    ] {
        let said = Rules::parse(&[&broken]).unwrap_err();
        assert!(said.contains(why), "{said}");
    }
}
