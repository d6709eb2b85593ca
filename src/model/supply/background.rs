//! Others who spend the same identities: another cluster or an office behind the same address, a
//! pipeline with the same account.

use crate::engine::chance::{combine, stable_hash};
use crate::model::client::Ask;
use crate::model::ids::BackgroundId;
use crate::model::image::Object;
use crate::model::words::asker::Spender;
use crate::model::words::endpoint::Endpoint;
use crate::model::words::request::Request;
use crate::model::{Event, Purpose, World};
use crate::units::{Span, Time};

/// What a pull of a multi-platform image asks, as far as limits of pulls count it.
const ASKS: [(Ask, Object); 3] = [
    (Ask::Head, Object::Index),
    (Ask::Get, Object::Index),
    (Ask::Get, Object::Manifest { single: false }),
];

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
        for (ask, object) in ASKS {
            let request = Request {
                endpoint: Endpoint { registry: spec.registry, kind: ask.endpoint() },
                kind: ask.kind(object),
                unit: ask.unit(object),
                layer: None,
                asker,
                authorised: true,
                key,
            };
            if !self.passes_limits(now, &request) {
                break;
            }
        }
        self.schedule_background(now, id, n + 1);
    }
}
