//! Load on the ledger.

use super::Contest;
use crate::ledger_v1::ledger_service_client::LedgerServiceClient;
use crate::ledger_v1::{Account, DepositRequest, OpenAccountRequest, TransferRequest};
use crate::load::{Desk, Role, Workload};
use rand::RngExt;
use tonic::Code;

/// Opens an account, pays in, and moves money to an earlier account: some of it many do at once.
#[derive(Clone, Copy, Debug)]
pub struct Ledger {
    /// Tells the accounts of several loads on one suite apart.
    pub series: &'static str,
    /// Accounts that all transfers go to: few, so that transactions meet.
    pub shared: u64,
}

impl Ledger {
    pub const fn new(series: &'static str) -> Self {
        Self { series, shared: 4 }
    }

    fn account(&self, number: u64) -> String {
        format!("{}-{number}", self.series)
    }
}

fn about(account: &Account) -> Vec<String> {
    vec![aggregate(&account.name)]
}

fn aggregate(name: &str) -> String {
    name.replacen("accounts/", "account/", 1)
}

impl Workload for Ledger {
    async fn story(&self, desk: &mut Desk, number: u64) {
        let account_id = self.account(number);
        let name = format!("accounts/{account_id}");
        let opened = desk
            .command(
                Role::Partner,
                async |client, request_id| {
                    let request = OpenAccountRequest {
                        account_id: account_id.clone(),
                        request_id,
                    };
                    LedgerServiceClient::new(client).open_account(request).await
                },
                about,
            )
            .await;
        opened.expect("a new account can be opened");

        let amount = desk.rng.random_range(1..1_000);
        let paid = desk
            .command(
                Role::Partner,
                async |client, request_id| {
                    let request = DepositRequest {
                        name: name.clone(),
                        amount,
                        request_id,
                    };
                    LedgerServiceClient::new(client).deposit(request).await
                },
                about,
            )
            .await;
        paid.expect("money can be paid in");

        let to = format!(
            "accounts/{}",
            self.account(desk.rng.random_range(0..self.shared))
        );
        if to == name {
            return;
        }
        let sent = desk
            .command(
                Role::Partner,
                async |client, request_id| {
                    let request = TransferRequest {
                        name: name.clone(),
                        to: to.clone(),
                        amount,
                        request_id,
                    };
                    LedgerServiceClient::new(client).transfer(request).await
                },
                |_: &Account| vec![aggregate(&name), aggregate(&to)],
            )
            .await;
        match sent {
            Ok(_) => {}
            // Another client is still opening that account.
            Err(status) if status.code() == Code::NotFound => {}
            Err(status) => panic!("{}", crate::status::describe(&status)),
        }
    }
}

/// The number of an account.
impl Contest for Ledger {
    async fn claim(&self, desk: &mut Desk, value: u64) -> bool {
        let account_id = format!("{}-claimed-{value}", self.series);
        let opened = desk
            .command(
                Role::Partner,
                async |client, request_id| {
                    let request = OpenAccountRequest {
                        account_id: account_id.clone(),
                        request_id,
                    };
                    LedgerServiceClient::new(client).open_account(request).await
                },
                about,
            )
            .await;
        match opened {
            Ok(_) => true,
            Err(status) if status.code() == Code::AlreadyExists => false,
            Err(status) => panic!("{}", crate::status::describe(&status)),
        }
    }
}
