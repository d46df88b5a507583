//! Cars and trucks: filed and registered with a plate, refused or withdrawn; sold, swapping plates, scrapped, gone and back; and
//! what that costs.

use super::{User, Users, VehicleApi};
use crate::simulation::plan::{CARS, TRUCKS_FROM};
use crate::workloads::haulage;
use crate::workloads::registration::{approval, car, day, identity, owner, proof, vin};
use rand::RngExt;
use tonic::{Response, Status};
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::application::Request;
use traffic_proto::registration::v1::plate_wish::Wish;
use traffic_proto::registration::v1::vehicle_service_server::VehicleService;
use traffic_proto::registration::v1::{
    Application, CancellationCause, Day, Delivery, Evidence, Material, Organisation, Particulars,
    Person, PlateOrderState, PlateWish, RegistrationRefusalGround, Vehicle, VehicleClass,
};

pub(super) const DEALER: &str = "partner:dealer";
pub(super) const OFFICER: &str = "officer:one";
/// How many own vehicles: each has several, so that some may swap plates.
const OWNERS: u8 = 2;
/// What is handed in for whatever is applied for.
const PROOFS: [Material; 11] = [
    Material::Origin,
    Material::FactoryCertificate,
    Material::RegistrationCertificate,
    Material::OwnershipTransfer,
    Material::Plates,
    Material::MortgageContract,
    Material::DriverLicence,
    Material::SchoolBusLicence,
    Material::SchoolBusPlan,
    Material::JointOwnership,
    Material::ScrapReceipt,
];

impl Users {
    /// A dealer files a vehicle, which another may have filed already, at times with a number that was chosen; an officer
    /// decides, or the dealer withdraws.
    pub(in crate::simulation) async fn register(
        self,
        number: u64,
        which: u8,
    ) -> Result<(), String> {
        let mut user = self.user(number);
        let mut application = new_vehicle(which);
        if user.random.random_bool(0.3) {
            application.delivery = Some(to_the_door(which));
        }
        if which < TRUCKS_FROM
            && user.random.random_bool(0.3)
            && let Some(wish) = user.choose_number(number).await?
        {
            application.plate_wish = Some(wish);
        }
        let Some(approved) = user.apply(application).await? else {
            return Ok(());
        };
        let of = which % OWNERS;
        self.city.told.lock().owners.insert(which, of);
        user.fetch_plates(&approved, &format!("v{number}")).await
    }

    /// Who owns a vehicle sells it, swaps its plate with another of the same owner, has it scrapped, or sends it to another city
    /// or abroad.
    pub(in crate::simulation) async fn trade(self, number: u64, which: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let of = user.owner_of_vehicle(which);
        let buyer = (of + 1) % OWNERS;
        let (request, applicant) = match user.random.random_range(0..12) {
            0..=3 => (sale(""), buyer),
            4..=7 => (
                Request::PlateSwap(registration_v1::PlateSwap {
                    other_vehicle: vehicle(user.random.random_range(0..CARS)),
                }),
                of,
            ),
            8 | 9 => return user.go_away(which, number).await,
            10 => (given_up(CancellationCause::VoluntaryScrapping), of),
            _ => (given_up(CancellationCause::Abroad), of),
        };
        let sold = matches!(request, Request::Transfer(_));
        let application = Application {
            plate_wish: sold.then(any_number),
            ..about(which, applicant, request)
        };
        let Some(approved) = user.apply(application).await? else {
            return Ok(());
        };
        self.city.told.lock().owners.insert(which, applicant);
        user.fetch_plates(&approved, &format!("v{number}")).await
    }
}

impl User {
    /// Who was told last to own a vehicle, or else who files it first.
    pub(super) fn owner_of_vehicle(&self, which: u8) -> u8 {
        let owners = &self.city.told.lock().owners;
        owners.get(&which).copied().unwrap_or(which % OWNERS)
    }

