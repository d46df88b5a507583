//! What else stands in the register of vehicles: changes and corrections, marks and signs, mortgages, and what authorities order.

use super::vehicles::{OFFICER, about, any_number, dealer, new_vehicle, particulars, vehicle};
use super::{User, Users, VehicleApi};
use crate::workloads::registration::identity;
use rand::RngExt;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::application::Request;
use traffic_proto::registration::v1::particulars_change::Change;
use traffic_proto::registration::v1::party::Kind;
use traffic_proto::registration::v1::record_correction::Corrected;
use traffic_proto::registration::v1::vehicle_service_server::VehicleService;
use traffic_proto::registration::v1::{
    Application, CancellationCause, EncumbranceKind, HoldKind, Party, Person, SignReturnCause,
    TemporaryGround,
};

impl Users {
    /// An owner has something changed, marked or burdened about a vehicle.
    pub(in crate::simulation) async fn alter(self, number: u64, which: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let request = match user.random.random_range(0..6) {
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
            4 => return user.mortgage(which).await,
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

    /// An authority has a vehicle held, and mostly lets it go; or the office cancels its registration.
    pub(in crate::simulation) async fn notify(self, number: u64, which: u8) -> Result<(), String> {
        let mut user = self.user(number);
        if user.random.random_bool(0.15) {
            return user.strike_off(which).await;
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
        let hold = |api: VehicleApi, request| async move { api.place_hold(request).await };
        if user.command(OFFICER, request, hold).await?.is_err() {
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
            let lift = |api: VehicleApi, request| async move { api.lift_hold(request).await };
            user.command(OFFICER, request, lift).await?.ok();
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

    /// A vehicle is mortgaged, and mostly free again.
    async fn mortgage(&mut self, which: u8) -> Result<(), String> {
        let kind = EncumbranceKind::Mortgage.into();
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
        if self.random.random_bool(0.8) {
            let request = registration_v1::ReturnSchoolBusSignRequest {
                name: vehicle(which),
                cause: SignReturnCause::UseEnded.into(),
                ..Default::default()
            };
            let give_back =
                |api: VehicleApi, request| async move { api.return_school_bus_sign(request).await };
            self.command(OFFICER, request, give_back).await?.ok();
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
        let cancel =
            |api: VehicleApi, request| async move { api.cancel_vehicle_of_office(request).await };
        self.command(OFFICER, request, cancel).await?.ok();
        Ok(())
    }
}

/// An organisation that lends on vehicles, and whose pupils ride in them.
fn organisation() -> Party {
    Party {
        kind: Some(Kind::Organisation(dealer())),
    }
}
