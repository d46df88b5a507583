//! Requests that are wrong in every way that a contract allows to think of, made from its descriptors alone.
//!
//! A message on the wire may be followed by another of its type: scalars of the second replace those of the first,
//! messages inside merge. So a wrong value is a plausible message followed by the path to one field and the bytes of
//! the value, whatever the field's type, also such bytes as no generated client could send.

use bytes::{BufMut, Bytes, BytesMut};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Messages inside messages that are looked into.
const DEEPEST: usize = 6;
/// Characters of a text that is far too long.
const OVERSIZED: usize = 100_000;

/// One wrong request.
#[derive(Clone, Debug)]
pub struct Malformed {
    /// What is wrong with it, for messages of tests that fail.
    pub what: String,
    pub message: Bytes,
    /// The answer must be `INVALID_ARGUMENT` and name this field.
    pub names: Option<String>,
}

/// All wrong requests of a method with this input: empty, one for each field and wrong value, and `random` more.
pub fn requests(input: &MessageDescriptor, random: usize, seed: u64) -> Vec<Malformed> {
    let plausible = plausible(input, DEEPEST);
    let mut found = vec![
        Malformed {
            what: "empty".into(),
            message: Bytes::new(),
            names: None,
        },
        Malformed {
            what: "plausible".into(),
            message: plausible.clone().into(),
            names: None,
        },
    ];
    let mut path = Path::default();
    each_field(input, &mut path, &mut |path, field| {
        for wrong in wrong_values(field) {
            let mut message = plausible.clone();
            message.extend(path.to(&wrong.bytes));
            found.push(Malformed {
                what: format!("{} {}", path.name(field), wrong.what),
                message: message.into(),
                names: wrong.must_be_named.then(|| path.name(field)),
            });
        }
    });
    let mut rng = StdRng::seed_from_u64(seed);
    let singles: Vec<Bytes> = found.iter().map(|one| one.message.clone()).collect();
    for number in 0..random {
        found.push(Malformed {
            what: format!("random {number} of seed {seed}"),
            message: garbled(&singles, &mut rng),
            names: None,
        });
    }
    found
}

/// Several wrong requests one after the other, some of their bytes changed, some of them cut.
fn garbled(from: &[Bytes], rng: &mut StdRng) -> Bytes {
    let mut bytes = BytesMut::new();
    for _ in 0..rng.random_range(1..4) {
        let one = &from[rng.random_range(0..from.len())];
        if one.len() < OVERSIZED {
            bytes.extend_from_slice(one);
        }
    }
    for _ in 0..rng.random_range(0..8) {
        if !bytes.is_empty() {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = rng.random();
        }
    }
    if rng.random_bool(0.3) && !bytes.is_empty() {
        bytes.truncate(rng.random_range(0..bytes.len()));
    }
    bytes.freeze()
}

struct Wrong {
    what: &'static str,
    /// Key and value as on the wire, without the way to them.
    bytes: Vec<u8>,
    must_be_named: bool,
}