    /// A vehicle goes to another city, a small one by a transfer (Order 164 art. 27) or as that city's office tells, and may come
    /// back.
    async fn go_away(&mut self, which: u8, number: u64) -> Result<(), String> {
        let of = self.owner_of_vehicle(which);
        let city = "Sample City".to_owned();
        if which < TRUCKS_FROM && self.random.random_bool(0.4) {
            if !self.is_taken_in(which, &city, number).await? {
                return Ok(());
            }
        } else {
            let request = if which < TRUCKS_FROM {
                sale(&city)
            } else {
                Request::MoveOut(registration_v1::MoveOut { to: city.clone() })
            };
            let Some(gone) = self.apply(about(which, of, request)).await? else {
                return Ok(());
            };
            self.fetch_plates(&gone, &format!("v{number}")).await?;
        }
        self.think().await;
        let today = self.day_in(0);
        let arrival = Request::MoveIn(registration_v1::MoveIn {
            particulars: particulars(new_vehicle(which)),
            from: city,
            first_registered_on: today.clone(),
            // Trucks are inspected every year.
            inspection_valid_until: self.day_in(if which < TRUCKS_FROM { 700 } else { 300 }),
            moved_out_on: today,
        });
        let application = Application {
            plate_wish: Some(any_number()),
            ..about(which, of, arrival)
        };
        match self.apply(application).await? {
            Some(back) => self.fetch_plates(&back, &format!("v{number}-back")).await,
            None => Ok(()),
        }
    }

    /// Whether another city's office has taken a car in, on an application to it.
    async fn is_taken_in(&mut self, which: u8, city: &str, number: u64) -> Result<bool, String> {
        let request = registration_v1::RecordMovedAwayRequest {
            name: vehicle(which),
            to: city.to_owned(),
            notice: format!("M-{number}"),
            ..Default::default()
        };
        let record = |api: VehicleApi, request| async move {
            unblocked(api.record_moved_away(request).await)
        };
        self.does(OFFICER, request, record).await
    }

    /// The day so many days from now.
    pub(super) fn day_in(&self, days: i64) -> Option<Day> {
        haulage::day(self.now(), days).and_then(|it| day(&it.value))
    }

    /// Files an application and has it decided; `None` if nothing comes of it.
    pub(super) async fn apply(
        &mut self,
        mut application: Application,
    ) -> Result<Option<Application>, String> {
        let has_forgotten = self.random.random_bool(0.1);
        let evidence = application.evidence.clone();
        if has_forgotten {
            application.evidence.clear();
        }
        let request = registration_v1::CreateApplicationRequest {
            application: Some(application),
            ..Default::default()
        };
        let file = method!(VehicleApi, create_application);
        let Ok(filed) = self.command(DEALER, request, file).await? else {
            return Ok(None);
        };
        let name = filed.into_inner().name;
        self.think().await;
        if has_forgotten {
            self.supply(&name, evidence).await?;
            self.think().await;
        }
        match self.random.random_range(0..20) {
            0..=3 => {
                self.withdraw(name).await?;
                return Ok(None);
            }
            4 => {
                self.refuse_application(&name).await?;
                return Ok(None);
            }
            5 => self.ask_for_more(&name).await?,
            _ => {}
        }
        let approve = method!(VehicleApi, approve_application);
        let approved = self.command(OFFICER, approval(&name), approve).await?;
        let Ok(approved) = approved else {
            // Something has come in between, such as a violation: else it would stay open for ever.
            self.withdraw(name).await?;
            return Ok(None);
        };
        let approved = approved.into_inner();
        if !approved.plate.is_empty() {
            self.city.told.lock().plates.push(approved.plate.clone());
        }
        Ok(Some(approved))
    }

    async fn supply(&mut self, name: &str, evidence: Vec<Evidence>) -> Result<(), String> {
        let request = registration_v1::SupplyMaterialsRequest {
            name: name.to_owned(),
            evidence,
            ..Default::default()
        };
        let supply = method!(VehicleApi, supply_materials);
        self.does(DEALER, request, supply).await?;
        Ok(())
    }

    /// A proof is not in legal form, if the business needs it; another is handed in.
    async fn ask_for_more(&mut self, name: &str) -> Result<(), String> {
        let asked = [
            Material::Origin,
            Material::OwnershipTransfer,
            Material::MortgageContract,
        ];
        for material in asked {
            let request = registration_v1::RequestMaterialsRequest {
                name: name.to_owned(),
                materials: vec![material.into()],
                ..Default::default()
            };
            let ask = method!(VehicleApi, request_materials);
            if self.does(OFFICER, request, ask).await? {
                self.think().await;
                return self.supply(name, vec![proof(material)]).await;
            }
        }
        Ok(())
    }

    async fn refuse_application(&mut self, name: &str) -> Result<(), String> {
        let request = registration_v1::RefuseApplicationRequest {
            name: name.to_owned(),
            ground: RegistrationRefusalGround::RequirementsNotMet.into(),
            reason: "the papers do not fit the vehicle".into(),
            ..Default::default()
        };
        let refuse = method!(VehicleApi, refuse_application);
        self.does(OFFICER, request, refuse).await?;
        Ok(())
    }

