//! The way out: which source address a registry sees, and the source ports behind it. A private
//! registry is reached past the way out, from an address that each node has for itself.

use crate::engine::chance::{Chance, Draw, combine, stable_hash};
use crate::model::ids::{AccountId, AddressId, EgressId, NodeId, RegistryId};
use crate::model::spec::{Addressing, Choose, EgressSpec, Spec};
use crate::model::words::asker::{Asker, Spender};
use crate::model::words::endpoint::Endpoint;
use crate::model::{Purpose, World};
use crate::resource::link::LinkId;
use crate::resource::ports::PortPool;
use crate::units::{Share, Time};

/// All source addresses of a run, and the pools of ports behind them.
#[derive(Clone, Debug)]
pub(crate) struct Egresses {
    all: Vec<Egress>,
    /// What is known of each address, by [`AddressId`].
    addresses: Vec<Address>,
    /// What is known of each /64, by its dense number; an IPv4 address is one of its own.
    prefixes: Vec<Prefix>,
    n_endpoints: usize,
    n_private: u32,
    chance: Chance,
}

#[derive(Clone, Debug)]
struct Egress {
    spec: EgressSpec,
    key: u64,
    /// Shared addresses of a NAT, in order; grows when `set` adds some.
    shared: Vec<AddressId>,
    /// How many of them new draws use.
    in_use: u32,
    /// Prefixes of an IPv6 egress, as dense numbers.
    prefixes: Vec<u32>,
    n_addresses: u32,
    link: Option<LinkId>,
    /// Port pools, by (owner, endpoint): the owner is an address, or a node where ports are
    /// allotted to machines.
    ports: Vec<Option<PortPool>>,
}

#[derive(Clone, Debug)]
struct Address {
    /// Stable key: egress, and ordinal (shared) or node.
    key: u64,
    /// `None` for the private address of a node.
    egress: Option<EgressId>,
    ordinal: u32,
    prefix: u32,
    /// Number of the owner among those of its egress.
    owner: u32,
}

#[derive(Clone, Debug)]
struct Prefix {
    /// Stable key: egress and ordinal there, or the key of the one address.
    key: u64,
    /// The first address with it.
    first: Option<AddressId>,
}

/// The stable key of an egress.
fn egress_key(name: &str) -> u64 {
    combine(stable_hash("egress"), stable_hash(name))
}

/// The stable key of a shared address of a NAT, or of a /64 of an IPv6 egress, by its ordinal.
pub(crate) fn shared_key(egress: &str, ordinal: u64) -> u64 {
    combine(egress_key(egress), ordinal)
}

impl Egress {
    /// Which of the shared addresses a draw takes: all alike, or by their shares.
    fn pick(&self, draw: &mut Draw) -> usize {
        if self.spec.shares.is_empty() {
            return draw.below(u64::from(self.in_use)) as usize;
        }
        let mut left = draw.below(u64::from(Share::ALL.millionths()));
        let shares = self.spec.shares.iter().map(|it| u64::from(it.millionths()));
        let chosen = shares.zip(0..).find_map(|(share, nth)| {
            if left < share {
                return Some(nth);
            }
            left -= share;
            None
        });
        chosen.expect("the check saw to it that shares add up to all")
    }
}

impl Egresses {
    pub(crate) fn new(spec: &Spec, chance: Chance, links: &[Option<LinkId>]) -> Self {
        let mut this = Self {
            all: Vec::new(),
            addresses: Vec::new(),
            prefixes: Vec::new(),
            n_endpoints: spec.registries.len() * 3,
            n_private: 0,
            chance,
        };
        for (egress, &link) in spec.egresses.iter().zip(links) {
            this.all.push(Egress {
                spec: egress.clone(),
                key: egress_key(&egress.name),
                shared: Vec::new(),
                in_use: 0,
                prefixes: Vec::new(),
                n_addresses: 0,
                link,
                ports: Vec::new(),
            });
            let id = EgressId::from(this.all.len() - 1);
            match egress.addressing {
                Addressing::Nat { addresses, .. } => this.set_addresses(id, addresses),
                Addressing::Ipv6 { prefixes } => {
                    for ordinal in 0..u64::from(prefixes) {
                        let prefix = this.new_prefix(combine(this.all[id.idx()].key, ordinal));
                        this.all[id.idx()].prefixes.push(prefix);
                    }
                }
                Addressing::PerNode => {}
            }
        }
        this
    }

    fn new_prefix(&mut self, key: u64) -> u32 {
        self.prefixes.push(Prefix { key, first: None });
        (self.prefixes.len() - 1) as u32
    }

    /// A new address of `entity`: an ordinal or the key of a node.
    fn new_address(&mut self, egress: EgressId, entity: u64, prefix: Option<u32>) -> AddressId {
        let key = combine(self.all[egress.idx()].key, entity);
        let prefix = prefix.unwrap_or_else(|| self.new_prefix(key));
        let ordinal = self.all[egress.idx()].n_addresses;
        self.all[egress.idx()].n_addresses += 1;
        self.push_address(Address { key, egress: Some(egress), ordinal, prefix, owner: ordinal })
    }

    fn push_address(&mut self, address: Address) -> AddressId {
        let id = AddressId::from(self.addresses.len());
        self.prefixes[address.prefix as usize].first.get_or_insert(id);
        self.addresses.push(address);
        id
    }

    /// The private address of a node.
    fn private_address(&mut self, node_key: u64) -> AddressId {
        let key = combine(stable_hash("private"), node_key);
        let (ordinal, prefix) = (self.n_private, self.new_prefix(key));
        self.n_private += 1;
        self.push_address(Address { key, egress: None, ordinal, prefix, owner: ordinal })
    }

