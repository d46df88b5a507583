//! An e-bike (电动自行车), known by its frame number: registered free of charge and on the spot.
//!
//! ```text
//!   plate       numbers, and the blocks in which they are drawn
//!   standards   what conforms, what gets a dated plate, by date
//!   filing      registration, change, transfer, plate, cancellation
//!   ground      why not
//! ```

pub mod filing;
pub mod ground;
pub mod plate;
pub mod standards;

use super::party::Party;
use super::station::StationId;
use chassis::domain::values::{DocumentNumber, Text};
use chassis::domain::{Aggregate, District, Invalid};
use jiff::Timestamp;
use jiff::civil::Date;
use plate::EbikePlate;
use serde::{Deserialize, Serialize};
use standards::Conformity;
use std::fmt;

/// The number stamped into the frame (整车编码、车架号): 6 to 30 Latin letters and digits, in upper case. What the maker writes
/// between them (blanks, `-`, `*`, `.`) does not count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FrameNumber(Box<str>);

impl FrameNumber {
    /// # Errors
    /// If it has other characters, or too few or too many.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let separator = |c: char| matches!(c, ' ' | '-' | '*' | '.');
        let bare: String = text
            .chars()
            .filter(|c| !separator(*c))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let alphanumeric = bare.bytes().all(|b| b.is_ascii_alphanumeric());
        // Bounded before and after: separators are no way to send a megabyte.
        if text.len() > 60 || !(6..=30).contains(&bare.len()) || !alphanumeric {
            return Err(Invalid::new(
                "must have 6 to 30 Latin letters and digits",
                "应为 6 至 30 位拉丁字母和数字",
            ));
        }
        Ok(Self(bare.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for FrameNumber {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl From<FrameNumber> for String {
    fn from(frame: FrameNumber) -> Self {
        frame.0.into()
    }
}

/// The maker's certificate of conformity (产品合格证): Shandong Road Traffic Measures art. 26(3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// The standard that it names, e.g. `GB 17761-2018`.
    pub standard: Text<30>,
    pub number: DocumentNumber,
    pub made_on: Date,
}

/// How the owner came by it (来历证明): art. 26(2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub kind: OriginKind,
    pub number: DocumentNumber,
    pub on: Date,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OriginKind {
    Invoice,
    Gift,
    Inheritance,
    /// A judgment, ruling or mediation.
    Judgment,
    /// The owner's own signed statement, where a proof was lost.
    Statement,
}

/// What is applied for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Application {
    pub frame: FrameNumber,
    pub owner: Party,
    /// `None`: it has none, so it conforms to nothing.
    pub certificate: Option<Certificate>,
    pub origin: Origin,
    pub district: District,
    /// Who files it for the owner, if a service station does.
    pub station: Option<StationId>,
}

/// Where an e-bike stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    Registered,
    /// The dated plate has run out: it may not be ridden on roads any more.
    Expired,
    Cancelled(CancelReason),
}

impl Stage {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Expired => "expired",
            Self::Cancelled(_) => "cancelled",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CancelReason {
    /// It is scrapped: its frame is never registered again.
    Scrapped,
    Lost,
    LeftTheCity,
    ReturnedToSeller,
}

/// Small on purpose: the city has millions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ebike {
    pub owner: Party,
    pub plate: EbikePlate,
    pub conformity: Conformity,
    pub certificate: Option<Certificate>,
    pub origin: Origin,
    pub district: District,
    pub station: Option<StationId>,
    pub stage: Stage,
    pub registered_at: Timestamp,
    /// When a dated plate runs out.
    pub ends_at: Option<Timestamp>,
    pub plate_reissues: u16,
}

impl Ebike {
    pub(crate) fn marked(&self) -> Marked {
        Marked {
            plate: self.plate,
            district: self.district,
        }
    }
}

/// Under which plate an e-bike goes, and where: stands in its later events, so that each says enough to be published by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marked {
    pub plate: EbikePlate,
    pub district: District,
}

