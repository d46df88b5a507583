//! gRPC of the ledger.

use super::domain::{self, Account};
use crate::ledger_v1::ledger_service_server::LedgerService;
use crate::ledger_v1::{
    Account as Resource, DepositRequest, GetAccountRequest, OpenAccountRequest, TransferRequest,
};
use chassis::commands::Call;
use chassis::domain::{AggregateKey, Invalid};
use chassis::server::{Failure, Fields, resource_id};
use chassis::service::Core;
use std::ops::RangeInclusive;
use tonic::{Request, Response, Status};

const AMOUNTS: RangeInclusive<i64> = 1..=1_000_000;

#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) core: Core,
}

pub(super) fn name_of(id: &str) -> String {
    format!("accounts/{id}")
}

fn resource(id: &str, account: &Account) -> Resource {
    Resource {
        name: name_of(id),
        balance: account.balance,
        entries: account.entries,
    }
}

fn account_id(name: &str) -> Result<String, Invalid> {
    resource_id(name, "accounts/{account}")
        .map(str::to_owned)
        .ok_or_else(|| Invalid::new("must be accounts/{account}", "应为 accounts/{account}"))
}

fn number(id: &str) -> Result<String, Invalid> {
    let bad = || {
        Invalid::new(
            "must be 1 to 64 letters, digits, - and _",
            "应为1至64个字母、数字、-或_",
        )
    };
    AggregateKey::is_valid_id(id)
        .then(|| id.to_owned())
        .ok_or_else(bad)
}

#[tonic::async_trait]
impl LedgerService for Api {
    async fn open_account(
        &self,
        request: Request<OpenAccountRequest>,
    ) -> Result<Response<Resource>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let mut fields = Fields::new();
        let id = fields.required("account_id", &request.get_ref().account_id, number);
        let (id,) = fields.finish((id,))?;
        let done = self
            .core
            .commands
            .execute::<Account>(call, move |tx| domain::open(tx, &id).map(|()| id.clone()))
            .await?;
        Ok(done.respond(resource(&done.id, &done.state)))
    }

    async fn deposit(
        &self,
        request: Request<DepositRequest>,
    ) -> Result<Response<Resource>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let mut fields = Fields::new();
        let id = fields.required("name", &request.get_ref().name, account_id);
        let amount = fields.number("amount", request.get_ref().amount, AMOUNTS);
        let (id, amount) = fields.finish((id, amount))?;
        let done = self
            .core
            .commands
            .execute::<Account>(call, move |tx| {
                domain::deposit(tx, &id, amount).map(|()| id.clone())
            })
            .await?;
        Ok(done.respond(resource(&done.id, &done.state)))
    }

    async fn transfer(
        &self,
        request: Request<TransferRequest>,
    ) -> Result<Response<Resource>, Status> {
        let call = Call::of(&request, &request.get_ref().request_id)?;
        let mut fields = Fields::new();
        let from = fields.required("name", &request.get_ref().name, account_id);
        let to = fields.required("to", &request.get_ref().to, account_id);
        let amount = fields.number("amount", request.get_ref().amount, AMOUNTS);
        let (from, to, amount) = fields.finish((from, to, amount))?;
        let done = self
            .core
            .commands
            .execute::<Account>(call, move |tx| {
                domain::transfer(tx, &from, &to, amount).map(|()| from.clone())
            })
            .await?;
        Ok(done.respond(resource(&done.id, &done.state)))
    }

    async fn get_account(
        &self,
        request: Request<GetAccountRequest>,
    ) -> Result<Response<Resource>, Status> {
        let mut fields = Fields::new();
        let id = fields.required("name", &request.get_ref().name, account_id);
        let (id,) = fields.finish((id,))?;
        let found = self
            .core
            .projection
            .get::<Account>(&id)
            .await
            .map_err(Failure::from)?;
        let found = found.ok_or_else(|| Failure::NotFound(name_of(&id)))?;
        Ok(Response::new(resource(&id, &found.state)))
    }
}
