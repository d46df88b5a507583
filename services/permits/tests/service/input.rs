//! Bad input: every method, every field, a precise answer and never a panic.

use crate::city::{Account, City, fields, reason};
use crate::samples::{create, oversize, permit, time, toxic, works};
use tonic::{Code, Status};
use traffic_proto::permits::v1 as proto;
use traffic_proto::permits::v1::permit::Application;

#[track_caller]
fn invalid(outcome: Result<impl std::fmt::Debug, Status>, named: &[&str]) {
    let status = outcome.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    assert_eq!(reason(&status).0, "INVALID_FIELDS");
    let fields = fields(&status);
    for name in named {
        assert!(
            fields.iter().any(|field| field == name),
            "{name} is not among {fields:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_names_the_fields_that_an_empty_request_lacks() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let mut reviewer = city.client(&replica, Account::Reviewer).await;
    macro_rules! empty {
        ($client:ident, $($method:ident($request:ident) names $fields:expr;)*) => {$(
            invalid($client.$method(proto::$request::default()).await, &$fields);
        )*};
    }
    empty! { applicant,
        create_permit(CreatePermitRequest) names ["permit"];
        get_permit(GetPermitRequest) names ["name"];
        list_permit_history(ListPermitHistoryRequest) names ["parent"];
        correct_permit(CorrectPermitRequest) names ["name", "permit"];
        withdraw_permit(WithdrawPermitRequest) names ["name"];
        start_work(StartWorkRequest) names ["name"];
        finish_work(FinishWorkRequest) names ["name"];
        record_departure(RecordDepartureRequest) names ["name", "depart_time"];
        record_checkpoint(RecordCheckpointRequest) names ["name", "pass_time"];
        record_stop(RecordStopRequest) names ["name", "stop_time", "reason"];
        record_moving_on(RecordMovingOnRequest) names ["name", "move_time"];
        record_arrival(RecordArrivalRequest) names ["name", "arrive_time"];
        get_credential(GetCredentialRequest) names ["name"];
        check_road(CheckRoadRequest) names ["stretch", "time"];
    }
    empty! { reviewer,
        request_correction(RequestCorrectionRequest) names ["name", "corrections"];
        accept_permit(AcceptPermitRequest) names ["name"];
        approve_permit(ApprovePermitRequest) names ["name"];
        refuse_permit(RefusePermitRequest) names ["name", "ground", "reason"];
        amend_permit(AmendPermitRequest) names ["name", "permit", "reason"];
        suspend_permit(SuspendPermitRequest) names ["name", "reason"];
        resume_permit(ResumePermitRequest) names ["name", "reason"];
        revoke_permit(RevokePermitRequest) names ["name", "ground", "reason"];
        record_reopening_acceptance(RecordReopeningAcceptanceRequest) names ["name", "by", "remarks"];
        complete_permit(CompletePermitRequest) names ["name"];
        set_run_order(SetRunOrderRequest) names ["name", "run_order", "reason"];
        assign_escort(AssignEscortRequest) names ["name", "unit", "vehicles", "district"];
        start_escort(StartEscortRequest) names ["name"];
        hand_over_escort(HandOverEscortRequest) names ["name", "to_district", "unit"];
        complete_escort(CompleteEscortRequest) names ["name"];
    }
    for name in [
        "permits",
        "permits/",
        "permits/../x",
        "permits/x",
        "permits/00000000-0000-8000-8000-00000000000G",
        "许可/1",
        &"permits/a".repeat(1000),
    ] {
        invalid(
            applicant
                .get_permit(proto::GetPermitRequest { name: name.into() })
                .await,
            &["name"],
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_an_application_is_checked_and_all_violations_are_named_at_once() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let hollow = proto::Permit {
        application: Some(Application::ToxicTransport(proto::ToxicTransport::default())),
        ..proto::Permit::default()
    };
    invalid(
        applicant.create_permit(create(hollow)).await,
        &[
            "permit.district",
            "permit.applicant",
            "permit.contact",
            "permit.toxic_transport.carrier",
            "permit.toxic_transport.chemical",
            "permit.toxic_transport.purchase_document",
            "permit.toxic_transport.tractor",
            "permit.toxic_transport.main_driver",
            "permit.toxic_transport.second_driver",
            "permit.toxic_transport.main_escort",
            "permit.toxic_transport.origin_district",
            "permit.toxic_transport.destination_district",
            "permit.toxic_transport.route",
        ],
    );
    let mut nothing = works("x");
    nothing.application = None;
    invalid(
        applicant.create_permit(create(nothing)).await,
        &["permit.application"],
    );

    let mut absurd = works(&"路".repeat(101));
    absurd.district = "3717021".into();
    if let Some(applicant) = &mut absurd.applicant {
        applicant.credit_code = "91110000600037341M".into();
    }
    if let Some(contact) = &mut absurd.contact {
        contact.identity_number = "360426199101010072".into();
        contact.phone = "call me".into();
    }
    if let Some(Application::RoadOccupation(works)) = &mut absurd.application {
        works.description = "\0".into();
        works.work_type = 99;
        works.traffic_plan = "x".repeat(5001);
        works.public_notice_on = Some(proto::Day {
            value: "2026-02-30".into(),
        });
        works.road_authority_consent = "a b".into();
        let stretch = works.stretch.as_mut().unwrap();
        stretch.directions = vec![1, 1];
        stretch.width_cm = u32::MAX;
        stretch.lanes[0].order = 21;
        stretch.impact = -1;
        stretch.line.as_mut().unwrap().points[1].longitude = f64::NAN;
        works.time.as_mut().unwrap().daily_hours = Some(proto::DailyHours {
            from_minute: 5000,
            until_minute: 1,
        });
    }
    let named = [
        "permit.district",
        "permit.applicant.credit_code",
        "permit.contact.identity_number",
        "permit.contact.phone",
        "permit.road_occupation.stretch.roads[0]",
        "permit.road_occupation.stretch.directions",
        "permit.road_occupation.stretch.line.points[1]",
        "permit.road_occupation.stretch.width_cm",
        "permit.road_occupation.stretch.lanes[0].order",
        "permit.road_occupation.stretch.impact",
        "permit.road_occupation.time.daily_hours",
        "permit.road_occupation.work_type",
        "permit.road_occupation.description",
        "permit.road_occupation.traffic_plan",
        "permit.road_occupation.public_notice_on.value",
        "permit.road_occupation.road_authority_consent",
    ];
    invalid(applicant.create_permit(create(absurd)).await, &named);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_no_sense_and_numbers_that_overflow_are_named() {
    let city = City::start().await;
    let replica = city.replica().await;
    let mut applicant = city.client(&replica, Account::Applicant).await;
    let time_of = |seconds| Some(pbjson_types::Timestamp { seconds, nanos: 0 });
    for (start, end, field) in [
        (time_of(i64::MIN), time("2026-03-20T00:00:00"), "start_time"),
        (time_of(0), time("2026-03-20T00:00:00"), "start_time"),
        (time("2026-03-10T00:00:00"), time_of(i64::MAX), "end_time"),
        (
            time("2026-03-10T00:00:00"),
            time("2026-03-10T00:00:00"),
            "end_time",
        ),
        (
            time("2026-03-10T00:00:00"),
            time("2026-03-09T00:00:00"),
            "end_time",
        ),
        (
            time("2026-03-10T00:00:00"),
            time("2028-03-09T00:00:00"),
            "end_time",
        ),
        (None, time("2026-03-09T00:00:00"), "start_time"),
    ] {
        let mut application = works("Sample Road");
        if let Some(Application::RoadOccupation(works)) = &mut application.application {
            let occupied = works.time.as_mut().unwrap();
            (occupied.start_time, occupied.end_time) = (start, end);
        }
        let field = format!("permit.road_occupation.time.{field}");
        invalid(
            applicant.create_permit(create(application)).await,
            &[&field],
        );
    }

    let mut load = oversize();
    load.masses = Some(proto::Masses {
        total_kg: u32::MAX,
        axle_kg: vec![u32::MAX; 3],
        single_drive_axle: false,
    });
    load.dimensions = Some(proto::Dimensions {
        height_mm: 99,
        width_mm: 200_001,
        length_mm: 0,
    });
    let named = [
        "permit.oversize_transport.masses.axle_kg",
        "permit.oversize_transport.dimensions.height_mm",
        "permit.oversize_transport.dimensions.width_mm",
        "permit.oversize_transport.dimensions.length_mm",
    ];
    let application = permit(Application::OversizeTransport(load));
    invalid(applicant.create_permit(create(application)).await, &named);

    let mut poison = toxic();
    let chemical = poison.chemical.as_mut().unwrap();
    chemical.un_number = "0003".into();
    chemical.cas_number = "143-33-8".into();
    chemical.quantity_kg = 50_001;
    poison.tractor.as_mut().unwrap().plate = "鲁RI2345".into();
    poison.route[0].leave_time = poison.route[0].enter_time;
    let named = [
        "permit.toxic_transport.chemical.un_number",
        "permit.toxic_transport.chemical.cas_number",
        "permit.toxic_transport.chemical.quantity_kg",
        "permit.toxic_transport.tractor.plate",
        "permit.toxic_transport.route",
    ];
    let application = permit(Application::ToxicTransport(poison));
    invalid(applicant.create_permit(create(application)).await, &named);

    let mut request = create(works("Sample Road"));
    request.request_id = "not a uuid".into();
    invalid(applicant.create_permit(request).await, &["request_id"]);
}
