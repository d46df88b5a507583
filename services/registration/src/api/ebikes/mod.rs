//! E-bikes over gRPC: one by one here, many in `import`.

mod import;
mod resource;

use super::parties::Unsealed;
use crate::domain::ebike::filing;
use crate::domain::ebike::ground::EbikeGround;
use crate::domain::ebike::plate::EbikePlate;
use crate::domain::ebike::{Application, CancelReason, Ebike, FrameNumber};
use crate::domain::station::{Station, StationId};
use crate::plate_stock::{PlateStock, Taken};
use crate::read_model::ebikes::{self, FoundPage};
use chassis::commands::{Call, Done};
use chassis::domain::{Halt, Rejection, Transaction};
use chassis::projection::{Broken, Key, View};
use chassis::server::{Failure, Fields};
use chassis::service::Core;
use futures::stream::BoxStream;
use resource::{Draft, frame_of, read_draft, read_origin};
use std::sync::Arc;
use tonic::{Request, Response, Status, Streaming};
use traffic_proto::Step;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::ebike_service_server::EbikeService;

pub(super) use resource::{Draft as EbikeDraft, frame_of as ebike_frame, read_draft as read_ebike};

/// The methods for e-bikes.
#[derive(Clone, Debug)]
pub struct EbikeApi {
    core: Core,
    plates: PlateStock,
}

type Answer = Result<Response<proto::Ebike>, Status>;

fn respond(done: &Done<Ebike>) -> Response<proto::Ebike> {
    done.respond(resource::ebike(&done.id, &done.state, &done.revision))
}

/// Whether a station may file for this district.
///
/// Asked of the projection and not in the command's transaction: every e-bike of a station would otherwise wait for
/// every other one. A suspension therefore takes effect a moment after it is recorded.
pub(super) fn check_station(
    view: &View,
    application: &Application,
) -> Result<Result<(), EbikeGround>, Broken> {
    let Some(id) = &application.station else {
        return Ok(Ok(()));
    };
    let station = view.aggregate::<Station>(id.as_str())?;
    Ok(station_may_file(
        station.as_ref().map(|(_, station)| station),
        application,
    ))
}

fn station_may_file(
    station: Option<&Station>,
    application: &Application,
) -> Result<(), EbikeGround> {
    let station = station.ok_or(EbikeGround::UnknownStation)?;
    if station.may_act().is_err() {
        return Err(EbikeGround::StationSuspended);
    }
    let own = station.details.district;
    if own == application.district || own.is_city_of(application.district) {
        Ok(())
    } else {
        Err(EbikeGround::OutsideStationsDistrict)
    }
}

impl EbikeApi {
    pub fn new(core: Core, plates: PlateStock) -> Self {
        Self { core, plates }
    }

    /// A plate of the series that the application would get today.
    async fn plate_for(&self, application: &Application) -> Result<Taken, Failure> {
        let today = self.core.calendar.date(self.core.clock.now());
        let series = filing::series(application, today).map_err(Rejection::from)?;
        self.plates.take(series).await
    }

    /// Registers what was read, under a plate of its own.
    async fn register(
        &self,
        call: Call,
        validate_only: bool,
        draft: &Draft,
    ) -> Result<Done<Ebike>, Failure> {
        let bare = draft.bare();
        let checked = self
            .core
            .projection
            .read(move |view| check_station(view, &bare))
            .await?;
        checked.map_err(Rejection::from)?;
        let application = Arc::new(draft.seal(&self.core.sealer).await?);
        let taken = self.plate_for(&application).await?;
        let plate = taken.plate;
        let wanted = Arc::clone(&application);
        let done = self
            .core
            .commands
            .run::<Ebike>(validate_only, call, move |tx| {
                filing::register(tx, &wanted, plate)?;
                Ok(wanted.frame.as_str().to_owned())
            })
            .await;
        self.settle(taken, &done, validate_only);
        done
    }

