//! The image catalogue: every image as the blobs it consists of, content-addressed, so that images
//! share layers.
//!
//! An image block is a reference and a content. The registry serves its own content under each
//! reference until a tag moves; `ImageId` means the reference where something is asked for and the
//! content where it is fetched, kept or run.
//!
//! What is fetched is a blob (index, manifest, config, layer); what is unpacked is a chain: a layer
//! on top of the layers below it, as containerd's snapshotter keys it by chain id.

use std::collections::BTreeMap;

use crate::engine::chance::{combine, stable_hash};
use crate::model::ids::{BlobId, ChainId, ImageId, ObjectId, RegistryId};
use crate::model::spec::{ImageSpec, Spec};
use crate::units::Bytes;

/// All images of a run.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    images: Vec<Image>,
    sizes: Vec<Bytes>,
    /// The content that the registry serves under each reference now.
    served: Vec<ImageId>,
}

/// One image, for any platform it has: nodes never exchange blobs, so the platforms of one image
/// may share ids.
#[derive(Clone, Debug)]
pub struct Image {
    /// Stable key: the hash of kind and name.
    pub key: u64,
    /// Where it is pulled from.
    pub registry: RegistryId,
    /// Whether the reference is a digest.
    pub by_digest: bool,
    /// Whether an index stands before the platform manifest.
    pub has_index: bool,
    /// Objects in the order in which containerd fetches them: index (where there is one), manifest,
    /// config, layers from the bottom up.
    pub objects: Vec<BlobId>,
    /// Chains of the layers, from the bottom up.
    pub chains: Vec<ChainId>,
    /// Position of the first layer among `objects`.
    pub first_layer: usize,
    /// Platforms.
    platforms: Vec<String>,
}

/// What an object of an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// The index.
    Index,
    /// The platform manifest; `single` where no index named it.
    Manifest {
        /// No index stands before it.
        single: bool,
    },
    /// The config.
    Config,
    /// A layer, by its position from the bottom.
    Layer(u32),
}

impl Object {
    /// The name in outputs, and the position of a layer.
    pub const fn name(self) -> (&'static str, Option<u32>) {
        match self {
            Self::Index => ("index", None),
            Self::Manifest { .. } => ("manifest", None),
            Self::Config => ("config", None),
            Self::Layer(layer) => ("layer", Some(layer)),
        }
    }
}

impl Catalogue {
    /// Builds the catalogue: equal digests become one blob, equal stacks of layers one chain.
    pub fn new(spec: &Spec) -> Self {
        let mut builder = Builder::default();
        let images: Vec<Image> = spec.images.iter().map(|image| builder.image(image)).collect();
        let served = (0..images.len()).map(ImageId::from).collect();
        Self { images, sizes: builder.sizes, served }
    }

    /// One image.
    pub fn image(&self, id: ImageId) -> &Image {
        &self.images[id.idx()]
    }

    /// The content that the registry serves under a reference now.
    pub fn served(&self, reference: ImageId) -> ImageId {
        self.served[reference.idx()]
    }

    /// The registry serves this content under the reference from now on.
    pub fn move_tag(&mut self, reference: ImageId, content: ImageId) {
        debug_assert!(!self.image(reference).by_digest, "a digest names one content for ever");
        self.served[reference.idx()] = content;
    }

    /// Size of a blob as the registry serves it.
    pub fn size(&self, blob: BlobId) -> Bytes {
        self.sizes[blob.idx()]
    }

    /// Size of an image as the runtime tells it: that of its compressed content, for containerd.
    ///
    /// Source: containerd `internal/cri/store/image/image.go`, read 2026-11.
    pub fn image_size(&self, id: ImageId) -> Bytes {
        self.image(id).objects.iter().map(|&it| self.size(it)).sum()
    }

    /// Number of images.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Whether there are no images.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }
}

impl Image {
    /// A layer, by its position from the bottom.
    pub fn layer(&self, layer: u32) -> ObjectId {
        ObjectId::from(self.first_layer + layer as usize)
    }

    /// The blobs of the layers, from the bottom up.
    pub fn layers(&self) -> &[BlobId] {
        &self.objects[self.first_layer..]
    }

