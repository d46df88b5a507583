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

/// A number that nobody else has.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    pub plate: EbikePlate,
    generation: u64,
}

#[derive(Debug, Default)]
struct Shelf {
    // Never held across an await.
    drawn: Mutex<Drawn>,
    /// Held by whoever draws: one draws for all who wait.
    drawing: tokio::sync::Mutex<()>,
}

/// The numbers of blocks that were drawn while the projection was of one generation.
#[derive(Debug, Default)]
struct Drawn {
    generation: u64,
    plates: VecDeque<EbikePlate>,
}

impl Drawn {
    /// Forgets what was drawn before the projection was made anew: a stream that was restored from a backup may lack the
    /// block, and another replica draws it.
    fn of(&mut self, generation: u64) -> &mut VecDeque<EbikePlate> {
        if self.generation != generation {
            self.generation = generation;
            self.plates.clear();
        }
        &mut self.plates
    }
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
    pub async fn take(&self, series: Series) -> Result<Taken, Failure> {
        let shelf = self.shelf(series);
        loop {
            let generation = self.core.projection.generation();
            if let Some(plate) = shelf.drawn.lock().of(generation).pop_front() {
                return Ok(Taken { plate, generation });
            }
            let _drawing = shelf.drawing.lock().await;
            // Somebody may have drawn while this one waited.
            if shelf.drawn.lock().of(generation).is_empty() {
                let block = self.draw(series).await?;
                if self.core.projection.generation() == generation {
                    shelf.drawn.lock().of(generation).extend(block.plates());
                }
            }
        }
    }

    /// Puts back a number that surely stands on no e-bike.
    pub fn give_back(&self, taken: Taken) {
        let Taken { plate, generation } = taken;
        if self.core.projection.generation() == generation {
            let mut drawn = self.shelf(plate.series()).drawn.lock();
            drawn.of(generation).push_back(plate);
        }
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
