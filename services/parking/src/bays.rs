//! Bays from a CSV file, as rows for `ImportBays`.
//!
//! The column names are those of the City of Melbourne's bay sensors unless told otherwise. A position is one column
//! with latitude and longitude, or two columns.

use std::collections::BTreeSet;
use std::io::Read;
use traffic_proto::parking::v1 as proto;

/// Rows in one file, at most.
pub const MAX_ROWS: usize = 1_000_000;

/// Which column holds what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    pub bay: String,
    pub zone: String,
    pub position: PositionColumns,
    /// `standard`, `disabled`, `electric` or `large`; without it all are standard.
    pub kind: Option<String>,
    pub label: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PositionColumns {
    /// `latitude, longitude` in one column.
    One(String),
    Two {
        latitude: String,
        longitude: String,
    },
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            bay: "KerbsideID".into(),
            zone: "Zone_Number".into(),
            position: PositionColumns::One("Location".into()),
            kind: None,
            label: None,
        }
    }
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bays {
    /// In the order of the file.
    pub rows: Vec<proto::ImportBaysRequest>,
    /// Ids of the zones that the rows name.
    pub zones: BTreeSet<String>,
    /// Rows that are none, by line.
    pub problems: Vec<Problem>,
}

/// A line that is no bay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Problem {
    pub line: u64,
    pub what: String,
}

/// The file as a whole cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("there is no column `{0}`")]
    NoColumn(String),
    #[error("more than {MAX_ROWS} rows")]
    TooLong,
    #[error(transparent)]
    Csv(#[from] csv::Error),
}

/// Reads bays. A row without a zone goes to `default_zone`; without that it is a problem.
///
/// # Errors
/// A column that is missing, a file that is no CSV. Bad rows are told in [`Bays::problems`].
pub fn parse(
    file: impl Read,
    columns: &Columns,
    default_zone: Option<&str>,
) -> Result<Bays, FileProblem> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file);
    let headers = reader.headers()?.clone();
    let column = |name: &str| {
        headers
            .iter()
            // Spreadsheets put a byte order mark before the first name.
            .position(|header| header.trim_start_matches('\u{feff}').trim() == name)
            .ok_or_else(|| FileProblem::NoColumn(name.to_owned()))
    };
    let optional = |name: &Option<String>| name.as_deref().map(column).transpose();
    let (bay, zone) = (column(&columns.bay)?, column(&columns.zone)?);
    let (kind, label) = (optional(&columns.kind)?, optional(&columns.label)?);
    let position = match &columns.position {
        PositionColumns::One(name) => (column(name)?, None),
        PositionColumns::Two {
            latitude,
            longitude,
        } => (column(latitude)?, Some(column(longitude)?)),
    };

    let mut bays = Bays::default();
    for record in reader.records() {
        let record = record?;
        if bays.rows.len() + bays.problems.len() >= MAX_ROWS {
            return Err(FileProblem::TooLong);
        }
        let line = record.position().map_or(0, csv::Position::line);
        let field = |index: usize| record.get(index).unwrap_or_default().trim();
        let row = Row {
            bay: field(bay),
            zone: field(zone),
            position: (field(position.0), position.1.map(field)),
            kind: kind.map(field),
            label: label.map(field).unwrap_or_default(),
        };
        match row.read(default_zone) {
            Ok((zone, row)) => {
                bays.zones.insert(zone);
                bays.rows.push(row);
            }
            Err(what) => bays.problems.push(Problem { line, what }),
        }
    }
    Ok(bays)
}

struct Row<'a> {
    bay: &'a str,
    zone: &'a str,
    position: (&'a str, Option<&'a str>),
    kind: Option<&'a str>,
    label: &'a str,
}

