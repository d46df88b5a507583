//! `ParkingManagementService`: each method by name, so that the listing of this folder shows where it lives.

use super::Api;
use tonic::{Request, Response, Status, Streaming};
use traffic_proto::parking::v1 as proto;
use traffic_proto::parking::v1::parking_management_service_server::ParkingManagementService;

type Answer<M> = Result<Response<M>, Status>;

#[tonic::async_trait]
impl ParkingManagementService for Api {
    async fn create_zone(&self, request: Request<proto::CreateZoneRequest>) -> Answer<proto::Zone> {
        Ok(self.create_zone(request).await?)
    }
    async fn get_zone(&self, request: Request<proto::GetZoneRequest>) -> Answer<proto::Zone> {
        Ok(self.get_zone(request).await?)
    }
    async fn list_zones(
        &self,
        request: Request<proto::ListZonesRequest>,
    ) -> Answer<proto::ListZonesResponse> {
        Ok(self.list_zones(request).await?)
    }
    async fn update_zone(&self, request: Request<proto::UpdateZoneRequest>) -> Answer<proto::Zone> {
        Ok(self.update_zone(request).await?)
    }
    async fn delete_zone(
        &self,
        request: Request<proto::DeleteZoneRequest>,
    ) -> Answer<pbjson_types::Empty> {
        Ok(self.delete_zone(request).await?)
    }
    async fn create_tariff(
        &self,
        request: Request<proto::CreateTariffRequest>,
    ) -> Answer<proto::Tariff> {
        Ok(self.create_tariff(request).await?)
    }
    async fn get_tariff(&self, request: Request<proto::GetTariffRequest>) -> Answer<proto::Tariff> {
        Ok(self.get_tariff(request).await?)
    }
    async fn list_tariffs(
        &self,
        request: Request<proto::ListTariffsRequest>,
    ) -> Answer<proto::ListTariffsResponse> {
        Ok(self.list_tariffs(request).await?)
    }
    async fn publish_tariff_version(
        &self,
        request: Request<proto::PublishTariffVersionRequest>,
    ) -> Answer<proto::Tariff> {
        Ok(self.publish_tariff_version(request).await?)
    }
    async fn create_bay(&self, request: Request<proto::CreateBayRequest>) -> Answer<proto::Bay> {
        Ok(self.create_bay(request).await?)
    }
    async fn batch_create_bays(
        &self,
        request: Request<proto::BatchCreateBaysRequest>,
    ) -> Answer<proto::BatchCreateBaysResponse> {
        Ok(self.batch_create_bays(request).await?)
    }
    async fn import_bays(
        &self,
        request: Request<Streaming<proto::ImportBaysRequest>>,
    ) -> Answer<proto::ImportBaysResponse> {
        Ok(self.import_bays(request).await?)
    }
    async fn get_bay(&self, request: Request<proto::GetBayRequest>) -> Answer<proto::Bay> {
        Ok(self.get_bay(request).await?)
    }
    async fn list_bays(
        &self,
        request: Request<proto::ListBaysRequest>,
    ) -> Answer<proto::ListBaysResponse> {
        Ok(self.list_bays(request).await?)
    }
    async fn update_bay(&self, request: Request<proto::UpdateBayRequest>) -> Answer<proto::Bay> {
        Ok(self.update_bay(request).await?)
    }
    async fn delete_bay(
        &self,
        request: Request<proto::DeleteBayRequest>,
    ) -> Answer<pbjson_types::Empty> {
        Ok(self.delete_bay(request).await?)
    }
    async fn grant_waiver(
        &self,
        request: Request<proto::GrantWaiverRequest>,
    ) -> Answer<proto::Waiver> {
        Ok(self.grant_waiver(request).await?)
    }
    async fn revoke_waiver(
        &self,
        request: Request<proto::RevokeWaiverRequest>,
    ) -> Answer<proto::Waiver> {
        Ok(self.revoke_waiver(request).await?)
    }
    async fn get_waiver(&self, request: Request<proto::GetWaiverRequest>) -> Answer<proto::Waiver> {
        Ok(self.get_waiver(request).await?)
    }
}
