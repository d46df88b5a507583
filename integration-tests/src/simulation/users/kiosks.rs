//! Unmanned kiosks: identify, file, review, pay, print, with power cuts and changes of mind between any two.

use super::{KioskApi, User, Users};
use crate::load::position_of;
use crate::simulation::plan::{CARS, EBIKES};
use crate::workloads::registration::{ebike, identity, owner, vin};
use rand::RngExt;
use tonic::{Response, Status};
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::kiosk_business::Kind;
use traffic_proto::registration::v1::kiosk_service_server::KioskService;
use traffic_proto::registration::v1::{BlankOutcome, KioskBusiness, KioskSession};

/// The account of all kiosks.
const KIOSK: &str = "kiosk:hall";

impl Users {
    /// Somebody has an e-bike registered, its plate or a vehicle's licence made again at a kiosk.
    pub(in crate::simulation) async fn visit_kiosk(
        self,
        number: u64,
        person: u8,
    ) -> Result<(), String> {
        let mut user = self.user(number);
        let person = u32::from(person);
        let request = registration_v1::OpenKioskSessionRequest {
            kiosk: "k1".into(),
            district: "371702".into(),
            identity_number: identity(person),
            ..Default::default()
        };
        let open = |api: KioskApi, request| async move {
            moneyless(api.open_kiosk_session(request).await)
        };
        let Ok(session) = user.command(KIOSK, request, open).await? else {
            return Ok(());
        };
        let name = session.into_inner().name;
        user.think().await;
        let request = registration_v1::FileKioskBusinessRequest {
            name: name.clone(),
            business: Some(user.some_business(person)),
            ..Default::default()
        };
        let file = |api: KioskApi, request| async move {
            moneyless(api.file_kiosk_business(request).await)
        };
        if user.command(KIOSK, request, file).await?.is_err() || user.random.random_bool(0.1) {
            // Who walks away now leaves a session that expires.
            return Ok(());
        }
        user.think().await;
        let request = registration_v1::ConfirmKioskReviewRequest {
            name: name.clone(),
            ..Default::default()
        };
        let confirm = |api: KioskApi, request| async move {
            moneyless(api.confirm_kiosk_review(request).await)
        };
        let Ok(confirmed) = user.command(KIOSK, request, confirm).await? else {
            return Ok(());
        };
        let order = confirmed.into_inner().order;
        user.think().await;
        if user.random.random_bool(0.8) {
            user.pay_order(&order, &format!("k{number}")).await?;
        }
        if user.random.random_bool(0.2) {
            user.abandon(&name).await?;
        } else {
            if user.random.random_bool(0.2) {
                user.resume(&name, person).await?;
            }
            user.print(&name, number).await?;
        }
        user.think().await;
        user.refund_order(&order, &format!("k{number}")).await
    }
}

impl User {
    fn some_business(&mut self, person: u32) -> KioskBusiness {
        let frame = self.random.random_range(0..EBIKES);
        let kind = match self.random.random_range(0..3) {
            0 => Kind::EbikeRegistration(ebike(frame.into(), person)),
            1 => Kind::EbikePlateReissue(registration_v1::KioskPlateReissue {
                ebike: ebike_name(frame),
                owner: Some(owner(person)),
            }),
            _ => {
                let car = self.random.random_range(0..CARS);
                Kind::VehicleLicenceReissue(registration_v1::KioskLicenceReissue {
                    vehicle: format!("vehicles/{}", vin("S", car.into())),
                    owner: Some(owner(person)),
                })
            }
        };
        KioskBusiness { kind: Some(kind) }
    }

    async fn abandon(&mut self, name: &str) -> Result<(), String> {
        let request = registration_v1::AbandonKioskSessionRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let abandon = |api: KioskApi, request| async move {
            moneyless(api.abandon_kiosk_session(request).await)
        };
        self.command(KIOSK, request, abandon).await?.ok();
        Ok(())
    }

    async fn resume(&mut self, name: &str, person: u32) -> Result<(), String> {
        let request = registration_v1::ResumeKioskSessionRequest {
            name: name.to_owned(),
            kiosk: "k2".into(),
            identity_number: identity(person),
            ..Default::default()
        };
        let resume = |api: KioskApi, request| async move {
            moneyless(api.resume_kiosk_session(request).await)
        };
        self.command(KIOSK, request, resume).await?.ok();
        Ok(())
    }

    /// On blank after blank until one comes out well; two kiosks may have been given the same numbers.
    async fn print(&mut self, name: &str, number: u64) -> Result<(), String> {
        for sheet in 0..4 {
            let blank = match self.random.random_range(0..5) {
                0 => format!("B-{sheet}"),
                _ => format!("B-{number}-{sheet}"),
            };
            let request = registration_v1::StartKioskPrintRequest {
                name: name.to_owned(),
                blank: blank.clone(),
                ..Default::default()
            };
            let start = |api: KioskApi, request| async move {
                moneyless(api.start_kiosk_print(request).await)
            };
            if self.command(KIOSK, request, start).await?.is_err() {
                continue;
            }
            self.think().await;
            let printed = self.random.random_bool(0.7);
            let outcome = if printed {
                BlankOutcome::Printed
            } else {
                BlankOutcome::Spoiled
            };
            let request = registration_v1::ReportKioskPrintRequest {
                name: name.to_owned(),
                blank: blank.clone(),
                outcome: outcome.into(),
                ..Default::default()
            };
            let report = |api: KioskApi, request| async move {
                moneyless(api.report_kiosk_print(request).await)
            };
            let reported = self.command(KIOSK, request, report).await?;
            if printed && let Ok(reported) = reported {
                let printed = (name.to_owned(), position_of(&reported));
                let mut told = self.city.told.lock();
                if let Some((other, _)) = told.printed.insert(blank.clone(), printed) {
                    return Err(format!(
                        "one blank, two sessions: {blank}, {other} and {name}"
                    ));
                }
                return Ok(());
            }
        }
        Ok(())
    }
}

fn ebike_name(frame: u8) -> String {
    format!("ebikes/{}", ebike(frame.into(), 0).frame_number)
}

/// A session answers as its step left it, but tells what its order has come to since: that may differ between two answers to
/// one request.
fn moneyless(
    answer: Result<Response<KioskSession>, Status>,
) -> Result<Response<KioskSession>, Status> {
    answer.map(|mut session| {
        let told = session.get_mut();
        (told.outstanding_fen, told.refund_due_fen) = (0, 0);
        session
    })
}
