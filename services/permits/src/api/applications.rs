//! Applications from requests: every field checked, every violation named.

use super::people::named;
use super::places::{
    day, dimensions, hours, instant, joint_plan, masses, organisation, route, stretch, vehicle,
};
use crate::domain::application::Application;
use crate::domain::oversize_transport::OversizeTransport;
use crate::domain::road_occupation::{Emergency, RoadOccupation, Signs, WorkType};
use crate::domain::toxic_transport::{
    Carrier, Chemical, PurchaseDocument, QualifiedPerson, ToxicTransport,
};
use crate::domain::values::{CasNumber, UnNumber};
use chassis::domain::values::{DocumentNumber, Organisation, Text};
use chassis::domain::{District, Invalid, Sealed};
use chassis::server::{Fields, People};
use traffic_proto::permits::v1 as proto;

/// What an applicant says: everything of a permit that is not output only, but the district.
pub(super) struct Draft {
    pub(super) applicant: Organisation,
    pub(super) contact: Sealed,
    pub(super) application: Application,
}

pub(super) fn permit_district(permit: &proto::Permit, fields: &mut Fields) -> Option<District> {
    fields.required("district", &permit.district, District::parse)
}

pub(super) fn draft(
    permit: &proto::Permit,
    people: &mut People<'_>,
    fields: &mut Fields,
) -> Option<Draft> {
    let applicant = fields.message("applicant", permit.applicant.as_ref(), organisation);
    let contact = fields.message("contact", permit.contact.as_ref(), |person, fields| {
        people.read(named(person), fields)
    });
    let application = match &permit.application {
        Some(proto::permit::Application::RoadOccupation(occupation)) => fields
            .within("road_occupation", |fields| {
                road_occupation(occupation, fields)
            })
            .map(|occupation| Application::RoadOccupation(Box::new(occupation))),
        Some(proto::permit::Application::ToxicTransport(transport)) => fields
            .within("toxic_transport", |fields| {
                toxic_transport(transport, people, fields)
            })
            .map(|transport| Application::ToxicTransport(Box::new(transport))),
        Some(proto::permit::Application::OversizeTransport(transport)) => fields
            .within("oversize_transport", |fields| {
                oversize_transport(transport, people, fields)
            })
            .map(|transport| Application::OversizeTransport(Box::new(transport))),
        None => {
            let reason = Invalid::new(
                "one of road_occupation, toxic_transport, oversize_transport is required",
                "应填写 road_occupation、toxic_transport、oversize_transport 之一",
            );
            fields.refuse("application", reason);
            None
        }
    };
    Some(Draft {
        applicant: applicant?,
        contact: contact?,
        application: application?,
    })
}

fn road_occupation(
    occupation: &proto::RoadOccupation,
    fields: &mut Fields,
) -> Option<RoadOccupation> {
    let stretch = fields.message("stretch", occupation.stretch.as_ref(), stretch);
    let hours = fields.message("time", occupation.time.as_ref(), hours);
    let work_type = fields.choice("work_type", occupation.work_type, work_type);
    let description = fields.required("description", &occupation.description, Text::parse);
    let traffic_plan = fields.required("traffic_plan", &occupation.traffic_plan, Text::parse);
    let signs = fields.message("signs", occupation.signs.as_ref(), |signs, fields| {
        let upstream_m = fields.number("upstream_m", signs.upstream_m, 0..=5000);
        let upstream_night_m = fields.number("upstream_night_m", signs.upstream_night_m, 0..=5000);
        Some(Signs {
            upstream_m: upstream_m?,
            upstream_night_m: upstream_night_m?,
        })
    });
    let public_notice_on = fields.optional_message(
        "public_notice_on",
        occupation.public_notice_on.as_ref(),
        day,
    );
    let emergency = fields.optional_message("emergency", occupation.emergency.as_ref(), emergency);
    let consent = fields.optional(
        "road_authority_consent",
        &occupation.road_authority_consent,
        DocumentNumber::parse,
    );
    let joint_plan =
        fields.optional_message("joint_plan", occupation.joint_plan.as_ref(), joint_plan);
    Some(RoadOccupation {
        stretch: stretch?,
        hours: hours?,
        work_type: work_type?,
        description: description?,
        traffic_plan: traffic_plan?,
        signs: signs?,
        public_notice_on: public_notice_on?,
        emergency: emergency?,
        road_authority_consent: consent?,
        joint_plan: joint_plan?,
    })
}

