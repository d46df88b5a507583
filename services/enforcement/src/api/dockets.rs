//! Methods on dockets.

use super::Api;
use crate::contract;
use crate::domain::docket::{self, Docket};
use crate::domain::ground::Ground;
use chassis::commands::Call;
use chassis::domain::Rejection;
use chassis::domain::values::PlateNumber;
use chassis::server::{Caller, Failure, Fields};
use tonic::{Request, Response, Status};
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::docket_service_server::DocketService;

type Answer = Result<Response<proto::Docket>, Status>;

#[tonic::async_trait]
impl DocketService for Api {
    async fn get_docket(&self, request: Request<proto::GetDocketRequest>) -> Answer {
        let mut fields = Fields::new();
        let plate = fields.required("plate", &request.get_ref().plate, PlateNumber::parse);
        let plate = fields.finish(plate)?;
        // Whose vehicle it is, enforcement does not know.
        if Caller::of(&request)?.actor.person().is_some() {
            return Err(Failure::from(Rejection::from(Ground::NotTheParty)).into());
        }
        let id = docket::of_vehicle(&plate);
        let found = self
            .core
            .projection
            .get::<Docket>(&id)
            .await
            .map_err(Failure::from)?;
        let docket = found
            .map(|found| (*found.state).clone())
            .unwrap_or_default();
        let now = self.core.clock.now();
        Ok(Response::new(contract::docket(&plate, &docket, now)))
    }

    async fn clear_vehicle_suspicion(
        &self,
        request: Request<proto::ClearVehicleSuspicionRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let plate = fields.required("plate", &message.plate, PlateNumber::parse);
        let plate = fields.finish(plate)?;
        let own = plate.clone();
        let done = self
            .core
            .commands
            .run::<Docket>(message.validate_only, call, move |tx| {
                docket::clear_suspicion(tx, &own)?;
                Ok(docket::of_vehicle(&own))
            })
            .await?;
        let now = self.core.clock.now();
        Ok(done.respond(contract::docket(&plate, &done.state, now)))
    }
}
