//! A node's content and image store, as containerd keeps it.
//!
//! Blobs are keyed by digest and guarded by one lock each: of several pulls that need a blob, one
//! fetches it and the others wait; when it fails, the next waiter fetches in turn. The same holds
//! for unpacking a chain. A blob or chain lives as long as somebody holds it: a pull in flight (its
//! lease) or an image that is present. So a failed pull leaves nothing, unless another live pull or
//! image holds it, and what a deleted image shares with others stays.
//!
//! The store counts the bytes that its blobs (compressed) and chains (unpacked) take, each once.
//! They are taken when somebody begins to fetch or unpack: a body that would not fit fails at its
//! start rather than with the byte that finds the disk full, and no two of them are promised the
//! same room.
//!
//! Source: containerd `unpacker.go` (`kmutex` by digest and chain id), `metadata/content.go`,
//! leases and `gc/scheduler` (collection at least 245 ms after a failure; here at once), 1.6 to
//! 2.3; measured on 1.7.34: four pulls of one image send one set of GETs, three failing pulls
//! repeat the series one after another.

use std::collections::{BTreeMap, VecDeque};

use crate::model::ids::{BlobId, ChainId, ImageId, ObjectId, PullId};
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
    /// There is no room for it on the disk.
    Full,
}

/// Who waits for a lock: a pull, and which of its objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiter {
    /// The pull.
    pub pull: PullId,
    /// Position of the object in the image of that pull.
    pub object: ObjectId,
}

/// A store of things that are made once and held by several: blobs, or unpacked chains.
#[derive(Clone, Debug)]
struct Locked<Id> {
    entries: BTreeMap<Id, Entry>,
    /// Bytes of what is there or being made.
    bytes: Bytes,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    present: bool,
    busy: bool,
    holders: u32,
    /// What it takes on the disk.
    size: Bytes,
    waiters: VecDeque<Waiter>,
}

