//! NAT gateways of the clouds: ports towards one destination, and width.

use super::{EgressPreset, Preset, PresetValue};

const AWS: &str = "AWS NAT gateway basics: 55,000 connections per destination and address";
const AWS_HOLD: &str =
    "derived: about 900 new connections/s to one destination; 55,000 / 60 s = 917/s";
const GCP: &str =
    "Cloud NAT, ports and addresses: 64 ports per VM by default (1,008 VMs per address)";
const GCP_HOLD: &str = "Cloud NAT TIME_WAIT time-out; 64 / 120 s = 0.53 new connections/s per VM";
const AZURE: &str = "Azure NAT gateway: 50,000 connections per address and destination";
const AZURE_HOLD: &str =
    "Azure NAT gateway: a port is held 65 s after FIN; 64,512 ports / 65 s = 992/s per address";

pub(super) static ALL: &[Preset] = &[
    Preset {
        kind: "egress",
        name: EgressPreset::AwsNatGateway.text(),
        title: "AWS NAT gateway: 55,000 connections per destination and address",
        values: &[
            PresetValue::new("kind", "nat", AWS, "2026-08"),
            PresetValue::new("ports.per", "address", AWS, "2026-08"),
            PresetValue::new("ports.count", "55000", AWS, "2026-08").unverified(
                &["64512"],
                "by secondary sources alone; 64,512 is every port from 1,024 on",
            ),
            PresetValue::new("ports.hold", "60s", AWS_HOLD, "2026-08").unverified(
                &["0s", "120s"],
                "the rate is of an older text: no hold without it; Cloud NAT holds ports for 120 s",
            ),
            PresetValue::new(
                "bandwidth",
                "100Gbit/s",
                "AWS NAT gateway basics: 5 Gbit/s that scale up to 100 Gbit/s",
                "2026-08",
            )
            .unverified(&["5Gbit/s"], "where it starts; how soon it has scaled up is not told"),
        ],
        readings: &[],
    },
    Preset {
        kind: "egress",
        name: EgressPreset::AzureNatGateway.text(),
        title: "Azure NAT gateway: 50,000 connections per destination and address",
        values: &[
            PresetValue::new("kind", "nat", AZURE, "2023-07"),
            PresetValue::new("ports.per", "address", AZURE, "2023-07"),
            PresetValue::new("ports.count", "50000", AZURE, "2023-07"),
            PresetValue::new("ports.hold", "65s", AZURE_HOLD, "2023-07"),
            PresetValue::new("bandwidth", "50Gbit/s", "Azure NAT gateway: 50 Gbit/s", "2023-07"),
        ],
        readings: &[],
    },
    Preset {
        kind: "egress",
        name: EgressPreset::GcpCloudNat.text(),
        title: "GCP Cloud NAT with its static default of 64 ports per VM",
        values: &[
            PresetValue::new("kind", "nat", GCP, "2026-08"),
            PresetValue::new("ports.per", "node", GCP, "2026-08"),
            PresetValue::new("ports.count", "64", GCP, "2026-08"),
            PresetValue::new("ports.hold", "120s", GCP_HOLD, "2026-08"),
        ],
        readings: &[],
    },
];
