//! Applications from requests: every field checked, every violation named, people replaced by references until they are sealed.

use crate::api::days;
use crate::api::parties::{Unsealed, read_person};
use crate::contract::enums::{
    read_cancellation_cause, read_document, read_encumbrance_kind, read_material,
    read_temporary_ground, read_use_nature, read_vehicle_class,
};
use crate::domain::application::event::Delivery;
use crate::domain::application::filing::File;
use crate::domain::application::materials::Evidence;
use crate::domain::application::request::{
    Arrival, Change, Corrected, Destination, NewVehicle, OwnerFiling, Request, TemporaryUse,
    Transfer,
};
use crate::domain::party::Party;
use crate::domain::plate::PlateWish;
use crate::domain::vehicle::class::Particulars;
use crate::domain::vehicle::event::TemporaryGround;
use crate::domain::vehicle::school_bus::SchoolBusUse;
use chassis::domain::Invalid;
use chassis::domain::values::{CreditCode, DocumentNumber, Organisation, PlateNumber, Text, Vin};
use chassis::sealing::Sealer;
use chassis::server::{Failure, Fields};
use jiff::civil::Date;
use traffic_proto::registration::v1 as proto;

/// People and organisations that apply together.
pub(super) const MOST_APPLICANTS: usize = 10;

