//! Parking: bays, the stays of vehicles in them, and payments; and what officers decide about them.

use super::{Identified, ParkingApi, Told, User, Users, by, contract_time, seconds};
use crate::simulation::plan::BAYS;
use crate::workloads::parking::{bay, payment, tariff, zone};
use rand::RngExt;
use tonic::{Request, Response, Status};
use traffic_proto::parking::v1 as parking_v1;
use traffic_proto::parking::v1::parking_management_service_server::ParkingManagementService;
use traffic_proto::parking::v1::parking_session_service_server::ParkingSessionService;

/// The zone of all bays.
const ZONE: &str = "zones/suite";

impl Users {
    /// A zone with a tariff, and bays along the roads.
    pub(in crate::simulation) async fn open_the_city(&self) -> Result<(), String> {
        let mut officer = self.user(u64::MAX);
        officer
            .manage(tariff(), |api: ParkingApi, request| async move {
                ParkingManagementService::create_tariff(&api, request).await
            })
            .await?;
        officer
            .manage(zone(ZONE), |api: ParkingApi, request| async move {
                ParkingManagementService::create_zone(&api, request).await
            })
            .await?;
        for number in 0..BAYS {
            let request = parking_v1::CreateBayRequest {
                bay_id: bay_id(number),
                bay: Some(bay(f64::from(number) * 20.0, -1.0)),
                ..Default::default()
            };
            officer
                .manage(request, |api: ParkingApi, request| async move {
                    ParkingManagementService::create_bay(&api, request).await
                })
                .await?;
        }
        Ok(())
    }

    /// Vehicles come and leave; what is charged is paid, in parts, too much, or not at all, or an officer finds it wrong.
    pub(in crate::simulation) async fn park(self, number: u64, bay: u8) -> Result<(), String> {
        let mut user = self.user(number);
        if user.random.random_bool(0.2) {
            user.exempt(number, bay).await?;
        }
        for visit in 0..user.random.random_range(1..4) {
            user.stay(bay).await?;
            user.think().await;
            let sessions = user.sessions_of(bay).await?;
            let standing = sessions.iter().find(|it| it.leave_time.is_none());
            if let Some(standing) = standing
                && user.random.random_bool(0.3)
            {
                // Whoever reads has missed that it left, or somebody is towed away.
                user.correct_session(standing).await?;
            }
            let mut payable: Vec<_> = sessions
                .iter()
                .filter(|session| session.outstanding_fen > 0)
                .collect();
            payable.sort_by_key(|session| session.arrive_time.as_ref().map(|at| at.seconds));
            // The newest, or the debt that is owed longest.
            let session = if user.random.random_bool(0.6) {
                payable.last()
            } else {
                payable.first()
            };
            let Some(session) = session else { continue };
            let mut overpaid_fen = 0;
            for part in 0..user.random.random_range(0..3) {
                let amount = match user.random.random_range(0..3) {
                    0 => session.outstanding_fen,
                    1 => (session.outstanding_fen / 2).max(1),
                    _ => session.outstanding_fen + 50,
                };
                let reference = format!("{number}-{visit}-{part}");
                if let Some(paid) = user.pay(session, &reference, amount).await? {
                    overpaid_fen = paid.overpaid_fen;
                }
            }
            if overpaid_fen > 0 && user.random.random_bool(0.5) {
                let reference = format!("{number}-{visit}-back");
                user.pay_back(session, &reference, overpaid_fen).await?;
            }
            if user.random.random_bool(0.25) {
                user.object_to_charge(session).await?;
            }
        }
        Ok(())
    }
}

