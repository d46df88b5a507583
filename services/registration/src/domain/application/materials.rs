//! Proofs that a business needs (证明、凭证). Identity proves the applicant, so it is none of them; what this register issued or
//! another authority confirms is not asked for again (art. 4(2)).

use super::request::{Change, OwnerFiling, Request};
use super::rules::Rules;
use crate::domain::instruments::order_164;
use crate::domain::vehicle::Vehicle;
use crate::domain::vehicle::VehicleStage;
use crate::domain::vehicle::class::{Particulars, UseNature, VehicleClass};
use crate::domain::vehicle::event::{CancellationCause, EncumbranceKind, TemporaryGround};
use chassis::domain::LegalBasis;
use chassis::domain::values::DocumentNumber;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// 机动车来历证明
    Origin,
    /// 整车出厂合格证明 or 进口凭证
    FactoryCertificate,
    /// 交通事故责任强制保险凭证
    CompulsoryInsurance,
    /// 车辆购置税完税或免税证明
    PurchaseTax,
    /// 车船税纳税或免税证明
    VehicleTax,
    /// 安全技术检验合格证明
    SafetyInspection,
    /// 道路运输许可
    TransportLicence,
    /// 机动车登记证书
    RegistrationCertificate,
    /// 行驶证
    VehicleLicence,
    /// 号牌
    Plates,
    /// 所有权转让的证明、凭证
    OwnershipTransfer,
    /// 解除监管证明书 or 海关批准的转让证明
    CustomsRelease,
    /// 共同所有的公证证明, 结婚证 or 户口簿
    JointOwnership,
    /// 身份证明号码变更证明
    IdentityChange,
    /// 加装合格证明
    FittingCertificate,
    /// 抵押合同
    MortgageContract,
    /// 生效的调解书、裁定书或者判决书
    CourtRuling,
    /// 协助执行通知书
    AssistanceNotice,
    /// 报废机动车回收证明
    ScrapReceipt,
    /// 车辆识别代号拓印膜、解体照片
    DismantlingRecord,
    /// 灭失书面承诺
    LossPledge,
    /// 出口证明
    ExportProof,
    /// 退车证明
    ReturnProof,
    /// 海关监管车辆进（出）境领（销）牌照通知书
    CustomsPlateNotice,
    /// 书面申请
    WrittenApplication,
    /// 道路测试、示范应用凭证
    TestApproval,
    /// 委托书
    Mandate,
    /// 机动车驾驶证
    DriverLicence,
    /// 校车使用许可
    SchoolBusLicence,
    /// 校车运行方案
    SchoolBusPlan,
}

impl Material {
    pub const ALL: [Self; 30] = [
        Self::Origin,
        Self::FactoryCertificate,
        Self::CompulsoryInsurance,
        Self::PurchaseTax,
        Self::VehicleTax,
        Self::SafetyInspection,
        Self::TransportLicence,
        Self::RegistrationCertificate,
        Self::VehicleLicence,
        Self::Plates,
        Self::OwnershipTransfer,
        Self::CustomsRelease,
        Self::JointOwnership,
        Self::IdentityChange,
        Self::FittingCertificate,
        Self::MortgageContract,
        Self::CourtRuling,
        Self::AssistanceNotice,
        Self::ScrapReceipt,
        Self::DismantlingRecord,
        Self::LossPledge,
        Self::ExportProof,
        Self::ReturnProof,
        Self::CustomsPlateNotice,
        Self::WrittenApplication,
        Self::TestApproval,
        Self::Mandate,
        Self::DriverLicence,
        Self::SchoolBusLicence,
        Self::SchoolBusPlan,
    ];