/// Reads applications and keeps the people in them until they are sealed.
pub(super) struct Reader<'a> {
    sealer: &'a Sealer,
    people: Vec<Unsealed>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sealer: &'a Sealer) -> Self {
        Self {
            sealer,
            people: Vec::new(),
        }
    }

    /// Who it is, with an empty box until [`Reader::seal`] fills it.
    fn party(
        &mut self,
        field: &str,
        party: Option<&proto::Party>,
        fields: &mut Fields,
    ) -> Option<Party> {
        let unsealed = Unsealed::read(self.sealer, field, party, fields)?;
        Some(self.keep(unsealed))
    }

    fn keep(&mut self, unsealed: Unsealed) -> Party {
        let bare = unsealed.bare();
        self.people.push(unsealed);
        bare
    }

    /// Seals everyone who is named in an application.
    pub(super) async fn seal(&self, file: &mut File) -> Result<(), Failure> {
        for unsealed in &self.people {
            let sealed = unsealed.seal(self.sealer).await?;
            for_each_party(file, |party| {
                if is_bare(party) && party.is_same(&sealed) {
                    party.clone_from(&sealed);
                }
            });
        }
        Ok(())
    }

    pub(super) fn application(
        &mut self,
        message: &proto::Application,
        fields: &mut Fields,
    ) -> Option<File> {
        let vin = vin("vehicle", &message.vehicle, fields);
        let district = fields.required("district", &message.district, days::district);
        let applicants = self.applicants(&message.applicants, fields);
        let agent = match &message.agent {
            None => Some(None),
            Some(agent) => self.party("agent", Some(agent), fields).map(Some),
        };
        let first = applicants
            .as_ref()
            .and_then(|applicants| applicants.first().cloned());
        let request = self.request(message, first.as_ref(), fields);
        let wish = fields.optional_message("plate_wish", message.plate_wish.as_ref(), read_wish);
        let delivery = match &message.delivery {
            None => Some(None),
            Some(delivery) => fields
                .within("delivery", |fields| self.delivery(delivery, fields))
                .map(Some),
        };
        let evidence = fields.each("evidence", &message.evidence, 0..=30, read_evidence);
        Some(File {
            vin: vin?,
            district: district?,
            request: request?,
            applicants: applicants?,
            agent: agent?,
            wish: wish?,
            delivery: delivery?,
            evidence: evidence?,
        })
    }

    fn applicants(&mut self, parties: &[proto::Party], fields: &mut Fields) -> Option<Vec<Party>> {
        // The length first: nobody reads a thousand parties.
        fields.number("applicants", parties.len(), 1..=MOST_APPLICANTS)?;
        let mut applicants = Vec::with_capacity(parties.len());
        for (index, party) in parties.iter().enumerate() {
            let field = format!("applicants[{index}]");
            applicants.extend(self.party(&field, Some(party), fields));
        }
        (applicants.len() == parties.len()).then_some(applicants)
    }

    fn delivery(&mut self, delivery: &proto::Delivery, fields: &mut Fields) -> Option<Delivery> {
        let dealer = fields.message("dealer", delivery.dealer.as_ref(), |dealer, fields| {
            let name = fields.required("name", &dealer.name, Text::parse);
            let code = fields.required("credit_code", &dealer.credit_code, CreditCode::parse);
            Some(Organisation {
                name: name?,
                credit_code: code?,
            })
        });
        let addressed = delivery
            .recipient
            .as_ref()
            .is_none_or(|recipient| !recipient.address.is_empty());
        if !addressed {
            let missing = Invalid::new("is required for a delivery", "配送号牌必填");
            fields.refuse("recipient.address", missing);
        }
        let recipient = fields.message(
            "recipient",
            delivery.recipient.as_ref(),
            |person, fields| read_person(self.sealer, person, fields),
        );
        let recipient = recipient.map(|unsealed| self.keep(unsealed));
        match (dealer?, recipient?) {
            (dealer, Party::Person(recipient)) if addressed => Some(Delivery { dealer, recipient }),
            _ => None,
        }
    }

    fn request(
        &mut self,
        message: &proto::Application,
        first: Option<&Party>,
        fields: &mut Fields,
    ) -> Option<Request> {
        use proto::application::Request as R;
        let Some(request) = &message.request else {
            let missing = Invalid::new("what is applied for is required", "应填写申请的业务");
            fields.refuse("request", missing);
            return None;
        };
        match request {
            R::InitialRegistration(new) => fields.within("initial_registration", |fields| {
                let read = new_vehicle(
                    new.particulars.as_ref(),
                    new.inspection_valid_until.as_ref(),
                    fields,
                )?;
                Some(Request::InitialRegistration(Box::new(NewVehicle {
                    particulars: read.0,
                    owner: first?.clone(),
                    accident_before: new.accident_before,
                    factory_checked: new.factory_checked,
                    inspection_valid_until: read.1,
                })))
            }),
            R::ParticularsChange(change) => fields.within("particulars_change", |fields| {
                let changed_on = days::required("changed_on", change.changed_on.as_ref(), fields);
                let change = read_change(change, first, fields);
                Some(Request::ParticularsChange {
                    change: Box::new(change?),
                    changed_on: changed_on?,
                })
            }),
            R::OwnerFiling(filing) => fields.within("owner_filing", |fields| {
                let changed_on = days::required("changed_on", filing.changed_on.as_ref(), fields);
                let item = fields.choice("item", filing.item, Some);
                Some(Request::OwnerFiling {
                    filing: Box::new(owner_filing(item?, first?)?),
                    changed_on: changed_on?,
                })
            }),
            R::JointOwnerChange(change) => fields.within("joint_owner_change", |fields| {
                let new_owner = self.party("new_owner", change.new_owner.as_ref(), fields);
                let married_on = days::optional("married_on", change.married_on.as_ref(), fields);
                Some(Request::JointOwner {
                    new_owner: Box::new(new_owner?),
                    married_on: married_on?,
                })
            }),
            R::PlateSwap(swap) => fields.within("plate_swap", |fields| {
                let other = vin("other_vehicle", &swap.other_vehicle, fields)?;
                Some(Request::PlateSwap { other })
            }),
            R::MoveOut(leaving) => fields.within("move_out", |fields| {
                let to = fields.required("to", &leaving.to, Text::parse)?;
                Some(Request::MoveOut { to })
            }),
            R::MoveIn(arrival) => {
                fields.within("move_in", |fields| read_arrival(arrival, first, fields))
            }
            R::Transfer(transfer) => {
                fields.within("transfer", |fields| read_transfer(transfer, first, fields))
            }
            R::Encumber(encumber) => fields.within("encumber", |fields| {
                let kind = fields.choice("kind", encumber.kind, read_encumbrance_kind);
                let holder = self.party("holder", encumber.holder.as_ref(), fields);
                Some(Request::Encumber {
                    kind: kind?,
                    holder: Box::new(holder?),
                })
            }),
            R::ReleaseEncumbrance(release) => fields.within("release_encumbrance", |fields| {
                let kind = fields.choice("kind", release.kind, read_encumbrance_kind);
                let holder = self.party("holder", release.holder.as_ref(), fields);
                Some(Request::Release {
                    kind: kind?,
                    holder: Box::new(holder?),
                    by_court: release.by_court,
                })
            }),
            R::Cancellation(cancellation) => fields.within("cancellation", |fields| {
                let cause = fields.choice("cause", cancellation.cause, read_cancellation_cause)?;
                Some(Request::Cancellation { cause })
            }),
            R::RecordCorrection(correction) => fields.within("record_correction", |fields| {
                Some(Request::Correction {
                    corrected: Box::new(read_corrected(correction, fields)?),
                    new_number: correction.new_number,
                })
            }),
            R::PlateReissue(_) => Some(Request::PlateReissue),
            R::DocumentReissue(reissue) => fields.within("document_reissue", |fields| {
                let document = fields.choice("document", reissue.document, read_document)?;
                Some(Request::DocumentReissue { document })
            }),
            R::InspectionMark(mark) => fields.within("inspection_mark", |fields| {
                let valid_until = days::optional("valid_until", mark.valid_until.as_ref(), fields)?;
                Some(Request::InspectionMark { valid_until })
            }),
            R::SchoolBusSign(licensed) => fields.within("school_bus_sign", |fields| {
                self.school_bus(licensed, fields)
                    .map(|licensed| Request::SchoolBusSign(Box::new(licensed)))
            }),
            R::SchoolBusSignReissue(_) => Some(Request::SchoolBusSignReissue),
            R::TemporaryUse(temporary) => {
                fields.within("temporary_use", |fields| read_temporary(temporary, fields))
            }
        }
    }
}