    /// Gives a plate back that surely stands on no e-bike.
    fn settle(&self, taken: Taken, done: &Result<Done<Ebike>, Failure>, rehearsed: bool) {
        let unused = match done {
            Ok(done) => rehearsed || done.state.plate != taken.plate,
            // It may have been carried out nevertheless.
            Err(failure) => !matches!(failure, Failure::Unavailable { .. }),
        };
        if unused {
            self.plates.give_back(taken);
        }
    }

    async fn step<M: Step>(
        &self,
        request: &Request<M>,
        frame: FrameNumber,
        handler: impl Fn(&mut Transaction, &FrameNumber) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let id = frame.as_str().to_owned();
        let done = self
            .core
            .commands
            .step::<Ebike, M>(request, id, move |tx| handler(tx, &frame))
            .await?;
        Ok(respond(&done))
    }
}

#[tonic::async_trait]
impl EbikeService for EbikeApi {
    async fn register_ebike(&self, request: Request<proto::RegisterEbikeRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let draft = fields.message("ebike", message.ebike.as_ref(), |ebike, fields| {
            read_draft(&self.core.sealer, ebike, fields)
        });
        let draft = fields.finish(draft)?;
        let done = self.register(call, message.validate_only, &draft).await?;
        Ok(respond(&done))
    }

    type ImportEbikesStream = BoxStream<'static, Result<proto::ImportEbikesResponse, Status>>;

    async fn import_ebikes(
        &self,
        request: Request<Streaming<proto::ImportEbikesRequest>>,
    ) -> Result<Response<Self::ImportEbikesStream>, Status> {
        Ok(Response::new(import::import(self.clone(), request)?))
    }

    async fn get_ebike(&self, request: Request<proto::GetEbikeRequest>) -> Answer {
        let mut fields = Fields::new();
        let frame = frame_of("name", &request.get_ref().name, &mut fields);
        let frame = fields.finish(frame)?;
        let found = self.core.projection.get::<Ebike>(frame.as_str()).await;
        let found = found
            .map_err(Failure::from)?
            .ok_or_else(|| Failure::from(Rejection::from(EbikeGround::UnknownEbike)))?;
        Ok(Response::new(resource::ebike(
            frame.as_str(),
            &found.state,
            &found.revision,
        )))
    }

    async fn look_up_ebike(&self, request: Request<proto::LookUpEbikeRequest>) -> Answer {
        let mut fields = Fields::new();
        let plate = fields.required("plate", &request.get_ref().plate, EbikePlate::parse);
        let plate = fields.finish(plate)?;
        let found = self
            .core
            .projection
            .read(move |view| ebikes::bearing(view, plate))
            .await
            .map_err(Failure::from)?
            .ok_or_else(|| Failure::from(Rejection::from(EbikeGround::UnknownEbike)))?;
        Ok(Response::new(resource::ebike(
            &found.frame,
            &found.ebike,
            &found.revision,
        )))
    }

    async fn list_ebikes(
        &self,
        request: Request<proto::ListEbikesRequest>,
    ) -> Result<Response<proto::ListEbikesResponse>, Status> {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let query: [&[u8]; 2] = [b"ebikes", message.owner.as_bytes()];
        let tokens = &self.core.page_tokens;
        let page = tokens.read(&mut fields, message.page_size, &message.page_token, &query);
        let owner = fields.optional("owner", &message.owner, resource::owner_filter);
        let (page, owner) = fields.finish((page, owner))?;
        let after = page
            .after
            .and_then(|cursor| u32::decode(&mut cursor.0.as_slice()));
        let size = page.size;
        let found: FoundPage = self
            .core
            .projection
            .read(move |view| match &owner {
                Some(owner) => ebikes::owned_by(view, owner, after, size),
                None => ebikes::list(view, after, size),
            })
            .await
            .map_err(Failure::from)?;
        let next_page_token = match found.next {
            Some(last) => {
                let mut key = Vec::new();
                last.encode(&mut key);
                tokens.token(&key, &query)?
            }
            None => String::new(),
        };
        Ok(Response::new(proto::ListEbikesResponse {
            ebikes: found
                .found
                .iter()
                .map(|found| resource::ebike(&found.frame, &found.ebike, &found.revision))
                .collect(),
            next_page_token,
        }))
    }

