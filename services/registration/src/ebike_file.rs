//! A file of e-bikes: CSV with these headings, in any order, one e-bike a line.
//!
//! | heading | |
//! |---|---|
//! | `frame_number` | |
//! | `owner_name` | |
//! | `owner_identity_number` | resident identity number; empty if an organisation owns it |
//! | `owner_credit_code` | optional column; of an organisation |
//! | `owner_phone` | optional column |
//! | `standard`, `certificate_number`, `make_day` | all empty: it has no certificate |
//! | `origin_kind` | `invoice`, `gift`, `inheritance`, `judgment` or `statement` |
//! | `origin_number`, `origin_day` | |
//! | `district` | six digits |
//! | `station` | optional column; id of the station that files it |
//!
//! What a value must be like is the service's to say; here only the shape of the file is read.

use sha2::{Digest, Sha256};
use std::io::Read;
use traffic_proto::registration::v1 as proto;
use uuid::Uuid;

/// The headings of a file with all columns.
pub const HEADINGS: [&str; 13] = [
    "frame_number",
    "owner_name",
    "owner_identity_number",
    "owner_credit_code",
    "owner_phone",
    "standard",
    "certificate_number",
    "make_day",
    "origin_kind",
    "origin_number",
    "origin_day",
    "district",
    "station",
];

/// Headings that a file may lack.
const OPTIONAL: [&str; 3] = ["owner_credit_code", "owner_phone", "station"];
/// Longest value in bytes: no field of an e-bike comes near it.
const LONGEST: usize = 1_000;

/// Why a file cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("the file has no column `{0}`")]
    NoColumn(&'static str),
    #[error("the file cannot be read: {0}")]
    Unreadable(#[from] csv::Error),
}

/// One line of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// From 1; the headings are line 1. Each line's is greater than that of the one before.
    pub number: u64,
    /// The row to send, or why the line is none.
    pub row: Result<Box<proto::ImportEbikesRequest>, String>,
}

/// The lines of a file, one after the other: a file of any length needs little memory.
pub struct Lines<R> {
    reader: csv::Reader<R>,
    /// Where each of [`HEADINGS`] is.
    columns: [Option<usize>; 13],
    record: csv::StringRecord,
    /// Number of the line that was read last.
    last: u64,
    /// Nothing more can be read.
    ended: bool,
}

impl<R> std::fmt::Debug for Lines<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl<R: Read> Lines<R> {
    /// Reads the headings.
    ///
    /// # Errors
    /// [`FileProblem`].
    pub fn read(file: R) -> Result<Self, FileProblem> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
        let headings = reader.headers()?;
        let mut columns = [None; 13];
        for (column, name) in columns.iter_mut().zip(HEADINGS) {
            // A file saved by a spreadsheet may begin with a byte order mark.
            *column = headings
                .iter()
                .position(|heading| heading.trim_start_matches('\u{feff}').trim() == name);
            if column.is_none() && !OPTIONAL.contains(&name) {
                return Err(FileProblem::NoColumn(name));
            }
        }
        Ok(Self {
            reader,
            columns,
            record: csv::StringRecord::new(),
            last: 1,
            ended: false,
        })
    }

    fn line(&self, number: u64) -> Result<proto::ImportEbikesRequest, String> {
        let mut values = [""; 13];
        for ((value, column), name) in values.iter_mut().zip(self.columns).zip(HEADINGS) {
            let Some(column) = column else { continue };
            let field = self.record.get(column);
            *value = field
                .ok_or_else(|| format!("the line has no value for `{name}`"))?
                .trim();
            if value.len() > LONGEST {
                return Err(format!(
                    "the value for `{name}` is longer than {LONGEST} bytes"
                ));
            }
        }
        row(number, &values)
    }
}

/// The row of a line with these values, in the order of [`HEADINGS`].
///
/// # Errors
/// Why it is none.
pub fn row(number: u64, values: &[&str; 13]) -> Result<proto::ImportEbikesRequest, String> {
    Ok(proto::ImportEbikesRequest {
        row: i64::try_from(number).map_err(|_| "too many lines".to_owned())?,
        ebike: Some(ebike(values)?),
        request_id: request_id(number, values).to_string(),
    })
}

impl<R: Read> Iterator for Lines<R> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.ended {
            return None;
        }
        let read = self.reader.read_record(&mut self.record);
        // The reader counts line feeds alone; a row is known by its number, so no two may share one where lines end with a
        // carriage return, or where one cannot be read.
        let counted = self.record.position().map_or(0, csv::Position::line);
        let number = counted.max(self.last.saturating_add(1));
        let row = match read {
            Ok(false) => return None,
            Ok(true) => self.line(number).map(Box::new),
            Err(error) => {
                self.ended = error.is_io_error();
                Err(error.to_string())
            }
        };
        self.last = number;
        Some(Line { number, row })
    }
}