impl Reader<'_> {
    fn school_bus(
        &mut self,
        licensed: &proto::SchoolBusUse,
        fields: &mut Fields,
    ) -> Option<SchoolBusUse> {
        let driver = fields.message("driver", licensed.driver.as_ref(), |person, fields| {
            read_person(self.sealer, person, fields)
        });
        let route = fields.required("route", &licensed.route, Text::parse);
        let hours = fields.required("hours", &licensed.hours, Text::parse);
        let stops = fields.required("stops", &licensed.stops, Text::parse);
        let until = days::required("licensed_until", licensed.licensed_until.as_ref(), fields);
        let inspected =
            days::required("inspected_until", licensed.inspected_until.as_ref(), fields);
        Some(SchoolBusUse {
            driver: self.keep(driver?),
            route: route?,
            hours: hours?,
            stops: stops?,
            licensed_until: until?,
            inspected_until: inspected?,
        })
    }
}

/// Not sealed yet.
fn is_bare(party: &Party) -> bool {
    matches!(party, Party::Person(sealed) if sealed.bytes.is_empty())
}

fn for_each_party(file: &mut File, mut change: impl FnMut(&mut Party)) {
    file.applicants.iter_mut().for_each(&mut change);
    file.agent.iter_mut().for_each(&mut change);
    if let Some(delivery) = &mut file.delivery {
        let mut recipient = Party::Person(delivery.recipient.clone());
        change(&mut recipient);
        if let Party::Person(sealed) = recipient {
            delivery.recipient = sealed;
        }
    }
    match &mut file.request {
        Request::InitialRegistration(new) => change(&mut new.owner),
        Request::MoveIn(arrival) => change(&mut arrival.owner),
        Request::Transfer(transfer) => change(&mut transfer.new_owner),
        Request::JointOwner { new_owner, .. } => change(new_owner),
        Request::Encumber { holder, .. } | Request::Release { holder, .. } => change(holder),
        Request::OwnerFiling { filing, .. } => {
            if let OwnerFiling::NameOrResidence(owner)
            | OwnerFiling::Identity(owner)
            | OwnerFiling::Contact(owner) = &mut **filing
            {
                change(owner);
            }
        }
        Request::SchoolBusSign(licensed) => change(&mut licensed.driver),
        Request::ParticularsChange { change: own, .. } => {
            if let Change::WholeVehicle { vehicle, .. } = &mut **own {
                change(&mut vehicle.owner);
            }
        }
        _ => {}
    }
}

/// The vehicle that a resource name names.
pub(in crate::api) fn vin(field: &str, name: &str, fields: &mut Fields) -> Option<Vin> {
    let vin = fields.resource(field, name, "vehicles/{vin}")?;
    fields.value(field, vin, |vin| Vin::parse(&vin))
}

