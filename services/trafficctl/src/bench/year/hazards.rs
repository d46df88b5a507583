//! The year's road hazards: found, assigned, rectified and verified, but for a few that wait.

use super::city::{City, shuffled};
use super::desk::Desk;
use super::drive::Story;
use super::tally::Tally;
use crate::bench::requests::{in_minutes, request_id};
use crate::connect::Connection;
use crate::failure::Failure;
use traffic_proto::enforcement::v1::hazard_service_client::HazardServiceClient;
use traffic_proto::enforcement::v1::{
    AssignHazardRequest, FindHazardRequest, GetRectificationRequest, Hazard, HazardFound,
    HazardKind, HazardRectified, Place, RectifyHazardRequest, VerifyHazardRequest,
};

/// Where all of them are: whoever rectifies is an officer of this district, who verifies one of the city.
const MUDAN: &str = "371702";
const FOUND: &str = "hazards found";
const VERIFIED: &str = "hazards verified";
/// Ten days to rectify. Minutes.
const RECTIFY_IN: i64 = 10 * 24 * 60;

pub(super) type Client = HazardServiceClient<Connection>;

pub(super) struct Hazards {
    city: City,
    finders: Vec<Client>,
    rectifiers: Vec<Client>,
}

impl Hazards {
    pub(super) fn new(city: City, finders: Vec<Connection>, rectifiers: Vec<Connection>) -> Self {
        let clients = |connections: Vec<Connection>| {
            connections
                .into_iter()
                .map(HazardServiceClient::new)
                .collect()
        };
        Self {
            city,
            finders: clients(finders),
            rectifiers: clients(rectifiers),
        }
    }
}

impl Story for Hazards {
    async fn tell(&self, desk: &mut Desk, number: u64) -> Result<(), Failure> {
        let finder = &self.finders[number as usize % self.finders.len()];
        let rectifier = &self.rectifiers[number as usize % self.rectifiers.len()];
        let name = find(desk, finder, number).await?;
        let assigned = AssignHazardRequest {
            name: name.clone(),
            assignee: "示例养护单位".to_owned(),
            rectify_by: Some(in_minutes(RECTIFY_IN)),
            request_id: request_id(),
            ..AssignHazardRequest::default()
        };
        desk.command(assigned, async |r| finder.clone().assign_hazard(r).await)
            .await?;
        if shuffled(number, self.city.hazards) >= self.city.rectified {
            return Ok(());
        }
        let rectified = RectifyHazardRequest {
            name: name.clone(),
            remarks: "样本：已修复".to_owned(),
            request_id: request_id(),
            ..RectifyHazardRequest::default()
        };
        desk.command(rectified, async |r| {
            rectifier.clone().rectify_hazard(r).await
        })
        .await?;
        let verified = VerifyHazardRequest {
            name,
            request_id: request_id(),
            ..VerifyHazardRequest::default()
        };
        desk.command(verified, async |r| finder.clone().verify_hazard(r).await)
            .await?;
        desk.sent.add(VERIFIED, 1);
        desk.sent.event::<HazardRectified>();
        Ok(())
    }
}

/// Finds one; its name.
pub(super) async fn find(desk: &mut Desk, finder: &Client, number: u64) -> Result<String, Failure> {
    let hazard = Hazard {
        place: Some(Place {
            district: MUDAN.to_owned(),
            road: format!("示例路 {number}"),
            point: None,
        }),
        kind: HazardKind::Surface.into(),
        description: "样本：路面坑槽".to_owned(),
        ..Hazard::default()
    };
    let request = FindHazardRequest {
        hazard: Some(hazard),
        request_id: request_id(),
        validate_only: false,
    };
    let found = desk
        .command(request, async |r| finder.clone().find_hazard(r).await)
        .await?;
    desk.sent.add(FOUND, 1);
    desk.sent.event::<HazardFound>();
    Ok(found.name)
}

/// Counts them as the public does.
pub(super) async fn count(connection: Connection, found: &mut Tally) -> Result<(), Failure> {
    let told = HazardServiceClient::new(connection)
        .get_rectification(GetRectificationRequest::default())
        .await
        .map_err(|status| Failure::of("the rate of rectification", &status))?
        .into_inner();
    found.add(FOUND, told.found);
    found.add(VERIFIED, told.verified);
    Ok(())
}
