//! A node's content and image store, as containerd keeps it.
//!
//! Blobs are keyed by digest and guarded by one lock each: of several pulls that need a blob, one
//! fetches it and the others wait; when it fails, the next waiter fetches in turn. The same holds
//! for unpacking a chain. A blob or chain lives as long as somebody holds it: a pull in flight (its
//! lease) or an image that is present. So a failed pull leaves nothing, unless another live pull or
//! image holds it.
//!
//! Source: containerd `unpacker.go` (`kmutex` by digest and chain id), `metadata/content.go`,
//! leases and `gc/scheduler` (collection at least 245 ms after a failure; here at once), 1.6 to
//! 2.3; measured on 1.7.34: four pulls of one image send one set of GETs, three failing pulls
//! repeat the series one after another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::model::ids::{BlobId, ChainId, ImageId, PullId};
use crate::units::{Bytes, Time};

/// What happened to somebody who asked for a locked thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is there; the caller holds it now.
    Present,
    /// The caller has the lock and must fetch (or unpack) it.
    Granted,
    /// Somebody else is at it; the caller waits for its turn.
    Wait,
}

/// Who waits for a lock: a pull, and which of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// The pull.
    pub pull: PullId,
    /// Position of the object in the image of that pull.
    pub object: u32,
}

/// A store of things that are made once and held by several: blobs, or unpacked chains.
#[derive(Clone, Debug)]
struct Locked<Id> {
    entries: BTreeMap<Id, Entry>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    present: bool,
    busy: bool,
    holders: u32,
    waiters: VecDeque<Waiter>,
}

impl<Id: Ord + Copy> Locked<Id> {
    fn claim(&mut self, id: Id, waiter: Waiter) -> Claim {
        let entry = self.entries.entry(id).or_default();
        if entry.present {
            entry.holders += 1;
            Claim::Present
        } else if entry.busy {
            entry.waiters.push_back(waiter);
            Claim::Wait
        } else {
            entry.busy = true;
            Claim::Granted
        }
    }

    /// The caller made it and holds it; all waiters may go on (each must claim it again).
    fn made(&mut self, id: Id, woken: &mut Vec<Waiter>) {
        let entry = self.entries.entry(id).or_default();
        entry.busy = false;
        entry.present = true;
        entry.holders += 1;
        woken.extend(entry.waiters.drain(..));
    }

    /// The caller gives the lock back unmade; the first waiter may go on.
    fn abandoned(&mut self, id: Id, woken: &mut Vec<Waiter>) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        entry.busy = false;
        woken.extend(entry.waiters.pop_front());
        self.tidy(id);
    }

    /// The caller no longer waits. Where it had been woken and did not get to claim, the next
    /// waiter may go on in its stead.
    fn leave_queue(&mut self, id: Id, pull: PullId, woken: &mut Vec<Waiter>) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let before = entry.waiters.len();
        entry.waiters.retain(|it| it.pull != pull);
        let was_woken = entry.waiters.len() == before;
        if was_woken && !entry.busy && !entry.present {
            woken.extend(entry.waiters.pop_front());
        }
        self.tidy(id);
    }

    /// Holds it; true where it was not there before.
    fn hold(&mut self, id: Id) -> bool {
        let entry = self.entries.entry(id).or_default();
        entry.holders += 1;
        !std::mem::replace(&mut entry.present, true)
    }

    /// Lets go of it; true when nobody holds it any more and it is gone.
    fn release(&mut self, id: Id) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        entry.holders -= 1;
        if 0 < entry.holders {
            return false;
        }
        entry.present = false;
        self.tidy(id);
        true
    }

    fn tidy(&mut self, id: Id) {
        let idle = self
            .entries
            .get(&id)
            .is_some_and(|it| !it.present && !it.busy && it.waiters.is_empty());
        if idle {
            self.entries.remove(&id);
        }
    }

    fn present(&self, id: Id) -> bool {
        self.entries.get(&id).is_some_and(|it| it.present)
    }
}

/// The store of one node.
#[derive(Clone, Debug)]
pub struct ImageStore {
    blobs: Locked<BlobId>,
    chains: Locked<ChainId>,
    /// From when each reference is there, and the content it names here; what a pull brings is seen
    /// by syncs after that instant.
    images: BTreeMap<ImageId, (Time, ImageId)>,
    /// The contents that are there, each of which holds its blobs and chains. One that its
    /// reference has left behind stays, as an image without a tag.
    contents: BTreeSet<ImageId>,
}

impl Default for ImageStore {
    fn default() -> Self {
        Self {
            blobs: Locked { entries: BTreeMap::new() },
            chains: Locked { entries: BTreeMap::new() },
            images: BTreeMap::new(),
            contents: BTreeSet::new(),
        }
    }
}

