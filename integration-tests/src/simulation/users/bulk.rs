//! Lists of cases: a platform of cameras, a notice system, a portal and a bank send each of their rows until they know what
//! became of it.

use super::cases::{OFFICER, driver};
use super::{
    Acknowledged, Booked, EnforcementApi, Identified, Turn, User, Users, by, contract_time,
    is_passing, seconds,
};
use crate::simulation::host::Service;
use crate::simulation::stream;
use crate::workloads::enforcement as requests;
use chassis::commands::Call;
use futures::{Stream, StreamExt};
use rand::RngExt;
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::{Code, Request, Response, Status, Streaming};
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::enforcement::v1::docket_service_server::DocketService;
use traffic_proto::enforcement::v1::violation_service_server::ViolationService;
use traffic_proto::enforcement::v1::{
    AcceptHandlingsRequest, DecideViolationsRequest, PassReviewsRequest, RecordPaymentsRequest,
    RecordViolationsRequest, Review, SendNoticesRequest, ServeDecisionsRequest, ViolationRowAnswer,
};
use uuid::Uuid;

/// A command in a list.
trait Row: prost::Name + Default + 'static {
    type Command: Identified;

    fn of(row: i64, command: Self::Command) -> Self;
}

macro_rules! rows {
    ($($row:ident of $command:ident;)*) => {$(
        impl Row for $row {
            type Command = enforcement_v1::$command;

            fn of(row: i64, command: Self::Command) -> Self {
                Self { row, request: Some(command) }
            }
        }
    )*};
}

rows! {
    RecordViolationsRequest of RecordViolationRequest;
    PassReviewsRequest of PassReviewRequest;
    SendNoticesRequest of SendNoticeRequest;
    AcceptHandlingsRequest of AcceptHandlingRequest;
    DecideViolationsRequest of DecideViolationRequest;
    ServeDecisionsRequest of ServeDecisionRequest;
    RecordPaymentsRequest of RecordPaymentRequest;
}

/// What is known of the rows of a list.
#[derive(Debug, Default)]
struct Known {
    /// Carried out or refused, each for good.
    answers: BTreeMap<i64, ViolationRowAnswer>,
    /// How often each was sent.
    sent: BTreeMap<i64, u32>,
}

impl Users {
    /// Cameras have seen a car again and again. Nobody comes for it, or many do, each for one case.
    pub(in crate::simulation) async fn bulk(self, number: u64, rows: u8) -> Result<(), String> {
        let mut user = self.user(number);
        let plate = format!("鲁R8000{}", number % 2);
        let cases = user.record_many(number, &plate, rows).await?;
        user.think().await;
        let reviews = [Review::Technical, Review::Legal];
        let reviewed = cases
            .iter()
            .flat_map(|case| reviews.map(|review| requests::review(case, review)));
        let pass = method!(EnforcementApi, pass_reviews);
        user.send_rows::<PassReviewsRequest, _, _>(OFFICER, reviewed.collect(), pass)
            .await?;
        user.think().await;
        let notices = cases.iter().map(|case| requests::notice(case));
        let send = method!(EnforcementApi, send_notices);
        user.send_rows::<SendNoticesRequest, _, _>(OFFICER, notices.collect(), send)
            .await?;
        user.think().await;
        if user.random.random_bool(0.5) {
            return user.neglect(&cases).await;
        }
        user.handle_many(&cases, number).await?;
        user.clear_suspicion(&plate).await
    }
}

impl User {
    /// The names of the cases that are opened.
    async fn record_many(
        &mut self,
        number: u64,
        plate: &str,
        rows: u8,
    ) -> Result<Vec<String>, String> {
        let at = seconds(self.now(), -1_800);
        let reports = (0..rows).map(|row| {
            let mut request = requests::report(&format!("Bulk Road {number}-{row}"), plate);
            if let Some(violation) = &mut request.violation {
                violation.act_time = Some(contract_time(at));
            }
            request
        });
        let record = method!(EnforcementApi, record_violations);
        let recorded = self
            .send_rows::<RecordViolationsRequest, _, _>(
                "partner:citizens",
                reports.collect(),
                record,
            )
            .await?;
        let cases = recorded.into_iter().flatten();
        Ok(cases.map(|answer| answer.violation).collect())
    }

