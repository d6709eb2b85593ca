//! The `pullstorm` command: everything it does is in [`pullstorm::cli`].

fn main() -> std::process::ExitCode {
    pullstorm::cli::main()
}
