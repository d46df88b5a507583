//! The law of permits as stories: given what has happened, when somebody acts, then this or that refusal.

mod deadlines;
mod filing;
mod fixtures;
mod news;
mod occupations;
mod oversize;
mod review;
mod standing;
mod toxic;
