//! What else stands in the register of vehicles: changes and corrections, owners who join, papers made again, marks and signs,
//! mortgages and pledges, and what authorities order.

use super::vehicles::{
    DEALER, OFFICER, about, any_number, dealer, new_vehicle, particulars, unblocked, vehicle,
};
use super::{User, Users, VehicleApi};
use crate::workloads::registration::{car, identity, owner, vin};
use rand::RngExt;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::application::Request;
use traffic_proto::registration::v1::particulars_change::Change;
use traffic_proto::registration::v1::party::Kind;
use traffic_proto::registration::v1::record_correction::Corrected;
use traffic_proto::registration::v1::vehicle_service_server::VehicleService;
use traffic_proto::registration::v1::{
    Application, BarGround, CancellationCause, EncumbranceKind, HoldKind, OwnerFilingItem, Party,
    Person, RegistrationRefusalGround, SignReturnCause, TemporaryGround, VehicleDocument,
};

/// Who hands in false papers.
const CHEAT: u32 = 9;

impl Users {
    /// An owner has something changed, made again, marked or burdened about a vehicle, or shares it.
    pub(in crate::simulation) async fn alter(self, number: u64, which: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let request = match user.random.random_range(0..12) {
            0 => Request::ParticularsChange(registration_v1::ParticularsChange {
                change: Some(Change::Colour(format!("colour {}", number % 3))),
                changed_on: user.day_in(0),
            }),
            1 => Request::RecordCorrection(registration_v1::RecordCorrection {
                corrected: Some(Corrected::Seats(4)),
                new_number: true,
            }),
            2 => Request::InspectionMark(registration_v1::InspectionMark { valid_until: None }),
            3 => user.temporary_use(which),
            4 => Request::OwnerFiling(registration_v1::OwnerFiling {
                item: OwnerFilingItem::Contact.into(),
                changed_on: user.day_in(0),
            }),
            5 => Request::PlateReissue(registration_v1::PlateReissue {}),
            6 => Request::DocumentReissue(registration_v1::DocumentReissue {
                document: VehicleDocument::Licence.into(),
            }),
            7 => return user.share(which, number).await,
            8 | 9 => return user.mortgage(which).await,
            _ => return user.carry_pupils(which).await,
        };
        let corrected = matches!(request, Request::RecordCorrection(_));
        let of = user.owner_of_vehicle(which);
        let application = Application {
            plate_wish: corrected.then(any_number),
            ..about(which, of, request)
        };
        match user.apply(application).await? {
            Some(approved) => user.fetch_plates(&approved, &format!("v{number}")).await,
            None => Ok(()),
        }
    }

    /// An authority has a vehicle held, and mostly lets it go; or the office cancels its registration, or finds papers false.
    pub(in crate::simulation) async fn notify(self, number: u64, which: u8) -> Result<(), String> {
        let mut user = self.user(number);
        match user.random.random_range(0..20) {
            0..=2 => return user.strike_off(which).await,
            3..=5 => return user.unmask(number).await,
            _ => {}
        }
        let kinds = [
            HoldKind::Seizure,
            HoldKind::Theft,
            HoldKind::Accident,
            HoldKind::Inquiry,
        ];
        let kind = kinds[user.random.random_range(0..kinds.len())];
        let request = registration_v1::PlaceHoldRequest {
            name: vehicle(which),
            kind: kind.into(),
            agency: "Sample Court".into(),
            notice: format!("N-{number}"),
            ..Default::default()
        };
        let hold =
            |api: VehicleApi, request| async move { unblocked(api.place_hold(request).await) };
        if !user.does(OFFICER, request, hold).await? {
            return Ok(());
        }
        user.think().await;
        if user.random.random_bool(0.8) {
            let request = registration_v1::LiftHoldRequest {
                name: vehicle(which),
                kind: kind.into(),
                notice: format!("N-{number}"),
                lifting_notice: format!("L-{number}"),
                ..Default::default()
            };
            let lift =
                |api: VehicleApi, request| async move { unblocked(api.lift_hold(request).await) };
            user.does(OFFICER, request, lift).await?;
        }
        Ok(())
    }
}

impl User {
    /// Before it is registered, or until its plates are made.
    fn temporary_use(&mut self, which: u8) -> Request {
        let ground = if self.random.random_bool(0.5) {
            TemporaryGround::AwaitingRegistration
        } else {
            TemporaryGround::PlatesInMaking
        };
        Request::TemporaryUse(registration_v1::TemporaryUse {
            ground: ground.into(),
            particulars: particulars(new_vehicle(which)),
            days: 15,
            insurance_valid_until: self.day_in(300),
            approved_until: None,
        })
    }

    /// Another comes to own a vehicle together with its owner.
    async fn share(&mut self, which: u8, number: u64) -> Result<(), String> {
        let of = self.owner_of_vehicle(which);
        let other = 1 - of.min(1);
        let joined = Request::JointOwnerChange(registration_v1::JointOwnerChange {
            new_owner: Some(owner(other.into())),
            married_on: None,
        });
        let mut application = Application {
            plate_wish: Some(any_number()),
            ..about(which, of, joined)
        };
        application.applicants.push(owner(other.into()));
        let Some(approved) = self.apply(application).await? else {
            return Ok(());
        };
        self.city.told.lock().owners.insert(which, other);
        self.fetch_plates(&approved, &format!("v{number}")).await
    }