fn wrong_values(field: &FieldDescriptor) -> Vec<Wrong> {
    let number = field.number();
    let mut found = Vec::new();
    let mut add = |what: &'static str, bytes: Vec<u8>| {
        found.push(Wrong {
            what,
            bytes,
            must_be_named: false,
        });
    };
    match field.kind() {
        Kind::String => {
            add("empty", text(number, b""));
            add("oversized", text(number, &vec![b'a'; OVERSIZED]));
            add(
                "of control characters",
                text(number, b"\0\x07\r\n\x1b[31m\x7f"),
            );
            add(
                "right to left",
                text(number, "\u{202e}\u{feff}abc".as_bytes()),
            );
            add(
                "of wide characters",
                text(number, "路".repeat(3_000).as_bytes()),
            );
            add("a path", text(number, b"../../etc/passwd"));
            add("a subject", text(number, b"permits/>.*"));
        }
        Kind::Bytes => {
            add("empty", text(number, b""));
            add("oversized", text(number, &vec![0xff; OVERSIZED]));
        }
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            for (what, seconds, nanos) in [
                ("before all time", i64::MIN, 0),
                ("after all time", i64::MAX, 0),
                ("before year 1", -62_135_596_801, 0),
                ("year 1", -62_135_596_800, 0),
                ("after year 9999", 253_402_300_800, 0),
                ("long past", -1, 0),
                ("far away", 7_258_118_400, 0),
                ("of negative nanoseconds", 1_770_000_000, -1),
                (
                    "of too many nanoseconds",
                    1_770_000_000,
                    i64::from(i32::MAX),
                ),
            ] {
                let mut time = integer(1, seconds);
                time.extend(integer(2, nanos));
                add(what, text(number, &time));
            }
        }
        Kind::Message(_) => {
            add("empty", text(number, b""));
            add("of garbage", text(number, &[0xff; 16]));
            add("cut off", [key(number, 2), vec![0x7f]].concat());
            if field.is_list() {
                add("too many", text(number, b"").repeat(2_000));
            }
        }
        Kind::Enum(_) => {
            for (what, value) in [
                ("unknown", 9_999),
                ("negative", -1),
                ("overflowing", i64::MAX),
            ] {
                add(what, integer(number, value));
            }
        }
        Kind::Double => {
            let values = [
                ("not a number", f64::NAN),
                ("infinite", f64::INFINITY),
                ("minus infinite", f64::NEG_INFINITY),
                ("huge", f64::MAX),
                ("tiny", f64::MIN_POSITIVE / 2.0),
                ("out of range", -181.0),
            ];
            for (what, value) in values {
                let mut bytes = key(number, 1);
                bytes.extend(value.to_le_bytes());
                add(what, bytes);
            }
        }
        Kind::Float => {
            let mut bytes = key(number, 5);
            bytes.extend(f32::NAN.to_le_bytes());
            add("not a number", bytes);
        }
        Kind::Bool => add("neither", integer(number, 2)),
        _ => {
            for (what, value) in [
                ("negative", -1),
                ("zero", 0),
                ("least", i64::MIN),
                ("most", i64::MAX),
                ("over 32 bits", i64::from(u32::MAX) + 1),
                ("most of 32 bits", i64::from(i32::MAX)),
                ("most of unsigned 32 bits", i64::from(u32::MAX)),
            ] {
                add(what, integer(number, value));
            }
        }
    }
    if field.is_list() && !matches!(field.kind(), Kind::Message(_)) {
        let one = plausible_value(field, 1);
        add("too many", one.repeat(5_000));
    }
    // Of a member of a oneof the decoder names the oneof.
    let is_member = field
        .containing_oneof()
        .is_some_and(|oneof| !oneof.is_synthetic());
    if matches!(field.kind(), Kind::String) {
        found.push(Wrong {
            what: "not UTF-8",
            bytes: text(number, b"\xff\xfe\xc0\x80"),
            must_be_named: !is_member,
        });
    }
    found.push(Wrong {
        what: "of another wire type",
        bytes: match field.kind() {
            Kind::Double => text(number, b"1.0"),
            _ => [key(number, 1), vec![0; 8]].concat(),
        },
        must_be_named: !is_member,
    });
    found
}

/// The way to a message inside a message.
#[derive(Debug, Default)]
struct Path(Vec<FieldDescriptor>);

impl Path {
    fn name(&self, field: &FieldDescriptor) -> String {
        let parts = self.0.iter().chain([field]);
        parts
            .map(FieldDescriptor::name)
            .collect::<Vec<_>>()
            .join(".")
    }

    /// Wraps a field's bytes in the messages that lead to it.
    fn to(&self, bytes: &[u8]) -> Vec<u8> {
        let inside = bytes.to_vec();
        self.0
            .iter()
            .rev()
            .fold(inside, |inside, field| text(field.number(), &inside))
    }
}