impl ImageStore {
    /// Whether the image is present for a sync at `now`.
    pub fn has_image(&self, image: ImageId, now: Time) -> bool {
        self.images.get(&image).is_some_and(|&(from, _)| from <= now)
    }

    /// The content that a reference names on this node.
    pub fn content_of(&self, image: ImageId) -> Option<ImageId> {
        self.images.get(&image).map(|&(_, content)| content)
    }

    /// Notes an image as present from `from` on, with this content; a reference that was there
    /// already leaves the content that it had. The first time, a content holds its blobs and
    /// chains. Calls `added` for each blob that was not there before: none after a pull, which
    /// holds them all, and those of a disk that comes with images.
    pub fn add_image(
        &mut self,
        (image, content): (ImageId, ImageId),
        from: Time,
        (blobs, chains): (&[BlobId], &[ChainId]),
        mut added: impl FnMut(BlobId),
    ) {
        self.images.entry(image).or_insert((from, content)).1 = content;
        if !self.contents.insert(content) {
            return;
        }
        for &blob in blobs {
            if self.blobs.hold(blob) {
                added(blob);
            }
        }
        for &chain in chains {
            self.chains.hold(chain);
        }
    }

    /// Whether the blob is there.
    pub fn has_blob(&self, blob: BlobId) -> bool {
        self.blobs.present(blob)
    }

    /// Asks for a blob.
    pub fn claim_blob(&mut self, blob: BlobId, waiter: Waiter) -> Claim {
        self.blobs.claim(blob, waiter)
    }

    /// The caller has fetched the blob and holds it.
    pub fn blob_fetched(&mut self, blob: BlobId, woken: &mut Vec<Waiter>) {
        self.blobs.made(blob, woken);
    }

    /// The caller gives up fetching the blob.
    pub fn blob_abandoned(&mut self, blob: BlobId, woken: &mut Vec<Waiter>) {
        self.blobs.abandoned(blob, woken);
    }

    /// The caller no longer waits for the blob.
    pub fn leave_blob_queue(&mut self, blob: BlobId, pull: PullId, woken: &mut Vec<Waiter>) {
        self.blobs.leave_queue(blob, pull, woken);
    }

    /// Lets go of a blob; what nobody holds is removed, and the bytes of it are returned as thrown
    /// away.
    pub fn release_blob(&mut self, blob: BlobId, size: Bytes) -> Bytes {
        if self.blobs.release(blob) { size } else { Bytes::ZERO }
    }

    /// Asks for an unpacked chain.
    pub fn claim_chain(&mut self, chain: ChainId, waiter: Waiter) -> Claim {
        self.chains.claim(chain, waiter)
    }

    /// The caller has unpacked the chain and holds it.
    pub fn chain_unpacked(&mut self, chain: ChainId, woken: &mut Vec<Waiter>) {
        self.chains.made(chain, woken);
    }

    /// The caller gives up unpacking the chain.
    pub fn chain_abandoned(&mut self, chain: ChainId, woken: &mut Vec<Waiter>) {
        self.chains.abandoned(chain, woken);
    }

    /// The caller no longer waits for the chain.
    pub fn leave_chain_queue(&mut self, chain: ChainId, pull: PullId, woken: &mut Vec<Waiter>) {
        self.chains.leave_queue(chain, pull, woken);
    }

    /// Lets go of a chain.
    pub fn release_chain(&mut self, chain: ChainId) {
        self.chains.release(chain);
    }

    /// Whether a chain is unpacked: its layer need not be fetched.
    pub fn has_chain(&self, chain: ChainId) -> bool {
        self.chains.present(chain)
    }