fn work_type(work_type: proto::WorkType) -> Option<WorkType> {
    Some(match work_type {
        proto::WorkType::Utilities => WorkType::Utilities,
        proto::WorkType::Surface => WorkType::Surface,
        proto::WorkType::Construction => WorkType::Construction,
        proto::WorkType::Maintenance => WorkType::Maintenance,
        proto::WorkType::Roadside => WorkType::Roadside,
        proto::WorkType::Overhead => WorkType::Overhead,
        proto::WorkType::Painting => WorkType::Painting,
        proto::WorkType::Unspecified => return None,
    })
}

fn emergency(emergency: &proto::Emergency, fields: &mut Fields) -> Option<Emergency> {
    let started_at = instant("started_at", emergency.started_at.as_ref(), fields);
    let cause = fields.required("cause", &emergency.cause, Text::parse);
    Some(Emergency {
        started_at: started_at?,
        cause: cause?,
    })
}

fn toxic_transport(
    transport: &proto::ToxicTransport,
    people: &mut People<'_>,
    fields: &mut Fields,
) -> Option<ToxicTransport> {
    let carrier = fields.message("carrier", transport.carrier.as_ref(), carrier);
    let chemical = fields.message("chemical", transport.chemical.as_ref(), chemical);
    let purchase = fields.message(
        "purchase_document",
        transport.purchase_document.as_ref(),
        purchase_document,
    );
    let tractor = fields.message("tractor", transport.tractor.as_ref(), vehicle);
    let trailer = fields.optional_message("trailer", transport.trailer.as_ref(), vehicle);
    let mut crew = |field: &str, person: Option<&proto::QualifiedPerson>, fields: &mut Fields| {
        fields.message(field, person, |person, fields| {
            qualified(person, people, fields)
        })
    };
    let main_driver = crew("main_driver", transport.main_driver.as_ref(), fields);
    let second_driver = crew("second_driver", transport.second_driver.as_ref(), fields);
    let main_escort = crew("main_escort", transport.main_escort.as_ref(), fields);
    let second_escort = match &transport.second_escort {
        None => Some(None),
        Some(escort) => crew("second_escort", Some(escort), fields).map(Some),
    };
    let origin = fields.required(
        "origin_district",
        &transport.origin_district,
        District::parse,
    );
    let destination = fields.required(
        "destination_district",
        &transport.destination_district,
        District::parse,
    );
    let route = route("route", &transport.route, fields);
    Some(ToxicTransport {
        carrier: carrier?,
        chemical: chemical?,
        purchase_document: purchase?,
        tractor: tractor?,
        trailer: trailer?,
        main_driver: main_driver?,
        second_driver: second_driver?,
        main_escort: main_escort?,
        second_escort: second_escort?,
        origin: origin?,
        destination: destination?,
        route: route?,
    })
}

fn carrier(carrier: &proto::Carrier, fields: &mut Fields) -> Option<Carrier> {
    let organisation = fields.message("organisation", carrier.organisation.as_ref(), organisation);
    let licence_number = fields.required(
        "licence_number",
        &carrier.licence_number,
        DocumentNumber::parse,
    );
    let licence_valid_until = fields.message(
        "licence_valid_until",
        carrier.licence_valid_until.as_ref(),
        day,
    );
    Some(Carrier {
        organisation: organisation?,
        licence_number: licence_number?,
        licence_valid_until: licence_valid_until?,
    })
}

