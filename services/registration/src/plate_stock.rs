//! The e-bike plate numbers that this process has drawn and not given out yet.

use crate::domain::ebike::plate::{self, Block, EbikePlate, Series};
use crate::read_model;
use chassis::commands::Call;
use chassis::domain::{Channel, RefusalKind};
use chassis::random;
use chassis::server::Failure;
use chassis::service::Core;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::Arc;

/// Why numbers of blocks are unique stands in [`crate::domain::ebike::plate`]; this hands each out once.
#[derive(Clone, Debug)]
pub struct PlateStock {
    core: Core,
    shelves: Arc<[Shelf; 2]>,
}

#[derive(Debug, Default)]
struct Shelf {
    // Never held across an await.
    plates: Mutex<VecDeque<EbikePlate>>,
    /// Held by whoever draws: one draws for all who wait.
    drawing: tokio::sync::Mutex<()>,
}

impl PlateStock {
    pub fn new(core: Core) -> Self {
        Self {
            core,
            shelves: Arc::default(),
        }
    }

    fn shelf(&self, series: Series) -> &Shelf {
        match series {
            Series::Regular => &self.shelves[0],
            Series::Transitional => &self.shelves[1],
        }
    }

    /// A number that nobody else has. It is lost unless it is used or given back.
    ///
    /// # Errors
    /// The series is used up, or no block could be drawn just now.
    pub async fn take(&self, series: Series) -> Result<EbikePlate, Failure> {
        let shelf = self.shelf(series);
        loop {
            if let Some(plate) = shelf.plates.lock().pop_front() {
                return Ok(plate);
            }
            let _drawing = shelf.drawing.lock().await;
            // Somebody may have drawn while this one waited.
            if shelf.plates.lock().is_empty() {
                let block = self.draw(series).await?;
                shelf.plates.lock().extend(block.plates());
            }
        }
    }

    /// Puts back a number that surely stands on no e-bike.
    pub fn give_back(&self, plate: EbikePlate) {
        self.shelf(plate.series()).plates.lock().push_back(plate);
    }

    async fn draw(&self, series: Series) -> Result<Block, Failure> {
        let mut number = self
            .core
            .projection
            .read(move |view| read_model::ebikes::next_block(view, series))
            .await?;
        loop {
            let Some(block) = Block::new(series, number) else {
                return Err(chassis::domain::Rejection::from(
                    crate::domain::ebike::ground::EbikeGround::OutOfPlates,
                )
                .into());
            };
            // Each attempt is a command of its own: what became of an earlier one does not matter.
            let cause = format!("draw {} as {}", block.id(), random::id());
            let call = Call::because("plates", Channel::Station, &cause);
            let drawn = self
                .core
                .commands
                .perform(call, move |tx| plate::draw(tx, block))
                .await;
            match drawn {
                Ok(_) => return Ok(block),
                // Another replica has it, and this projection will see so.
                Err(Failure::Rejected(why)) if why.kind == RefusalKind::Taken => number += 1,
                Err(other) => return Err(other),
            }
        }
    }
}
