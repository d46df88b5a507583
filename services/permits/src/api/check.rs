//! What a piece of road and time would meet, without applying for it.

use super::Api;
use super::places::{hours, joint_plan, location};
use crate::contract;
use crate::domain::road_calendar::{self, Booking, RoadCalendar};
use crate::domain::values::PermitId;
use chassis::domain::values::CreditCode;
use chassis::projection::Broken;
use chassis::server::{Failure, Fields};
use tonic::{Response, Status};
use traffic_proto::permits::v1 as proto;

/// Conflicts that one answer names.
const MOST_CONFLICTS: usize = 100;

impl Api {
    pub(super) async fn check(
        &self,
        request: &proto::CheckRoadRequest,
    ) -> Result<Response<proto::CheckRoadResponse>, Status> {
        let mut fields = Fields::new();
        let place = fields.message("stretch", request.stretch.as_ref(), location);
        let hours = fields.message("time", request.time.as_ref(), hours);
        let plan = fields.optional_message("joint_plan", request.joint_plan.as_ref(), joint_plan);
        let applicant = if request.joint_plan.is_some() {
            fields
                .required("applicant", &request.applicant, CreditCode::parse)
                .map(Some)
        } else {
            fields.optional("applicant", &request.applicant, CreditCode::parse)
        };
        let (place, hours, joint_plan, applicant) =
            fields.finish((place, hours, plan, applicant))?;
        let wanted = Booking {
            // No permit has this id.
            permit: PermitId::new(uuid::Uuid::nil()),
            hours,
            line: place.line,
            applicant,
            joint_plan,
        };
        let now = self.core.clock.now();
        let conflicts = self
            .core
            .projection
            .read(move |view| {
                let places = road_calendar::places(&place.roads, &place.directions);
                road_calendar::conflicts(places, &wanted, now, MOST_CONFLICTS, |id| {
                    let found = view.aggregate::<RoadCalendar>(id)?;
                    Ok::<_, Broken>(found.map(|(_, calendar)| Box::new(calendar)))
                })
            })
            .await
            .map_err(Failure::from)?;
        let conflicts = conflicts
            .into_iter()
            .map(|conflict| proto::RoadConflict {
                permit: contract::name(&conflict.permit),
                time: Some(contract::occupation_time(&conflict.hours)),
                road: conflict.road,
                direction: contract::travel_direction(conflict.direction).into(),
                shared_m: conflict.shared_m,
            })
            .collect();
        Ok(Response::new(proto::CheckRoadResponse { conflicts }))
    }
}
