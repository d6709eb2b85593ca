//! Others who spend the same identities: another cluster or an office behind the same address, a
//! pipeline with the same account.

use crate::engine::chance::{combine, stable_hash};
use crate::model::ids::BackgroundId;
use crate::model::spec::RequestKind;
use crate::model::words::asker::Spender;
use crate::model::words::endpoint::{Endpoint, EndpointKind};
use crate::model::words::request::Request;
use crate::model::words::request::Unit;
use crate::model::{Event, Purpose, World};
use crate::units::{Span, Time};

impl World<'_> {
    /// Schedules the first pull of every background.
    pub(crate) fn open_backgrounds(&mut self) {
        for number in 0..self.spec.backgrounds.len() {
            self.schedule_background(Time::ZERO, BackgroundId::from(number), 0);
        }
    }

    /// The `n`-th pull of a background comes after an exponentially distributed span: a Poisson
    /// stream.
    fn schedule_background(&mut self, now: Time, id: BackgroundId, n: u32) {
        let rate = self.spec.backgrounds[id.idx()].millipulls_per_hour;
        if rate == 0 {
            return;
        }
        let mean = Span::from_micros(3_600_000_000 * 1_000 / rate);
        let mut draw = self.clock.chance.draw(
            Purpose::Background as u64,
            self.background_key(id),
            u64::from(n),
        );
        let at = now + draw.exponential(mean);
        self.clock.calendar.schedule(at, Event::BackgroundPulled { background: id, n });
    }

    fn background_key(&self, id: BackgroundId) -> u64 {
        combine(stable_hash("background"), stable_hash(&self.spec.backgrounds[id.idx()].name))
    }

    /// Somebody else pulls a multi-platform image: a HEAD, an index and a platform manifest pass
    /// the limits. What is refused is not tried again, and counts among nobody's requests here.
    pub(crate) fn on_background_pulled(&mut self, now: Time, id: BackgroundId, n: u32) {
        let spec = &self.spec.backgrounds[id.idx()];
        let key = self.background_key(id);
        let address = self.supply.egresses.address_of_connection(spec.egress, key, u64::from(n));
        let asker = self.supply.egresses.asker(address, spec.account, Spender::Background(id));
        let endpoint = Endpoint { registry: spec.registry, kind: EndpointKind::Registry };
        let requests = [
            (RequestKind::ManifestHead, Unit::Head),
            (RequestKind::ManifestGet, Unit::Index),
            (RequestKind::ManifestGet, Unit::Platform),
        ];
        for (kind, unit) in requests {
            let layer = None;
            let request = Request { endpoint, kind, unit, layer, asker, authorised: true, key };
            if !self.passes_limits(now, &request) {
                break;
            }
        }
        self.schedule_background(now, id, n + 1);
    }
}