    async fn withdraw(&mut self, name: String) -> Result<(), String> {
        let request = registration_v1::WithdrawApplicationRequest {
            name,
            ..Default::default()
        };
        let withdraw =
            |api: VehicleApi, request| async move { api.withdraw_application(request).await };
        self.command(DEALER, request, withdraw).await?.ok();
        Ok(())
    }

    /// What a decision costs is paid, or not; plates are made, and handed over once they are paid.
    pub(super) async fn fetch_plates(
        &mut self,
        approved: &Application,
        reference: &str,
    ) -> Result<(), String> {
        if approved.order.is_empty() || self.random.random_bool(0.4) {
            return Ok(());
        }
        self.think().await;
        self.pay_order(&approved.order, reference).await?;
        if approved.plate_order_state() == PlateOrderState::Ordered {
            self.bring_plates(approved).await?;
        }
        self.refund_order(&approved.order, reference).await
    }

    /// They are made, sent if they are to be sent, and handed over.
    async fn bring_plates(&mut self, approved: &Application) -> Result<(), String> {
        let request = registration_v1::RecordPlatesMadeRequest {
            name: approved.name.clone(),
            ..Default::default()
        };
        let made = |api: VehicleApi, request| async move { api.record_plates_made(request).await };
        self.command(OFFICER, request, made).await?.ok();
        self.think().await;
        if approved.delivery.is_some() {
            let request = registration_v1::RecordPlatesShippedRequest {
                name: approved.name.clone(),
                carrier: "Sample Post".into(),
                tracking_number: "T-1".into(),
                ..Default::default()
            };
            let shipped =
                |api: VehicleApi, request| async move { api.record_plates_shipped(request).await };
            self.command(OFFICER, request, shipped).await?.ok();
            self.think().await;
        }
        let request = registration_v1::RecordPlatesDeliveredRequest {
            name: approved.name.clone(),
            ..Default::default()
        };
        let delivered =
            |api: VehicleApi, request| async move { api.record_plates_delivered(request).await };
        self.command(OFFICER, request, delivered).await?.ok();
        Ok(())
    }
}

pub(super) fn vehicle(which: u8) -> String {
    format!("vehicles/{}", vin("S", which.into()))
}

pub(super) fn any_number() -> PlateWish {
    PlateWish {
        wish: Some(Wish::Any(true)),
    }
}

/// What somebody asks for about a vehicle.
pub(super) fn about(which: u8, applicant: u8, request: Request) -> Application {
    Application {
        vehicle: vehicle(which),
        district: "371702".into(),
        applicants: vec![owner(applicant.into())],
        request: Some(request),
        evidence: PROOFS.map(proof).into(),
        ..Application::default()
    }
}

fn given_up(cause: CancellationCause) -> Request {
    Request::Cancellation(registration_v1::Cancellation {
        cause: cause.into(),
    })
}

/// `to`: another city; empty: it stays here.
fn sale(to: &str) -> Request {
    Request::Transfer(registration_v1::Transfer {
        delivered_on: day("2026-03-01"),
        to: to.into(),
        ..Default::default()
    })
}

fn to_the_door(which: u8) -> Delivery {
    Delivery {
        dealer: Some(dealer()),
        recipient: Some(Person {
            name: "Sample Owner".into(),
            identity_number: identity((which % OWNERS).into()),
            address: "Sample Road 1".into(),
            ..Person::default()
        }),
    }
}

pub(super) fn dealer() -> Organisation {
    Organisation {
        name: "Sample Cars Ltd".into(),
        credit_code: "91110000600037341L".into(),
    }
}

pub(super) fn particulars(new: Application) -> Option<Particulars> {
    match new.request {
        Some(Request::InitialRegistration(new)) => new.particulars,
        _ => None,
    }
}

pub(super) fn new_vehicle(which: u8) -> Application {
    let mut application = car(&vin("S", which.into()));
    application.applicants = vec![owner((which % OWNERS).into())];
    if which >= TRUCKS_FROM
        && let Some(Request::InitialRegistration(new)) = &mut application.request
        && let Some(particulars) = &mut new.particulars
    {
        new.inspection_valid_until = day("2027-03-02");
        particulars.vehicle_class = VehicleClass::LightTruck.into();
        particulars.seats = 2;
        particulars.gross_mass_kg = 4_000;
    }
    application
}

/// A vehicle answers as its step left it, but tells what stands against it as of the answer: that may differ between two answers
/// to one request.
pub(super) fn unblocked(
    answer: Result<Response<Vehicle>, Status>,
) -> Result<Response<Vehicle>, Status> {
    answer.map(|mut vehicle| {
        let told = vehicle.get_mut();
        (told.open_violations, told.detained) = (0, false);
        vehicle
    })
}
