//! Users: they file, park, pay and are fined through whatever replica answers, and repeat a request until they know what
//! became of it.

/// A method of a replica, as a user calls it; of a service by name where a replica has others of the same name.
macro_rules! method {
    ($api:ty, $method:ident) => {
        |api: $api, request| async move { api.$method(request).await }
    };
    ($api:ty, $service:ident::$method:ident) => {
        |api: $api, request| async move { $service::$method(&api, request).await }
    };
}

mod applications;
mod bulk;
mod cases;
mod counters;
mod courts;
mod detentions;
mod drivers;
mod ebikes;
mod kiosks;
mod numbers;
mod objections;
mod orders;
mod papers;
mod patrols;
mod stays;
mod stops;
mod subscribers;
mod transports;
mod vehicles;
mod works;
mod zones;

use super::city::City;
use super::host::{Face, Service};
use super::wire::Sabotage;
use crate::load::position_of;
use crate::status;
use chassis::commands::Call;
use chassis::domain::{Actor, Channel, District};
use chassis::server::{Caller, Scopes};
use enforcement::api::Api as EnforcementApi;
use jiff::Timestamp;
use parking::api::Api as ParkingApi;
use permits::api::Api as PermitsApi;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use registration::api::ebikes::EbikeApi;
use registration::api::kiosks::KioskApi;
use registration::api::orders::OrderApi;
use registration::api::stations::StationApi;
use registration::api::vehicles::VehicleApi;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Code, Request, Response, Status};
use traffic_proto::enforcement::v1 as enforcement_v1;
use traffic_proto::parking::v1 as parking_v1;
use traffic_proto::permits::v1 as permits_v1;
use traffic_proto::registration::v1 as registration_v1;
use uuid::Uuid;

/// How long a client waits for an answer.
const DEADLINE: Duration = Duration::from_secs(15);
/// Cases that officers keep in mind at most.
const MOST_WAITING: usize = 40;

/// A command that was answered.
#[derive(Debug)]
pub(super) struct Acknowledged {
    pub(super) service: Service,
    pub(super) command: Uuid,
    /// Where it was carried out.
    pub(super) position: u64,
    /// There may have been nothing to do: then it is nowhere.
    pub(super) may_be_idle: bool,
}

/// A transfer of money that a user was told is booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Booked {
    /// What it pays for.
    pub(super) on: String,
    /// Negative: paid back.
    pub(super) amount_fen: i64,
    position: u64,
}

/// Transfers by their references.
pub(super) type Bookings = BTreeMap<String, Booked>;

/// What users have been told: to be found in the journals again.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) acknowledged: Vec<Acknowledged>,
    /// Commands that were refused at the first attempt: they must have left nothing.
    pub(super) refused: Vec<(Service, Uuid)>,
    /// What was paid for sessions of parking.
    pub(super) payments: Bookings,
    /// What was paid of fines, for violations.
    pub(super) fines: Bookings,
    /// What was paid for plates and documents, by orders.
    pub(super) fees: Bookings,
    /// Which e-bike was told to bear a plate.
    pub(super) ebikes: BTreeMap<String, String>,
    /// For which session at a kiosk a blank was printed, and where that is told.
    pub(super) printed: BTreeMap<String, (String, u64)>,
    /// Riders that were counted at a junction on a day, by their id, and where each count stands.
    pub(super) counted: BTreeMap<String, Vec<(u32, u64)>>,
    /// How many requests were carried out, by their full names.
    pub(super) carried_out: BTreeMap<String, u64>,
    /// Plates that were given to vehicles.
    plates: Vec<String>,
    /// Vehicles that were detained.
    yard: Vec<String>,
    /// Who owned a vehicle last.
    owners: BTreeMap<u8, u8>,
    /// Numbers of readings used, by bay.
    readings: BTreeMap<u8, u64>,
    /// Licences of drivers who came for their cases.
    drivers: Vec<String>,
    /// Cases that wait for time to pass.
    waiting: Vec<Waiting>,
}

