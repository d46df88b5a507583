//! Days at the door.

use chassis::domain::District;
use chassis::domain::Invalid;
use chassis::server::Fields;
use jiff::civil::Date;
use traffic_proto::registration::v1 as proto;

/// Years 1980 to 2100: before, nothing was registered; after, nothing is planned.
fn parse(text: &str) -> Result<Date, Invalid> {
    let shaped = text.len() == 10;
    text.parse::<Date>()
        .ok()
        .filter(|day| shaped && (1980..=2100).contains(&day.year()))
        .ok_or_else(|| {
            Invalid::new(
                "must be a day such as 2026-03-02, of the years 1980 to 2100",
                "应为 1980 至 2100 年间的日期，如 2026-03-02",
            )
        })
}

pub(super) fn required(field: &str, day: Option<&proto::Day>, fields: &mut Fields) -> Option<Date> {
    let text = day.map_or("", |day| day.value.as_str());
    fields.required(field, text, parse)
}

pub(super) fn optional(
    field: &str,
    day: Option<&proto::Day>,
    fields: &mut Fields,
) -> Option<Option<Date>> {
    let text = day.map_or("", |day| day.value.as_str());
    fields.optional(field, text, parse)
}

pub(super) fn day(day: Date) -> Option<proto::Day> {
    Some(proto::Day {
        value: day.to_string(),
    })
}

/// A district: six digits.
pub(super) fn district(text: &str) -> Result<District, Invalid> {
    let digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| digits)
        .and_then(District::new)
        .ok_or_else(|| {
            Invalid::new(
                "must be a division code of six digits, such as 371702",
                "应为六位行政区划代码，如 371702",
            )
        })
}
