//! Availability Zones: names, ids and their Regions.

/// `us-east-1` for `us-east-1a`, `us-west-2` for the Local Zone `us-west-2-lax-1a`.
pub(super) fn region_of(zone: &str) -> Option<String> {
    let mut region = String::new();
    for part in zone.split('-') {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        if !digits.is_empty() {
            return (!region.is_empty()).then(|| region + &digits);
        }
        region = region + part + "-";
    }
    None
}

/// `use1-az1` for `us-east-1a`. AWS maps letters to numbers per account; the
/// default maps them in order. Local Zones and Wavelength Zones keep their own
/// names: `usw2-lax1-az1`, `use1-wl1-bos-wlz1`.
pub(super) fn id_of(region: &str, zone: &str) -> String {
    let short = abbreviation(region);
    let own_name = zone.strip_prefix(region).and_then(|rest| {
        let (name, number) = rest.rsplit_once('-')?;
        let number = number.trim_end_matches(|c: char| c.is_ascii_lowercase());
        Some(format!("{name}{number}"))
    });
    let letter = zone.bytes().last().filter(u8::is_ascii_lowercase);
    match (own_name, letter) {
        (Some(name), None) => format!("{short}{name}"),
        (name, letter) => {
            let number = letter.map_or(1, |letter| letter - b'a' + 1);
            format!("{short}{}-az{number}", name.unwrap_or_default())
        }
    }
}

/// Returns the Region and zone of an id by default: the inverse of [`id_of`].
pub(super) fn of_id(id: &str) -> Option<(String, String)> {
    let (short, rest) = id.split_once('-')?;
    let region = region_abbreviated(short)?;
    let (name, letter) = match rest.rsplit_once("az") {
        Some((name, number)) => {
            let number: u8 = number.parse().ok()?;
            let letter = (1..=26).contains(&number).then(|| b'a' + number - 1)?;
            (name.trim_end_matches('-'), Some(letter))
        }
        None => (rest, None),
    };
    let mut zone = region.clone();
    if !name.is_empty() {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        let number = &name[stem.len()..];
        zone = format!("{zone}-{stem}-{number}");
    }
    zone.extend(letter.map(char::from));
    Some((region, zone))
}

/// `use1` for `us-east-1`. All parts of a Region's name are abbreviated except
/// the first and countries: `usgw1`, `usibe1`, `euscdee1`.
fn abbreviation(region: &str) -> String {
    let mut parts = region.split('-');
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let known = MIDDLES.iter().chain(DIRECTIONS);
        let known = known.into_iter().find(|(name, _)| *name == part);
        short += known.map_or(part, |(_, short)| short);
    }
    short
}

/// The Region with this abbreviation.
fn region_abbreviated(short: &str) -> Option<String> {
    let name = short.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = &short[name.len()..];
    if number.is_empty() {
        return None;
    }
    let middles = MIDDLES.iter().map(|(middle, short)| (Some(middle), *short));
    for area in AREAS {
        let Some(rest) = name.strip_prefix(area) else {
            continue;
        };
        for (middle, short) in [(None, "")].into_iter().chain(middles.clone()) {
            let direction = rest.strip_prefix(short).and_then(|rest| {
                let mut all = DIRECTIONS.iter();
                all.find(|(_, short)| *short == rest)
            });
            if let Some((direction, _)) = direction {
                let middle = middle.map_or(String::new(), |middle| format!("-{middle}"));
                return Some(format!("{area}{middle}-{direction}-{number}"));
            }
        }
    }
    None
}

/// The first parts of Region names.
const AREAS: &[&str] = &[
    "af", "ap", "ca", "cn", "eu", "eusc", "il", "me", "mx", "sa", "us",
];

/// The parts between area and direction. Only `usie1` and `usibe1` of the
/// isolated partitions are known; the others follow the same rule.
const MIDDLES: &[(&str, &str)] = &[
    ("de", "de"),
    ("gov", "g"),
    ("iso", "i"),
    ("isob", "ib"),
    ("isoe", "ie"),
    ("isof", "if"),
];

const DIRECTIONS: &[(&str, &str)] = &[
    ("central", "c"),
    ("east", "e"),
    ("north", "n"),
    ("northeast", "ne"),
    ("northwest", "nw"),
    ("south", "s"),
    ("southeast", "se"),
    ("southwest", "sw"),
    ("west", "w"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zone_determines_the_region() {
        let regions = [
            "us-east-1a",
            "us-gov-west-1b",
            "us-west-2-lax-1a",
            "us-east-1-wl1-bos-wlz-1",
        ]
        .map(|zone| region_of(zone).unwrap());
        assert_eq!(
            regions,
            ["us-east-1", "us-gov-west-1", "us-west-2", "us-east-1"]
        );
        assert_eq!(region_of("nowhere"), None);
        assert_eq!(region_of("1a"), None);
    }

    #[test]
    fn zone_ids_are_abbreviated_as_by_aws_and_reversible() {
        for (region, zone, id) in [
            ("us-east-1", "us-east-1f", "use1-az6"),
            ("ap-southeast-2", "ap-southeast-2b", "apse2-az2"),
            ("ap-northeast-1", "ap-northeast-1d", "apne1-az4"),
            ("ca-central-1", "ca-central-1a", "cac1-az1"),
            ("mx-central-1", "mx-central-1a", "mxc1-az1"),
            ("us-gov-west-1", "us-gov-west-1a", "usgw1-az1"),
            ("cn-north-1", "cn-north-1a", "cnn1-az1"),
            ("cn-northwest-1", "cn-northwest-1c", "cnnw1-az3"),
            ("eu-south-2", "eu-south-2a", "eus2-az1"),
            ("eusc-de-east-1", "eusc-de-east-1a", "euscdee1-az1"),
            ("us-iso-east-1", "us-iso-east-1a", "usie1-az1"),
            ("us-iso-west-1", "us-iso-west-1a", "usiw1-az1"),
            ("us-isob-east-1", "us-isob-east-1b", "usibe1-az2"),
            ("us-isof-east-1", "us-isof-east-1a", "usife1-az1"),
            ("us-isof-south-1", "us-isof-south-1c", "usifs1-az3"),
            ("eu-isoe-west-1", "eu-isoe-west-1a", "euiew1-az1"),
            ("us-west-2", "us-west-2-lax-1a", "usw2-lax1-az1"),
            ("us-east-1", "us-east-1-wl1-bos-wlz-1", "use1-wl1-bos-wlz1"),
        ] {
            assert_eq!(id_of(region, zone), id);
            assert_eq!(of_id(id), Some((region.to_owned(), zone.to_owned())));
        }
    }

    #[test]
    fn invalid_zone_ids_have_no_zone() {
        for text in [
            "",
            "use1",
            "use-az1",
            "zz1-az1",
            "use1-az0",
            "use1-az27",
            "use1-azé",
        ] {
            assert_eq!(of_id(text), None, "{text}");
        }
    }
}