impl Row<'_> {
    fn read(
        &self,
        default_zone: Option<&str>,
    ) -> Result<(String, proto::ImportBaysRequest), String> {
        if self.bay.is_empty() {
            return Err("no bay id".into());
        }
        let zone = if self.zone.is_empty() {
            default_zone
        } else {
            Some(self.zone)
        };
        let zone = zone
            .ok_or("no zone, and no default zone is given")?
            .to_owned();
        let (latitude, longitude) = match self.position {
            (latitude, Some(longitude)) => (latitude, longitude),
            (both, None) => both
                .split_once(',')
                .ok_or("the position is not `latitude, longitude`")?,
        };
        let degrees = |text: &str| {
            text.trim()
                .parse::<f64>()
                .map_err(|_| "the position is no number".to_owned())
        };
        let position = proto::GeoPoint {
            latitude: degrees(latitude)?,
            longitude: degrees(longitude)?,
        };
        let kind = match self.kind.unwrap_or("standard") {
            "" | "standard" => proto::BayKind::Standard,
            "disabled" => proto::BayKind::Disabled,
            "electric" => proto::BayKind::Electric,
            "large" => proto::BayKind::Large,
            other => {
                return Err(format!(
                    "`{}` is no kind of bay",
                    other.chars().take(20).collect::<String>()
                ));
            }
        };
        let bay = proto::Bay {
            zone: format!("zones/{zone}"),
            position: Some(position),
            kind: kind.into(),
            label: self.label.to_owned(),
            ..proto::Bay::default()
        };
        Ok((
            zone,
            proto::ImportBaysRequest {
                bay_id: self.bay.to_owned(),
                bay: Some(bay),
            },
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\u{feff}Lastupdated,Status_Timestamp,Zone_Number,Status_Description,KerbsideID,Location\n\
        t,t,7084,Present,1,\"-37.8, 144.9\"\n\
        t,t,,Present,2,\"-37.8, 144.9\"\n\
        t,t,7084,Present,,\"-37.8, 144.9\"\n\
        t,t,7084,Present,4,\"-37.8\"\n\
        t,t,7084,Present,5,\"north, 144.9\"\n\
        t,t\n";

    #[test]
    fn good_rows_are_taken_and_bad_ones_told_by_line() {
        let bays = parse(SAMPLE.as_bytes(), &Columns::default(), None).unwrap();
        assert_eq!(bays.rows.len(), 1);
        assert_eq!(bays.rows[0].bay_id, "1");
        assert_eq!(bays.zones.iter().collect::<Vec<_>>(), ["7084"]);
        let lines: Vec<u64> = bays.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7]);
    }

    #[test]
    fn rows_without_a_zone_go_to_the_default_zone() {
        let bays = parse(SAMPLE.as_bytes(), &Columns::default(), Some("rest")).unwrap();
        assert_eq!(bays.rows[1].bay.as_ref().unwrap().zone, "zones/rest");
        assert!(bays.zones.contains("rest"));
    }

    #[test]
    fn a_missing_column_is_named() {
        let error = parse("a,b\n1,2\n".as_bytes(), &Columns::default(), None).unwrap_err();
        assert_eq!(error.to_string(), "there is no column `KerbsideID`");
    }

    #[test]
    fn other_column_names_two_position_columns_and_kinds_are_read() {
        let columns = Columns {
            bay: "id".into(),
            zone: "zone".into(),
            position: PositionColumns::Two {
                latitude: "lat".into(),
                longitude: "lon".into(),
            },
            kind: Some("kind".into()),
            label: Some("label".into()),
        };
        let text = "id,zone,lat,lon,kind,label\nb1,z,35.2,115.4,disabled,A 1\nb2,z,35.2,115.4,rocket,A 2\n";
        let bays = parse(text.as_bytes(), &columns, None).unwrap();
        let bay = bays.rows[0].bay.clone().unwrap();
        assert_eq!(
            (bay.kind(), bay.label.as_str()),
            (proto::BayKind::Disabled, "A 1")
        );
        assert_eq!(
            bays.problems[0].to_string(),
            "line 3: `rocket` is no kind of bay"
        );
    }
}
