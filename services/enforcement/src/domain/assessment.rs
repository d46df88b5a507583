//! What an act costs: the penalty and the points that the rules of a day provide, and which day's rules decide.

use super::conduct::Act;
use super::ground::Ground;
use super::rules::{Revocation, RuleRef, Rules};
use chassis::domain::values::Fen;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What the law provides for an act: the room within which a decision is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    pub penalty: Penalty,
    /// 0, 1, 3, 6, 9 or 12.
    pub points: u8,
    pub points_rule: Option<RuleRef>,
}

/// The penalties provided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Penalty {
    pub warning: bool,
    pub fine: Option<FineRange>,
    pub suspension_months: Option<u8>,
    pub revocation: Revocation,
    /// Most days; decided by public security, not by the traffic police (Order 157 art. 6(3)).
    pub detention_days: Option<u8>,
    pub crime: bool,
    /// What it rests on, the provision that sets the fine first. Never empty.
    pub rules: Vec<RuleRef>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FineRange {
    pub least: Fen,
    pub most: Fen,
}

impl Penalty {
    /// The provision that sets the fine.
    ///
    /// # Panics
    /// Never: there is a penalty only where a rule provides one.
    pub fn leading(&self) -> &RuleRef {
        &self.rules[0]
    }

    /// Heavier penalties compare greater: detention, then the licence, then money.
    fn severity(&self) -> (bool, u8, Revocation, u8, Fen, Fen, bool) {
        let fine = self.fine.unwrap_or(FineRange {
            least: Fen::ZERO,
            most: Fen::ZERO,
        });
        (
            self.crime,
            self.detention_days.unwrap_or(0),
            self.revocation,
            self.suspension_months.unwrap_or(0),
            fine.most,
            fine.least,
            !self.warning,
        )
    }
}

/// Which day's rules apply: those of the act, unless those of the decision are milder or know no such offence
/// (Administrative Penalty Law art. 37). Penalty and points rest on different instruments and are compared each by itself.
///
/// # Errors
/// [`Ground::NoRuleInForce`] if the act was no offence on its day, or is none any more; [`Ground::VehicleUnknown`] if that is for
/// want of a vehicle; [`Ground::MeasureMissing`] and
/// [`Ground::MeasureNoExcess`] if what was measured does not fit.
pub fn assess(rules: &Rules, act: &Act, acted: Date, decided: Date) -> Result<Assessment, Ground> {
    check_measure(act)?;
    let provided = |day| {
        penalty(rules, act, day).ok_or_else(|| {
            if rules.depend_on_the_vehicle(act, day) {
                Ground::VehicleUnknown
            } else {
                Ground::NoRuleInForce
            }
        })
    };
    let then = provided(acted)?;
    let points_then = points(rules, act, acted);
    // Nearly always nothing has changed in between, and there is nothing to compare.
    let (penalty, points) = if rules.are_the_same_on(acted, decided) {
        (then, points_then)
    } else {
        let now = provided(decided)?;
        let penalty = if now.severity() < then.severity() {
            now
        } else {
            then
        };
        let points = match (points_then, points(rules, act, decided)) {
            (Some(then), Some(now)) if now.0 < then.0 => Some(now),
            (Some(then), Some(_)) => Some(then),
            _ => None,
        };
        (penalty, points)
    };
    let (points, points_rule) = match points {
        Some((points, rule)) => (points, Some(rule)),
        None => (0, None),
    };
    Ok(Assessment {
        penalty,
        points,
        points_rule,
    })
}

fn check_measure(act: &Act) -> Result<(), Ground> {
    match (act.conduct.measured_by(), act.measure) {
        (None, None) => Ok(()),
        (Some(kind), Some(measure)) if measure.kind() == kind => {
            if measure.is_excess() {
                Ok(())
            } else {
                Err(Ground::MeasureNoExcess)
            }
        }
        _ => Err(Ground::MeasureMissing),
    }
}

/// The highest points that the rules of `day` give; one act has points once.
fn points(rules: &Rules, act: &Act, day: Date) -> Option<(u8, RuleRef)> {
    rules
        .points(act, day)
        .into_iter()
        .map(|found| (found.rule.points, found.reference))
        .max_by_key(|(points, _)| *points)
}

/// The penalty that the rules of `day` provide. Provincial standards go before the national frame; of several fines for one
/// act the highest applies (Administrative Penalty Law art. 29), of two as high the one that begins higher; measures on the licence and detention stand beside it.
fn penalty(rules: &Rules, act: &Act, day: Date) -> Option<Penalty> {
    let found = rules.penalties(act, day);
    let by_fine = |found: &&super::rules::Applies<'_, super::rules::PenaltyRule>| {
        let amounts = found.rule.fine_for(act);
        let most = amounts.map(|(_, most)| most);
        (found.provincial, most, amounts)
    };
    let leading = found.iter().max_by_key(by_fine)?;
    let terms = leading.rule;
    let mut penalty = Penalty {
        warning: terms.warning,
        fine: terms
            .fine_for(act)
            .map(|(least, most)| FineRange { least, most }),
        suspension_months: None,
        revocation: Revocation::None,
        detention_days: None,
        crime: false,
        rules: vec![leading.reference.clone()],
    };
    for other in &found {
        let terms = other.rule;
        penalty.suspension_months = penalty.suspension_months.max(terms.suspension_months);
        penalty.revocation = penalty.revocation.max(terms.revocation);
        penalty.detention_days = penalty.detention_days.max(terms.detention_days);
        penalty.crime |= terms.crime;
        if other.reference != leading.reference {
            penalty.rules.push(other.reference.clone());
        }
    }
    Some(penalty)
}