    /// As stored, and in facts of refusals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Origin => "origin",
            Self::FactoryCertificate => "factory_certificate",
            Self::CompulsoryInsurance => "compulsory_insurance",
            Self::PurchaseTax => "purchase_tax",
            Self::VehicleTax => "vehicle_tax",
            Self::SafetyInspection => "safety_inspection",
            Self::TransportLicence => "transport_licence",
            Self::RegistrationCertificate => "registration_certificate",
            Self::VehicleLicence => "vehicle_licence",
            Self::Plates => "plates",
            Self::OwnershipTransfer => "ownership_transfer",
            Self::CustomsRelease => "customs_release",
            Self::JointOwnership => "joint_ownership",
            Self::IdentityChange => "identity_change",
            Self::FittingCertificate => "fitting_certificate",
            Self::MortgageContract => "mortgage_contract",
            Self::CourtRuling => "court_ruling",
            Self::AssistanceNotice => "assistance_notice",
            Self::ScrapReceipt => "scrap_receipt",
            Self::DismantlingRecord => "dismantling_record",
            Self::LossPledge => "loss_pledge",
            Self::ExportProof => "export_proof",
            Self::ReturnProof => "return_proof",
            Self::CustomsPlateNotice => "customs_plate_notice",
            Self::WrittenApplication => "written_application",
            Self::TestApproval => "test_approval",
            Self::Mandate => "mandate",
            Self::DriverLicence => "driver_licence",
            Self::SchoolBusLicence => "school_bus_licence",
            Self::SchoolBusPlan => "school_bus_plan",
        }
    }

    /// Issued by this register, which knows it (arts. 5(2), 87).
    fn is_of_this_register(self) -> bool {
        matches!(self, Self::RegistrationCertificate | Self::VehicleLicence)
    }
}

/// A proof that was handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub material: Material,
    /// Of the document.
    pub number: DocumentNumber,
}

/// A proof that is needed, and the provision that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needed {
    pub material: Material,
    pub basis: LegalBasis,
}

/// What a business needs, and where it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Materials {
    /// To be handed in.
    pub submitted: Vec<Needed>,
    /// Confirmed by other authorities.
    pub electronic: Vec<Needed>,
}

/// What the business needs of the one who applies. `vehicle`: as registered, if it is.
pub fn needed(
    request: &Request,
    vehicle: Option<&Vehicle>,
    by_agent: bool,
    today: Date,
) -> Materials {
    let rules = Rules::on(today);
    let mut materials = Materials::default();
    let mut list = list(request, vehicle, today);
    if by_agent {
        list.push((Material::Mandate, "art. 86(2)"));
    }
    // From another city: its certificate is not of this register.
    let own_papers = !matches!(request, Request::MoveIn(_));
    for (material, article) in list {
        let needed = Needed {
            material,
            basis: order_164(article),
        };
        if rules.is_electronic(material) {
            materials.electronic.push(needed);
        } else if !(own_papers && material.is_of_this_register()) {
            materials.submitted.push(needed);
        }
    }
    materials
}

