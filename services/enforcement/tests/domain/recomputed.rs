//! Any decision made again from what it recorded, under the rules that it names, is the decision that was made.

use crate::fixtures::*;
use chassis::domain::values::Fen;
use chassis::testing::Scenario;
use enforcement::domain::assessment::{Assessment, assess};
use enforcement::domain::conduct::{Act, Conduct, Measure, Road, Vehicle};
use enforcement::domain::rules::{Compared, Revocation, Rules};
use enforcement::domain::values::CaseId;
use enforcement::domain::violation::decision::{DecisionPart, decide, recompute, serve};
use enforcement::domain::violation::event::{
    Decision, Filing, Mitigation, Remedy, RemedyOutcome, Sanction, Service, Source,
};
use enforcement::domain::violation::handling::{
    accept, hear_defence, tell_intention, waive_hearing,
};
use enforcement::domain::violation::remedy::{end, seek};
use jiff::civil::date;
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;

/// One way from an act to what is left of its decision.
#[derive(Clone, Debug)]
struct Story {
    act: Act,
    on_the_spot: bool,
    licensed: bool,
    /// Days after 1 January 2021 on which it is decided; days before that on which it happened.
    decided: i64,
    ago: i64,
    /// Where in the range the fine lies, in percent; below the range if mitigated.
    pick: u32,
    mitigated: bool,
    warned: bool,
    revoked: bool,
    remedy: Option<RemedyOutcome>,
}

fn acts() -> impl Strategy<Value = Act> {
    let vehicles = prop::sample::select(vec![car(), truck(), coach()]);
    let roads = prop::sample::select(vec![Road::Expressway, Road::UrbanExpressway, Road::Other]);
    let conducts = prop::sample::select(vec![
        Conduct::Speeding,
        Conduct::Overloading,
        Conduct::Overcrowding,
        Conduct::DrinkDriving,
        Conduct::PointsSelling,
        Conduct::RedLight,
        Conduct::PhoneUse,
        Conduct::PlateMissing,
        Conduct::ProhibitorySign,
        Conduct::IllegalParking,
        Conduct::ScrappedVehicle,
    ]);
    (conducts, roads, vehicles, 1_u16..150, any::<bool>()).prop_map(
        |(conduct, road, vehicle, excess, repeated)| Act {
            conduct,
            road,
            measure: measure(conduct, &vehicle, excess),
            vehicle: Some(vehicle),
            repeated,
        },
    )
}

fn measure(conduct: Conduct, vehicle: &Vehicle, excess: u16) -> Option<Measure> {
    match conduct {
        Conduct::Speeding => Some(Measure::Speed {
            limit_kmh: 100,
            measured_kmh: 100 + excess,
        }),
        Conduct::Overloading => Some(Measure::Load {
            allowed_mass_kg: 18_000,
            mass_kg: 18_000 + u32::from(excess) * 180,
            approved_load_kg: 10_000,
            load_kg: 10_000 + u32::from(excess) * 180,
        }),
        Conduct::Overcrowding => Some(Measure::Occupancy {
            approved: vehicle.seats,
            carried: vehicle.seats + excess,
        }),
        Conduct::DrinkDriving => Some(Measure::Alcohol {
            mg_per_100ml: 19 + excess,
        }),
        Conduct::PointsSelling => Some(Measure::Money {
            amount: Fen::yuan(u32::from(excess) * 100),
        }),
        _ => None,
    }
}

fn stories() -> impl Strategy<Value = Story> {
    let remedies = prop::option::of(prop::sample::select(vec![
        RemedyOutcome::Upheld,
        RemedyOutcome::Revoked,
        RemedyOutcome::Varied {
            sanction: Sanction::default(),
            points: 0,
        },
    ]));
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let days = (0_i64..1_900, 0_i64..720);
    (acts(), flags, days, 0_u32..=100, any::<bool>(), remedies).prop_map(
        |(
            act,
            (on_the_spot, licensed, mitigated, warned),
            (decided, ago),
            pick,
            revoked,
            remedy,
        )| {
            Story {
                act,
                on_the_spot,
                licensed,
                decided,
                ago,
                pick,
                mitigated,
                warned,
                revoked,
                remedy,
            }
        },
    )
}

/// Something that the rules provide.
fn sanction(story: &Story, provided: &Assessment) -> Sanction {
    let penalty = &provided.penalty;
    if penalty.warning && (story.warned || penalty.fine.is_none()) {
        return warning();
    }
    let fine = penalty.fine.map_or(Fen::ZERO, |range| {
        let least = if story.mitigated {
            Fen::ZERO
        } else {
            range.least
        };
        let fine = least.plus(range.most.less(least).percent(story.pick));
        fine.max(Fen::new(1).unwrap())
    });
    Sanction {
        fine,
        suspension_months: penalty.suspension_months,
        revocation: match penalty.revocation {
            Revocation::None => false,
            Revocation::May => story.revoked,
            Revocation::Must => true,
        },
        mitigation: story.mitigated.then_some(Mitigation::Confessed),
        ..Sanction::default()
    }
}

