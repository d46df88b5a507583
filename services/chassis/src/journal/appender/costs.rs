//! What publishing costs, as measured: the ground on which the appender chooses between singles and batches.
//!
//! The break-even depends on disk, replicas and load, so no constant is right. Both costs are moving averages of
//! acknowledgement times, kept by powers of two of how many transactions are under way. The choice that looks worse is
//! tried again now and then, the more rarely the worse it looks, so that an estimate cannot stay wrong for ever.

/// Loads 1, 2-3, 4-7, ... 4096 and more.
const CLASSES: usize = 13;
/// Weight of a new measurement.
const WEIGHT: f64 = 0.2;
/// Before anything is measured, in microseconds: one disk with a sync for each write.
const SINGLE_AT_FIRST: f64 = 250.0;
const BATCH_AT_FIRST: (f64, f64) = (2500.0, 10.0);
/// The other choice is tried once in this many rounds, times how much worse it looks ...
const ROUNDS_BETWEEN_TRIALS: f64 = 50.0;
/// ... and not at all where it looks this much worse.
const HOPELESS: f64 = 8.0;
/// How much better the other choice must look before it is taken, so that noise does not swing it.
const MARGIN: f64 = 0.9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Singles,
    Batch,
}

#[derive(Clone, Copy, Debug, Default)]
struct Measured {
    /// Microseconds per transaction; 0 before the first measurement.
    each: f64,
}

impl Measured {
    fn add(&mut self, each: f64) {
        if self.each == 0.0 {
            self.each = each;
        } else {
            self.each += WEIGHT * (each - self.each);
        }
    }
}

#[derive(Debug)]
pub(super) struct Costs {
    singles: [Measured; CLASSES],
    batches: [Measured; CLASSES],
    way: [Way; CLASSES],
    rounds: [f64; CLASSES],
}

impl Costs {
    pub(super) fn new() -> Self {
        Self {
            singles: Default::default(),
            batches: Default::default(),
            way: [Way::Singles; CLASSES],
            rounds: [0.0; CLASSES],
        }
    }

    /// A transaction published by itself, as the `under_way`th at that time, was acknowledged after so long.
    pub(super) fn single(&mut self, under_way: usize, micros: f64) {
        self.singles[class(under_way)].add(micros / under_way.max(1) as f64);
    }

    /// A batch of so many transactions was acknowledged after so long.
    pub(super) fn batch(&mut self, size: usize, micros: f64) {
        self.batches[class(size)].add(micros / size.max(1) as f64);
    }

    /// How to publish `load` transactions; called once for each round of about that many.
    pub(super) fn choose(&mut self, load: usize) -> Way {
        let class = class(load);
        let (singles, batch) = (self.singles_each(class), self.batch_each(class));
        let way = match self.way[class] {
            Way::Singles if batch < singles * MARGIN => Way::Batch,
            Way::Batch if singles < batch * MARGIN => Way::Singles,
            same => same,
        };
        self.way[class] = way;
        let (other, worse) = match way {
            Way::Singles => (Way::Batch, batch / singles),
            Way::Batch => (Way::Singles, singles / batch),
        };
        self.rounds[class] += 1.0;
        if worse < HOPELESS && self.rounds[class] > ROUNDS_BETWEEN_TRIALS * worse.max(1.0) {
            self.rounds[class] = 0.0;
            return other;
        }
        way
    }

    /// Microseconds for each of the singles of this class. Where none was measured: as at the next smaller load, which
    /// is too much, for the server groups syncs as load grows.
    fn singles_each(&self, class: usize) -> f64 {
        let known = self.singles[..=class].iter().rev().find(|m| m.each > 0.0);
        known.map_or(SINGLE_AT_FIRST, |measured| measured.each)
    }

    /// Microseconds for each transaction of a batch of this class. Where none was measured: a batch of the nearest known
    /// size takes about as long whatever its size.
    fn batch_each(&self, class: usize) -> f64 {
        let known = (0..CLASSES)
            .filter(|&other| self.batches[other].each > 0.0)
            .min_by_key(|&other| other.abs_diff(class));
        match known {
            Some(known) if known == class => self.batches[class].each,
            Some(known) => {
                let whole = self.batches[known].each * size(known);
                (whole / size(class)).max(BATCH_AT_FIRST.1)
            }
            None => BATCH_AT_FIRST.0 / size(class) + BATCH_AT_FIRST.1,
        }
    }
}

fn class(load: usize) -> usize {
    (load.max(1).ilog2() as usize).min(CLASSES - 1)
}

/// A typical load of the class.
fn size(class: usize) -> f64 {
    1.5 * f64::from(1_u32 << class)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the costs of a server until the choice at `load` has settled; answers the share of rounds that went as `Batch`.
    fn share_of_batches(single: fn(f64) -> f64, batch: fn(f64) -> f64, load: usize) -> f64 {
        let mut costs = Costs::new();
        let mut batches = 0;
        for round in 0..2000 {
            match costs.choose(load) {
                Way::Singles => costs.single(load, single(load as f64)),
                Way::Batch => {
                    costs.batch(load, batch(load as f64));
                    batches += usize::from(round >= 1000);
                }
            }
        }
        batches as f64 / 1000.0
    }

    fn one_replica_single(load: f64) -> f64 {
        200.0 + 210.0 * load
    }

    fn three_replicas_single(load: f64) -> f64 {
        800.0 + 31.0 * load
    }

    fn batch(load: f64) -> f64 {
        2500.0 + 8.0 * load
    }

    #[test]
    fn few_are_published_singly_and_many_in_batches_on_one_replica() {
        assert!(share_of_batches(one_replica_single, batch, 1) < 0.05);
        assert!(share_of_batches(one_replica_single, batch, 4) < 0.05);
        assert!(share_of_batches(one_replica_single, batch, 24) > 0.95);
        assert!(share_of_batches(one_replica_single, batch, 256) > 0.95);
    }

    #[test]
    fn the_break_even_moves_where_singles_are_cheap() {
        assert!(share_of_batches(three_replicas_single, batch, 24) < 0.05);
        assert!(share_of_batches(three_replicas_single, batch, 256) > 0.95);
    }

    #[test]
    fn an_estimate_that_was_wrong_once_is_corrected() {
        let mut costs = Costs::new();
        // A hiccup makes batches look bad at a load where they are good.
        costs.single(64, one_replica_single(64.0));
        costs.batch(64, 40_000.0);
        let mut last = Way::Singles;
        for _ in 0..2000 {
            last = costs.choose(64);
            match last {
                Way::Singles => costs.single(64, one_replica_single(64.0)),
                Way::Batch => costs.batch(64, batch(64.0)),
            }
        }
        assert_eq!(costs.way[class(64)], Way::Batch, "last tried: {last:?}");
    }
}
