//! Transports: highly toxic chemicals from departure to arrival, oversize cargo with its escort and on a weigh station.

use super::{EnforcementApi, PermitsApi, User, Users, contract_time, seconds};
use crate::workloads::enforcement::weighed;
use crate::workloads::haulage::{PERMITTED_KG, oversize, run_order, toxic};
use crate::workloads::registration::identity;
use rand::RngExt;
use traffic_proto::enforcement::v1::RecordViolationRequest;
use traffic_proto::enforcement::v1::violation_service_server::ViolationService;
use traffic_proto::permits::v1 as permits_v1;
use traffic_proto::permits::v1::permit_service_server::PermitService;

const HAULIER: &str = "partner:haulage";
const OFFICER: &str = "officer:two";

impl Users {
    /// A haulier takes chemicals through the city, as far as driver and vehicle may.
    pub(in crate::simulation) async fn haul(self, number: u64, truck: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let plate = user.some_plate(truck);
        let driver = identity(user.random.random_range(0..2));
        let permit = toxic(user.now(), &plate, &driver);
        let Some(name) = user.grant(&permit).await? else {
            return Ok(());
        };
        user.think().await;
        if user.random.random_bool(0.25) {
            // Another drives, or another vehicle.
            let plate = user.some_plate(truck);
            let driver = identity(user.random.random_range(0..3));
            let permit = toxic(user.now(), &plate, &driver);
            user.amend_transport(&name, permit).await?;
            user.think().await;
        }
        if user.random.random_bool(0.4) {
            return Ok(());
        }
        let request = permits_v1::RecordDepartureRequest {
            name: name.clone(),
            depart_time: Some(contract_time(user.now())),
            ..Default::default()
        };
        let depart = |api: PermitsApi, request| async move { api.record_departure(request).await };
        if user.command(HAULIER, request, depart).await?.is_err() {
            return Ok(());
        }
        user.think().await;
        match user.random.random_range(0..4) {
            0 => user.pass_checkpoint(&name).await?,
            1 | 2 => user.stop(&name).await?,
            _ => {}
        }
        if user.random.random_bool(0.7) {
            user.arrive(&name).await?;
        }
        Ok(())
    }

    /// A haulier takes a transformer through the city, past a weigh station.
    pub(in crate::simulation) async fn haul_oversize(
        self,
        number: u64,
        truck: u8,
    ) -> Result<(), String> {
        let mut user = self.user(number);
        let (tractor, trailer) = (format!("鲁R5432{truck}"), format!("鲁R432{truck}挂"));
        let permit = oversize(user.now(), &tractor, &trailer, &identity(0));
        // On the scales before anybody knows of a permit, and after.
        user.pass_weigh_station(&tractor, &trailer).await?;
        let granted = user.grant(&permit).await?;
        for _ in 0..user.random.random_range(0..3) {
            user.pass_weigh_station(&tractor, &trailer).await?;
            user.think().await;
        }
        let Some(name) = granted else { return Ok(()) };
        if user.random.random_bool(0.3) {
            user.order_another_run(&name).await?;
        }
        match user.random.random_range(0..4) {
            0 => {
                let request = permits_v1::RevokePermitRequest {
                    name,
                    ground: permits_v1::RevocationGround::PublicInterest.into(),
                    reason: "a bridge has to be closed".into(),
                    ..Default::default()
                };
                let revoke =
                    |api: PermitsApi, request| async move { api.revoke_permit(request).await };
                user.command(OFFICER, request, revoke).await?.ok();
            }
            1 => user.suspend_for_a_while(name).await?,
            2 => user.escort(name).await?,
            _ => {}
        }
        user.pass_weigh_station(&tractor, &trailer).await
    }
}

impl User {
    /// The name of the permit that is granted, if one is.
    async fn grant(&mut self, permit: &permits_v1::Permit) -> Result<Option<String>, String> {
        let Some(name) = self.file_permit(HAULIER, permit.clone()).await? else {
            return Ok(None);
        };
        let granted = self.comes_through(HAULIER, &name, permit).await?;
        Ok(granted.then_some(name))
    }

    async fn amend_transport(
        &mut self,
        name: &str,
        permit: permits_v1::Permit,
    ) -> Result<(), String> {
        let request = permits_v1::AmendPermitRequest {
            name: name.to_owned(),
            permit: Some(permit),
            reason: "the crew has changed".into(),
            ..Default::default()
        };
        let amend = method!(PermitsApi, amend_permit);
        self.does(OFFICER, request, amend).await?;
        Ok(())
    }

    /// The police fix time and speed of a run anew.
    async fn order_another_run(&mut self, name: &str) -> Result<(), String> {
        let request = permits_v1::SetRunOrderRequest {
            name: name.to_owned(),
            run_order: Some(permits_v1::RunOrder {
                max_speed_kmh: 30,
                ..run_order(self.now())
            }),
            reason: "a narrow bridge".into(),
            ..Default::default()
        };
        let order = method!(PermitsApi, set_run_order);
        self.does(OFFICER, request, order).await?;
        self.think().await;
        Ok(())
    }

