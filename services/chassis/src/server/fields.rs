//! Turns a request's raw fields into value types and collects every violation on the way, so that a caller learns of
//! all of them at once.

use super::errors::{Failure, FieldViolation};
use crate::domain::Invalid;
use jiff::Timestamp;
use std::fmt::{Display, Write};
use std::ops::RangeInclusive;

/// Most violations kept; further ones change nothing for the caller.
const MOST_KEPT: usize = 100;

/// The fields of one request, or of one message inside it.
///
/// ```ignore
/// let mut fields = Fields::new();
/// let road = fields.required("permit.road", &permit.road, RoadName::parse);
/// let lanes = fields.each("permit.lanes", &permit.lanes, 1..=20, |lane, fields| {
///     fields.number("index", lane.index, 1..=12)
/// });
/// let (road, lanes) = fields.finish((road, lanes))?;
/// ```
///
/// Every method answers `None` if the field is wrong, after noting why; [`Fields::finish`] turns the collected
/// options into values or into one [`Failure::Invalid`].
#[derive(Debug, Default)]
pub struct Fields {
    /// Path of the message being read, with its final dot; empty at the top.
    prefix: String,
    violations: Vec<FieldViolation>,
}

impl Fields {
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that a field is wrong.
    pub fn refuse(&mut self, field: &str, reason: Invalid) {
        if self.violations.len() < MOST_KEPT {
            let field = format!("{}{field}", self.prefix);
            self.violations.push(FieldViolation { field, reason });
        }
    }

