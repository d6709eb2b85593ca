//! Who sends requests, and on whose behalf.

use crate::model::ids::{AccountId, AddressId, BackgroundId, ImageId, RegistryId, WorkloadId};

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asker {
    /// Source address.
    pub address: AddressId,
    /// Its stable key.
    pub address_key: u64,
    /// Its /64 (IPv6), or the address itself: a dense number of its own.
    pub prefix: u32,
    /// The stable key of that.
    pub prefix_key: u64,
    /// Account, where credentials were sent.
    pub account: Option<AccountId>,
    /// On whose behalf.
    pub spender: Spender,
}

/// On whose behalf units are spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spender {
    /// A workload, for an image.
    Workload(WorkloadId, ImageId),
    /// A background load.
    Background(BackgroundId),
    /// A mirror, for an image.
    Mirror(RegistryId, ImageId),
}