fn ebike(values: &[&str; 13]) -> Result<proto::Ebike, String> {
    let [
        frame_number,
        owner_name,
        identity_number,
        credit_code,
        phone,
        standard,
        certificate_number,
        make_day,
        origin_kind,
        origin_number,
        origin_day,
        district,
        station,
    ] = values.map(str::to_owned);
    use proto::party::Kind;
    let owner = if identity_number.is_empty() && !credit_code.is_empty() {
        Kind::Organisation(proto::Organisation {
            name: owner_name,
            credit_code,
        })
    } else {
        Kind::Person(proto::Person {
            name: owner_name,
            identity_number,
            phone,
            ..proto::Person::default()
        })
    };
    let day = |value: String| Some(proto::Day { value });
    let has_certificate =
        !(standard.is_empty() && certificate_number.is_empty() && make_day.is_empty());
    Ok(proto::Ebike {
        frame_number,
        owner: Some(proto::Party { kind: Some(owner) }),
        certificate: has_certificate.then(|| proto::EbikeCertificate {
            standard,
            number: certificate_number,
            make_day: day(make_day),
        }),
        origin: Some(proto::EbikeOrigin {
            kind: kind_of_origin(&origin_kind)?.into(),
            number: origin_number,
            day: day(origin_day),
        }),
        district,
        station: if station.is_empty() {
            station
        } else {
            format!("stations/{station}")
        },
        ..proto::Ebike::default()
    })
}

fn kind_of_origin(text: &str) -> Result<proto::EbikeOriginKind, String> {
    use proto::EbikeOriginKind as Kind;
    match text {
        "invoice" => Ok(Kind::Invoice),
        "gift" => Ok(Kind::Gift),
        "inheritance" => Ok(Kind::Inheritance),
        "judgment" => Ok(Kind::Judgment),
        "statement" => Ok(Kind::Statement),
        other => Err(format!(
            "`{}` is no origin_kind: invoice, gift, inheritance, judgment or statement",
            other.chars().take(30).collect::<String>()
        )),
    }
}

/// The same line of the same content has the same request id, whenever and by whomever it is sent: sent again, it changes
/// nothing. A UUID in the form of version 7 whose time is the line's number, so that the rows that the service
/// keeps of a file lie side by side.
fn request_id(number: u64, values: &[&str; 13]) -> Uuid {
    let mut hash = Sha256::new();
    for value in values {
        // With its length, so that no two lines run together.
        hash.update((value.len() as u64).to_le_bytes());
        hash.update(value);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes[..6].copy_from_slice(&number.to_be_bytes()[2..]);
    uuid::Builder::from_bytes(bytes)
        .with_version(uuid::Version::SortRand)
        .with_variant(uuid::Variant::RFC4122)
        .into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str = "\
frame_number,owner_name,owner_identity_number,standard,certificate_number,make_day,origin_kind,origin_number,origin_day,district,extra
119901800000001,样本,360426199101010071,GB 17761-2024,H-1,2026-01-10,invoice,F-1,2026-02-20,371702,x
119901800000002,样本,360426199101010071,,,,gift,F-2,2026-02-20,371702
119901800000003,样本
119901800000004,样本,360426199101010071,,,,found,F-4,2026-02-20,371702
";

    fn lines(text: &str) -> Vec<Line> {
        Lines::read(text.as_bytes()).unwrap().collect()
    }

    #[test]
    fn a_file_is_read_line_by_line_and_what_is_no_row_is_named() {
        let lines = lines(FILE);
        assert_eq!(
            lines.iter().map(|line| line.number).collect::<Vec<_>>(),
            [2, 3, 4, 5]
        );
        let first = lines[0].row.clone().unwrap();
        assert_eq!(first.row, 2);
        let ebike = first.ebike.unwrap();
        assert_eq!(ebike.certificate.unwrap().number, "H-1");
        let second = lines[1].row.clone().unwrap().ebike.unwrap();
        assert_eq!(second.certificate, None);
        assert_eq!(
            lines[2].row,
            Err("the line has no value for `owner_identity_number`".into())
        );
        assert!(lines[3].row.clone().unwrap_err().contains("`found`"));
    }

    #[test]
    fn lines_are_counted_however_they_end() {
        for end in ["\r\n", "\r"] {
            let lines = lines(&FILE.replace('\n', end));
            let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
            assert_eq!(numbers, [2, 3, 4, 5], "{end:?}");
        }
    }

    #[test]
    fn a_request_id_follows_from_line_and_content() {
        let id = |text: &str, at: usize| lines(text)[at].row.clone().unwrap().request_id;
        assert_eq!(id(FILE, 0), id(FILE, 0));
        assert_ne!(id(FILE, 0), id(&FILE.replace("F-1", "F-9"), 0));
        let ids: Vec<String> = (0..2).map(|at| id(FILE, at)).collect();
        assert!(ids.is_sorted(), "{ids:?}");
        assert_eq!(Uuid::try_parse(&ids[0]).unwrap().get_version_num(), 7);
    }

    #[test]
    fn a_file_without_a_column_is_refused() {
        let file = FILE.replace("origin_day", "origin_date");
        let problem = Lines::read(file.as_bytes()).unwrap_err();
        assert_eq!(problem.to_string(), "the file has no column `origin_day`");
    }

    proptest! {
        #[test]
        fn any_bytes_are_lines_or_a_problem_never_a_panic(bytes: Vec<u8>) {
            let heading = FILE.lines().next().unwrap().as_bytes();
            let file = [heading, b"\n", &bytes].concat();
            if let Ok(lines) = Lines::read(file.as_slice()) {
                prop_assert!(lines.count() <= bytes.len() + 1);
            }
            let _ = Lines::read(bytes.as_slice()).map(Iterator::count);
        }
    }
}
