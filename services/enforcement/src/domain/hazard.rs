//! Hazards on roads (道路隐患): found, assigned with a deadline, rectified, verified; the rate of rectification is public.

use super::ground::Ground;
use super::values::{CaseId, Place};
use chassis::domain::values::Text;
use chassis::domain::{Aggregate, District, Halt, Transaction};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazard {
    pub place: Place,
    pub kind: HazardKind,
    pub description: Text<500>,
    pub found_at: Timestamp,
    pub stage: HazardStage,
    pub assigned_to: Option<Text<100>>,
    pub rectify_by: Option<Timestamp>,
    pub rectified_by: Option<String>,
    pub overdue: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardKind {
    Surface,
    Sign,
    Signal,
    Marking,
    Barrier,
    Lighting,
    Sight,
    Junction,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardStage {
    Found,
    Assigned,
    Rectified,
    Verified,
}

impl HazardStage {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Assigned => "assigned",
            Self::Rectified => "rectified",
            Self::Verified => "verified",
        }
    }
}

/// A fact about one hazard, with the district that routes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HazardEvent {
    pub district: District,
    pub fact: HazardFact,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HazardFact {
    HazardFound {
        place: Place,
        kind: HazardKind,
        description: Text<500>,
    },
    HazardAssigned {
        to: Text<100>,
        rectify_by: Timestamp,
    },
    HazardRectified {
        remarks: Text<500>,
        by: String,
    },
    HazardVerified,
    /// What was done does not remove it: back to who is responsible.
    RectificationRejected {
        defects: Text<500>,
        rectify_by: Timestamp,
    },
    RectificationOverdue,
}

impl Aggregate for Hazard {
    const TYPE: &'static str = "hazard";
    type Event = HazardEvent;

    fn evolve(state: Option<Self>, event: &HazardEvent, at: Timestamp) -> Option<Self> {
        let mut hazard = match (&event.fact, state) {
            (
                HazardFact::HazardFound {
                    place,
                    kind,
                    description,
                },
                None,
            ) => {
                return Some(Self {
                    place: place.clone(),
                    kind: *kind,
                    description: description.clone(),
                    found_at: at,
                    stage: HazardStage::Found,
                    assigned_to: None,
                    rectify_by: None,
                    rectified_by: None,
                    overdue: false,
                });
            }
            (_, state) => state?,
        };
        match &event.fact {
            HazardFact::HazardFound { .. } => {}
            HazardFact::HazardAssigned { to, rectify_by } => {
                hazard.stage = HazardStage::Assigned;
                hazard.assigned_to = Some(to.clone());
                hazard.rectify_by = Some(*rectify_by);
                hazard.overdue = false;
            }
            HazardFact::HazardRectified { by, .. } => {
                hazard.stage = HazardStage::Rectified;
                hazard.rectified_by = Some(by.clone());
            }
            HazardFact::HazardVerified => hazard.stage = HazardStage::Verified,
            HazardFact::RectificationRejected { rectify_by, .. } => {
                hazard.stage = HazardStage::Assigned;
                hazard.rectify_by = Some(*rectify_by);
                hazard.overdue = false;
            }
            HazardFact::RectificationOverdue => hazard.overdue = true,
        }
        Some(hazard)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.rectify_by
            .filter(|_| self.stage == HazardStage::Assigned && !self.overdue)
    }
}

/// # Errors
/// By an officer of another district.
pub fn find(
    tx: &mut Transaction,
    place: Place,
    kind: HazardKind,
    description: Text<500>,
) -> Result<CaseId, Halt> {
    let district = place.district;
    if !tx.context.actor.decides_for(district) {
        return Err(Ground::OutsideDistrict.into());
    }
    let id = CaseId::new(tx.context.new_id("hazard"));
    let fact = HazardFact::HazardFound {
        place,
        kind,
        description,
    };
    tx.record::<Hazard>(id.as_str(), [HazardEvent { district, fact }])?;
    Ok(id)
}

/// Assigns it to who is responsible, again if need be.
///
/// # Errors
/// Once rectified, or with a deadline that has passed.
pub fn assign(
    tx: &mut Transaction,
    id: &CaseId,
    to: Text<100>,
    rectify_by: Timestamp,
) -> Result<(), Halt> {
    ahead(tx, rectify_by)?;
    step(
        tx,
        id,
        &[HazardStage::Found, HazardStage::Assigned],
        "found or assigned",
        HazardFact::HazardAssigned { to, rectify_by },
    )
}

/// # Errors
/// Unless it is assigned.
pub fn rectify(tx: &mut Transaction, id: &CaseId, remarks: Text<500>) -> Result<(), Halt> {
    let by = tx.context.actor.id.clone();
    step(
        tx,
        id,
        &[HazardStage::Assigned],
        "assigned",
        HazardFact::HazardRectified { remarks, by },
    )
}

/// Whoever reports it rectified does not verify it.
///
/// # Errors
/// Unless it is rectified; by the account that reported so.
pub fn verify(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    not_by_rectifier(tx, id)?;
    step(
        tx,
        id,
        &[HazardStage::Rectified],
        "rectified",
        HazardFact::HazardVerified,
    )
}

/// # Errors
/// As [`verify`]; with a deadline that has passed.
pub fn reject(
    tx: &mut Transaction,
    id: &CaseId,
    defects: Text<500>,
    rectify_by: Timestamp,
) -> Result<(), Halt> {
    ahead(tx, rectify_by)?;
    not_by_rectifier(tx, id)?;
    step(
        tx,
        id,
        &[HazardStage::Rectified],
        "rectified",
        HazardFact::RectificationRejected {
            defects,
            rectify_by,
        },
    )
}

/// # Errors
/// [`Halt`] if something cannot be read.
pub fn pass_time(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let hazard = load(tx, id)?;
    if hazard.next_due().is_some_and(|due| due <= tx.now()) {
        let district = hazard.place.district;
        let fact = HazardFact::RectificationOverdue;
        tx.record::<Hazard>(id.as_str(), [HazardEvent { district, fact }])?;
    }
    Ok(())
}

fn load(tx: &mut Transaction, id: &CaseId) -> Result<std::sync::Arc<Hazard>, Halt> {
    tx.load::<Hazard>(id.as_str())?
        .ok_or_else(|| Ground::UnknownHazard.into())
}

fn ahead(tx: &Transaction, deadline: Timestamp) -> Result<(), Ground> {
    if deadline > tx.now() {
        Ok(())
    } else {
        Err(Ground::DeadlinePassed)
    }
}

fn not_by_rectifier(tx: &mut Transaction, id: &CaseId) -> Result<(), Halt> {
    let hazard = load(tx, id)?;
    if hazard.rectified_by.as_deref() == Some(&tx.context.actor.id) {
        return Err(Ground::OwnRectification.into());
    }
    Ok(())
}

fn step(
    tx: &mut Transaction,
    id: &CaseId,
    stages: &[HazardStage],
    needs: &'static str,
    fact: HazardFact,
) -> Result<(), Halt> {
    let hazard = load(tx, id)?;
    let district = hazard.place.district;
    if !tx.context.actor.decides_for(district) {
        return Err(Ground::OutsideDistrict.into());
    }
    if !stages.contains(&hazard.stage) {
        return Err(Ground::WrongState {
            is: hazard.stage.as_str(),
            needs,
        }
        .into());
    }
    tx.record::<Hazard>(id.as_str(), [HazardEvent { district, fact }])
}
