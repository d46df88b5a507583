//! The law of permits as stories: given what has happened, when somebody acts, then this or that refusal.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deadlines;
mod filing;
mod fixtures;
mod news;
mod occupations;
mod oversize;
mod review;
mod standing;
mod toxic;
