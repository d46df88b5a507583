//! From the contract's e-bikes to the domain's, and back.

use crate::api::days::{self, district};
use crate::api::parties::Unsealed;
use crate::domain::ebike::standards::Conformity;
use crate::domain::ebike::{
    Application, Certificate, Ebike, FrameNumber, Origin, OriginKind, Stage,
};
use crate::domain::party::Party;
use crate::domain::station::StationId;
use chassis::domain::values::{CreditCode, DocumentNumber, Text};
use chassis::domain::{District, Invalid, PersonRef, Revision};
use chassis::sealing::Sealer;
use chassis::server::{Failure, Fields, to_timestamp};
use traffic_proto::registration::v1 as proto;

/// An application that was read; the owner is not sealed yet.
#[derive(Clone)]
pub(in crate::api) struct Draft {
    pub(in crate::api) frame: FrameNumber,
    owner: Unsealed,
    certificate: Option<Certificate>,
    origin: Origin,
    district: District,
    station: Option<StationId>,
}

impl Draft {
    fn owned_by(&self, owner: Party) -> Application {
        Application {
            frame: self.frame.clone(),
            owner,
            certificate: self.certificate.clone(),
            origin: self.origin.clone(),
            district: self.district,
            station: self.station.clone(),
        }
    }

    /// The application with an empty box for the owner: to compare with what is registered, never to record.
    pub(in crate::api) fn bare(&self) -> Application {
        self.owned_by(self.owner.bare())
    }

    pub(in crate::api) async fn seal(&self, sealer: &Sealer) -> Result<Application, Failure> {
        Ok(self.owned_by(self.owner.seal(sealer).await?))
    }
}

/// Reads an e-bike that is applied for.
pub(in crate::api) fn read_draft(
    sealer: &Sealer,
    ebike: &proto::Ebike,
    fields: &mut Fields,
) -> Option<Draft> {
    let frame = fields.required("frame_number", &ebike.frame_number, FrameNumber::parse);
    let owner = Unsealed::read(sealer, "owner", ebike.owner.as_ref(), fields);
    let certificate =
        fields.optional_message("certificate", ebike.certificate.as_ref(), read_certificate);
    let origin = fields.message("origin", ebike.origin.as_ref(), read_origin);
    let district = fields.required("district", &ebike.district, district);
    let station = if ebike.station.is_empty() {
        Some(None)
    } else {
        super::station_id("station", &ebike.station, fields).map(Some)
    };
    Some(Draft {
        frame: frame?,
        owner: owner?,
        certificate: certificate?,
        origin: origin?,
        district: district?,
        station: station?,
    })
}

fn read_certificate(
    certificate: &proto::EbikeCertificate,
    fields: &mut Fields,
) -> Option<Certificate> {
    let standard = fields.required("standard", &certificate.standard, Text::parse);
    let number = fields.required("number", &certificate.number, DocumentNumber::parse);
    let made_on = days::required("make_day", certificate.make_day.as_ref(), fields);
    Some(Certificate {
        standard: standard?,
        number: number?,
        made_on: made_on?,
    })
}

pub(in crate::api) fn read_origin(
    origin: &proto::EbikeOrigin,
    fields: &mut Fields,
) -> Option<Origin> {
    let kind = fields.choice("kind", origin.kind, |kind: proto::EbikeOriginKind| {
        use proto::EbikeOriginKind as Kind;
        match kind {
            Kind::Unspecified => None,
            Kind::Invoice => Some(OriginKind::Invoice),
            Kind::Gift => Some(OriginKind::Gift),
            Kind::Inheritance => Some(OriginKind::Inheritance),
            Kind::Judgment => Some(OriginKind::Judgment),
            Kind::Statement => Some(OriginKind::Statement),
        }
    });
    let number = fields.required("number", &origin.number, DocumentNumber::parse);
    let on = days::required("day", origin.day.as_ref(), fields);
    Some(Origin {
        kind: kind?,
        number: number?,
        on: on?,
    })
}

/// The frame number in a resource name.
pub(in crate::api) fn frame_of(
    field: &str,
    name: &str,
    fields: &mut Fields,
) -> Option<FrameNumber> {
    let id = fields.resource(field, name, "ebikes/{ebike}")?;
    fields.value(field, id, |id| FrameNumber::parse(&id))
}

/// By whom e-bikes are listed: a person's reference or a credit code.
pub(super) fn owner_filter(text: &str) -> Result<String, Invalid> {
    if PersonRef::parse(text).is_some() || CreditCode::parse(text).is_ok() {
        Ok(text.to_owned())
    } else {
        Err(Invalid::new(
            "must be a `person_ref` or a unified social credit code",
            "应为个人标识或统一社会信用代码",
        ))
    }
}

pub(super) fn ebike(frame: &str, ebike: &Ebike, revision: &Revision) -> proto::Ebike {
    proto::Ebike {
        name: format!("ebikes/{frame}"),
        frame_number: frame.to_owned(),
        owner: Some(party(&ebike.owner)),
        certificate: ebike
            .certificate
            .as_ref()
            .map(|certificate| proto::EbikeCertificate {
                standard: certificate.standard.to_string(),
                number: certificate.number.to_string(),
                make_day: days::day(certificate.made_on),
            }),
        origin: Some(proto::EbikeOrigin {
            kind: origin_kind(ebike.origin.kind).into(),
            number: ebike.origin.number.to_string(),
            day: days::day(ebike.origin.on),
        }),
        district: ebike.district.to_string(),
        station: ebike
            .station
            .as_ref()
            .map(|station| format!("stations/{station}"))
            .unwrap_or_default(),
        plate: ebike.plate.to_string(),
        state: match ebike.stage {
            Stage::Registered => proto::EbikeState::Registered,
            Stage::Expired => proto::EbikeState::Expired,
            Stage::Cancelled(_) => proto::EbikeState::Cancelled,
        }
        .into(),
        valid_until: match ebike.conformity {
            Conformity::Conforming => None,
            Conformity::Transitional { valid_until } => days::day(valid_until),
        },
        register_time: Some(to_timestamp(ebike.registered_at)),
        plate_reissues: ebike.plate_reissues.into(),
        etag: revision.etag(),
    }
}

fn origin_kind(kind: OriginKind) -> proto::EbikeOriginKind {
    match kind {
        OriginKind::Invoice => proto::EbikeOriginKind::Invoice,
        OriginKind::Gift => proto::EbikeOriginKind::Gift,
        OriginKind::Inheritance => proto::EbikeOriginKind::Inheritance,
        OriginKind::Judgment => proto::EbikeOriginKind::Judgment,
        OriginKind::Statement => proto::EbikeOriginKind::Statement,
    }
}

/// Who it is, without what is sealed.
fn party(party: &Party) -> proto::Party {
    use proto::party::Kind;
    let kind = match party {
        Party::Person(sealed) => Kind::Person(proto::Person {
            person_ref: sealed.person.to_string(),
            ..proto::Person::default()
        }),
        Party::Organisation(organisation) => Kind::Organisation(proto::Organisation {
            name: organisation.name.to_string(),
            credit_code: organisation.credit_code.to_string(),
        }),
    };
    proto::Party { kind: Some(kind) }
}
