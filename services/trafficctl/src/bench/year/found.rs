//! Reading everything that a service lists.

use crate::failure::Failure;
use tonic::Status;

/// Most pages that are read of one listing: more than any scale of the year has.
const MOST_PAGES: usize = 1_000_000;

/// Reads a listing to its end, page by page. `read` answers a page and the token of the next.
///
/// # Errors
/// A page cannot be read.
pub(super) async fn pages<T, Reading>(
    read: impl Fn(String) -> Reading,
    mut each: impl FnMut(T),
) -> Result<(), Failure>
where
    Reading: Future<Output = Result<(Vec<T>, String), Status>>,
{
    let mut token = String::new();
    for _ in 0..MOST_PAGES {
        let (page, next) = read(token)
            .await
            .map_err(|status| Failure::of("listing", &status))?;
        page.into_iter().for_each(&mut each);
        if next.is_empty() {
            return Ok(());
        }
        token = next;
    }
    Err(Failure::failed("a listing that does not end"))
}
