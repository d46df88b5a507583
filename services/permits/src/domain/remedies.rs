//! The notice of remedies: to whom whoever is refused a permit, or may not use one any more, may turn.

use chassis::domain::District;
use chassis::domain::values::Text;
use serde::Deserialize;
use std::collections::BTreeMap;

/// To whom the decisions of one district can be taken, as far as the one who runs the service names them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Instances {
    /// The district that decides; `371700` for the whole city.
    pub district: District,
    /// The people's government to which reconsideration is applied for: of the same level as the authority that decides
    /// (Administrative Reconsideration Law art. 24(1)(1), (4)). 1 to 100 characters.
    #[serde(default)]
    pub government: Option<Text<100>>,
    /// The court of the place of the authority that decides, or the one that judges for that place (Administrative Litigation
    /// Law art. 18). 1 to 100 characters.
    #[serde(default)]
    pub court: Option<Text<100>>,
}

/// The notices of all districts. Whoever is not named is told by the role that the law gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remedies(BTreeMap<District, Instances>);

impl Remedies {
    /// # Errors
    /// A district that is named twice.
    pub fn new(instances: Vec<Instances>) -> Result<Self, District> {
        let mut districts = BTreeMap::new();
        for instances in instances {
            let district = instances.district;
            if districts.insert(district, instances).is_some() {
                return Err(district);
            }
        }
        Ok(Self(districts))
    }

    /// What is told, zh-CN, with a decision of this district that refuses a permit (Administrative Licence Law art. 38(2)),
    /// revokes or suspends one (art. 7): right, authority and term of reconsideration, which does not run before all three are
    /// told (Administrative Reconsideration Law art. 20(1), (3)); or a lawsuit (Administrative Litigation Law art. 46(1)).
    pub fn notice_zh(&self, district: District) -> String {
        let named = self.0.get(&district);
        let government = named
            .and_then(|named| named.government.as_ref())
            .map_or("作出本决定的行政机关的本级人民政府", Text::as_str);
        let court = named
            .and_then(|named| named.court.as_ref())
            .map_or("作出本决定的行政机关所在地有管辖权的人民法院", Text::as_str);
        format!(
            "如不服本决定，可以自知道本决定之日起六十日内向{government}申请行政复议，也可以自知道本决定之日起六个月内依法向{court}提起行政诉讼。"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MUDAN: District = District::new(371_702).unwrap();
    const CAOXIAN: District = District::new(371_721).unwrap();

    fn named(government: Option<&str>, court: Option<&str>) -> Instances {
        let name = |name: &str| Text::parse(name).unwrap();
        Instances {
            district: MUDAN,
            government: government.map(name),
            court: court.map(name),
        }
    }

    #[test]
    fn a_notice_names_the_government_and_the_court_of_the_district_art_24() {
        let told = named(Some("示例区人民政府"), Some("示例区人民法院"));
        let remedies = Remedies::new(vec![told]).unwrap();
        assert_eq!(
            remedies.notice_zh(MUDAN),
            "如不服本决定，可以自知道本决定之日起六十日内向示例区人民政府申请行政复议，也可以自知道本决定之日起六个月内依法向示例区人民法院提起行政诉讼。"
        );
    }

    #[test]
    fn whoever_is_not_named_is_told_by_role_and_never_invented() {
        let by_role = "如不服本决定，可以自知道本决定之日起六十日内向作出本决定的行政机关的本级人民政府申请行政复议，也可以自知道本决定之日起六个月内依法向作出本决定的行政机关所在地有管辖权的人民法院提起行政诉讼。";
        assert_eq!(Remedies::default().notice_zh(MUDAN), by_role);
        // Another district's names say nothing of this one.
        let remedies = Remedies::new(vec![named(Some("示例区人民政府"), None)]).unwrap();
        assert_eq!(remedies.notice_zh(CAOXIAN), by_role);
        let half = remedies.notice_zh(MUDAN);
        assert!(
            half.contains("向示例区人民政府申请") && half.contains("所在地有管辖权的人民法院"),
            "{half}"
        );
    }

    #[test]
    fn a_district_that_is_named_twice_is_a_mistake() {
        let twice = vec![named(None, None), named(None, None)];
        assert_eq!(Remedies::new(twice), Err(MUDAN));
    }
}