type List = Vec<(Material, &'static str)>;

fn list(request: &Request, vehicle: Option<&Vehicle>, today: Date) -> List {
    use Material as M;
    let supervised = vehicle.is_some_and(|vehicle| vehicle.particulars.customs_supervised);
    let inspection_over = vehicle.is_some_and(|vehicle| vehicle.is_inspection_over(today));
    match request {
        Request::InitialRegistration(new) => {
            let mut list = vec![
                (M::FactoryCertificate, "art. 12(1)(3)"),
                (M::CompulsoryInsurance, "art. 12(1)(4)"),
                (M::PurchaseTax, "art. 12(1)(5)"),
                (M::VehicleTax, "art. 12(1)(5)"),
            ];
            if !new.particulars.customs_supervised {
                list.push((M::Origin, "art. 12(1)(2)"));
            }
            if new.needs_inspection(today) {
                list.push((M::SafetyInspection, "art. 12(2)"));
            }
            transport_licence(&mut list, new.particulars.use_nature, "art. 13(2)");
            list
        }
        Request::ParticularsChange { change, .. } => change_of(change, today),
        Request::OwnerFiling { filing, .. } => filing_of(filing),
        Request::JointOwner { .. } => vec![
            (M::RegistrationCertificate, "art. 19(1)"),
            (M::VehicleLicence, "art. 19(1)"),
            (M::JointOwnership, "art. 19(1)"),
        ],
        Request::PlateSwap { .. } => vec![
            (M::RegistrationCertificate, "art. 20(2)"),
            (M::VehicleLicence, "art. 20(2)"),
            (M::Plates, "art. 20(2)"),
        ],
        Request::MoveOut { .. } => vec![
            (M::RegistrationCertificate, "art. 17(1)(2)"),
            (M::VehicleLicence, "art. 17(1)(3)"),
        ],
        Request::MoveIn(arrival) => {
            let mut list = vec![(M::RegistrationCertificate, "art. 18(2)")];
            if arrival.inspection_valid_until < today {
                list.push((M::SafetyInspection, "art. 18(2)"));
                list.push((M::CompulsoryInsurance, "art. 18(2)"));
            }
            list
        }
        Request::Transfer(transfer) => {
            let mut list = vec![(M::OwnershipTransfer, "art. 26(1)(2)")];
            if transfer.papers_withheld {
                list.push((M::AssistanceNotice, "art. 30"));
            } else {
                list.push((M::RegistrationCertificate, "art. 26(1)(3)"));
                list.push((M::VehicleLicence, "art. 26(1)(4)"));
            }
            if supervised {
                list.push((M::CustomsRelease, "art. 26(1)(5)"));
            }
            if inspection_over {
                list.push((M::SafetyInspection, "art. 26(1)(6)"));
                list.push((M::CompulsoryInsurance, "art. 26(1)(6)"));
            }
            list
        }
        Request::Encumber { kind, .. } => match kind {
            EncumbranceKind::Mortgage => vec![
                (M::RegistrationCertificate, "art. 32(1)(2)"),
                (M::MortgageContract, "art. 32(1)(3)"),
            ],
            EncumbranceKind::Pledge => vec![(M::RegistrationCertificate, "art. 34(2)(2)")],
        },
        Request::Release { kind, by_court, .. } => match (kind, by_court) {
            (EncumbranceKind::Mortgage, true) => vec![
                (M::RegistrationCertificate, "art. 33(2)"),
                (M::CourtRuling, "art. 33(2)"),
                (M::AssistanceNotice, "art. 33(2)"),
            ],
            (EncumbranceKind::Mortgage, false) => {
                vec![(M::RegistrationCertificate, "art. 33(1)(2)")]
            }
            (EncumbranceKind::Pledge, _) => vec![(M::RegistrationCertificate, "art. 34(2)(2)")],
        },
        Request::Cancellation { cause } => cancellation_of(*cause, vehicle),
        Request::Correction { .. } | Request::PlateReissue | Request::DocumentReissue { .. } => {
            Vec::new()
        }
        Request::InspectionMark { valid_until: None } => Vec::new(),
        Request::InspectionMark { .. } => {
            let exempt = vehicle.is_some_and(|vehicle| vehicle.particulars.inspection_exempt);
            let article = if exempt { "art. 55(1)" } else { "art. 54(2)" };
            let mut list = vec![
                (M::VehicleLicence, article),
                (M::CompulsoryInsurance, article),
                (M::VehicleTax, article),
            ];
            if !exempt {
                list.push((M::SafetyInspection, article));
            }
            list
        }
        Request::TemporaryPlate(temporary) => temporary_of(temporary.ground),
        Request::SchoolBusSign(_) => vec![
            (M::DriverLicence, "art. 60(1)(2)"),
            (M::VehicleLicence, "art. 60(1)(3)"),
            (M::SchoolBusLicence, "art. 60(1)(4)"),
            (M::SchoolBusPlan, "art. 60(1)(5)"),
        ],
        Request::SchoolBusSignReissue => vec![(M::VehicleLicence, "art. 66")],
    }
}

fn transport_licence(list: &mut List, use_nature: UseNature, article: &'static str) {
    if use_nature.needs_transport_licence() {
        list.push((Material::TransportLicence, article));
    }
}

fn change_of(change: &Change, today: Date) -> List {
    use Material as M;
    let mut list = vec![
        (M::RegistrationCertificate, "art. 17(1)(2)"),
        (M::VehicleLicence, "art. 17(1)(3)"),
    ];
    match change {
        Change::Colour(_) => {}
        Change::Engine(_) | Change::Body => list.push((M::SafetyInspection, "art. 17(1)(4)")),
        Change::WholeVehicle { vehicle, .. } => {
            for material in [
                M::Origin,
                M::FactoryCertificate,
                M::CompulsoryInsurance,
                M::PurchaseTax,
                M::VehicleTax,
            ] {
                list.push((material, "art. 17(1)(5)"));
            }
            if vehicle.needs_inspection(today) {
                list.push((M::SafetyInspection, "art. 17(1)(5)"));
            }
        }
        Change::Use(use_nature) => {
            let article = match use_nature {
                UseNature::HazardousGoods => "art. 13(2)",
                _ => "art. 17(2)",
            };
            transport_licence(&mut list, *use_nature, article);
        }
    }
    list
}

fn filing_of(filing: &OwnerFiling) -> List {
    use Material as M;
    match filing {
        OwnerFiling::NameOrResidence(_) => vec![
            (M::RegistrationCertificate, "art. 24(1)"),
            (M::VehicleLicence, "art. 24(1)"),
        ],
        OwnerFiling::Identity(_) => vec![
            (M::RegistrationCertificate, "art. 24(2)"),
            (M::IdentityChange, "art. 24(2)"),
        ],
        OwnerFiling::Contact(_) => Vec::new(),
        OwnerFiling::VinRestamped => vec![
            (M::RegistrationCertificate, "art. 24(4)"),
            (M::VehicleLicence, "art. 24(4)"),
        ],
        OwnerFiling::DisabledAid | OwnerFiling::TailLift => vec![
            (M::VehicleLicence, "art. 24(5)"),
            (M::SafetyInspection, "art. 24(5)"),
            (M::FittingCertificate, "art. 24(5)"),
        ],
        OwnerFiling::Exterior => vec![(M::VehicleLicence, "art. 24(6)")],
    }
}

fn cancellation_of(cause: CancellationCause, vehicle: Option<&Vehicle>) -> List {
    use Material as M;
    if matches!(
        cause,
        CancellationCause::ScrapAge | CancellationCause::VoluntaryScrapping
    ) {
        let mut list = vec![
            (M::RegistrationCertificate, "art. 38(1)"),
            (M::Plates, "art. 38(1)"),
            (M::VehicleLicence, "art. 38(1)"),
            (M::ScrapReceipt, "art. 38(2)"),
        ];
        if vehicle.is_some_and(|vehicle| is_dismantled_on_record(&vehicle.particulars)) {
            list.push((M::DismantlingRecord, "art. 38(2)"));
        }
        return list;
    }
    if vehicle.is_some_and(|vehicle| vehicle.stage == VehicleStage::AwaitingExport) {
        return vec![
            (M::RegistrationCertificate, "art. 39(3)"),
            (M::ExportProof, "art. 39(3)"),
        ];
    }
    let mut list = vec![
        (M::RegistrationCertificate, "art. 39(1)(2)"),
        (M::VehicleLicence, "art. 39(1)(3)"),
    ];
    match cause {
        CancellationCause::Destroyed => list.push((M::LossPledge, "art. 39(2)")),
        CancellationCause::Abroad
            if vehicle.is_some_and(|vehicle| vehicle.particulars.customs_supervised) =>
        {
            list.push((M::CustomsPlateNotice, "art. 39(1)(4)"));
        }
        CancellationCause::Returned => list.push((M::ReturnProof, "art. 39(1)(5)")),
        _ => {}
    }
    list
}

/// 校车、大型客车、重型货车及其他营运车辆
fn is_dismantled_on_record(vehicle: &Particulars) -> bool {
    vehicle.use_nature.is_operating()
        || vehicle.use_nature == UseNature::SchoolBus
        || matches!(
            vehicle.class,
            VehicleClass::LargePassenger | VehicleClass::HeavyTruck
        )
}

fn temporary_of(ground: TemporaryGround) -> List {
    use Material as M;
    let mut list = vec![(M::CompulsoryInsurance, "art. 47(1)(2)")];
    match ground {
        TemporaryGround::Unsold | TemporaryGround::OversizeSpecial => {
            list.push((M::FactoryCertificate, "art. 47(1)(3)"));
        }
        TemporaryGround::AwaitingRegistration => {
            list.push((M::Origin, "art. 47(1)(4)"));
            list.push((M::FactoryCertificate, "art. 47(1)(4)"));
        }
        TemporaryGround::NewForExport => {
            list.push((M::SafetyInspection, "art. 47(1)(5)"));
            list.push((M::ExportProof, "art. 47(1)(5)"));
        }
        TemporaryGround::Testing => {
            list.push((M::WrittenApplication, "art. 47(1)(6)"));
            list.push((M::SafetyInspection, "art. 47(1)(6)"));
        }
        TemporaryGround::IntelligentTesting => {
            return vec![
                (M::CompulsoryInsurance, "art. 48(1)(2)"),
                (M::TestApproval, "art. 48(1)(3)"),
                (M::SafetyInspection, "art. 48(1)(4)"),
            ];
        }
        TemporaryGround::PlatesInMaking | TemporaryGround::Leaving => {}
    }
    list
}
