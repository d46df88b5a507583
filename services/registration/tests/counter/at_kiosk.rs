//! What a person does at a kiosk, each step under a request id of its own so that it can be sent again.

use crate::world::{City, Line, Replica, identity};
use tonic::{Response, Status};
use traffic_proto::registration::v1 as proto;
use traffic_proto::registration::v1::kiosk_service_client::KioskServiceClient;

type Answer = Result<proto::KioskSession, Status>;

/// Kiosk `k1`, and the name of the session at it.
pub(crate) struct AtKiosk {
    kiosk: KioskServiceClient<Line>,
    name: String,
}

impl AtKiosk {
    pub(crate) async fn of(city: &City, replica: &Replica, name: &str) -> Self {
        Self {
            kiosk: city.kiosk(replica).await,
            name: name.to_owned(),
        }
    }

    /// The person of `identity(1)` begins.
    pub(crate) async fn open(&mut self, request_id: String) -> Answer {
        let open = proto::OpenKioskSessionRequest {
            kiosk: "k1".into(),
            district: "371702".into(),
            identity_number: identity(1),
            request_id,
        };
        let opened = self.kiosk.open_kiosk_session(open).await;
        opened.map(Response::into_inner)
    }

    pub(crate) async fn look(&mut self) -> Answer {
        let get = proto::GetKioskSessionRequest {
            name: self.name.clone(),
        };
        let seen = self.kiosk.get_kiosk_session(get).await;
        seen.map(Response::into_inner)
    }

    pub(crate) async fn file(
        &mut self,
        kind: proto::kiosk_business::Kind,
        request_id: String,
    ) -> Answer {
        let file = proto::FileKioskBusinessRequest {
            name: self.name.clone(),
            business: Some(proto::KioskBusiness { kind: Some(kind) }),
            request_id,
            ..proto::FileKioskBusinessRequest::default()
        };
        let filed = self.kiosk.file_kiosk_business(file).await;
        filed.map(Response::into_inner)
    }

    pub(crate) async fn confirm(&mut self, request_id: String) -> Answer {
        let confirm = proto::ConfirmKioskReviewRequest {
            name: self.name.clone(),
            request_id,
            ..proto::ConfirmKioskReviewRequest::default()
        };
        let confirmed = self.kiosk.confirm_kiosk_review(confirm).await;
        confirmed.map(Response::into_inner)
    }

    /// On blank `B1`.
    pub(crate) async fn print(&mut self, request_id: String) -> Answer {
        let start = proto::StartKioskPrintRequest {
            name: self.name.clone(),
            blank: "B1".into(),
            request_id,
            ..proto::StartKioskPrintRequest::default()
        };
        let printing = self.kiosk.start_kiosk_print(start).await;
        printing.map(Response::into_inner)
    }

    pub(crate) async fn printed(&mut self, request_id: String) -> Answer {
        let report = proto::ReportKioskPrintRequest {
            name: self.name.clone(),
            blank: "B1".into(),
            outcome: proto::BlankOutcome::Printed.into(),
            request_id,
            ..proto::ReportKioskPrintRequest::default()
        };
        let printed = self.kiosk.report_kiosk_print(report).await;
        printed.map(Response::into_inner)
    }
}