/// `None`: the act was no offence then, or is none any more.
fn tell(story: &Story) -> Option<(Scenario, CaseId)> {
    let morning = date(2021, 1, 1).at(9, 0, 0, 0) + story.decided.days();
    let now: Timestamp = at(&morning.to_string());
    let acted_at = now - (story.ago * 24 + 1).hours();
    let day = |time: Timestamp| chassis::domain::LegalCalendar::default().date(time);
    let provided = assess(Rules::shipped(), &story.act, day(acted_at), day(now)).ok()?;
    let sanction = sanction(story, &provided);
    let party = if story.licensed {
        driver('a')
    } else {
        on_foot('a')
    };
    let filing = Filing {
        source: if story.on_the_spot {
            Source::OnTheSpot
        } else {
            Source::PublicReport
        },
        acted_at,
        party: story.on_the_spot.then(|| party.clone()),
        ..camera(story.act.clone())
    };
    let scenario = Scenario::at(&now.to_string()).by(city());
    let (scenario, id) = if story.on_the_spot {
        with(scenario.when(|tx| enforcement::domain::violation::roadside::stop(tx, filing)))
    } else {
        entered_in(scenario, filing)
    };
    let scenario = scenario.when(|tx| accept(tx, &id, party)).and();
    let scenario = if sanction.admits_simple_procedure() {
        scenario
    } else {
        let told = scenario
            .when(|tx| tell_intention(tx, &id, sanction))
            .and()
            .when(|tx| hear_defence(tx, &id, text("nothing"), false))
            .and();
        match case(&told, &id).intended.and_then(|told| told.request_by) {
            Some(_) => told.when(|tx| waive_hearing(tx, &id)).and(),
            None => told,
        }
    };
    let scenario = scenario
        .when(|tx| decide(tx, &id, by_two(sanction)))
        .and()
        .when(|tx| serve(tx, &id, Service::HandedOver, None))
        .and();
    Some((remedied(scenario, &id, story.remedy.clone()), id))
}

fn remedied(scenario: Scenario, id: &CaseId, outcome: Option<RemedyOutcome>) -> Scenario {
    let Some(outcome) = outcome else {
        return scenario;
    };
    let now = scenario.now();
    scenario
        .when(|tx| seek(tx, id, Remedy::Reconsideration, now))
        .and()
        .when(|tx| end(tx, id, outcome))
        .and()
}

fn again(decision: &Decision) -> Vec<DecisionPart> {
    recompute(Rules::shipped(), decision).unwrap().differs
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn every_decision_comes_out_as_it_was_made_whatever_became_of_it(story in stories()) {
        let Some((scenario, id)) = tell(&story) else { return Ok(()) };
        let decision = case(&scenario, &id).decision.unwrap();
        prop_assert_eq!(again(&decision), []);

        // Also from the record, in which it is text.
        let recorded = serde_json::to_string(&decision).unwrap();
        let read: Decision = serde_json::from_str(&recorded).unwrap();
        prop_assert_eq!(&read, &decision);
        prop_assert_eq!(again(&read), []);

        // And whatever is changed in it is found out.
        let mut changed = decision.clone();
        changed.points = changed.points.wrapping_add(1);
        prop_assert_eq!(again(&changed), [DecisionPart::Points]);
        let mut changed = decision.clone();
        changed.sanction.fine = Fen::MAX;
        prop_assert!(again(&changed).contains(&DecisionPart::Sanction));
        let mut changed = decision;
        changed.assessment.penalty.rules[0].effective = date(2003, 1, 1);
        prop_assert_eq!(again(&changed), [DecisionPart::Assessment]);
    }
}

#[test]
fn a_decision_records_the_band_and_the_two_figures_that_were_compared() {
    let (scenario, id) = served(speeding(Road::Other, car(), 35), fine(200));
    let decision = case(&scenario, &id).decision.unwrap();
    let band = decision.assessment.penalty.leading().band.unwrap();
    assert_eq!(band.of, Compared::ExcessPercent);
    let ends = (band.lower.unwrap(), band.upper.unwrap());
    assert_eq!(
        (ends.0.value, ends.0.included),
        (30, false),
        "超过百分之三十"
    );
    assert_eq!((ends.1.value, ends.1.included), (50, true));
    assert_eq!((band.allowed, band.measured), (100, 135));
    let points = decision.assessment.points_rule.unwrap();
    assert_eq!(points.basis.to_string(), "Order 163 art. 11(2)");
    let band = points.band.unwrap();
    assert_eq!(
        band.lower.map(|bound| (bound.value, bound.included)),
        Some((20, true)),
        "百分之二十以上"
    );
    let drunk = assess(
        Rules::shipped(),
        &alcohol(80, false, false),
        today(),
        today(),
    )
    .unwrap();
    let band = drunk.penalty.leading().band.unwrap();
    assert_eq!((band.of, band.measured), (Compared::AlcoholMgPer100ml, 80));
    assert_eq!(band.upper, None);
}

#[test]
fn what_a_remedy_left_stands_beside_what_was_decided() {
    let (scenario, id) = served(act(Conduct::RedLight), fine(200));
    let milder = RemedyOutcome::Varied {
        sanction: fine(100),
        points: 3,
    };
    let scenario = remedied(scenario, &id, Some(milder));
    let case = case(&scenario, &id);
    assert_eq!(case.standing(), Some((fine(100), 3)));
    let decision = case.decision.unwrap();
    assert_eq!((decision.sanction, decision.points), (fine(200), 6));
    assert_eq!(case.varied.unwrap().remedy, Remedy::Reconsideration);
    assert_eq!(case.account.fine, Fen::yuan(100));
}