    /// Of one it becomes known who drove; all wait until they can be decided in absence.
    async fn neglect(&mut self, cases: &[String]) -> Result<(), String> {
        let Some(first) = cases.first() else {
            return Ok(());
        };
        if self.random.random_bool(0.5) {
            self.identify_driver(first).await?;
        }
        let mut told = self.city.told.lock();
        for case in cases.iter().take(2) {
            told.wait(case, requests::FINE_FEN, Turn::WarnOfDefault);
        }
        Ok(())
    }

    async fn handle_many(&mut self, cases: &[String], number: u64) -> Result<(), String> {
        let acceptances = (20_u32..).zip(cases).map(|(person, case)| {
            let mut request = requests::acceptance(case);
            request.party = driver(person);
            request
        });
        let accept = method!(EnforcementApi, accept_handlings);
        self.send_rows::<AcceptHandlingsRequest, _, _>(OFFICER, acceptances.collect(), accept)
            .await?;
        self.think().await;
        let decisions = cases.iter().map(|case| requests::decision(case));
        let decide = method!(EnforcementApi, decide_violations);
        self.send_rows::<DecideViolationsRequest, _, _>(OFFICER, decisions.collect(), decide)
            .await?;
        self.think().await;
        let services = cases.iter().map(|case| requests::service(case));
        let serve = method!(EnforcementApi, serve_decisions);
        self.send_rows::<ServeDecisionsRequest, _, _>(OFFICER, services.collect(), serve)
            .await?;
        self.think().await;
        self.pay_many(cases, number).await
    }

    /// Each in one payment.
    async fn pay_many(&mut self, cases: &[String], number: u64) -> Result<(), String> {
        let now = self.now();
        let reference = |row: usize| format!("bulk-{number}-{row}");
        let payments = cases.iter().enumerate();
        let payments = payments.map(|(row, case)| enforcement_v1::RecordPaymentRequest {
            name: case.clone(),
            amount_fen: requests::FINE_FEN,
            reference: reference(row),
            pay_time: Some(contract_time(now)),
            ..Default::default()
        });
        let pay = method!(EnforcementApi, record_payments);
        let paid = self
            .send_rows::<RecordPaymentsRequest, _, _>("partner:bank", payments.collect(), pay)
            .await?;
        let mut told = self.city.told.lock();
        for (row, (case, answer)) in cases.iter().zip(paid).enumerate() {
            let Some(answer) = answer else { continue };
            let booked = Booked {
                on: case.clone(),
                amount_fen: requests::FINE_FEN,
                position: answer.position,
            };
            told.fines.insert(reference(row), booked);
        }
        Ok(())
    }

    /// So many drivers for one car look like a trade in points.
    async fn clear_suspicion(&mut self, plate: &str) -> Result<(), String> {
        let request = enforcement_v1::ClearVehicleSuspicionRequest {
            plate: plate.to_owned(),
            ..Default::default()
        };
        let clear = |api: EnforcementApi, request| async move {
            let cleared = api.clear_vehicle_suspicion(request).await;
            // How many records are unhandled is told as of the answer.
            cleared.map(|mut docket| {
                docket.get_mut().unhandled = 0;
                docket
            })
        };
        self.does(OFFICER, request, clear).await?;
        Ok(())
    }

