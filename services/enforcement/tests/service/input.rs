//! Bad input: every method that changes something, a precise answer and never a panic.

use crate::city::{Account, City, fields, reason, red_light};
use tonic::{Code, Status};
use traffic_proto::enforcement::v1 as proto;
use traffic_proto::enforcement::v1::detention_service_client::DetentionServiceClient;
use traffic_proto::enforcement::v1::docket_service_client::DocketServiceClient;
use traffic_proto::enforcement::v1::hazard_service_client::HazardServiceClient;
use traffic_proto::enforcement::v1::licence_service_client::LicenceServiceClient;
use traffic_proto::enforcement::v1::persuasion_service_client::PersuasionServiceClient;
use traffic_proto::enforcement::v1::violation_service_client::ViolationServiceClient;

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

macro_rules! empty {
    ($client:ident, $($method:ident($request:ident) names $fields:expr;)*) => {$(
        invalid($client.$method(proto::$request::default()).await, &$fields);
    )*};
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_names_the_fields_that_an_empty_request_lacks() {
    let city = City::start().await;
    let replica = city.replica().await;
    let line = city.line(&replica, Account::Officer).await;
    let mut cases = ViolationServiceClient::new(line.clone());
    empty! { cases,
        record_violation(RecordViolationRequest) names ["violation"];
        stop_on_the_spot(StopOnTheSpotRequest) names ["violation"];
        get_violation(GetViolationRequest) names ["name"];
        list_violation_history(ListViolationHistoryRequest) names ["parent"];
        recompute_decision(RecomputeDecisionRequest) names ["name"];
        assess_act(AssessActRequest) names ["act", "acted_on", "decided_on"];
        pass_review(PassReviewRequest) names ["name", "review"];
        fail_review(FailReviewRequest) names ["name", "remarks"];
        send_notice(SendNoticeRequest) names ["name", "channel"];
        extend_handling(ExtendHandlingRequest) names ["name", "handle_by"];
        identify_driver(IdentifyDriverRequest) names ["name", "party"];
        reject_objection(RejectObjectionRequest) names ["name", "reason"];
        cancel_violation(CancelViolationRequest) names ["name", "ground", "remarks"];
        warn_orally(WarnOrallyRequest) names ["name", "remarks"];
        summon_party(SummonPartyRequest) names ["name"];
        file_papers(FilePapersRequest) names ["name"];
        accept_handling(AcceptHandlingRequest) names ["name", "party"];
        tell_intention(TellIntentionRequest) names ["name", "sanction"];
        hear_defence(HearDefenceRequest) names ["name", "statement"];
        schedule_hearing(ScheduleHearingRequest) names ["name", "hearing_time", "chair"];
        hold_hearing(HoldHearingRequest) names ["name"];
        require_legal_review(RequireLegalReviewRequest) names ["name", "ground"];
        decide_violation(DecideViolationRequest) names ["name", "sanction"];
        decide_no_penalty(DecideNoPenaltyRequest) names ["name", "ground", "remarks"];
        refer_as_crime(ReferAsCrimeRequest) names ["name", "authority"];
        take_back_referral(TakeBackReferralRequest) names ["name", "reason", "reference"];
        announce_decision(AnnounceDecisionRequest) names ["name"];
        serve_decision(ServeDecisionRequest) names ["name", "service"];
        record_payment(RecordPaymentRequest) names ["name", "reference", "pay_time"];
        collect_fine(CollectFineRequest) names ["name", "receipt", "ground"];
        grant_instalments(GrantInstalmentsRequest) names ["name", "instalments"];
        seek_enforcement(SeekEnforcementRequest) names ["name", "court"];
        end_remedy(EndRemedyRequest) names ["name", "outcome"];
        revoke_for_trading(RevokeForTradingRequest) names ["name"];
        revoke_decision(RevokeDecisionRequest) names ["name", "error", "reason", "afterwards"];
        warn_of_default(WarnOfDefaultRequest) names ["name", "sanction", "channel", "receipt"];
        announce_default(AnnounceDefaultRequest) names ["name"];
        decide_by_default(DecideByDefaultRequest) names ["name"];
    }
    let mut licences = LicenceServiceClient::new(line.clone());
    empty! { licences,
        get_licence(GetLicenceRequest) names ["name"];
        list_licence_history(ListLicenceHistoryRequest) names ["parent"];
        record_study_day(RecordStudyDayRequest) names ["name", "kind", "day"];
        record_test(RecordTestRequest) names ["name", "test"];
        record_study_fraud(RecordStudyFraudRequest) names ["name"];
        reduce_points(ReducePointsRequest) names ["name", "method", "first_day", "last_day"];
        take_back_reduction(TakeBackReductionRequest) names ["name", "points"];
        clear_driver_suspicion(ClearDriverSuspicionRequest) names ["name"];
    }
    let mut detentions = DetentionServiceClient::new(line.clone());
    empty! { detentions,
        detain_vehicle(DetainVehicleRequest) names ["detention"];
        get_detention(GetDetentionRequest) names ["name"];
        list_detention_history(ListDetentionHistoryRequest) names ["parent"];
        hand_over_vehicle(HandOverVehicleRequest) names ["name"];
        approve_detention(ApproveDetentionRequest) names ["name"];
        cure_violation(CureViolationRequest) names ["name", "remarks"];
        bring_proof(BringProofRequest) names ["name", "remarks"];
        extend_verification(ExtendVerificationRequest) names ["name"];
        verify_proof(VerifyProofRequest) names ["name", "remarks"];
        announce_unclaimed(AnnounceUnclaimedRequest) names ["name"];
        dispose_vehicle(DisposeVehicleRequest) names ["name", "disposal"];
    }
    let mut hazards = HazardServiceClient::new(line.clone());
    empty! { hazards,
        find_hazard(FindHazardRequest) names ["hazard"];
        get_hazard(GetHazardRequest) names ["name"];
        assign_hazard(AssignHazardRequest) names ["name", "assignee", "rectify_by"];
        rectify_hazard(RectifyHazardRequest) names ["name", "remarks"];
        verify_hazard(VerifyHazardRequest) names ["name"];
        reject_rectification(RejectRectificationRequest) names ["name", "defects", "rectify_by"];
    }
    let mut dockets = DocketServiceClient::new(line.clone());
    empty! { dockets,
        get_docket(GetDocketRequest) names ["plate"];
        clear_vehicle_suspicion(ClearVehicleSuspicionRequest) names ["plate"];
    }
    let mut riders = PersuasionServiceClient::new(line);
    empty! { riders,
        persuade_rider(PersuadeRiderRequest) names ["junction", "district", "behaviour"];
        count_riders(CountRidersRequest) names ["junction", "district", "seen"];
        get_junction_day(GetJunctionDayRequest) names ["junction", "day"];
        list_junction_days(ListJunctionDaysRequest) names ["day"];
        get_company(GetCompanyRequest) names ["name"];
        hold_talk(HoldTalkRequest) names ["name"];
    }
    let line = city.line(&replica, Account::LegalReviewer).await;
    let mut reviewer = ViolationServiceClient::new(line);
    empty! { reviewer,
        record_legal_review(RecordLegalReviewRequest) names ["name", "opinion"];
    }
    let line = city.line(&replica, Account::Citizen).await;
    let mut citizen = ViolationServiceClient::new(line);
    empty! { citizen,
        list_violation_codes(ListViolationCodesRequest) names ["day"];
        raise_objection(RaiseObjectionRequest) names ["name", "reason"];
        request_hearing(RequestHearingRequest) names ["name"];
        waive_hearing(WaiveHearingRequest) names ["name"];
        seek_remedy(SeekRemedyRequest) names ["name", "remedy", "seek_time"];
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn absurd_values_are_all_named_at_once() {
    let city = City::start().await;
    let replica = city.replica().await;
    let line = city.line(&replica, Account::Officer).await;
    let mut cases = ViolationServiceClient::new(line);
    let mut absurd = red_light();
    absurd.plate = "R1".into();
    absurd.evidence = vec!["Z".repeat(64)];
    absurd.act_time = Some(pbjson_types::Timestamp {
        seconds: i64::MAX,
        nanos: -1,
    });
    if let Some(place) = &mut absurd.place {
        place.district = "3717021".into();
        place.road = "路".repeat(101);
        place.point = Some(proto::Point {
            longitude: f64::NAN,
            latitude: 91.0,
        });
    }
    if let Some(act) = &mut absurd.act {
        act.conduct = 9_999;
        act.road = -1;
        act.measure = Some(proto::act::Measure::Speed(proto::Speed {
            limit_kmh: 0,
            measured_kmh: u32::MAX,
        }));
    }
    if let Some(proto::Source {
        kind: Some(proto::source::Kind::Device(device)),
    }) = &mut absurd.source
    {
        device.verified_until = Some(proto::Day {
            value: "2026-02-30".into(),
        });
        device.number = "a b".into();
    }
    absurd.party = Some(proto::Party {
        name: "\0".into(),
        identity_number: "360426199101010072".into(),
        phone: "call me".into(),
        ..proto::Party::default()
    });
    let request = proto::RecordViolationRequest {
        violation: Some(absurd),
        ..Default::default()
    };
    invalid(
        cases.record_violation(request).await,
        &[
            "violation.plate",
            "violation.evidence[0]",
            "violation.act_time",
            "violation.place.district",
            "violation.place.road",
            "violation.place.point.longitude",
            "violation.place.point.latitude",
            "violation.act.conduct",
            "violation.act.road",
            "violation.act.speed.limit_kmh",
            "violation.act.speed.measured_kmh",
            "violation.source.device.verified_until.value",
            "violation.source.device.number",
            "violation.party.name",
            "violation.party.identity_number",
            "violation.party.phone",
        ],
    );
}