/// What happened to an e-bike. Events from before they were published lack what [`Marked`] says, and stay private.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum EbikeEvent {
    /// Also again, after a cancellation.
    EbikeRegistered {
        owner: Party,
        plate: EbikePlate,
        conformity: Conformity,
        /// The end of a dated plate's last day.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ends_at: Option<Timestamp>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Certificate>,
        origin: Origin,
        district: District,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        station: Option<StationId>,
    },
    /// Name or phone of the same owner.
    OwnerParticularsChanged {
        owner: Party,
    },
    EbikeTransferred {
        owner: Party,
        origin: Origin,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Marked>,
    },
    /// Only in old journals; now [`PlateReissued`](Self::PlateReissued).
    EbikePlateReissued,
    PlateReissued {
        of: Marked,
    },
    TransitionalPlateRenewed {
        valid_until: Date,
        ends_at: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Marked>,
    },
    /// Only in old journals; now [`PlateExpired`](Self::PlateExpired).
    TransitionalPlateExpired,
    PlateExpired {
        of: Marked,
    },
    EbikeCancelled {
        reason: CancelReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Marked>,
    },
}

impl Aggregate for Ebike {
    const TYPE: &'static str = "ebike";
    type Event = EbikeEvent;

    fn evolve(state: Option<Self>, event: &EbikeEvent, at: Timestamp) -> Option<Self> {
        if let EbikeEvent::EbikeRegistered {
            owner,
            plate,
            conformity,
            ends_at,
            certificate,
            origin,
            district,
            station,
        } = event
        {
            return Some(Self {
                owner: owner.clone(),
                plate: *plate,
                conformity: *conformity,
                certificate: certificate.clone(),
                origin: origin.clone(),
                district: *district,
                station: station.clone(),
                stage: Stage::Registered,
                registered_at: at,
                ends_at: *ends_at,
                plate_reissues: 0,
            });
        }
        let mut ebike = state?;
        match event {
            // Handled above.
            EbikeEvent::EbikeRegistered { .. } => {}
            EbikeEvent::OwnerParticularsChanged { owner } => ebike.owner = owner.clone(),
            EbikeEvent::EbikeTransferred { owner, origin, .. } => {
                ebike.owner = owner.clone();
                ebike.origin = origin.clone();
            }
            EbikeEvent::EbikePlateReissued | EbikeEvent::PlateReissued { .. } => {
                ebike.plate_reissues = ebike.plate_reissues.saturating_add(1);
            }
            EbikeEvent::TransitionalPlateRenewed {
                valid_until,
                ends_at,
                ..
            } => {
                ebike.ends_at = Some(*ends_at);
                ebike.conformity = Conformity::Transitional {
                    valid_until: *valid_until,
                };
                ebike.stage = Stage::Registered;
            }
            EbikeEvent::TransitionalPlateExpired | EbikeEvent::PlateExpired { .. } => {
                ebike.stage = Stage::Expired;
            }
            EbikeEvent::EbikeCancelled { reason, .. } => ebike.stage = Stage::Cancelled(*reason),
        }
        Some(ebike)
    }

    fn next_due(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Registered => self.ends_at,
            Stage::Expired | Stage::Cancelled(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_from_before_they_named_the_plate_are_still_understood() {
        for old in [
            r#""EbikePlateReissued""#,
            r#""TransitionalPlateExpired""#,
            r#"{"EbikeCancelled":{"reason":"Lost"}}"#,
            r#"{"TransitionalPlateRenewed":{"valid_until":"2026-06-30","ends_at":"2026-06-30T16:00:00Z"}}"#,
        ] {
            let event: EbikeEvent = serde_json::from_str(old).unwrap();
            assert_eq!(serde_json::to_string(&event).unwrap(), old);
        }
    }

    #[test]
    fn a_frame_number_is_the_same_however_it_is_written() {
        let written = FrameNumber::parse("1199 0180-0123 456").unwrap();
        assert_eq!(written.as_str(), "119901800123456");
        assert_eq!(
            FrameNumber::parse("lx*tct7001*").unwrap().as_str(),
            "LXTCT7001"
        );
        for bad in [
            "",
            "12345",
            "车架号123456",
            "A/B12345678",
            &"1".repeat(31),
            &"-".repeat(99),
        ] {
            assert!(FrameNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
