//! Fees and orders over gRPC.

use super::days::{self, district};
use crate::domain::fees::{FeeItem, FeeTable};
use crate::domain::order::{
    self, MOST_LINES, Order, OrderGround, OrderId, OrderState, ProviderReference, Transfer,
};
use chassis::commands::{Call, Done};
use chassis::domain::values::{Fen, Text};
use chassis::domain::{Halt, Invalid, Rejection, Revision, Transaction};
use chassis::server::{Failure, Fields, to_timestamp};
use chassis::service::Core;
use jiff::{SignedDuration, Timestamp};
use tonic::{Request, Response, Status};
use traffic_proto::Step;
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::order_service_server::OrderService;

/// How far a provider's clock may be ahead of ours.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// The methods for fees and orders.
#[derive(Clone, Debug)]
pub struct OrderApi {
    core: Core,
}

type Answer = Result<Response<proto::Order>, Status>;

impl OrderApi {
    pub fn new(core: Core) -> Self {
        Self { core }
    }

    async fn step<M: Step>(
        &self,
        request: &Request<M>,
        id: OrderId,
        handler: impl Fn(&mut Transaction, &OrderId) -> Result<(), Halt> + Send + Sync + 'static,
    ) -> Answer {
        let key = id.as_str().to_owned();
        let done = self
            .core
            .commands
            .step::<Order, M>(request, key, move |tx| handler(tx, &id))
            .await?;
        Ok(respond(&done))
    }
}

fn respond(done: &Done<Order>) -> Response<proto::Order> {
    done.respond(resource(&done.id, &done.state, &done.revision))
}

#[tonic::async_trait]
impl OrderService for OrderApi {
    async fn list_fees(
        &self,
        request: Request<proto::ListFeesRequest>,
    ) -> Result<Response<proto::ListFeesResponse>, Status> {
        let mut fields = Fields::new();
        let day = days::optional("day", request.get_ref().day.as_ref(), &mut fields);
        let day = fields
            .finish(day)?
            .unwrap_or_else(|| self.core.calendar.date(self.core.clock.now()));
        let fees = FeeItem::ALL
            .into_iter()
            .filter_map(|own| FeeTable::shipped().fee(own, day))
            .map(|fee| proto::Fee {
                item: item(fee.item).into(),
                amount_fen: fee.amount.signed(),
                legal_basis: fee.basis.clone(),
            })
            .collect();
        Ok(Response::new(proto::ListFeesResponse { fees }))
    }

    async fn open_order(&self, request: Request<proto::OpenOrderRequest>) -> Answer {
        let message = request.get_ref();
        let call = Call::of(&request, &message.request_id)?;
        let mut fields = Fields::new();
        let read = fields.message("order", message.order.as_ref(), |order, fields| {
            let subject = fields.required("subject", &order.subject, Text::parse);
            let district = fields.required("district", &order.district, district);
            let lines = fields.each("lines", &order.lines, 1..=MOST_LINES, |line, fields| {
                let item = fields.choice("item", line.item, read_item);
                let count = fields.number("count", line.count, 1..=100);
                Some((item?, u16::try_from(count?).ok()?))
            });
            Some((subject?, district?, lines?))
        });
        let (subject, district, lines) = fields.finish(read)?;
        let done = self
            .core
            .commands
            .run::<Order>(message.validate_only, call, move |tx| {
                let id = OrderId::new(tx.context.new_id("order"));
                order::open(tx, &id, subject.clone(), district, &lines)?;
                Ok(id.into())
            })
            .await?;
        Ok(respond(&done))
    }

    async fn get_order(&self, request: Request<proto::GetOrderRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = order_id(&request.get_ref().name, &mut fields);
        let id = fields.finish(id)?;
        let found = self.core.projection.get::<Order>(id.as_str()).await;
        let found = found
            .map_err(Failure::from)?
            .ok_or_else(|| Failure::from(Rejection::from(OrderGround::Unknown)))?;
        Ok(Response::new(resource(
            id.as_str(),
            &found.state,
            &found.revision,
        )))
    }

    async fn record_order_payment(
        &self,
        request: Request<proto::RecordOrderPaymentRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = order_id(&message.name, &mut fields);
        let transfer = self.transfer(message.transfer.as_ref(), &mut fields);
        let (id, transfer) = fields.finish((id, transfer))?;
        self.step(&request, id, move |tx, id| {
            order::record_payment(tx, id, transfer.clone())
        })
        .await
    }