/// A case that waits for time to pass, and for what.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Waiting {
    case: String,
    /// What it would be fined.
    fine_fen: i64,
    turn: Turn,
}

/// What officers do about a case once its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Hear,
    SeekEnforcement,
    /// Nobody came for it: told, announced, decided.
    WarnOfDefault,
    AnnounceDefault,
    DecideByDefault,
}

impl Notes {
    /// Forgets what was done after these positions, which stand in the order of [`Service::ALL`]: it is lost.
    pub(super) fn forget_after(&mut self, kept: &[u64; 4]) {
        let kept = |service: Service| kept[service as usize];
        self.acknowledged
            .retain(|told| told.position <= kept(told.service));
        for (bookings, service) in [
            (&mut self.payments, Service::Parking),
            (&mut self.fines, Service::Enforcement),
            (&mut self.fees, Service::Registration),
        ] {
            bookings.retain(|_, booked| booked.position <= kept(service));
        }
        self.printed
            .retain(|_, (_, position)| *position <= kept(Service::Registration));
        for counts in self.counted.values_mut() {
            counts.retain(|(_, position)| *position <= kept(Service::Enforcement));
        }
    }

    /// Takes note of a case about which nothing can be done yet.
    fn wait(&mut self, case: &str, fine_fen: i64, turn: Turn) {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push(Waiting {
                case: case.to_owned(),
                fine_fen,
                turn,
            });
        }
    }

    /// Takes note of who has come for a case.
    fn came(&mut self, party: Option<&enforcement_v1::Party>) {
        let Some(party) = party.filter(|party| party.licence.is_some()) else {
            return;
        };
        let licence = format!("licences/{}", party.person_ref);
        if !self.drivers.contains(&licence) {
            self.drivers.push(licence);
        }
    }

    /// Takes note that a request was carried out.
    fn carried_out<M: prost::Name>(&mut self) {
        *self.carried_out.entry(M::full_name()).or_default() += 1;
    }
}

/// What is booked and what was told of it are the same.
pub(super) fn agree(
    booked: &BTreeMap<String, (String, i64)>,
    told: &Bookings,
) -> Result<(), String> {
    let told: BTreeMap<String, (String, i64)> = told
        .iter()
        .map(|(reference, it)| (reference.clone(), (it.on.clone(), it.amount_fen)))
        .collect();
    if *booked == told {
        return Ok(());
    }
    Err(format!("booked {booked:?}, told {told:?}"))
}

#[derive(Clone, Debug)]
pub(super) struct Users {
    city: Arc<City>,
}

/// What a command came to in the end; the outer error is a violation.
type Answer<T> = Result<Result<Response<T>, Status>, String>;

/// A resource, which answers to one request must agree on.
trait Told: Clone + Debug + PartialEq + Send {}
impl<T: Clone + Debug + PartialEq + Send> Told for T {}

/// The methods of one service.
trait Methods: Clone + Send + Sync + 'static {
    const SERVICE: Service;

    /// As a replica offers them, if it is one of this service.
    fn of(face: &Face) -> Option<&Self>;
}

macro_rules! methods {
    ($($methods:ty: $service:ident $(, $part:ident)?;)*) => {$(
        impl Methods for $methods {
            const SERVICE: Service = Service::$service;

            fn of(face: &Face) -> Option<&Self> {
                match face {
                    Face::$service(face) => {
                        let methods: &Self = &face$(.$part)?;
                        Some(methods)
                    }
                    _ => None,
                }
            }
        }
    )*};
}

methods! {
    PermitsApi: Permits;
    ParkingApi: Parking;
    EnforcementApi: Enforcement;
    VehicleApi: Registration, vehicles;
    EbikeApi: Registration, ebikes;
    OrderApi: Registration, orders;
    KioskApi: Registration, kiosks;
    StationApi: Registration, stations;
}

