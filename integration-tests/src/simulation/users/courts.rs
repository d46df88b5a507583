//! What officers do about cases once their time has come: hearings are held, what nobody has come for is decided in absence, and
//! courts are asked to enforce.

use super::cases::{OFFICER, driver, fine};
use super::stops::of_a_drinker;
use super::{EnforcementApi, Turn, User, Users, Waiting};
use rand::RngExt;
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::violation_service_server::ViolationService;
use traffic_proto::enforcement::v1::{NoticeChannel, Service};

/// Cases that one officer sees to in one go.
const AT_ONCE: usize = 4;
/// Who answers for a car that nobody comes for.
const HOLDER: u32 = 40;

impl Users {
    /// An officer sees to some of the cases that wait; what it is too early for goes on waiting.
    pub(in crate::simulation) async fn follow_up(self, number: u64) -> Result<(), String> {
        let mut user = self.user(number);
        for waiting in user.some_that_wait() {
            user.think().await;
            match waiting.turn {
                Turn::Hear => user.hear(&waiting).await?,
                Turn::SeekEnforcement => user.seek_enforcement(&waiting).await?,
                Turn::WarnOfDefault => user.warn_of_default(&waiting).await?,
                Turn::AnnounceDefault => user.announce_default(&waiting).await?,
                Turn::DecideByDefault => user.decide_by_default(&waiting).await?,
            }
        }
        Ok(())
    }
}

impl User {
    fn some_that_wait(&mut self) -> Vec<Waiting> {
        let told = self.city.told.lock();
        let waiting = &told.waiting;
        let from = self.random.random_range(0..waiting.len().max(1));
        let in_turn = waiting.iter().cycle().skip(from);
        in_turn.take(waiting.len().min(AT_ONCE)).cloned().collect()
    }

    /// The case waits for something else, or no longer.
    fn turn_to(&self, waiting: &Waiting, turn: Option<Turn>) {
        let mut told = self.city.told.lock();
        let place = told.waiting.iter().position(|other| other == waiting);
        let Some(place) = place else {
            return;
        };
        match turn {
            Some(turn) => told.waiting[place].turn = turn,
            None => {
                told.waiting.remove(place);
            }
        }
    }

    /// Some do not come to their own hearing.
    async fn hear(&mut self, waiting: &Waiting) -> Result<(), String> {
        let request = enforcement_v1::HoldHearingRequest {
            name: waiting.case.clone(),
            abandoned: self.random.random_bool(0.2),
            ..Default::default()
        };
        let hold = method!(EnforcementApi, hold_hearing);
        if !self.does(OFFICER, request, hold).await? {
            return Ok(());
        }
        self.turn_to(waiting, None);
        self.think().await;
        let reference = reference("heard", &waiting.case);
        self.hear_and_decide(&waiting.case, of_a_drinker(true), &reference)
            .await
    }

    async fn seek_enforcement(&mut self, waiting: &Waiting) -> Result<(), String> {
        let request = enforcement_v1::SeekEnforcementRequest {
            name: waiting.case.clone(),
            court: "Sample Court".into(),
            ..Default::default()
        };
        let seek = |api: EnforcementApi, request| async move {
            super::cases::timeless(api.seek_enforcement(request).await)
        };
        if self.does(OFFICER, request, seek).await? {
            self.turn_to(waiting, None);
        }
        Ok(())
    }

    /// Five records of one vehicle wait for whoever drove it.
    async fn warn_of_default(&mut self, waiting: &Waiting) -> Result<(), String> {
        let request = enforcement_v1::WarnOfDefaultRequest {
            name: waiting.case.clone(),
            sanction: Some(fine(waiting.fine_fen)),
            party: driver(HOLDER),
            channel: NoticeChannel::TextMessage.into(),
            receipt: reference("told", &waiting.case),
            ..Default::default()
        };
        let warn = method!(EnforcementApi, warn_of_default);
        if self.does(OFFICER, request, warn).await? {
            self.turn_to(waiting, Some(Turn::AnnounceDefault));
        }
        Ok(())
    }

    async fn announce_default(&mut self, waiting: &Waiting) -> Result<(), String> {
        let request = enforcement_v1::AnnounceDefaultRequest {
            name: waiting.case.clone(),
            ..Default::default()
        };
        let announce = method!(EnforcementApi, announce_default);
        if self.does(OFFICER, request, announce).await? {
            self.turn_to(waiting, Some(Turn::DecideByDefault));
        }
        Ok(())
    }

    async fn decide_by_default(&mut self, waiting: &Waiting) -> Result<(), String> {
        let request = enforcement_v1::DecideByDefaultRequest {
            name: waiting.case.clone(),
            co_officers: vec!["officer:two".into()],
            ..Default::default()
        };
        let decide = method!(EnforcementApi, decide_by_default);
        if !self.does(OFFICER, request, decide).await? {
            return Ok(());
        }
        self.turn_to(waiting, None);
        self.think().await;
        let Some(served) = self.serve(&waiting.case, Service::Post).await? else {
            return Ok(());
        };
        if self.random.random_bool(0.5) {
            let reference = reference("default", &waiting.case);
            self.pay_the_fine(&served, &reference, waiting.fine_fen)
                .await?;
        }
        Ok(())
    }
}

/// Of what is done about a case once.
fn reference(way: &str, case: &str) -> String {
    case.replacen("violations/", &format!("{way}-"), 1)
}
