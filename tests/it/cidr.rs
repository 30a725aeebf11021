use std::net::IpAddr;

/// A CIDR block of either address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    network: IpAddr,
    length: u32,
}

impl Block {
    /// Parses `10.0.0.0/20`; a single address is a block too.
    pub(crate) fn read(text: &str) -> Self {
        let (network, length) = text.split_once('/').unwrap_or((text, ""));
        let network: IpAddr = network.parse().unwrap();
        let all = if network.is_ipv4() { 32 } else { 128 };
        let length = if text.contains('/') {
            length.parse().unwrap()
        } else {
            all
        };
        assert!(length <= all, "{text}");
        Self { network, length }
    }

    /// Whether this block contains the other one.
    pub(crate) fn holds(self, other: Self) -> bool {
        self.network.is_ipv4() == other.network.is_ipv4()
            && self.length <= other.length
            && self.prefix(self.length) == other.prefix(self.length)
    }

    /// Whether the blocks overlap.
    pub(crate) fn meets(self, other: Self) -> bool {
        self.holds(other) || other.holds(self)
    }

    fn prefix(self, length: u32) -> u128 {
        let (bits, all) = match self.network {
            IpAddr::V4(network) => (u128::from(network.to_bits()), 32),
            IpAddr::V6(network) => (network.to_bits(), 128),
        };
        bits.checked_shr(all - length).unwrap_or(0)
    }
}

#[test]
fn block_contains_addresses_with_its_prefix() {
    let block = Block::read("10.0.16.0/20");
    assert!(block.holds(Block::read("10.0.31.255")));
    assert!(block.holds(Block::read("10.0.20.0/24")));
    assert!(!block.holds(Block::read("10.0.32.0")));
    assert!(!block.holds(Block::read("10.0.0.0/16")));
    assert!(block.meets(Block::read("10.0.0.0/16")));
    assert!(Block::read("2001:db8:0:0:0:0:0:0/56").holds(Block::read("2001:db8:0:ff::1")));
    assert!(!Block::read("::/0").holds(Block::read("10.0.0.1")));
}
