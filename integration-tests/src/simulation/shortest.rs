//! The shortest history that still breaks an invariant: it tells what the fault needs.

use super::{Plan, Sabotage, Violation, run};

/// Runs that the search takes at most: some minutes.
const MOST_RUNS: usize = 300;

/// What the search found.
#[derive(Clone, Debug)]
pub struct Shortest {
    pub plan: Plan,
    /// Of the same invariant as the plan at the beginning.
    pub violation: Violation,
    /// Without any one step more that invariant holds, or another breaks before. `false`: the search took too many runs.
    pub is_minimal: bool,
}

/// Leaves out losses and steps of a plan as long as the same invariant breaks. `None`: the plan holds.
pub fn shortest(plan: &Plan, sabotage: Option<Sabotage>) -> Option<Shortest> {
    let violation = run(plan, sabotage).err()?;
    let mut search = Search {
        sabotage,
        runs_left: MOST_RUNS,
        plan: plan.clone(),
        violation,
    };
    let is_minimal = search.leave_out().is_some();
    Some(Shortest {
        plan: search.plan,
        violation: search.violation,
        is_minimal,
    })
}

struct Search {
    sabotage: Option<Sabotage>,
    runs_left: usize,
    /// The shortest so far, and what it breaks.
    plan: Plan,
    violation: Violation,
}

impl Search {
    /// `None`: no run is left.
    fn leave_out(&mut self) -> Option<()> {
        // First, because a history without chance in it says most, however many steps it takes.
        if self.plan.losses_percent > 0 {
            let without_losses = Plan {
                losses_percent: 0,
                ..self.plan.clone()
            };
            self.breaks_too(without_losses)?;
        }
        let mut piece = self.plan.steps.len().div_ceil(2).max(1);
        loop {
            let before = self.plan.steps.len();
            let mut from = 0;
            while from < self.plan.steps.len() {
                let fewer = self.plan.without(from..from + piece);
                if !self.breaks_too(fewer)? {
                    from += piece;
                }
            }
            // What was needed beside a step that is gone since may be needed no more: only a pass that leaves out nothing is
            // the last.
            if piece == 1 && self.plan.steps.len() == before {
                return Some(());
            }
            piece = (piece / 2).max(1);
        }
    }

    /// Goes on with this plan if it breaks the same invariant. `None`: no run is left to tell.
    fn breaks_too(&mut self, plan: Plan) -> Option<bool> {
        self.runs_left = self.runs_left.checked_sub(1)?;
        match run(&plan, self.sabotage) {
            Err(seen) if seen.invariant == self.violation.invariant => {
                (self.plan, self.violation) = (plan, seen);
                Some(true)
            }
            _ => Some(false),
        }
    }
}