fn chemical(chemical: &proto::Chemical, fields: &mut Fields) -> Option<Chemical> {
    let name = fields.required("name", &chemical.name, Text::parse);
    let un_number = fields.required("un_number", &chemical.un_number, UnNumber::parse);
    let cas_number = fields.required("cas_number", &chemical.cas_number, CasNumber::parse);
    let quantity_kg = fields.number("quantity_kg", chemical.quantity_kg, 1..=50_000);
    Some(Chemical {
        name: name?,
        un_number: un_number?,
        cas_number: cas_number?,
        quantity_kg: quantity_kg?,
    })
}

fn purchase_document(
    document: &proto::PurchaseDocument,
    fields: &mut Fields,
) -> Option<PurchaseDocument> {
    let kind = fields.choice(
        "kind",
        document.kind,
        |kind: proto::PurchaseDocumentKind| {
            (kind != proto::PurchaseDocumentKind::Unspecified).then_some(kind)
        },
    );
    let number = fields.required("number", &document.number, DocumentNumber::parse);
    let (kind, number) = (kind?, number?);
    match kind {
        proto::PurchaseDocumentKind::BusinessLicence => {
            Some(PurchaseDocument::BusinessLicence(number))
        }
        proto::PurchaseDocumentKind::PurchasePermit => {
            Some(PurchaseDocument::PurchasePermit(number))
        }
        proto::PurchaseDocumentKind::Customs => Some(PurchaseDocument::Customs(number)),
        proto::PurchaseDocumentKind::Unspecified => None,
    }
}

fn qualified(
    person: &proto::QualifiedPerson,
    people: &mut People<'_>,
    fields: &mut Fields,
) -> Option<QualifiedPerson> {
    let sealed = fields.message("person", person.person.as_ref(), |person, fields| {
        people.read(named(person), fields)
    });
    let qualified_until = fields.message("qualified_until", person.qualified_until.as_ref(), day);
    Some(QualifiedPerson {
        person: sealed?,
        qualified_until: qualified_until?,
    })
}

fn oversize_transport(
    transport: &proto::OversizeTransport,
    people: &mut People<'_>,
    fields: &mut Fields,
) -> Option<OversizeTransport> {
    let cargo = fields.required("cargo", &transport.cargo, Text::parse);
    let tractor = fields.message("tractor", transport.tractor.as_ref(), vehicle);
    let trailer = fields.optional_message("trailer", transport.trailer.as_ref(), vehicle);
    let driver = fields.message("driver", transport.driver.as_ref(), |person, fields| {
        people.read(named(person), fields)
    });
    let dimensions = fields.message("dimensions", transport.dimensions.as_ref(), dimensions);
    let masses = fields.message("masses", transport.masses.as_ref(), masses);
    let route = route("route", &transport.route, fields);
    let transport_permit = fields.required(
        "transport_permit",
        &transport.transport_permit,
        DocumentNumber::parse,
    );
    let outline_drawing = fields.optional(
        "outline_drawing",
        &transport.outline_drawing,
        DocumentNumber::parse,
    );
    let escort_plan = fields.optional("escort_plan", &transport.escort_plan, Text::parse);
    let valid_from = fields.message("valid_from", transport.valid_from.as_ref(), day);
    let valid_until = fields.message("valid_until", transport.valid_until.as_ref(), day);
    Some(OversizeTransport {
        cargo: cargo?,
        divisible: transport.divisible,
        tractor: tractor?,
        trailer: trailer?,
        driver: driver?,
        dimensions: dimensions?,
        masses: masses?,
        route: route?,
        crosses_province: transport.crosses_province,
        transport_permit: transport_permit?,
        outline_drawing: outline_drawing?,
        escort_plan: escort_plan?,
        valid_from: valid_from?,
        valid_until: valid_until?,
    })
}