    /// The end of the only leg.
    async fn pass_checkpoint(&mut self, name: &str) -> Result<(), String> {
        let request = permits_v1::RecordCheckpointRequest {
            name: name.to_owned(),
            leg: 1,
            pass_time: Some(contract_time(self.now())),
            ..Default::default()
        };
        let pass = method!(PermitsApi, record_checkpoint);
        self.does(HAULIER, request, pass).await?;
        self.think().await;
        Ok(())
    }

    async fn stop(&mut self, name: &str) -> Result<(), String> {
        let request = permits_v1::RecordStopRequest {
            name: name.to_owned(),
            stop_time: Some(contract_time(self.now())),
            reason: "a puncture".into(),
            reported_to_police: self.random.random_bool(0.5),
            ..Default::default()
        };
        let stop = |api: PermitsApi, request| async move { api.record_stop(request).await };
        self.command(HAULIER, request, stop).await?.ok();
        self.think().await;
        if self.random.random_bool(0.4) {
            let request = permits_v1::RecordMovingOnRequest {
                name: name.to_owned(),
                move_time: Some(contract_time(self.now())),
                ..Default::default()
            };
            let move_on =
                |api: PermitsApi, request| async move { api.record_moving_on(request).await };
            self.command(HAULIER, request, move_on).await?.ok();
        }
        Ok(())
    }

    async fn arrive(&mut self, name: &str) -> Result<(), String> {
        let request = permits_v1::RecordArrivalRequest {
            name: name.to_owned(),
            arrive_time: Some(contract_time(self.now())),
            ..Default::default()
        };
        let arrive = |api: PermitsApi, request| async move { api.record_arrival(request).await };
        if self.command(HAULIER, request, arrive).await?.is_err() {
            return Ok(());
        }
        let request = permits_v1::CompletePermitRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let complete = |api: PermitsApi, request| async move { api.complete_permit(request).await };
        self.command(OFFICER, request, complete).await?.ok();
        Ok(())
    }

    async fn suspend_for_a_while(&mut self, name: String) -> Result<(), String> {
        let request = permits_v1::SuspendPermitRequest {
            name: name.clone(),
            reason: "storm".into(),
            ..Default::default()
        };
        let suspend = |api: PermitsApi, request| async move { api.suspend_permit(request).await };
        self.command(OFFICER, request, suspend).await?.ok();
        self.think().await;
        if self.random.random_bool(0.5) {
            let request = permits_v1::ResumePermitRequest {
                name,
                reason: "calm".into(),
                ..Default::default()
            };
            let resume = |api: PermitsApi, request| async move { api.resume_permit(request).await };
            self.command(OFFICER, request, resume).await?.ok();
        }
        Ok(())
    }

    async fn escort(&mut self, name: String) -> Result<(), String> {
        let request = permits_v1::AssignEscortRequest {
            name: name.clone(),
            unit: "U-1".into(),
            vehicles: 2,
            district: "371702".into(),
            ..Default::default()
        };
        let assign = |api: PermitsApi, request| async move { api.assign_escort(request).await };
        self.command(OFFICER, request, assign).await?.ok();
        self.think().await;
        let request = permits_v1::StartEscortRequest {
            name: name.clone(),
            ..Default::default()
        };
        let start = |api: PermitsApi, request| async move { api.start_escort(request).await };
        if self.command(OFFICER, request, start).await?.is_err() {
            return Ok(());
        }
        self.think().await;
        if self.random.random_bool(0.5) {
            let request = permits_v1::HandOverEscortRequest {
                name: name.clone(),
                to_district: "371721".into(),
                unit: "U-2".into(),
                ..Default::default()
            };
            let hand_over = method!(PermitsApi, hand_over_escort);
            self.does(OFFICER, request, hand_over).await?;
            self.think().await;
        }
        let request = permits_v1::CompleteEscortRequest {
            name: name.clone(),
            ..Default::default()
        };
        let end = |api: PermitsApi, request| async move { api.complete_escort(request).await };
        self.command(OFFICER, request, end).await?.ok();
        let request = permits_v1::CompletePermitRequest {
            name,
            ..Default::default()
        };
        let complete = |api: PermitsApi, request| async move { api.complete_permit(request).await };
        self.command(OFFICER, request, complete).await?.ok();
        Ok(())
    }

    /// One of the two plates is read, with what the scales say.
    async fn pass_weigh_station(&mut self, tractor: &str, trailer: &str) -> Result<(), String> {
        let plate = if self.random.random_bool(0.5) {
            tractor
        } else {
            trailer
        };
        let mass_kg = PERMITTED_KG - 1 + self.random.random_range(0..3);
        let at = seconds(self.now(), -self.random.random_range(0..300));
        let request = RecordViolationRequest {
            violation: Some(weighed(plate, mass_kg, at)),
            ..Default::default()
        };
        let record =
            |api: EnforcementApi, request| async move { api.record_violation(request).await };
        self.command("device:scales", request, record).await?.ok();
        Ok(())
    }
}