fn each_field(
    message: &MessageDescriptor,
    path: &mut Path,
    visit: &mut impl FnMut(&Path, &FieldDescriptor),
) {
    for field in message.fields() {
        visit(path, &field);
        let Kind::Message(inner) = field.kind() else {
            continue;
        };
        let known = inner.full_name().starts_with("google.protobuf.");
        if !known && path.0.len() < DEEPEST {
            path.0.push(field);
            each_field(&inner, path, visit);
            path.0.pop();
        }
    }
}

/// A message with every field set to something of the right form.
fn plausible(message: &MessageDescriptor, depth: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut taken = Vec::new();
    for field in message.fields() {
        if let Some(oneof) = field.containing_oneof() {
            if taken.contains(&oneof.full_name().to_owned()) {
                continue;
            }
            taken.push(oneof.full_name().to_owned());
        }
        bytes.extend(plausible_value(&field, depth));
    }
    bytes
}

fn plausible_value(field: &FieldDescriptor, depth: usize) -> Vec<u8> {
    let number = field.number();
    match field.kind() {
        Kind::String => text(number, plausible_text(field).as_bytes()),
        Kind::Bytes => text(number, b"x"),
        Kind::Message(message) if message.full_name() == "google.protobuf.Timestamp" => {
            text(number, &integer(1, 1_770_000_000))
        }
        Kind::Message(message) if depth > 0 => text(number, &plausible(&message, depth - 1)),
        Kind::Message(_) => Vec::new(),
        Kind::Double => [key(number, 1), 35.25_f64.to_le_bytes().to_vec()].concat(),
        Kind::Float => [key(number, 5), 1.0_f32.to_le_bytes().to_vec()].concat(),
        Kind::Fixed64 | Kind::Sfixed64 => [key(number, 1), vec![1; 8]].concat(),
        Kind::Fixed32 | Kind::Sfixed32 => [key(number, 5), vec![1; 4]].concat(),
        // Of no use to anybody if everything is only checked.
        Kind::Bool if field.name() == "validate_only" => Vec::new(),
        _ => integer(number, 1),
    }
}

/// Texts of the form that the suite's contracts give to fields of such names.
fn plausible_text(field: &FieldDescriptor) -> &'static str {
    let message = field.parent_message();
    match field.name() {
        "request_id" | "etag" | "page_token" => "",
        "name" | "parent" if message.full_name().starts_with("traffic.enforcement.") => {
            "violations/0198c0de-0000-7000-8000-000000000001"
        }
        "name" | "parent" => "permits/0198c0de-0000-7000-8000-000000000001",
        "violation" | "same_act_as" => "violations/0198c0de-0000-7000-8000-000000000001",
        "evidence" => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "person_ref" => "abcdefghijklmnopqrstuvwxyz",
        "code" => "1625",
        "district" | "to_district" | "origin_district" | "destination_district" => "371702",
        "credit_code" | "applicant" | "with" | "company" => "91110000600037341L",
        "identity_number" => "360426199101010071",
        "plate" => "鲁R12345",
        "value" => "2026-03-02",
        "aggregate" => "permit/0198c0de-0000-7000-8000-000000000001",
        "zone" => "zones/z1",
        "bay" => "bays/b1",
        "session" => "sessions/s1",
        "tariff" => "tariffs/t1",
        _ => "x1",
    }
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.put_u8(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    bytes.put_u8(u8::try_from(value).unwrap_or_default());
    bytes
}

fn key(number: u32, wire_type: u32) -> Vec<u8> {
    varint(u64::from(number << 3 | wire_type))
}

/// Negative numbers take ten bytes, in whatever type.
fn integer(number: u32, value: i64) -> Vec<u8> {
    [key(number, 0), varint(value.cast_unsigned())].concat()
}

/// Anything with a length: a text, bytes, a message.
fn text(number: u32, value: &[u8]) -> Vec<u8> {
    let length = varint(value.len() as u64);
    [key(number, 2), length, value.to_vec()].concat()
}