    async fn change_ebike_owner_particulars(
        &self,
        request: Request<proto::ChangeEbikeOwnerParticularsRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let frame = frame_of("name", &message.name, &mut fields);
        let sealer = &self.core.sealer;
        let owner = Unsealed::read(sealer, "owner", message.owner.as_ref(), &mut fields);
        let (frame, owner) = fields.finish((frame, owner))?;
        let owner = owner.seal(sealer).await?;
        self.step(&request, frame, move |tx, frame| {
            filing::change_particulars(tx, frame, &owner)
        })
        .await
    }

    async fn transfer_ebike(&self, request: Request<proto::TransferEbikeRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let sealer = &self.core.sealer;
        let frame = frame_of("name", &message.name, &mut fields);
        let from = Unsealed::read(sealer, "from", message.from.as_ref(), &mut fields);
        let to = Unsealed::read(sealer, "to", message.to.as_ref(), &mut fields);
        let origin = fields.message("origin", message.origin.as_ref(), read_origin);
        let (frame, from, to, origin) = fields.finish((frame, from, to, origin))?;
        let (from, to) = (from.bare(), to.seal(sealer).await?);
        self.step(&request, frame, move |tx, frame| {
            filing::transfer(tx, frame, &from, &to, &origin)
        })
        .await
    }

    async fn reissue_ebike_plate(
        &self,
        request: Request<proto::ReissueEbikePlateRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let frame = frame_of("name", &message.name, &mut fields);
        let sealer = &self.core.sealer;
        let owner = Unsealed::read(sealer, "owner", message.owner.as_ref(), &mut fields);
        let (frame, owner) = fields.finish((frame, owner))?;
        let (owner, presented) = (owner.bare(), message.presented);
        self.step(&request, frame, move |tx, frame| {
            filing::reissue_plate(tx, frame, &owner, presented)
        })
        .await
    }

    async fn renew_transitional_plate(
        &self,
        request: Request<proto::RenewTransitionalPlateRequest>,
    ) -> Answer {
        let mut fields = Fields::new();
        let frame = frame_of("name", &request.get_ref().name, &mut fields);
        let frame = fields.finish(frame)?;
        self.step(&request, frame, filing::renew_transitional).await
    }

    async fn cancel_ebike(&self, request: Request<proto::CancelEbikeRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let frame = frame_of("name", &message.name, &mut fields);
        let sealer = &self.core.sealer;
        let owner = Unsealed::read(sealer, "owner", message.owner.as_ref(), &mut fields);
        let reason = fields.choice("reason", message.reason, cancel_reason);
        let (frame, owner, reason) = fields.finish((frame, owner, reason))?;
        let owner = owner.bare();
        self.step(&request, frame, move |tx, frame| {
            filing::cancel(tx, frame, &owner, reason)
        })
        .await
    }
}

fn cancel_reason(reason: proto::EbikeCancelReason) -> Option<CancelReason> {
    use proto::EbikeCancelReason as Reason;
    match reason {
        Reason::Unspecified => None,
        Reason::Scrapped => Some(CancelReason::Scrapped),
        Reason::Lost => Some(CancelReason::Lost),
        Reason::LeftTheCity => Some(CancelReason::LeftTheCity),
        Reason::ReturnedToSeller => Some(CancelReason::ReturnedToSeller),
    }
}

pub(super) fn station_id(field: &str, name: &str, fields: &mut Fields) -> Option<StationId> {
    let id = fields.resource(field, name, "stations/{station}")?;
    fields.value(field, id, |id| StationId::parse(&id))
}
