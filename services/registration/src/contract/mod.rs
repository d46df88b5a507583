//! From the domain to the contract: resources, published messages, history. Nothing personal passes but references.

mod applicant;
mod application;
pub mod enums;
mod history;
mod vehicle;

pub use applicant::applicant;
pub use application::{application, application_name};
pub use history::history_event;
pub use vehicle::{offer, offer_name, plate, vehicle, vehicle_name};

use crate::domain::party::Party;
use chassis::domain::PersonRef;
use chassis::domain::values::Organisation;
use jiff::civil::Date;
use traffic_proto::registration::v1 as proto;

/// As the contract has it.
pub fn day(day: Date) -> Option<proto::Day> {
    Some(proto::Day {
        value: day.to_string(),
    })
}

fn person(person: &PersonRef) -> proto::Person {
    proto::Person {
        person_ref: person.to_string(),
        ..proto::Person::default()
    }
}

fn organisation(organisation: &Organisation) -> proto::Organisation {
    proto::Organisation {
        name: organisation.name.to_string(),
        credit_code: organisation.credit_code.to_string(),
    }
}

pub fn party(party: &Party) -> proto::Party {
    use proto::party::Kind;
    proto::Party {
        kind: Some(match party {
            Party::Person(sealed) => Kind::Person(person(&sealed.person)),
            Party::Organisation(own) => Kind::Organisation(organisation(own)),
        }),
    }
}