fn read_particulars(own: &proto::Particulars, fields: &mut Fields) -> Option<Particulars> {
    let class = fields.choice("vehicle_class", own.vehicle_class, read_vehicle_class);
    let use_nature = fields.choice("use_nature", own.use_nature, read_use_nature);
    let brand = fields.required("brand", &own.brand, Text::parse);
    let model = fields.required("model", &own.model, Text::parse);
    let colour = fields.required("colour", &own.colour, Text::parse);
    let engine = fields.optional("engine_number", &own.engine_number, DocumentNumber::parse);
    let seats = fields.number("seats", own.seats, 0..=300);
    let mass = fields.number("gross_mass_kg", own.gross_mass_kg, 1..=200_000);
    let made_on = days::required("made_on", own.made_on.as_ref(), fields);
    Some(Particulars {
        class: class?,
        use_nature: use_nature?,
        brand: brand?,
        model: model?,
        colour: colour?,
        engine_number: engine?,
        new_energy: own.new_energy,
        seats: u16::try_from(seats?).ok()?,
        gross_mass_kg: mass?,
        made_on: made_on?,
        imported: own.imported,
        customs_supervised: own.customs_supervised,
        inspection_exempt: own.inspection_exempt,
    })
}

fn new_vehicle(
    particulars: Option<&proto::Particulars>,
    inspection_valid_until: Option<&proto::Day>,
    fields: &mut Fields,
) -> Option<(Particulars, Date)> {
    let particulars = fields.message("particulars", particulars, read_particulars);
    let until = days::required("inspection_valid_until", inspection_valid_until, fields);
    Some((particulars?, until?))
}

fn read_change(
    message: &proto::ParticularsChange,
    owner: Option<&Party>,
    fields: &mut Fields,
) -> Option<Change> {
    use proto::particulars_change::Change as C;
    match &message.change {
        Some(C::Colour(colour)) => fields
            .required("colour", colour, Text::parse)
            .map(Change::Colour),
        Some(C::EngineNumber(number)) => fields
            .required("engine_number", number, DocumentNumber::parse)
            .map(Change::Engine),
        Some(C::Body(_)) => Some(Change::Body),
        Some(C::WholeVehicle(new)) => fields.within("whole_vehicle", |fields| {
            let vin = fields.required("vin", &new.vin, Vin::parse);
            let read = new_vehicle(
                new.particulars.as_ref(),
                new.inspection_valid_until.as_ref(),
                fields,
            );
            let (particulars, inspection_valid_until) = read?;
            Some(Change::WholeVehicle {
                vin: vin?,
                vehicle: NewVehicle {
                    particulars,
                    owner: owner?.clone(),
                    accident_before: false,
                    factory_checked: false,
                    inspection_valid_until,
                },
            })
        }),
        Some(C::UseNature(number)) => fields
            .choice("use_nature", *number, read_use_nature)
            .map(Change::Use),
        None => {
            fields.refuse("change", Invalid::new("is required", "必填"));
            None
        }
    }
}

fn owner_filing(item: proto::OwnerFilingItem, owner: &Party) -> Option<OwnerFiling> {
    use proto::OwnerFilingItem as Item;
    Some(match item {
        Item::NameOrResidence => OwnerFiling::NameOrResidence(owner.clone()),
        Item::Identity => OwnerFiling::Identity(owner.clone()),
        Item::Contact => OwnerFiling::Contact(owner.clone()),
        Item::VinRestamped => OwnerFiling::VinRestamped,
        Item::DisabledAid => OwnerFiling::DisabledAid,
        Item::TailLift => OwnerFiling::TailLift,
        Item::Exterior => OwnerFiling::Exterior,
        Item::Unspecified => return None,
    })
}

fn read_arrival(
    message: &proto::MoveIn,
    owner: Option<&Party>,
    fields: &mut Fields,
) -> Option<Request> {
    let read = new_vehicle(
        message.particulars.as_ref(),
        message.inspection_valid_until.as_ref(),
        fields,
    );
    let from = fields.required("from", &message.from, Text::parse);
    let first = days::required(
        "first_registered_on",
        message.first_registered_on.as_ref(),
        fields,
    );
    let moved_out_on = days::optional("moved_out_on", message.moved_out_on.as_ref(), fields);
    let (particulars, inspection_valid_until) = read?;
    Some(Request::MoveIn(Box::new(Arrival {
        particulars,
        owner: owner?.clone(),
        from: from?,
        first_registered_on: first?,
        inspection_valid_until,
        moved_out_on: moved_out_on?,
    })))
}

