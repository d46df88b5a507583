//! gRPC: requests become commands and queries, states become resources, refusals become statuses.

mod case_commands;
mod detentions;
mod dockets;
mod hazards;
mod input;
mod licences;
mod people;
mod persuasions;
mod queries;
mod rows;
mod violations;

use chassis::service::Core;

/// The service's methods.
#[derive(Clone, Debug)]
pub struct Api {
    core: Core,
}

impl Api {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}
