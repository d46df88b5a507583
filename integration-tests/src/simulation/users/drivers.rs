//! Drivers with points: who has twelve studies and is tested, others earn some back; schools and officers find out who cheated.

use super::{EnforcementApi, User, Users, by};
use crate::workloads::haulage;
use rand::RngExt;
use rand::seq::IndexedRandom;
use tonic::Code;
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::licence_service_server::LicenceService;
use traffic_proto::enforcement::v1::{Day, Education, Licence, ReductionMethod, StudyKind, Test};

const SCHOOL: &str = "partner:school";
const OFFICER: &str = "officer:one";
/// Drivers that one school sees to in one go.
const AT_ONCE: usize = 2;
/// Drivers that an officer looks up in one go: few of them are suspected.
const LOOKED_UP: usize = 8;
/// Days of study that are recorded at once: more than three hours each.
const DAYS: i64 = 10;
const MINUTES: u32 = 200;

impl Users {
    /// An officer looks for drivers who are suspected in vain; a school does for some what they need.
    pub(in crate::simulation) async fn learn(self, number: u64) -> Result<(), String> {
        let mut user = self.user(number);
        for name in user.some_licences(LOOKED_UP) {
            user.clear_if_suspected(&name).await?;
        }
        for name in user.some_licences(AT_ONCE) {
            user.think().await;
            user.help(&name).await?;
        }
        Ok(())
    }
}

impl User {
    fn some_licences(&mut self, most: usize) -> Vec<String> {
        let told = self.city.told.lock();
        let some = told.drivers.sample(&mut self.random, most);
        some.cloned().collect()
    }

    async fn clear_if_suspected(&mut self, name: &str) -> Result<(), String> {
        let licence = self.licence(name).await?;
        if !licence.is_some_and(|licence| licence.trading_suspected) {
            return Ok(());
        }
        let request = enforcement_v1::ClearDriverSuspicionRequest {
            name: name.to_owned(),
            ..Default::default()
        };
        let clear = method!(EnforcementApi, clear_driver_suspicion);
        self.does(OFFICER, request, clear).await?;
        Ok(())
    }

    async fn help(&mut self, name: &str) -> Result<(), String> {
        let Some(licence) = self.licence(name).await? else {
            return Ok(());
        };
        match &licence.education {
            Some(education) => self.study(name, education).await?,
            None if licence.points > 0 => self.earn_back(name).await?,
            None => {}
        }
        if self.random.random_bool(0.05) {
            let request = enforcement_v1::RecordStudyFraudRequest {
                name: name.to_owned(),
                ..Default::default()
            };
            let record = method!(EnforcementApi, record_study_fraud);
            self.does(SCHOOL, request, record).await?;
        }
        Ok(())
    }

    /// As enforcement knows it; `None`: nothing was posted on it, or that is lost.
    async fn licence(&mut self, name: &str) -> Result<Option<Licence>, String> {
        let request = enforcement_v1::GetLicenceRequest {
            name: name.to_owned(),
        };
        let get = move |api: EnforcementApi| {
            let request = by(SCHOOL, request.clone());
            async move { api.get_licence(request).await }
        };
        match self.until_told(get).await? {
            Ok(licence) => Ok(Some(licence.into_inner())),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(format!("a licence is not told: {status}")),
        }
    }

    /// The last days are recorded, those before the driver was called in vain; then what is asked for is tested.
    async fn study(&mut self, name: &str, asked: &Education) -> Result<(), String> {
        for ago in (0..DAYS).rev() {
            let request = enforcement_v1::RecordStudyDayRequest {
                name: name.to_owned(),
                kind: StudyKind::Classroom.into(),
                day: self.days_ago(ago),
                minutes: MINUTES,
                ..Default::default()
            };
            let record = method!(EnforcementApi, record_study_day);
            self.does(SCHOOL, request, record).await?;
        }
        self.think().await;
        let tests = [
            (Test::Theory, true),
            (Test::Yard, asked.yard_test),
            (Test::Road, asked.road_test),
        ];
        for (test, _) in tests.into_iter().filter(|(_, is_asked)| *is_asked) {
            let request = enforcement_v1::RecordTestRequest {
                name: name.to_owned(),
                test: test.into(),
                passed: self.random.random_bool(0.9),
                ..Default::default()
            };
            let record = method!(EnforcementApi, record_test);
            if !self.does(SCHOOL, request, record).await? {
                break;
            }
        }
        Ok(())
    }

    /// An hour in a classroom, with its test; some have somebody else sit there.
    async fn earn_back(&mut self, name: &str) -> Result<(), String> {
        let today = self.days_ago(0);
        let request = enforcement_v1::ReducePointsRequest {
            name: name.to_owned(),
            method: ReductionMethod::Classroom.into(),
            minutes: 60,
            first_day: today.clone(),
            last_day: today,
            test_passed: true,
            records_handled: true,
            ..Default::default()
        };
        let reduce = method!(EnforcementApi, reduce_points);
        if !self.does(SCHOOL, request, reduce).await? || self.random.random_bool(0.7) {
            return Ok(());
        }
        self.think().await;
        let request = enforcement_v1::TakeBackReductionRequest {
            name: name.to_owned(),
            points: 1,
            ..Default::default()
        };
        let take_back = method!(EnforcementApi, take_back_reduction);
        self.does(OFFICER, request, take_back).await?;
        Ok(())
    }

    fn days_ago(&self, days: i64) -> Option<Day> {
        let day = haulage::day(self.now(), -days);
        day.map(|day| Day { value: day.value })
    }
}