fn read_transfer(
    message: &proto::Transfer,
    new_owner: Option<&Party>,
    fields: &mut Fields,
) -> Option<Request> {
    let delivered_on = days::required("delivered_on", message.delivered_on.as_ref(), fields);
    let to = fields.optional("to", &message.to, Text::parse)?;
    let destination = match (to, message.for_export) {
        (None, false) => Destination::Here,
        (Some(to), false) => Destination::OtherCity(to),
        (None, true) => Destination::Export,
        (Some(_), true) => {
            let both = Invalid::new("not with `for_export`", "不得与 for_export 同时填写");
            fields.refuse("to", both);
            return None;
        }
    };
    Some(Request::Transfer(Box::new(Transfer {
        new_owner: new_owner?.clone(),
        delivered_on: delivered_on?,
        destination,
        papers_withheld: message.papers_withheld,
    })))
}

fn read_corrected(message: &proto::RecordCorrection, fields: &mut Fields) -> Option<Corrected> {
    use proto::record_correction::Corrected as C;
    match &message.corrected {
        Some(C::Colour(colour)) => fields
            .required("colour", colour, Text::parse)
            .map(Corrected::Colour),
        Some(C::EngineNumber(number)) => fields
            .required("engine_number", number, DocumentNumber::parse)
            .map(Corrected::Engine),
        Some(C::Model(model)) => fields
            .required("model", model, Text::parse)
            .map(Corrected::Model),
        Some(C::Seats(seats)) => fields
            .number("seats", *seats, 0..=300)
            .and_then(|seats| u16::try_from(seats).ok())
            .map(Corrected::Seats),
        Some(C::GrossMassKg(mass)) => fields
            .number("gross_mass_kg", *mass, 1..=200_000)
            .map(Corrected::GrossMass),
        None => {
            fields.refuse("corrected", Invalid::new("is required", "必填"));
            None
        }
    }
}

fn read_temporary(message: &proto::TemporaryUse, fields: &mut Fields) -> Option<Request> {
    // What leaves the city gets its plate with the decision on the transfer.
    let ground = fields.choice("ground", message.ground, |ground| {
        read_temporary_ground(ground).filter(|ground| *ground != TemporaryGround::Leaving)
    });
    let particulars = fields.message(
        "particulars",
        message.particulars.as_ref(),
        read_particulars,
    );
    let days_asked = fields.number("days", message.days, 1..=184);
    let insurance = days::required(
        "insurance_valid_until",
        message.insurance_valid_until.as_ref(),
        fields,
    );
    let approved = match ground {
        Some(TemporaryGround::IntelligentTesting) => {
            days::required("approved_until", message.approved_until.as_ref(), fields).map(Some)
        }
        _ => days::optional("approved_until", message.approved_until.as_ref(), fields),
    };
    Some(Request::TemporaryPlate(Box::new(TemporaryUse {
        ground: ground?,
        particulars: particulars?,
        days: u16::try_from(days_asked?).ok()?,
        insurance_valid_until: insurance?,
        approved_until: approved?,
    })))
}

fn read_wish(message: &proto::PlateWish, fields: &mut Fields) -> Option<PlateWish> {
    use proto::plate_wish::Wish;
    match &message.wish {
        Some(Wish::Any(_)) => Some(PlateWish::Any),
        Some(Wish::Held(number)) => fields
            .required("held", number, PlateNumber::parse)
            .map(PlateWish::Held),
        Some(Wish::Former(number)) => fields
            .required("former", number, PlateNumber::parse)
            .map(PlateWish::Former),
        Some(Wish::Unchanged(_)) => Some(PlateWish::Unchanged),
        None => {
            fields.refuse("wish", Invalid::new("is required", "必填"));
            None
        }
    }
}

pub(super) fn read_evidence(message: &proto::Evidence, fields: &mut Fields) -> Option<Evidence> {
    let material = fields.choice("material", message.material, read_material);
    let number = fields.required("number", &message.number, DocumentNumber::parse);
    Some(Evidence {
        material: material?,
        number: number?,
    })
}
