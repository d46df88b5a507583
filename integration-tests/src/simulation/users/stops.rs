//! Acts that officers find: somebody is let go with a warning, fined there and then, handed over as a criminal, or summoned, told
//! what is intended, and heard.

use super::cases::{OFFICER, driver, fine, timeless};
use super::{EnforcementApi, Turn, User, Users, contract_time, seconds};
use crate::workloads::enforcement::decision;
use rand::RngExt;
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::source::Kind;
use traffic_proto::enforcement::v1::violation_service_server::ViolationService;
use traffic_proto::enforcement::v1::{
    Act, CollectionGround, Conduct, LegalReviewGround, NoPenaltyGround, OnTheSpot, Party, Place,
    Road, Sanction, Service, Source, Vehicle, VehicleUse, Violation, act,
};

/// Who reviews what others intend.
const REVIEWER: &str = "officer:legal";
/// Who decides together with the officer.
const SECOND: &str = "officer:two";
/// Who chairs hearings.
const CHAIR: &str = "officer:chair";
const RIDER_FEN: i64 = 2_000;
const DRUNK_FEN: i64 = 150_000;
/// Seven working days, with the holidays between them, are over by then.
const HEARING: i64 = 16 * 86_400;

impl Users {
    /// An officer stops somebody.
    pub(in crate::simulation) async fn stop(self, number: u64, car: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let plate = user.some_plate(car);
        match user.random.random_range(0..12) {
            0..=2 => user.fine_a_rider(number).await,
            3 => {
                let parked = parked(number, plate);
                user.warn(&parked).await
            }
            4 => {
                let stopped = user.halt(parked(number, plate)).await?;
                match stopped {
                    Some(case) => user.let_go(&case, NoPenaltyGround::NotProven).await,
                    None => Ok(()),
                }
            }
            5 => user.refer(drunk(number, plate, 120, false)).await,
            _ => user.summon_a_drinker(number, plate).await,
        }
    }
}

impl User {
    /// The name of the case of who is stopped now.
    async fn halt(&mut self, stopped: Violation) -> Result<Option<String>, String> {
        let request = enforcement_v1::StopOnTheSpotRequest {
            violation: Some(Violation {
                act_time: Some(contract_time(seconds(self.now(), -600))),
                ..stopped
            }),
            ..Default::default()
        };
        let stop = method!(EnforcementApi, stop_on_the_spot);
        let stopped = self.command(OFFICER, request, stop).await?;
        self.think().await;
        Ok(stopped.ok().map(|case| case.into_inner().name))
    }

    async fn warn(&mut self, parked: &Violation) -> Result<(), String> {
        let Some(case) = self.halt(parked.clone()).await? else {
            return Ok(());
        };
        let request = enforcement_v1::WarnOrallyRequest {
            name: case,
            remarks: "was moved at once".into(),
            ..Default::default()
        };
        let warn = method!(EnforcementApi, warn_orally);
        self.does(OFFICER, request, warn).await?;
        Ok(())
    }

    /// Some cases come back, for it is none.
    async fn refer(&mut self, drunk: Violation) -> Result<(), String> {
        let Some(case) = self.halt(drunk).await? else {
            return Ok(());
        };
        let request = enforcement_v1::ReferAsCrimeRequest {
            name: case.clone(),
            authority: "Sample Criminal Police".into(),
            ..Default::default()
        };
        let refer = method!(EnforcementApi, refer_as_crime);
        self.does(OFFICER, request, refer).await?;
        self.think().await;
        if self.random.random_bool(0.5) {
            return Ok(());
        }
        let request = enforcement_v1::TakeBackReferralRequest {
            name: case.clone(),
            reason: "the sample was another's".into(),
            reference: "B-1".into(),
            ..Default::default()
        };
        let take_back = method!(EnforcementApi, take_back_referral);
        self.does(OFFICER, request, take_back).await?;
        self.think().await;
        self.let_go(&case, NoPenaltyGround::NotProven).await
    }

