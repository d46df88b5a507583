//! What plates and documents cost: paid through a bank, which may tell twice; what came for nothing goes back.

use super::{OrderApi, User, by, contract_time, is_passing, seconds};
use rand::RngExt;
use std::time::Duration;
use tonic::Code;
use traffic_proto::registration::v1 as registration_v1;
use traffic_proto::registration::v1::order_service_server::OrderService;
use traffic_proto::registration::v1::{Order, OrderTransfer};

const BANK: &str = "provider:bank";
/// How often an order is looked for until it counts as lost: longer than any replica is behind.
const LOOKS: usize = 1_000;

impl User {
    /// What is owed comes in, in one transfer or two; now and then one too many. `reference`: of this user alone.
    pub(super) async fn pay_order(&mut self, order: &str, reference: &str) -> Result<(), String> {
        let Some(owed) = self.order(order).await? else {
            return Ok(());
        };
        let owed = owed.outstanding_fen;
        let mut amounts = match self.random.random_range(0..3) {
            0 if owed > 1 => vec![owed / 2, owed - owed / 2],
            _ if owed > 0 => vec![owed],
            _ => Vec::new(),
        };
        if self.random.random_bool(0.15) {
            amounts.push(self.random.random_range(1..2_000));
        }
        for (part, amount_fen) in amounts.into_iter().enumerate() {
            let transfer = self.transfer(&format!("{reference}-{part}"), amount_fen);
            // The bank may tell of one transfer twice.
            for _ in 0..self.random.random_range(1..3) {
                let request = registration_v1::RecordOrderPaymentRequest {
                    name: order.to_owned(),
                    transfer: Some(transfer.clone()),
                    ..Default::default()
                };
                let pay =
                    |api: OrderApi, request| async move { api.record_order_payment(request).await };
                if let Ok(paid) = self.ensure(BANK, request, pay).await? {
                    // The first answer tells where it is booked; later ones find nothing to do.
                    let booked = Self::booked(order, amount_fen, &paid);
                    let mut told = self.city.told.lock();
                    let reference = transfer.reference.clone();
                    told.fees.entry(reference).or_insert(booked);
                }
            }
        }
        Ok(())
    }

    /// What is due back goes back.
    pub(super) async fn refund_order(
        &mut self,
        order: &str,
        reference: &str,
    ) -> Result<(), String> {
        let due = self.order(order).await?.map(|order| order.refund_due_fen);
        let Some(amount_fen) = due.filter(|due| *due > 0) else {
            return Ok(());
        };
        let transfer = self.transfer(&format!("{reference}-back"), amount_fen);
        let reference = transfer.reference.clone();
        let request = registration_v1::RecordOrderRefundRequest {
            name: order.to_owned(),
            transfer: Some(transfer),
            ..Default::default()
        };
        let refund = |api: OrderApi, request| async move { api.record_order_refund(request).await };
        if let Ok(paid) = self.ensure(BANK, request, refund).await? {
            let booked = Self::booked(order, -amount_fen, &paid);
            self.city.told.lock().fees.insert(reference, booked);
        }
        Ok(())
    }

    fn transfer(&self, reference: &str, amount_fen: i64) -> OrderTransfer {
        OrderTransfer {
            provider: "bank".into(),
            reference: reference.to_owned(),
            amount_fen,
            transfer_time: Some(contract_time(seconds(self.now(), -300))),
        }
    }

    /// An order, once a replica shows it: the one asked may be behind. `None`: it was lost with the newest part of a stream.
    async fn order(&mut self, name: &str) -> Result<Option<Order>, String> {
        for _ in 0..LOOKS {
            let request = by(
                BANK,
                registration_v1::GetOrderRequest {
                    name: name.to_owned(),
                },
            );
            let get = |api: OrderApi| async move { api.get_order(request).await };
            match self.once(get).await {
                Ok(order) => return Ok(Some(order.into_inner())),
                Err(status) if is_passing(&status) || status.code() == Code::NotFound => {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
                Err(status) => return Err(format!("an order is not shown: {name}, {status}")),
            }
        }
        Ok(None)
    }
}
