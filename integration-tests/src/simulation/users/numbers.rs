//! Numbers of plates that somebody chooses: one that the lot offers, or one that others like as well.

use super::vehicles::DEALER;
use super::{User, VehicleApi};
use rand::RngExt;
use rand::seq::IndexedRandom;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::plate_wish::Wish;
use traffic_proto::registration::v1::vehicle_service_server::VehicleService;
use traffic_proto::registration::v1::{PlateKind, PlateWish};

impl User {
    /// A number of small cars that is held for the dealer; `None`: others have it.
    pub(super) async fn choose_number(&mut self, number: u64) -> Result<Option<PlateWish>, String> {
        let request = registration_v1::OfferPlateNumbersRequest {
            plate_kind: PlateKind::Small.into(),
            ..Default::default()
        };
        let offer = method!(VehicleApi, offer_plate_numbers);
        let Ok(offered) = self.command(DEALER, request, offer).await? else {
            return Ok(None);
        };
        let offered = offered.into_inner();
        self.think().await;
        let drawn = offered.numbers.choose(&mut self.random).cloned();
        let drawn = drawn.filter(|_| self.random.random_bool(0.6));
        let chosen = drawn.unwrap_or_else(|| format!("鲁R70{:03}", number % 7));
        let request = registration_v1::ChoosePlateNumberRequest {
            name: offered.name,
            number: chosen.clone(),
            ..Default::default()
        };
        let choose = method!(VehicleApi, choose_plate_number);
        let is_held = self.does(DEALER, request, choose).await?;
        Ok(is_held.then_some(PlateWish {
            wish: Some(Wish::Held(chosen)),
        }))
    }
}