impl<Id: Ord + Copy> Locked<Id> {
    fn claim(&mut self, id: Id, size: Bytes, room: Bytes, waiter: Waiter) -> Claim {
        let entry = self.entries.entry(id).or_default();
        if entry.present {
            entry.holders += 1;
            Claim::Present
        } else if entry.busy {
            entry.waiters.push_back(waiter);
            Claim::Wait
        } else if room < size {
            self.tidy(id);
            Claim::Full
        } else {
            (entry.busy, entry.size) = (true, size);
            self.bytes += size;
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
        if !entry.present {
            self.bytes -= entry.size;
        }
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

    /// Holds it; returns its size where it was not there before.
    fn hold(&mut self, id: Id, size: Bytes) -> Bytes {
        let entry = self.entries.entry(id).or_default();
        entry.holders += 1;
        if std::mem::replace(&mut entry.present, true) {
            return Bytes::ZERO;
        }
        if !entry.busy {
            entry.size = size;
            self.bytes += size;
        }
        size
    }

    /// Lets go of it; returns its size where nobody holds it any more and it is gone.
    fn release(&mut self, id: Id) -> Bytes {
        let Some(entry) = self.entries.get_mut(&id) else { return Bytes::ZERO };
        entry.holders -= 1;
        if 0 < entry.holders {
            return Bytes::ZERO;
        }
        entry.present = false;
        let size = entry.size;
        if !entry.busy {
            self.bytes -= size;
        }
        self.tidy(id);
        size
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
    /// What blobs and chains may take; `None` on a disk that never fills up.
    room: Option<Bytes>,
    /// From when each reference is there, and the content it names here; what a pull brings is seen
    /// by syncs after that instant.
    images: BTreeMap<ImageId, (Time, ImageId)>,
    /// The contents that are there, each of which holds its blobs and chains, and from when. One
    /// that its reference has left behind stays, as an image without a tag.
    contents: BTreeMap<ImageId, Time>,
}

impl Default for ImageStore {
    fn default() -> Self {
        Self::new(None)
    }
}

impl ImageStore {
    /// An empty store with so much room.
    pub const fn new(room: Option<Bytes>) -> Self {
        Self {
            blobs: Locked { entries: BTreeMap::new(), bytes: Bytes::ZERO },
            chains: Locked { entries: BTreeMap::new(), bytes: Bytes::ZERO },
            room,
            images: BTreeMap::new(),
            contents: BTreeMap::new(),
        }
    }

    /// What it takes on the disk: blobs that are there or being fetched, and chains that are
    /// unpacked or being unpacked.
    pub fn bytes(&self) -> Bytes {
        self.blobs.bytes + self.chains.bytes
    }

    fn free(&self) -> Bytes {
        self.room.map_or(Bytes(u64::MAX), |it| Bytes(it.0.saturating_sub(self.bytes().0)))
    }

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
    /// chains. Returns the size of the blobs that were not there before: none after a pull, which
    /// holds them all, and those of a disk that comes with images, which are there whether they fit
    /// or not. `None` where the content was there.
    pub fn add_image(
        &mut self,
        (image, content): (ImageId, ImageId),
        from: Time,
        blobs: impl IntoIterator<Item = (BlobId, Bytes)>,
        chains: impl IntoIterator<Item = (ChainId, Bytes)>,
    ) -> Option<Bytes> {
        self.images.entry(image).or_insert((from, content)).1 = content;
        if self.contents.contains_key(&content) {
            return None;
        }
        self.contents.insert(content, from);
        for (chain, size) in chains {
            self.chains.hold(chain, size);
        }
        Some(blobs.into_iter().map(|(blob, size)| self.blobs.hold(blob, size)).sum())
    }

    /// Deletes a content and the references that name it: what nobody else holds goes with it.
    /// Returns the size of the blobs that went.
    pub fn remove_image(
        &mut self,
        content: ImageId,
        blobs: &[BlobId],
        chains: &[ChainId],
    ) -> Bytes {
        let was_there = self.contents.remove(&content);
        debug_assert!(was_there.is_some(), "{content:?} is not there");
        self.images.retain(|_, it| it.1 != content);
        for &chain in chains {
            self.chains.release(chain);
        }
        blobs.iter().map(|&blob| self.blobs.release(blob)).sum()
    }

    /// The contents that are present at `now`: what the kubelet calls images, by their ids.
    pub fn images(&self, now: Time) -> impl Iterator<Item = ImageId> {
        self.contents.iter().filter(move |it| *it.1 <= now).map(|it| *it.0)
    }

    /// Whether one of these references names a content on this node, or would where none does.
    pub fn is_named_by(&self, content: ImageId, references: &[ImageId]) -> bool {
        references.iter().any(|&it| self.content_of(it).unwrap_or(it) == content)
    }

    /// Whether the blob is there.
    pub fn has_blob(&self, blob: BlobId) -> bool {
        self.blobs.present(blob)
    }

    /// Asks for a blob.
    pub fn claim_blob(&mut self, blob: BlobId, size: Bytes, waiter: Waiter) -> Claim {
        let free = self.free();
        self.blobs.claim(blob, size, free, waiter)
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
    pub fn release_blob(&mut self, blob: BlobId) -> Bytes {
        self.blobs.release(blob)
    }

    /// Asks for an unpacked chain.
    pub fn claim_chain(&mut self, chain: ChainId, size: Bytes, waiter: Waiter) -> Claim {
        let free = self.free();
        self.chains.claim(chain, size, free, waiter)
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
    const SIZE: Bytes = Bytes(5);

    fn waiter(pull: u32) -> Waiter {
        Waiter { pull: PullId(pull), object: ObjectId(0) }
    }

    #[test]
    fn one_pull_fetches_and_the_others_find_it() {
        let mut store = ImageStore::default();
        let mut woken = Vec::new();
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(1)), Claim::Granted);
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(2)), Claim::Wait);
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(3)), Claim::Wait);
        store.blob_fetched(BLOB, &mut woken);
        assert_eq!(woken, [waiter(2), waiter(3)]);
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(2)), Claim::Present);
    }

    #[test]
    fn after_a_failure_the_waiters_try_one_after_another() {
        let mut store = ImageStore::default();
        let mut woken = Vec::new();
        for (pull, claim) in [(1, Claim::Granted), (2, Claim::Wait), (3, Claim::Wait)] {
            assert_eq!(store.claim_blob(BLOB, SIZE, waiter(pull)), claim);
        }
        store.blob_abandoned(BLOB, &mut woken);
        assert_eq!(woken, [waiter(2)]);
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(2)), Claim::Granted);
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
            store.claim_blob(BLOB, SIZE, waiter(pull));
        }
        store.blob_abandoned(BLOB, &mut woken);
        assert_eq!(woken, [waiter(2)]);
        woken.clear();
        store.leave_blob_queue(BLOB, PullId(2), &mut woken);
        assert_eq!(woken, [waiter(3)], "pull 2 ended before its turn came");
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(3)), Claim::Granted);
    }

    #[test]
    fn a_blob_lives_as_long_as_a_pull_or_an_image_holds_it() {
        let mut store = ImageStore::default();
        let mut woken = Vec::new();
        store.claim_blob(BLOB, SIZE, waiter(1));
        store.blob_fetched(BLOB, &mut woken);
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(2)), Claim::Present);
        assert_eq!(store.release_blob(BLOB), Bytes::ZERO, "pull 2 still holds it");
        assert_eq!(store.add_image(SELF, Time::ZERO, [(BLOB, SIZE)], []), Some(Bytes::ZERO));
        assert_eq!(store.release_blob(BLOB), Bytes::ZERO, "the image holds it");
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(3)), Claim::Present);
    }

    #[test]
    fn a_failed_pull_leaves_nothing() {
        let mut store = ImageStore::default();
        store.claim_blob(BLOB, SIZE, waiter(1));
        store.blob_fetched(BLOB, &mut Vec::new());
        assert_eq!(store.release_blob(BLOB), Bytes(5));
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(2)), Claim::Granted);
        assert_eq!(store.blobs().count(), 0);
    }

    #[test]
    fn an_image_is_seen_from_its_instant_on() {
        let mut store = ImageStore::default();
        let add = |store: &mut ImageStore, at| {
            store.add_image(SELF, Time::from_secs(at), [(BLOB, SIZE)], [])
        };
        assert_eq!((add(&mut store, 5), add(&mut store, 9)), (Some(SIZE), None));
        assert_eq!(store.images(Time::from_secs(4)).count(), 0);
        assert_eq!(store.images(Time::from_secs(5)).count(), 1);
        assert!(!store.has_image(SELF.0, Time::from_secs(4)));
        assert!(store.has_image(SELF.0, Time::from_secs(5)));
    }

    #[test]
    fn a_reference_that_moves_leaves_its_content_behind() {
        const NEW: BlobId = BlobId(8);
        let mut store = ImageStore::default();
        let (reference, moved) = (SELF.0, ImageId(9));
        let (own, new) = ([(BLOB, SIZE)], [(BLOB, SIZE), (NEW, SIZE)]);
        assert_eq!(store.add_image(SELF, Time::from_secs(5), own, []), Some(SIZE));
        let added = store.add_image((reference, moved), Time::from_secs(20), new, []);
        assert_eq!(added, Some(SIZE), "what they share was there");
        assert_eq!(store.content_of(reference), Some(moved));
        assert!(store.has_image(reference, Time::from_secs(6)), "it was there all the while");
        // Back to the first content, which is still there and holds what it held before.
        assert_eq!(store.add_image(SELF, Time::from_secs(30), own, []), None);
        assert_eq!(store.content_of(reference), Some(SELF.1));
        // The content without a tag goes alone, that with one takes its reference with it.
        assert_eq!(store.remove_image(moved, &[BLOB, NEW], &[]), SIZE);
        assert!(store.has_image(reference, Time::from_secs(40)));
        assert_eq!(store.remove_image(SELF.1, &[BLOB], &[]), SIZE);
        assert!(!store.has_image(reference, Time::from_secs(40)));
    }

    /// Two images share a blob and the chain above it; one has more. Compressed 5 and 7, unpacked
    /// 13 and 18.
    #[test]
    fn shared_content_takes_room_once_and_outlives_the_first_image() {
        let top = BlobId(8);
        let mut store = ImageStore::new(Some(Bytes(40)));
        let chains = [(ChainId(0), Bytes(13)), (ChainId(1), Bytes(18))];
        let blobs = [(BLOB, SIZE), (top, Bytes(7))];
        store.add_image((ImageId(0), ImageId(0)), Time::ZERO, [blobs[0]], [chains[0]]);
        assert_eq!(store.bytes(), Bytes(18));
        assert_eq!(
            store.add_image((ImageId(1), ImageId(1)), Time::ZERO, blobs, chains),
            Some(Bytes(7))
        );
        assert_eq!(store.bytes(), Bytes(43), "a disk comes with what it comes with");
        assert_eq!(store.claim_blob(BlobId(9), Bytes(1), waiter(1)), Claim::Full);
        let gone = store.remove_image(ImageId(1), &[BLOB, top], &[ChainId(0), ChainId(1)]);
        assert_eq!((gone, store.bytes()), (Bytes(7), Bytes(18)));
        assert!(store.has_chain(ChainId(0)) && !store.has_chain(ChainId(1)));
        let gone = store.remove_image(ImageId(0), &[BLOB], &[ChainId(0)]);
        assert_eq!((gone, store.bytes()), (SIZE, Bytes::ZERO));
    }

    #[test]
    fn room_is_taken_when_a_body_begins_and_given_back_when_it_is_given_up() {
        let mut store = ImageStore::new(Some(Bytes(10)));
        let other = BlobId(8);
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(1)), Claim::Granted);
        assert_eq!(store.bytes(), SIZE);
        assert_eq!(store.claim_blob(other, Bytes(6), waiter(2)), Claim::Full);
        assert_eq!(store.claim_chain(ChainId(0), Bytes(6), waiter(2)), Claim::Full);
        assert_eq!(store.claim_chain(ChainId(0), Bytes(5), waiter(2)), Claim::Granted);
        assert_eq!(
            store.claim_blob(BLOB, SIZE, waiter(3)),
            Claim::Wait,
            "what is there needs no room"
        );
        store.blob_abandoned(BLOB, &mut Vec::new());
        assert_eq!(store.bytes(), Bytes(5));
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(3)), Claim::Granted);
        store.blob_fetched(BLOB, &mut Vec::new());
        assert_eq!(store.bytes(), Bytes(10));
        store.chain_abandoned(ChainId(0), &mut Vec::new());
        assert_eq!(store.release_blob(BLOB), SIZE);
        assert_eq!(store.bytes(), Bytes::ZERO);
    }

    #[test]
    fn a_pull_in_flight_keeps_what_it_holds_when_the_image_is_deleted() {
        let mut store = ImageStore::default();
        store.add_image((ImageId(0), ImageId(0)), Time::ZERO, [(BLOB, SIZE)], []);
        assert_eq!(store.claim_blob(BLOB, SIZE, waiter(1)), Claim::Present);
        assert_eq!(store.remove_image(ImageId(0), &[BLOB], &[]), Bytes::ZERO);
        assert!(store.has_blob(BLOB));
        assert_eq!(store.release_blob(BLOB), SIZE);
    }
}
