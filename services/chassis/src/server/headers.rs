//! What a request's metadata says besides who sends it: the deadline, and the position it wants to see.

use super::errors::Failure;
use crate::domain::Invalid;
use http::HeaderMap;
use std::time::Duration;

/// `grpc-timeout`: at most eight digits and a unit, as the gRPC protocol has it.
pub(super) fn timeout(headers: &HeaderMap) -> Result<Option<Duration>, Failure> {
    let Some(value) = headers.get("grpc-timeout") else {
        return Ok(None);
    };
    parse_timeout(value.as_bytes()).map(Some).ok_or_else(|| {
        Failure::field(
            "grpc-timeout",
            Invalid::new(
                "must be 1 to 8 digits and one of H, M, S, m, u, n",
                "格式应为 1 至 8 位数字加单位",
            ),
        )
    })
}

fn parse_timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    let amount = number(digits, 8)?;
    match unit {
        b'H' => Some(Duration::from_secs(amount * 3_600)),
        b'M' => Some(Duration::from_secs(amount * 60)),
        b'S' => Some(Duration::from_secs(amount)),
        b'm' => Some(Duration::from_millis(amount)),
        b'u' => Some(Duration::from_micros(amount)),
        b'n' => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// `traffic-min-position`; 0 if there is none.
pub(super) fn min_position(headers: &HeaderMap) -> Result<u64, Failure> {
    let Some(value) = headers.get(super::guard::MIN_POSITION) else {
        return Ok(0);
    };
    number(value.as_bytes(), 20).ok_or_else(|| {
        Failure::field(
            super::guard::MIN_POSITION,
            Invalid::new(
                "must be an unsigned number below 2^64",
                "应为小于 2^64 的非负整数",
            ),
        )
    })
}

fn number(digits: &[u8], most_digits: usize) -> Option<u64> {
    // `str::parse` would take a plus sign.
    if digits.is_empty() || digits.len() > most_digits || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_up_to_eight_digits_and_a_unit() {
        assert_eq!(parse_timeout(b"1H"), Some(Duration::from_secs(3600)));
        assert_eq!(parse_timeout(b"2M"), Some(Duration::from_secs(120)));
        assert_eq!(parse_timeout(b"3S"), Some(Duration::from_secs(3)));
        assert_eq!(parse_timeout(b"4m"), Some(Duration::from_millis(4)));
        assert_eq!(parse_timeout(b"5u"), Some(Duration::from_micros(5)));
        assert_eq!(
            parse_timeout(b"99999999n"),
            Some(Duration::from_nanos(99_999_999))
        );
        for bad in [
            "",
            "S",
            "1",
            "1s",
            "-1S",
            "+1S",
            "123456789S",
            "1.5S",
            " 1S",
        ] {
            assert_eq!(parse_timeout(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_position_is_an_unsigned_64_bit_number() {
        assert_eq!(number(b"0", 20), Some(0));
        assert_eq!(number(b"18446744073709551615", 20), Some(u64::MAX));
        for bad in ["", "-1", "+1", "1.0", "18446744073709551616", "0x1", "1 "] {
            assert_eq!(number(bad.as_bytes(), 20), None, "{bad}");
        }
    }
}
