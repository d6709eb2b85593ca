//! What a pull-through cache keeps: blobs and manifests by digest until they expire, tags for good,
//! and how full its storage is.
//!
//! Source: distribution `registry/proxy/{proxyblobstore,proxymanifeststore,proxytagservice}.go` and
//! `scheduler/scheduler.go` (2.8.3 of 2023-10, 3.0.0 of 2025-04): an entry goes a TTL after it was
//! fetched, whether it was used since or not; nothing is evicted to make room, so a full storage
//! stays full until something expires.

use std::collections::BTreeMap;

use crate::model::ids::{BlobId, ImageId};
use crate::units::{Bytes, Time};

/// The storage of one mirror, or of one of its replicas.
#[derive(Clone, Debug, Default)]
pub(crate) struct MirrorStore {
    capacity: Option<Bytes>,
    used: Bytes,
    /// What is held, with its size and the instant at which it goes.
    held: BTreeMap<BlobId, Entry>,
    /// The content last seen under each tag.
    tags: BTreeMap<ImageId, ImageId>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    size: Bytes,
    expires: Time,
}

impl MirrorStore {
    /// An empty storage; `None` never fills up.
    pub(crate) fn new(capacity: Option<Bytes>) -> Self {
        Self { capacity, ..Self::default() }
    }

    /// Whether a blob or manifest is held.
    pub(crate) fn has(&self, blob: BlobId) -> bool {
        self.held.contains_key(&blob)
    }

    /// The content last seen under a tag.
    pub(crate) fn tagged(&self, reference: ImageId) -> Option<ImageId> {
        self.tags.get(&reference).copied()
    }

    /// Notes the content of a tag.
    pub(crate) fn tag(&mut self, reference: ImageId, content: ImageId) {
        self.tags.insert(reference, content);
    }

    /// Takes room for what is about to be written, as much as there is, and returns that.
    pub(crate) fn reserve(&mut self, size: Bytes) -> Bytes {
        let free = self.capacity.map_or(size, |all| Bytes(all.0.saturating_sub(self.used.0)));
        let granted = free.min(size);
        self.used += granted;
        granted
    }

    /// Gives back room for something that was not kept.
    pub(crate) fn release(&mut self, reserved: Bytes) {
        self.used -= reserved;
    }

    /// Whether there is no room at all.
    pub(crate) fn is_full(&self) -> bool {
        self.capacity.is_some_and(|all| all <= self.used)
    }

    /// Keeps what was written into reserved room. What somebody else kept meanwhile (a replica on
    /// the same storage) stands once and gets the later time.
    pub(crate) fn keep(&mut self, blob: BlobId, size: Bytes, expires: Time) {
        if let Some(before) = self.held.insert(blob, Entry { size, expires }) {
            self.used -= before.size;
        }
    }

    /// The time of a blob has come; true where it is really gone.
    pub(crate) fn expire(&mut self, blob: BlobId, now: Time) -> bool {
        let due = self.held.get(&blob).filter(|it| it.expires <= now).copied();
        if let Some(entry) = due {
            self.held.remove(&blob);
            self.used -= entry.size;
        }
        due.is_some()
    }

    /// An empty disk: what is held, tags and what failed writes left behind.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.capacity);
    }

    /// Bytes in use.
    pub(crate) const fn used(&self) -> Bytes {
        self.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: BlobId = BlobId(1);
    const B: BlobId = BlobId(2);

    #[test]
    fn an_entry_goes_a_ttl_after_its_last_fetch_and_not_before() {
        let mut store = MirrorStore::new(None);
        let ttl = Time::from_secs(100);
        assert_eq!(store.reserve(Bytes(7)), Bytes(7));
        store.keep(A, Bytes(7), ttl);
        assert!(!store.expire(A, Time::from_secs(99)));
        // Fetched anew at 50 s: the timer of the first fetch does nothing.
        assert_eq!(store.reserve(Bytes(7)), Bytes(7));
        store.keep(A, Bytes(7), Time::from_secs(150));
        assert_eq!(store.used(), Bytes(7), "one copy");
        assert!(!store.expire(A, ttl));
        assert!(store.has(A));
        assert!(store.expire(A, Time::from_secs(150)));
        assert!(!store.has(A));
        assert_eq!(store.used(), Bytes::ZERO);
    }

    #[test]
    fn a_full_storage_gives_what_is_left_and_evicts_nothing() {
        let mut store = MirrorStore::new(Some(Bytes(10)));
        assert_eq!(store.reserve(Bytes(6)), Bytes(6));
        store.keep(A, Bytes(6), Time::NEVER);
        assert_eq!(store.reserve(Bytes(9)), Bytes(4), "four bytes were left");
        assert!(store.is_full());
        assert_eq!(store.reserve(Bytes(1)), Bytes::ZERO);
        assert!(store.has(A) && !store.has(B));
        store.release(Bytes(4));
        assert!(!store.is_full());
        store.tag(ImageId(3), ImageId(4));
        assert_eq!(store.tagged(ImageId(3)), Some(ImageId(4)));
        store.clear();
        assert!(!store.has(A) && store.tagged(ImageId(3)).is_none());
        assert_eq!((store.used(), store.reserve(Bytes(10))), (Bytes::ZERO, Bytes(10)));
    }
}