    /// A vehicle is mortgaged or pledged, and mostly free again.
    async fn mortgage(&mut self, which: u8) -> Result<(), String> {
        let kind = if self.random.random_bool(0.7) {
            EncumbranceKind::Mortgage.into()
        } else {
            EncumbranceKind::Pledge.into()
        };
        let holder = Some(organisation());
        let encumber = Request::Encumber(registration_v1::Encumber {
            kind,
            holder: holder.clone(),
        });
        if self
            .apply_with_organisation(which, encumber)
            .await?
            .is_none()
        {
            return Ok(());
        }
        self.think().await;
        if self.random.random_bool(0.8) {
            let release = Request::ReleaseEncumbrance(registration_v1::ReleaseEncumbrance {
                kind,
                holder,
                by_court: false,
            });
            self.apply_with_organisation(which, release).await?;
        }
        Ok(())
    }

    /// The owner applies together with an organisation.
    async fn apply_with_organisation(
        &mut self,
        which: u8,
        request: Request,
    ) -> Result<Option<Application>, String> {
        let mut application = about(which, self.owner_of_vehicle(which), request);
        application.applicants.push(organisation());
        self.apply(application).await
    }

    /// A vehicle gets the sign of a school bus for a school, which mostly gives it back.
    async fn carry_pupils(&mut self, which: u8) -> Result<(), String> {
        let driver = Person {
            name: "Sample Driver".into(),
            identity_number: identity(0),
            ..Person::default()
        };
        let sign = Request::SchoolBusSign(registration_v1::SchoolBusUse {
            driver: Some(driver),
            route: "Sample Road - Sample School".into(),
            hours: "07:00-08:00".into(),
            stops: "Sample Stop".into(),
            licensed_until: self.day_in(200),
            inspected_until: self.day_in(90),
        });
        if self.apply_with_organisation(which, sign).await?.is_none() {
            return Ok(());
        }
        self.think().await;
        if self.random.random_bool(0.3) {
            let again = Request::SchoolBusSignReissue(registration_v1::SchoolBusSignReissue {});
            self.apply_with_organisation(which, again).await?;
            self.think().await;
        }
        if self.random.random_bool(0.8) {
            let request = registration_v1::ReturnSchoolBusSignRequest {
                name: vehicle(which),
                cause: SignReturnCause::UseEnded.into(),
                ..Default::default()
            };
            let give_back = |api: VehicleApi, request| async move {
                unblocked(api.return_school_bus_sign(request).await)
            };
            self.does(OFFICER, request, give_back).await?;
        }
        Ok(())
    }

    /// Mostly because it was scrapped.
    async fn strike_off(&mut self, which: u8) -> Result<(), String> {
        let cause = if self.random.random_bool(0.2) {
            CancellationCause::Revoked
        } else {
            CancellationCause::ForcedScrapping
        };
        let request = registration_v1::CancelVehicleOfOfficeRequest {
            name: vehicle(which),
            cause: cause.into(),
            ..Default::default()
        };
        let cancel = |api: VehicleApi, request| async move {
            unblocked(api.cancel_vehicle_of_office(request).await)
        };
        self.does(OFFICER, request, cancel).await?;
        Ok(())
    }

    /// Somebody files a car with false papers, and may file none for a year, unless they were another's.
    async fn unmask(&mut self, number: u64) -> Result<(), String> {
        let request = registration_v1::CreateApplicationRequest {
            application: Some(Application {
                applicants: vec![owner(CHEAT)],
                ..car(&vin("F", number))
            }),
            ..Default::default()
        };
        let file = method!(VehicleApi, create_application);
        let Ok(filed) = self.command(DEALER, request, file).await? else {
            return Ok(());
        };
        let filed = filed.into_inner();
        let person_ref = filed.applicants.iter().find_map(|party| match &party.kind {
            Some(Kind::Person(person)) => Some(person.person_ref.clone()),
            _ => None,
        });
        self.think().await;
        let request = registration_v1::RefuseApplicationRequest {
            name: filed.name,
            ground: RegistrationRefusalGround::FalsePapers.into(),
            reason: "the certificate was never issued".into(),
            ..Default::default()
        };
        let refuse = method!(VehicleApi, refuse_application);
        let is_barred = self.does(OFFICER, request, refuse).await?;
        self.think().await;
        let Some(person_ref) = person_ref.filter(|_| is_barred && self.random.random_bool(0.7))
        else {
            return Ok(());
        };
        let request = registration_v1::LiftApplicantBarRequest {
            name: format!("applicants/{person_ref}"),
            ground: BarGround::FalsePapers.into(),
            decision: format!("D-{number}"),
            ..Default::default()
        };
        let lift = method!(VehicleApi, lift_applicant_bar);
        self.does(OFFICER, request, lift).await?;
        Ok(())
    }
}

/// An organisation that lends on vehicles, and whose pupils ride in them.
fn organisation() -> Party {
    Party {
        kind: Some(Kind::Organisation(dealer())),
    }
}