    /// Blobs that somebody holds.
    pub fn blobs(&self) -> impl Iterator<Item = BlobId> {
        self.blobs.entries.iter().filter(|(_, it)| it.present).map(|(&id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: BlobId = BlobId(7);
    /// A reference with its own content.
    const SELF: (ImageId, ImageId) = (ImageId(1), ImageId(1));

    fn waiter(pull: u32) -> Waiter {
        Waiter { pull: PullId(pull), object: 0 }
    }

    #[test]
    fn one_pull_fetches_and_the_others_find_it() {
        let mut store = ImageStore::default();
        let mut woken = Vec::new();
        assert_eq!(store.claim_blob(BLOB, waiter(1)), Claim::Granted);
        assert_eq!(store.claim_blob(BLOB, waiter(2)), Claim::Wait);
        assert_eq!(store.claim_blob(BLOB, waiter(3)), Claim::Wait);
        store.blob_fetched(BLOB, &mut woken);
        assert_eq!(woken, [waiter(2), waiter(3)]);
        assert_eq!(store.claim_blob(BLOB, waiter(2)), Claim::Present);
    }

    #[test]
    fn after_a_failure_the_waiters_try_one_after_another() {
        let mut store = ImageStore::default();
        let mut woken = Vec::new();
        for (pull, claim) in [(1, Claim::Granted), (2, Claim::Wait), (3, Claim::Wait)] {
            assert_eq!(store.claim_blob(BLOB, waiter(pull)), claim);
        }
        store.blob_abandoned(BLOB, &mut woken);
        assert_eq!(woken, [waiter(2)]);
        assert_eq!(store.claim_blob(BLOB, waiter(2)), Claim::Granted);
        woken.clear();
        store.leave_blob_queue(BLOB, PullId(3), &mut woken);
        store.blob_abandoned(BLOB, &mut woken);
        assert_eq!(woken, []);
    }

    #[test]
    fn a_woken_waiter_that_gives_up_wakes_the_next() {
        let mut store = ImageStore::default();
        let mut woken = Vec::new();
        for pull in [1, 2, 3] {
            store.claim_blob(BLOB, waiter(pull));
        }
        store.blob_abandoned(BLOB, &mut woken);
        assert_eq!(woken, [waiter(2)]);
        woken.clear();
        store.leave_blob_queue(BLOB, PullId(2), &mut woken);
        assert_eq!(woken, [waiter(3)], "pull 2 ended before its turn came");
        assert_eq!(store.claim_blob(BLOB, waiter(3)), Claim::Granted);
    }

    #[test]
    fn a_blob_lives_as_long_as_a_pull_or_an_image_holds_it() {
        let mut store = ImageStore::default();
        let mut woken = Vec::new();
        store.claim_blob(BLOB, waiter(1));
        store.blob_fetched(BLOB, &mut woken);
        assert_eq!(store.claim_blob(BLOB, waiter(2)), Claim::Present);
        assert_eq!(store.release_blob(BLOB, Bytes(5)), Bytes::ZERO, "pull 2 still holds it");
        store.add_image(SELF, Time::ZERO, (&[BLOB], &[]), |_| panic!("it was there"));
        assert_eq!(store.release_blob(BLOB, Bytes(5)), Bytes::ZERO, "the image holds it");
        assert_eq!(store.claim_blob(BLOB, waiter(3)), Claim::Present);
    }

    #[test]
    fn a_failed_pull_leaves_nothing() {
        let mut store = ImageStore::default();
        store.claim_blob(BLOB, waiter(1));
        store.blob_fetched(BLOB, &mut Vec::new());
        assert_eq!(store.release_blob(BLOB, Bytes(5)), Bytes(5));
        assert_eq!(store.claim_blob(BLOB, waiter(2)), Claim::Granted);
        assert_eq!(store.blobs().count(), 0);
    }

    #[test]
    fn an_image_is_seen_from_its_instant_on() {
        let mut store = ImageStore::default();
        let mut added = Vec::new();
        store.add_image(SELF, Time::from_secs(5), (&[BLOB], &[]), |it| added.push(it));
        store.add_image(SELF, Time::from_secs(9), (&[BLOB], &[]), |_| unreachable!());
        assert_eq!(added, [BLOB]);
        assert!(!store.has_image(SELF.0, Time::from_secs(4)));
        assert!(store.has_image(SELF.0, Time::from_secs(5)));
    }

    #[test]
    fn a_reference_that_moves_leaves_its_content_behind() {
        const NEW: BlobId = BlobId(8);
        let mut store = ImageStore::default();
        let mut added = Vec::new();
        let (reference, moved) = (SELF.0, ImageId(9));
        store.add_image(SELF, Time::from_secs(5), (&[BLOB], &[]), |it| added.push(it));
        let later = Time::from_secs(20);
        store.add_image((reference, moved), later, (&[BLOB, NEW], &[]), |it| added.push(it));
        assert_eq!(added, [BLOB, NEW], "what they share was there");
        assert_eq!(store.content_of(reference), Some(moved));
        assert!(store.has_image(reference, Time::from_secs(6)), "it was there all the while");
        // Back to the first content, which is still there and holds what it held before.
        store.add_image(SELF, Time::from_secs(30), (&[BLOB], &[]), |_| unreachable!());
        assert_eq!(store.content_of(reference), Some(SELF.1));
        assert_eq!(store.release_blob(BLOB, Bytes(5)), Bytes::ZERO, "one hold of two");
        assert_eq!(store.release_blob(BLOB, Bytes(5)), Bytes(5), "each content holds it once");
    }
}