    fn note<T>(&mut self, field: &str, parsed: Result<T, Invalid>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(reason) => {
                self.refuse(field, reason);
                None
            }
        }
    }

    /// A text that must not be empty.
    pub fn required<T>(
        &mut self,
        field: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        if text.is_empty() {
            self.refuse(field, missing());
            return None;
        }
        self.note(field, parse(text))
    }

    /// A text that may be left empty: `Some(None)`.
    pub fn optional<T>(
        &mut self,
        field: &str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Option<Option<T>> {
        if text.is_empty() {
            return Some(None);
        }
        self.note(field, parse(text)).map(Some)
    }

    /// A value of any other type.
    pub fn value<V, T>(
        &mut self,
        field: &str,
        value: V,
        parse: impl FnOnce(V) -> Result<T, Invalid>,
    ) -> Option<T> {
        self.note(field, parse(value))
    }

    /// A text of so many characters (not bytes), without control characters other than line breaks and tabs.
    pub fn text(
        &mut self,
        field: &str,
        text: &str,
        characters: RangeInclusive<usize>,
    ) -> Option<String> {
        self.note(field, plain_text(text, characters))
    }

    /// A number in a range.
    pub fn number<N: PartialOrd + Display + Copy>(
        &mut self,
        field: &str,
        number: N,
        range: RangeInclusive<N>,
    ) -> Option<N> {
        if range.contains(&number) {
            return Some(number);
        }
        let (low, high) = (range.start(), range.end());
        self.refuse(
            field,
            Invalid::new(
                format!("must be between {low} and {high}"),
                format!("应在 {low} 至 {high} 之间"),
            ),
        );
        None
    }

    /// A message that must be set.
    pub fn message<M, T>(
        &mut self,
        field: &str,
        message: Option<&M>,
        read: impl FnOnce(&M, &mut Self) -> Option<T>,
    ) -> Option<T> {
        let Some(message) = message else {
            self.refuse(field, missing());
            return None;
        };
        self.within(field, |fields| read(message, fields))
    }

    /// A message that may be left out: `Some(None)`.
    pub fn optional_message<M, T>(
        &mut self,
        field: &str,
        message: Option<&M>,
        read: impl FnOnce(&M, &mut Self) -> Option<T>,
    ) -> Option<Option<T>> {
        match message {
            None => Some(None),
            Some(message) => self.within(field, |fields| read(message, fields)).map(Some),
        }
    }

    /// A list with a bound on its length; every element is read, so that every violation is found.
    pub fn each<M, T>(
        &mut self,
        field: &str,
        list: &[M],
        length: RangeInclusive<usize>,
        mut read: impl FnMut(&M, &mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        if !length.contains(&list.len()) {
            let (low, high) = (length.start(), length.end());
            self.refuse(
                field,
                Invalid::new(
                    format!("must have {low} to {high} elements, has {}", list.len()),
                    format!("应有 {low} 至 {high} 项"),
                ),
            );
            return None;
        }
        let mut values = Vec::with_capacity(list.len());
        for (index, element) in list.iter().enumerate() {
            let value = self.within(&format!("{field}[{index}]"), |fields| read(element, fields));
            values.extend(value);
        }
        (values.len() == list.len()).then_some(values)
    }

    /// A list of plain values (texts, numbers).
    pub fn list<V, T>(
        &mut self,
        field: &str,
        list: &[V],
        length: RangeInclusive<usize>,
        mut parse: impl FnMut(&V) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        self.each(field, list, length, |element, fields| {
            // The element's own path is the prefix without its dot.
            match parse(element) {
                Ok(value) => Some(value),
                Err(reason) => {
                    fields.refuse_here(reason);
                    None
                }
            }
        })
    }

    /// A point in time that must be set.
    pub fn timestamp(
        &mut self,
        field: &str,
        timestamp: Option<&pbjson_types::Timestamp>,
    ) -> Option<Timestamp> {
        let Some(timestamp) = timestamp else {
            self.refuse(field, missing());
            return None;
        };
        self.note(field, parse_timestamp(timestamp))
    }

    /// A point in time that may be left out: `Some(None)`.
    pub fn optional_timestamp(
        &mut self,
        field: &str,
        timestamp: Option<&pbjson_types::Timestamp>,
    ) -> Option<Option<Timestamp>> {
        match timestamp {
            None => Some(None),
            Some(timestamp) => self.note(field, parse_timestamp(timestamp)).map(Some),
        }
    }

    /// An enumeration: `read` answers the domain's value, or `None` for values that mean nothing to it. The zero
    /// value `..._UNSPECIFIED` is refused as missing, a number that the contract does not know as unknown.
    pub fn choice<E: TryFrom<i32>, T>(
        &mut self,
        field: &str,
        number: i32,
        read: impl FnOnce(E) -> Option<T>,
    ) -> Option<T> {
        if number == 0 {
            self.refuse(field, missing());
            return None;
        }
        let value = E::try_from(number).ok().and_then(read);
        if value.is_none() {
            self.refuse(
                field,
                Invalid::new("not a value of this enumeration", "不是有效的枚举值"),
            );
        }
        value
    }

    /// The id in a resource name of one variable part: `resource("name", "permits/p1", "permits/{permit}")` is `p1`.
    pub fn resource(&mut self, field: &str, name: &str, pattern: &str) -> Option<String> {
        if name.is_empty() {
            self.refuse(field, missing());
            return None;
        }
        let id = super::names::resource_id(name, pattern).map(str::to_owned);
        if id.is_none() {
            self.refuse(
                field,
                Invalid::new(
                    format!("must be a resource name like {pattern}"),
                    format!("应为 {pattern} 形式的资源名称"),
                ),
            );
        }
        id
    }

    /// Reads something whose fields all lie under `field`.
    pub fn within<T>(&mut self, field: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.prefix.len();
        // Writing to a `String` cannot fail.
        let _ = write!(self.prefix, "{field}.");
        let value = read(self);
        self.prefix.truncate(outer);
        value
    }

    fn refuse_here(&mut self, reason: Invalid) {
        if self.violations.len() < MOST_KEPT {
            let field = self.prefix.trim_end_matches('.').to_owned();
            self.violations.push(FieldViolation { field, reason });
        }
    }

    /// The values, if every field was good.
    ///
    /// # Errors
    /// [`Failure::Invalid`] with every violation.
    pub fn finish<C: Complete>(self, collected: C) -> Result<C::Values, Failure> {
        if !self.violations.is_empty() {
            return Err(Failure::Invalid(self.violations));
        }
        collected
            .complete()
            .ok_or_else(|| Failure::internal("a field was dropped without a violation"))
    }
}

/// A tuple of options, or one option, that becomes the tuple of its values if none is `None`.
pub trait Complete {
    type Values;
    fn complete(self) -> Option<Self::Values>;
}

impl<T> Complete for Option<T> {
    type Values = T;
    fn complete(self) -> Option<T> {
        self
    }
}

macro_rules! complete_tuples {
    ($(($($value:ident),+))+) => {$(
        impl<$($value),+> Complete for ($(Option<$value>,)+) {
            type Values = ($($value,)+);
            #[expect(non_snake_case, reason = "a variable a type parameter")]
            fn complete(self) -> Option<Self::Values> {
                let ($($value,)+) = self;
                Some(($($value?,)+))
            }
        }
    )+};
}
complete_tuples! {
    (A) (A, B) (A, B, C) (A, B, C, D) (A, B, C, D, E) (A, B, C, D, E, F) (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H) (A, B, C, D, E, F, G, H, I) (A, B, C, D, E, F, G, H, I, J)
    (A, B, C, D, E, F, G, H, I, J, K) (A, B, C, D, E, F, G, H, I, J, K, L)
}

fn missing() -> Invalid {
    Invalid::new("is required", "必填")
}

fn plain_text(text: &str, characters: RangeInclusive<usize>) -> Result<String, Invalid> {
    let (low, high) = (*characters.start(), *characters.end());
    if text.is_empty() && low > 0 {
        return Err(missing());
    }
    // Counting stops past the bound: a text of 4 MiB is not walked to its end.
    let length = text.chars().take(high + 1).count();
    if !characters.contains(&length) {
        return Err(Invalid::new(
            format!("must have {low} to {high} characters"),
            format!("应为 {low} 至 {high} 个字符"),
        ));
    }
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        return Err(Invalid::new(
            "must not contain control characters",
            "不得含有控制字符",
        ));
    }
    Ok(text.to_owned())
}

/// Between the years 1 and 9999, as `google.protobuf.Timestamp` demands, cut to the microsecond that commits store.
fn parse_timestamp(timestamp: &pbjson_types::Timestamp) -> Result<Timestamp, Invalid> {
    const FIRST: i64 = -62_135_596_800;
    const LAST: i64 = 253_402_207_199;
    let out_of_range = || {
        Invalid::new(
            "must be a time between the years 1 and 9999, its nanos between 0 and 999999999",
            "时间应在公元 1 年至 9999 年之间，纳秒应在 0 至 999999999 之间",
        )
    };
    let in_range =
        (FIRST..=LAST).contains(&timestamp.seconds) && (0..=999_999_999).contains(&timestamp.nanos);
    if !in_range {
        return Err(out_of_range());
    }
    let whole_microseconds = timestamp.nanos / 1_000 * 1_000;
    Timestamp::new(timestamp.seconds, whole_microseconds).map_err(|_| out_of_range())
}

/// From the domain's time to the contract's.
pub fn to_timestamp(time: Timestamp) -> pbjson_types::Timestamp {
    // jiff keeps seconds and nanoseconds of the same sign; the contract's nanos always count forward.
    let (mut seconds, mut nanos) = (time.as_second(), time.subsec_nanosecond());
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    pbjson_types::Timestamp { seconds, nanos }
}

#[cfg(test)]
mod tests;