    /// Decided, handed over and collected at the roadside; the papers follow.
    async fn fine_a_rider(&mut self, number: u64) -> Result<(), String> {
        let rider = driver(30).map(|party| Party {
            licence: None,
            ..party
        });
        let act = Act {
            conduct: Conduct::RiderOffence.into(),
            road: Road::Other.into(),
            ..Act::default()
        };
        let Some(case) = self.halt(found(number, String::new(), rider, act)).await? else {
            return Ok(());
        };
        let mut request = decision(&case);
        request.sanction = Some(fine(RIDER_FEN));
        let decide = method!(EnforcementApi, decide_violation);
        if !self.does(OFFICER, request, decide).await? {
            return Ok(());
        }
        let served = self.serve(&case, Service::HandedOver).await?;
        if served.is_some() && self.random.random_bool(0.9) {
            self.collect(&case, number).await?;
        }
        self.think().await;
        self.file_papers(&case).await
    }

    async fn collect(&mut self, case: &str, number: u64) -> Result<(), String> {
        let receipt = format!("R-{number}");
        let request = enforcement_v1::CollectFineRequest {
            name: case.to_owned(),
            receipt: receipt.clone(),
            ground: CollectionGround::WithoutMotor.into(),
            ..Default::default()
        };
        let collect =
            |api: EnforcementApi, request| async move { timeless(api.collect_fine(request).await) };
        if let Ok(paid) = self.command(OFFICER, request, collect).await? {
            let booked = Self::booked(case, RIDER_FEN, &paid);
            let mut told = self.city.told.lock();
            told.fines.insert(receipt, booked);
        }
        Ok(())
    }

    async fn file_papers(&mut self, case: &str) -> Result<(), String> {
        let request = enforcement_v1::FilePapersRequest {
            name: case.to_owned(),
            ..Default::default()
        };
        let file =
            |api: EnforcementApi, request| async move { timeless(api.file_papers(request).await) };
        self.does(OFFICER, request, file).await?;
        Ok(())
    }

    /// A licence is at stake: two officers decide, after a hearing if there is to be one.
    async fn summon_a_drinker(&mut self, number: u64, plate: String) -> Result<(), String> {
        let again = self.random.random_bool(0.4);
        let mut drunk = drunk(number, plate, 50, again);
        let person = if self.random.random_bool(0.2) {
            self.random.random_range(0..2)
        } else {
            self.random.random_range(5..9)
        };
        drunk.party = driver(person);
        let Some(case) = self.halt(drunk).await? else {
            return Ok(());
        };
        let request = enforcement_v1::SummonPartyRequest {
            name: case.clone(),
            ..Default::default()
        };
        let summon = method!(EnforcementApi, summon_party);
        self.does(OFFICER, request, summon).await?;
        if self.random.random_bool(0.7) {
            self.file_papers(&case).await?;
        }
        self.think().await;
        let request = enforcement_v1::AcceptHandlingRequest {
            name: case.clone(),
            party: driver(person),
            ..Default::default()
        };
        let accept = method!(EnforcementApi, accept_handling);
        let Ok(accepted) = self.command(OFFICER, request, accept).await? else {
            return Ok(());
        };
        self.city
            .told
            .lock()
            .came(accepted.get_ref().party.as_ref());
        if self.random.random_bool(0.3) {
            let request = enforcement_v1::RequireLegalReviewRequest {
                name: case.clone(),
                ground: LegalReviewGround::Complex.into(),
                ..Default::default()
            };
            let require = method!(EnforcementApi, require_legal_review);
            self.does(OFFICER, request, require).await?;
        }
        let sanction = of_a_drinker(again);
        if !self.tell(&case, sanction).await? {
            return Ok(());
        }
        if again && self.asks_for_hearing(&case).await? {
            let mut told = self.city.told.lock();
            told.wait(&case, DRUNK_FEN, Turn::Hear);
            return Ok(());
        }
        self.think().await;
        let reference = format!("fine-{number}");
        self.hear_and_decide(&case, sanction, &reference).await
    }

    /// Whether this may be decided.
    async fn tell(&mut self, case: &str, sanction: Sanction) -> Result<bool, String> {
        let request = enforcement_v1::TellIntentionRequest {
            name: case.to_owned(),
            sanction: Some(sanction),
            ..Default::default()
        };
        let tell = method!(EnforcementApi, tell_intention);
        let is_told = self.does(OFFICER, request, tell).await?;
        self.think().await;
        Ok(is_told)
    }