impl User {
    /// A sensor or a camera reports an arrival and, later, mostly a departure; some readings come twice.
    async fn stay(&mut self, bay: u8) -> Result<(), String> {
        // Sensors report late, and not always in order.
        let ago = self.random.random_range(0..7_200);
        // Some bays have a sensor, which sees that a vehicle stands there; others a camera, which sees which.
        let (source, source_kind, plate) = if bay.is_multiple_of(2) {
            ("sensor", parking_v1::SourceKind::Sensor, String::new())
        } else {
            let plate = self.some_plate(bay);
            ("camera", parking_v1::SourceKind::Camera, plate)
        };
        for (kind, ago) in [
            (parking_v1::ReadingKind::Arrived, ago),
            (parking_v1::ReadingKind::Left, 0),
        ] {
            if kind == parking_v1::ReadingKind::Left && self.random.random_bool(0.08) {
                // Nobody sees it leave.
                break;
            }
            let sequence = {
                let mut told = self.city.told.lock();
                let sequence = told.readings.entry(bay).or_default();
                *sequence += 1;
                *sequence
            };
            let reading = parking_v1::IngestReadingsRequest {
                bay: format!("bays/{}", bay_id(bay)),
                source: format!("{source}-{bay}"),
                source_kind: source_kind.into(),
                plate: plate.clone(),
                sequence,
                observe_time: Some(contract_time(seconds(self.now(), -ago))),
                kind: kind.into(),
                ..Default::default()
            };
            let repeats = self.random.random_range(1..3);
            for _ in 0..repeats {
                let row = reading.clone();
                let ingest = move |api: ParkingApi| {
                    let rows = crate::simulation::stream::of(std::slice::from_ref(&row));
                    let request = by("device:sensor", rows);
                    async move { ParkingSessionService::ingest_readings(&api, request).await }
                };
                let taken = self.until_told(ingest).await?;
                let taken = taken.map_err(|status| format!("readings refused: {status}"))?;
                let answer = taken.into_inner();
                let known = answer.accepted_count + answer.repeated_count;
                if known + answer.problem_count != 1 {
                    return Err(format!("one reading, and this of it: {answer:?}"));
                }
                let mut told = self.city.told.lock();
                told.carried_out::<parking_v1::IngestReadingsRequest>();
            }
            self.think().await;
        }
        Ok(())
    }

    async fn sessions_of(&mut self, bay: u8) -> Result<Vec<parking_v1::Session>, String> {
        let request = parking_v1::ListSessionsRequest {
            bay: format!("bays/{}", bay_id(bay)),
            ..Default::default()
        };
        let list = move |api: ParkingApi| {
            let request = by("partner:pay", request.clone());
            async move { ParkingSessionService::list_sessions(&api, request).await }
        };
        let listed = self.until_told(list).await?;
        let listed = listed.map_err(|status| format!("sessions are not listed: {status}"))?;
        Ok(listed.into_inner().sessions)
    }

    async fn pay(
        &mut self,
        session: &parking_v1::Session,
        reference: &str,
        amount_fen: i64,
    ) -> Result<Option<parking_v1::Session>, String> {
        let request = parking_v1::RecordPaymentRequest {
            payment: Some(self.transfer_of_money(reference, amount_fen)),
            ..payment(&session.name, reference, amount_fen)
        };
        let paid = self
            .command(
                "partner:pay",
                request,
                |api: ParkingApi, request| async move {
                    ParkingSessionService::record_payment(&api, request).await
                },
            )
            .await?;
        let Ok(paid) = paid else { return Ok(None) };
        let booked = Self::booked(&session.name, amount_fen, &paid);
        let mut told = self.city.told.lock();
        told.payments.insert(reference.to_owned(), booked);
        Ok(Some(paid.into_inner()))
    }

    /// What was paid too much goes back.
    async fn pay_back(
        &mut self,
        session: &parking_v1::Session,
        reference: &str,
        amount_fen: i64,
    ) -> Result<(), String> {
        let request = parking_v1::RecordRefundRequest {
            session: session.name.clone(),
            refund: Some(self.transfer_of_money(reference, amount_fen)),
            ..Default::default()
        };
        let refund = |api: ParkingApi, request| async move {
            ParkingSessionService::record_refund(&api, request).await
        };
        if let Ok(paid) = self.command("partner:pay", request, refund).await? {
            let booked = Self::booked(&session.name, -amount_fen, &paid);
            let mut told = self.city.told.lock();
            told.payments.insert(reference.to_owned(), booked);
        }
        Ok(())
    }

    fn transfer_of_money(&self, reference: &str, amount_fen: i64) -> parking_v1::Transfer {
        parking_v1::Transfer {
            provider: "sample-pay".into(),
            reference: reference.to_owned(),
            amount_fen,
            transfer_time: Some(contract_time(seconds(self.now(), -300))),
        }
    }

    /// A request of the officer who opens the city, which must succeed.
    async fn manage<M: Identified, T: Told, Sent>(
        &mut self,
        request: M,
        method: impl Fn(ParkingApi, Request<M>) -> Sent + Send + Sync,
    ) -> Result<(), String>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        self.command("officer:parking", request, method)
            .await?
            .map(|_| ())
            .map_err(|status| format!("the city cannot be opened: {status}"))
    }
}

fn bay_id(number: u8) -> String {
    format!("b{number}")
}
