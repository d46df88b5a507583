//! The dealer's chapter: a car is registered turnkey, photographed at a red light, and goes to its second owner once the fine is paid.

use super::{Story, done, wait};
use crate::failure::{Failure, describe, reason};
use serde::Deserialize;
use tokio::time::Instant;
use tonic::{Code, Status};
use traffic_proto::enforcement::v1 as enforcement;
use traffic_proto::registration::v1 as registration;

/// The requests of the chapter. What only the story knows (a number, a time) is filled in as it happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sale {
    pub(super) car: registration::Application,
    photograph: enforcement::Violation,
    owner: enforcement::Party,
    pub(super) transfer: registration::Application,
}

/// What other authorities confirm of the sample car: for a new one, and again for one that changes hands.
const CONFIRMED: [registration::Material; 3] = [
    registration::Material::CompulsoryInsurance,
    registration::Material::PurchaseTax,
    registration::Material::VehicleTax,
];
/// Why registration refuses while a violation is open.
const VIOLATIONS_OPEN: &str = "VIOLATIONS_OPEN";

impl Story {
    pub(super) async fn a_car_is_sold_once_its_fine_is_paid(
        &mut self,
        sale: Sale,
    ) -> Result<(), Failure> {
        let registered = self.registered_turnkey(sale.car).await?;
        let plate = registered.plate.clone();
        let photograph = enforcement::Violation {
            plate: plate.clone(),
            act_time: registered.decide_time,
            ..sale.photograph
        };
        let case = self.fined("sold-car", photograph, &sale.owner).await?;
        self.step(
            "enforcement",
            format!(
                "a camera photographs {plate} at a red light; its owner takes 200 yuan and 6 points ({})",
                case.name
            ),
        );
        if let Some(refused) = self.transfer_refused(&sale.transfer, &case.name).await? {
            let why = describe(&refused);
            self.step(
                "registration",
                format!("the owner sells the car; the transfer is refused: {why}"),
            );
        }
        self.paid("sold-car", &case).await?;
        self.step("enforcement", "the owner pays the fine");
        let transferred = self.transferred(sale.transfer).await?;
        self.step(
            "registration",
            format!(
                "now it goes to the new owner, who draws {}; {plate} is kept for the former one, Order 164 art. 44 ({})",
                transferred.plate, transferred.name
            ),
        );
        Ok(())
    }

    /// The buyer chooses a number of the lot; the dealer files, and the plates are brought. Answers the approved application.
    async fn registered_turnkey(
        &mut self,
        mut car: registration::Application,
    ) -> Result<registration::Application, Failure> {
        use registration::plate_wish::Wish;
        let offer = registration::OfferPlateNumbersRequest {
            plate_kind: registration::PlateKind::Small.into(),
            request_id: self.request_id("offer"),
            ..registration::OfferPlateNumbersRequest::default()
        };
        let offer = done("offer", self.dealer.offer_plate_numbers(offer).await)?;
        let number = offer.numbers.into_iter().next();
        let number = number.ok_or_else(|| Failure::failed("the lot drew no number"))?;
        let choose = registration::ChoosePlateNumberRequest {
            name: offer.name,
            number: number.clone(),
            request_id: self.request_id("choice"),
            ..registration::ChoosePlateNumberRequest::default()
        };
        done("choice", self.dealer.choose_plate_number(choose).await)?;
        car.plate_wish = Some(registration::PlateWish {
            wish: Some(Wish::Held(number.clone())),
        });
        let create = self.filing("car", car);
        let filed = done("car", self.dealer.create_application(create).await)?;
        self.step(
            "registration",
            format!(
                "a dealer files a new car for its buyer, who has chosen {number} of 50 numbers ({})",
                filed.name
            ),
        );
        let approved = self.approved("car", &filed.name).await?;
        let fee = self.fee_paid(&approved.order).await?;
        self.plates_brought(&filed.name).await?;
        self.step(
            "registration",
            format!(
                "an officer approves; the buyer pays {fee} yuan for plates and documents; the plates are made, and brought to the buyer"
            ),
        );
        Ok(approved)
    }