    /// Whether a hearing is to be held; the party may forgo it.
    async fn asks_for_hearing(&mut self, case: &str) -> Result<bool, String> {
        if self.random.random_bool(0.4) {
            let request = enforcement_v1::WaiveHearingRequest {
                name: case.to_owned(),
                ..Default::default()
            };
            let waive = method!(EnforcementApi, waive_hearing);
            self.does(OFFICER, request, waive).await?;
            return Ok(false);
        }
        let request = enforcement_v1::RequestHearingRequest {
            name: case.to_owned(),
            ..Default::default()
        };
        let ask = method!(EnforcementApi, request_hearing);
        if !self.does(OFFICER, request, ask).await? {
            return Ok(false);
        }
        self.think().await;
        let request = enforcement_v1::ScheduleHearingRequest {
            name: case.to_owned(),
            hearing_time: Some(contract_time(seconds(self.now(), HEARING))),
            chair: CHAIR.into(),
            ..Default::default()
        };
        let schedule = method!(EnforcementApi, schedule_hearing);
        self.does(OFFICER, request, schedule).await
    }

    /// The party is heard, what needs it is reviewed, and two officers decide; mostly the fine is paid.
    pub(super) async fn hear_and_decide(
        &mut self,
        case: &str,
        sanction: Sanction,
        reference: &str,
    ) -> Result<(), String> {
        let request = enforcement_v1::HearDefenceRequest {
            name: case.to_owned(),
            statement: "it was but a glass".into(),
            adopted: false,
            ..Default::default()
        };
        let hear = method!(EnforcementApi, hear_defence);
        if !self.does(OFFICER, request, hear).await? {
            return Ok(());
        }
        self.think().await;
        self.review_by_law(case).await?;
        let mut request = decision(case);
        request.sanction = Some(sanction);
        request.co_officers = vec![SECOND.into()];
        let decide = method!(EnforcementApi, decide_violation);
        if !self.does(OFFICER, request, decide).await? {
            return Ok(());
        }
        self.think().await;
        let Some(served) = self.serve(case, Service::HandedOver).await? else {
            return Ok(());
        };
        self.think().await;
        if self.random.random_bool(0.2) {
            let mut told = self.city.told.lock();
            told.wait(case, sanction.fine_fen, Turn::SeekEnforcement);
            return Ok(());
        }
        let fine_fen = sanction.fine_fen;
        self.pay_the_fine(&served, reference, fine_fen).await
    }

    /// At the second attempt, if the first finds something amiss; refused where no review is due.
    async fn review_by_law(&mut self, case: &str) -> Result<(), String> {
        let passes: &[bool] = if self.random.random_bool(0.15) {
            &[false, true]
        } else {
            &[true]
        };
        for passed in passes {
            let request = enforcement_v1::RecordLegalReviewRequest {
                name: case.to_owned(),
                passed: *passed,
                opinion: "facts, evidence and basis were compared".into(),
                ..Default::default()
            };
            let review = method!(EnforcementApi, record_legal_review);
            self.does(REVIEWER, request, review).await?;
        }
        Ok(())
    }
}

/// A fine, and the licence for a while; for good, if it was not the first time.
pub(super) fn of_a_drinker(again: bool) -> Sanction {
    Sanction {
        suspension_months: if again { 0 } else { 6 },
        revocation: again,
        ..fine(DRUNK_FEN)
    }
}

/// What an officer finds on a road of its own.
fn found(number: u64, plate: String, party: Option<Party>, act: Act) -> Violation {
    Violation {
        source: Some(Source {
            kind: Some(Kind::OnTheSpot(OnTheSpot {})),
        }),
        place: Some(Place {
            district: "371702".into(),
            road: format!("Checkpoint {number}"),
            point: None,
        }),
        act: Some(act),
        plate,
        party,
        evidence: vec!["b".repeat(64)],
        ..Violation::default()
    }
}

fn parked(number: u64, plate: String) -> Violation {
    let act = Act {
        conduct: Conduct::IllegalParking.into(),
        road: Road::Other.into(),
        vehicle: Some(family_car()),
        ..Act::default()
    };
    found(number, plate, driver(9), act)
}

fn drunk(number: u64, plate: String, alcohol_mg: u32, again: bool) -> Violation {
    let act = Act {
        conduct: Conduct::DrinkDriving.into(),
        road: Road::Other.into(),
        vehicle: Some(family_car()),
        measure: Some(act::Measure::AlcoholMgPer100ml(alcohol_mg)),
        repeated: again,
    };
    found(number, plate, driver(9), act)
}

fn family_car() -> Vehicle {
    Vehicle {
        vehicle_use: VehicleUse::OtherPassenger.into(),
        seats: 5,
        ..Vehicle::default()
    }
}
