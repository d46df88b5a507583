//! The year's e-bike riders: counted at junctions, persuaded, given helmets.

use super::city::{City, shares};
use super::desk::Desk;
use super::drive::Story;
use super::found::pages;
use super::tally::Tally;
use crate::bench::requests::{in_days, request_id};
use crate::connect::Connection;
use crate::failure::Failure;
use crate::invented::{DISTRICTS, credit_code};
use std::collections::BTreeSet;
use traffic_proto::enforcement::v1::persuasion_service_client::PersuasionServiceClient;
use traffic_proto::enforcement::v1::{
    Behaviour, CountRidersRequest, Day, ListJunctionDaysRequest, PersuadeRiderRequest,
};

const HELMETS: &str = "riders: helmets given";
const PERSUADED: &str = "riders: persuaded";
const SEEN: &str = "riders: seen";
const WITH_HELMET: &str = "riders: seen with helmet";
/// Riders of one count, and those of them with a helmet: a rate of 86 %.
const COUNTED: (u32, u32) = (400, 344);
/// Delivery companies.
const COMPANIES: u64 = 5;

type Client = PersuasionServiceClient<Connection>;

pub(super) struct Riders {
    city: City,
    officers: Vec<Client>,
}

impl Riders {
    pub(super) fn new(city: City, officers: Vec<Connection>) -> Self {
        Self {
            city,
            officers: officers
                .into_iter()
                .map(PersuasionServiceClient::new)
                .collect(),
        }
    }

    /// Counts of junctions first, then persuasions.
    pub(super) fn stories(city: &City) -> u64 {
        city.junction_days + city.persuaded
    }
}

/// The year's days are all today, so that each day of a junction is a junction of its own.
fn junction(number: u64) -> String {
    format!("bench-{:03}-day-{:03}", number % 100, number / 100)
}

fn district(junction: u64) -> String {
    DISTRICTS[junction as usize % DISTRICTS.len()].to_owned()
}

impl Story for Riders {
    async fn tell(&self, desk: &mut Desk, number: u64) -> Result<(), Failure> {
        let officer = &self.officers[number as usize % self.officers.len()];
        let at = number % self.city.junction_days;
        if number < self.city.junction_days {
            let (seen, with_helmet) = COUNTED;
            let counted = CountRidersRequest {
                junction: junction(at),
                district: district(at),
                seen,
                with_helmet,
                request_id: request_id(),
                validate_only: false,
            };
            desk.command(counted, async |r| officer.clone().count_riders(r).await)
                .await?;
            desk.sent.add(SEEN, seen.into());
            desk.sent.add(WITH_HELMET, with_helmet.into());
            return Ok(());
        }
        let helmet_given = number - self.city.junction_days < self.city.helmets;
        let behaviour = match helmet_given {
            true => Behaviour::NoHelmet,
            false => Behaviour::WrongWay,
        };
        let delivering = desk.random.in_a_thousand(shares::DELIVERING);
        let company = delivering.then(|| credit_code((number % COMPANIES) as u32));
        let persuaded = PersuadeRiderRequest {
            junction: junction(at),
            district: district(at),
            behaviour: behaviour.into(),
            helmet_given,
            company: company.unwrap_or_default(),
            request_id: request_id(),
            validate_only: false,
        };
        desk.command(persuaded, async |r| officer.clone().persuade_rider(r).await)
            .await?;
        desk.sent.add(PERSUADED, 1);
        desk.sent.add(HELMETS, helmet_given.into());
        Ok(())
    }
}

/// Sums the junctions' days. The year may have begun yesterday, in China.
pub(super) async fn count(connection: Connection, found: &mut Tally) -> Result<(), Failure> {
    let client = &PersuasionServiceClient::new(connection);
    for day in BTreeSet::from([in_days(-1), in_days(0)]) {
        let day = &day;
        pages(
            async |page_token| {
                let request = ListJunctionDaysRequest {
                    day: Some(Day { value: day.clone() }),
                    page_size: 1_000,
                    page_token,
                    ..ListJunctionDaysRequest::default()
                };
                let page = client
                    .clone()
                    .list_junction_days(request)
                    .await?
                    .into_inner();
                Ok((page.junction_days, page.next_page_token))
            },
            |junction| {
                found.add(HELMETS, junction.helmets_given.into());
                found.add(SEEN, junction.riders_seen.into());
                found.add(WITH_HELMET, junction.riders_with_helmet.into());
                let persuaded: u32 = junction.persuaded.iter().map(|of| of.count).sum();
                found.add(PERSUADED, persuaded.into());
            },
        )
        .await?;
    }
    Ok(())
}
