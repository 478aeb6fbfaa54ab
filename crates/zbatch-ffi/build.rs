//! Gives the shared library the name that programs record when they link with it.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let part = |name: &str| std::env::var(name).unwrap_or_default();
    let version = part("CARGO_PKG_VERSION");
    let major = part("CARGO_PKG_VERSION_MAJOR");
    // The system that is built for, which `cfg!` would not tell: a build script runs on the host.
    let args = match part("CARGO_CFG_TARGET_OS").as_str() {
        "linux" | "freebsd" | "netbsd" | "openbsd" | "dragonfly" => vec![
            format!("-Wl,-soname,libzbatch.so.{major}"),
            // Worker threads run code of the library: it must stay when its last user closes it.
            "-Wl,-z,nodelete".to_owned(),
        ],
        "android" => vec!["-Wl,-soname,libzbatch.so".to_owned(), "-Wl,-z,nodelete".to_owned()],
        "macos" | "ios" => vec![
            format!("-Wl,-install_name,@rpath/libzbatch.{major}.dylib"),
            format!("-Wl,-current_version,{version},-compatibility_version,{major}"),
            "-Wl,-headerpad_max_install_names".to_owned(),
        ],
        _ => Vec::new(),
    };
    for arg in args {
        println!("cargo:rustc-cdylib-link-arg={arg}");
    }
}