    /// Sends a list until it is known what became of each row: the answers of those that were carried out.
    async fn send_rows<R: Row, S, Sent>(
        &mut self,
        account: &str,
        mut commands: Vec<R::Command>,
        method: impl Fn(EnforcementApi, Request<Streaming<R>>) -> Sent + Send + Sync,
    ) -> Result<Vec<Option<ViolationRowAnswer>>, String>
    where
        S: Stream<Item = Result<ViolationRowAnswer, Status>> + Send,
        Sent: Future<Output = Result<Response<S>, Status>> + Send,
    {
        for command in &mut commands {
            command.set_request_id(self.new_id());
        }
        let mut known = Known::default();
        let mut generation = self.city.generation();
        while known.answers.len() < commands.len() {
            if self.city.generation() != generation {
                // What was answered may be lost since.
                generation = self.city.generation();
                known.answers.clear();
            }
            // Now and then as if nobody had read what was answered.
            let again = self.random.random_bool(0.2);
            let rows = (0_i64..).zip(&commands).filter(|(row, _)| {
                let answer = known.answers.get(row);
                answer.is_none_or(|answer| again && answer.status.is_none())
            });
            let rows: Vec<(i64, R::Command)> =
                rows.map(|(row, command)| (row, command.clone())).collect();
            for (row, _) in &rows {
                *known.sent.entry(*row).or_default() += 1;
            }
            let messages = rows.into_iter().map(|(row, command)| R::of(row, command));
            let messages: Vec<R> = messages.collect();
            let answers = self.send_once(account, &messages, &method).await?;
            if self.city.generation() != generation {
                continue;
            }
            for answer in answers {
                self.row_is_answered::<R>(account, &commands, answer, &mut known)?;
            }
            if known.answers.len() < commands.len() {
                let pause = self.random.random_range(50..3_000);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        }
        let mut told = self.city.told.lock();
        for ((row, answer), command) in known.answers.iter().zip(&commands) {
            if answer.status.is_some() && known.sent.get(row) == Some(&1) {
                let command = command_id(account, command)?;
                told.refused.push((Service::Enforcement, command));
            }
        }
        let answers = known.answers.into_values();
        Ok(answers
            .map(|answer| answer.status.is_none().then_some(answer))
            .collect())
    }

    /// Sends rows to one replica, and reads the answers, at times not to the end.
    async fn send_once<R: Row, S, Sent>(
        &mut self,
        account: &str,
        rows: &[R],
        method: &(impl Fn(EnforcementApi, Request<Streaming<R>>) -> Sent + Send + Sync),
    ) -> Result<Vec<ViolationRowAnswer>, String>
    where
        S: Stream<Item = Result<ViolationRowAnswer, Status>> + Send,
        Sent: Future<Output = Result<Response<S>, Status>> + Send,
    {
        let read = if self.random.random_bool(0.2) {
            self.random.random_range(0..=rows.len())
        } else {
            usize::MAX
        };
        let request = by(account, stream::of(rows));
        let send = |api: EnforcementApi| {
            let answered = method(api, request);
            async move {
                let answers = answered.await?.into_inner();
                let answers: Vec<Result<ViolationRowAnswer, Status>> =
                    answers.take(read).collect().await;
                Ok(Response::new(answers))
            }
        };
        let answers = match self.once(send).await {
            Ok(answers) => answers.into_inner(),
            Err(status) if is_passing(&status) => Vec::new(),
            Err(status) => return Err(format!("rows are not taken: {status}")),
        };
        let mut answered = Vec::with_capacity(rows.len());
        for answer in answers {
            match answer {
                Ok(answer) => answered.push(answer),
                Err(status) if is_passing(&status) => break,
                Err(status) => return Err(format!("rows are not taken: {status}")),
            }
        }
        Ok(answered)
    }

    /// Takes note of what became of a row, if that is for good.
    fn row_is_answered<R: Row>(
        &self,
        account: &str,
        commands: &[R::Command],
        answer: ViolationRowAnswer,
        known: &mut Known,
    ) -> Result<(), String> {
        let command = usize::try_from(answer.row)
            .ok()
            .and_then(|row| commands.get(row));
        let Some(command) = command else {
            return Err(format!("an answer to a row that was not sent: {answer:?}"));
        };
        let before = known.answers.get(&answer.row);
        let done_before = before.filter(|before| before.status.is_none());
        let code = answer.status.as_ref().map(|it| Code::from_i32(it.code));
        match code {
            Some(Code::Unavailable | Code::Aborted | Code::DeadlineExceeded) => return Ok(()),
            Some(Code::Internal) => return Err(format!("an internal error: {answer:?}")),
            Some(_) if done_before.is_some() => {
                return Err(format!("done, then refused: {before:?}, then {answer:?}"));
            }
            None if done_before.is_some_and(|before| *before != answer) => {
                return Err(format!("one row, two answers: {before:?} and {answer:?}"));
            }
            Some(_) => {}
            None => {
                let acknowledged = Acknowledged {
                    service: Service::Enforcement,
                    command: command_id(account, command)?,
                    position: answer.position,
                    may_be_idle: false,
                };
                let mut told = self.city.told.lock();
                told.acknowledged.push(acknowledged);
                told.carried_out::<R>();
            }
        }
        known.answers.insert(answer.row, answer);
        Ok(())
    }
}

fn command_id<M: Identified>(account: &str, command: &M) -> Result<Uuid, String> {
    let sent = by(account, command.clone());
    let call = Call::of(&sent, command.request_id());
    let call = call.map_err(|failure| format!("a request is none: {failure:?}"))?;
    Ok(call.command_id)
}
