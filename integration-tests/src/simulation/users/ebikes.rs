//! E-bikes: registered at a counter or filed by a station in bulk; passed on, marked anew, given up.

use super::{EbikeApi, User, Users, by, is_passing};
use crate::simulation::plan::EBIKES;
use crate::simulation::stream;
use crate::workloads::registration::{day, ebike, owner};
use futures::StreamExt;
use rand::RngExt;
use std::collections::BTreeMap;
use tonic::{Response, Status};
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::ebike_service_server::EbikeService;
use traffic_proto::registration::v1::{
    ImportEbikesOutcome as Outcome, ImportEbikesRequest, ImportEbikesResponse,
};

/// Who files at a counter.
const STATION: &str = "station:one";
/// How many own e-bikes.
const OWNERS: u32 = 3;

impl Users {
    /// An owner has an e-bike registered at a counter, and lives with it.
    pub(in crate::simulation) async fn ride(self, number: u64, frame: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let of = user.owner_of(frame);
        let request = registration_v1::RegisterEbikeRequest {
            ebike: Some(ebike(frame.into(), of)),
            ..Default::default()
        };
        let register = |api: EbikeApi, request| async move { api.register_ebike(request).await };
        let Ok(registered) = user.ensure(STATION, request, register).await? else {
            return Ok(());
        };
        let registered = registered.into_inner();
        user.bears(&registered.name, &registered.plate)?;
        user.think().await;
        user.keep(registered.name, of).await
    }

    /// A station files a list of e-bikes, and sends it again until it has read what became of each row.
    pub(in crate::simulation) async fn import(self, number: u64, rows: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let rows: Vec<ImportEbikesRequest> = (1..=rows)
            .map(|row| {
                let frame = user.random.random_range(0..EBIKES);
                let of = user.owner_of(frame);
                ImportEbikesRequest {
                    row: row.into(),
                    ebike: Some(ebike(frame.into(), of)),
                    request_id: user.new_id(),
                }
            })
            .collect();
        let mut results = Results::default();
        while results.of_rows.len() < rows.len() {
            user.send(&rows, &mut results).await?;
            user.think().await;
        }
        if user.random.random_bool(0.3) {
            // As if nobody knew that it had been sent.
            user.send(&rows, &mut results).await?;
        }
        Ok(())
    }
}

/// What is known of the rows of a list.
#[derive(Debug, Default)]
struct Results {
    of_rows: BTreeMap<i64, ImportEbikesResponse>,
    generation: u64,
}

impl User {
    /// Its own owner's, or now and then someone else's who claims it.
    fn owner_of(&mut self, frame: u8) -> u32 {
        if self.random.random_bool(0.85) {
            u32::from(frame) % OWNERS
        } else {
            self.random.random_range(0..OWNERS)
        }
    }

    /// Takes note that an e-bike was told to bear a plate.
    pub(super) fn bears(&self, ebike: &str, plate: &str) -> Result<(), String> {
        let mut told = self.city.told.lock();
        match told.ebikes.insert(plate.to_owned(), ebike.to_owned()) {
            Some(other) if other != ebike => Err(format!(
                "one number, two e-bikes: {plate}, {other} and {ebike}"
            )),
            _ => Ok(()),
        }
    }

    async fn keep(&mut self, name: String, of: u32) -> Result<(), String> {
        match self.random.random_range(0..6) {
            3 => {
                let request = registration_v1::ChangeEbikeOwnerParticularsRequest {
                    name,
                    owner: Some(owner(of)),
                    ..Default::default()
                };
                let change = method!(EbikeApi, change_ebike_owner_particulars);
                self.does(STATION, request, change).await?;
            }
            0 => {
                let request = registration_v1::TransferEbikeRequest {
                    name,
                    from: Some(owner(of)),
                    to: Some(owner((of + 1) % OWNERS)),
                    origin: Some(registration_v1::EbikeOrigin {
                        kind: registration_v1::EbikeOriginKind::Gift.into(),
                        number: "ZY-1".into(),
                        day: day("2026-03-01"),
                    }),
                    ..Default::default()
                };
                let transfer =
                    |api: EbikeApi, request| async move { api.transfer_ebike(request).await };
                self.command(STATION, request, transfer).await?.ok();
            }
            1 => {
                let request = registration_v1::ReissueEbikePlateRequest {
                    name,
                    owner: Some(owner(of)),
                    presented: true,
                    ..Default::default()
                };
                let reissue =
                    |api: EbikeApi, request| async move { api.reissue_ebike_plate(request).await };
                self.command(STATION, request, reissue).await?.ok();
            }
            2 => {
                let reason = if self.random.random_bool(0.2) {
                    registration_v1::EbikeCancelReason::Scrapped
                } else {
                    registration_v1::EbikeCancelReason::Lost
                };
                let request = registration_v1::CancelEbikeRequest {
                    name,
                    owner: Some(owner(of)),
                    reason: reason.into(),
                    ..Default::default()
                };
                let cancel =
                    |api: EbikeApi, request| async move { api.cancel_ebike(request).await };
                self.command(STATION, request, cancel).await?.ok();
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends all rows to one replica, reads some results or all, and adds them to what is known of each row.
    async fn send(
        &mut self,
        rows: &[ImportEbikesRequest],
        results: &mut Results,
    ) -> Result<(), String> {
        // Some lines go dead before the end.
        let read = if self.random.random_bool(0.3) {
            self.random.random_range(0..rows.len())
        } else {
            usize::MAX
        };
        let request = by(STATION, stream::of(rows));
        let import = |api: EbikeApi| async move {
            let results = api.import_ebikes(request).await?.into_inner();
            let results: Vec<Result<ImportEbikesResponse, Status>> =
                results.take(read).collect().await;
            Ok(Response::new(results))
        };
        let generation = self.city.generation();
        if results.generation != generation {
            // What was answered before may be lost.
            *results = Results {
                generation,
                ..Results::default()
            };
        }
        let sent = self.once(import).await;
        if self.city.generation() != generation {
            return Ok(());
        }
        let read_all = match sent {
            Ok(sent) => {
                let mut ended = read == usize::MAX;
                for result in sent.into_inner() {
                    match result {
                        Ok(result) => self.told_of_row(result, results)?,
                        Err(status) if is_passing(&status) => ended = false,
                        Err(status) => return Err(format!("rows are not taken: {status}")),
                    }
                }
                ended
            }
            Err(status) if is_passing(&status) => false,
            Err(status) => return Err(format!("rows are not taken: {status}")),
        };
        if read_all && results.of_rows.len() < rows.len() {
            return Err(format!(
                "every row has a result: {} rows, and {results:?}",
                rows.len()
            ));
        }
        Ok(())
    }

    fn told_of_row(
        &self,
        result: ImportEbikesResponse,
        results: &mut Results,
    ) -> Result<(), String> {
        let before = results.of_rows.get(&result.row);
        // What was done under a row's request id stays done.
        let done = before.filter(|before| before.outcome() == Outcome::Registered);
        if let Some(done) = done
            && (result.outcome() != Outcome::Unchanged || result.plate != done.plate)
        {
            return Err(format!("one row, two results: {done:?} and {result:?}"));
        }
        if result.outcome() != Outcome::Refused {
            self.bears(&result.ebike, &result.plate)?;
        }
        if done.is_none() {
            let mut told = self.city.told.lock();
            told.carried_out::<ImportEbikesRequest>();
            results.of_rows.insert(result.row, result);
        }
        Ok(())
    }
}
