//! Codes of violations (GA/T 16.31): used within their days, for what they mean; what an act costs is never in their digits.

use crate::fixtures::*;
use enforcement::domain::codes::{Codes, ViolationCode};
use enforcement::domain::conduct::Conduct;
use enforcement::domain::ground::Ground;
use enforcement::domain::violation::capture::record_violation;
use enforcement::domain::violation::event::Filing;
use jiff::civil::date;

const LIST: &str = r#"
[[code]]
code = "1301"
meaning = "new"
conduct = "wrong_way"
from = "2012-01-01"
[[code]]
code = "1301"
meaning = "old"
conduct = "seat_belt"
from = "2008-01-01"
until = "2012-01-01"
"#;

fn code(text: &str) -> ViolationCode {
    ViolationCode::parse(text).unwrap()
}

#[test]
fn a_code_means_what_it_meant_on_the_day_of_the_act() {
    let codes = Codes::parse(LIST).unwrap();
    let check = |conduct, day| codes.check(&code("1301"), conduct, day);
    let (before, after) = (date(2011, 12, 31), date(2012, 1, 1));
    assert_eq!(check(Conduct::SeatBelt, before), Ok(()));
    assert_eq!(
        check(Conduct::SeatBelt, after),
        Err(Ground::CodeMeansAnother)
    );
    assert_eq!(check(Conduct::WrongWay, after), Ok(()));
    let early = date(2007, 12, 31);
    let unknown = Err(Ground::CodeNotInUse { day: early });
    assert_eq!(check(Conduct::SeatBelt, early), unknown);
    let valid: Vec<_> = codes.valid_on(before).map(|known| &known.meaning).collect();
    assert_eq!(valid, ["old"]);
}

#[test]
fn a_code_that_would_mean_two_things_at_once_is_refused() {
    let overlapping = LIST.replace("until = \"2012-01-01\"", "until = \"2012-01-02\"");
    assert!(Codes::parse(&overlapping).is_err());
    for bad in ["", "162", "162500", "16a5"] {
        assert!(ViolationCode::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_shipped_codes_are_valid_and_a_record_may_bear_one() {
    assert!(Codes::shipped().valid_on(today()).count() > 10);
    let filed = |text, conduct| Filing {
        code: Some(code(text)),
        ..camera(act(conduct))
    };
    start()
        .when(|tx| record_violation(tx, filed("1625", Conduct::RedLight)))
        .and()
        .when(|tx| record_violation(tx, filed("1625", Conduct::SeatBelt)))
        .then_refused("CODE_MEANS_ANOTHER", None)
        .when(|tx| record_violation(tx, filed("1091", Conduct::WrongWay)))
        .then_refused("CODE_NOT_IN_USE", None);
}
