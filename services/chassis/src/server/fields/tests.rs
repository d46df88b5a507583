use super::*;
use pbjson_types::Timestamp as Raw;

fn violations(outcome: Result<impl std::fmt::Debug, Failure>) -> Vec<String> {
    match outcome {
        Err(Failure::Invalid(violations)) => violations.into_iter().map(|v| v.field).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_violation_of_a_request_is_reported_at_once_with_its_path() {
    let mut fields = Fields::new();
    let name = fields.text("permit.title", "", 1..=10);
    let lanes = fields.each("permit.lanes", &[1, 99, 2, -1], 1..=10, |lane, fields| {
        fields.number("index", *lane, 1..=12)
    });
    let inner = fields.message("permit.site", Some(&()), |(), fields| {
        fields.message("segment", Some(&()), |(), fields| {
            fields.text("road", "x\u{0}", 1..=10)
        })
    });
    let missing = fields.message("permit.plan", None::<&()>, |(), _| Some(()));
    let outcome = fields.finish((name, lanes, inner, missing));
    assert_eq!(
        violations(outcome),
        [
            "permit.title",
            "permit.lanes[1].index",
            "permit.lanes[3].index",
            "permit.site.segment.road",
            "permit.plan",
        ]
    );
}

#[test]
fn good_fields_come_out_as_their_values() {
    let mut fields = Fields::new();
    let name = fields.text("name", "道路", 2..=2);
    let size = fields.number("size", 5_u32, 1..=5);
    let codes = fields.list("codes", &["a", "b"], 0..=2, |code| Ok(code.len()));
    let none = fields.optional_message("plan", None::<&()>, |(), _| Some(()));
    let left_out = fields.optional("note", "", |_| Err::<(), _>(missing()));
    let outcome = fields.finish((name, size, codes, none, left_out)).unwrap();
    assert_eq!(outcome, ("道路".to_owned(), 5, vec![1, 1], None, None));
}

#[test]
fn lengths_count_characters_and_lists_are_bounded() {
    let mut fields = Fields::new();
    assert!(fields.text("a", &"路".repeat(100), 1..=100).is_some());
    assert!(fields.text("b", &"路".repeat(101), 1..=100).is_none());
    assert!(fields.text("c", &"x".repeat(4 << 20), 1..=100).is_none());
    assert!(
        fields
            .each("d", &[0; 11], 0..=10, |_, _| Some(()))
            .is_none()
    );
    assert!(
        fields
            .list("e", &["x"], 1..=1, |_| Err::<(), _>(missing()))
            .is_none()
    );
    assert!(fields.number("f", f64::NAN, 0.0..=1.0).is_none());
    let all = violations(fields.finish(Some(())));
    assert_eq!(all, ["b", "c", "d", "e[0]", "f"]);
}

#[test]
fn timestamps_outside_the_calendar_or_with_bad_nanos_are_refused() {
    for (seconds, nanos) in [
        (i64::MAX, 0),
        (i64::MIN, 0),
        (253_402_300_800, 0),
        (-62_135_596_801, 0),
        (0, -1),
        (0, 1_000_000_000),
        (0, i32::MIN),
    ] {
        let mut fields = Fields::new();
        let time = fields.timestamp("start_time", Some(&Raw { seconds, nanos }));
        assert_eq!(
            violations(fields.finish(time)),
            ["start_time"],
            "{seconds} {nanos}"
        );
    }
    let mut fields = Fields::new();
    assert!(fields.timestamp("start_time", None).is_none());
    for seconds in [253_402_207_199, -62_135_596_800, 0, -1] {
        let raw = Raw {
            seconds,
            nanos: 999_999_000,
        };
        let time = fields.timestamp("t", Some(&raw)).unwrap();
        assert_eq!(to_timestamp(time), raw);
    }
}

#[derive(Debug, PartialEq)]
enum Kind {
    Works,
}

impl TryFrom<i32> for Kind {
    type Error = ();
    fn try_from(number: i32) -> Result<Self, ()> {
        if number == 1 {
            Ok(Self::Works)
        } else {
            Err(())
        }
    }
}

#[test]
fn unspecified_and_unknown_enumeration_values_are_refused() {
    let mut fields = Fields::new();
    assert_eq!(fields.choice("kind", 1, Some::<Kind>), Some(Kind::Works));
    for bad in [0, 2, -1, i32::MAX] {
        assert_eq!(fields.choice("kind", bad, Some::<Kind>), None);
    }
    assert_eq!(violations(fields.finish(Some(()))).len(), 4);
}

#[test]
fn the_number_of_violations_kept_is_bounded() {
    let mut fields = Fields::new();
    let all = fields.each("bays", &[0; 100_000], 0..=100_000, |bay, fields| {
        fields.number("n", *bay, 1..=1)
    });
    assert_eq!(violations(fields.finish(all)).len(), MOST_KEPT);
}