    async fn record_order_refund(
        &self,
        request: Request<proto::RecordOrderRefundRequest>,
    ) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = order_id(&message.name, &mut fields);
        let transfer = self.transfer(message.transfer.as_ref(), &mut fields);
        let (id, transfer) = fields.finish((id, transfer))?;
        self.step(&request, id, move |tx, id| {
            order::record_refund(tx, id, transfer.clone())
        })
        .await
    }

    async fn use_order(&self, request: Request<proto::UseOrderRequest>) -> Answer {
        let mut fields = Fields::new();
        let id = order_id(&request.get_ref().name, &mut fields);
        let id = fields.finish(id)?;
        self.step(&request, id, order::mark_used).await
    }

    async fn cancel_order(&self, request: Request<proto::CancelOrderRequest>) -> Answer {
        let message = request.get_ref();
        let mut fields = Fields::new();
        let id = order_id(&message.name, &mut fields);
        let reason = fields.required("reason", &message.reason, Text::parse);
        let (id, reason) = fields.finish((id, reason))?;
        self.step(&request, id, move |tx, id| {
            order::cancel(tx, id, reason.clone())
        })
        .await
    }
}

impl OrderApi {
    fn transfer(
        &self,
        transfer: Option<&proto::OrderTransfer>,
        fields: &mut Fields,
    ) -> Option<Transfer> {
        let latest = self.core.clock.now() + CLOCKS_APART;
        fields.message("transfer", transfer, |transfer, fields| {
            let parts = (transfer.provider.as_str(), transfer.reference.as_str());
            let reference = fields.value("reference", parts, |(provider, reference)| {
                ProviderReference::new(provider, reference)
            });
            let amount = fields.value("amount_fen", transfer.amount_fen, amount);
            let at = fields.timestamp("transfer_time", transfer.transfer_time.as_ref());
            let at = at.and_then(|at| {
                fields.value("transfer_time", at, |at: Timestamp| {
                    if at <= latest {
                        Ok(at)
                    } else {
                        Err(Invalid::new(
                            "must not be in the future",
                            "不得晚于当前时间",
                        ))
                    }
                })
            });
            Some(Transfer {
                reference: reference?,
                amount: amount?,
                at: at?,
            })
        })
    }
}

fn amount(fen: i64) -> Result<Fen, Invalid> {
    Fen::from_signed(fen)
        .filter(|amount| !amount.is_zero())
        .ok_or_else(|| {
            Invalid::new(
                "must be between 1 fen and 100 million yuan",
                "应在 1 分至 1 亿元之间",
            )
        })
}

fn order_id(name: &str, fields: &mut Fields) -> Option<OrderId> {
    let id = fields.resource("name", name, "orders/{order}")?;
    fields.value("name", id, |id| OrderId::parse(&id))
}

const ITEMS: [(FeeItem, proto::FeeItem); 7] = [
    (FeeItem::CarPlates, proto::FeeItem::CarPlates),
    (FeeItem::TrailerPlate, proto::FeeItem::TrailerPlate),
    (FeeItem::MotorcyclePlates, proto::FeeItem::MotorcyclePlates),
    (FeeItem::TemporaryPlate, proto::FeeItem::TemporaryPlate),
    (FeeItem::VehicleLicence, proto::FeeItem::VehicleLicence),
    (
        FeeItem::RegistrationCertificate,
        proto::FeeItem::RegistrationCertificate,
    ),
    (FeeItem::EbikePlate, proto::FeeItem::EbikePlate),
];

fn read_item(item: proto::FeeItem) -> Option<FeeItem> {
    let found = ITEMS.iter().find(|(_, other)| *other == item);
    found.map(|(own, _)| *own)
}

fn item(own: FeeItem) -> proto::FeeItem {
    let found = ITEMS.iter().find(|(item, _)| *item == own);
    found.map_or(proto::FeeItem::Unspecified, |(_, item)| *item)
}

fn resource(id: &str, order: &Order, revision: &Revision) -> proto::Order {
    proto::Order {
        name: format!("orders/{id}"),
        subject: order.subject.to_string(),
        district: order.district.to_string(),
        lines: order
            .lines
            .iter()
            .map(|line| proto::OrderLine {
                item: item(line.item).into(),
                count: line.count.into(),
                unit_fen: line.unit.signed(),
                legal_basis: line.basis.instrument.to_string(),
            })
            .collect(),
        state: match order.state() {
            OrderState::Open => proto::OrderState::Open,
            OrderState::Paid => proto::OrderState::Paid,
            OrderState::Used => proto::OrderState::Used,
            OrderState::Cancelled => proto::OrderState::Cancelled,
        }
        .into(),
        total_fen: order.total().signed(),
        outstanding_fen: order.outstanding().signed(),
        refund_due_fen: order.refund_due().signed(),
        payments: order.payments.iter().map(transfer_resource).collect(),
        refunds: order.refunds.iter().map(transfer_resource).collect(),
        open_time: Some(to_timestamp(order.opened_at)),
        etag: revision.etag(),
    }
}

fn transfer_resource(transfer: &Transfer) -> proto::OrderTransfer {
    proto::OrderTransfer {
        provider: transfer.reference.provider().to_owned(),
        reference: transfer.reference.reference().to_owned(),
        amount_fen: transfer.amount.signed(),
        transfer_time: Some(to_timestamp(transfer.at)),
    }
}
