//! Reactions to published events of enforcement: open violations and detained vehicles stand against what is registered next.

use crate::domain::blocks::{Block, BlockKind, close_case, dispose, open_case};
use async_trait::async_trait;
use chassis::commands::Call;
use chassis::domain::values::{DocumentNumber, PlateNumber};
use chassis::policies::{Policy, Reaction};
use chassis::published::ReceivedEvent;
use chassis::server::resource_id;
use chassis::service::Core;
use jiff::Timestamp;
use traffic_proto::enforcement::v1 as enforcement;

/// Notes which cases of a plate are open: nothing is transferred, moved, swapped or marked as inspected until they are settled
/// (Order 164 arts. 18(3), 20, 25(2), 54(2)).
#[derive(Debug)]
pub struct OpenCases {
    core: Core,
}

impl OpenCases {
    pub fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Policy for OpenCases {
    fn name(&self) -> &'static str {
        "registration-open-cases"
    }

    fn subjects(&self) -> Vec<String> {
        [
            "violation_entered",
            "violation_decided",
            "violation_reopened",
            "violation_settled",
            "violation_closed",
            "vehicle_detained",
            "vehicle_released",
            "vehicle_disposed",
        ]
        .map(|event| format!("events.enforcement.{event}.>"))
        .to_vec()
    }

    async fn react(&self, event: &ReceivedEvent) -> Result<(), Reaction> {
        let Some(news) = understand(event)? else {
            return Ok(());
        };
        let revision = event.revision()?;
        let call = Call::reaction("open-cases", event);
        self.core
            .commands
            .perform(call, move |tx| {
                let block = news.block.clone();
                match news.turn {
                    Turn::Opened => open_case(tx, &news.plate, block, revision),
                    Turn::Closed => close_case(tx, &news.plate, block, revision),
                    Turn::Disposed { destroyed } => {
                        dispose(tx, &news.plate, block, destroyed, revision)
                    }
                }
            })
            .await?;
        Ok(())
    }
}

/// What an event says of one case of a plate.
#[derive(Clone, Debug)]
struct News {
    plate: PlateNumber,
    block: Block,
    turn: Turn,
}

#[derive(Clone, Copy, Debug)]
enum Turn {
    Opened,
    Closed,
    /// A detained vehicle that nobody came for is disposed of; whether there is a vehicle left.
    Disposed {
        destroyed: bool,
    },
}

/// `None` if no vehicle is concerned.
fn understand(event: &ReceivedEvent) -> Result<Option<News>, Reaction> {
    // But for a record that a camera made, the act is known to be no later than its news.
    let at = event.time;
    let (reference, acted_at, turn) = if event.is::<enforcement::ViolationEntered>() {
        let entered: enforcement::ViolationEntered = event.decode()?;
        let acted_at = entered
            .act_time
            .and_then(|time| Timestamp::new(time.seconds, time.nanos).ok());
        (entered.r#ref, acted_at.unwrap_or(at), Turn::Opened)
    } else if event.is::<enforcement::ViolationDecided>() {
        let decided: enforcement::ViolationDecided = event.decode()?;
        (decided.r#ref, at, Turn::Opened)
    } else if event.is::<enforcement::ViolationReopened>() {
        let reopened: enforcement::ViolationReopened = event.decode()?;
        (reopened.r#ref, at, Turn::Opened)
    } else if event.is::<enforcement::ViolationSettled>() {
        let settled: enforcement::ViolationSettled = event.decode()?;
        (settled.r#ref, at, Turn::Closed)
    } else if event.is::<enforcement::ViolationClosed>() {
        let closed: enforcement::ViolationClosed = event.decode()?;
        (closed.r#ref, at, Turn::Closed)
    } else if event.is::<enforcement::VehicleDetained>() {
        let detained: enforcement::VehicleDetained = event.decode()?;
        let case = case(&detained.detention, "detentions/{detention}")?;
        return news(
            BlockKind::Detention,
            case,
            &detained.plate,
            at,
            Turn::Opened,
        );
    } else if event.is::<enforcement::VehicleReleased>() {
        let released: enforcement::VehicleReleased = event.decode()?;
        let case = case(&released.detention, "detentions/{detention}")?;
        return news(
            BlockKind::Detention,
            case,
            &released.plate,
            at,
            Turn::Closed,
        );
    } else if event.is::<enforcement::VehicleDisposed>() {
        let disposed: enforcement::VehicleDisposed = event.decode()?;
        let case = case(&disposed.detention, "detentions/{detention}")?;
        let destroyed = match disposed.disposal() {
            enforcement::Disposal::Auctioned | enforcement::Disposal::Transferred => false,
            enforcement::Disposal::Scrapped | enforcement::Disposal::Dismantled => true,
            enforcement::Disposal::Unspecified => {
                return Err(not_understood("it says not what became of the vehicle"));
            }
        };
        let turn = Turn::Disposed { destroyed };
        return news(BlockKind::Detention, case, &disposed.plate, at, turn);
    } else {
        return Ok(None);
    };
    let reference = reference.ok_or_else(|| not_understood("it names no violation"))?;
    let case = case(&reference.violation, "violations/{violation}")?;
    news(BlockKind::Violation, case, &reference.plate, acted_at, turn)
}

fn news(
    kind: BlockKind,
    case: DocumentNumber,
    plate: &str,
    acted_at: Timestamp,
    turn: Turn,
) -> Result<Option<News>, Reaction> {
    if plate.is_empty() {
        return Ok(None);
    }
    let plate = PlateNumber::parse(plate).map_err(|why| not_understood(&why.to_string()))?;
    let block = Block {
        kind,
        case,
        acted_at,
    };
    Ok(Some(News { plate, block, turn }))
}

fn case(name: &str, pattern: &str) -> Result<DocumentNumber, Reaction> {
    resource_id(name, pattern)
        .and_then(|id| DocumentNumber::parse(id).ok())
        .ok_or_else(|| not_understood("its case is no resource name"))
}

fn not_understood(why: &str) -> Reaction {
    Reaction::NotUnderstood(why.to_owned())
}