/// One user at work.
struct User {
    city: Arc<City>,
    random: SmallRng,
}

impl Users {
    pub(super) fn new(city: Arc<City>) -> Self {
        Self { city }
    }

    fn user(&self, number: u64) -> User {
        User {
            city: Arc::clone(&self.city),
            random: SmallRng::seed_from_u64(self.city.seed.rotate_left(32) ^ number),
        }
    }
}

impl User {
    /// Who acts beside this one, with a chance of its own.
    fn another(&mut self) -> Self {
        Self {
            city: Arc::clone(&self.city),
            random: SmallRng::from_rng(&mut self.random),
        }
    }

    async fn think(&mut self) {
        let milliseconds = self.random.random_range(0..20_000);
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }

    fn now(&self) -> Timestamp {
        self.city.time.now()
    }

    /// Of a vehicle that was registered, or of one from elsewhere.
    fn some_plate(&mut self, other: u8) -> String {
        let told = self.city.told.lock();
        match told.plates.choose(&mut self.random) {
            Some(plate) if self.random.random_bool(0.7) => plate.clone(),
            _ => format!("鲁R{other:05}"),
        }
    }

    /// Repeats a command until it is answered for good, and notes what was told.
    async fn command<A: Methods, M: Identified, T: Told, Sent>(
        &mut self,
        account: &str,
        request: M,
        method: impl Fn(A, Request<M>) -> Sent + Send + Sync,
    ) -> Answer<T>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        Box::pin(self.insist(account, request, method, false)).await
    }

    /// As [`command`](Self::command), of one that may find nothing left to do.
    async fn ensure<A: Methods, M: Identified, T: Told, Sent>(
        &mut self,
        account: &str,
        request: M,
        method: impl Fn(A, Request<M>) -> Sent + Send + Sync,
    ) -> Answer<T>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        Box::pin(self.insist(account, request, method, true)).await
    }

    /// As [`command`](Self::command), of one whose answer nobody needs: whether it was carried out.
    async fn does<A: Methods, M: Identified, T: Told, Sent>(
        &mut self,
        account: &str,
        request: M,
        method: impl Fn(A, Request<M>) -> Sent + Send + Sync,
    ) -> Result<bool, String>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        Ok(self.command(account, request, method).await?.is_ok())
    }

    async fn insist<A: Methods, M: Identified, T: Told, Sent>(
        &mut self,
        account: &str,
        mut request: M,
        method: impl Fn(A, Request<M>) -> Sent + Send + Sync,
        may_be_idle: bool,
    ) -> Answer<T>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        request.set_request_id(self.new_id());
        let mut attempts = 0;
        let mut answered: Option<(u64, T)> = None;
        let mut generation = self.city.generation();
        loop {
            if self.city.generation() != generation {
                // What was answered may be lost since.
                generation = self.city.generation();
                answered = None;
            }
            attempts += 1;
            if attempts > 1 && self.city.sabotage == Some(Sabotage::NewRequestIds) {
                request.set_request_id(self.new_id());
            }
            let sent = by(account, request.clone());
            let command = Call::of(&sent, request.request_id())
                .map_err(|failure| format!("a request is none: {failure:?}"))?
                .command_id;
            let answer = self.once(|api| method(api, sent)).await;
            if self.city.generation() != generation {
                continue;
            }
            match answer {
                Ok(response) => {
                    let position = position_of(&response);
                    // What found nothing to do is answered with what there is, each time.
                    if let Some((at, before)) = &answered
                        && *at == position
                        && before != response.get_ref()
                    {
                        return Err(format!(
                            "one request, two answers: {before:?} and {:?}",
                            response.get_ref()
                        ));
                    }
                    let acknowledged = Acknowledged {
                        service: A::SERVICE,
                        command,
                        position,
                        may_be_idle,
                    };
                    {
                        let mut told = self.city.told.lock();
                        told.acknowledged.push(acknowledged);
                        told.carried_out::<M>();
                    }
                    // Now and then an answer is lost on its way to the user, who asks again.
                    if self.random.random_bool(0.15) {
                        answered = Some((position, response.into_inner()));
                        continue;
                    }
                    return Ok(Ok(response));
                }
                Err(status) if is_passing(&status) => {
                    let pause = self.random.random_range(50..3_000);
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
                Err(status) if status.code() == Code::Internal => {
                    return Err(format!("an internal error: {status}"));
                }
                Err(status) => {
                    let why = status::describe(&status);
                    tracing::info!(request = M::NAME, account, why, "refused");
                    if let Some((_, before)) = answered.filter(|_| !may_be_idle) {
                        return Err(format!("done, then refused: {before:?}, then {status}"));
                    }
                    if attempts == 1 {
                        let mut told = self.city.told.lock();
                        told.refused.push((A::SERVICE, command));
                    }
                    return Ok(Err(status));
                }
            }
        }
    }

    /// Repeats a request without an identity until a replica answers.
    async fn until_told<A: Methods, T, Sent>(
        &mut self,
        method: impl Fn(A) -> Sent + Send + Sync,
    ) -> Answer<T>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        loop {
            match self.once(&method).await {
                Err(status) if is_passing(&status) => {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                Err(status) if status.code() == Code::Internal => {
                    return Err(format!("an internal error: {status}"));
                }
                answered => return Ok(answered),
            }
        }
    }

    /// Asks one replica once.
    async fn once<A: Methods, T, Sent>(
        &mut self,
        method: impl FnOnce(A) -> Sent + Send,
    ) -> Result<Response<T>, Status>
    where
        Sent: Future<Output = Result<Response<T>, Status>> + Send,
    {
        let serving = self.city.serving(A::SERVICE);
        if serving.is_empty() {
            return Err(Status::unavailable("no replica serves"));
        }
        let process = &serving[self.random.random_range(0..serving.len())];
        let Some(api) = A::of(&process.face).cloned() else {
            return Err(Status::internal("a replica of another service was asked"));
        };
        let deadline = Instant::now() + DEADLINE;
        tokio::select! {
            biased;
            () = process.wire.ended() => Err(Status::unavailable("the replica has ended")),
            answer = tokio::time::timeout_at(deadline, method(api)) => {
                answer.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")))
            }
        }
    }

    fn booked<T>(on: &str, amount_fen: i64, answer: &Response<T>) -> Booked {
        Booked {
            on: on.to_owned(),
            amount_fen,
            position: position_of(answer),
        }
    }

    fn new_id(&mut self) -> String {
        let bytes: [u8; 16] = self.random.random();
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }
}

