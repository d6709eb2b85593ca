//! Why images are deleted.

/// Why an image was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deleted {
    /// Image GC: the disk was fuller than the high threshold.
    GcThreshold,
    /// Image GC: it was unused for too long.
    GcAge,
    /// The eviction manager.
    DiskPressure,
    /// The operator's job.
    Prune,
}

impl Deleted {
    /// All of them, in the order of outputs.
    pub const ALL: [Self; 4] = [Self::GcThreshold, Self::GcAge, Self::DiskPressure, Self::Prune];

    /// The name in outputs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GcThreshold => "gc-threshold",
            Self::GcAge => "gc-age",
            Self::DiskPressure => "disk-pressure",
            Self::Prune => "prune",
        }
    }
}