    /// Pays what the decision costs. Answers how many yuan it was.
    async fn fee_paid(&mut self, order: &str) -> Result<i64, Failure> {
        let deadline = Instant::now() + super::PATIENCE;
        let order = loop {
            let get = registration::GetOrderRequest {
                name: order.to_owned(),
            };
            match self.provider.get_order(get).await {
                // The decision that has opened it is not read yet.
                Err(status) if status.code() == Code::NotFound => {
                    wait("registration", deadline).await?;
                }
                answer => break done("fee", answer)?,
            }
        };
        let pay = registration::RecordOrderPaymentRequest {
            name: order.name,
            transfer: Some(registration::OrderTransfer {
                provider: "samplebank".to_owned(),
                reference: "SAMPLE-PLATES-1".to_owned(),
                amount_fen: order.total_fen,
                transfer_time: order.open_time,
            }),
            request_id: self.request_id("fee"),
            ..registration::RecordOrderPaymentRequest::default()
        };
        done("fee", self.provider.record_order_payment(pay).await)?;
        Ok(order.total_fen / 100)
    }

    async fn plates_brought(&mut self, name: &str) -> Result<(), Failure> {
        let made = registration::RecordPlatesMadeRequest {
            name: name.to_owned(),
            request_id: self.request_id("plates made"),
            ..registration::RecordPlatesMadeRequest::default()
        };
        done("plates", self.plate_maker.record_plates_made(made).await)?;
        let shipped = registration::RecordPlatesShippedRequest {
            name: name.to_owned(),
            carrier: "示例快递".to_owned(),
            tracking_number: "SAMPLE-1".to_owned(),
            request_id: self.request_id("plates shipped"),
            ..registration::RecordPlatesShippedRequest::default()
        };
        done(
            "plates",
            self.plate_maker.record_plates_shipped(shipped).await,
        )?;
        let delivered = registration::RecordPlatesDeliveredRequest {
            name: name.to_owned(),
            request_id: self.request_id("plates delivered"),
            ..registration::RecordPlatesDeliveredRequest::default()
        };
        done(
            "plates",
            self.plate_maker.record_plates_delivered(delivered).await,
        )?;
        Ok(())
    }

    /// Waits until registration has heard of the case, by filing for trial. Answers the refusal; none if the fine is paid already,
    /// as when the story broke off before.
    async fn transfer_refused(
        &mut self,
        transfer: &registration::Application,
        case: &str,
    ) -> Result<Option<Status>, Failure> {
        let deadline = Instant::now() + super::PATIENCE;
        loop {
            let mut trial = self.filing("early transfer", transfer.clone());
            trial.validate_only = true;
            match self.dealer.create_application(trial).await {
                Err(status) if reason(&status) == VIOLATIONS_OPEN => return Ok(Some(status)),
                _ if self.is_settled(case).await? => return Ok(None),
                Ok(_) => wait("registration", deadline).await?,
                Err(status) => return Err(Failure::of("early transfer", &status)),
            }
        }
    }

    async fn is_settled(&mut self, case: &str) -> Result<bool, Failure> {
        let get = enforcement::GetViolationRequest {
            name: case.to_owned(),
            ..enforcement::GetViolationRequest::default()
        };
        let case = done("case", self.officer.get_violation(get).await)?;
        Ok(case.state() == enforcement::ViolationState::Settled)
    }

    /// Files once registration has heard that the fine is paid, and approves.
    async fn transferred(
        &mut self,
        transfer: registration::Application,
    ) -> Result<registration::Application, Failure> {
        let deadline = Instant::now() + super::PATIENCE;
        let filed = loop {
            let create = self.filing("transfer", transfer.clone());
            match self.dealer.create_application(create).await {
                Err(status) if reason(&status) == VIOLATIONS_OPEN => {
                    wait("registration", deadline).await?;
                }
                answer => break done("transfer", answer)?,
            }
        };
        self.approved("transfer", &filed.name).await
    }

    fn filing(
        &self,
        what: &str,
        application: registration::Application,
    ) -> registration::CreateApplicationRequest {
        registration::CreateApplicationRequest {
            application: Some(application),
            request_id: self.request_id(what),
            ..registration::CreateApplicationRequest::default()
        }
    }

    async fn approved(
        &mut self,
        what: &str,
        name: &str,
    ) -> Result<registration::Application, Failure> {
        let check = |material: registration::Material| registration::ElectronicCheck {
            material: material.into(),
            reference: "SAMPLE-1".to_owned(),
        };
        let approve = registration::ApproveApplicationRequest {
            name: name.to_owned(),
            checks: CONFIRMED.map(check).to_vec(),
            examination: Some(registration::Examination {
                examiner: "SAMPLE-1".to_owned(),
                recording: "SAMPLE-1".to_owned(),
            }),
            request_id: self.request_id(&format!("approve {what}")),
            ..registration::ApproveApplicationRequest::default()
        };
        done(what, self.registrar.approve_application(approve).await)
    }
}
