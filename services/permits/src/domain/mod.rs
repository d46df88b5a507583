//! The law of permits, pure: what is applied for, what the law asks of it, and each step from filing to the end.
//!
//! ```text
//!   values place hours route            what exists only if valid
//!   road_occupation toxic_transport oversize_transport, application      what is applied for
//!   instruments (+ data/*.toml)         the rules, by date of the act
//!   permit progress event ground        the aggregate, its history, the grounds of refusal
//!   remedies                            to whom whoever does not agree may turn
//!   filing -> review -> works | trip | escort -> closing                 the steps
//!   standing deadlines news             what orders, time and other services do
//!   road_calendar registers             what a granted permit holds
//! ```

pub mod application;
pub mod closing;
pub mod deadlines;
pub mod escort;
pub mod event;
pub mod filing;
pub mod ground;
pub mod hours;
pub mod instruments;
pub mod news;
pub mod oversize_transport;
pub mod permit;
pub mod place;
pub mod progress;
pub mod registers;
pub mod remedies;
pub mod review;
pub mod road_calendar;
pub mod road_occupation;
pub mod route;
pub mod standing;
pub mod steps;
pub mod toxic_transport;
pub mod trip;
pub mod values;
pub mod works;
