//! Resource names (AIP-122): `permits/p1`, `zones/z1/bays/b2`.

use crate::domain::AggregateKey;

/// The id in a name with one variable part: `resource_id("permits/p1", "permits/{permit}")` is `Some("p1")`.
pub fn resource_id<'a>(name: &'a str, pattern: &str) -> Option<&'a str> {
    let [id] = resource_ids(name, pattern)?;
    Some(id)
}

/// The `N` ids in a name, in the order of the pattern's variables. `None` if the name is not of this pattern, or an id
/// is none that an aggregate can have (1 to 64 ASCII letters, digits, `-` and `_`).
pub fn resource_ids<'a, const N: usize>(name: &'a str, pattern: &str) -> Option<[&'a str; N]> {
    let mut ids = [""; N];
    let mut found = 0;
    let mut parts = name.split('/');
    for expected in pattern.split('/') {
        let part = parts.next()?;
        if expected.starts_with('{') {
            if !AggregateKey::is_valid_id(part) {
                return None;
            }
            *ids.get_mut(found)? = part;
            found += 1;
        } else if part != expected {
            return None;
        }
    }
    (parts.next().is_none() && found == N).then_some(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_ids_only_if_it_fits_the_pattern_exactly() {
        assert_eq!(resource_id("permits/p1", "permits/{permit}"), Some("p1"));
        assert_eq!(
            resource_ids("zones/z/bays/b-2", "zones/{zone}/bays/{bay}"),
            Some(["z", "b-2"])
        );
        for bad in [
            "",
            "permits",
            "permits/",
            "permits/p1/",
            "permits/p1/x",
            "Permits/p1",
            "/permits/p1",
            "permits/p.1",
            "permits/许可",
            "permits/>",
            "bays/p1",
        ] {
            assert_eq!(resource_id(bad, "permits/{permit}"), None, "{bad}");
        }
    }
}