/// Whether to ask again: nothing is decided by it.
fn is_passing(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::Aborted | Code::DeadlineExceeded
    )
}

/// The city, whose officers decide in all its districts.
const CITY: u32 = 371_700;

/// A request that has passed the server's guard: of an officer of the city, or of somebody who decides nowhere.
pub(super) fn by<M>(account: &str, message: M) -> Request<M> {
    let mut request = Request::new(message);
    let officer = account.starts_with("officer:");
    let districts = District::new(CITY).filter(|_| officer);
    request.extensions_mut().insert(Arc::new(Caller {
        actor: Actor {
            id: account.to_owned(),
            districts: districts.into_iter().collect(),
        },
        channel: Channel::Api,
        scopes: Scopes::All,
    }));
    request
}

fn seconds(from: Timestamp, seconds: i64) -> Timestamp {
    from + jiff::SignedDuration::from_secs(seconds)
}

/// To the second.
fn contract_time(at: Timestamp) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: at.as_second(),
        nanos: 0,
    }
}

/// A message with a request id.
trait Identified: prost::Message + prost::Name + Clone + Default + 'static {
    fn request_id(&self) -> &str;
    fn set_request_id(&mut self, id: String);
}

macro_rules! identified {
    ($($message:ty),* $(,)?) => {$(
        impl Identified for $message {
            fn request_id(&self) -> &str {
                &self.request_id
            }
            fn set_request_id(&mut self, id: String) {
                self.request_id = id;
            }
        }
    )*};
}