    /// What an object is.
    pub fn object(&self, id: ObjectId) -> Object {
        let (position, manifest) = (id.idx(), usize::from(self.has_index));
        match position {
            0 if self.has_index => Object::Index,
            _ if position == manifest => Object::Manifest { single: !self.has_index },
            _ if position == manifest + 1 => Object::Config,
            _ => Object::Layer((position - self.first_layer) as u32),
        }
    }

    /// Whether the image exists for `arch`.
    pub fn has_platform(&self, arch: &str) -> bool {
        self.platforms.iter().any(|it| it == arch)
    }
}

#[derive(Default)]
struct Builder {
    sizes: Vec<Bytes>,
    blobs: BTreeMap<String, BlobId>,
    chains: BTreeMap<(Option<ChainId>, BlobId), ChainId>,
}

impl Builder {
    fn image(&mut self, spec: &ImageSpec) -> Image {
        let mut objects = Vec::new();
        if let Some(size) = spec.index {
            objects.push(self.blob(&format!("index of {}", spec.name), size));
        }
        objects.push(self.blob(&format!("manifest of {}", spec.name), spec.manifest));
        objects.push(self.blob(&format!("config of {}", spec.name), spec.config));
        let first_layer = objects.len();
        let mut chains = Vec::new();
        for layer in &spec.layers {
            let blob = self.blob(&format!("layer {}", layer.digest), layer.size);
            objects.push(blob);
            chains.push(self.chain(chains.last().copied(), blob));
        }
        Image {
            key: combine(stable_hash("image"), stable_hash(&spec.name)),
            registry: spec.registry,
            by_digest: spec.by_digest,
            has_index: spec.index.is_some(),
            objects,
            chains,
            first_layer,
            platforms: spec.platforms.clone(),
        }
    }

    fn blob(&mut self, digest: &str, size: Bytes) -> BlobId {
        if let Some(&blob) = self.blobs.get(digest) {
            return blob;
        }
        let blob = BlobId::from(self.sizes.len());
        self.sizes.push(size);
        self.blobs.insert(digest.to_owned(), blob);
        blob
    }

    fn chain(&mut self, below: Option<ChainId>, layer: BlobId) -> ChainId {
        let next = ChainId::from(self.chains.len());
        *self.chains.entry((below, layer)).or_insert(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::spec::LayerSpec;

    fn image(name: &str, index: bool, layers: &[&str]) -> ImageSpec {
        ImageSpec {
            name: name.into(),
            reference: format!("example.org/{name}:1"),
            registry: RegistryId(0),
            by_digest: false,
            platforms: vec!["amd64".into()],
            index: index.then_some(Bytes(900)),
            manifest: Bytes(700),
            config: Bytes(3_000),
            layers: layers
                .iter()
                .map(|digest| LayerSpec { digest: (*digest).into(), size: Bytes(10) })
                .collect(),
        }
    }

    #[test]
    fn equal_layers_are_one_blob_and_equal_stacks_one_chain() {
        let mut builder = Builder::default();
        let a = builder.image(&image("a", true, &["base", "mid", "top-a"]));
        let b = builder.image(&image("b", false, &["base", "mid", "top-b"]));
        let c = builder.image(&image("c", false, &["mid"]));
        assert_eq!(a.objects[3..5], b.objects[2..4]);
        assert_eq!(a.chains[..2], b.chains[..2]);
        assert_ne!(a.chains[2], b.chains[2]);
        assert_eq!(c.objects[2], a.objects[4]);
        assert_ne!(c.chains[0], a.chains[1], "the same layer on another base is another chain");
    }

    #[test]
    fn objects_come_index_manifest_config_layers() {
        let mut builder = Builder::default();
        let multi = builder.image(&image("multi", true, &["x", "y"]));
        let kinds: Vec<Object> = (0..5).map(|it| multi.object(ObjectId(it))).collect();
        assert_eq!(
            kinds,
            [
                Object::Index,
                Object::Manifest { single: false },
                Object::Config,
                Object::Layer(0),
                Object::Layer(1)
            ]
        );
        let single = builder.image(&image("single", false, &["x"]));
        assert_eq!(single.object(ObjectId(0)), Object::Manifest { single: true });
        assert_eq!(single.object(ObjectId(2)), Object::Layer(0));
    }
}
