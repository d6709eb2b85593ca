//! What holds of Pullstorm seen from outside: one program, so that the tests link the crate once.
//! `cargo test world::` runs a part; `tests/tidy.rs` finds a file that no part names.

mod assumptions;
mod cli;
mod closed_forms;
mod compare;
mod containerd {
    mod lab;
    mod recordings;
}
mod diagnosis;
mod faults;
#[cfg(unix)]
mod hostile;
mod kubelet_vectors;
mod language {
    mod diagnostics;
    mod fuzz;
    mod load;
}
mod mirrors;
mod readme;
mod scenarios;
mod solve;
mod support;
mod swarm;
mod sweep {
    mod command;
    #[cfg(unix)]
    mod kills;
    mod shards;
}
mod tidy;
mod trace;
mod world {
    mod containers;
    mod corners;
    mod daemons;
    mod disk;
    mod guards;
    mod identity;
    mod image_levers;
    mod observed;
    mod prepulls;
    mod rollouts;
    mod running;
    mod state;
    mod tags;
    mod what_if;
    mod whole;
}