identified! {
    enforcement_v1::AcceptHandlingRequest,
    enforcement_v1::AnnounceDecisionRequest,
    enforcement_v1::AnnounceDefaultRequest,
    enforcement_v1::AnnounceUnclaimedRequest,
    enforcement_v1::ApproveDetentionRequest,
    enforcement_v1::AssignHazardRequest,
    enforcement_v1::BringProofRequest,
    enforcement_v1::CancelViolationRequest,
    enforcement_v1::ClearDriverSuspicionRequest,
    enforcement_v1::ClearVehicleSuspicionRequest,
    enforcement_v1::CollectFineRequest,
    enforcement_v1::CountRidersRequest,
    enforcement_v1::CureViolationRequest,
    enforcement_v1::DecideByDefaultRequest,
    enforcement_v1::DecideNoPenaltyRequest,
    enforcement_v1::DecideViolationRequest,
    enforcement_v1::DetainVehicleRequest,
    enforcement_v1::DisposeVehicleRequest,
    enforcement_v1::EndRemedyRequest,
    enforcement_v1::ExtendHandlingRequest,
    enforcement_v1::ExtendVerificationRequest,
    enforcement_v1::FailReviewRequest,
    enforcement_v1::FilePapersRequest,
    enforcement_v1::FindHazardRequest,
    enforcement_v1::GrantInstalmentsRequest,
    enforcement_v1::HandOverVehicleRequest,
    enforcement_v1::HearDefenceRequest,
    enforcement_v1::HoldHearingRequest,
    enforcement_v1::HoldTalkRequest,
    enforcement_v1::IdentifyDriverRequest,
    enforcement_v1::PassReviewRequest,
    enforcement_v1::PersuadeRiderRequest,
    enforcement_v1::RaiseObjectionRequest,
    enforcement_v1::RecordLegalReviewRequest,
    enforcement_v1::RecordPaymentRequest,
    enforcement_v1::RecordStudyDayRequest,
    enforcement_v1::RecordStudyFraudRequest,
    enforcement_v1::RecordTestRequest,
    enforcement_v1::RecordViolationRequest,
    enforcement_v1::RectifyHazardRequest,
    enforcement_v1::ReducePointsRequest,
    enforcement_v1::ReferAsCrimeRequest,
    enforcement_v1::RejectObjectionRequest,
    enforcement_v1::RejectRectificationRequest,
    enforcement_v1::RequestHearingRequest,
    enforcement_v1::RequireLegalReviewRequest,
    enforcement_v1::RevokeDecisionRequest,
    enforcement_v1::RevokeForTradingRequest,
    enforcement_v1::ScheduleHearingRequest,
    enforcement_v1::SeekEnforcementRequest,
    enforcement_v1::SeekRemedyRequest,
    enforcement_v1::SendNoticeRequest,
    enforcement_v1::ServeDecisionRequest,
    enforcement_v1::StopOnTheSpotRequest,
    enforcement_v1::SummonPartyRequest,
    enforcement_v1::TakeBackReductionRequest,
    enforcement_v1::TakeBackReferralRequest,
    enforcement_v1::TellIntentionRequest,
    enforcement_v1::VerifyHazardRequest,
    enforcement_v1::VerifyProofRequest,
    enforcement_v1::WaiveHearingRequest,
    enforcement_v1::WarnOfDefaultRequest,
    enforcement_v1::WarnOrallyRequest,
    parking_v1::BatchCreateBaysRequest,
    parking_v1::CorrectSessionRequest,
    parking_v1::CreateBayRequest,
    parking_v1::CreateTariffRequest,
    parking_v1::CreateZoneRequest,
    parking_v1::DeleteBayRequest,
    parking_v1::DeleteZoneRequest,
    parking_v1::GrantWaiverRequest,
    parking_v1::PublishTariffVersionRequest,
    parking_v1::RecordPaymentRequest,
    parking_v1::RecordRefundRequest,
    parking_v1::RevokeWaiverRequest,
    parking_v1::UpdateBayRequest,
    parking_v1::UpdateZoneRequest,
    parking_v1::WaiveChargeRequest,
    permits_v1::AcceptPermitRequest,
    permits_v1::AmendPermitRequest,
    permits_v1::ApprovePermitRequest,
    permits_v1::AssignEscortRequest,
    permits_v1::CompleteEscortRequest,
    permits_v1::CompletePermitRequest,
    permits_v1::CorrectPermitRequest,
    permits_v1::CreatePermitRequest,
    permits_v1::FinishWorkRequest,
    permits_v1::HandOverEscortRequest,
    permits_v1::RecordArrivalRequest,
    permits_v1::RecordCheckpointRequest,
    permits_v1::RecordDepartureRequest,
    permits_v1::RecordMovingOnRequest,
    permits_v1::RecordReopeningAcceptanceRequest,
    permits_v1::RecordStopRequest,
    permits_v1::RefusePermitRequest,
    permits_v1::RequestCorrectionRequest,
    permits_v1::ResumePermitRequest,
    permits_v1::RevokePermitRequest,
    permits_v1::SetRunOrderRequest,
    permits_v1::StartEscortRequest,
    permits_v1::StartWorkRequest,
    permits_v1::SuspendPermitRequest,
    permits_v1::WithdrawPermitRequest,
    registration_v1::AbandonKioskSessionRequest,
    registration_v1::ApproveApplicationRequest,
    registration_v1::ArriveForAppointmentRequest,
    registration_v1::BookAppointmentRequest,
    registration_v1::CancelAppointmentRequest,
    registration_v1::CancelEbikeRequest,
    registration_v1::CancelOrderRequest,
    registration_v1::CancelVehicleOfOfficeRequest,
    registration_v1::ChangeEbikeOwnerParticularsRequest,
    registration_v1::ChoosePlateNumberRequest,
    registration_v1::CommissionStationRequest,
    registration_v1::ConfirmKioskReviewRequest,
    registration_v1::CreateApplicationRequest,
    registration_v1::EndStationRequest,
    registration_v1::FileKioskBusinessRequest,
    registration_v1::LiftApplicantBarRequest,
    registration_v1::LiftHoldRequest,
    registration_v1::OfferPlateNumbersRequest,
    registration_v1::OpenKioskSessionRequest,
    registration_v1::OpenOrderRequest,
    registration_v1::PlaceHoldRequest,
    registration_v1::RecordMovedAwayRequest,
    registration_v1::RecordOrderPaymentRequest,
    registration_v1::RecordOrderRefundRequest,
    registration_v1::RecordPlatesDeliveredRequest,
    registration_v1::RecordPlatesMadeRequest,
    registration_v1::RecordPlatesShippedRequest,
    registration_v1::RefuseApplicationRequest,
    registration_v1::RegisterEbikeRequest,
    registration_v1::ReissueEbikePlateRequest,
    registration_v1::ReportKioskPrintRequest,
    registration_v1::RequestMaterialsRequest,
    registration_v1::ResumeKioskSessionRequest,
    registration_v1::ResumeStationRequest,
    registration_v1::ReturnSchoolBusSignRequest,
    registration_v1::StartKioskPrintRequest,
    registration_v1::SupplyMaterialsRequest,
    registration_v1::SuspendStationRequest,
    registration_v1::TakeWalkInRequest,
    registration_v1::TransferEbikeRequest,
    registration_v1::UpdateStationRequest,
    registration_v1::UseOrderRequest,
    registration_v1::WithdrawApplicationRequest,
}
