//! CIDR blocks, by hand: the crate `ipnet` would add 5.6 KB to the component.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A CIDR block of IPv4 or IPv6 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CidrBlock {
    is_ipv4: bool,
    /// The first address, left-aligned.
    bits: u128,
    length: u32,
}

impl CidrBlock {
    /// Parses `10.0.16.0/20`; a bare address is a block of one address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse().ok()?)),
            None => (text, None),
        };
        let whole = Self::from(address.parse::<IpAddr>().ok()?);
        let length = length.unwrap_or(whole.length);
        (length <= whole.length).then(|| whole.widened(length))
    }

    /// Returns the smallest block that contains all of `contents` and is at least
    /// as large as a `/length`. `contents` must be of one family and not empty.
    pub(super) fn around(contents: &[Self], length: u32) -> Self {
        let first = contents[0];
        let alike = |block: &Self| (first.bits ^ block.bits).leading_zeros().min(block.length);
        let length = contents.iter().map(alike).fold(length, u32::min);
        first.widened(length)
    }

    /// Whether this block contains all of `other`.
    pub(super) fn contains(self, other: Self) -> bool {
        self.is_ipv4 == other.is_ipv4
            && self.length <= other.length
            && other.widened(self.length) == self
    }

    /// Whether the two blocks share an address.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// The IPv4 address at offset `host`, or `None` beyond the end of the block.
    pub(super) fn ipv4(self, host: u32) -> Option<Ipv4Addr> {
        let room = 32_u32.checked_sub(self.length).filter(|_| self.is_ipv4)?;
        let has_room = u64::from(host) < 1 << room;
        has_room.then(|| Ipv4Addr::from_bits(self.first_ipv4() | host))
    }

    fn first_ipv4(self) -> u32 {
        u32::try_from(self.bits >> 96).unwrap_or_default()
    }

    fn widened(self, length: u32) -> Self {
        let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
        Self {
            bits: self.bits & mask,
            length,
            ..self
        }
    }
}

impl From<IpAddr> for CidrBlock {
    fn from(address: IpAddr) -> Self {
        let (bits, length) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        Self {
            is_ipv4: address.is_ipv4(),
            bits,
            length,
        }
    }
}

/// Writes IPv6 groups uncompressed, as the service does (reference 8.2).
impl fmt::Display for CidrBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_ipv4 {
            let first = Ipv4Addr::from_bits(self.first_ipv4());
            return write!(f, "{first}/{}", self.length);
        }
        let groups = Ipv6Addr::from_bits(self.bits).segments();
        let groups = groups.map(|group| format!("{group:x}"));
        write!(f, "{}/{}", groups.join(":"), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(contents: &[&str], length: u32, expected: &str) {
        let blocks: Vec<_> = contents.iter().map(|text| CidrBlock::parse(text)).collect();
        let contents: Option<Vec<_>> = blocks.into_iter().collect();
        let block = CidrBlock::around(&contents.unwrap(), length);
        assert_eq!(block.to_string(), expected);
    }

    #[test]
    fn a_block_grows_beyond_the_requested_length_to_fit_its_contents() {
        check(&["10.0.37.5"], 20, "10.0.32.0/20");
        check(&["10.0.15.250", "10.0.16.4"], 20, "10.0.0.0/19");
        check(&["10.0.0.0/14"], 16, "10.0.0.0/14");
        check(
            &["2001:db8:67f:f201::10"],
            64,
            "2001:db8:67f:f201:0:0:0:0/64",
        );
    }

    #[test]
    fn blocks_overlap_if_one_contains_the_other() {
        let [wide, narrow, other] = ["10.0.0.0/16", "10.0.16.0/20", "10.0.32.0/20"]
            .map(|text| CidrBlock::parse(text).unwrap());
        assert!(wide.contains(narrow) && !narrow.contains(wide));
        assert!(narrow.overlaps(wide) && !narrow.overlaps(other));
        assert!(!wide.overlaps(CidrBlock::parse("a00::/16").unwrap()));
        assert!(CidrBlock::parse("0.0.0.0/0").unwrap().contains(wide));
    }

    #[test]
    fn hosts_are_offsets_from_the_first_address_of_a_block() {
        let address = |text, host| CidrBlock::parse(text).unwrap().ipv4(host);
        assert_eq!(address("10.0.16.0/28", 10), Some([10, 0, 16, 10].into()));
        assert_eq!(address("10.0.16.0/29", 10), None);
        assert_eq!(address("2001:db8::/64", 10), None);
    }

    #[test]
    fn invalid_blocks_are_rejected() {
        for text in ["", "10.0.0/16", "10.0.0.0/33", "10.0.0.0/-1", "::/129"] {
            assert_eq!(CidrBlock::parse(text), None, "{text}");
        }
    }
}