    /// Sets how many shared addresses a NAT draws from.
    pub(crate) fn set_addresses(&mut self, egress: EgressId, addresses: u32) {
        while self.all[egress.idx()].shared.len() < addresses as usize {
            let ordinal = self.all[egress.idx()].shared.len() as u64;
            let address = self.new_address(egress, ordinal, None);
            self.all[egress.idx()].shared.push(address);
        }
        self.all[egress.idx()].in_use = addresses;
    }

    /// The address that a new node keeps: its own, or the shared one it drew.
    pub(crate) fn address_of_new_node(&mut self, id: EgressId, node_key: u64) -> AddressId {
        let egress = &self.all[id.idx()];
        let mut draw = self.chance.draw(Purpose::NodeAddress as u64, node_key, egress.key);
        match egress.spec.addressing {
            Addressing::Nat { .. } => egress.shared[egress.pick(&mut draw)],
            Addressing::PerNode => self.new_address(id, node_key, None),
            Addressing::Ipv6 { .. } => {
                let prefix = egress.prefixes[draw.below(egress.prefixes.len() as u64) as usize];
                self.new_address(id, node_key, Some(prefix))
            }
        }
    }

    /// A shared address for a new connection of `entity`, its `n`-th draw.
    pub(crate) fn address_of_connection(&self, id: EgressId, entity: u64, n: u64) -> AddressId {
        let egress = &self.all[id.idx()];
        let mut draw = self.chance.draw(Purpose::ConnectionAddress as u64, entity, n);
        egress.shared[egress.pick(&mut draw)]
    }

    /// Whether each connection draws its own address.
    pub(crate) fn draws_per_connection(&self, id: EgressId) -> bool {
        matches!(
            self.all[id.idx()].spec.addressing,
            Addressing::Nat { choose: Choose::Connection, .. }
        )
    }

    /// Whoever sends from an address.
    pub(crate) fn asker(
        &self,
        address: AddressId,
        account: Option<AccountId>,
        spender: Spender,
    ) -> Asker {
        let Address { key, prefix, .. } = self.addresses[address.idx()];
        let prefix_key = self.prefixes[prefix as usize].key;
        Asker { address, address_key: key, prefix, prefix_key, account, spender }
    }

    /// The link that everything of an egress passes.
    pub(crate) fn link(&self, id: EgressId) -> Option<LinkId> {
        self.all[id.idx()].link
    }

    /// The ports behind an address towards an endpoint, where they are scarce. Ports that are
    /// allotted to machines are those of `node`; who is no node has enough of its own.
    fn pool(
        &mut self,
        address: AddressId,
        node: Option<NodeId>,
        endpoint: Endpoint,
    ) -> Option<&mut PortPool> {
        let Address { egress, owner, .. } = self.addresses[address.idx()];
        let n_endpoints = self.n_endpoints;
        let egress = &mut self.all[egress?.idx()];
        let ports = egress.spec.ports?;
        let owner = if ports.per_node { node?.0 } else { owner };
        let slot = owner as usize * n_endpoints + endpoint.idx();
        if egress.ports.len() <= slot {
            egress.ports.resize(slot + 1, None);
        }
        Some(egress.ports[slot].get_or_insert_with(|| PortPool::new(ports.count, ports.hold)))
    }

    /// Takes a source port towards `endpoint`; false where none is free.
    pub(crate) fn take(
        &mut self,
        now: Time,
        address: AddressId,
        node: Option<NodeId>,
        endpoint: Endpoint,
    ) -> bool {
        self.pool(address, node, endpoint).is_none_or(|pool| pool.take(now))
    }

    /// Gives back the port of a connection that closes at `closes_at`.
    pub(crate) fn give_back(
        &mut self,
        closes_at: Time,
        address: AddressId,
        node: Option<NodeId>,
        endpoint: Endpoint,
    ) {
        if let Some(pool) = self.pool(address, node, endpoint) {
            pool.give_back(closes_at);
        }
    }

    /// `NAME#ORDINAL`, as shown in outputs.
    pub(crate) fn address_label(&self, address: AddressId) -> String {
        let address = &self.addresses[address.idx()];
        let name = address.egress.map_or("private", |it| &self.all[it.idx()].spec.name);
        format!("{name}#{}", address.ordinal)
    }

    /// `NAME#ORDINAL` of the first address with this prefix.
    pub(crate) fn prefix_label(&self, prefix: u32) -> String {
        let first = self.prefixes[prefix as usize].first;
        first.map_or_else(String::new, |it| self.address_label(it))
    }

    /// Ports taken at each egress, over all its pools, and how many they hold in all.
    pub(crate) fn ports_taken(&self, now: Time) -> impl Iterator<Item = (usize, u64, u64)> {
        self.all.iter().enumerate().filter_map(move |(number, egress)| {
            let count = egress.spec.ports?.count;
            let pools = egress.ports.iter().flatten();
            let (taken, all) = pools.fold((0, 0), |(taken, all), it| {
                (taken + u64::from(it.taken(now)), all + u64::from(count))
            });
            Some((number, taken, all))
        })
    }
}

impl World<'_> {
    /// The source address of a new connection of `node` to a registry.
    pub(crate) fn connection_address(&mut self, node: NodeId, to: RegistryId) -> AddressId {
        let state = &mut self.cluster.nodes[node.idx()];
        if self.spec.registries[to.idx()].private {
            let key = state.key;
            return *state
                .private_address
                .get_or_insert_with(|| self.supply.egresses.private_address(key));
        }
        let egress = self.spec.pools[state.pool.idx()].egress;
        if self.supply.egresses.draws_per_connection(egress) {
            state.connections += 1;
            self.supply.egresses.address_of_connection(egress, state.key, state.connections)
        } else {
            state.address
        }
    }
}
